"""Which devices a pod's claims get on a node, as kube-scheduler would decide, and why not."""

from dra.allocator.allocatable import node_allocatable_demand
from dra.allocator.allocator import Allocator
from dra.allocator.explanation import Explanation, Obstacle, Reason, RequestExplanation, Requirement
from dra.allocator.extended import ExtendedResourceClaim, extended_resource_claim
from dra.allocator.search import Budget
from dra.allocator.state import AllocatedState, DeviceId, SharedDeviceId
from dra.allocator.taints import apply_taint_rules

__all__ = [
    "AllocatedState",
    "Allocator",
    "Budget",
    "DeviceId",
    "Explanation",
    "ExtendedResourceClaim",
    "Obstacle",
    "Reason",
    "RequestExplanation",
    "Requirement",
    "SharedDeviceId",
    "apply_taint_rules",
    "extended_resource_claim",
    "node_allocatable_demand",
]
