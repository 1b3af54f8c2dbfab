"""Which of the nodes that fit: policies, each a small function that gives a node a score. The highest wins.

Kubernetes' own preferences come first: prioritized lists, preferred node affinity and PreferNoSchedule
taints. A policy chooses among the nodes that these like best, and of equal scores the first node in order
is taken.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final, TypeAlias

from dra.scheduler.node_usage import NodeChoice
from dra.suggestions import unknown_name

__all__ = [
    "POLICIES",
    "Policy",
    "best_fit",
    "first",
    "fragmentation",
    "least_allocated",
    "most_allocated",
    "policy_name",
    "policy_of",
]

Policy: TypeAlias = "Callable[[NodeChoice], float]"
"""Gives a node a score, the higher the better. It must depend on nothing but its argument."""

# So that what is left of cpu and memory decides between nodes with equally many devices left, and no others.
_TIE: Final = 1 / 1024


def first(choice: NodeChoice) -> float:  # noqa: ARG001 - a policy that does not look
    """All nodes are equal, so the first one in order is taken."""
    return 0.0


def least_allocated(choice: NodeChoice) -> float:
    """Spread: the node that is the emptiest afterwards, by the mean part taken of cpu, memory and devices."""
    return -choice.after.fraction_used


def most_allocated(choice: NodeChoice) -> float:
    """Pack: the node that is the fullest afterwards, by the mean part taken of cpu, memory and devices."""
    return choice.after.fraction_used


def best_fit(choice: NodeChoice) -> float:
    """The node with the fewest devices left afterwards; of equal ones the least cpu and memory left."""
    left = choice.after
    rest = (1 - left.fraction_of("cpu")) + (1 - left.fraction_of("memory"))
    return -left.devices_free - rest * _TIE


def fragmentation(choice: NodeChoice) -> float:
    """The node on which the pod makes the fewest free devices useless: fragmentation gradient descent.

    Fragmentation is the expected number of free units that a task of the workload cannot use
    (`dra.scheduler.fragmentation`); the score is by how much the pod lowers it.
    """
    before, after = choice.fragmentation
    return before - after


POLICIES: Final[dict[str, Policy]] = {
    "first": first,
    "least-allocated": least_allocated,
    "most-allocated": most_allocated,
    "best-fit": best_fit,
    "fragmentation": fragmentation,
}
"""The policies by the names that `schedule` and the command take."""


def policy_name(policy: str | Policy) -> str:
    """What a policy is called in a placement."""
    return policy if isinstance(policy, str) else str(getattr(policy, "__name__", policy))


def policy_of(wanted: str | Policy) -> Policy:
    """The policy of a name; a function is one already.

    Raises:
        UnknownNameError: There is no policy of that name; the remedy has the nearest.

    Example:
        >>> policy_of("best-fit") is best_fit
        True
    """
    if callable(wanted):
        return wanted
    name = str(wanted)
    if name not in POLICIES:
        raise unknown_name("policy", name, POLICIES)
    return POLICIES[name]
