"""Why a node has no devices for some claims, in a few words, so that nodes can be grouped by them.

`Solver.explain` says it all, device by device; here a thousand nodes are to be told apart by one line. The
first request that cannot be met alone gives the line, then the first class of which all requests together
want more devices than are free. Otherwise the requirements that cannot hold together do; finding those takes
searches, so it is done for a number of different nodes only.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

from dra.allocator.candidates import Matcher
from dra.allocator.capacity import Refusal, exceeded
from dra.allocator.counters import shortage
from dra.allocator.inventory import NodeView
from dra.allocator.plan import Alternative, Condition, DeviceFilter, Plan
from dra.allocator.pools import each_bit
from dra.allocator.usage import Account

__all__ = ["short_reason", "usable"]


def short_reason(plan: Plan, view: NodeView, account: Account, matcher: Matcher) -> str | None:
    """Why the first request that cannot be met alone cannot be, or those of a class; None if each could.

    Args:
        plan: The claims.
        view: The node.
        account: What is taken.
        matcher: What devices requests select.

    Raises:
        AllocationError: A capacity policy that makes no sense.
    """
    free = _Free(view, account, matcher)
    for slot in plan.slots:
        reasons = [_shortage(each, free) for each in slot.alternatives]
        if all(reasons):
            return " and ".join(dict.fromkeys(each for each in reasons if each))
    return _shortage_of_a_class(plan, free)


class _Free:
    """What requests could use on a node just now, each on its own; what they have in common is found once."""

    def __init__(self, view: NodeView, account: Account, matcher: Matcher) -> None:
        self.view = view
        self.account = account
        self.matcher = matcher
        self._known: dict[tuple[DeviceFilter, bool], int] = {}

    def of(self, wanted: Alternative) -> int:
        """The devices, as a set of positions."""
        key = (wanted.filter, bool(wanted.admin_access))
        if key not in self._known:
            self._known[key] = usable(wanted, self.view, self.account, self.matcher)
        return self._known[key]


def _shortage_of_a_class(plan: Plan, free_for: _Free) -> str | None:
    """The first class of which all requests together want more devices than are free."""
    view, matcher = free_for.view, free_for.matcher
    by_class: dict[str, list[Alternative]] = {}
    for slot in plan.slots:
        for wanted in slot.alternatives if len(slot.alternatives) == 1 else ():
            errors = matcher.candidates(view, wanted.filter).errors
            if not (errors or wanted.all_devices or wanted.admin_access or wanted.derived):
                by_class.setdefault(wanted.device_class.metadata.name or "", []).append(wanted)
    for name, requests in by_class.items():
        count = sum(each.count for each in requests)
        selected = free = 0
        for each in requests:
            selected |= matcher.candidates(view, each.filter).selected
            free |= free_for.of(each)
        shared = any(view.device(at).shareable for at in each_bit(free))
        if len(requests) > 1 and not shared and free.bit_count() < count:
            return (
                f"{free.bit_count()} of {selected.bit_count()} devices of class {name} free, {count} wanted"
            )
    return None


def _shortage(wanted: Alternative, free_for: _Free) -> str:
    """Why a request alone cannot be met; empty if it can, or if that is hard to say."""
    view, matcher = free_for.view, free_for.matcher
    found = matcher.candidates(view, wanted.filter)
    if wanted.all_devices or found.errors or wanted.derived:
        return ""
    what = f"device of class {wanted.device_class.metadata.name}"
    selected = found.selected.bit_count()
    if not selected:
        return f"no {what}{_nothing_selected(wanted, view, matcher)}"
    free = free_for.of(wanted).bit_count()
    if free >= wanted.count:
        return ""
    barred = found.barred.bit_count()
    bars = Counter(
        matcher.bar(view.device(at), wanted.filter) or "not supported by the node"
        for at in each_bit(found.barred)
    )
    if barred == selected:
        return f"no {what}: {bars.most_common(1)[0][0]}"
    also = f", {barred} barred: {bars.most_common(1)[0][0]}" if barred else ""
    if not free:
        return f"no {what} free{also}"
    whose = f"devices of class {wanted.device_class.metadata.name}"
    return f"{free} of {selected} {whose} free, {wanted.count} wanted{also}"


def _nothing_selected(wanted: Alternative, view: NodeView, matcher: Matcher) -> str:
    """What leaves no device of the class; empty if the node has none."""
    everything = wanted.filter.conditions
    if wanted.filter.capacity and _some_meet(everything, view, matcher):
        return f" with the capacity that request {wanted.name} asks for"
    of_class = [each for each in everything if each.class_name]
    if len(of_class) < len(everything) and _some_meet(of_class, view, matcher):
        return f" that the selectors of request {wanted.name} allow"
    incomplete = next((each for each in view.pools if each.fault), None)
    return f": a pool of {incomplete.driver} is {incomplete.fault}" if incomplete else ""


def _some_meet(conditions: Iterable[Condition], view: NodeView, matcher: Matcher) -> bool:
    """Whether a device of the node meets some conditions."""
    for _, pool, on_node in view.offsets:
        alive = matcher.understood(pool) & on_node.usable
        for condition in conditions:
            alive &= matcher.verdicts(pool, condition.expression, alive).true
        if alive:
            return True
    return False


def usable(wanted: Alternative, view: NodeView, account: Account, matcher: Matcher) -> int:
    """The devices that a request could use just now, each on its own, as a set of positions.

    Raises:
        AllocationError: A capacity policy that makes no sense.
    """
    left = matcher.candidates(view, wanted.filter).usable
    for offset, pool, _ in view.offsets:
        here = left >> offset & pool.everything
        if not here:
            continue
        usage = account.usage(pool)
        if not wanted.admin_access:
            here &= ~usage.used
        for at in each_bit(here):
            device = pool.devices[at]
            consumed = usage.consumed_of(at)
            if matcher.features.consumable_capacity and (device.shareable or consumed):
                takes = matcher.consumption(device, wanted.filter)
                if isinstance(takes, Refusal) or exceeded(takes, device.capacity, consumed) is not None:
                    here ^= 1 << at
                    continue
            charged = device.consumes and not (device.shareable and usage.in_use >> at & 1)
            if charged and (
                usage.overcommitted or shortage(device.consumes, usage.remaining, {}) is not None
            ):
                here ^= 1 << at
        left = left & ~(pool.everything << offset) | here << offset
    return left
