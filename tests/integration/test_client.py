"""The client on a real API server: every kind and version, conflicts, rights, faults, credentials."""

from __future__ import annotations

import asyncio
import io
import logging
import traceback
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import dra
import dra.client
import dra.client.aio
from dra.client.aio import connect as connect_async
from dra.errors import (
    AlreadyExistsError,
    ApplyError,
    ConfigError,
    ConflictError,
    ForbiddenError,
    InvalidError,
    NotFoundError,
    NotServedError,
    UnauthorizedError,
)
from dra.models.kinds import KINDS
from dra.models.meta import KubernetesObject
from dra.validation.versions import served_versions
from tests.integration.api import Api, until
from tests.integration.clients import claim, client_of, device_class, namespace, pod
from tests.integration.control_plane import ControlPlane

pytestmark = pytest.mark.integration

EXAMPLES = Path(__file__).parents[2] / "examples"
TEAM = "clients"

SPECS: dict[str, dict[str, Any]] = {
    "Node": {"taints": [{"key": "example.com/test", "effect": "NoSchedule"}], "unschedulable": True},
    "Pod": {
        "containers": [{"name": "main", "image": "example.com/main"}],
        "schedulingGates": [{"name": "example.com/never"}],
    },
    "DeviceClass": {"selectors": [{"cel": {"expression": "device.driver == 'a.example.com'"}}]},
    "DeviceTaintRule": {
        "deviceSelector": {"driver": "a.example.com", "pool": "p"},
        "taint": {"key": "example.com/bad", "effect": "NoSchedule"},
    },
    "ResourceClaim": {
        "devices": {
            "requests": [
                {"name": "a", "exactly": {"deviceClassName": "a.example.com", "count": 2}},
                {"name": "b", "firstAvailable": [{"name": "c", "deviceClassName": "a.example.com"}]},
            ],
            "constraints": [{"requests": ["a"], "matchAttribute": "a.example.com/root"}],
        }
    },
    "ResourceClaimTemplate": {
        "metadata": {},  # Go writes empty structures
        "spec": {"devices": {"requests": [{"name": "a", "exactly": {"deviceClassName": "a.example.com"}}]}},
    },
    "ResourcePoolStatusRequest": {"driver": "a.example.com"},
    "ResourceSlice": {
        "driver": "a.example.com",
        "nodeName": "node-a",
        "pool": {"name": "p", "generation": 1, "resourceSliceCount": 1},
        "devices": [
            {
                "name": "gpu-0",
                "attributes": {"model": {"string": "A"}, "healthy": {"bool": True}},
                "capacity": {"memory": {"value": "80Gi"}},
            }
        ],
    },
    "Workload": {"podGroupTemplates": [{"name": "workers", "schedulingPolicy": {"gang": {"minCount": 2}}}]},
    "PodGroup": {"schedulingPolicy": {"gang": {"minCount": 2}}},
    "CompositePodGroup": {
        "workloadRef": {"workloadName": "composite", "templateName": "top"},
        "schedulingPolicy": {"gang": {"minGroupCount": 1}},
    },
}


def test_there_is_a_sample_of_every_kind() -> None:
    assert set(SPECS) == {kind for _, kind in KINDS}


@pytest.fixture(scope="module")
def client(control_plane: ControlPlane, api: Api) -> Iterator[dra.client.Client]:
    with client_of(control_plane, namespace=TEAM) as connected:
        connected.apply(namespace(TEAM))
        yield connected


def served(control_plane: ControlPlane) -> Iterator[tuple[type[KubernetesObject], str]]:
    for kind in KINDS.values():
        for version in served_versions(kind(), control_plane.minor):
            yield kind, version


def has(now: object, then: object, exact: bool) -> bool:
    """Whether data is still there. Of pods and nodes a server fills in more than devices need."""
    if exact:
        return now == then
    if isinstance(now, dict) and isinstance(then, dict):
        return all(key in now and has(now[key], value, exact) for key, value in then.items())
    if isinstance(now, list) and isinstance(then, list) and len(now) >= len(then):
        return all(has(one, other, exact) for one, other in zip(now, then, strict=False))
    return now == then


def test_every_kind_and_version_is_made_read_and_equal(
    client: dra.client.Client, control_plane: ControlPlane
) -> None:
    tried = set()
    for kind, version in served(control_plane):
        with client_of(control_plane, namespace=TEAM, prefer=[version]) as other:
            name = f"{kind.__name__}-{version}".lower().replace("/", "-")
            obj = kind.from_dict({"metadata": {"name": name}, "spec": SPECS[kind.__name__]})
            wanted = dra.convert(dra.default(obj, features=control_plane.features), version)
            if kind.__name__ == "CompositePodGroup":
                other.apply(composite_workload())
            made = other.create(wanted)
            read = other.get(kind, name)
            assert made.api_version == read.api_version == version
            newest = client.get(kind, name)
            assert newest.api_version == next(each for one, each in served(control_plane) if one is kind)
            for one in (made, read, newest):
                assert has(
                    dra.convert(one, version).to_dict()["spec"],
                    wanted.to_dict()["spec"],
                    exact="/" in version,
                )
            assert name in [each.metadata.name for each in other.list(kind)]
            other.delete(kind, name)
            tried.add((kind.__name__, version))
    assert {kind for kind, _ in tried} >= {"ResourceClaim", "ResourceSlice", "DeviceClass", "Pod", "Node"}
    assert len(tried) > len({kind for kind, _ in tried})


