"""How fast selectors are evaluated and compiled: `python -m benchmarks.cel_eval`.

Five selectors over a device with 20 attributes and 5 capacities, for both tiers of `dra`, both runners of
cel-python and cel-expr-python; then 100,000 devices times five selectors, conversion included.
"""

from __future__ import annotations

import statistics
import sys
import time
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

from benchmarks.cel_rivals import CelCpp, CelPy, Engine
from benchmarks.timing import Measurement, machine, measure, readable, table
from dra import cel
from dra.cel.env import environment
from dra.cel.selector import Selector

DRIVER = "gpu.nvidia.com"
A = f'device.attributes["{DRIVER}"]'
C = f'device.capacity["{DRIVER}"]'
SELECTORS = {
    "S1 driver": f'device.driver == "{DRIVER}"',
    "S2 text": f'{A}.type == "gpu" && {A}.productName.lowerAscii().matches("^.*a100.*$")',
    "S3 quantity": f'{C}.memory.isGreaterThan(quantity("40Gi"))'
    f' && {C}.memory.compareTo(quantity("80Gi")) <= 0',
    "S4 version": f'{A}.driverVersion.isGreaterThan(semver("535.0.0"))'
    f' && {A}.cudaVersion.compareTo(semver("12.0.0")) >= 0',
    "S5 guards": f'cel.bind(d, {A}, "index" in d && d.index in [1, 2, 3]'
    ' && ["A100", "H100"].exists(m, d.productName.contains(m)) && d.?cordoned.orValue(true))',
}
WITHOUT_BIND = {
    "S5 guards": f'"index" in {A} && {A}.index in [1, 2, 3]'
    f' && ["A100", "H100"].exists(m, {A}.productName.contains(m))',
}
MISSES = {
    "missing, guarded": f"has({A}.nope) && {A}.nope == 1",
    "missing, absorbed": f'{A}.nope == 1 || device.driver == "{DRIVER}"',
    "missing, an error": f"{A}.nope == 1",
}
COSTLY = (
    "lists.range(150000).all(x, x >= 0)",
    "lists.range(100000).exists(x, x == -1)",
    "lists.range(60000).map(x, x + 1).size() > 0",
    "lists.range(1000).all(x, lists.range(90).all(y, x + y >= 0))",
    'lists.range(80000).all(x, string(x).matches("^[0-9]+$"))',
    f"lists.range(80000).exists(x, {A}.nope == x)",
    "lists.range(20000).transformMapEntry(i, x, {x: i}).size() > 0",
    "lists.range(60000).exists(x, [x].map(y, y / (x - x)) == [1])",
)
DEVICES = 100_000


def device(number: int) -> dict[str, Any]:
    return {
        "attributes": {
            "type": {"string": "gpu"},
            "productName": {"string": f"NVIDIA {'A100' if number % 2 else 'H100'}-SXM4-80GB"},
            "driverVersion": {"version": "550.54.14"},
            "cudaVersion": {"version": "12.4.0"},
            "index": {"int": number % 8},
            **{f"extra{index}": {"int": index} for index in range(15)},
        },
        "capacity": {
            "memory": {"value": "81559Mi"},
            **{f"c{index}": {"value": str(index)} for index in range(4)},
        },
    }


class Dra:
    """Our own, generated code or the exact interpreter."""

    def __init__(self, *, fast: bool) -> None:
        self.name = "dra" if fast else "dra exact"
        self.fast = fast

    def compile(self, selector: str) -> Callable[[Any], object]:
        compiled = Selector(selector, environment())
        return compiled.matches if self.fast else compiled.evaluate

    def convert(self, found: Any) -> Any:
        return cel.BoundDevice(found, driver=DRIVER)


def selectors_for(engine: Engine) -> dict[str, str]:
    return SELECTORS | WITHOUT_BIND if engine.name.startswith("celpy") else SELECTORS


def evaluation(engine: Engine, selector: str) -> Measurement:
    run, converted = engine.compile(selector), engine.convert(device(1))
    assert run(converted), f"{engine.name}: {selector}"
    return measure(partial(run, converted), runs=60, span=0.005)


def compilation(engine: Engine, selector: str) -> Measurement:
    return measure(lambda: engine.compile(selector), runs=30, span=0.01)


def end_to_end(engine: Engine, count: int) -> float:
    """Seconds for `DEVICES` devices and all selectors, from `count` of them."""
    runs = [engine.compile(selector) for selector in selectors_for(engine).values()]
    devices = [device(number) for number in range(count)]
    start = time.perf_counter()
    for one in devices:
        converted = engine.convert(one)
        for run in runs:
            run(converted)
    return (time.perf_counter() - start) * DEVICES / count


def grid(engines: Sequence[Engine], of: Callable[[Engine, str], Measurement]) -> str:
    rows: list[tuple[object, ...]] = []
    first = 0.0
    for engine in engines:
        found = [of(engine, selector) for selector in selectors_for(engine).values()]
        means = [statistics.fmean(getattr(one, which) for one in found) for which in ("best", "median")]
        first = first or means[0]
        shown = [readable(one.best) for one in found]
        rows.append((engine.name, *shown, *map(readable, means), f"{means[0] / first:.1f}"))
    return table(("", *SELECTORS, "mean", "median mean", "times dra"), rows)


def costly(expression: str) -> tuple[str, str, str]:
    """What an expression costs, and how long it takes."""
    selector = Selector(expression, environment())
    bound, best, cost = cel.BoundDevice(device(1), driver=DRIVER), float("inf"), 0
    for _ in range(3):
        start = time.process_time()
        try:
            cost = selector.evaluate(bound).cost
        except cel.EvaluationError as error:
            cost = error.cost
        best = min(best, time.process_time() - start)
    return expression, f"{cost:,}", readable(best)


def silently(run: Callable[[Any], object], converted: Any) -> object:
    try:
        return run(converted)
    except cel.EvaluationError as error:
        return error


def main(count: int = DEVICES) -> None:
    engines: list[Engine] = [
        Dra(fast=True),
        Dra(fast=False),
        CelCpp(),
        CelPy("compiled"),
        CelPy("interpreted"),
    ]
    print(machine())
    print("\nEvaluation: best of 60 runs, mean of the medians (celpy's S5 has no bind)")
    print(grid(engines, evaluation))
    print("\nCompilation")
    print(grid(engines, compilation))
    print("\nA device that lacks the attribute, dra")
    ours, bound = engines[0], engines[0].convert(device(1))
    missing = {
        name: measure(partial(silently, ours.compile(selector), bound), runs=60, span=0.005)
        for name, selector in MISSES.items()
    }
    print(table(("", "best", "median"), [(name, readable(one.best), one) for name, one in missing.items()]))
    print("\nNear the cost limit, dra exact: processor time, best of three")
    print(table(("", "cost", "time"), [costly(expression) for expression in COSTLY]))
    print(f"\n{DEVICES:,} devices, 5 selectors, conversion included (* extrapolated)")
    counts = (count, count // 10, count // 20, count // 400, count // 1000)
    rows = [
        (engine.name + ("" if few == DEVICES else " *"), readable(end_to_end(engine, max(few, 10))))
        for engine, few in zip(engines, counts, strict=True)
    ]
    print(table(("", "total"), rows))


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
