"""Where pods go, and why not elsewhere."""

from __future__ import annotations

import pytest

from dra.errors import AllocationError, LoadError, UnknownNameError
from dra.features import Features
from dra.models.core import Pod
from dra.models.resource import DeviceClass, ResourceClaim
from dra.models.scheduling import PodGroup
from dra.scheduler import Cluster
from tests.unit.scheduler.clusters import (
    claim,
    devices_on,
    gpu_class,
    gpus,
    node,
    placed,
    pod,
    refused,
    request,
    small_cluster,
    taint_rule,
    template,
)

ROOM = {"cpu": "8", "memory": "32Gi", "pods": "10"}


# --- claims -------------------------------------------------------------------------------------------------


def test_a_pod_gets_devices_on_the_first_node_that_has_them() -> None:
    cluster = small_cluster(claim("pair", request(2)))
    placement = placed(cluster.schedule(pod("p", claims=["pair"])))

    assert placement.node == "n0"
    assert placement.devices == ["gpu.example.com/n0/gpu-0", "gpu.example.com/n0/gpu-1"]


def test_the_next_pod_goes_where_devices_are_left() -> None:
    cluster = small_cluster(template("pair", request(2)))
    cluster = placed(cluster.schedule(pod("a", templates=["pair"]))).apply()

    assert placed(cluster.schedule(pod("b", templates=["pair"]))).node == "n1"


def test_a_claim_from_a_template_is_made_for_the_pod() -> None:
    cluster = small_cluster(template("one"))
    placement = placed(cluster.schedule(pod("p", templates=["one"])))
    made = placement.claims[0].claim

    assert made.metadata.name is not None
    assert made.metadata.name.startswith("p-one-")
    assert made.metadata.annotations == {"resource.kubernetes.io/pod-claim-name": "one"}
    assert [(each.kind, each.name) for each in made.metadata.owner_references or ()] == [("Pod", "p")]
    assert placement.pod.status is not None
    assert [each.resource_claim_name for each in placement.pod.status.resource_claim_statuses or ()] == [
        made.metadata.name
    ]


def test_each_pod_of_a_template_has_a_claim_of_its_own() -> None:
    cluster = small_cluster(template("one"))
    names = [placed(cluster.schedule(pod(name, templates=["one"]))).claims[0].label for name in ("a", "b")]

    assert len(set(names)) == 2


def test_a_shared_claim_is_allocated_once_and_reserved_for_both() -> None:
    cluster = small_cluster(claim("shared"))
    cluster = placed(cluster.schedule(pod("a", claims=["shared"]))).apply()
    second = placed(cluster.schedule(pod("b", claims=["shared"])))
    cluster = second.apply()

    assert second.devices == ["gpu.example.com/n0/gpu-0"]
    shared = cluster.get(ResourceClaim, "shared")
    assert shared is not None
    assert shared.status is not None
    assert [each.name for each in shared.status.reserved_for or ()] == ["a", "b"]


def test_an_allocated_claim_pins_its_pod() -> None:
    held = claim("held")
    on_n1 = placed(small_cluster(held).schedule(pod("a", claims=["held"], nodeName="n1"))).claims[0].claim
    cluster = small_cluster(on_n1)

    placement = placed(cluster.schedule(pod("b", claims=["held"])))
    assert placement.node == "n1"
    answer = refused(cluster.schedule(pod("b", claims=["held"], nodeSelector={"rack": "r1"})))
    assert set(answer.nodes) == {"n0", "n1"}


def test_why_an_allocated_claim_keeps_a_pod_away() -> None:
    held = claim("held")
    on_n1 = placed(small_cluster(held).schedule(pod("a", claims=["held"], nodeName="n1"))).claims[0].claim
    cluster = small_cluster(on_n1).with_(node("n1", unschedulable=True))

    answer = refused(cluster.schedule(pod("b", claims=["held"])))
    assert answer.nodes == {
        "n0": "claim default/held is allocated for other nodes",
        "n1": "node is unschedulable",
    }


