"""What a running cluster has to offer to become a `Cluster`; this layer knows no client."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Protocol

from dra.models.meta import KubernetesObject

__all__ = ["Live"]


class Live(Protocol):
    """A cluster that runs somewhere, as far as `Cluster.from_kubernetes` needs to know it."""

    @property
    def kubernetes(self) -> str:
        """Its minor, such as `1.37`."""
        ...

    def contents(self) -> Iterable[KubernetesObject]:
        """Its objects."""
        ...
