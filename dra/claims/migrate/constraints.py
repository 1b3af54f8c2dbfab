"""Constraints of a pod on its nodes, of which those on devices move into its claim."""

from __future__ import annotations

import copy
from collections.abc import Iterator, Sequence
from typing import Any, Final

import attrs

from dra.claims.migrate.labels import Meaning, Requirement, meaning_of, speaks_of_devices
from dra.claims.migrate.meanings import MOST_VALUES
from dra.claims.migrate.report import Entry, Outcome
from dra.claims.select import Expression, all_of, any_of

__all__ = ["Carried", "carry_over"]

_TOO_MANY: Final = "more alternatives than a selector can hold"
_ALL_SAID: Final = "the alternatives go: the claim says as much"
_REQUIRED: Final = "requiredDuringSchedulingIgnoredDuringExecution"
_PREFERRED: Final = "preferredDuringSchedulingIgnoredDuringExecution"
_PREFERENCE: Final = "a preference among nodes, which a claim cannot have"
_ALTERNATIVES: Final = "one of several nodeSelectorTerms, which do not all speak of devices only"


@attrs.frozen
class Carried:
    """What the constraints on nodes say of a vendor's devices.

    Attributes:
        meanings: What each of those that move means.
        entries: What became of each.
    """

    meanings: tuple[Meaning, ...] = ()
    entries: tuple[Entry, ...] = ()

    @property
    def where(self) -> tuple[Expression, ...]:
        """What must hold for devices."""
        return tuple(dict.fromkeys(each.where for each in self.meanings if each.where is not None))

    @property
    def names(self) -> tuple[str, ...]:
        """What to call that in the name of a template."""
        return tuple(dict.fromkeys(each.name for each in self.meanings if each.name))

    @property
    def profile(self) -> str:
        """The MIG profile that the vendor's GPU resource stands for."""
        return next((each.profile for each in self.meanings if each.profile), "")

    @property
    def sharing(self) -> str:
        """How several pods use one device."""
        found = {each.sharing for each in self.meanings} - {""}
        return max(found, key=lambda each: each == "MPS", default="")

    @property
    def replicas(self) -> int:
        """How many do; 0 if nothing says."""
        return max((each.replicas for each in self.meanings), default=0)


@attrs.frozen
class _Found:
    """A constraint on devices.

    Attributes:
        what: The constraint, for people.
        entry: What becomes of it.
        meaning: What it means; None if it stays.
    """

    what: object
    entry: Entry
    meaning: Meaning | None = None


def carry_over(spec: dict[str, Any], path: str, vendor: str, *, mig: bool = False, keep: str = "") -> Carried:
    """Take the constraints on a vendor's devices out of a pod's spec, which is changed.

    Args:
        spec: The pod's spec.
        path: Its path.
        vendor: The vendor.
        mig: Whether devices are MIG devices by the name of their resource.
        keep: Why all of them stay where they are; the spec is not changed then.
    """
    if keep:
        spec = copy.deepcopy({name: spec[name] for name in ("nodeSelector", "affinity") if name in spec})
    found = [*_node_selector(spec, path, vendor, mig), *_node_affinity(spec, path, vendor, mig)]
    meanings = tuple(each.meaning for each in found if each.meaning is not None)
    if not keep:
        return Carried(meanings, tuple(each.entry for each in found))
    return Carried(
        meanings,
        tuple(_kept(each.what, keep, each.entry.path) if each.meaning else each.entry for each in found),
    )


def _kept(what: object, reason: str, path: str) -> Entry:
    return Entry(Outcome.KEPT, path, f"{what} stays a constraint on nodes: {reason}")


def _node_selector(spec: dict[str, Any], path: str, vendor: str, mig: bool) -> Iterator[_Found]:
    labels = spec.get("nodeSelector")
    if not isinstance(labels, dict):
        return
    for key, value in list(labels.items()):
        if isinstance(value, (bool, float, dict, list)) or not speaks_of_devices(str(key), vendor):
            continue
        requirement = Requirement(key, "In", (str(value),))
        meaning = meaning_of(requirement, vendor, mig=mig)
        yield _outcome(requirement, meaning, f"{path}.nodeSelector[{key}]")
        if not meaning.stays:
            del labels[key]
    if not labels:
        del spec["nodeSelector"]


def _outcome(requirement: Requirement, meaning: Meaning, path: str) -> _Found:
    if meaning.stays:
        return _Found(requirement, _kept(requirement, meaning.stays, path))
    if meaning.where is not None:
        said = f"{requirement} -> {meaning.where}"
    elif meaning.profile:
        said = f"{requirement} -> MIG devices of profile {meaning.profile}"
    elif meaning.sharing:
        said = f"{requirement} -> devices that pods share ({meaning.sharing})"
    else:
        said = f"{requirement} goes: the claim says as much"
    return _Found(requirement, Entry(Outcome.CHANGED, path, said), meaning)


