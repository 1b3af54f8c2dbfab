"""What a cluster is asked about: a pod in any form, with claims that it does not have yet."""

from __future__ import annotations

import itertools
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any, TypeAlias

from dra.claims.options import label
from dra.errors import LoadError
from dra.models.core import Pod, PodResourceClaim
from dra.models.loading import Source, load
from dra.models.resource import ResourceClaim, ResourceClaimTemplate
from dra.scheduler.contents import Contents
from dra.scheduler.objects import key_of, label_of

__all__ = ["claims_in", "pod_in", "question"]

_Given: TypeAlias = "list[ResourceClaim | ResourceClaimTemplate]"


def question(
    contents: Contents, pod: Pod | str | Mapping[str, Any], claims: Source | None
) -> tuple[Pod, _Given]:
    """The pod, naming the claims that come with it, and these.

    Args:
        contents: Where a pod is looked up that is given by name.
        pod: The pod.
        claims: Claims and templates.

    Raises:
        LoadError: There is no such pod, or what is given is no pod or no claim.
    """
    given = claims_in(claims)
    wanted = contents.pod(pod) if isinstance(pod, str) else pod_in(pod)
    return _naming(wanted, [each for each in given if isinstance(each, ResourceClaim)]), given


def claims_in(source: Source | None) -> _Given:
    """The claims and templates that come with a question.

    Raises:
        LoadError: There is something else among them, or one twice.
    """
    given: _Given = []
    for each in [] if source is None else load(source):
        if not isinstance(each, (ResourceClaim, ResourceClaimTemplate)):
            raise LoadError(f"{each.subject} is no claim", remedy="give claims and claim templates")
        given.append(each)
    _check_once(given)
    return given


def _check_once(given: _Given) -> None:
    twice = [key for key, count in Counter((each.kind, key_of(each)) for each in given).items() if count > 1]
    for kind, key in twice:
        raise LoadError(
            f"{kind} {label_of(key)} is given twice", value=label_of(key), remedy="keep one of the two"
        )


def pod_in(source: Pod | Mapping[str, Any]) -> Pod:
    """The one pod that is given.

    Raises:
        LoadError: It is not one pod.
    """
    found = [source] if isinstance(source, Pod) else load(source)
    if len(found) == 1 and isinstance(found[0], Pod):
        return found[0]
    raise LoadError("not one pod", value=source, remedy="give a Pod, or the name of one")


def _naming(pod: Pod, claims: Sequence[ResourceClaim]) -> Pod:
    """The pod, naming these claims even if it did not."""
    entries = list(pod.spec.resource_claims or ())
    named = {each.resource_claim_name for each in entries}
    new = [each.metadata.name or "" for each in claims if each.metadata.name not in named]
    if not new:
        return pod
    taken, numbered = {each.name for each in entries}, (f"claim-{number}" for number in itertools.count())
    for name in new:
        entry = next(each for each in itertools.chain([label(name)], numbered) if each not in taken)
        entries.append(PodResourceClaim(name=entry, resource_claim_name=name))
        taken.add(entry)
    return pod.model_copy(update={"spec": pod.spec.model_copy(update={"resource_claims": entries})})
