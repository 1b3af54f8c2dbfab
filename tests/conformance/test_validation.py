"""`dra.validate` and `dra.default` against what real kube-apiservers 1.34 to 1.37 answered.

The table says which errors each case has; the recording has the servers' own words and what they would store.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cache
from typing import Any

import pytest

import dra
from dra.features import KUBERNETES_MINORS
from dra.models.kinds import decode
from dra.validation.field_error import FieldError
from dra.validation.gates import without_disabled_fields
from dra.validation.scope import Scope
from tests.conformance.validation_table import Case, from_question, read_table
from tests.conformance.vectors import read_cases

NAMESPACES = {"admin": {"resource.kubernetes.io/admin-access": "true"}}

# Where the answer is another one on purpose, and why.
DEVIATIONS = {
    "§2.2 attribute names #14 in 1.37": "the server reports one fault twice, under a short and a long path",
    "§2.4 exactly or first available #4 in 1.37": "with both kinds set the server looks into one, too",
    "§4.3 workload v1alpha2 #6 in 1.36": "a mode that is not known cannot be read into the newest shape",
    "§4.3 pod group v1alpha2 #4 in 1.36": "a mode that is not known cannot be read into the newest shape",
    "§4.3 pod group v1alpha2 #2 in 1.36": "the newest shape has no wrapper that could be empty",
}
RANDOM_DEVIATIONS = {
    "random #146 in 1.37": "the server reports one fault twice, under a short and a long path",
    "random #386 in 1.37": "with both kinds set the server looks into one, too",
}


@cache
def table() -> tuple[Case, ...]:
    return tuple(read_table())


@cache
def recorded() -> Mapping[str, Mapping[str, Any]]:
    return {answer["id"]: answer for answer in read_cases("validation-recorded.jsonl.gz")}


RULES = sorted({(case.kubernetes, case.rule) for case in table()})


def cases_of(kubernetes: str, rule: str) -> list[Case]:
    return [
        case
        for case in table()
        if (case.kubernetes, case.rule) == (kubernetes, rule) and case.name not in DEVIATIONS
    ]


def found(case: Case) -> list[FieldError]:
    labels = NAMESPACES.get(case.object["metadata"].get("namespace", ""), {})
    return dra.validate(case.object, case.kubernetes, case.features, case.old, namespace_labels=labels)


def in_newest_layout(field: str, case: Case) -> str:
    """1.37 gives some fields of v1beta1 in the layout of v1beta1, others in that of v1."""
    if case.object["apiVersion"] != "resource.k8s.io/v1beta1" or field.endswith(".adminAccess"):
        return field
    field = re.sub(r"(requests\[\d+\])\.(?=[a-z])(?!name|exactly|firstAvailable)", r"\1.exactly.", field)
    return field.replace(".basic.", ".")


def essence(message: str) -> str:
    """A message without what differs by chance: JSON and diffs of internal types, ANTLR on bad syntax."""
    message = re.sub(r"\n@@ .*", "", message, flags=re.DOTALL)
    message = re.sub(r": ([\[{].*[\]}]|null)(: |$)", r": <data>\2", message)
    return re.sub(r"ERROR: <input>:\d+:\d+: Syntax error: .*", "bad syntax", message, flags=re.DOTALL)


@pytest.mark.parametrize(("kubernetes", "rule"), RULES)
def test_errors_are_those_of_the_table(kubernetes: str, rule: str) -> None:
    for case in cases_of(kubernetes, rule):
        ours = {f"{error.type} {error.field}" for error in found(case)}
        expected = set(case.errors)
        if "..." in expected:
            assert expected - {"..."} < ours, case.name
        else:
            assert ours == expected, case.name


def assert_same_errors(case: Case, recorded_errors: list[Any]) -> None:
    ours = {(error.type.reason, error.field, essence(error.message)) for error in found(case)}
    theirs = {
        (error["type"], in_newest_layout(error["field"], case), essence(error["message"]))
        for error in recorded_errors
    }
    assert ours == theirs, case.name


@pytest.mark.parametrize(("kubernetes", "rule"), RULES)
def test_texts_are_those_of_the_server(kubernetes: str, rule: str) -> None:
    for case in cases_of(kubernetes, rule):
        assert_same_errors(case, recorded()[case.name]["errors"])


@pytest.mark.parametrize("kubernetes", KUBERNETES_MINORS)
def test_random_cases_have_the_errors_of_the_server(kubernetes: str) -> None:
    rows = [row for row in read_cases("validation-random.jsonl.gz") if row["kubernetes"] == kubernetes]
    assert len(rows) > 400
    for row in rows:
        case = from_question(row)
        if case.rule not in RANDOM_DEVIATIONS:
            assert_same_errors(case, row["errors"])


def test_the_server_was_asked_every_question() -> None:
    assert {case.name for case in table()} == recorded().keys()
    assert not [answer["id"] for answer in recorded().values() if "broken" in answer]


def test_every_rule_has_a_case_on_either_side() -> None:
    for _, rule in RULES:
        cases = [case for case in table() if case.rule == rule]
        assert {bool(case.errors) for case in cases} == {True, False} or rule in ONE_SIDED, rule


# Rules that say that something is allowed, and rules whose valid case is that of another rule.
ONE_SIDED = {
    "§2.3 a minimal slice is valid",
    "§2.4 a minimal claim is valid",
    "§2.4 capacity requests are not checked",
}


def stored(case: Case) -> dict[str, Any]:
    scope = Scope.of(case.kubernetes, case.features)
    model = dra.default(decode(case.object), features=case.features)
    old = decode(case.old) if case.old else None
    return without_disabled_fields(model, old, scope).to_dict()


KEPT_BY_SERVER = ("timeAdded", "generation", "resourceVersion", "finalizers", "status")
NOTHING = (None, [], {}, "", False, "0")


def without_noise(value: Any) -> Any:
    """Stored data without times, what the server keeps for itself, and nothings."""
    if isinstance(value, dict):
        items = {key: without_noise(item) for key, item in value.items() if key not in KEPT_BY_SERVER}
        return {key: item for key, item in items.items() if item not in NOTHING}
    if isinstance(value, list):
        return [without_noise(item) for item in value]
    return value


def is_known(case: Case) -> bool:
    """Whether every field of the object is one of its version; the server drops others."""
    try:
        decode(case.object, strict=True)
    except dra.DecodeError:
        return False
    return True


@pytest.mark.parametrize("kubernetes", KUBERNETES_MINORS)
def test_defaults_and_gates_leave_what_the_server_stores(kubernetes: str) -> None:
    accepted = [
        (case, recorded()[case.name]["stored"])
        for case in table()
        if case.kubernetes == kubernetes and "stored" in recorded()[case.name]
    ]
    # Of a pod the models have only a part, and a write to the status leaves the rest alone.
    compared = [pair for pair in accepted if pair[0].object["kind"] != "Pod" and not pair[0].status]
    assert len(compared) > 100
    for case, theirs in compared:
        if is_known(case):
            assert without_noise(stored(case)) == without_noise(theirs), case.name
