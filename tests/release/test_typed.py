"""Types as those who use the library see them: a program checks in strict mode, and slips in one are found.

The checkers run without this project's settings and plugins, as they do elsewhere.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
PROGRAM, SLIPS = HERE / "sample.py", HERE / "mistakes.py"
Place = tuple[str, int]


def mypy(folder: Path) -> set[Place]:
    """Where mypy complains."""
    command = [sys.executable, "-m", "mypy", "--strict", "--config-file=", "--follow-imports=silent"]
    options = ["--output=json", f"--cache-dir={folder / 'cache'}", str(PROGRAM), str(SLIPS)]
    # From elsewhere, or the settings of pyproject.toml would be taken.
    environment = os.environ | {"MYPYPATH": str(ROOT)}
    done = subprocess.run(
        [*command, *options], cwd=folder, env=environment, capture_output=True, text=True, check=False
    )
    found = [json.loads(line) for line in done.stdout.splitlines() if line.startswith("{")]
    assert done.returncode == 1, done.stdout + done.stderr
    return {(Path(each["file"]).name, each["line"]) for each in found if each["severity"] == "error"}


def pyright(folder: Path) -> set[Place]:
    """Where pyright complains; skips if there is none, or no node to run it."""
    settings = {"include": ["*.py"], "typeCheckingMode": "strict", "extraPaths": [str(ROOT)]}
    (folder / "pyrightconfig.json").write_text(json.dumps(settings))
    for program in (PROGRAM, SLIPS):
        shutil.copy(program, folder)
    command = [sys.executable, "-m", "pyright"]
    try:
        subprocess.run([*command, "--version"], capture_output=True, check=True, timeout=300)
    except (subprocess.SubprocessError, OSError):
        pytest.skip("pyright does not run: it needs its wheel, node and its npm package")
    options = ["--outputjson", "--project", str(folder), "--pythonpath", sys.executable]
    done = subprocess.run([*command, *options], capture_output=True, text=True, check=False)
    found = json.loads(done.stdout)
    assert found["summary"]["filesAnalyzed"] == 2
    return {
        (Path(each["file"]).name, each["range"]["start"]["line"] + 1)
        for each in found["generalDiagnostics"]
        if each["severity"] == "error"
    }


@pytest.mark.parametrize("checker", [mypy, pyright])
def test_strict_checkers_take_the_program_and_find_every_slip(checker, tmp_path: Path) -> None:
    lines = SLIPS.read_text().splitlines()
    marked = {(SLIPS.name, number) for number, line in enumerate(lines, 1) if line.endswith("# wrong")}
    assert checker(tmp_path) == marked


def test_the_program_does_what_its_types_promise() -> None:
    """Every function of it that needs no cluster at hand."""
    code = """
from tests.release import sample
selector = sample.dra.cel.compile('device.driver == "gpu.example.com"')
assert sample.matches(selector)
assert sample.faults(sample.wanted().to_yaml()) == []
assert "v1beta1" in sample.written()
sample.shared(), sample.ladder().build(), sample.amounts(), sample.test_it_fits()
"""
    subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=True)
