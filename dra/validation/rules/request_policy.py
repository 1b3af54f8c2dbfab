"""Rules for the request policy of a capacity (KEP-5075): which amounts a claim may take of it.

The server rounds where its integers need it; so do these rules, with exact numbers instead.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import Final

from dra.models.resource import CapacityRequestPolicy, CapacityRequestPolicyRange
from dra.quantity import Quantity
from dra.validation.checks import Errors, each
from dra.validation.field_error import Path
from dra.validation.scope import Scope

__all__ = ["request_policy"]

_LARGEST_INTEGER: Final = Quantity(2**63 - 1)
_NANOS_PER_MILLI: Final = 10**6
_NANOS_PER_UNIT: Final = 10**9


def request_policy(policy: CapacityRequestPolicy, capacity: Quantity, at: Path, scope: Scope) -> Errors:
    """Values or a range, with a default among them. A policy with only a default is not checked."""
    if policy.valid_values and policy.valid_range is not None:
        yield at.forbidden(
            "exactly one policy can be specified, "
            'cannot specify "validValues" and "validRange" at the same time'
        )
    elif policy.valid_values:
        if policy.default is None:
            yield (at / "default").required("required when validValues is defined")
        else:
            yield from _values(policy.default, capacity, policy.valid_values, at / "validValues", scope)
    elif policy.valid_range is not None:
        if policy.default is None:
            yield (at / "default").required("required when validRange is defined")
        else:
            yield from _Range(policy.default, capacity, policy.valid_range, at / "validRange", scope).errors()


def _values(
    default: Quantity, capacity: Quantity, values: Sequence[Quantity], at: Path, scope: Scope
) -> Errors:
    for index, (value, following) in enumerate(pairwise(values)):
        if value > following:
            yield at[index + 1].invalid(following, "values must be sorted in ascending order")

    def fits(value: Quantity, here: Path) -> Errors:
        if value > capacity:
            yield here.invalid(value, f"option is larger than capacity value: {capacity}")

    fractional = scope.features.fractional_capacity_range and scope.since("1.37")
    key = _decimal if fractional else _rounded
    yield from each(values, fits, at, scope, limit=scope.limits.valid_values, key=key)
    looked_at = len(values) <= scope.limits.valid_values or not scope.since("1.35")
    if not looked_at or default not in values:
        yield at.invalid(default, "default value is not valid according to the requestPolicy")


def _rounded(value: Quantity) -> str:
    return str(value.value)


def _decimal(value: Quantity) -> str:
    """The value as the server writes a decimal: without exponent."""
    whole, nanos = divmod(abs(value.nanos), _NANOS_PER_UNIT)
    text = f"{whole}.{nanos:09}".rstrip("0").rstrip(".")
    return f"-{text}" if value.sign < 0 else text


class _Range:
    """A range to check: from `min` to `max` or the capacity, in steps or without."""

    def __init__(
        self,
        default: Quantity,
        capacity: Quantity,
        bounds: CapacityRequestPolicyRange,
        at: Path,
        scope: Scope,
    ) -> None:
        self.default = default
        self.capacity = capacity
        self.bounds = bounds
        self.at = at
        self.scope = scope

    def errors(self) -> Errors:
        if self.bounds.min is None:
            yield (self.at / "min").required("required when validRange is defined")
            return
        yield from self._order(self.bounds.min)
        unit = self._unit()
        if unit == _NANOS_PER_MILLI:
            unsafe = [(name, value) for name, value in self._bounds() if value.nanos % _NANOS_PER_MILLI]
            for name, value in unsafe:
                yield (self.at / name).invalid(value, "value cannot be represented as a milli value")
            if unsafe:
                return
        if self.bounds.step is not None:
            yield from self._step(self.bounds.min, self.bounds.step, unit)

    def _bounds(self) -> Iterator[tuple[str, Quantity]]:
        named = {"default": self.default} | {
            name: value
            for name in ("min", "max", "step")
            if (value := getattr(self.bounds, name)) is not None
        }
        yield from named.items()

    def _unit(self) -> int:
        """The unit of the server's arithmetic in nanos: one, or a thousandth if anything needs it (1.37)."""
        fractional = any(value.nanos % _NANOS_PER_UNIT for _, value in self._bounds())
        gate = self.scope.features.fractional_capacity_range and self.scope.since("1.37")
        return _NANOS_PER_MILLI if fractional and gate else _NANOS_PER_UNIT

    def _order(self, least: Quantity) -> Errors:
        # Before 1.37 an error of the default stood at the bound that it breaks.
        newer = self.scope.since("1.37")
        if least > self.capacity:
            yield (self.at / "min").invalid(least, f"min is larger than capacity value: {self.capacity}")
        if self.default < least:
            here = self.at / ("default" if newer else "min")
            yield here.invalid(self.default, f"default is less than min: {least}")
        most = self.bounds.max
        if most is None:
            return
        if least > most:
            yield (self.at / "max").invalid(least, f"min is larger than max: {most}")
        if most > self.capacity:
            yield (self.at / "max").invalid(most, f"max is larger than capacity value: {self.capacity}")
        if self.default > most:
            here = self.at / ("default" if newer else "max")
            yield here.invalid(self.default, f"default is more than max: {most}")

    def _step(self, least: Quantity, step: Quantity, unit: int) -> Errors:
        at = self.at / "step"
        newer = self.scope.since("1.37")
        # Before 1.37 a step of zero makes the server panic.
        if step.sign == 0 or (newer and step.sign < 0):
            yield at.invalid(step, "must be greater than zero")
            return
        following = least + step
        if following > self.capacity:
            yield at.invalid(step, f"one step {following} is larger than capacity value: {self.capacity}")
        if newer and unit == _NANOS_PER_UNIT:
            unsafe = list(self._out_of_range())
            yield from unsafe
            if unsafe:
                return
        for value in (self.default, self.bounds.max):
            if value is not None and not _is_multiple(value, least, step, unit):
                yield at.invalid(value, f"value is not a multiple of a given step ({step}) from ({least})")

    def _out_of_range(self) -> Errors:
        for name, value in self._bounds():
            if value.sign < 0:
                yield (self.at / name).invalid(value, "must be greater than or equal to 0")
            elif value > _LARGEST_INTEGER:
                yield (self.at / name).invalid(value, f"must not be larger than {_LARGEST_INTEGER}")


def _is_multiple(value: Quantity, least: Quantity, step: Quantity, unit: int) -> bool:
    return (_in_units(value, unit) - _in_units(least, unit)) % _in_units(step, unit) == 0


def _in_units(value: Quantity, unit: int) -> int:
    """A value in whole units, rounded up."""
    return -(-value.nanos // unit)
