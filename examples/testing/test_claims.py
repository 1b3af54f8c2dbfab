"""The claims of team vision on the machines they are to run on. Run `pytest` in this folder."""

from pathlib import Path

import pytest

import dra
from dra.claims import claim, gpu, mig, prefer
from dra.testing import assert_allocatable, assert_unallocatable, nodes

TEMPLATES = {each.metadata.name: each for each in dra.load(Path(__file__).with_name("claims.yaml"))}


@pytest.mark.dra("dgx-h100", nodes=2)
def test_two_trainers_to_a_node_and_no_fifth(dra_allocate, dra_cluster):
    held = [dra_allocate(TEMPLATES["trainer"]) for _ in range(4)]
    assert [each.node for each in held] == ["dgx-h100-0", "dgx-h100-0", "dgx-h100-1", "dgx-h100-1"]
    assert_unallocatable(TEMPLATES["trainer"], on=dra_cluster, because="in use")
    dra_cluster.release(held[0])
    assert_allocatable(TEMPLATES["trainer"], on=dra_cluster)


@pytest.mark.parametrize("machine", ["dgx-a100-40gb", "l4"])
def test_trainers_need_large_gpus(machine):
    assert_unallocatable(TEMPLATES["trainer"], on=machine, because="selector")


def test_each_gpu_of_a_dgx_has_a_nic_beside_it(dra_allocate, dra_cluster):
    for _ in range(8):
        got = dra_allocate(TEMPLATES["exchange"])
        assert len(got.of("gpu")) == len(got.of("nic")) == 1
    assert_unallocatable(TEMPLATES["exchange"], on=dra_cluster, because="in use")


def test_no_nic_sits_beside_a_gpu_in_a_gb200_tray():
    assert_unallocatable(TEMPLATES["exchange"], on="gb200-nvl72", because="constraint")


@pytest.mark.dra(kubernetes=["1.36", "1.37"], mig="dynamic", drivers=["gpu.nvidia.com"])
def test_a_slice_is_enough_for_inference(dra_allocate):
    wanted = claim("infer").request("gpu", prefer(mig("3g.40gb"), gpu("H100-80GB")))
    assert dra_allocate(wanted).devices == ["gpu-0-mig-3g40gb-9-0"]


@pytest.mark.dra("l4", shares="memory", kubernetes="1.35", features=["DRAConsumableCapacity"])
def test_two_notebooks_share_a_gpu(dra_allocate):
    notebook = claim("notebook").request("gpu", device_class="gpu.nvidia.com", capacity={"memory": "10Gi"})
    assert [dra_allocate(notebook.template()).devices for _ in range(3)] == [["gpu-0"], ["gpu-0"], ["gpu-1"]]


def test_a_rack_of_gb200_has_room_for_18_trainers():
    rack = nodes.cluster("gb200-nvl72", setup=nodes.Setup(drivers=["gpu.nvidia.com"]))
    trainers = dra.testing.SimulatedCluster(rack)
    for _ in range(18):
        trainers.allocate(TEMPLATES["trainer"])
    assert_unallocatable(TEMPLATES["trainer"], on=trainers, because="in use")
