"""Evaluating selectors: `python -m benchmarks.cel_eval [DEVICES]`.

Five selectors on a device with 20 attributes and 5 capacities, by both evaluators of `dra.cel`, by cel-python
with both of its runners, and by cel-expr-python with its data converted beforehand. A rival that cannot
evaluate a selector, for want of quantities, versions, bindings or optionals, has a dash. Then compiling, and
all selectors on many devices that are all different (100,000 if not said otherwise).
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from typing import Any

from benchmarks.timing import machine, measure, readable, table
from dra import cel

Call = Callable[[], object]

DRIVER = "gpu.example.com"
SELECTORS = {
    "driver": f'device.driver == "{DRIVER}"',
    "strings": f'device.attributes["{DRIVER}"].a3 == "value-3" && '
    f'device.attributes["{DRIVER}"].a5.matches("^value-[0-9]$")',
    "quantity": f'device.capacity["{DRIVER}"].c1.compareTo(quantity("40Gi")) >= 0',
    "versions": f'device.attributes["{DRIVER}"].version.isGreaterThan(semver("550.0.0")) && '
    f'device.attributes["{DRIVER}"].version.isLessThan(semver("600.0.0"))',
    "bind": f'cel.bind(a, device.attributes["{DRIVER}"], a.a1 in ["value-0", "value-1"] && '
    '["x", "value-2"].exists(v, v == a.a2) && a.?none.orValue("") == "")',
}


def wire(number: int) -> dict[str, Any]:
    """A device; each number gives another one."""
    strings = {f"a{index}": {"string": f"value-{index}"} for index in range(17)}
    own = {
        "uuid": {"string": f"GPU-{number}"},
        "index": {"int": number},
        "version": {"version": f"580.{number}.9"},
    }
    capacity = {f"c{index}": {"value": f"{40 + index}Gi"} for index in range(5)}
    return {"name": f"gpu-{number}", "attributes": strings | own, "capacity": capacity}


def plain(device: dict[str, Any]) -> dict[str, Any]:
    """The device as a rival takes it."""
    attributes = {name: next(iter(value.values())) for name, value in device["attributes"].items()}
    capacity = {name: value["value"] for name, value in device["capacity"].items()}
    return {"device": {"driver": DRIVER, "attributes": {DRIVER: attributes}, "capacity": {DRIVER: capacity}}}


def generated(expression: str, device: cel.BoundDevice) -> Call:
    selector = cel.compile(expression)
    return lambda: selector.matches(device)


def interpreted(expression: str, device: cel.BoundDevice) -> Call:
    selector = cel.compile(expression)
    return lambda: selector.evaluate(device)


def cel_python(expression: str, runner: str) -> tuple[Call, Call]:
    """Compiling and evaluating with cel-python."""
    import celpy
    from celpy import celparser
    from celpy.adapter import json_to_cel

    celparser.CELParser.CEL_PARSER = None  # it keeps the tree class of the runner that came first
    environment = celpy.Environment(runner_class=getattr(celpy, runner))
    data: Any = json_to_cel(plain(wire(0)))
    program = environment.program(environment.compile(expression))
    return lambda: environment.program(environment.compile(expression)), lambda: program.evaluate(data)


def cel_expr(expression: str) -> tuple[Call, Call]:
    """Compiling and evaluating with cel-expr-python, which has extensions for bindings and optionals."""
    from cel_expr_python import cel as engine
    from cel_expr_python.ext.ext_bindings import ExtBindings
    from cel_expr_python.ext.ext_optional import ExtOptional

    environment = engine.NewEnv(
        variables={"device": engine.Type.DYN}, extensions=[ExtBindings(), ExtOptional()]
    )
    program = environment.compile(expression)
    activation = environment.Activation(plain(wire(0)))
    return lambda: environment.compile(expression), lambda: program.eval(activation).value()


def rivals(expression: str) -> dict[str, tuple[Call, Call]]:
    """Those that give the right answer."""
    candidates: dict[str, Callable[[], tuple[Call, Call]]] = {
        "cel-python, interpreted": lambda: cel_python(expression, "InterpretedRunner"),
        "cel-python, compiled": lambda: cel_python(expression, "CompiledRunner"),
        "cel-expr-python": lambda: cel_expr(expression),
    }
    return {name: pair for name, make in candidates.items() if (pair := able(make)) is not None}


def able(make: Callable[[], tuple[Call, Call]]) -> tuple[Call, Call] | None:
    """What `make` gives, unless the engine cannot evaluate the expression."""
    try:
        pair = make()
        right = bool(pair[1]()) is True
    except Exception:  # each engine has its own way to say that it cannot
        return None
    return pair if right else None


def compiling(expression: str) -> Call:
    """Compiling without the cache."""
    from dra.cel.selector import _compiled

    uncached = _compiled.__wrapped__
    environment = cel.compile(expression)._environment
    return lambda: uncached(expression, environment).matches


def main() -> None:
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 100_000
    print(machine())
    device = cel.BoundDevice(wire(0), driver=DRIVER)
    evaluation: dict[str, list[str]] = {}
    compilation: dict[str, list[str]] = {}
    for place, expression in enumerate(SELECTORS.values()):
        others = rivals(expression)
        calls = {
            "dra, generated": generated(expression, device),
            "dra, interpreted": interpreted(expression, device),
        }
        for name, call in (calls | {name: pair[1] for name, pair in others.items()}).items():
            evaluation.setdefault(name, ["-"] * len(SELECTORS))[place] = readable(measure(call).median)
        for name, call in (
            {"dra": compiling(expression)} | {name: pair[0] for name, pair in others.items()}
        ).items():
            compilation.setdefault(name, ["-"] * len(SELECTORS))[place] = readable(measure(call).median)
    print(table(["evaluate", *SELECTORS], [[name, *row] for name, row in evaluation.items()]))
    print()
    print(table(["compile", *SELECTORS], [[name, *row] for name, row in compilation.items()]))
    print()
    wires = [wire(number) for number in range(count)]
    start = time.perf_counter()
    bound = [cel.BoundDevice(each, driver=DRIVER) for each in wires]
    middle = time.perf_counter()
    selectors = [cel.compile(expression) for expression in SELECTORS.values()]
    matching = sum(selector.matches(each) for selector in selectors for each in bound)
    end = time.perf_counter()
    print(
        f"{count:,} different devices x {len(selectors)} selectors: convert {readable(middle - start)}, ",
        end="",
    )
    print(f"evaluate {readable(end - middle)}; {matching:,} matches")


if __name__ == "__main__":
    main()
