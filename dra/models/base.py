"""`Model`: what every object and part of an object on the wire has in common.

Attributes are snake_case here and camelCase on the wire. A field the model does not know is kept and written
back, unless `strict` refuses it. Fields that the API requires have Go's zero value while absent, so that an
incomplete object can be loaded, edited and validated; everything optional is None while absent.
"""

from __future__ import annotations

import functools
import math
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, ClassVar, Final

from pydantic import BaseModel, ConfigDict, ValidationError
from pydantic.fields import FieldInfo
from typing_extensions import Self

from dra.errors import DecodeError, DraError
from dra.models import text
from dra.models.faults import decode_error, found, names_field
from dra.quantity import Quantity
from dra.suggestions import did_you_mean

__all__ = ["Model", "fields", "wire_name"]

# A value no field can have: such a field is always written.
_ALWAYS: Final = object()

# What Kubernetes writes otherwise than with a capital. It is in the rule and no alias of the fields, since
# type checkers hold that a field with an alias has no other name.
_WRITTEN: Final = {"id": "ID", "api": "API", "ipv4": "IPv4"}


def wire_name(attribute: str) -> str:
    """The JSON name of a Python attribute, where it follows from the rule.

    Example:
        >>> wire_name("device_class_name"), wire_name("share_id"), wire_name("int_")
        ('deviceClassName', 'shareID', 'int')
    """
    first, *rest = attribute.rstrip("_").split("_")
    return first + "".join(_WRITTEN.get(word) or word.capitalize() for word in rest)


def fields(names: str) -> frozenset[str]:
    """Wire names from a text with spaces between them, for `Model.rides_along`."""
    return frozenset(names.split())


if TYPE_CHECKING:  # type checkers know the constructors of a BaseModel, and check them themselves

    class _Constructed(BaseModel):
        pass

else:

    class _Refusal(type(BaseModel)):
        """Refuses a wrong keyword of a constructor as `from_dict(strict=True)` refuses a wrong field.

        A class of classes, since an `__init__` would be called for every part of everything that is read.
        """

        def __call__(cls, *args, **keywords):
            try:
                model = super().__call__(*args, **keywords)
            except ValidationError as error:
                raise decode_error(cls, error.errors(include_url=False)) from None
            if model.__pydantic_extra__:
                for fault in _unknown_here(model, ""):
                    raise fault
            return model

    class _Constructed(BaseModel, metaclass=_Refusal):
        """A BaseModel whose constructor raises errors of ours."""


class Model(_Constructed):
    """Base of every model; see the module for what it promises.

    Attributes:
        rides_along: Wire names of fields that Kubernetes has and the model does not spell out. They are
            kept like unknown ones, and `strict` does not refuse them.
        always_written: Attributes that the wire form has even when nobody set them.
        is_open: Whether it may have any fields besides those spelt out, so that none is unknown.
    """

    model_config = ConfigDict(
        alias_generator=wire_name,
        validate_by_name=True,
        validate_by_alias=True,
        extra="allow",
        protected_namespaces=(),
        defer_build=True,
    )

    rides_along: ClassVar[frozenset[str]] = frozenset()
    always_written: ClassVar[frozenset[str]] = frozenset()
    is_open: ClassVar[bool] = False

    @classmethod
    def from_dict(cls, data: Mapping[str, Any], strict: bool = False) -> Self:
        """Read the wire form.

        Args:
            data: The JSON object, camelCase keys. It is not changed.
            strict: Refuse fields that Kubernetes does not have.

        Raises:
            DecodeError: A value has the wrong type, or `strict` and there is an unknown field. Its path
                and value say which.
        """
        if not isinstance(data, Mapping):
            raise DecodeError(f"expected an object, found {found(data)}", value=data)
        try:
            model = cls._decode(data if type(data) is dict else dict(data))
        except RecursionError:
            raise DecodeError("nested too deeply") from None
        if strict:
            for fault in _unknown_fields(model):
                raise fault
        return model

    @classmethod
    def _decode(cls, data: dict[str, Any]) -> Self:
        try:
            return cls.model_validate(data, by_alias=True, by_name=False)
        except ValidationError as error:
            faults = error.errors(include_url=False)
        # Go reads null as absent everywhere, so a null may stand where no model allows it.
        nulls = [
            fault["loc"] for fault in faults if fault["input"] is None and names_field(cls, fault["loc"])
        ]
        if nulls:
            pruned = functools.reduce(_without, nulls, data)
            try:
                return cls.model_validate(pruned, by_alias=True, by_name=False)
            except ValidationError as error:
                faults = error.errors(include_url=False)
        raise decode_error(cls, faults)

    def to_dict(self) -> dict[str, Any]:
        """The wire form, independent of this object: camelCase, without absent fields.

        What was written in the source is written again, empty lists and unknown fields included; a null is
        the same as absent and is left out.
        """
        try:
            return _dump(self)
        except RecursionError:
            raise DraError("nested too deeply") from None

    def clone(self) -> Self:
        """An independent copy, by way of the wire form."""
        return type(self).from_dict(self.to_dict())

    @classmethod
    def from_yaml(cls, source: str, strict: bool = False) -> Self:
        """Read one YAML (or JSON) document.

        Raises:
            LoadError: The text is not YAML, or not exactly one document.
            DecodeError: As `from_dict`, with the line of the fault.
        """
        data, document = text.single(source)
        try:
            return cls.from_dict(data, strict)
        except DraError as error:
            raise document.locate(error, cls.path_in(data, error.path)) from None

    @classmethod
    def path_in(cls, data: Any, path: str) -> str:  # noqa: ARG003 - kinds with versions need it
        """Where wire data has what this class has at a path."""
        return path

    def to_yaml(self) -> str:
        """The wire form as a YAML document."""
        return text.write_yaml([self.to_dict()])


