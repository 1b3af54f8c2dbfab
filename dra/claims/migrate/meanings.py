"""`Requirement` on a node's label and its `Meaning` for devices, and the comparisons that labels share."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import Final, TypeAlias

import attrs

from dra.claims.select import Expression, Term, any_of, cel
from dra.errors import DraError
from dra.names import slug
from dra.quantity import Quantity

__all__ = [
    "MOST_VALUES",
    "OF_THE_CLOUD",
    "OF_THE_NODE",
    "UNSAID",
    "Meaning",
    "Requirement",
    "Translate",
    "among",
    "label_of",
    "name_of",
    "number",
    "number_label",
    "of_the_node",
    "unless_implied",
]


MOST_VALUES: Final = 256
"""More values than this cannot be compared within the 10 KiB of an expression."""


@attrs.frozen
class Requirement:
    """One requirement on a node's label.

    Attributes:
        key: The label.
        operator: `In`, `NotIn`, `Exists`, `DoesNotExist`, `Gt` or `Lt`.
        values: What it is compared with.
    """

    key: str
    operator: str = "In"
    values: tuple[str, ...] = ()

    def __str__(self) -> str:
        if self.operator == "In" and len(self.values) == 1:
            return f"{self.key}={self.values[0]}"
        return " ".join([self.key, self.operator, ",".join(self.values)]).rstrip()


@attrs.frozen
class Meaning:
    """What a requirement on a label becomes.

    Attributes:
        where: What it says of a device; None if the claim says it anyway, or it stays.
        name: What to call it in the name of a template.
        profile: The MIG profile that it turns the vendor's GPU resource into.
        sharing: How several pods use one device: `time-slicing` or `MPS`; empty if it does not say.
        replicas: How many do; 0 if it does not say.
        stays: Why it stays a constraint on nodes; empty if it does not.
    """

    where: Expression | None = None
    name: str = ""
    profile: str = ""
    sharing: str = ""
    replicas: int = 0
    stays: str = ""


Translate: TypeAlias = Callable[..., Meaning]
"""From a requirement, and the groups of the pattern that its label matched, to what it means."""

OF_THE_NODE: Final = Meaning(stays="a property of the node and not of a device")
OF_THE_CLOUD: Final = Meaning(stays="the cloud sets it, and its autoscaler chooses machines by it")
UNSAID: Final = Meaning(stays="devices publish nothing that it could be compared with")


def of_the_node(_requirement: Requirement, *_: str) -> Meaning:
    """A label that is about the node."""
    return OF_THE_NODE


def label_of(
    term: Callable[[], Term], value: Callable[[str], str | Quantity | None] = str, what: str = ""
) -> Translate:
    """A label that has the values of an attribute or a capacity.

    Args:
        term: The attribute or capacity.
        value: Its value for a label's; None if there is none.
        what: What to call it in the name of a template.
    """

    def translate(requirement: Requirement, *_: str) -> Meaning:
        if requirement.operator not in ("In", "NotIn"):
            return UNSAID
        values = [value(each) for each in requirement.values]
        known = [each for each in values if each is not None]
        if len(known) < len(values):
            return UNSAID
        try:
            return Meaning(among(requirement, term(), known), name_of(requirement, what=what))
        except DraError:  # not a value that the driver is known to publish
            return UNSAID

    return unless_implied(translate)


def number_label(cel_text: str, what: str) -> Translate:
    """A label that is a whole number, compared with one that CEL computes.

    Args:
        cel_text: The number of a device, in CEL.
        what: What to call it in the name of a template.
    """

    def translate(requirement: Requirement, *_: str) -> Meaning:
        numbers = [number(value) for value in requirement.values]
        if None in numbers:
            return Meaning(stays="its value is not a whole number")
        signs = {"Gt": ">", "Lt": "<"}
        if requirement.operator in signs:
            said = cel(f"{cel_text} {signs[requirement.operator]} {numbers[0]}")
        else:
            said = any_of(*(cel(f"{cel_text} == {each}") for each in numbers))
            said = ~said if requirement.operator == "NotIn" else said
        return Meaning(said, name_of(requirement, what=what))

    return unless_implied(translate)


def unless_implied(translate: Translate) -> Translate:
    """`Exists` says what a claim for such a device says; `DoesNotExist` contradicts it."""

    def translated(requirement: Requirement, *groups: str) -> Meaning:
        if requirement.operator == "Exists":
            return Meaning()
        if requirement.operator not in ("In", "NotIn", "Gt", "Lt") or not requirement.values:
            return Meaning(stays="it contradicts the request for a device")
        return translate(requirement, *groups)

    return translated


def among(requirement: Requirement, term: Term, values: Sequence[str | Quantity]) -> Expression:
    """`In` and `NotIn` of a term."""
    said = term == values[0] if len(values) == 1 else term.in_(values)
    return ~said if requirement.operator == "NotIn" else said


def name_of(requirement: Requirement, *parts: str, what: str = "") -> str:
    """What a template with the requirement is called after: its values, or other words for them."""
    words = {"NotIn": "not", "Gt": "gt", "Lt": "lt"}
    values = parts or tuple(re.sub(r"^AMD[_-]", "", value) for value in requirement.values)
    wanted = [what, words.get(requirement.operator, ""), *values]
    return slug("-".join(each for each in wanted if each))


def number(text: str) -> int | None:
    """The whole number that a label's value is; None if it is none."""
    return int(text) if re.fullmatch(r"-?[0-9]{1,12}", text) else None
