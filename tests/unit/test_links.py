"""Every link in README.md, its neighbours, docs/ and examples/ leads somewhere."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from tests import links
from tests.links import PAGES, ROOT, Link, anchors_of, fault_inside, fault_of_answer, fault_of_form, links_of


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_links_lead_somewhere(page: Path) -> None:
    faults = [
        f"{link}: {fault}"
        for link in links_of(page)
        if (fault := fault_of_form(link) if link.is_outside else fault_inside(link))
    ]
    assert faults == []


def test_all_kinds_of_pages_are_looked_at() -> None:
    names = {str(page.relative_to(ROOT)) for page in PAGES}
    expected = {"README.md", "CONTRIBUTING.md", "CHANGELOG.md", "SECURITY.md", "docs/index.md"}
    assert expected | {"examples/dgx-h100/README.md", "docs/reference/cel.md"} <= names


class TestTheMechanism:
    """The reader of links, since a link that is not seen passes quietly."""

    @pytest.fixture
    def page(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
        monkeypatch.setattr(links, "ROOT", tmp_path)
        (tmp_path / "other.md").write_text(
            "# What `dra` does\n\n## Again\n\n## Again\n\n```\n# no heading\n```\n"
        )
        return tmp_path / "page.md"

    @pytest.mark.parametrize(
        ("written", "target"),
        [
            ("see [a](other.md#again) there", "other.md#again"),
            ("![a picture](images/a.svg)", "images/a.svg"),
            ("[![a](a.svg)](b.md)", "b.md"),
            ('[a](b.md "title")', "b.md"),
            ("[a]: https://example.com/", "https://example.com/"),
            ('<img alt="a" src="a.png">', "a.png"),
            ("<https://example.com/>", "https://example.com/"),
        ],
    )
    def test_links_are_found_however_they_are_written(self, page: Path, written: str, target: str) -> None:
        page.write_text(written)
        assert target in [link.target for link in links_of(page)]

    def test_code_has_no_links(self, page: Path) -> None:
        page.write_text("`[a](nowhere.md)`\n\n```text\n[a](nowhere.md)\n```\n")
        assert list(links_of(page)) == []

    def test_headings_have_anchors(self, page: Path) -> None:
        assert anchors_of(page.with_name("other.md")) == {"what-dra-does", "again", "again-1"}

    @pytest.mark.parametrize(
        ("target", "fault"),
        [
            ("other.md", ""),
            ("other.md#again", ""),
            ("nowhere.md", "there is no such file"),
            ("other.md#nowhere", "there is no such heading"),
            ("../outside.md", "leaves the repository"),
            ("/other.md", "begins at no page"),
        ],
    )
    def test_inside(self, page: Path, target: str, fault: str) -> None:
        assert fault_inside(Link(page, target)) == fault

    @pytest.mark.parametrize("target", ["https://semver.org", "https://a.example.com/x#y", "mailto:a@b.org"])
    def test_a_good_form(self, page: Path, target: str) -> None:
        assert fault_of_form(Link(page, target)) == ""

    @pytest.mark.parametrize(
        "target",
        ["http://semver.org", "https://localhost/x", "https://semver.org/.", "mailto:nobody", "//a/b"],
    )
    def test_a_bad_form(self, page: Path, target: str) -> None:
        assert fault_of_form(Link(page, target)) != ""


class Answers(BaseHTTPRequestHandler):
    """`/404` answers with that status."""

    def do_GET(self) -> None:
        self.send_response(int(self.path[1:]))
        self.end_headers()

    def log_message(self, *_: object) -> None:
        """Nothing."""


@pytest.fixture(scope="module")
def site() -> Iterator[str]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), Answers)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.mark.parametrize(
    ("status", "fault"), [(200, ""), (403, ""), (404, "status 404"), (500, "status 500")]
)
def test_an_answer_says_whether_there_is_a_page(site: str, status: int, fault: str) -> None:
    assert fault_of_answer(f"{site}/{status}") == fault


def test_no_answer_is_a_fault() -> None:
    assert fault_of_answer("https://nobody.invalid/") != ""
