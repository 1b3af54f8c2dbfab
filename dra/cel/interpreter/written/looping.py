"""Statements of comprehensions: loops within loops, and the loop that is the whole function."""

from __future__ import annotations

from typing import Final

import attrs

from dra.cel.codegen.writer import NotGenerated
from dra.cel.declarations import LIST_COST
from dra.cel.dispatch import implementation
from dra.cel.interpreter.written.constants import constant_value
from dra.cel.interpreter.written.script import Bound, Local, Operand, Script
from dra.cel.shapes import Shape, shape
from dra.cel.syntax import Comprehension, Literal
from dra.cel.types import BOOL, DYN

__all__ = ["comprehension", "outermost"]

_TRUE: Final = Literal(0, True)
# What each gives in the end, and at which cost.
_RESULTS: Final = {
    "collect": ("tuple({items})", 1),
    "count": ("len({items}) == 1", 2),
    "insert": ("{items}", 1),
    "merge": ("{items}", 1),
}


def comprehension(script: Script, node: Comprehension) -> Operand:
    """A loop within the loop, or `cel.bind`."""
    if node.is_bind:
        return _bind(script, node)
    found = shape(node)
    if found is None:
        raise NotGenerated
    over = script.value(node.range)
    items, failed, result, elements = (script.name() for _ in range(4))
    code = script.named(over)
    through = f"pairs({code})" if node.second else f"{code} if {code}.__class__ is tuple else entries({code})"
    script.emit(f"{elements} = {through}")
    script.emit(f"if {elements}.__class__ is Failure: {result} = {elements}")
    with script.block("else:"):
        if found.ends is None:
            script.emit(f"{items} = {'{}' if found.kind in ('insert', 'merge') else '[]'}")
        else:
            script.emit(f"{result}, {elements} = {not found.ends}, iter({elements})")
        script.emit(f"{failed} = None")
        _loop(script, node, found, _Names(elements, items, failed, result))
        if found.ends is None:
            made, cost = _RESULTS[found.kind]
            script.emit(f"{result} = {made.format(items=items)} if {failed} is None else {failed}")
            script.cost += cost
        else:
            script.cost += 1
    return Operand(result)


@attrs.frozen
class _Names:
    """The Python variables of a loop."""

    elements: str
    items: str
    failed: str
    result: str  # empty for the outermost loop, which returns it


def outermost(script: Script, node: Comprehension, found: Shape) -> None:
    """The loop that the function is about."""
    _loop(script, node, found, _Names("elements", "items", "failed", ""))
    script.emit("return DONE, c, None, failed")


def _loop(script: Script, node: Comprehension, found: Shape, names: _Names) -> None:
    first, second = script.name(), script.name() if node.second else ""
    variables = f"{first}, {second}" if second else first
    script.entry = script.entry or variables
    script.preludes.append(script.prelude())
    level = len(script.preludes)
    script.scopes.append(
        {node.variable: Local(first, level)} | ({node.second: Local(second, level)} if second else {})
    )
    element = DYN if second else script.certainty.element(node.range)
    script.certainty.scopes.append({node.variable: element, node.second: DYN})
    with script.block(f"for {variables} in {names.elements}:"):
        if not names.result:
            script.emit("before = c")
        _ELEMENT[found.kind](script, found, names)
    script.certainty.scopes.pop()
    script.scopes.pop()
    script.preludes.pop()
    if found.ends is not None and names.result:
        script.emit(f"else: {names.result} = {not found.ends} if {names.failed} is None else {names.failed}")


def _quantify(script: Script, found: Shape, names: _Names) -> None:
    test, ends = found.test or _TRUE, found.ends
    script.cost += found.steps
    answer = script.value(test)
    code = script.named(answer)
    script.check()
    with script.block(f"if {code} is {ends}:"):
        if names.result:
            script.emit(f"{names.result} = {ends}")
            script.emit(f"for _ in {names.elements}:")
            script.emit(f" c += {found.steps - 1}; break")
            script.emit("break")
        else:
            script.emit("return STOPPED, c, None, failed")
    if answer.fails or script.type_of(test) != BOOL:
        test_failed = f"{code} is not {not ends} and {names.failed} is None"
        script.emit(f"elif {test_failed}: {names.failed} = condition_failure({code})")


