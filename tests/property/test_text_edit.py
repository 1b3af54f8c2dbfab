"""Edits of text, for any data: they mean what the edits of the data mean, and leave comments alone."""

from __future__ import annotations

import json
from typing import Any

import yaml
from hypothesis import given, settings, strategies as st

from dra.models import text
from dra.models.edits import applied, edits_between
from dra.models.text_edit import edit_text

# Few keys, so that two objects have some of them in common.
NAMES = st.sampled_from(["a", "b", "x.y/gpu", "on"])
OBJECTS = st.recursive(
    st.one_of(st.integers(0, 3), st.sampled_from(["s", "# no comment", "two\nlines", "", "on"]), st.none()),
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(NAMES, inner, max_size=3)),
    max_leaves=8,
)
DOCUMENTS = st.dictionaries(NAMES, OBJECTS, min_size=1, max_size=4)


@settings(max_examples=60, deadline=None)
@given(DOCUMENTS, DOCUMENTS)
def test_edits_between_two_values_make_one_of_the_other(old: Any, new: Any) -> None:
    assert applied(old, edits_between(old, new)) == new


@settings(max_examples=60, deadline=None)
@given(DOCUMENTS, DOCUMENTS, st.sampled_from([None, True, False]))
def test_edited_yaml_says_the_new_data(old: Any, new: Any, flow: bool | None) -> None:
    written = yaml.safe_dump(old, default_flow_style=flow, sort_keys=False)
    ((before, _),) = text.read(written)
    after = edit_text(f"# first\n{written}", {0: edits_between(before, new)}).text
    assert [data for data, _ in text.read(after)] == [new]
    assert after.startswith("# first\n")


@settings(max_examples=60, deadline=None)
@given(DOCUMENTS, DOCUMENTS)
def test_edited_json_says_the_new_data(old: Any, new: Any) -> None:
    after = edit_text(json.dumps(old, indent=4), {0: edits_between(old, new)}).text
    assert json.loads(after) == new
