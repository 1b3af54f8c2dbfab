"""`to_python`: what it prints makes the same object again; so does the `repr` of a builder."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

import dra
from dra import claims
from dra.claims import claim, device_class, gpu, mig, prefer, select, sharing, to_python, toleration
from dra.claims.sharing import MIG, MPS, ConsumableShares, Exclusive, Sharing, TimeSlicing
from dra.drivers import nvidia
from dra.models.resource import OpaqueDeviceConfiguration

GPU = "gpu.nvidia.com"
NAMES = {
    **{name: getattr(claims, name) for name in claims.__all__},
    **{name: getattr(sharing, name) for name in sharing.__all__},
    **{name: getattr(select, name) for name in select.__all__},
    "OpaqueDeviceConfiguration": OpaqueDeviceConfiguration,
}
NEWER = OpaqueDeviceConfiguration(
    driver=GPU, parameters={"apiVersion": "resource.nvidia.com/v2", "kind": "GpuConfig"}
)

CLASSES = [each for driver in dra.drivers.all() for each in driver.device_classes()]
BUILDERS = {
    "everything of a request": claim(
        "a", namespace="n", labels={"a": "b"}, annotations={"c": "d \"e\" 'f'"}
    ).request(
        "gpu",
        device_class=GPU,
        count=2,
        where=['device.driver == "gpu.nvidia.com"', "true"],
        capacity={"memory": "10Gi"},
        tolerations=["sick", toleration("old", value="x", effect="NoExecute", seconds=3)],
    ),
    "all with admin access": claim("a").request(
        "gpu", device_class=GPU, allocation_mode="All", admin_access=True
    ),
    "a ladder": claim("a").request(
        "gpu", prefer(gpu("H100-80GB"), gpu("A100-80GB", count=2), mig("3g.40gb"))
    ),
    "constraints": claim("a")
    .request("gpu", prefer(gpu("L4"), gpu("T4")))
    .request("nic", device_class="dranet")
    .align("resource.kubernetes.io/pcieRoot", requests=["gpu/l4", "nic"])
    .distinct("dra.net/numaNode"),
    "configuration": claim("a")
    .request("gpu", device_class=GPU, config=[nvidia.GpuConfig(), NEWER])
    .config(nvidia.MigDeviceConfig())
    .config(NEWER, requests=["gpu"]),
    "sharing": claim("a", share=MPS(active_thread_percentage=50, per_device={"0": "1Gi"}))
    .request("gpu", device_class=GPU)
    .request("part", share=[MIG(profile="1g.10gb"), ConsumableShares(memory="1Gi")]),
    "nothing": claim("empty"),
}


@pytest.mark.parametrize("builder", BUILDERS.values(), ids=BUILDERS)
class TestRoundTrip:
    def test_of_a_builder(self, builder: Any) -> None:
        assert eval(repr(builder), dict(NAMES)).build() == builder.build()

    def test_of_a_claim(self, builder: Any) -> None:
        made = builder.build()
        assert eval(to_python(made), dict(NAMES)) == made

    def test_of_a_template(self, builder: Any) -> None:
        made = builder.template()
        assert eval(to_python(made), dict(NAMES)) == made


@pytest.mark.parametrize(
    "strategy",
    [
        Exclusive(),
        TimeSlicing(interval="Short"),
        MPS(pinned_memory_limit="1Gi", per_device={0: "5Gi"}),
        MIG(min_memory="10Gi", min_compute=2, board="H100-80GB", dynamic=True),
        ConsumableShares(memory="10Gi", shares=1, mode=4),
    ],
    ids=repr,
)
def test_strategies_show_what_was_said(strategy: Sharing) -> None:
    assert eval(repr(strategy), dict(NAMES)) == strategy


def test_a_class() -> None:
    made = device_class(
        "small",
        mig("1g.5gb"),
        config=nvidia.MigDeviceConfig(),
        extended_resource="x.y/small",
        labels={"a": "b"},
    )
    assert eval(to_python(made), dict(NAMES)) == made


def test_reads_well() -> None:
    pair = claim("pair").request("gpu", device_class=GPU, count=2).request("nic", device_class="dranet")
    assert to_python(pair.align("resource.kubernetes.io/pcieRoot").build()) == (
        "(\n"
        '    claim("pair")\n'
        '    .request("gpu", device_class="gpu.nvidia.com", count=2)\n'
        '    .request("nic", device_class="dranet")\n'
        '    .align("resource.kubernetes.io/pcieRoot")\n'
        "    .build()\n"
        ")"
    )


@pytest.mark.parametrize(
    "file", sorted((Path(__file__).parents[3] / "examples").rglob("claims.yaml")), ids=str
)
def test_the_claims_of_the_examples(file: Path) -> None:
    found = [
        each for each in dra.load(file) if isinstance(each, (dra.ResourceClaim, dra.ResourceClaimTemplate))
    ]
    assert found
    for each in found:
        assert eval(to_python(each), dict(NAMES)).to_dict()["spec"] == each.to_dict()["spec"]


@pytest.mark.parametrize(
    "spec",
    [
        "{devices: {requests: [{name: a, exactly: {deviceClassName: b}, newField: 1}]}}",
        "{devices: {constraints: [{matchAttribute: a/b, distinctAttribute: a/c}]}}",
        "{devices: {config: [{requests: []}]}}",
    ],
    ids=["unknown field", "two attributes", "no configuration"],
)
def test_what_a_builder_cannot_say(spec: str) -> None:
    odd = dra.ResourceClaim.from_dict({"metadata": {"name": "odd"}, "spec": yaml.safe_load(spec)})
    with pytest.raises(dra.DraError):
        to_python(odd)


def test_a_claim_without_a_name() -> None:
    with pytest.raises(dra.BuildError, match=r"metadata\.name"):
        to_python(dra.ResourceClaim())


class TestSelectors:
    @pytest.mark.parametrize(
        ("device_class", "text", "source"),
        [
            (
                GPU,
                'device.attributes["gpu.nvidia.com"].architecture in ["Hopper", "Blackwell"]',
                'where=nvidia.gpu.architecture.in_(["Hopper", "Blackwell"])',
            ),
            (
                "mig.nvidia.com",
                'device.attributes["gpu.nvidia.com"].profile == "1g.5gb"',
                'where=nvidia.mig.profile == "1g.5gb"',
            ),
            (
                "own.example.com",
                'device.capacity["gpu.amd.com"].memory.compareTo(quantity("20Gi")) >= 0',
                'where=driver("gpu.amd.com").memory.or_error() >= "20Gi"',
            ),
            (GPU, "device.driver.size() == 14", 'where=cel("device.driver.size() == 14")'),
            (GPU, "true // for now\n", 'where="true // for now\\n"'),
        ],
    )
    def test_are_expressions_if_they_are_what_select_writes(
        self, device_class: str, text: str, source: str
    ) -> None:
        made = claim("a").request("gpu", device_class=device_class, where=text).build()
        assert source in to_python(made)
        assert eval(to_python(made), dict(NAMES)) == made

    def test_of_a_class(self) -> None:
        made = device_class(
            "own", where=select.is_a(select.nvidia.gpu) & (select.nvidia.gpu.memory >= "75Gi")
        )
        assert '(driver("gpu.nvidia.com").memory >= "75Gi")' in to_python(made)
        assert eval(to_python(made), dict(NAMES)) == made


class TestWholeSource:
    """With a name the source has its imports and can be run as it is."""

    def run(self, text: str) -> Any:
        namespace: dict[str, Any] = {}
        exec(text, namespace)
        return namespace["built"]

    @pytest.mark.parametrize("builder", BUILDERS.values(), ids=BUILDERS)
    def test_of_a_builder(self, builder: Any) -> None:
        for made in (builder.build(), builder.template()):
            assert self.run(to_python(made, "built")) == made

    @pytest.mark.parametrize("made", CLASSES, ids=lambda made: made.metadata.name)
    def test_of_the_classes_of_drivers(self, made: dra.DeviceClass) -> None:
        assert self.run(to_python(made, "built")) == made

    def test_of_every_manifest_in_the_examples(self) -> None:
        found = [
            each
            for path in sorted((Path(__file__).parents[3] / "examples").rglob("*.y*ml"))
            for each in dra.load(path)
            if isinstance(each, (dra.ResourceClaim, dra.ResourceClaimTemplate, dra.DeviceClass))
        ]
        assert found
        for each in found:
            assert self.run(to_python(each, "built")).to_dict()["spec"] == each.to_dict()["spec"]

    def test_imports_what_it_uses(self) -> None:
        made = claim("a").request("gpu", device_class=GPU, where=select.nvidia.gpu.memory >= "75Gi").build()
        assert to_python(made, "big").splitlines()[:4] == [
            "from dra.claims import claim",
            "from dra.claims.select import nvidia",
            "",
            "big = (",
        ]

    def test_features_are_said_where_they_must_be_on(self) -> None:
        made = (
            claim("a")
            .request("gpu", device_class=GPU, derived_attributes={"a.example.com/b": "device.driver"})
            .align("a.example.com/b", requests=["gpu"])
            .build(features=dra.Features.all())
        )
        assert "from dra import Features\n" in to_python(made, "built")
        assert self.run(to_python(made, "built")) == made

    @pytest.mark.parametrize("name", ["not a name", "class", "x = 1; y", "claim"])
    def test_needs_a_variable(self, name: str) -> None:
        with pytest.raises(dra.BuildError, match=r"is no name of a variable|needs itself"):
            to_python(BUILDERS["a ladder"].build(), name)


def test_what_no_server_would_take() -> None:
    both = {"name": "a", "exactly": {"deviceClassName": "x", "allocationMode": "ExactCount", "count": 1}}
    constraint = {"requests": ["a"], "matchAttribute": "a.b/" + "c" * 40}
    odd = dra.ResourceClaim.from_dict(
        {"metadata": {"name": "odd"}, "spec": {"devices": {"requests": [both], "constraints": [constraint]}}}
    )
    with pytest.raises(dra.BuildError, match="matchAttribute"):
        to_python(odd)


def test_other_kinds() -> None:
    with pytest.raises(dra.BuildError, match="no builder for Pod"):
        to_python(dra.load('{"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "a"}}')[0])  # type: ignore[arg-type] # the mistake
