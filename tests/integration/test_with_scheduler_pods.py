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
from dra.features import LATEST
from dra.models.core import Pod
from dra.models.kinds import decode
from dra.models.meta import KubernetesObject
from dra.scheduler import Cluster, Placement
from tests.conformance.allocation import comparable, expected
from tests.conformance.deviations import by_value
from tests.conformance.generate import FEATURES, PROFILES, has
from tests.conformance.oracle import Oracle
from tests.integration.api import Answer, Api, Json, until
from tests.integration.control_plane import ControlPlane
from tests.integration.scenarios import HOST, RESOURCE, Scenario, scenario

pytestmark = pytest.mark.integration

# Where kube-scheduler ends over a pod, `docs/deviations.md`, and its last words: there it gets one at a time.
PANICS = {"1.34": "index out of range", "1.35": "invalid memory address or nil pointer dereference"}
VIOLATED = "a claim constraint would not be satisfied"
KINDS = ("DeviceClass", "Node", "ResourceClaim", "ResourceSlice")
SCENARIOS = int(os.environ.get("DRA_SCENARIOS", "400"))
BATCH = 20


@attrs.frozen
class Verdict:
    """What became of a pod: allocations of its claims, or why there are none."""

    kind: str
    allocations: tuple[str, ...] = ()
    message: str = attrs.field(default="", eq=False)

    @property
    def results(self) -> list[Json]:
        return [json.loads(each) for each in self.allocations]


@attrs.frozen
class Difference:
    """A scenario that is decided otherwise than `dra` does.

    Attributes:
        latest: What the latest release's allocator says.
    """

    scenario: Scenario
    cluster: Cluster
    ours: Verdict
    theirs: Verdict
    latest: Verdict | None = None

    def with_latest(self, oracle: Oracle) -> Difference:
        return attrs.evolve(self, latest=latest(oracle, self.cluster, self.scenario))

    @property
    def is_change(self) -> bool:
        """Whether it is one between releases: the latest answers as `dra` does."""
        return self.latest is not None and agree(self.ours, self.latest)

    def __str__(self) -> str:
        name = f"{self.scenario.name} ({self.scenario.profile})"
        return f"{name}: ours {self.ours}\n  theirs {self.theirs}\n  latest {self.latest}"


def batches(kubernetes: str) -> Iterator[list[Scenario]]:
    profiles = [name for name, feature in PROFILES.items() if feature is None or has(kubernetes, feature)]
    size = 1 if kubernetes in PANICS else BATCH
    scenarios = (scenario(at, profiles[at % len(profiles)], kubernetes) for at in range(SCENARIOS))
    while batch := list(islice(scenarios, size)):
        yield batch


def test_the_scheduler_decides_as_dra_does(api: Api, control_plane: ControlPlane) -> None:
    verdicts: Counter[str] = Counter()
    differences: list[Difference] = []
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
            theirs, ours = decided(api, each, control_plane), decide(cluster, each)
            verdicts[theirs.kind] += 1
            if ours != theirs and not documented(each, theirs):
                differences.append(Difference(each, cluster, ours, theirs))
        for each in accepted:
            clean_up(api, each)
    if control_plane.minor != LATEST and differences:
        with Oracle() as oracle:
            differences = [each.with_latest(oracle) for each in differences]
    changed = [each for each in differences if each.is_change]
    print(
        f"compared with kube-scheduler {control_plane.minor}: {dict(verdicts)}, "
        f"{len(changed)} answered as {LATEST} would"
    )
    unlike = [str(each) for each in differences if not each.is_change]
    assert not unlike, f"{len(unlike)} of {SCENARIOS}:\n" + "\n".join(unlike)
    assert len(changed) < SCENARIOS / 3
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


def decided(api: Api, each: Scenario, control_plane: ControlPlane) -> Verdict:
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
        if control_plane.minor in PANICS and has_ended(api, each, control_plane):
            return Verdict("panic", message=PANICS[control_plane.minor])
        return None

    return until(look, f"a decision about pod {each.name}/pod")


def has_ended(api: Api, each: Scenario, control_plane: ControlPlane) -> bool:
    """Whether kube-scheduler has ended over a pod; then it is started again, without that pod."""
    ended = control_plane.has_ended("kube-scheduler")
    if ended:
        assert PANICS[control_plane.minor] in control_plane.log("kube-scheduler", 200)
        api.delete(each.pod)
        control_plane.stop("kube-scheduler")
        control_plane.start("kube-scheduler")
    return ended


def latest(oracle: Oracle, cluster: Cluster, each: Scenario) -> Verdict:
    """What the allocator of the latest release decides."""
    stored = {kind: [obj.to_dict() for obj in cluster if obj.kind == kind] for kind in KINDS}
    claims = {
        (claim["metadata"]["namespace"], claim["metadata"]["name"]): claim
        for claim in stored["ResourceClaim"]
    }
    case = {
        "id": each.name,
        "features": {name: getattr(cluster.features, field) for name, field in FEATURES.items()},
        "allocator": "experimental",
        "classes": stored["DeviceClass"],
        "slices": with_counters_apart(stored["ResourceSlice"]),
        "nodes": stored["Node"],
        "node": each.pod["spec"]["nodeSelector"][HOST],
        "claims": [claims[each.name, claim["metadata"]["name"]] for claim in each.wanted],
        "allocatedClaims": [claim for claim in claims.values() if "status" in claim],
        "allocated": {},
    }
    (answers,) = expected(oracle.ask(case))
    (answer,) = answers
    if answer.error is not None:
        return Verdict("error", message=answer.error)
    return Verdict("none") if answer.results is None else Verdict("fits", allocations(answer.results))


def with_counters_apart(slices: Sequence[Json]) -> list[Json]:
    """The slices with counters in slices of their own, where 1.34 has them beside the devices."""
    mixed = [each for each in slices if each["spec"].get("devices") and each["spec"].get("sharedCounters")]
    more = Counter(generation(each) for each in mixed)
    made = []
    for each in slices:
        pool = each["spec"]["pool"]
        count = pool["resourceSliceCount"] + more[generation(each)]
        spec = {**each["spec"], "pool": {**pool, "resourceSliceCount": count}}
        if each in mixed:
            counters = {key: value for key, value in spec.items() if key != "devices"}
            name = f"{each['metadata']['name']}-counters"
            made.append({**each, "metadata": {"name": name}, "spec": counters})
            spec.pop("sharedCounters")
        made.append({**each, "spec": spec})
    return made


def generation(resource_slice: Json) -> tuple[str, str, int]:
    """Which generation of which pool a slice belongs to."""
    spec = resource_slice["spec"]
    return spec["driver"], spec["pool"]["name"], spec["pool"]["generation"]


def agree(ours: Verdict, theirs: Verdict) -> bool:
    """Whether two answers are one, however amounts are written."""
    return (ours.kind, by_value(ours.results)) == (theirs.kind, by_value(theirs.results))


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
