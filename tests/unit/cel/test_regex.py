"""Regular expressions with RE2's syntax: what differs from Python's `re`, and that nothing takes long."""

from __future__ import annotations

import doctest
import importlib
import pickle
import pkgutil
import re
import sys
import unicodedata

import pytest

import dra.cel.regex
from dra.cel.regex import Regex, RegexError, compile  # noqa: A004 - its public name
from dra.cel.regex.backtracking import text_limit
from dra.cel.regex.classes import contains, named
from dra.cel.regex.matcher import MAX_PROGRAM, Matcher
from dra.cel.regex.syntax import parse
from dra.errors import DraError


@pytest.mark.parametrize(
    ("pattern", "text", "matches"),
    [
        ("^a$", "a\n", False),
        ("(?m)^a$", "a\n", True),
        ("[[:alpha:]]", ":", False),
        ("[[:alpha:]]", "x", True),
        ("a{,3}", "aaa", False),
        ("a{,3}", "a{,3}", True),
        (r"\s", "\v", False),
        (r"\s", "\f", True),
        (r"[[:space:]]", "\v", True),
        (r"\d", "٣", False),
        (r"\w", "é", False),
        (r"\bé", "é", False),
        (r"\B", "", True),
        (r"a\z", "a", True),
        (r"a\z", "a\n", False),
        (r"^\p{Greek}+$", "αβγ", True),
        (r"^\pN+$", "1٣Ⅷ", True),
        (r"\Qa.b\E+$", "a.bb", True),
        (r"\Qa.b\E", "axb", False),
        (r"(?<n>a)(?P<m>b)", "ab", True),
        (r"\x{61}\x62", "ab", True),
        ("(?i)ſ", "S", True),
        ("(?i)k", "\u212a", True),
        ("(?i)ß", "SS", False),
        ("(?i)İ", "i", False),
        (".", "\n", False),
        ("(?s).", "\n", True),
        ("[^a]", "\n", True),
        (r"[^\x00-\x{10FFFF}]", "a", False),
        (r"\x{d800}", "a", False),
        ("", "", True),
    ],
)
def test_the_meaning_is_that_of_re2(pattern: str, text: str, matches: bool) -> None:
    assert compile(pattern).search(text) is matches


def test_ungreedy_swaps_what_is_preferred() -> None:
    assert compile("(?U)a+").find("aaa") == "a"
    assert compile("(?U)a+?").find("aaa") == "aaa"


@pytest.mark.parametrize(
    ("pattern", "message"),
    [
        ("a++", "invalid nested repetition operator: `++`"),
        ("a**", "invalid nested repetition operator: `**`"),
        ("(?=a)", "invalid or unsupported Perl syntax: `(?=`"),
        ("(?<=a)", "invalid named capture: `(?<=a)`"),
        ("(?#c)", "invalid or unsupported Perl syntax: `(?#`"),
        ("(?x)a", "invalid or unsupported Perl syntax: `(?x`"),
        (r"(a)\1", r"invalid escape sequence: `\1`"),
        (r"a\Z", r"invalid escape sequence: `\Z`"),
        (r"\C", r"invalid escape sequence: `\C`"),
        ("a{1001}", "invalid repeat count: `{1001}`"),
        ("(a{100}){11}", "invalid repeat count: `{11}`"),
        ("[a", "missing closing ]: `[a`"),
        ("(a", "missing closing ): `(a`"),
        ("a)", "unexpected ): `a)`"),
        ("a\\", "trailing backslash at end of expression: ``"),
        ("*a", "missing argument to repetition operator: `*`"),
        ("[z-a]", "invalid character class range: `z-a`"),
        (r"\p{Klingon}", r"invalid character class range: `\p{Klingon}`"),
        ("[[:foo:]]", "invalid character class range: `[:foo:]`"),
        ("a\ud800", "invalid UTF-8: `a\ud800`"),
        ("(" * 1001 + ")" * 1001, f"expression nests too deeply: `{'(' * 1001 + ')' * 1001}`"),
    ],
)
def test_what_go_refuses_is_refused_with_its_words(pattern: str, message: str) -> None:
    with pytest.raises(RegexError) as refusal:
        compile(pattern)
    assert str(refusal.value) == f"error parsing regexp: {message}"
    assert isinstance(refusal.value, DraError)


