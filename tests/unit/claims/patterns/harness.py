"""What the tests of claim patterns share: shapes written as YAML, and allocation on a node of a factory."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from typing import Any

import yaml

import dra
from dra.drivers.nvidia.publish import GpuSoftware
from dra.models.meta import KubernetesObject
from dra.testing import nodes
from dra.testing.nodes import Fixture, parts

GPU = "gpu.nvidia.com"
ROOT = "resource.kubernetes.io/pcieRoot"


def has_shape(obj: KubernetesObject, shape: str) -> bool:
    """Whether an object is valid and its spec is this YAML, which names the specs of claims only."""
    assert dra.validate(obj) == []
    spec = obj.to_dict()["spec"]
    found = spec["spec"] if isinstance(obj, dra.ResourceClaimTemplate) else spec
    wanted = yaml.safe_load(shape)
    assert found == wanted, f"\n{yaml.safe_dump(found)}\nis not\n{yaml.safe_dump(wanted)}"
    return True


def claims_of(template: dra.ResourceClaimTemplate, count: int = 1) -> list[dra.ResourceClaim]:
    """The claims that pods get from a template."""
    return [
        dra.ResourceClaim.from_dict(
            {
                "metadata": {"name": f"{template.metadata.name}-{index}", "namespace": "default"},
                "spec": template.spec.spec.to_dict(),
            }
        )
        for index in range(count)
    ]


def results(
    fixture: Fixture,
    *claims: dra.ResourceClaim,
    classes: Iterable[dra.DeviceClass] = (),
    taken: Collection[dra.DeviceId] = (),
) -> list[dra.AllocationResult] | None:
    """What the claims get on the first node; None if they do not fit."""
    allocator = dra.Allocator(
        fixture.slices,
        [*fixture.classes, *classes],
        allocated=dra.AllocatedState(devices=frozenset(taken)),
        features=dra.Features.all(),
    )
    identified = [dra.default(_with_uid(each, index)) for index, each in enumerate(claims)]
    return allocator.allocate(identified, fixture.node)


def _with_uid(claim: dra.ResourceClaim, index: int) -> dra.ResourceClaim:
    copy = claim.clone()
    copy.metadata.namespace = copy.metadata.namespace or "default"
    copy.metadata.uid = f"uid-{index}"
    return copy


def devices(
    fixture: Fixture,
    *claims: dra.ResourceClaim,
    classes: Iterable[dra.DeviceClass] = (),
    taken: Collection[dra.DeviceId] = (),
) -> list[list[str]] | None:
    """Names of the devices that each claim gets; None if they do not fit."""
    found = results(fixture, *claims, classes=classes, taken=taken)
    return None if found is None else [[each.device for each in one.devices.results or ()] for one in found]


def one_gpu(model: str, **setup: Any) -> Fixture:
    """A node with a single GPU."""
    place = nodes.machine("a2-ultragpu-1g").parts[0].places
    machine = nodes.Machine("one", "one GPU", (parts.NvidiaGpus(model, place, GpuSoftware()),))
    return nodes.node(machine, **setup)


def pod(claims: Iterable[Any], containers: Mapping[str, Iterable[Any]], **spec: Any) -> dra.Pod:
    """A pod with these entries of claims, and those of its containers; checked and linted."""
    made = dra.Pod.from_dict(
        {
            "apiVersion": "v1",
            "kind": "Pod",
            "metadata": {"name": "pod", "namespace": "default"},
            "spec": {
                "resourceClaims": [each.to_dict() for each in claims],
                "containers": [
                    {"name": name, "image": "i", "resources": {"claims": [each.to_dict() for each in uses]}}
                    for name, uses in containers.items()
                ],
                **spec,
            },
        }
    )
    assert dra.validate(made) == []
    assert [each for each in dra.lint(made) if each.severity != "info"] == []
    return made
