"""`dra cel`: try a device selector on the devices of some ResourceSlices."""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Mapping
from typing import TYPE_CHECKING, Annotated, Final

import typer

import dra
from dra.cli.exit_code import ExitCode
from dra.cli.files import refuse_stdin_twice
from dra.cli.gates import FeatureGates, features_of
from dra.cli.manifests import Manifests
from dra.cli.options import Kubernetes, OptionalFilenames, OutputFormat
from dra.cli.output import Output, print_data, print_error, print_text
from dra.cli.remedies import remedied
from dra.errors import DraError, LoadError
from dra.features import LATEST

if TYPE_CHECKING:
    from dra.allocator import DeviceId
    from dra.cel import Selector
    from dra.models.resource import Device

__all__ = ["cel"]

_NO_BOUND: Final = 2**64 - 1

Expression = Annotated[
    str | None,
    typer.Argument(help="The selector; '-' reads it from standard input.", show_default=False),
]
Driver = Annotated[str | None, typer.Option("--driver", metavar="NAME", help="Only devices of this driver.")]
Cost = Annotated[bool, typer.Option("--cost", help="Show what evaluating costs.")]
Explain = Annotated[bool, typer.Option("--explain", help="Show the value of every part of the expression.")]
Interactive = Annotated[
    bool, typer.Option("--interactive", "-i", help="Ask for expressions until end of input (Ctrl-D).")
]


def cel(
    expression: Expression = None,
    filename: OptionalFilenames = None,
    driver: Driver = None,
    explain: Explain = False,
    cost: Cost = False,
    interactive: Interactive = False,
    kubernetes: Kubernetes = LATEST,
    feature_gates: FeatureGates = None,
    output: OutputFormat = Output.TABLE,
) -> ExitCode:
    """Try a selector on devices, and say why it does not match.

    The expression is compiled as the API server compiles that of a new object; without -f that is all. With
    -f it is evaluated on every device of the ResourceSlices.

    Exit status: 0 it compiles and matches something, 1 it matches nothing, 2 the API server would refuse it.
    """
    refuse_stdin_twice([expression or ""], filename)
    manifests = Manifests.read(filename) if filename else None
    workbench = _Workbench(
        manifests, driver, kubernetes, features_of(kubernetes, feature_gates), explain=explain, cost=cost
    )
    if interactive:
        return workbench.converse()
    if expression is None:
        raise LoadError("no expression", remedy="give one, '-' to read it, or --interactive to be asked")
    return workbench.answer(_read() if expression == "-" else expression, output)


def _read() -> str:
    from dra.models.loading import STDIN
    from dra.models.text import decoded

    return decoded(sys.stdin.buffer.read(), STDIN)


class _Workbench:
    """Devices to try expressions on, and how to show what comes out."""

    def __init__(
        self,
        manifests: Manifests | None,
        driver: str | None,
        kubernetes: str,
        features: dra.Features,
        *,
        explain: bool,
        cost: bool,
    ) -> None:
        self.kubernetes = kubernetes
        self.features = features
        self.explain = explain
        self.cost = cost
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
        """Compile an expression, try it on the devices and print what they say.

        Raises:
            DraError: It does not compile, or could cost too much.
        """
        selector = self._compile(expression)
        if self.devices is None:
            self._say_that_it_compiles(selector, output)
            return ExitCode.OK
        from dra.cli.verdicts import print_traces, print_verdicts, verdicts_on

        verdicts = verdicts_on(selector, self.devices)
        if output is not Output.TABLE:
            print_data(
                _about(selector) | {"devices": [each.to_dict(self.explain) for each in verdicts]}, output
            )
        else:
            if self.explain:
                print_traces(verdicts)
            print_verdicts(verdicts, self.cost)
        return ExitCode.OK if any(each.trace.value for each in verdicts) else ExitCode.NO

    def _compile(self, expression: str) -> Selector:
        selector = dra.cel.compile(expression.rstrip(), self.kubernetes, self.features, mode="new")
        if selector.max_cost > dra.cel.COST_LIMIT:
            cost, limit = _amount(selector.max_cost), f"{dra.cel.COST_LIMIT:,}"
            raise dra.cel.CompileError(
                f"the expression could cost {cost}, the limit is {limit}",
                remedy="iterate over less: over a list of your own, or over one domain's attributes",
            )
        return selector

    def _say_that_it_compiles(self, selector: Selector, output: Output) -> None:
        if output is not Output.TABLE:
            print_data(_about(selector), output)
            return
        print_text(f"compiles for Kubernetes {self.kubernetes}, gives {selector.output_type}")
        if self.cost:
            print_text(f"costs at most {_amount(selector.max_cost)} of {dra.cel.COST_LIMIT:,}")

    def converse(self) -> ExitCode:
        """Answer expressions until the input ends."""
        with contextlib.suppress(ImportError):  # it is not everywhere
            import readline  # noqa: F401 - lets `input` edit lines and remember them
        while self._answer_a_line():
            pass
        return ExitCode.OK

    def _answer_a_line(self) -> bool:
        """Whether there was a line; Ctrl-C drops one, or the answer that takes long."""
        try:
            if expression := input("cel> ").strip():
                self.answer(expression, Output.TABLE)
        except EOFError:
            print_text("")
            return False
        except KeyboardInterrupt:
            print_text("")
        except DraError as error:
            print_error(str(remedied(error)))
        return True


def _about(selector: Selector) -> dict[str, object]:
    """What is known of an expression without any device."""
    return {
        "expression": selector.expression,
        "outputType": str(selector.output_type),
        "maxCost": selector.max_cost,
        "reads": sorted(selector.reads.attributes | selector.reads.capacity),
    }


def _amount(cost: int) -> str:
    """A cost as people read it; the estimate's largest number stands for no bound."""
    return "any amount" if cost >= _NO_BOUND else f"{cost:,}"
