"""For tests: assertions on claims, clusters to allocate on, and nodes and devices as real machines have them.

    >>> from dra.testing import assert_unallocatable, nodes
    >>> template = '''
    ... apiVersion: resource.k8s.io/v1
    ... kind: ResourceClaimTemplate
    ... metadata: {name: train}
    ... spec: {spec: {devices: {requests: [
    ...   {name: gpu, exactly: {deviceClassName: gpu.nvidia.com, count: 9}}]}}}
    ... '''
    >>> assert_unallocatable(template, on=nodes.node("dgx-h100"), because="count")

Names are loaded on first use: the pytest plugin (`dra.testing.plugin`) is imported by every run of pytest.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from dra.testing import nodes as nodes
    from dra.testing.assertions import (
        assert_allocatable as assert_allocatable,
        assert_unallocatable as assert_unallocatable,
    )
    from dra.testing.cluster import Allocated as Allocated, SimulatedCluster as SimulatedCluster

# Public name -> the module that has it.
_HOMES = {
    "Allocated": "dra.testing.cluster",
    "SimulatedCluster": "dra.testing.cluster",
    "assert_allocatable": "dra.testing.assertions",
    "assert_unallocatable": "dra.testing.assertions",
}

__all__ = ["Allocated", "SimulatedCluster", "assert_allocatable", "assert_unallocatable", "nodes"]


if not TYPE_CHECKING:  # or type checkers would take any misspelt name for an object

    def __getattr__(name: str) -> object:
        """Load a public name when it is first asked for (PEP 562)."""
        if name == "nodes":
            return importlib.import_module("dra.testing.nodes")
        if name not in _HOMES:
            raise AttributeError(f"module 'dra.testing' has no attribute {name!r}")
        value: object = getattr(importlib.import_module(_HOMES[name]), name)
        globals()[name] = value
        return value


def __dir__() -> list[str]:
    return sorted(__all__)
