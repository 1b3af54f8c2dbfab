"""docs/fixtures.md lists the machines. `python -m tests.unit.testing.nodes.test_docs_page` rewrites it."""

from __future__ import annotations

from pathlib import Path

from dra.testing import nodes

PAGE = Path(__file__).parents[4] / "docs" / "fixtures.md"
MARK = "## Machines\n"


def page() -> str:
    """The page with its table made anew."""
    rows = [
        f"| `{each.name}` | {each.title} | {', '.join(each.drivers)} | {each.facts} |"
        for each in nodes.machines()
    ]
    head = ["", "| name | what it is | drivers | what is known |", "|---|---|---|---|"]
    return PAGE.read_text(encoding="utf-8").partition(MARK)[0] + MARK + "\n".join([*head, *rows, ""])


def test_the_page_lists_every_machine() -> None:
    assert PAGE.read_text(encoding="utf-8") == page()


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
