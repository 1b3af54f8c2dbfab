"""docs/architecture.md shows the layers that import-linter enforces."""

from __future__ import annotations

import re
import sys
from pathlib import Path
from typing import Any

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib  # pytest brings it

ROOT = Path(__file__).parents[2]


def contract() -> list[set[str]]:
    settings: dict[str, Any] = tomllib.loads((ROOT / "pyproject.toml").read_text())
    (layers,) = (each["layers"] for each in settings["tool"]["importlinter"]["contracts"])
    return [set(re.findall(r"dra\.\w+", layer)) for layer in layers]


def table() -> list[set[str]]:
    rows = re.findall(r"^\| (`dra\..*?) \|", (ROOT / "docs" / "architecture.md").read_text(), re.MULTILINE)
    return [set(re.findall(r"dra\.\w+", row)) for row in rows]


def test_the_table_is_the_enforced_contract() -> None:
    assert table() == contract()


def test_every_package_has_a_layer() -> None:
    packages = {
        f"dra.{path.stem}"
        for path in (ROOT / "dra").iterdir()
        if not path.name.startswith("_") and (path.suffix == ".py" or (path / "__init__.py").exists())
    }
    assert packages <= set().union(*contract())


def test_class_variables_say_their_type() -> None:
    """Pydantic cannot read a bare `ClassVar` on Python 3.10."""
    sources = (path for path in (ROOT / "dra").rglob("*.py"))
    bare = [path.name for path in sources if re.search(r": ClassVar( =|$)", path.read_text(), re.MULTILINE)]
    assert bare == []
