"""The measure of fragmentation, against the paper's definition written down plainly."""

from __future__ import annotations

import math

import pytest
from hypothesis import given, settings, strategies as st

from dra.scheduler.simulation import Consumable, Machine, Mig, Sharing, Task
from dra.scheduler.simulation.fragmentation import Fragmentation, Shape, typical_shapes
from dra.scheduler.simulation.policies import Demand, FragmentationGradient, NodeState

Typical = list[tuple[Shape, float]]


def fragmented(typical: Typical, cpu: int, rooms: list[int], model: str, sharing: Sharing) -> float:
    """Definition: what of the idle GPUs a typical task cannot use, weighted by how often it comes."""
    total = 0.0
    for shape, frequency in typical:
        size = sharing.ask(shape.gpu_milli) if shape.gpus else 0
        usable = [room for room in rooms if shape.gpus and sharing.room_after(size, room)]
        admitted = shape.cpu_milli <= cpu and (not shape.models or model in shape.models)
        if not (shape.gpus and admitted and len(usable) >= shape.gpus):
            usable = []
        total += frequency * (sum(map(sharing.idle, rooms)) - sum(map(sharing.idle, usable)))
    return total


shapes = st.builds(
    lambda cpu, asked, models: Shape(cpu, *asked, tuple(sorted(models))),
    st.integers(0, 4).map(lambda cores: cores * 1000),
    st.sampled_from([(0, 0), (100, 1), (300, 1), (500, 1), (1000, 1), (1000, 2), (1000, 4)]),
    st.sets(st.sampled_from(["T4", "A10"]), max_size=2),
)
workloads = st.lists(shapes, min_size=1, max_size=6, unique=True).map(
    lambda each: [(shape, (index + 1) / math.comb(len(each) + 1, 2)) for index, shape in enumerate(each)]
)
cpus = st.integers(0, 5000)
models = st.sampled_from(["T4", "A10", "H100"])


def rooms_of(sharing: Sharing) -> st.SearchStrategy[list[int]]:
    """Rooms that GPUs can come to have, an idle one often among them."""
    some = st.integers(0, sharing.full) | st.just(sharing.full)
    return st.lists(some, min_size=1, max_size=4)


@settings(deadline=None, max_examples=50)
@given(workloads, cpus, rooms_of(Consumable()), models)
def test_tables_agree_with_the_definition(typical: Typical, cpu: int, rooms: list[int], model: str) -> None:
    measured = Fragmentation(typical, Consumable()).of_node(cpu, rooms, model)
    assert measured == pytest.approx(fragmented(typical, cpu, rooms, model, Consumable()))


@settings(deadline=None, max_examples=50)
@given(workloads, cpus, rooms_of(Mig()), models)
def test_tables_agree_with_the_definition_on_mig(
    typical: Typical, cpu: int, rooms: list[int], model: str
) -> None:
    measured = Fragmentation(typical, Mig()).of_node(cpu, rooms, model)
    assert measured == pytest.approx(fragmented(typical, cpu, rooms, model, Mig()))


@settings(deadline=None, max_examples=50)
@given(workloads, cpus, rooms_of(Consumable()), st.sampled_from([0, 100, 300, 1000]))
def test_the_gradient_is_that_of_the_best_gpu(
    typical: Typical, cpu: int, rooms: list[int], asked: int
) -> None:
    sharing = Consumable()
    task = Task("t", min(cpu, 1000), 0, 1 if asked else 0, asked)
    after = [
        [*rooms[:gpu], room - asked, *rooms[gpu + 1 :]] for gpu, room in enumerate(rooms) if room >= asked
    ]
    if not after:
        return
    before = fragmented(typical, cpu, rooms, "T4", sharing)
    least = min(fragmented(typical, cpu - task.cpu_milli, each, "T4", sharing) for each in after)
    policy = FragmentationGradient(Fragmentation(typical, sharing))
    node = NodeState("T4", cpu, 0, list(rooms), sharing.full, sum(rooms))
    expected = 100 / (1 + math.exp(-(before - least) / 1000))
    assert policy.score(node, Demand.of(task, sharing)) in {int(expected - 1e-9), int(expected + 1e-9)}


def test_one_task_by_hand() -> None:
    """Half a GPU is asked for: 0.4 on one GPU is lost, 0.7 on the other is not."""
    half = Fragmentation([(Shape(1000, 500, 1), 1.0)], Consumable())
    assert half.of_node(1000, [400, 700], "T4") == 400


def test_all_is_lost_to_a_task_with_too_little_cpu_or_without_gpus() -> None:
    mix = Fragmentation([(Shape(1000, 500, 1), 0.5), (Shape(100, 0, 0), 0.5)], Consumable())
    assert mix.of_node(999, [1000, 700], "T4") == 1700
    assert mix.of_node(1000, [1000, 700], "T4") == 850


def test_two_whole_gpus_need_two_idle_ones() -> None:
    pair = Fragmentation([(Shape(0, 1000, 2), 1.0)], Consumable())
    assert pair.of_node(0, [1000, 1000, 900], "T4") == 900
    assert pair.of_node(0, [1000, 900, 900], "T4") == 2800


def test_typical_shapes_cover_the_share_and_add_to_one() -> None:
    tasks = [Task("a", 1, 0)] * 6 + [Task("b", 2, 0)] * 3 + [Task("c", 3, 0)]
    assert typical_shapes(tasks, 0.9) == [(Shape(1, 0, 0), 6 / 9), (Shape(2, 0, 0), 3 / 9)]
    assert sum(frequency for _, frequency in typical_shapes(tasks)) == pytest.approx(1)


def test_shapes_tell_models_but_not_their_order() -> None:
    tasks = [Task("a", 1, 0, 1, 500, frozenset(order)) for order in (("T4", "A10"), ("A10", "T4"), ("T4",))]
    assert len(typical_shapes(tasks, 1.0)) == 2


def test_an_empty_workload_has_no_typical_shapes() -> None:
    assert typical_shapes([]) == []
    assert Machine("m", 1, 1, 1).model == ""
