"""The examples in the docstrings of `dra.drivers` run."""

from __future__ import annotations

import doctest
import importlib
import pkgutil

import pytest

import dra.drivers

MODULES = ["dra.drivers"] + [
    found.name for found in pkgutil.walk_packages(dra.drivers.__path__, "dra.drivers.")
]


@pytest.mark.parametrize("name", MODULES)
def test_examples(name: str) -> None:
    assert doctest.testmod(importlib.import_module(name)).failed == 0
