"""Objects of clients load by what they look like. The official client 37 itself: tests/conformance."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from types import SimpleNamespace
from typing import Any, ClassVar

import pytest
from pydantic import BaseModel, Field

import dra
from dra import DraError, LoadError, Pod, ResourceClaim


class V1ObjectMeta:
    """As clients up to 36 have it: attributes, and a map from them to wire names."""

    attribute_map: ClassVar = {"name": "name", "creation_timestamp": "creationTimestamp", "labels": "labels"}

    def __init__(self, **members: Any) -> None:
        self.name: str | None = None
        self.creation_timestamp: datetime | None = None
        self.labels: dict[str, str] | None = None
        self.__dict__.update(members)


class V1beta1ResourceClaim:
    """A kind of the same client; items of its lists do not say their kind."""

    attribute_map: ClassVar = {
        "api_version": "apiVersion",
        "kind": "kind",
        "metadata": "metadata",
        "spec": "spec",
    }

    def __init__(self, **members: Any) -> None:
        self.api_version = self.kind = self.metadata = self.spec = None
        self.__dict__.update(members)


class V1beta1ResourceClaimList(V1beta1ResourceClaim):
    attribute_map: ClassVar = {"items": "items"}

    def __init__(self, items: list[Any]) -> None:
        self.items = items


def official() -> V1beta1ResourceClaim:
    time = datetime(2026, 1, 31, 13, tzinfo=timezone(timedelta(hours=1)))
    requests = ({"name": "gpu", "deviceClassName": "gpu"},)
    return V1beta1ResourceClaim(
        metadata=V1ObjectMeta(name="train", creation_timestamp=time), spec={"devices": {"requests": requests}}
    )


WIRE = {
    "apiVersion": "resource.k8s.io/v1beta1",
    "kind": "ResourceClaim",
    "metadata": {"name": "train", "creationTimestamp": "2026-01-31T12:00:00Z"},
    "spec": {"devices": {"requests": [{"name": "gpu", "deviceClassName": "gpu"}]}},
}


def test_the_official_client() -> None:
    (claim,) = dra.load(official())
    assert isinstance(claim, ResourceClaim)
    assert claim.to_dict() == WIRE
    assert dra.load(V1beta1ResourceClaimList([official(), official()])) == [claim, claim]


def test_lightkube() -> None:
    class Claim:
        _api_info = SimpleNamespace(
            resource=SimpleNamespace(group="resource.k8s.io", version="v1beta1", kind="ResourceClaim")
        )

        def to_dict(self) -> dict[str, Any]:
            return {name: WIRE[name] for name in ("metadata", "spec")}

    class Generic(Claim, dict):  # type: ignore[type-arg] # as lightkube's is
        def to_dict(self) -> dict[str, Any]:
            return dict(self)

    assert dra.load(Claim())[0].to_dict() == WIRE
    assert dra.load(Generic(metadata=WIRE["metadata"], spec=WIRE["spec"]))[0].to_dict() == WIRE


def test_kr8s() -> None:
    assert dra.load(SimpleNamespace(raw=WIRE))[0].to_dict() == WIRE


def test_any_pydantic_model_that_dumps_the_wire_form() -> None:
    class Claim(BaseModel):
        api_version: str = Field("v1", alias="apiVersion")
        kind: str = "Pod"
        spec: dict[str, Any] | None = None

    assert dra.load([Claim()]) == [Pod()]


def test_a_core_kind_is_known_by_its_class() -> None:
    pod = type("V1Pod", (), {"attribute_map": {"metadata": "metadata"}, "metadata": None})
    assert dra.load(pod()) == [Pod()]


@pytest.mark.parametrize("members", [{"to_dict": lambda: 3}, {"x": 1}])
def test_other_objects_are_refused(members: dict[str, Any]) -> None:
    with pytest.raises(LoadError, match="cannot load objects from a"):
        dra.load(SimpleNamespace(**members))


def test_an_object_of_unknown_kind_is_refused() -> None:
    with pytest.raises(DraError, match="apiVersion: required"):
        dra.load(V1ObjectMeta(name="a"))


def test_an_object_that_contains_itself_is_refused() -> None:
    claim = official()
    claim.__dict__["spec"] = {"x": [claim]}
    with pytest.raises(DraError, match="nested too deeply"):
        dra.load(claim)
