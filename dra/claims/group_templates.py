"""Templates for groups of pods, and for groups of groups, as a Workload holds them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Literal, TypeAlias

from dra.claims.pods.source import Claim, claim_source
from dra.errors import BuildError
from dra.models.scheduling import CompositePodGroupTemplate, PodGroupTemplate
from dra.suggestions import unknown_name

__all__ = ["Disruption", "composite_pod_group", "pod_group"]

Disruption: TypeAlias = Literal["single", "all"]
"""Whether pods of a group are preempted one by one, or all together."""


def pod_group(
    name: str,
    min_count: int | None = None,
    *,
    topology: str = "",
    claims: Mapping[str, Claim] | Iterable[Claim] = (),
    disruption: Disruption | None = None,
) -> PodGroupTemplate:
    """A group of pods, for `composite_pod_group` and `WorkloadBuilder.composite`.

    Args:
        name: The template's name, a DNS label.
        min_count: How many pods are placed together or not at all (gang policy). Without it pods are
            scheduled one by one (basic policy).
        topology: The key of a node label: all pods go to nodes with the same value of it.
        claims: Claims and templates that the pods share, one claim for the whole group (KEP-5729): by the
            name that pods give them, or in any form that `dra.claims.pods.attach` takes. A pod uses one by an
            equal entry of its own.
        disruption: Whether its pods are preempted one by one (`single`) or all together (`all`).

    Raises:
        BuildError: The minimum is less than 1, or the mode is none.
        DraError: A claim cannot be read or has no name.

    Example:
        >>> pod_group("workers", 16, topology="nvidia.com/gpu.clique").to_dict()["schedulingPolicy"]
        {'gang': {'minCount': 16}}
    """
    _check_minimum("min_count", min_count)
    data: dict[str, Any] = {"name": name}
    data["schedulingPolicy"] = {"basic": {}} if min_count is None else {"gang": {"minCount": min_count}}
    entries = (
        [claim_source(each).entry(entry) for entry, each in claims.items()]  # pyright: ignore[reportArgumentType] # names
        if isinstance(claims, Mapping)
        else [claim_source(each).entry() for each in _several(claims)]
    )
    if entries:
        data["resourceClaims"] = entries
    return PodGroupTemplate.from_dict(data | _common(topology, disruption), strict=True)


def composite_pod_group(
    name: str,
    *groups: PodGroupTemplate | CompositePodGroupTemplate,
    min_groups: int | None = None,
    topology: str = "",
    disruption: Disruption | None = None,
) -> CompositePodGroupTemplate:
    """A group of groups (1.37, alpha), for `WorkloadBuilder.composite` and for itself.

    Args:
        name: The template's name, a DNS label.
        *groups: What `pod_group` and `composite_pod_group` give.
        min_groups: How many groups are placed together or not at all. Without it they are scheduled one by
            one.
        topology: The key of a node label: all pods of all groups go to nodes with the same value of it.
        disruption: Whether groups are preempted one by one (`single`) or all together (`all`).

    Raises:
        BuildError: There are fewer groups than have to be placed, or the mode is none.

    Example:
        >>> groups = pod_group("leader", 1), pod_group("workers", 4)
        >>> replica = composite_pod_group("replica", *groups, min_groups=2, topology="rack")
        >>> [each.name for each in replica.pod_group_templates]
        ['leader', 'workers']
    """
    _check_minimum("min_groups", min_groups)
    policy = {"basic": {}} if min_groups is None else {"gang": {"minGroupCount": min_groups}}
    data: dict[str, Any] = {"name": name, "schedulingPolicy": policy, **_common(topology, disruption)}
    made = CompositePodGroupTemplate.from_dict(data, strict=True)
    plain = [each for each in groups if isinstance(each, PodGroupTemplate)]
    composite = [each for each in groups if isinstance(each, CompositePodGroupTemplate)]
    if len(plain) + len(composite) != len(groups):
        wrong = next(each for each in groups if each not in plain and each not in composite)
        raise BuildError(
            "no group",
            path=name,
            value=wrong,
            remedy="make groups with pod_group(...) and composite_pod_group(...)",
        )
    return made.model_copy(
        update={
            "pod_group_templates": plain or None,
            "composite_pod_group_templates": composite or None,
        }
    )


def _common(topology: str, disruption: Disruption | None) -> dict[str, Any]:
    if disruption not in (None, "single", "all"):
        raise unknown_name("disruption mode", disruption, ("single", "all"))
    found: dict[str, Any] = {}
    if topology:
        found["schedulingConstraints"] = {"topology": [{"key": topology}]}
    if disruption is not None:
        found["disruptionMode"] = {disruption: {}}
    return found


def _check_minimum(name: str, value: object) -> None:
    if value is not None and (not isinstance(value, int) or isinstance(value, bool) or value < 1):
        raise BuildError("a minimum is a number, at least 1", path=name, value=value)


def _several(claims: Iterable[Claim]) -> Iterable[Claim]:
    if isinstance(claims, str):
        raise BuildError(
            "claims are several", path="claims", value=claims, remedy=f"write claims=[{claims!r}]"
        )
    return claims
