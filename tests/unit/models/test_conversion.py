"""`dra.convert`, and the older versions that the newest classes read and write."""

from __future__ import annotations

from typing import Any

import pytest

import dra
from dra import ConversionError, DecodeError, ResourceClaim, UnknownVersionError, Workload
from dra.models.kinds import KINDS, decode
from dra.models.loading import load_located
from dra.models.versions import VERSIONS

RESOURCE = "resource.k8s.io"
SCHEDULING = "scheduling.k8s.io"


def wire(api_version: str, kind: str, **members: Any) -> dict[str, Any]:
    return {"apiVersion": api_version, "kind": kind, "metadata": {"name": "a"}, **members}


def claim_spec(*requests: dict[str, Any]) -> dict[str, Any]:
    return {"devices": {"requests": list(requests)}}


# (kind, older version, its form, newest form)
SAME = [
    pytest.param(
        *("ResourceClaim", f"{RESOURCE}/v1beta1"),
        {"spec": claim_spec({"name": "gpu", "deviceClassName": "gpu", "count": 2, "adminAccess": False})},
        {
            "spec": claim_spec(
                {"name": "gpu", "exactly": {"deviceClassName": "gpu", "count": 2, "adminAccess": False}}
            )
        },
        id="a flat request",
    ),
    pytest.param(
        *("ResourceClaim", f"{RESOURCE}/v1beta1"),
        {"spec": claim_spec({"name": "gpu", "firstAvailable": [{"name": "a", "deviceClassName": "gpu"}]})},
        {"spec": claim_spec({"name": "gpu", "firstAvailable": [{"name": "a", "deviceClassName": "gpu"}]})},
        id="alternatives",
    ),
    pytest.param(
        *("ResourceClaimTemplate", f"{RESOURCE}/v1beta1"),
        {"spec": {"spec": claim_spec({"name": "gpu", "deviceClassName": "gpu", "count": 0})}},
        {"spec": {"spec": claim_spec({"name": "gpu", "exactly": {"deviceClassName": "gpu", "count": 0}})}},
        id="a template",
    ),
    pytest.param(
        *("ResourceSlice", f"{RESOURCE}/v1beta1"),
        {
            "spec": {
                "nodeName": "n",
                "devices": [{"name": "a", "basic": {"allNodes": False, "attributes": {}}}],
            }
        },
        {"spec": {"nodeName": "n", "devices": [{"name": "a", "allNodes": False, "attributes": {}}]}},
        id="a basic device",
    ),
    pytest.param(
        *("ResourceSlice", f"{RESOURCE}/v1beta1"),
        {"spec": {"devices": [{"name": "a", "basic": {}}]}},
        {"spec": {"devices": [{"name": "a"}]}},
        id="a device with nothing but a name",
    ),
    pytest.param(
        *("DeviceTaintRule", f"{RESOURCE}/v1alpha3"),
        {"spec": {"deviceSelector": {}, "taint": {"key": "a", "effect": "None"}}},
        {"spec": {"deviceSelector": {}, "taint": {"key": "a", "effect": "None"}}},
        id="a taint rule",
    ),
    pytest.param(
        *("Workload", f"{SCHEDULING}/v1alpha1"),
        {"spec": {"podGroups": [{"name": "w", "policy": {"gang": {"minCount": 4}}}]}},
        {"spec": {"podGroupTemplates": [{"name": "w", "schedulingPolicy": {"gang": {"minCount": 4}}}]}},
        id="a workload of 1.35",
    ),
    pytest.param(
        *("Workload", f"{SCHEDULING}/v1alpha2"),
        {"spec": {"podGroupTemplates": [{"name": "w", "disruptionMode": "PodGroup"}]}},
        {"spec": {"podGroupTemplates": [{"name": "w", "disruptionMode": {"all": {}}}]}},
        id="a workload of 1.36",
    ),
    pytest.param(
        *("PodGroup", f"{SCHEDULING}/v1alpha2"),
        {
            "spec": {
                "podGroupTemplateRef": {"workload": {"workloadName": "w", "podGroupTemplateName": "t"}},
                "disruptionMode": "Pod",
            },
            "status": {"conditions": [{"type": "PodGroupScheduled"}, {"type": "DisruptionTarget"}]},
        },
        {
            "spec": {
                "workloadRef": {"workloadName": "w", "templateName": "t"},
                "disruptionMode": {"single": {}},
            },
            "status": {"conditions": [{"type": "PodGroupInitiallyScheduled"}, {"type": "DisruptionTarget"}]},
        },
        id="a pod group of 1.36",
    ),
]


