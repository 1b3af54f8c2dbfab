"""`dra.errors`: an error tells its place, survives pickling and belongs to one tree."""

from __future__ import annotations

import pickle

import pytest

from dra import errors
from dra.errors import ConversionError, DraError


def test_text_names_file_object_field_and_remedy() -> None:
    error = DraError(
        "must be greater than zero",
        path="spec.devices.requests[0].exactly.count",
        source="claims.yaml",
        line=12,
        column=9,
        subject="ResourceClaim default/train",
        remedy="leave it out for one device",
    )
    assert str(error) == (
        "claims.yaml:12:9: ResourceClaim default/train: spec.devices.requests[0].exactly.count: "
        "must be greater than zero\n  leave it out for one device"
    )


def test_text_without_a_file_still_names_the_line() -> None:
    assert str(DraError("broken", line=3)) == "line 3: broken"


def test_located_keeps_what_is_known_and_prefixes_the_path() -> None:
    error = DraError("bad", path="[0].count", source="inner.yaml")
    located = error.located(
        source="outer.yaml", line=4, column=2, subject="Pod a", path_prefix="spec.requests"
    )
    assert located is error
    assert (error.source, error.line, error.column, error.subject) == ("inner.yaml", 4, 2, "Pod a")
    assert error.path == "spec.requests[0].count"
    assert error.located(line=9, path_prefix="x").line == 4
    assert error.path == "x.spec.requests[0].count"


def test_pickling_keeps_every_part() -> None:
    error = ConversionError("cannot say that in v1beta1", fields=["spec.a"], source="a.yaml")
    copy = pickle.loads(pickle.dumps(error))
    assert type(copy) is ConversionError
    assert copy.fields == ("spec.a",)
    assert str(copy) == str(error)


@pytest.mark.parametrize("name", [name for name in errors.__all__ if name != "DraError"])
def test_every_error_is_a_dra_error(name: str) -> None:
    assert issubclass(getattr(errors, name), DraError)
