"""What is already taken: devices, shares of devices, and the capacity those shares consume.

`AllocatedState` is a value, given to an allocator. `Ledger` is the allocator's own account, which starts from
that value and follows each reservation and release in time proportional to the devices concerned.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from typing import TypeVar

import attrs
from typing_extensions import Self

from dra.arguments import instance, several
from dra.errors import AllocationError
from dra.features import LATEST, Features
from dra.models.resource import AllocationResult, DeviceRequestAllocationResult, ResourceClaim
from dra.quantity import Quantity

__all__ = [
    "AllocatedState",
    "DeviceId",
    "Holding",
    "Ledger",
    "SharedDeviceId",
    "claim_key",
    "claim_label",
    "holdings",
    "key_label",
]


@attrs.frozen(order=True, cache_hash=True)
class DeviceId:
    """A device in a cluster: driver, pool and name.

    Example:
        >>> str(DeviceId("gpu.example.com", "node-1", "gpu-0"))
        'gpu.example.com/node-1/gpu-0'
    """

    driver: str
    pool: str
    device: str

    def __str__(self) -> str:
        return f"{self.driver}/{self.pool}/{self.device}"

    @classmethod
    def parse(cls, text: str) -> Self:
        """The identifier that a text `driver/pool/device` stands for; the pool may contain slashes.

        Raises:
            AllocationError: The text has fewer than three parts.
        """
        driver, _, rest = text.partition("/")
        pool, _, device = rest.rpartition("/")
        if not (driver and pool and device):
            raise AllocationError(f"{text!r} is no device", value=text, remedy="write driver/pool/device")
        return cls(driver, pool, device)


@attrs.frozen(order=True)
class SharedDeviceId:
    """One share of a device that allows multiple allocations.

    Example:
        >>> str(SharedDeviceId(DeviceId("d", "p", "gpu-0"), "5f0c"))
        'd/p/gpu-0/5f0c'
    """

    device: DeviceId
    share_id: str

    def __str__(self) -> str:
        return f"{self.device}/{self.share_id}"


_Key = TypeVar("_Key", DeviceId, SharedDeviceId)


def _frozen_devices(devices: Iterable[DeviceId]) -> frozenset[DeviceId]:
    return frozenset(instance(each, DeviceId, "devices", "DeviceIds") for each in devices)


def _frozen_shares(shares: Iterable[SharedDeviceId]) -> frozenset[SharedDeviceId]:
    return frozenset(instance(each, SharedDeviceId, "shared", "SharedDeviceIds") for each in shares)


def _frozen_capacity(
    capacity: Mapping[DeviceId, Mapping[str, Quantity]],
) -> Mapping[DeviceId, Mapping[str, Quantity]]:
    return {device: dict(consumed) for device, consumed in capacity.items()}


@attrs.frozen
class Holding:
    """What one result of an allocation holds: a whole device, or a share of one."""

    device: DeviceId
    share_id: str | None
    consumed: tuple[tuple[str, int], ...]


@attrs.frozen(kw_only=True)
class AllocatedState:
    """What claims hold already, as an allocator starts from it.

    Attributes:
        devices: Devices that are held as a whole.
        shared: Shares of devices that allow multiple allocations.
        capacity: By device, how much of each capacity its shares consume together.
        held_by: By namespace and name, what the claims of `from_claims` hold of this; an allocator can name
            and release those claims. Not part of equality.

    Example:
        >>> gpu = DeviceId("gpu.example.com", "node-1", "gpu-0")
        >>> AllocatedState(devices={gpu}).devices
        frozenset({DeviceId(driver='gpu.example.com', pool='node-1', device='gpu-0')})
    """

    devices: frozenset[DeviceId] = attrs.field(default=frozenset(), converter=_frozen_devices)
    shared: frozenset[SharedDeviceId] = attrs.field(default=frozenset(), converter=_frozen_shares)
    capacity: Mapping[DeviceId, Mapping[str, Quantity]] = attrs.field(
        factory=dict, converter=_frozen_capacity, hash=False
    )
    held_by: Mapping[tuple[str, str], tuple[Holding, ...]] = attrs.field(factory=dict, eq=False, repr=False)

    @classmethod
    def from_claims(cls, claims: Iterable[ResourceClaim], features: Features | None = None) -> Self:
        """What the allocations in the claims' status hold.

        Results with admin access hold nothing. Without the consumable-capacity feature a share counts as
        the whole device, as in kube-scheduler.

        Args:
            claims: Allocated claims; those without allocation are passed over.
            features: The scheduler's features, by default those of the latest Kubernetes.
        """
        ledger = Ledger(features or Features.for_kubernetes(LATEST))
        held_by: dict[tuple[str, str], tuple[Holding, ...]] = {}
        for claim in several(claims, "claims", "claims"):
            instance(claim, ResourceClaim, "claims", "claims")
            allocation = claim.status.allocation if claim.status else None
            if allocation is not None:
                key = claim_key(claim)
                taken = tuple(holdings(allocation, ledger.features))
                held_by[key] = held_by.get(key, ()) + taken
                for holding in taken:
                    ledger.take(holding)
        return cls(
            devices=ledger.devices.keys(),
            shared=ledger.shares.keys(),
            capacity={
                device: {name: Quantity.from_nanos(nanos) for name, nanos in consumed.items()}
                for device, consumed in ledger.consumed.items()
            },
            held_by=held_by,
        )


def claim_key(claim: ResourceClaim) -> tuple[str, str]:
    """Namespace and name; the namespace is empty where the claim does not say it."""
    return claim.metadata.namespace or "", claim.metadata.name or ""


def claim_label(claim: ResourceClaim) -> str:
    """Namespace and name as people write them."""
    return key_label(claim_key(claim))


def key_label(key: tuple[str, str]) -> str:
    """As `claim_label`, of a key."""
    return "/".join(filter(None, key))


def holdings(allocation: AllocationResult | None, features: Features) -> Iterator[Holding]:
    """What an allocation holds, device by device."""
    results = allocation.devices.results if allocation else None
    for result in results or ():
        if not result.admin_access:
            yield _holding(result, features)


def _holding(result: DeviceRequestAllocationResult, features: Features) -> Holding:
    device = DeviceId(result.driver, result.pool, result.device)
    if result.share_id is None or not features.consumable_capacity:
        return Holding(device, None, ())
    consumed = tuple((name, amount.nanos) for name, amount in (result.consumed_capacity or {}).items())
    return Holding(device, result.share_id, consumed)


class Ledger:
    """The running account of what is taken; amounts are in nano units.

    Attributes:
        devices: How often each device is held as a whole (more than once only by mistake of others).
        shares: How often each share is held.
        consumed: By device, the capacity that shares consume.
    """

    def __init__(self, features: Features, start: AllocatedState | None = None) -> None:
        self.features = features
        self.devices: Counter[DeviceId] = Counter()
        self.shares: Counter[SharedDeviceId] = Counter()
        self.shared_devices: Counter[DeviceId] = Counter()
        self.consumed: dict[DeviceId, dict[str, int]] = {}
        if start is not None:
            self._open(start)

    def _open(self, start: AllocatedState) -> None:
        self.devices.update(start.devices)
        self.shares.update(start.shared)
        self.shared_devices.update(share.device for share in start.shared)
        for device, consumed in start.capacity.items():
            self.consumed[device] = {name: amount.nanos for name, amount in consumed.items()}

    def in_use(self, device: DeviceId) -> bool:
        """Whether anything of the device is taken, so that its counters are charged."""
        return device in self.devices or device in self.shared_devices or device in self.consumed

    def take(self, holding: Holding) -> None:
        """Account for a holding."""
        if holding.share_id is None:
            self.devices[holding.device] += 1
            return
        self.shares[SharedDeviceId(holding.device, holding.share_id)] += 1
        self.shared_devices[holding.device] += 1
        if holding.consumed:
            consumed = self.consumed.setdefault(holding.device, {})
            for name, nanos in holding.consumed:
                consumed[name] = consumed.get(name, 0) + nanos

    def give_back(self, holding: Holding) -> None:
        """Undo `take` of an equal holding."""
        if holding.share_id is None:
            _decrement(self.devices, holding.device)
            return
        _decrement(self.shares, SharedDeviceId(holding.device, holding.share_id))
        _decrement(self.shared_devices, holding.device)
        consumed = self.consumed.get(holding.device, {})
        for name, nanos in holding.consumed:
            consumed[name] -= nanos
        # A share may consume nothing of a capacity, so an amount of zero alone does not tell that it is gone.
        if holding.device not in self.shared_devices and not any(consumed.values()):
            self.consumed.pop(holding.device, None)

    def __bool__(self) -> bool:
        return bool(self.devices or self.shared_devices or self.consumed)


def _decrement(counter: Counter[_Key], key: _Key) -> None:
    counter[key] -= 1
    if not counter[key]:
        del counter[key]
