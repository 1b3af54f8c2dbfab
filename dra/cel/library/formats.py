"""The formats that Kubernetes names: `format.dns1123Label().validate(text)`, `format.named("uuid")`.

`validate` gives nothing for a good text and a list of what is wrong with a bad one.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Sequence
from datetime import date
from typing import Final, TypeAlias

import attrs

from dra.cel.declarations import (
    REGEX_LENGTH,
    STRING_TRAVERSAL,
    Arguments,
    Cost,
    Estimate,
    Function,
    Library,
    Range,
    member,
    overload,
)
from dra.cel.types import STRING, list_of, optional_of, struct
from dra.cel.url import request_uri_error
from dra.cel.values import NONE, Optional, Value, equal_to_its_own, register, size_of
from dra.names import (
    byte_length,
    described,
    label_faults,
    label_key_faults,
    label_value_faults,
    subdomain_faults,
)

__all__ = ["FORMAT", "LIBRARY", "NamedFormat"]

FORMAT: Final = struct("kubernetes.NamedFormat")

_LONGEST_PATTERN: Final = 128
_LONGEST_NAME: Final = 64

Faults: TypeAlias = tuple[str, ...]


@attrs.frozen
class NamedFormat:
    """A format that texts can have; equal to another of the same name.

    Attributes:
        name: As in Kubernetes.
        faults: What is wrong with a text.
        pattern_length: Length of the regular expression that checks it, which costs depend on.
    """

    name: str
    faults: Callable[[str], Faults] = attrs.field(eq=False)
    pattern_length: int = attrs.field(eq=False)


# Names of things in Kubernetes

_OLD_LABEL: Final = "[a-z]([-a-z0-9]*[a-z0-9])?"


def _label(text: str) -> Faults:
    return label_faults(text, "characters")


def _old_label(text: str) -> Faults:
    faults = ("must be no more than 63 characters",) if byte_length(text) > 63 else ()
    if re.fullmatch(_OLD_LABEL, text):
        return faults
    rule = (
        "a DNS-1035 label must consist of lower case alphanumeric characters or '-', start with an "
        "alphabetic character, and end with an alphanumeric character"
    )
    return (*faults, described(rule, _OLD_LABEL, "my-name", "abc-123"))


def _subdomain(text: str) -> Faults:
    return subdomain_faults(text, "characters")


def _as_prefix(check: Callable[[str], Faults]) -> Callable[[str], Faults]:
    """The check of a text to which something will be appended: it may end in a dash."""

    def faults(text: str) -> Faults:
        # Upstream replaces the last two characters, so the one before the dash is not looked at.
        return check(f"{text[:-2]}a" if len(text) > 1 and text.endswith("-") else text)

    return faults


def _qualified_name(text: str) -> Faults:
    return label_key_faults(text, "a valid label key", "bytes")


def _label_value(text: str) -> Faults:
    return label_value_faults(text, "bytes")


# Formats of OpenAPI

_UUID: Final = re.compile("[0-9a-f]{8}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{12}", re.IGNORECASE)
_BASE64: Final = re.compile("(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=|[A-Za-z0-9+/]{4})")
_DATE: Final = re.compile("([0-9]{4})-([0-9]{2})-([0-9]{2})")
_TIME: Final = re.compile("([0-9]{2}):([0-9]{2}):([0-9]{2})(.[0-9]+)?(z|([+-][0-9]{2}:[0-9]{2}))")
_TIME_PATTERN_LENGTH: Final = len(_TIME.pattern) + 2  # upstream's has anchors; likewise the others
_BASE64_PATTERN_LENGTH: Final = 84
_URL_PATTERN_LENGTH: Final = 1103


def _is_date(text: str) -> bool:
    found = _DATE.fullmatch(text)
    if not found:
        return False
    year, month, day = map(int, found.groups())
    try:
        date(year or 400, month, day)  # the year 0 is a leap year too
    except ValueError:
        return False
    return True


def _is_datetime(text: str) -> bool:
    parts = text.lower().split("t")
    if len(parts) < 2 or not _is_date(parts[0]):
        return False
    clock = _TIME.fullmatch(parts[1])
    return clock is not None and clock[1] <= "23" and clock[2] <= "59" and clock[3] <= "59"


def _either(good: Callable[[str], object], fault: str) -> Callable[[str], Faults]:
    return lambda text: () if good(text) else (fault,)


def _uri(text: str) -> Faults:
    wrong = request_uri_error(text)
    return (wrong,) if wrong else ()


_FORMATS: Final = {
    "dns1123Label": NamedFormat("DNS1123Label", _label, 30),
    "dns1123Subdomain": NamedFormat("DNS1123Subdomain", _subdomain, 60),
    "dns1035Label": NamedFormat("DNS1035Label", _old_label, 30),
    "qualifiedName": NamedFormat("QualifiedName", _qualified_name, 60),
    "dns1123LabelPrefix": NamedFormat("DNS1123LabelPrefix", _as_prefix(_label), 30),
    "dns1123SubdomainPrefix": NamedFormat("DNS1123SubdomainPrefix", _as_prefix(_subdomain), 60),
    "dns1035LabelPrefix": NamedFormat("DNS1035LabelPrefix", _as_prefix(_old_label), 30),
    "labelValue": NamedFormat("LabelValue", _label_value, 40),
    "uri": NamedFormat("URI", _uri, _URL_PATTERN_LENGTH),
    "uuid": NamedFormat(
        "uuid", _either(_UUID.fullmatch, "does not match the UUID format"), len(_UUID.pattern) + len("(?i)^$")
    ),
    "byte": NamedFormat("byte", _either(_BASE64.fullmatch, "invalid base64"), _BASE64_PATTERN_LENGTH),
    "date": NamedFormat("date", _either(_is_date, "invalid date"), _TIME_PATTERN_LENGTH),
    "datetime": NamedFormat("datetime", _either(_is_datetime, "invalid datetime"), _TIME_PATTERN_LENGTH),
}


def _named(name: str) -> Optional:
    return Optional(_FORMATS[name]) if name in _FORMATS else NONE


def _validate(format_: NamedFormat, text: str) -> Optional:
    faults = format_.faults(text)
    return Optional(faults) if faults else NONE


def _estimate(arguments: Arguments) -> Estimate:
    text = arguments.size(1).times(STRING_TRAVERSAL)
    return Estimate(text.times(_LONGEST_PATTERN * REGEX_LENGTH))


def _charge(values: Sequence[Value], _result: Value) -> int:
    if not isinstance(values[0], NamedFormat):
        return 1
    text = math.ceil((1 + size_of(values[1])) * STRING_TRAVERSAL)
    return text * math.ceil(values[0].pattern_length * REGEX_LENGTH)


register(NamedFormat, FORMAT, equality=equal_to_its_own)


def _constant(name: str, format_: NamedFormat) -> Function:
    return Function(f"format.{name}", overload(f"format.{name}", [], FORMAT, lambda: format_))


def _comparison(_arguments: Arguments) -> Estimate:
    return Estimate(Range(1, _LONGEST_NAME).times(STRING_TRAVERSAL))


LIBRARY: Final = Library(
    "format",
    since="1.31",
    equality={FORMAT: _comparison},
    functions=(
        Function("format.named", overload("format-named", [STRING], optional_of(FORMAT), _named)),
        Function(
            "validate",
            member(
                "format-validate",
                [FORMAT, STRING],
                optional_of(list_of(STRING)),
                _validate,
                Cost(_estimate, _charge),
            ),
        ),
        *(_constant(name, format_) for name, format_ in _FORMATS.items()),
    ),
)