def test_a_claim_has_at_most_256_consumers() -> None:
    held = placed(small_cluster(claim("held")).schedule(pod("a", claims=["held"]))).claims[0].claim
    status = held.to_dict()["status"]
    consumers = [{"resource": "pods", "name": f"p{number}", "uid": str(number)} for number in range(256)]
    full = ResourceClaim.from_dict({**held.to_dict(), "status": {**status, "reservedFor": consumers}})
    cluster = small_cluster(full)

    assert "256 consumers" in refused(cluster.schedule(pod("late", claims=["held"]))).reason
    assert placed(cluster.schedule(pod("p7", claims=["held"]))).node == "n0"


def test_claims_may_come_with_the_question() -> None:
    cluster = small_cluster()

    assert placed(cluster.schedule(pod("p", claims=["mine"]), [claim("mine", request(2))])).devices != []
    added = placed(cluster.schedule(pod("p"), [claim("mine")]))
    assert [each.name for each in added.pod.spec.resource_claims or ()] == ["mine"]


@pytest.mark.parametrize(
    ("asked", "reason"),
    [
        (pod("p", claims=["nope"]), "claim default/nope does not exist"),
        (pod("p", templates=["nope"]), "template default/nope for claim nope does not exist"),
        (pod("p", schedulingGates=[{"name": "wait"}]), "it has scheduling gates: wait"),
    ],
)
def test_a_pod_waits_for_what_is_not_there(asked: Pod, reason: str) -> None:
    answer = refused(small_cluster().schedule(asked))

    assert answer.reason == reason
    assert str(answer) == f"pod default/p cannot be scheduled: {reason}"


def test_a_pod_waits_for_what_is_named_otherwise() -> None:
    elsewhere = claim("trains", request(1))
    elsewhere.metadata.namespace = "other"
    cluster = small_cluster(claim("train", request(1)), elsewhere, template("large", request(1)))

    reasons = [
        refused(cluster.schedule(each)).reason
        for each in (pod("p", claims=["trains"]), pod("p", templates=["large2"]))
    ]

    assert reasons == [
        "claim default/trains does not exist; did you mean 'default/train'?",
        "template default/large2 for claim large2 does not exist; did you mean 'default/large'?",
    ]


def test_a_pod_waits_for_its_class() -> None:
    wanted = claim("c", request(deviceClassName="npu"))
    answer = refused(small_cluster(wanted).schedule(pod("p", claims=["c"])))

    assert answer.reason == (
        "claim default/c, request gpu: device class npu does not exist; did you mean 'gpu'?"
    )


def test_a_pod_waits_for_a_claim_that_is_being_deleted() -> None:
    going = ResourceClaim.from_dict(
        {
            **claim("c").to_dict(),
            "metadata": {"name": "c", "deletionTimestamp": "2026-01-01T00:00:00Z"},
        }
    )

    assert "being deleted" in refused(small_cluster(going).schedule(pod("p", claims=["c"]))).reason


def test_a_pod_may_not_use_a_claim_made_for_another() -> None:
    made = placed(small_cluster(template("one")).schedule(pod("a", templates=["one"]))).claims[0].claim
    thief = pod("b", claims=[made.metadata.name or ""])

    assert "was made for pod a" in refused(small_cluster(made).schedule(thief)).reason


def test_a_broken_selector_is_an_error() -> None:
    broken = claim("c", request(selectors=[{"cel": {"expression": "devices.x"}}]))

    with pytest.raises(AllocationError, match=r"undeclared reference to .devices."):
        small_cluster(broken).schedule(pod("p", claims=["c"]))


def test_a_request_without_anything_is_an_error() -> None:
    with pytest.raises(AllocationError, match="neither exactly nor firstAvailable"):
        small_cluster(claim("c", {"name": "r"})).schedule(pod("p", claims=["c"]))


# --- nodes --------------------------------------------------------------------------------------------------


def test_a_pod_goes_where_its_node_selector_says() -> None:
    cluster = Cluster.load([node("a"), node("b", labels={"rack": "r1"})])

    assert placed(cluster.schedule(pod("p", nodeSelector={"rack": "r1"}))).node == "b"


