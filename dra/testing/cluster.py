"""`SimulatedCluster`: claims allocated one after another, as for pods that come one after another."""

from __future__ import annotations

import copy
from collections.abc import Iterable, Iterator, Sequence
from typing import TypeVar

import attrs
from typing_extensions import Self

from dra.allocator import AllocatedState, Allocator, Explanation, apply_taint_rules
from dra.allocator.explanation import count_of
from dra.allocator.plan import Plan
from dra.allocator.state import claim_key, claim_label
from dra.errors import AllocationError, DraError, LoadError
from dra.features import LATEST, Features, minor
from dra.models.core import Node
from dra.models.meta import KubernetesObject, ObjectMeta
from dra.models.resource import (
    AllocationResult,
    Device,
    DeviceClass,
    DeviceRequestAllocationResult,
    DeviceTaintRule,
    ResourceClaim,
    ResourceClaimStatus,
    ResourceSlice,
)
from dra.suggestions import unknown_name
from dra.testing.given import (
    GATES,
    ClaimSource,
    FeatureNames,
    GivenClaim,
    claims_in,
    features_in,
    objects_in,
    renamed,
)
from dra.testing.nodes.machine import devices_of
from dra.testing.reasons import failure
from dra.validation.defaults import default
from dra.validation.gates import disabled_fields
from dra.validation.scope import Scope
from dra.validation.validator import validate

__all__ = ["Allocated", "SimulatedCluster", "Trial"]

_Object = TypeVar("_Object", bound=KubernetesObject)


@attrs.frozen(repr=False)
class Allocated:
    """What claims got, all on one node.

    Attributes:
        node: The node.
        claims: The claims, with defaults and with what they got in their status.
    """

    node: str
    claims: tuple[ResourceClaim, ...]

    @property
    def results(self) -> list[DeviceRequestAllocationResult]:
        """The devices as the claims' status has them, in order."""
        found = [claim.status.allocation for claim in self.claims if claim.status]
        return [result for each in found if each for result in each.devices.results or ()]

    @property
    def devices(self) -> list[str]:
        """Names of the devices, in order."""
        return [result.device for result in self.results]

    def of(self, request: str) -> list[str]:
        """Names of the devices of a request; `gpu` has those of its alternatives, such as `gpu/a100`, too.

        Raises:
            UnknownNameError: No device was allocated for such a request.
        """
        found = [
            each.device for each in self.results if request in (each.request, each.request.split("/")[0])
        ]
        if not found:
            raise unknown_name("request with devices", request, {each.request for each in self.results})
        return found

    def __repr__(self) -> str:
        return f"<{', '.join(self.devices) or 'no devices'} on {self.node}>"


@attrs.frozen
class Trial:
    """An attempt to allocate claims.

    Attributes:
        claims: The claims, with defaults.
        allocated: What they got; None if they do not fit.
        faults: What the API server would refuse or drop of them. They are not tried then.
    """

    claims: tuple[ResourceClaim, ...]
    allocated: Allocated | None
    faults: tuple[str, ...] = ()

    @property
    def subject(self) -> str:
        """The claims by name."""
        names = [claim_label(each) for each in self.claims]
        return f"claim{'s' if len(names) > 1 else ''} {', '.join(names)}"


