"""What a builder makes, checked: the API server's rules, dropped fields, drivers, lint on given slices."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import TypeVar

from dra import drivers
from dra.claims.declared import known_class
from dra.claims.wants import required
from dra.errors import BuildError, DriverError
from dra.features import Features
from dra.linting.finding import Finding, Severity
from dra.linting.linter import lint
from dra.models.meta import KubernetesObject
from dra.models.resource import DeviceClass, ResourceClaim, ResourceClaimTemplate, ResourceSlice
from dra.validation.field_error import ErrorType, FieldError
from dra.validation.gates import disabled_fields
from dra.validation.scope import Scope
from dra.validation.validator import validate

__all__ = ["Gates", "accepted", "check", "findings"]

_O = TypeVar("_O", ResourceClaim, ResourceClaimTemplate, DeviceClass)
_K = TypeVar("_K", bound=KubernetesObject)
Gates = Mapping[str, Collection[str]]


def accepted(obj: _K, kubernetes: str, features: Features | None) -> _K:
    """The object, if the API server takes all of it.

    Raises:
        BuildError: The API server would refuse it or drop a field.
        UnknownVersionError: The minor is unknown.
    """
    errors = _dropped(obj, kubernetes, features) or validate(obj, kubernetes, features)
    if errors:
        raise _refused(obj, errors, f"Kubernetes {kubernetes} would refuse it")
    return obj


def check(
    obj: _O,
    kubernetes: str,
    features: Features | None,
    slices: Iterable[ResourceSlice | DeviceClass] | None,
    gates: Gates | None,
) -> _O:
    """The object, if the API server takes all of it and the drivers have nothing against it.

    Raises:
        BuildError: The API server would refuse it or drop a field, or it cannot work on the given slices.
        DriverError: A driver with these gates would refuse its configuration.
        UnknownVersionError: The minor is unknown.
    """
    accepted(obj, kubernetes, features)
    for problem in drivers.check_configs(obj, gates) if gates is not None else ():
        raise DriverError(
            f"{problem.driver} refuses it: {problem.message}", path=problem.field, subject=obj.subject
        )
    if slices is not None:
        wrong = [
            each for each in findings(obj, kubernetes, features, slices) if each.severity is Severity.ERROR
        ]
        if wrong:
            text = "".join(f"\n  {each}" for each in wrong)
            raise BuildError(
                f"it cannot work on the given slices:{text}", subject=obj.subject, findings=wrong
            )
    return obj


def findings(
    obj: _O,
    kubernetes: str,
    features: Features | None,
    slices: Iterable[ResourceSlice | DeviceClass] | None,
) -> list[Finding]:
    """What lint finds in the object, also on the given slices; classes that drivers bring are known to it."""
    given: list[KubernetesObject] = list(required(slices or (), Iterable, "slices"))
    have = {each.metadata.name for each in given if isinstance(each, DeviceClass)}
    if given:
        given += [each for each in _classes(obj) if each.metadata.name not in have]
    return lint([obj], kubernetes, given, features)


def _classes(obj: KubernetesObject) -> list[DeviceClass]:
    """The classes of known drivers that a claim names."""
    if isinstance(obj, ResourceClaim):
        spec = obj.spec
    elif isinstance(obj, ResourceClaimTemplate):
        spec = obj.spec.spec
    else:
        return []
    wanted = [
        each
        for request in spec.devices.requests or ()
        for each in (request.exactly, *(request.first_available or ()))
        if each is not None
    ]
    known = {each.device_class_name: known_class(each.device_class_name) for each in wanted}
    return [each[1].build() for each in known.values() if each]


def _dropped(obj: KubernetesObject, kubernetes: str, features: Features | None) -> list[FieldError]:
    """Fields that the server would take away silently, so that the claim would mean something else."""
    scope = Scope.of(kubernetes, features)
    return [
        FieldError(
            ErrorType.FORBIDDEN,
            str(at),
            None,
            f"Kubernetes {scope.kubernetes} drops this field unless {' and '.join(gated.gates)} is on"
            " (say so by features=, or by --feature-gates on the command line)",
        )
        for gated, at in disabled_fields(obj, scope)
    ]


def _refused(obj: KubernetesObject, errors: Sequence[FieldError], message: str) -> BuildError:
    if len(errors) == 1:
        only = errors[0]
        return BuildError(only.message, path=only.field, value=only.value, subject=obj.subject, errors=errors)
    text = "".join(f"\n  {each}" for each in errors)
    return BuildError(f"{message}:{text}", subject=obj.subject, errors=errors)