@functools.cache
def _plan(cls: type[Model]) -> tuple[tuple[str, str, object], ...]:
    """For each field of a class: attribute, wire name, and the value that means absent."""
    return tuple(
        (name, field.alias or name, _ALWAYS if name in cls.always_written else _absent(field))
        for name, field in cls.model_fields.items()
    )


def _absent(field: FieldInfo) -> object:
    """The value that an attribute has while the wire has none."""
    return field.get_default(call_default_factory=True)


def _dump(model: Model) -> dict[str, Any]:
    values, given = model.__dict__, model.model_fields_set
    wire = {}
    for attribute, name, absent in _plan(type(model)):
        value = values.get(attribute)
        if value is not None and (attribute in given or value != absent):
            wire[name] = _plain(value)
    if model.__pydantic_extra__:
        for name, value in model.__pydantic_extra__.items():
            wire[name] = _plain(value)
    return wire


def _plain(value: object) -> object:
    """A value as JSON data that shares nothing with the model."""
    if isinstance(value, (str, int)) or value is None:
        return value
    if isinstance(value, float) and math.isfinite(value):
        return value
    if isinstance(value, Model):
        return _dump(value)
    if isinstance(value, Mapping):
        return {key: _plain(item) for key, item in value.items()}
    if isinstance(value, Quantity):
        return value.text
    if isinstance(value, Sequence) and not isinstance(value, bytes):
        return [_plain(item) for item in value]
    raise DraError(f"cannot write {found(value)} as JSON", value=value)


def _unknown_fields(model: Model, path: str = "") -> Iterator[DecodeError]:
    """The error of each unknown field of a model and below it."""
    yield from _unknown_here(model, path)
    for attribute, alias, _ in _plan(type(model)):
        value = model.__dict__.get(attribute)
        below = f"{path}.{alias}".lstrip(".")
        if isinstance(value, Model):
            yield from _unknown_fields(value, below)
        elif isinstance(value, list):
            for index, item in enumerate(value):
                if isinstance(item, Model):
                    yield from _unknown_fields(item, f"{below}[{index}]")
        elif isinstance(value, dict):
            for key, item in value.items():
                if isinstance(item, Model):
                    yield from _unknown_fields(item, f"{below}[{key}]")


def _unknown_here(model: Model, path: str) -> Iterator[DecodeError]:
    """As `_unknown_fields`, of the model alone."""
    cls = type(model)
    for name in model.__pydantic_extra__ or ():
        if name not in cls.rides_along and not cls.is_open:
            known = [alias for _, alias, _ in _plan(cls)] + sorted(cls.rides_along)
            where = f"{path}.{name}".lstrip(".")
            remedy = did_you_mean(name, known)
            yield DecodeError(f"unknown field {name!r}", path=where, value=name, remedy=remedy)


def _without(data: Any, location: tuple[int | str, ...]) -> Any:
    """A copy of JSON data without one value; only the containers on the way to it are copied."""
    step, *rest = location
    copy = data.copy()
    if rest:
        copy[step] = _without(data[step], tuple(rest))
    else:
        del copy[step]
    return copy
