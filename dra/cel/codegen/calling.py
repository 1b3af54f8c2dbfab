"""Code of calls and operators: the overload that was checked, inline where that is safe."""

from __future__ import annotations

from functools import partial
from typing import Final

from dra.cel.codegen.writer import NotGenerated, Writer
from dra.cel.declarations import Overload
from dra.cel.dispatch import implementation
from dra.cel.regex import compile as compile_regex
from dra.cel.syntax import Call, Literal, Node
from dra.cel.types import STRING, Kind, Type
from dra.cel.values import Failure, python_class, sure

__all__ = [
    "call",
    "computed",
    "conditional",
    "conjunction",
    "disjunction",
    "equality",
    "relation",
]

_SCALARS: Final = frozenset(
    (Kind.BOOL, Kind.INT, Kind.UINT, Kind.DOUBLE, Kind.STRING, Kind.BYTES, Kind.DURATION, Kind.TIMESTAMP)
)


# Logic


def conjunction(writer: Writer, node: Call, _wanted: Type | None = None) -> str:
    """`left && right`."""
    return _junction(writer, "and", node)


def disjunction(writer: Writer, node: Call, _wanted: Type | None = None) -> str:
    """`left || right`."""
    return _junction(writer, "or", node)


def _junction(writer: Writer, operator: str, node: Call) -> str:
    # Both are lazy: what is missing on the left, the right may absorb.
    left, right = (writer.lazily(partial(writer.boolean, part)) for part in node.arguments)
    return f"({left} {operator} {right})"


def conditional(writer: Writer, node: Call, wanted: Type | None = None) -> str:
    """`condition ? when : otherwise`."""
    condition, when, otherwise = node.arguments
    test = writer.boolean(condition)
    first, second = (writer.lazily(partial(writer.part, part, wanted)) for part in (when, otherwise))
    return f"({first} if {test} else {second})"


# Equality and order


def equality(writer: Writer, node: Call, _wanted: Type | None = None) -> str:
    """`left == right` and `left != right`."""
    code = _equal(writer, *node.arguments)
    return f"(not {code})" if node.function == "_!=_" else code


def _equal(writer: Writer, left: Node, right: Node) -> str:
    kinds = writer.type_of(left), writer.type_of(right)
    by = _ordered_by(writer, left, right)
    if by is not None:
        return by
    if kinds[0] == kinds[1] and kinds[0].kind in _SCALARS:
        return f"({writer.code(left)} == {writer.code(right)})"
    first, second = writer.code(left), writer.code(right)
    for code, other, kind in ((first, right, kinds[1]), (second, left, kinds[0])):
        one = python_class(kind)
        if kind.kind in _SCALARS and one is not None and writer.is_simple(other) and writer.may_assign:
            name, constant = writer.name(), writer.code(other)
            sides = f"{name}, {constant}" if other is right else f"{constant}, {name}"
            guard = f"({name} := {code}).__class__ is {writer.class_name(one)}"
            return f"({name} == {constant} if {guard} else equal({sides}))"
    return f"equal({first}, {second})"


def _ordered_by(writer: Writer, left: Node, right: Node) -> str | None:
    """Equality with a constant such as `quantity("10Gi")`, decided by what orders such values."""
    by = order_key(python_class(writer.type_of(right)))
    code = computed(writer, right) if by and writer.may_assign else None
    if code is None:
        return None
    constant = writer.constants[code]
    kind = type(constant)
    name = writer.name()
    guard = f"({name} := {writer.code(left)}).__class__ is {writer.class_name(kind)}"
    return f"({name}.{by} == {writer.literal(getattr(constant, by))} if {guard} else equal({name}, {code}))"


def order_key(kind: type | None) -> str:
    """The attribute by which values of a class are compared, empty if there is none."""
    return getattr(kind, "order_key", "")


def relation(writer: Writer, node: Call, wanted: Type | None = None) -> str:
    """`left < right` and its kin; `a.compareTo(b) < 0` asks what `a < b` would."""
    left, right = node.arguments
    is_zero = isinstance(right, Literal) and right.value == 0 and right.value is not False
    if isinstance(left, Call) and is_zero:
        overloads = writer.checked.overloads[left.id]
        if len(overloads) == 1 and overloads[0].orders == "<=>":
            sides = _keys(writer, left, overloads[0])
            if sides is not None:
                return f"({sides[0]} {node.function.strip('_')} {sides[1]})"
    return call(writer, node, wanted)