def test_a_pod_goes_where_its_affinity_says() -> None:
    cluster = Cluster.load([node("a", labels={"gen": "3"}), node("b", labels={"gen": "5"})])
    newer = {"matchExpressions": [{"key": "gen", "operator": "Gt", "values": ["4"]}]}
    required = {
        "nodeAffinity": {
            "requiredDuringSchedulingIgnoredDuringExecution": {"nodeSelectorTerms": [newer]},
        }
    }

    assert placed(cluster.schedule(pod("p", affinity=required))).node == "b"


def test_a_pod_prefers_what_its_affinity_prefers() -> None:
    cluster = Cluster.load([node("a"), node("b", labels={"disk": "fast"}), node("c")])
    fast = {"matchExpressions": [{"key": "disk", "operator": "Exists"}]}
    preferred = {
        "nodeAffinity": {
            "preferredDuringSchedulingIgnoredDuringExecution": [{"weight": 5, "preference": fast}]
        }
    }
    placement = placed(cluster.schedule(pod("p", affinity=preferred)))

    assert placement.node == "b"
    assert placement.preference == 200
    assert (placement.considered, placement.feasible) == (3, 3)


def test_a_malformed_affinity_is_an_error_with_its_place() -> None:
    bad = {"matchExpressions": [{"key": "gen", "operator": "Near", "values": ["4"]}]}
    required = {
        "nodeAffinity": {"requiredDuringSchedulingIgnoredDuringExecution": {"nodeSelectorTerms": [bad]}}
    }

    with pytest.raises(AllocationError, match=r"spec\.affinity\.nodeAffinity\.\S+operator"):
        small_cluster().schedule(pod("p", affinity=required))


def test_taints_keep_a_pod_away_unless_it_tolerates_them() -> None:
    cluster = Cluster.load([node("a", taints=[{"key": "gpu", "value": "yes", "effect": "NoSchedule"}])])

    answer = refused(cluster.schedule(pod("p")))
    assert answer.nodes == {"a": "taint gpu=yes:NoSchedule is not tolerated"}
    assert placed(cluster.schedule(pod("p", tolerations=[{"key": "gpu", "operator": "Exists"}]))).node == "a"


def test_a_taint_that_is_not_preferred_puts_a_node_last() -> None:
    cluster = Cluster.load([node("a", taints=[{"key": "old", "effect": "PreferNoSchedule"}]), node("b")])

    assert placed(cluster.schedule(pod("p"))).node == "b"
    assert placed(cluster.schedule(pod("p", tolerations=[{"operator": "Exists"}]))).node == "a"


def test_a_cordoned_node_takes_no_pods() -> None:
    cluster = Cluster.load([node("a", unschedulable=True)])

    assert refused(cluster.schedule(pod("p"))).nodes == {"a": "node is unschedulable"}
    tolerating = pod("p", tolerations=[{"key": "node.kubernetes.io/unschedulable", "operator": "Exists"}])
    assert placed(cluster.schedule(tolerating)).node == "a"


def test_resources_run_out() -> None:
    cluster = Cluster.load([node("a", allocatable=ROOM)])
    cluster = placed(cluster.schedule(pod("one", requests={"cpu": "5"}))).apply()

    assert refused(cluster.schedule(pod("two", requests={"cpu": "4"}))).nodes == {"a": "insufficient cpu"}
    assert placed(cluster.schedule(pod("two", requests={"cpu": "3"}))).node == "a"


def test_all_short_resources_are_named() -> None:
    cluster = Cluster.load([node("a", allocatable={"cpu": "1", "memory": "1Gi", "pods": "0"})])
    answer = refused(cluster.schedule(pod("p", requests={"cpu": "2", "memory": "2Gi", "x.y/z": "1"})))

    assert answer.nodes == {"a": "insufficient cpu, memory, pods, x.y/z"}


def test_ended_pods_leave_room() -> None:
    ended = Pod.from_dict(
        {
            "metadata": {"name": "ended"},
            "spec": {
                "nodeName": "a",
                "containers": [{"name": "c", "resources": {"requests": {"cpu": "8"}}}],
            },
            "status": {"phase": "Succeeded"},
        }
    )
    cluster = Cluster.load([node("a", allocatable=ROOM), ended])

    assert placed(cluster.schedule(pod("p", requests={"cpu": "8"}))).node == "a"


