"""Extended resources served by DRA (KEP-5004): `example.com/gpu: 2` in a container becomes a claim.

For a pod whose containers ask for resources that a device class stands for, and a node that does not offer
them through a device plugin, kube-scheduler makes one special claim. Each container has a request of its
own in it; init containers that end before the others start use the devices of those first.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Final

import attrs

from dra.features import LATEST, is_since, minor
from dra.models.core import Container, ContainerExtendedResourceRequest, Node, Pod
from dra.models.meta import ObjectMeta, OwnerReference
from dra.models.resource import (
    DeviceClaim,
    DeviceClass,
    DeviceRequest,
    ExactDeviceRequest,
    ResourceClaim,
    ResourceClaimSpec,
)

__all__ = [
    "ANNOTATION",
    "IMPLICIT_PREFIX",
    "ExtendedResourceClaim",
    "extended_resource_claim",
    "resource_classes",
]

ANNOTATION: Final = "resource.kubernetes.io/extended-resource-claim"
"""Marks the special claim; the value is `true`."""

IMPLICIT_PREFIX: Final = "deviceclass.resource.kubernetes.io/"
"""With the name of a class: a resource name that every class has, since Kubernetes 1.35."""


@attrs.frozen
class ExtendedResourceClaim:
    """The special claim of a pod, and what goes to `status.extendedResourceClaimStatus`.

    Attributes:
        claim: The claim, to be allocated with the pod's other claims.
        mappings: Which request serves which container's resource.
    """

    claim: ResourceClaim
    mappings: tuple[ContainerExtendedResourceRequest, ...]


def resource_classes(classes: Iterable[DeviceClass], kubernetes: str = LATEST) -> dict[str, DeviceClass]:
    """The class that stands for each resource name.

    Of several classes with the same `extendedResourceName` the newest counts, of equally old ones the first
    by name.

    Example:
        >>> spec = {"extendedResourceName": "x.y/gpu"}
        >>> gpu = DeviceClass.from_dict({"metadata": {"name": "gpu"}, "spec": spec})
        >>> sorted(resource_classes([gpu]))
        ['deviceclass.resource.kubernetes.io/gpu', 'x.y/gpu']
    """
    by_name = sorted(classes, key=lambda each: each.metadata.name or "", reverse=True)
    by_age = sorted(by_name, key=lambda each: str(each.metadata.creation_timestamp or ""))
    found: dict[str, DeviceClass] = {}
    if is_since(minor(kubernetes), "1.35"):
        found = {f"{IMPLICIT_PREFIX}{each.metadata.name}": each for each in by_age}
    explicit = {each.spec.extended_resource_name: each for each in by_age}
    return found | {name: each for name, each in explicit.items() if name}


def extended_resource_claim(
    pod: Pod, classes: Iterable[DeviceClass], node: Node | None = None, kubernetes: str = LATEST
) -> ExtendedResourceClaim | None:
    """The claim that kube-scheduler makes for a pod's extended resources; None if there is nothing to claim.

    Args:
        pod: The pod.
        classes: All device classes.
        node: The node; what its device plugins offer is not claimed.
        kubernetes: The minor.

    Example:
        >>> spec = {"extendedResourceName": "x.y/gpu"}
        >>> gpu = DeviceClass.from_dict({"metadata": {"name": "gpu"}, "spec": spec})
        >>> pod = Pod.from_dict({"metadata": {"name": "p"}, "spec": {"containers": [
        ...     {"name": "main", "resources": {"requests": {"cpu": "1", "x.y/gpu": "2"}}}]}})
        >>> found = extended_resource_claim(pod, [gpu])
        >>> found.claim.spec.devices.requests[0].name, found.claim.spec.devices.requests[0].exactly.count
        ('container-0-request-1', 2)
    """
    offered = (node.status.allocatable if node is not None and node.status else None) or {}
    requests: list[DeviceRequest] = []
    mappings: list[ContainerExtendedResourceRequest] = []
    for resource, device_class in sorted(resource_classes(classes, kubernetes).items()):
        if resource not in offered or not offered[resource].sign:
            maker = _Requests(pod, resource, device_class.metadata.name or "")
            requests += maker.requests
            mappings += maker.mappings
    if not requests:
        return None
    requests.sort(key=lambda each: each.name)
    devices = DeviceClaim(requests=requests)
    return ExtendedResourceClaim(
        ResourceClaim(metadata=_metadata(pod), spec=ResourceClaimSpec(devices=devices)), tuple(mappings)
    )


def _metadata(pod: Pod) -> ObjectMeta:
    name = pod.metadata.name or ""
    owner = OwnerReference(
        api_version="v1", kind="Pod", name=name, uid=pod.metadata.uid or "", controller=True
    )
    return ObjectMeta(
        name=f"{name}-extended-resources",
        generate_name=f"{name}-extended-resources-",
        namespace=pod.metadata.namespace,
        annotations={ANNOTATION: "true"},
        owner_references=[owner],
    )


class _Requests:
    """The requests for one resource: one per container that runs on, at most one for all that end first."""

    def __init__(self, pod: Pod, resource: str, class_name: str) -> None:
        self.resource = resource
        self.class_name = class_name
        starting = list(pod.spec.init_containers or ())
        self.containers: Sequence[Container] = [*starting, *(pod.spec.containers or ())]
        lasting: dict[int, DeviceRequest] = {}
        self.mappings: list[ContainerExtendedResourceRequest] = []
        for index in range(len(self.containers)):
            if index >= len(starting) or _is_sidecar(self.containers[index]):
                request = self._request(index, self._wanted(index))
                if request is not None:
                    lasting[index] = request
                    self._map(index, request.name)
        first = self._passing(len(starting), lasting)
        self.requests = [*([first] if first is not None else ()), *lasting.values()]

    def _wanted(self, index: int) -> int:
        wanted = self.containers[index].effective_requests.get(self.resource)
        return wanted.value if wanted is not None and wanted.is_integer else 0

    def _request(self, index: int, count: int) -> DeviceRequest | None:
        if count <= 0:
            return None
        names = sorted(self.containers[index].effective_requests)
        return DeviceRequest(
            name=f"container-{index}-request-{names.index(self.resource)}",
            exactly=ExactDeviceRequest(
                device_class_name=self.class_name, allocation_mode="ExactCount", count=count
            ),
        )

    def _passing(self, starting: int, lasting: Mapping[int, DeviceRequest]) -> DeviceRequest | None:
        """The one request for the init containers that end: the most that any needs on top of reused ones."""
        largest: DeviceRequest | None = None
        own: list[int] = []
        for index in range(starting):
            wanted = 0 if _is_sidecar(self.containers[index]) else self._wanted(index)
            for later, request in lasting.items():
                if wanted > 0 and later > index:
                    self._map(index, request.name)
                    wanted -= _count(request)
            request_ = self._request(index, wanted)
            if request_ is not None:
                own.append(index)
                if largest is None or _count(request_) > _count(largest):
                    largest = request_
        for index in own:
            self._map(index, largest.name if largest is not None else "")
        return largest

    def _map(self, index: int, request: str) -> None:
        container = self.containers[index].name
        self.mappings.append(
            ContainerExtendedResourceRequest(
                container_name=container, resource_name=self.resource, request_name=request
            )
        )


def _count(request: DeviceRequest) -> int:
    return (request.exactly.count if request.exactly is not None else None) or 0


def _is_sidecar(init_container: Container) -> bool:
    return init_container.restart_policy == "Always"
