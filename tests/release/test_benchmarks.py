"""The page of the benchmarks: every benchmark has its place, and a new measurement replaces its own only."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from benchmarks.__main__ import BENCHMARKS, PAGE, ROOT, page_of, sections_of
from benchmarks.cel_functions import left_out


def test_every_function_of_cel_is_measured() -> None:
    assert left_out() == set()


def test_every_benchmark_has_its_section_on_the_page() -> None:
    modules = {path.stem for path in (ROOT / "benchmarks").glob("*.py") if "def main(" in path.read_text()}
    assert {each.name for each in BENCHMARKS} == modules - {"__main__"}
    assert list(sections_of(PAGE.read_text())) == [each.title for each in BENCHMARKS]


def test_a_page_is_made_of_its_own_sections_again() -> None:
    page = PAGE.read_text()
    assert page_of(sections_of(page)) == page


def test_measuring_one_leaves_the_others_as_they_were(tmp_path: Path) -> None:
    first, second = (each for each in BENCHMARKS if each.name in ("import_time", "quantity"))
    page = tmp_path / "page.md"
    page.write_text(page_of({first.title: "from another day", second.title: "old"}))
    command = [sys.executable, "-m", "benchmarks", second.name, "--quick", "--output", str(page)]
    subprocess.run(command, cwd=ROOT, check=True, capture_output=True)
    sections = sections_of(page.read_text())
    assert sections[first.title] == "from another day"
    assert "Quantity.parse" in sections[second.title]


def test_an_unknown_name_is_refused_with_those_there_are(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "benchmarks", "nope"]
    done = subprocess.run(command, cwd=ROOT, check=False, capture_output=True, text=True)
    assert done.returncode == 2
    assert "'nope'" in done.stderr
    assert "quantity" in done.stderr