@pytest.mark.parametrize(("kind", "older", "old", "new"), SAME)
def test_the_older_form_and_the_newest_are_one_object(
    kind: str, older: str, old: dict[str, Any], new: dict[str, Any]
) -> None:
    newest = KINDS[older.split("/")[0], kind].versions()[0].name
    loaded = decode(wire(older, kind, **old))
    assert loaded.to_dict() == wire(older, kind, **old)
    assert dra.convert(loaded, newest).to_dict() == wire(newest, kind, **new)
    assert dra.convert(decode(wire(newest, kind, **new)), older).to_dict() == wire(older, kind, **old)
    assert loaded.api_version == older, "the original is not changed"


@pytest.mark.parametrize(
    ("kind", "target", "spec", "lost"),
    [
        ("ResourceSlice", f"{RESOURCE}/v1beta1", {"nodeName": ""}, ["spec.nodeName"]),
        ("ResourceSlice", f"{RESOURCE}/v1beta1", {"allNodes": False}, ["spec.allNodes"]),
        (
            "ResourceClaim",
            f"{RESOURCE}/v1beta1",
            claim_spec({"name": "a", "exactly": {}}),
            ["spec.devices.requests[0].exactly"],
        ),
        (
            "ResourceClaim",
            f"{RESOURCE}/v1beta1",
            claim_spec({"name": "a", "exactly": {"deviceClassName": "a", "name": "b"}}),
            ["spec.devices.requests[0].exactly.name"],
        ),
        (
            "Workload",
            f"{SCHEDULING}/v1alpha1",
            {"podGroupTemplates": [{"name": "a"}, {"name": "b", "priority": 1, "resourceClaims": []}]},
            ["spec.podGroupTemplates[1].resourceClaims", "spec.podGroupTemplates[1].priority"],
        ),
        (
            "Workload",
            f"{SCHEDULING}/v1alpha2",
            {"compositePodGroupTemplates": [], "podGroupTemplates": [{"preemptionPolicy": "Never"}]},
            ["spec.podGroupTemplates[0].preemptionPolicy", "spec.compositePodGroupTemplates"],
        ),
        (
            "PodGroup",
            f"{SCHEDULING}/v1alpha2",
            {"parentCompositePodGroupName": "a", "disruptionMode": {"single": {}, "all": {}}},
            ["spec.disruptionMode", "spec.parentCompositePodGroupName"],
        ),
    ],
)
def test_what_the_target_cannot_say_is_named(
    kind: str, target: str, spec: dict[str, Any], lost: list[str]
) -> None:
    newest = KINDS[target.split("/")[0], kind].versions()[0].name
    with pytest.raises(ConversionError) as caught:
        dra.convert(decode(wire(newest, kind, spec=spec)), target)
    assert list(caught.value.fields) == lost
    assert caught.value.path == lost[0]


def test_a_taint_rule_that_selects_by_class_has_no_newer_form() -> None:
    rule = decode(
        wire(f"{RESOURCE}/v1alpha3", "DeviceTaintRule", spec={"deviceSelector": {"deviceClassName": "a"}})
    )
    with pytest.raises(ConversionError, match=r"cannot express spec\.deviceSelector\.deviceClassName"):
        dra.convert(rule, f"{RESOURCE}/v1")


@pytest.mark.parametrize(
    "request_",
    [{"name": "a"}, {"name": "a", "count": 0}, {"name": "a", "deviceClassName": "", "allocationMode": ""}],
)
def test_go_zero_values_alone_make_no_request(request_: dict[str, Any]) -> None:
    claim = ResourceClaim.from_dict(wire(f"{RESOURCE}/v1beta1", "ResourceClaim", spec=claim_spec(request_)))
    assert claim.spec.devices.requests
    assert claim.spec.devices.requests[0].exactly is None


