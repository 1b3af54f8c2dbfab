"""`dra.claims.claim`: what a builder makes."""

from __future__ import annotations

from typing import Any

import pytest

import dra
from dra.claims import claim, device_class, gpu, mig, option, prefer, select, toleration
from dra.claims.sharing import MIG, MPS, TimeSlicing
from dra.drivers import nvidia
from dra.models.resource import OpaqueDeviceConfiguration
from dra.testing import nodes

ROOT = "resource.kubernetes.io/pcieRoot"
GPU = "gpu.nvidia.com"
BIG = 'device.capacity["gpu.nvidia.com"].memory.compareTo(quantity("20Gi")) >= 0'


def gpus(name: str = "train") -> Any:
    return claim(name).request("gpu", device_class=GPU)


def devices(obj: dra.ResourceClaim) -> dict[str, Any]:
    found: dict[str, Any] = obj.to_dict()["spec"]["devices"]
    return found


class TestWhatIsBuilt:
    def test_everything_that_can_be_said_of_a_request(self) -> None:
        built = (
            claim("train", namespace="ml", labels={"team": "vision"}, annotations={"note": "x"})
            .request(
                "gpu",
                device_class=GPU,
                count=8,
                where=[BIG, "true"],
                capacity={"memory": "10Gi", "shares": 1},
                tolerations=["sick", toleration("old", value="yes", effect="NoExecute", seconds=60)],
            )
            .build()
        )
        assert built.to_dict() == {
            "apiVersion": "resource.k8s.io/v1",
            "kind": "ResourceClaim",
            "metadata": {
                "name": "train",
                "namespace": "ml",
                "labels": {"team": "vision"},
                "annotations": {"note": "x"},
            },
            "spec": {
                "devices": {
                    "requests": [
                        {
                            "name": "gpu",
                            "exactly": {
                                "deviceClassName": GPU,
                                "selectors": [{"cel": {"expression": BIG}}, {"cel": {"expression": "true"}}],
                                "count": 8,
                                "tolerations": [
                                    {"key": "sick", "operator": "Exists"},
                                    {
                                        "key": "old",
                                        "operator": "Equal",
                                        "value": "yes",
                                        "effect": "NoExecute",
                                        "tolerationSeconds": 60,
                                    },
                                ],
                                "capacity": {"requests": {"memory": "10Gi", "shares": "1"}},
                            },
                        }
                    ]
                }
            },
        }

    def test_a_template_gives_its_labels_to_the_claims(self) -> None:
        made = claim("one", labels={"a": "b"}).request("gpu", device_class=GPU).template().to_dict()
        assert made["kind"] == "ResourceClaimTemplate"
        assert made["metadata"] == {"name": "one", "labels": {"a": "b"}}
        assert made["spec"]["metadata"] == {"labels": {"a": "b"}}
        assert made["spec"]["spec"]["devices"]["requests"][0]["name"] == "gpu"

    def test_a_template_without_labels_has_no_metadata_of_claims(self) -> None:
        assert "metadata" not in gpus().template().to_dict()["spec"]

    def test_alternatives_have_names_from_what_they_are(self) -> None:
        ladder = prefer(gpu("H100-80GB"), gpu("H100-80GB", count=2), mig("3g.40gb"), option("gpu.intel.com"))
        built = claim("a").request("gpu", ladder).build()
        (request,) = built.spec.devices.requests or []
        assert [each.name for each in request.first_available or ()] == [
            "h100-80gb",
            "h100-80gb-2",
            "mig-3g-40gb",
            "gpu-intel-com",
        ]

    def test_what_is_said_of_a_ladder_holds_for_every_alternative(self) -> None:
        built = claim("a").request("gpu", prefer(gpu("A100-40GB"), gpu("L4")), where="true", count=2).build()
        (request,) = built.spec.devices.requests or []
        alternatives = request.first_available or []
        assert len(alternatives) == 2
        for each in alternatives:
            assert each.count == 2
            assert [selector.cel.expression for selector in each.selectors or () if selector.cel][
                -1
            ] == "true"

    def test_all_devices_and_distinct_ones(self) -> None:
        built = (
            claim("a")
            .request("nic", device_class="dranet", allocation_mode="All")
            .request("cpu", device_class="dra.cpu")
            .distinct("dra.net/numaNode", requests=["cpu", "nic"])
            .build()
        )
        assert devices(built) == {
            "requests": [
                {"name": "nic", "exactly": {"deviceClassName": "dranet", "allocationMode": "All"}},
                {"name": "cpu", "exactly": {"deviceClassName": "dra.cpu"}},
            ],
            "constraints": [{"requests": ["cpu", "nic"], "distinctAttribute": "dra.net/numaNode"}],
        }

    def test_constraints_can_name_an_alternative(self) -> None:
        built = (
            claim("a").request("gpu", prefer(gpu("L4"), gpu("T4"))).align(ROOT, requests=["gpu/l4"]).build()
        )
        assert devices(built)["constraints"] == [{"requests": ["gpu/l4"], "matchAttribute": ROOT}]

    def test_derived_attributes_where_the_gate_is_on(self) -> None:
        built = gpus().request("nic", device_class="dranet", derived_attributes={"a.example.com/half": "1"})
        features = dra.Features.for_kubernetes("1.37", derived_attributes=True)
        made = built.align("a.example.com/half").build(features=features)
        assert devices(made)["requests"][1]["exactly"]["derivedAttributes"] == [
            {"name": "a.example.com/half", "expression": "1"}
        ]

    def test_admin_access_only_when_said(self) -> None:
        built = claim("a").request("gpu", device_class=GPU, allocation_mode="All", admin_access=True).build()
        assert devices(built)["requests"][0]["exactly"]["adminAccess"] is True
        assert "adminAccess" not in devices(gpus().build())["requests"][0]["exactly"]

    def test_a_builder_is_a_value(self) -> None:
        base = gpus()
        before = base.build()
        base.request("nic", device_class="dranet").align(ROOT)
        assert base.build() == before
        assert base == gpus()

    def test_objects_of_one_builder_are_independent(self) -> None:
        base = gpus().config(nvidia.GpuConfig())
        base.build().to_dict()
        first = base.build()
        (first.spec.devices.config or [])[0].opaque = None
        assert (base.build().spec.devices.config or [])[0].opaque is not None

    def test_expressions_of_select(self) -> None:
        terms = select.device.of(GPU)
        built = claim("a").request(
            "gpu", device_class=GPU, where=[terms.capacity("memory").or_error() >= "20Gi"]
        )
        assert built == claim("a").request("gpu", device_class=GPU, where=BIG)


