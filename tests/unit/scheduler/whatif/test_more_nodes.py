"""More nodes of a shape: how many it takes, or why none would help."""

from __future__ import annotations

import json

import pytest

from dra.errors import AllocationError, LoadError
from dra.scheduler.whatif import more_nodes
from dra.testing import nodes
from tests.unit.scheduler.clusters import (
    claim,
    contents,
    devices_on,
    gpus,
    node,
    pod,
    request,
    small_cluster,
    template,
)
from tests.unit.scheduler.gangs.gangs import RACK, group, pods, racks
from tests.unit.scheduler.whatif.situations import running, told

TEMPLATES = (template("one"), template("pair", request(2)), template("triple", request(3)))


def test_the_smallest_number_with_which_all_that_wait_fit() -> None:
    waiting = [pod(name, templates=["pair"]) for name in "abcd"]
    found = more_nodes(small_cluster(*TEMPLATES, *waiting, nodes=1), "n0", count=8)

    assert (found.fits, found.needed, found.limit) == (True, 3, 8)
    assert found.wanted == ("default/b", "default/c", "default/d")
    assert told(found) == [
        ("b", "placed", None, "n0-more-1"),
        ("c", "placed", None, "n0-more-2"),
        ("d", "placed", None, "n0-more-3"),
    ]
    assert (found.before.devices.total, found.after.devices.total) == (2, 8)


@pytest.mark.parametrize("count", range(1, 7))
def test_small_pods_share_new_nodes(count: int) -> None:
    waiting = [pod(f"p{number}", templates=["one"]) for number in range(count)]
    start = running(small_cluster(*TEMPLATES, nodes=1), pod("full", templates=["pair"]))

    assert more_nodes(start.with_(waiting), "n0", count=6).needed == (count + 1) // 2


def test_too_few_nodes_are_no_obstacle_in_principle() -> None:
    waiting = [pod(name, templates=["pair"]) for name in "abc"]
    found = more_nodes(small_cluster(*TEMPLATES, *waiting, nodes=1), "n0", count=1)

    assert (found.fits, found.needed, found.obstacles) == (False, None, {})
    assert found.after.pending == 1
    assert found.waiting == {"default/c": "2 nodes: no device of class gpu free"}
    assert "with all of them: 2 nodes: no device of class gpu free (default/c)" in str(found)


def test_no_number_helps_a_pod_that_such_a_node_refuses_when_empty() -> None:
    waiting = [
        pod("big", templates=["triple"]),
        pod("picky", templates=["one"], nodeSelector={"zone": "a"}),
        pod("lost", claims=["missing"]),
    ]
    found = more_nodes(small_cluster(*TEMPLATES, *waiting, nodes=1), "n0", count=4)

    assert not found
    assert found.obstacles == {
        "default/big": "2 of 2 devices of class gpu free, 3 wanted",
        "default/lost": "claim default/missing does not exist",
        "default/picky": "no label zone=a, which the pod's nodeSelector asks for",
    }
    assert str(found).splitlines()[:2] == [
        "add 4 nodes like n0: that does not do for 3 pods",
        "no number of such nodes helps pod default/big: 2 of 2 devices of class gpu free, 3 wanted",
    ]


def test_why_a_shape_cannot_satisfy_a_constraint() -> None:
    aligned = claim("aligned", request(2), constraints=[{"matchAttribute": "gpu.example.com/root"}])
    slices = devices_on(
        "n0", [{"name": name, "attributes": {"root": {"string": name}}} for name in ("gpu-0", "gpu-1")]
    )
    start = small_cluster(aligned, nodes=1).with_(slices)
    found = more_nodes(start, "n0", pods=[pod("p", claims=["aligned"])])

    assert "cannot hold together" in found.obstacles["default/p"]


def test_none_is_needed_if_nothing_waits_in_vain() -> None:
    found = more_nodes(small_cluster(*TEMPLATES, pod("p", templates=["one"])), "n0")

    assert (found.fits, found.needed, found.pods) == (True, 0, ())


