"""The examples in the docstrings of `dra.testing` run."""

from __future__ import annotations

import doctest
import importlib
import pkgutil

import pytest

import dra.testing

MODULES = [found.name for found in pkgutil.walk_packages(dra.testing.__path__, "dra.testing.")]


@pytest.mark.parametrize("name", MODULES)
def test_examples(name: str) -> None:
    assert doctest.testmod(importlib.import_module(name)).failed == 0
