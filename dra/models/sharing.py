"""Equal values once in memory: a map whose small immutable values are shared between devices.

A cluster's devices say the same things over and over: `{"string": "NVIDIA H100 80GB HBM3"}` stands in every
GPU. `SharedValues[DeviceAttribute]` is a `dict[str, DeviceAttribute]` to its users; when it is decoded, wire
values seen before become the very object made then, which saves most of the time and of the memory.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, Any, Final, TypeVar

from pydantic import GetCoreSchemaHandler
from pydantic_core import CoreSchema, core_schema

from dra.models.base import Model
from dra.models.scalars import Str

__all__ = ["SharedValues"]

# Distinct values kept per class before starting over, so that unique ones (UUIDs) do not pile up for ever.
_CAPACITY: Final = 1 << 16

_SHAREABLE: Final = frozenset({str, int, bool})

_V = TypeVar("_V", bound=Model)


class _Sharing:
    """Wraps the validation of a map: values known from before skip it."""

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        known: dict[tuple[Any, type], Any] = {}

        def decode(value: Any, validate: Callable[[Any], Any]) -> Any:
            if value.__class__ is not dict:
                return validate(value)
            shared, unknown, fresh = {}, {}, []
            for name, wire in value.items():
                if wire.__class__ is dict and len(wire) == 1 and name.__class__ is str:
                    (item,) = wire.items()
                    kind = item[1].__class__
                    if kind in _SHAREABLE:
                        # 1 == True, yet they are different values: the type is part of the key.
                        found = known.get((item, kind))
                        if found is not None:
                            shared[name] = found
                            continue
                        fresh.append((name, (item, kind)))
                shared[name] = None
                unknown[name] = wire
            if unknown:
                shared.update(validate(unknown))
                if len(known) > _CAPACITY:
                    known.clear()
                known.update((key, shared[name]) for name, key in fresh)
            return shared

        return core_schema.no_info_wrap_validator_function(decode, handler(source))


SharedValues = Annotated[dict[Str, _V], _Sharing()]
