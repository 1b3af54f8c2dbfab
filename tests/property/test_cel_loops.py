"""Long loops: whatever runs them, value, error and cost are those of the macros written out."""

from __future__ import annotations

from collections.abc import Iterator
from random import Random

import pytest

from dra import Features, cel
from dra.cel.env import environment
from dra.cel.interpreter import CostLimitExceeded, Frame, InternalError, Program, plan
from dra.cel.interpreter.written import generate_loop
from dra.cel.selector import checked
from dra.cel.syntax import Comprehension, Node
from dra.cel.values import Failure
from tests.property.cel_expressions import DEVICES, Expressions

BOUND = [cel.BoundDevice(device, driver=device["driver"]) for device in DEVICES]
ENVIRONMENT = environment(features=Features.all())
ANY_PLACE = dict.fromkeys(("a", "i", "x", "y"), 0)  # variables around a loop
ELEMENTS = 300  # enough for code to be generated


def outcome(program: Program, device: cel.BoundDevice, limit: int) -> tuple[str, int]:
    """What an evaluation gives, an error included, and what it cost until then."""
    frame = Frame({"device": device.view}, program.slots, limit)
    try:
        return repr(program.run(frame)), frame.cost
    except (CostLimitExceeded, InternalError) as ended:
        return str(ended), frame.cost


def all_nodes(node: Node) -> Iterator[Node]:
    yield node
    for child in node.children:
        yield from all_nodes(child)


class Loops(Expressions):
    """Writes comprehensions over a long list, with whatever may be in one."""

    def loop(self) -> str:
        macro = self.random.choice(
            ("all", "exists", "exists_one", "filter", "map", "map3", "two", "entries", "merged", "optional")
        )
        over = self.random.choice(
            (
                "lists.range(20)",
                f"lists.range({ELEMENTS})",
                f"lists.range({ELEMENTS}).map(n, string(n))",
                "b0",
            )
        )
        variable = f"n{len(self.variables)}"
        self.variables[variable] = "string" if "string" in over else "int"
        depth = self.random.randint(1, 3)
        nested = len(self.variables) < 3 and self.random.random() < 0.15
        test = self.loop() if nested else self.of("bool", depth)
        element = self.of(self.random.choice(("int", "string", "bool")), depth)
        self.variables.pop(variable)
        return {
            "map": f"{over}.map({variable}, {element}).size() > 2",
            "map3": f"{over}.map({variable}, {test}, {element}).size() > 2",
            "filter": f"{over}.filter({variable}, {test}) == []",
            "two": f"{over}.all(i, {variable}, i >= 0 && ({test}))",
            "merged": f"{over}.transformMapEntry(i, {variable}, {test}, {{i: {element}}}).size() == 3",
            "optional": f"{over}.map({variable}, [?optional.of({element}), 1].size() + 0).size() > 2",
            "entries": f"{over}.transformMap(i, {variable}, {test}, {element}).size() == 3",
        }.get(macro, f"{over}.{macro}({variable}, {test})")


def written(random: Random) -> str:
    loop = Loops(random).loop()
    return f"cel.bind(b0, {random.choice((f'lists.range({ELEMENTS})', '[1/0]', '[1, 2]'))}, {loop})"


def disagreements(seed: int, count: int) -> list[str]:
    random = Random(seed)
    found = []
    for _ in range(count):
        expression = written(random)
        try:
            tree = checked(expression, ENVIRONMENT)
            quick, exact = plan(tree, ENVIRONMENT), plan(tree, ENVIRONMENT, watched=True)
        except (cel.CompileError, Failure):
            continue
        device, limit = random.choice(BOUND), random.choice((1_000_000, random.randint(1, 6_000)))
        one, other = outcome(quick, device, limit), outcome(exact, device, limit)
        if one != other:
            found.append(f"{expression}: {one}, written out {other} for {device}, at most {limit}")
    return found