# --- extended resources -------------------------------------------------------------------------------------


def test_devices_serve_an_extended_resource_where_no_plugin_does() -> None:
    cluster = Cluster.load([gpu_class(resource="x.y/gpu"), node("a", allocatable=ROOM), gpus("a", 2)])
    placement = placed(cluster.schedule(pod("p", requests={"x.y/gpu": "2"})))
    cluster = placement.apply()

    assert placement.claims[0].claim.metadata.annotations == {
        "resource.kubernetes.io/extended-resource-claim": "true"
    }
    assert placement.pod.status is not None
    assert placement.pod.status.extended_resource_claim_status is not None
    assert refused(cluster.schedule(pod("q", requests={"x.y/gpu": "1"}))).nodes == {
        "a": "no device of class gpu free"
    }


def test_an_extended_resource_that_only_the_limits_name_is_served_as_well() -> None:
    cluster = Cluster.load([gpu_class(resource="x.y/gpu"), node("a", allocatable=ROOM), gpus("a", 2)])
    asks = {"name": "main", "resources": {"limits": {"x.y/gpu": "2"}}}

    [claimed] = placed(cluster.schedule(pod("p", containers=[asks]))).claims

    assert len(claimed.devices) == 2


def test_a_device_plugin_serves_an_extended_resource_first() -> None:
    cluster = Cluster.load(
        [
            gpu_class(resource="x.y/gpu"),
            node("a", allocatable={**ROOM, "x.y/gpu": "1"}),
            gpus("a", 2),
        ]
    )
    placement = placed(cluster.schedule(pod("p", requests={"x.y/gpu": "1"})))

    assert placement.claims == ()
    assert refused(placement.apply().schedule(pod("q", requests={"x.y/gpu": "1"}))).nodes == {
        "a": "insufficient x.y/gpu"
    }


def test_without_the_feature_a_class_serves_nothing() -> None:
    features = Features.for_kubernetes("1.34")
    cluster = Cluster.load(
        [gpu_class(resource="x.y/gpu"), node("a", allocatable=ROOM), gpus("a", 2)],
        features=features,
        kubernetes="1.34",
    )

    assert refused(cluster.schedule(pod("p", requests={"x.y/gpu": "1"}))).nodes == {
        "a": "insufficient x.y/gpu"
    }


# --- reasons ------------------------------------------------------------------------------------------------


def test_nodes_with_one_reason_are_grouped_the_largest_group_first() -> None:
    cluster = small_cluster(claim("three", request(3)), nodes=4).with_(node("n3", unschedulable=True))
    answer = refused(cluster.schedule(pod("p", claims=["three"])))

    assert str(answer) == (
        "pod default/p cannot be scheduled: 3 nodes: 2 of 2 devices of class gpu free, 3 wanted; "
        "1 node: node is unschedulable"
    )
    assert answer.to_dict()["nodes"][0] == {
        "rule": "devices",
        "text": "2 of 2 devices of class gpu free, 3 wanted",
        "count": 3,
        "nodes": ["n0", "n1", "n2"],
    }
    assert not answer


def test_devices_that_do_not_go_together_are_named() -> None:
    pairs = [gpus(f"n{index}", 4, numa=[0, 0, 1, 1]) for index in range(2)]
    together = claim("c", request(3), constraints=[{"matchAttribute": "gpu.example.com/numa"}])
    cluster = Cluster.load([gpu_class(), node("n0"), node("n1"), *pairs, together])
    answer = refused(cluster.schedule(pod("p", claims=["c"])))

    assert str(answer) == (
        "pod default/p cannot be scheduled: 2 nodes: request gpu (3 devices) and "
        "matchAttribute gpu.example.com/numa cannot hold together"
    )


def test_devices_that_a_taint_bars_are_told_from_those_in_use() -> None:
    one_tainted = taint_rule("r", pool="n0", device="gpu-0")
    cluster = small_cluster(claim("c", request(2)), nodes=1).with_(one_tainted)

    assert refused(cluster.schedule(pod("p", claims=["c"]))).nodes == {
        "n0": "1 of 2 devices of class gpu free, 2 wanted, 1 barred: taint fault:NoSchedule is not tolerated"
    }


