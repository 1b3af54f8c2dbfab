"""`dra capacity` and `dra top`: how much hardware there is, what is taken and by whom, what idles."""

from __future__ import annotations

from collections.abc import Sequence
from enum import Enum
from typing import TYPE_CHECKING, Annotated, Final, Literal

import typer

import dra
from dra.cli.clusters import ClusterFiles
from dra.cli.exit_code import ExitCode
from dra.cli.gates import FeatureGates
from dra.cli.options import Filenames, Kubernetes, OutputFormat
from dra.cli.output import Output, print_data, print_table, print_text
from dra.cli.progress import progress
from dra.errors import LoadError
from dra.features import LATEST

if TYPE_CHECKING:
    from dra.scheduler.capacity import Capacity, CapacityRow, Grouping as GroupedBy, Price

__all__ = ["capacity", "top"]


class Grouping(str, Enum):
    """What the rows of `dra capacity` stand for."""

    CLASS = "class"
    PRODUCT = "product"
    NODE = "node"
    NAMESPACE = "namespace"


class Consumers(str, Enum):
    """What `dra top` ranks."""

    NODES = "nodes"
    NAMESPACES = "namespaces"
    CLAIMS = "claims"


_SINGULAR: Final[dict[Consumers, Literal["node", "namespace", "claim"]]] = {
    Consumers.NODES: "node",
    Consumers.NAMESPACES: "namespace",
    Consumers.CLAIMS: "claim",
}

By = Annotated[Grouping, typer.Option("--by", help="What the rows stand for.")]
Prices = Annotated[
    list[str] | None,
    typer.Option(
        "--price",
        metavar="AMOUNT | PRODUCT=AMOUNT",
        help="What a device costs per hour, to see what idle ones cost. May be given several times.",
        show_default=False,
    ),
]
Number = Annotated[int, typer.Option("--number", "-n", min=1, help="How many rows at most.")]
Ranked = Annotated[Consumers, typer.Argument(help="What is ranked.")]


def capacity(
    filename: Filenames,
    by: By = Grouping.CLASS,
    price: Prices = None,
    kubernetes: Kubernetes = LATEST,
    feature_gates: FeatureGates = None,
    output: OutputFormat = Output.TABLE,
) -> ExitCode:
    """Show how much hardware there is, how much of it is taken, free and fragmented.

    Partitions and shares count as the part of the device that they are. FRAGMENTED is what is free and of no
    use to the pods there are, TAINTED what is free for those only that tolerate it; LARGEST the most devices
    that one request still gets on one node.
    """
    cluster = ClusterFiles.read(filename, kubernetes, feature_gates).cluster
    found = _counted(cluster, by.value, _price(price))
    if output is Output.TABLE:
        _print(found, price is not None)
    else:
        print_data(found.to_dict(), output)
    return ExitCode.OK


def top(
    filename: Filenames,
    ranked: Ranked = Consumers.NODES,
    number: Number = 10,
    kubernetes: Kubernetes = LATEST,
    feature_gates: FeatureGates = None,
    output: OutputFormat = Output.TABLE,
) -> ExitCode:
    """Show the busiest nodes, namespaces or claims."""
    by = _SINGULAR[ranked]
    found = _counted(ClusterFiles.read(filename, kubernetes, feature_gates).cluster, by)
    busiest = sorted(found.rows, key=lambda row: (-row.used, row.name))[:number]
    if output is not Output.TABLE:
        print_data([row.to_dict() for row in busiest], output)
        return ExitCode.OK
    if not busiest:
        print_text("nothing is taken")
        return ExitCode.OK
    columns = [by.upper(), "USED", "OF ALL %"]
    rows = [[row.name, _amount(row.used), _percent(row.used, found.total.total)] for row in busiest]
    if ranked is Consumers.NODES:
        columns += ["TOTAL", "USED %", "FULLEST POOL %"]
        for cells, row in zip(rows, busiest, strict=True):
            cells += [
                _amount(row.total),
                _percent(row.used, row.total),
                _percent(row.utilisation, 1),
            ]
    print_table(columns, rows)
    return ExitCode.OK


def _counted(cluster: dra.Cluster, by: GroupedBy, price: Price | None = None) -> Capacity:
    steps = len(cluster.nodes) + (len(cluster.classes) if by == "class" else 0)
    with progress("counting", steps) as advance:
        return cluster.capacity(by, price, advance=advance)


def _print(found: Capacity, priced: bool) -> None:
    if found.by == "namespace":
        columns = ["NAMESPACE", "USED", *(["COST/H"] if priced else [])]
        rows = [[row.name, _amount(row.used), *([_cost(row)] if priced else [])] for row in found.rows]
    else:
        columns = [found.by.upper(), "TOTAL", "USED", "FREE", "FRAGMENTED", "TAINTED", "USED %"]
        columns += ["LARGEST"] if found.by == "class" else []
        columns += ["IDLE COST/H"] if priced else []
        rows = [_cells(row, found, priced) for row in (*found.rows, found.total)]
        rows[-1][0] = "all hardware"
    print_table(columns, rows)
    for fault in found.faults:
        print_text(f"pool {fault}")


def _cells(row: CapacityRow, found: Capacity, priced: bool) -> list[str]:
    amounts = (row.total, row.used, row.free, row.fragmented, row.tainted)
    cells = [row.name, *map(_amount, amounts), _percent(row.used, row.total)]
    if found.by == "class":
        cells.append("" if row.largest is None else str(row.largest))
    return [*cells, _cost(row)] if priced else cells


def _amount(value: float | None) -> str:
    """A number of devices; parts with two digits."""
    if value is None:
        return ""
    return f"{value:.0f}" if abs(value - round(value)) < 0.005 else f"{value:.2f}"


def _percent(part: float | None, whole: float | None) -> str:
    return "" if part is None or not whole else f"{100 * part / whole:.0f}"


def _cost(row: CapacityRow) -> str:
    return "" if row.cost is None else f"{row.cost:.2f}"


def _price(given: Sequence[str] | None) -> Price | None:
    """One price for all, or prices by product."""
    if not given:
        return None
    if len(given) == 1 and "=" not in given[0]:
        return _number(given[0], given[0])
    prices: dict[str, float] = {}
    for each in given:
        product, equals, amount = each.rpartition("=")
        if not product or not equals:
            raise LoadError(
                f"--price {each!r} names no product",
                value=each,
                remedy="give one price for all, or PRODUCT=AMOUNT for each",
            )
        if product in prices:
            raise LoadError(
                f"--price {each!r} is a second price", value=each, remedy=f"give one for {product!r}"
            )
        prices[product] = _number(amount, each)
    return prices


def _number(text: str, given: str) -> float:
    try:
        number = float(text)
    except ValueError:
        number = -1.0
    if not 0 <= number < float("inf"):
        raise LoadError(f"--price {given!r} is no amount", value=given, remedy="write a number such as 2.50")
    return number
