"""`dra cel`: try a device selector on the devices of some ResourceSlices."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Annotated

import attrs
import typer

import dra
from dra.cli.exit_code import ExitCode
from dra.cli.manifests import Manifests
from dra.cli.options import Kubernetes, OptionalFilenames, OutputFormat
from dra.cli.output import Output, print_data, print_error, print_table, print_text
from dra.errors import DraError, EvaluationError, LoadError
from dra.features import LATEST

if TYPE_CHECKING:
    from dra.allocator import DeviceId
    from dra.cel import Selector
    from dra.models.resource import Device

__all__ = ["cel"]

Expression = Annotated[
    str | None,
    typer.Argument(help="The selector; '-' reads it from standard input.", show_default=False),
]
Driver = Annotated[str | None, typer.Option("--driver", metavar="NAME", help="Only devices of this driver.")]
Cost = Annotated[bool, typer.Option("--cost", help="Show what each evaluation costs.")]
Interactive = Annotated[
    bool, typer.Option("--interactive", "-i", help="Ask for expressions until end of input (Ctrl-D).")
]


@attrs.frozen
class Verdict:
    """What an expression says about a device.

    Attributes:
        device: Which one.
        matches: Whether it is selected; None if the evaluation ends in an error.
        cost: What the evaluation cost, in CEL's units.
        reason: The error, or the part that was false.
    """

    device: DeviceId
    matches: bool | None
    cost: int
    reason: str = ""

    def to_dict(self) -> dict[str, object]:
        """The verdict as plain data."""
        return {
            "device": str(self.device),
            "matches": self.matches,
            "cost": self.cost,
            "reason": self.reason,
        }


def cel(
    expression: Expression = None,
    filename: OptionalFilenames = None,
    driver: Driver = None,
    cost: Cost = False,
    interactive: Interactive = False,
    kubernetes: Kubernetes = LATEST,
    output: OutputFormat = Output.TABLE,
) -> ExitCode:
    """Try a selector: does it compile, and which devices of some ResourceSlices does it match?

    The expression is compiled as the API server compiles that of a new object. Without -f that is all.

    Exit status: 0 it compiles and matches something, 1 it matches nothing, 2 it does not compile.
    """
    workbench = _Workbench(Manifests.read(filename) if filename else None, driver, kubernetes, cost)
    if interactive:
        return workbench.converse()
    if expression is None:
        raise LoadError("no expression", remedy="give one, '-' to read it, or --interactive to be asked")
    return workbench.answer(sys.stdin.read() if expression == "-" else expression, output)


class _Workbench:
    """Devices to try expressions on, and how to show what comes out."""

    def __init__(
        self, manifests: Manifests | None, driver: str | None, kubernetes: str, show_cost: bool
    ) -> None:
        self.kubernetes = kubernetes
        self.show_cost = show_cost
        self.devices: Mapping[DeviceId, Device] | None = None
        if manifests is not None:
            found = manifests.devices()
            self.devices = {each: found[each] for each in found if driver in (None, each.driver)}
            if not self.devices:
                drivers = sorted({each.driver for each in found})
                raise LoadError(
                    f"no devices of driver {driver!r}" if driver else "no devices in the manifests",
                    remedy=f"drivers: {', '.join(drivers)}" if drivers else "",
                )

    def answer(self, expression: str, output: Output) -> ExitCode:
        """Compile an expression, try it on the devices and print what they say."""
        features = dra.Features.for_kubernetes(self.kubernetes)
        selector = dra.cel.compile(expression.strip(), self.kubernetes, features, mode="new")
        verdicts = [_verdict(selector, each, device) for each, device in (self.devices or {}).items()]
        if output is not Output.TABLE:
            print_data(self._data(selector, verdicts), output)
        elif self.devices is None:
            print_text(f"compiles for Kubernetes {self.kubernetes}, gives {selector.output_type}")
        else:
            self._print(verdicts)
        return ExitCode.OK if self.devices is None or any(each.matches for each in verdicts) else ExitCode.NO

    def _data(self, selector: Selector, verdicts: Sequence[Verdict]) -> dict[str, object]:
        return {
            "expression": selector.expression,
            "outputType": str(selector.output_type),
            "devices": [each.to_dict() for each in verdicts],
        }

    def _print(self, verdicts: Sequence[Verdict]) -> None:
        columns = ("DEVICE", "MATCHES", *(("COST",) if self.show_cost else ()), "WHY NOT")
        shown = {True: "yes", False: "no", None: "error"}
        rows = [
            (
                str(each.device),
                shown[each.matches],
                *((str(each.cost),) if self.show_cost else ()),
                each.reason,
            )
            for each in verdicts
        ]
        print_table(columns, rows)
        print()
        matching = sum(each.matches is True for each in verdicts)
        print_text(f"{matching} of {len(verdicts)} devices match")
        failing = sum(each.matches is None for each in verdicts)
        if failing:
            print_text(
                f"{failing} end in an error: a pod whose claim reaches such a device cannot be scheduled",
                "yellow",
            )

    def converse(self) -> ExitCode:
        """Answer expressions until the input ends."""
        while True:
            try:
                expression = input("cel> ").strip()
            except EOFError:
                print()
                return ExitCode.OK
            if expression:
                try:
                    self.answer(expression, Output.TABLE)
                except DraError as error:
                    print_error(str(error))


def _verdict(selector: Selector, name: DeviceId, device: Device) -> Verdict:
    try:
        evaluation = selector.evaluate(device, driver=name.driver)
    except EvaluationError as error:
        return Verdict(name, None, error.cost, str(error))
    return Verdict(name, evaluation.value, evaluation.cost)