def test_requests_that_together_want_too_many_of_a_class_are_counted() -> None:
    two_and_one = claim("c", request(2, name="a"), request(1, name="b"))
    answer = refused(small_cluster(two_and_one).schedule(pod("p", claims=["c"])))

    assert set(answer.nodes.values()) == {"2 of 2 devices of class gpu free, 3 wanted"}


def test_requests_that_share_devices_are_not_counted_but_named() -> None:
    shared = {
        "name": "gpu-0",
        "allowMultipleAllocations": True,
        "capacity": {"memory": {"value": "10Gi", "requestPolicy": {"default": "1Gi"}}},
    }
    part = {"capacity": {"requests": {"memory": "6Gi"}}}
    c = claim("c", request(name="a", **part), request(name="b", **part))
    cluster = Cluster.load([gpu_class(), node("n0"), devices_on("n0", [shared]), c])

    assert refused(cluster.schedule(pod("p", claims=["c"]))).nodes == {
        "n0": "request a (1 device) and request b (1 device) cannot hold together"
    }


def test_nothing_free_nothing_there_nothing_allowed_and_everything_tainted_are_told_apart() -> None:
    one = claim(
        "one", request(selectors=[{"cel": {"expression": "device.attributes['gpu.example.com'].big"}}])
    )
    cluster = Cluster.load(
        [
            gpu_class(),
            *(node(name) for name in ("full", "bare", "small", "tainted")),
            gpus("full", 1, big=[True]),
            gpus("small", 1, big=[False]),
            gpus("tainted", 1, big=[True]),
            taint_rule("r", pool="tainted"),
            claim("first"),
            one,
        ]
    )
    cluster = placed(cluster.schedule(pod("a", claims=["first"]))).apply()

    assert refused(cluster.schedule(pod("p", claims=["one"]))).nodes == {
        "full": "no device of class gpu free",
        "bare": "no device of class gpu",
        "small": "no device of class gpu that the selectors of request gpu allow",
        "tainted": "no device of class gpu: taint fault:NoSchedule is not tolerated",
    }


def test_devices_that_are_too_small_are_there_all_the_same() -> None:
    large = request(capacity={"requests": {"memory": "40Gi"}})
    small = devices_on("n0", [{"name": "gpu-0", "capacity": {"memory": {"value": "24Gi"}}}])
    cluster = Cluster.load([gpu_class(), node("n0"), small, claim("c", large)])

    assert refused(cluster.schedule(pod("p", claims=["c"]))).nodes == {
        "n0": "no device of class gpu with the capacity that request gpu asks for"
    }


def test_a_pool_of_which_slices_are_missing_is_told_from_no_devices() -> None:
    half = devices_on(
        "n0", [{"name": "gpu-0"}], pool={"name": "n0", "generation": 1, "resourceSliceCount": 2}
    )
    cluster = Cluster.load([gpu_class(), node("n0"), half, claim("c")])

    assert refused(cluster.schedule(pod("p", claims=["c"]))).nodes == {
        "n0": "no device of class gpu: a pool of gpu.example.com is currently being updated"
    }


def test_an_invalid_pool_is_the_reason_of_its_node_only() -> None:
    twice = devices_on("n0", [{"name": "gpu-0"}, {"name": "gpu-0"}])
    cluster = small_cluster(claim("c", request(3))).with_(twice)
    answer = refused(cluster.schedule(pod("p", claims=["c"])))

    assert answer.nodes == {
        "n0": "invalid resource pools were encountered",
        "n1": "2 of 2 devices of class gpu free, 3 wanted",
    }


def test_an_explanation_of_a_node_goes_into_every_device() -> None:
    answer = refused(small_cluster(claim("three", request(3))).schedule(pod("p", claims=["three"])))
    explanation = answer.explain()

    assert explanation is not None
    assert explanation.node == "n0"
    assert not explanation.fits
    with pytest.raises(LoadError, match="no node 'n9'"):
        answer.explain("n9")


