"""Run the benchmarks and write docs/benchmarks.md: `python -m benchmarks [--quick] [NAME ...]`.

Each runs in a process of its own, one after another, and its table becomes a section of the page as it is
printed. Sections of benchmarks that are not run this time stay as they are, so that a page may be made piece
by piece; each says what it was measured on. Those that replay a trace need its folder in `DRA_OPENB`; one
needs Go.
"""

from __future__ import annotations

import argparse
import os
import platform
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from importlib.metadata import version
from pathlib import Path

import psutil

ROOT = Path(__file__).parents[1]
PAGE = ROOT / "docs" / "benchmarks.md"
INTRODUCTION = """\
# Benchmarks

`make bench` runs all of this and writes this page: each table as its benchmark prints it, with its rivals.
Times are medians of several runs unless a table says otherwise; no test asserts one. `make bench QUICK=1`
takes small sizes, and `make bench ONLY="quantity allocate"` measures those anew and leaves the rest.
`python -m benchmarks.quantity` prints one and writes nothing. The last two replay a public trace:
`make bench DRA_OPENB=folder`.
"""
_BUSY = 20.0  # percent of all cores that others may take before a measurement is called one under load


class Need(Enum):
    """What a benchmark needs that not every machine has, and what is said where it is missing."""

    TRACE = "there is no folder in DRA_OPENB"
    GO = "there is no Go"

    def is_met(self) -> bool:
        return bool(os.environ.get("DRA_OPENB") if self is Need.TRACE else shutil.which("go"))


@dataclass(frozen=True)
class Benchmark:
    """One module of this folder."""

    name: str
    title: str
    quick: tuple[str, ...] = ()
    needs: Need | None = None
    prints_markdown: bool = False

    def command(self, arguments: Sequence[str]) -> str:
        return " ".join(["python -m", f"benchmarks.{self.name}", *arguments])


BENCHMARKS = (
    Benchmark("import_time", "Importing", ("3",)),
    Benchmark("cli_time", "The command", ("3",)),
    Benchmark("quantity", "Quantities, beside the official client"),
    Benchmark("cel_eval", "Selectors, beside cel-python and cel-expr-python", ("2000",)),
    Benchmark("cel_functions", "Selectors near the cost limit"),
    Benchmark("load_models", "Loading, beside the official client", ("100",)),
    Benchmark("allocate", "Allocating, beside Kubernetes' own allocator", ("--largest", "500")),
    Benchmark("clusters", "Making large clusters for tests"),
    Benchmark("schedule", "Scheduling on large clusters", ("--nodes", "320")),
    Benchmark(
        "snapshot",
        "Snapshots of a real API server, beside kubectl and the official client",
        ("--nodes", "50"),
        needs=Need.GO,
    ),
    Benchmark(
        "simulate", "Replaying a trace, beside the published simulator", ("--seeds", "1"), needs=Need.TRACE
    ),
    Benchmark(
        "utilisation",
        "What sharing GPUs is worth",
        ("--seeds", "1"),
        needs=Need.TRACE,
        prints_markdown=True,
    ),
)


def processor() -> str:
    """The processor's name, as far as the system tells it."""
    try:
        found = re.search(r"^model name\s*:\s*(.+)$", Path("/proc/cpuinfo").read_text(), re.MULTILINE)
    except OSError:
        found = None
    return (found[1] if found else platform.processor()) or platform.machine()


def conditions() -> str:
    """What is measured on, and whether anything else runs there."""
    cores = os.cpu_count() or 1
    said = (
        f"{processor()}, {cores} cores; Python {platform.python_version()}, pydantic {version('pydantic')}, "
        f"{platform.system()}"
    )
    busy = psutil.cpu_percent(interval=2.0)
    if busy < _BUSY:
        return f"{said}."
    return f"{said}. **Measured under load** (others took {busy:.0f} % before): slower than it need be."


def measured(benchmark: Benchmark, arguments: Sequence[str]) -> str:
    """The section of a benchmark that is run now."""
    replays = benchmark.needs is Need.TRACE
    given = [os.environ["DRA_OPENB"], *arguments] if replays else arguments
    on = conditions()
    command = [sys.executable, "-m", f"benchmarks.{benchmark.name}", *given]
    done = subprocess.run(command, cwd=ROOT, stdout=subprocess.PIPE, text=True, check=False)
    if done.returncode:
        raise SystemExit(f"{benchmark.name} failed with status {done.returncode}")
    shown = ["$DRA_OPENB", *arguments] if replays else arguments
    lines = "\n".join(line.rstrip() for line in done.stdout.strip().splitlines())
    body = lines if benchmark.prints_markdown else f"```text\n{lines}\n```"
    return f"`{benchmark.command(shown)}` on {on}\n\n{body}"


def sections_of(page: str) -> dict[str, str]:
    """What a page has below each title."""
    parts = re.split(r"^## (.+)$", page, flags=re.MULTILINE)[1:]
    return {title: body.strip() for title, body in zip(parts[::2], parts[1::2], strict=True)}


def page_of(sections: Mapping[str, str]) -> str:
    """The page: always the same sections in the same order."""

    def pieces() -> Iterator[str]:
        yield INTRODUCTION
        for benchmark in BENCHMARKS:
            body = sections.get(benchmark.title) or f"Not measured yet: `{benchmark.command(())}`."
            yield f"## {benchmark.title}\n\n{body}\n"

    return "\n".join(pieces())


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    names = [each.name for each in BENCHMARKS]
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"of {', '.join(names)}; all by default")
    parser.add_argument("--quick", action="store_true", help="small sizes: whether all runs, not how fast")
    parser.add_argument("--output", type=Path, default=PAGE, help="the page")
    given = parser.parse_args()
    if unknown := sorted(set(given.names) - set(names)):
        parser.error(f"no benchmark {unknown[0]!r}; there are {', '.join(names)}")
    sections = sections_of(given.output.read_text(encoding="utf-8")) if given.output.exists() else {}
    for benchmark in BENCHMARKS:
        if given.names and benchmark.name not in given.names:
            continue
        if benchmark.needs and not benchmark.needs.is_met():
            print(f"{benchmark.name}: left out, {benchmark.needs.value}", flush=True)
            continue
        print(f"{benchmark.name} ...", flush=True)
        sections[benchmark.title] = measured(benchmark, benchmark.quick if given.quick else ())
        given.output.write_text(
            page_of(sections), encoding="utf-8"
        )  # after each: one that fails loses no other
    print(given.output)


if __name__ == "__main__":
    main()
