"""Objects of the table changed at random: what nobody thought of.

Values come from other objects of the table, from lists of odd texts and numbers, and go, double and move.
Only fields that validation looks at are changed.
"""

from __future__ import annotations

import copy
import json
import random
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, Final, TypeAlias

import attrs

from dra.errors import DecodeError
from dra.models.kinds import decode
from tests.conformance.validation_table import Case, gates, read_table

__all__ = ["random_cases"]

Json = Any
Place: TypeAlias = tuple["str | int", ...]
Field: TypeAlias = tuple[str, ...]

TEXTS: Final = (
    "", "a", "A", "a.b", "a/b", "a/b/c", "/", "-a", "a-", "a b", "é", "1.2.3", "*", "None", "All", "gpu",
    "gpu/big", "a" * 63, "a" * 64, "a" * 253, "a" * 254, "a." * 40 + "a", "x/" + "a" * 64, "a" * 64 + "/x",
    "example.com/a", "Example.com/A_b",
)  # fmt: skip
NUMBERS: Final = (-1, 0, 1, 2, 1000, 1001, 2**31 - 1)
QUANTITIES: Final = ("0", "1", "-1", "500m", "1Gi", "80Gi", "100u", "1e3", "1.5")
QUANTITY_FIELDS: Final = ("min", "max", "step", "default", "value")
MAPS: Final = ("attributes", "capacity", "counters", "labels", "annotations")
POD_FIELDS: Final = {"resources", "resourceClaims", "schedulingGroup", "workloadRef"}
LARGEST: Final = 4000


def random_cases(seed: int, kubernetes: str, count: int) -> Iterator[Case]:
    """Cases for one minor."""
    table = read_table()
    of_minor = [case for case in table if case.kubernetes == kubernetes and _is_small(case)]
    mutate = _Mutator(random.Random(f"{seed} {kubernetes}"), _values(table))
    made = 0
    while made < count:
        case = mutate(mutate.random.choice(of_minor))
        if _is_known(case.object):
            yield attrs.evolve(case, rule="random", number=made)
            made += 1


def _is_small(case: Case) -> bool:
    return len(json.dumps(case.object)) < LARGEST


def _is_known(wire: Json) -> bool:
    """Whether every field is one of its version: the server drops others, the models may read them."""
    try:
        decode(wire, strict=True)
    except DecodeError:
        return False
    return True


def _walk(value: Json, at: Place = ()) -> Iterator[tuple[Place, Json]]:
    yield at, value
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for step, item in items:
        yield from _walk(item, (*at, step))


def _field(wire: Json, place: Place) -> Field:
    return (wire["apiVersion"], wire["kind"], *("[]" if isinstance(step, int) else step for step in place))


def _values(table: Sequence[Case]) -> Mapping[Field, list[Json]]:
    """What stands in each field anywhere in the table."""
    values: dict[Field, list[Json]] = defaultdict(list)
    for case in filter(_is_small, table):
        for place, value in _walk(case.object):
            seen = values[_field(case.object, place)]
            if value not in seen and len(seen) < 60:
                seen.append(value)
    return values


@attrs.frozen
class _Mutator:
    random: random.Random
    values: Mapping[Field, list[Json]]

    def __call__(self, case: Case) -> Case:
        """The case with one to three changes, and other gates now and then."""
        wire = copy.deepcopy(case.object)
        if not case.status:
            wire.pop("status", None)
        for _ in range(self.random.choice((1, 1, 2, 3))):
            self._change(wire, case)
        if not case.status:
            wire.pop("status", None)
        switched = case.gates
        if self.random.random() > 0.6:
            switched = gates(self.random.choice(("all", "all", "none")), case.kubernetes)
        return attrs.evolve(case, object=wire, gates=switched, errors=())

    def _change(self, wire: Json, case: Case) -> None:
        places = [place for place, _ in _walk(wire) if _may_change(place, wire["kind"], case.status)]
        if not places:
            return
        place = self.random.choice(places)
        container = wire
        for step in place[:-1]:
            container = container[step]
        change: Callable[[Json, str | int, Field], None] = self.random.choice(
            (self._remove, self._double, self._add, self._exchange, self._exchange, self._odd, self._odd)
        )
        change(container, place[-1], _field(wire, place))

    def _remove(self, container: Json, last: str | int, field: Field) -> None:
        del container[last]

    def _double(self, container: Json, last: str | int, field: Field) -> None:
        value = container[last]
        if isinstance(value, list) and value:
            value.append(copy.deepcopy(self.random.choice(value)))

    def _add(self, container: Json, last: str | int, field: Field) -> None:
        """A field beside this one that objects of the table have."""
        if isinstance(container, dict):
            names = {other[-1] for other in self.values if other[:-1] == field[:-1]} - container.keys()
            if names:
                name = self.random.choice(sorted(names))
                container[name] = copy.deepcopy(self.random.choice(self.values[(*field[:-1], name)]))

    def _exchange(self, container: Json, last: str | int, field: Field) -> None:
        container[last] = copy.deepcopy(self.random.choice(self.values.get(field) or ["a"]))

    def _odd(self, container: Json, last: str | int, field: Field) -> None:
        value = container[last]
        if isinstance(value, bool):
            container[last] = not value
        elif isinstance(value, int):
            container[last] = self.random.choice(NUMBERS)
        elif isinstance(value, str):
            is_quantity = last in QUANTITY_FIELDS and ("capacity" in field or "counters" in field)
            container[last] = self.random.choice(QUANTITIES if is_quantity else TEXTS)
        elif isinstance(value, list):
            container[last] = value[: self.random.randrange(2)]
        elif last in MAPS and value:
            value[self.random.choice(TEXTS)] = value.pop(self.random.choice(sorted(value)))
        else:
            container[last] = {}


def _may_change(place: Place, kind: str, status: bool) -> bool:
    if not place or place[0] in ("apiVersion", "kind") or place == ("metadata",):
        return False
    if place[:2] in (("metadata", "namespace"), ("metadata", "name")):
        return False
    if kind == "Pod" and not POD_FIELDS & set(place):
        return False
    return not status or place[0] == "status"
