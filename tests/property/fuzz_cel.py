"""Throws random expressions at the whole CEL engine: `python -m tests.property.fuzz_cel --seconds 600`.

Three kinds: heaps of signs, mutilated expressions, and calls of every declared function with arguments of
roughly fitting types, over long lists and texts. Nothing but errors of the library may come out; the two
evaluators agree; nothing that the cost limit allows takes more than 50 ms of processor time. The limit holds
twice: what costs more by its estimate the API server refuses, so the slowest of that is told apart.
"""

from __future__ import annotations

import argparse
import sys
import time
import traceback
from collections import Counter
from collections.abc import Callable, Iterator
from functools import partial
from random import Random
from typing import Final

import attrs

from dra import DraError, Features, cel
from dra.cel import types
from dra.cel.declarations import Overload
from dra.cel.env import environment
from dra.cel.selector import Selector
from dra.cel.types import Kind, Type
from tests.property.cel_expressions import DEVICES, DRIVER, Expressions

ENVIRONMENT: Final = environment(features=Features.all())
BOUND: Final = [cel.BoundDevice(device, driver=device["driver"]) for device in DEVICES]
LONGEST: Final = 0.050  # seconds of processor time
SIGNS: Final = (
    *"()[]{}.,:?!-+*/%<>=&|'\"`\\ aeinxu01r#@\n",
    *(
        "&&",
        "||",
        "in",
        "has(",
        "device",
        ".all(x,",
        "cel.bind(",
        "'''",
        "b'",
        "0x",
        "1e",
        "\\u00",
        "é",
        "💥",
    ),
)

_SCALARS: Final = (
    *(types.INT, types.UINT, types.DOUBLE, types.STRING),
    *(types.BYTES, types.BOOL, types.DURATION, types.TIMESTAMP),
)
_NUMBERS: Final = ("0", "1", "2", "3", "7", "-1", "48", "300", "9223372036854775807", "-9223372036854775808")
_TEXTS: Final = (
    *(
        "",
        "a",
        "abc",
        "a,b,c",
        "ÜBER",
        "10Gi",
        "1.5",
        "1.2.3",
        "v1.2",
        "10.0.0.1",
        "::1",
        "10.0.0.0/8",
        "1h30m",
    ),
    *("https://a.example:80/p?q=1#f", "2024-02-29T12:00:00Z", "Europe/Berlin", "%s %d %.3f", "^[a-z]+$"),
    *("(a|b)*c", "[0-9]+", "true", "dns1123Label"),
)


@attrs.frozen
class Finding:
    """Something that must not be."""

    what: str
    expression: str
    detail: str = ""

    def __str__(self) -> str:
        shown = self.expression if len(self.expression) < 600 else f"{self.expression[:600]}..."
        return f"{self.what}: {shown!r}\n  {self.detail}"


