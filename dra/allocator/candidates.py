"""Which devices a request can use, whatever else is allocated: selectors, node, taints, size.

A selector is evaluated for a pool at a time and its verdicts are kept. Devices that agree in everything the
selector reads share one evaluation. An error is part of the verdict: it only matters if the search gets to
that device before it has found enough others.
"""

from __future__ import annotations

from collections.abc import Hashable, Mapping

from dra import cel
from dra.allocator.capacity import Consumption, Refusal, consumption
from dra.allocator.constraints import AttributeValues
from dra.allocator.derived import DerivedAttribute
from dra.allocator.inventory import NodeView
from dra.allocator.plan import Alternative, Condition, DeviceFilter
from dra.allocator.pools import Device, Pool, bits, each_bit
from dra.allocator.taints import blocking_taint
from dra.allocator.verdicts import Candidates, Verdicts
from dra.errors import AllocationError, CompileError, EvaluationError
from dra.features import Features
from dra.models.resource import DeviceAttribute, DeviceCapacity

__all__ = ["Matcher"]


class Matcher:
    """Applies filters to pools; what it finds out is kept with the pools and views.

    Args:
        features: What is understood.
        kubernetes: The minor whose CEL environment is used.
    """

    def __init__(self, features: Features, kubernetes: str) -> None:
        self.features = features
        self.kubernetes = kubernetes
        self._selectors: dict[str, cel.Selector | CompileError] = {}
        self._seen: dict[Hashable, tuple[bool | EvaluationError, tuple[object, ...]]] = {}
        self._readable: dict[int, DeviceAttribute] = {}
        self._derivations: dict[str, DerivedAttribute] = {}
        self._derived: dict[tuple[Device, str], AttributeValues] = {}
        self._consumptions: dict[tuple[DeviceFilter, int], tuple[object, Consumption | Refusal]] = {}

    def candidates(self, view: NodeView, wanted: DeviceFilter) -> Candidates:
        """What a filter makes of the devices of a node.

        Raises:
            AllocationError: A capacity policy that makes no sense.
        """
        known = view.candidates.get(wanted)
        if known is None:
            known = view.candidates[wanted] = self._on_node(view, wanted)
        return known

    def _on_node(self, view: NodeView, wanted: DeviceFilter) -> Candidates:
        selected = errors = barred = 0
        for offset, pool, on_node in view.offsets:
            found = self.in_pool(pool, wanted)
            selected |= (found.selected & on_node.usable) << offset
            errors |= (found.errors & on_node.present) << offset
            barred |= ((found.barred | on_node.unsupported) & on_node.usable) << offset
        return Candidates(selected, errors, barred)

    def in_pool(self, pool: Pool, wanted: DeviceFilter) -> Candidates:
        """What a filter makes of the devices of a pool."""
        known = pool.candidates.get(wanted)
        if known is None:
            known = pool.candidates[wanted] = self._in_pool(pool, wanted)
        return known

    def _in_pool(self, pool: Pool, wanted: DeviceFilter) -> Candidates:
        alive, errors = self.understood(pool), 0
        for condition in wanted.conditions:
            verdicts = self.verdicts(pool, condition.expression, alive)
            for index in verdicts.errors:
                errors |= alive & 1 << index
            alive &= verdicts.true
        barred = 0
        for index in each_bit(alive):
            device = pool.devices[index]
            if self.features.consumable_capacity and isinstance(self.consumption(device, wanted), Refusal):
                alive ^= 1 << index
            elif self.bar(device, wanted):
                barred |= 1 << index
        return Candidates(alive, errors, barred)

    def understood(self, pool: Pool) -> int:
        """The devices that can be selected at all with the features there are."""
        if self.features.device_binding_and_status:
            return pool.everything
        return bits(at for at, device in enumerate(pool.devices) if not device.model.binding_conditions)

    def bar(self, device: Device, wanted: DeviceFilter) -> str:
        """Why a selected device cannot be used all the same; empty if it can."""
        if device.model.consumes_counters and not self.features.partitionable_devices:
            return "it consumes counters, and the feature DRAPartitionableDevices is off"
        if self.features.device_taints and device.model.taints:
            taint = blocking_taint(device.model.taints, wanted.tolerations)
            if taint is not None:
                value = f"={taint.value}" if taint.value else ""
                return f"taint {taint.key}{value}:{taint.effect} is not tolerated"
        return ""

    def consumption(self, device: Device, wanted: DeviceFilter) -> Consumption | Refusal:
        """What a request takes of a device's capacity.

        Raises:
            AllocationError: A capacity policy that makes no sense.
        """
        capacities: Mapping[str, DeviceCapacity] = device.capacity
        key = (wanted, id(capacities))
        known = self._consumptions.get(key)
        if known is None:
            fractional = self.features.fractional_capacity_range
            try:
                result = consumption(wanted.capacity, capacities, fractional=fractional)
            except AllocationError as error:
                raise error.located(subject=f"device {device.id}") from None
            # The mapping is kept with the answer, so that its identity cannot be taken by another.
            known = self._consumptions[key] = (capacities, result)
        return known[1]

    def verdicts(self, pool: Pool, expression: str, devices: int) -> Verdicts:
        """The verdicts of an expression on at least these devices of a pool."""
        verdicts = pool.verdicts.get(expression)
        if verdicts is None:
            verdicts = pool.verdicts[expression] = Verdicts()
        missing = devices & ~verdicts.known
        if missing:
            selector = self.selector(expression)
            for index in each_bit(missing):
                if isinstance(selector, CompileError):
                    verdicts.errors[index] = selector
                else:
                    self._evaluate(selector, pool.devices[index], index, verdicts)
            verdicts.known |= missing
        return verdicts

    def selector(self, expression: str) -> cel.Selector | CompileError:
        """The compiled expression, or what is wrong with it."""
        known = self._selectors.get(expression)
        if known is None:
            try:
                known = cel.compile(expression, kubernetes=self.kubernetes, features=self.features)
            except CompileError as error:
                known = error
            self._selectors[expression] = known
        return known

    def bound(self, device: Device) -> cel.BoundDevice:
        """The device as CEL sees it."""
        if device.bound is None:
            device.bound = cel.BoundDevice(device.model, driver=device.id.driver)
        return device.bound

    def derived(self, device: Device, name: str, expression: str) -> AttributeValues:
        """The values of an attribute that a request derives.

        Raises:
            AllocationError: The expression does not compile, or fails on the device.
        """
        key = (device, expression)
        known = self._derived.get(key)
        if known is None:
            try:
                attribute = self._derivations.get(expression)
                if attribute is None:
                    attribute = DerivedAttribute(expression, self.kubernetes, self.features)
                    self._derivations[expression] = attribute
                known = self._derived[key] = attribute.values(self.bound(device))
            except CompileError as error:
                message = f"compile derived attribute {name} failed: {error.message}"
                raise AllocationError(message, value=expression) from None
            except EvaluationError as error:
                message = f"evaluate derived attribute {name} on device {device.id} failed: {error.message}"
                raise AllocationError(message, value=expression) from None
        return known

    def _evaluate(self, selector: cel.Selector, device: Device, index: int, verdicts: Verdicts) -> None:
        verdict = self._verdict(selector, device)
        if isinstance(verdict, EvaluationError):
            verdicts.errors[index] = verdict
        elif verdict:
            verdicts.true |= 1 << index

    def _verdict(self, selector: cel.Selector, device: Device) -> bool | EvaluationError:
        """What a selector says of a device, from memory if it said so of one that looks the same to it."""
        try:
            self._check(device)
        except EvaluationError as error:
            return error
        seen = _seen_by(selector, device)
        if seen is None:
            return self._fresh_verdict(selector, device)
        # Models are shared where they are equal, so identity finds nearly all that is equal. The parts are
        # kept with the verdict, so that no other object can take their identity.
        key = (selector, device.id.driver, device.model.allow_multiple_allocations, *map(id, seen))
        known = self._seen.get(key)
        if known is None:
            known = self._seen[key] = (self._fresh_verdict(selector, device), seen)
        return known[0]

    def _fresh_verdict(self, selector: cel.Selector, device: Device) -> bool | EvaluationError:
        try:
            return selector.matches(self.bound(device))
        except EvaluationError as error:
            return error

    def _check(self, device: Device) -> None:
        """A device that CEL cannot read fails every selector, whatever the selector looks at.

        Raises:
            EvaluationError: It is such a device.
        """
        for each in (device.model.attributes or {}).values():
            if not _is_plain(each) and id(each) not in self._readable:
                self.bound(device)
                self._readable[id(each)] = each

    def error(self, view: NodeView, position: int, wanted: Alternative, label: str) -> AllocationError:
        """The error that a selector ends in on a device; `label` names the claim."""
        pool, index = view.locate(position)
        device = pool.devices[index]
        for condition in wanted.filter.conditions:
            verdicts = self.verdicts(pool, condition.expression, 1 << index)
            if index in verdicts.errors:
                return _selector_error(condition, device, verdicts.errors[index], wanted.path, label)
        raise AssertionError("no selector fails on this device")


