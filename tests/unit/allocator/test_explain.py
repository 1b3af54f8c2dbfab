"""Why claims fit, and why not."""

from __future__ import annotations

import json

import pytest

from dra.allocator import AllocatedState, Budget, DeviceId
from dra.allocator.explanation import Explanation
from dra.features import Features
from dra.models.core import Node
from tests.unit.allocator.builders import (
    NODE,
    OTHER_NODE,
    allocator,
    claim,
    device,
    device_class,
    first_available,
    gpus,
    slice_of,
    wants,
)

NUMA = {"matchAttribute": "gpu.example.com/numa"}


def test_a_fit_lists_the_devices() -> None:
    shared = {**device("gpu-0", {"memory": "8Gi"}), "allowMultipleAllocations": True}
    part = wants(1, capacity={"requests": {"memory": "2Gi"}})

    found = allocator(slice_of([shared])).explain([claim(part)], NODE)

    assert found.fits
    assert found.picks == ("team-a/c r0: gpu.example.com/p/gpu-0 (memory 2Gi)",)
    assert str(found).startswith("node n1: fits\n")


@pytest.mark.parametrize("kind", ["matchAttribute", "distinctAttribute"])
@pytest.mark.parametrize(
    ("name", "meant"),
    [
        ("gpu.example.com/kid", "gpu.example.com/kind"),
        ("gpu.example.con/kind", "gpu.example.com/kind"),
        ("resource.kubernetes.io/pcieRot", "resource.kubernetes.io/pcieRoot"),
        ("gpu.example.com/rack", ""),
        ("resource.kubernetes.io/numaNode", ""),
    ],
)
def test_a_misspelt_attribute_of_a_constraint_is_told_with_the_right_one(
    kind: str, name: str, meant: str
) -> None:
    both = [device(each, kind="gpu", **{"resource.kubernetes.io/pcieRoot": "pci0000:00"}) for each in "ab"]
    found = allocator(slice_of(both)).explain([claim(wants(2), constraints=[{kind: name}])], NODE)
    [reason] = found.requests[0].reasons
    assert (reason.rule, reason.text) == ("attribute", f"miss attribute {name}")
    assert reason.nearest == (f"did you mean {meant!r}?" if meant else "")


def test_an_attribute_that_other_devices_have_is_not_misspelt() -> None:
    both = [device("a", kind="gpu"), device("b", kid="gpu")]
    found = allocator(slice_of(both)).explain(
        [claim(wants(2), constraints=[{"matchAttribute": "gpu.example.com/kind"}])], NODE
    )
    assert [each.nearest for each in found.requests[0].reasons] == [""]


def test_devices_are_counted_under_the_first_rule_they_break() -> None:
    taint = {"key": "fault", "value": "ecc", "effect": "NoSchedule"}
    slice_ = slice_of(
        [
            device("other", kind="nic"),
            device("taken", kind="gpu", model="B"),
            device("small", kind="gpu", model="A"),
            {**device("tainted", kind="gpu", model="B"), "taints": [taint]},
            device("free", kind="gpu", model="B"),
        ]
    )
    cluster = allocator(
        slice_,
        classes=[device_class("gpu", 'device.attributes["gpu.example.com"].kind == "gpu"')],
        allocated=AllocatedState(devices=[DeviceId("gpu.example.com", "p", "taken")]),
    )

    found = cluster.explain([claim(wants(2, 'device.attributes["gpu.example.com"].model == "B"'))], NODE)

    [request] = found.requests
    assert request.usable == ("gpu.example.com/p/free",)
    assert {each.rule: [name.rpartition("/")[2] for name in each.devices] for each in request.reasons} == {
        "class": ["other"],
        "in use": ["taken"],
        "selector": ["small"],
        "taint": ["tainted"],
    }
    assert not request.possible
    assert "fault=ecc:NoSchedule is not tolerated" in str(found)


