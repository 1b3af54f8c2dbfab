"""Pods and their migration, for the tests of migration."""

from __future__ import annotations

from typing import Any

from dra.claims.migrate import Entry, Migration, Outcome

Wire = dict[str, Any]


def container(name: str = "main", **limits: Any) -> Wire:
    """A container with limits, `__` in a name standing for `/` and `_` for `.`."""
    return {"name": name, "resources": {"limits": resources(**limits)}}


def resources(**amounts: Any) -> Wire:
    return {name.replace("__", "/").replace("_", "."): amount for name, amount in amounts.items()}


def pod(*containers: Wire, name: str = "train", namespace: str = "team", **spec: Any) -> Wire:
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": name, "namespace": namespace},
        "spec": {"containers": list(containers or [container(nvidia_com__gpu=1)]), **spec},
    }


def deployment(*containers: Wire, replicas: int = 1, **spec: Any) -> Wire:
    return {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": "serve", "namespace": "team"},
        "spec": {"replicas": replicas, "template": {"spec": pod(*containers, **spec)["spec"]}},
    }


def spec_of(migration: Migration, index: int = -1) -> Wire:
    """The spec of the pods of one of the objects, by default the last."""
    data = migration.objects[index].to_dict()
    spec = data["spec"]
    return spec["template"]["spec"] if "template" in spec else spec


def requests_of(migration: Migration, index: int = 0) -> list[Wire]:
    """The requests of one of the new objects."""
    spec = migration.new_objects[index].to_dict()["spec"]
    found: list[Wire] = spec.get("spec", spec)["devices"]["requests"]
    return found


def entries_of(migration: Migration, outcome: Outcome) -> list[Entry]:
    return [entry for each in migration.report for entry in each.entries if entry.outcome is outcome]


def selectors_of(request: Wire) -> list[str]:
    return [each["cel"]["expression"] for each in request["exactly"].get("selectors", [])]


def in_(key: str, *values: str) -> Wire:
    """A requirement of a node selector term."""
    return {"key": key, "operator": "In", "values": list(values)}


def required(*terms: list[Wire]) -> Wire:
    """An affinity to nodes with alternatives."""
    return {
        "nodeAffinity": {
            "requiredDuringSchedulingIgnoredDuringExecution": {
                "nodeSelectorTerms": [{"matchExpressions": term} for term in terms]
            }
        }
    }
