"""`dra.models.yaml_text`: YAML as `sigs.k8s.io/yaml` reads it."""

from __future__ import annotations

from typing import Any

import pytest
import yaml

from dra import LoadError
from dra.models import text, yaml_text


def read(source: str) -> list[object]:
    return list(yaml_text.documents(source, "a.yaml"))


@pytest.mark.parametrize(
    ("plain", "value"),
    [
        *[(word, True) for word in ("true", "True", "yes", "Y", "on", "ON")],
        *[(word, False) for word in ("false", "FALSE", "no", "n", "off", "Off")],
        *[(word, None) for word in ("~", "null", "Null", "")],
        ("yEs", "yEs"),
        ("12", 12),
        ("-7", -7),
        ("+7", 7),
        ("1_000", 1000),
        ("0x1F", 31),
        ("0b101", 5),
        ("0o17", 15),
        ("017", 15),
        ("-017", -15),
        ("0", 0),
        ("089", 89),
        ("0xB1", 177),
        ("0x" + "f" * 17, "0x" + "f" * 17),
        ("18446744073709551616", 2**64),
        ("1.5", 1.5),
        (".5", 0.5),
        ("1.", 1),
        ("1e3", 1000),
        ("1.0", 1),
        ("1e400", "1e400"),
        ("9" * 500, "9" * 500),
        ("1:30", "1:30"),
        ("1.2.3", "1.2.3"),
        ("2026-01-31", "2026-01-31"),
        ("2026-01-31T12:00:00Z", "2026-01-31T12:00:00Z"),
        ("10Gi", "10Gi"),
        ("-", "-"),
        ("0x", "0x"),
        ("=", "="),
    ],
)
def test_plain_scalars(plain: str, value: Any) -> None:
    assert (yaml_text.resolve(plain), type(yaml_text.resolve(plain))) == (value, type(value))


@pytest.mark.parametrize(
    ("source", "value"),
    [
        ("a: 'yes'", {"a": "yes"}),
        ("a: |\n  12\n", {"a": "12\n"}),
        ("a: !!str 12", {"a": "12"}),
        ("a: !!int '12'", {"a": 12}),
        ("a: !!float 12", {"a": 12}),
        ("a: !!binary aGVsbG8=", {"a": "hello"}),
        ("a: !!timestamp 2026-01-31", {"a": "2026-01-31"}),
        ("yes: 1\n2: 1\n1.5: 1\n", {"true": 1, "2": 1, "1.5": 1}),
        ("a: &x [1]\nb: *x\nc: &y z\nd: *y\n", {"a": [1], "b": [1], "c": "z", "d": "z"}),
        ("a: &x {k: 1, l: 2}\nb: {<<: *x, k: 3}\n", {"a": {"k": 1, "l": 2}, "b": {"k": 3, "l": 2}}),
        ("- <<: [{k: 1}, {k: 2, l: 3}]\n", [{"k": 1, "l": 3}]),
        ("'<<': 1", {"<<": 1}),
        ("a:", {"a": None}),
    ],
)
def test_documents(source: str, value: object) -> None:
    assert read(source) == [value]


@pytest.mark.parametrize(
    ("source", "message", "line"),
    [
        ("a: 1\nb: {c: 1, c: 2}\n", "duplicate key 'c'", 2),
        ("1: a\n'1': b\n", "duplicate key '1'", 2),
        ("a: .nan", ".nan is not a JSON number", 1),
        ("a:\n  - -.inf", "-.inf is not a JSON number", 2),
        ("a: *x", "alias to 'x', which is not defined before it", 1),
        ("a: &x [*x]", "alias to 'x', which is not defined before it", 1),
        ("a: !!int x", "'x' does not fit the tag", 1),
        ("a: !!python/object:os.x {}", "unknown tag", 1),
        ("a: !custom x", "does not fit the tag !custom", 1),
        ("a: !!binary '@'", "not text in base64", 1),
        ("a: !!binary /w==", "not text in base64", 1),
        ("? [1]\n: 2", "a key must be", 1),
        ("<<: 1", "'<<' merges mappings only", 1),
        ("a: b: c", "not YAML: mapping values are not allowed", 1),
        ("a\n  \x01", "not YAML: control characters are not allowed", 2),
        ("[" * 300, "nested too deeply", 1),
    ],
)
def test_faults_have_a_line(source: str, message: str, line: int) -> None:
    with pytest.raises(LoadError) as caught:
        read(source)
    assert message in caught.value.message
    assert (caught.value.source, caught.value.line) == ("a.yaml", line)