def composite_workload() -> KubernetesObject:
    templates = [
        {
            "name": "top",
            "schedulingPolicy": {"gang": {"minGroupCount": 1}},
            "podGroupTemplates": SPECS["Workload"]["podGroupTemplates"],
        }
    ]
    return dra.Workload.from_dict(
        {
            "apiVersion": "scheduling.k8s.io/v1alpha3",
            "metadata": {"name": "composite"},
            "spec": {"compositePodGroupTemplates": templates},
        }
    )


def test_two_writers_on_one_claim(client: dra.client.Client) -> None:
    client.create(claim("contested", TEAM))
    first, second = client.get(dra.ResourceClaim, "contested"), client.get(dra.ResourceClaim, "contested")
    first.metadata.labels = {"writer": "first"}
    second.metadata.labels = {"writer": "second"}
    client.replace(first)
    with pytest.raises(ConflictError, match="has been modified") as refused:
        client.replace(second)
    assert refused.value.subject == f"ResourceClaim {TEAM}/contested"
    with pytest.raises(ConflictError):
        client.patch_status(second, {"reservedFor": None})
    assert client.get(dra.ResourceClaim, "contested").metadata.labels == {"writer": "first"}


def test_two_managers_on_one_label(client: dra.client.Client, control_plane: ControlPlane) -> None:
    mine, theirs = device_class("managed.example.com"), device_class("managed.example.com")
    mine.metadata.labels = {"owner": "mine"}
    theirs.metadata.labels = {"owner": "theirs"}
    client.apply(mine)
    with client_of(control_plane, manager="somebody-else") as other:
        with pytest.raises(ConflictError, match="owner") as refused:
            other.apply(theirs)
        assert "force=True" in refused.value.remedy
        assert other.apply(theirs, force=True).metadata.labels == {"owner": "theirs"}


def test_the_faults_that_the_server_finds_are_those_that_dra_finds(client: dra.client.Client) -> None:
    broken = claim("Broken", TEAM, count=-1, selectors=[{"cel": {"expression": "devices.x"}}])
    with pytest.raises(InvalidError) as refused:
        client.create(broken, dry_run=True)
    theirs = {(error.type, error.field) for error in refused.value.errors}
    assert theirs == {(error.type, error.field) for error in dra.validate(broken)}


def test_a_missing_right_names_verb_and_resource(control_plane: ControlPlane, api: Api) -> None:
    with client_of(control_plane, "nobody") as nobody:
        with pytest.raises(
            ForbiddenError, match=r"may not list resourceslices\.resource\.k8s\.io"
        ) as refused:
            nobody.list(dra.ResourceSlice)
        assert 'verb "list" on resource "resourceslices"' in str(refused.value)
        with pytest.raises(ForbiddenError, match=r"may not create resourceclaims\.resource\.k8s\.io"):
            nobody.create(claim("mine", "default"))
        with pytest.raises(ForbiddenError, match="may not list nodes"):
            dra.Cluster.from_kubernetes(nobody)


def test_what_is_not_there(client: dra.client.Client) -> None:
    with pytest.raises(NotFoundError, match='"none" not found'):
        client.get(dra.ResourceClaim, "none")
    with pytest.raises(NotFoundError):
        client.delete(dra.ResourceClaim, "none")
    client.delete(dra.ResourceClaim, "none", missing_ok=True)
    (unknown,) = dra.load({"apiVersion": "example.com/v1", "kind": "Toy", "metadata": {"name": "a"}})
    with pytest.raises(NotServedError, match="the server has no Toy"):
        client.apply(unknown)


def test_a_series_that_stops_says_what_was_applied(client: dra.client.Client) -> None:
    objects = [pod("user", TEAM, "half"), claim("half", TEAM, count=-1), device_class("half.example.com")]
    with pytest.raises(ApplyError) as stopped:
        client.apply(objects)
    error = stopped.value
    assert [each.subject for each in error.done] == ["DeviceClass half.example.com"]
    assert isinstance(error.failed, dra.ResourceClaim)
    assert [each.subject for each in error.left] == [f"Pod {TEAM}/user"]
    assert isinstance(error.error, InvalidError)
    assert "applied 1 of 3 objects" in str(error)
    assert client.get(dra.DeviceClass, "half.example.com")


