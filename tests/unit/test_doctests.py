"""The examples in every docstring of the library run."""

from __future__ import annotations

import doctest
import importlib
import pkgutil

import pytest

import dra

MODULES = ["dra", *(found.name for found in pkgutil.walk_packages(dra.__path__, "dra."))]


@pytest.mark.parametrize("name", MODULES)
def test_examples(name: str) -> None:
    assert doctest.testmod(importlib.import_module(name)).failed == 0