def test_a_placement_explains_what_was_passed_over() -> None:
    cluster = small_cluster(template("one"))
    cluster = placed(cluster.schedule(pod("a", templates=["one"]))).apply()
    placement = placed(cluster.schedule(pod("b", templates=["one"])))

    assert "in use" in str(placement.explain())
    assert "gpu-1" in str(placement)


# --- choosing -----------------------------------------------------------------------------------------------


def test_the_best_alternative_of_a_prioritized_list_decides() -> None:
    def alternative(name: str, model: str) -> dict[str, object]:
        expression = f"device.attributes['gpu.example.com'].model == '{model}'"
        return {
            "name": name,
            "deviceClassName": "gpu",
            "selectors": [{"cel": {"expression": expression}}],
        }

    choice = {"name": "gpu", "firstAvailable": [alternative("best", "x2"), alternative("good", "x1")]}
    cluster = Cluster.load(
        [
            gpu_class(),
            node("a"),
            node("b"),
            gpus("a", 1, model=["x1"]),
            gpus("b", 1, model=["x2"]),
            claim("c", choice),
        ]
    )
    placement = placed(cluster.schedule(pod("p", claims=["c"])))

    # Scores of 8 and 7: the better one is 100, the other 87, and the plugin counts twice.
    assert placement.node == "b"
    assert placement.preference == 200
    assert (
        placed(cluster.schedule(pod("p", claims=["c"], nodeName="a")))
        .claims[0]
        .allocation.devices.results[0]
        .request
        == "gpu/good"
    )


def test_an_unknown_policy_is_an_error_with_the_nearest() -> None:
    with pytest.raises(UnknownNameError, match="did you mean 'best-fit'"):
        small_cluster().schedule(pod("p"), policy="bestfit")


def test_a_policy_may_be_any_function() -> None:
    cluster = Cluster.load([node("a"), node("b"), node("c")])

    assert placed(cluster.schedule(pod("p"), policy=lambda choice: choice.after.node == "b")).node == "b"


def test_a_pod_that_runs_cannot_be_scheduled_again() -> None:
    cluster = placed(small_cluster().schedule(pod("p"))).apply()

    with pytest.raises(AllocationError, match="on node n0 already"):
        cluster.schedule("p")


def test_a_pod_of_the_cluster_is_asked_about_by_name() -> None:
    cluster = small_cluster(pod("p"))

    assert placed(cluster.schedule("p")).node == "n0"
    assert placed(cluster.schedule("default/p")).node == "n0"
    with pytest.raises(LoadError, match="there is no Pod default/q"):
        cluster.schedule("q")


def test_an_unused_class_does_no_harm() -> None:
    broken = DeviceClass.from_dict(
        {"metadata": {"name": "broken"}, "spec": {"selectors": [{"cel": {"expression": "nope"}}]}}
    )

    assert placed(small_cluster(broken, claim("c")).schedule(pod("p", claims=["c"]))).node == "n0"


def test_requirements_that_are_many_are_counted() -> None:
    device = {"name": "d", "allowMultipleAllocations": True, "capacity": {"units": {"value": "19"}}}
    part = request(capacity={"requests": {"units": "1"}})
    claims = [claim(f"c{index}", part) for index in range(20)]
    cluster = Cluster.load([gpu_class(), node("n0"), devices_on("n0", [device]), *claims])
    names = [each.metadata.name or "" for each in claims]

    assert placed(cluster.schedule(pod("p", claims=names[1:])))
    assert refused(cluster.schedule(pod("p", claims=names))).nodes["n0"] == (
        "20 requirements, such as claim c0, request gpu (1 device), cannot hold together"
    )


# --- pods that cannot be ------------------------------------------------------------------------------------

BOTH = {"name": "c", "resourceClaimName": "c", "resourceClaimTemplateName": "t"}
TWICE = {"name": "c", "resourceClaimName": "c"}
GROUP = PodGroup.from_dict({"metadata": {"name": "g"}, "spec": {"schedulingPolicy": {"basic": {}}}})


