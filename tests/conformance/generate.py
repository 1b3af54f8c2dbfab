"""Random allocation cases: small, valid by the API's rules, the same for the same seed.

A case has a profile, the trait that it is about; others join in now and then, and `mix` takes from all.

    python -m tests.conformance.generate --count 20 --seed 7 --kubernetes 1.36 > cases.jsonl
"""

from __future__ import annotations

import argparse
import json
import random
from collections.abc import Iterator
from typing import Any

import attrs

from dra.features import KUBERNETES_MINORS, LATEST, Features
from tests.conformance import allocation as recorded
from tests.conformance.generate_claims import claims_for
from tests.conformance.generate_slices import World, slices_for

FEATURES = recorded.FEATURES | recorded.NEWER_FEATURES
# The trait of a profile -> the feature without which it makes no sense, if there is one.
PROFILES = {
    "basic": None,
    "admin": "AdminAccess",
    "alternatives": "PrioritizedList",
    "binding": "DeviceBindingAndStatus",
    "configs": None,
    "constraints": None,
    "counters": "PartitionableDevices",
    "derived": "DerivedAttributes",
    "groups": "CompatibilityGroups",
    "lists": "ListTypeAttributes",
    "nodes": None,
    "operations": "OptionalNodeOperations",
    "pools": None,
    "sharing": "ConsumableCapacity",
    "taints": "DeviceTaints",
    "mix": None,
}
NODES: tuple[dict[str, Any], ...] = (
    {
        "metadata": {"name": "n1", "labels": {"zone": "a"}},
        "status": {"declaredFeatures": ["DRAOptionalNodeOperations"]},
    },
    {"metadata": {"name": "n2", "labels": {"zone": "b"}}},
)


def cases(seed: int, count: int, kubernetes: str = LATEST) -> Iterator[dict[str, Any]]:
    """So many cases for a minor, each profile in turn."""
    profiles = [
        profile for profile, feature in PROFILES.items() if feature is None or has(kubernetes, feature)
    ]
    for number in range(count):
        yield case(f"{kubernetes}-{seed}-{number:04}", profiles[number % len(profiles)], kubernetes)


def case(name: str, profile: str, kubernetes: str = LATEST) -> dict[str, Any]:
    """The case of that name, which is its seed."""
    pick = random.Random(name)
    chance = 0.4 if profile == "mix" else 0.05
    traits = {
        each
        for each, feature in PROFILES.items()
        if each == profile or (pick.random() < chance and (feature is None or has(kubernetes, feature)))
    }
    world = World(pick, frozenset(traits), mixed_slices=kubernetes == "1.34")
    slices = slices_for(world)
    classes, claims = claims_for(world)
    return {
        "id": name,
        "profile": profile,
        "features": _features(pick, kubernetes, PROFILES[profile]),
        "allocator": "auto" if kubernetes == "1.34" else "experimental",
        "nodes": list(NODES) if "nodes" in traits or "operations" in traits else [NODES[0]],
        "node": "*",
        "classes": classes,
        "slices": slices,
        "allocated": world.allocated(),
        "claims": claims,
    }


def has(kubernetes: str, feature: str) -> bool:
    """Whether a minor knows a feature of the allocator."""
    field = attrs.fields_dict(Features)[FEATURES[feature]]
    return field.metadata["stages"][kubernetes].value != "absent"


def _features(pick: random.Random, kubernetes: str, needed: str | None) -> dict[str, bool]:
    """Everything a minor knows, or its defaults, or any of it; what the profile needs is mostly on."""
    known = [name for name in FEATURES if has(kubernetes, name)]
    choice = pick.random()
    if choice < 0.6:
        return dict.fromkeys(known, True)
    defaults = Features.for_kubernetes(kubernetes)
    chosen = {
        name: getattr(defaults, FEATURES[name]) if choice < 0.8 else pick.random() < 0.7 for name in known
    }
    if needed is not None and pick.random() < 0.8:
        chosen[needed] = True
    return chosen


def main() -> None:
    options = argparse.ArgumentParser(description="Print random allocation cases, one a line.")
    options.add_argument("--count", type=int, default=100)
    options.add_argument("--seed", type=int, default=1)
    options.add_argument("--kubernetes", choices=KUBERNETES_MINORS, default=LATEST)
    chosen = options.parse_args()
    for each in cases(chosen.seed, chosen.count, chosen.kubernetes):
        print(json.dumps(each, separators=(",", ":")))


if __name__ == "__main__":
    main()
