"""What public functions are given in place of what they want is refused by name, whatever the types say."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import pytest

import dra
from dra import claims
from dra.allocator import Budget
from dra.claims.pods import attach
from dra.errors import DraError
from dra.scheduler import simulation
from dra.testing import nodes

CLAIM = dra.ResourceClaim.from_dict({"metadata": {"name": "c"}})
NODE = dra.Node.from_dict({"metadata": {"name": "n"}})
POD = dra.Pod.from_dict({"metadata": {"name": "p"}})
MACHINE = simulation.Machine("n", 8000, 65536, gpus=2)
TASK = simulation.Task("t", 1000, 1024, 1, 500)
CLUSTER = dra.Cluster.load(nodes.node("dgx-h100").objects)

# What is said, how it is asked, and what is given instead.
CALLS: list[tuple[str, Callable[[Any], object], list[Any]]] = [
    ("expected an object", dra.validate, [5, None, "x"]),
    ("expected an object", lambda given: dra.validate(CLAIM, old=given), [5, "x"]),
    ("features: must be dra.Features", lambda given: dra.validate(CLAIM, features=given), ["x", {}]),
    ("obj: must be an object", dra.default, [5, None, {}]),
    ("obj: must be an object", lambda given: dra.convert(given, "v1"), [5, None, {}]),
    ("expression: must be a text", dra.cel.compile, [5, None, b"true"]),
    ("no mode", lambda given: dra.cel.compile("true", mode=given), ["old", None, 5]),
    ("features: must be dra.Features", lambda given: dra.cel.compile("true", features=given), ["x", 5]),
    ("slices: must be", lambda given: dra.Allocator(given, []), [5, [5], "slices.yaml", [NODE]]),
    ("classes: must be", lambda given: dra.Allocator([], given), [5, [5], "gpu", ["gpu"]]),
    ("allocated: must be", lambda given: dra.Allocator([], [], allocated=given), [5, [CLAIM]]),
    ("features: must be", lambda given: dra.Allocator([], [], features=given), ["DRAAdminAccess", 5]),
    ("node: must be a Node", lambda given: dra.Allocator([], []).allocate([CLAIM], given), ["n", None, 5]),
    ("node: must be a Node", lambda given: dra.Allocator([], []).explain([CLAIM], given), ["n", None, 5]),
    ("claims: must be a list", lambda given: dra.Allocator([], []).allocate(given, NODE), [5, None, "c"]),
    ("steps: must be a whole number", lambda given: Budget(steps=given), [-1, "x", math.nan]),
    ("seconds: must be a finite number", lambda given: Budget(seconds=given), [-1, "x", math.nan]),
    ("devices: must be DeviceIds", lambda given: dra.AllocatedState(devices=given), ["a", [5], [CLAIM]]),
    ("claims: must be", dra.AllocatedState.from_claims, [5, [5], None, [NODE]]),
    ("admin_access: must be True or False", lambda given: dra.Features(admin_access=given), ["no", 0, None]),
    (
        "admin_access: must be True or False",
        lambda given: dra.Features.from_gates({"DRAAdminAccess": given}),
        ["false", 1],
    ),
    ("every: must be a finite number", lambda given: simulation.arrivals_of([POD], every=given), [-1, "x"]),
    ("repeat: must be a whole number", lambda given: simulation.arrivals_of([POD], repeat=given), [0, "x"]),
    ("seed: must be a whole number", lambda given: simulation.arrivals_of([POD], seed=given), ["x", []]),
    ("pods: must be", simulation.arrivals_of, [5, [5], "p"]),
    ("time: must be a finite number", lambda given: simulation.PodArrival(POD, time=given), [math.nan, "x"]),
    ("lasting: must be a finite number", lambda given: simulation.PodArrival(POD, lasting=given), [-1, "x"]),
    ("pod: must be a pod", simulation.PodArrival, [5, None, {}]),
    ("arrivals: must be", lambda given: simulation.simulate_pods(CLUSTER, given), [5, [POD], "p"]),
    ("gpus: must be a whole number", lambda given: simulation.Machine("n", 1, 1, gpus=given), [-1, "x", 1.5]),
    ("cpu_milli: must be", lambda given: simulation.Task("t", given, 1), [-1, "x", math.nan]),
    ("arrival: must be", lambda given: simulation.Task("t", 1, 1, arrival=given), [math.nan, "x"]),
    ("departure: must be", lambda given: simulation.Task("t", 1, 1, arrival=9, departure=given), [5, "x"]),
    ("machines: must be", lambda given: simulation.simulate(given, [TASK]), [5, "n", [TASK]]),
    ("tasks: must be a list", lambda given: simulation.simulate([MACHINE], given), [5, "t"]),
    ("no sharing model", lambda given: simulation.simulate([MACHINE], [TASK], sharing=given), ["mig", 5]),
    ("seed: must be", lambda given: simulation.simulate([MACHINE], [TASK], seed=given), ["x", math.nan]),
    ("name: must be a name", lambda given: attach(POD, CLAIM, name=given), [5, None]),
    ("pod_group: must be a name", lambda given: attach(POD, CLAIM, pod_group=given), [5, None]),
    ("metadata.name: expected", claims.workload, [5, None]),
    ("gates: must be a list", lambda given: claims.sharing.choose(gates=given), [5, {"MPSSupport": True}]),
    ("shares: must be a whole number", lambda given: nodes.node("dgx-h100", shares=given), [math.nan, 1.5]),
    (
        "demand: must be a finite number",
        lambda given: simulation.compare([MACHINE], [TASK], [simulation.Consumable()], demand=given),
        [math.inf, math.nan, "x"],
    ),
    (
        "seeds: must be",
        lambda given: simulation.compare([MACHINE], [TASK], [simulation.Consumable()], seeds=given),
        [5, "x", [1.5]],
    ),
    (
        "policies: must be a list",
        lambda given: simulation.compare([MACHINE], [TASK], [simulation.Consumable()], given),
        ["best-fit", 5],
    ),
]


@pytest.mark.parametrize(
    ("said", "call", "given"), [(said, call, each) for said, call, every in CALLS for each in every]
)
def test_what_is_given_instead_is_refused(said: str, call: Callable[[Any], object], given: Any) -> None:
    with pytest.raises(DraError) as refused:
        call(given)
    assert said in str(refused.value)
