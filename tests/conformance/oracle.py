"""The Kubernetes scheduler's own allocator and CEL compiler, as a program built from `oracle/` with Go.

One program per minor, built on first use into a cache outside the repository (`DRA_ORACLE`, else the user's
cache folder) and named after its sources, so that a changed source is a new program.
"""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from types import TracebackType
from typing import Any

from typing_extensions import Self

from tests.go_programs import LATEST, MINORS, build

SOURCES = Path(__file__).parent / "oracle"


class Oracle:
    """A running program of one minor: a case in, its answer out.

    Example:
        with Oracle("1.36") as oracle:
            oracle.ask({"expression": "device.driver == 'd'", "device": {"driver": "d"}})["match"]
    """

    def __init__(self, minor: str = LATEST) -> None:
        self.minor = minor
        self._process = subprocess.Popen(
            [build(SOURCES, minor)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            encoding="utf-8",
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._process.communicate()

    def ask(self, case: Mapping[str, Any]) -> dict[str, Any]:
        """The answer to one case of `README.md`.

        Raises:
            RuntimeError: The case does not decode into the API's types, or the program died.
        """
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(json.dumps(case) + "\n")
        self._process.stdin.flush()
        line = self._process.stdout.readline()
        if not line:
            raise RuntimeError(f"the {self.minor} oracle died on case {case.get('id')}")
        answer: dict[str, Any] = json.loads(line)
        if "invalid_case" in answer:
            raise RuntimeError(f"case {case.get('id')}: {answer['invalid_case']}")
        return answer

    def ask_all(self, cases: Iterable[Mapping[str, Any]]) -> Iterator[dict[str, Any]]:
        """The answers in order."""
        return (self.ask(case) for case in cases)


def benchmark(cluster: Path, minor: str = LATEST, seconds: float = 0) -> dict[str, Any]:
    """Upstream's speed at placing the pods of a cluster file (JSON) one after another, as `README.md` says.

    Args:
        cluster: The file, gzipped or not.
        minor: Which Kubernetes.
        seconds: Stop after this many seconds of allocating; 0 places every pod.
    """
    done = subprocess.run(
        [build(SOURCES, minor), "-bench", cluster, "-limit", f"{seconds}s"],
        capture_output=True,
        text=True,
        check=True,
    )
    measured: dict[str, Any] = json.loads(done.stdout)
    return measured


if __name__ == "__main__":
    for each in MINORS:
        print(each, build(SOURCES, each))
