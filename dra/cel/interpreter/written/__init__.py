"""Loops of very many elements as Python functions, which do what the closures do.

Each node of the comprehension becomes a few statements; values, failures and costs are the closures' own, so
that the result needs no second look. Only the element that passes the limit, and one that uses a variable of
`cel.bind` outside that has not been computed, is handed back to the closures.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, Final, TypeAlias

from dra.cel.checker import Checked
from dra.cel.codegen.writer import NotGenerated
from dra.cel.env import Environment
from dra.cel.interpreter.written.looping import outermost
from dra.cel.interpreter.written.nodes import WAYS
from dra.cel.interpreter.written.runtime import NAMES
from dra.cel.interpreter.written.script import Script
from dra.cel.shapes import shape
from dra.cel.syntax import Comprehension
from dra.cel.values import Failure, Value

__all__ = ["DONE", "STOPPED", "TROUBLE", "FastLoop", "Items", "generate_loop"]

DONE: Final = 0
STOPPED: Final = 1
TROUBLE: Final = 2

Items: TypeAlias = "list[Value] | dict[Any, Value]"
# Runs a loop until it ends or there is an element it cannot deal with. It takes the elements, the cost so
# far, its limit, a list or map to collect in, the failure so far, the slots of variables and global names. It
# gives why it ended (`DONE`; `STOPPED`, an element has decided; `TROUBLE`), the cost up to there, the element
# that was trouble, which has left no trace, and the failure.
FastLoop: TypeAlias = Callable[
    ["Iterator[Value]", int, int, Items, "Failure | None", "list[Any]", "Mapping[str, Value]"],
    "tuple[int, int, Any, Failure | None]",
]


def generate_loop(
    checked: Checked, environment: Environment, node: Comprehension, places: Sequence[Mapping[str, int]]
) -> FastLoop | None:
    """Code for a comprehension, or None if it has something that only the closures do.

    Args:
        checked: The expression.
        environment: What it was checked in.
        node: The comprehension.
        places: Slots of the variables around it, by name, the innermost last.
    """
    found = shape(node)
    if found is None:
        return None
    script = Script(checked, environment, places, WAYS)
    names = NAMES | {"DONE": DONE, "STOPPED": STOPPED, "TROUBLE": TROUBLE}
    try:
        outermost(script, node, found)
        names |= script.constants
        source = _SOURCE.format(lines=script.text, trouble=script.trouble)
        exec(compile(source, "<CEL>", "exec"), names)  # noqa: S102 - of names made here
    except (NotGenerated, SyntaxError, MemoryError, RecursionError, OverflowError):
        return None
    made: FastLoop = names["loop"]  # type: ignore[assignment]  # what the source defines
    return made


_SOURCE: Final = """\
def loop(elements, c, limit, items, failed, slots, names):
 before = c
 try:
{lines}
 except Exception:
  {trouble}
"""
