"""The vocabulary of the rules: small checks that each know one thing and are put together.

Every check is a generator of errors. `at` is where the value stands.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Hashable, Iterable, Iterator, Mapping, Sequence
from typing import TypeAlias, TypeVar

from dra.models.base import Model
from dra.names import byte_length
from dra.validation import formats
from dra.validation.field_error import FieldError, Path
from dra.validation.formats import Format
from dra.validation.scope import Scope

__all__ = [
    "Errors",
    "driver_name",
    "each",
    "entries",
    "fully_qualified_name",
    "immutable",
    "label_key",
    "label_value",
    "matches",
    "max_bytes",
    "max_items",
    "one_of",
    "pool_name",
    "pool_name_format",
    "present",
    "qualified_name",
    "same",
    "union",
]

Errors: TypeAlias = Iterator[FieldError]
_T = TypeVar("_T")


def matches(text: str, form: Format, at: Path) -> Errors:
    """The text has the format."""
    for fault in form(text):
        yield at.invalid(text, fault)


def present(text: str | None, form: Format, at: Path) -> Errors:
    """The text is there and has the format."""
    if text:
        yield from matches(text, form, at)
    else:
        yield at.required()


def max_bytes(text: str | None, limit: int, at: Path) -> Errors:
    """The text is no longer than the limit, in bytes."""
    if text and byte_length(text) > limit:
        yield at.too_long(limit)


def max_items(values: Sequence[object] | None, limit: int, at: Path) -> Errors:
    """The list is no longer than the limit."""
    if values and len(values) > limit:
        yield at.too_many(len(values), limit)


def one_of(value: str | None, choices: Collection[str], at: Path, *, required: bool = False) -> Errors:
    """The value is one of the choices; an empty one counts as absent."""
    if value:
        if value not in choices:
            yield at.not_supported(value, choices)
    elif required:
        yield at.required()


def union(members: Iterable[tuple[str, bool]], at: Path) -> Errors:
    """Exactly one member is set, in the words of declared rules."""
    members = list(members)
    names = ", ".join(f"`{name}`" for name, _ in members)
    found = [name for name, is_set in members if is_set]
    if not found:
        yield at.invalid("", f"must specify one of: {names}")
    elif len(found) > 1:
        yield at.invalid(f"{{{', '.join(found)}}}", f"must specify exactly one of: {names}")


def same(new: object, old: object) -> bool:
    """Whether two values are equal for the server: empty is absent, unknown fields are nothing."""
    return _meaning(new) == _meaning(old)


def _meaning(value: object) -> object:
    if isinstance(value, Model):
        fields = {name: _meaning(getattr(value, name)) for name in type(value).model_fields}
        return {name: item for name, item in fields.items() if item is not None}
    if isinstance(value, dict):
        return {key: _meaning(item) for key, item in value.items()} or None
    if isinstance(value, list):
        return [_meaning(item) for item in value] or None
    return None if value == "" else value


def immutable(new: object, old: object, at: Path, *, declared: bool) -> Errors:
    """The value has not changed. Declared rules do not show it."""
    if not same(new, old):
        yield at.invalid(None if declared else new, "field is immutable")


def each(
    values: Sequence[_T] | None,
    check: Callable[[_T, Path], Errors] | None,
    at: Path,
    scope: Scope,
    *,
    limit: int | None = None,
    key: Callable[[_T], Hashable] | None = None,
    named: str = "",
    declared: bool = False,
) -> Errors:
    """A list is not too long, each item is valid, and no two have the same key.

    Args:
        values: The list.
        check: The rules for one item.
        at: Where the list stands.
        scope: The server.
        limit: How many items there may be. The items of a longer list are not looked at (since 1.35).
        key: What must differ between items.
        named: The item's field that is the key; 1.34 puts duplicates there.
        declared: Whether 1.37 declares the uniqueness; it then shows the whole item.
    """
    if not values:
        return
    if limit is not None and len(values) > limit:
        yield at.too_many(len(values), limit)
        if scope.since("1.35"):
            return
    if check is not None:
        for index, value in enumerate(values):
            yield from check(value, at[index])
    if key is not None:
        yield from _duplicates(values, key, at, scope, named, declared)


def _duplicates(
    values: Sequence[_T],
    key: Callable[[_T], Hashable],
    at: Path,
    scope: Scope,
    named: str,
    declared: bool,
) -> Errors:
    seen = set()
    for index, value in enumerate(values):
        found = key(value)
        if found not in seen:
            seen.add(found)
        elif named and not scope.since("1.35"):
            yield (at[index] / named).duplicate(found)
        else:
            yield at[index].duplicate(value if declared and scope.declares else found)


def entries(
    values: Mapping[str, _T] | None,
    check_key: Callable[[str, Path, Scope], Errors],
    check: Callable[[_T, Path], Errors] | None,
    at: Path,
    scope: Scope,
    *,
    limit: int | None = None,
    shown_bytes: int = 96,
) -> Errors:
    """A map is not too long, and each key and value is valid.

    Args:
        values: The map.
        check_key: The rules for a key. Its errors stand at the map, before 1.36 at the key.
        check: The rules for a value.
        at: Where the map stands.
        scope: The server.
        limit: How many entries there may be.
        shown_bytes: How much of a long key a path shows.
    """
    if not values:
        return
    if limit is not None and len(values) > limit:
        yield at.too_many(len(values), limit)
        return
    keys_stand_at_map = scope.since("1.36")
    for key, value in values.items():
        here = at @ _shortened(key, shown_bytes)
        yield from check_key(key, at if keys_stand_at_map else here, scope)
        if check is not None:
            yield from check(value, here)


def _shortened(text: str, limit: int) -> str:
    """A text with its middle left out where it is too long."""
    if len(text) <= limit:
        return text
    kept = limit - len("...")
    return f"{text[: (kept + 1) // 2]}...{text[len(text) - kept // 2 :]}"


def label_key(text: str, at: Path, scope: Scope) -> Errors:
    """The key of a label or taint."""
    yield from matches(text, formats.label_key if scope.since("1.35") else formats.qualified_name_of_1_34, at)


def label_value(text: str | None, at: Path, scope: Scope) -> Errors:
    """The value of a label or taint."""
    if text:
        form = formats.label_value if scope.since("1.35") else formats.label_value_of_1_34
        yield from matches(text, form, at)


def driver_name(text: str, at: Path, scope: Scope, *, declared: bool = False) -> Errors:
    """The name of a driver: up to 63 bytes, a DNS subdomain in upper or lower case."""
    if not text:
        yield at.required()
    limit = scope.limits.driver_name_bytes
    if byte_length(text) > limit:
        yield at.too_long(limit, "characters" if declared else "bytes")
    if declared:
        if text:
            yield from matches(text, formats.long_name_caseless, at)
    elif text or not scope.since("1.35"):
        for fault in formats.dns_subdomain(text.lower()):
            yield at.invalid(text, fault)


def pool_name(text: str, at: Path, scope: Scope, *, declared: bool = False) -> Errors:
    """The name of a pool: there, and DNS subdomains joined by slashes, up to 253 bytes."""
    if text:
        yield from pool_name_format(text, at, scope, declared=declared)
    else:
        yield at.required()


def pool_name_format(text: str, at: Path, scope: Scope, *, declared: bool) -> Errors:
    """The format of a pool's name alone."""
    if byte_length(text) > scope.limits.pool_name_bytes:
        yield at.too_long(scope.limits.pool_name_bytes)
    for index, segment in enumerate(text.split("/")):
        if not declared:
            yield from matches(segment, formats.dns_subdomain, at)
        elif not segment:
            yield at.invalid(text, f"segment {index}: must not be empty")
        else:
            for fault in formats.long_name(segment):
                yield at.invalid(segment, f"segment {index}: {fault}")


