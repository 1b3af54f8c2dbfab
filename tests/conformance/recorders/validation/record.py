"""Asks real API server code the questions of `validation.yaml`, and random ones, and keeps the answers.

    python -m tests.conformance.recorders.validation.record BINARIES

`BINARIES` is a folder with one binary of this recorder for each minor, named by it: `1.34` ... `1.37`.
"""

from __future__ import annotations

import gzip
import json
import subprocess
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from dra.features import KUBERNETES_MINORS
from tests.conformance.recorders.validation.random_cases import random_cases
from tests.conformance.validation_table import Case, read_table
from tests.conformance.vectors import DATA

SEED = 4
RANDOM_CASES = 500


def answers(binary: Path, cases: Iterable[Case]) -> list[dict[str, Any]]:
    # Separators as clients have them: sizes of raw JSON are limited.
    questions = "".join(json.dumps(case.question(), separators=(",", ":")) + "\n" for case in cases)
    done = subprocess.run([binary], input=questions, capture_output=True, text=True, check=True, timeout=300)
    return [json.loads(line) for line in done.stdout.splitlines()]


def of_table(binaries: Path) -> Iterator[dict[str, Any]]:
    cases = read_table()
    for minor in KUBERNETES_MINORS:
        yield from answers(binaries / minor, [case for case in cases if case.kubernetes == minor])


def of_random_cases(binaries: Path, seed: int, count: int) -> Iterator[dict[str, Any]]:
    """Questions with their answers. What the server cannot decode has no field errors and is left out."""
    for minor in KUBERNETES_MINORS:
        cases = list(random_cases(seed, minor, count))
        for case, answer in zip(cases, answers(binaries / minor, cases), strict=True):
            if "broken" not in answer:
                yield case.question() | {"kubernetes": minor, "errors": answer["errors"]}


def write(name: str, rows: Iterable[dict[str, Any]]) -> None:
    with (DATA / name).open("wb") as file, gzip.GzipFile("", "wb", fileobj=file, mtime=0) as packed:
        for row in rows:
            packed.write(json.dumps(row, ensure_ascii=False, separators=(",", ":")).encode() + b"\n")


def main(binaries: Path) -> None:
    write("validation-recorded.jsonl.gz", of_table(binaries))
    write("validation-random.jsonl.gz", of_random_cases(binaries, SEED, RANDOM_CASES))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
