"""`Finding`: one likely mistake, and the registry of the checks that find them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from enum import Enum
from typing import TYPE_CHECKING, Final, TypeAlias

import attrs

from dra.models.meta import KubernetesObject
from dra.validation.field_error import Path

if TYPE_CHECKING:
    from dra.linting.given import Given

__all__ = ["CHECKS", "Check", "Finding", "Hint", "Hints", "Severity", "check"]


class Severity(str, Enum):
    """How sure it is that something is wrong."""

    ERROR = "error"
    """It will fail when it is used."""
    WARNING = "warning"
    """It probably does not do what was meant."""
    INFO = "info"
    """It is worth knowing."""

    def __str__(self) -> str:
        return self.value


@attrs.frozen
class Finding:
    """A likely mistake in an object.

    Attributes:
        code: The check that found it, such as `DRA101`; it never changes its meaning.
        severity: How sure it is.
        subject: The object, such as `ResourceClaim default/train`.
        path: The field, in the layout of the newest API version; empty for the object as a whole.
        message: What is wrong.
        fix: What would be right; empty if there is no telling.
        object: The object.

    Example:
        >>> print(Finding("DRA101", Severity.WARNING, "ResourceClaim a", "spec", "no such attribute"))
        ResourceClaim a: spec: warning DRA101: no such attribute
    """

    code: str
    severity: Severity
    subject: str
    path: str
    message: str
    fix: str = ""
    object: KubernetesObject | None = attrs.field(default=None, repr=False, eq=False)

    def __str__(self) -> str:
        place = ": ".join(part for part in (self.subject, self.path) if part)
        text = f"{place}: {self.severity} {self.code}: {self.message}"
        return f"{text}\n  {self.fix}" if self.fix else text

    def to_dict(self) -> dict[str, str]:
        """The finding as plain data."""
        return {
            "code": self.code,
            "severity": self.severity.value,
            "subject": self.subject,
            "path": self.path,
            "message": self.message,
            "fix": self.fix,
        }


@attrs.frozen
class Hint:
    """What a check says: which field of which object, what is wrong, and what would be right."""

    object: KubernetesObject
    path: Path
    message: str
    fix: str = ""


Hints: TypeAlias = Iterator[Hint]


@attrs.frozen
class Check:
    """A registered check.

    Attributes:
        code: Its code.
        severity: That of its findings.
        summary: What it finds, for the documentation.
        run: The function.
    """

    code: str
    severity: Severity
    summary: str
    run: Callable[[Given], Hints]

    def findings(self, given: Given) -> Iterator[Finding]:
        """What the check finds."""
        for hint in self.run(given):
            yield Finding(
                self.code,
                self.severity,
                hint.object.subject,
                str(hint.path),
                hint.message,
                hint.fix,
                hint.object,
            )


CHECKS: Final[dict[str, Check]] = {}


def check(code: str, severity: Severity) -> Callable[[Callable[[Given], Hints]], Callable[[Given], Hints]]:
    """Register a function as a check; the first line of its docstring says what it finds."""

    def register(function: Callable[[Given], Hints]) -> Callable[[Given], Hints]:
        if code in CHECKS:
            raise ValueError(f"{code} is taken by {CHECKS[code].run.__name__}")
        summary = (function.__doc__ or "").strip().partition("\n")[0]
        CHECKS[code] = Check(code, severity, summary, function)
        return function

    return register
