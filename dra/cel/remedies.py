"""What would be right in place of the usual mistakes in selectors, beside what cel-go says of them."""

from __future__ import annotations

import re
from collections.abc import Callable
from re import Match
from typing import Final

from dra.suggestions import did_you_mean

__all__ = ["remedy_for"]

_TURNED: Final = {"<": ">", "<=": ">=", ">": "<", ">=": "<="}
_OF_CEL: Final = ("compilation failed: ", "must evaluate to bool")
_FIELDS: Final = ("driver", "attributes", "capacity", "allowMultipleAllocations")
_NAMES: Final = ("device", "true", "false", "null", "quantity")
_DOMAIN: Final = 'device.attributes["gpu.nvidia.com"]'
_TEXT: Final = r"\"[^\"]{0,200}\"|'[^']{0,200}'"
_LITERAL: Final = rf"{_TEXT}|[\d.]{{1,30}}"
_ACCESS: Final = re.compile(rf"device\.(attributes|capacity)(?:\.(\w+)|\[({_TEXT})\])(?!\s*[.\[])")


def remedy_for(message: str, expression: str) -> str:
    """What would make an expression right, as far as its mistake is a usual one; else an empty text.

    Args:
        message: What is wrong with it, in cel-go's words, whatever is before them.
        expression: The expression.

    Example:
        >>> remedy_for("must evaluate to bool or the unknown type, not kubernetes.Quantity", "quantity('1')")
        'compare it with something, such as .compareTo(quantity("10Gi")) >= 0'
    """
    if not any(words in message for words in _OF_CEL):
        return ""
    for pattern, remedy in _REMEDIES:
        found = pattern.search(message)
        text = remedy(found, expression) if found is not None else ""
        if text:
            return text
    return ""


def _quantities(found: Match[str], expression: str) -> str:
    """A quantity is compared with something by an operator."""
    operator, *sides = found.groups()
    if "kubernetes.Quantity" not in sides or any(side.startswith("map(") for side in sides):
        return ""
    literal = re.search(rf"{operator} ?(?:quantity\()?({_LITERAL})|({_LITERAL}) ?{operator}", expression)
    amount = (literal[1] or literal[2]).strip("\"'") if literal is not None else "10Gi"
    if operator not in _TURNED:
        return f'write {operator} quantity("{amount}")'
    turned = operator if sides[0] == "kubernetes.Quantity" else _TURNED[operator]
    return f'quantities have no {operator}: write .compareTo(quantity("{amount}")) {turned} 0'


def _versions(found: Match[str], expression: str) -> str:
    """Versions are compared by an operator."""
    del expression
    operator, *sides = found.groups()
    if sides != ["kubernetes.Semver", "kubernetes.Semver"] or operator not in _TURNED:
        return ""
    return f'versions have no {operator}: write .compareTo(semver("1.2.3")) {operator} 0'


def _argument(found: Match[str], expression: str) -> str:
    """A method of quantities or versions is given a text."""
    method, of = found.groups()
    literal = re.search(rf"{method}\(\s*({_TEXT})", expression)
    text = literal[1].strip("\"'") if literal is not None else ""
    if of == "any":  # an attribute, which can be a version and never a quantity
        of = "kubernetes.Semver" if re.fullmatch(r"\d+\.\d+\.\d+\S*", text) else ""
    function = {"kubernetes.Quantity": "quantity", "kubernetes.Semver": "semver"}.get(of)
    return f'write {method}({function}("{text}"))' if function else ""


def _field(found: Match[str], expression: str) -> str:
    """The device has no such field."""
    name = found[1]
    if f"device.{name}" not in expression or name in _FIELDS:  # which a minor may not have yet
        return ""
    where = f'write {_DOMAIN}.{name}, or device.capacity["gpu.nvidia.com"].{name}'
    return did_you_mean(name, _FIELDS) or where


def _domain(found: Match[str], expression: str) -> str:
    """All attributes or capacities of a domain are taken for one."""
    del found
    access = _ACCESS.search(expression)
    if access is None:
        return ""
    kind, name = access[1], access[2] or access[3].strip("\"'")
    domain, _, identifier = name.rpartition("/")
    if not domain and "." in name:
        return f'"{name}" is a domain: name one of its, as device.{kind}["{name}"].NAME'
    written = f'device.{kind}["{domain or "gpu.nvidia.com"}"].{identifier}'
    return f'"{name}" is taken for the domain: write {written}' + ("" if domain else ", with its domain")


def _name(found: Match[str], expression: str) -> str:
    """A name that nothing has."""
    del expression
    name = found[1]
    return did_you_mean(name, _NAMES, f"the one variable is device: write {_DOMAIN}.{name}")


def _word(found: Match[str], expression: str) -> str:
    """A word of other languages in place of an operator."""
    if re.search(r"<>", expression) and found[1] == ">":
        return "write != for not equal"
    word = found[1].lower()
    if word in ("and", "or"):
        return f"write {'&&' if word == 'and' else '||'} for {word}"
    return "write ! for not" if re.search(rf"\bnot +{re.escape(word)}", expression.lower()) else ""


def _always(text: str) -> Callable[[Match[str], str], str]:
    return lambda found, expression: text  # noqa: ARG005 - as the others


_OVERLOAD: Final = re.compile(r"no matching overload for '_(\S+)_' applied to '\((.+), (.+)\)'")
_REMEDIES: Final[tuple[tuple[re.Pattern[str], Callable[[Match[str], str], str]], ...]] = (
    (re.compile(r"token recognition error at: '=."), _always("write == to compare")),
    (re.compile(r"token recognition error at: '&."), _always("write && for and")),
    (re.compile(r"token recognition error at: '\|."), _always("write || for or")),
    (re.compile(r"(?:mismatched|extraneous) input '([^']+)' expecting"), _word),
    (_OVERLOAD, _quantities),
    (_OVERLOAD, _versions),
    (re.compile(r"no matching overload for '(\w+)' applied to '(.+)\.\(string\)'"), _argument),
    (re.compile(r"undefined field '(\w+)'"), _field),
    (re.compile(r"undeclared reference to '(\w+)'"), _name),
    (re.compile(r"map\(string, (any|dyn|google\.protobuf\.Any|kubernetes\.Quantity)\)"), _domain),
    (
        re.compile(r"(?:must evaluate to bool.*not|but found) '?kubernetes\.Quantity"),
        _always('compare it with something, such as .compareTo(quantity("10Gi")) >= 0'),
    ),
)
