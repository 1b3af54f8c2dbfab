"""How long imports take, each in a fresh interpreter: `python -m benchmarks.import_time [RUNS]`.

What the library promises is that `import dra` stays under 0.15 s. The time of an empty interpreter is
subtracted. Rivals are measured in the same run where they are installed.
"""

from __future__ import annotations

import importlib.util
import statistics
import subprocess
import sys
import time

STATEMENTS = (
    "import dra",
    "import dra.quantity",
    "import dra.models",
    "import dra.cel",
    "import dra.allocator",
    "import dra.cli.app",
    "import pydantic",
    "import kubernetes.client",
    "import celpy",
)


def seconds(statement: str, runs: int) -> list[float]:
    times = []
    for _ in range(runs):
        start = time.perf_counter()
        subprocess.run([sys.executable, "-c", statement], check=True)
        times.append(time.perf_counter() - start)
    return times


def installed(statement: str) -> bool:
    name = statement.removeprefix("import ")
    parts = name.split(".")
    parents = (".".join(parts[:length]) for length in range(1, len(parts) + 1))
    return all(importlib.util.find_spec(parent) for parent in parents)


def main() -> None:
    runs = int(sys.argv[1]) if len(sys.argv) > 1 else 9
    for statement in (
        "pass",
        *filter(installed, STATEMENTS),
    ):  # once, so that all have byte code and warm files
        seconds(statement, 1)
    bare = statistics.median(seconds("pass", runs))
    python = sys.version.split()[0]
    print(f"Python {python}, {runs} runs, empty interpreter ({bare * 1000:.0f} ms) subtracted")
    print(f"{'':26}{'median ms':>10}{'best ms':>10}")
    for statement in filter(installed, STATEMENTS):
        times = [each - bare for each in seconds(statement, runs)]
        print(f"{statement:26}{statistics.median(times) * 1000:10.0f}{min(times) * 1000:10.0f}")


if __name__ == "__main__":
    main()
