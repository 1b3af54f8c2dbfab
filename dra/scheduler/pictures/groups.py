"""Nodes in groups: racks, zones, NVLink cliques, or whatever a label of theirs says."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Final

import attrs

from dra.drivers.nvidia.compute_domain import CLIQUE_LABEL
from dra.errors import LoadError
from dra.scheduler.pictures.scene import Place
from dra.suggestions import did_you_mean

__all__ = ["Group", "clique_name", "grouped"]

_CLIQUE: Final = "clique"
_LONG_DOMAIN: Final = 16


@attrs.frozen
class Group:
    """Some nodes.

    Attributes:
        name: What they have in common; empty if nothing.
        places: The nodes.
    """

    name: str
    places: tuple[Place, ...]

    def by_clique(self) -> Iterator[tuple[str, tuple[Place, ...]]]:
        """The nodes of each NVLink clique, and those of none."""
        cliques: dict[str, list[Place]] = {}
        for place in self.places:
            cliques.setdefault(place.clique, []).append(place)
        for name, places in cliques.items():
            yield name, tuple(places)


def clique_name(clique: str) -> str:
    """A clique by the beginning of its domain's UUID and its number, or that nodes are in none."""
    if not clique:
        return "no NVLink clique"
    domain, _, number = clique.rpartition(".")
    return f"NVLink {domain[:8]}….{number}" if len(domain) > _LONG_DOMAIN else f"NVLink {clique}"


def grouped(places: Sequence[Place], by: str = "", *, outlined: bool = True) -> list[Group]:
    """The nodes in groups.

    Args:
        places: The nodes.
        by: A label, or the part of its name after the slash, such as `rack` for
            `topology.example.com/rack`; `clique`; empty for one group of all.
        outlined: Whether cliques have an outline in any case, so that they need not be groups.

    Raises:
        LoadError: No node has such a label, or the part of a name stands for several.
    """
    everything = Group("", tuple(places))
    if by == _CLIQUE and not outlined:
        return [Group(clique_name(name), of) for name, of in everything.by_clique()]
    if not by or by == _CLIQUE:
        return [everything] if places else []
    label = _label(places, by)
    named: dict[str, list[Place]] = {}
    word, rest = by.rpartition("/")[2], []
    for place in places:
        value = place.labels.get(label)
        if value is None:
            rest.append(place)
        else:
            named.setdefault(value if value.startswith(word) else f"{word} {value}", []).append(place)
    groups = [Group(name, tuple(of)) for name, of in named.items()]
    return [*groups, Group(f"no {word}", tuple(rest))] if rest else groups


def _label(places: Iterable[Place], by: str) -> str:
    labels = dict.fromkeys(label for place in places for label in place.labels if label != CLIQUE_LABEL)
    if by in labels or by == CLIQUE_LABEL:
        return by
    found = [label for label in labels if label.rpartition("/")[2] == by]
    if len(found) == 1:
        return found[0]
    if found:
        raise LoadError(f"several labels end in {by!r}", value=by, remedy=f"which one: {', '.join(found)}")
    words = [*labels, *(label.rpartition("/")[2] for label in labels), _CLIQUE]
    remedy = did_you_mean(by, words, f"labels: {', '.join(list(labels)[:10]) or 'none'}")
    raise LoadError(f"no node has a label {by!r}", value=by, remedy=remedy)
