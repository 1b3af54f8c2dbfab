"""`dra.cli.diff`: what the diff of two texts says, read by patch and by difflib's own measure."""

from __future__ import annotations

import difflib
import re
import subprocess
from pathlib import Path

import pytest
from hypothesis import given, settings, strategies as st

from dra.cli.diff import unified_diff

TEXTS = st.lists(st.sampled_from(["a", "b", "c", "", "- d"]), max_size=12).map("\n".join)


def patched(before: str, diff: list[str], folder: Path) -> str:
    file = folder / "x.yaml"
    file.write_bytes(before.encode())
    text = "".join(f"{line}\n" for line in diff)
    subprocess.run(["patch", "-p1", "-s", str(file)], input=text.encode(), check=True)
    return file.read_bytes().decode() if file.exists() else ""


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("a\nb\n", "a\nc\n"),
        ("a\nb", "a\nc"),
        ("a\nb", "a\nb\n"),
        ("a\nb\n", "a\nb"),
        ("a\n", "a\n---\nb\n"),
        ("a\r\nb\r\n", "a\r\nc\r\n"),
        ("x\x0cy\nz\n", "x\x0cy\n"),
        (
            "".join(f"{number}\n" for number in range(50)),
            "".join(f"{number}\n" for number in range(50) if number % 20),
        ),
    ],
)
def test_patch_makes_one_of_the_other(before: str, after: str, tmp_path: Path) -> None:
    assert patched(before, list(unified_diff(before, after, "x.yaml")), tmp_path) == after


def applied(before: str, diff: list[str]) -> str:
    """What a diff makes of a text."""
    old = before.splitlines(keepends=True)
    result: list[str] = []
    at, last = 0, ""
    for line in "\n".join(diff).split("\n")[2:]:
        if header := re.fullmatch(r"@@ -(\d+)(?:,(\d+))? \+.* @@", line):
            start = int(header[1]) - (header[2] != "0")
            result += old[at:start]
            at = start
        elif line.startswith("\\"):
            if last != "-":
                result[-1] = result[-1].removesuffix("\n")
        else:
            last = line[0]
            result += [f"{line[1:]}\n"] if last in " +" else []
            at += last in " -"
    return "".join(result + old[at:])


@settings(max_examples=150, deadline=None)
@given(TEXTS, TEXTS)
def test_any_diff_leads_from_one_text_to_the_other(before: str, after: str) -> None:
    diff = list(unified_diff(before, after, "x"))
    assert (applied(before, diff) if diff else before) == after


def test_equal_texts_have_none() -> None:
    assert list(unified_diff("a\n", "a\n", "x")) == []


def test_a_few_changes_in_a_long_text_are_said_as_difflib_says_them() -> None:
    before = [f"{number}" for number in range(300)]
    after = [*before[:40], "new", *before[41:200], *before[203:], "end"]
    ours = list(unified_diff("\n".join(before) + "\n", "\n".join(after) + "\n", "x"))
    assert ours == list(difflib.unified_diff(before, after, "a/x", "b/x", lineterm=""))


def test_a_long_text_of_equal_pieces_is_compared_piece_by_piece() -> None:
    piece = "".join(f"line {number}\n" for number in range(30))
    before, after = piece * 2_000, piece.replace("line 7\n", "") * 2_000
    diff = list(unified_diff(before, after, "x"))
    assert [line for line in diff if line[0] == "-"][1:] == ["-line 7"] * 2_000


def test_texts_that_have_nothing_in_common_are_replaced_as_a_whole() -> None:
    before, after = (("".join(f"{word} {number}\n" for number in range(3_000))) for word in ("old", "new"))
    diff = list(unified_diff(before, after, "x"))
    assert (
        sum(line.startswith("-old") for line in diff)
        == sum(line.startswith("+new") for line in diff)
        == 3_000
    )
