"""`dra.claims.claim`: what a builder refuses, at the call, with what is right."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

import dra
from dra.claims import claim, device_class, gpu, option, prefer
from dra.claims.sharing import MPS, per_pod_group
from dra.drivers import nvidia

ROOT = "resource.kubernetes.io/pcieRoot"
GPU = "gpu.nvidia.com"


def gpus(name: str = "train") -> Any:
    return claim(name).request("gpu", device_class=GPU)


class TestMisuse:
    @pytest.mark.parametrize(
        ("call", "path", "message"),
        [
            (lambda: gpus().request("gpu", device_class=GPU), "requests[1].name", "of this name already"),
            (lambda: gpus().request("GPU", device_class=GPU), "requests[1].name", "lowercase RFC 1123 label"),
            (lambda: gpus().request("b"), "requests[1].exactly.deviceClassName", "There is no class"),
            (
                lambda: claim("a").request("gpu", device_class=GPU, count=2, allocation_mode="All"),
                "requests[0].exactly.count",
                "a count makes no sense for all devices",
            ),
            (
                lambda: claim("a").request("gpu", device_class=GPU, count=0),
                "requests[0].exactly.count",
                "whole",
            ),
            (
                lambda: claim("a").request("gpu", device_class=GPU, count=True),
                "requests[0].exactly.count",
                "whole",
            ),
            (
                lambda: claim("a").request("gpu", device_class=GPU, allocation_mode="Every"),
                "requests[0].exactly.allocationMode",
                "known: ExactCount, All",
            ),
            (
                lambda: claim("a").request("gpu", device_class=GPU, where=1 == 1),
                "requests[0].exactly.selectors[0].cel.expression",
                "not a Python bool",
            ),
            (
                lambda: claim("a").request("gpu", device_class=GPU, where=["true", "devices.driver"]),
                "requests[0].exactly.selectors[1].cel.expression",
                "undeclared reference",
            ),
            (
                lambda: claim("a").request("gpu", device_class=GPU, capacity={"memory": "10 GB"}),
                "requests[0].exactly.capacity.requests[memory]",
                "write 10G or 10Gi",
            ),
            (
                lambda: claim("a").request("gpu", device_class=GPU, capacity={"memory": None}),
                "requests[0].exactly.capacity.requests[memory]",
                "quantity",
            ),
            (
                lambda: claim("a").request("gpu", device_class=GPU, tolerations=""),
                "requests[0].exactly.tolerations",
                "tolerates every taint",
            ),
            (
                lambda: claim("a").request("gpu", device_class=GPU, tolerations={"kay": "x"}),
                "requests[0].exactly.tolerations.kay",
                "did you mean 'key'",
            ),
            (
                lambda: claim("a").request("gpu", device_clas=GPU),
                "requests[0].exactly",
                "did you mean 'device_class'",
            ),
            (
                lambda: claim("a").request("gpu", gpu(), device_class="b"),
                "requests[0].exactly.deviceClassName",
                "already",
            ),
            (
                lambda: claim("a").request("gpu", prefer(gpu()), admin_access=True),
                "requests[0].firstAvailable",
                "admin access",
            ),
            (
                lambda: claim("a").request("gpu", device_class=GPU, config={"a": 1}),
                "requests[0].exactly.config",
                "driver and parameters",
            ),
            (
                lambda: claim("a").request("gpu", device_class=GPU, derived_attributes={"numa": "1"}),
                "requests[0].exactly.derivedAttributes",
                "with its domain",
            ),
            (
                lambda: gpus().align(ROOT, requests=["gpus"]),
                "constraints[0].requests[0]",
                "did you mean 'gpu'",
            ),
            (
                lambda: claim("a").align(ROOT, requests=["gpu"]),
                "constraints[0].requests[0]",
                "make the requests first",
            ),
            (lambda: gpus().align(ROOT, requests="gpu"), "constraints[0].requests", r"write \['gpu'\]"),
            (lambda: gpus().align("pcieRoot"), "constraints[0].matchAttribute", f"did you mean '{ROOT}'"),
            (
                lambda: gpus().align("parentUUID"),
                "constraints[0].matchAttribute",
                "did you mean 'gpu.nvidia.com/parentUUID'",
            ),
            (lambda: gpus().distinct("what"), "constraints[0].distinctAttribute", "with its domain"),
            (
                lambda: gpus().config(nvidia.GpuConfig(), requests=["nic"]),
                "config[0].requests[0]",
                "known: gpu",
            ),
        ],
    )
    def test_is_an_error_with_path_and_remedy(
        self, call: Callable[[], object], path: str, message: str
    ) -> None:
        with pytest.raises(dra.DraError, match=message) as caught:
            call()
        assert caught.value.path == f"spec.devices.{path}"

    @pytest.mark.parametrize(
        ("call", "message"),
        [
            (lambda: claim(None), "metadata.name: expected a text, found NoneType"),
            (lambda: claim("a", labels={"a": 3}), r"metadata.labels\[a\]: expected a text, found int"),
            (lambda: claim("a", labels=["x"]), "metadata.labels: expected a dictionary, found list"),
            (lambda: claim("a").request(3), "name: expected a text"),
            (lambda: claim("a").request("gpu", GPU), "name a class as device_class='gpu.nvidia.com'"),
            (lambda: claim("a").request("gpu", device_class=GPU, share="MPS"), "expected a sharing strategy"),
            (lambda: claim("a").request("gpu", device_class=GPU, share=MPS), "found the class MPS itself"),
            (lambda: claim("a").share(None), "expected a sharing strategy"),
            (
                lambda: claim("a").request("gpu", device_class=GPU, capacity=["memory"]),
                "expected a dictionary",
            ),
            (lambda: claim("a").request("gpu", device_class=GPU, admin_access="yes"), "True or False"),
            (lambda: gpus().align(3), "expected a text"),
            (lambda: gpus().align(ROOT, requests=[3]), "expected a text"),
            (lambda: gpus().build(slices=3), "slices: expected Iterable"),
            (lambda: gpu(3), "such as H100-80GB"),
            (lambda: option(3), "expected a text"),
            (lambda: device_class("a", "gpu"), "expected Option, found str"),
            (lambda: per_pod_group(3), "int is no claim"),
        ],
    )
    def test_values_of_wrong_types(self, call: Callable[[], object], message: str) -> None:
        with pytest.raises(dra.BuildError, match=message):
            call()

    def test_a_name_that_kubernetes_does_not_allow(self) -> None:
        with pytest.raises(dra.BuildError, match="RFC 1123 subdomain"):
            claim("Train")

    def test_limits(self) -> None:
        full = claim("a")
        for index in range(32):
            full = full.request(f"r{index}", device_class=GPU)
        assert full.build()
        with pytest.raises(dra.BuildError, match="at most 32 requests"):
            full.request("one-more", device_class=GPU)
        with pytest.raises(dra.BuildError, match="9 alternatives; there may be 1 to 8"):
            prefer(*[gpu("L4")] * 9)
        with pytest.raises(dra.BuildError, match="0 alternatives"):
            prefer()
        with pytest.raises(dra.BuildError, match="at most 32 selectors"):
            option(GPU, where=["true"] * 33)
        constrained = gpus()
        for _ in range(32):
            constrained = constrained.align(ROOT)
        with pytest.raises(dra.BuildError, match="at most 32 constraints"):
            constrained.align(ROOT)

    def test_two_alternatives_of_one_name(self) -> None:
        with pytest.raises(dra.BuildError, match="two alternatives have one name"):
            prefer(gpu("L4", name="small"), gpu("T4", name="small"))

    def test_an_alternative_is_an_option(self) -> None:
        with pytest.raises(dra.BuildError, match="not str"):
            prefer("h100")

    def test_a_model_without_so_much_memory(self) -> None:
        with pytest.raises(dra.UnknownNameError, match="did you mean 'H100-80GB'"):
            gpu("H100-80")
        with pytest.raises(dra.DriverError, match="has 81559Mi of memory, less than 80Gi"):
            gpu("H100-80GB", min_memory="80Gi")
