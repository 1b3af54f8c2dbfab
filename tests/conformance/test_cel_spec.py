"""CEL's own conformance suite (google/cel-spec, simple tests as JSON) on what DRA's environment declares.

Each file's line says how many pass, and why the others are left out. The suite lies in the shared folder.
"""

from __future__ import annotations

import base64
import json
import math
import re
from collections import Counter
from collections.abc import Callable, Iterator
from typing import Any

import attrs
import pytest

from dra.cel import types
from dra.cel.checker import Checked, check
from dra.cel.env import Environment, environment
from dra.cel.interpreter import Frame, plan
from dra.cel.parser import parse
from dra.cel.source import Issues
from dra.cel.times import Duration, Timestamp
from dra.cel.types import Type, list_of, map_of, optional_of, type_of
from dra.cel.values import Failure, Optional, Uint, Value, key_value, map_key
from dra.features import Features
from tests.conformance.vectors import SHARED

SUITE = SHARED / "cel-spec"
FILES = (
    "basic",
    "bindings_ext",
    "comparisons",
    "conversions",
    "fields",
    "fp_math",
    "integer_math",
    "lists",
    "logic",
    "macros",
    "macros2",
    "namespace",
    "network_ext",
    "optionals",
    "parse",
    "plumbing",
    "string",
    "string_ext",
    "timestamps",
    "type_deduction",
)
PROTO = re.compile(r"TestAllTypes|google\.protobuf\.(?!Timestamp|Duration)|cel\.expr|NestedTestAll")

# Why a test is left out, and how to tell.
REASONS: dict[str, Callable[[dict[str, Any]], bool]] = {
    "protocol buffers": lambda test: bool(PROTO.search(json.dumps(test))),
    "a container": lambda test: bool(test.get("container")),
    "variables with a namespace": lambda test: any("." in one["name"] for one in test.get("typeEnv", ())),
    "functions of the suite's own": lambda test: any("function" in one for one in test.get("typeEnv", ())),
    "optional syntax for structs": lambda test: bool(re.search(r"\b[A-Z]\w*\s*\{\s*\?", test["expr"])),
}
# Where Kubernetes 1.37.2 was asked and does not follow the suite either.
UPSTREAM = {
    "cel-go takes doubles as keys": {"qualified_identifier_resolution/map_key_float"},
    "in cel-go the last of equal keys counts": {
        "qualified_identifier_resolution/map_value_repeat_key",
        "qualified_identifier_resolution/map_value_repeat_key_heterogeneous",
    },
    "Kubernetes folds constants and then refuses the key": {
        "map_fields/map_bad_key_type_or_true",
        "map_fields/map_bad_key_type_and_false",
    },
    "cel-go counts the milliseconds of the whole duration": {"duration_converters/get_milliseconds"},
    "Kubernetes refuses IPv4 in IPv6": {"ipv4/ipv4_equals_ipv6", "ipv4/ipv4_not_equals_ipv6"},
    "cel-go finds no field in a scalar": {
        "optionals/map_null_entry_no_such_key",
        "optionals/map_present_key_invalid_field",
    },
    "cel-go deduces null": {"legacy_nullable_types/null_assignable_to_abstract_parameter_candidate"},
    "cel-go gives -1 beyond the end": {
        "value_errors/indexof_out_of_range",
        "value_errors/lastindexof_out_of_range",
    },
    "Kubernetes has version 2 of the strings extension, which formats otherwise": {
        f"format/{name}"
        for name in (
            "scientific notation formatting clause",
            "scientific notation formatting clause in a string variable",
            "default precision for fixed-point clause with int",
            "default precision for fixed-point clause with uint",
            "default precision for scientific notation",
            "default precision for scientific notation with int",
            "default precision for scientific notation with uint",
            "NaN support for scientific notation",
            "positive infinity support for scientific notation",
            "negative infinity support for scientific notation",
            "NaN support for decimal",
            "positive infinity support for decimal",
            "negative infinity support for decimal",
            "positive infinity support for fixed-point",
            "negative infinity support for fixed-point",
            "list support for string",
            "map support for string",
            "map support (all key types)",
            "dyntype support for scientific notation",
            "dyntype NaN/infinity support",
            "dyntype support for lists",
            "dyntype support for maps",
        )
    },
}
NOT_DECLARED = re.compile(r"(?:undeclared reference to|no matching overload for) '(reverse|math|base64)'")
REFUSED = "refused by Kubernetes' type checker"


def suite(name: str) -> Iterator[dict[str, Any]]:
    path = SUITE / f"{name}.json"
    if not path.is_file():
        pytest.skip("cel-spec is not in shared/vectors")
    for section in json.loads(path.read_text())["section"]:
        for test in section["test"]:
            yield test | {"name": f"{section['name']}/{test['name']}"}


def value(spec: dict[str, Any]) -> Value:
    """A value of the suite as ours."""
    ((kind, content),) = spec.items()
    plain: dict[str, Callable[[Any], Value]] = {
        "boolValue": bool,
        "stringValue": str,
        "int64Value": int,
        "uint64Value": lambda number: Uint(int(number)),
        "doubleValue": float,
        "bytesValue": base64.b64decode,
        "nullValue": lambda _: None,
        "listValue": lambda found: tuple(map(value, found.get("values", ()))),
        "mapValue": lambda found: {
            map_key(value(entry["key"])): value(entry["value"]) for entry in found.get("entries", ())
        },
        "typeValue": lambda name: name,
        "objectValue": message,
    }
    return plain[kind](content)


