"""The models have the fields of the official client, which is generated from the API server's OpenAPI.

Fields are compared by name and type, version by version; what differs is listed here with its reason.
"""

from __future__ import annotations

import json
import types
from typing import Annotated, Any, Union, get_args, get_origin

import pytest

import dra
from dra import Quantity
from dra.models import core, resource, scheduling
from dra.models.base import Model
from dra.models.kinds import KINDS, decode

client = pytest.importorskip("kubernetes.client")
pytestmark = pytest.mark.skipif(
    int(pytest.importorskip("kubernetes").__version__.split(".")[0]) < 37, reason="compares with client 37"
)

# The client's class of each kind, in the version whose shape our class has.
PAIRS: dict[type[Model], str] = {
    core.Node: "V1Node",
    core.Pod: "V1Pod",
    core.PodTemplateSpec: "V1PodTemplateSpec",
    resource.DeviceClass: "V1DeviceClass",
    resource.DeviceTaintRule: "V1DeviceTaintRule",
    resource.ResourceClaim: "ResourceV1ResourceClaim",
    resource.ResourceClaimTemplate: "V1ResourceClaimTemplate",
    resource.ResourcePoolStatusRequest: "V1alpha3ResourcePoolStatusRequest",
    resource.ResourceSlice: "V1ResourceSlice",
    scheduling.CompositePodGroup: "V1alpha3CompositePodGroup",
    scheduling.PodGroup: "V1beta1PodGroup",
    scheduling.Workload: "V1beta1Workload",
}

# (our class, wire name): why only one side has the field, or why its type differs.
ONLY_OURS = {
    ("PodSpec", "workloadRef"): "Kubernetes 1.35 only",
    ("Device", "nodeAllocatableResourceMappings"): "Kubernetes 1.36 only",
    ("DeviceTaintSelector", "deviceClassName"): "Kubernetes 1.34 and older",
    ("DeviceTaintSelector", "selectors"): "Kubernetes 1.34 and older",
    ("NodeAllocatableResourceClaimStatus", "resources"): "Kubernetes 1.36 only",
}
RIDES_ALONG_FOR_ANOTHER = {
    "Container": {"targetContainerName": "Container stands for EphemeralContainer too"},
}
REQUIRED_THERE_ONLY = {
    ("PodSpec", "containers"): "absent lists are None",
    ("NodeAllocatableMappedResources", "quantity"): "a pointer in Go",
    ("CapacityRequestPolicyRange", "min"): "a pointer in Go",
    ("OpaqueDeviceConfiguration", "parameters"): "JSON of any kind, absent is None",
    ("CompositePodGroupSpec", "workloadRef"): "a pointer in Go",
    ("CounterSet", "counters"): "absent maps are None",
    ("DeviceCounterConsumption", "counters"): "absent maps are None",
    ("Condition", "lastTransitionTime"): "absent times are None",
}
# Empty objects that decide by being there: the client has no class for them.
EMPTY = {
    "AllCompositeDisruptionMode",
    "AllDisruptionMode",
    "BasicSchedulingPolicy",
    "CompositeBasicSchedulingPolicy",
    "SingleCompositeDisruptionMode",
    "SingleDisruptionMode",
}


def bare(annotation: Any) -> Any:
    while get_origin(annotation) is Annotated:
        annotation = get_args(annotation)[0]
    if get_origin(annotation) in (Union, types.UnionType):
        return bare(next(arm for arm in get_args(annotation) if arm is not type(None)))
    return annotation


def our_type(annotation: Any, found: dict[type[Model], str], theirs: str) -> str:
    """Our type in the client's words; nested models are noted in `found` with their counterpart."""
    kind = bare(annotation)
    if get_origin(kind) is list:
        return f"List[{our_type(get_args(kind)[0], found, theirs[5:-1])}]"
    if get_origin(kind) is dict:
        return f"Dict[str, {our_type(get_args(kind)[1], found, theirs[10:-1])}]"
    if isinstance(kind, type) and issubclass(kind, Model):
        if kind.__name__ in EMPTY:
            return "object" if theirs == "object" else "Dict[str, object]"
        found[kind] = theirs
        return theirs if theirs.endswith(kind.__name__.removeprefix("Container")) else kind.__name__
    if kind is Quantity:
        return "str"
    if kind is Any:
        return "object"
    if kind is str and theirs == "datetime":
        return "datetime"
    return str(kind.__name__)


