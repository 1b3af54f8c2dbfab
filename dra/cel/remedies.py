"""What would be right in place of the usual mistakes in selectors, beside what cel-go says of them."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from re import Match
from typing import Any, Final, TypeAlias

import attrs

from dra.cel.lexer import RESERVED
from dra.cel.library.quantity import Amount
from dra.cel.library.semver import Semver
from dra.cel.values import Failure
from dra.suggestions import did_you_mean

__all__ = ["remedy_for"]

_TURNED: Final = {"<": ">", "<=": ">=", ">": "<", ">=": "<="}
_SUMS: Final = {"+": "add", "-": "sub"}
_OF_QUANTITIES: Final = ("isGreaterThan", "isLessThan", "compareTo", "add", "sub")
_OF_VERSIONS: Final = _OF_QUANTITIES[:3]
_VERSIONS: Final = (["kubernetes.Semver", "kubernetes.Semver"], ["any", "kubernetes.Semver"])
_FIELDS: Final = ("driver", "attributes", "capacity", "allowMultipleAllocations")
_NAMES: Final = ("device", "true", "false", "null")
_FUNCTIONS: Final = ("quantity", "semver", "isQuantity", "isSemver", "size")
_DOMAIN: Final = "gpu.nvidia.com"
_COMPARED: Final = ("quantity", "semver", "kubernetes.Quantity", "string", "int", "uint", "double")

# Of a text only as much is read as a remedy can show, so that none takes long.
_TEXT: Final = r"\"[^\"\\]{0,200}\"|'[^'\\]{0,200}'"
_LITERAL: Final = rf"(?:quantity\()?({_TEXT}|[\d.]{{1,30}})\)?"
_RIGHT: Final = re.compile(rf"\s*{_LITERAL}(?!\s*[-+*/%.\w])")
_LEFT: Final = re.compile(rf"(?<![-+*/%.\w\"']){_LITERAL}$")
_VERSION: Final = re.compile(rf"\s*\bsemver\(({_TEXT})\)(?!\s*\.)")
_ARGUMENT: Final = re.compile(rf"\(\s*({_TEXT})\s*\)")
_ACCESS: Final = re.compile(rf"device\.(attributes|capacity)(?:\.(\w+)\b|\[({_TEXT})\])(?!\s*[.\[(])")
_LONGEST: Final = 300
_ISSUE: Final = re.compile(r"^ERROR: <input>:(\d+):(\d+): (.*)", re.MULTILINE)


@attrs.frozen
class _Place:
    """Where the mistake is: what is written before it, and what from there on."""

    before: str
    after: str


_Remedy: TypeAlias = Callable[[Match[str], _Place], str]


def remedy_for(message: str, expression: str) -> str:
    """What would make an expression right, as far as its mistake is a usual one; else an empty text.

    Args:
        message: What is wrong with it, in cel-go's words, whatever is before them.
        expression: The expression.

    Example:
        >>> remedy_for("must evaluate to bool or the unknown type, not kubernetes.Quantity", "quantity('1')")
        'compare it with something, such as .compareTo(quantity("10Gi")) >= 0'
    """
    for words, place in _mistakes(message, expression):
        for pattern, remedy in _REMEDIES:
            found = pattern.match(words)
            text = remedy(found, place) if found is not None else ""
            if text:
                return text
    return ""


def _mistakes(message: str, expression: str) -> Iterator[tuple[str, _Place]]:
    """What is said of each mistake, without the lines that show it, and its place."""
    _, failed, issues = message.partition("compilation failed: ")
    if not failed:
        _, result, type_ = message.partition("must evaluate to bool")
        if result:
            yield result + type_, _Place(expression, "")
    lines = expression.split("\n")
    for issue in _ISSUE.finditer(issues):
        line, column = int(issue[1]), int(issue[2])
        at = sum(len(each) + 1 for each in lines[: line - 1]) + column - 1
        yield issue[3], _Place(expression[:at].rstrip(), expression[at:])


# Quantities and versions


def _quantities(found: Match[str], place: _Place) -> str:
    """A quantity is compared with something, or added to it, by an operator."""
    operator, left, right = found.groups()
    is_left = left == "kubernetes.Quantity"
    other = right if is_left else left
    if "kubernetes.Quantity" not in (left, right) or other not in _COMPARED:
        return ""
    after = place.after[len(operator) :]
    literal = _RIGHT.match(after) if is_left else _LEFT.search(place.before[-_LONGEST:])
    amount = _meant(Amount.parse, literal[1] if literal is not None else "", "10Gi")
    if operator in _TURNED:
        turned = operator if is_left else _TURNED[operator]
        return f'quantities have no {operator}: write .compareTo(quantity("{amount}")) {turned} 0'
    if operator in _SUMS and is_left:
        return f'quantities have no {operator}: write .{_SUMS[operator]}(quantity("{amount}"))'
    return f'write {operator} quantity("{amount}")' if operator in ("==", "!=") else ""


def _versions(found: Match[str], place: _Place) -> str:
    """A version is compared with another, or with an attribute, by an operator."""
    operator, *sides = found.groups()
    if sorted(sides) not in _VERSIONS or operator not in _TURNED:
        return ""
    right = _VERSION.match(place.after[len(operator) :])
    left = _VERSION.search(place.before[-_LONGEST:]) if right is None else None
    literal = right or left
    version = _meant(Semver.parse, literal[1] if literal is not None else "", "1.2.3")
    turned = operator if left is None else _TURNED[operator]
    return f'versions have no {operator}: write .compareTo(semver("{version}")) {turned} 0'


def _argument(found: Match[str], place: _Place) -> str:
    """A method of quantities or versions is given a text."""
    method, of = found.groups()
    argument = _ARGUMENT.match(place.after)
    text = argument[1] if argument is not None else ""
    if of == "kubernetes.Quantity" and method in _OF_QUANTITIES:
        return f'write {method}(quantity("{_meant(Amount.parse, text, "10Gi")}"))'
    # An attribute can be a version and never a quantity.
    version = _meant(Semver.parse, text, "1.2.3" if of == "kubernetes.Semver" else "")
    return f'write {method}(semver("{version}"))' if version and method in _OF_VERSIONS else ""


def _meant(parse: Callable[[str], Any], literal: str, otherwise: str) -> str:
    """The text of a literal if it can be read, else another."""
    text = literal.strip("\"'")
    try:
        parse(text)
    except Failure:
        return otherwise
    return text


# Names


def _field(found: Match[str], place: _Place) -> str:
    """The device has no such field."""
    name = found[1]
    if not place.before.endswith("device") or name in _FIELDS:  # which a minor may not have yet
        return ""
    where = f"write {_entry('attributes', _DOMAIN, name)}, or {_entry('capacity', _DOMAIN, name)}"
    return did_you_mean(name, _FIELDS) or where


def _name(found: Match[str], place: _Place) -> str:
    """A name that nothing has."""
    name = found[1]
    if place.after.startswith("("):
        return "write ! for not" if name.lower() == "not" else did_you_mean(name, _FUNCTIONS)
    if name in _FIELDS:
        return f"write device.{name}"
    dotted = re.match(r"[\w.]{1,200}", place.after)
    meant = did_you_mean(name, _NAMES)
    if meant or dotted is None or dotted[0] == name:
        return meant or f"the one variable is device: write {_entry('attributes', _DOMAIN, name)}"
    is_text = place.before.endswith(("==", "!=", "[")) and not place.after[dotted.end() :].startswith("(")
    return f'a text is in quotes: write "{dotted[0]}"' if is_text else ""


def _domain(_found: Match[str], place: _Place) -> str:
    """All attributes or capacities of a domain are taken for one."""
    before = re.sub(r"\.\w+$", "", place.before) if place.after.startswith("(") else place.before
    accesses = [access for access in _ACCESS.finditer(before) if access.end() == len(before)]
    access = accesses[-1] if accesses else _ACCESS.search(place.after)
    if access is None:
        return ""
    kind, name = access[1], access[2] or access[3].strip("\"'")
    domain, _, identifier = name.rpartition("/")
    if not domain and "." in name:
        return f'"{name}" is a domain: name one of its, as device.{kind}["{name}"].NAME'
    if not re.fullmatch(r"[A-Za-z_]\w*", identifier):
        return ""
    written = _entry(kind, domain or _DOMAIN, identifier)
    return f'"{name}" is taken for the domain: write {written}' + ("" if domain else ", with its domain")


def _entry(kind: str, domain: str, name: str) -> str:
    """How one attribute or capacity is written."""
    return f'device.{kind}["{domain}"]' + (f'["{name}"]' if name in RESERVED else f".{name}")


# Words and signs


def _word(found: Match[str], place: _Place) -> str:
    """A word of other languages in place of an operator."""
    if found[1] == ">" and place.before.endswith("<"):
        return "write != for not equal"
    word = found[1].lower()
    if word in ("and", "or"):
        return f"write {'&&' if word == 'and' else '||'} for {word}"
    return "write ! for not" if re.search(r"\bnot$", place.before[-_LONGEST:].lower()) else ""


def _always(text: str) -> _Remedy:
    return lambda _found, _place: text


_OVERLOAD: Final = re.compile(r"found no matching overload for '_(\S+)_' applied to '\(([^,]+), ([^,]+)\)'")
_REMEDIES: Final[tuple[tuple[re.Pattern[str], _Remedy], ...]] = (
    (re.compile(r"Syntax error: token recognition error at: '=>"), _always("write >= to compare")),
    (re.compile(r"Syntax error: token recognition error at: '=."), _always("write == to compare")),
    (re.compile(r"Syntax error: token recognition error at: '&."), _always("write && for and")),
    (re.compile(r"Syntax error: token recognition error at: '\|."), _always("write || for or")),
    (re.compile(r"Syntax error: (?:mismatched|extraneous) input '([^']+)' expecting"), _word),
    (_OVERLOAD, _quantities),
    (_OVERLOAD, _versions),
    (re.compile(r"found no matching overload for '(\w+)' applied to '(\S+)\.\(string\)'"), _argument),
    (re.compile(r"undefined field '(\w+)'"), _field),
    (re.compile(r"undeclared reference to '(\w+)'"), _name),
    (re.compile(r".*map\(string, (any|dyn|google\.protobuf\.Any|kubernetes\.Quantity)\)"), _domain),
    (
        re.compile(r"(?:must evaluate to bool.*not|.*but found) '?kubernetes\.Quantity"),
        _always('compare it with something, such as .compareTo(quantity("10Gi")) >= 0'),
    ),
)
