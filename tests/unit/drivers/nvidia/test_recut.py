"""GPUs read back from what is published, and cut another way: the same as published so from the start."""

from __future__ import annotations

from typing import Any

import pytest

from dra.drivers.nvidia import observed_gpus, recut
from dra.errors import DriverError, UnknownNameError
from dra.models.resource import ResourceSlice
from dra.testing import nodes

MACHINES = ("dgx-h100", "dgx-a100-40gb", "p4d.24xlarge", "hgx-b200")


def published(machine: str, mig: str, kubernetes: str = "1.37") -> list[ResourceSlice]:
    return nodes.node(machine, mig=mig, drivers=["gpu.nvidia.com"], kubernetes=kubernetes).slices


def contents(slices: list[ResourceSlice]) -> list[Any]:
    """What is in the slices, slice by slice."""
    return [
        (
            [each.to_dict() for each in slice_.spec.devices or ()],
            [each.to_dict() for each in slice_.spec.shared_counters or ()],
        )
        for slice_ in slices
    ]


@pytest.mark.parametrize("machine", MACHINES)
@pytest.mark.parametrize("before", ["", "all-balanced", "dynamic"])
@pytest.mark.parametrize("after", ["", "all-balanced", "dynamic"])
def test_cut_again_is_cut_from_the_start(machine: str, before: str, after: str) -> None:
    assert contents(recut(published(machine, before), after or "all-disabled")) == contents(
        published(machine, after)
    )


def test_counters_are_laid_out_as_the_minor_wants_it() -> None:
    for kubernetes in ("1.34", "1.37"):
        cut = recut(published("dgx-h100", ""), "dynamic", kubernetes)
        assert contents(cut) == contents(published("dgx-h100", "dynamic", kubernetes))


def test_it_is_one_new_generation_of_the_pool() -> None:
    cut = recut(published("dgx-h100", ""), "dynamic")

    assert {each.spec.pool.generation for each in cut} == {2}
    assert {each.spec.pool.resource_slice_count for each in cut} == {len(cut)}
    assert len({each.metadata.name for each in cut}) == len(cut)


def test_gpus_are_read_back() -> None:
    [first, *others] = observed_gpus(published("dgx-h100", "all-balanced"))

    assert (first.minor, first.model.name, first.pci.root[:3]) == (0, "H100-80GB", "pci")
    assert len(others) == 7


def test_what_cannot_be_cut() -> None:
    with pytest.raises(DriverError, match="no GPU"):
        recut([], "dynamic")
    with pytest.raises(DriverError, match="MIG profiles"):
        recut(published("g6.xlarge", ""), "dynamic")
    with pytest.raises(UnknownNameError, match="8g"):
        recut(published("dgx-h100", ""), "all-8g.80gb")
    with pytest.raises(DriverError, match="does not fit"):
        recut(published("dgx-h100", ""), "4g.40gb,4g.40gb")
    unknown = {
        "metadata": {"name": "s"},
        "spec": {
            "driver": "gpu.nvidia.com",
            "nodeName": "n",
            "pool": {"name": "n"},
            "devices": [{"name": "gpu-0"}],
        },
    }
    with pytest.raises(DriverError, match="without productName"):
        recut([ResourceSlice.from_dict(unknown)], "dynamic")
