"""`dra.features` against the tables of gates that kube-apiserver 1.34 to 1.37 starts with."""

from __future__ import annotations

import attrs
import pytest

from dra.cli.gates import OTHER_GATES
from dra.features import KUBERNETES_MINORS, Features, Stage
from tests.conformance.vectors import read_cases

# As a release has it: stage, default, whether it is locked.
STAGES = {
    ("ALPHA", False, False): Stage.ALPHA,
    ("BETA", False, False): Stage.BETA_OFF,
    ("BETA", True, False): Stage.BETA,
    ("", True, False): Stage.GA,
    ("", True, True): Stage.LOCKED,
}


def recorded(minor: str) -> dict[str, Stage]:
    """The gates of a release."""
    (gates,) = [row["gates"] for row in read_cases("gates.jsonl.gz") if row["kubernetes"] == minor]
    return {
        name: STAGES[gate["stage"], gate["default"], gate["locked"]]
        for name, gate in gates.items()
        if gate["stage"] != "DEPRECATED" and name not in ("AllAlpha", "AllBeta")
    }


@pytest.mark.parametrize("minor", KUBERNETES_MINORS)
def test_stages_are_those_of_the_release(minor: str) -> None:
    release = recorded(minor)
    ours = {each.metadata["gate"]: each.metadata["stages"][minor] for each in attrs.fields(Features)}
    assert {gate: release.get(gate, Stage.ABSENT) for gate in ours} == ours


@pytest.mark.parametrize("minor", KUBERNETES_MINORS)
def test_defaults_are_those_of_the_release(minor: str) -> None:
    release = recorded(minor)
    assert Features.for_kubernetes(minor).gates() == {
        gate: gate in release and release[gate].on for gate in Features().gates()
    }


@pytest.mark.parametrize("minor", KUBERNETES_MINORS)
def test_every_gate_of_dra_is_known_here(minor: str) -> None:
    concerned = {
        name
        for name in recorded(minor)
        if name.startswith("DRA") or "Workload" in name or "DynamicResource" in name or "PodGroup" in name
    }
    assert concerned <= Features().gates().keys() | OTHER_GATES.keys()


def test_other_gates_are_gates_of_a_release() -> None:
    assert OTHER_GATES.keys() <= {name for minor in KUBERNETES_MINORS for name in recorded(minor)}
    assert OTHER_GATES.keys().isdisjoint(Features().gates())


def test_dra_itself_is_on_and_cannot_be_switched_off_since_1_35() -> None:
    stages = [recorded(minor)["DynamicResourceAllocation"] for minor in KUBERNETES_MINORS]
    assert stages == [Stage.GA, Stage.LOCKED, Stage.LOCKED, Stage.LOCKED]
