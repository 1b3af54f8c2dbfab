"""One control plane for the whole run, an API client for it, and a namespace for each test."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

import dra
from dra.validation.versions import served_versions
from tests.go_programs import LATEST, go
from tests.integration.api import Api
from tests.integration.control_plane import ControlPlane


def _missing() -> str:
    """Why there can be no control plane here; empty if there can."""
    if go() is None and not os.environ.get("DRA_TEST_BINARIES"):
        return "needs Go, or DRA_TEST_BINARIES"
    return ""


@pytest.fixture(scope="session")
def control_plane(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ControlPlane]:
    if reason := _missing():
        pytest.skip(reason)
    minor = os.environ.get("DRA_TEST_KUBERNETES", LATEST)
    with ControlPlane(Path(tmp_path_factory.mktemp("control-plane")), minor) as running:
        yield running


@pytest.fixture(scope="session")
def api(control_plane: ControlPlane) -> Api:
    """The API server as administrator, with a namespace for admin access and what rows name."""
    running = Api(control_plane)
    labels = {"resource.kubernetes.io/admin-access": "true"}
    namespace = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "admin", "labels": labels}}
    node = {
        "apiVersion": "v1",
        "kind": "Node",
        "metadata": {"name": "node-a"},
        "spec": {"unschedulable": True},
        "status": {"declaredFeatures": ["DRANodeAllocatableResources"]},
    }
    running.apply(namespace, node)
    workload = dra.Workload.from_dict(
        {
            "metadata": {"name": "a", "namespace": "default"},
            "spec": {"podGroupTemplates": [{"name": "b", "schedulingPolicy": {"gang": {"minCount": 1}}}]},
        }
    )
    for version in served_versions(workload, control_plane.minor)[:1]:
        running.apply(dra.convert(workload, version).to_dict())
    return running