def test_a_fault_names_its_part() -> None:
    with pytest.raises(RegexError) as refusal:
        compile("ab[c")
    assert (refusal.value.code, refusal.value.value) == ("missing closing ]", "[c")


@pytest.mark.parametrize(
    ("pattern", "text", "found"),
    [
        ("a|ab", "ab", ["a"]),
        ("a*", "baab", ["", "aa", ""]),
        ("a*?", "aa", ["", "", ""]),
        ("(|a)*", "aa", ["", "", ""]),
        ("(|a)+", "aa", ["", "", ""]),
        ("(?:a?)*?b", "aab", ["aab"]),
        (r"\b", "ab cd", ["", "", "", ""]),
        ("x", "abc", []),
    ],
)
def test_matches_are_leftmost_first_and_empty_ones_do_not_touch_others(
    pattern: str, text: str, found: list[str]
) -> None:
    regex = compile(pattern)
    assert regex.find_all(text) == found
    assert regex.find(text) == (found[0] if found else "")


def test_find_all_stops_at_n() -> None:
    regex = compile("[0-9]")
    assert regex.find_all("1234", 2) == ["1", "2"]
    assert regex.find_all("1234", 0) == []
    assert regex.find_all("1234", -5) == ["1", "2", "3", "4"]


EXPONENTIAL = [
    "(a+)+$",
    "(a|a)*b",
    "(.*)*y",
    "([a-z]+)*[0-9]",
    "(a|aa)+$",
    "x(.*)*y.*z",
    "(a?){60}a{60}$",
    "(.*a){20}b",
]


@pytest.mark.parametrize("pattern", EXPONENTIAL)
@pytest.mark.parametrize("length", [30, 64, 20_000])
def test_patterns_that_explode_elsewhere_answer(pattern: str, length: int) -> None:
    text = "x" + "a" * length + "!"
    regex = Regex(pattern)
    assert regex.search(text) is False
    assert regex.find(text) == ""
    assert regex.find_all(text) == []


@pytest.mark.parametrize("pattern", EXPONENTIAL)
def test_the_automaton_needs_no_more_states_for_a_longer_text(pattern: str) -> None:
    def states_for(length: int) -> int:
        matcher = Matcher(parse(pattern))
        matcher.search("a" * length)
        return len(matcher._states)

    assert states_for(3000) == states_for(300)


def test_finding_all_does_not_look_ahead_again_and_again() -> None:
    text = "a" * 20_000
    assert compile("a.*b|a").find_all(text) == list(text)


def scrambled(alphabet: str, length: int) -> str:
    state, letters = 1, []
    for _ in range(length):
        state = state * 1_103_515_245 + 12_345 & 0x7FFFFFFF
        letters.append(alphabet[(state >> 16) % len(alphabet)])
    return "".join(letters)


@pytest.mark.parametrize(
    "pattern",
    [
        r"\ba+",
        r"\Ba",
        r"\b",
        "(?m)^b+",
        "(?m)a$",
        "a+b|b\n",
        "[ab \n]{900}",
        "(?s)a.{1000}?b",
        "",
        "b*$",
        "^a|a$",
    ],
)
def test_matches_lie_across_the_blocks_in_which_texts_are_walked(pattern: str) -> None:
    text = scrambled("ab \n", 5000)
    expected, previous_end = [], -1
    for found in re.finditer(pattern.replace("$", r"$" if "(?m)" in pattern else r"\Z"), text, re.ASCII):
        if found.span() != (previous_end, previous_end):
            expected.append(found.span())
        previous_end = found.end()
    assert list(Matcher(parse(pattern)).spans(text)) == expected


def test_the_states_kept_are_bounded() -> None:
    matcher = Matcher(parse("x(a|b){1000}a(a|b)*"))
    text = scrambled("ab", 25_000)
    assert matcher.search(text) is False
    assert len(matcher._states) > 1000
    assert matcher._kept <= 8 << 20


