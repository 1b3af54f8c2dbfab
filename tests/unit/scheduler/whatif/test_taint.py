"""Adding device taint rules: who is evicted, and who finds no devices any more."""

from __future__ import annotations

from typing import Any

import pytest

from dra.errors import LoadError
from dra.features import Features
from dra.models.resource import DeviceTaintRule
from dra.scheduler import Cluster
from dra.scheduler.whatif import taint
from tests.unit.scheduler.clusters import pod, request, small_cluster, template
from tests.unit.scheduler.whatif.situations import owned, running, told


def rule(effect: str, **selector: str) -> DeviceTaintRule:
    return DeviceTaintRule.from_dict(
        {
            "metadata": {"name": "broken"},
            "spec": {"deviceSelector": selector, "taint": {"key": "fault", "effect": effect}},
        }
    )


def tolerant(*tolerations: dict[str, Any]) -> Cluster:
    """A pod that runs on n0 with a device of a claim with these tolerations."""
    made = template("one", request(tolerations=list(tolerations)))
    return running(small_cluster(made), owned(pod("p", templates=["one"])))


def test_no_schedule_leaves_what_runs_and_keeps_others_away() -> None:
    waiting = pod("later", templates=["one"])
    comparison = taint(tolerant().with_(waiting), rule("NoSchedule", pool="n0"))

    assert comparison.fits
    assert told(comparison) == [("later", "moved", "n0", "n1")]
    assert not comparison.pods[0].evicted
    assert comparison.notes == ("2 devices are tainted",)
    assert comparison.after.devices.tainted == 1


def test_no_execute_evicts_those_that_use_the_devices() -> None:
    comparison = taint(tolerant(), rule("NoExecute", pool="n0", device="gpu-0"))

    assert told(comparison) == [("p", "moved", "n0", "n0")]
    assert str(comparison.pods[0]) == "pod default/p: n0 -> n0 (evicted, gpu-0 -> gpu-1)"


def test_those_that_find_no_other_devices_wait() -> None:
    comparison = taint(tolerant(), rule("NoExecute"))

    assert not comparison.fits
    assert told(comparison) == [("p", "displaced", "n0", None)]
    assert "taint" in comparison.pods[0].reason


@pytest.mark.parametrize(
    ("toleration", "stays"),
    [
        ({"key": "fault", "operator": "Exists", "effect": "NoExecute"}, True),
        ({"key": "fault", "operator": "Exists"}, False),  # schedules, but does not protect from eviction
        ({"key": "other", "operator": "Exists", "effect": "NoExecute"}, False),
    ],
)
def test_only_tolerations_of_exactly_no_execute_protect(toleration: dict[str, Any], stays: bool) -> None:
    assert (told(taint(tolerant(toleration), rule("NoExecute"))) == []) is stays


def test_a_toleration_for_some_time_is_noted() -> None:
    for_a_minute = {"key": "fault", "operator": "Exists", "effect": "NoExecute", "tolerationSeconds": 60}
    comparison = taint(tolerant(for_a_minute), rule("NoExecute", pool="n0"))

    assert told(comparison) == [("p", "restarted", "n0", "n0")]
    assert comparison.notes == ("2 devices are tainted", "pod default/p tolerates it for 60 seconds")


def test_a_rule_that_only_informs_changes_nothing() -> None:
    assert taint(tolerant(), rule("None")).pods == ()


def test_rules_do_nothing_where_the_gate_is_off() -> None:
    off = Cluster.load(list(tolerant()), features=Features.for_kubernetes("1.34"), kubernetes="1.34")
    comparison = taint(off, rule("NoExecute"))

    assert comparison.pods == ()
    assert comparison.notes == ("DRADeviceTaintRules is off in Kubernetes 1.34: rules do nothing",)


def test_a_rule_has_to_be_given() -> None:
    with pytest.raises(LoadError):
        taint(small_cluster(), [])
