"""Objects of Kubernetes clients: whatever client is installed, its objects keep their classes.

The suite has the official client; `make launchers` runs this file beside versions 20 to 36 of it, the
asynchronous client, lightkube and kr8s.
"""

from __future__ import annotations

import copy
import importlib
import importlib.util
import re
from importlib.metadata import version
from typing import Any, ClassVar

import pytest

from dra import DraError
from dra.claims.pods import attach, claim_source, open_workload, templates
from dra.claims.pods.clients import rebuilt
from dra.models.foreign import wire_data

ENTRY = {"name": "gpu", "resourceClaimTemplateName": "train"}
SPEC: dict[str, Any] = {
    "containers": [
        {"name": "main", "image": "x", "resources": {"limits": {"cpu": "1"}}},
        {"name": "side", "env": [{"name": "A", "value": "b"}]},
    ],
    "nodeSelector": {"a": "b"},
}
WIRED = {
    **SPEC,
    "containers": [
        {"name": "main", "image": "x", "resources": {"limits": {"cpu": "1"}, "claims": [{"name": "gpu"}]}},
        SPEC["containers"][1],
    ],
    "resourceClaims": [ENTRY],
}
CLIENTS = [
    name
    for name in ("kubernetes.client", "kubernetes_asyncio.client")
    if importlib.util.find_spec(name.partition(".")[0])
]


def release(client: Any) -> int:
    return int(version(client.__name__.partition(".")[0]).partition(".")[0])


@pytest.fixture(params=CLIENTS)
def client(request: pytest.FixtureRequest) -> Any:
    return importlib.import_module(request.param)


@pytest.fixture
def new_client(client: Any) -> Any:
    """A client that knows claims of containers, as all do since 26."""
    return (
        client if release(client) >= 26 else pytest.skip(f"{client.__name__} {release(client)} has no claims")
    )


def pod_spec(client: Any) -> Any:
    return client.V1PodSpec(
        containers=[
            client.V1Container(
                name="main", image="x", resources=client.V1ResourceRequirements(limits={"cpu": "1"})
            ),
            client.V1Container(name="side", env=[client.V1EnvVar(name="A", value="b")]),
        ],
        node_selector={"a": "b"},
    )


def pod_template(client: Any) -> Any:
    return client.V1PodTemplateSpec(metadata=client.V1ObjectMeta(labels={"a": "b"}), spec=pod_spec(client))


def job(client: Any) -> Any:
    return client.V1Job(
        api_version="batch/v1",
        kind="Job",
        metadata=client.V1ObjectMeta(name="a"),
        spec=client.V1JobSpec(parallelism=2, template=pod_template(client)),
    )


def sent(client: Any, obj: Any) -> Any:
    """What the client would send."""
    return client.ApiClient.sanitize_for_serialization(client.ApiClient.__new__(client.ApiClient), obj)


OBJECTS: dict[str, Any] = {
    "V1PodSpec": (pod_spec, ()),
    "V1PodTemplateSpec": (pod_template, ("spec",)),
    "V1Pod": (
        lambda client: client.V1Pod(metadata=client.V1ObjectMeta(name="a"), spec=pod_spec(client)),
        ("spec",),
    ),
    "V1Job": (job, ("spec", "template", "spec")),
}


@pytest.mark.parametrize("kind", OBJECTS)
class TestOfficialClient:
    def test_the_object_keeps_its_class_and_gets_the_claim(self, new_client: Any, kind: str) -> None:
        make, path = OBJECTS[kind]
        given = make(new_client)
        before = sent(new_client, given)
        result = attach(given, "template/train", name="gpu")
        assert type(result) is getattr(new_client, kind)
        wire = sent(new_client, result)
        expected = copy.deepcopy(before)
        inner, found = expected, wire
        for step in path[:-1]:
            inner, found = inner[step], found[step]
        if path:
            inner[path[-1]] = WIRED
        else:
            expected = WIRED
        assert wire == expected
        assert sent(new_client, given) == before

    def test_twice_is_once(self, new_client: Any, kind: str) -> None:
        once = attach(OBJECTS[kind][0](new_client), "template/train", name="gpu")
        assert sent(new_client, attach(once, "template/train", name="gpu")) == sent(new_client, once)

    def test_its_parts_are_the_clients_own(self, new_client: Any, kind: str) -> None:
        make, path = OBJECTS[kind]
        spec = attach(make(new_client), "template/train", name="gpu")
        for step in path:
            spec = getattr(spec, step)
        assert type(spec.containers[0]) is new_client.V1Container
        (use,) = spec.containers[0].resources.claims
        assert use.name == "gpu"
        (entry,) = spec.resource_claims
        if release(new_client) >= 31:
            assert type(entry) is new_client.V1PodResourceClaim
            assert entry.resource_claim_template_name == "train"
        else:  # its class has the shape before Kubernetes 1.31 only
            assert entry == ENTRY


