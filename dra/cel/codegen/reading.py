"""Code that looks for what may not be there: `has`, `in`, selections and optional links.

Attributes and capacities are in flat dicts by their full names, so most of it is one look-up.
"""

from __future__ import annotations

from dra.cel.codegen.calling import call
from dra.cel.codegen.writer import NotGenerated, Writer
from dra.cel.path import DevicePath
from dra.cel.syntax import Call, ListExpr, Literal, Node, Select
from dra.cel.types import STRING, Type
from dra.cel.values import Optional, Uint, Value, map_key

__all__ = ["has_value", "index", "membership", "optional_link", "or_value", "select"]


def select(writer: Writer, node: Select, _wanted: Type | None = None) -> str:
    """`value.field` and `has(value.field)`."""
    if not node.test:
        return f"get({plain(writer, node.operand)}, {node.field!r})"
    path = writer.path(node.operand)
    if path is not None and path.domain is not None and path.name is None:
        return f"({path.child(node.field).full_name!r} in {path.field})"
    return f"has({plain(writer, node.operand)}, {node.field!r})"


def plain(writer: Writer, node: Node) -> str:
    """A value that is no optional: selecting from one would make the rest of the chain optional."""
    if writer.checked.types[node.id].is_optional:
        raise NotGenerated
    return writer.code(node)


def index(writer: Writer, node: Call, _wanted: Type | None = None) -> str:
    """`value[key]`."""
    operand, key = node.arguments
    return f"get({plain(writer, operand)}, {plain(writer, key)})"


def optional_link(writer: Writer, node: Call, _wanted: Type | None = None) -> str:
    """`value.?field` and `value[?key]`."""
    operand, key = node.arguments
    flat = _flat_entry(writer, operand, key)
    if flat is not None:
        table, full_name = flat
        return f"present({table}.get({full_name!r}, MISSING))"
    if isinstance(operand, Select) and writer.checked.types[operand.operand.id].is_optional:
        raise NotGenerated  # a selection from something optional, whose links are all optional
    return f"optional({writer.code(operand)}, {plain(writer, key)})"


def _flat_link(writer: Writer, node: Node) -> tuple[str, str] | None:
    """Table and full name of an optional link that is one look-up."""
    if isinstance(node, Call) and node.function in ("_[?_]", "_?._"):
        return _flat_entry(writer, *node.arguments)
    return None


def _flat_entry(writer: Writer, operand: Node, key: Node) -> tuple[str, str] | None:
    """Table and full name, where an optional link is one look-up in the device."""
    path = writer.path(operand)
    if path is None and isinstance(operand, Call) and operand.function in ("_[?_]", "_?._"):
        path = _optional_domain(writer, operand)
    if path is None or path.domain is None or path.name is not None or not isinstance(key, Literal):
        return None
    full_name = path.child(key.value).full_name if isinstance(key.value, str) else None
    return (path.field, full_name) if full_name is not None else None


def _optional_domain(writer: Writer, link: Call) -> DevicePath | None:
    """The path of a domain: an unknown one is an empty map, so the link to it is never missing."""
    outer, domain = link.arguments
    base = writer.path(outer)
    if base is not None and base.field and base.domain is None and isinstance(domain, Literal):
        return base.child(str(domain.value))
    return None


def has_value(writer: Writer, node: Call, wanted: Type | None = None) -> str:
    """`optional.hasValue()`."""
    flat = _flat_link(writer, node.operands[0])
    if flat is not None:
        return f"({flat[1]!r} in {flat[0]})"
    return call(writer, node, wanted)


def or_value(writer: Writer, node: Call, _wanted: Type | None = None) -> str:
    """`optional.orValue(default)`."""
    target, default = node.operands
    flat = _flat_link(writer, target)
    if flat is not None and isinstance(default, Literal):
        return f"{flat[0]}.get({flat[1]!r}, {writer.code(default)})"
    if not writer.may_assign:
        raise NotGenerated
    found = writer.name()
    if flat is not None:
        otherwise = writer.lazily(lambda: writer.code(default))
        return f"({found} if ({found} := {flat[0]}.get({flat[1]!r})) is not None else {otherwise})"
    wrapped = writer.guarded(writer.code(target), Optional)
    otherwise = writer.lazily(lambda: writer.code(default))
    return f"({found}.value if ({found} := {wrapped}).present else {otherwise})"


def membership(writer: Writer, node: Call, wanted: Type | None = None) -> str:
    """`item in elements`."""
    item, elements = node.arguments
    path = writer.path(elements)
    if path is not None and path.domain is not None and path.name is None and isinstance(item, Literal):
        if not isinstance(item.value, str):
            return "False"
        return f"({path.child(item.value).full_name!r} in {path.field})"
    if isinstance(elements, ListExpr) and not elements.optional:
        values = [element.value for element in elements.elements if isinstance(element, Literal)]
        if len(values) == len(elements.elements):
            return _in_constants(writer, item, values)
    return call(writer, node, wanted)


def _in_constants(writer: Writer, item: Node, values: list[Value]) -> str:
    if not values:
        return "False"
    if not all(value.__class__ in (bool, int, Uint, float, str) for value in values):
        raise NotGenerated
    wanted = writer.constant(frozenset(map(map_key, values)))
    code = writer.code(item)
    if writer.type_of(item) == STRING:
        return f"({code} in {wanted})"
    if not writer.may_assign:
        return f"within({code}, {wanted})"
    name = writer.name()
    likely = "int" if values[0].__class__ is int else "str"
    return f"({name} in {wanted} if ({name} := {code}).__class__ is {likely} else within({name}, {wanted}))"