def _is_plain(attribute: DeviceAttribute) -> bool:
    """Whether an attribute needs no reading: a value that is no version."""
    return (
        attribute.version is None
        and not attribute.versions
        and (attribute.string is not None or attribute.int_ is not None or attribute.bool_ is not None)
    )


def _seen_by(selector: cel.Selector, device: Device) -> tuple[object, ...] | None:
    """The parts of a device that a selector looks at; None if they cannot be told apart by name."""
    reads = selector.reads
    if reads.all_attributes or reads.all_capacity:
        return None
    seen: list[object] = []
    for names, published in (
        (reads.attributes, device.model.attributes),
        (reads.capacity, device.model.capacity),
    ):
        values: Mapping[str, object] = published or {}
        for name in names:
            found = values.get(name)
            domain, _, identifier = name.partition("/")
            if domain == device.id.driver and identifier in values:
                if found is not None:
                    return None
                found = values[identifier]
            seen.append(found)
    return tuple(seen)


def _selector_error(
    condition: Condition, device: Device, cause: CompileError | EvaluationError, path: str, label: str
) -> AllocationError:
    """The error with its place: in the class, or in the claim's request at `path`."""
    in_class = bool(condition.class_name)
    owner = f"class {condition.class_name}" if in_class else f"claim {label}"
    missing = "no such key" in cause.message
    if isinstance(cause, CompileError):
        what, remedy = f"CEL compile error: {cause.message}", cause.remedy
    else:
        what = f"on device {device.id}: CEL runtime error: {cause.message}"
        remedy = "guard the access with has() or use an optional (`.?`, orValue())" if missing else ""
    separator = ": " if isinstance(cause, CompileError) else " "
    return AllocationError(
        f"{owner}: selector #{condition.index}{separator}{what}",
        path=f"{'spec' if in_class else path}.selectors[{condition.index}].cel.expression",
        subject=f"DeviceClass {condition.class_name}" if in_class else f"ResourceClaim {label}",
        value=condition.expression,
        remedy=remedy,
    )