def test_a_dry_run_changes_nothing(client: dra.client.Client) -> None:
    answered = client.apply([claim("dry", TEAM), device_class("dry.example.com")], dry_run=True)
    assert [each.kind for each in answered] == ["DeviceClass", "ResourceClaim"]
    for kind, name in ((dra.DeviceClass, "dry.example.com"), (dra.ResourceClaim, "dry")):
        with pytest.raises(NotFoundError):
            client.get(kind, name)


def test_applying_twice_is_applying_once(client: dra.client.Client) -> None:
    wanted = claim("twice", TEAM)
    first = client.apply(wanted)
    assert client.apply(wanted).metadata.resource_version == first.metadata.resource_version
    assert client.apply(first.clone()).metadata.uid == first.metadata.uid
    with pytest.raises(AlreadyExistsError):
        client.create(wanted)


def test_applied_objects_are_deleted_in_the_opposite_order(client: dra.client.Client) -> None:
    objects = [device_class("gone.example.com"), claim("gone", TEAM)]
    client.apply(objects)
    client.delete(objects)
    client.delete(objects, missing_ok=True)
    with pytest.raises(ApplyError, match="deleted 0 of 2") as stopped:
        client.delete(objects)
    assert isinstance(stopped.value.error, NotFoundError)
    assert stopped.value.failed is objects[1]


def without_owners(objects: list[KubernetesObject]) -> list[KubernetesObject]:
    """Owners are not on this server, so the garbage collector would take what they own."""
    copies = [each.clone() for each in objects]
    for each in copies:
        each.metadata.owner_references = None
    return copies


def custom_kind(obj: KubernetesObject) -> KubernetesObject:
    """The definition of a kind that a server does not have by itself, with no rules of its own."""
    group, _, version = obj.api_version.partition("/")
    plural = f"{obj.kind.lower()}s"
    schema = {"type": "object", "x-kubernetes-preserve-unknown-fields": True}
    (made,) = dra.load(
        {
            "apiVersion": "apiextensions.k8s.io/v1",
            "kind": "CustomResourceDefinition",
            "metadata": {
                "name": f"{plural}.{group}",
                "annotations": {"api-approved.kubernetes.io": "unapproved, for tests"},
            },
            "spec": {
                "group": group,
                "scope": "Namespaced",
                "names": {"kind": obj.kind, "plural": plural, "singular": obj.kind.lower()},
                "versions": [
                    {"name": version, "served": True, "storage": True, "schema": {"openAPIV3Schema": schema}}
                ],
            },
        }
    )
    return made


def is_served(client: dra.client.Client, obj: KubernetesObject) -> bool:
    try:
        client.delete(obj, missing_ok=False, dry_run=True)
    except NotServedError:
        return False
    except NotFoundError:
        pass
    return True


@pytest.mark.parametrize(
    "folder", sorted(path.name for path in EXAMPLES.iterdir() if any(path.rglob("*.yaml")))
)
def test_the_manifests_of_examples_apply(client: dra.client.Client, folder: str) -> None:
    objects = without_owners(dra.load(EXAMPLES / folder))
    unknown = [each for each in objects if not is_served(client, each)]
    client.apply({each.metadata.name: each for each in map(custom_kind, unknown)}.values())
    for each in unknown:
        until(lambda each=each: is_served(client, each) or None, f"{each.kind} is served")  # type: ignore[misc] # mypy has no type for a lambda's default
    spaces = {each.metadata.namespace for each in objects if each.metadata.namespace} - {TEAM}
    client.apply([namespace(name) for name in sorted(spaces)])
    applied = client.apply(objects)
    assert len(applied) == len(objects)
    client.delete(applied, grace_period=0)


def test_lists_are_read_in_pages_and_by_selectors(
    client: dra.client.Client, control_plane: ControlPlane
) -> None:
    for index in range(7):
        labelled = device_class(f"paged-{index}.example.com")
        labelled.metadata.labels = {"paged": "even" if index % 2 == 0 else "odd"}
        client.apply(labelled)
    with client_of(control_plane, page_size=3) as small:
        every = [each.metadata.name for each in small.list(dra.DeviceClass, labels="paged")]
        even = small.list(dra.DeviceClass, labels={"paged": "even"})
        one = small.list(dra.DeviceClass, fields={"metadata.name": "paged-3.example.com"})
    assert every == [f"paged-{index}.example.com" for index in range(7)]
    assert (len(even), len(one)) == (4, 1)


