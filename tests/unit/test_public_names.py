"""`import dra`: lazy, light, and every public name is there."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import pytest

import dra


@pytest.mark.parametrize("name", dra.__all__)
def test_public_name_loads(name: str) -> None:
    assert getattr(dra, name) is getattr(dra, name)


def test_unknown_name_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="no attribute 'Nope'"):
        dra.Nope  # noqa: B018 - the look-up is the test


def test_dir_lists_the_public_names() -> None:
    assert set(dra.__all__) == set(dir(dra))


def test_import_loads_no_optional_dependency() -> None:
    code = (
        "import sys, dra; print([m for m in ('kubernetes', 'typer', 'rich', 'pydantic') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_the_client_is_there_without_the_official_one() -> None:
    code = "import sys, dra; dra.client.connect; print('kubernetes' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"


def test_type_checkers_find_every_public_name_where_it_is_loaded_from() -> None:
    tree = ast.parse(Path(dra.__file__).read_text("utf-8"))
    block = next(node for node in tree.body if isinstance(node, ast.If))
    seen = {
        name.asname: node.module
        for node in block.body
        if isinstance(node, ast.ImportFrom)
        for name in node.names
    }
    assert seen == dra._HOMES | dict.fromkeys(dra._MODULES, "dra")


def test_type_checkers_see_no_getattr_that_has_any_name() -> None:
    tree = ast.parse(Path(dra.__file__).read_text("utf-8"))
    assert "__getattr__" not in [node.name for node in tree.body if isinstance(node, ast.FunctionDef)]