def test_a_selector_that_fails_everywhere_names_what_it_saw() -> None:
    slice_ = slice_of(
        [device("a", {"memory": "40Gi"}, model="A"), device("b", {"memory": "80Gi"}, model="A")]
    )
    large = 'device.capacity["gpu.example.com"].memory.compareTo(quantity("96Gi")) >= 0'
    other = 'device.attributes["gpu.example.com"].model == "B"'

    by_capacity = allocator(slice_).explain([claim(wants(1, large))], NODE)
    by_attribute = allocator(slice_).explain([claim(wants(1, other))], NODE)

    assert by_capacity.requests[0].reasons[0].nearest == "the largest memory is 80Gi, on b; asked about 96Gi"
    assert by_attribute.requests[0].reasons[0].nearest == "model is 'A'"


def test_the_false_term_of_a_selector_is_named_device_by_device() -> None:
    model, fast = (f'device.attributes["gpu.example.com"].{name}' for name in ('model == "B"', "fast"))
    slice_ = slice_of([device("a", model="A", fast=True), device("b", model="B", fast=False)])

    found = allocator(slice_).explain([claim(wants(1, f"{model} && {fast}"))], NODE)

    [request] = found.requests
    assert [each.text.partition(", where ")[2] for each in request.reasons] == [
        f"{model} is false",
        f"{fast} is false",
    ]


def test_a_capacity_request_names_the_largest() -> None:
    slice_ = slice_of([device("a", {"memory": "40Gi"}), device("b")])

    found = allocator(slice_).explain([claim(wants(1, capacity={"requests": {"memory": "80Gi"}}))], NODE)

    assert {(each.text, each.nearest) for each in found.requests[0].reasons} == {
        ("have less than 80Gi of memory", "the largest memory is 40Gi, on a"),
        ("have no capacity memory", ""),
    }


def test_shares_that_are_gone_and_policies_are_reasons() -> None:
    shared = {**device("a", {"memory": "8Gi"}), "allowMultipleAllocations": True}
    strict = {"value": "8Gi", "requestPolicy": {"default": "2Gi", "validValues": ["2Gi"]}}
    picky = {**device("b", {"memory": strict}), "allowMultipleAllocations": True}
    cluster = allocator(slice_of([shared, picky]))
    first = claim(wants(1, capacity={"requests": {"memory": "6Gi"}}), name="first")
    [result] = cluster.allocate([first], NODE) or []
    cluster.reserve(first, result)

    found = cluster.explain([claim(wants(1, capacity={"requests": {"memory": "4Gi"}}))], NODE)

    assert {each.text for each in found.requests[0].reasons} == {
        "have less than 4Gi of memory left",
        "do not hand out 4Gi of memory",
    }
    assert found.releases == ("team-a/first",)
    assert str(found).endswith("it would fit if claim team-a/first were released")


def test_claims_of_which_one_would_have_to_go_are_told_in_one_line() -> None:
    found = Explanation("n1", fits=False, releases=("a/1", "a/2", "a/3", "a/4"))
    assert str(found).splitlines()[1:] == ["it would fit if one of 4 claims were released: a/1, a/2, a/3, …"]