class SimulatedCluster:
    """Nodes, slices and classes, and what claims hold of them.

    Claims go to the first node on which they all fit. What claims among the objects hold already, as a
    snapshot of a cluster has it, is taken.

    Args:
        on: A machine by name (`dgx-h100`), a `Machine` or `Fixture` of `dra.testing.nodes`, manifests in any
            form that `dra.load` takes, or an iterable of these.
        kubernetes: The minor.
        features: Features that are on besides the minor's defaults, by the names of `dra.Features` or of the
            gates; a mapping says which are on and which off; `dra.Features` says it all.

    Raises:
        UnknownNameError: There is no such machine or feature.
        LoadError: Manifests cannot be read, or there is no node in what was given.
        DraError: A node is there twice, or an object cannot be used.

    Example:
        >>> cluster = SimulatedCluster("dgx-h100")
        >>> claim = {"apiVersion": "resource.k8s.io/v1", "kind": "ResourceClaim", "metadata": {"name": "c"},
        ...          "spec": {"devices": {"requests": [{"name": "gpu", "exactly": {
        ...              "deviceClassName": "gpu.nvidia.com", "count": 2}}]}}}
        >>> cluster.allocate(claim)
        <gpu-0, gpu-1 on dgx-h100-0>
        >>> cluster.release(claim)
        >>> cluster.claims
        ()
    """

    def __init__(self, on: object, *, kubernetes: str = LATEST, features: FeatureNames = None) -> None:
        self.kubernetes = minor(kubernetes)
        self.features: Features = features_in(features, self.kubernetes)
        objects = list(objects_in(on, self.kubernetes))
        self.slices: Sequence[ResourceSlice] = _of(ResourceSlice, objects)
        self.classes: Sequence[DeviceClass] = _of(DeviceClass, objects)
        self.nodes: Sequence[Node] = _nodes(objects, self.slices)
        held = [each for each in _of(ResourceClaim, objects) if each.status and each.status.allocation]
        rules = _of(DeviceTaintRule, objects) if self.features.device_taint_rules else []
        self.allocator = Allocator(
            apply_taint_rules(self.slices, rules),
            self.classes,
            allocated=AllocatedState.from_claims(held, self.features),
            features=self.features,
            kubernetes=self.kubernetes,
        )
        self._held = {claim_key(each): each for each in held}
        self._scope = Scope.of(self.kubernetes, self.features)

    @property
    def claims(self) -> tuple[ResourceClaim, ...]:
        """The claims that hold devices, in the order in which they got them."""
        return tuple(self._held.values())

    @property
    def node(self) -> Node:
        """The only node, or the first."""
        return self.nodes[0]

    def only(self, name: str) -> Self:
        """The same cluster, with what is held, for pods that can only go to one node.

        Raises:
            UnknownNameError: There is no such node.
        """
        found = {each.metadata.name or "": each for each in self.nodes}
        if name not in found:
            raise unknown_name("node", name, found)
        view = copy.copy(self)
        view.nodes = (found[name],)
        return view

    def devices(self, driver: str = "", node: str = "") -> list[Device]:
        """The published devices, of one driver or one node if named."""
        return devices_of(self.slices, driver, node)

    def attempt(self, claims: ClaimSource) -> Trial:
        """Try claims of one pod together; nothing is taken.

        Args:
            claims: Claims or templates in any form. Each template stands for a claim of its own.

        Raises:
            LoadError: There is no claim in what was given.
            DraError: A claim holds devices already, or is given twice.
        """
        named = tuple(self._named(claims_in(claims)))
        faults = tuple(fault for each in named for fault in self._faults(each))
        stored = tuple(default(each, features=self.features) for each in named)
        if faults:
            return Trial(stored, None, faults)
        plan = self.allocator.prepare(stored)
        for node in self.nodes:
            results = self._allocate(plan, node)
            if results is not None:
                got = tuple(map(_with_result, stored, results))
                return Trial(stored, Allocated(node.metadata.name or "", got))
        return Trial(stored, None)

    def allocate(self, claims: ClaimSource) -> Allocated:
        """Give claims of one pod what they ask for; it is taken then.

        Args:
            claims: As for `attempt`.

        Raises:
            AllocationError: They do not fit; the message is the explanation.
            DraError: As `attempt`.
        """
        trial = self.attempt(claims)
        if trial.allocated is None:
            raise AllocationError(failure(self, trial))
        for claim in trial.allocated.claims:
            allocation = claim.status.allocation if claim.status else None
            if allocation is not None:
                self.allocator.reserve(claim, allocation)
                self._held[claim_key(claim)] = claim
        return trial.allocated

    def release(self, claims: Allocated | ClaimSource) -> None:
        """Give back what claims hold, all or nothing.

        Args:
            claims: What `allocate` returned, or claims by name.

        Raises:
            DraError: One of them holds nothing.
        """
        given = claims.claims if isinstance(claims, Allocated) else [each.claim for each in claims_in(claims)]
        for claim in given:
            if claim_key(claim) not in self._held:
                raise DraError(
                    f"claim {claim_label(claim)} holds no devices",
                    remedy=f"claims that do: {', '.join(map(claim_label, self.claims)) or 'none'}",
                )
        for claim in given:
            self.allocator.release(claim)
            self._held.pop(claim_key(claim), None)

    def explain(self, trial: Trial) -> Iterator[Explanation]:
        """Why claims that were tried fit or do not, node by node."""
        plan = self.allocator.prepare(trial.claims)
        for node in self.nodes:
            yield self.allocator.explain(plan, node)

    def __repr__(self) -> str:
        nodes = count_of(len(self.nodes), "node")
        return f"<cluster of {nodes}, Kubernetes {self.kubernetes}, {count_of(len(self._held), 'claim')}>"

    def _allocate(self, plan: Plan, node: Node) -> list[AllocationResult] | None:
        """What a node has for claims; a fault, of the node or of the claims, is left to `explain`."""
        try:
            return self.allocator.allocate(plan, node)
        except AllocationError:
            return None

    def _named(self, given: Iterable[GivenClaim]) -> Iterator[ResourceClaim]:
        """The claims, those without a name of their own with one that is free."""
        names: set[tuple[str, str]] = set()
        for each in given:
            claim = each.claim if each.named else self._numbered(each.claim, names)
            if claim_key(claim) in self._held:
                raise DraError(
                    f"claim {claim_label(claim)} holds devices already",
                    remedy="release it first; for a new claim each time use a template or another name",
                )
            if claim_key(claim) in names:
                raise DraError(f"claim {claim_label(claim)} is given twice", remedy="give it another name")
            names.add(claim_key(claim))
            yield claim

    def _numbered(self, claim: ResourceClaim, names: set[tuple[str, str]]) -> ResourceClaim:
        stem, number = claim.metadata.name, 0
        while True:
            named = renamed(claim, f"{stem}-{number}")
            if claim_key(named) not in self._held and claim_key(named) not in names:
                return named
            number += 1

    def _faults(self, claim: ResourceClaim) -> Iterator[str]:
        """What the API server would refuse of a claim, or silently drop."""
        label = f"claim {claim_label(claim)}"
        on = self.features.gates()
        for gated, path in disabled_fields(claim, self._scope):
            gates = [gate for name, gate in GATES.items() if name in gated.features and not on[gate]]
            yield f"{label}: {path} is dropped by Kubernetes {self.kubernetes} without {' and '.join(gates)}"
        for error in validate(claim, self.kubernetes, self.features):
            yield f"{label}: {error}"


def _of(kind: type[_Object], objects: Iterable[KubernetesObject]) -> list[_Object]:
    return [each for each in objects if isinstance(each, kind)]


def _nodes(objects: Iterable[KubernetesObject], slices: Iterable[ResourceSlice]) -> list[Node]:
    """The nodes described, else those that slices belong to."""
    nodes = _of(Node, objects)
    if not nodes:
        named = dict.fromkeys(each.spec.node_name for each in slices)
        nodes = [Node(metadata=ObjectMeta(name=name)) for name in named if name]
    if not nodes:
        raise LoadError("no Node in what was given", remedy="add a machine, or `kubectl get nodes -o yaml`")
    seen: set[str | None] = set()
    for name in (each.metadata.name for each in nodes):
        if name in seen:
            raise DraError(
                f"node {name} is there twice", value=name, remedy="name nodes: nodes.node(machine, name)"
            )
        seen.add(name)
    return nodes


def _with_result(claim: ResourceClaim, result: AllocationResult) -> ResourceClaim:
    return claim.model_copy(update={"status": ResourceClaimStatus(allocation=result)})
