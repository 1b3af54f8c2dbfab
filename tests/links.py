"""The links of everything that is written: where they lead, inside the repository and outside.

`python -m tests.links` asks each address outside once and prints those that answer with an error; it needs
the network, so the tests look at the form of these only. Links inside: `tests/unit/test_links.py`.
"""

from __future__ import annotations

import re
import sys
import urllib.error
import urllib.request
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from urllib.parse import unquote, urlsplit

import attrs

ROOT = Path(__file__).parents[1]
PAGES = (
    *sorted(ROOT.glob("*.md")),
    *sorted((ROOT / "docs").rglob("*.md")),
    *sorted((ROOT / "examples").rglob("*.md")),
    *sorted((ROOT / "benchmarks").rglob("*.md")),
)

_FENCE = re.compile(r"^( *)(```+|~~~+).*?^\1\2 *$", re.MULTILINE | re.DOTALL)
_CODE = re.compile(r"(`+)(?!`).*?(?<!`)\1(?!`)", re.DOTALL)
_LINK = re.compile(r"\]\(\s*<?([^)\s>]+)>?(?:\s+\"[^\"]*\")?\s*\)")
_DEFINITION = re.compile(r"^ {0,3}\[[^\]]+\]:\s+<?(\S+?)>?(?:\s+\"[^\"]*\")?\s*$", re.MULTILINE)
_HTML = re.compile(r"<(?:a|img|source)\b[^>]*?\b(?:href|src|srcset)=\"([^\"\s]+)", re.IGNORECASE)
_BARE = re.compile(r"<(https?://[^>\s]+)>")
_HEADING = re.compile(r"^#{1,6} +(.+?)(?: +#+)? *$", re.MULTILINE)
_EXPLICIT = re.compile(r"(?:\{ *#|<a id=\"|<a name=\")([\w.-]+)")


@attrs.frozen
class Link:
    """A link as it is written in a page."""

    page: Path
    target: str

    @property
    def is_outside(self) -> bool:
        return bool(urlsplit(self.target).scheme) or self.target.startswith("//")

    def __str__(self) -> str:
        return f"{self.page.relative_to(ROOT)}: {self.target}"


def links_of(page: Path) -> Iterator[Link]:
    """The links of a page, without what is code in it."""
    text = _CODE.sub("", _FENCE.sub("", page.read_text(encoding="utf-8")))
    for pattern in (_LINK, _DEFINITION, _HTML, _BARE):
        yield from (Link(page, target) for target in pattern.findall(text))


def anchors_of(page: Path) -> set[str]:
    """What an address of a page may have after `#`: its headings, and what is named on purpose."""
    text = _FENCE.sub("", page.read_text(encoding="utf-8"))
    found: set[str] = set()
    for heading in _HEADING.findall(text):
        slug = re.sub(r"[^\w\s-]", "", re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", heading)).strip().lower()
        slug = re.sub(r"\s", "-", slug)
        number = 1
        unique = slug
        while unique in found:
            # GitHub counts with a hyphen, mkdocs with an underscore.
            unique = f"{slug}{'_' if page.is_relative_to(ROOT / 'docs') else '-'}{number}"
            number += 1
        found.add(unique)
    return found | set(_EXPLICIT.findall(text))


def fault_inside(link: Link) -> str:
    """What is wrong with a link inside the repository; empty if it leads somewhere."""
    path, _, anchor = unquote(link.target).partition("#")
    if path.startswith("/"):
        return "begins at no page"
    page = (link.page.parent / path).resolve() if path else link.page
    if not page.is_relative_to(ROOT):
        return "leaves the repository"
    if not page.exists():
        return "there is no such file"
    if page.is_relative_to(ROOT / "docs" / "reference"):
        return ""  # its anchors are made when it is built; `mkdocs build --strict` knows them
    if anchor and (page.suffix != ".md" or anchor not in anchors_of(page)):
        return "there is no such heading"
    return ""


def fault_of_form(link: Link) -> str:
    """What is wrong with the form of an address outside; empty if nothing is."""
    parts = urlsplit(link.target)
    if parts.scheme == "mailto":
        return "" if re.fullmatch(r"[^@\s]+@[^@\s]+\.[a-z]+", parts.path) else "is no mail address"
    if parts.scheme != "https":
        return "is not https"
    if not re.fullmatch(r"([a-z0-9]([a-z0-9-]*[a-z0-9])?\.)+[a-z]{2,}", parts.netloc):
        return "has no host that anybody can reach"
    if re.search(r"[\s\"'`{}|\\^]|[.,;:!]$", link.target):
        return "has characters that are not the address's"
    return ""


def fault_of_answer(address: str) -> str:
    """What is wrong with the answer at an address; empty if there is a page.

    Some sites refuse programs (403, 429); that says nothing about the page, and is no fault.
    """
    request = urllib.request.Request(address, headers={"User-Agent": "Mozilla/5.0 (link check)"})
    try:
        with urllib.request.urlopen(request, timeout=30):
            return ""
    except urllib.error.HTTPError as error:
        return "" if error.code in (403, 429) else f"status {error.code}"
    except OSError as error:
        return str(getattr(error, "reason", error))


def main() -> int:
    """Ask every address outside; 1 if one is broken."""
    outside = [link for page in PAGES for link in links_of(page) if link.is_outside]
    addresses = sorted({link.target for link in outside if link.target.startswith("https:")})
    with ThreadPoolExecutor(8) as threads:
        faults = {
            address: fault
            for address, fault in zip(addresses, threads.map(fault_of_answer, addresses), strict=True)
            if fault
        }
    for link in outside:
        if link.target in faults:
            print(f"{link}: {faults[link.target]}")
    print(f"{len(addresses)} addresses, {len(faults)} broken")
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
