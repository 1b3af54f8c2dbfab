"""`attach`: a claim wired into a workload of any kind and form."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final, Generic, Literal, TypeAlias, TypeVar

import attrs

from dra.arguments import instance
from dra.claims.pods import argo, groups as pod_groups, launchers
from dra.claims.pods.checks import check_wiring
from dra.claims.pods.opened import open_workload
from dra.claims.pods.source import Claim, ClaimKind, ClaimSource, claim_source
from dra.claims.pods.wiring import ALL, Change, Wiring, asks_for_devices
from dra.errors import DraError
from dra.features import LATEST, minor
from dra.linting.finding import Finding
from dra.models.pod_templates import PodTemplate, pod_templates
from dra.suggestions import unknown_name

__all__ = ["Attachment", "Names", "attach", "attachment"]

T = TypeVar("T")

Names: TypeAlias = "Sequence[str] | str"
"""A name, several names, or `*` for all."""

# Pods that start or watch the others and do no computing themselves.
_COORDINATORS: Final[dict[str, tuple[str, ...]]] = {
    "MPIJob": ("Launcher",),
    "RayCluster": ("head",),
    "RayJob": ("head", "submitter"),
    "RayService": ("head",),
}


@attrs.frozen
class Attachment(Generic[T]):
    """A workload with a claim, and what there is to know about it.

    Attributes:
        workload: The workload, of the same type as what was given.
        changes: What was changed; nothing, if the claim was there already.
        left_alone: Containers and groups of pods that did not get the claim though nobody said they should
            not, with the reason.
        source: The claim, as it was understood.
        kubernetes: The minor of the cluster.
    """

    workload: T
    changes: tuple[Change, ...]
    left_alone: tuple[Change, ...]
    source: ClaimSource
    kubernetes: str

    @property
    def findings(self) -> list[Finding]:
        """What lint says of the result: one claim for many pods, devices asked for twice, ...

        Raises:
            DraError: What lint looks at cannot be read.
        """
        claims = [self.source.object] if self.source.object else None
        return check_wiring(self.workload, claims, kubernetes=self.kubernetes)


def attach(
    workload: T,
    claim: Claim,
    *,
    containers: Names | None = None,
    init_containers: Names = (),
    request: Names = (),
    name: str = "",
    groups: Names | None = None,
    drop: Names = (),
    kind: ClaimKind | None = None,
    pod_group: str = "",
    kubernetes: str = LATEST,
) -> T:
    """Wire a claim into a workload: `spec.resourceClaims` of its pods, `resources.claims` of containers.

    Entries merge by name, uses by name and request; nothing that was there is lost, and attaching twice is
    attaching once. The workload is not changed.

    Args:
        workload: Any object with a pod template (Pod, Job, JobSet, Deployment, StatefulSet, RayCluster,
            TrainJob, PyTorchJob, MPIJob, LeaderWorkerSet, a Volcano Job, an Argo Workflow, CronJob, a
            PodSpec, a SkyPilot task, ...), and a Workload or PodGroup of `scheduling.k8s.io`; as dict, YAML
            or JSON text, model, or object of a client. In text with several documents, those without pods
            stay as they are.
        claim: A ResourceClaim or ResourceClaimTemplate in any form; a builder, of which the template is
            taken; what `sharing.shared` and `per_pod` give; or what names a claim:
            `"template/train"`, `"claim/train"`, `{"resourceClaimName": "train"}`, a name with `kind`.
        containers: The containers that use the claim; `*` for all. By default the main one: those that ask
            for a device already, else the one annotated as default, else the first that is no sidecar.
        init_containers: The init containers that use it, sidecars with `restartPolicy: Always` included; by
            default none.
        request: The requests of the claim that the containers use; by default all.
        name: The name of the claim in the pod, a DNS label; by default that of an entry which is there
            already, or else made from the claim's.
        groups: The groups of pods that get the claim, such as `["worker"]` or the names of JobSet's jobs;
            `*` for all. By default those that ask for devices already, or else all except the pods that only
            start or direct the others (Ray's head and submitter, the launcher of MPI).
        drop: Resources that the containers shall no longer ask for: `nvidia.com/gpu`, or `nvidia.com/` for
            all of a vendor.
        kind: What a bare name is the name of.
        pod_group: The PodGroup that the pods belong to and that shares the claim between them; needs
            Kubernetes 1.36. Attach the claim to the group, too, under the same name.
        kubernetes: The minor of the cluster.

    Returns:
        A copy of the workload, of the same type.

    Raises:
        DraError: The workload or the claim cannot be read, there is no pod template, a container, group or
            request does not exist, or the name stands for another claim already. The remedy says what would
            be right.

    Example:
        >>> pod = {"spec": {"containers": [{"name": "main"}]}}
        >>> attach(pod, "template/train", name="gpu")["spec"]["resourceClaims"]
        [{'name': 'gpu', 'resourceClaimTemplateName': 'train'}]
        >>> attach(pod, "template/train", containers=["mian"])
        Traceback (most recent call last):
        dra.errors.UnknownNameError: spec.containers: no container is named 'mian'
          did you mean 'main'?
    """
    return attachment(
        workload,
        claim,
        containers=containers,
        init_containers=init_containers,
        request=request,
        name=name,
        groups=groups,
        drop=drop,
        kind=kind,
        pod_group=pod_group,
        kubernetes=kubernetes,
    ).workload


def attachment(
    workload: T,
    claim: Claim,
    *,
    containers: Names | None = None,
    init_containers: Names = (),
    request: Names = (),
    name: str = "",
    groups: Names | None = None,
    drop: Names = (),
    kind: ClaimKind | None = None,
    pod_group: str = "",
    kubernetes: str = LATEST,
) -> Attachment[T]:
    r"""As `attach`, with a report: what was changed, what was left alone and why, and what lint finds.

    Example:
        >>> pod = {"spec": {"containers": [{"name": "main"}, {"name": "istio-proxy"}]}}
        >>> done = attachment(pod, "claim/train")
        >>> print(*done.changes, *done.left_alone, sep="\n")
        spec.resourceClaims[0]: train added, which is ResourceClaim train
        spec.containers[0].resources.claims[0]: uses train
        spec.containers[1]: istio-proxy is left without the claim: a sidecar by its name
    """
    source = claim_source(claim, kind)
    instance(pod_group, str, "pod_group", "a name")
    source.check_name(instance(name, str, "name", "a name"))
    requests = _names(request)
    for each in requests:
        source.check_request(each)
    wiring = Wiring(
        source,
        name,
        requests,
        None if containers is None else _names_or_all(containers),
        _names_or_all(init_containers),
        _names(drop),
    )
    of_minor = minor(kubernetes)
    opened = open_workload(workload)
    changes: list[Change] = []
    wired = [
        _wire(data, wiring, None if groups is None else _names_or_all(groups), pod_group, of_minor, changes)
        for data in opened.objects
    ]
    if not any(wired):
        raise DraError(
            f"makes no pods: {', '.join(_subject(data) for data in opened.objects[:3]) or 'nothing'}",
            remedy="pass an object with a pod template, or put what fragments() gives where it belongs",
        )
    return Attachment(
        opened.close(),
        tuple(change for change in changes if change.is_done),
        tuple(change for change in changes if not change.is_done),
        source,
        of_minor,
    )


def _names(names: Names) -> tuple[str, ...]:
    listed: object = ((names,) if names else ()) if isinstance(names, str) else names
    if not isinstance(listed, Sequence) or not all(isinstance(name, str) for name in listed):
        raise DraError("expected a name, or a list of names", value=names)
    return tuple(listed)


def _names_or_all(names: Names) -> tuple[str, ...] | Literal["*"]:
    return "*" if names == ALL else _names(names)


def _subject(data: dict[str, Any]) -> str:
    metadata = data.get("metadata")
    name = metadata.get("name", "") if isinstance(metadata, dict) else ""
    return f"{data.get('kind') or 'an object without a kind'} {name}".strip()


def _wire(
    data: dict[str, Any],
    wiring: Wiring,
    groups: tuple[str, ...] | str | None,
    pod_group: str,
    kubernetes: str,
    changes: list[Change],
) -> bool:
    """Wire one object, if it is one that makes pods."""
    try:
        _check_namespace(data, wiring)
        _check_group(data, pod_group)
        if pod_groups.is_group(data):
            pod_groups.wire(data, wiring, groups, kubernetes, changes)
            return True
        if argo.is_workflow(data):
            argo.wire(data, wiring, groups, changes)
            return True
        if launchers.is_train_job(data) and groups is None:
            launchers.wire_train_job(data, wiring, changes)
            return True
        templates = launchers.pod_config(data) or pod_templates(data)
        for template in _chosen(templates, groups, str(data.get("kind")), changes):
            changes += wiring.apply(template)
            if pod_group:
                pod_groups.join(template, pod_group, kubernetes, changes)
            launchers.tell_ray(data, template, wiring, changes)
    except DraError as error:
        raise error.located(subject=_subject(data) if data.get("kind") else "") from None
    return bool(templates)


def _check_namespace(data: dict[str, Any], wiring: Wiring) -> None:
    metadata = data.get("metadata")
    namespace = metadata.get("namespace") if isinstance(metadata, dict) else None
    if namespace and wiring.source.namespace and namespace != wiring.source.namespace:
        raise DraError(
            f"pods in namespace {namespace} cannot use a claim of namespace {wiring.source.namespace}",
            path="metadata.namespace",
            value=namespace,
            remedy=f"create the claim in {namespace}, too",
        )


def _check_group(data: dict[str, Any], pod_group: str) -> None:
    if pod_group and (argo.is_workflow(data) or launchers.is_train_job(data)):
        raise DraError(
            "its pods are made elsewhere and cannot be put into a group here",
            value=pod_group,
            remedy="leave pod_group= out, and let its controller make the groups",
        )


def _chosen(
    templates: list[PodTemplate], groups: tuple[str, ...] | str | None, kind: str, changes: list[Change]
) -> list[PodTemplate]:
    """The templates that get the claim."""
    if groups == ALL or not templates:
        return templates
    names = [template.group for template in templates]
    if groups is not None:
        for group in groups:
            if group not in names:
                raise unknown_name("group of pods", group, [name for name in names if name])
        return [template for template in templates if template.group in groups]
    asking = [template for template in templates if _asks(template)]
    if asking:
        reason = "its pods ask for no devices, those of other groups do"
    else:
        passive = _COORDINATORS.get(kind, ())
        asking = [template for template in templates if template.group not in passive] or templates
        reason = "its pods start or direct the others"
    changes += [
        Change(template.field, f"{template.group} is left without the claim: {reason}", is_done=False)
        for template in templates
        if template not in asking
    ]
    return asking


def _asks(template: PodTemplate) -> bool:
    containers = template.spec.get("containers")
    return isinstance(containers, list) and any(
        asks_for_devices(container) for container in containers if isinstance(container, dict)
    )