def test_pods_asked_about_compete_with_more_important_ones_that_wait() -> None:
    full = running(small_cluster(*TEMPLATES, nodes=1), pod("full", templates=["pair"]))
    cluster = full.with_(pod("first", templates=["pair"], priority=5))
    found = more_nodes(cluster, "n0", pods=[pod("mine", templates=["pair"])], count=3)

    assert found.needed == 2
    assert found.wanted == ("default/mine",)


def test_a_gang_needs_as_many_as_put_all_of_it_in_one_rack() -> None:
    cluster = racks(2, 2, each=1).with_(group(4, topology=RACK))
    found = more_nodes(cluster, "r1-n0", pods=pods(4), count=5)

    assert found.needed == 2
    assert {each.after for each in found.pods} == {"r1-n0", "r1-n1", "r1-n0-more-1", "r1-n0-more-2"}


def test_a_new_node_is_as_the_old_one_was_when_new() -> None:
    taints = [
        {"key": "node.kubernetes.io/unreachable", "effect": "NoExecute"},
        {"key": "dedicated", "effect": "NoSchedule"},
    ]
    old = node("n0", labels={"kubernetes.io/hostname": "n0", "zone": "a"}, taints=taints, unschedulable=True)
    start = small_cluster(*TEMPLATES, nodes=1).with_(
        old, pod("p", templates=["pair"], nodeSelector={"zone": "a"})
    )
    found = more_nodes(start, "n0")
    new = found.after.cluster.nodes[-1]

    assert found.obstacles == {"default/p": "taint dedicated:NoSchedule is not tolerated"}
    assert new.metadata.labels == {"kubernetes.io/hostname": "n0-more-1", "zone": "a"}
    assert not new.spec.unschedulable


def test_pools_that_are_not_named_after_their_node_stay_apart() -> None:
    spec = {"pool": {"name": "numa-0", "generation": 1, "resourceSliceCount": 1}}
    start = small_cluster(*TEMPLATES, nodes=1).with_(devices_on("n0", [{"name": "gpu-0"}], **spec))
    found = more_nodes(start, "n0", pods=[pod(name, templates=["one"]) for name in "abc"], count=4)

    assert found.needed == 2
    assert [each.devices_after for each in found.pods] == [
        ("gpu.example.com/numa-0-n0-more-1/gpu-0",),
        ("gpu.example.com/numa-0-n0-more-2/gpu-0",),
    ]


def test_a_shape_may_be_a_machine_that_the_cluster_does_not_have() -> None:
    eight = claim("eight", {"name": "gpu", "exactly": {"deviceClassName": "gpu.nvidia.com", "count": 8}})
    cluster, big = small_cluster(eight), pod("p", claims=["eight"])
    found = more_nodes(cluster, nodes.node("dgx-h100"), pods=[big])

    assert found.needed == 1
    assert found.after.placed == 1
    assert more_nodes(cluster, nodes.node("dgx-h100").objects, pods=[big]).needed == 1


def test_slices_alone_are_a_shape() -> None:
    found = more_nodes(small_cluster(*TEMPLATES, pod("p", templates=["triple"])), [gpus("big", 3)])

    assert [each.after for each in found.pods] == ["big-more-1"]


def test_the_given_cluster_stays_as_it_is() -> None:
    cluster = small_cluster(*TEMPLATES, pod("p", templates=["triple"]))
    before = contents(cluster)
    data = more_nodes(cluster, "n0").to_dict()

    assert contents(cluster) == before
    assert json.loads(json.dumps(data)) == data


def test_bad_questions() -> None:
    cluster = running(small_cluster(*TEMPLATES), pod("runs"))
    with pytest.raises(LoadError, match="there is no Node n7"):
        more_nodes(cluster, "n7")
    with pytest.raises(LoadError, match="2 nodes are no shape"):
        more_nodes(cluster, [node("a"), node("b")])
    with pytest.raises(LoadError, match="count: must be a whole number"):
        more_nodes(cluster, "n0", count=0)
    with pytest.raises(AllocationError, match="already"):
        more_nodes(cluster, "n0", pods=["runs"])
