"""Recognises which part of the device an expression names: `device.attributes["dra.example.com"].model`."""

from __future__ import annotations

from collections.abc import Callable

import attrs

from dra.cel.syntax import Call, Ident, Literal, Node, Select

__all__ = ["DevicePath", "device_path"]

_TABLES = ("attributes", "capacity")


@attrs.define(unsafe_hash=True)  # not frozen: that takes twice the time to make
class DevicePath:
    """A part of the device, as far as constants name it.

    Attributes:
        field: `driver`, `attributes`, ...; empty for the device itself.
        domain: Of an attribute or a capacity.
        name: Of an attribute or a capacity, without the domain.

    Example:
        >>> DevicePath().child("attributes").child("gpu.example.com").child("model").full_name
        'gpu.example.com/model'
    """

    field: str = ""
    domain: str | None = None
    name: str | None = None

    @property
    def full_name(self) -> str | None:
        """Domain and name as a bound device has them, None if this is no attribute or capacity."""
        if self.domain is None or self.name is None or "/" in self.domain:
            return None
        return f"{self.domain}/{self.name}"

    def child(self, step: str) -> DevicePath:
        """What one more selection leads to."""
        if not self.field:
            return DevicePath(step)
        if self.domain is None:
            return DevicePath(self.field, step)
        return DevicePath(self.field, self.domain, step)

    @property
    def has_children(self) -> bool:
        """Whether a selection from it leads to another part of the device."""
        return not self.field or (self.field in _TABLES and self.name is None)


def device_path(node: Node, variable: Callable[[str], DevicePath | None]) -> DevicePath | None:
    """The part of the device that a node names by constants only, if it does.

    Args:
        node: What to look at.
        variable: What a name stands for, None if for no part of the device.
    """
    if isinstance(node, Ident):
        return variable(node.name)
    if isinstance(node, Select) and not node.test:
        operand, step = node.operand, node.field
    elif isinstance(node, Call) and node.function == "_[_]" and isinstance(node.arguments[1], Literal):
        operand, step = node.arguments[0], node.arguments[1].value
    else:
        return None
    base = device_path(operand, variable)
    if base is None or not base.has_children or not isinstance(step, str):
        return None
    found = base.child(step)
    return None if found.name is not None and found.full_name is None else found
