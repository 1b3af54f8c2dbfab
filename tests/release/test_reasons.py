"""Nothing is silenced without a reason beside it: `# noqa: A001 - the public name`."""

from __future__ import annotations

import re
import tokenize
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SOURCES = sorted(
    path for folder in ("dra", "benchmarks", "examples", "tests") for path in (ROOT / folder).rglob("*.py")
)
SILENCER = r"(?:type: ignore|pyright: ignore|noqa|pragma: no cover)"
WITH_REASON = re.compile(
    rf"#\s*{SILENCER}(?:\[[\w, -]+\]|: [A-Z]+\d+(?:, ?[A-Z]+\d+)*)?(?P<reason>\s*[#-]\s*\S.*)?$"
)


def silenced(path: Path) -> Iterator[tuple[int, str]]:
    """Lines with a comment that silences a tool."""
    if not re.search(SILENCER, path.read_text(encoding="utf-8")):  # most files: tokenizing them takes long
        return
    with tokenize.open(path) as lines:
        for token in tokenize.generate_tokens(lines.readline):
            if token.type == tokenize.COMMENT and re.match(rf"#\s*{SILENCER}", token.string):
                yield token.start[0], token.string


def has_reason(comment: str) -> bool:
    match = WITH_REASON.match(comment)
    return match is not None and match["reason"] is not None


def test_every_silenced_finding_has_its_reason_beside_it() -> None:
    found = [
        f"{path.relative_to(ROOT)}:{line}: {comment}"
        for path in SOURCES
        for line, comment in silenced(path)
        if not has_reason(comment)
    ]
    assert found == []


@pytest.mark.parametrize(
    ("comment", "expected"),
    [
        ("# noqa: A001 - the public name", True),
        ("# noqa: D102, D103 - see the class", True),
        ("# type: ignore[misc] # set above", True),
        ("# pragma: no cover - cannot happen", True),
        ("# noqa: A001", False),
        ("# noqa", False),
        ("# type: ignore[misc]", False),
        ("# type: ignore[misc] #", False),
        ("# type: ignore", False),
    ],
)
def test_what_counts_as_a_reason(comment: str, expected: bool) -> None:
    assert has_reason(comment) is expected