class TestConfiguration:
    PARAMETERS = nvidia.GpuConfig(sharing=nvidia.GpuSharing(strategy="TimeSlicing")).to_dict()

    @pytest.mark.parametrize(
        "config",
        [
            nvidia.GpuConfig(sharing=nvidia.GpuSharing(strategy="TimeSlicing")),
            {"driver": GPU, "parameters": PARAMETERS},
            OpaqueDeviceConfiguration(driver=GPU, parameters=PARAMETERS),
        ],
        ids=["typed", "dictionary", "model"],
    )
    def test_of_a_request_and_of_the_claim(self, config: Any) -> None:
        opaque = {"driver": GPU, "parameters": self.PARAMETERS}
        of_request = claim("a").request("gpu", device_class=GPU, config=config).build()
        assert devices(of_request)["config"] == [{"requests": ["gpu"], "opaque": opaque}]
        assert devices(gpus().config(config).build())["config"] == [{"opaque": opaque}]
        named = gpus().config(config, requests=["gpu"]).build()
        assert devices(named)["config"] == [{"requests": ["gpu"], "opaque": opaque}]

    def test_an_unknown_field_is_an_error_at_the_call(self) -> None:
        wrong = {"driver": GPU, "parameters": {**self.PARAMETERS, "shering": {}}}
        with pytest.raises(dra.DriverError, match=r"shering") as caught:
            gpus().config(wrong)
        assert caught.value.path == "spec.devices.config[0].opaque.parameters"

    def test_what_is_newer_than_the_library_can_be_passed_as_a_model(self) -> None:
        newer = OpaqueDeviceConfiguration(driver=GPU, parameters={**self.PARAMETERS, "newField": 1})
        assert devices(gpus().config(newer).build())["config"][0]["opaque"]["parameters"]["newField"] == 1

    def test_configuration_of_another_type_of_device(self) -> None:
        with pytest.raises(dra.DriverError, match="MigDeviceConfig is for devices of type mig"):
            claim("a").request("gpu", device_class=GPU, config=nvidia.MigDeviceConfig())

    def test_a_driver_whose_gates_are_known_refuses_more(self) -> None:
        built = gpus().config(nvidia.GpuConfig(sharing=nvidia.GpuSharing(strategy="MPS")))
        assert built.build(gates={GPU: {"MPSSupport"}})
        with pytest.raises(dra.DriverError, match='"MPSSupport" feature gate is not enabled'):
            built.build(gates={GPU: set()})