class Calls:
    """Writes expressions of a wanted type from whatever is declared."""

    def __init__(self, random: Random) -> None:
        self.random = random
        self.variables: list[tuple[str, Type]] = []
        self.overloads = [
            (function.name, one)
            for function in ENVIRONMENT.functions.values()
            for one in function.overloads
            if _is_written(function.name)
        ]

    def of(self, wanted: Type, depth: int) -> str:
        if wanted.is_dyn or wanted.kind is Kind.PARAMETER:
            wanted = self.random.choice(_SCALARS)
        if self.random.random() < 0.03:
            wanted = self.random.choice((*_SCALARS, types.list_of(types.INT), types.list_of(types.STRING)))
        bound = [name for name, type_ in self.variables if type_ == wanted]
        if bound and self.random.random() < 0.4:
            return self.random.choice(bound)
        if depth > 0 and self.random.random() < 0.25:
            return self.macro(wanted, depth - 1)
        if depth > 0:
            fitting = [one for one in self.overloads if _gives(one[1].result, wanted)]
            if fitting:
                return self.call(*self.random.choice(fitting), wanted, depth - 1)
        return self.leaf(wanted, depth)

    def call(self, name: str, overload: Overload, wanted: Type, depth: int) -> str:
        known = _assign(overload.result, wanted, {})
        parameters = [self.concrete(parameter, known) for parameter in overload.parameters]
        codes = [self.of(parameter, depth) for parameter in parameters]
        if name == "_?_:_":
            return f"({codes[0]} ? {codes[1]} : {codes[2]})"
        if name in ("_[_]", "_[?_]"):
            return f"{codes[0]}{name.strip('_')[0]}{'?' if '?' in name else ''}{codes[1]}]"
        if name == "@in":
            return f"({codes[0]} in {codes[1]})"
        if name in ("!_", "-_"):
            return f"{name[0]}({codes[0]})"
        if name.startswith("_"):
            return f"({codes[0]} {name.strip('_')} {codes[1]})"
        if overload.receiver:
            return f"{codes[0]}.{name}({', '.join(codes[1:])})"
        return f"{name}({', '.join(codes)})"

    def concrete(self, type_: Type, known: dict[str, Type]) -> Type:
        if type_.kind is Kind.PARAMETER:
            return known.setdefault(type_.name, self.random.choice(_SCALARS))
        if type_.is_dyn:
            return self.random.choice(_SCALARS)
        return attrs.evolve(type_, parameters=tuple(self.concrete(one, known) for one in type_.parameters))

    def macro(self, wanted: Type, depth: int) -> str:
        name = f"x{len(self.variables)}"
        if self.random.random() < 0.3:
            type_ = self.random.choice((*_SCALARS, types.list_of(types.INT), types.list_of(types.STRING)))
            value = self.of(type_, depth)
            return f"cel.bind({name}, {value}, {self.within(name, type_, wanted, depth)})"
        element = self.random.choice((types.INT, types.INT, types.STRING))
        over = self.of(types.list_of(element), depth)
        if wanted.kind is Kind.LIST:
            inner = self.within(name, element, wanted.parameters[0], depth)
            test = self.within(name, element, types.BOOL, depth)
            return f"{over}.map({name}, {inner})" if depth % 2 else f"{over}.map({name}, {test}, {inner})"
        test = self.within(name, element, types.BOOL, depth)
        if wanted == types.INT:
            form = self.random.choice(
                ("{0}.filter({1}, {2}).size()", "{0}.transformMap(i, {1}, {2}).size()",
                 "{0}.sortBy({1}, {2}).size()", "{0}.transformMapEntry(i, {1}, {{i: {2}}}).size()")
            )  # fmt: skip
            return form.format(over, name, test)
        if wanted == types.BOOL:
            return f"{over}.{self.random.choice(('all', 'exists', 'exists_one'))}({name}, {test})"
        return self.leaf(wanted, depth)

    def within(self, name: str, type_: Type, wanted: Type, depth: int) -> str:
        self.variables.append((name, type_))
        code = self.of(wanted, depth)
        self.variables.pop()
        return code

    def leaf(self, wanted: Type, depth: int) -> str:
        text = self.random.choice(_TEXTS)
        simple = {
            "int": self.random.choice(_NUMBERS),
            "uint": self.random.choice(("0u", "3u", "18446744073709551615u")),
            "double": self.random.choice(("0.0", "1.5", "-2.0", "1e300", "0.1")),
            "string": self.random.choice((f'"{text}"', f'device.attributes["{DRIVER}"].s', "device.driver")),
            "bytes": self.random.choice(('b"abc"', 'b""')),
            "bool": self.random.choice(("true", "false", "device.allowMultipleAllocations")),
            "null_type": "null",
            "google.protobuf.Duration": 'duration("1h30m")',
            "google.protobuf.Timestamp": 'timestamp("2024-02-29T12:00:00Z")',
            "kubernetes.Quantity": self.random.choice(
                ('quantity("10Gi")', f'device.capacity["{DRIVER}"].memory')
            ),
            "kubernetes.Semver": self.random.choice(('semver("1.2.3")', f'device.attributes["{DRIVER}"].v')),
            "net.IP": 'ip("10.0.0.1")',
            "net.CIDR": 'cidr("10.0.0.0/8")',
            "kubernetes.URL": 'url("https://a.example:80/p?q=1")',
        }
        if wanted.name in simple:
            return simple[wanted.name]
        if wanted.kind is Kind.LIST:
            return self.list_of(wanted.parameters[0], depth)
        if wanted.kind is Kind.MAP:
            key, value = (self.of(one, depth - 1) for one in wanted.parameters)
            return self.random.choice(
                (f"{{{key}: {value}}}", "device.attributes", f'device.capacity["{DRIVER}"]')
            )
        if wanted.is_optional:
            return f"optional.of({self.of(wanted.parameters[0], depth - 1)})"
        return f"dyn({self.random.choice(_NUMBERS)})"

    def list_of(self, element: Type, depth: int) -> str:
        count = self.random.choice((0, 1, 2, 5, 48, 300, 1000, 10_000, 50_000, 150_000))
        long = f"lists.range({count})"
        if self.random.random() < 0.4:
            return f"[{', '.join(self.of(element, depth - 1) for _ in range(self.random.randint(0, 3)))}]"
        if element == types.STRING:
            return f"{long}.map(n, string(n))"
        return long if element == types.INT else f"{long}.map(n, {self.leaf(element, 0)})"


def _is_written(name: str) -> bool:
    """Whether a function is called by its name, or is an operator."""
    return "@" not in name or name == "@in" if name != "_?._" else False


