"""Build the packages and try them in clean environments: `python -m tests.release.check [--python PYTHON]`.

The sdist and wheel are built into a temporary folder, or into `--keep FOLDER`. Looked at: what is in them,
the metadata, and whether `smoke.py` runs in an environment with nothing but the wheel, then with its command,
for every Python from 3.10 to 3.13 on this machine; and with the sdist for the Python that runs this.
"""

from __future__ import annotations

import argparse
import os
import shutil
import subprocess
import sys
import tarfile
import tempfile
import zipfile
from collections.abc import Iterator
from email.message import Message
from email.parser import Parser
from pathlib import Path, PurePosixPath

ROOT = Path(__file__).parents[2]
MINORS = ("3.10", "3.11", "3.12", "3.13")
NO_CODE = {"py.typed", "unicode.json.gz", "mig_boards.json"}
IN_SDIST = (
    "CHANGELOG.md",
    "CONTRIBUTING.md",
    "LICENSE",
    "README.md",
    "SECURITY.md",
    "pyproject.toml",
    "tests",
)


def build(folder: Path) -> tuple[Path, Path]:
    """The sdist and the wheel, which is built from the sdist."""
    subprocess.run([sys.executable, "-m", "build", "--outdir", folder, ROOT], check=True, capture_output=True)
    (sdist,), (wheel,) = folder.glob("*.tar.gz"), folder.glob("*.whl")
    return sdist, wheel


def strangers_in_wheel(wheel: Path) -> list[str]:
    """What is in a wheel and should not be."""
    with zipfile.ZipFile(wheel) as archive:
        names = [PurePosixPath(each) for each in archive.namelist()]
    tracked = set(_tracked())
    return [
        str(name)
        for name in names
        if not name.parts[0].endswith(".dist-info")
        and (str(name) not in tracked or not (name.suffix == ".py" or name.name in NO_CODE))
    ]


def missing_in_wheel(wheel: Path) -> list[str]:
    """What of the package is under version control and not in a wheel."""
    with zipfile.ZipFile(wheel) as archive:
        return sorted({each for each in _tracked() if each.startswith("dra/")} - set(archive.namelist()))


def _tracked() -> list[str]:
    listed = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=True)
    return listed.stdout.splitlines()


def missing_in_sdist(sdist: Path) -> list[str]:
    """What a reader of the sources expects and does not find."""
    with tarfile.open(sdist) as archive:
        names = {PurePosixPath(each).parts[1] for each in archive.getnames() if "/" in each}
    return sorted(set(IN_SDIST) - names)


def metadata_of(wheel: Path) -> Message:
    """The metadata of a wheel."""
    with zipfile.ZipFile(wheel) as archive:
        (name,) = (each for each in archive.namelist() if each.endswith(".dist-info/METADATA"))
        return Parser().parsestr(archive.read(name).decode())


def metadata_problems(metadata: Message) -> Iterator[str]:
    """What an index or a reader would miss."""
    for field in ("Name", "Version", "Summary", "License-Expression", "Requires-Python", "Keywords"):
        if not metadata[field]:
            yield f"no {field}"
    classifiers = set(metadata.get_all("Classifier", ()))
    for minor in MINORS:
        if f"Programming Language :: Python :: {minor}" not in classifiers:
            yield f"no classifier for Python {minor}"
    if metadata["Description-Content-Type"] != "text/markdown" or not metadata.get_payload():
        yield "no README"
    if any("(" in each and "://" in each for each in metadata.get_all("Requires-Dist", ())):
        yield "a dependency from elsewhere than the index"


def pythons() -> dict[str, str]:
    """The Python of each minor on this machine, where there is one that runs."""
    home = Path(os.environ.get("PYENV_ROOT", Path.home() / ".pyenv"), "versions")
    found = {}
    for minor in MINORS:
        places = [*sorted(map(str, home.glob(f"{minor}.*/bin/python"))), shutil.which(f"python{minor}")]
        for python in filter(None, places):
            done = subprocess.run([python, "--version"], capture_output=True, text=True, check=False)
            if done.stdout.startswith(f"Python {minor}."):
                found[minor] = python
                break
    return found


def try_out(python: str, package: Path, version: str, folder: Path) -> None:
    """Install into a clean environment and run the smoke test, without extras and with the command."""
    subprocess.run([python, "-m", "venv", "--clear", folder], check=True)
    inside = folder / "bin" / "python"
    install = [inside, "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    # Neither the tree nor its settings may help.
    clean = {name: value for name, value in os.environ.items() if not name.startswith("PYTHON")}
    smoke = shutil.copy(Path(__file__).with_name("smoke.py"), folder)
    for extra in ("", "cli"):
        wanted = f"{package}[{extra}]" if extra else str(package)
        subprocess.run([*install, wanted], check=True, env=clean, cwd=folder)
        arguments = [version, extra] if extra else [version]
        subprocess.run([inside, "-W", "error", smoke, *arguments], check=True, env=clean, cwd=folder)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--python", action="append", help="a Python to try; all of 3.10 to 3.13 by default")
    parser.add_argument("--keep", type=Path, help="a folder for the packages")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        sdist, wheel = build(folder / "dist")
        metadata = metadata_of(wheel)
        problems = [
            *(f"the wheel should not have {each}" for each in strangers_in_wheel(wheel)),
            *(f"the wheel lacks {each}" for each in missing_in_wheel(wheel)),
            *(f"the sdist lacks {each}" for each in missing_in_sdist(sdist)),
            *metadata_problems(metadata),
        ]
        if problems:
            sys.exit("\n".join(problems))
        for package in (wheel, sdist):
            print(f"{package.name}: {package.stat().st_size // 1024} KiB")
        found = pythons()
        for minor in MINORS:
            if not arguments.python and minor not in found:
                print(f"Python {minor}: not on this machine, not tried")
        for python in arguments.python or found.values():
            try_out(python, wheel, metadata["Version"], folder / "environment")
        print("from the sdist:")
        try_out(sys.executable, sdist, metadata["Version"], folder / "environment")
        if arguments.keep:
            shutil.copytree(folder / "dist", arguments.keep, dirs_exist_ok=True)


if __name__ == "__main__":
    main()
