"""The gates of a running server are those that `dra` takes it to have."""

from __future__ import annotations

import re

import pytest

from tests.conformance.vectors import read_cases
from tests.integration.api import Api
from tests.integration.control_plane import ControlPlane

pytestmark = pytest.mark.integration

_GATE = re.compile(r'^kubernetes_feature_enabled\{name="(\w+)",stage="\w*"\} ([01])$', re.MULTILINE)


def test_what_is_on_is_what_dra_says(api: Api, control_plane: ControlPlane) -> None:
    answer = api._pool.request("GET", f"{control_plane.server}/metrics", headers=api._headers)
    running = {name: on == "1" for name, on in _GATE.findall(answer.data.decode())}
    ours = control_plane.features.gates()
    assert {gate: running.get(gate, False) for gate in ours} == ours
    (row,) = [row for row in read_cases("gates.jsonl.gz") if row["kubernetes"] == control_plane.minor]
    assert row["gates"].keys() == running.keys() | {"AllAlpha", "AllBeta"}