def test_the_same_with_asyncio(control_plane: ControlPlane, client: dra.client.Client) -> None:
    async def talk() -> tuple[str, list[str], list[str]]:
        kubeconfig = control_plane.write_kubeconfig("admin")
        async with await connect_async(kubeconfig=kubeconfig, namespace=TEAM) as other:
            await other.apply([device_class("async.example.com"), claim("async", TEAM)])
            with pytest.raises(NotFoundError):
                await other.get(dra.ResourceClaim, "none")
            listed = [
                each.subject for each in await other.list(dra.ResourceClaim, fields="metadata.name=async")
            ]
            seen = []
            async for event in other.watch(dra.ResourceClaim, fields="metadata.name=async", timeout=60):
                seen.append(str(event.change))
                if event.change is dra.client.Change.ADDED:
                    await other.delete(event.object)
                else:
                    break
            return await other.kubernetes(), listed, seen

    minor, listed, seen = asyncio.run(talk())
    assert minor == control_plane.minor
    assert listed == [f"ResourceClaim {TEAM}/async"]
    assert seen == ["ADDED", "DELETED"]


def test_a_cluster_is_the_same_with_asyncio(
    control_plane: ControlPlane, client: dra.client.Client, tmp_path: Path
) -> None:
    """Controllers still tidy up after other tests: what counts is a reading between two that are alike."""

    async def read_between() -> int:
        async with await connect_async(kubeconfig=control_plane.write_kubeconfig("admin")) as other:
            await other.snapshot(tmp_path / "between.json.gz", ["names"])
            return len([each async for each in other.contents()])

    def readings() -> tuple[list[KubernetesObject], list[KubernetesObject], int] | None:
        client.snapshot(tmp_path / "before.json.gz", ["names"])
        count = asyncio.run(read_between())
        client.snapshot(tmp_path / "after.json.gz", ["names"])
        before, between, after = (
            dra.load(tmp_path / f"{name}.json.gz") for name in ("before", "between", "after")
        )
        return (before, between, count) if before == after else None

    before, between, count = until(readings, "two readings are alike")
    assert between == before
    assert count == len(before) > 0


def refused_with(kubeconfig: Path) -> list[str]:
    """How a client shows itself, before it is refused."""
    with dra.client.connect(kubeconfig=kubeconfig, retry=dra.client.Retry(attempts=1)) as client:
        shown = [repr(client), str(client), repr(client._session), repr(client.__dict__)]
        assert client.list(dra.ResourceSlice) is None, shown
    return shown


def test_tokens_appear_nowhere(control_plane: ControlPlane, tmp_path: Path, api: Api) -> None:
    """Not in a client's text, not in errors and their tracebacks, not in logs, however much is logged."""
    token = control_plane.users["nobody"]
    kubeconfig = control_plane.write_kubeconfig("nobody")
    broken = tmp_path / "broken.kubeconfig"
    broken.write_text(kubeconfig.read_text().replace("users:", "users: ["))
    wrong = tmp_path / "wrong.kubeconfig"
    wrong.write_text(kubeconfig.read_text().replace(token, f"wrong-{token}"))
    away = tmp_path / "away.kubeconfig"
    away.write_text(kubeconfig.read_text().replace(control_plane.server, "https://127.0.0.1:1"))
    logged = io.StringIO()
    handler = logging.StreamHandler(logged)
    root = logging.getLogger()
    level = root.level
    root.addHandler(handler)
    root.setLevel(logging.DEBUG)
    shown = []
    try:
        for file in (kubeconfig, broken, wrong, away):
            with pytest.raises(dra.DraError) as raised:
                shown += refused_with(file)
            error = raised.value
            shown += [str(error), repr(error), repr(error.__dict__), repr(error.args)]
            shown += traceback.format_exception(error)
            shown += [repr(chained) for chained in (error.__cause__, error.__context__)]
    finally:
        root.removeHandler(handler)
        root.setLevel(level)
    assert len(shown) > 20
    assert token not in "".join(shown) + logged.getvalue()


def test_a_wrong_token_is_unauthorized(control_plane: ControlPlane, tmp_path: Path, api: Api) -> None:
    wrong = tmp_path / "kubeconfig"
    wrong.write_text(control_plane.kubeconfig.read_text().replace("admin-token", "no-token"))
    with (
        dra.client.connect(kubeconfig=wrong) as stranger,
        pytest.raises(UnauthorizedError, match="Unauthorized"),
    ):
        stranger.list(dra.ResourceSlice)


def test_a_certificate_of_somebody_else_is_not_trusted(
    control_plane: ControlPlane, tmp_path: Path, api: Api
) -> None:
    import trustme

    trustme.CA().cert_pem.write_to_path(tmp_path / "ca.pem")
    other = tmp_path / "kubeconfig"
    ours = str(control_plane.folder / "ca.pem")
    other.write_text(control_plane.kubeconfig.read_text().replace(ours, str(tmp_path / "ca.pem")))
    with (
        dra.client.connect(kubeconfig=other) as client,
        pytest.raises(ConfigError, match="not to be trusted"),
    ):
        client.list(dra.ResourceSlice)
