"""Random ResourceSlices for generated cases: what drivers publish, and what of it is already taken."""

from __future__ import annotations

import random
from typing import Any

import attrs

DRIVERS = {"gpu": "gpu.example.com", "nic": "nic.example.com"}
POLICIES: tuple[dict[str, Any] | None, ...] = (
    None,
    {"default": "2Gi"},
    {"default": "1Gi", "validValues": ["1Gi", "2Gi", "4Gi"]},
    {"default": "1Gi", "validRange": {"min": "1Gi"}},
    {"default": "1Gi", "validRange": {"min": "1Gi", "step": "512Mi", "max": "6Gi"}},
    {"default": "1G", "validRange": {"min": "1G", "step": "500M"}},
    {"default": "500M", "validRange": {"min": "500M", "step": "1500m", "max": "4G"}},
)
TAINTS = (
    {"key": "health", "value": "bad", "effect": "NoExecute"},
    {"key": "health", "effect": "NoSchedule"},
    {"key": "maintenance", "value": "soon", "effect": "NoSchedule"},
    {"key": "note", "effect": "None"},
)


@attrs.define
class World:
    """One case in the making."""

    pick: random.Random
    traits: frozenset[str]
    mixed_slices: bool
    """Whether counters are published beside devices, as 1.34 wants it, or in slices of their own."""
    drivers: tuple[str, ...] = ()
    devices: dict[str, dict[str, Any]] = attrs.field(factory=dict)
    """Every device by driver/pool/device."""

    def has(self, trait: str, chance: float = 1.0) -> bool:
        """Whether the case is about a trait, and this part of it by chance."""
        return trait in self.traits and self.pick.random() < chance

    def allocated(self) -> dict[str, Any]:
        """Some devices taken whole, some shareable ones in shares; together they could have been."""
        taken: dict[str, Any] = {}
        groups: dict[tuple[str, str], list[str]] = {}
        for name, device in self.devices.items():
            wanted = self.pick.random() < (0.25 if device.get("allowMultipleAllocations") else 0.07)
            if not wanted or not _compatible(groups, name, device):
                continue
            if device.get("allowMultipleAllocations"):
                self._share(taken, name, device)
            else:
                taken.setdefault("devices", []).append(name)
        return taken

    def _share(self, taken: dict[str, Any], name: str, device: dict[str, Any]) -> None:
        shares = taken.setdefault("shared", [])
        shares.append(f"{name}/share-{len(shares)}x")
        if device.get("capacity"):
            consumed = self.pick.choice(("1Gi", "2Gi", "4Gi"))
            taken.setdefault("capacity", {})[name] = {"memory": consumed}


def _compatible(groups: dict[tuple[str, str], list[str]], name: str, device: dict[str, Any]) -> bool:
    """Whether a device's compatibility groups are those of the devices taken from its counter sets."""
    pool = name.rpartition("/")[0]
    return all(
        groups.setdefault((pool, each["counterSet"]), each.get("compatibilityGroups", []))
        == each.get("compatibilityGroups", [])
        for each in device.get("consumesCounters", ())
    )


def slices_for(world: World) -> list[dict[str, Any]]:
    """The slices of one or two drivers, one or two pools each; sets `world.drivers` and `world.devices`."""
    pick = world.pick
    world.drivers = tuple(pick.sample(sorted(DRIVERS), 1 if pick.random() < 0.6 else 2))
    slices: list[dict[str, Any]] = []
    for short in world.drivers:
        for pool in pick.sample(("p", "q"), 1 if pick.random() < 0.7 else 2):
            slices += _pool(world, short, pool)
    if pick.random() < 0.3:
        pick.shuffle(slices)
    return slices


def _pool(world: World, short: str, pool: str) -> list[dict[str, Any]]:
    """The slices of one pool: one or two with devices, perhaps one with counters, perhaps something wrong."""
    pick = world.pick
    where = _where(world)
    devices = [
        _device(world, short, number, where) for number in range(pick.choice((1, 2, 3, 3, 4, 4, 5, 6)))
    ]
    counters = _counters(world, devices)
    cut = pick.randrange(1, len(devices)) if len(devices) > 1 and pick.random() < 0.3 else len(devices)
    parts: list[dict[str, Any]] = [{"devices": part} for part in (devices[:cut], devices[cut:]) if part]
    if counters and world.mixed_slices:
        parts = [{"devices": devices, "sharedCounters": counters}]
    elif counters:
        parts.append({"sharedCounters": counters})
    for part in parts:
        if "devices" in part and world.has("operations", 0.4):
            part["skipNodeOperations"] = pick.choice((["*"], ["NodeUnprepareResources"]))
    described = {"name": pool, "generation": 2, "resourceSliceCount": len(parts)}
    slices = [
        {
            "metadata": {"name": f"{short}-{pool}-{number}"},
            "spec": {"driver": DRIVERS[short], "pool": dict(described), **where, **part},
        }
        for number, part in enumerate(parts)
    ]
    for device in devices:
        world.devices[f"{DRIVERS[short]}/{pool}/{device['name']}"] = device
    if world.has("pools", 0.5):
        _spoil(pick, slices)
    return slices


