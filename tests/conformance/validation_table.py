"""Reads `validation.yaml`: objects made of a base and a patch, with the errors each Kubernetes minor finds.

Paths are those of field errors: `spec.devices[0].attributes[example.com/a].int`. Three forms keep large
values short: `{$text: a, times: 64}` (also `start`, `end`), `{$repeat: 33, item: {name: "r{i}"}}` and
`{$map: 33, key: "c{i}", value: ...}`; `{i}` counts from 0, `{i1}` from 1.
"""

from __future__ import annotations

import copy
import re
from collections.abc import Iterator, Mapping
from itertools import pairwise
from pathlib import Path
from typing import Any

import attrs
import yaml

from dra.features import KUBERNETES_MINORS, Features, Stage

TABLE = Path(__file__).with_name("validation.yaml")

Json = Any

# Gates that the library does not know by name: they change nothing here but depend on others, or are gone.
_OTHER_GATES = {
    "DRAResourceClaimGranularStatusAuthorization": ("1.36", "1.37"),
    "GangScheduling": ("1.35", "1.36"),
    "WorkloadAwarePreemption": ("1.36",),
}
_STEP = re.compile(r"\.?([^.\[\]]+)|\[([^\]]*)\]")


@attrs.frozen
class Case:
    """One question to one Kubernetes minor."""

    rule: str
    number: int
    kubernetes: str
    object: dict[str, Json]
    old: dict[str, Json] | None
    status: bool
    gates: Mapping[str, bool]
    errors: tuple[str, ...]

    @property
    def name(self) -> str:
        return f"{self.rule} #{self.number} in {self.kubernetes}"

    @property
    def features(self) -> Features:
        return Features.from_gates(self.gates, self.kubernetes)

    def question(self) -> dict[str, Json]:
        """The row as the recorder reads it."""
        row: dict[str, Json] = {"id": self.name, "object": self.object, "gates": dict(self.gates)}
        if self.old is not None:
            row["old"] = self.old
        if self.status:
            row["status"] = True
        return row


def read_table() -> list[Case]:
    return list(cases(yaml.safe_load(TABLE.read_text())))


def cases(table: Json) -> Iterator[Case]:
    for rule in table["rules"]:
        for number, case in enumerate(rule["cases"]):
            for kubernetes in minors(case.get("minors", rule.get("minors", "1.34+"))):
                yield _case(table["bases"][rule["base"]], rule, number, case, kubernetes)


def _case(base: Json, rule: Json, number: int, case: Json, kubernetes: str) -> Case:
    start = patched(base, rule)
    old = None
    if "old" in rule or "old" in case:
        old = patched(start, case.get("old", rule.get("old")))
    return Case(
        rule=rule["rule"],
        number=number,
        kubernetes=kubernetes,
        object=patched(start, case),
        old=old,
        status=rule.get("status", False),
        gates=gates(case.get("gates", rule.get("gates", {})), kubernetes),
        errors=errors_in(case.get("errors", []), kubernetes),
    )


def errors_in(errors: Json, kubernetes: str) -> tuple[str, ...]:
    """The errors a minor finds: the same in all, or a map from the first minor that finds them."""
    if isinstance(errors, Mapping):
        since = max((first for first in errors if first <= kubernetes), default=None)
        errors = errors[since] if since else []
    return tuple(errors)


def minors(spread: str) -> tuple[str, ...]:
    """The minors of `1.36+` or `1.34-1.36`."""
    first, last = (spread[:-1], KUBERNETES_MINORS[-1]) if spread.endswith("+") else spread.split("-")
    return tuple(minor for minor in KUBERNETES_MINORS if first <= minor <= last)


def gates(wanted: str | Mapping[str, bool], kubernetes: str) -> dict[str, bool]:
    """Gates to set: `all` and `none` mean those a minor has and lets one switch."""
    fields = attrs.fields(Features)
    stages = {field.metadata["gate"]: field.metadata["stages"][kubernetes] for field in fields}
    switchable = [gate for gate, stage in stages.items() if stage not in (Stage.ABSENT, Stage.LOCKED)]
    switchable += [gate for gate, known in _OTHER_GATES.items() if kubernetes in known]
    if isinstance(wanted, str):
        return dict.fromkeys(switchable, wanted == "all")
    return {gate: on for gate, on in wanted.items() if gate in switchable}


def patched(base: Json, patch: Json) -> Json:
    result = copy.deepcopy(base)
    for path in patch.get("unset", ()):
        _assign(result, path, None, remove=True)
    for path, value in patch.get("set", {}).items():
        _assign(result, path, expanded(value))
    return result


def _assign(root: Json, path: str, value: Json, remove: bool = False) -> None:
    steps = [name or key for name, key in _STEP.findall(path)]
    place = root
    for step, following in pairwise(steps):
        if isinstance(place, list):
            place = place[int(step)]
        else:
            place = place.setdefault(step, [] if following.isdigit() else {})
    last = steps[-1]
    if isinstance(place, list):
        place[int(last) : int(last) + 1] = [] if remove else [value]
    elif remove:
        place.pop(last, None)
    else:
        place[last] = value


def expanded(value: Json, i: int | None = None) -> Json:
    """A value with its short forms written out."""
    if isinstance(value, str):
        return value if i is None else value.replace("{i1}", str(i + 1)).replace("{i}", str(i))
    if isinstance(value, list):
        return [expanded(item, i) for item in value]
    if not isinstance(value, dict):
        return value
    if "$text" in value:
        return value.get("start", "") + value["$text"] * value["times"] + value.get("end", "")
    if "$repeat" in value:
        return [expanded(value["item"], number) for number in range(value["$repeat"])]
    if "$map" in value:
        return {expanded(value["key"], n): expanded(value["value"], n) for n in range(value["$map"])}
    return {key: expanded(item, i) for key, item in value.items()}


def from_question(row: Json) -> Case:
    """A case as a recording of random cases has it."""
    return Case(
        rule=row["id"],
        number=0,
        kubernetes=row["kubernetes"],
        object=row["object"],
        old=row.get("old"),
        status=row.get("status", False),
        gates=row["gates"],
        errors=(),
    )
