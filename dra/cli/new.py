"""`dra new`: a claim from options, or from answers to questions."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Annotated

import typer

import dra
from dra.cli.exit_code import ExitCode
from dra.cli.gates import FeatureGates, features_of
from dra.cli.options import Kubernetes, ManifestFormat, starting
from dra.cli.output import Manifest, print_manifests, print_note
from dra.cli.questions import ask, can_ask
from dra.cli.wish import KINDS, SHARES, Wish
from dra.errors import LoadError
from dra.features import LATEST

if TYPE_CHECKING:
    from dra.models.meta import KubernetesObject

__all__ = ["new"]

_IMAGE = "busybox"


def _boards() -> Iterator[str]:
    from dra.drivers.nvidia import GPU_MODELS

    yield from GPU_MODELS


def _classes() -> Iterator[str]:
    from dra import drivers

    for driver in drivers.all():
        yield from (each.name for each in driver.classes)


Kind = Annotated[
    str | None,
    typer.Argument(
        metavar="gpu | device",
        help="What the claim is for; asked for, with the rest, on a terminal if left out.",
        show_default=False,
        autocompletion=starting(lambda: KINDS),
    ),
]
Name = Annotated[
    str, typer.Option("--name", help="The claim's name; the kind if left out.", show_default=False)
]
Namespace = Annotated[str, typer.Option("--namespace", "-n", help="Its namespace.", show_default=False)]
DeviceClass = Annotated[
    str,
    typer.Option(
        "--device-class",
        metavar="NAME",
        help="The class, for a device.",
        show_default=False,
        autocompletion=starting(_classes),
    ),
]
Board = Annotated[
    str,
    typer.Option(
        "--board",
        metavar="MODEL",
        help="The model of GPU, such as H100-80GB.",
        show_default=False,
        autocompletion=starting(_boards),
    ),
]
MinMemory = Annotated[
    str,
    typer.Option(
        "--min-memory",
        metavar="QUANTITY",
        help="Least memory of the GPU; of the part where it is shared by mig, mps or consumable.",
        show_default=False,
    ),
]
Profile = Annotated[
    str, typer.Option("--profile", help="The MIG profile, such as 3g.40gb.", show_default=False)
]
Dynamic = Annotated[bool, typer.Option("--dynamic", help="MIG devices are made on demand (gate DynamicMIG).")]
Share = Annotated[
    str,
    typer.Option(
        "--share",
        metavar=" | ".join(SHARES),
        help="How GPUs are shared.",
        show_default=False,
        autocompletion=starting(lambda: SHARES),
    ),
]
Count = Annotated[int, typer.Option("--count", help="How many.")]
Nic = Annotated[
    str,
    typer.Option(
        "--nic",
        metavar="CLASS",
        help="As many network devices of a class, on the same PCIe root.",
        show_default=False,
        autocompletion=starting(_classes),
    ),
]
Where = Annotated[
    list[str] | None,
    typer.Option(
        "--where", metavar="CEL", help="A selector. May be given several times.", show_default=False
    ),
]
Align = Annotated[
    list[str] | None,
    typer.Option(
        "--align",
        metavar="ATTRIBUTE",
        help="All devices agree in it. May be given several times.",
        show_default=False,
    ),
]
Tolerate = Annotated[
    list[str] | None,
    typer.Option(
        "--tolerate",
        metavar="KEY",
        help="A taint to tolerate. May be given several times.",
        show_default=False,
    ),
]
Template = Annotated[
    bool, typer.Option("--template", help="A ResourceClaimTemplate: each pod gets devices of its own.")
]
WithPod = Annotated[bool, typer.Option("--pod", help="Print a pod that uses it as well.")]


def new(
    kind: Kind = None,
    name: Name = "",
    namespace: Namespace = "",
    device_class: DeviceClass = "",
    board: Board = "",
    min_memory: MinMemory = "",
    share: Share = "",
    profile: Profile = "",
    dynamic: Dynamic = False,
    count: Count = 1,
    nic: Nic = "",
    where: Where = None,
    align: Align = None,
    tolerate: Tolerate = None,
    template: Template = False,
    pod: WithPod = False,
    kubernetes: Kubernetes = LATEST,
    feature_gates: FeatureGates = None,
    output: ManifestFormat = Manifest.YAML,
) -> ExitCode:
    """Write a claim from options, or from answers to questions.

    What is printed is checked as the API server and the driver would; what may be wrong with it is told on
    stderr.
    """
    wish = Wish(
        kind=kind or "gpu",
        name=name,
        namespace=namespace,
        device_class=device_class,
        board=board,
        min_memory=min_memory,
        share=share,
        profile=profile,
        dynamic=dynamic,
        count=count,
        nic=nic,
        where=tuple(where or ()),
        align=tuple(align or ()),
        tolerate=tuple(tolerate or ()),
        template=template,
    )
    if kind is None:
        wish = _asked(wish)
    features = features_of(kubernetes, feature_gates)
    made = wish.build(kubernetes, features)
    for finding in wish.findings(kubernetes, features):
        print_note(str(finding))
    objects: list[KubernetesObject] = [made]
    if pod:
        objects.append(_pod(made))
    print_manifests(objects, output)
    return ExitCode.OK


def _asked(wish: Wish) -> Wish:
    """What a person answers, unless options say it already or there is nobody to ask."""
    if wish != Wish(kind="gpu"):
        raise LoadError("a claim for what?", remedy=f"say which kind: dra new {' or dra new '.join(KINDS)}")
    if not can_ask():
        raise LoadError(
            "a claim for what? There is no terminal to ask on",
            remedy="say it by options, such as: dra new gpu --min-memory 40Gi",
        )
    return ask()


def _pod(made: dra.ResourceClaim | dra.ResourceClaimTemplate) -> dra.Pod:
    """A pod whose container uses the claim."""
    from dra.claims.pods import fragments

    halves = fragments(made)
    container = {"name": "main", "image": _IMAGE, "resources": {"claims": halves["claims"]}}
    metadata = {"name": made.metadata.name, "namespace": made.metadata.namespace}
    return dra.Pod.from_dict(
        {
            "metadata": {key: value for key, value in metadata.items() if value},
            "spec": {"containers": [container], "resourceClaims": halves["resourceClaims"]},
        }
    )
