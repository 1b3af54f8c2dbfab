"""`import dra.testing` is lazy, and every public name is there."""

from __future__ import annotations

import pytest

import dra.testing


@pytest.mark.parametrize("name", dra.testing.__all__)
def test_public_name_loads(name: str) -> None:
    assert getattr(dra.testing, name) is getattr(dra.testing, name)


def test_unknown_name_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="no attribute 'Nope'"):
        dra.testing.Nope  # noqa: B018 - the look-up is the test


def test_dir_lists_the_public_names() -> None:
    assert set(dra.testing.__all__) == set(dir(dra.testing))