def _where(world: World) -> dict[str, Any]:
    """Which nodes a pool is for."""
    if not world.has("nodes", 0.7):
        return {"nodeName": "n1"}
    return world.pick.choice(
        (
            {"nodeName": "n2"},
            {"allNodes": True},
            {"nodeSelector": _zone("In", "a")},
            {"nodeSelector": _zone("NotIn", "a")},
            {"nodeSelector": _zone("Exists")},
            {"perDeviceNodeSelection": True},
        )
    )


def _zone(operator: str, *values: str) -> dict[str, Any]:
    expression: dict[str, Any] = {"key": "zone", "operator": operator}
    if values:
        expression["values"] = list(values)
    return {"nodeSelectorTerms": [{"matchExpressions": [expression]}]}


def _device(world: World, short: str, number: int, where: dict[str, Any]) -> dict[str, Any]:
    pick = world.pick
    device: dict[str, Any] = {"name": f"{short}-{number}", "attributes": _attributes(world, number)}
    if pick.random() < 0.5 or "sharing" in world.traits:
        device["capacity"] = {"memory": {"value": pick.choice(("4Gi", "8Gi", "8Gi", "10G"))}}
    if world.has("sharing", 0.7):
        device["allowMultipleAllocations"] = True
        if policy := pick.choice(POLICIES):
            device["capacity"]["memory"]["requestPolicy"] = policy
    if world.has("taints", 0.35):
        device["taints"] = [pick.choice(TAINTS)]
    if world.has("binding", 0.5):
        device["bindingConditions"] = ["Ready"]
        device["bindingFailureConditions"] = ["Broken"]
        if pick.random() < 0.5:
            device["bindsToNode"] = True
    if "perDeviceNodeSelection" in where:
        device |= pick.choice(
            ({"nodeName": "n1"}, {"nodeName": "n2"}, {"allNodes": True}, {"nodeSelector": _zone("In", "b")})
        )
    return device


def _attributes(world: World, number: int) -> dict[str, Any]:
    pick = world.pick
    attributes: dict[str, Any] = {
        "model": {"string": pick.choice(("a100", "h100"))},
        "index": {"int": number},
        "version": {"version": pick.choice(("1.0.0", "1.10.0"))},
        "numa": {"int": pick.randrange(2)},
        "resource.kubernetes.io/pcieRoot": {"string": f"pci0000:{pick.randrange(2)}0"},
    }
    if world.has("lists", 0.8):
        attributes["numa"] = {"ints": sorted(pick.sample(range(4), pick.choice((1, 2, 2, 3))))}
    for name in ("numa", "resource.kubernetes.io/pcieRoot", "version"):
        if pick.random() < 0.1:
            del attributes[name]
    return attributes


def _counters(world: World, devices: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Counter sets that do not suffice for all devices; the devices are made to consume from them."""
    if not ({"counters", "groups"} & world.traits):
        return []
    pick = world.pick
    names = ("c0", "c1")[: pick.choice((1, 1, 2))]
    for device in devices:
        if pick.random() < 0.9:
            consumed = {
                "counterSet": pick.choice(names),
                "counters": {"slots": {"value": str(pick.choice((1, 2, 2, 4)))}},
            }
            if world.has("groups", 0.8):
                consumed["compatibilityGroups"] = sorted(pick.sample(("x", "y", "z"), pick.choice((1, 1, 2))))
            device["consumesCounters"] = [consumed]
    return [{"name": name, "counters": {"slots": {"value": str(pick.choice((5, 7, 8)))}}} for name in names]


def _spoil(pick: random.Random, slices: list[dict[str, Any]]) -> None:
    """Make a pool incomplete, invalid or stale."""
    first = slices[0]
    match pick.randrange(4):
        case 0:
            for each in slices:
                each["spec"]["pool"]["resourceSliceCount"] += 1
        case 1:
            first["spec"]["devices"] = [*first["spec"]["devices"], first["spec"]["devices"][0]]
        case 2:
            stale = {**first["spec"], "pool": {**first["spec"]["pool"], "generation": 1}}
            slices.append({"metadata": {"name": "stale-" + first["metadata"]["name"]}, "spec": stale})
        case _:
            first["spec"]["pool"]["generation"] = 3
