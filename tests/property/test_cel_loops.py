"""Long loops: whatever runs them, value, error and cost are those of the macros written out."""

from __future__ import annotations

from random import Random

import pytest

from dra import Features, cel
from dra.cel.env import environment
from dra.cel.interpreter import CostLimitExceeded, Frame, Program, plan
from dra.cel.selector import checked
from dra.cel.values import Failure
from tests.property.cel_expressions import DEVICES, Expressions

BOUND = [cel.BoundDevice(device, driver=device["driver"]) for device in DEVICES]
ENVIRONMENT = environment(features=Features.all())
ELEMENTS = 300  # enough for code to be generated


def outcome(program: Program, device: cel.BoundDevice, limit: int) -> tuple[str, int]:
    """What an evaluation gives, an error included, and what it cost until then."""
    frame = Frame({"device": device.view}, program.slots, limit)
    try:
        return repr(program.run(frame)), frame.cost
    except CostLimitExceeded:
        return "limit", frame.cost


class Loops(Expressions):
    """Writes comprehensions over a long list, with whatever may be in one."""

    def loop(self) -> str:
        macro = self.random.choice(("all", "exists", "exists_one", "filter", "map", "map3", "two", "entries"))
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


@pytest.mark.parametrize("seed", range(2))
def test_long_loops_give_what_the_macros_written_out_give(seed: int) -> None:
    assert disagreements(seed, 50) == []


@pytest.mark.nightly
@pytest.mark.parametrize("seed", range(100, 110))
def test_very_many_long_loops_give_what_the_macros_written_out_give(seed: int) -> None:
    assert disagreements(seed, 1_000) == []
