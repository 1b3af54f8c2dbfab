"""What `value.field`, `value[key]` and their lenient forms find."""

from __future__ import annotations

from typing import Final

from dra.cel.library.conversions import double_text
from dra.cel.values import NONE, DomainMap, Failure, Optional, Uint, Value, map_key, type_value

__all__ = ["MISSING", "Lifted", "follow", "is_absent", "link", "presence", "shown", "tested"]

MISSING: Final = object()


def shown(key: Value) -> str:
    """A key as messages show it."""
    if isinstance(key, bool):
        return "true" if key else "false"
    if isinstance(key, float):
        return double_text(key)
    return str(int(key)) if isinstance(key, Uint) else str(key)


def _entry(entries: dict[Value, Value], key: Value) -> Value:
    try:
        found = entries.get(map_key(key), MISSING)
    except TypeError:
        return MISSING
    if found is MISSING and isinstance(entries, DomainMap) and isinstance(key, str):
        return DomainMap.ABSENT
    return found


def _position(key: Value) -> int | Failure:
    """The index that a key means in a list, if it means one."""
    kind = key.__class__
    if kind is int or kind is Uint or (kind is float and key.is_integer()):
        return int(key)
    if kind is float:
        return Failure("unsupported index value {} in list".format, key)
    return Failure("unsupported index type '{.name}' in list".format, type_value(key))


def link(value: Value, key: Value, *, optional: bool) -> Value:
    """The entry of a map or list under a key.

    Returns:
        The entry; or a `Failure` if there is none; or `MISSING`, where the link is `optional`.
    """
    if isinstance(value, dict):
        # Texts and integers are their own keys.
        found = (
            value.get(key, MISSING)
            if value.__class__ is dict and (key.__class__ is str or key.__class__ is int)
            else _entry(value, key)
        )
        if found is not MISSING:
            return found
    elif isinstance(value, tuple):
        position = _position(key)
        if isinstance(position, Failure):
            return position
        if 0 <= position < len(value):
            return value[position]
        if not optional:
            return Failure("index out of bounds: {}".format, position)
    return MISSING if optional else Failure(_no_such_key, key)


def _no_such_key(key: Value) -> str:
    return f"no such key: {shown(key)}"


def presence(value: Value, field: str) -> Value:
    """What `has(value.field)` gives: false also for values that have no fields at all."""
    if isinstance(value, dict):
        return isinstance(value, DomainMap) or field in value
    if isinstance(value, tuple):
        return Failure("unsupported index type 'string' in list")
    return False


class Lifted:
    """A value in the middle of a chain that has an optional link: what follows is optional too."""

    __slots__ = ("optional",)

    def __init__(self, optional: Optional) -> None:
        self.optional = optional


def _held(value: Value) -> Optional:
    """The optional in the middle of a chain."""
    held: Optional = value.optional if value.__class__ is Lifted else value
    return held


def is_absent(value: Value) -> Value:
    """What a chain gives whatever is selected from a value: a failure, or nothing; None if that matters."""
    if value.__class__ is Failure:
        return value
    if value.__class__ is Lifted or value.__class__ is Optional:
        held = _held(value)
        return None if held.present else Lifted(held)
    return None


def follow(value: Value, key: Value, optional: bool) -> tuple[Value, int]:
    """One more link of a chain, and what it costs. From the first optional link on, all are."""
    if value.__class__ is Failure:
        return value, 0
    if value.__class__ is Lifted or value.__class__ is Optional:
        held = _held(value)
        if not held.present:
            return Lifted(held), 0
        optional, value = True, held.value
    if key.__class__ is Failure:
        found = key
    else:
        found = link(value, key.optional if key.__class__ is Lifted else key, optional=optional)
    if not optional:
        return found, 1
    if found is MISSING:
        return Lifted(NONE), 0
    return (found, 0) if found.__class__ is Failure else (Lifted(Optional(found)), 1)


def tested(value: Value, field: str) -> tuple[Value, int]:
    """What `has(value.field)` gives, and what it costs."""
    if value.__class__ is Failure:
        return value, 0
    if value.__class__ is Lifted or value.__class__ is Optional:
        held = _held(value)
        if not held.present:
            return False, 0
        value = held.value
    return presence(value, field), 1
