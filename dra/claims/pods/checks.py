"""`check_wiring`: what is wrong between a workload's claims and its containers."""

from __future__ import annotations

from typing import Any

from dra.claims.pods.opened import open_workload
from dra.features import LATEST
from dra.linting.finding import Finding
from dra.linting.linter import lint
from dra.models.loading import load
from dra.models.meta import KubernetesObject, Unstructured

__all__ = ["check_wiring"]

_OF_PODS = "DRA3"


def check_wiring(workload: object, claims: object = None, *, kubernetes: str = LATEST) -> list[Finding]:
    r"""The checks of lint for pods (DRA301 to DRA399), for a workload of any form.

    They find a container that uses a claim its pod does not have, a claim that no container uses, an entry
    without claim and template (the shape with `source:`), a request that the claim does not have, a template
    where a claim of that name is given or the other way round, one claim for many pods, and more.

    Args:
        workload: Whatever `attach` takes, pieces without a kind included.
        claims: The claims and templates that it uses, in any form that `dra.load` takes.
        kubernetes: The minor of the cluster.

    Returns:
        What is wrong with the workload, the worst first.

    Raises:
        DraError: The workload or the claims cannot be read.

    Example:
        >>> pod = {"spec": {"resourceClaims": [{"name": "gpu", "resourceClaimName": "train"}],
        ...                 "containers": [{"name": "main", "resources": {"claims": [{"name": "gpus"}]}}]}}
        >>> print(*check_wiring(pod), sep="\n")  # doctest: +ELLIPSIS
        spec.containers[0].resources.claims[0]: error DRA302: the pod has no claim 'gpus' in ...
          did you mean 'gpu'?
        spec.resourceClaims[0]: warning DRA301: no container uses the claim 'gpu'
          add {name: gpu} to resources.claims of the container that needs it
    """
    pods = [_object(data) for data in open_workload(workload).objects]
    given = [] if claims is None else load(claims)
    mine = {id(obj) for obj in pods}
    return [
        finding
        for finding in lint([*pods, *given], kubernetes)
        if id(finding.object) in mine and finding.code.startswith(_OF_PODS)
    ]


def _object(data: dict[str, Any]) -> KubernetesObject:
    if data.get("apiVersion") and data.get("kind"):
        (obj,) = load(data)
        return obj
    return Unstructured.from_dict(data)
