"""Migration from device plugins: what pods ask for today becomes claims, with a report of what could not.

>>> from dra.claims.migrate import migrate
>>> pod = {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "a"}, "spec": {"containers": [
...     {"name": "main", "resources": {"limits": {"nvidia.com/mig-1g.5gb": 1}}}]}}
>>> [obj.subject for obj in migrate(pod).objects]
['ResourceClaimTemplate nvidia-mig-1g-5gb', 'Pod a']
"""

from __future__ import annotations

from dra.claims.migrate.migration import Mode, migrate
from dra.claims.migrate.notes import SharingBy
from dra.claims.migrate.report import Entry, Migration, ObjectReport, Outcome
from dra.claims.migrate.texts import RewrittenText, rewrite_texts

__all__ = [
    "Entry",
    "Migration",
    "Mode",
    "ObjectReport",
    "Outcome",
    "RewrittenText",
    "SharingBy",
    "migrate",
    "rewrite_texts",
]
