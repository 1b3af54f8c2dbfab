"""Sharing models that real devices have, against `dra.Allocator` on small nodes.

Claims come to one node and go. What the fast model of a sharing says of room, and which GPU and
place its `first` policy picks, must be what the allocator says of the devices that NVIDIA's driver publishes.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from random import Random
from typing import Any

import pytest

import dra
from dra.drivers.nvidia import get_board
from dra.scheduler.simulation import Consumable, DevicePlugin, Machine, Mig, Sharing, Task
from dra.scheduler.simulation.fleet import Fleet, Place
from dra.scheduler.simulation.fragmentation import Fragmentation
from dra.scheduler.simulation.policies import make_policy
from dra.testing import nodes

BOARD = "H100-80GB"
GPUS = 8
ASKED = (100, 143, 250, 400, 460, 571, 700, 1000)
_MIB = 1 << 20

Exactly = Callable[[Task, Sharing], dict[str, Any]]


def claim(task: Task, exactly: dict[str, Any]) -> dra.ResourceClaim:
    request = {"name": "gpu", "exactly": exactly | {"count": task.gpus}}
    return dra.default(
        dra.ResourceClaim.from_dict(
            {
                "metadata": {"namespace": "default", "name": task.name, "uid": task.name},
                "spec": {"devices": {"requests": [request]}},
            }
        )
    )


def whole_gpu(task: Task, sharing: Sharing) -> dict[str, Any]:
    return {"deviceClassName": "gpu.nvidia.com"}


def instance_or_gpu(task: Task, sharing: Sharing) -> dict[str, Any]:
    assert isinstance(sharing, Mig)
    size = sharing.ask(task.gpu_milli)
    if size == sharing.full:
        return whole_gpu(task, sharing)
    profile = sharing.profiles[size].name
    expression = f"device.attributes['gpu.nvidia.com'].profile == '{profile}'"
    return {"deviceClassName": "mig.nvidia.com", "selectors": [{"cel": {"expression": expression}}]}


def part_of_memory(task: Task, sharing: Sharing) -> dict[str, Any]:
    """A share of the memory, in the steps of one MiB that the driver's request policy has."""
    memory = MEMORY * sharing.ask(task.gpu_milli) // 1000 // _MIB
    requests = {"memory": f"{memory}Mi"}
    return {"deviceClassName": "gpu.nvidia.com", "capacity": {"requests": requests}}


MEMORY = (
    nodes.node("dgx-h100", shares="memory", drivers=["gpu.nvidia.com"])
    .devices()[0]
    .capacity["memory"]
    .value.value
)

CASES = {
    "device-plugin": (DevicePlugin(), {}, whole_gpu),
    "mig": (Mig(get_board(BOARD)), {"mig": "dynamic"}, instance_or_gpu),
    "consumable": (Consumable(), {"shares": "memory"}, part_of_memory),
}


def place_of(result: dra.AllocationResult, task: Task, sharing: Sharing) -> Place:
    """Devices of a result as GPUs, and what they take of each."""
    taken = []
    for each in (result.devices.results if result.devices else None) or ():
        whole = re.fullmatch(r"gpu-(\d+)", each.device)
        cut = re.fullmatch(r"gpu-(\d+)-mig-.*-(\d+)", each.device)
        if whole:
            taken.append((int(whole[1]), sharing.ask(task.gpu_milli)))
        else:
            assert cut is not None
            assert isinstance(sharing, Mig)
            width = sharing.profiles[sharing.ask(task.gpu_milli)].memory_slices
            taken.append((int(cut[1]), ((1 << width) - 1) << int(cut[2])))
    return Place(0, tuple(sorted(taken)))


def events(seed: int, multi: Iterable[int] = (1, 1, 1, 1, 2)) -> list[tuple[int, Task]]:
    """Tasks, each with a number that says which of the running ones leaves before it comes, if any."""
    random = Random(seed)
    sizes = [(random.choice(list(multi)), random.choice(ASKED)) for _ in range(45)]
    return [
        (random.randrange(-8, 12), Task(f"t{number}", 0, 0, gpus, milli if gpus == 1 else 1000))
        for number, (gpus, milli) in enumerate(sizes)
    ]


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("name", CASES)
def test_room_and_choice_are_the_allocators(name: str, seed: int) -> None:
    sharing, options, exactly = CASES[name]
    machine = nodes.node("dgx-h100", drivers=["gpu.nvidia.com"], **options)
    allocator = dra.Allocator(machine.slices, machine.classes, features=dra.Features.all())
    fleet = Fleet(
        [Machine("node", 1, 1, GPUS)],
        sharing,
        make_policy("first", [], sharing, Fragmentation([], sharing), Random(1)),
    )
    running: list[tuple[Task, Place, dra.ResourceClaim]] = []
    refused = 0
    for leaving, task in events(seed):
        if 0 <= leaving < len(running):
            left, place, held = running.pop(leaving)
            fleet.release(left, place)
            allocator.release(held)
        asked = claim(task, exactly(task, sharing))
        results = allocator.allocate([asked], machine.node)
        fast = fleet.place(task)
        if results is None:
            assert fast is None, (
                f"{task} has room, says the model; {allocator.explain([asked], machine.node)}"
            )
            refused += 1
            continue
        assert fast == place_of(results[0], task, sharing)
        allocator.reserve(asked, results[0])
        running.append((task, fast, asked))
    assert refused, "a stream that never fills the node shows little"
