"""Turns a checked expression into one Python expression over a bound device: the fast evaluator.

The generated code gives CEL's value or raises; then the interpreter decides. That is right because CEL has
no side effects: whatever Python's `and`, `or`, `if` and `all` do not look at, CEL's would not have changed
the value either. So the code must raise wherever CEL fails, in particular where Python is more lenient: a
bool is no number, an integer overflows, a value of an unexpected class is refused.

Attributes and capacities are read from flat dicts by their full names, so the usual selector is a handful
of dict look-ups and comparisons. For devices that lack some of them there is a second expression, which
`forgiving` writes.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final, TypeAlias

import attrs

from dra.cel.checker import Checked
from dra.cel.codegen import calling, looping, reading
from dra.cel.codegen.forgiving import forgiving
from dra.cel.codegen.memo import remembered
from dra.cel.codegen.runtime import NAMES, Missing
from dra.cel.codegen.writer import NotGenerated, Writer
from dra.cel.device import BoundDevice
from dra.cel.env import Environment
from dra.cel.library.operators import RELATIONS
from dra.cel.syntax import Call, Comprehension, ListExpr, MapExpr, Select
from dra.cel.types import Type
from dra.cel.values import Value

__all__ = ["Generated", "Missing", "NotGenerated", "generate"]

Function: TypeAlias = Callable[[BoundDevice], Value]

_SPECIAL: Final[dict[str, Callable[[Writer, Call, Type | None], str]]] = {
    "_&&_": calling.conjunction,
    "_||_": calling.disjunction,
    "_?_:_": calling.conditional,
    "_==_": calling.equality,
    "_!=_": calling.equality,
    **dict.fromkeys(RELATIONS, calling.relation),
    "_[_]": reading.index,
    "_[?_]": reading.optional_link,
    "_?._": reading.optional_link,
    "@in": reading.membership,
    "hasValue": reading.has_value,
    "orValue": reading.or_value,
}


def _call(writer: Writer, node: Call, wanted: Type | None) -> str:
    if node.function == "or":
        raise NotGenerated
    code = remembered(writer, node, wanted)
    return _SPECIAL.get(node.function, calling.call)(writer, node, wanted) if code is None else code


def _comprehension(writer: Writer, node: Comprehension, wanted: Type | None) -> str:
    code = None if node.is_bind else remembered(writer, node, wanted)
    return looping.comprehension(writer, node, wanted) if code is None else code


_WAYS: Final[dict[type, Any]] = {
    Select: reading.select,
    Call: _call,
    ListExpr: looping.list_literal,
    MapExpr: looping.map_literal,
    Comprehension: _comprehension,
}


@attrs.frozen
class Generated:
    """The fast evaluator of an expression.

    Attributes:
        body: The Python expression.
        functions: What it calls, as source.
        names: What both refer to.
    """

    body: str
    functions: str
    names: dict[str, object]

    @property
    def tables(self) -> str:
        """The line that fetches the tables the expression looks into."""
        used = [name for name in ("attributes", "capacity") if name in self.body]
        return "; ".join(f"{name} = device.{name}" for name in used) or "pass"

    def run(self, device: BoundDevice) -> Value:
        """The value for a device; raises anything at all where CEL would fail, and where in doubt."""
        made: Function = self._made(f"def selector(device):\n {self.tables}\n return {self.body}\n")[
            "selector"
        ]
        return made(device)

    def asking(self, decide: Function) -> Function:
        """The expression as a function of a bound device, which asks another where in doubt.

        A `Missing` it raises as `EvaluationError`.
        """
        source = (
            "def selector(device):\n"
            " try:\n"
            f"  {self.tables}\n"
            f"  found = {self.body}\n"
            " except Exception:\n"
            "  found = None\n"
            " if found.__class__ is Missing:\n"
            "  raise EvaluationError(found.message, value=found.expression)\n"
            " return decide(device) if found is None else found\n"
        )
        made: Function = self._made(source, decide=decide)["selector"]
        return made

    def matcher(
        self, bind: Callable[..., BoundDevice], forgiving: Callable[[], Function], decide: Function
    ) -> Any:
        """The expression as a function of any device, which always answers or raises `EvaluationError`.

        Args:
            bind: Makes a bound device of anything else.
            forgiving: Makes what answers where the device lacks something, when that first happens.
            decide: Answers where the expression raises anything else.
        """
        source = (
            "def selector(device, driver=''):\n"
            " if device.__class__ is not BoundDevice:\n"
            "  device = bind(device, driver)\n"
            " try:\n"
            f"  {self.tables}\n"
            f"  return {self.body}\n"
            " except KeyError:\n"
            "  answer = without\n"
            " except Exception:\n"
            "  answer = decide\n"
            " return answer(device)\n"
        )

        def without(device: BoundDevice) -> Value:
            namespace["without"] = made = forgiving()
            return made(device)

        namespace = self._made(source, BoundDevice=BoundDevice, bind=bind, without=without, decide=decide)
        return namespace["selector"]

    def _made(self, source: str, **names: object) -> dict[str, Any]:
        """The names that a source defines."""
        namespace = NAMES | self.names | names
        try:
            exec(compile(self.functions + source, "<CEL>", "exec"), namespace)  # noqa: S102 - of names made here
        except (SyntaxError, MemoryError, RecursionError, OverflowError):
            raise NotGenerated from None
        return namespace


def generate(checked: Checked, environment: Environment, *, forgive: bool = False) -> Generated:
    """The fast evaluator of an expression.

    Args:
        checked: The expression.
        environment: What it was checked in.
        forgive: Whether to write the code for devices that lack something: it gives a `Missing` where the
            answer is that failure.

    Raises:
        NotGenerated: The expression has something that only the interpreter evaluates.
    """
    writer = Writer(checked, environment, _WAYS)
    root = checked.ast.root
    try:
        body = forgiving(writer, root) if forgive else writer.boolean(root)
    except RecursionError:
        raise NotGenerated from None
    return Generated(body, "".join(writer.functions), writer.constants)
