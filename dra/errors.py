"""Every exception the library raises, as one tree under `DraError`.

An error says where (file, line, object, field path), what (the value found, the message) and, where
possible, what to do about it. The parts are attributes, so programs need not parse the text.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from typing_extensions import Self

__all__ = [
    "AllocationError",
    "AlreadyExistsError",
    "ApiError",
    "ApplyError",
    "ArgumentError",
    "BuildError",
    "CompileError",
    "ConfigError",
    "ConflictError",
    "ConversionError",
    "DecodeError",
    "DeletedError",
    "DraError",
    "DriverError",
    "EvaluationError",
    "ExpiredError",
    "ExpressionError",
    "ForbiddenError",
    "InvalidError",
    "InvalidPoolError",
    "LoadError",
    "NotFoundError",
    "NotServedError",
    "QuantityError",
    "SearchBudgetExceeded",
    "TooManyRequestsError",
    "UnauthorizedError",
    "UnavailableError",
    "UnknownNameError",
    "UnknownVersionError",
    "UnreachableError",
    "WaitTimeoutError",
]


class DraError(Exception):
    """Base of everything the library raises on purpose.

    Args:
        message: What is wrong, one sentence without the place.
        path: Field path in Kubernetes' form, such as `spec.devices.requests[0].exactly.count`.
        value: The offending value, if there is one.
        remedy: What would make it right.
        source: File name, URL or `<stdin>` that the input came from.
        line: 1-based line in `source`, 0 if unknown.
        column: 1-based column in `source`, 0 if unknown.
        subject: The object concerned, such as `ResourceClaim default/train`.

    Example:
        >>> error = DraError("must be greater than zero", path="spec.count", source="a.yaml", line=3)
        >>> print(error)
        a.yaml:3: spec.count: must be greater than zero
    """

    path: str = ""
    value: object = None
    remedy: str = ""
    source: str = ""
    line: int = 0
    column: int = 0
    subject: str = ""

    def __init__(
        self,
        message: str,
        *,
        path: str = "",
        value: object = None,
        remedy: str = "",
        source: str = "",
        line: int = 0,
        column: int = 0,
        subject: str = "",
    ) -> None:
        # Selectors raise very many of these: what is empty is not set.
        self.args = (message,)
        self.message = message
        if path:
            self.path = path
        if value is not None:
            self.value = value
        if remedy:
            self.remedy = remedy
        if source:
            self.source = source
        if line or column:
            self.line, self.column = line, column
        if subject:
            self.subject = subject

    def located(
        self,
        *,
        source: str = "",
        line: int = 0,
        column: int = 0,
        subject: str = "",
        path_prefix: str = "",
    ) -> Self:
        """Fill in the place where it is still unknown, and return the same error.

        The code that finds a fault rarely knows which file it came from; its callers do. What is
        already set is kept, so each caller adds only what it alone knows.

        Args:
            source: As in the constructor.
            line: As in the constructor.
            column: As in the constructor.
            subject: As in the constructor.
            path_prefix: Path of the field that the error's own path is relative to.
        """
        if not self.source:
            self.source = source
        if not self.line:
            self.line, self.column = line, column
        self.subject = self.subject or subject
        if path_prefix:
            separator = "." if self.path and not self.path.startswith("[") else ""
            self.path = f"{path_prefix}{separator}{self.path}"
        return self

    def __str__(self) -> str:
        place = self.source
        if self.line:
            place += f":{self.line}" if place else f"line {self.line}"
            if self.column:
                place += f":{self.column}"
        text = ": ".join(part for part in (place, self.subject, self.path, self.message) if part)
        return f"{text}\n  {self.remedy}" if self.remedy else text

    def __reduce__(self) -> tuple[Any, ...]:
        return _rebuild, (type(self), self.args, self.__dict__)


def _rebuild(kind: type[DraError], args: tuple[Any, ...], state: dict[str, Any]) -> DraError:
    """Make an error again from its state, whatever the signature of its class (for pickle)."""
    error = kind.__new__(kind, *args)
    error.args = args
    error.__dict__.update(state)
    return error


class QuantityError(DraError, ValueError):
    """A text that is not a Kubernetes quantity, or a value outside what one can hold."""


class LoadError(DraError):
    """A source that cannot be read: no such file, broken YAML or JSON, not text, too large."""


class ArgumentError(LoadError, ValueError):
    """What a function was given makes no sense, whatever the cluster: -1 steps, a NaN, a text for a list."""


class DecodeError(DraError):
    """A document that does not have the shape of its kind: wrong type, unknown field, no kind."""


class ConversionError(DraError):
    """An object that the target API version cannot express.

    Attributes:
        fields: The paths of the fields that would be lost.
    """

    def __init__(self, message: str, *, fields: Sequence[str] = (), **place: Any) -> None:
        super().__init__(message, **place)
        self.fields = tuple(fields)


class UnknownVersionError(DraError, ValueError):
    """A Kubernetes minor or an API version that the library does not know."""


class CompileError(DraError):
    """A CEL expression that does not compile. The message is cel-go's, with the lines and carets.

    Attributes:
        issues: What is wrong, each with `.message`, `.line` and `.column` (`dra.cel.Issue`).
    """

    def __init__(self, message: str, *, issues: Sequence[Any] = (), **place: Any) -> None:
        super().__init__(message, **place)
        self.issues = tuple(issues)


class EvaluationError(DraError):
    """A CEL expression that ends in an error for a given device, as CEL's own semantics define.

    Attributes:
        cost: What the evaluation had cost until then, in CEL's cost units; 0 where it was not counted.
    """

    cost: int = 0

    def __init__(self, message: str, *, cost: int = 0, value: object = None) -> None:
        # Raised for very many devices: no more than is needed. `args` is the message already.
        self.message = message
        self.value = value
        if cost:
            self.cost = cost


class ExpressionError(DraError, TypeError):
    """A selector expression in Python that means nothing: a value of another type, `and` in place of `&`."""


class AllocationError(DraError):
    """Input that makes an allocation attempt meaningless, fatal for the whole pod."""


class InvalidPoolError(AllocationError):
    """Nothing fits, and a pool that is visible on the node is invalid; other nodes may still do."""


class SearchBudgetExceeded(AllocationError):  # noqa: N818 - the name is public and fixed
    """The search for devices gave up within its budget without an answer."""


class BuildError(DraError, ValueError):
    """A builder that was used wrongly, or whose object the API server would refuse.

    Attributes:
        errors: What the API server would refuse (`dra.FieldError`).
        findings: What lint finds on the given slices that cannot work (`dra.Finding`).
    """

    def __init__(
        self, message: str, *, errors: Sequence[Any] = (), findings: Sequence[Any] = (), **place: Any
    ) -> None:
        super().__init__(message, **place)
        self.errors = tuple(errors)
        self.findings = tuple(findings)


class DriverError(DraError, ValueError):
    """What a driver would not publish or not accept: a wrong value, gates that exclude each other."""


class UnknownNameError(DriverError, LookupError, AttributeError):
    """A driver, attribute, capacity, profile or machine that does not exist; the remedy has the nearest.

    An AttributeError as well, since drivers can be asked with a dot: `nvidia.gpu.memory`.
    """


class ConfigError(DraError):
    """A cluster that cannot be connected to for want of a kubeconfig, a context, or the official client."""


class ApiError(DraError):
    """A request that the API server refused, or that did not reach it.

    Attributes:
        status: The HTTP status; 0 where there was no answer.
        reason: The server's reason, such as `NotFound`.
        verb: What was asked for, in the words of RBAC: `get`, `list`, `watch`, `create`, `patch`, `delete`.
        resource: What it was asked of, such as `resourceslices.resource.k8s.io`.
        retry_after: How many seconds the server asks to wait; None if it does not say.
    """

    status: int = 0
    reason: str = ""
    verb: str = ""
    resource: str = ""
    retry_after: float | None = None

    def __init__(
        self,
        message: str,
        *,
        status: int = 0,
        reason: str = "",
        verb: str = "",
        resource: str = "",
        retry_after: float | None = None,
        **place: Any,
    ) -> None:
        super().__init__(message, **place)
        self.status = status
        self.reason = reason
        self.verb = verb
        self.resource = resource
        self.retry_after = retry_after


class UnauthorizedError(ApiError):
    """The server does not know who asks: credentials are missing, wrong or expired (401)."""


class ForbiddenError(ApiError):
    """Whoever asks may not do this (403): a right is missing, or admission refuses."""


class NotFoundError(ApiError):
    """There is no such object (404)."""


class NotServedError(NotFoundError):
    """The server has no such kind, in no version that the library knows."""


class ConflictError(ApiError):
    """Somebody else changed the object meanwhile, or owns the fields that are applied (409)."""


class AlreadyExistsError(ConflictError):
    """An object of that name is there already (409)."""


class InvalidError(ApiError):
    """The server finds faults in an object (422).

    Attributes:
        errors: The server's causes (`dra.FieldError`); the field of each is in `.field`.
    """

    def __init__(self, message: str, *, errors: Sequence[Any] = (), **about: Any) -> None:
        super().__init__(message, **about)
        self.errors = tuple(errors)


class ExpiredError(ApiError):
    """The server does not remember a resource version, or the rest of a list, any more (410)."""


class TooManyRequestsError(ApiError):
    """The server has too much to do, and went on saying so (429)."""


class UnavailableError(ApiError):
    """The server has a fault of its own, and went on having it (5xx)."""


class UnreachableError(ApiError):
    """No answer: the server cannot be reached, or the connection broke.

    Attributes:
        sent: Whether the server may have received the request all the same.
    """

    def __init__(self, message: str, *, sent: bool = True, **about: Any) -> None:
        super().__init__(message, **about)
        self.sent = sent


class DeletedError(ApiError):
    """An object was deleted while somebody waited for it."""


class WaitTimeoutError(ApiError, TimeoutError):
    """What was waited for did not happen in time.

    Attributes:
        progress: What was last known to stand in the way (`dra.client.Progress`), None if nothing was.
    """

    def __init__(self, message: str, *, progress: object = None, **about: Any) -> None:
        super().__init__(message, **about)
        self.progress = progress


class ApplyError(DraError):
    """Applying or deleting several objects stopped half-way; the error that stopped it is the cause.

    Attributes:
        done: The objects that were applied or deleted, as the server gave them back.
        failed: The object that was refused.
        left: Those after it, which were not tried.
        error: What the server said about `failed`.
    """

    def __init__(
        self,
        message: str,
        *,
        done: Sequence[Any] = (),
        failed: object = None,
        left: Sequence[Any] = (),
        error: DraError | None = None,
        **place: Any,
    ) -> None:
        super().__init__(message, **place)
        self.done = tuple(done)
        self.failed = failed
        self.left = tuple(left)
        self.error = error
