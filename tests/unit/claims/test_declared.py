"""Requests for what devices of a class do not have, and amounts in the wrong unit."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from dra.claims import claim, gpu, mig, prefer
from dra.claims.select import Condition, amd, device, is_a, nvidia
from dra.claims.sharing import choose
from dra.errors import BuildError, DraError, UnknownNameError

GPU = "gpu.nvidia.com"


@pytest.mark.parametrize(
    ("device_class", "where", "named"),
    [
        (GPU, nvidia.mig.profile == "1g.5gb", "mig.nvidia.com"),
        (GPU, 'device.attributes["gpu.nvidia.com"].profile == "1g.5gb"', "mig.nvidia.com"),
        (GPU, amd.gpu.memory >= "20Gi", "gpu.amd.com"),
        ("gpu.amd.com", nvidia.gpu.architecture == "Hopper", GPU),
    ],
)
def test_conditions_on_other_devices_than_those_of_the_class_are_errors(
    device_class: str, where: Condition | str, named: str
) -> None:
    with pytest.raises(BuildError, match=f"devices of class {device_class} have no") as caught:
        claim("a").request("r", device_class=device_class, where=where)

    assert caught.value.path == "spec.devices.requests[0].exactly.selectors[0].cel.expression"
    assert named in caught.value.remedy


@pytest.mark.parametrize(
    ("device_class", "where"),
    [
        ("mine.example.com", nvidia.mig.profile == "1g.5gb"),
        (GPU, is_a(nvidia.gpu) & (nvidia.gpu.memory >= "20Gi") | is_a(amd.gpu) & (amd.gpu.memory >= "20Gi")),
        (GPU, device.attr("newerThanThisLibrary") == 1),
        (GPU, device.attr("resource.kubernetes.io/numaNode") == 1),
        ("dra.cpu", device.attr("dra.net/numaNode") == 1),
        (GPU, "true"),
    ],
)
def test_conditions_that_devices_of_the_class_may_meet_are_taken(device_class: str, where: Any) -> None:
    assert claim("a").request("r", device_class=device_class, where=where).build()


def test_a_strategy_that_brings_the_class_is_looked_at_too() -> None:
    with pytest.raises(BuildError, match=r"devices of class mig\.nvidia\.com have no"):
        claim("a").request("r", prefer(mig("3g.40gb", where=amd.gpu.memory >= "20Gi"), gpu()))


@pytest.mark.parametrize(
    ("capacity", "error", "remedy"),
    [
        ({"mem": "10Gi"}, UnknownNameError, "did you mean 'memory'?"),
        ({"memory": 10}, BuildError, "write '10Gi'"),
        ({"memory": "-10Gi"}, BuildError, ""),
    ],
)
def test_amounts_of_what_devices_do_not_have_are_errors(
    capacity: dict[str, Any], error: type[DraError], remedy: str
) -> None:
    with pytest.raises(error) as caught:
        claim("a").request("r", device_class=GPU, capacity=capacity)

    (name,) = capacity
    assert caught.value.path == f"spec.devices.requests[0].exactly.capacity.requests[{name}]"
    assert remedy in caught.value.remedy


def test_a_capacity_with_its_domain_is_taken_for_a_newer_driver() -> None:
    newer = claim("a").request("r", device_class=GPU, capacity={"gpu.nvidia.com/tensorCores": 4})

    assert newer.build().spec.devices.requests


@pytest.mark.parametrize(
    "ask",
    [
        lambda: gpu(min_memory=20),
        lambda: mig(min_memory=20),
        lambda: choose("memory", gpu="H100-80GB", memory=20),
    ],
)
def test_memory_in_bytes_is_taken_for_a_slip(ask: Callable[[], object]) -> None:
    with pytest.raises(BuildError, match="20 is a number of bytes") as caught:
        ask()

    assert caught.value.remedy == "write '20Gi'"


def test_gates_that_the_driver_does_not_have_are_errors() -> None:
    with pytest.raises(UnknownNameError) as caught:
        choose("fault", gpu="H100-80GB", fraction=0.25, gates={"DynamicMig"})

    assert caught.value.remedy == "did you mean 'DynamicMIG'?"