def test_a_dict_among_the_clients_objects_stays_one(new_client: Any) -> None:
    spec = pod_spec(new_client)
    spec.resource_claims = [dict(ENTRY)]
    result = attach(spec, "template/train")
    assert sent(new_client, result)["resourceClaims"] == [ENTRY]
    assert sent(new_client, attach(result, "claim/nic"))["resourceClaims"][1]["name"] == "nic"


def test_objects_of_a_client_in_a_dict(new_client: Any) -> None:
    tasks = [{"name": "worker", "replicas": 2, "template": pod_template(new_client)}]
    given = {"apiVersion": "batch.volcano.sh/v1alpha1", "kind": "Job", "spec": {"tasks": tasks}}
    result = attach(given, "template/train", name="gpu")
    template = result["spec"]["tasks"][0]["template"]
    assert type(template) is new_client.V1PodTemplateSpec
    assert sent(new_client, template)["spec"] == WIRED
    assert tasks[0]["template"].spec.resource_claims is None


def test_limits_go(new_client: Any) -> None:
    result = attach(pod_spec(new_client), "template/train", name="gpu", drop=["cpu"])
    assert sent(new_client, result.containers[0].resources) == {"claims": [{"name": "gpu"}]}


def test_a_client_that_knows_no_claims_is_refused(client: Any) -> None:
    if release(client) < 26:
        with pytest.raises(DraError, match="V1PodSpec has no place for") as refused:
            attach(pod_spec(client), "template/train")
        assert "newer version of the client" in refused.value.remedy
    else:
        assert attach(pod_spec(client), "template/train")


def test_a_claim_of_the_client(client: Any) -> None:
    kind = getattr(client, "V1ResourceClaimTemplate", None)
    if kind is None:  # before 34, which has v1
        assert release(client) < 34
        return
    spec = {
        "spec": {"devices": {"requests": [{"name": "gpu", "exactly": {"deviceClassName": "gpu.nvidia.com"}}]}}
    }
    made = (
        kind.from_dict({"metadata": {"name": "train"}, "spec": spec})
        if hasattr(kind, "model_fields")
        else kind(metadata=client.V1ObjectMeta(name="train"), spec=spec)
    )
    source = claim_source(made)
    assert (source.kind, source.name) == ("ResourceClaimTemplate", "train")


@pytest.mark.launchers
def test_lightkube() -> None:
    pod_spec_of = pytest.importorskip("lightkube.models.core_v1").PodSpec
    job_of = pytest.importorskip("lightkube.resources.batch_v1").Job
    given = job_of.from_dict({"metadata": {"name": "a"}, "spec": {"template": {"spec": SPEC}}})
    result = attach(given, "template/train", name="gpu")
    assert type(result) is job_of
    assert result.spec.template.spec.resourceClaims[0].resourceClaimTemplateName == "train"
    assert result.to_dict()["spec"]["template"]["spec"] == WIRED
    assert given.to_dict()["spec"]["template"]["spec"] == SPEC
    spec = attach(pod_spec_of.from_dict(SPEC), "template/train", name="gpu")
    assert type(spec) is pod_spec_of
    assert spec.to_dict() == WIRED


@pytest.mark.launchers
def test_lightkube_objects_without_a_model() -> None:
    generic = pytest.importorskip("lightkube.generic_resource")
    kind = generic.create_namespaced_resource("jobset.x-k8s.io", "v1alpha2", "JobSet", "jobsets")
    jobs = [{"name": "a", "template": {"spec": {"template": {"spec": SPEC}}}}]
    result = attach(kind(metadata={"name": "a"}, spec={"replicatedJobs": jobs}), "template/train", name="gpu")
    assert type(result) is kind
    assert templates(result)[0].spec == WIRED


