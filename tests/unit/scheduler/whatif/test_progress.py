"""Long questions tell that they go on."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from dra.scheduler import Cluster
from dra.scheduler.whatif import Comparison, compare, drain, evictions, more_nodes, repartition, taint
from tests.unit.scheduler.clusters import gpus, pod, request, small_cluster, taint_rule, template
from tests.unit.scheduler.whatif.situations import owned, running

NODES, CLASSES = 2, 1
# Those of the two situations that are compared.
COUNTED = 2 * (NODES + CLASSES)
PAIR = template("pair", request(2))


def situation() -> Cluster:
    """A pod on the first node, and one that waits."""
    cluster = running(small_cluster(PAIR, nodes=NODES), owned(pod("runs", templates=["pair"], priority=-1)))
    return cluster.with_(pod("waits", templates=["pair"]))


@pytest.mark.parametrize(
    ("ask", "taken_up"),
    [
        # One pod waits in the situation before, and one more after if the first is evicted.
        (lambda cluster, **how: compare(cluster, cluster, **how), 2),
        (lambda cluster, **how: drain(cluster, "n0", **how), 3),
        (lambda cluster, **how: taint(cluster, taint_rule("r", pool="n1"), **how), 2),
        (lambda cluster, **how: repartition(cluster, "n0", slices=[gpus("n0", 1)], **how), 3),
    ],
)
def test_a_comparison_tells_of_each_pod_and_of_what_is_counted(
    ask: Callable[..., Comparison], taken_up: int
) -> None:
    told: list[int] = []
    ask(situation(), advance=lambda: told.append(1))

    assert len(told) == taken_up + COUNTED


@pytest.mark.parametrize("ask", [evictions, more_nodes])
def test_a_search_tells_of_what_it_tries_besides(ask: Callable[..., Comparison]) -> None:
    full = running(situation(), pod("also", templates=["pair"], priority=-1))
    asked: Any = "waits" if ask is evictions else "n0"
    told: list[int] = []
    ask(full, asked, advance=lambda: told.append(1))

    assert len(told) > COUNTED + 2