def test_unset_node_fields_of_v1beta1_are_absent() -> None:
    spec = {"nodeName": "", "allNodes": False, "perDeviceNodeSelection": True}
    loaded = decode(wire(f"{RESOURCE}/v1beta1", "ResourceSlice", spec=spec))
    assert loaded.to_dict()["spec"] == {"perDeviceNodeSelection": True}


@pytest.mark.parametrize(
    ("devices", "path"),
    [
        (3, "spec.devices"),
        ([3], "spec.devices[0]"),
        ([{"name": "a", "basic": 3}], "spec.devices[0].basic"),
        ([{"name": "a", "basic": {"attributes": 3}}], "spec.devices[0].attributes"),
        ([{"name": "a", "attributes": {}}], "spec.devices[0].attributes"),
    ],
)
def test_a_wrong_shape_in_an_older_version_is_a_decode_error(devices: Any, path: str) -> None:
    with pytest.raises(DecodeError) as caught:
        decode(wire(f"{RESOURCE}/v1beta1", "ResourceSlice", spec={"devices": devices}))
    assert caught.value.path == path


def test_faults_are_found_in_the_older_text() -> None:
    text = dra.dump(
        decode(
            wire(
                f"{RESOURCE}/v1beta1", "ResourceClaim", spec=claim_spec({"name": "a", "deviceClassName": "b"})
            )
        )
    )
    (claim,) = load_located(text)
    line, _ = claim.position("spec.devices.requests[0].exactly.deviceClassName")
    assert text.splitlines()[line - 1].strip() == "deviceClassName: b"
    with pytest.raises(DecodeError) as caught:
        dra.load(text.replace("deviceClassName: b", "deviceClassName: 1"))
    assert caught.value.path == "spec.devices.requests[0].exactly.deviceClassName"
    assert caught.value.line == line


def test_unknown_versions_and_other_kinds_are_refused() -> None:
    claim = ResourceClaim()
    for target in (f"{RESOURCE}/v2", f"{SCHEDULING}/v1beta1", "v1", ""):
        with pytest.raises(UnknownVersionError, match="unknown API version"):
            dra.convert(claim, target)
    with pytest.raises(UnknownVersionError, match="known: resource"):
        ResourceClaim.from_dict({"apiVersion": f"{RESOURCE}/v9"})
    with pytest.raises(DecodeError, match="expected ResourceClaim"):
        ResourceClaim.from_dict({"kind": "Pod"})
    deployment = decode(wire("apps/v1", "Deployment"))
    assert dra.convert(deployment, "apps/v1") == deployment
    with pytest.raises(UnknownVersionError):
        dra.convert(deployment, "apps/v2")


def test_an_object_cannot_be_written_in_a_version_that_has_no_form_for_it() -> None:
    claim = ResourceClaim.from_dict(wire(f"{RESOURCE}/v1", "ResourceClaim", spec=claim_spec({"exactly": {}})))
    claim.api_version = f"{RESOURCE}/v1beta1"
    with pytest.raises(ConversionError):
        claim.to_dict()


def test_every_modelled_kind_has_versions_and_the_class_has_the_newest_shape() -> None:
    assert KINDS.keys() == VERSIONS.keys()
    for kind in KINDS.values():
        assert kind.versions()[0].name == kind().api_version
        assert Workload.versions()[0].rules == ()