class TestBuild:
    def test_every_field_error_is_in_one_error(self) -> None:
        wrong = claim("a", labels={"-": "x"}).request("gpu", device_class="No Class")
        with pytest.raises(dra.BuildError, match="would refuse it") as caught:
            wrong.build()
        assert [each.field for each in caught.value.errors] == [
            "metadata.labels",
            "spec.devices.requests[0].exactly.deviceClassName",
        ]
        assert caught.value.subject == "ResourceClaim a"

    def test_a_field_that_the_server_would_drop_is_an_error(self) -> None:
        part = claim("part").request("gpu", device_class=GPU, capacity={"memory": "10Gi"})
        assert part.build("1.36")
        with pytest.raises(
            dra.BuildError, match="drops this field unless DRAConsumableCapacity is on"
        ) as caught:
            part.build("1.34")
        assert caught.value.path == "spec.devices.requests[0].exactly.capacity"
        assert part.build("1.34", features=dra.Features.for_kubernetes("1.34", consumable_capacity=True))

    def test_what_cannot_work_on_the_given_slices_is_an_error(self) -> None:
        rack = nodes.node("gb200-nvl72")
        pair = gpus().request("nic", device_class="dranet").align("gpu.nvidia.com/parentUUID")
        assert pair.build()
        with pytest.raises(dra.BuildError, match="cannot work on the given slices") as caught:
            pair.build(slices=rack.slices)
        assert {each.code for each in caught.value.findings} == {"DRA201"}

    def test_what_only_may_be_wrong_is_a_finding(self) -> None:
        wanted = claim("a").request("gpu", device_class=GPU, where=BIG.replace("20Gi", "80Gi"))
        dgx = nodes.node("dgx-h100")
        assert wanted.build(slices=dgx.slices)
        assert "DRA106" in [each.code for each in wanted.findings(dgx.slices)]

    def test_unknown_minor(self) -> None:
        with pytest.raises(dra.UnknownVersionError):
            gpus().build("1.20")


class TestShareOfTheClaim:
    def test_is_for_every_request_of_the_driver(self) -> None:
        built = gpus().request("nic", device_class="dranet").share(MPS(active_thread_percentage=50)).build()
        (config,) = devices(built)["config"]
        assert "requests" not in config
        assert config["opaque"]["parameters"]["sharing"]["strategy"] == "MPS"

    def test_names_the_requests_where_one_has_its_own(self) -> None:
        built = (
            claim("a", share=MPS())
            .request("one", device_class=GPU)
            .request("two", device_class=GPU)
            .request("long", device_class=GPU, share=TimeSlicing(interval="Long"))
            .build()
        )
        assert [each["requests"] for each in devices(built)["config"]] == [["one", "two"], ["long"]]

    def test_whole_and_part_get_configuration_of_their_type(self) -> None:
        built = (
            claim("a", share=MPS())
            .request("gpu", device_class=GPU)
            .request("part", device_class="mig.nvidia.com")
            .build()
        )
        kinds = [each["opaque"]["parameters"]["kind"] for each in devices(built)["config"]]
        assert kinds == ["GpuConfig", "MigDeviceConfig"]

    def test_leaves_a_part_alone_that_says_itself_how_it_is_shared(self) -> None:
        built = claim("a", share=MPS()).request("gpu", gpu()).request("part", mig("1g.10gb")).build()
        assert [each["requests"] for each in devices(built)["config"]] == [["gpu"]]

    def test_an_unknown_class_among_several_must_say_it_itself(self) -> None:
        assert claim("a", share=MPS()).request("gpu", device_class="mine").build().spec.devices.config
        with pytest.raises(dra.BuildError, match="it is not known whether class mine"):
            claim("a", share=MPS()).request("nic", device_class="dranet").request("gpu", device_class="mine")

    def test_alternatives_of_different_types_are_named(self) -> None:
        built = claim("a").request("gpu", prefer(gpu("L4"), mig("1g.10gb")), share=MPS()).build()
        assert [
            (each["requests"], each["opaque"]["parameters"]["kind"]) for each in devices(built)["config"]
        ] == [
            (["gpu/l4"], "GpuConfig"),
            (["gpu/mig-1g-10gb"], "MigDeviceConfig"),
        ]

    def test_equal_configuration_of_all_alternatives_is_that_of_the_request(self) -> None:
        built = claim("a").request("gpu", prefer(gpu("L4"), gpu("T4")), share=MPS()).build()
        assert [each["requests"] for each in devices(built)["config"]] == [["gpu"]]

    def test_gates_that_exclude_each_other_in_one_claim(self) -> None:
        on_demand = claim("a").request("part", mig("1g.10gb", dynamic=True))
        with pytest.raises(dra.DriverError, match="exclude each other") as caught:
            on_demand.request("gpu", device_class=GPU, share=MPS())
        assert "two claims" in caught.value.remedy
        assert claim("a").request("gpu", prefer(gpu("L4", share=MPS()), mig("1g.10gb", dynamic=True))).build()


