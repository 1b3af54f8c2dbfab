"""Consumable capacity (KEP-5075): how much of a device a request takes, and whether that is left.

A request for part of a capacity is rounded up as the device's policy says. On a device that allows multiple
allocations every capacity is consumed, the ones not named in the request by default; on others the same
figures only decide whether the device is large enough. All sums are exact, in nano units.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import attrs

from dra.errors import AllocationError
from dra.models.resource import CapacityRequestPolicyRange, DeviceCapacity
from dra.quantity import Format, Quantity

__all__ = ["Consumption", "Refusal", "consumption", "exceeded"]

_NANO: Final = 10**9
_MILLI: Final = 10**6
_INT64_MAX: Final = 2**63 - 1


@attrs.frozen
class Consumption:
    """What one allocation of a device takes.

    Attributes:
        amounts: By capacity name, as it is written to the allocation result.
        nanos: The same in nano units.
    """

    amounts: Mapping[str, Quantity]
    nanos: tuple[tuple[str, int], ...]


@attrs.frozen
class Refusal:
    """Why a device cannot hold a request, whatever else is allocated.

    Attributes:
        name: The capacity.
        wanted: What is asked for, after rounding.
        available: What the device has; None if it has no such capacity.
        by_policy: The amount would be there, but the device's request policy does not allow it.
    """

    name: str
    wanted: Quantity
    available: Quantity | None
    by_policy: bool = False


def consumption(
    requests: Mapping[str, Quantity], capacities: Mapping[str, DeviceCapacity], *, fractional: bool
) -> Consumption | Refusal:
    """What a request takes of a device with these capacities, or why it can never fit.

    Names are compared as written: `memory` is not `driver.example.com/memory`.

    Args:
        requests: The capacity requests of the claim.
        capacities: The capacities of the device.
        fractional: Compute steps in thousandths (the 1.37 gate DRAFractionalCapacityRange) instead of units.

    Raises:
        AllocationError: A policy that no API server would store (a step of zero, a step without minimum), or
            an amount beyond 64 bits. The path is relative to the device.
    """
    for name, wanted in requests.items():
        if name not in capacities:
            return Refusal(name, wanted, None)
    amounts: dict[str, Quantity] = {}
    for name, capacity in capacities.items():
        amounts[name] = _consumed(requests.get(name), name, capacity, fractional=fractional)
    for name, amount in amounts.items():
        capacity = capacities[name]
        if _violates_policy(amount, name, capacity, fractional=fractional):
            return Refusal(name, amount, capacity.value, by_policy=True)
        if amount > capacity.value:
            return Refusal(name, amount, capacity.value)
    return Consumption(amounts, tuple((name, amount.nanos) for name, amount in amounts.items()))


def exceeded(
    wanted: Consumption, capacities: Mapping[str, DeviceCapacity], *consumed: Mapping[str, int]
) -> str | None:
    """The first capacity of which not enough is left, if any.

    Args:
        wanted: What is to be taken.
        capacities: The capacities of the device.
        *consumed: What is taken already, in nano units; the mappings add up.
    """
    for name, nanos in wanted.nanos:
        taken = sum(each.get(name, 0) for each in consumed)
        if nanos + taken > capacities[name].value.nanos:
            return name
    return None


def _consumed(wanted: Quantity | None, name: str, capacity: DeviceCapacity, *, fractional: bool) -> Quantity:
    policy = capacity.request_policy
    if wanted is None:
        amount = policy.default if policy is not None and policy.default is not None else capacity.value
    elif policy is None:
        amount = wanted
    elif policy.valid_range is not None and policy.valid_range.min is not None:
        amount = _round_up(wanted, name, policy.valid_range, fractional=fractional)
    else:
        amount = next((value for value in policy.valid_values or () if value >= wanted), wanted)
    if amount.sign < 0:
        raise AllocationError(
            f"capacity {name!r}: {amount} is negative", path=f"capacity[{name}]", value=str(amount)
        )
    return amount


def _round_up(
    wanted: Quantity, name: str, valid: CapacityRequestPolicyRange, *, fractional: bool
) -> Quantity:
    """The smallest value of the range that is not below what is wanted."""
    if valid.min is None or wanted < valid.min:
        return valid.min or wanted
    if valid.step is None:
        return wanted
    unit, minimum, step = _grid(name, valid, fractional=fractional)
    steps = -((minimum - _in_units(wanted, unit)) // step)
    units = minimum + steps * step
    if units * unit > _INT64_MAX * (_NANO if unit == _NANO else _MILLI):
        raise AllocationError(
            f"capacity {name!r}: {wanted} cannot be rounded to a step within 64 bits",
            path=f"capacity[{name}]",
            value=str(wanted),
        )
    return Quantity.from_nanos(units * unit, valid.step.format if fractional else Format.BINARY_SI)


def _violates_policy(amount: Quantity, name: str, capacity: DeviceCapacity, *, fractional: bool) -> bool:
    policy = capacity.request_policy
    if policy is None or (policy.default is not None and amount == policy.default):
        return False
    valid = policy.valid_range
    if valid is None:
        return bool(policy.valid_values) and amount not in (policy.valid_values or ())
    if valid.max is not None and amount > valid.max:
        return True
    if valid.step is None:
        return False
    unit, minimum, step = _grid(name, valid, fractional=fractional)
    return (_in_units(amount, unit) - minimum) % step != 0


def _grid(name: str, valid: CapacityRequestPolicyRange, *, fractional: bool) -> tuple[int, int, int]:
    """The unit that steps are counted in (nanos), and minimum and step in that unit.

    Whole units, every bound rounded up to them, unless the bounds are exact in thousandths and that is asked
    for.
    """
    path = f"capacity[{name}].requestPolicy.validRange"
    if valid.min is None or valid.step is None:
        raise AllocationError(
            f"capacity {name!r}: a step needs a minimum", path=f"{path}.min", remedy="set min"
        )
    bounds = [bound for bound in (valid.min, valid.max, valid.step) if bound is not None]
    exact = all(bound.nanos % _MILLI == 0 for bound in bounds) and valid.step.nanos >= _MILLI
    unit = _MILLI if fractional and exact else _NANO
    step = _in_units(valid.step, unit)
    if step <= 0:
        raise AllocationError(
            f"capacity {name!r}: a step must be greater than zero",
            path=f"{path}.step",
            value=str(valid.step),
        )
    return unit, _in_units(valid.min, unit), step


def _in_units(quantity: Quantity, unit: int) -> int:
    return quantity.milli_value if unit == _MILLI else quantity.value
