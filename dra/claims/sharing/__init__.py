"""Sharing GPUs: how (strategies, with isolation and needs), and who (`shared`, `per_pod`, `per_pod_group`).

>>> from dra.claims import sharing
>>> sharing.MPS(active_thread_percentage=50, pinned_memory_limit="10Gi").isolation.describe()
'memory, scheduling'
"""

from __future__ import annotations

from dra.claims.sharing.choice import Verdict, choose, weigh
from dra.claims.sharing.consumable import ConsumableShares
from dra.claims.sharing.mig import MIG
from dra.claims.sharing.nvidia import MPS, Exclusive, TimeSlicing
from dra.claims.sharing.strategy import Isolation, Sharing
from dra.claims.sharing.users import Use, per_pod, per_pod_group, shared

__all__ = [
    "MIG",
    "MPS",
    "ConsumableShares",
    "Exclusive",
    "Isolation",
    "Sharing",
    "TimeSlicing",
    "Use",
    "Verdict",
    "choose",
    "per_pod",
    "per_pod_group",
    "shared",
    "weigh",
]
