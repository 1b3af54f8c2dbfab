"""Record the feature gates that each release starts with: `python -m tests.integration.gates`.

They are printed by the program of `controlplane/`, which holds the releases' own tables.
"""

from __future__ import annotations

import json
import subprocess
from typing import Any

from dra.features import KUBERNETES_MINORS
from tests.conformance.record import write
from tests.conformance.vectors import DATA
from tests.integration.control_plane import program

RECORDED = "gates.jsonl.gz"


def gates_of(minor: str) -> dict[str, Any]:
    """Stage, default and lock of each gate of a release."""
    printed = subprocess.run(program("gates", minor), capture_output=True, check=True).stdout
    gates: dict[str, Any] = json.loads(printed)
    return dict(sorted(gates.items()))


if __name__ == "__main__":
    rows = [{"kubernetes": minor, "gates": gates_of(minor)} for minor in KUBERNETES_MINORS]
    print(RECORDED, write(DATA / RECORDED, rows), "releases")
