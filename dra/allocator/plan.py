"""What claims ask for, independent of any node: a flat list of slots, each with its alternatives.

Faults in the claims are found here, in the order in which Kubernetes would report them. A fault is kept
rather than raised, because what a node has can be at fault before it.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Mapping, Sequence
from typing import Final

import attrs

from dra.allocator.constraints import Constraint
from dra.allocator.state import claim_label
from dra.errors import AllocationError
from dra.features import Features
from dra.models.resource import (
    DeviceClass,
    DeviceRequest,
    DeviceSelector,
    DeviceSubRequest,
    DeviceToleration,
    ExactDeviceRequest,
    ResourceClaim,
)
from dra.quantity import Quantity
from dra.suggestions import did_you_mean

__all__ = ["RESULTS_MAX", "Alternative", "ClaimPlan", "Condition", "DeviceFilter", "Plan", "Slot", "plan"]

RESULTS_MAX: Final = 32
"""How many devices the allocation of one claim can list (`AllocationResultsMaxSize`)."""


@attrs.frozen
class Condition:
    """A CEL selector and where it stands.

    Attributes:
        expression: Its text.
        class_name: The device class it belongs to; empty if it belongs to the request.
        index: Its place among the selectors there.
    """

    expression: str
    class_name: str
    index: int

    def __str__(self) -> str:
        owner = f"class {self.class_name} " if self.class_name else ""
        return f"{owner}selector {self.expression!r}"


@attrs.frozen(eq=False)
class DeviceFilter:
    """Everything that decides about a single device, whatever else is allocated; equal ones are one object.

    Attributes:
        conditions: Class selectors, then those of the request.
        tolerations: The tolerations.
        capacity: The capacity requests.
    """

    conditions: tuple[Condition, ...]
    tolerations: tuple[DeviceToleration, ...]
    capacity: Mapping[str, Quantity]


@attrs.frozen(eq=False)
class Alternative:
    """One way to satisfy a slot: a request, or a subrequest of a `firstAvailable` list.

    Attributes:
        name: As in results: `req` or `req/sub`.
        own_name: The last part of `name`, which errors mention.
        path: Where it stands in the claim.
        filter: What a device must be like.
        device_class: Its class.
        count: How many devices; meaningless if `all_devices`.
        all_devices: All that there are.
        admin_access: The result's admin access, None unless asked for.
        tolerations: As in the claim, for the results.
        constraints: Those that cover it.
        derived: By name, the expressions of the attributes that constraints use instead of the device's own.
    """

    name: str
    own_name: str
    path: str
    filter: DeviceFilter
    device_class: DeviceClass
    count: int
    all_devices: bool
    admin_access: bool | None
    tolerations: list[DeviceToleration] | None
    constraints: tuple[Constraint, ...]
    derived: Mapping[str, str]


@attrs.frozen(eq=False)
class Slot:
    """A request of a claim.

    Attributes:
        claim: Index of the claim.
        request: Index of the request in the claim.
        name: The request's name.
        alternatives: In order of preference; exactly one unless `prioritized`.
        prioritized: It is a `firstAvailable` list.
    """

    claim: int
    request: int
    name: str
    alternatives: tuple[Alternative, ...]
    prioritized: bool


@attrs.frozen(eq=False)
class ClaimPlan:
    """A claim, taken apart.

    Attributes:
        claim: The claim.
        label: How errors name it: `namespace/name`.
        slots: Its requests as far as they are without fault.
        constraints: Its constraints.
        request_fault: What is wrong with the request after the last slot.
        constraint_fault: What is wrong with a constraint.
    """

    claim: ResourceClaim
    label: str
    slots: tuple[Slot, ...]
    constraints: tuple[Constraint, ...]
    request_fault: AllocationError | None
    constraint_fault: AllocationError | None

    @property
    def subject(self) -> str:
        """The claim as an error's subject."""
        return f"ResourceClaim {self.label}"


@attrs.frozen(eq=False)
class Plan:
    """Several claims of one pod, taken apart once and tried on any number of nodes.

    Attributes:
        claims: The claims in order.
        slots: All their requests, one after the other.
        needs_node: Whether what is wrong or how much is wanted depends on the node.
    """

    claims: tuple[ClaimPlan, ...]
    slots: tuple[Slot, ...]
    needs_node: bool


