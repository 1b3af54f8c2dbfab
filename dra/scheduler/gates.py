"""The feature gates that a cluster is taken to have where nobody says."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from dra.features import Features, is_since, minor

__all__ = ["assumed_features"]

_GROUPS: Final = "GenericWorkload"
_GROUPS_SINCE: Final = "1.35"


def assumed_features(kubernetes: str, said: Mapping[str, bool] | None = None) -> Features:
    """The minor's defaults, changed by what is said; GenericWorkload is on unless it is said to be off.

    A server does not tell its gates, but without this one it has no Workloads and no PodGroups
    (`pkg/registry/scheduling/rest`). Where there are some it is on, and where there are none it decides
    nothing.

    Args:
        kubernetes: The minor.
        said: Gates as `--feature-gates` names them.

    Raises:
        UnknownVersionError: The minor is unknown, or does not have a gate that is said to be on.

    Example:
        >>> assumed_features("1.37").generic_workload, Features.for_kubernetes("1.37").generic_workload
        (True, False)
        >>> assumed_features("1.37", {"GenericWorkload": False}).generic_workload
        False
    """
    known = is_since(minor(kubernetes), _GROUPS_SINCE)
    return Features.from_gates(({_GROUPS: True} if known else {}) | dict(said or {}), kubernetes)
