"""What came closest: who holds what is in use, what a selector saw, the largest amounts that were refused."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from functools import cached_property
from typing import Final

from dra import cel
from dra.allocator.board import Option
from dra.allocator.candidates import Matcher
from dra.allocator.constraints import attribute_values, find_attribute
from dra.allocator.plan import Condition
from dra.allocator.pools import Device
from dra.quantity import Quantity
from dra.suggestions import listed, nearest

__all__ = ["Nearest"]

_ASKED: Final = re.compile(r"""quantity\(\s*["']([^"']+)["']\s*\)""")


class Nearest:
    """Describes near misses.

    Args:
        matcher: Evaluates selectors.
        holders: The claims that hold a device, where that is known.
        devices: All that there are.
    """

    def __init__(
        self,
        matcher: Matcher,
        holders: Callable[[Device], Sequence[str]],
        devices: Sequence[Device],
    ) -> None:
        self.matcher = matcher
        self.holders = holders
        self.devices = devices

    def text(self, rule: str, condition: Condition | None, option: Option, devices: Sequence[Device]) -> str:
        """What came closest among the devices that broke a rule; empty if there is nothing to say."""
        if rule == "in use":
            holders = dict.fromkeys(holder for device in devices for holder in self.holders(device))
            return f"held by {listed(list(holders))}" if holders else ""
        if rule == "capacity":
            return "; ".join(self._largest(option.alternative.filter.capacity, devices))
        if rule == "attribute":
            names = (constraint.attribute for constraint in option.alternative.constraints)
            return next(filter(None, map(self._misspelt, names)), "")
        if condition is None:
            return ""
        selector = self.matcher.selector(condition.expression)
        return self._selector(selector, devices) if isinstance(selector, cel.Selector) else ""

    def _selector(self, selector: cel.Selector, devices: Sequence[Device]) -> str:
        asked = _ASKED.findall(selector.expression)
        largest = self._largest(sorted(selector.reads.capacity), devices)
        if largest and asked:
            largest.append(f"asked about {', '.join(asked)}")
        seen = [self._seen(name, devices) for name in sorted(selector.reads.attributes)]
        return "; ".join([*largest, *filter(None, seen)])

    def _misspelt(self, name: str) -> str:
        """A question for the attribute that was meant, if no device has one of that name.

        It is one of the same domain, or else of the same name in another: domains make strangers alike.
        """
        known = self._attributes
        if name in known:
            return ""
        domain, _, identifier = name.rpartition("/")
        siblings = [each.rpartition("/")[2] for each in known if each.startswith(f"{domain}/")]
        alike = nearest(identifier, siblings)
        elsewhere = [each for each in known if each.endswith(f"/{identifier}")]
        meant = f"{domain}/{alike}" if alike else nearest(name, elsewhere)
        return f"did you mean {meant!r}?" if meant else ""

    @cached_property
    def _attributes(self) -> list[str]:
        """The full names of the attributes of all devices."""
        return sorted(
            {
                name if "/" in name else f"{device.id.driver}/{name}"
                for device in self.devices
                for name in device.model.attributes or {}
            }
        )

    def _largest(self, names: Iterable[str], devices: Iterable[Device]) -> list[str]:
        """The largest amount of each capacity, and who has it; names with or without the driver's domain."""
        found: dict[str, tuple[Quantity, Device]] = {}
        for name in names:
            domain, _, identifier = name.rpartition("/")
            for device in devices:
                bare = device.capacity.get(identifier) if domain in ("", device.id.driver) else None
                capacity = device.capacity.get(name) or bare
                shown = name if bare is None else identifier
                if capacity is not None and (shown not in found or capacity.value > found[shown][0]):
                    found[shown] = (capacity.value, device)
        return [
            f"the largest {name} is {value}, on {device.id.device}" for name, (value, device) in found.items()
        ]

    def _seen(self, name: str, devices: Iterable[Device]) -> str:
        """The values of an attribute, the most frequent first."""
        counts: Counter[str] = Counter()
        for device in devices:
            attribute = find_attribute(device.model.attributes or {}, name, device.id.driver)
            values = attribute_values(attribute, lists=True)
            if values is not None:
                counts[" and ".join(sorted(_shown(value) for _, value in values))] += 1
        if not counts:
            return ""
        identifier = name.rpartition("/")[2]
        return f"{identifier} is {listed([value for value, _ in counts.most_common()])}"


def _shown(value: object) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    return str(value) if isinstance(value, int) else f"'{value}'"
