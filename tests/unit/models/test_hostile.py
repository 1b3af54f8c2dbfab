"""Input made to hang, crash or fill the memory ends in a `DraError`, and soon."""

from __future__ import annotations

from typing import Any

import pytest

import dra
from dra import DraError, Node, Workload
from dra.models.loading import load_located

POD = "apiVersion: v1\nkind: Pod\n"
BOMB = "a0: &a0 [x, x, x, x, x, x, x, x, x]\n" + "".join(
    f"a{level}: &a{level} [{', '.join([f'*a{level - 1}'] * 9)}]\n" for level in range(1, 12)
)
MERGES = "a: &a {" + ", ".join(f"k{number}: 1" for number in range(1000)) + "}\n"
MERGES += "".join(f"b{number}: {{<<: [*a, *a, *a]}}\n" for number in range(1000))


@pytest.mark.parametrize(
    "source",
    [
        pytest.param("[" * 10_000_000, id="brackets"),
        pytest.param('{"a":' * 1_000_000, id="braces"),
        pytest.param("a: " + "[" * 10_000_000, id="brackets in YAML"),
        pytest.param("\n".join(" " * depth + "a:" for depth in range(3000)), id="indentation"),
        pytest.param("- " * 1_000_000 + "\n", id="dashes"),
        pytest.param("? " * 100_000 + "\n", id="complex keys"),
        pytest.param("{" + "a, " * 100_000 + "}", id="repeated keys"),
        pytest.param(BOMB, id="billion laughs"),
        pytest.param(POD + BOMB, id="billion laughs in a pod"),
        pytest.param(POD + MERGES, id="merge keys"),
        pytest.param(POD + "spec: &a {x: *a}", id="an alias to itself"),
        pytest.param(bytes(range(256)) * 1000, id="binary"),
        pytest.param("\0" * 1000 + "\n", id="zero bytes"),
        pytest.param(POD + "spec: {priority: " + "9" * 100_000 + "}", id="a huge integer"),
        pytest.param(
            '{"kind": "Pod", "apiVersion": "v1", "x": ' + "9" * 100_000 + "}", id="a huge JSON integer"
        ),
        pytest.param('"' * 1_000_001 + "\n", id="quotes"),
        pytest.param(POD + "x: !!python/object/apply:os.system ['true']\n", id="a Python object"),
        pytest.param("x" * 100_000, id="a long path"),
        pytest.param("\ud800", id="a surrogate as path"),
    ],
)
def test_hostile_text(source: str | bytes) -> None:
    with pytest.raises(DraError) as caught:
        dra.load(source)
    assert len(str(caught.value)) < 1000


def nested(depth: int) -> dict[str, Any]:
    data: dict[str, Any] = {}
    for _ in range(depth):
        data = {"compositePodGroupTemplates": [data]}
    return data


def endless() -> dict[str, Any]:
    data: dict[str, Any] = {}
    data["compositePodGroupTemplates"] = [data]
    return data


@pytest.mark.parametrize("spec", [nested(3000), endless()])
def test_hostile_data(spec: dict[str, Any]) -> None:
    with pytest.raises(DraError):
        Workload.from_dict({"spec": spec}).to_dict()
    with pytest.raises(DraError):
        dra.convert(Node.from_dict({"spec": {"unknown": spec}}), "v1")
    with pytest.raises(DraError):
        dra.default(Node.from_dict({"spec": {"unknown": spec}}))


def test_aliases_within_bounds_are_fine() -> None:
    (found,) = load_located(POD + "metadata: {labels: &l {a: b}, annotations: *l}\n")
    assert found.object.metadata.annotations == {"a": "b"}
    assert found.position("metadata.annotations.a") == (3, 31)


@pytest.mark.parametrize("value", [float("inf"), b"bytes", object(), {1, 2}])
def test_what_json_lacks_is_not_written(value: object) -> None:
    with pytest.raises(DraError, match="cannot write"):
        Node.from_dict({"spec": {"x": value}}).to_dict()
