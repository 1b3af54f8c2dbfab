"""Rules for ResourcePoolStatusRequest: a question about pools, and the controller's answer."""

from __future__ import annotations

from typing import Final

from dra.models.resource import PoolStatus, ResourcePoolStatusRequest, ResourcePoolStatusRequestStatus
from dra.validation import formats
from dra.validation.checks import (
    Errors,
    each,
    fully_qualified_name,
    immutable,
    matches,
    max_bytes,
    max_items,
    pool_name,
    pool_name_format,
    present,
    same,
)
from dra.validation.field_error import Path
from dra.validation.rules.conditions import conditions
from dra.validation.rules.metadata import metadata, metadata_update
from dra.validation.scope import Scope

__all__ = ["pool_status_request"]

_AT: Final = Path() / "spec"


def pool_status_request(
    request: ResourcePoolStatusRequest, old: ResourcePoolStatusRequest | None, scope: Scope
) -> Errors:
    """Asked once, answered once: neither spec nor status ever change."""
    if old is None:
        yield from metadata(request.metadata, scope, namespaced=False)
        yield from _question(request, scope)
    else:
        yield from metadata_update(request.metadata, old.metadata, scope)
        yield from immutable(request.spec, old.spec, _AT, declared=True)
    if request.status is None:
        return
    at = Path() / "status"
    before = old.status if old is not None else None
    if before is not None:
        if same(request.status, before) and _is_counted(request.status) == _is_counted(before):
            return
        yield at.invalid(request.status, "field is immutable")
    yield from _answer(request.status, at, scope)


def _question(request: ResourcePoolStatusRequest, scope: Scope) -> Errors:
    spec = request.spec
    yield from present(spec.driver, formats.long_name_caseless, _AT / "driver")
    if spec.pool_name is not None:
        yield from pool_name_format(spec.pool_name, _AT / "poolName", scope, declared=True)
    if spec.limit is not None:
        yield from _between(spec.limit, 1, scope.limits.pool_status_limit, _AT / "limit")
    if spec.default_partition_type_attribute is not None:
        at = _AT / "defaultPartitionTypeAttribute"
        yield from fully_qualified_name(spec.default_partition_type_attribute, at, scope)


def _between(value: int, least: int, most: int | None, at: Path) -> Errors:
    if value < least:
        yield at.invalid(value, f"must be greater than or equal to {least}")
    elif most is not None and value > most:
        yield at.invalid(value, f"must be less than or equal to {most}")


def _is_counted(status: ResourcePoolStatusRequestStatus) -> bool:
    """Whether the number of pools is there; zero is a number of pools."""
    return "pool_count" in status.model_fields_set


def _answer(status: ResourcePoolStatusRequestStatus, at: Path, scope: Scope) -> Errors:
    if _is_counted(status):
        yield from _between(status.pool_count, 0, None, at / "poolCount")
    else:
        yield (at / "poolCount").required()
    limit = scope.limits.pool_statuses
    yield from each(
        status.pools, lambda pool, here: _pool(pool, here, scope), at / "pools", scope, limit=limit
    )
    yield from conditions(status.conditions, at / "conditions", scope, scope.limits.pool_status_conditions)


def _pool(pool: PoolStatus, at: Path, scope: Scope) -> Errors:
    yield from present(pool.driver, formats.long_name_caseless, at / "driver")
    yield from pool_name(pool.pool_name, at / "poolName", scope, declared=True)
    if pool.generation:
        yield from _between(pool.generation, 0, None, at / "generation")
    else:
        yield (at / "generation").required()
    if pool.resource_slice_count is not None:
        yield from _between(pool.resource_slice_count, 1, None, at / "resourceSliceCount")
    for name in ("total_devices", "allocated_devices", "available_devices", "unavailable_devices"):
        count = getattr(pool, name)
        if count is not None:
            first, second = name.split("_")
            yield from _between(count, 0, None, at / f"{first}{second.capitalize()}")
    if pool.node_name is not None:
        yield from matches(pool.node_name, formats.long_name, at / "nodeName")
    if scope.since("1.37"):
        yield from _summaries(pool, at, scope)
    yield from max_bytes(
        pool.validation_error, scope.limits.pool_validation_error_bytes, at / "validationError"
    )


def _summaries(pool: PoolStatus, at: Path, scope: Scope) -> Errors:
    """What is left of partitions, one entry for each type, and of capacities that are shared."""
    yield from each(
        pool.partition_summary,
        None,
        at / "partitionSummary",
        scope,
        limit=scope.limits.pool_summaries,
        key=lambda item: (item.attribute, item.type),
        declared=True,
    )
    if pool.shareable_summary is not None:
        here = at / "shareableSummary" / "capacity"
        yield from max_items(pool.shareable_summary.capacity, scope.limits.pool_summaries, here)