def _gives(result: Type, wanted: Type) -> bool:
    if result.kind is Kind.PARAMETER or result.is_dyn:
        return True
    return result.name == wanted.name and all(map(_gives, result.parameters, wanted.parameters))


def _assign(result: Type, wanted: Type, known: dict[str, Type]) -> dict[str, Type]:
    if result.kind is Kind.PARAMETER:
        known[result.name] = wanted
    for one, other in zip(result.parameters, wanted.parameters, strict=False):
        _assign(one, other, known)
    return known


# What is tried


def heap(random: Random) -> str:
    return "".join(random.choices(SIGNS, k=random.randint(1, 60)))


def mutilated(random: Random) -> str:
    text = Expressions(random).selector(3) if random.random() < 0.5 else called(random)
    for _ in range(random.randint(1, 4)):
        start = random.randint(0, len(text))
        end = min(len(text), start + random.randint(0, 8))
        text = text[:start] + random.choice(("", random.choice(SIGNS), text[start:end] * 2)) + text[end:]
    return text


def called(random: Random) -> str:
    return Calls(random).of(types.BOOL, random.randint(1, 5))


def selected(random: Random) -> str:
    return Expressions(random).selector(random.randint(2, 5))


KINDS: Final[dict[str, tuple[Callable[[Random], str], int]]] = {
    "heaps of signs": (heap, 2),
    "mutilated": (mutilated, 3),
    "selectors": (selected, 2),
    "calls": (called, 5),
}


def tried(expression: str, random: Random, tally: Counter[str]) -> Iterator[Finding]:
    """What is wrong with how the engine takes an expression."""
    try:
        seconds, selector = timed(lambda: _compiled(expression))
    except Exception:
        yield Finding("an exception from compiling", expression, traceback.format_exc())
        return
    if selector is None:
        return
    tally["compiled"] += 1
    device = random.choice(BOUND)
    calls: dict[str, Callable[[], object]] = {
        "evaluate": partial(_answer, lambda: selector.evaluate(device).value),
        "matches": partial(_answer, lambda: selector.matches(device)),
    }
    answers = []
    for name, call in calls.items():
        try:
            seconds, answer = timed(call)
        except Exception:
            yield Finding(f"an exception from {name}", expression, traceback.format_exc())
            return
        answers.append(answer)
        if seconds > LONGEST:
            seconds = min(seconds, *(timed(call)[0] for _ in range(3)))
        accepted = selector.max_cost <= cel.COST_LIMIT
        slowest = f"µs the slowest {'accepted' if accepted else 'refused by its estimate'}"
        tally[slowest] = max(tally[slowest], int(seconds * 1e6))
        if seconds > LONGEST and accepted:
            yield Finding(
                f"{seconds * 1000:.0f} ms in {name}", expression, f"max_cost {selector.max_cost}, {answer}"
            )
    if answers[0] != answers[1]:
        yield Finding("the evaluators disagree", expression, f"{answers} for {device}")
    try:
        if len(expression) < 300 and "lists.range" not in expression:
            str(selector.explain(device))
    except DraError:
        pass
    except Exception:
        yield Finding("an exception from explain", expression, traceback.format_exc())


def _compiled(expression: str) -> Selector | None:
    try:
        selector = cel.compile(expression, features=Features.all())
        selector.max_cost  # noqa: B018 - computed now
    except cel.CompileError as error:
        str(error)
        return None
    return selector


def _answer(call: Callable[[], object]) -> object:
    try:
        return call()
    except cel.EvaluationError as error:
        return str(error)


def timed(call: Callable[[], object]) -> tuple[float, object]:
    """Seconds of processor time that a call takes, and what it gives."""
    start = time.thread_time()
    found = call()
    return time.thread_time() - start, found


def fuzz(seconds: float, seed: int) -> tuple[Counter[str], list[Finding]]:
    """Try expressions for so long; gives how many of what, and what was found."""
    random, tally, findings = Random(seed), Counter[str](), list[Finding]()
    names, makers = list(KINDS), [maker for maker, _ in KINDS.values()]
    weights = [weight for _, weight in KINDS.values()]
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        index = random.choices(range(len(names)), weights)[0]
        tally[names[index]] += 1
        for finding in tried(makers[index](random), random, tally):
            print(finding, flush=True)
            findings.append(finding)
    return tally, findings


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0] if __doc__ else None)
    options.add_argument("--seconds", type=float, default=600)
    options.add_argument("--seed", type=int, default=int(time.time()))
    given = options.parse_args()
    print(f"seed {given.seed}, {given.seconds:g} s")
    tally, findings = fuzz(given.seconds, given.seed)
    print(", ".join(f"{count:,} {name}" for name, count in tally.items()))
    print(f"{len(findings)} findings")
    sys.exit(bool(findings))


if __name__ == "__main__":
    main()
