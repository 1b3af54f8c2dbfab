"""The other CEL engines for Python behind one interface, with Kubernetes' functions where one can add them.

celpy has no `cel.bind` and no optionals, so it runs the fifth selector without them. cel-expr-python cannot
return Python objects from functions: there quantities and versions are plain numbers.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Mapping
from typing import Any, Protocol

from dra.cel.library.quantity import Amount
from dra.cel.library.semver import Semver

Device = Mapping[str, Any]
Matcher = Callable[[Any], object]


class Engine(Protocol):
    """Something that compiles a selector and converts devices."""

    name: str

    def compile(self, selector: str) -> Matcher: ...

    def convert(self, device: Device) -> Any: ...


def packed(version: str) -> int:
    """A version as one number that keeps the order of releases."""
    major, minor, patch = Semver.parse(version).key[:3]
    return (major << 40) + (minor << 20) + patch


def plain(device: Device, driver: str, version: Callable[[str], Any], quantity: Callable[[str], Any]) -> Any:
    """The maps that `device` is in an expression."""
    attributes = {
        name: version(value) if kind == "version" else value
        for name, typed in device["attributes"].items()
        for kind, value in typed.items()
    }
    capacity = {name: quantity(value["value"]) for name, value in device["capacity"].items()}
    return {"device": {"driver": driver, "attributes": {driver: attributes}, "capacity": {driver: capacity}}}


# Functions for celpy: its compiled runner finds them by module and name.


def quantity(text: Any) -> Any:
    return _Opaque(Amount.parse(str(text)).nanos)


def semver(text: Any) -> Any:
    return _Opaque(packed(str(text)))


def isGreaterThan(left: Any, right: Any) -> Any:  # noqa: N802 - CEL's name
    import celpy.celtypes

    return celpy.celtypes.BoolType(left.number > right.number)


def compareTo(left: Any, right: Any) -> Any:  # noqa: N802 - CEL's name
    import celpy.celtypes

    return celpy.celtypes.IntType((left.number > right.number) - (left.number < right.number))


def lowerAscii(text: Any) -> Any:  # noqa: N802 - CEL's name
    import celpy.celtypes

    return celpy.celtypes.StringType(str(text).lower())


class _Opaque:
    def __init__(self, number: int) -> None:
        self.number = number


class CelPy:
    """cel-python (cloud-custodian), with either of its runners."""

    def __init__(self, runner: str) -> None:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            import celpy
            import celpy.evaluation

        import benchmarks

        self.celpy = celpy
        self.name = f"celpy {runner}"
        vars(celpy.evaluation)["benchmarks"] = benchmarks
        self.runner = celpy.CompiledRunner if runner == "compiled" else celpy.InterpretedRunner
        self.functions: list[Any] = [quantity, semver, isGreaterThan, compareTo, lowerAscii]

    def compile(self, selector: str) -> Matcher:
        environment = self.celpy.Environment(runner_class=self.runner)
        program = environment.program(
            environment.compile(selector), functions={one.__name__: one for one in self.functions}
        )
        run: Matcher = program.evaluate
        return run

    def convert(self, device: Device) -> Any:
        from celpy.adapter import json_to_cel

        found = plain(device, "gpu.nvidia.com", str, str)
        activation: Any = json_to_cel(found)
        maps: Any = activation["device"]
        text = self.celpy.celtypes.StringType
        attributes = maps["attributes"][text("gpu.nvidia.com")]
        for name, typed in device["attributes"].items():
            if "version" in typed:
                attributes[text(name)] = semver(typed["version"])
        capacity = maps["capacity"][text("gpu.nvidia.com")]
        for name, value in device["capacity"].items():
            capacity[text(name)] = quantity(value["value"])
        return activation


class CelCpp:
    """cel-expr-python (Google's C++ engine)."""

    name = "cel-expr-python"

    def __init__(self) -> None:
        from cel_expr_python import cel
        from cel_expr_python.ext import ext_bindings, ext_optional, ext_strings

        number, text, yes = cel.Type.INT, cel.Type.STRING, cel.Type.BOOL
        overload, function = cel.Overload, cel.FunctionDecl
        self.environment = cel.NewEnv(
            variables={"device": cel.Type.DYN},
            extensions=[ext_bindings.ExtBindings(), ext_optional.ExtOptional(), ext_strings.ExtStrings()],
            functions=[
                function(
                    "quantity",
                    [overload("q", number, [text], False, lambda it: Amount.parse(it).nanos // 10**9)],
                ),
                function("semver", [overload("s", number, [text], False, packed)]),
                function(
                    "isGreaterThan",
                    [overload("g", yes, [number, number], True, lambda one, other: one > other)],
                ),
                function(
                    "compareTo",
                    [overload("c", number, [number, number], True, lambda a, b: (a > b) - (a < b))],
                ),
            ],
        )

    def compile(self, selector: str) -> Matcher:
        expression = self.environment.compile(selector)
        return lambda activation: expression.eval(activation).value()

    def convert(self, device: Device) -> Any:
        found = plain(device, "gpu.nvidia.com", packed, lambda text: Amount.parse(text).nanos // 10**9)
        return self.environment.Activation(found)