@pytest.mark.parametrize("pattern", ["(a+)+b", "(a|ab)*c", "(.*)*", "(a*)*b", "x(a|ab|b)*y", "(?:a?|b?)c"])
def test_re_never_runs_what_may_explode(pattern: str) -> None:
    assert text_limit(parse(pattern)) < 0


@pytest.mark.parametrize(
    "pattern", ["^[a-z]+-[0-9]+$", "^NVIDIA (A|H)100.*$", "A100", "^[a-z0-9]([-a-z0-9]*[a-z0-9])?$"]
)
def test_re_runs_what_the_next_character_decides_on_long_texts(pattern: str) -> None:
    assert text_limit(parse(pattern)) >= 1_000


def test_re_runs_the_moderately_ambiguous_on_texts_as_long_as_attributes() -> None:
    assert text_limit(parse(r"^([a-z0-9]+\.)*[a-z0-9]+$")) >= 64
    assert text_limit(parse(r"^.*GB.*$")) >= 64


@pytest.mark.parametrize("pattern", [".*GB.*", "(.*)GB(.*)", "[0-9]*GB[a-z]+", "((GB))", ".*"])
def test_searching_needs_only_the_core_of_a_pattern(pattern: str) -> None:
    regex = Regex(pattern)
    assert regex._searcher.limit >= 1_000
    for text in ("", "GB", "80GB", "80GBx\n", "G B"):
        assert regex.search(text) == regex._matcher.search(text)


def test_deep_patterns_need_no_recursion() -> None:
    depth = sys.getrecursionlimit() - 10
    regex = Regex("(?:" * depth + "ab" + ")*" * 300 + ")" * (depth - 300) + "$")
    assert regex.search("abab") is True
    assert compile("((?:" * 400 + "a" + ")+)" * 400).find("caab") == "aa"


def test_large_programs_are_refused() -> None:
    pattern = "(?:" + "(a|ab)" * 20 + "){1000}"
    assert parse(pattern).size > MAX_PROGRAM
    with pytest.raises(RegexError, match="expression too large"):
        compile(pattern)


def test_texts_with_lone_surrogates_are_matched() -> None:
    assert compile("a(b|bc)*d").search("\ud800" * 300 + "abcd") is True


def test_a_pattern_with_many_different_characters_in_the_text() -> None:
    text = "".join(map(chr, range(0x4E00, 0x4E00 + 6000)))
    assert compile(r"(\p{Han}|x)+y").search(text) is False


def test_regexes_are_cached_and_pickled_by_pattern() -> None:
    regex = compile("a+")
    assert compile("a+") is regex
    assert pickle.loads(pickle.dumps(regex)).find("caaat") == "aaa"
    assert repr(regex) == "Regex('a+')"


def test_without_google_re2_the_answers_are_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    text = "a" * 5000 + "b"
    expected = [Regex(pattern).search(text) for pattern in EXPONENTIAL]
    monkeypatch.setitem(sys.modules, "re2", None)
    assert [Regex(pattern).search(text) for pattern in EXPONENTIAL] == expected
    assert Regex("(a+)+$")._re2 is None


@pytest.mark.parametrize(
    "name",
    [found.name for found in pkgutil.walk_packages(dra.cel.regex.__path__, "dra.cel.regex.")]
    + ["dra.cel.regex"],
)
def test_examples(name: str) -> None:
    assert doctest.testmod(importlib.import_module(name)).failed == 0


def test_the_unicode_categories_are_those_of_unicode_15() -> None:
    """Python's own table is of another version, in which a few characters are classed differently."""
    different = []
    for point in range(0x110000):
        category = unicodedata.category(chr(point))
        if category != "Cn" and not contains(named(category, fold=False) or (), point):
            different.append(point)
    newer = [point for point in different if contains(named("Cn", fold=False) or (), point)]
    assert len(different) - len(newer) <= 5
    if unicodedata.unidata_version <= "15.0.0":
        assert newer == []


def test_hundreds_of_unicode_classes_match_as_one_does() -> None:
    many = compile(r"^[\pL\pN\pP]{3}" + r"[\pL\pN\pP]" * 300 + "$")
    assert many.search("é" * 303)
    assert not many.search("é" * 302 + " ")
