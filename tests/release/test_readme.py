"""README.md on the package index: every link and picture is an address, the rest is as it was."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests import links
from tests.release.readme import README, with_addresses

REPOSITORY = "https://github.com/someone/dra"


@pytest.fixture
def on_the_index(tmp_path: Path) -> Path:
    page = tmp_path / "README.md"
    page.write_text(
        with_addresses(README.read_text(encoding="utf-8"), REPOSITORY, "v0.1.0"), encoding="utf-8"
    )
    return page


def test_every_link_is_an_address(on_the_index: Path) -> None:
    found = list(links.links_of(on_the_index))
    assert len(found) == len(list(links.links_of(README)))
    assert [link.target for link in found if not link.is_outside] == []


def test_pictures_are_fetched_as_files_and_pages_as_pages(on_the_index: Path) -> None:
    text = on_the_index.read_text(encoding="utf-8")
    pictures = set(re.findall(r"!\[[^\]]*\]\(([^)]+)\)", text))
    assert {each.removeprefix(f"{REPOSITORY}/raw/v0.1.0/") for each in pictures} == set(
        re.findall(r"!\[[^\]]*\]\(([^)]+)\)", README.read_text(encoding="utf-8"))
    )
    assert f"({REPOSITORY}/blob/v0.1.0/docs/quickstart.md)" in text


def test_nothing_else_changes(on_the_index: Path) -> None:
    text = on_the_index.read_text(encoding="utf-8")
    back = text.replace(f"{REPOSITORY}/raw/v0.1.0/", "").replace(f"{REPOSITORY}/blob/v0.1.0/", "")
    assert back == README.read_text(encoding="utf-8")


def test_code_addresses_and_anchors_stay() -> None:
    text = "```text\n[a](b.md)\n```\n[a](https://b.org) [a](#b)\n"
    assert with_addresses(text, REPOSITORY, "v0.1.0") == text
