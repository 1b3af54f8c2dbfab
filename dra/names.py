"""What Kubernetes asks of labels, domains, resources and the names made of them.

A fault is one message in Kubernetes' words. Its packages say the same of the same names, but for the unit: it
is always bytes that are counted, and some call them characters. Validation and CEL's `format` build on this.
"""

from __future__ import annotations

import re
from typing import Final

__all__ = [
    "SUBDOMAIN",
    "byte_length",
    "described",
    "is_extended_resource",
    "is_native_resource",
    "label_faults",
    "label_key_faults",
    "label_value_faults",
    "slug",
    "subdomain_faults",
]

_LABEL: Final = "[a-z0-9]([-a-z0-9]*[a-z0-9])?"
SUBDOMAIN: Final = rf"{_LABEL}(\.{_LABEL})*"
"""The pattern of a DNS subdomain in lower case."""
_NAME: Final = "([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]"

_OF_QUOTAS: Final = "requests."

_label = re.compile(_LABEL)
_subdomain = re.compile(SUBDOMAIN)
_name = re.compile(_NAME)

_ALPHANUMERIC: Final = "and must start and end with an alphanumeric character"
_NAME_TEXT: Final = f"must consist of alphanumeric characters, '-', '_' or '.', {_ALPHANUMERIC}"
_NAME_EXAMPLES: Final = ("MyName", "my.name", "123-abc")


def byte_length(text: str) -> int:
    """How many bytes a text has in UTF-8, which is what Kubernetes counts."""
    return len(text) if text.isascii() else len(text.encode("utf-8", "surrogatepass"))


def described(rule: str, pattern: str, *examples: str) -> str:
    """A rule as Kubernetes tells it: with examples and the pattern."""
    shown = " or ".join(f"'{example}', " for example in examples).removesuffix(", ")
    return f"{rule} (e.g. {shown}, regex used for validation is '{pattern}')"


def subdomain_faults(text: str, unit: str) -> tuple[str, ...]:
    """What is wrong with a DNS subdomain (RFC 1123); `unit` is the word for what is counted."""
    faults = []
    if byte_length(text) > 253:
        faults.append(f"must be no more than 253 {unit}")
    if not _subdomain.fullmatch(text):
        rule = "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.'"
        faults.append(described(f"{rule}, {_ALPHANUMERIC}", SUBDOMAIN, "example.com"))
    return tuple(faults)


def label_faults(text: str, unit: str) -> tuple[str, ...]:
    """What is wrong with a DNS label (RFC 1123)."""
    faults = []
    if byte_length(text) > 63:
        faults.append(f"must be no more than 63 {unit}")
    if not _label.fullmatch(text):
        if _subdomain.fullmatch(text):
            faults.append("must not contain dots")
        else:
            rule = "a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-'"
            faults.append(described(f"{rule}, {_ALPHANUMERIC}", _LABEL, "my-name", "123-abc"))
    return tuple(faults)


def label_key_faults(text: str, noun: str, unit: str) -> tuple[str, ...]:
    """What is wrong with a name after an optional domain; `noun` is what it is called."""
    prefix, slash, name = text.rpartition("/")
    if "/" in prefix:
        rule = described(f"{noun} {_NAME_TEXT}", _NAME, *_NAME_EXAMPLES)
        return (f"{rule} with an optional DNS subdomain prefix and '/' (e.g. 'example.com/MyName')",)
    faults = []
    if slash and not prefix:
        faults.append("prefix part must be non-empty")
    elif slash:
        faults += [f"prefix part {fault}" for fault in subdomain_faults(prefix, unit)]
    if not name:
        faults.append("name part must be non-empty")
    elif byte_length(name) > 63:
        faults.append(f"name part must be no more than 63 {unit}")
    if not _name.fullmatch(name):
        faults.append("name part " + described(_NAME_TEXT, _NAME, *_NAME_EXAMPLES))
    return tuple(faults)


def label_value_faults(text: str, unit: str) -> tuple[str, ...]:
    """What is wrong with the value of a label, which may be empty."""
    faults = []
    if byte_length(text) > 63:
        faults.append(f"must be no more than 63 {unit}")
    if text and not _name.fullmatch(text):
        rule = f"a valid label must be an empty string or {_NAME_TEXT.removeprefix('must ')}"
        faults.append(described(rule, f"({_NAME})?", "MyValue", "my_value", "12345"))
    return tuple(faults)


def is_native_resource(name: str) -> bool:
    """Whether a resource of containers is Kubernetes' own (`IsNativeResource`), as what has no domain is."""
    return "/" not in name or "kubernetes.io/" in name


def is_extended_resource(name: str) -> bool:
    """Whether a resource is one that a device plugin or a device class may offer (`IsExtendedResourceName`).

    Example:
        >>> [is_extended_resource(name) for name in ("cpu", "hugepages-2Mi", "kubernetes.io/batch-cpu")]
        [False, False, False]
        >>> is_extended_resource("nvidia.com/gpu")
        True
        >>> is_extended_resource("requests.nvidia.com/gpu")  # the name of a quota
        False
    """
    if is_native_resource(name) or name.startswith(_OF_QUOTAS):
        return False
    return not label_key_faults(_OF_QUOTAS + name, "name", "bytes")


def slug(text: str) -> str:
    """A text as part of a name: lower case letters and digits, a dash for what stands between.

    Example:
        >>> slug("MIG 1g.5gb+me")
        'mig-1g-5gb-me'
    """
    return re.sub(r"[^a-z0-9]+", "-", text.lower()).strip("-")
