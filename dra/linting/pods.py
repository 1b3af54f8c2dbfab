"""Checks of pods and of the objects that make pods: DRA301 to DRA399."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Final

from dra.linting.finding import Hint, Hints, Severity, check
from dra.linting.given import Given
from dra.linting.subjects import Claim, PodUse
from dra.linting.vocabulary import question
from dra.models.core import Container, ContainerResourceClaim, PodResourceClaim
from dra.models.meta import KubernetesObject
from dra.models.resource import ResourceClaim, ResourceClaimTemplate
from dra.validation.field_error import Path
from dra.validation.scope import Limits

__all__: list[str] = []

# What device plugins hand out, which know nothing of claims: how the resource's name begins, and the kind.
_PLUGINS: Final = {
    "nvidia.com/": "gpu",
    "amd.com/": "gpu",
    "gpu.intel.com/": "gpu",
    "habana.ai/": "gpu",
    "google.com/tpu": "tpu",
    "aws.amazon.com/neuron": "neuron",
    "rdma/": "network",
}

# The kind of device of classes that have one name everywhere and come beside a plugin's GPUs by design.
# With ComputeDomains that is how AWS sets up P6e-GB200: channels by claim, GPUs by plugin.
_KINDS: Final = {
    "compute-domain-daemon.nvidia.com": "channel",
    "compute-domain-default-channel.nvidia.com": "channel",
    "dra.cpu": "cpu",
    "dra.hugepages-1g": "memory",
    "dra.hugepages-2m": "memory",
    "dra.memory": "memory",
    "dranet": "network",
    "efa.networking.k8s.aws": "network",
    "erdma.alibaba.dra.net": "network",
    "mrdma.google.com": "network",
    "netdev.google.com": "network",
    "sriovnetwork.k8snetworkplumbingwg.io": "network",
}


# What `status.reservedFor` has room for.
_MOST_USERS: Final = Limits().reserved_for


def _containers(pod: PodUse) -> Iterator[tuple[Path, Container]]:
    for field, containers in (
        ("containers", pod.spec.containers),
        ("initContainers", pod.spec.init_containers),
    ):
        for index, container in enumerate(containers or ()):
            yield (pod.path / field)[index], container


def _uses(at: Path, container: Container) -> Iterator[tuple[Path, ContainerResourceClaim]]:
    """The claims that a container at a path uses."""
    for index, use in enumerate((container.resources and container.resources.claims) or ()):
        yield (at / "resources" / "claims")[index], use


def _entries(pod: PodUse) -> Iterator[tuple[Path, PodResourceClaim]]:
    """The claims of a pod."""
    for index, entry in enumerate(pod.spec.resource_claims or ()):
        yield (pod.path / "resourceClaims")[index], entry


def _namespace(obj: KubernetesObject) -> str:
    return obj.metadata.namespace or "default"


def _source(given: Given, pod: PodUse, claim: PodResourceClaim) -> Claim | None:
    """The given claim or template that a pod's entry names."""
    kind = ResourceClaim if claim.resource_claim_name else ResourceClaimTemplate
    name = claim.resource_claim_name or claim.resource_claim_template_name
    return given.claim(kind, _namespace(pod.object), name)


@check("DRA301", Severity.WARNING)
def unused_claim(given: Given) -> Hints:
    """A claim of a pod that no container uses: it is allocated, and nobody sees the device."""
    for pod in given.pods:
        used = {use.name for at, container in _containers(pod) for _, use in _uses(at, container)}
        for at, claim in _entries(pod):
            if claim.name and claim.name not in used:
                yield Hint(
                    pod.object,
                    at,
                    f"no container uses the claim {claim.name!r}",
                    f"add {{name: {claim.name}}} to resources.claims of the container that needs it",
                )