def _count(script: Script, found: Shape, names: _Names) -> None:
    test = found.test or _TRUE
    answer = script.value(test)
    code = script.named(answer)
    script.pay()
    with script.block(f"if {code} is True:"):
        script.cost += 2
        script.check()
        script.emit(f"{names.items}.append(None)")
    _otherwise(script, code, names, is_certain=not answer.fails and script.type_of(test) == BOOL)


def _chosen(script: Script, found: Shape, names: _Names) -> None:
    """An element that is collected if it passes the test."""
    add = _ADD[found.kind]
    if found.test is None:
        add(script, found, names)
        return
    answer = script.value(found.test)
    code = script.named(answer)
    script.pay()
    with script.block(f"if {code} is True:"):
        add(script, found, names)
    _otherwise(script, code, names, is_certain=not answer.fails and script.type_of(found.test) == BOOL)


def _otherwise(script: Script, code: str, names: _Names, *, is_certain: bool) -> None:
    """What a test that is not true leads to: the last one that fails is the failure of the whole."""
    script.emit(f"elif c > limit: {script.trouble}")
    if not is_certain:
        script.emit(f"elif {code} is not False: {names.failed} = condition_failure({code})")


def _collect(script: Script, found: Shape, names: _Names) -> None:
    part = found.element or _TRUE
    is_constant = constant_value(script.checked, script.environment, part) is not None
    value = script.value(part)
    code = script.named(value) if value.fails else value.code
    script.cost += 2 + (0 if is_constant else LIST_COST)
    script.check()
    added = f"{names.items}.append({code})"
    if not value.fails:
        script.emit(added)
        return
    script.emit(f"if {code}.__class__ is not Failure: {added}")
    script.emit(f"elif {names.failed} is None: {names.failed} = {code}")


def _insert(script: Script, found: Shape, names: _Names) -> None:
    script.cost += 1
    script.check()
    with script.block(f"if {names.failed} is None:"):
        key = script.named(script.value(found.key or _TRUE))
        value = script.named(script.value(found.element or _TRUE))
        script.cost += 1
        script.check()
        name = script.name()
        script.emit(f"{name} = {key} if {key}.__class__ is int else map_key({key})")
        script.emit(f"if {value}.__class__ is Failure: {names.failed} = {value}")
        script.emit(f"elif {name} in {names.items}: {names.failed} = exists_already({name})")
        script.emit(f"else: {names.items}[{name}] = {value}")


def _merge(script: Script, found: Shape, names: _Names) -> None:
    more = script.named(script.value(found.element or _TRUE))
    script.cost += 2
    script.check()
    step = found.insert
    if step is None:
        raise NotGenerated
    called = implementation(script.environment, step, script.checked.overloads[step.id])
    script.emit(
        f"if {names.failed} is None: {names.failed} = merge({script.constant(called)}, {names.items}, {more})"
    )


def _bind(script: Script, node: Comprehension) -> Operand:
    """`cel.bind`: wherever the variable is used, it is computed unless it has been."""
    name = script.name()
    script.emit(f"{name} = UNSET")
    script.scopes.append({node.accumulator: Bound(name, node.initial, tuple(script.scopes))})
    script.certainty.scopes.append({node.accumulator: DYN})
    found = script.value(node.result)
    script.certainty.scopes.pop()
    script.scopes.pop()
    return found


_ELEMENT: Final = {
    "all": _quantify,
    "exists": _quantify,
    "count": _count,
    "collect": _chosen,
    "insert": _chosen,
    "merge": _chosen,
}
_ADD: Final = {"collect": _collect, "insert": _insert, "merge": _merge}