def _node_affinity(spec: dict[str, Any], path: str, vendor: str, mig: bool) -> Iterator[_Found]:
    affinity = spec.get("affinity")
    of_nodes = affinity.get("nodeAffinity") if isinstance(affinity, dict) else None
    if not isinstance(affinity, dict) or not isinstance(of_nodes, dict):
        return
    here = f"{path}.affinity.nodeAffinity"
    preferred = of_nodes.get(_PREFERRED)
    for index, preference in enumerate(preferred if isinstance(preferred, list) else ()):
        term = preference.get("preference") if isinstance(preference, dict) else None
        for at, requirement, _ in _requirements(term, f"{here}.{_PREFERRED}[{index}].preference"):
            if speaks_of_devices(requirement.key, vendor):
                remedy = "firstAvailable in the claim orders kinds of device, on each node for itself"
                entry = attrs.evolve(_kept(requirement, _PREFERENCE, at), remedy=remedy)
                yield _Found(requirement, entry)
    required = of_nodes.get(_REQUIRED)
    terms = required.get("nodeSelectorTerms") if isinstance(required, dict) else None
    if not isinstance(required, dict) or not isinstance(terms, list):
        return
    where = f"{here}.{_REQUIRED}.nodeSelectorTerms"
    if len(terms) == 1:
        yield from _only_term(terms, where, vendor, mig)
    elif len(terms) > 1:
        yield from _several_terms(terms, where, vendor, mig)
    if not terms:
        del of_nodes[_REQUIRED]
        if not of_nodes:
            del affinity["nodeAffinity"]
        if not affinity:
            del spec["affinity"]


def _requirements(term: object, path: str) -> Iterator[tuple[str, Requirement, dict[str, Any]]]:
    """Place, content and data of the expressions of a term."""
    expressions = term.get("matchExpressions") if isinstance(term, dict) else None
    for index, expression in enumerate(expressions if isinstance(expressions, list) else ()):
        if not isinstance(expression, dict):
            continue
        key, operator, values = map(expression.get, ("key", "operator", "values"))
        if isinstance(key, str) and isinstance(operator, str):
            texts = tuple(str(value) for value in values) if isinstance(values, list) else ()
            yield f"{path}.matchExpressions[{index}]", Requirement(key, operator, texts), expression


def _only_term(terms: list[Any], path: str, vendor: str, mig: bool) -> Iterator[_Found]:
    """Requirements that must all hold: each for itself."""
    term, moved = terms[0], False
    for at, requirement, expression in list(_requirements(term, f"{path}[0]")):
        if not speaks_of_devices(requirement.key, vendor):
            continue
        meaning = meaning_of(requirement, vendor, mig=mig)
        yield _outcome(requirement, meaning, at)
        if not meaning.stays:
            moved = True
            term["matchExpressions"] = [each for each in term["matchExpressions"] if each is not expression]
    if moved and not term["matchExpressions"]:  # a term without requirements would match no node
        del term["matchExpressions"]
        if not term:
            terms.clear()


def _several_terms(terms: list[Any], path: str, vendor: str, mig: bool) -> Iterator[_Found]:
    """Alternatives: all of them together are one selector, if they are about devices and nothing else."""
    of_terms = [list(_requirements(term, f"{path}[{index}]")) for index, term in enumerate(terms)]
    spoken = [each for some in of_terms for each in some if speaks_of_devices(each[1].key, vendor)]
    if not spoken:
        return
    if sum(len(requirement.values) for _, requirement, _ in spoken) > MOST_VALUES:
        for at, requirement, _ in spoken:
            yield _Found(requirement, _kept(requirement, _TOO_MANY, at))
        return
    meanings = [[meaning_of(requirement, vendor, mig=mig) for _, requirement, _ in some] for some in of_terms]
    alike = len({(each.profile, each.sharing) for some in meanings for each in some}) == 1
    complete = all(
        isinstance(term, dict)
        and set(term) == {"matchExpressions"}
        and 0 < len(some) == len(term["matchExpressions"])
        for term, some in zip(terms, of_terms, strict=True)
    )
    if len(spoken) < sum(map(len, of_terms)) or not alike or not complete or _stays(meanings):
        for at, requirement, _ in spoken:
            yield _Found(requirement, _kept(requirement, _ALTERNATIVES, at))
        return
    said_of_terms = [[each.where for each in some if each.where is not None] for some in meanings]
    where = any_of(*(all_of(*said) for said in said_of_terms)) if all(said_of_terms) else None
    name = "-or-".join("-".join(each.name for each in some if each.name) for some in meanings)
    meaning = attrs.evolve(meanings[0][0], where=where, name=name if where is not None else "")
    what = f"{len(terms)} alternatives"
    said = f"{what} -> {where}" if where is not None else _ALL_SAID
    terms.clear()
    yield _Found(what, Entry(Outcome.CHANGED, path, said), meaning)


def _stays(meanings: Sequence[Sequence[Meaning]]) -> bool:
    return any(each.stays for some in meanings for each in some)
