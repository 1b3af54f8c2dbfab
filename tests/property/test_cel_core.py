"""Random expressions of the core language: Google's C++ engine gives the same answers.

Two answers differ, and there ours are Kubernetes': cel-go does not evaluate what it looks up in `[]`, and
orders no NaN.
"""

from __future__ import annotations

from random import Random
from typing import Any

import pytest

from dra import DraError, cel
from tests.property.cel_expressions import Expressions

engine: Any = pytest.importorskip("cel_expr_python.cel")

DEVICE = cel.BoundDevice({}, driver="gpu.example.com")
ERROR = "error"


def ours(selector: cel.Selector) -> bool | str:
    try:
        return selector.matches(DEVICE)
    except cel.EvaluationError as error:
        return str(error) if "NaN" in str(error) else ERROR


def theirs(program: Any, activation: Any) -> bool | str:
    found = program.eval(activation)
    return ERROR if found.type() == engine.Type.ERROR else bool(found.value())


@pytest.mark.parametrize("seed", range(2))
def test_the_engines_agree(seed: int) -> None:
    random = Random(seed)
    expressions = Expressions(random, calls=False)
    environment = engine.NewEnv(variables={})
    activation = environment.Activation({})
    compared = 0
    for _ in range(2_000):
        expression = expressions.selector(random.randint(1, 4))
        try:
            selector, program = cel.compile(expression), environment.compile(expression)
        except (DraError, RuntimeError, ValueError):
            continue  # Kubernetes checks literals too, and compares numbers of different types
        answer = ours(selector)
        if " in []" in expression or answer not in (True, False, ERROR):
            continue
        assert theirs(program, activation) == answer, expression
        compared += 1
    assert compared > 1_000
