"""Sharing GPUs: strategies that say how, with what isolation, and what they need.

>>> from dra.claims import sharing
>>> sharing.MPS(active_thread_percentage=50, pinned_memory_limit="10Gi").isolation.describe()
'memory, scheduling'
"""

from __future__ import annotations

from dra.claims.sharing.consumable import ConsumableShares
from dra.claims.sharing.mig import MIG
from dra.claims.sharing.nvidia import MPS, Exclusive, TimeSlicing
from dra.claims.sharing.strategy import Isolation, Sharing

__all__ = ["MIG", "MPS", "ConsumableShares", "Exclusive", "Isolation", "Sharing", "TimeSlicing"]
