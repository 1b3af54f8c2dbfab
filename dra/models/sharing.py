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

_V = TypeVar("_V", bound=Model)


class _Sharing:
    """Wraps the validation of a map: values known from before skip it."""

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        # By the type of the content, since 1 == True and yet they are different values.
        known: dict[type, dict[Any, Any]] = {str: {}, int: {}, bool: {}}

        def decode(value: Any, validate: Callable[[Any], Any]) -> Any:
            if value.__class__ is not dict:
                return validate(value)
            shared, unknown, fresh = {}, {}, []
            for name, wire in value.items():
                if wire.__class__ is dict and len(wire) == 1:
                    (item,) = wire.items()
                    table = known.get(item[1].__class__)
                    if table is not None:
                        found = table.get(item)
                        if found is not None and name.__class__ is str:
                            shared[name] = found
                            continue
                        fresh.append((name, item, table))
                shared[name] = None
                unknown[name] = wire
            if unknown:
                shared.update(validate(unknown))
                for name, item, table in fresh:
                    if len(table) >= _CAPACITY:
                        table.clear()
                    table[item] = shared[name]
            return shared

        return core_schema.no_info_wrap_validator_function(decode, handler(source))


SharedValues = Annotated[dict[Str, _V], _Sharing()]