def compare(cls: type[Model], theirs: Any, found: dict[type[Model], str]) -> list[str]:
    """What is different about the fields of two classes."""
    wire = {theirs.attribute_map[name]: (name, kind) for name, kind in theirs.openapi_types.items()}
    ours = {field.alias or name: field for name, field in cls.model_fields.items()}
    missing = sorted(wire.keys() - ours.keys() - cls.rides_along)
    invented = sorted(cls.rides_along - wire.keys() - RIDES_ALONG_FOR_ANOTHER.get(cls.__name__, {}).keys())
    differences = [f"{cls.__name__}.{name} is missing" for name in missing]
    differences += [f"{cls.__name__}.{name} rides along, yet nobody has it" for name in invented]
    for name, field in ours.items():
        if name not in wire:
            if (cls.__name__, name) not in ONLY_OURS:
                differences.append(f"{cls.__name__}.{name} is only ours")
            continue
        attribute, their_type = wire[name]
        if (own := our_type(field.annotation, found, their_type)) != their_type:
            differences.append(f"{cls.__name__}.{name} is {own}, theirs {their_type}")
        required = theirs.model_fields[attribute].is_required()
        absent = field.get_default(call_default_factory=True)
        if required and absent is None and (cls.__name__, name) not in REQUIRED_THERE_ONLY:
            differences.append(f"{cls.__name__}.{name} is required there")
    return differences


def test_every_field_is_the_clients() -> None:
    pending, seen, differences = dict(PAIRS), set(), []
    while pending:
        cls, name = pending.popitem()
        if cls in seen:
            continue
        seen.add(cls)
        found: dict[type[Model], str] = {}
        differences += compare(cls, getattr(client, name), found)
        pending |= {kind: theirs for kind, theirs in found.items() if hasattr(client, theirs)}
    assert differences == []
    modelled = {
        kind
        for module in (core, resource, scheduling)
        for kind in vars(module).values()
        if isinstance(kind, type) and issubclass(kind, Model) and kind.__module__ == module.__name__
    }
    unseen = {kind for kind in modelled - seen if not kind.__name__.startswith("_")}
    gone = {resource.NodeAllocatableResourceMapping, core.WorkloadReference}
    assert unseen - gone == {getattr(scheduling, name) for name in EMPTY}


def sample(kind: str, depth: int = 0) -> Any:
    """A value of a type as the client names types, with every field set."""
    if kind.startswith("List["):
        return [sample(kind[5:-1], depth)]
    if kind.startswith("Dict["):
        return {"a": sample(kind[10:-1], depth)}
    if kind == "datetime":
        return "2026-01-31T12:00:00Z"
    plain = {"str": "1", "int": 1, "bool": True, "float": 1.5, "object": {}}
    if kind in plain:
        return plain[kind]
    cls = getattr(client, kind)
    members = {cls.attribute_map[attribute]: below for attribute, below in cls.openapi_types.items()}
    if "port" in members:
        members["port"] = "int"  # the client says object for what is an integer or a string
    return {
        name: sample(below, depth + 1) for name, below in members.items() if depth < 9 or kind not in below
    }


def full_objects() -> list[Any]:
    """For each kind and version that the client has: the name of its class."""
    return [
        pytest.param(version.name, kind, name, id=name)
        for (_, kind), cls in KINDS.items()
        for version in cls.versions()
        for prefix in ["V" + version.name.rpartition("v")[2]]
        for name in (f"{prefix}{kind}", f"Resource{prefix}{kind}")
        if hasattr(client, name)
    ]


@pytest.mark.parametrize(("api_version", "kind", "name"), full_objects())
def test_an_object_with_every_field_round_trips(api_version: str, kind: str, name: str) -> None:
    wire = {**sample(name), "apiVersion": api_version, "kind": kind}
    assert decode(wire, strict=True).to_dict() == wire


@pytest.mark.parametrize(("api_version", "kind", "name"), full_objects())
def test_the_clients_own_object_loads(api_version: str, kind: str, name: str) -> None:
    wire = {**sample(name), "apiVersion": api_version, "kind": kind}
    text = json.dumps(wire)
    theirs = client.ApiClient().deserialize(text, name, "application/json")
    assert dra.load(theirs) == dra.load(text)
    theirs.api_version = theirs.kind = None
    assert dra.load(theirs) == dra.load(text), "the class says what the object is"
