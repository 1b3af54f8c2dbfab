"""`dra.models.text`: documents from JSON or YAML text, and back."""

from __future__ import annotations

import json

import pytest

from dra import DraError, LoadError
from dra.models import text


def data(source: str | bytes) -> list[object]:
    return [value for value, _ in text.read(source, "a.json")]


def test_json_values_one_after_another() -> None:
    assert data('{"a": 1.5}\n[true, null] {}') == [{"a": 1.5}, [True, None], {}]


def test_flow_style_yaml_looks_like_json() -> None:
    assert data("{a: [b, yes]}") == [{"a": ["b", True]}]


def test_a_byte_order_mark_is_no_content() -> None:
    assert data(b'\xef\xbb\xbf{"a": 1}') == data('\ufeff{"a": 1}') == [{"a": 1}]


def test_surrogate_pairs_are_characters() -> None:
    assert data('{"a": "\\ud83d\\ude00"}') == [{"a": "😀"}]


@pytest.mark.parametrize(
    ("source", "message", "line"),
    [
        ('{"a": 1,\n "a": 2}', "duplicate key 'a'", 2),
        ('{"a": 1,\n "\\u0061": 2}', "duplicate key 'a'", 2),
        ('{"a": 1, "a": "\\u003a"}', "duplicate key 'a'", 1),
        ('{"a":\nNaN}', "not JSON: expected value", 2),
        ('{"a": -Infinity}', "not JSON: invalid number", 1),
        ('{"a": "1e999",\n "b": 1e999}', "1e999 is a number beyond what JSON readers can hold", 2),
        ('{"a": ' + "9" * 5000 + "}", "not JSON: number out of range", 1),
        ('{"a": "\\ud800"}', "not JSON: unexpected end of hex escape", 1),
        ("[" * 100_000, "not JSON: recursion limit exceeded", 1),
        ('{"a": 1}\n{"b": }', "not JSON: Expecting value", 2),
        ("1 " + "[" * 100_000, "not JSON: nested too deeply", 1),
        ("{a: 1}", "not JSON: key must be a string", 1),
    ],
)
def test_a_json_file_is_nothing_but_json(source: str, message: str, line: int) -> None:
    with pytest.raises(LoadError, match=message) as caught:
        text.read(source, "a.json", json_only=True)
    assert (caught.value.source, caught.value.line) == ("a.json", line)


def test_other_text_is_read_as_yaml_when_it_is_no_json() -> None:
    assert data('{"a": NaN, "b": "\\u003a", "c": "Infinity"}') == [{"a": "NaN", "b": ":", "c": "Infinity"}]
    with pytest.raises(LoadError, match="duplicate key 'a'") as caught:
        data('{"a": 1,\n "a": 2}')
    assert caught.value.line == 2


def test_colons_in_texts_and_repeated_names_elsewhere_are_fine() -> None:
    value = {"a:b": [":", {"a": "::"}, {"a": "\\:"}], "Infinity": "\u003a"}
    assert data(json.dumps(value)) == [value]
    assert text.read('{"a": "\\u003a"}', json_only=True)[0][0] == {"a": ":"}


@pytest.mark.parametrize("source", ["", "---\n---\n", "a: 1\n---\nb: 2\n"])
def test_single_wants_one_document(source: str) -> None:
    with pytest.raises(LoadError, match="expected one document"):
        text.single(source)


@pytest.mark.parametrize("value", [object(), {1, 2}, float("nan")])
def test_only_json_data_is_written(value: object) -> None:
    with pytest.raises(DraError, match="cannot write JSON"):
        text.write_json([value])


def test_only_plain_data_is_written_as_yaml() -> None:
    with pytest.raises(DraError, match="cannot write YAML"):
        text.write_yaml([object()])
    with pytest.raises(DraError, match="cannot write YAML"):
        text.write_yaml(["\ud800"])
