"""How `dra allocate` shows outcomes to people: a table of devices, then the reasons of refusals."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

from dra.allocator import DeviceId
from dra.cel import compile  # noqa: A004 - the public name, as in `re`
from dra.cel.reads import Reads
from dra.cli.output import print_table, print_text
from dra.models.resource import Device, DeviceAttribute, DeviceRequestAllocationResult, ResourceClaim

if TYPE_CHECKING:
    from dra.cli.allocate import Outcome

__all__ = ["print_outcomes"]

COLUMNS = ("CLAIM", "REQUEST", "NODE", "DRIVER", "POOL", "DEVICE", "ASKED FOR")
_REPEATED = COLUMNS.index("DEVICE")
_NODES_SHOWN = 4
_REASONS_SHOWN = 3


def print_outcomes(outcomes: Sequence[Outcome], devices: Mapping[DeviceId, Device]) -> None:
    """Print what each claim got, why others got nothing, and how many of each there are."""
    fitting = [outcome for outcome in outcomes if outcome.allocation]
    if fitting:
        print_table(COLUMNS, [row for outcome in fitting for row in _rows(outcome, devices)])
        print_text("")
    for outcome in outcomes:
        if not outcome.allocation and not outcome.error:
            print_text(f"{outcome.label} does not fit", "bold")
            for line in _reasons(outcome):
                print_text(line)
            print_text("")
    for outcome in outcomes:
        if outcome.template:
            print_text(f"{outcome.label} is a claim made from {outcome.template.subject}")
    print_text(f"{len(fitting)} of {len(outcomes)} claims allocated")


def _rows(outcome: Outcome, devices: Mapping[DeviceId, Device]) -> Iterator[tuple[str, ...]]:
    """One row per device; what it has in common with the row above is left out."""
    allocated = outcome.allocation.devices if outcome.allocation else None
    above: tuple[str, ...] = ("",) * len(COLUMNS)
    for result in (allocated.results if allocated else None) or ():
        row = (
            outcome.label,
            result.request,
            outcome.node,
            result.driver,
            result.pool,
            result.device,
            _asked(outcome, result, devices),
        )
        same = next((place for place in range(_REPEATED) if row[place] != above[place]), _REPEATED)
        yield ("",) * same + row[same:]
        above = row


def _asked(
    outcome: Outcome, result: DeviceRequestAllocationResult, devices: Mapping[DeviceId, Device]
) -> str:
    """What the claim asked about the device, with the device's answers."""
    device = devices.get(DeviceId(result.driver, result.pool, result.device))
    consumed = {
        _qualified(name, result.driver): str(amount)
        for name, amount in (result.consumed_capacity or {}).items()
    }
    known = _facts(device, result.driver) if device else {}
    names = dict.fromkeys(
        _qualified(name, result.driver) for name in (*_selected_by(outcome.claim, result.request), *consumed)
    )
    answers = ((name, consumed.get(name) or known.get(name)) for name in names)
    return ", ".join(f"{name.rpartition('/')[2]} {answer}" for name, answer in answers if answer)


def _selected_by(claim: ResourceClaim, request: str) -> Iterator[str]:
    """The attributes and capacities that selectors and constraints of a claim look at for a request."""
    name, _, subrequest = request.partition("/")
    for each in claim.spec.devices.requests or ():
        if each.name == name:
            wanted = next((one for one in each.first_available or () if one.name == subrequest), each.exactly)
            for selector in (wanted.selectors if wanted else None) or ():
                reads = compile(selector.cel.expression).reads if selector.cel else Reads()
                yield from sorted(reads.capacity)
                yield from sorted(reads.attributes)
    for constraint in claim.spec.devices.constraints or ():
        attribute = constraint.match_attribute or constraint.distinct_attribute
        if attribute and (not constraint.requests or {name, request} & set(constraint.requests)):
            yield attribute


def _facts(device: Device, driver: str) -> dict[str, str]:
    """Attributes and capacities by qualified name, as text."""
    attributes = {
        _qualified(name, driver): _shown(value) for name, value in (device.attributes or {}).items()
    }
    capacity = {_qualified(name, driver): str(each.value) for name, each in (device.capacity or {}).items()}
    return attributes | capacity


def _qualified(name: str, driver: str) -> str:
    return name if "/" in name else f"{driver}/{name}"


def _shown(attribute: DeviceAttribute) -> str:
    """The value of an attribute, whichever kind it has."""
    value = next(iter(attribute.to_dict().values()), "")
    return ", ".join(map(str, value)) if isinstance(value, list) else str(value)


def _reasons(outcome: Outcome) -> Iterator[str]:
    """The reasons, each once with the nodes that have it in common."""
    nodes: dict[str, list[str]] = {}
    for explanation in outcome.explanations:
        head, _, text = str(explanation).replace(f"claim {outcome.label}, ", "").partition("\n")
        nodes.setdefault(text or head, []).append(explanation.node)
    for text, names in list(nodes.items())[:_REASONS_SHOWN]:
        yield f"  on {_listed(names)}"
        yield textwrap.indent(text, "    ")
    hidden = [name for names in list(nodes.values())[_REASONS_SHOWN:] for name in names]
    if hidden:
        yield f"  on {_listed(hidden)} for other reasons (-o json has them all)"


def _listed(names: Sequence[str]) -> str:
    more = f" and {len(names) - _NODES_SHOWN} more nodes" if len(names) > _NODES_SHOWN else ""
    return ", ".join(names[:_NODES_SHOWN]) + more
