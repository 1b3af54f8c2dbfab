"""What-ifs on a cluster: each a question about a change, answered by a comparison of before and after.

Every question gets a `dra.Cluster` and leaves it as it is. In *before*, the pods that wait are placed as far
as they fit; in *after*, the change is made first. So what comes out is what the change buys, not what the
scheduler would have done anyway.
"""

from __future__ import annotations

from dra.scheduler.whatif.comparison import Change, Comparison, PodChange, Situation, compare
from dra.scheduler.whatif.drain import drain
from dra.scheduler.whatif.evictions import Evictions, NodeEvictions, evictions
from dra.scheduler.whatif.more_nodes import MoreNodes, more_nodes
from dra.scheduler.whatif.repartition import repartition
from dra.scheduler.whatif.taint import taint

__all__ = [
    "Change",
    "Comparison",
    "Evictions",
    "MoreNodes",
    "NodeEvictions",
    "PodChange",
    "Situation",
    "compare",
    "drain",
    "evictions",
    "more_nodes",
    "repartition",
    "taint",
]
