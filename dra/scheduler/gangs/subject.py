"""What a question about a gang names: a workload or group, and pods, as objects or by name."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Any, Final, TypeAlias

from dra.arguments import several
from dra.errors import AllocationError, LoadError
from dra.models.core import Pod
from dra.models.scheduling import CompositePodGroup, PodGroup, Workload
from dra.scheduler.contents import not_there
from dra.scheduler.objects import Objects, key_of, label_of, parse_reference
from dra.scheduler.question import pod_in

__all__ = ["Subject", "pods_given", "subject_of"]

Subject: TypeAlias = "Workload | PodGroup | CompositePodGroup"
"""What can be asked about as a whole."""

_KINDS: Final = (Workload, PodGroup, CompositePodGroup)


def subject_of(objects: Objects, given: Subject | str) -> Subject:
    """The workload or group that is asked about.

    Args:
        objects: The cluster.
        given: It, or its name, with or without its kind.

    Raises:
        LoadError: There is none of that name, or it is something else.
    """
    found = _named(objects, given) if isinstance(given, str) else given
    if not isinstance(found, _KINDS):
        raise LoadError(
            "no workload or group",
            value=found,
            remedy="give a dra.Workload or dra.PodGroup (dra.load reads manifests), or the name of one",
        )
    return found


def _named(objects: Objects, name: str) -> Subject:
    word, _, rest = name.partition("/")
    if rest and word.lower().rstrip("s") in {each.__name__.lower() for each in _KINDS}:
        kind, key = parse_reference(name)
        found = objects.of_kind(kind).get(key)
        if not isinstance(found, _KINDS):
            raise not_there(kind, key, objects)
        return found
    namespace, _, short = name.rpartition("/")
    key = (namespace or "default", short)
    for each in _KINDS:
        known = objects.of_kind(each).get(key)
        if isinstance(known, _KINDS):
            return known
    there = [label_of(key) for each in _KINDS for key in sorted(objects.of_kind(each))]
    raise LoadError(
        f"there is no Workload, PodGroup or CompositePodGroup {label_of(key)}",
        value=name,
        remedy=f"there are: {', '.join(there[:10])}" if there else "there are none at all",
    )


def pods_given(objects: Objects, pods: Iterable[Pod | str | Mapping[str, Any]]) -> list[Pod]:
    """The pods that are given, each once.

    Raises:
        LoadError: One is not there, is no pod, or is given twice.
        AllocationError: One is on a node already.
    """
    found = [_pod(objects, each) for each in several(pods, "pods", "pods")]
    twice = [key for key, count in Counter(map(key_of, found)).items() if count > 1]
    if twice:
        raise LoadError(f"pod {label_of(twice[0])} is given twice", value=label_of(twice[0]))
    return found


def _pod(objects: Objects, pod: Pod | str | Mapping[str, Any]) -> Pod:
    if not isinstance(pod, str):
        pod = pod_in(pod)
        known = objects.pods.get(key_of(pod))
    else:
        kind, key = parse_reference(pod, Pod)
        known = objects.pods.get(key) if kind is Pod else None
        if known is None:
            raise not_there(Pod, key, objects)
        pod = known
    if known is not None and known.spec.node_name:
        raise AllocationError(
            f"it is on node {known.spec.node_name} already",
            subject=known.subject,
            remedy="leave it out: pods of the gang that run count",
        )
    return pod
