"""What the rules depend on besides the object: the minor, its limits, the feature gates."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import attrs

from dra.arguments import instance
from dra.features import KUBERNETES_MINORS, Features, is_since, minor

__all__ = ["Limits", "Scope"]


@attrs.frozen(kw_only=True)
class Limits:
    """How much of everything an object may have; None means no limit.

    Source: the constants in `k8s.io/api/resource/v1` and `k8s.io/api/scheduling` of each minor.
    """

    driver_name_bytes: int = 63
    pool_name_bytes: int = 253
    identifier_bytes: int = 32
    devices: int = 128
    devices_with_advanced_features: int = 64
    attributes_and_capacities: int = 32
    attribute_values: int = 48
    attribute_value_bytes: int = 64
    taints: int = 16
    counter_sets: int | None = 8
    counters_per_set: int | None = 32
    counter_consumptions: int | None = 2
    counters_per_consumption: int | None = 32
    compatibility_groups: int = 2
    binding_conditions: int = 4
    valid_values: int = 10

    requests: int = 32
    subrequests: int = 8
    request_references: int = 32
    constraints: int = 32
    configurations: int = 32
    selectors: int = 32
    expression_bytes: int = 10240
    expression_cost: int = 1_000_000
    derived_attributes: int = 32
    parameters_bytes: int = 10240

    results: int = 32
    allocation_configurations: int = 64
    reserved_for: int = 256
    device_conditions: int = 8
    device_data_bytes: int = 10240
    ips: int = 16
    interface_name_bytes: int = 256
    hardware_address_bytes: int = 128
    taint_rule_conditions: int = 8

    pool_status_limit: int = 1000
    pool_statuses: int = 1000
    pool_validation_error_bytes: int = 256
    pool_status_conditions: int = 10
    pool_summaries: int = 32

    templates: int = 8
    template_depth: int = 4
    group_claims: int = 4
    topologies: int = 1
    priority: int = 1_000_000_000

    # Kubernetes 1.34 counted counters over the whole slice instead.
    shared_counters: int | None = None
    consumed_counters: int | None = None
    consumed_counters_per_device: int | None = None


_NEWEST: Final = Limits()
_LIMITS: Final[Mapping[str, Limits]] = {
    **dict.fromkeys(KUBERNETES_MINORS, _NEWEST),
    "1.34": attrs.evolve(
        _NEWEST,
        devices_with_advanced_features=128,
        taints=4,
        counter_sets=None,
        counters_per_set=None,
        counter_consumptions=None,
        counters_per_consumption=None,
        shared_counters=32,
        consumed_counters=1024,
        consumed_counters_per_device=32,
    ),
}


@attrs.frozen
class Scope:
    """The server whose rules hold.

    Attributes:
        kubernetes: Its minor, such as `1.37`.
        features: Its feature gates.
        limits: Its limits.
        namespace_labels: Labels of the object's namespace; None if they are not known.

    Example:
        >>> Scope.of("1.34").limits.taints, Scope.of("1.37").limits.taints
        (4, 16)
    """

    kubernetes: str
    features: Features
    limits: Limits
    namespace_labels: Mapping[str, str] | None = None

    @classmethod
    def of(
        cls,
        kubernetes: str,
        features: Features | None = None,
        namespace_labels: Mapping[str, str] | None = None,
    ) -> Scope:
        """The server of a minor.

        Raises:
            UnknownVersionError: The minor is unknown.
        """
        of_minor = minor(kubernetes)
        gates = Features.for_kubernetes(of_minor) if features is None else features
        instance(gates, Features, "features", "dra.Features", "such as dra.Features.for_kubernetes('1.37')")
        return cls(of_minor, gates, _LIMITS[of_minor], namespace_labels)

    def since(self, first: str) -> bool:
        """Whether the server is of this minor or a newer one."""
        return is_since(self.kubernetes, first)

    @property
    def declares(self) -> bool:
        """Whether rules declared in the API types have replaced hand-written ones, and their texts."""
        return self.since("1.37")
