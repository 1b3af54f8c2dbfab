"""What is read of a cluster while pods come and go."""

from __future__ import annotations

import pytest

from dra.errors import UnknownNameError
from dra.models.resource import DeviceClass
from dra.scheduler import Cluster
from dra.scheduler.simulation.gauge import Gauge
from tests.unit.scheduler.clusters import gpus, node, placed, pod, request, small_cluster, template


def some_cluster() -> Cluster:
    """Nine GPUs of the class gpu, two of which are of the class new, and two of none."""
    new = {"cel": {"expression": "device.attributes['gpu.example.com'].generation == 2"}}
    mixed = gpus("mixed", 3, generation=[1, 2, 2])
    other = gpus("other", 2)
    other.spec.driver = "other.example.com"
    return small_cluster(
        DeviceClass.from_dict({"metadata": {"name": "new"}, "spec": {"selectors": [new]}}),
        node("mixed"),
        mixed,
        node("other"),
        other,
        template("one"),
        template("pair", request(2)),
        *(pod(f"p{at}", templates=["pair" if at % 3 else "one"]) for at in range(7)),
        nodes=3,
    )


@pytest.mark.parametrize("name", ["gpu", "new", "(no class)"])
def test_a_class_reads_as_its_row_of_capacity(name: str) -> None:
    cluster = some_cluster()
    gauge = Gauge(cluster, name)
    assert gauge.total == cluster.capacity()[name].total

    for at in range(4):
        cluster = placed(cluster.schedule(f"p{at}")).apply()
        row = cluster.capacity()[name]
        assert gauge.read(cluster) == (row.used, row.fragmented)


def test_all_hardware_reads_as_the_total_of_capacity() -> None:
    cluster = some_cluster()
    gauge = Gauge(cluster, None)
    assert gauge.total == 11

    readings = []
    for at in range(4):
        cluster = placed(cluster.schedule(f"p{at}")).apply()
        total = cluster.capacity("product").total
        readings.append(gauge.read(cluster))
        assert readings[-1] == (total.used, total.fragmented)
    assert [used for used, _ in readings] == [1, 3, 5, 6]
    assert len({fragmented for _, fragmented in readings}) > 1


def test_there_has_to_be_such_a_class() -> None:
    with pytest.raises(UnknownNameError, match="did you mean 'gpu'"):
        Gauge(some_cluster(), "gpus")
