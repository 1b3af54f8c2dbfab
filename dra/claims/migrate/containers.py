"""Which containers of a pod ask for how many devices of what, and which of them can use the same ones.

The rules are those of device plugins: a whole number, in `limits` (with equal `requests`, or none); the
devices of an init container are free again when it ends, so that containers that start after it use them.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, Final

import attrs

from dra.claims.migrate.report import Entry, Outcome
from dra.claims.migrate.resources import DeviceNeed, device_need, fractions_of, inexpressible
from dra.errors import DraError
from dra.names import is_extended_resource
from dra.quantity import Quantity

__all__ = ["MAX_DEVICES", "Ask", "Asked", "Wanted", "asked_of", "containers_of", "wanted_of"]

MAX_DEVICES: Final = 32
"""The most devices that a claim can be allocated."""

_UNKNOWN: Final = (
    "no DRA driver is known to give this",
    "ask its vendor for a DRA driver; while a device plugin serves it, the pod may have both",
)


@attrs.frozen
class Ask:
    """That a container asks for some of a resource.

    Attributes:
        name: The container's name.
        path: The path of the container.
        order: When it starts: init containers first, in their order.
        lasting: Whether it runs on while others start: app containers and sidecars.
        need: What one unit is.
        count: How many.
    """

    name: str
    path: str
    order: int
    lasting: bool
    need: DeviceNeed
    count: int

    @property
    def field(self) -> str:
        """The path of the limit."""
        return f"{self.path}.resources.limits[{self.need.resource}]"

    def left(self, reason: str, remedy: str = "") -> Entry:
        """That it could not be carried over."""
        return Entry(Outcome.LEFT, self.field, reason, remedy)


@attrs.frozen
class Asked:
    """What the containers of a pod ask for.

    Attributes:
        asks: What can be carried over.
        left: Names of the resources of which something cannot.
        entries: Why.
    """

    asks: tuple[Ask, ...] = ()
    left: frozenset[str] = frozenset()
    entries: tuple[Entry, ...] = ()


@attrs.frozen
class Wanted:
    """Devices to request, and who uses them.

    Attributes:
        need: What each is.
        count: How many.
        orders: The containers that use them, by `Ask.order`.
    """

    need: DeviceNeed
    count: int
    orders: tuple[int, ...]


def containers_of(spec: dict[str, Any], path: str) -> list[tuple[str, dict[str, Any], bool]]:
    """Path and data of the containers in the order in which they start, and whether each runs on."""
    found = []
    for field in ("initContainers", "containers"):
        containers = spec.get(field)
        for index, container in enumerate(containers if isinstance(containers, list) else ()):
            if isinstance(container, dict):
                lasting = field == "containers" or container.get("restartPolicy") == "Always"
                found.append((f"{path}.{field}[{index}]", container, lasting))
    return found


def asked_of(spec: dict[str, Any], path: str) -> Asked:
    """What the containers of a pod ask for."""
    asks: list[Ask] = []
    left: dict[str, None] = {}
    entries: list[Entry] = []
    for order, (place, container, lasting) in enumerate(containers_of(spec, path)):
        wanted = dict(_amounts(container))
        fractions = fractions_of(iter(wanted))
        for resource, (limit, request) in wanted.items():
            found = _count_or_problem(resource, limit, request, fractions)
            if isinstance(found, Entry):
                field = "limits" if limit is not None else "requests"
                entries.append(attrs.evolve(found, path=f"{place}.resources.{field}[{resource}]"))
                left[resource] = None
            elif found and (need := device_need(resource)):
                asks.append(Ask(str(container.get("name", "")), place, order, lasting, need, found))
    return Asked(tuple(asks), frozenset(left), tuple(entries))


def _amounts(container: dict[str, Any]) -> Iterator[tuple[str, tuple[object, object]]]:
    """Limit and request of each extended resource of a container; None where there is none."""
    resources = container.get("resources")
    limits, requests = (
        found if isinstance(resources, dict) and isinstance(found := resources.get(field), dict) else {}
        for field in ("limits", "requests")
    )
    for resource in dict.fromkeys((*limits, *requests)):
        if isinstance(resource, str) and is_extended_resource(resource):
            yield resource, (limits.get(resource), requests.get(resource))


def _count_or_problem(resource: str, limit: object, request: object, fractions: Sequence[str]) -> Entry | int:
    """How many devices are asked for, or why they are left."""
    if (why := inexpressible(resource)) is not None:
        return Entry(Outcome.LEFT, "", why.reason, why.remedy)
    if device_need(resource) is None:
        return Entry(Outcome.LEFT, "", *_UNKNOWN)
    if fractions:
        return Entry(
            Outcome.LEFT, "", f"{fractions[0]} makes it a fraction of a device", "see what is said of that"
        )
    if limit is None:
        return Entry(
            Outcome.LEFT,
            "",
            "it is in requests only, and the API server refuses that",
            "move it to limits, then migrate",
        )
    amount = _count(limit)
    if request is not None and _count(request) != amount:
        return Entry(
            Outcome.LEFT,
            "",
            f"limits say {_shown(limit)} and requests {_shown(request)}, and the API server refuses that",
            "make them equal, then migrate",
        )
    if amount is None:
        templated = isinstance(limit, str) and "{{" in limit
        remedy = "render the template first: helm template" if templated else "write one, then migrate"
        return Entry(Outcome.LEFT, "", f"{_shown(limit)} is not a whole number", remedy)
    if amount > MAX_DEVICES:
        return Entry(
            Outcome.LEFT, "", f"{amount} devices, and a claim has at most {MAX_DEVICES}", "split the pod"
        )
    return amount


def _count(amount: object) -> int | None:
    if isinstance(amount, bool) or not isinstance(amount, (int, float, str)):
        return None
    try:
        quantity = Quantity(amount if not isinstance(amount, float) else str(amount))
    except DraError:
        return None
    return quantity.value if quantity.is_integer and quantity.sign >= 0 else None


def _shown(value: object) -> str:
    try:
        text = repr(value)
    except ValueError:  # an integer of thousands of digits
        return "a huge number"
    return text if len(text) <= 60 else f"{text[:57]}..."


def wanted_of(asks: Sequence[Ask]) -> list[Wanted]:
    """The devices that a pod needs at most at a time, and which container uses which.

    Containers that run on have devices of their own. An init container that ends uses those of containers
    that start after it, and as many more as it needs on top; these are the same for all such.

    Example:
        >>> gpu = device_need("nvidia.com/gpu")
        >>> download = Ask("download", "", 0, False, gpu, 1)
        >>> train = Ask("train", "", 1, True, gpu, 2)
        >>> [(each.count, each.orders) for each in wanted_of([download, train])]
        [(2, (0, 1))]
    """
    found: list[Wanted] = []
    for need in dict.fromkeys(ask.need for ask in asks):
        of_need = [ask for ask in asks if ask.need == need]
        lasting = [ask for ask in of_need if ask.lasting]
        users: list[list[int]] = [[ask.order] for ask in lasting]
        extra, extra_users = 0, []
        for ask in of_need:
            missing = 0 if ask.lasting else ask.count
            for position, later in enumerate(lasting):
                if missing > 0 and later.order > ask.order:
                    users[position].append(ask.order)
                    missing -= later.count
            if missing > 0:
                extra = max(extra, missing)
                extra_users.append(ask.order)
        found += [
            Wanted(need, ask.count, tuple(sorted(orders))) for ask, orders in zip(lasting, users, strict=True)
        ]
        if extra:
            found.append(Wanted(need, extra, tuple(extra_users)))
    return found
