"""What an expression looks at: an attribute, a capacity or a field of a device, and how CEL writes it."""

from __future__ import annotations

import re
from enum import Enum
from typing import Final, Literal as OneOf, TypeAlias

import attrs

from dra.cel.lexer import RESERVED
from dra.cel.quoting import quote
from dra.claims.select.literals import Literal, Type, python_text
from dra.errors import ExpressionError
from dra.names import subdomain_faults

__all__ = ["Missing", "Read", "Table", "split_name"]

Table: TypeAlias = OneOf["attributes", "capacity", "driver", "allowMultipleAllocations"]

_IDENTIFIER: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_LONGEST_IDENTIFIER: Final = 32
_LONGEST_DOMAIN: Final = 63


class Missing(Enum):
    """What a comparison is worth on a device that lacks what it looks at."""

    FALSE = "or_false"
    ERROR = "or_error"


@attrs.frozen
class Read:
    """What is looked at.

    Attributes:
        table: Map or field of `device`.
        domain: Of an attribute or capacity; empty for that of the device's own driver.
        name: Of an attribute or capacity, without the domain.
        missing: What counts where the device lacks it; a constant stands in for it.
        lowered: Whether it is the text in lower case.
        spelling: How it was written in Python.
    """

    table: Table
    domain: str = ""
    name: str = ""
    missing: Missing | Literal = Missing.FALSE
    lowered: bool = False
    spelling: str = attrs.field(default="", eq=False)

    @property
    def is_field(self) -> bool:
        """Whether every device has it."""
        return self.table not in ("attributes", "capacity")

    @property
    def guarded(self) -> bool:
        """Whether a device that lacks it makes a comparison false."""
        return self.missing is Missing.FALSE and not self.is_field

    def of(self, domain: str) -> Read:
        """The same in a domain, if it has none yet."""
        if self.is_field or self.domain:
            return self
        spelling = f"device.of({python_text(domain)}){self.spelling.removeprefix('device')}"
        return attrs.evolve(self, domain=domain, spelling=spelling)

    @property
    def _holder(self) -> str:
        return f"device.{self.table}[{quote(self.domain) if self.domain else 'device.driver'}]"

    @property
    def _dotted(self) -> bool:
        return self.name not in RESERVED

    @property
    def value(self) -> str:
        """The value itself, an error where the device lacks it."""
        if self.is_field:
            return self._lower(f"device.{self.table}")
        step = f".{self.name}" if self._dotted else f"[{quote(self.name)}]"
        return self._lower(f"{self._holder}{step}")

    @property
    def presence(self) -> str:
        """Whether the device has it; in parentheses where `!` could not stand before it."""
        if self._dotted:
            return f"has({self._holder}.{self.name})"
        return f"({quote(self.name)} in {self._holder})"

    def value_or(self, constant: Literal) -> str:
        """The value, or a constant where the device lacks it."""
        step = f".?{self.name}" if self._dotted else f"[?{quote(self.name)}]"
        return self._lower(f"{self._holder}{step}.orValue({constant.cel})")

    def _lower(self, text: str) -> str:
        return f"{text}.lowerAscii()" if self.lowered else text


def split_name(name: object, what: str) -> tuple[str, str]:
    """Domain and identifier of an attribute's or capacity's name; the domain may be empty.

    Args:
        name: Such as `memory` or `resource.kubernetes.io/pcieRoot`.
        what: `an attribute` or `a capacity`.

    Raises:
        ExpressionError: No device can publish something of this name.
    """
    if not isinstance(name, str):
        raise ExpressionError(f"the name of {what} is a text, not {name!r}", value=name)
    domain, slash, identifier = name.rpartition("/")
    if slash:
        check_domain(domain, name)
    if not _IDENTIFIER.fullmatch(identifier) or len(identifier) > _LONGEST_IDENTIFIER:
        raise ExpressionError(
            f"{name!r} is no name of {what}",
            value=name,
            remedy="write letters, digits and _ (32 at most), after a domain and a slash if it has one: "
            "gpu.nvidia.com/memory",
        )
    return domain, identifier


def check_domain(domain: object, shown: object) -> str:
    """The domain, if it is one.

    Raises:
        ExpressionError: It is no DNS subdomain of at most 63 characters.
    """
    if not isinstance(domain, str) or len(domain) > _LONGEST_DOMAIN or subdomain_faults(domain, "characters"):
        raise ExpressionError(
            f"{domain!r} is no domain" + (f" (in {shown!r})" if shown != domain else ""),
            value=shown,
            remedy="write a driver's name or another DNS subdomain, such as gpu.nvidia.com",
        )
    return domain


BOOLEANS: Final = {content: Literal(Type.BOOL, content) for content in (True, False)}
EMPTY: Final = Literal(Type.STRING, "")
