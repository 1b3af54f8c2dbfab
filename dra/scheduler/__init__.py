"""Which node: pods, gangs and what-ifs on a whole cluster, and traces replayed on it."""

from __future__ import annotations
