"""Placing and releasing: policies by hand, and the kept scores against scores computed anew."""

from __future__ import annotations

import copy
from random import Random

import attrs
import pytest
from hypothesis import given, settings, strategies as st

from dra.errors import UnknownNameError
from dra.scheduler.simulation import POLICIES, SHARING, Consumable, Machine, Mig, Sharing, Task, get_sharing
from dra.scheduler.simulation.fleet import Fleet, Place
from dra.scheduler.simulation.fragmentation import Fragmentation, typical_shapes
from dra.scheduler.simulation.policies import INFEASIBLE, Demand, NodeState, Policy, make_policy

HALF = Task("half", 1000, 1024, 1, 500)
SMALL = Task("small", 1000, 1024, 1, 200)
WHOLE = Task("whole", 1000, 1024, 1, 1000)
PAIR = Task("pair", 1000, 1024, 2, 1000)
NO_GPU = Task("cpu", 1000, 1024)


def machine(gpus: int = 2, cores: int = 8, model: str = "T4", memory: int = 65536) -> Machine:
    return Machine(f"node-{gpus}-{cores}", cores * 1000, memory, gpus, model)


def fleet_of(
    policy: str,
    *machines: Machine,
    tasks: tuple[Task, ...] = (),
    sharing: Sharing | None = None,
    seed: int = 1,
) -> Fleet:
    shared = sharing or Consumable()
    measure = Fragmentation(typical_shapes(tasks), shared)
    return Fleet(machines, shared, make_policy(policy, machines, shared, measure, Random(seed)))


class TestFilter:
    @pytest.mark.parametrize(
        ("node", "task", "fits"),
        [
            (machine(1), WHOLE, True),
            (machine(1), PAIR, False),
            (machine(0), HALF, False),
            (machine(0), NO_GPU, True),
            (machine(cores=1), HALF, True),
            (machine(cores=0), HALF, False),
            (machine(memory=1023), HALF, False),
            (machine(model="P100"), Task("t", 1, 1, 1, 100, frozenset({"T4"})), False),
            (machine(model="T4"), Task("t", 1, 1, 1, 100, frozenset({"T4", "P100"})), True),
            (machine(0), Task("t", 1, 1, models=frozenset({"T4"})), True),
        ],
    )
    def test_a_task_fits_where_everything_it_asks_for_is_free(
        self, node: Machine, task: Task, fits: bool
    ) -> None:
        assert (fleet_of("first", node).place(task) is not None) == fits

    def test_two_halves_of_different_gpus_are_no_whole_one(self) -> None:
        fleet = fleet_of("least-allocated", machine(2))
        assert [fleet.place(HALF), fleet.place(HALF)] == [Place(0, ((0, 500),)), Place(0, ((1, 500),))]
        assert fleet.place(WHOLE) is None

    def test_no_nodes_have_no_room(self) -> None:
        assert fleet_of("best-fit").place(NO_GPU) is None


class TestPolicies:
    def test_best_fit_fills_the_fuller_gpu_of_the_fuller_node(self) -> None:
        fleet = fleet_of("best-fit", machine(8, 128), machine(2, 16))
        assert fleet.place(HALF) == Place(1, ((0, 500),))
        assert fleet.place(Task("t", 1000, 1024, 1, 600)) == Place(1, ((1, 600),))
        assert fleet.place(Task("t", 1000, 1024, 1, 300)) == Place(1, ((1, 300),))

    def test_best_fit_by_hand(self) -> None:
        """8 of 16 cores and 1.5 of 2 GPUs are left: half of 0.5 plus half of 0.75 is 0.625."""
        machines = [machine(2, 16)]
        policy = make_policy("best-fit", machines, Consumable(), Fragmentation([], Consumable()), Random(1))
        node = NodeState("T4", 9000, 9999, [1000, 1000], 1000, 2000)
        assert policy.score(node, Demand.of(HALF, Consumable())) == 37

    def test_least_allocated_takes_the_emptiest(self) -> None:
        fleet = fleet_of("least-allocated", machine(2, 16), machine(8, 128))
        assert fleet.place(HALF) == Place(1, ((0, 500),))
        assert fleet.place(HALF) == Place(1, ((1, 500),))

    def test_fragmentation_keeps_gpus_whole_for_those_who_need_them(self) -> None:
        """Half the tasks want 0.8: placing 0.2 on the GPU where 0.2 is taken loses 0.8 to them, too much."""
        fleet = fleet_of("fragmentation", machine(2), tasks=(Task("t", 0, 0, 1, 800), SMALL))
        assert fleet.place(SMALL) == Place(0, ((0, 200),))
        assert fleet.place(Task("t", 0, 0, 1, 800)) == Place(0, ((0, 800),))

    def test_equal_nodes_are_taken_in_order(self) -> None:
        for policy in ("first", "best-fit", "fragmentation", "least-allocated"):
            assert fleet_of(policy, machine(), machine(), tasks=(HALF,)).place(HALF) == Place(0, ((0, 500),))

    def test_random_takes_every_node_and_gpu_in_time(self) -> None:
        places = {fleet_of("random", machine(), machine(), seed=seed).place(HALF) for seed in range(40)}
        assert places == {Place(node, ((gpu, 500),)) for node in (0, 1) for gpu in (0, 1)}

    def test_whole_gpus_are_the_first_idle_ones(self) -> None:
        for policy in POLICIES:
            fleet = fleet_of(policy, machine(4), tasks=(PAIR,))
            fleet.nodes[0].rooms[0] = 400
            assert fleet.place(PAIR) == Place(0, ((1, 1000), (2, 1000)))

    def test_an_unknown_policy_is_refused(self) -> None:
        with pytest.raises(UnknownNameError, match="did you mean 'best-fit'"):
            fleet_of("bestfit")


