"""Asks real API server code the questions of `validation.yaml` and keeps the answers.

    python -m tests.conformance.recorders.validation.record BINARIES

`BINARIES` is a folder with one binary of this recorder for each minor, named by it: `1.34` ... `1.37`.
"""

from __future__ import annotations

import gzip
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

from dra.features import KUBERNETES_MINORS
from tests.conformance.validation_table import Case, read_table
from tests.conformance.vectors import DATA


def answers(binary: Path, cases: list[Case]) -> list[dict[str, Any]]:
    # Separators as clients have them: sizes of raw JSON are limited.
    questions = "".join(json.dumps(case.question(), separators=(",", ":")) + "\n" for case in cases)
    done = subprocess.run([binary], input=questions, capture_output=True, text=True, check=True, timeout=300)
    return [json.loads(line) for line in done.stdout.splitlines()]


def main(binaries: Path) -> None:
    cases = read_table()
    target = DATA / "validation-recorded.jsonl.gz"
    with target.open("wb") as file, gzip.GzipFile("", "wb", fileobj=file, mtime=0) as packed:
        for minor in KUBERNETES_MINORS:
            for answer in answers(binaries / minor, [case for case in cases if case.kubernetes == minor]):
                packed.write(json.dumps(answer, ensure_ascii=False, separators=(",", ":")).encode() + b"\n")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