def plan(
    claims: Iterable[ResourceClaim],
    classes: Mapping[str, DeviceClass],
    features: Features,
    filters: dict[Hashable, DeviceFilter],
) -> Plan:
    """Take claims apart.

    Args:
        claims: The claims of a pod that are still to be allocated; their status is not looked at.
        classes: The device classes by name.
        features: What is understood.
        filters: The filters known so far; new ones are added.
    """
    plans = tuple(
        _Planner(index, claim, classes, features, filters).run() for index, claim in enumerate(claims)
    )
    slots = tuple(slot for each in plans for slot in each.slots)
    faulty = any(each.request_fault or each.constraint_fault for each in plans)
    takes_all = any(option.all_devices for slot in slots for option in slot.alternatives)
    too_many = any(_fewest(each) > RESULTS_MAX for each in plans)
    return Plan(plans, slots, faulty or takes_all or too_many)


def _fewest(claim: ClaimPlan) -> int:
    return sum(
        min(0 if option.all_devices else option.count for option in slot.alternatives) for slot in claim.slots
    )


class _Planner:
    """Takes one claim apart."""

    def __init__(
        self,
        index: int,
        claim: ResourceClaim,
        classes: Mapping[str, DeviceClass],
        features: Features,
        filters: dict[Hashable, DeviceFilter],
    ) -> None:
        self.index = index
        self.claim = claim
        self.classes = classes
        self.features = features
        self.filters = filters
        self.label = claim_label(claim)
        self.constraints: tuple[Constraint, ...] = ()

    def run(self) -> ClaimPlan:
        """The claim's plan, faults included."""
        constraint_fault = self._read_constraints()
        slots: list[Slot] = []
        request_fault = None
        try:
            for index, request in enumerate(self.claim.spec.devices.requests or ()):
                slots.append(self._slot(index, request))
        except AllocationError as error:
            request_fault = error.located(subject=f"ResourceClaim {self.label}")
        return ClaimPlan(
            self.claim, self.label, tuple(slots), self.constraints, request_fault, constraint_fault
        )

    def _read_constraints(self) -> AllocationError | None:
        constraints = []
        for index, model in enumerate(self.claim.spec.devices.constraints or ()):
            attribute = (
                model.match_attribute if model.match_attribute is not None else model.distinct_attribute
            )
            if attribute is None:
                return self._fault(
                    f"constraint #{index}: empty constraint (unsupported constraint type?)",
                    f"spec.devices.constraints[{index}]",
                    remedy="set matchAttribute or distinctAttribute",
                ).located(subject=f"ResourceClaim {self.label}")
            distinct = model.match_attribute is None
            constraints.append(Constraint(index, attribute, distinct, frozenset(model.requests or ())))
        self.constraints = tuple(constraints)
        return None

    def _slot(self, index: int, request: DeviceRequest) -> Slot:
        path = f"spec.devices.requests[{index}]"
        subrequests, exactly = request.first_available or (), request.exactly
        if subrequests and not self.features.prioritized_list:
            raise self._fault(
                f"request {request.name}: has subrequests, but the DRAPrioritizedList feature is disabled",
                f"{path}.firstAvailable",
            )
        if subrequests:
            self._check_capacity_feature(subrequests, path)
            alternatives = tuple(
                self._alternative(f"{path}.firstAvailable[{place}]", each, each.name, request.name)
                for place, each in enumerate(subrequests)
            )
        elif exactly is not None:
            if exactly.capacity is not None and not self.features.consumable_capacity:
                raise self._no_capacity(f"request {request.name}", f"{path}.exactly.capacity")
            alternatives = (self._alternative(f"{path}.exactly", exactly, request.name, ""),)
        else:
            raise self._fault(
                f"request {request.name}: has neither exactly nor firstAvailable",
                path,
                remedy="set exactly one of `exactly` or `firstAvailable`",
            )
        return Slot(self.index, index, request.name, alternatives, bool(subrequests))

    def _check_capacity_feature(self, subrequests: Sequence[DeviceSubRequest], path: str) -> None:
        for place, each in enumerate(subrequests):
            if each.capacity is not None and not self.features.consumable_capacity:
                raise self._no_capacity(f"subrequest {each.name}", f"{path}.firstAvailable[{place}].capacity")

    def _no_capacity(self, request: str, path: str) -> AllocationError:
        return self._fault(
            f"{request}: has capacity requests, but the DRAConsumableCapacity feature is disabled", path
        )

    def _alternative(
        self, path: str, request: ExactDeviceRequest | DeviceSubRequest, name: str, parent: str
    ) -> Alternative:
        derived = {each.name: each.expression for each in request.derived_attributes or ()}
        if derived and not self.features.derived_attributes:
            raise self._fault(
                f"request {name}: cannot handle request with derived attributes, the feature is disabled",
                f"{path}.derivedAttributes",
            )
        selectors = request.selectors or ()
        self._check_selectors(name, selectors, path)
        admin_access = request.admin_access if isinstance(request, ExactDeviceRequest) else None
        if admin_access is not None and not self.features.admin_access:
            raise self._fault(
                f"request {name}: admin access is requested, but the feature is disabled",
                f"{path}.adminAccess",
            )
        device_class = self._class(name, request.device_class_name, path)
        count, all_devices = self._count(name, request, path)
        full_name = f"{parent}/{name}" if parent else name
        return Alternative(
            name=full_name,
            own_name=name,
            path=path,
            filter=self._filter(device_class, selectors, request),
            device_class=device_class,
            count=count,
            all_devices=all_devices,
            admin_access=admin_access or None,
            tolerations=request.tolerations,
            constraints=tuple(each for each in self.constraints if each.covers(full_name)),
            derived=derived,
        )

    def _check_selectors(self, name: str, selectors: Sequence[DeviceSelector], path: str) -> None:
        for index, selector in enumerate(selectors):
            if selector.cel is None:
                raise self._fault(
                    f"request {name}, selector #{index}: CEL expression empty (unsupported selector type?)",
                    f"{path}.selectors[{index}].cel",
                )

    def _class(self, name: str, class_name: str, path: str) -> DeviceClass:
        path = f"{path}.deviceClassName"
        if not class_name:
            raise self._fault(
                f"request {name}: missing device class name (unsupported request type?)",
                path,
                remedy="name a class as deviceClassName; `dra validate` finds misspelt fields",
            )
        if class_name not in self.classes:
            known = f"classes: {', '.join(sorted(self.classes)) or 'none'}"
            raise self._fault(
                f"request {name}: could not retrieve device class {class_name}: "
                f'deviceclass.resource.k8s.io "{class_name}" not found',
                path,
                value=class_name,
                remedy=did_you_mean(class_name, self.classes, known),
            )
        return self.classes[class_name]

    def _count(
        self, name: str, request: ExactDeviceRequest | DeviceSubRequest, path: str
    ) -> tuple[int, bool]:
        mode = request.allocation_mode or ""
        if mode == "All":
            return 0, True
        if mode != "ExactCount":
            raise self._fault(
                f"request {name}: unsupported count mode {mode}",
                f"{path}.allocationMode",
                value=mode,
                remedy="write ExactCount or All",
            )
        count = request.count or 0
        if count < 0:
            raise self._fault(f"request {name}: count {count} is negative", f"{path}.count", value=count)
        return count, False

    def _filter(
        self,
        device_class: DeviceClass,
        selectors: Sequence[DeviceSelector],
        request: ExactDeviceRequest | DeviceSubRequest,
    ) -> DeviceFilter:
        class_name = device_class.metadata.name or ""
        conditions = [
            Condition(selector.cel.expression if selector.cel else "", class_name, index)
            for index, selector in enumerate(device_class.spec.selectors or ())
        ]
        conditions += [
            Condition(selector.cel.expression if selector.cel else "", "", index)
            for index, selector in enumerate(selectors)
        ]
        tolerations = tuple(request.tolerations or ())
        capacity = (request.capacity.requests if request.capacity else None) or {}
        key = (
            tuple(conditions),
            tuple((each.key, each.operator, each.value, each.effect) for each in tolerations),
            tuple(sorted((name, str(amount)) for name, amount in capacity.items())),
        )
        if key not in self.filters:
            self.filters[key] = DeviceFilter(tuple(conditions), tolerations, dict(capacity))
        return self.filters[key]

    def _fault(self, message: str, path: str, value: object = None, remedy: str = "") -> AllocationError:
        return AllocationError(f"claim {self.label}, {message}", path=path, value=value, remedy=remedy)