@check("DRA302", Severity.ERROR)
def unknown_claim(given: Given) -> Hints:
    """A container uses a claim that its pod does not have."""
    for pod in given.pods:
        names = {claim.name for claim in pod.spec.resource_claims or ()}
        for at, container in _containers(pod):
            for here, claim in _uses(at, container):
                if claim.name and claim.name not in names:
                    yield Hint(
                        pod.object,
                        here,
                        f"the pod has no claim {claim.name!r} in spec.resourceClaims",
                        question(claim.name, names),
                    )


@check("DRA303", Severity.ERROR)
def unknown_request(given: Given) -> Hints:
    """A container names a request that the given claim does not have."""
    for pod in given.pods:
        sources = {claim.name: _source(given, pod, claim) for claim in pod.spec.resource_claims or ()}
        for at, container in _containers(pod):
            for here, claim in _uses(at, container):
                source = sources.get(claim.name)
                if source is None or not claim.request:
                    continue
                names = {request.name for request, _ in source.requests}
                if claim.request not in names:
                    yield Hint(
                        pod.object,
                        here / "request",
                        f"{source.object.subject} has no request {claim.request!r}",
                        question(claim.request, names),
                    )


@check("DRA304", Severity.WARNING)
def one_claim_for_all_replicas(given: Given) -> Hints:
    """Several replicas use one ResourceClaim, so all of them share its devices."""
    for pod in given.pods:
        for at, claim in _entries(pod):
            if pod.are_many and claim.resource_claim_name:
                yield Hint(
                    pod.object,
                    at / "resourceClaimName",
                    f"all {pod.number}pods share the devices of one claim, {claim.resource_claim_name!r}",
                    "for devices of their own use a ResourceClaimTemplate and resourceClaimTemplateName",
                )


@check("DRA305", Severity.WARNING)
def template_for_shared_devices(given: Given) -> Hints:
    """A template whose configuration shares devices gives each of several replicas devices of its own."""
    for pod in given.pods:
        for at, claim in _entries(pod):
            source = _source(given, pod, claim) if claim.resource_claim_template_name else None
            if pod.are_many and source is not None and _shares(source):
                yield Hint(
                    pod.object,
                    at / "resourceClaimTemplateName",
                    f"each of the {pod.number}pods gets devices of its own, though "
                    f"{source.object.subject} configures them to be shared",
                    "to share devices between the pods use one ResourceClaim and resourceClaimName",
                )


def _shares(claim: Claim) -> bool:
    """Whether a configuration speaks of sharing, as those of NVIDIA's and Intel's drivers do."""
    for config in claim.devices.config or ():
        parameters = config.opaque.parameters if config.opaque else None
        if isinstance(parameters, dict) and "sharing" in parameters:
            strategy = json.dumps(parameters["sharing"], default=str)
            return "Exclusive" not in strategy
    return False


@check("DRA306", Severity.WARNING)
def claim_and_device_plugin(given: Given) -> Hints:
    """A container asks for one kind of device through a device plugin and through a claim, and gets both."""
    for pod in given.pods:
        for at, container in _containers(pod):
            resources = container.resources
            if resources is None or not resources.claims:
                continue
            claimed = _kinds(given, pod, {use.name for use in resources.claims})
            for field, amounts in (("limits", resources.limits), ("requests", resources.requests)):
                for name in amounts or ():
                    kinds = {kind for prefix, kind in _PLUGINS.items() if name.startswith(prefix)}
                    if kinds & claimed or (kinds and None in claimed):
                        yield Hint(
                            pod.object,
                            (at / "resources" / field) @ name,
                            f"asks for {name} and for claims: that is different devices, and both are taken",
                            "keep one of the two",
                        )


def _kinds(given: Given, pod: PodUse, names: set[str]) -> set[str | None]:
    """The kinds of device that some claims of a pod are for; None stands for one that cannot be told."""
    found: set[str | None] = set()
    for claim in pod.spec.resource_claims or ():
        if claim.name not in names:
            continue
        source = _source(given, pod, claim)
        if source is not None:
            found.update(_KINDS.get(wanted.request.device_class_name) for wanted in source.wanted)
        elif _is_of_compute_domain(given, pod, claim):
            found.add("channel")
        else:
            found.add(None)
    return found or {None}


