"""`dra explain pod/NAME` on a running cluster: the cause that was set up is the cause that is named."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import attrs
import pytest

import dra
import dra.client
from dra.cli import ExitCode, main
from dra.models.meta import KubernetesObject
from tests.integration.api import until
from tests.integration.clients import client_of, device_class, namespace, node, node_slice
from tests.integration.control_plane import ControlPlane

pytestmark = pytest.mark.integration

SPACE = "explained"
NODES = ("explained-a", "explained-b")
CLASS = "explained.example.com"


def request(device_class_name: str = CLASS, **exactly: Any) -> dict[str, Any]:
    return {"name": "gpu", "exactly": {"deviceClassName": device_class_name, **exactly}}


def selector(expression: str) -> list[dict[str, Any]]:
    return [{"cel": {"expression": expression}}]


def claim(name: str, *requests: dict[str, Any], **devices: Any) -> dra.ResourceClaim:
    return dra.ResourceClaim.from_dict(
        {
            "metadata": {"name": name, "namespace": SPACE},
            "spec": {"devices": {"requests": list(requests), **devices}},
        }
    )


def pod(name: str, *claims: str, **spec: Any) -> dra.Pod:
    return dra.Pod.from_dict(
        {
            "metadata": {"name": name, "namespace": SPACE},
            "spec": {
                "containers": [{"name": "main", "image": "example.com/main"}],
                "nodeSelector": {"explained": "yes"},
                "resourceClaims": [{"name": each, "resourceClaimName": each} for each in claims],
                **spec,
            },
        }
    )


@attrs.frozen
class Cause:
    """A pod that cannot be scheduled.

    Attributes:
        name: Of the pod.
        objects: The pod and what it needs.
        named: What an explanation has to say: the part of the objects above that is the reason.
        scheduler: What kube-scheduler has to say; empty where it does not try.
    """

    name: str
    objects: Sequence[KubernetesObject]
    named: Sequence[str]
    scheduler: str


CAUSES = [
    Cause(
        "unknown-class",
        [claim("unknown-class", request("nowhere.example.com")), pod("unknown-class", "unknown-class")],
        ["nowhere.example.com"],
        "nowhere.example.com",
    ),
    Cause(
        "unmatched-selector",
        [
            claim(
                "unmatched-selector",
                request(selectors=selector(f'device.attributes["{CLASS}"].model == "B"')),
            ),
            pod("unmatched-selector", "unmatched-selector"),
        ],
        ['model == "B"'],
        "cannot allocate all claims",
    ),
    Cause(
        "too-many",
        [claim("too-many", request(count=7)), pod("too-many", "too-many")],
        ["7 wanted"],
        "cannot allocate all claims",
    ),
    Cause("no-claim", [pod("no-claim", "absent")], ["claim explained/absent"], ""),
    Cause(
        "all-taken",
        [claim("all-taken", request("taken.example.com")), pod("all-taken", "all-taken")],
        ["explained/taker"],
        "cannot allocate all claims",
    ),
    Cause(
        "elsewhere",
        [pod("elsewhere", "taker", nodeSelector={"kubernetes.io/hostname": NODES[1]})],
        ["explained/taker", NODES[1]],
        "resourceclaim not available on the node",
    ),
    Cause(
        "device-taint",
        [claim("device-taint", request("tainted.example.com")), pod("device-taint", "device-taint")],
        ["example.com/broken"],
        "cannot allocate all claims",
    ),
    Cause(
        "no-common-root",
        [
            claim("no-common-root", request(count=2), constraints=[{"matchAttribute": f"{CLASS}/root"}]),
            pod("no-common-root", "no-common-root"),
        ],
        [f"{CLASS}/root"],
        "cannot allocate all claims",
    ),
    Cause(
        "broken-selector",
        [
            claim("broken-selector", request(selectors=selector(f'device.attributes["{CLASS}"].size > 1'))),
            pod("broken-selector", "broken-selector"),
        ],
        ["no such key: size"],
        "no such key: size",
    ),
    Cause(
        "no-cpu",
        [
            claim("no-cpu", request()),
            pod(
                "no-cpu",
                "no-cpu",
                containers=[
                    {
                        "name": "main",
                        "image": "example.com/main",
                        "resources": {"requests": {"cpu": "64"}},
                    }
                ],
            ),
        ],
        ["cpu"],
        "Insufficient cpu",
    ),
    Cause(
        "node-taint",
        [
            claim("node-taint", request()),
            pod("node-taint", "node-taint", nodeSelector={"explained": "tainted"}),
        ],
        ["example.com/reserved"],
        "untolerated taint",
    ),
    Cause(
        "gated",
        [claim("gated", request()), pod("gated", "gated", schedulingGates=[{"name": "example.com/wait"}])],
        ["example.com/wait"],
        "",
    ),
]


def cluster() -> list[KubernetesObject]:
    """Two nodes with two different GPUs, a taken one, a tainted one; a third node that is reserved."""
    objects: list[KubernetesObject] = [
        namespace(SPACE),
        device_class(CLASS),
        device_class("taken.example.com"),
        device_class("tainted.example.com"),
    ]
    taint = {"key": "example.com/reserved", "effect": "NoSchedule"}
    for name in (*NODES, "explained-tainted"):
        made = node(name, **({"taints": [taint]} if name not in NODES else {}))
        made.metadata.labels = {
            "kubernetes.io/hostname": name,
            "explained": "yes" if name in NODES else "tainted",
        }
        gpus = [
            {"name": f"gpu-{root}", "attributes": {"root": {"string": root}, "model": {"string": "A"}}}
            for root in "xy"
        ]
        objects += [made, node_slice(f"{name}-gpu", name, gpus, CLASS)]
    broken = {"taints": [{"key": "example.com/broken", "effect": "NoSchedule"}]}
    return [
        *objects,
        node_slice("explained-taken", NODES[0], [{"name": "gpu-0"}], "taken.example.com"),
        node_slice("explained-broken", NODES[0], [{"name": "gpu-0", **broken}], "tainted.example.com"),
        claim("taker", request("taken.example.com")),
        pod("taker", "taker"),
    ]


def is_allocated(claim: dra.ResourceClaim) -> bool:
    return claim.status is not None and claim.status.allocation is not None


def scheduler_says(client: dra.client.Client, name: str) -> str | None:
    """What kube-scheduler has written into a pod that it could not place."""
    status = client.get(dra.Pod, name).status
    conditions = (status.conditions if status is not None else None) or ()
    return next((each.message or "" for each in conditions if each.type == "PodScheduled"), None)


@pytest.fixture(scope="module")
def client(control_plane: ControlPlane) -> Iterator[dra.client.Client]:
    with client_of(control_plane, namespace=SPACE) as connected:
        objects = cluster()
        connected.apply(objects)
        for each in objects:
            if isinstance(each, dra.Node):
                connected.patch_status(each)
        connected.wait(dra.ResourceClaim, "taker", is_allocated, timeout=60)
        for cause in CAUSES:
            connected.apply(cause.objects)
        yield connected
        tried = [each for cause in CAUSES for each in cause.objects]
        connected.delete([*objects[1:], *tried], grace_period=0, missing_ok=True)


@pytest.mark.parametrize("cause", CAUSES, ids=lambda cause: cause.name)
def test_the_cause_is_named(
    client: dra.client.Client,
    control_plane: ControlPlane,
    cause: Cause,
    capsys: pytest.CaptureFixture[str],
) -> None:
    said = ""
    if cause.scheduler:
        said = until(lambda: scheduler_says(client, cause.name), "kube-scheduler tries")
        assert cause.scheduler in said
    else:  # it does not even try
        assert client.get(dra.Pod, cause.name).spec.node_name is None
    kubeconfig = str(control_plane.kubeconfig)
    gates = ",".join(f"{gate}={str(on).lower()}" for gate, on in control_plane.features.gates().items())
    asked = ["explain", f"pod/{SPACE}/{cause.name}", "--kubeconfig", kubeconfig, "--feature-gates", gates]
    status = main(asked)
    printed = capsys.readouterr()
    text = printed.out.replace(f"kube-scheduler said: {said}", "") + printed.err
    assert status in (ExitCode.NO, ExitCode.BAD_INPUT)
    for words in cause.named:
        assert words in text.replace(f"{cause.name}", "")
    assert control_plane.users["admin"] not in text


def test_by_the_name_of_a_context(
    client: dra.client.Client,
    control_plane: ControlPlane,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("KUBECONFIG", str(control_plane.kubeconfig))
    assert main(["explain", f"pod/{SPACE}/too-many", "--context", "test"]) == ExitCode.NO
    assert "7 wanted" in capsys.readouterr().out
    assert main(["explain", f"pod/{SPACE}/taker", "--context", ""]) == ExitCode.OK
    assert f"is on node {NODES[0]}" in capsys.readouterr().out
    assert main(["explain", f"pod/{SPACE}/taker", "--context", "elsewhere"]) == ExitCode.BAD_INPUT
    assert "elsewhere" in capsys.readouterr().err
