"""Derived attributes (Kubernetes 1.37, DRADerivedAttributes): values that a request computes for constraints.

They shadow an attribute of the same name, for the constraints of the claim only; selectors do not see them.
"""

from __future__ import annotations

from collections.abc import Iterable

from dra.allocator.constraints import AttributeValues
from dra.cel import BoundDevice
from dra.cel.env import environment
from dra.cel.interpreter import CostLimitExceeded, Frame, InternalError, Program
from dra.cel.library.semver import Semver
from dra.cel.selector import checked, planned
from dra.cel.values import Failure, Value
from dra.errors import EvaluationError
from dra.features import Features

__all__ = ["DerivedAttribute"]


class DerivedAttribute:
    """A compiled expression that gives an attribute value.

    Args:
        expression: CEL over `device`; gives a string, int, bool or semver, or a list of these.
        kubernetes: The minor whose environment is used.
        features: Gates that are on.

    Raises:
        CompileError: The expression does not compile.

    Example:
        >>> half = DerivedAttribute('device.attributes["d"].index / 2', "1.37", Features.all())
        >>> half.values(BoundDevice({"attributes": {"index": {"int": 5}}}, driver="d"))
        frozenset({('int', 2)})
    """

    def __init__(self, expression: str, kubernetes: str, features: Features) -> None:
        self.expression = expression
        env = environment(kubernetes, "stored", features)
        self._program: Program = planned(checked(expression, env), env)

    def values(self, device: BoundDevice) -> AttributeValues:
        """What constraints compare.

        Raises:
            EvaluationError: The expression fails on the device, or gives something else.
        """
        frame = Frame({"device": device.view}, self._program.slots)
        try:
            value = self._program.run(frame)
        except (CostLimitExceeded, InternalError) as error:
            raise EvaluationError(str(error), value=self.expression) from None
        except RecursionError:
            raise EvaluationError("evaluation is nested too deeply", value=self.expression) from None
        if isinstance(value, Failure):
            raise EvaluationError(str(value), value=self.expression)
        items: Iterable[Value] = value if isinstance(value, tuple) else (value,)
        return frozenset(self._typed(item) for item in items)

    def _typed(self, value: Value) -> tuple[str, object]:
        if isinstance(value, bool):
            return "bool", value
        if type(value) is int:
            return "int", value
        if isinstance(value, str):
            return "string", value
        if isinstance(value, Semver):
            return "version", value.text
        raise EvaluationError(
            "a derived attribute must be a string, integer, boolean or semver, or a list of these",
            value=self.expression,
        )
