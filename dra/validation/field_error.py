"""`FieldError`: one thing the API server would refuse, and `Path`: where errors are made.

The types, the paths and the text are those of Kubernetes' `field.Error`, so that what is reported here can be
compared with, and searched for like, what `kubectl apply` prints.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from enum import Enum
from typing import Final

import attrs

from dra.errors import AllocationError
from dra.models.base import Model
from dra.models.meta import KubernetesObject
from dra.quantity import Quantity

__all__ = ["ErrorType", "FieldError", "Path"]


class ErrorType(str, Enum):
    """What kind of fault a field has, named as Kubernetes names it."""

    REQUIRED = "Required"
    INVALID = "Invalid"
    TYPE_INVALID = "TypeInvalid"
    NOT_SUPPORTED = "NotSupported"
    FORBIDDEN = "Forbidden"
    TOO_LONG = "TooLong"
    TOO_MANY = "TooMany"
    DUPLICATE = "Duplicate"
    NOT_FOUND = "NotFound"
    INTERNAL = "InternalError"

    def __str__(self) -> str:
        return self.value

    @property
    def shows_value(self) -> bool:
        """Whether the message of an error has the value."""
        return self not in (ErrorType.REQUIRED, ErrorType.FORBIDDEN, ErrorType.TOO_LONG, ErrorType.INTERNAL)

    @property
    def text(self) -> str:
        """How an error of the type begins, such as `Required value`."""
        return _TEXTS[self]

    @property
    def reason(self) -> str:
        """The reason in `details.causes[]` of the server's answer, such as `FieldValueRequired`."""
        return self.value if self is ErrorType.INTERNAL else f"FieldValue{self.value}"


_TEXTS: Final = {
    ErrorType.REQUIRED: "Required value",
    ErrorType.INVALID: "Invalid value",
    ErrorType.TYPE_INVALID: "Invalid value",
    ErrorType.NOT_SUPPORTED: "Unsupported value",
    ErrorType.FORBIDDEN: "Forbidden",
    ErrorType.TOO_LONG: "Too long",
    ErrorType.TOO_MANY: "Too many",
    ErrorType.DUPLICATE: "Duplicate value",
    ErrorType.NOT_FOUND: "Not found",
    ErrorType.INTERNAL: "Internal error",
}


@attrs.frozen
class FieldError:
    """A field that the API server would refuse.

    Attributes:
        type: The kind of fault.
        field: Path of the field in the layout of the newest API version, such as
            `spec.devices.requests[0].exactly.count`.
        value: What stands there, as plain data; for `TooMany` how many items.
        detail: What is wrong with it, in the server's words.

    Example:
        >>> print(FieldError(ErrorType.INVALID, "spec.pool.generation", -1, "must not be negative"))
        spec.pool.generation: Invalid value: -1: must not be negative
    """

    type: ErrorType
    field: str
    value: object = None
    detail: str = ""

    @property
    def message(self) -> str:
        """The error without its field, as `details.causes[].message` has it."""
        parts = [self.type.text]
        if self.type.shows_value:
            parts.append(_shown(self.value))
        if self.detail:
            parts.append(self.detail)
        return ": ".join(parts)

    def __str__(self) -> str:
        return f"{self.field}: {self.message}" if self.field else self.message

    def refusal(self, obj: KubernetesObject) -> AllocationError:
        """The error for whoever is to do something with an object that no API server would store."""
        return AllocationError(
            f"the API server refuses it: {self.message}",
            path=self.field,
            value=self.value,
            subject=obj.subject,
            remedy="`dra validate`, or dra.validate(), says all that is wrong with it",
        )

    def to_dict(self) -> dict[str, object]:
        """The error as plain data, with the server's reason and message."""
        return {
            "type": self.type.value,
            "field": self.field,
            "value": self.value,
            "detail": self.detail,
            "message": self.message,
        }


def _shown(value: object) -> str:
    if value is None or isinstance(value, (bool, int, float)):
        return json.dumps(value)
    if isinstance(value, str):
        return json.dumps(value, ensure_ascii=False)
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"), default=str)


def plain(value: object) -> object:
    """A value of a model as plain data."""
    if isinstance(value, Model):
        return value.to_dict()
    if isinstance(value, Quantity):
        return str(value)
    if isinstance(value, Mapping):
        return {str(key): plain(item) for key, item in value.items()}
    if isinstance(value, Sequence) and not isinstance(value, (str, bytes)):
        return [plain(item) for item in value]
    return value


class Path:
    """Where in an object a rule looks. It makes the errors found there.

    A path is a chain of steps and becomes text only when there is an error, so walking a valid object is
    cheap.

    Example:
        >>> at = Path() / "spec" / "devices"
        >>> print(at[0] / "attributes" @ "example.com/a")
        spec.devices[0].attributes[example.com/a]
    """

    __slots__ = ("_parent", "_step")

    def __init__(self, parent: Path | None = None, step: str = "") -> None:
        self._parent = parent
        self._step = step

    def __truediv__(self, name: str) -> Path:
        """A field of the object here."""
        return Path(self, f".{name}")

    def __getitem__(self, index: int) -> Path:
        """An item of the list here."""
        return Path(self, f"[{index}]")

    def __matmul__(self, key: str) -> Path:
        """The value of a key of the map here."""
        return Path(self, f"[{key}]")

    def __str__(self) -> str:
        steps = []
        here: Path | None = self
        while here is not None:
            steps.append(here._step)
            here = here._parent
        return "".join(reversed(steps)).removeprefix(".")

    def _error(self, kind: ErrorType, value: object, detail: str) -> FieldError:
        return FieldError(kind, str(self), plain(value), detail)

    def required(self, detail: str = "") -> FieldError:
        """It has to be there and is not."""
        return self._error(ErrorType.REQUIRED, None, detail)

    def invalid(self, value: object, detail: str) -> FieldError:
        """It breaks a rule."""
        return self._error(ErrorType.INVALID, value, detail)

    def type_invalid(self, value: object, detail: str) -> FieldError:
        """It is of the wrong type."""
        return self._error(ErrorType.TYPE_INVALID, value, detail)

    def forbidden(self, detail: str) -> FieldError:
        """It must not be there."""
        return self._error(ErrorType.FORBIDDEN, None, detail)

    def not_supported(self, value: object, supported: Iterable[str]) -> FieldError:
        """It is none of the values there are."""
        shown = ", ".join(json.dumps(choice) for choice in sorted(supported))
        return self._error(ErrorType.NOT_SUPPORTED, value, f"supported values: {shown}")

    def too_long(self, limit: int, unit: str = "bytes") -> FieldError:
        """It is longer than `limit`."""
        return self._error(ErrorType.TOO_LONG, None, f"may not be more than {limit} {unit}")

    def too_many(self, count: int, limit: int) -> FieldError:
        """It has more than `limit` items."""
        items = "item" if limit == 1 else "items"
        return self._error(ErrorType.TOO_MANY, count, f"must have at most {limit} {items}")

    def duplicate(self, value: object) -> FieldError:
        """It was there before."""
        return self._error(ErrorType.DUPLICATE, value, "")

    def not_found(self, value: object, detail: str = "") -> FieldError:
        """It names something that does not exist."""
        return self._error(ErrorType.NOT_FOUND, value, detail)
