"""Random DeviceClasses and ResourceClaims for generated cases."""

from __future__ import annotations

from typing import Any

from tests.conformance.generate_slices import DRIVERS, World

SELECTORS = (
    'device.attributes["{driver}"].model == "h100"',
    'device.attributes["{driver}"].index < 2',
    'device.attributes["{driver}"].index != 0',
    'device.attributes["{driver}"].index in [1, 2, 3]',
    'device.attributes["{driver}"].?version.orValue(semver("1.0.0")).isGreaterThan(semver("1.9.0"))',
    '"{driver}" in device.capacity && device.capacity["{driver}"].memory.compareTo(quantity("8Gi")) >= 0',
    'device.attributes["{driver}"].numa == 0',
    "device.allowMultipleAllocations",
)
TOLERATIONS = (
    {"operator": "Exists"},
    {"key": "health", "operator": "Exists"},
    {"key": "health", "operator": "Exists", "effect": "NoSchedule"},
    {"key": "maintenance", "operator": "Equal", "value": "soon", "effect": "NoSchedule"},
)
AMOUNTS = ("1", "1Gi", "1500Mi", "2Gi", "3G", "2500M", "1Gi", "6Gi")
DERIVED = "derived.example.com/group"


def claims_for(world: World) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """Classes, one per driver, and one to three claims for them."""
    pick = world.pick
    classes = [_class(world, short) for short in world.drivers]
    return classes, [_claim(world, number) for number in range(pick.choice((1, 1, 1, 2, 2)))]


def _class(world: World, short: str) -> dict[str, Any]:
    spec: dict[str, Any] = {"selectors": [_selector(f'device.driver == "{DRIVERS[short]}"')]}
    if world.has("configs", 0.6):
        spec["config"] = [_opaque(DRIVERS[short], "class")]
    return {"metadata": {"name": short}, "spec": spec}


def _claim(world: World, number: int) -> dict[str, Any]:
    pick = world.pick
    requests = [_request(world, f"r{place}") for place in range(pick.choice((1, 1, 1, 2, 2, 3)))]
    names = [
        name
        for request in requests
        for name in (
            request["name"],
            *(f"{request['name']}/{each['name']}" for each in request.get("firstAvailable", ())),
        )
    ]
    devices: dict[str, Any] = {"requests": requests}
    if constraints := _constraints(world, requests, names):
        devices["constraints"] = constraints
    if world.has("configs", 0.8):
        devices["config"] = [
            {**_opaque(DRIVERS[pick.choice(world.drivers)], place), **_some(world, names)}
            for place in range(2)
        ]
    return {"metadata": {"name": f"c{number}", "namespace": "default"}, "spec": {"devices": devices}}


def _request(world: World, name: str) -> dict[str, Any]:
    pick = world.pick
    if world.has("alternatives", 0.7):
        choices = [{"name": f"s{place}", **_ask(world)} for place in range(pick.choice((2, 2, 3)))]
        return {"name": name, "firstAvailable": choices}
    exactly = _ask(world)
    if world.has("admin", 0.5):
        exactly["adminAccess"] = True
    return {"name": name, "exactly": exactly}


def _ask(world: World) -> dict[str, Any]:
    """What `exactly` and an alternative have in common."""
    pick = world.pick
    short = pick.choice(world.drivers)
    asked: dict[str, Any] = {"deviceClassName": short}
    if pick.random() < 0.1:
        asked["allocationMode"] = "All"
    else:
        asked |= {"allocationMode": "ExactCount", "count": pick.choice((1, 1, 1, 1, 2, 2, 3))}
    if pick.random() < 0.25:
        asked["selectors"] = [_selector(pick.choice(SELECTORS).format(driver=DRIVERS[short]))]
    if world.has("taints", 0.5):
        asked["tolerations"] = [pick.choice(TOLERATIONS)]
    if world.has("sharing", 0.6):
        asked["capacity"] = {"requests": {"memory": pick.choice(AMOUNTS)}}
    if world.has("derived", 0.8):
        asked["derivedAttributes"] = [{"name": DERIVED, "expression": _derived(world, DRIVERS[short])}]
    return asked


def _derived(world: World, driver: str) -> str:
    return world.pick.choice(
        (
            f'device.attributes["{driver}"].index / 2',
            f'device.attributes["{driver}"].model + "-x"',
            f'device.attributes["{driver}"].index > 1',
            f'device.attributes["{driver}"].numa',
        )
    )


def _constraints(world: World, requests: list[dict[str, Any]], names: list[str]) -> list[dict[str, Any]]:
    pick = world.pick
    constraints: list[dict[str, Any]] = []
    wanted = pick.choice((1, 1, 2)) if world.has("constraints") or world.has("lists") else 0
    for _ in range(wanted):
        kind = "matchAttribute" if pick.random() < 0.7 else "distinctAttribute"
        attribute = pick.choice(("model", "numa", "numa", "version", "index"))
        qualified = f"{DRIVERS[pick.choice(world.drivers)]}/{attribute}"
        if pick.random() < 0.25:
            qualified = "resource.kubernetes.io/pcieRoot"
        constraints.append({kind: qualified, **_some(world, names)})
    if deriving := [each["name"] for each in requests if _derives(each)]:
        constraints.append({"matchAttribute": DERIVED, "requests": deriving})
    return constraints


def _derives(request: dict[str, Any]) -> bool:
    """Whether every alternative of a request derives the attribute."""
    return all(
        "derivedAttributes" in each for each in (request.get("firstAvailable") or [request["exactly"]])
    )


def _some(world: World, names: list[str]) -> dict[str, list[str]]:
    """Nothing, which means all requests, or some of them by name."""
    if world.pick.random() < 0.5:
        return {}
    return {"requests": sorted(world.pick.sample(names, world.pick.randint(1, len(names))))}


def _selector(expression: str) -> dict[str, Any]:
    return {"cel": {"expression": expression}}


def _opaque(driver: str, what: object) -> dict[str, Any]:
    return {"opaque": {"driver": driver, "parameters": {"from": what}}}