@pytest.mark.parametrize(
    ("wanted", "path", "said"),
    [
        (
            pod("p", requests={"cpu": "-4"}),
            "spec.containers[0].resources.requests[cpu]",
            "must be greater than or equal to 0",
        ),
        (
            pod("p", containers=[{"name": "c", "resources": {"requests": {"x.y/gpu": "1"}}}]),
            "spec.containers[0].resources.limits",
            "Limit must be set for non overcommitable resources",
        ),
        (pod("p", resourceClaims=[BOTH]), "spec.resourceClaims[0]", "at most one of `resourceClaimName` or"),
        (pod("p", resourceClaims=[TWICE, TWICE]), "spec.resourceClaims[1].name", "Duplicate value"),
    ],
)
def test_what_the_api_server_refuses_is_not_scheduled(wanted: Pod, path: str, said: str) -> None:
    cluster = small_cluster(claim("c"), template("t"))
    with pytest.raises(AllocationError, match="the API server refuses it") as refused:
        cluster.schedule(wanted)
    assert refused.value.path == path
    assert said in refused.value.message

    with pytest.raises(AllocationError, match="the API server refuses it"):
        cluster.schedule_gang(GROUP, [wanted])
    [waiting] = cluster.with_(wanted).explain_pending().refusals
    assert said in waiting.reason


def test_the_others_are_placed_beside_a_pod_that_cannot_be() -> None:
    answers = small_cluster(pod("a", requests={"cpu": "-4"}), pod("b")).explain_pending()
    assert [each.pod.metadata.name for each in answers.placements] == ["b"]


def test_claims_that_come_with_a_pod_are_called_by_names_that_it_can_have() -> None:
    named = claim("gpus.of.the.team")
    answer = placed(
        small_cluster(template("t"), each=3).schedule(pod("p", templates=["t"]), [named, claim("t")])
    )
    assert sorted(each.use.entry for each in answer.claims) == ["claim-0", "gpus-of-the-team", "t"]


# --- further rules ------------------------------------------------------------------------------------------


def test_only_some_nodes_may_be_looked_at() -> None:
    cluster = small_cluster(claim("c"), nodes=4)

    assert placed(cluster.schedule(pod("p", claims=["c"]), nodes=["n2", "n3"])).node == "n2"
    assert (
        placed(cluster.schedule(pod("p", claims=["c"]), nodes=["n2", "n3"], policy="best-fit")).node == "n2"
    )
    answer = refused(cluster.schedule(pod("p", claims=["c"], nodeName="n0"), nodes=["n2"]))
    assert answer.nodes == {"n2": "the pod names node n0"}
    assert str(refused(cluster.schedule(pod("p"), nodes=[]))).endswith("there are no nodes")


def test_a_device_whose_binding_failed_keeps_its_pod_waiting() -> None:
    failing = {"bindingConditions": ["Attached"], "bindingFailureConditions": ["AttachFailed"]}
    cluster = Cluster.load(
        [gpu_class(), node("n"), devices_on("n", [{"name": "gpu-0", **failing}]), claim("c")]
    )
    held = placed(cluster.schedule(pod("p", claims=["c"]))).claims[0].claim
    reported = {
        **held.to_dict()["status"],
        "devices": [
            {
                "driver": "gpu.example.com",
                "pool": "n",
                "device": "gpu-0",
                "conditions": [{"type": "AttachFailed", "status": "True", "reason": "r", "message": "m"}],
            }
        ],
    }
    failed = cluster.with_(ResourceClaim.from_dict({**held.to_dict(), "status": reported}))

    assert placed(cluster.with_(held).schedule(pod("q", claims=["c"]))).node == "n"
    assert refused(failed.schedule(pod("q", claims=["c"]))).nodes == {
        "n": "claim default/c: binding one of its devices failed"
    }


def cpu_cluster() -> Cluster:
    """A node with 8 cpu, and a device that stands for 6 of them, where that is understood."""
    mapped = {"cpu": {"mapping": {"deviceMultiplier": "6"}}}
    devices = devices_on("n", [{"name": "cpus-0", "nodeAllocatableResources": mapped}])
    features = Features.for_kubernetes("1.37", node_allocatable_resources=True)
    return Cluster.load([gpu_class(), node("n", allocatable=ROOM), devices, claim("cpus")], features=features)


