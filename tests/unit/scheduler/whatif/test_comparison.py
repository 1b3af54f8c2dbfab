"""A cluster beside another: who has a place, what is taken, what becomes of each pod."""

from __future__ import annotations

import json

from dra.scheduler.whatif import compare
from tests.unit.scheduler.clusters import gpus, node, pod, request, small_cluster, template
from tests.unit.scheduler.whatif.situations import running, told

PAIR = template("pair", request(2))


def test_pods_that_would_be_placed_anyway_are_no_merit_of_the_change() -> None:
    cluster = small_cluster(PAIR, pod("p", templates=["pair"]))
    comparison = compare(cluster, cluster.with_(node("n2"), gpus("n2", 2)))

    assert comparison.fits
    assert comparison.pods == ()
    assert comparison.before.placed == comparison.after.placed == 1


def test_a_change_that_helps_nobody_who_waits_does_not_fit() -> None:
    cluster = small_cluster(template("triple", request(3)), pod("p", templates=["triple"]))
    comparison = compare(cluster, cluster.with_(node("n2"), gpus("n2", 2)))

    assert not comparison
    assert (comparison.before.pending, comparison.after.pending) == (1, 1)
    assert comparison.after.waiting[0].text == "3 nodes: 2 of 2 devices of class gpu free, 3 wanted"


def test_what_becomes_of_pods() -> None:
    cluster = running(small_cluster(PAIR, nodes=1), pod("stays", templates=["pair"]))
    cluster = cluster.with_(pod("waits", templates=["pair"]))
    after = cluster.without("pod/stays").with_(pod("new", templates=["pair"], priority=-1))
    comparison = compare(cluster, after)

    assert told(comparison) == [
        ("waits", "placed", None, "n0"),
        ("new", "waits", None, None),
        ("stays", "gone", "n0", None),
    ]


def test_figures_by_class_and_the_part_taken() -> None:
    cluster = running(small_cluster(PAIR), pod("p", templates=["pair"]))
    comparison = compare(cluster, cluster.with_(node("n2"), gpus("n2", 4)))

    assert [(row.name, row.total, row.used) for row in comparison.before.classes] == [("gpu", 4, 2)]
    assert [(row.name, row.total, row.used) for row in comparison.after.classes] == [("gpu", 8, 2)]
    assert (comparison.before.utilisation, comparison.after.utilisation) == (0.5, 0.25)


def test_for_people() -> None:
    cluster = running(small_cluster(PAIR), pod("p", templates=["pair"]))
    after = cluster.without("pod/p", "node/n0").with_(pod("p", templates=["pair"]))

    assert str(compare(cluster, after, question="another node")).splitlines() == [
        "another node: no pod loses its place",
        "- pod default/p: n0 -> n1",
        "",
        "pods placed 1, waiting 0; devices taken 50 -> 100 %",
        "CLASS  TOTAL   USED  FREE    FRAGMENTED  LARGEST",
        "gpu    4 -> 2  2     2 -> 0  0           2 -> 0",
    ]


def test_for_programs() -> None:
    cluster = small_cluster(PAIR)
    data = compare(cluster, cluster.without("node/n0"), question="less").to_dict()

    assert json.loads(json.dumps(data)) == data
    assert data["question"] == "less"
    assert [each["total"] for each in (data["before"]["devices"], data["after"]["devices"])] == [4, 2]
