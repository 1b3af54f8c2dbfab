"""Pods that come to a cluster and go, each placed by the scheduler itself."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import pytest

import dra
from dra.errors import AllocationError, DraError, UnknownNameError
from dra.scheduler.simulation import PodArrival, PodRun, arrivals_of, simulate_pods


def node(name: str, gpus: int) -> list[dict[str, Any]]:
    return [
        {"apiVersion": "v1", "kind": "Node", "metadata": {"name": name}},
        {
            "apiVersion": "resource.k8s.io/v1",
            "kind": "ResourceSlice",
            "metadata": {"name": name},
            "spec": {
                "driver": "gpu.example.com",
                "nodeName": name,
                "pool": {"name": name, "generation": 1, "resourceSliceCount": 1},
                "devices": [{"name": f"gpu-{index}"} for index in range(gpus)],
            },
        },
    ]


def template(count: int) -> dict[str, Any]:
    request = {"name": "gpu", "exactly": {"deviceClassName": "gpu", "count": count}}
    return {
        "apiVersion": "resource.k8s.io/v1",
        "kind": "ResourceClaimTemplate",
        "metadata": {"namespace": "default", "name": f"gpus-{count}"},
        "spec": {"spec": {"devices": {"requests": [request]}}},
    }


CLASS = {"apiVersion": "resource.k8s.io/v1", "kind": "DeviceClass", "metadata": {"name": "gpu"}, "spec": {}}


def cluster(*sizes: int) -> dra.Cluster:
    objects = [each for number, gpus in enumerate(sizes) for each in node(f"n{number}", gpus)]
    return dra.Cluster.load([*objects, CLASS, *map(template, (1, 2, 3, 4))])


def pod(name: str, gpus: int, *, claim: str = "", **spec: Any) -> dra.Pod:
    source = {"resourceClaimName": claim} if claim else {"resourceClaimTemplateName": f"gpus-{gpus}"}
    return dra.Pod.from_dict(
        {
            "metadata": {"namespace": "default", "name": name},
            "spec": {
                "containers": [{"name": "main"}],
                "resourceClaims": [{"name": "gpus", **source}],
                **spec,
            },
        }
    )


def coming(*pods: tuple[int, float, float | None]) -> list[PodArrival]:
    return [
        PodArrival(pod(f"p{number}", gpus), time, lasting)
        for number, (gpus, time, lasting) in enumerate(pods)
    ]


def over_time(done: PodRun) -> list[tuple[float, float, float, float]]:
    return [(each.time, each.running, each.waiting, each.allocated / 1000) for each in done.run.samples]


def test_a_pod_waits_for_devices_and_runs_its_time() -> None:
    done = simulate_pods(cluster(2), coming((2, 0, 10), (1, 2, 5)))
    assert over_time(done) == [(0, 1, 0, 2), (2, 1, 1, 2), (10, 1, 0, 1), (15, 0, 0, 0)]
    assert (done.run.placed, done.run.waited, done.run.refused, done.run.mean_wait) == (2, 1, 0, 4.0)


def test_the_cluster_given_is_unchanged_and_in_the_end_it_is_as_before() -> None:
    before = cluster(2, 2)
    pods = len(before.pods)
    done = simulate_pods(before, coming((2, 0, 1), (1, 0, 2), (1, 1, 3)))
    assert len(before.pods) == pods
    assert done.cluster == before


def test_a_pod_without_an_end_stays() -> None:
    done = simulate_pods(cluster(2), coming((2, 0, None)))
    assert [each.metadata.name for each in done.cluster.pods] == ["p0"]
    assert done.run.percent(done.run.final.allocated) == 100


def test_without_waiting_a_pod_is_dropped() -> None:
    done = simulate_pods(cluster(2), coming((2, 0, 10), (1, 2, 5)), waiting=False)
    assert (done.run.placed, done.run.refused, done.waiting) == (1, 1, ())


def test_who_never_runs_is_said_why_once_for_each_kind() -> None:
    done = simulate_pods(cluster(2), coming((4, 0, 1), (4, 0, 1), (3, 0, 1), (1, 0, 1)))
    assert (done.run.placed, done.run.refused) == (1, 3)
    assert len(done.waiting) == 2
    assert ["4 wanted" in str(done.waiting[0]), "3 wanted" in str(done.waiting[1])] == [True, True]


def test_small_pods_pass_large_ones_that_wait() -> None:
    done = simulate_pods(cluster(4), coming((3, 0, 100), (4, 1, 1), (1, 2, 5)))
    assert over_time(done)[2] == (2, 2, 1, 4)


def test_policies_place_differently() -> None:
    """Best fit keeps the large node whole for who needs it whole; spreading does not."""
    arrivals = coming((1, 0, None), (1, 1, None), (4, 2, None))
    assert simulate_pods(cluster(4, 2), arrivals, policy="best-fit").run.placed == 3
    assert simulate_pods(cluster(4, 2), arrivals, policy="first").run.placed == 2


def test_pods_share_a_claim_that_is_there_until_the_last_of_them_goes() -> None:
    shared = dra.ResourceClaim.from_dict(
        {
            "metadata": {"namespace": "default", "name": "shared"},
            "spec": {"devices": {"requests": [{"name": "gpu", "exactly": {"deviceClassName": "gpu"}}]}},
        }
    )
    arrivals = [PodArrival(pod(f"p{number}", 0, claim="shared"), number, 2.5) for number in range(3)]
    done = simulate_pods(cluster(1).with_(shared), arrivals)
    assert [(time, running, used) for time, running, _, used in over_time(done)] == [
        (0, 1, 1), (1, 2, 1), (2, 3, 1), (2.5, 2, 1), (3.5, 1, 1), (4.5, 0, 0),
    ]  # fmt: skip


def test_one_class_can_be_counted_alone() -> None:
    nic = dra.DeviceClass.from_dict(
        {
            "metadata": {"name": "one"},
            "spec": {"selectors": [{"cel": {"expression": "device.driver == 'x'"}}]},
        }
    )
    done = simulate_pods(cluster(2).with_(nic), coming((1, 0, None)), device_class="gpu")
    assert (done.run.gpus, done.run.final.allocated) == (2, 1000)
    with pytest.raises(UnknownNameError):
        simulate_pods(cluster(2), coming((1, 0, None)), device_class="gpus")


def test_the_same_name_twice_is_an_error() -> None:
    twice = [PodArrival(pod("p", 1), 0.0), PodArrival(pod("p", 1), 1.0)]
    with pytest.raises(AllocationError, match="already"):
        simulate_pods(cluster(2), twice)


def test_a_cluster_without_devices_has_nothing_used() -> None:
    alone = dra.Pod.from_dict({"metadata": {"name": "p"}, "spec": {"containers": [{"name": "main"}]}})
    done = simulate_pods(dra.Cluster.load(node("n", 0)[:1]), [PodArrival(alone)])
    assert (done.run.placed, done.run.percent(done.run.final.allocated)) == (1, 0.0)


def test_long_streams_are_looked_at_a_few_hundred_times() -> None:
    done = simulate_pods(cluster(2), coming(*((1, float(number), 0.5) for number in range(400))))
    assert done.run.placed == 400
    assert len(done.run.samples) < 250
    assert done.run.samples[-1].running == 0


class TestArrivals:
    def created(self, *times: str) -> Iterable[dra.Pod]:
        return [
            dra.Pod.from_dict({"metadata": {"name": f"p{number}", "creationTimestamp": time}, "spec": {}})
            for number, time in enumerate(times)
        ]

    def test_they_come_when_they_were_created(self) -> None:
        pods = self.created("2026-01-01T00:01:00Z", "2026-01-01T00:00:00Z")
        assert [(each.pod.metadata.name, each.time) for each in arrivals_of(pods)] == [("p1", 0), ("p0", 60)]

    def test_they_come_one_after_another_where_one_does_not_say(self) -> None:
        pods = [*self.created("2026-01-01T00:01:00Z"), pod("x", 1)]
        assert [each.time for each in arrivals_of(pods, every=5)] == [0, 5]

    def test_they_run_as_long_as_they_may(self) -> None:
        assert [
            each.lasting for each in arrivals_of([pod("a", 1, activeDeadlineSeconds=30), pod("b", 1)])
        ] == [
            30,
            None,
        ]

    def test_a_seed_gives_an_order(self) -> None:
        def names(seed: int) -> list[str | None]:
            return [each.pod.metadata.name for each in arrivals_of([pod("a", 1)], repeat=9, seed=seed)]

        assert names(1) == names(1)
        assert names(1) != names(2)
        assert sorted(map(str, names(1))) == [f"a-{number}" for number in range(9)]

    def test_too_many_and_a_senseless_deadline_are_refused(self) -> None:
        with pytest.raises(DraError, match="1,000,000 pods"):
            arrivals_of([pod("a", 1)], repeat=1_000_000)
        with pytest.raises(DraError, match="not a number of seconds"):
            arrivals_of([pod("a", 1, activeDeadlineSeconds=-1)])
