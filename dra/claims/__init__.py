"""Claims for people who launch jobs: builders, selector expressions, sharing, wiring of pods, migration.

>>> from dra.claims import claim, gpu, mig, prefer
>>> wanted = claim("infer").request("gpu", prefer(mig("3g.40gb"), gpu("L40S")))
>>> [each.name for each in wanted.build().spec.devices.requests[0].first_available]
['mig-3g-40gb', 'l40s']
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from dra.claims import migrate as migrate, pods as pods, select as select, sharing as sharing
    from dra.claims.builder import ClaimBuilder as ClaimBuilder, claim as claim
    from dra.claims.classes import device_class as device_class
    from dra.claims.gpus import gpu as gpu, mig as mig
    from dra.claims.group_templates import (
        composite_pod_group as composite_pod_group,
        pod_group as pod_group,
    )
    from dra.claims.options import (
        Option as Option,
        Preference as Preference,
        option as option,
        prefer as prefer,
    )
    from dra.claims.reading import builder_of as builder_of, to_python as to_python
    from dra.claims.wants import Wants as Wants, toleration as toleration
    from dra.claims.workloads import WorkloadBuilder as WorkloadBuilder, workload as workload

# Public name -> the module that has it: loaded when first asked for, as in `dra` itself.
_HOMES = {
    "ClaimBuilder": "dra.claims.builder",
    "Option": "dra.claims.options",
    "Preference": "dra.claims.options",
    "Wants": "dra.claims.wants",
    "WorkloadBuilder": "dra.claims.workloads",
    "builder_of": "dra.claims.reading",
    "claim": "dra.claims.builder",
    "composite_pod_group": "dra.claims.group_templates",
    "device_class": "dra.claims.classes",
    "gpu": "dra.claims.gpus",
    "mig": "dra.claims.gpus",
    "option": "dra.claims.options",
    "pod_group": "dra.claims.group_templates",
    "prefer": "dra.claims.options",
    "to_python": "dra.claims.reading",
    "toleration": "dra.claims.wants",
    "workload": "dra.claims.workloads",
}
_MODULES: tuple[str, ...] = ("migrate", "pods", "select", "sharing")

__all__ = [*_HOMES, *_MODULES]

if not TYPE_CHECKING:  # or type checkers would take any misspelt name for an object

    def __getattr__(name: str) -> object:
        """Load a public name when it is first asked for (PEP 562)."""
        if name in _MODULES:
            return importlib.import_module(f"dra.claims.{name}")
        if name not in _HOMES:
            raise AttributeError(f"module 'dra.claims' has no attribute {name!r}")
        value: object = getattr(importlib.import_module(_HOMES[name]), name)
        globals()[name] = value
        return value


def __dir__() -> list[str]:
    return sorted(__all__)
