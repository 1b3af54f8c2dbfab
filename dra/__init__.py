"""Kubernetes Dynamic Resource Allocation without a cluster.

Models of ResourceClaim, DeviceClass, ResourceSlice and Workload, the CEL selector language, a reference
allocator that explains its refusals, and what is built on them. Names are loaded on first use, so that
`import dra` costs next to nothing.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING

from dra._version import __version__

if TYPE_CHECKING:
    from dra import cel as cel, claims as claims, client as client, drivers as drivers
    from dra.allocator import (
        AllocatedState as AllocatedState,
        Allocator as Allocator,
        DeviceId as DeviceId,
        Explanation as Explanation,
    )
    from dra.errors import (
        AllocationError as AllocationError,
        ApiError as ApiError,
        BuildError as BuildError,
        ConflictError as ConflictError,
        ConversionError as ConversionError,
        DecodeError as DecodeError,
        DraError as DraError,
        DriverError as DriverError,
        ForbiddenError as ForbiddenError,
        InvalidError as InvalidError,
        InvalidPoolError as InvalidPoolError,
        LoadError as LoadError,
        NotFoundError as NotFoundError,
        QuantityError as QuantityError,
        SearchBudgetExceeded as SearchBudgetExceeded,
        UnknownNameError as UnknownNameError,
        UnknownVersionError as UnknownVersionError,
    )
    from dra.features import Features as Features
    from dra.linting.finding import Finding as Finding
    from dra.linting.linter import lint as lint
    from dra.models.conversion import convert as convert
    from dra.models.core import Node as Node, Pod as Pod
    from dra.models.loading import dump as dump, load as load
    from dra.models.resource import (
        AllocationResult as AllocationResult,
        DeviceClass as DeviceClass,
        DeviceTaintRule as DeviceTaintRule,
        ResourceClaim as ResourceClaim,
        ResourceClaimTemplate as ResourceClaimTemplate,
        ResourceSlice as ResourceSlice,
    )
    from dra.models.scheduling import PodGroup as PodGroup, Workload as Workload
    from dra.quantity import Quantity as Quantity
    from dra.scheduler import (
        Cluster as Cluster,
        GangPlacement as GangPlacement,
        Placement as Placement,
        Unschedulable as Unschedulable,
        UnschedulableGang as UnschedulableGang,
    )
    from dra.validation.defaults import default as default
    from dra.validation.field_error import FieldError as FieldError
    from dra.validation.validator import validate as validate

# Public name -> the module that has it.
_HOMES = {
    "AllocatedState": "dra.allocator",
    "AllocationError": "dra.errors",
    "AllocationResult": "dra.models.resource",
    "Allocator": "dra.allocator",
    "ApiError": "dra.errors",
    "BuildError": "dra.errors",
    "Cluster": "dra.scheduler",
    "ConflictError": "dra.errors",
    "ConversionError": "dra.errors",
    "DecodeError": "dra.errors",
    "DeviceClass": "dra.models.resource",
    "DeviceId": "dra.allocator",
    "DeviceTaintRule": "dra.models.resource",
    "DraError": "dra.errors",
    "DriverError": "dra.errors",
    "Explanation": "dra.allocator",
    "Features": "dra.features",
    "FieldError": "dra.validation.field_error",
    "Finding": "dra.linting.finding",
    "ForbiddenError": "dra.errors",
    "GangPlacement": "dra.scheduler",
    "InvalidError": "dra.errors",
    "InvalidPoolError": "dra.errors",
    "LoadError": "dra.errors",
    "Node": "dra.models.core",
    "NotFoundError": "dra.errors",
    "Placement": "dra.scheduler",
    "Pod": "dra.models.core",
    "PodGroup": "dra.models.scheduling",
    "Quantity": "dra.quantity",
    "QuantityError": "dra.errors",
    "ResourceClaim": "dra.models.resource",
    "ResourceClaimTemplate": "dra.models.resource",
    "ResourceSlice": "dra.models.resource",
    "SearchBudgetExceeded": "dra.errors",
    "UnknownNameError": "dra.errors",
    "UnknownVersionError": "dra.errors",
    "Unschedulable": "dra.scheduler",
    "UnschedulableGang": "dra.scheduler",
    "Workload": "dra.models.scheduling",
    "convert": "dra.models.conversion",
    "default": "dra.validation.defaults",
    "dump": "dra.models.loading",
    "lint": "dra.linting.linter",
    "load": "dra.models.loading",
    "validate": "dra.validation.validator",
}
_MODULES: tuple[str, ...] = ("cel", "claims", "client", "drivers")

__all__ = ["__version__", *_HOMES, *_MODULES]


if not TYPE_CHECKING:  # or type checkers would take any misspelt name for an object

    def __getattr__(name: str) -> object:
        """Load a public name when it is first asked for (PEP 562)."""
        if name in _MODULES:
            return importlib.import_module(f"dra.{name}")
        if name not in _HOMES:
            raise AttributeError(f"module 'dra' has no attribute {name!r}")
        value: object = getattr(importlib.import_module(_HOMES[name]), name)
        globals()[name] = value
        return value


def __dir__() -> list[str]:
    return sorted(__all__)
