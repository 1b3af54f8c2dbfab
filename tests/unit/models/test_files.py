"""`dra.models.files` and `line_lists`: compressed manifests, and lists that are read line by line."""

from __future__ import annotations

import gzip
import json
from pathlib import Path
from typing import Any

import pytest

import dra
from dra.errors import DecodeError, LoadError
from dra.models import files
from dra.models.files import open_file
from dra.models.line_lists import HEAD, TAIL, is_line_list
from dra.models.loading import load_located

CLAIM = "apiVersion: resource.k8s.io/v1\nkind: ResourceClaim\nmetadata:\n  name: train\n"


def node(name: str) -> dict[str, Any]:
    return {"apiVersion": "v1", "kind": "Node", "metadata": {"name": name}}


def write_list(path: Path, *lines: bytes, tail: bytes = TAIL) -> Path:
    with open_file(path, "wb") as stream:
        stream.write(HEAD + b"\n" + b",\n".join(lines) + b"\n" + tail)
    return path


@pytest.mark.parametrize("suffix", ["", ".gz", ".zst"])
def test_a_manifest_may_be_compressed(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"claim.yaml{suffix}"
    with open_file(path, "wb") as stream:
        stream.write(CLAIM.encode())
    (claim,) = dra.load(path)
    assert claim.subject == "ResourceClaim train"


@pytest.mark.parametrize("suffix", [".gz", ".zst"])
def test_what_is_not_compressed_as_it_says_is_an_error(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"claim.yaml{suffix}"
    path.write_text(CLAIM)
    with pytest.raises(LoadError, match=f"not {suffix} data") as refused:
        dra.load(path)
    assert refused.value.source == str(path)


def test_a_file_that_is_cut_off_is_an_error(tmp_path: Path) -> None:
    path = tmp_path / "claim.yaml.gz"
    path.write_bytes(gzip.compress(CLAIM.encode() * 100)[:-20])
    with pytest.raises(LoadError, match=r"not \.gz data"):
        dra.load(path)


def test_a_small_file_that_unpacks_to_a_huge_one_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(files, "_MAX_BYTES", 5_000_000)
    path = tmp_path / "bomb.yaml.gz"
    path.write_bytes(gzip.compress(b"#" * 50_000_000))
    with pytest.raises(LoadError, match="more than 5,000,000 bytes"):
        dra.load(path)


def test_a_list_by_lines_is_any_list_for_others(tmp_path: Path) -> None:
    path = write_list(tmp_path / "nodes.json", *(json.dumps(node(name)).encode() for name in "ab"))
    assert is_line_list(path)
    assert [each["metadata"]["name"] for each in json.loads(path.read_bytes())["items"]] == ["a", "b"]
    assert [each.metadata.name for each in dra.load(path)] == ["a", "b"]


def test_an_empty_list(tmp_path: Path) -> None:
    assert dra.load(write_list(tmp_path / "none.json")) == []


def test_a_fault_has_its_line(tmp_path: Path) -> None:
    broken = json.dumps({**node("b"), "spec": {"taints": 3}}).encode()
    path = write_list(tmp_path / "nodes.json", json.dumps(node("a")).encode(), broken)
    with pytest.raises(DecodeError) as refused:
        dra.load(path)
    assert (refused.value.source, refused.value.line) == (str(path), 3)
    assert refused.value.path == "spec.taints"


def test_a_field_has_its_line(tmp_path: Path) -> None:
    path = write_list(tmp_path / "nodes.json", *(json.dumps(node(name)).encode() for name in "abc"))
    assert [each.position("metadata.name")[0] for each in load_located(path)] == [2, 3, 4]


@pytest.mark.parametrize(
    ("line", "message"),
    [
        (b"{", "not JSON"),
        (b"\xff", "not UTF-8 text"),
        (b"1 2", "not one JSON object"),
        (b'{"a":1,"a":2}', "duplicate key"),
    ],
)
def test_a_line_that_is_no_json_has_its_line(tmp_path: Path, line: bytes, message: str) -> None:
    path = write_list(tmp_path / "nodes.json", json.dumps(node("a")).encode(), line)
    with pytest.raises(LoadError, match=message) as refused:
        dra.load(path)
    assert refused.value.line == 3


def test_a_list_without_its_end_is_noticed(tmp_path: Path) -> None:
    path = write_list(tmp_path / "nodes.json", json.dumps(node("a")).encode(), tail=b"")
    with pytest.raises(LoadError, match="cut off"):
        dra.load(path)


def test_a_line_without_an_end_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(files, "_MAX_LINE", 1000)
    path = write_list(tmp_path / "nodes.json", b"x" * 2000)
    with pytest.raises(LoadError, match="a line of more than 1,000 bytes"):
        dra.load(path)