def test_python_parses_where_libyaml_is_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(yaml_text, "_Parser", yaml.SafeLoader)
    assert read("a: [1, yes]\n---\nb: &x 1\nc: *x\n") == [{"a": [1, True]}, {"b": 1, "c": 1}]
    with pytest.raises(LoadError, match="not YAML: special characters"):
        read("a: \x01")


@pytest.mark.parametrize(
    ("path", "place"),
    [
        ("", (2, 1)),
        ("a", (2, 1)),
        ("a.b", (3, 3)),
        ("a.b[1]", (4, 7)),
        ("a.b[1].c", (4, 8)),
        ("a.b[9]", (3, 3)),
        ("a.b.x", (3, 3)),
        ("a.q", (2, 1)),
        ("d[x.example.com/y]", (5, 5)),
        ("e", (6, 3)),
    ],
)
def test_positions(path: str, place: tuple[int, int]) -> None:
    source = "---\na:\n  b: [{k: 1},\n      {c: 1}]\nd: {x.example.com/y: 1}\n? e\n: 1\n"
    assert yaml_text.position(source, 0, path) == place


def test_a_position_in_what_is_not_there_is_zero() -> None:
    assert yaml_text.position("a: 1", 3, "a") == (0, 0)
    assert yaml_text.position("a: [", 0, "a[0].b") == (0, 0)


STRINGS = [
    *("yes", "y", "N", "on", "~", "", "1e3", "010", "0x1", "1_0", "1:30", "2026-01-31"),
    *("a\nb\n", " a", "é\u2028", "#", "<<", "10Gi", "a: b", "- a", "\t", "\x7f", "😀"),
]


@pytest.mark.parametrize("value", STRINGS)
def test_strings_are_written_so_that_they_stay_strings(value: str) -> None:
    data = {"key": value, f"{value}": [value]}
    assert read(text.write_yaml([data])) == [data]


@pytest.mark.parametrize(
    "text",
    [
        "kind: List\nitems:\n- kind: A\n  spec:\n    x: 1\n- kind: B\n  spec:\n    here: 2\n",
        "items:\n    -   kind: A  # one\n        spec: {x: 1}\n\n    -   kind: B\n        spec: {here: 2}\n",
        "  items:\n  - {kind: A, spec: {x: 1}}\n  - {kind: B,\n     spec: {here: 2}}\n",
        "kind: Other\n---\nitems: [{kind: A}, {kind: B, spec: {here: 2}}]\n---\nkind: Last\n",
        '{"items": [{"spec": {"x": 1}}, {"spec": {"here": 2}}]}',
        "%YAML 1.1\n---\nitems:\n- &a {kind: A}\n- spec:\n    <<: *a\n    here: 2\n",
    ],
)
def test_a_field_of_an_item_is_found_however_the_list_is_written(text: str) -> None:
    at = text.index('"here"' if '"here"' in text else "here")
    expected = text.count("\n", 0, at) + 1, at - text.rfind("\n", 0, at)
    index = text[:at].count("\n---\n") if text.startswith("kind: Other") else 0

    assert yaml_text.position(text, index, "items[1].spec.here") == expected
    assert yaml_text.position(text, index, "items[1].spec.here.beyond") == expected
    assert yaml_text.position(text, index + 9, "items[1].spec.here") == (0, 0)
