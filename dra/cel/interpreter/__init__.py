"""Evaluates a checked expression exactly: CEL's errors, laziness and cost, by closures made once.

A closure takes the `Frame` of one evaluation and returns a value, or a `Failure` in its place. What costs
how much is cel-go's: a name or a chain of selections costs one, as does each link of the chain.
"""

from __future__ import annotations

from dra.cel.interpreter.frame import COST_LIMIT, CostLimitExceeded, Frame, InternalError, Run
from dra.cel.interpreter.planner import Program, plan

__all__ = ["COST_LIMIT", "CostLimitExceeded", "Frame", "InternalError", "Program", "Run", "plan"]
