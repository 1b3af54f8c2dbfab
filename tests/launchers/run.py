"""Run the launchers' tests, each in an environment of its own: `python -m tests.launchers.run [NAME ...]`.

What goes into an environment is a dependency group of pyproject.toml, `launcher-NAME`. They are kept in
.venv-launchers and made again when their group changes.
"""

from __future__ import annotations

import hashlib
import re
import subprocess
import sys
from pathlib import Path

import tomllib

ROOT = Path(__file__).parents[2]
HOME = ROOT / ".venv-launchers"
TESTS = ("tests/launchers", "tests/unit/claims/pods/test_clients.py")
PREFIX = "launcher-"


def groups() -> dict[str, list[str]]:
    """What each launcher needs, by its name."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    found = project["dependency-groups"]
    return {name.removeprefix(PREFIX): needs for name, needs in found.items() if name.startswith(PREFIX)}


def environment(name: str, needs: list[str]) -> Path:
    """The Python of an environment, which is made if it is not there."""
    folder = HOME / name
    mark = folder / hashlib.sha256(repr(needs).encode()).hexdigest()
    python = folder / "bin" / "python"
    if not mark.exists():
        subprocess.run([sys.executable, "-m", "venv", "--clear", folder], check=True)
        install = [python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
        subprocess.run([*install, "--editable", str(ROOT), "pytest>=8.3", *needs], check=True)
        mark.touch()
    return python


def main(names: list[str]) -> int:
    """Run the tests of some launchers, of all if there are no names; the number of those that fail."""
    known = groups()
    failed = 0
    for name in names or known:
        try:
            python = environment(name, known[name])
        except subprocess.CalledProcessError:
            print(f"{name}: cannot be installed")
            failed += 1
            continue
        # Warnings are the launchers' own.
        command = [
            python,
            "-m",
            "pytest",
            "-q",
            "-rN",
            "-p",
            "no:cacheprovider",
            "-W",
            "default",
            "-m",
            "",
            *TESTS,
        ]
        done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
        last = done.stdout.strip().rpartition("\n")[2]
        passed = re.search(r"(\d+) passed", last)
        if done.returncode or not passed:
            failed += 1
            print(done.stdout, done.stderr, sep="\n")
        print(f"{name}: {last}", flush=True)
    return failed


if __name__ == "__main__":
    sys.exit(min(main(sys.argv[1:]), 1))