class TestMig:
    def test_best_fit_takes_the_place_that_wastes_least(self) -> None:
        """A 3g instance at slice 4 leaves room for a 4g one; at slice 0 it would leave 3 sevenths only."""
        fleet = fleet_of("best-fit", machine(1), sharing=Mig())
        assert fleet.place(Task("3g", 1, 1, 1, 400)) == Place(0, ((0, 0b11110000),))
        assert fleet.place(Task("4g", 1, 1, 1, 500)) == Place(0, ((0, 0b00001111),))

    def test_first_takes_the_lowest_place_as_the_allocator_does(self) -> None:
        fleet = fleet_of("first", machine(1), sharing=Mig())
        assert fleet.place(Task("3g", 1, 1, 1, 400)) == Place(0, ((0, 0b00001111),))
        assert fleet.place(Task("4g", 1, 1, 1, 500)) is None


tasks = st.builds(
    lambda cores, memory, asked, models: Task("t", cores * 1000, memory, *asked, frozenset(models)),
    st.integers(0, 6),
    st.integers(0, 4),
    st.sampled_from([(0, 0), (1, 140), (1, 300), (1, 450), (1, 1000), (2, 1000)]),
    st.sets(st.sampled_from(["T4", "P100"]), max_size=1),
)
machines = st.lists(
    st.builds(
        machine, st.integers(0, 3), st.integers(2, 12), st.sampled_from(["T4", "P100"]), st.integers(2, 9)
    ),
    min_size=1,
    max_size=4,
)


class Watched(Policy):
    """Checks the scores that a fleet has kept against scores computed anew."""

    def __init__(self, policy: Policy) -> None:
        self.policy = policy
        self.fleet: Fleet | None = None
        self.task: Task | None = None
        self.sharing: Sharing = Consumable()

    def score(self, node: NodeState, demand: Demand) -> int:
        return self.policy.score(node, demand)

    def pick(self, scores: object) -> int:
        assert self.fleet is not None
        assert self.task is not None
        demand = Demand.of(self.task, self.sharing)
        fresh = [attrs.evolve(node, fragmented=None) for node in self.fleet.nodes]
        expected = [self.policy.score(node, demand) if node.fits(demand) else INFEASIBLE for node in fresh]
        assert list(scores) == expected  # type: ignore[call-overload] - a sequence, as the policy says
        return self.policy.pick(expected)

    def choose(self, node: NodeState, demand: Demand) -> tuple[tuple[int, int], ...]:
        return self.policy.choose(node, demand)


@settings(deadline=None, max_examples=40)
@given(
    machines,
    st.lists(tasks, min_size=1, max_size=14),
    st.sampled_from(POLICIES),
    st.sampled_from(sorted(SHARING)),
    st.data(),
)
def test_scores_stay_true_and_releasing_restores(
    nodes: list[Machine], arriving: list[Task], name: str, sharing_name: str, data: st.DataObject
) -> None:
    sharing = get_sharing(sharing_name)
    policy = make_policy(name, nodes, sharing, Fragmentation(typical_shapes(arriving), sharing), Random(3))
    watched = Watched(policy)
    fleet = watched.fleet = Fleet(nodes, sharing, watched)
    watched.sharing = sharing
    before = copy.deepcopy(fleet.nodes)
    running: list[tuple[Task, Place]] = []
    for task in arriving:
        watched.task = task
        place = fleet.place(task)
        if place is not None:
            running.append((task, place))
        for node in fleet.nodes:
            assert node.cpu >= 0
            assert node.memory >= 0
            assert all(0 <= room <= sharing.full for room in node.rooms)
            assert node.idle == sum(map(sharing.idle, node.rooms))
        if running and data.draw(st.booleans()):
            fleet.release(*running.pop(data.draw(st.integers(0, len(running) - 1))))
    for task, place in running:
        fleet.release(task, place)
    free = [(node.cpu, node.memory, node.rooms, node.idle) for node in fleet.nodes]
    assert free == [(node.cpu, node.memory, node.rooms, node.idle) for node in before]