def test_requirements_that_cannot_hold_together_are_named_and_no_others() -> None:
    slice_ = slice_of([device(name, numa=index // 2, x=index) for index, name in enumerate("abcd")])
    aligned = claim(
        wants(3), wants(1), constraints=[NUMA, {"distinctAttribute": "gpu.example.com/x", "requests": ["r1"]}]
    )

    found = allocator(slice_).explain([aligned], NODE)

    assert found.requests[0].possible
    assert found.conflict == (
        "claim team-a/c, request r0 (3 devices)",
        "claim team-a/c, matchAttribute gpu.example.com/numa",
    )
    assert [(each.claim, each.text) for each in found.requirements] == [
        ("team-a/c", "request r0 (3 devices)"),
        ("team-a/c", "matchAttribute gpu.example.com/numa"),
    ]
    obstacle = found.obstacles[0]
    assert (obstacle.request, obstacle.rule, obstacle.detail) == (
        "r0",
        "constraint",
        "matchAttribute gpu.example.com/numa",
    )
    assert found.blocked[0] == ("r0: constraint matchAttribute gpu.example.com/numa", obstacle.times)
    assert found.to_dict()["blocked"][0].items() >= {"by": found.blocked[0][0], "rule": "constraint"}.items()
    assert "cannot hold together" in str(found)


def test_alternatives_are_explained_one_by_one() -> None:
    found = allocator(slice_of(gpus(1))).explain([claim(first_available("r", wants(3), wants(2)))], NODE)

    assert [(each.request, each.wanted, each.possible) for each in found.requests] == [
        ("r/s0", 3, False),
        ("r/s1", 2, False),
    ]
    assert found.conflict == ("claim team-a/c, request r (3 devices or 2 devices)",)


def test_a_request_for_all_needs_at_least_one() -> None:
    found = allocator().explain([claim(wants("all"))], NODE)

    assert found.requests[0].wanted is None
    assert not found.requests[0].possible
    assert found.requests[0].to_dict()["wanted"] == "all"


def test_claims_whose_release_makes_room_are_named() -> None:
    cluster = allocator(slice_of(gpus(3)))
    for name, count in (("one", 1), ("two", 2)):
        holder = claim(wants(count), name=name)
        [result] = cluster.allocate([holder], NODE) or []
        cluster.reserve(holder, result)

    found = cluster.explain([claim(wants(2))], NODE)

    assert found.releases == ("team-a/two",)
    assert cluster.allocate([claim(wants(1))], NODE) is None


def test_a_missing_attribute_is_a_reason() -> None:
    slice_ = slice_of([device("a", numa=0), device("b")])

    found = allocator(slice_).explain([claim(wants(2), constraints=[NUMA])], NODE)

    assert [(each.rule, each.text) for each in found.requests[0].reasons] == [
        ("attribute", "miss attribute gpu.example.com/numa")
    ]


def test_counters_that_are_used_up_are_a_reason() -> None:
    def partition(name: str, units: str) -> dict[str, object]:
        return {
            **device(name),
            "consumesCounters": [{"counterSet": "card", "counters": {"units": {"value": units}}}],
        }

    pool = {"resourceSliceCount": 2}
    counters = slice_of(
        [], "counters", pool=pool, sharedCounters=[{"name": "card", "counters": {"units": {"value": "3"}}}]
    )
    devices = [partition("half", "2"), partition("whole", "3"), partition("third", "1")]
    allocated = AllocatedState(devices=[DeviceId("gpu.example.com", "p", "half")])
    cluster = allocator(slice_of(devices, pool=pool), counters, allocated=allocated)

    found = cluster.explain([claim(wants(2))], NODE)

    assert ("counters", "need more units than counter set card has left") in [
        (each.rule, each.text) for each in found.requests[0].reasons
    ]


def test_devices_for_other_nodes_and_without_features_are_reasons() -> None:
    elsewhere = {**device("elsewhere"), "nodeName": "n2"}
    everywhere = {**device("everywhere"), "allNodes": True, "bindingConditions": ["ready"]}
    slice_ = slice_of([elsewhere, everywhere], perDeviceNodeSelection=True)
    features = Features(partitionable_devices=True)

    found = allocator(slice_, features=features).explain([claim(wants())], NODE)

    assert {each.rule for each in found.requests[0].reasons} == {"node", "feature"}


def test_a_device_that_skips_node_operations_needs_a_node_that_knows_of_it() -> None:
    slice_ = slice_of(gpus(1), skipNodeOperations=["*"])

    found = allocator(slice_).explain([claim(wants())], NODE)

    assert found.requests[0].reasons[0].text == "skip node operations, which scheduler or node do not support"


def test_a_selector_that_ends_in_an_error_is_the_explanation() -> None:
    reads = wants(1, 'device.attributes["gpu.example.com"].index == 1')

    found = allocator(slice_of(gpus(1))).explain([claim(reads)], NODE)

    assert not found.fits
    assert "no such key: index" in found.error
    assert "no such key: index" in str(found)


def test_what_there_was_no_time_to_leave_out_stays() -> None:
    claims = [claim(wants(each), name=f"c{index}") for index, each in enumerate((1, 1, 1, 1, 5, 5))]
    cluster = allocator(slice_of(gpus(8)))
    needed = {"claim team-a/c4, request r0 (5 devices)", "claim team-a/c5, request r0 (5 devices)"}
    sizes = set()
    for steps in (*range(0, 1500, 50), None):
        conflict = set(cluster.explain(claims, NODE, budget=Budget(steps=steps)).conflict)
        assert not conflict or needed <= conflict
        sizes.add(len(conflict))
    assert {0, 2, len(claims)} <= sizes


def test_a_search_without_budget_says_so() -> None:
    found = allocator(slice_of(gpus(3))).explain([claim(wants(3))], NODE, budget=Budget(steps=1))

    assert "no answer within 1 steps" in found.error


def test_pools_that_cannot_be_used_are_named() -> None:
    broken = slice_of([device("a"), device("a")])

    found = allocator(broken).explain([claim(wants())], NODE)

    assert found.pools == ("gpu.example.com/p is currently invalid: duplicate device name a",)


@pytest.mark.parametrize("node", [NODE, OTHER_NODE])
def test_an_explanation_is_plain_data_too(node: Node) -> None:
    found = allocator(slice_of(gpus(1))).explain([claim(wants(2))], node)

    assert json.loads(json.dumps(found.to_dict()))["fits"] is False


def test_of_requests_with_the_same_name_the_impossible_one_is_named() -> None:
    twins = [{"name": "r", "exactly": wants(count)} for count in (1, 5)]

    found = allocator(slice_of(gpus(2))).explain([claim(*twins)], NODE)

    assert found.conflict == ("claim team-a/c, request r (5 devices)",)


def test_all_devices_are_not_to_be_had_while_one_is_in_use() -> None:
    taken = AllocatedState(devices=[DeviceId("gpu.example.com", "p", "gpu-1")])

    found = allocator(slice_of(gpus(2)), allocated=taken).explain([claim(wants("all"))], NODE)

    [request] = found.requests
    assert (len(request.usable), request.needed, request.possible) == (1, 2, False)


def test_an_error_behind_a_conflict_does_not_hide_it() -> None:
    slice_ = slice_of([device("a", numa=0), device("b", numa=1), device("c")])
    fails = wants(1, 'device.attributes["gpu.example.com"].nope == 1')
    constraint = {**NUMA, "requests": ["r0"]}

    found = allocator(slice_).explain([claim(wants(2), fails, constraints=[constraint])], NODE)

    assert not found.error
    assert "claim team-a/c, matchAttribute gpu.example.com/numa over r0" in found.conflict


def test_what_no_result_can_express_does_not_fit_either() -> None:
    term = {"matchExpressions": [{"key": "zone", "operator": "Exists"}]}
    slice_ = slice_of(gpus(1), nodeSelector={"nodeSelectorTerms": [term, term]})

    found = allocator(slice_).explain([claim(wants(1))], NODE)

    assert not found.fits
    assert "2 terms" in found.error


def test_a_fit_says_why_not_the_devices_before() -> None:
    slice_ = slice_of([device("other"), device("a", numa=0), device("b", numa=1), device("c", numa=1)])

    found = allocator(slice_).explain([claim(wants(2), constraints=[NUMA])], NODE)

    assert [each.rpartition("/")[2] for each in found.picks] == ["b", "c"]
    assert [each.rpartition("/")[2] for each in found.requests[0].usable] == ["a", "b", "c"]
    assert found.passed_over == (
        "claim team-a/c, request r0: 1 miss attribute gpu.example.com/numa (other)",
        "claim team-a/c, request r0: 1 do not go with the other requirements (a)",
    )
    assert str(found).endswith("\n".join(["passed over:", *(f"- {each}" for each in found.passed_over)]))


def test_a_fit_says_why_not_the_alternatives_before() -> None:
    cluster = allocator(slice_of(gpus(2)))
    wanted = claim(first_available("r", wants(3), wants(2), wants(1)), wants(1))

    found = cluster.explain([wanted], NODE)

    assert found.passed_over == (
        "claim team-a/c, request r/s0: 2 of 2 devices on the node can be used",
        "claim team-a/c, request r/s1: it does not go with the other requirements",
        "claim team-a/c, request r1: 1 taken by other requests (gpu-0)",
    )


def test_the_false_term_below_a_binding_is_named() -> None:
    numa = 'device.attributes["gpu.example.com"].numa'
    bound = wants(1, f"cel.bind(n, {numa}, n >= 0 && n > 7)")

    [request] = allocator(slice_of([device("a", numa=1)])).explain([claim(bound)], NODE).requests

    assert request.reasons[0].text.endswith("where n > 7 is false")