def message(spec: dict[str, Any]) -> Value:
    kind = spec["@type"].rpartition(".")[2]
    return Duration.parse(spec["value"]) if kind == "Duration" else Timestamp.parse(spec["value"])


def same(wanted: Value, found: Value) -> bool:
    """Whether two values are equal and of the same type."""
    if isinstance(wanted, str) and isinstance(found, Type):
        return wanted == found.name
    if wanted.__class__ is not found.__class__:
        return False
    if isinstance(wanted, tuple):
        return len(wanted) == len(found) and all(map(same, wanted, found))
    if isinstance(wanted, dict):
        keys = {repr(key_value(key)) for key in wanted} == {repr(key_value(key)) for key in found}
        return keys and all(same(entry, found[key]) for key, entry in wanted.items())
    if isinstance(wanted, float) and math.isnan(wanted):
        return math.isnan(found)
    return bool(wanted == found)


PRIMITIVES = {
    "BOOL": types.BOOL,
    "INT64": types.INT,
    "UINT64": types.UINT,
    "DOUBLE": types.DOUBLE,
    "STRING": types.STRING,
    "BYTES": types.BYTES,
    "TIMESTAMP": types.TIMESTAMP,
    "DURATION": types.DURATION,
    "ANY": types.ANY,
}


def declared(spec: dict[str, Any]) -> Type:
    """A type of the suite as ours."""
    ((kind, content),) = spec.items()
    if kind in ("primitive", "wellKnown"):
        return PRIMITIVES[content]
    if kind == "listType":
        return list_of(declared(content["elemType"]))
    if kind == "mapType":
        return map_of(declared(content["keyType"]), declared(content["valueType"]))
    if kind == "abstractType":
        return optional_of(declared(content["parameterTypes"][0]))
    if kind == "type":
        return type_of(declared(content))
    if kind == "messageType":
        return {"Duration": types.DURATION, "Timestamp": types.TIMESTAMP}[content.rpartition(".")[2]]
    return {"dyn": types.DYN, "null": types.NULL}[kind]


def prepared(test: dict[str, Any]) -> Environment:
    env = environment(features=Features.all())
    names = {one["name"]: declared(one["ident"]["type"]) for one in test.get("typeEnv", ())}
    # What is not declared may be anything, where the suite does without a checker.
    names |= {name: types.DYN for name in test.get("bindings", {}) if name not in names}
    return attrs.evolve(env, names=env.names | names)


def checked(test: dict[str, Any], env: Environment) -> Checked | str:
    issues = Issues(test["expr"])
    ast = parse(test["expr"], env.macros, issues)
    found = check(ast, env, issues) if ast else None
    return found or issues.display()


def evaluated(found: Checked, env: Environment, test: dict[str, Any]) -> Value:
    bindings = {name: value(bound["value"]) for name, bound in test.get("bindings", {}).items()}
    try:
        program = plan(found, env)
    except Failure as failure:
        return failure
    result = program.run(Frame(bindings, program.slots))
    return result.value if isinstance(result, Optional) and result.present else result


def left_out(test: dict[str, Any]) -> str:
    """Why a test is left out, empty if it is not."""
    reasons = [reason for reason, names in UPSTREAM.items() if test["name"] in names]
    reasons += [reason for reason, applies in REASONS.items() if applies(test)]
    return reasons[0] if reasons else ""


def verdict(test: dict[str, Any]) -> str:
    """`passed`, why the test is left out, or `failed: ...`."""
    if reason := left_out(test):
        return reason
    env = prepared(test)
    found = checked(test, env)
    if isinstance(found, str):
        if "evalError" in test:
            return "passed"
        if undeclared := NOT_DECLARED.search(found):
            return f"{undeclared[1]} is not declared in DRA"
        return REFUSED if test.get("disableCheck") else f"failed: {found}"
    typed = test.get("typedResult", {})
    if typed and str(declared(typed["deducedType"])) != str(found.output):
        return f"failed: type {found.output}"
    if test.get("checkOnly"):
        return "passed"
    result = evaluated(found, env, test)
    if "evalError" in test:
        return "passed" if isinstance(result, Failure) else f"failed: {result!r} instead of an error"
    wanted = value(typed["result"] if typed else test.get("value", {"boolValue": True}))
    return "passed" if same(wanted, result) else f"failed: {result!r}"


@pytest.mark.parametrize("file", FILES)
def test_the_specification_holds(file: str) -> None:
    counts = Counter[str]()
    failures = []
    for test in suite(file):
        found = verdict(test)
        counts[found.partition(":")[0]] += 1
        if found.startswith("failed"):
            failures.append(f"{test['name']}: {test['expr']}: {found}")
    passed, failed = counts.pop("passed", 0), counts.pop("failed", 0)
    others = "".join(f"; {count} left out: {reason}" for reason, count in sorted(counts.items()))
    print(f"{file}: {passed}/{passed + failed}{others}")
    assert failures == []