@pytest.mark.launchers
def test_kr8s() -> None:
    deployment_of = pytest.importorskip("kr8s.objects").Deployment
    wire = {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": "a", "namespace": "b"},
        "spec": {"template": {"spec": SPEC}},
    }
    given = deployment_of(copy.deepcopy(wire), api=object())  # never asked for anything
    result = attach(given, "template/train", name="gpu")
    assert type(result) is type(given)
    assert result.raw["spec"]["template"]["spec"] == WIRED
    assert given.raw == wire


class TestClassesOfOldClients:
    """What clients up to 36 have, in small: the suite cannot install one beside the newest."""

    class V1PodResourceClaim:
        attribute_map: ClassVar = {"name": "name", "source": "source"}
        openapi_types: ClassVar = {"name": "str", "source": "V1ClaimSource"}

        def __init__(self, name: str | None = None, source: Any = None) -> None:
            if name is None:
                raise ValueError("Invalid value for `name`, must not be `None`")
            self.name, self.source = name, source

    class V1PodSpec:
        attribute_map: ClassVar = {
            "containers": "containers",
            "resource_claims": "resourceClaims",
            "node_selector": "nodeSelector",
        }
        openapi_types: ClassVar = {
            "containers": "list[V1Container]",
            "resource_claims": "list[V1PodResourceClaim]",
            "node_selector": "dict(str, str)",
        }

        def __init__(self, **members: Any) -> None:
            self.containers: Any = None
            self.resource_claims: Any = None
            self.node_selector: Any = None
            self.__dict__.update(members)

    def test_an_entry_that_its_class_cannot_hold_is_plain_data(self) -> None:
        given = self.V1PodSpec(
            containers=[{"name": "main"}],
            resource_claims=[self.V1PodResourceClaim("nic", {"resourceClaimName": "nic"})],
            node_selector={"a": "b"},
        )
        result = attach(given, "template/train", name="gpu")
        nic, gpu = result.resource_claims
        assert isinstance(nic, self.V1PodResourceClaim)
        assert nic is not given.resource_claims[0]
        assert gpu == ENTRY
        assert result.node_selector == {"a": "b"}
        assert result.node_selector is not given.node_selector
        assert len(given.resource_claims) == 1

    def test_a_value_that_the_class_refuses_is_an_error(self) -> None:
        class Strict(self.V1PodSpec):  # type: ignore[name-defined] # a class of this class
            def __setattr__(self, name: str, value: Any) -> None:
                if name == "node_selector" and value is None:
                    raise ValueError("Invalid value for `node_selector`, must not be `None`")
                super().__setattr__(name, value)

        given = object.__new__(Strict)
        given.__dict__.update(containers=[], resource_claims=None, node_selector={"a": "b"})
        opened = open_workload(given)
        del opened.objects[0]["nodeSelector"]
        with pytest.raises(DraError, match="cannot make a Strict of it"):
            opened.close()

    @pytest.mark.parametrize(
        ("before", "after", "lost"),
        [
            ({}, {"hostname": "a"}, "hostname"),
            ({}, {"nodeSelector": {"a": "b"}, "volumes": [1]}, "volumes"),
        ],
    )
    def test_what_has_no_place_is_named(self, before: Any, after: Any, lost: str) -> None:
        with pytest.raises(DraError, match=re.escape(f"V1PodSpec has no place for {lost}")):
            rebuilt(self.V1PodSpec(), before, after)


def test_nothing_that_can_be_changed_is_shared(new_client: Any) -> None:
    given = job(new_client)
    result = attach(given, "template/train")
    result.metadata.name = "other"
    result.spec.template.metadata.labels["a"] = "changed"
    result.spec.template.spec.node_selector["a"] = "changed"
    wire = wire_data(given)
    assert wire is not None
    assert wire["metadata"] == {"name": "a"}
    assert wire["spec"]["template"]["metadata"] == {"labels": {"a": "b"}}
    assert wire["spec"]["template"]["spec"] == SPEC
