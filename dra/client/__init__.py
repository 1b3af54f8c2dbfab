"""The API server: objects read, written, watched and waited for.

This needs the extra `kubernetes` (`pip install 'k8s-dra[kubernetes]'`), whose official client it uses for
connections and credentials. For asyncio there is the same in `dra.client.aio`.
"""

from __future__ import annotations

from dra.client.allocation import Progress
from dra.client.client import Client, connect
from dra.client.contents import cluster_role
from dra.client.order import in_order
from dra.client.redaction import Redact
from dra.client.session import ALL_NAMESPACES
from dra.client.steps import Retry
from dra.client.watching import Change, Event

__all__ = [
    "ALL_NAMESPACES",
    "Change",
    "Client",
    "Event",
    "Progress",
    "Redact",
    "Retry",
    "cluster_role",
    "connect",
    "in_order",
]