@pytest.mark.parametrize(
    ("kind", "version", "newest", "older"),
    [
        (
            "ResourceClaim",
            f"{RESOURCE}/v1beta1",
            "spec.devices.requests[1].name",
            "spec.devices.requests[1].name",
        ),
        ("ResourceClaim", f"{RESOURCE}/v1beta1", "spec.devices.requests", "spec.devices.requests"),
        ("ResourceSlice", f"{RESOURCE}/v1beta1", "spec.nodeName", "spec.nodeName"),
        (
            *("ResourceSlice", f"{RESOURCE}/v1beta1"),
            "spec.devices[2].attributes[a.example.com/b].string",
            "spec.devices[2].basic.attributes[a.example.com/b].string",
        ),
        ("DeviceTaintRule", f"{RESOURCE}/v1", "spec.deviceSelector.driver", "spec.deviceSelector.driver"),
        (
            *("Workload", f"{SCHEDULING}/v1alpha1"),
            "spec.podGroupTemplates[0].schedulingPolicy.gang",
            "spec.podGroups[0].policy.gang",
        ),
        (
            *("PodGroup", f"{SCHEDULING}/v1alpha2"),
            "spec.workloadRef.templateName",
            "spec.podGroupTemplateRef.workload.podGroupTemplateName",
        ),
        ("PodGroup", f"{SCHEDULING}/v1alpha2", "spec.disruptionMode.single", "spec.disruptionMode"),
    ],
)
def test_paths_of_the_newest_shape_are_found_in_the_older(
    kind: str, version: str, newest: str, older: str
) -> None:
    cls = KINDS[version.split("/")[0], kind]
    assert cls.path_in({"apiVersion": version}, newest) == older
    assert cls.path_in({"apiVersion": cls().api_version}, newest) == newest


BOTH_SHAPES = {"name": "gpu", "deviceClassName": "a", "exactly": {"deviceClassName": "b"}}


@pytest.mark.parametrize(
    ("kind", "version", "spec", "path"),
    [
        pytest.param(
            *("Workload", f"{SCHEDULING}/v1alpha1", {"podGroupTemplates": [{"name": "w"}]}),
            *("spec.podGroupTemplates",),
            id="a renamed field by its newer name",
        ),
        pytest.param(
            *("ResourceClaim", f"{RESOURCE}/v1beta1"),
            claim_spec({"name": "gpu", "exactly": {"deviceClassName": "gpu"}}),
            *("spec.devices.requests[0].exactly",),
            id="a request in the newer form",
        ),
        pytest.param(
            *("ResourceSlice", f"{RESOURCE}/v1beta1", {"devices": [{"name": "a", "basic": {"name": "b"}}]}),
            *("spec.devices[0].basic.name",),
            id="a second name",
        ),
    ],
)
def test_field_of_another_version_is_no_field_of_this_one(
    kind: str, version: str, spec: dict[str, Any], path: str
) -> None:
    with pytest.raises(DecodeError) as caught:
        decode(wire(version, kind, spec=spec))
    assert caught.value.path == path
    assert caught.value.remedy


@pytest.mark.parametrize(
    ("kind", "version", "spec", "path"),
    [
        pytest.param(
            *("Workload", f"{SCHEDULING}/v1alpha1"),
            {"podGroups": [{"name": "a"}], "podGroupTemplates": [{"name": "b"}]},
            *("spec.podGroups",),
            id="an unknown field with the older name",
        ),
        pytest.param(
            *("ResourceClaim", f"{RESOURCE}/v1beta1", claim_spec(BOTH_SHAPES)),
            *("spec.devices.requests[0].deviceClassName",),
            id="an unknown field where the older version has one",
        ),
        pytest.param(
            *("ResourceClaim", f"{RESOURCE}/v1beta1"),
            claim_spec({"name": "gpu", "exactly": {"deviceClassName": ""}}),
            *("spec.devices.requests[0].exactly",),
            id="a request that says nothing",
        ),
    ],
)
def test_nothing_is_overwritten_on_the_way_to_an_older_version(
    kind: str, version: str, spec: dict[str, Any], path: str
) -> None:
    newest = VERSIONS[version.partition("/")[0], kind][0].name
    with pytest.raises(ConversionError) as caught:
        dra.convert(decode(wire(newest, kind, spec=spec)), version)
    assert path in caught.value.fields


def test_unknown_field_beside_alternatives_makes_no_exact_request() -> None:
    """The server drops an unknown field before it converts, so the union has one member."""
    alternatives = [{"name": "a", "deviceClassName": "gpu"}]
    asked = {"name": "gpu", "future": 1, "firstAvailable": alternatives}
    obj = decode(wire(f"{RESOURCE}/v1beta1", "ResourceClaim", spec=claim_spec(asked)))
    assert isinstance(obj, ResourceClaim)
    assert obj.spec.devices.requests[0].exactly is None
    assert obj.to_dict()["spec"] == claim_spec(asked)
    assert not dra.validate(obj)
