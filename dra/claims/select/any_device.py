"""`device`: where every expression begins that names attributes and capacities itself."""

from __future__ import annotations

from typing import TYPE_CHECKING

import attrs

from dra.claims.select.literals import Type, python_text
from dra.claims.select.reads import Missing, Read, Table, check_domain, split_name
from dra.claims.select.term import Term
from dra.suggestions import unknown_name

__all__ = ["DeviceTerms", "device"]


@attrs.frozen
class DeviceTerms:
    """The device that is asked. Use `device`, or `device.of(domain)` for names in one domain.

    A name without a domain means what it means in a ResourceSlice: that of the device's own driver,
    `device.attributes[device.driver]` in CEL. With `of` it is in the domain given there.

    Nothing is known of the names: a misspelt one is missing from every device. The namespaces of drivers
    (`nvidia.gpu`, `driver(...)`) know theirs.

    Example:
        >>> print(device.attr("resource.kubernetes.io/pcieRoot").exists())
        has(device.attributes["resource.kubernetes.io"].pcieRoot)
        >>> print(device.attr("model").or_error() == "H100")
        device.attributes[device.driver].model == "H100"
    """

    _domain: str = ""

    def of(self, domain: str) -> DeviceTerms:
        """The device, with a domain for the names that have none: a driver's name, as a rule.

        Raises:
            ExpressionError: It is no domain.
        """
        return DeviceTerms(check_domain(domain, domain))

    def attr(self, name: str) -> Term:
        """An attribute, of any type that it is then compared with.

        Args:
            name: Such as `architecture`, `gpu.nvidia.com/architecture`, `resource.kubernetes.io/pcieRoot`.

        Raises:
            ExpressionError: No attribute can have this name.
        """
        return self._term("attributes", "attr", name, "an attribute", None)

    def capacity(self, name: str) -> Term:
        """A capacity.

        Raises:
            ExpressionError: No capacity can have this name.
        """
        return self._term("capacity", "capacity", name, "a capacity", Type.QUANTITY)

    def _term(self, table: Table, method: str, name: str, what: str, of_type: Type | None) -> Term:
        domain, identifier = split_name(name, what)
        spelling = f"{self!r}.{method}({python_text(name)})"
        return Term(Read(table, domain or self._domain, identifier, spelling=spelling), of_type)

    if not TYPE_CHECKING:  # or type checkers would take any name for a term

        def __getattr__(self, name: str) -> object:
            if name.startswith("_"):
                raise AttributeError(name)
            error = unknown_name("field of a device", name, ("allow_multiple_allocations", "driver"))
            error.remedy = f'write device.attr("{name}") or device.capacity("{name}"), or nvidia.gpu.{name}'
            raise error

    @property
    def driver(self) -> Term:
        """The name of the device's driver."""
        return _field("driver", "driver", Type.STRING)

    @property
    def allow_multiple_allocations(self) -> Term:
        """Whether several claims may share the device."""
        return _field("allowMultipleAllocations", "allow_multiple_allocations", Type.BOOL)

    def __repr__(self) -> str:
        return f"device.of({python_text(self._domain)})" if self._domain else "device"


def _field(table: Table, name: str, of_type: Type) -> Term:
    return Term(Read(table, missing=Missing.ERROR, spelling=f"device.{name}"), of_type, False)


device = DeviceTerms()
"""A device of any driver: `device.of(domain)`, `.attr(name)`, `.capacity(name)`, `.driver`."""