# Of each kind of loop, some in which every element fails, or some do.
FAILING = (
    "lists.range(300).all(x, x / (x - x) == 1)",
    "lists.range(300).exists(x, 1 / (x - 299) == 1 || x % (x - x) == 0)",
    "lists.range(300).exists_one(x, 5 % (x - 7) == 5)",
    "lists.range(300).filter(x, x > 3 && 1 / (x - 5) == 0).size() > 0",
    "lists.range(300).map(x, x - 9223372036854775807 - 2).size() > 0",
    "lists.range(300).map(x, x > 9, 7 / (x - 11)).size() > 0",
    "lists.range(300).map(x, [x].map(y, y / (x - x))) == [[1]]",
    "lists.range(300).exists(x, lists.range(x % 9).exists(y, y / (y - y) == 1) || x == 299)",
    "lists.range(300).map(x, dyn(x) + 'a').size() > 0",
    "lists.range(300).map(x, dyn(x).foo).size() > 0",
    "lists.range(300).map(x, [1][x]).size() > 0",
    "lists.range(300).map(x, {1: 2}[?x].orValue(x / (x - x))).size() > 0",
    "lists.range(300).map(x, '%s'.format([?dyn(x)])).size() > 0",
    "lists.range(300).map(x, [x][?0].or([1][?x]).value() / x).size() > 0",
    "lists.range(300).transformMap(i, x, 300 / (x - 150)).size() > 0",
    "lists.range(300).transformMapEntry(i, x, {x / 2: i}).size() > 0",
    "lists.range(300).transformMapEntry(i, x, dyn(x == 200 ? dyn([1]) : dyn({x: i}))).size() > 0",
    "lists.range(300).transformMapEntry(i, x, x != 5, {i: x, ?-1: optional.none()}).size() == 299",
    "lists.range(300).map(x, cel.bind(a, x / (x - x), x > 5 ? a : a + x)).size() > 0",
    "cel.bind(a, 1 / (1 - 1), lists.range(300).exists(x, x == 299 || a == x))",
    "lists.range(300).exists(x, string(x) + device.driver == 'a' || int(string(x) + 'a') == 3)",
    "lists.range(300).map(x, string(x)).exists(x, x.matches('(9+)$') && int(x) / 0 == 1)",
    "lists.range(300).filter(x, dyn(x)).size() > 0",
    "lists.range(300).all(x, dyn(x).all(y, true))",
    "lists.range(300).all(x, -9223372036854775808 / (x - 1) != 4 && -9223372036854775808 % (x - 1) != 4)",
    "lists.range(300).map(x, x < 150 ? [x] : dyn('a')).exists(y, y[0] == 1 && y in [[7]] || y.size() == 9)",
)


@pytest.mark.parametrize("limit", [1_000_000, 1_500, 3_001])
@pytest.mark.parametrize("expression", FAILING)
def test_failing_elements_give_what_the_macros_written_out_give(expression: str, limit: int) -> None:
    tree = checked(expression, ENVIRONMENT)
    quick, exact = plan(tree, ENVIRONMENT), plan(tree, ENVIRONMENT, watched=True)
    assert outcome(quick, BOUND[0], limit) == outcome(exact, BOUND[0], limit)


@pytest.mark.parametrize("expression", FAILING)
def test_every_kind_of_loop_can_be_written(expression: str) -> None:
    tree = checked(expression, ENVIRONMENT)
    loops = [
        node for node in all_nodes(tree.ast.root) if isinstance(node, Comprehension) and not node.is_bind
    ]
    assert all(generate_loop(tree, ENVIRONMENT, loop, [ANY_PLACE]) for loop in loops)


@pytest.mark.parametrize("seed", range(2))
def test_long_loops_give_what_the_macros_written_out_give(seed: int) -> None:
    assert disagreements(seed, 50) == []


@pytest.mark.nightly
@pytest.mark.parametrize("seed", range(100, 110))
def test_very_many_long_loops_give_what_the_macros_written_out_give(seed: int) -> None:
    assert disagreements(seed, 1_000) == []
