"""Random patterns: every engine gives the same answer, and nothing but `RegexError` is raised."""

from __future__ import annotations

import pytest
from hypothesis import given, settings, strategies as st

from dra.cel.regex import Regex, RegexError

ATOMS = [
    "a",
    "b",
    "ab",
    ".",
    "[ab]",
    "[^a]",
    r"\w",
    r"\s",
    "^",
    "$",
    r"\b",
    r"\B",
    "(?m:^)",
    "(?m:$)",
    "",
    "(?i:A)",
]
OPERATORS = ["", "", "*", "+", "?", "*?", "+?", "??", "{2}", "{1,3}", "{0,2}?", "{2,}"]


def composed(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    parts = st.lists(inner, min_size=1, max_size=3)
    groups = st.builds(
        lambda open_, body, operator: f"{open_}{body})" + operator,
        st.sampled_from(["(", "(?:", "(?U:"]),
        st.one_of(parts.map("".join), parts.map("|".join)),
        st.sampled_from(OPERATORS),
    )
    return st.one_of(groups, parts.map("".join))


PATTERNS = st.recursive(st.sampled_from(ATOMS), composed, max_leaves=12)
TEXTS = st.text("aabbcA \né", max_size=24)


@settings(max_examples=400, deadline=None)
@given(pattern=PATTERNS, text=TEXTS)
def test_every_engine_agrees(pattern: str, text: str) -> None:
    regex = Regex(pattern)
    spans = list(regex._matcher.spans(text))
    assert regex._matcher.search(text) is bool(spans)
    assert regex.search(text) is bool(spans)
    assert regex.find(text) == next((text[start:end] for start, end in spans), "")
    assert regex.find_all(text) == [text[start:end] for start, end in spans]
    if regex._finder.limit >= 0:
        found = regex._finder.search(text)
        assert (found.span() if found else None) == (spans[0] if spans else None)


@settings(max_examples=400, deadline=None)
@given(pattern=PATTERNS, text=st.text("aabbcA \n", max_size=24))
def test_google_re2_agrees(pattern: str, text: str) -> None:
    pytest.importorskip("re2")
    regex = Regex(pattern)
    assert regex._re2 is not None
    assert (regex._re2.search(text) is not None) is regex._matcher.search(text)


@settings(max_examples=300, deadline=None)
@given(pattern=PATTERNS, text=st.text("ab\n", max_size=300))
def test_long_texts_answer(pattern: str, text: str) -> None:
    assert Regex(pattern).search(text * 5) is bool(list(Regex(pattern)._matcher.spans(text * 5)))


SYNTAX = st.text(st.sampled_from("ab019()[]{}*+?|^$\\.-,:<>PpxiUQEzsmé=!\u212a\ud800"), max_size=30)


@settings(max_examples=1500, deadline=None)
@given(pattern=st.one_of(SYNTAX, st.text(max_size=20)), text=st.text(max_size=20))
def test_any_text_is_a_pattern_or_is_refused(pattern: str, text: str) -> None:
    try:
        regex = Regex(pattern)
    except RegexError:
        return
    matches = regex.find_all(text)
    assert bool(matches) is regex.search(text)
    assert regex.find(text) == (matches[0] if matches else "")
