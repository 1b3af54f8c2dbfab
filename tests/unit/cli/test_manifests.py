"""Reading what `-f` names: files, folders, standard input; every fault with its place."""

from __future__ import annotations

import io
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from dra import DraError, Node, Pod
from dra.cli import ExitCode
from dra.cli.manifests import Manifests
from dra.errors import AllocationError
from tests.unit.cli.conftest import Run

NODE = "apiVersion: v1\nkind: Node\nmetadata:\n  name: {}\n"


def write(folder: Path, name: str, text: str) -> str:
    (folder / name).write_text(text)
    return str(folder / name)


def test_objects_come_by_kind_in_the_order_read(tmp_path: Path) -> None:
    write(tmp_path, "b.yaml", NODE.format("second"))
    write(tmp_path, "a.yaml", NODE.format("first"))
    manifests = Manifests.read([str(tmp_path)])
    assert [node.metadata.name for node in manifests.of(Node)] == ["first", "second"]
    assert manifests.of(Pod) == []


def test_several_files_are_one_set(tmp_path: Path) -> None:
    files = [write(tmp_path, name, NODE.format(name[0])) for name in ("b.yaml", "a.yaml")]
    assert [node.metadata.name for node in Manifests.read(files).of(Node)] == ["b", "a"]


def test_a_dash_is_standard_input(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(NODE.format("node").encode())))
    assert len(Manifests.read(["-"]).of(Node)) == 1


def test_nothing_on_standard_input_is_told_by_its_name(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(b'{"kind": "List", "items": []}')))
    with pytest.raises(DraError, match=r"^<stdin>: no objects in it\n  run what is piped in alone"):
        Manifests.read(["-"])


@pytest.mark.parametrize(
    "command",
    [
        ("allocate", "-f", "-", "-f", "-"),
        ("validate", "-", "-f", "-"),
        ("cel", "-", "-f", "-"),
        ("lint", "-", "--slices", "-"),
    ],
)
def test_standard_input_can_be_named_once(
    dra_command: Callable[..., Run], monkeypatch: pytest.MonkeyPatch, command: tuple[str, ...]
) -> None:
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(NODE.format("node").encode())))
    done = dra_command(*command)
    assert (done.status, done.out) == (ExitCode.BAD_INPUT, "")
    assert (
        done.err == "Error: standard input is named twice, and can be read once\n  name a file for the rest\n"
    )


def test_a_file_whose_name_looks_like_yaml_is_a_file(tmp_path: Path) -> None:
    assert Manifests.read([write(tmp_path, "a: b.yaml", NODE.format("node"))]).of(Node)


def test_the_same_object_twice_is_refused_with_both_places(tmp_path: Path) -> None:
    files = [write(tmp_path, name, NODE.format("same")) for name in ("a.yaml", "b.yaml")]
    with pytest.raises(DraError) as raised:
        Manifests.read(files)
    assert str(raised.value) == (
        f"{files[1]}:4:3: Node same: metadata.name: given twice\n  it is also in {files[0]}"
    )


def test_an_error_about_an_object_gets_its_place(tmp_path: Path) -> None:
    manifests = Manifests.read([write(tmp_path, "a.yaml", NODE.format("node"))])
    (node,) = manifests.of(Node)
    error = manifests.locate(AllocationError("too small", path="metadata.name"), node)
    assert str(error) == f"{tmp_path}/a.yaml:4:3: Node node: metadata.name: too small"


def test_an_error_about_a_foreign_object_stays_as_it_is() -> None:
    error = AllocationError("too small")
    assert Manifests(()).locate(error, Node()) is error
    assert str(error) == "too small"