class TestDeviceClass:
    def test_of_its_conditions(self) -> None:
        made = device_class("big", where=BIG, extended_resource="example.com/big", config=nvidia.GpuConfig())
        assert made.to_dict()["spec"] == {
            "selectors": [{"cel": {"expression": BIG}}],
            "config": [{"opaque": {"driver": GPU, "parameters": nvidia.GpuConfig().to_dict()}}],
            "extendedResourceName": "example.com/big",
        }

    def test_of_the_only_request_of_a_claim(self) -> None:
        wanted = claim("part").request("gpu", share=[MIG(profile="1g.10gb"), MPS()])
        made = wanted.device_class(extended_resource="nvidia.com/mig-1g.10gb").to_dict()
        assert made["metadata"] == {"name": "part"}
        assert [each["cel"]["expression"] for each in made["spec"]["selectors"]] == [
            "device.driver == 'gpu.nvidia.com' && device.attributes['gpu.nvidia.com'].type == 'mig'",
            'device.attributes["gpu.nvidia.com"].profile == "1g.10gb"',
        ]
        assert made["spec"]["config"][0]["opaque"]["parameters"]["kind"] == "MigDeviceConfig"

    @pytest.mark.parametrize(
        ("wanted", "message"),
        [
            (gpus().request("nic", device_class="dranet"), "exactly one request"),
            (claim("a").request("gpu", prefer(gpu())), "exactly one request"),
            (claim("a").request("gpu", device_class=GPU, count=2), "cannot say count"),
            (claim("a").request("gpu", device_class="mine"), "is not known"),
        ],
    )
    def test_cannot_say_what_claims_can(self, wanted: Any, message: str) -> None:
        with pytest.raises(dra.BuildError, match=message):
            wanted.device_class()

    def test_of_a_minor_without_extended_resources(self) -> None:
        with pytest.raises(dra.BuildError, match="drops this field unless DRAExtendedResource is on"):
            device_class("a", where="true", extended_resource="example.com/a", kubernetes="1.34")


class TestSelectorsWithoutDomains:
    ENOUGH = select.device.capacity("memory").or_error() >= "20Gi"

    def expression(self, device_class: str) -> str:
        return (
            claim("a")
            .request("x", device_class=device_class, where=self.ENOUGH)
            ._requests[0]
            .options[0]
            .selectors[0]
        )

    def test_take_the_domain_of_the_driver_of_the_class(self) -> None:
        assert self.expression("gpu.amd.com").startswith('device.capacity["gpu.amd.com"].memory.')

    def test_stay_with_the_devices_own_driver_for_any_other_class(self) -> None:
        assert self.expression("own.example.com").startswith("device.capacity[device.driver].memory.")
