"""Statements of what is not a call: selections, lists and maps."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import ExitStack
from typing import Any, Final

from dra.cel.declarations import LIST_COST, MAP_COST
from dra.cel.interpreter.written.calling import call
from dra.cel.interpreter.written.looping import comprehension
from dra.cel.interpreter.written.script import Operand, Script
from dra.cel.syntax import Call, Comprehension, ListExpr, MapExpr, Select
from dra.cel.types import INT, STRING

__all__ = ["WAYS"]


def _select(script: Script, node: Select) -> Operand:
    base = script.resolve(node.operand).code
    result, paid = script.name(), script.name()
    find = f"tested({base}, {node.field!r})" if node.test else f"follow({base}, {node.field!r}, False)"
    script.emit(f"{result}, {paid} = {find}")
    script.emit(f"c += {paid}")
    return Operand(result, is_lifted=not node.test)


def _list(script: Script, node: ListExpr) -> Operand:
    result = script.name()
    with ExitStack() as blocks:
        codes, fails = [], False
        for index, element in enumerate(node.elements):
            found = script.value(element)
            code = script.named(found) if found.fails or index in node.optional else found.code
            fails = fails or found.fails
            if found.fails:
                script.emit(f"if {code}.__class__ is Failure: {result} = {code}")
                blocks.enter_context(script.block("else:"))
            if index in node.optional:
                fails = True
                refused = f"not_optional('list element', {code})"
                script.emit(f"if {code}.__class__ is not Optional: {result} = {refused}")
                blocks.enter_context(script.block("else:"))
                codes.append(f"*(({code}.value,) if {code}.present else ())")
            else:
                codes.append(code)
        script.emit(f"{result} = ({''.join(f'{code}, ' for code in codes)})")
    script.cost += LIST_COST
    return Operand(result, fails)


def _map(script: Script, node: MapExpr) -> Operand:
    result, made = script.name(), script.name()
    with ExitStack() as blocks:
        script.emit(f"{made} = {{}}")
        for entry in node.entries:
            codes = []
            for part in (entry.key, entry.value):
                found = script.value(part)
                codes.append(script.named(found) if found.fails else found.code)
                if found.fails:
                    script.emit(f"if {codes[-1]}.__class__ is Failure: {result} = {codes[-1]}")
                    blocks.enter_context(script.block("else:"))
            if script.type_of(entry.key) in (INT, STRING) and not entry.optional:
                script.emit(f"{made}[{codes[0]}] = {codes[1]}")
                continue
            script.emit(f"{result} = put({made}, {codes[0]}, {codes[1]}, optional={entry.optional})")
            blocks.enter_context(script.block(f"if {result} is None:"))
        script.emit(f"{result} = {made}")
    script.cost += MAP_COST
    return Operand(result)


WAYS: Final[dict[type, Callable[[Script, Any], Operand]]] = {
    Select: _select,
    Call: call,
    ListExpr: _list,
    MapExpr: _map,
    Comprehension: comprehension,
}
