"""The pytest plugin: fixtures with a cluster to allocate claims on, and a marker that says which.

Every run of pytest imports this module wherever the library is installed. So it imports nothing but pytest
until a test asks for a fixture, and what it does then is elsewhere (`dra.testing.settings`).

PYTEST_DONT_REWRITE: there is no assertion in it.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, TypeAlias

import pytest

if TYPE_CHECKING:
    from dra.features import Features
    from dra.testing.cluster import Allocated, SimulatedCluster
    from dra.testing.given import ClaimSource

__all__ = ["Allocate", "dra_allocate", "dra_cluster", "dra_features", "dra_kubernetes", "dra_node"]

Allocate: TypeAlias = "Callable[[ClaimSource], Allocated]"

_MARKER = (
    "dra(machine='dgx-h100', *, nodes=1, kubernetes=None, features=None, manifests=None, drivers=None, "
    "mig='', shares=None, partitioned=False, numa_node=True): the cluster of the fixtures dra_cluster, "
    "dra_node and dra_allocate; several Kubernetes minors run the test once for each."
)


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add `--dra-kubernetes` and the settings of the ini file."""
    group = parser.getgroup("dra", "Kubernetes Dynamic Resource Allocation")
    group.addoption(
        "--dra-kubernetes",
        action="append",
        default=[],
        metavar="MINOR",
        help="Kubernetes minor of the dra fixtures where no marker says one (again for several)",
    )
    parser.addini("dra_kubernetes", "Kubernetes minors of the dra fixtures", type="args", default=[])
    parser.addini("dra_machine", "machine of the dra fixtures, such as dgx-h100", default="")
    parser.addini("dra_manifests", "files or folders with the cluster's objects", type="args", default=[])


def pytest_configure(config: pytest.Config) -> None:
    """Describe the marker."""
    config.addinivalue_line("markers", _MARKER)


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Run a test once for each of several minors."""
    if "dra_kubernetes" in metafunc.fixturenames:
        from dra.testing.settings import parametrize

        parametrize(metafunc)


@pytest.fixture
def dra_kubernetes(request: pytest.FixtureRequest) -> str:
    """The Kubernetes minor, such as `1.37`: of the marker, the command line, the ini file, or the latest."""
    from dra.testing.settings import kubernetes

    return kubernetes(request)


@pytest.fixture
def dra_features(request: pytest.FixtureRequest, dra_kubernetes: str) -> Features:
    """The feature gates: the minor's, changed by the marker."""
    from dra.testing.settings import features

    return features(request, dra_kubernetes)


@pytest.fixture
def dra_cluster(
    request: pytest.FixtureRequest, dra_kubernetes: str, dra_features: Features
) -> SimulatedCluster:
    """The cluster of the marker `dra`, with nothing allocated but what its manifests say."""
    from dra.testing.settings import cluster

    return cluster(request, dra_kubernetes, dra_features)


@pytest.fixture
def dra_node(dra_cluster: SimulatedCluster) -> SimulatedCluster:
    """The first node of the cluster alone, as a place to allocate on; what is taken is taken in both."""
    return dra_cluster.only(dra_cluster.node.metadata.name or "")


@pytest.fixture
def dra_allocate(dra_cluster: SimulatedCluster) -> Allocate:
    """A function that allocates claims on the cluster; the test fails with the reason if they do not fit."""

    def allocate(claims: ClaimSource) -> Allocated:
        __tracebackhide__ = True
        from dra.testing.assertions import assert_allocatable

        assert_allocatable(claims, on=dra_cluster)
        return dra_cluster.allocate(claims)

    return allocate
