"""What the checks look at: devices, expressions, requests, claims and pods, each with its place."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import attrs

from dra.cel.device import BoundDevice
from dra.errors import DecodeError, EvaluationError
from dra.models.core import PodSpec
from dra.models.meta import KubernetesObject, Unstructured
from dra.models.pod_templates import pod_templates
from dra.models.resource import (
    Device,
    DeviceClaim,
    DeviceRequest,
    DeviceSelector,
    DeviceSubRequest,
    ExactDeviceRequest,
    ResourceClaim,
    ResourceClaimTemplate,
    ResourceSlice,
)
from dra.validation.field_error import Path

__all__ = [
    "Claim",
    "KnownDevice",
    "PodUse",
    "Wanted",
    "Written",
    "expressions_in",
    "known_devices",
    "pod_uses",
    "written_in",
]


@attrs.frozen
class KnownDevice:
    """A device of a given slice, and what selectors see of it."""

    device: Device
    slice: ResourceSlice
    bound: BoundDevice

    @property
    def driver(self) -> str:
        """The driver that publishes it."""
        return self.slice.spec.driver

    @property
    def name(self) -> str:
        """Its name with driver and pool."""
        return f"{self.driver}/{self.slice.spec.pool.name}/{self.device.name}"

    @property
    def place(self) -> str:
        """Its node, or its pool if it is not of one node."""
        return self.slice.spec.node_name or self.device.node_name or f"pool {self.slice.spec.pool.name}"


@attrs.frozen
class Written:
    """An expression where it is written."""

    object: KubernetesObject
    path: Path
    text: str
    is_alternative: bool = False
    """Whether it is of one of several alternatives, so that it need not hold anywhere."""
    device_class: str = ""
    """The class of the request that it is of; empty for that of a class."""


@attrs.frozen
class Wanted:
    """A request or subrequest of a claim or template.

    Attributes:
        object: The claim or template.
        path: Where the fields of the request stand.
        name: `request` or `request/subrequest`.
        request: The request.
    """

    object: ResourceClaim | ResourceClaimTemplate
    path: Path
    name: str
    request: ExactDeviceRequest | DeviceSubRequest

    @property
    def count(self) -> int | None:
        """How many devices it wants; None for all there are."""
        return None if self.request.allocation_mode == "All" else self.request.count or 1

    @property
    def asks(self) -> tuple[str, tuple[str, ...]]:
        """All that decides which devices it may get: the name of its class, and its selectors."""
        return self.request.device_class_name, tuple(expressions_in(self.request.selectors))

    @property
    def selectors(self) -> list[Written]:
        """Its selectors."""
        return [
            attrs.evolve(
                written,
                is_alternative=isinstance(self.request, DeviceSubRequest),
                device_class=self.request.device_class_name,
            )
            for written in written_in(self.object, self.path, self.request.selectors)
        ]

    def is_meant_by(self, reference: str) -> bool:
        """Whether a name in a constraint or configuration leads to it."""
        return reference in (self.name, self.name.partition("/")[0])


@attrs.frozen
class Claim:
    """The device claim of a ResourceClaim or ResourceClaimTemplate."""

    object: ResourceClaim | ResourceClaimTemplate
    path: Path
    devices: DeviceClaim

    @property
    def requests(self) -> Iterator[tuple[DeviceRequest, list[Wanted]]]:
        """Each request with what may be allocated for it: one thing, or the first available of several."""
        for index, request in enumerate(self.devices.requests or ()):
            here = (self.path / "requests")[index]
            wanted = []
            if request.exactly:
                wanted.append(Wanted(self.object, here / "exactly", request.name, request.exactly))
            for number, sub in enumerate(request.first_available or ()):
                at = (here / "firstAvailable")[number]
                wanted.append(Wanted(self.object, at, f"{request.name}/{sub.name}", sub))
            yield request, wanted

    @property
    def wanted(self) -> Iterator[Wanted]:
        """All requests and subrequests."""
        for _, wanted in self.requests:
            yield from wanted


@attrs.frozen
class PodUse:
    """A pod, or the template of pods in any other object.

    Attributes:
        object: The Pod, Deployment, Job, ...
        path: Where the pod's spec stands.
        spec: The spec.
        replicas: How many pods there will be; 1 if the object does not say, None for one on each node.
    """

    object: KubernetesObject
    path: Path
    spec: PodSpec
    replicas: int | None

    @property
    def are_many(self) -> bool:
        """Whether there is more than one pod."""
        return self.replicas is None or self.replicas > 1

    @property
    def number(self) -> str:
        """How many pods there are, as it stands before `pods`; nothing if that depends on the nodes."""
        return "" if self.replicas is None else f"{self.replicas} "


def expressions_in(selectors: Iterable[DeviceSelector] | None) -> list[str]:
    """The expressions of selectors."""
    return [selector.cel.expression for selector in selectors or () if selector.cel]


def written_in(obj: KubernetesObject, at: Path, selectors: Iterable[DeviceSelector] | None) -> list[Written]:
    """The expressions of selectors, each where it is written."""
    return [
        Written(obj, (at / "selectors")[index] / "cel" / "expression", selector.cel.expression)
        for index, selector in enumerate(selectors or ())
        if selector.cel
    ]


def known_devices(slice_: ResourceSlice) -> Iterator[KnownDevice]:
    """The devices of a slice, without those that are broken."""
    for device in slice_.spec.devices or ():
        bound = _bound(device, slice_.spec.driver)
        if bound is not None:
            yield KnownDevice(device, slice_, bound)


def _bound(device: Device, driver: str) -> BoundDevice | None:
    """What selectors see of a device; None of a broken one, which `validate` reports."""
    try:
        return BoundDevice(device, driver)
    except EvaluationError:
        return None


def pod_uses(obj: Unstructured) -> Iterator[PodUse]:
    """The pod templates of an object; broken ones are left to the API server."""
    for template in pod_templates(obj.to_dict()):
        try:
            spec = PodSpec.from_dict(template.spec)
        except DecodeError:
            continue
        at = Path()
        for step in template.path:
            at = at[step] if isinstance(step, int) else at / step
        yield PodUse(obj, at, spec, template.replicas)
