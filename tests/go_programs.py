"""Programs built with Go from folders of this repository, each kept in a cache outside of it."""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path

MINORS = ("1.34", "1.35", "1.36", "1.37")
LATEST = MINORS[-1]


def go() -> str | None:
    """The Go command, if there is one."""
    return shutil.which("go")


def cache(kind: str) -> Path:
    """Where built programs of a kind lie: `DRA_ORACLE`, `DRA_CONTROLPLANE`, ..., else the user's cache."""
    if chosen := os.environ.get(f"DRA_{kind.upper()}"):
        return Path(chosen)
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "k8s-dra" / kind


def build(sources: Path, minor: str = LATEST, *, ldflags: str = "") -> Path:
    """The program for a minor, built unless it lies in the cache under the fingerprint of its sources.

    Minutes on a machine that has not compiled Kubernetes' modules yet. `GOFLAGS=-p=1` keeps it to one core.

    Args:
        sources: The folder with `*.go` and a module file for each minor.
        minor: Of Kubernetes.
        ldflags: For the linker.

    Raises:
        RuntimeError: There is no Go, or it fails; the text holds what it said.
    """
    kind = sources.name
    program = cache(kind) / f"{kind}-{minor}-{_fingerprint(sources, minor, ldflags)}"
    if program.is_file():
        return program
    command = go()
    if command is None:
        raise RuntimeError(f"{kind} needs Go to be built: https://go.dev/doc/install")
    program.parent.mkdir(parents=True, exist_ok=True)
    partial = program.with_name(f"{program.name}.{os.getpid()}")
    arguments: Sequence[str | Path] = [
        command,
        "build",
        "-trimpath",
        f"-modfile={_modfile(minor)}",
        f"-tags=v{minor}",
        f"-ldflags={ldflags}",
        "-o",
        partial,
        ".",
    ]
    done = subprocess.run(arguments, cwd=sources, capture_output=True, text=True, check=False)
    if done.returncode:
        raise RuntimeError(f"go build of {kind} for {minor} failed:\n{done.stderr}")
    partial.replace(program)
    return program


def _modfile(minor: str) -> str:
    """The latest minor's is the folder's own `go.mod`; each older one has a file of its own."""
    return "go.mod" if minor == LATEST else f"go-{minor}.mod"


def _fingerprint(sources: Path, minor: str, ldflags: str) -> str:
    modfile = sources / _modfile(minor)
    digest = hashlib.sha256(ldflags.encode())
    for path in (*sorted(sources.glob("*.go")), modfile, modfile.with_suffix(".sum")):
        digest.update(path.read_bytes())
    return digest.hexdigest()[:16]
