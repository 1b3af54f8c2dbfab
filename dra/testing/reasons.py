"""Why claims do not fit a cluster: as the text of a failure, and as reasons that a test can ask for.

A reason is asked for by the name of a rule, which is structured data of an explanation and stays the same
whatever its words are, or by a pattern that is looked for in the words.
"""

from __future__ import annotations

import re
import textwrap
from collections.abc import Callable, Iterator, Sequence
from itertools import islice
from typing import TYPE_CHECKING, Final, TypeAlias

from dra.allocator import Explanation, RequestExplanation
from dra.allocator.explanation import count_of
from dra.errors import DraError
from dra.suggestions import nearest

if TYPE_CHECKING:
    from dra.testing.cluster import SimulatedCluster, Trial

__all__ = ["RULES", "Because", "described", "failure", "holds", "refusal"]

# A rule's name, a pattern in the explanation, a question to the explanation; of several each must hold.
Because: TypeAlias = (
    "str | re.Pattern[str] | Callable[[Explanation], bool] | Sequence[str | re.Pattern[str]] | None"
)

RULES: Final = {
    "attribute": "devices miss an attribute that a constraint is about",
    "capacity": "devices have too little of a capacity, or hand it out in other amounts",
    "class": "the node has no device of the class",
    "compatibility groups": "devices belong to groups that exclude each other",
    "conflict": "requests or constraints that can each be met cannot be met together",
    "constraint": "devices do not agree, or agree, in the attribute of a constraint",
    "count": "all devices of the class could be used, but they are too few",
    "counters": "counters have too little left, as with MIG devices of a GPU in use",
    "error": "the input is broken: an unknown class, a selector that fails",
    "feature": "a feature is off that the claim or the devices need",
    "in use": "devices are taken",
    "invalid": "the API server would refuse the claim, or drop some of it",
    "node": "devices are for other nodes",
    "pool": "a pool is incomplete or invalid",
    "selector": "devices fail a selector",
    "taint": "devices have a taint that is not tolerated",
}

_NODES_EXPLAINED: Final = 8
_NODES_NAMED: Final = 4
_GIST: Final = 200


def failure(cluster: SimulatedCluster, trial: Trial, but: str = "", first: Explanation | None = None) -> str:
    """Why claims do not fit: the gist on the first line, which pytest's summary shows, and then all of it.

    Args:
        cluster: Where they were tried.
        trial: The attempt.
        but: What is wrong with the failure, such as `not because of 'in use'`.
        first: The explanation to begin with.
    """
    but = f"{but}: " if but else ""
    if trial.faults:
        gist = textwrap.shorten(trial.faults[0].partition(": ")[2], _GIST, placeholder=" …")
        return "\n".join([f"{but}{gist}", f"{trial.subject} would not be taken as written:", *trial.faults])
    every = islice(cluster.explain(trial), _NODES_EXPLAINED)
    shown = [first, *(each for each in every if each.node != first.node)] if first else list(every)
    where = _listed([each.node for each in shown], len(cluster.nodes))
    verb = "does" if len(trial.claims) == 1 else "do"
    head = f"{but}{_gist(shown[0])}"
    return "\n".join([head, f"{trial.subject} {verb} not fit {where}", *_explained(shown)])


def refusal(trial: Trial) -> Explanation:
    """What the API server says against claims, as an explanation."""
    return Explanation("", fits=False, error="\n".join(trial.faults))


def holds(because: Because, explanation: Explanation, *, refused: bool = False) -> bool:
    """Whether claims do not fit for this reason.

    Args:
        because: The reason. No reason is any reason but broken input.
        explanation: Why they do not fit.
        refused: Whether the explanation is what the API server says.
    """
    if because is None:
        return not explanation.error
    if isinstance(because, str):
        if because == "invalid":
            return refused
        if because in RULES:
            return because in _rules(explanation)
        because = _pattern(because)
    if isinstance(because, re.Pattern):
        return because.search(_flat(str(explanation))) is not None
    if callable(because):
        return bool(because(explanation))
    return all(holds(each, explanation, refused=refused) for each in because)


def described(because: Because) -> str:
    """A reason for people; a text that is nearly the name of a rule with that name."""
    if isinstance(because, re.Pattern):
        return repr(because.pattern)
    if isinstance(because, str):
        suggestion = "" if because in RULES else nearest(because, RULES)
        return f"{because!r}" + (f" (did you mean {suggestion!r}?)" if suggestion else "")
    if callable(because):
        return getattr(because, "__name__", repr(because))
    return " and ".join(map(described, because or ()))


def _pattern(text: str) -> re.Pattern[str]:
    try:
        return re.compile(text)
    except re.error as error:
        raise DraError(
            f"{text!r} is no regular expression: {error}", value=text, remedy="write re.escape(text)"
        ) from None


def _rules(explanation: Explanation) -> set[str]:
    """The rules without which the claims might fit."""
    rules = {"error"} if explanation.error else set[str]()
    if explanation.pools:
        rules.add("pool")
    if len(explanation.requirements) > 1:
        rules.add("conflict")
    for request in explanation.requests:
        if not request.possible:
            rules |= _rules_of(request)
    return rules | {each.rule for each in explanation.obstacles}


def _rules_of(request: RequestExplanation) -> set[str]:
    """The rules that devices of the class break; if none breaks any, there are too few of them or none."""
    broken = {reason.rule for reason in request.reasons} - {"class"}
    return broken or ({"count"} if request.usable else {"class"})


def _gist(explanation: Explanation) -> str:
    """The most telling reason on one line, beginning with what is most telling of it."""
    impossible = [each for each in explanation.requests if not each.possible]
    if explanation.error:
        text = explanation.error.partition("\n")[0].rpartition(", request ")[2]
    elif not impossible:
        text = f"cannot be met together: {', '.join(each.text for each in explanation.requirements)}"
    else:
        request = impossible[0]
        broken = [each for each in request.reasons if each.rule != "class"]
        usable = f"{len(request.usable)} of {count_of(max(request.needed, 1), 'device')}"
        reason = f", {len(broken[0].devices)} {broken[0].text}" if broken else ""
        text = f"{request.request}: {usable}{reason}"
    return textwrap.shorten(text, _GIST, placeholder=" …")


def _explained(explanations: Sequence[Explanation]) -> Iterator[str]:
    nodes: dict[str, list[str]] = {}
    for each in explanations:
        text = str(each).removeprefix(f"node {each.node}: ").removeprefix("does not fit\n")
        nodes.setdefault(text, []).append(each.node)
    for text, names in nodes.items():
        yield f"on {_listed(names, len(names))}:"
        yield textwrap.indent(text, "  ")


def _listed(names: Sequence[str], total: int) -> str:
    shown = names[:_NODES_NAMED] if total > len(names) or len(names) > _NODES_NAMED else names
    more = f" and {total - len(shown)} more nodes" if total > len(shown) else ""
    return ", ".join(shown) + more


def _flat(text: str) -> str:
    """A text with each run of spaces and line breaks as one space."""
    return " ".join(text.split())
