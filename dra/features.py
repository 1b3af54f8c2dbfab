"""Kubernetes feature gates: which minor has which, and their state as one immutable value.

The table follows the gates of `kube-apiserver` and `kube-scheduler` 1.34 to 1.37. A feature that a minor
does not know is off there and cannot be switched on.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import Enum
from typing import Final

import attrs
from typing_extensions import Self

from dra.arguments import instance
from dra.errors import UnknownVersionError
from dra.suggestions import did_you_mean

__all__ = ["KUBERNETES_MINORS", "LATEST", "Features", "Stage", "is_since", "minor", "nearest_minor"]

KUBERNETES_MINORS: Final = ("1.34", "1.35", "1.36", "1.37")
"""The minors of Kubernetes that the library knows, oldest first."""

LATEST: Final = KUBERNETES_MINORS[-1]
"""The minor that is meant when nobody names one."""


class Stage(Enum):
    """How far a gate has come in one minor, and with that its default."""

    ABSENT = "absent"
    ALPHA = "alpha"
    BETA_OFF = "beta, off by default"
    BETA = "beta"
    GA = "GA"
    LOCKED = "GA, locked"

    @property
    def on(self) -> bool:
        """Whether the gate is on when nobody says otherwise."""
        return self in (Stage.BETA, Stage.GA, Stage.LOCKED)


def _gate(name: str, *stages: Stage) -> bool:
    """A field for a gate; `stages` are those of `KUBERNETES_MINORS` in order."""
    history = dict(zip(KUBERNETES_MINORS, stages, strict=True))
    return attrs.field(
        default=False, kw_only=True, validator=_check_switch, metadata={"gate": name, "stages": history}
    )


def _check_switch(_: object, field: attrs.Attribute[bool], value: object) -> None:
    instance(value, bool, field.name, "True or False")


_ABSENT, _ALPHA, _BETA_OFF = Stage.ABSENT, Stage.ALPHA, Stage.BETA_OFF
_BETA, _GA, _LOCKED = Stage.BETA, Stage.GA, Stage.LOCKED


def minor(kubernetes: str) -> str:
    """The minor, such as `1.37`, of a version text such as `v1.37.2`.

    Raises:
        UnknownVersionError: The text is no version, or a minor outside 1.34 to 1.37.

    Example:
        >>> minor("v1.36.4")
        '1.36'
    """
    found = ".".join(str(kubernetes).removeprefix("v").split(".")[:2])  # YAML reads 1.37 as a number
    if found not in KUBERNETES_MINORS:
        raise UnknownVersionError(
            f"unknown Kubernetes version {kubernetes!r}",
            value=kubernetes,
            remedy=f"known minors: {', '.join(KUBERNETES_MINORS)}",
        )
    return found


def is_since(kubernetes: str, first: str) -> bool:
    """Whether a minor is another one or newer than it.

    Args:
        kubernetes: The minor.
        first: The other one, of whatever age.

    Example:
        >>> is_since("1.37", "1.36"), is_since("1.36", "1.36"), is_since("1.9", "1.10")
        (True, True, False)
    """
    one, other = (tuple(map(int, each.split("."))) for each in (kubernetes, first))
    return one >= other


def nearest_minor(kubernetes: str) -> str:
    """The minor of a cluster, or the newest that is known if the cluster is newer.

    Raises:
        UnknownVersionError: The text is no version, or a minor before 1.34.

    Example:
        >>> nearest_minor("1.36"), nearest_minor("1.99")
        ('1.36', '1.37')
    """
    major, _, rest = str(kubernetes).removeprefix("v").partition(".")
    number = rest.partition(".")[0]
    known = tuple(map(int, LATEST.split(".")))
    if major.isdecimal() and number.isdecimal() and len(rest) < 10 and (int(major), int(number)) > known:
        return LATEST
    return minor(kubernetes)


@attrs.frozen
class Features:
    """Which DRA features are on. All are off unless named; see the three constructors.

    The first seven decide what the allocator understands; the rest matter to validation, to CEL and to the
    scheduler. Each field is one feature gate of Kubernetes, except `device_binding_and_status`, which
    upstream's allocator treats as one: `DRADeviceBindingConditions` and `DRAResourceClaimDeviceStatus`.

    Example:
        >>> Features.for_kubernetes("1.34").partitionable_devices
        False
        >>> Features.for_kubernetes("1.36").partitionable_devices
        True
        >>> Features(prioritized_list=True).gates()["DRAPrioritizedList"]
        True
    """

    admin_access: bool = _gate("DRAAdminAccess", _BETA, _BETA, _LOCKED, _LOCKED)
    prioritized_list: bool = _gate("DRAPrioritizedList", _BETA, _BETA, _GA, _LOCKED)
    partitionable_devices: bool = _gate("DRAPartitionableDevices", _ALPHA, _ALPHA, _BETA, _BETA)
    device_taints: bool = _gate("DRADeviceTaints", _ALPHA, _ALPHA, _BETA, _GA)
    device_binding_and_status: bool = _gate("DRADeviceBindingConditions", _ALPHA, _ALPHA, _BETA, _BETA)
    consumable_capacity: bool = _gate("DRAConsumableCapacity", _ALPHA, _ALPHA, _BETA, _BETA)
    list_type_attributes: bool = _gate("DRAListTypeAttributes", _ABSENT, _ABSENT, _ALPHA, _ALPHA)

    resource_claim_device_status: bool = _gate("DRAResourceClaimDeviceStatus", _BETA, _BETA, _BETA, _LOCKED)
    device_taint_rules: bool = _gate("DRADeviceTaintRules", _ABSENT, _ALPHA, _BETA_OFF, _GA)
    extended_resource: bool = _gate("DRAExtendedResource", _ALPHA, _ALPHA, _BETA, _LOCKED)
    node_allocatable_resources: bool = _gate("DRANodeAllocatableResources", _ABSENT, _ABSENT, _ALPHA, _ALPHA)
    resource_pool_status: bool = _gate("DRAResourcePoolStatus", _ABSENT, _ABSENT, _ALPHA, _ALPHA)
    # On by default only where --min-compatibility-version is 1.37; it is 1.36 unless set.
    fractional_capacity_range: bool = _gate(
        "DRAFractionalCapacityRange", _ABSENT, _ABSENT, _ABSENT, _BETA_OFF
    )
    derived_attributes: bool = _gate("DRADerivedAttributes", _ABSENT, _ABSENT, _ABSENT, _ALPHA)
    device_compatibility_groups: bool = _gate(
        "DRADeviceCompatibilityGroups", _ABSENT, _ABSENT, _ABSENT, _ALPHA
    )
    optional_node_operations: bool = _gate("DRAOptionalNodeOperations", _ABSENT, _ABSENT, _ABSENT, _ALPHA)
    partitionable_devices_type: bool = _gate("DRAPartitionableDevicesType", _ABSENT, _ABSENT, _ABSENT, _ALPHA)
    workload_resource_claims: bool = _gate("DRAWorkloadResourceClaims", _ABSENT, _ABSENT, _ALPHA, _BETA_OFF)
    generic_workload: bool = _gate("GenericWorkload", _ABSENT, _ALPHA, _ALPHA, _BETA_OFF)
    topology_aware_workload_scheduling: bool = _gate(
        "TopologyAwareWorkloadScheduling", _ABSENT, _ABSENT, _ALPHA, _ALPHA
    )
    composite_pod_group: bool = _gate("CompositePodGroup", _ABSENT, _ABSENT, _ABSENT, _ALPHA)
    pod_group_preemption_policy: bool = _gate("PodGroupPreemptionPolicy", _ABSENT, _ABSENT, _ABSENT, _ALPHA)

    @classmethod
    def for_kubernetes(cls, kubernetes: str, **overrides: bool) -> Self:
        """The defaults of a minor, with some features switched by name.

        Args:
            kubernetes: A version such as `1.37` or `v1.36.2`.
            **overrides: Field names with the wanted state.

        Raises:
            UnknownVersionError: The minor is unknown, or a feature it does not have is switched on.
        """
        of_minor = minor(kubernetes)
        stages = {field.name: field.metadata["stages"][of_minor] for field in attrs.fields(cls)}
        unknown = sorted(overrides.keys() - stages.keys())
        if unknown:
            remedy = did_you_mean(unknown[0], stages, f"features: {', '.join(stages)}")
            raise UnknownVersionError(f"unknown feature {unknown[0]!r}", value=unknown[0], remedy=remedy)
        for name, wanted in overrides.items():
            if wanted and stages[name] is Stage.ABSENT:
                raise UnknownVersionError(f"Kubernetes {of_minor} has no feature {name!r}", value=name)
        return cls(**{name: stage.on for name, stage in stages.items()} | overrides)

    @classmethod
    def all(cls) -> Self:
        """Every feature on."""
        return cls(**{field.name: True for field in attrs.fields(cls)})

    @classmethod
    def from_gates(cls, gates: Mapping[str, bool], kubernetes: str = LATEST) -> Self:
        """A minor's defaults changed by gates as `--feature-gates` names them.

        Gates that do not concern this library are ignored.

        Raises:
            UnknownVersionError: As `for_kubernetes`.
        """
        names = {field.metadata["gate"]: field.name for field in attrs.fields(cls)}
        return cls.for_kubernetes(
            kubernetes, **{names[gate]: on for gate, on in gates.items() if gate in names}
        )

    def gates(self) -> dict[str, bool]:
        """The state of each gate by its Kubernetes name."""
        return {field.metadata["gate"]: getattr(self, field.name) for field in attrs.fields(type(self))}

    def __or__(self, other: Features) -> Self:
        """The features that are on in either."""
        return type(self)(
            **{
                field.name: getattr(self, field.name) or getattr(other, field.name)
                for field in attrs.fields(type(self))
            }
        )
