"""The public face: an expression compiled for one environment, to be asked about devices."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from functools import cached_property, lru_cache
from typing import Any, Final, Protocol

import attrs

from dra.arguments import instance
from dra.cel import types
from dra.cel.checker import Checked, check
from dra.cel.codegen import NotGenerated, generate
from dra.cel.cost import estimate_cost
from dra.cel.device import AnyDevice, BoundDevice
from dra.cel.env import Environment, Mode, environment
from dra.cel.interpreter import COST_LIMIT, CostLimitExceeded, Frame, InternalError, Program, plan
from dra.cel.nesting import followed
from dra.cel.parser import parse
from dra.cel.reads import EVERYTHING, Reads, reads
from dra.cel.source import Issues
from dra.cel.trace import Trace, trace
from dra.cel.types import Type
from dra.cel.validators import validate
from dra.cel.values import Failure, Optional, Value, type_value
from dra.errors import CompileError, EvaluationError
from dra.features import LATEST, Features
from dra.names import byte_length

__all__ = ["Evaluation", "Selector", "compile"]

LONGEST_EXPRESSION: Final = 10 * 1024  # bytes
_CACHED_SELECTORS: Final = 4096
# An evaluation may cost a little more than the estimate, never twice as much: no need to count up to here.
_UNCOUNTED_COST: Final = COST_LIMIT // 2


@attrs.frozen
class Evaluation:
    """What a selector gave for a device.

    Attributes:
        value: Whether the device matches.
        cost: What the evaluation cost, in CEL's cost units.

    Example:
        >>> compile("device.driver == 'gpu.example.com'").evaluate({}, driver="gpu.example.com")
        Evaluation(value=True, cost=4)
    """

    value: bool
    cost: int


class Matches(Protocol):
    """Answers whether a device is selected."""

    def __call__(self, device: AnyDevice, driver: str = "") -> bool: ...


def compile(  # noqa: A001 - the public name, as in `re.compile`
    expression: str,
    kubernetes: str = LATEST,
    features: Features | None = None,
    mode: Mode = "stored",
) -> Selector:
    """Compile a device selector as the kube-apiserver of a minor would. Cached.

    Args:
        expression: The text, at most 10 KiB in UTF-8.
        kubernetes: The minor, such as `1.37`.
        features: Feature gates that are on; the minor's defaults if None. They matter to `new` only.
        mode: `stored` for an expression that is in the cluster, `new` for one being written, for which only
            what the minor before knew too may be used.

    Raises:
        CompileError: The API server would refuse it; `.issues` has the places.
        UnknownVersionError: The minor is unknown.

    Example:
        >>> selector = compile('device.attributes["gpu.example.com"].memory > 40')
        >>> selector.matches({"attributes": {"memory": {"int": 80}}}, driver="gpu.example.com")
        True
    """
    instance(expression, str, "expression", "a text in CEL")
    if any("\ud800" <= character <= "\udfff" for character in expression):
        raise CompileError("the text holds half a character (a lone surrogate)", value=expression)
    length = byte_length(expression)
    if length > LONGEST_EXPRESSION:
        raise CompileError(f"too long: {length} bytes, at most {LONGEST_EXPRESSION}", value=expression)
    return _compiled(expression, environment(kubernetes, mode, features))


@lru_cache(maxsize=_CACHED_SELECTORS)
def _compiled(expression: str, env: Environment) -> Selector:
    with followed(expression):
        return Selector(expression, env)


def checked(expression: str, env: Environment) -> Checked:
    """The expression parsed and checked.

    Raises:
        CompileError: It has mistakes.
    """
    issues = Issues(expression)
    with followed(expression):
        ast = parse(expression, env.macros, issues, quoted_names=env.quotes_names)
        found = check(ast, env, issues) if ast else None
        if found is not None:
            validate(found, env, issues)
    if found is None or issues:
        raise CompileError(f"compilation failed: {issues.display()}", issues=issues.sorted, value=expression)
    return found


def planned(found: Checked, env: Environment) -> Program:
    """What evaluates a checked expression.

    Raises:
        CompileError: Some of it can have no value, or it is nested too deeply.
    """
    try:
        with followed(found.ast.source):
            return plan(found, env)
    except Failure as failure:
        message = f"program instantiation failed: {failure}"
        raise CompileError(message, value=found.ast.source) from None


def _require_bool(found: Checked, env: Environment) -> None:
    output = found.output
    if output != types.BOOL and output != env.attribute:
        name = output.declared_name
        raise CompileError(f"must evaluate to bool or the unknown type, not {name}", value=found.ast.source)


def _require_names(found: Checked) -> None:
    """No type with fields is a value: cel-go's checker knows the device's, its planner does not."""
    for constant in found.constants.values():
        if isinstance(constant, types.Type) and constant.kind is types.Kind.STRUCT:
            message = f"program instantiation failed: reference to undefined type: {constant.name}"
            raise CompileError(message, value=found.ast.source)


class Selector:
    """A compiled expression. Immutable, thread-safe and picklable; made by `dra.cel.compile`.

    Attributes:
        expression: The text.
        output_type: `bool`, or `dyn` when only an evaluation can tell.
    """

    def __init__(self, expression: str, env: Environment) -> None:
        self.expression = expression
        self._environment = env
        self._checked = checked(expression, env)
        _require_bool(self._checked, env)
        _require_names(self._checked)
        self.output_type: Type = self._checked.output
        self._program = planned(self._checked, env)

    @cached_property
    def max_cost(self) -> int:
        """The most that an evaluation can cost, by the API server's estimate, in CEL's cost units.

        Above `dra.cel.COST_LIMIT` the API server refuses the expression; 2**64-1 stands for no bound.

        Raises:
            CompileError: The expression is nested too deeply to be estimated.
        """
        return estimate_cost(self._checked, self._environment).high

    def __reduce__(self) -> tuple[Any, ...]:
        env = self._environment
        return compile, (self.expression, env.kubernetes, env.features, env.mode)

    def __repr__(self) -> str:
        return f"Selector({self.expression!r}, kubernetes={self._environment.kubernetes!r})"

    @cached_property
    def matches(self) -> Matches:
        """Whether a device is selected: `selector.matches(device, driver="")`.

        It takes what `BoundDevice` takes, or one, and then no driver. It is the compiled function itself, so
        that nothing stands between the call and the expression.

        Raises:
            EvaluationError: From the call, if the expression fails for the device or gives no bool.
        """
        made: Matches = self._evaluated
        if not self._must_be_counted and not self._environment.refuses_lists:
            with suppress(NotGenerated):
                generated = generate(self._checked, self._environment)
                made = generated.matcher(BoundDevice.of, self._forgiving, self._evaluated)
        return made

    @property
    def _must_be_counted(self) -> bool:
        """Whether an evaluation could cost so much that it might not be allowed.

        The estimate can tell, except of what is done with a flattened list, whose length it does not know.
        """
        flattens = any(
            one.id.startswith("list_flatten") for all_ in self._checked.overloads.values() for one in all_
        )
        try:
            return flattens or self.max_cost > _UNCOUNTED_COST
        except CompileError:
            return True

    def _evaluated(self, device: AnyDevice, driver: str = "") -> bool:
        return self.evaluate(device, driver).value

    def _forgiving(self) -> Callable[[BoundDevice], Value]:
        """What to ask when something is missing; the interpreter, if that cannot be written as code."""
        try:
            return generate(self._checked, self._environment, forgive=True).asking(self._evaluated)
        except NotGenerated:
            return self._evaluated

    @cached_property
    def reads(self) -> Reads:
        """The attributes, capacities and fields that can decide about a device."""
        try:
            return reads(self._checked.ast.root)
        except RecursionError:
            return EVERYTHING

    def evaluate(self, device: AnyDevice, driver: str = "") -> Evaluation:
        """Whether a device is selected, and what it cost to find out.

        Raises:
            EvaluationError: As `matches`; its `.cost` says what was spent.
        """
        bound = BoundDevice.of(device, driver)
        if self._environment.refuses_lists and bound.list_attribute:
            name = bound.list_attribute.removeprefix(f"{bound.driver}/")
            raise EvaluationError(f"attribute {name}: unsupported attribute value", value=self.expression)
        frame = Frame({"device": bound.view}, self._program.slots)
        try:
            value = self._program.run(frame)
        except (CostLimitExceeded, InternalError) as error:
            raise EvaluationError(str(error), cost=frame.cost, value=self.expression) from None
        except RecursionError:
            raise EvaluationError("evaluation is nested too deeply", cost=frame.cost) from None
        return Evaluation(self._bool(value, frame.cost), frame.cost)

    def explain(self, device: AnyDevice, driver: str = "") -> Trace:
        """Every sub-expression with its value for a device, and which of them decided.

        An error of the expression is part of the trace and is not raised.

        Raises:
            EvaluationError: The device itself cannot be read, or the expression is nested too deeply.
        """
        bound = BoundDevice.of(device, driver)
        try:
            return self._traced(bound)
        except RecursionError:
            raise EvaluationError("the expression is nested too deeply to be explained") from None

    def _traced(self, bound: BoundDevice) -> Trace:
        program = self._watched
        frame = Frame({"device": bound.view}, program.slots)
        value, error = None, ""
        try:
            value = self._bool(program.run(frame), frame.cost)
        except (CostLimitExceeded, InternalError) as failure:
            error = str(failure)
        except EvaluationError as failure:
            error = failure.message
        return trace(self._checked, frame.values, result=value, error=error, cost=frame.cost)

    @cached_property
    def _watched(self) -> Program:
        return plan(self._checked, self._environment, watched=True)

    def _bool(self, value: Value, cost: int) -> bool:
        if isinstance(value, Failure):
            raise EvaluationError(str(value), cost=cost, value=self.expression)
        content = value.value if isinstance(value, Optional) else value
        if content.__class__ is bool:
            return bool(content)
        message = f"CEL result of type {type_value(value).name} could not be converted to bool"
        raise EvaluationError(f"{message}: {_no_bool(value)}", cost=cost, value=self.expression)


def _no_bool(value: Value) -> str:
    """What upstream says about a result that is no bool: each type has its own words."""
    if isinstance(value, Optional):
        return _no_bool(value.value) if value.present else "optional.none() dereference"
    name = type_value(value).name
    short = name.rpartition(".")[2]
    reasons = {
        "int": "unsupported type conversion from 'int' to bool",
        "uint": "unsupported type conversion from 'uint' to bool",
        "double": "type conversion error from Double to 'bool'",
        "string": "unsupported native conversion from string to 'bool'",
        "bytes": "type conversion error from Bytes to 'bool'",
        "list": "type conversion error from list to 'bool'",
        "map": "type conversion error from map to 'bool'",
        "type": "type conversion not supported for 'type'",
        "kubernetes.NamedFormat": "type conversion error from 'Format' to 'bool'",
    }
    return reasons.get(name, f"type conversion error from '{short}' to 'bool'")
