"""Regular expressions give what Go's `regexp` gave for the same patterns and texts, through every engine."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any

import pytest

from dra.cel.regex import Regex, RegexError
from dra.cel.regex.matcher import MAX_PROGRAM
from dra.cel.regex.syntax import parse
from tests.conformance.vectors import read_cases

Case = dict[str, Any]

# Go takes programs of up to three million instructions; here they end at MAX_PROGRAM.
TOO_LARGE_FOR_US = "(?:" + "[ab]c*" * 500 + "){1000}"


@cache
def cases() -> list[Case]:
    return list(read_cases("regex.jsonl.gz"))


@cache
def accepted() -> list[tuple[Regex, list[Case]]]:
    return [
        (Regex(case["pattern"]), case["results"])
        for case in cases()
        if "error" not in case and case["pattern"] != TOO_LARGE_FOR_US
    ]


def disagreements(
    answer: Callable[[Regex, Case], Any], expected: Callable[[Case], Any]
) -> list[tuple[Any, ...]]:
    found = []
    for regex, results in accepted():
        for result in results:
            answered = answer(regex, result)
            if answered is not None and answered != expected(result):
                found.append((regex.pattern, result["text"], answered, expected(result)))
    return found


def test_the_recording_is_large() -> None:
    assert len(cases()) > 2500
    assert sum(len(results) for _, results in accepted()) > 9000


def test_the_same_patterns_are_refused_with_the_same_words() -> None:
    wrong = []
    for case in cases():
        try:
            parse(case["pattern"])
            error = None
        except RegexError as refusal:
            error = str(refusal)
        if error != case.get("error"):
            wrong.append((case["pattern"], error, case.get("error")))
    assert wrong == []


def test_our_own_bound_on_programs_is_below_that_of_go() -> None:
    assert parse(TOO_LARGE_FOR_US).size > MAX_PROGRAM
    with pytest.raises(RegexError, match="expression too large"):
        Regex(TOO_LARGE_FOR_US)


def test_the_public_methods_agree() -> None:
    def answer(regex: Regex, result: Case) -> Any:
        text = result["text"]
        return regex.search(text), regex.find(text), regex.find_all(text)

    assert disagreements(answer, lambda result: (result["match"], result["find"], result["all"])) == []


def test_the_own_matcher_agrees() -> None:
    def answer(regex: Regex, result: Case) -> Any:
        text = result["text"]
        return regex._matcher.search(text), [text[a:b] for a, b in regex._matcher.spans(text)]

    assert disagreements(answer, lambda result: (result["match"], result["all"])) == []


def test_the_translation_for_re_agrees() -> None:
    def answer(regex: Regex, result: Case) -> Any:
        if regex._finder.limit < 0:
            return None
        found = regex._finder.search(result["text"])
        return found is not None, found[0] if found else ""

    assert disagreements(answer, lambda result: (result["match"], result["find"])) == []


def test_google_re2_agrees_on_ascii() -> None:
    pytest.importorskip("re2")

    def answer(regex: Regex, result: Case) -> Any:
        usable = regex._re2 is not None and result["text"].isascii()
        return regex._re2.search(result["text"]) is not None if usable else None

    assert disagreements(answer, lambda result: result["match"]) == []
