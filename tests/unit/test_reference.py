"""Every public name is in the reference as it is built.

Public is what docs/stability.md lists: the `__all__` of its modules, of the modules among these, and of the
modules of `dra.models` and `dra.validation` that the reference shows whole.
"""

from __future__ import annotations

import importlib
import os
import re
import subprocess
import sys
import zlib
from pathlib import Path
from types import ModuleType

import pytest

ROOT = Path(__file__).parents[2]
PAGES = sorted((ROOT / "docs" / "reference").glob("*.md"))


def listed() -> list[str]:
    """The modules that the page on stability calls public."""
    page = (ROOT / "docs" / "stability.md").read_text(encoding="utf-8")
    first = page.split("## What is public\n", 1)[1].split("\n- ", 2)[1]
    return re.findall(r"`(dra[\w.]*)`", first)


def shown() -> list[str]:
    """The modules of models and validation that the reference shows whole."""
    text = "\n".join(page.read_text(encoding="utf-8") for page in PAGES)
    directives = re.findall(r"^::: (dra\.(?:models|validation)\..+)\n((?: +.+\n)*)", text, re.MULTILINE)
    return [name for name, options in directives if "members:" not in options]


def public_names(module: ModuleType) -> list[str]:
    return [name for name in getattr(module, "__all__", ()) if name != "__version__"]


def vendors() -> list[str]:
    drivers = importlib.import_module("dra.drivers")
    return [
        f"dra.drivers.{name}" for name in drivers.__all__ if isinstance(getattr(drivers, name), ModuleType)
    ]


MODULES = [*listed(), *vendors(), *shown()]


@pytest.fixture(scope="module")
def inventory(tmp_path_factory: pytest.TempPathFactory) -> set[str]:
    """What the built pages have a heading for: the inventory that other projects' pages link by."""
    site = tmp_path_factory.mktemp("site")
    command = [sys.executable, "-m", "mkdocs", "build", "--strict", "--quiet", "--site-dir", str(site)]
    subprocess.run(command, cwd=ROOT, env=os.environ | {"NO_MKDOCS_2_WARNING": "1"}, check=True)
    _, packed = (site / "objects.inv").read_bytes().split(b"zlib.\n", 1)
    return {line.split(" ", 1)[0] for line in zlib.decompress(packed).decode().splitlines()}


def test_the_page_on_stability_lists_modules() -> None:
    assert {"dra", "dra.claims.select", "dra.testing"} <= set(listed())


@pytest.mark.parametrize("name", MODULES)
def test_every_public_name_is_in_the_reference(name: str, inventory: set[str]) -> None:
    module = importlib.import_module(name)
    missing = []
    for each in public_names(module):
        value = getattr(module, each)
        home = f"{getattr(value, '__module__', name)}.{getattr(value, '__qualname__', each)}"
        itself = value.__name__ if isinstance(value, ModuleType) else ""
        if inventory.isdisjoint({f"{name}.{each}", home, itself}):
            missing.append(each)
    assert missing == []
