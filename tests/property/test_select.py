"""Selectors in Python against what they mean in Python: random expressions on random devices.

Each expression is drawn with its meaning, a plain function of a plain dict that knows nothing of CEL. What is
missing on a device is an error in it, which `&` and `|` absorb when the other side decides.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from fractions import Fraction
from typing import Any, Final

import attrs
import pytest
import semver as reference
from hypothesis import given, settings, strategies as st

from dra import cel as language
from dra.claims import select
from dra.claims.select import Expression, Term, all_of, any_of, device, driver, semver
from dra.claims.select.recognition import recognised
from dra.drivers import Kind
from dra.drivers.fabric import fabric_driver
from dra.errors import EvaluationError

DRIVER: Final = "gpu.example.com"
FOREIGN: Final = "other.example.org"

INTS: Final = st.sampled_from((0, 1, -1, 5, 2**63 - 1, -(2**63)))
TEXTS: Final = st.sampled_from(("", "a", "A100", "a100-SXM4", "H100", "é\U0001d11e", '"\\\n\x00', "a.b"))
VERSIONS: Final = st.sampled_from(("0.0.0", "1.2.3", "1.10.0", "1.2.3-rc.1", "1.2.3-rc.11", "550.54.0"))
UNITS: Final = {"": 1, "m": Fraction(1, 1000), "k": 10**3, "Mi": 2**20, "Gi": 2**30, "G": 10**9}
QUANTITIES: Final = st.builds(lambda n, unit: f"{n}{unit}", st.integers(0, 2000), st.sampled_from([*UNITS]))
PATTERNS: Final = st.sampled_from(("^a", "[0-9]+$", "A100|H100", r"\.", "", "^$"))

NAMES: Final = {"int": ("i", "j"), "string": ("s", "t", "in"), "bool": ("b", "c"), "version": ("v", "w")}
CONTENTS: Final = {"int": INTS, "string": TEXTS, "bool": st.booleans(), "version": VERSIONS}
TYPED: Final = driver(
    fabric_driver(
        DRIVER,
        attributes={name: Kind(kind) for kind, names in NAMES.items() for name in names},
        capacities=("memory", "cores"),
    )
)

Values = dict[str, Any]
Meaning = Callable[[Values], "bool | None"]
"""What it says of a device, given its values by full name; None for an error."""


@attrs.frozen
class Drawn:
    """An expression with its meaning, and whether Kubernetes 1.34 knows what it uses."""

    expression: Expression
    meaning: Meaning = attrs.field(repr=False)
    is_old: bool = True


# --- devices ---


@st.composite
def devices(draw: st.DrawFn) -> tuple[Values, dict[str, Any]]:
    """A device as plain values by full name and as it is published; it lacks some of everything."""
    values: Values = {}
    attributes: dict[str, Any] = {}
    for kind, names in NAMES.items():
        for name in names:
            for domain in (DRIVER, FOREIGN):
                if draw(st.booleans()):
                    content = draw(CONTENTS[kind])
                    values[f"{domain}/{name}"] = content
                    attributes[name if domain == DRIVER else f"{domain}/{name}"] = {kind: content}
    if draw(st.booleans()):
        numbers = draw(st.lists(INTS, min_size=1, max_size=3))
        values[f"{DRIVER}/li"], attributes["li"] = numbers, {"ints": numbers}
    capacity = {}
    for name in ("memory", "cores"):
        if draw(st.booleans()):
            amount = draw(QUANTITIES)
            values[f"{DRIVER}/{name}"], capacity[name] = amount, {"value": amount}
    shared = draw(st.booleans())
    values["shared"] = shared
    return values, {"attributes": attributes, "capacity": capacity, "allowMultipleAllocations": shared}


def exact(quantity: str) -> Fraction:
    number, unit = re.fullmatch(r"(\d+)(.*)", quantity).groups()  # type: ignore[union-attr] # it always fits
    return int(number) * Fraction(UNITS[unit])


def version_key(text: str) -> Any:
    return reference.Version.parse(text)


# --- terms ---


@st.composite
def terms(draw: st.DrawFn, kind: str) -> tuple[Term, str, Any]:
    """A term of a kind, the full name of what it reads, and what is worth in its absence.

    That is `False` for a comparison that is false, `None` for an error, or a stand-in in a list.
    """
    if kind == "quantity":
        name = draw(st.sampled_from(("memory", "cores")))
        untyped, made = "capacity", QUANTITIES
    else:
        name = draw(st.sampled_from(NAMES[kind]))
        untyped, made = "attr", CONTENTS[kind]
    domain = FOREIGN if kind != "quantity" and draw(st.booleans()) else DRIVER
    roots = [getattr(device, untyped)(f"{domain}/{name}"), getattr(device.of(domain), untyped)(name)]
    if domain == DRIVER:
        roots += [getattr(device, untyped)(name), TYPED[name]]
    term = draw(st.sampled_from(range(len(roots))).map(roots.__getitem__))
    policy = draw(st.sampled_from(("default", "or_false", "or_error", "or_else")))
    if policy == "or_else":
        stand_in = draw(made)
        wire = semver(stand_in) if kind == "version" else stand_in
        return term.or_else(wire), f"{domain}/{name}", [stand_in]
    if policy != "default":
        term = getattr(term, policy)()
    return term, f"{domain}/{name}", None if policy == "or_error" else False


def judged(full: str, missing: Any, predicate: Callable[[Any], bool]) -> Meaning:
    def meaning(values: Values) -> bool | None:
        if full in values:
            return predicate(values[full])
        if isinstance(missing, list):
            return predicate(missing[0])
        return missing  # type: ignore[no-any-return] # False or None

    return meaning


ORDERS: Final[dict[str, Callable[[Any, Any], Any]]] = {
    "==": lambda a, b: a == b,
    "!=": lambda a, b: a != b,
    "<": lambda a, b: a < b,
    "<=": lambda a, b: a <= b,
    ">": lambda a, b: a > b,
    ">=": lambda a, b: a >= b,
}


@st.composite
def ordered(draw: st.DrawFn) -> Drawn:
    kind = draw(st.sampled_from(("int", "version", "quantity")))
    term, full, missing = draw(terms(kind))
    sign = draw(st.sampled_from(tuple(ORDERS)))
    key: Callable[[Any], Any] = {"int": int, "version": version_key, "quantity": exact}[kind]
    value = draw(QUANTITIES if kind == "quantity" else CONTENTS[kind])
    given_value = semver(value) if kind == "version" else value
    compare = ORDERS[sign]
    return Drawn(
        compare(term, given_value), judged(full, missing, lambda found: compare(key(found), key(value)))
    )


@st.composite
def textual(draw: st.DrawFn) -> Drawn:
    term, full, missing = draw(terms("string"))
    value = draw(TEXTS)
    is_lower = draw(st.booleans())
    if is_lower:
        term, value = term.lower(), re.sub("[A-Z]", lambda found: found[0].lower(), value)
    lowered = (lambda text: re.sub("[A-Z]", lambda found: found[0].lower(), text)) if is_lower else str
    pattern = draw(PATTERNS)
    made: Expression
    made, predicate = draw(
        st.sampled_from(
            (
                (term == value, lambda text: text == value),
                (term != value, lambda text: text != value),
                (term.startswith(value), lambda text: text.startswith(value)),
                (term.endswith(value), lambda text: text.endswith(value)),
                (term.contains(value), lambda text: value in text),
                (term.matches(pattern), lambda text: bool(re.search(pattern, text))),
                (term.in_([value, "h100"]), lambda text: text in (value, "h100")),
            )
        )
    )
    return Drawn(made, judged(full, missing, lambda text: predicate(lowered(text))))


@st.composite
def listed(draw: st.DrawFn) -> Drawn:
    kind = draw(st.sampled_from(("int", "version")))
    term, full, missing = draw(terms(kind))
    values = draw(st.lists(CONTENTS[kind], min_size=1, max_size=3))
    made = term.in_([semver(each) for each in values] if kind == "version" else values)
    return Drawn(made, judged(full, missing, lambda found: found in values))


@st.composite
def others(draw: st.DrawFn) -> Drawn:
    term, full, missing = draw(terms("bool"))
    value, number, name = draw(st.booleans()), draw(INTS), draw(st.sampled_from((DRIVER, FOREIGN)))
    members = device.attr("li")
    drawn: Drawn = draw(
        st.sampled_from(
            (
                Drawn(any_of(term), judged(full, missing, bool)),
                Drawn(term == value, judged(full, missing, lambda found: found == value)),
                Drawn(term != value, judged(full, missing, lambda found: found != value)),
                Drawn(any_of(device.allow_multiple_allocations), lambda values: values["shared"]),
                Drawn(device.driver == name, lambda values: name == DRIVER),
                Drawn(device.attr("i").exists(), lambda values: f"{DRIVER}/i" in values),
                Drawn(
                    members.includes(number),
                    judged(f"{DRIVER}/li", False, lambda found: number in found),
                    is_old=False,
                ),
            )
        )
    )
    return drawn


def conjunction(drawn: list[Drawn]) -> Drawn:
    def meaning(values: Values) -> bool | None:
        found = [each.meaning(values) for each in drawn]
        return False if False in found else None if None in found else True

    return Drawn(
        all_of(*(each.expression for each in drawn)), meaning, is_old=all(each.is_old for each in drawn)
    )


def disjunction(drawn: list[Drawn]) -> Drawn:
    def meaning(values: Values) -> bool | None:
        found = [each.meaning(values) for each in drawn]
        return True if True in found else None if None in found else False

    return Drawn(
        any_of(*(each.expression for each in drawn)), meaning, is_old=all(each.is_old for each in drawn)
    )


def opposite(drawn: Drawn) -> Drawn:
    def meaning(values: Values) -> bool | None:
        found = drawn.meaning(values)
        return None if found is None else not found

    return Drawn(~drawn.expression, meaning, drawn.is_old)


EXPRESSIONS: Final = st.recursive(
    ordered() | textual() | listed() | others(),
    lambda inner: st.one_of(
        st.lists(inner, min_size=2, max_size=3).map(conjunction),
        st.lists(inner, min_size=2, max_size=3).map(disjunction),
        inner.map(opposite),
    ),
    max_leaves=6,
)


@settings(max_examples=200, deadline=None)
@given(EXPRESSIONS, st.lists(devices(), min_size=1, max_size=3))
def test_an_expression_compiles_and_means_in_cel_what_it_means_in_python(
    drawn: Drawn, published: list[tuple[Values, dict[str, Any]]]
) -> None:
    selector = language.compile(str(drawn.expression), "1.34" if drawn.is_old else "1.37")
    assert selector.max_cost <= language.COST_LIMIT
    for values, wire in published:
        wanted = drawn.meaning(values)
        if wanted is None:
            with pytest.raises(EvaluationError, match="no such key"):
                drawn.expression.matches(wire, driver=DRIVER)
        else:
            assert drawn.expression.matches(wire, driver=DRIVER) is wanted


@settings(max_examples=100, deadline=None)
@given(EXPRESSIONS)
def test_python_source_gives_an_equal_expression(drawn: Drawn) -> None:
    again = eval(repr(drawn.expression), vars(select))
    assert again == drawn.expression
    assert hash(again) == hash(drawn.expression)
    assert str(again) == str(drawn.expression)


@settings(max_examples=100, deadline=None)
@given(EXPRESSIONS)
def test_what_was_written_is_recognised(drawn: Drawn) -> None:
    text = str(drawn.expression)
    again = recognised(text, [TYPED])
    assert str(again) == text
    assert str(eval(repr(again), vars(select))) == text


@settings(max_examples=100, deadline=None)
@given(st.text(max_size=64))
def test_any_text_is_escaped(text: str) -> None:
    term = device.attr("s")
    wire, other = ({"attributes": {"s": {"string": each}}} for each in (text, f"{text}\x00"))
    for expression in (term == text, term.in_([text]), term.or_else("").endswith(text) & ~(term != text)):
        assert eval(repr(expression), vars(select)) == expression
        assert expression.matches(wire, driver=DRIVER)
        assert not expression.matches(other, driver=DRIVER)


@settings(max_examples=100, deadline=None)
@given(st.integers(-(2**63), 2**63 - 1))
def test_any_integer_of_64_bits_is_written(number: int) -> None:
    expression = device.attr("i") == number
    assert expression.matches({"attributes": {"i": {"int": number}}}, driver=DRIVER)
    assert not expression.matches({"attributes": {"i": {"int": number ^ 1}}}, driver=DRIVER)


@settings(max_examples=100, deadline=None)
@given(st.decimals(0, 10**6, places=3), st.sampled_from(("", "m", "k", "Mi", "Gi", "T", "e3", "E-2")))
def test_any_quantity_is_written(number: object, suffix: str) -> None:
    text = f"{number}{suffix}"
    expression = device.capacity("memory") == text
    assert expression.matches({"capacity": {"memory": {"value": text}}}, driver=DRIVER)
    assert not expression.matches({"capacity": {"memory": {"value": f"1{text}"}}}, driver=DRIVER)
