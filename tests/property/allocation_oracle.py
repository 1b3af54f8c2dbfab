"""Allocation by brute force, from the documented rules alone: try everything in order, check everything.

Knows nothing of the allocator's inner workings and shares no code with it. Works on the wire form of small
objects whose selectors cannot fail: `device.driver == "x"` and `device.attributes["x"].kind == "y"`.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from itertools import combinations
from typing import Any

DRIVER = re.compile(r'device\.driver == "(.*)"')
KIND = re.compile(r'device\.attributes\["(.*)"\]\.kind == "(.*)"')
UNITS = {"": 1, "Ki": 2**10, "Mi": 2**20, "Gi": 2**30}

Pick = tuple[int, dict[str, Any], dict[str, Any], int]  # claim, request, alternative, index of the device


def amount(text: str) -> int:
    number, unit = re.fullmatch(r"(\d+)(|Ki|Mi|Gi)", text).groups()
    return int(number) * UNITS[unit]


class Oracle:
    """First solution by enumeration. `devices` holds (driver, pool, device) in the order of trial."""

    def __init__(self, instance: dict[str, Any]) -> None:
        self.claims = instance["claims"]
        self.classes = {each["metadata"]["name"]: each["spec"] for each in instance["classes"]}
        self.allocated = set(instance["allocated"]["devices"])
        self.consumed = instance["allocated"]["capacity"]
        slices = sorted(
            instance["slices"],
            key=lambda each: (each["spec"]["driver"], each["spec"]["pool"]["name"], each["metadata"]["name"]),
        )
        self.devices, self.counters = [], {}
        for each in slices:
            spec = each["spec"]
            pool = (spec["driver"], spec["pool"]["name"])
            self.devices += [(*pool, device) for device in spec.get("devices", ())]
            for counter_set in spec.get("sharedCounters", ()):
                for name, counter in counter_set["counters"].items():
                    self.counters[(*pool, counter_set["name"], name)] = amount(counter["value"])

    def solve(self) -> list[list[tuple[str, str, str, str]]] | None:
        slots = [
            (index, request)
            for index, claim in enumerate(self.claims)
            for request in claim["spec"]["devices"]["requests"]
        ]
        picks = next(self.solutions(slots, []), None)
        if picks is None:
            return None
        results: list[list[tuple[str, str, str, str]]] = [[] for _ in self.claims]
        for claim, request, alternative, index in picks:
            driver, pool, device = self.devices[index]
            results[claim].append((self.name(request, alternative), driver, pool, device["name"]))
        return results

    def solutions(self, slots: list[tuple[int, dict[str, Any]]], picks: list[Pick]) -> Iterator[list[Pick]]:
        if not slots:
            yield picks
            return
        claim, request = slots[0]
        for alternative in request.get("firstAvailable") or [request["exactly"]]:
            for chosen in self.choices(alternative):
                more = picks + [(claim, request, alternative, index) for index in chosen]
                if self.holds(more):
                    yield from self.solutions(slots[1:], more)

    def choices(self, alternative: dict[str, Any]) -> Iterator[tuple[int, ...]]:
        matching = [index for index in range(len(self.devices)) if self.matches(alternative, index)]
        if alternative["allocationMode"] == "All":
            # A shared device that is full already is not one of the devices that are to be had.
            matching = [index for index in matching if self.has_room([(0, {}, alternative, index)])]
            return iter([tuple(matching)] if matching else [])
        return combinations(matching, alternative["count"])

    def matches(self, alternative: dict[str, Any], index: int) -> bool:
        driver, _, device = self.devices[index]
        selectors = self.classes[alternative["deviceClassName"]].get("selectors", []) + alternative.get(
            "selectors", []
        )
        for text in (each["cel"]["expression"] for each in selectors):
            if found := DRIVER.fullmatch(text):
                if driver != found.group(1):
                    return False
            elif device["attributes"]["kind"]["string"] != KIND.fullmatch(text).group(2):
                return False
        wanted = alternative.get("capacity", {}).get("requests", {})
        capacity = device.get("capacity", {})
        return all(
            name in capacity and amount(capacity[name]["value"]) >= amount(wanted[name]) for name in wanted
        )

    def holds(self, picks: list[Pick]) -> bool:
        return (
            max(Counter(claim for claim, *_ in picks).values(), default=0) <= 32
            and all(self.tolerated(alternative, index) for _, _, alternative, index in picks)
            and self.exclusive(picks)
            and self.within_counters(picks)
            and self.has_room(picks)
            and all(self.constrained(claim, picks) for claim in range(len(self.claims)))
        )

    def tolerated(self, alternative: dict[str, Any], index: int) -> bool:
        def tolerates(toleration: dict[str, Any], taint: dict[str, Any]) -> bool:
            return (
                toleration.get("effect", taint["effect"]) == taint["effect"]
                and toleration.get("key", taint["key"]) == taint["key"]
                and (
                    toleration["operator"] == "Exists"
                    or toleration.get("value", "") == taint.get("value", "")
                )
            )

        taints = [each for each in self.devices[index][2].get("taints", ()) if each["effect"] != "None"]
        return all(
            any(tolerates(each, taint) for each in alternative.get("tolerations", ())) for taint in taints
        )

    def shared(self, index: int) -> bool:
        return self.devices[index][2].get("allowMultipleAllocations", False)

    def exclusive(self, picks: list[Pick]) -> bool:
        """A device goes to one request; admin access looks on, but once per claim, and blocks later ones."""
        taken: set[tuple[int, int]] = set()
        for claim, _, alternative, index in picks:
            admin = alternative.get("adminAccess", False)
            if (
                not admin
                and "/".join((*self.devices[index][:2], self.devices[index][2]["name"])) in self.allocated
            ):
                return False
            if self.shared(index):
                continue
            if any(other == index and (not admin or holder == claim) for holder, other in taken):
                return False
            taken.add((claim, index))
        return True

    def within_counters(self, picks: list[Pick]) -> bool:
        """Allocated and picked devices of a pool take from its counters, each device once."""
        left = Counter(self.counters)
        in_use = [
            index
            for index, (driver, pool, device) in enumerate(self.devices)
            if f"{driver}/{pool}/{device['name']}" in self.allocated | self.consumed.keys()
        ]
        again = [index for *_, index in picks if not (self.shared(index) and index in in_use)]
        picked = list(dict.fromkeys(again)) if all(map(self.shared, again)) else again
        picked = [
            index
            for place, index in enumerate(picked)
            if not (self.shared(index) and index in picked[:place])
        ]
        for index in in_use + picked:
            driver, pool, device = self.devices[index]
            for consumption in device.get("consumesCounters", ()):
                for name, counter in consumption["counters"].items():
                    left[driver, pool, consumption["counterSet"], name] -= amount(counter["value"])
        short = {key[:2] for key, value in left.items() if value < 0}
        return not any(
            self.devices[index][:2] in short and self.devices[index][2].get("consumesCounters")
            for index in picked
        )

    def has_room(self, picks: list[Pick]) -> bool:
        """What claims hold and what is picked of a shared device together are at most what it has."""
        taken: Counter[tuple[int, str]] = Counter()
        for _, _, alternative, index in picks:
            driver, pool, device = self.devices[index]
            wanted = alternative.get("capacity", {}).get("requests", {})
            for name, capacity in device.get("capacity", {}).items():
                before = amount(self.consumed.get(f"{driver}/{pool}/{device['name']}", {}).get(name, "0"))
                takes = amount(wanted.get(name, capacity["value"]))
                taken[index, name] += takes if self.shared(index) else 0
                total = taken[index, name] if self.shared(index) else takes
                if before + total > amount(capacity["value"]):
                    return False
        return True

    def constrained(self, claim: int, picks: list[Pick]) -> bool:
        for constraint in self.claims[claim]["spec"]["devices"].get("constraints", ()):
            distinct = "distinctAttribute" in constraint
            name = constraint["distinctAttribute" if distinct else "matchAttribute"]
            names = constraint.get("requests")
            values = [
                self.values(name, index)
                for owner, request, alternative, index in picks
                if owner == claim
                and (not names or request["name"] in names or self.name(request, alternative) in names)
            ]
            if any(not each for each in values):
                return False
            if distinct and any(one & other for one, other in combinations(values, 2)):
                return False
            if not distinct and values and not frozenset.intersection(*values):
                return False
        return True

    def values(self, name: str, index: int) -> frozenset[tuple[str, Any]]:
        driver, _, device = self.devices[index]
        attribute = (
            device["attributes"].get(name) or device["attributes"].get(name.removeprefix(f"{driver}/")) or {}
        )
        return frozenset(
            (kind.removesuffix("s"), value)
            for kind, found in attribute.items()
            for value in (found if isinstance(found, list) else [found])
        )

    def name(self, request: dict[str, Any], alternative: dict[str, Any]) -> str:
        return f"{request['name']}/{alternative['name']}" if "firstAvailable" in request else request["name"]
