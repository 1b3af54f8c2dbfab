"""What a pod asks of a node besides devices: cpu, memory, extended resources, one of the places for pods.

The sums are those of kube-scheduler: containers and sidecars run at the same time, an init container beside
the sidecars that started before it; a request for the whole pod (KEP-2837) replaces those of its containers;
the overhead of the runtime class comes on top. Amounts are in nano units, so sums are exact.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Final

from dra.allocator import node_allocatable_demand
from dra.models.core import Node, Pod
from dra.quantity import Quantity
from dra.scheduler.pods import has_ended

__all__ = ["NATIVE", "PODS", "allocatable", "demand"]

PODS: Final = "pods"
"""The resource that every pod takes one of."""

NATIVE: Final = frozenset({"cpu", "memory", "ephemeral-storage", PODS})
"""Resources that every node has. A node that does not say how much is not checked for them."""

_ONE: Final = 10**9


def demand(pod: Pod) -> dict[str, int]:
    """What a pod takes of its node, by resource, in nano units; nothing once it has ended.

    Requests that are not set are taken from the limits, as the API server does. Extended resources that the
    scheduler serves with devices of a claim (KEP-5004) are not taken of the node.

    Example:
        >>> pod = Pod.from_dict({"spec": {"containers": [
        ...     {"name": "a", "resources": {"requests": {"cpu": "500m"}}},
        ...     {"name": "b", "resources": {"limits": {"cpu": "2"}}}]}})
        >>> demand(pod)
        {'cpu': 2500000000, 'pods': 1000000000}
    """
    if has_ended(pod):
        return {}
    total = _containers(pod)
    whole = pod.spec.resources
    if whole is not None:
        for name, amount in whole.effective_requests.items():
            total[name] = amount.nanos
    _add(total, pod.spec.overhead or {})
    if pod.status is not None:
        for each in pod.status.node_allocatable_resource_claim_statuses or ():
            _add(total, node_allocatable_demand(each))
        served = pod.status.extended_resource_claim_status
        for mapping in served.request_mappings if served is not None else ():
            total.pop(mapping.resource_name, None)
    total[PODS] = _ONE
    return {name: nanos for name, nanos in total.items() if nanos}


def allocatable(node: Node) -> Mapping[str, int] | None:
    """What a node has for pods, in nano units; None if it does not say."""
    status = node.status
    if status is None or (status.allocatable is None and status.capacity is None):
        return None
    amounts = status.allocatable if status.allocatable is not None else status.capacity
    return {name: amount.nanos for name, amount in (amounts or {}).items()}


def _containers(pod: Pod) -> dict[str, int]:
    """The most that the containers want at any time."""
    sidecars: dict[str, int] = {}
    most: dict[str, int] = {}
    for container in pod.spec.init_containers or ():
        if container.restart_policy == "Always":
            _add(sidecars, container.effective_requests)
            wanted = dict(sidecars)
        else:
            wanted = dict(sidecars)
            _add(wanted, container.effective_requests)
        _raise_to(most, wanted.items())
    running = dict(sidecars)
    for container in pod.spec.containers or ():
        _add(running, container.effective_requests)
    _raise_to(running, most.items())
    return running


def _add(total: dict[str, int], amounts: Mapping[str, Quantity | int]) -> None:
    for name, amount in amounts.items():
        total[name] = total.get(name, 0) + (amount if isinstance(amount, int) else amount.nanos)


def _raise_to(total: dict[str, int], least: Iterable[tuple[str, int]]) -> None:
    for name, nanos in least:
        total[name] = max(total.get(name, 0), nanos)
