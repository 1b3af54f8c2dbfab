"""`dra nodes`: machines as manifests."""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest

import dra
from dra.cli import ExitCode
from dra.models.core import Node
from dra.models.meta import KubernetesObject
from dra.testing import nodes
from tests.unit.cli.conftest import Run

Command = Callable[..., Run]


def written(run: Run) -> list[KubernetesObject]:
    assert run.status == ExitCode.OK, run.err
    return dra.load(run.out)


def names(run: Run) -> list[str | None]:
    return [each.metadata.name for each in written(run) if isinstance(each, Node)]


def test_it_writes_what_the_library_makes(dra_command: Command) -> None:
    assert written(dra_command("nodes", "p5.4xlarge")) == nodes.node("p5.4xlarge").objects


def test_yaml_is_as_the_library_writes_it(dra_command: Command) -> None:
    assert dra_command("nodes", "l4").out == dra.dump(nodes.node("l4").objects)


def test_json_has_the_same_objects(dra_command: Command) -> None:
    assert written(dra_command("nodes", "l4", "-o", "json")) == nodes.node("l4").objects


def test_several_nodes_are_numbered_and_share_the_classes(dra_command: Command) -> None:
    run = dra_command("nodes", "p5.4xlarge", "--count", 3)
    assert names(run) == ["p5-4xlarge-0", "p5-4xlarge-1", "p5-4xlarge-2"]
    classes = [each.metadata.name for each in written(run) if isinstance(each, dra.DeviceClass)]
    assert len(classes) == len(set(classes))


def test_racks_have_their_usual_nodes_or_as_many_as_are_wanted(dra_command: Command) -> None:
    run = dra_command("nodes", "gb200-nvl72", "--racks", 2, "--driver", "gpu.nvidia.com")
    only = nodes.Setup(drivers=["gpu.nvidia.com"])
    two = nodes.cluster("gb200-nvl72", racks=2, prefix="gb200-nvl72", setup=only)
    assert written(run) == two.objects
    assert names(dra_command("nodes", "p6e-gb200.36xlarge", "--racks", 1, "--count", 2)) == [
        "p6e-gb200-36xlarge-0-node-0",
        "p6e-gb200-36xlarge-0-node-1",
    ]


def test_several_machines_are_one_cluster(dra_command: Command) -> None:
    both = nodes.node("l4") + nodes.node("a30")
    assert written(dra_command("nodes", "l4", "a30")) == both.objects


def test_gpus_are_cut_and_shared_as_wanted(dra_command: Command) -> None:
    only = ("--driver", "gpu.nvidia.com")
    assert (
        written(dra_command("nodes", "dgx-h100", "--mig", "all-balanced", *only))
        == nodes.node("dgx-h100", mig="all-balanced", drivers=["gpu.nvidia.com"]).objects
    )
    assert (
        written(dra_command("nodes", "l4", "--shares", "4", *only))
        == nodes.node("l4", shares=4, drivers=["gpu.nvidia.com"]).objects
    )
    assert (
        written(dra_command("nodes", "l4", "--shares", "memory", *only))
        == nodes.node("l4", shares="memory", drivers=["gpu.nvidia.com"]).objects
    )


def test_counters_are_where_the_minor_has_them(dra_command: Command) -> None:
    options = ("--mig", "dynamic", "--driver", "gpu.nvidia.com", "--kubernetes", "1.34")
    assert (
        written(dra_command("nodes", "dgx-h100", *options))
        == nodes.node("dgx-h100", mig="dynamic", drivers=["gpu.nvidia.com"], kubernetes="1.34").objects
    )


def test_without_a_machine_all_are_listed(dra_command: Command) -> None:
    listed = [each.name for each in nodes.machines()]
    rows = dra_command("nodes").out.splitlines()[1:]
    assert [row.split()[0] for row in rows] == listed
    assert [each["name"] for each in json.loads(dra_command("nodes", "-o", "json").out)] == listed


@pytest.mark.parametrize("option", ["--count", "--racks"])
def test_numbers_of_nodes_that_no_cluster_has_are_refused(dra_command: Command, option: str) -> None:
    run = dra_command("nodes", "l4", option, 1_000_000_000)
    assert (run.status, run.out) == (ExitCode.BAD_INPUT, "")
    assert f"'{option}': must be a whole number of at least 1 and at most 10000, not 1000000000" in run.err


@pytest.mark.parametrize(
    ("arguments", "total"),
    [
        (["l4", "a30", "--count", 6000], "12,000"),
        (["gb200-nvl72", "--racks", 1000], "18,000"),
        (["l4", "--racks", 200, "--count", 51], "10,200"),
    ],
)
def test_more_nodes_than_are_written_at_once_are_counted(
    dra_command: Command, arguments: list[object], total: str
) -> None:
    run = dra_command("nodes", *arguments)
    assert (run.status, run.out) == (ExitCode.BAD_INPUT, "")
    assert run.err == f"Error: these are {total} nodes\n  at most 10,000 nodes are written at once\n"


def test_an_unknown_machine_is_bad_input_with_the_nearest(dra_command: Command) -> None:
    run = dra_command("nodes", "dgx-h10")
    assert run.status == ExitCode.BAD_INPUT
    assert "did you mean 'dgx-h100'?" in run.err
