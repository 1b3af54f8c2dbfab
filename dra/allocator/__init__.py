"""Which devices a pod's claims get on a node, as kube-scheduler would decide, and why not."""

from dra.allocator.allocator import Allocator
from dra.allocator.explain import Explanation, Reason, RequestExplanation
from dra.allocator.search import Budget
from dra.allocator.state import AllocatedState, DeviceId, SharedDeviceId
from dra.allocator.taints import apply_taint_rules

__all__ = [
    "AllocatedState",
    "Allocator",
    "Budget",
    "DeviceId",
    "Explanation",
    "Reason",
    "RequestExplanation",
    "SharedDeviceId",
    "apply_taint_rules",
]
