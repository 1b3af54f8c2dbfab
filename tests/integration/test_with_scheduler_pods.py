"""A running kube-scheduler beside `Cluster.schedule`: the same pods, the same devices."""

from __future__ import annotations

import json
import os
from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import islice
from typing import Any

import attrs
import pytest

import dra
from dra.errors import AllocationError
from dra.models.core import Pod
from dra.models.kinds import decode
from dra.models.meta import KubernetesObject
from dra.scheduler import Cluster, Placement
from tests.conformance.allocation import comparable
from tests.conformance.generate import PROFILES, has
from tests.integration.api import Answer, Api, Json, until
from tests.integration.control_plane import ControlPlane
from tests.integration.scenarios import RESOURCE, Scenario, scenario

pytestmark = pytest.mark.integration

VIOLATED = "a claim constraint would not be satisfied"
SCENARIOS = int(os.environ.get("DRA_SCENARIOS", "400"))
BATCH = 20


@attrs.frozen
class Verdict:
    """What became of a pod: allocations of its claims, or why there are none."""

    kind: str
    allocations: tuple[str, ...] = ()
    message: str = attrs.field(default="", eq=False)


def batches(kubernetes: str) -> Iterator[list[Scenario]]:
    profiles = [name for name, feature in PROFILES.items() if feature is None or has(kubernetes, feature)]
    scenarios = (scenario(at, profiles[at % len(profiles)], kubernetes) for at in range(SCENARIOS))
    while batch := list(islice(scenarios, BATCH)):
        yield batch


def test_the_scheduler_decides_as_dra_does(api: Api, control_plane: ControlPlane) -> None:
    verdicts: Counter[str] = Counter()
    differences: list[str] = []
    for batch in batches(control_plane.minor):
        stored: list[KubernetesObject] = []
        accepted = []
        for each in batch:
            answers = create_all(api, each)
            if all(answer.ok for answer in answers):
                stored += (decode(answer.body) for answer in answers)
                accepted.append(each)
            else:
                assert refused(each, control_plane), f"{each.name}: {answers[-1].body.get('message')}"
                clean_up(api, each)
        cluster = Cluster.load(stored, features=control_plane.features, kubernetes=control_plane.minor)
        for each in accepted:
            api.must(api.create(each.pod))
        for each in accepted:
            theirs, ours = decided(api, each), decide(cluster, each)
            verdicts[theirs.kind] += 1
            if ours != theirs and not documented(each, theirs):
                differences.append(f"{each.name} ({each.profile}): ours {ours}\n  theirs {theirs}")
        for each in accepted:
            clean_up(api, each)
    print(f"compared with kube-scheduler {control_plane.minor}: {dict(verdicts)}")
    assert not differences, f"{len(differences)} of {SCENARIOS}:\n" + "\n".join(differences)
    assert verdicts.total() > 0.75 * SCENARIOS
    assert verdicts["fits"] > 0.2 * SCENARIOS
    assert verdicts["none"] > 0.2 * SCENARIOS
    assert verdicts["error"] > 0


def documented(each: Scenario, theirs: Verdict) -> bool:
    """Whether `docs/deviations.md` has the difference, under "All in a list of alternatives"."""
    return VIOLATED in theirs.message and "firstAvailable" in str(each.objects)


def refused(each: Scenario, control_plane: ControlPlane) -> bool:
    """Whether `dra.validate`, too, refuses an object."""
    labels = {"resource.kubernetes.io/admin-access": "true"}
    return any(
        dra.validate(obj, control_plane.minor, control_plane.features, namespace_labels=labels)
        for obj in each.objects
        if obj["apiVersion"] == RESOURCE
    )


def create_all(api: Api, each: Scenario) -> list[Answer]:
    """The API server's answers, up to the first refusal."""
    answers: list[Answer] = []
    for obj in each.objects:
        answers.append(created(api, obj))
        if not answers[-1].ok:
            break
    return answers


def created(api: Api, obj: Json) -> Answer:
    answer = api.create(obj)
    if answer.ok and obj.get("status"):
        answer = api.update({**answer.body, "status": obj["status"]}, subresource="status")
    return answer


def clean_up(api: Api, each: Scenario) -> None:
    for obj in (each.pod, *reversed(each.objects)):
        api.delete(obj)


def decided(api: Api, each: Scenario) -> Verdict:
    """What kube-scheduler decided. With binding conditions the pod waits, its claims being allocated."""

    def look() -> Verdict | None:
        pod = api.must(api.get(each.pod))
        claims = [api.must(api.get(obj)) for obj in each.wanted]
        found = [claim.get("status", {}).get("allocation") for claim in claims]
        if all(found):
            return Verdict("fits", allocations(found))
        for condition in pod.get("status", {}).get("conditions", ()):
            if condition["type"] == "PodScheduled" and condition["status"] == "False":
                kind = "none" if condition["reason"] == "Unschedulable" else "error"
                return Verdict(kind, message=condition.get("message", ""))
        return None

    return until(look, f"a decision about pod {each.name}/pod")


def decide(cluster: Cluster, each: Scenario) -> Verdict:
    """What `dra` decides."""
    try:
        placement = cluster.schedule(Pod.from_dict(each.pod))
    except AllocationError as error:
        return Verdict("error", message=str(error))
    if not isinstance(placement, Placement):
        return Verdict("none", message=str(placement))
    return Verdict("fits", allocations([claim.allocation.to_dict() for claim in placement.claims]))


def allocations(found: Sequence[dict[str, Any]]) -> tuple[str, ...]:
    """Allocations as text that is the same for equal ones."""
    plain = [{key: value for key, value in each.items() if key != "allocationTimestamp"} for each in found]
    return tuple(json.dumps(each, sort_keys=True) for each in comparable(plain))
