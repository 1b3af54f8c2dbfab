"""Small random allocation instances in wire form; their selectors cannot fail."""

from __future__ import annotations

from random import Random
from typing import Any

DRIVERS = ("a.example.com", "b.example.com")
KINDS = ("x", "y")
TAINT = {"key": "fault", "value": "ecc", "effect": "NoSchedule"}


def instance(random: Random) -> dict[str, Any]:
    """A node with up to eight devices in two pools, and one or two claims."""
    slices = []
    for driver in DRIVERS:
        slices += pool(random, driver)
    devices = [
        f"{each['spec']['driver']}/{each['spec']['pool']['name']}/{device['name']}"
        for each in slices
        for device in each["spec"].get("devices", ())
    ]
    shared = {
        f"{each['spec']['driver']}/{each['spec']['pool']['name']}/{device['name']}": device["capacity"]
        for each in slices
        for device in each["spec"].get("devices", ())
        if device.get("allowMultipleAllocations")
    }
    held = [each for each in devices if each not in shared and random.random() < 0.08]
    partly = {each: {"memory": random.choice(["1Gi", "4Gi"])} for each in shared if random.random() < 0.3}
    return {
        "features": {"All": True},
        "nodes": [{"metadata": {"name": "n1"}}],
        "node": "n1",
        "slices": slices,
        "classes": [
            {"metadata": {"name": driver[0]}, "spec": {"selectors": [cel(f'device.driver == "{driver}"')]}}
            for driver in DRIVERS
        ]
        + [{"metadata": {"name": "any"}, "spec": {}}],
        "allocated": {"devices": held, "shared": [f"{each}/held" for each in partly], "capacity": partly},
        "claims": [claim(random, f"c{index}") for index in range(random.choice([1, 1, 1, 2]))],
    }


def cel(expression: str) -> dict[str, Any]:
    return {"cel": {"expression": expression}}


def pool(random: Random, driver: str) -> list[dict[str, Any]]:
    """The slices of a pool: one with devices and, if they are partitions, one with counters."""
    flavour = random.choice(["plain", "partitions", "shared"])
    name = f"p{driver[0]}"
    spec = {
        "driver": driver,
        "nodeName": "n1",
        "pool": {"name": name, "generation": 1, "resourceSliceCount": 1},
    }
    devices = [device(random, index, flavour) for index in range(random.randint(2, 4))]
    if flavour != "partitions":
        return [{"metadata": {"name": f"{name}-devices"}, "spec": {**spec, "devices": devices}}]
    spec["pool"]["resourceSliceCount"] = 2
    sets = [
        {
            "name": f"card-{index}",
            "counters": {"units": {"value": str(random.randint(3, 6))}, "links": {"value": "4"}},
        }
        for index in range(2)
    ]
    return [
        {"metadata": {"name": f"{name}-devices"}, "spec": {**spec, "devices": devices}},
        {"metadata": {"name": f"{name}-counters"}, "spec": {**spec, "sharedCounters": sets}},
    ]


def device(random: Random, index: int, flavour: str) -> dict[str, Any]:
    attributes: dict[str, Any] = {"kind": {"string": random.choice(KINDS)}}
    if random.random() < 0.9:
        attributes["numa"] = {"int": random.randint(0, 1)}
    if random.random() < 0.9:
        attributes["links"] = {"ints": random.sample(range(4), random.randint(1, 2))}
    made: dict[str, Any] = {"name": f"d{index}", "attributes": attributes}
    if random.random() < 0.15:
        made["taints"] = [TAINT if random.random() < 0.7 else {**TAINT, "effect": "None"}]
    if flavour == "shared" and random.random() < 0.8:
        made["allowMultipleAllocations"] = True
    if flavour == "shared":
        made["capacity"] = {"memory": {"value": random.choice(["4Gi", "8Gi"])}}
    if flavour == "partitions" and random.random() < 0.9:
        counters = {
            "units": {"value": str(random.randint(1, 3))},
            "links": {"value": str(random.randint(0, 2))},
        }
        made["consumesCounters"] = [{"counterSet": f"card-{random.randint(0, 1)}", "counters": counters}]
    return made


def claim(random: Random, name: str) -> dict[str, Any]:
    requests = [request(random, f"r{index}") for index in range(random.choice([1, 1, 2, 2, 3]))]
    devices: dict[str, Any] = {"requests": requests}
    # A constraint on `All` is an error if it does not hold, which is not what is tested here.
    free = [each["name"] for each in requests if each.get("exactly", {}).get("allocationMode") != "All"]
    constraints = []
    for _ in range(random.choice([0, 0, 0, 1, 1, 2])):
        kind = random.choice(["matchAttribute", "distinctAttribute"])
        attribute = f"{random.choice(DRIVERS[:1] * 3 + DRIVERS)}/{random.choice(['numa', 'links'])}"
        if free:
            constraints.append(
                {kind: attribute, "requests": random.sample(free, random.randint(1, len(free)))}
            )
    if constraints:
        devices["constraints"] = constraints
    return {"metadata": {"name": name, "namespace": "default"}, "spec": {"devices": devices}}


def request(random: Random, name: str) -> dict[str, Any]:
    if random.random() < 0.25:
        return {
            "name": name,
            "firstAvailable": [
                {"name": f"s{index}", **wanted(random)} for index in range(random.randint(1, 3))
            ],
        }
    exactly = wanted(random)
    if random.random() < 0.1:
        exactly["adminAccess"] = True
    return {"name": name, "exactly": exactly}


def wanted(random: Random) -> dict[str, Any]:
    made: dict[str, Any] = {"deviceClassName": random.choice(["a", "a", "b", "any", "any"])}
    if random.random() < 0.07:
        made["allocationMode"] = "All"
    else:
        made |= {"allocationMode": "ExactCount", "count": random.choice([1, 1, 1, 2, 2, 3])}
    if random.random() < 0.15:
        # Of a driver that is not the device's, the expression would fail; `kind` is there on all of its own.
        driver = DRIVERS[0] if made["deviceClassName"] == "a" else DRIVERS[1]
        if made["deviceClassName"] != "any":
            made["selectors"] = [cel(f'device.attributes["{driver}"].kind == "{random.choice(KINDS)}"')]
    if random.random() < 0.2:
        made["tolerations"] = [{"key": "fault", "operator": random.choice(["Exists", "Equal"])}]
    if random.random() < 0.06:
        made["capacity"] = {"requests": {"memory": random.choice(["1Gi", "2Gi", "3Gi"])}}
    return made
