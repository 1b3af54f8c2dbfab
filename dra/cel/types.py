"""CEL's types as immutable values, and how they are written in messages."""

from __future__ import annotations

from enum import Enum
from typing import Final

import attrs

__all__ = [
    "ANY",
    "BOOL",
    "BYTES",
    "DOUBLE",
    "DURATION",
    "DYN",
    "ERROR",
    "INT",
    "NULL",
    "STRING",
    "TIMESTAMP",
    "TYPE",
    "UINT",
    "Kind",
    "Type",
    "list_of",
    "map_of",
    "opaque",
    "optional_of",
    "parameter",
    "struct",
    "type_of",
]


class Kind(Enum):
    """The families of types that the checker and the cost estimate tell apart."""

    ANY = "any"
    BOOL = "bool"
    BYTES = "bytes"
    DOUBLE = "double"
    DURATION = "duration"
    DYN = "dyn"
    ERROR = "error"
    INT = "int"
    LIST = "list"
    MAP = "map"
    NULL = "null"
    OPAQUE = "opaque"
    PARAMETER = "parameter"
    STRING = "string"
    STRUCT = "struct"
    TIMESTAMP = "timestamp"
    TYPE = "type"
    UINT = "uint"


# How a kind is written in the checker's messages where that is not the type's name.
_WRITTEN = {
    Kind.ANY: "any",
    Kind.DURATION: "duration",
    Kind.ERROR: "!error!",
    Kind.NULL: "null",
    Kind.TIMESTAMP: "timestamp",
}


@attrs.frozen(cache_hash=True)
class Type:
    """A CEL type: a kind, a name and, for lists, maps, optionals and the like, parameters.

    Attributes:
        kind: The family.
        name: The name at run time, such as `int`, `google.protobuf.Duration` or `kubernetes.Quantity`.
        parameters: Types of elements, of keys and values, and so on.
        has_variables: Whether a type variable occurs in it.
        size: How many types it consists of, written out.

    Example:
        >>> str(map_of(STRING, list_of(INT)))
        'map(string, list(int))'
        >>> str(DURATION)
        'duration'
    """

    kind: Kind
    name: str
    parameters: tuple[Type, ...] = ()
    has_variables: bool = attrs.field(init=False, eq=False, repr=False)
    size: int = attrs.field(init=False, eq=False, repr=False)

    @has_variables.default  # pyright: ignore[reportAttributeAccessIssue] # attrs gives it while the class is made
    def _finds_variables(self) -> bool:
        return self.kind is Kind.PARAMETER or any(inner.has_variables for inner in self.parameters)

    @size.default  # pyright: ignore[reportAttributeAccessIssue] # as above
    def _counts(self) -> int:
        return 1 + sum(inner.size for inner in self.parameters)

    def __str__(self) -> str:
        """As cel-go writes types in the checker's messages."""
        if self.kind in _WRITTEN:
            return _WRITTEN[self.kind]
        if not self.parameters:
            return self.name
        return f"{self.name}({', '.join(map(str, self.parameters))})"

    @property
    def declared_name(self) -> str:
        """As Go prints the type, with the names that are used at run time."""
        if not self.parameters:
            return self.name
        return f"{self.name}({', '.join(inner.declared_name for inner in self.parameters)})"

    @property
    def is_dyn(self) -> bool:
        """Whether the checker knows nothing about values of this type."""
        return self.kind in (Kind.DYN, Kind.ANY)

    @property
    def is_optional(self) -> bool:
        """Whether values may be absent, as `optional.of(x)` makes them."""
        return self.kind is Kind.OPAQUE and self.name == "optional_type"


ANY: Final = Type(Kind.ANY, "google.protobuf.Any")
BOOL: Final = Type(Kind.BOOL, "bool")
BYTES: Final = Type(Kind.BYTES, "bytes")
DOUBLE: Final = Type(Kind.DOUBLE, "double")
DURATION: Final = Type(Kind.DURATION, "google.protobuf.Duration")
DYN: Final = Type(Kind.DYN, "dyn")
ERROR: Final = Type(Kind.ERROR, "error")
INT: Final = Type(Kind.INT, "int")
NULL: Final = Type(Kind.NULL, "null_type")
STRING: Final = Type(Kind.STRING, "string")
TIMESTAMP: Final = Type(Kind.TIMESTAMP, "google.protobuf.Timestamp")
TYPE: Final = Type(Kind.TYPE, "type")
UINT: Final = Type(Kind.UINT, "uint")


def list_of(element: Type) -> Type:
    """The type of lists of `element`."""
    return Type(Kind.LIST, "list", (element,))


def map_of(key: Type, value: Type) -> Type:
    """The type of maps from `key` to `value`."""
    return Type(Kind.MAP, "map", (key, value))


def optional_of(content: Type) -> Type:
    """The type of optional values of `content`."""
    return Type(Kind.OPAQUE, "optional_type", (content,))


def opaque(name: str, *parameters: Type) -> Type:
    """A type of an extension that CEL itself knows nothing about."""
    return Type(Kind.OPAQUE, name, parameters)


def struct(name: str) -> Type:
    """A type with named fields, which an environment declares."""
    return Type(Kind.STRUCT, name)


def parameter(name: str) -> Type:
    """A type variable of a generic overload."""
    return Type(Kind.PARAMETER, name)


def type_of(content: Type) -> Type:
    """The type of a type seen as a value: `int` in an expression has `type_of(INT)`."""
    return Type(Kind.TYPE, "type", (content,))
