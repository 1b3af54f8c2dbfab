"""The libraries give the answers, errors and costs that a kube-apiserver gave for the same calls."""

from __future__ import annotations

import json
from typing import Any

import pytest

from dra.cel.cost import estimate_cost
from dra.cel.env import environment
from dra.cel.interpreter import CostLimitExceeded, Frame, InternalError, plan
from dra.cel.library.conversions import double_text
from dra.cel.selector import checked
from dra.cel.types import Type
from dra.cel.values import Failure, Optional, Value, key_value, type_value
from dra.errors import CompileError
from tests.conformance.vectors import read_cases

Case = dict[str, Any]

# What is known to differ, and why.
DIFFERENT = {
    'cidr("::/0").containsIP(dyn(1))': "the cost of a call that several overloads may take",
    'cidr("::/0").containsIP(dyn("1.2.3.4"))': "as before",
    '-dyn(duration("1s"))': "upstream negates by the value's nature, not by what `-` is declared for",
    '"a".find(dyn(1))': "upstream's failure names the types when the pattern is no literal",
}


GO_ESCAPES = {ord(char): f"\\u{ord(char):04x}" for char in "<>&\u2028\u2029\ufffd"}


def shown(value: Value) -> str:
    """A value as the recorder shows it."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        return json.dumps(value, ensure_ascii=False).translate(GO_ESCAPES)
    if isinstance(value, float):
        return double_text(value)
    if isinstance(value, Optional):
        return f"optional.of({shown(value.value)})" if value.present else "optional.none()"
    if isinstance(value, tuple):
        return f"[{', '.join(map(shown, value))}]"
    if isinstance(value, dict):
        entries = sorted(f"{shown(key_value(key))}: {shown(entry)}" for key, entry in value.items())
        return f"{{{', '.join(entries)}}}"
    if isinstance(value, Type):
        return value.name
    if isinstance(value, bytes):
        return f"b{value.hex()}"
    if value is None:
        return "null"
    name = type_value(value).name
    return name if name.startswith("kubernetes.") else str(value)


def observed(expression: str) -> Case:
    env = environment("1.37")
    try:
        found = checked(expression, env)
    except CompileError as error:
        return {"compile_error": error.message.removeprefix("compilation failed: ")}
    estimate = estimate_cost(found, env)
    seen: Case = {"type": found.output.declared_name, "estimate": [estimate.low, estimate.high]}
    try:
        program = plan(found, env)
    except Failure as failure:
        return seen | {"error": f"program: {failure}"}
    frame = Frame(None, program.slots)
    try:
        value = program.run(frame)
    except (CostLimitExceeded, InternalError) as error:
        value = Failure(str(error))
    result = {"error": str(value)} if isinstance(value, Failure) else {"value": shown(value)}
    return seen | result | {"cost": frame.cost}


def expected(case: Case) -> Case:
    return {key: value for key, value in case.items() if key != "expression"}


CASES = list(read_cases("cel-library.jsonl.gz"))


def test_the_recording_is_large() -> None:
    assert len(CASES) > 4000


def test_every_call_gives_what_upstream_gave() -> None:
    differences = [
        (case["expression"], observed(case["expression"]), expected(case))
        for case in CASES
        if case["expression"] not in DIFFERENT and observed(case["expression"]) != expected(case)
    ]
    assert differences == []


@pytest.mark.parametrize("expression", DIFFERENT)
def test_the_known_differences_are_still_there(expression: str) -> None:
    (case,) = [case for case in CASES if case["expression"] == expression]
    assert observed(expression) != expected(case)
