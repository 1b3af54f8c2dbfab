"""The Kubernetes scheduler's own allocator and CEL compiler, as a program built from `oracle/` with Go.

One program per minor, built on first use into a cache outside the repository (`DRA_ORACLE`, else the user's
cache folder) and named after its sources, so that a changed source is a new program.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import subprocess
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from types import TracebackType
from typing import Any

from typing_extensions import Self

SOURCES = Path(__file__).parent / "oracle"
MINORS = ("1.34", "1.35", "1.36", "1.37")
LATEST = MINORS[-1]


def go() -> str | None:
    """The Go command, if there is one."""
    return shutil.which("go")


def cache() -> Path:
    """Where built programs lie."""
    if chosen := os.environ.get("DRA_ORACLE"):
        return Path(chosen)
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "k8s-dra" / "oracle"


def build(minor: str = LATEST) -> Path:
    """The program for a minor, built unless it lies in the cache already.

    Minutes on a machine that has not compiled Kubernetes' modules yet. `GOFLAGS=-p=1` keeps it to one core.

    Raises:
        RuntimeError: There is no Go, or it fails; the text holds what it said.
    """
    program = cache() / f"oracle-{minor}-{_fingerprint(minor)}"
    if program.is_file():
        return program
    command = go()
    if command is None:
        raise RuntimeError("the upstream allocator needs Go to be built: https://go.dev/doc/install")
    program.parent.mkdir(parents=True, exist_ok=True)
    partial = program.with_name(f"{program.name}.{os.getpid()}")
    arguments: list[str | Path] = [
        command,
        "build",
        "-trimpath",
        f"-modfile={_modfile(minor)}",
        f"-tags=v{minor}",
        "-o",
        partial,
        ".",
    ]
    done = subprocess.run(arguments, cwd=SOURCES, capture_output=True, text=True, check=False)
    if done.returncode:
        raise RuntimeError(f"go build for {minor} failed:\n{done.stderr}")
    partial.replace(program)
    return program


def _modfile(minor: str) -> str:
    """The latest minor's is the folder's own `go.mod`; each older one has a file of its own."""
    return "go.mod" if minor == LATEST else f"go-{minor}.mod"


def _fingerprint(minor: str) -> str:
    modfile = SOURCES / _modfile(minor)
    digest = hashlib.sha256()
    for path in (*sorted(SOURCES.glob("*.go")), modfile, modfile.with_suffix(".sum")):
        digest.update(path.read_bytes())
    return digest.hexdigest()[:12]


class Oracle:
    """A running program of one minor: a case in, its answer out.

    Example:
        with Oracle("1.36") as oracle:
            oracle.ask({"expression": "device.driver == 'd'", "device": {"driver": "d"}})["match"]
    """

    def __init__(self, minor: str = LATEST) -> None:
        self.minor = minor
        self._process = subprocess.Popen(
            [build(minor)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, encoding="utf-8"
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
        [build(minor), "-bench", cluster, "-limit", f"{seconds}s"], capture_output=True, text=True, check=True
    )
    measured: dict[str, Any] = json.loads(done.stdout)
    return measured


if __name__ == "__main__":
    for each in MINORS:
        print(each, build(each))