def _keys(writer: Writer, node: Call, overload: Overload) -> tuple[str, str] | None:
    """The code of what two operands of a Kubernetes type are compared by."""
    if not all(_fits(writer, *pair) for pair in zip(node.operands, overload.parameters, strict=True)):
        return None
    left, right = (_key(writer, *pair) for pair in zip(node.operands, overload.parameters, strict=True))
    return left, right


def _key(writer: Writer, node: Node, wanted: Type) -> str:
    by = order_key(python_class(wanted))
    constant = writer.constants.get(computed(writer, node) or "")
    if constant.__class__ is python_class(wanted):
        return writer.literal(getattr(constant, by))
    # Of all that an attribute may be only the wanted class has the key; any other raises.
    code = writer.code(node) if writer.is_attribute(node) else writer.of(node, wanted)
    return f"{code}.{by}"


# Calls


def call(writer: Writer, node: Call, _wanted: Type | None = None) -> str:
    """Any other call."""
    overloads = writer.checked.overloads[node.id]
    constant = computed(writer, node)
    if constant is not None:
        return constant
    if len(overloads) == 1:
        return _call_one(writer, node, overloads[0])
    return _call_any(writer, node, overloads)


def computed(writer: Writer, node: Node) -> str | None:
    """The constant that a call of literals gives, such as `quantity("10Gi")`."""
    if not isinstance(node, Call) or node.function not in writer.environment.functions:
        return None
    values = [operand.value for operand in node.operands if isinstance(operand, Literal)]
    if not values or len(values) != len(node.operands):
        return None
    try:
        called = implementation(writer.environment, node, writer.checked.overloads[node.id])
        return writer.literal(sure(called(*values)))
    except Failure:
        raise NotGenerated from None


def _call_one(writer: Writer, node: Call, overload: Overload) -> str:
    parts = node.operands
    if node.function == "matches" and isinstance(parts[1], Literal):
        search = writer.constant(compile_regex(str(parts[1].value)).search)
        return f"{search}({writer.of(parts[0], STRING)})"
    if overload.orders in ("<", ">"):
        sides = _keys(writer, node, overload)
        if sides is not None:
            return f"({sides[0]} {overload.orders} {sides[1]})"
    pairs = list(zip(parts, overload.parameters, strict=True))
    if not all(_fits(writer, *pair) for pair in pairs):
        return _call_any(writer, node, (overload,))
    codes = [writer.of(*pair) for pair in pairs]
    if overload.inline:
        return f"({overload.inline.format(*codes)})"
    return writer.sure(f"{writer.constant(overload.implementation)}({', '.join(codes)})")


def _fits(writer: Writer, node: Node, wanted: Type) -> bool:
    """Whether a node's value has the class that a parameter wants, or can be made sure to have it."""
    found = writer.type_of(node)
    if wanted.kind in (Kind.DYN, Kind.PARAMETER):
        return True
    if wanted.parameters:
        unknown = all(inner.kind in (Kind.DYN, Kind.PARAMETER) for inner in wanted.parameters)
        return found.kind is wanted.kind and found.name == wanted.name and unknown
    return found == wanted or (found.is_dyn and python_class(wanted) is not None)


def _call_any(writer: Writer, node: Call, overloads: tuple[Overload, ...]) -> str:
    """A call with operands of unknown type: the likely overload inline, the others through a look-up."""
    called = writer.constant(implementation(writer.environment, node, overloads))
    if len(node.operands) == 2 and writer.may_assign:
        for index in (0, 1):
            code = _likely(writer, node, overloads, index, called)
            if code is not None:
                return code
    return writer.sure(f"{called}({', '.join(map(writer.code, node.operands))})")


def _likely(
    writer: Writer, node: Call, overloads: tuple[Overload, ...], index: int, called: str
) -> str | None:
    """If one operand is unknown and the other a literal: most likely they are of the same type."""
    unknown, known = node.operands[index], node.operands[1 - index]
    if not (writer.type_of(unknown).is_dyn and writer.is_simple(known)):
        return None
    kind = writer.type_of(known)
    same = next((one for one in overloads if one.parameters == (kind, kind) and one.inline), None)
    wanted = python_class(kind)
    if same is None or wanted is None:
        return None
    name, constant = writer.name(), writer.code(known)
    sides = (name, constant) if index == 0 else (constant, name)
    inline = same.inline.format(*sides)
    guard = f"({name} := {writer.code(unknown)}).__class__ is {writer.class_name(wanted)}"
    otherwise = writer.sure(f"{called}({', '.join(sides)})")
    return f"({inline} if {guard} else {otherwise})"
