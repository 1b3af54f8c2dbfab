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
        known: dict[tuple[str, Any, type], Any] = {}

        def decode(value: Any, validate: Callable[[Any], Any]) -> Any:
            if type(value) is not dict:
                return validate(value)
            try:
                mixed = {}
                fresh = []
                for name, wire in value.items():
                    found = wire
                    if type(wire) is dict and len(wire) == 1:
                        ((member, content),) = wire.items()
                        # 1 == True == 1.0, yet they are different values: the type is part of the key.
                        key = (member, content, content.__class__)
                        found = known.get(key, wire) if content.__class__ in (str, int, bool) else wire
                        if found is wire:
                            fresh.append((name, key))
                    mixed[name] = found
            except TypeError:
                return validate(value)
            decoded = validate(mixed)
            if len(known) > _CAPACITY:
                known.clear()
            for name, key in fresh:
                if key[2] in (str, int, bool):
                    known[key] = decoded[name]
            return decoded

        return core_schema.no_info_wrap_validator_function(decode, handler(source))


SharedValues = Annotated[dict[Str, _V], _Sharing()]
