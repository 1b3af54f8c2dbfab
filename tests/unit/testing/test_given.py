"""Claims and clusters are taken in whatever form a test has them."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any, ClassVar

import attrs
import pytest

import dra
from dra import claims as building
from dra.errors import DecodeError, LoadError, UnknownNameError, UnknownVersionError
from dra.features import Features
from dra.testing import nodes
from dra.testing.given import claims_in, features_in, objects_in
from tests.unit.testing.claims import GPU, claim, template

MODEL = dra.ResourceClaim.from_dict(claim())


@attrs.frozen
class Built:
    """Stands for a builder of any package."""

    result: object

    def build(self) -> object:
        return self.result


class V1ResourceClaim:
    """As the official client has it: attributes, and a map of their names on the wire."""

    attribute_map: ClassVar = {"metadata": "metadata", "spec": "spec"}
    metadata = claim()["metadata"]
    spec = claim()["spec"]


@pytest.mark.parametrize(
    "source",
    [
        MODEL,
        claim(),
        MODEL.to_yaml(),
        MODEL.to_yaml().encode(),
        io.StringIO(MODEL.to_yaml()),
        Built(MODEL),
        Built(claim()),
        V1ResourceClaim(),
        [claim()],
        (each for each in [MODEL]),
        [[Built([claim()])]],
    ],
    ids=lambda each: type(each).__name__,
)
def test_a_claim_in_any_form(source: Any) -> None:
    (given,) = claims_in(source)
    assert given.named
    assert given.claim.spec == MODEL.spec
    assert given.claim.subject == "ResourceClaim default/train"


def test_builders_of_the_library() -> None:
    builder = building.claim("train", namespace="default").request("gpu", device_class=GPU)
    (given,) = claims_in(builder)
    (template_given,) = claims_in(builder.template())
    assert (given.claim.subject, given.named) == ("ResourceClaim default/train", True)
    assert (template_given.claim.spec, template_given.named) == (given.claim.spec, False)


def test_claims_of_a_file_without_the_other_objects(tmp_path: Path) -> None:
    pod = dra.Pod.from_dict({"metadata": {"name": "pod"}})
    file = tmp_path / "job.yaml"
    file.write_text(dra.dump([pod, MODEL, dra.ResourceClaimTemplate.from_dict(template())]))
    for source in (file, str(file), tmp_path):
        assert [each.claim.metadata.name for each in claims_in(source)] == ["train", "worker"]


def test_a_template_is_a_claim_with_its_labels_and_without_a_name_of_its_own() -> None:
    wire = template()
    wire["spec"]["metadata"] = {"labels": {"team": "a"}}
    (given,) = claims_in(wire)
    assert not given.named
    assert given.claim.metadata.to_dict() == {
        "name": "worker",
        "namespace": "default",
        "labels": {"team": "a"},
    }
    assert given.claim.spec == MODEL.spec


@pytest.mark.parametrize(("metadata", "stem"), [({}, "claim"), ({"generateName": "train-"}, "train")])
def test_a_claim_without_a_name(metadata: dict[str, str], stem: str) -> None:
    (given,) = claims_in(claim() | {"metadata": metadata})
    assert (given.claim.metadata.name, given.named) == (stem, False)


def test_what_is_given_is_not_changed() -> None:
    wire = template()
    model = dra.ResourceClaimTemplate.from_dict(wire)
    claims_in(model)
    assert model == dra.ResourceClaimTemplate.from_dict(wire)


@pytest.mark.parametrize(
    ("source", "error"),
    [
        ([], LoadError),
        ({"apiVersion": "v1", "kind": "Pod"}, LoadError),
        ({"spec": {}}, DecodeError),
        (7, LoadError),
    ],
)
def test_no_claim(source: Any, error: type[Exception]) -> None:
    with pytest.raises(error):
        claims_in(source)


class TestObjects:
    @pytest.mark.parametrize(
        "source",
        [
            "l4",
            nodes.machine("l4"),
            nodes.node("l4"),
            nodes.node("l4").objects,
            dra.dump(nodes.node("l4").objects),
            [nodes.node("l4").slices, dra.dump(nodes.node("l4").nodes), nodes.node("l4").classes],
        ],
        ids=["name", "machine", "fixture", "models", "text", "several"],
    )
    def test_a_cluster_in_any_form(self, source: object) -> None:
        found = {each.subject for each in objects_in(source, "1.37")}
        assert found == {each.subject for each in nodes.node("l4").objects}

    def test_files(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        (tmp_path / "cluster.yaml").write_text(dra.dump(nodes.node("l4").objects))
        monkeypatch.chdir(tmp_path)
        for source in ("cluster.yaml", tmp_path, Path("cluster.yaml")):
            assert len(list(objects_in(source, "1.37"))) == len(nodes.node("l4").objects)

    @pytest.mark.parametrize(
        ("source", "text"),
        [("dgx-h10", "did you mean 'dgx-h100'"), ("none.yaml", "no such file"), ("./none", "no such file")],
    )
    def test_neither_a_machine_nor_a_file(self, source: str, text: str) -> None:
        with pytest.raises((UnknownNameError, LoadError), match=text):
            list(objects_in(source, "1.37"))


class TestFeatures:
    @pytest.mark.parametrize(
        "wanted",
        [
            "consumable_capacity",
            ["DRAConsumableCapacity"],
            {"DRAConsumableCapacity": True},
            Features.for_kubernetes("1.35", consumable_capacity=True),
        ],
    )
    def test_switched_on(self, wanted: Any) -> None:
        assert features_in(wanted, "1.35") == Features.for_kubernetes("1.35", consumable_capacity=True)

    def test_switched_off(self) -> None:
        assert not features_in({"DRAAdminAccess": False}, "1.35").admin_access

    def test_none_is_the_minors_defaults(self) -> None:
        assert features_in(None, "1.34") == Features.for_kubernetes("1.34")

    @pytest.mark.parametrize(
        ("wanted", "error", "text"),
        [
            (["DRAConsumableCapacities"], UnknownNameError, "did you mean 'DRAConsumableCapacity'"),
            (["list_type_attributes"], UnknownVersionError, "1.35 has no feature"),
        ],
    )
    def test_no_such_feature(self, wanted: list[str], error: type[Exception], text: str) -> None:
        with pytest.raises(error) as caught:
            features_in(wanted, "1.35")
        assert text in str(caught.value)
