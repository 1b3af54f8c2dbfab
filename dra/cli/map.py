"""`dra map`: a cluster as a picture, a file that needs nothing else."""

from __future__ import annotations

from enum import Enum
from pathlib import PurePath
from typing import TYPE_CHECKING, Annotated

import typer

import dra
from dra.cli.clusters import ClusterFiles
from dra.cli.exit_code import ExitCode
from dra.cli.files import write_file
from dra.cli.gates import FeatureGates
from dra.cli.options import Filenames, Kubernetes
from dra.cli.output import print_text
from dra.cli.progress import progress
from dra.errors import LoadError
from dra.features import LATEST

if TYPE_CHECKING:
    from dra.scheduler.pictures import Picture

__all__ = ["map_"]


class Colouring(str, Enum):
    """What a colour stands for."""

    CLAIM = "claim"
    WORKLOAD = "workload"
    NAMESPACE = "namespace"


class Detail(str, Enum):
    """How much is drawn."""

    AUTO = "auto"
    NAMED = "named"
    COMPACT = "compact"
    STRIPS = "strips"


Destination = Annotated[
    str,
    typer.Option(
        "--output",
        "-o",
        metavar="FILE.svg | FILE.html",
        help="The file to write; '-' prints the SVG.",
        show_default=False,
    ),
]
By = Annotated[
    Colouring | None,
    typer.Option(
        "--by",
        help="What a colour stands for; namespaces where nodes are columns, else claims, if left out.",
    ),
]
GroupBy = Annotated[
    str,
    typer.Option(
        "--group-by",
        metavar="LABEL",
        help="A label that racks or the like have in common, or its end, such as rack.",
        show_default=False,
    ),
]
Nodes = Annotated[
    list[str] | None,
    typer.Option(
        "--node", metavar="NAME", help="Only this node. May be given several times.", show_default=False
    ),
]
Drivers = Annotated[
    list[str] | None,
    typer.Option(
        "--driver", metavar="NAME", help="Only its devices. May be given several times.", show_default=False
    ),
]
Limit = Annotated[int | None, typer.Option("--limit", min=1, help="The most nodes to draw.")]
HowMuch = Annotated[
    Detail,
    typer.Option("--detail", help="Devices with names, small ones, or a narrow column for each node."),
]
Place = Annotated[
    bool, typer.Option("--place", help="First place the pods that wait, and claims that no pod names.")
]


def map_(
    filename: Filenames,
    output: Destination,
    by: By = None,
    group_by: GroupBy = "",
    node: Nodes = None,
    driver: Drivers = None,
    limit: Limit = None,
    detail: HowMuch = Detail.AUTO,
    place: Place = False,
    kubernetes: Kubernetes = LATEST,
    feature_gates: FeatureGates = None,
) -> ExitCode:
    """Draw nodes and their devices, coloured by who holds them.

    MIG devices and other parts are drawn where they are in their GPU, shares side by side, PCIe roots as
    brackets, NVLink cliques as outlines. The file needs nothing else; pointing at something tells all of it.
    """
    kind = "" if output == "-" else PurePath(output).suffix.lower()
    if kind not in ("", ".svg", ".html") or (not kind and output != "-"):
        raise LoadError(
            f"cannot draw {output!r}", value=output, remedy="name a file that ends in .svg or .html, or -"
        )
    files = ClusterFiles.read(filename, kubernetes, feature_gates)
    cluster = _placed(files) if place else files.cluster
    from dra.scheduler.pictures import draw

    picture = draw(
        cluster,
        by=by.value if by else "",
        group_by=group_by,
        nodes=node or None,
        drivers=driver or None,
        limit=limit,
        detail=detail.value,
    )
    _write(picture, output, kind)
    return ExitCode.OK


def _placed(files: ClusterFiles) -> dra.Cluster:
    """The cluster with what waits on its nodes, as far as it fits: pods, then claims that no pod names."""
    from dra.scheduler.claims import stand_in
    from dra.scheduler.queue import Entry, Queue

    cluster = files.cluster
    used = {
        (pod.metadata.namespace, claim.metadata.name)
        for pod in cluster.pods
        for claim in cluster.claims_of(pod)
    }
    queue = Queue(cluster)
    cluster, waiting = queue.cluster, list(queue)
    for claim in files.manifests.of(dra.ResourceClaim):
        is_allocated = claim.status is not None and claim.status.allocation is not None
        if not is_allocated and (claim.metadata.namespace, claim.metadata.name) not in used:
            waiting.append(Entry((stand_in(claim),)))
    with progress("scheduling", len(waiting)) as advance:
        for entry in waiting:
            answer = files.ask(entry, cluster, "first")
            if not isinstance(answer, dra.Unschedulable):
                cluster = answer.apply()
            advance()
    return cluster


def _write(picture: Picture, output: str, kind: str) -> None:
    if not kind:
        print(picture.svg, end="")
        return
    write_file(output, picture.html if kind == ".html" else picture.svg)
    print_text(f"{output}: {picture.name}")
