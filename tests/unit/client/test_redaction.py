"""`dra.client.redaction`: what is taken out is gone, and what refers to something still does."""

from __future__ import annotations

from typing import Any

import pytest

import dra
from dra.client.redaction import Redact, Redaction
from dra.errors import LoadError
from dra.testing import nodes

NAMES = [Redact.NAMES]
ALL = list(Redact)


def pod(**spec: Any) -> dict[str, Any]:
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {
            "name": "plan-x",
            "namespace": "skunkworks",
            "generateName": "plan-",
            "labels": {"team": "vision"},
            "ownerReferences": [{"kind": "Job", "name": "plan", "uid": "1"}],
        },
        "spec": {"containers": [{"name": "plan-main"}], "nodeName": "rack7", **spec},
        "status": {"conditions": [{"type": "PodScheduled", "message": "plan-x is too big"}]},
    }


def claim() -> dict[str, Any]:
    allocation = {
        "devices": {
            "results": [{"request": "gpu", "driver": "a.example.com", "pool": "rack7", "device": "gpu-0"}]
        },
        "nodeSelector": {
            "nodeSelectorTerms": [
                {"matchFields": [{"key": "metadata.name", "operator": "In", "values": ["rack7"]}]}
            ]
        },
    }
    return {
        "apiVersion": "resource.k8s.io/v1",
        "kind": "ResourceClaim",
        "metadata": {"name": "gpus", "namespace": "skunkworks"},
        "spec": {"devices": {"requests": [{"name": "gpu", "exactly": {"deviceClassName": "a.example.com"}}]}},
        "status": {
            "allocation": allocation,
            "reservedFor": [{"resource": "pods", "name": "plan-x", "uid": "1"}],
        },
    }


def test_a_name_has_one_pseudonym_wherever_it_stands() -> None:
    redaction = Redaction(NAMES)
    node = redaction(
        {"kind": "Node", "metadata": {"name": "rack7", "labels": {"kubernetes.io/hostname": "rack7"}}}
    )
    made = redaction(pod(resourceClaims=[{"name": "mine", "resourceClaimName": "gpus"}]))
    taken = redaction(claim())
    name = node["metadata"]["name"]
    assert node["metadata"]["labels"]["kubernetes.io/hostname"] == name
    assert made["spec"]["nodeName"] == name
    (result,) = taken["status"]["allocation"]["devices"]["results"]
    assert result["pool"] == name
    (field,) = taken["status"]["allocation"]["nodeSelector"]["nodeSelectorTerms"][0]["matchFields"]
    assert field["values"] == [name]
    assert taken["status"]["reservedFor"][0]["name"] == made["metadata"]["name"]
    assert made["spec"]["resourceClaims"][0]["resourceClaimName"] == taken["metadata"]["name"]
    assert made["metadata"]["namespace"] == taken["metadata"]["namespace"]


def test_no_name_is_left() -> None:
    redaction = Redaction(ALL)
    text = repr([redaction(pod()), redaction(claim())])
    for name in ("plan", "skunkworks", "rack7", "vision", "gpus"):
        assert name not in text


def test_device_classes_and_devices_keep_their_names() -> None:
    redacted = Redaction(ALL)(claim())
    assert redacted["spec"] == claim()["spec"]
    assert redacted["status"]["allocation"]["devices"]["results"][0]["device"] == "gpu-0"


def test_labels_of_nodes_stay_unless_asked_for_and_selectors_follow() -> None:
    node = {"kind": "Node", "metadata": {"name": "n", "labels": {"zone": "secret-hall", "rank": "3"}}}
    wanted = pod(nodeSelector={"zone": "secret-hall", "rank": "3"})
    gently = Redaction([Redact.LABELS])
    assert gently(node) == node
    assert gently(wanted)["spec"]["nodeSelector"] == {"zone": "secret-hall", "rank": "3"}
    assert "labels" not in gently(wanted)["metadata"]
    firmly = Redaction([Redact.NODE_LABELS])
    labels = firmly(node)["metadata"]["labels"]
    assert labels == firmly(wanted)["spec"]["nodeSelector"]
    assert (labels["rank"], "secret" in labels["zone"]) == ("3", False)


def test_annotations_go_but_for_what_ties_claims_to_pods() -> None:
    tied = {"resource.kubernetes.io/pod-claim-name": "gpu", "example.com/note": "secret"}
    obj = {**claim(), "metadata": {"name": "a", "annotations": tied}}
    redacted = Redaction([Redact.ANNOTATIONS])(obj)
    assert redacted["metadata"]["annotations"] == {"resource.kubernetes.io/pod-claim-name": "gpu"}


def test_without_anything_to_take_out_objects_are_as_they_were() -> None:
    assert Redaction()(pod()) == pod()


def test_the_input_is_not_changed() -> None:
    obj = claim()
    Redaction(ALL)(obj)
    assert obj == claim()


def test_an_unknown_word_is_answered_with_those_there_are() -> None:
    with pytest.raises(LoadError, match="cannot redact 'secrets'") as refused:
        Redaction(["secrets"])
    assert "node-labels" in refused.value.remedy


def test_a_redacted_cluster_has_the_same_hardware_and_takes_the_same_pods() -> None:
    objects = nodes.cluster("gb200-nvl72", nodes_per_rack=2).objects
    redaction = Redaction(ALL)
    before = dra.Cluster.load(objects)
    after = dra.Cluster.load([redaction(each.to_dict()) for each in objects])
    assert after.capacity().to_dict() == before.capacity().to_dict()
    assert not {each.metadata.name for each in before.nodes} & {each.metadata.name for each in after.nodes}