def _is_of_compute_domain(given: Given, pod: PodUse, claim: PodResourceClaim) -> bool:
    """Whether the controller of a given ComputeDomain makes the template that a pod's entry names."""
    return (_namespace(pod.object), claim.resource_claim_template_name) in given.channel_templates


@check("DRA307", Severity.INFO)
def missing_source(given: Given) -> Hints:
    """A pod names a ResourceClaim or template that is not among the given ones of its namespace."""
    for pod in given.pods:
        for at, claim in _entries(pod):
            name = claim.resource_claim_name or claim.resource_claim_template_name
            if not name or _source(given, pod, claim) or not given.claims:
                continue
            if _is_of_compute_domain(given, pod, claim):
                continue
            is_claim = bool(claim.resource_claim_name)
            kind, other = (
                (ResourceClaim, ResourceClaimTemplate) if is_claim else (ResourceClaimTemplate, ResourceClaim)
            )
            namespace = _namespace(pod.object)
            is_other = given.claim(other, namespace, name) is not None
            field = "resourceClaimName" if is_claim else "resourceClaimTemplateName"
            yield Hint(
                pod.object,
                at / field,
                f"there is no {kind.__name__} {namespace}/{name} among the given objects",
                f"{name} is a {other.__name__}" if is_other else question(name, given.names(kind, namespace)),
            )


@check("DRA308", Severity.ERROR)
def too_many_users(given: Given) -> Hints:
    """More replicas use one ResourceClaim than the 256 users that a claim can have."""
    for pod in given.pods:
        in_group = pod.spec.scheduling_group is not None
        for at, claim in _entries(pod):
            if (pod.replicas or 0) > _MOST_USERS and claim.resource_claim_name and not in_group:
                yield Hint(
                    pod.object,
                    at / "resourceClaimName",
                    f"{pod.replicas} pods cannot use one claim: it has at most {_MOST_USERS} users",
                    "share it through a PodGroup, which counts as one user (DRAWorkloadResourceClaims)",
                )


@check("DRA309", Severity.ERROR)
def claim_without_source(given: Given) -> Hints:
    """An entry of a pod's claims names neither a claim nor a template, or both."""
    for pod in given.pods:
        for at, claim in _entries(pod):
            by_name, by_template = claim.resource_claim_name, claim.resource_claim_template_name
            if by_name and by_template:
                yield Hint(pod.object, at, "names a claim and a template", "keep one of the two")
            elif not by_name and not by_template:
                old = (claim.model_extra or {}).get("source")
                fix = "add resourceClaimName or resourceClaimTemplateName"
                if isinstance(old, dict):
                    fix = "move the fields of `source` up to the entry: Kubernetes 1.31 removed `source`"
                yield Hint(pod.object, at, "names neither a claim nor a template", fix)


@check("DRA310", Severity.ERROR)
def claim_listed_twice(given: Given) -> Hints:
    """A pod has two claims of one name, or a container uses a claim twice."""
    for pod in given.pods:
        names: set[str] = set()
        for at, claim in _entries(pod):
            if claim.name and claim.name in names:
                yield Hint(pod.object, at / "name", f"{claim.name!r} was there before", "rename one of them")
            names.add(claim.name)
        for at, container in _containers(pod):
            used: set[tuple[str, str]] = set()
            for here, use in _uses(at, container):
                key = use.name, use.request or ""
                is_part = bool(key[1]) and (use.name, "") in used
                is_whole = not key[1] and any(name == use.name for name, _ in used)
                if key in used or is_part or is_whole:
                    fix = "keep the whole claim or its requests, not both"
                    yield Hint(pod.object, here, f"uses {use.name!r} twice", fix)
                used.add(key)
