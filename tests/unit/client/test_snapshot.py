"""`dra.client.snapshot`: a file is whole or not there, and holds what was given."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import pytest

import dra
from dra.client.snapshot import writing
from dra.errors import ForbiddenError, LoadError
from dra.testing import nodes

CLUSTER = nodes.cluster("dgx-h100", nodes_per_rack=2).objects
WIRE = [each.to_dict() for each in CLUSTER]


def write_snapshot(objects: Iterable[dict[str, Any]], target: str) -> dict[str, int]:
    with writing(target) as snapshot:
        for each in objects:
            snapshot.write(each)
    return snapshot.counts


@pytest.mark.parametrize(
    "name", ["a.json", "a.json.gz", "a.json.zst", "a.yaml", "a.yml.gz", "folder", "new/folder/"]
)
def test_what_is_written_is_read_again(tmp_path: Path, name: str) -> None:
    target = str(tmp_path / name) + ("/" if name.endswith("/") else "")
    counts = write_snapshot(iter(WIRE), target)
    assert sum(counts.values()) == len(WIRE)
    assert counts["Node"] == 2
    assert dra.Cluster.load(target) == dra.Cluster.load(CLUSTER)


def test_an_object_to_a_line(tmp_path: Path) -> None:
    write_snapshot(WIRE, str(tmp_path / "a.json"))
    lines = (tmp_path / "a.json").read_text().splitlines()
    assert [json.loads(line.removesuffix(",")) for line in lines[1:-1]] == WIRE


def test_on_standard_output(capsysbinary: pytest.CaptureFixture[bytes]) -> None:
    write_snapshot(WIRE, "-")
    assert json.loads(capsysbinary.readouterr().out)["items"] == WIRE


def test_a_failure_leaves_no_file_and_no_part_of_one(tmp_path: Path) -> None:
    def failing() -> Iterator[dict[str, Any]]:
        yield WIRE[0]
        raise ForbiddenError("may not list pods")

    (tmp_path / "a.json").write_text("the snapshot before")
    with pytest.raises(ForbiddenError):
        write_snapshot(failing(), str(tmp_path / "a.json"))
    assert [each.name for each in tmp_path.iterdir()] == ["a.json"]
    assert (tmp_path / "a.json").read_text() == "the snapshot before"


@pytest.mark.parametrize("name", ["a.txt", "a.txt.gz", "a.toml"])
def test_a_name_that_says_no_format(tmp_path: Path, name: str) -> None:
    with pytest.raises(LoadError, match="no format is called") as refused:
        write_snapshot(WIRE, str(tmp_path / name))
    assert ".json.zst" in refused.value.remedy


def test_a_folder_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(LoadError, match="cannot write it: No such file"):
        write_snapshot(WIRE, str(tmp_path / "none" / "a.json"))
