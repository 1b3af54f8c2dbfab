"""`device_count`: how many devices a claim gives, as far as that can be known before it is allocated."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache
from typing import Final

import attrs

from dra import drivers
from dra.claims.pods.source import Claim, claim_source
from dra.errors import UnknownNameError
from dra.features import LATEST, Features, minor
from dra.linting.given import Given
from dra.linting.subjects import KnownDevice, Wanted
from dra.models.loading import load
from dra.models.meta import KubernetesObject
from dra.models.resource import DeviceClass, ResourceSlice

__all__ = ["DeviceCount", "device_count"]

_MAX_RESULTS: Final = 32
_GPU_CLASS: Final = re.compile(r"(^|[.-])(gpu|mig)s?([.-]|$)")


@attrs.frozen
class DeviceCount:
    r"""A number of devices, or what is known of it.

    Attributes:
        least: There are at least so many.
        most: There are at most so many; None if that depends on the cluster.
        reason: Why the number is not exact; empty if it is.
        by_request: The numbers of the requests.
        by_class: The numbers of the device classes.
        by_driver: The numbers of the drivers; `""` stands for those that are not known.
        of_gpus: The number of GPUs, partitions of GPUs included; None in the parts.

    Example:
        >>> print(DeviceCount(2, 2), DeviceCount(1, 8), DeviceCount(1, None, "takes all"), sep="\n")
        2
        1 to 8
        at least 1 (takes all)
    """

    least: int
    most: int | None
    reason: str = ""
    by_request: Mapping[str, DeviceCount] = attrs.field(factory=dict, repr=False)
    by_class: Mapping[str, DeviceCount] = attrs.field(factory=dict, repr=False)
    by_driver: Mapping[str, DeviceCount] = attrs.field(factory=dict, repr=False)
    of_gpus: DeviceCount | None = attrs.field(default=None, repr=False)

    @property
    def exact(self) -> int | None:
        """The number, if it is certain."""
        return self.least if self.least == self.most else None

    def __str__(self) -> str:
        if self.exact is not None:
            return str(self.exact)
        bounds = f"at least {self.least}" if self.most is None else f"{self.least} to {self.most}"
        return f"{bounds} ({self.reason})" if self.reason else bounds


@attrs.frozen
class _Option:
    """What may be allocated for a request: so many devices of a class; None for all there are."""

    device_class: str
    driver: str
    count: int | None


@attrs.frozen
class _Alternative:
    """A request or one of its alternatives, and the driver of its devices."""

    wanted: Wanted
    driver: str

    def option(self, count: int | None) -> _Option:
        return _Option(self.wanted.request.device_class_name, self.driver, count)


# The options of each request by its name.
_Options = Mapping[str, Sequence[_Option]]
_Keep = Callable[[str, _Option], bool]


def device_count(
    claim: Claim,
    slices: object = None,
    classes: object = None,
    *,
    kubernetes: str = LATEST,
) -> DeviceCount:
    """How many devices a claim gives.

    A request with `adminAccess` takes no devices away from anybody and is not counted. A device of which the
    claim gets a share counts as one.

    Args:
        claim: A claim or template in any form that `attach` takes.
        slices: ResourceSlices in any form that `dra.load` takes. With them, alternatives that no node can
            offer do not count, and a request for all devices has the number that the nodes have.
        classes: DeviceClasses in any such form, which say what the slices' devices are.
        kubernetes: The minor whose CEL the selectors are written for.

    Returns:
        An exact number; a range, where a request has alternatives with different numbers; or a least number
        with the reason, where a request takes all devices there are.

    Raises:
        DraError: Something cannot be read.

    Example:
        >>> nic = {"name": "nic", "exactly": {"deviceClassName": "dranet"}}
        >>> gpu = {"name": "gpu", "firstAvailable": [
        ...     {"name": "whole", "deviceClassName": "gpu.nvidia.com"},
        ...     {"name": "parts", "deviceClassName": "mig.nvidia.com", "count": 2}]}
        >>> count = device_count({"apiVersion": "resource.k8s.io/v1", "kind": "ResourceClaim",
        ...     "metadata": {"name": "train"}, "spec": {"devices": {"requests": [nic, gpu]}}})
        >>> print(count)
        2 to 3 (gpu: 1 or 2, by the alternative that is allocated)
        >>> print(count.of_gpus.least, count.of_gpus.most, count.by_class["dranet"])
        1 2 1
    """
    obj = claim_source(claim).object
    if obj is None:
        return DeviceCount(0, None, "only the name of the claim is known")
    objects = [obj, *_loaded(slices, ResourceSlice), *_loaded(classes, DeviceClass)]
    of_minor = minor(kubernetes)
    given = Given(tuple(objects), of_minor, Features.for_kubernetes(of_minor))
    (known,) = given.claims
    requests = {
        request.name: [
            _Alternative(wanted, _driver(given, wanted))
            for wanted in options
            if not getattr(wanted.request, "admin_access", None)
        ]
        for request, options in known.requests
    }
    plain = {name: [each.option(each.wanted.count) for each in some] for name, some in requests.items()}
    if not given.slices:
        return _count([plain], plain)
    places = _on_places(given, requests)
    if not places:
        unlimited = _count([plain], plain)
        return attrs.evolve(unlimited, reason=_and(unlimited.reason, "no given node has devices for it"))
    return _count(places, plain)


def _loaded(source: object, kind: type[KubernetesObject]) -> list[KubernetesObject]:
    return [] if source is None else [obj for obj in load(source) if isinstance(obj, kind)]


def _driver(given: Given, wanted: Wanted) -> str:
    """The driver of a class: that of the devices it lets through, or else what is known of it."""
    if given.slices:
        found = {known.driver for known in given.allowed(wanted)}
        if len(found) == 1:
            return found.pop()
    try:
        return _known_driver(wanted.request.device_class_name)
    except UnknownNameError:
        return ""


@lru_cache(256)
def _known_driver(device_class: str) -> str:
    return drivers.find_class(device_class)[0].name


def _on_places(given: Given, requests: Mapping[str, Sequence[_Alternative]]) -> list[_Options]:
    """What nodes offer that have something for every request; of nodes that offer the same only one."""
    offers = [
        (name, [(each, _offers(given, each.wanted)) for each in alternatives])
        for name, alternatives in requests.items()
    ]
    found: dict[object, _Options] = {}
    for place in sorted({_place(known) for known in given.devices}):
        offered = {
            name: tuple(
                each.option(count)
                for each, numbers in alternatives
                for count in _counts(each.wanted, numbers, place)
            )
            for name, alternatives in offers
        }
        if all(offered[name] or not alternatives for name, alternatives in requests.items()):
            found.setdefault(tuple(offered.values()), offered)
    return list(found.values())


def _place(known: KnownDevice) -> str:
    """The node of a device; empty if it is not of one node."""
    return known.slice.spec.node_name or known.device.node_name or ""


@attrs.define
class _Offer:
    """How many devices there are for a request, and how many allocations they are good for."""

    devices: int = 0
    allocations: int = 0


def _offers(given: Given, wanted: Wanted) -> dict[str, _Offer]:
    """What each node has for a request; `""` has what is not of one node."""
    offers: dict[str, _Offer] = {}
    for known in given.devices_for([wanted]):
        offer = offers.setdefault(_place(known), _Offer())
        offer.devices += 1
        offer.allocations += _MAX_RESULTS if known.device.allow_multiple_allocations else 1
    return offers


def _counts(wanted: Wanted, offers: Mapping[str, _Offer], place: str) -> list[int]:
    """How many devices a node may give for a request; nothing if it has too few."""
    own = offers.get(place, _Offer())
    anywhere = offers.get("", _Offer()) if place else _Offer()
    if wanted.count is not None:
        return [wanted.count] if own.allocations + anywhere.allocations >= wanted.count else []
    everything = {own.devices, own.devices + anywhere.devices}
    return sorted(each for each in everything if 0 < each <= _MAX_RESULTS)


def _count(places: Sequence[_Options], plain: _Options) -> DeviceCount:
    """The numbers over all places that can offer what is wanted."""
    options = [each for requests in places for several in requests.values() for each in several]
    by_request = {name: _total(places, _of_request(name)) for name in plain}
    reasons = [f"{name}: {each.reason}" for name, each in by_request.items() if each.reason]
    total = _total(places, lambda _, __: True)
    return attrs.evolve(
        total,
        reason="" if total.exact is not None else "; ".join(reasons),
        by_request=by_request,
        by_class={
            name: _total(places, _of_class(name))
            for name in dict.fromkeys(each.device_class for each in options)
        },
        by_driver={
            name: _total(places, _of_driver(name)) for name in dict.fromkeys(each.driver for each in options)
        },
        of_gpus=_total(places, lambda _, each: _is_gpu(each)),
    )


def _of_request(wanted: str) -> _Keep:
    return lambda name, _: name == wanted


def _of_class(name: str) -> _Keep:
    return lambda _, option: option.device_class == name


def _of_driver(name: str) -> _Keep:
    return lambda _, option: option.driver == name


def _total(places: Sequence[_Options], keep: _Keep) -> DeviceCount:
    """The number of the devices that are of interest, over all places and alternatives."""
    leasts, mosts = [], []
    for requests in places:
        least, most = 0, 0
        unbounded = False
        for name, options in requests.items():
            counts = [(each.count if keep(name, each) else 0) for each in options]
            least += min((1 if count is None else count for count in counts), default=0)
            most += max((count for count in counts if count is not None), default=0)
            unbounded = unbounded or None in counts
        leasts.append(least)
        mosts.append(None if unbounded else most)
    least, bounded = min(leasts), [most for most in mosts if most is not None]
    if len(bounded) < len(mosts):
        return DeviceCount(least, None, f"takes all devices there are, at most {_MAX_RESULTS}")
    most = max(bounded)
    if least == most:
        return DeviceCount(least, most)
    between = "or" if most == least + 1 else "to"
    return DeviceCount(least, most, f"{least} {between} {most}, by {_cause(places, keep)}")


def _cause(places: Sequence[_Options], keep: _Keep) -> str:
    differing = any(
        len({each.count if keep(name, each) else 0 for each in options}) > 1
        for requests in places
        for name, options in requests.items()
    )
    return "the alternative that is allocated" if differing else "the node"


def _is_gpu(option: _Option) -> bool:
    """Whether an option is for GPUs: by what is known of its driver, or by the name of its class."""
    if option.driver:
        try:
            return "GPU" in drivers.get(option.driver).title
        except UnknownNameError:
            pass
    return bool(_GPU_CLASS.search(option.device_class))


def _and(*reasons: str) -> str:
    return "; ".join(reason for reason in reasons if reason)
