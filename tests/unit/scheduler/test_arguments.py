"""Questions that make no sense are refused by name, whatever the types say."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import pytest

from dra.errors import ArgumentError, LoadError, UnknownNameError
from dra.models.scheduling import PodGroup
from dra.scheduler import Cluster, draw, whatif
from tests.unit.scheduler.clusters import claim, pod, small_cluster

TRAIN = pod("train", claims=["c"])
GROUP = PodGroup.from_dict(
    {"metadata": {"name": "g"}, "spec": {"schedulingPolicy": {"gang": {"minCount": 1}}}}
)

Question = Callable[[Any], object]


@pytest.fixture
def cluster() -> Cluster:
    return small_cluster(claim("c"), TRAIN)


# Anything goes: that is what is asked about.
QUESTIONS: dict[str, tuple[Question, list[Any]]] = {
    "nodes: must be a list of names of nodes": (
        lambda value: small_cluster(claim("c")).schedule(TRAIN, nodes=value),
        ["n0", 5, {"n0": 1}],
    ),
    "nodes[0]: must be a text": (
        lambda value: small_cluster(claim("c")).schedule(TRAIN, nodes=value),
        [[1], [None], [["n0"]]],
    ),
    "price: must be a finite number of at least 0": (
        lambda value: small_cluster().capacity(price=value),
        [-1, math.nan, math.inf, "x", [1]],
    ),
    "price[gpu]: must be a finite number of at least 0": (
        lambda value: small_cluster().capacity(price={"gpu": value}),
        [-1, math.nan, "x", None],
    ),
    "steps: must be a whole number of at least 0": (
        lambda value: small_cluster(claim("c")).schedule_gang(GROUP, [TRAIN], steps=value),
        [-1, 1.5, math.nan, "x", False],
    ),
    "pods: must be a list of pods": (
        lambda value: small_cluster(claim("c")).schedule_gang(GROUP, value),
        ["train", 5, {"a": TRAIN}],
    ),
    "pods: must be pods, not": (lambda value: small_cluster().with_workload(value), [[5], [None], ["a"]]),
    "placement: must be a placement": (lambda value: small_cluster().placed(value), [5, None, TRAIN]),
    "features: must be dra.Features": (
        lambda value: Cluster.load([], features=value),
        ["DRAAdminAccess", {"DRAAdminAccess": True}],
    ),
    "is no connection to an API server": (Cluster.from_kubernetes, [5, "~/.kube/config"]),
    "a cluster has no kind": (lambda value: small_cluster().get(value, "n0"), ["Node", 5, Cluster]),
    "node: must be a name": (
        lambda value: small_cluster(claim("c")).explain(TRAIN, value),
        [5, None, ["n0"]],
    ),
    "class_name: must be a name": (lambda value: small_cluster().largest(value), [5, None, ["gpu"]]),
    "pod: must be a name": (lambda value: small_cluster().pod(value), [5, None]),
    "reference: must be a text": (lambda value: small_cluster().find(value), [5, None]),
    "tries: must be a whole number of at least 1": (
        lambda value: whatif.evictions(small_cluster(TRAIN), TRAIN, tries=value),
        [0, -1, math.nan, "x"],
    ),
    "up_to: must be a whole number": (
        lambda value: whatif.evictions(small_cluster(TRAIN), TRAIN, up_to=value),
        [math.nan, "x", 1.5],
    ),
    "count: must be a whole number of at least 1": (
        lambda value: whatif.more_nodes(small_cluster(), "n0", count=value),
        [0, -1, math.nan, "x"],
    ),
    "nodes[0]: must be a text, not a list": (lambda value: whatif.drain(small_cluster(), value), [["n0"]]),
    "rule: must be": (lambda value: whatif.taint(small_cluster(), value), [5, "rules.yaml", [TRAIN]]),
    "limit: must be a whole number of at least 1": (
        lambda value: draw(small_cluster(), limit=value),
        [0, -3, math.nan, "x"],
    ),
    "cluster: must be a dra.Cluster": (draw, [5, "cluster.yaml"]),
}


@pytest.mark.parametrize(
    ("said", "question", "value"),
    [(said, question, value) for said, (question, values) in QUESTIONS.items() for value in values],
)
def test_what_makes_no_sense_is_refused(said: str, question: Question, value: Any) -> None:
    with pytest.raises(LoadError) as refused:
        question(value)
    assert said in str(refused.value)


@pytest.mark.parametrize("score", [math.nan, math.inf, "high", None, [1.0]])
def test_a_policy_gives_finite_numbers(cluster: Cluster, score: Any) -> None:
    def strange(_: object) -> Any:
        return score

    with pytest.raises(ArgumentError, match="policy strange: must be a finite number"):
        cluster.schedule(TRAIN, policy=strange)
    with pytest.raises(ArgumentError, match="policy strange: must be a finite number"):
        cluster.explain_pending(policy=strange)


def test_whole_numbers_are_scores(cluster: Cluster) -> None:
    assert cluster.schedule(TRAIN, policy=lambda choice: int(choice.after.devices_free))


def test_a_node_that_is_not_there_is_said_with_the_nearest(cluster: Cluster) -> None:
    with pytest.raises(LoadError) as refused:
        cluster.schedule(TRAIN, nodes=["n0", "n7"])
    assert (refused.value.path, refused.value.value) == ("nodes", "n7")
    assert refused.value.remedy in ("did you mean 'n0'?", "did you mean 'n1'?")


def test_claims_that_come_with_a_pod_are_given_once(cluster: Cluster) -> None:
    with pytest.raises(LoadError, match="ResourceClaim default/d is given twice"):
        cluster.schedule(pod("p", claims=["d"]), [claim("d"), claim("d")])


def test_an_unknown_policy_is_refused_where_no_pod_waits() -> None:
    with pytest.raises(UnknownNameError, match="no policy"):
        small_cluster().explain_pending(policy="fist")


def test_a_version_is_its_minor() -> None:
    assert Cluster.load([], kubernetes="v1.35.2").kubernetes == "1.35"
