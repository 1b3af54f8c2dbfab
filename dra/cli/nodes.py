"""`dra nodes`: the nodes of a machine as drivers publish them, for trying claims without a cluster."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Annotated, Final

import attrs
import typer

from dra.cli.exit_code import ExitCode
from dra.cli.options import LAYOUT_NAMES, Kubernetes, starting
from dra.cli.output import Manifest, Output, print_data, print_manifests, print_table
from dra.errors import DraError, LoadError
from dra.features import LATEST

if TYPE_CHECKING:
    from collections.abc import Iterator

    from dra.models.meta import KubernetesObject
    from dra.testing.nodes import Fixture, Setup

__all__ = ["nodes"]

_MOST: Final = 10_000


def _known() -> Iterator[str]:
    from dra.testing.nodes import machines

    yield from (each.name for each in machines())


def _drivers() -> Iterator[str]:
    from dra import drivers

    yield from (each.name for each in drivers.all())


Machines = Annotated[
    list[str] | None,
    typer.Argument(
        metavar="MACHINE",
        help="Such as dgx-h100 or p5.48xlarge; a list of all if left out.",
        show_default=False,
        autocompletion=starting(_known),
    ),
]
Count = Annotated[
    int | None,
    typer.Option(
        "--count",
        min=1,
        max=_MOST,
        help="How many nodes of each machine; of each rack, with --racks.",
        show_default="1, or what a rack of the machine has",
    ),
]
Racks = Annotated[
    int | None,
    typer.Option(
        "--racks",
        min=1,
        max=_MOST,
        help="In how many racks; nodes have the label of their rack and of their NVLink clique.",
        show_default=False,
    ),
]
Drivers = Annotated[
    list[str] | None,
    typer.Option(
        "--driver",
        metavar="NAME",
        help="Only what this driver publishes. May be given several times.",
        show_default=False,
        autocompletion=starting(_drivers),
    ),
]
Mig = Annotated[
    str,
    typer.Option(
        "--mig",
        metavar="LAYOUT",
        help="How GPUs are cut: dynamic, a name such as all-balanced, or profiles.",
        show_default=False,
        autocompletion=LAYOUT_NAMES,
    ),
]
Shares = Annotated[
    str,
    typer.Option(
        "--shares",
        metavar="memory | unlimited | NUMBER",
        help="How GPUs are offered in shares (consumable capacity).",
        show_default=False,
        autocompletion=starting(lambda: ("memory", "unlimited")),
    ),
]
Form = Annotated[
    Output | None,
    typer.Option(
        "--output",
        "-o",
        help="How to print it; a table is of machines only.",
        show_default="yaml; table for the list of machines",
    ),
]


def nodes(
    machines: Machines = None,
    count: Count = None,
    racks: Racks = None,
    drivers: Drivers = None,
    mig: Mig = "",
    shares: Shares = "",
    kubernetes: Kubernetes = LATEST,
    output: Form = None,
) -> ExitCode:
    """Write the nodes of machines as drivers publish them, or list the machines.

    Nodes, their ResourceSlices and the DeviceClasses of their drivers, for every command that reads a
    cluster. The machines are those of dra.testing.nodes.
    """
    if not machines:
        return _listed(output or Output.TABLE)
    if output is Output.TABLE:
        raise LoadError(
            "-o table is for the list of machines, nodes are manifests: yaml or json",
            value=output.value,
            remedy="leave out -o, or the machines: dra nodes -o table",
        )
    from dra.testing.nodes import Fixture, Setup

    setup = Setup(
        drivers=drivers or None,
        mig=mig,
        shares=int(shares) if shares.isdecimal() else shares or None,
        kubernetes=kubernetes,
    )
    _check_total(machines, count, racks)
    made = Fixture()
    for machine in machines:
        made += _nodes(machine, count or 1, setup) if racks is None else _racks(machine, racks, count, setup)
    _print(made.objects, Manifest(output.value if output else "yaml"))
    return ExitCode.OK


def _check_total(machines: Sequence[str], count: int | None, racks: int | None) -> None:
    """Refuse more nodes than anybody waits for."""
    from dra.testing.nodes import machine

    found = [machine(name) for name in machines]
    total = sum(count or 1 if racks is None else racks * (count or each.rack) for each in found)
    if total > _MOST:
        raise DraError(
            f"these are {total:,} nodes", value=total, remedy=f"at most {_MOST:,} nodes are written at once"
        )


def _print(objects: Iterable[KubernetesObject], form: Manifest) -> None:
    """Print objects; as YAML each as soon as it is text, since there may be thousands."""
    if form is Manifest.JSON:
        print_manifests(objects, form)
        return
    for number, each in enumerate(objects):
        if number:
            print("---")
        print_manifests([each], form)


def _nodes(machine: str, count: int, setup: Setup) -> Fixture:
    """Nodes that are named after their machine."""
    from dra.testing.nodes import Fixture, node

    made = Fixture()
    how = attrs.asdict(setup, recurse=False)
    for index in range(count):
        made += node(machine, f"{_label(machine)}-{index}", **how)
    return made


def _racks(machine: str, racks: int, count: int | None, setup: Setup) -> Fixture:
    """Nodes that are named after their machine and rack."""
    from dra.testing.nodes import cluster

    return cluster(machine, racks=racks, nodes_per_rack=count, prefix=_label(machine), setup=setup)


def _label(machine: str) -> str:
    return machine.replace(".", "-")


def _listed(output: Output) -> ExitCode:
    """Every machine."""
    from dra.testing.nodes import machines

    if output is Output.TABLE:
        rows = [(each.name, ", ".join(each.drivers), each.title) for each in machines()]
        print_table(("MACHINE", "DRIVERS", "WHAT IT IS"), rows)
    else:
        data = [
            {"name": each.name, "title": each.title, "drivers": list(each.drivers), "facts": each.facts}
            for each in machines()
        ]
        print_data(data, output)
    return ExitCode.OK
