"""`dra.models.text`: documents from JSON or YAML text, and back."""

from __future__ import annotations

import pytest

from dra import DraError, LoadError
from dra.models import text


def data(source: str | bytes) -> list[object]:
    return [document.data for document in text.read(source, "a.json")]


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
        ('{"a": NaN}', "NaN is not a JSON number", 0),
        ('{"a": -Infinity}', "-Infinity is not a JSON number", 0),
        ('{"a": 1e999}', "a number beyond what JSON readers can hold", 0),
        ('{"a": ' + "9" * 5000 + "}", "an integer of thousands of digits", 0),
        ('{"a": "\\ud800"}', "half of a surrogate pair", 0),
        ("[" * 100_000, "nested too deeply", 0),
    ],
)
def test_json_beyond_what_kubernetes_takes_is_refused(source: str, message: str, line: int) -> None:
    with pytest.raises(LoadError, match=message) as caught:
        data(source)
    assert (caught.value.source, caught.value.line) == ("a.json", line)


def test_a_json_file_is_not_tried_as_yaml() -> None:
    with pytest.raises(LoadError, match="not JSON: Expecting property name") as caught:
        text.read("{a: 1}", "a.json", json_only=True)
    assert (caught.value.line, caught.value.column) == (1, 2)


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
