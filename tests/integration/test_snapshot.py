"""Snapshots of a running cluster: complete, readable by every command, and silent about secrets."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

import pytest

import dra
import dra.client
from dra.cli import ExitCode, main
from dra.errors import ForbiddenError
from dra.models.meta import KubernetesObject
from tests.integration.api import until
from tests.integration.clients import claim, client_of, device_class, namespace, node, node_slice, pod
from tests.integration.control_plane import ControlPlane

pytestmark = pytest.mark.integration

SPACE = "photographed"
SECRETS = ("env-s3cret", "annotation-s3cret", "argument-s3cret", "volume-s3cret", "data-s3cret")
COMMANDS = (
    ["allocate"],
    ["capacity"],
    ["top", "nodes"],
    ["schedule"],
    ["explain", f"pod/{SPACE}/secretive"],
    ["cel", "true"],
    ["what-if", "drain", "photographed-node"],
    ["simulate", "pods"],
    ["lint"],
    ["validate"],
)


def secretive() -> list[KubernetesObject]:
    """A pod that holds secrets wherever a pod can, and a Secret."""
    container = {
        "name": "main",
        "image": "example.com/main",
        "env": [{"name": "TOKEN", "value": "env-s3cret"}],
        "args": ["--token=argument-s3cret"],
        "resources": {"requests": {"cpu": "1"}, "claims": [{"name": "mine"}]},
        "volumeMounts": [{"name": "volume-s3cret", "mountPath": "/x"}],
    }
    made = pod("secretive", SPACE, "mine", containers=[container])
    wire = made.to_dict()
    wire["metadata"]["annotations"] = {"example.com/token": "annotation-s3cret"}
    wire["metadata"]["labels"] = {"team": "vision"}
    wire["spec"]["volumes"] = [{"name": "volume-s3cret", "secret": {"secretName": "volume-s3cret"}}]
    secret = {"apiVersion": "v1", "kind": "Secret", "stringData": {"key": "data-s3cret"}}
    return dra.load([wire, {**secret, "metadata": {"name": "volume-s3cret", "namespace": SPACE}}])


@pytest.fixture(scope="module")
def client(control_plane: ControlPlane) -> Iterator[dra.client.Client]:
    with client_of(control_plane, namespace=SPACE) as connected:
        place = node("photographed-node")
        gpus = node_slice("photographed-slice", "photographed-node", [{"name": "gpu-0"}, {"name": "gpu-1"}])
        objects = [namespace(SPACE), device_class(), place, gpus, claim("mine", SPACE, count=3), *secretive()]
        connected.apply(objects)
        connected.patch_status(place)
        yield connected
        connected.delete(objects[1:], grace_period=0)


@pytest.mark.parametrize(
    "name", ["cluster.json", "cluster.json.gz", "cluster.json.zst", "cluster.yaml", "folder"]
)
def test_what_is_read_back_is_the_cluster(
    client: dra.client.Client, control_plane: ControlPlane, tmp_path: Path, name: str
) -> None:
    target = str(tmp_path / name)
    kubeconfig = str(control_plane.kubeconfig)
    assert main(["snapshot", "--kubeconfig", kubeconfig, "-o", target]) == ExitCode.OK
    live = dra.Cluster.from_kubernetes(client)
    read = dra.Cluster.load(target, kubernetes=control_plane.minor)
    for kind in (dra.Node, dra.ResourceSlice, dra.DeviceClass, dra.ResourceClaim, dra.Pod):
        assert {each.subject for each in read if isinstance(each, kind)} == {
            each.subject for each in live if isinstance(each, kind)
        }
    assert str(read.schedule(f"{SPACE}/secretive")) == str(live.schedule(f"{SPACE}/secretive"))
    assert [each.name for each in tmp_path.iterdir()] == [name]


@pytest.mark.parametrize("command", COMMANDS, ids=lambda command: command[0])
def test_every_command_reads_a_snapshot_and_a_cluster_alike(
    client: dra.client.Client,
    control_plane: ControlPlane,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    command: list[str],
) -> None:
    target, kubeconfig = str(tmp_path / "cluster.json.zst"), str(control_plane.kubeconfig)
    command = [*command, "--kubernetes", control_plane.minor]

    def common_answer() -> tuple[int, str] | None:
        client.snapshot(target)
        from_file = main([*command, "-f", target]), capsys.readouterr().out.replace(f"{target}:", "")
        from_cluster = main([*command, "--kubeconfig", kubeconfig]), capsys.readouterr().out
        return from_file if without_lines(from_file) == without_lines(from_cluster) else None

    # Controllers still tidy up after other tests, so the first two readings can differ.
    status, printed = until(common_answer, "an answer that is the same from a file and from the cluster")
    assert status in (ExitCode.OK, ExitCode.NO)
    assert printed


def test_migrate_reports_what_pods_of_a_cluster_ask_device_plugins_for(
    client: dra.client.Client, control_plane: ControlPlane, capsys: pytest.CaptureFixture[str]
) -> None:
    container = {"name": "main", "image": "i", "resources": {"limits": {"nvidia.com/gpu": "2"}}}
    asking = [pod(name, SPACE, containers=[container]) for name in ("asking-0", "asking-1")]
    client.apply(asking)
    try:
        status = main(["migrate", "--kubeconfig", str(control_plane.kubeconfig)])
        printed = capsys.readouterr().out
        assert main(["migrate", "--kubeconfig", str(control_plane.kubeconfig), "--write"]) == 2
    finally:
        client.delete(asking, grace_period=0)
    assert status == ExitCode.OK
    for each in asking:
        assert f"{each.subject}  " in printed
    assert printed.count("2 x nvidia.com/gpu of container main -> request gpu") == len(asking)


def without_lines(answer: tuple[int, str]) -> tuple[int, list[str]]:
    """An answer without the lines of a file, which a cluster does not have."""
    status, text = answer
    return status, sorted(line.lstrip("0123456789: ") for line in text.splitlines())


def test_secrets_and_tokens_are_not_in_it(
    client: dra.client.Client, control_plane: ControlPlane, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    target = tmp_path / "cluster.json"
    main(["snapshot", "--kubeconfig", str(control_plane.kubeconfig), "-o", str(target)])
    text = target.read_text() + "".join(capsys.readouterr())
    assert "secretive" in text
    assert [secret for secret in SECRETS if secret in text] == []
    assert control_plane.users["admin"] not in text
    assert {each["kind"] for each in json.loads(target.read_text())["items"]}.isdisjoint(
        {"Secret", "ConfigMap"}
    )


def test_names_and_labels_are_redacted_and_still_match(
    client: dra.client.Client, control_plane: ControlPlane, tmp_path: Path
) -> None:
    target = tmp_path / "cluster.json"
    client.snapshot(target, redact=["names", "labels", "annotations"])
    text = target.read_text()
    for name in ("photographed", "secretive", "vision"):
        assert name not in text
    redacted = dra.Cluster.load(target, kubernetes=control_plane.minor)
    live = dra.Cluster.from_kubernetes(client)
    assert capacity(redacted) == capacity(live)
    refusals = [str(redacted.schedule(each)) for each in redacted.pending()]
    assert any("2 of 2 devices" in each for each in refusals)


def capacity(cluster: dra.Cluster) -> Any:
    return cluster.capacity().to_dict()


def test_the_printed_role_is_all_it_takes(
    client: dra.client.Client, control_plane: ControlPlane, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    kubeconfig = str(control_plane.write_kubeconfig("nobody"))
    command = ["snapshot", "--kubeconfig", kubeconfig, "-o", str(tmp_path / "cluster.json")]
    assert main(command) == ExitCode.BAD_INPUT
    assert "may not list nodes" in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []
    assert main(["snapshot", "--print-rbac"]) == ExitCode.OK
    (role,) = dra.load(capsys.readouterr().out)
    (binding,) = dra.load(
        {
            "apiVersion": "rbac.authorization.k8s.io/v1",
            "kind": "ClusterRoleBinding",
            "metadata": {"name": "dra-snapshot"},
            "roleRef": {
                "apiGroup": "rbac.authorization.k8s.io",
                "kind": "ClusterRole",
                "name": "dra-snapshot",
            },
            "subjects": [{"kind": "User", "name": "nobody"}],
        }
    )
    client.apply([role, binding])
    try:
        with client_of(control_plane, "nobody") as nobody:
            until(lambda: may(nobody.contents), "the rights are known")
        assert main(command) == ExitCode.OK
    finally:
        client.delete([role, binding])


def may(ask: Callable[[], Iterable[object]]) -> bool | None:
    """Whether something is allowed; rights take a moment to be known to the server."""
    try:
        return bool(list(ask()))
    except ForbiddenError:
        return None


def test_a_missing_right_for_one_kind_is_named(
    client: dra.client.Client, control_plane: ControlPlane, tmp_path: Path
) -> None:
    role = dra.client.cluster_role("all-but-slices")
    for rule in role["rules"]:
        rule["resources"] = [each for each in rule["resources"] if each != "resourceslices"]
    binding = {
        "apiVersion": "rbac.authorization.k8s.io/v1",
        "kind": "ClusterRoleBinding",
        "metadata": {"name": "all-but-slices"},
        "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": "all-but-slices"},
        "subjects": [{"kind": "User", "name": "nobody"}],
    }
    objects = dra.load([role, binding])
    client.apply(objects)
    try:
        with client_of(control_plane, "nobody") as nobody:
            until(lambda: may(lambda: nobody.list(dra.Node)), "the rights are known")
            until(
                lambda: True if may(lambda: nobody.list(dra.ResourceSlice)) is None else None,
                "the rights of the test before are gone",
            )
            with pytest.raises(ForbiddenError, match=r"may not list resourceslices\.resource\.k8s\.io"):
                nobody.snapshot(tmp_path / "cluster.json")
        assert list(tmp_path.iterdir()) == []
    finally:
        client.delete(objects)
