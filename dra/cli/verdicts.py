"""What a selector says about devices, and how `dra cel` shows it."""

from __future__ import annotations

import re
import textwrap
from collections.abc import Iterator, Mapping, Sequence
from typing import Final

import attrs

from dra.allocator import DeviceId
from dra.cel import Selector
from dra.cel.trace import Step, Trace, show
from dra.cli.output import print_table, print_text
from dra.models.resource import Device

__all__ = ["Verdict", "print_traces", "print_verdicts", "verdicts_on"]

_PATH: Final = re.compile(r"""[A-Za-z_][\w?\-/"'\[\]]*\.[\w.?\-/"'\[\]]+""")
_ANSWERS: Final = {True: "yes", False: "no", None: "error"}


@attrs.frozen
class Verdict:
    """What a selector says about a device.

    Attributes:
        device: Which one.
        trace: The evaluation.
    """

    device: DeviceId
    trace: Trace

    @property
    def why_not(self) -> str:
        """The part that was false with the values it saw, or the error; empty if the device matches."""
        decisive = self.trace.decisive
        if self.trace.error or decisive is None:
            return self.trace.error
        saw = ", ".join(dict.fromkeys(f"{_name(leaf)} is {show(leaf.value)}" for leaf in _seen(decisive)))
        if decisive.text == self.trace.expression:
            return saw or "false"
        return f"false: {decisive.text}" + (f" ({saw})" if saw else "")

    def to_dict(self, with_tree: bool) -> dict[str, object]:
        """The verdict as plain data, with the value of every part if that is wanted."""
        trace = self.trace.to_dict()
        tree = {"tree": trace["tree"]} if with_tree else {}
        return {
            "device": str(self.device),
            "matches": self.trace.value,
            "whyNot": self.why_not,
            "cost": self.trace.cost,
            **tree,
        }


def verdicts_on(selector: Selector, devices: Mapping[DeviceId, Device]) -> list[Verdict]:
    """The verdict on each device.

    Raises:
        EvaluationError: A device has a version or quantity that is none.
    """
    return [Verdict(name, selector.explain(device, driver=name.driver)) for name, device in devices.items()]


def _seen(step: Step) -> Iterator[Step]:
    """The attributes and capacities that an expression saw, by whatever name it has for them."""
    if step.evaluated and _PATH.fullmatch(step.text) and not isinstance(step.value, dict):
        yield step
    else:
        for child in step.children:
            yield from _seen(child)


def _name(step: Step) -> str:
    """The attribute or capacity that `device.attributes["domain"].name` is about."""
    return step.text.rpartition(".")[2]


def print_verdicts(verdicts: Sequence[Verdict], show_cost: bool) -> None:
    """Print one line per device, and how many match."""
    columns = ("DEVICE", "MATCHES", *(("COST",) if show_cost else ()), "WHY NOT")
    rows = [
        (
            str(each.device),
            _ANSWERS[each.trace.value],
            *((str(each.trace.cost),) if show_cost else ()),
            each.why_not,
        )
        for each in verdicts
    ]
    print_table(columns, rows)
    print_text("")
    print_text(f"{sum(each.trace.value is True for each in verdicts)} of {len(verdicts)} devices match")
    failing = sum(each.trace.value is None for each in verdicts)
    if failing:
        print_text(
            f"{failing} end in an error: a pod whose claim reaches such a device cannot be scheduled",
            "yellow",
        )


def print_traces(verdicts: Sequence[Verdict]) -> None:
    """Print each different evaluation once, with the devices it is the same for."""
    devices: dict[str, list[str]] = {}
    for each in verdicts:
        devices.setdefault(str(each.trace), []).append(str(each.device))
    for trace, (first, *others) in devices.items():
        print_text(first + (f" and {len(others)} more" if others else ""), "bold")
        print_text(textwrap.indent(trace, "  "))
        print_text("")
