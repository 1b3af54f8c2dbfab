"""Recorded answers of the upstream Go code: where they lie and how they are read.

Files made for this project are copied into `data/`. Those that hold other projects' test inputs are read from
the shared folder beside the repository (or from `DRA_VECTORS`) and are skipped, with a message, without it.
"""

from __future__ import annotations

import gzip
import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

DATA = Path(__file__).parent / "data"
SHARED = Path(os.environ.get("DRA_VECTORS", Path(__file__).parents[3] / "shared" / "vectors"))


def locate(name: str) -> Path | None:
    """The file of that name, the project's own copy first."""
    return next((folder / name for folder in (DATA, SHARED) if (folder / name).is_file()), None)


def read_cases(name: str) -> Iterator[dict[str, Any]]:
    """The cases of a JSON Lines file (plain or gzipped) by name; skips the test if it is not to be had."""
    path = locate(name)
    if path is None:
        pytest.skip(f"{name} is neither in {DATA.name}/ nor in shared/vectors")
    opener = gzip.open if path.suffix == ".gz" else open
    with opener(path, "rt", encoding="utf-8") as lines:
        for line in lines:
            yield json.loads(line)