def test_devices_that_stand_for_cpu_are_charged_to_the_node() -> None:
    cluster = cpu_cluster()
    placement = placed(cluster.schedule(pod("p", claims=["cpus"], requests={"cpu": "1"})))
    after = placement.apply()

    assert placement.pod.status is not None
    statuses = placement.pod.status.node_allocatable_resource_claim_statuses or []
    assert [each.resource_claim_name for each in statuses] == ["cpus"]
    assert refused(after.schedule(pod("q", requests={"cpu": "2"}))).nodes == {"n": "insufficient cpu"}
    assert placed(after.schedule(pod("q", requests={"cpu": "1"}))).node == "n"
    assert after.without(placement) == cluster


def test_devices_that_stand_for_more_cpu_than_is_left_do_not_fit() -> None:
    answer = refused(cpu_cluster().schedule(pod("p", claims=["cpus"], requests={"cpu": "3"})))

    assert answer.nodes == {"n": "insufficient cpu, with what the devices stand for"}


def test_a_gang_takes_the_cpu_that_its_devices_stand_for() -> None:
    cluster = cpu_cluster()
    workers = [pod("a", claims=["cpus"], requests={"cpu": "1"}), pod("b", requests={"cpu": "2"})]
    both = PodGroup.from_dict(
        {"metadata": {"name": "g"}, "spec": {"schedulingPolicy": {"gang": {"minCount": 2}}}}
    )

    assert not cluster.schedule_gang(both, workers)
    workers[1] = pod("b", requests={"cpu": "1"})
    assert cluster.schedule_gang(both, workers)


def test_a_claim_that_stands_for_cpu_is_not_shared() -> None:
    after = placed(cpu_cluster().schedule(pod("p", claims=["cpus"]))).apply()

    assert refused(after.schedule(pod("q", claims=["cpus"]))).nodes == {
        "n": "claim default/cpus stands for resources of the node and has a user already"
    }


# --- pod groups ---------------------------------------------------------------------------------------------


def group_cluster(**features: bool) -> Cluster:
    group = PodGroup.from_dict(
        {
            "metadata": {"name": "workers", "uid": "g1"},
            "spec": {
                "schedulingPolicy": {"basic": {}},
                "resourceClaims": [{"name": "shared", "resourceClaimTemplateName": "shared"}],
            },
        }
    )
    return small_cluster(template("shared"), group, features=Features.for_kubernetes("1.37", **features))


def test_pods_of_a_group_share_the_claims_of_the_group() -> None:
    cluster = group_cluster(generic_workload=True, workload_resource_claims=True)
    member = {"templates": ["shared"], "schedulingGroup": {"podGroupName": "workers"}}
    cluster = placed(cluster.schedule(pod("a", **member))).apply()
    second = placed(cluster.schedule(pod("b", **member)))
    cluster = second.apply()

    assert second.devices == ["gpu.example.com/n0/gpu-0"]
    (shared,) = cluster.claims
    assert shared.status is not None
    assert [(each.resource, each.name) for each in shared.status.reserved_for or ()] == [
        ("podgroups", "workers")
    ]


@pytest.mark.parametrize("gate", ["generic_workload", "workload_resource_claims"])
def test_without_both_gates_each_pod_of_a_group_has_its_own_claim(gate: str) -> None:
    cluster = group_cluster(**{gate: True})
    member = {"templates": ["shared"], "schedulingGroup": {"podGroupName": "workers"}}
    cluster = placed(cluster.schedule(pod("a", **member))).apply()

    assert placed(cluster.schedule(pod("b", **member))).devices == ["gpu.example.com/n0/gpu-1"]


def test_pods_and_claims_may_be_plain_data() -> None:
    placement = placed(small_cluster().schedule(pod("p").to_dict(), [claim("c").to_dict()]))

    assert placement.devices == ["gpu.example.com/n0/gpu-0"]


def test_what_is_no_pod_or_no_claim_is_an_error() -> None:
    with pytest.raises(LoadError, match="not one pod"):
        small_cluster().schedule(claim("c").to_dict())
    with pytest.raises(LoadError, match="Node n is no claim"):
        small_cluster().schedule(pod("p"), [node("n")])