def qualified_name(text: str, at: Path, scope: Scope) -> Errors:
    """The key of an attribute or capacity: an identifier, with or without a domain.

    A name with more than one slash passes, as on the server (it says so in a comment); lint reports it.
    """
    empty = at.required if not scope.since("1.35") else lambda detail: at.invalid("", detail)
    if not text and not scope.since("1.35"):
        yield at.required("name required")
        return
    parts = text.split("/")
    if len(parts) == 1:
        yield from _identifier(text, at, scope)
    elif len(parts) == 2:
        domain, name = parts
        if domain:
            yield from driver_name(domain, at, scope)
        else:
            yield empty("the domain must not be empty")
        if name:
            yield from _identifier(name, at, scope)
        else:
            yield empty("the name must not be empty")


def fully_qualified_name(text: str, at: Path, scope: Scope) -> Errors:
    """The name of an attribute with its domain, as constraints want it."""
    if scope.declares:
        yield from _declared_qualified_name(text, at, scope)
    else:
        yield from qualified_name(text, at, scope)
    if "/" in text:
        return
    if scope.since("1.35"):
        yield at.invalid(text, "a fully qualified name must be a domain and a name separated by a slash")
    elif text:
        yield at.invalid(text, "must include a domain")


def _declared_qualified_name(text: str, at: Path, scope: Scope) -> Errors:
    parts = text.split("/")
    if len(parts) == 1:
        yield from _identifier(text, at, scope)
    elif len(parts) == 2:
        domain, name = parts
        if domain:
            yield from max_bytes(domain, scope.limits.driver_name_bytes, at)
            for fault in formats.long_name(domain):
                yield at.invalid(domain, f"prefix: {fault}")
        else:
            yield at.invalid("", "prefix must not be empty")
        if name:
            yield from _identifier(name, at, scope)
        else:
            yield at.invalid("", "name must not be empty")


def _identifier(text: str, at: Path, scope: Scope) -> Errors:
    yield from max_bytes(text, scope.limits.identifier_bytes, at)
    yield from matches(text, formats.c_identifier, at)
