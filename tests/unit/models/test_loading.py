"""`dra.load` and `dra.dump`: from and to files, text and data."""

from __future__ import annotations

import gc
import io
import json
from pathlib import Path
from types import SimpleNamespace

import pytest

import dra
from dra import DecodeError, DraError, LoadError, Node, Pod, ResourceClaim
from dra.models.loading import load_located
from dra.models.meta import Unstructured

TWO = """\
# two objects
apiVersion: v1
kind: Node
metadata:
  name: node-1
---
---
apiVersion: resource.k8s.io/v1
kind: ResourceClaim
metadata: {name: train, namespace: ml}
spec:
  devices:
    requests:
    - name: gpu
      exactly: {deviceClassName: gpu}
"""


def names(objects: list[dra.models.meta.KubernetesObject]) -> list[str | None]:
    return [item.metadata.name for item in objects]


def test_a_text_of_several_documents() -> None:
    node, claim = dra.load(TWO)
    assert isinstance(node, Node)
    assert isinstance(claim, ResourceClaim)


@pytest.mark.parametrize("source", [TWO.encode(), io.StringIO(TWO), io.BytesIO(TWO.encode())])
def test_bytes_and_streams(source: object) -> None:
    assert names(dra.load(source)) == ["node-1", "train"]


def test_a_directory_is_read_in_order_of_names(tmp_path: Path) -> None:
    (tmp_path / "sub").mkdir()
    (tmp_path / "b.yaml").write_text("apiVersion: v1\nkind: Pod\nmetadata: {name: second}\n")
    (tmp_path / "a.json").write_text('{"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "first"}}')
    (tmp_path / "sub" / "c.yml").write_text("apiVersion: v1\nkind: Pod\nmetadata: {name: third}\n")
    (tmp_path / "README.md").write_text("# nothing to see")
    assert names(dra.load(tmp_path)) == ["first", "second", "third"]
    assert names(dra.load(str(tmp_path / "b.yaml"))) == ["second"]


def test_lists_of_any_kind_count_as_their_items() -> None:
    pod = {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "a"}}
    assert names(dra.load({"apiVersion": "v1", "kind": "List", "items": [pod, pod]})) == ["a", "a"]
    bare = {"metadata": {"name": "b"}}
    (loaded,) = dra.load({"apiVersion": "v1", "kind": "PodList", "items": [bare]})
    assert isinstance(loaded, Pod)
    assert names(dra.load([pod, [pod]])) == ["a", "a"]


def test_json_lines() -> None:
    pod = json.dumps({"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "a"}})
    assert names(dra.load(f"{pod}\n{pod}\n")) == ["a", "a"]


def test_a_kind_without_model_keeps_everything() -> None:
    wire = {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "a"}, "spec": {"replicas": 2}}
    (loaded,) = dra.load(wire)
    assert type(loaded) is Unstructured
    assert loaded.to_dict() == wire
    assert dra.load(wire, strict=True) == [loaded]


def test_objects_pass_through() -> None:
    pod = Pod()
    assert dra.load([pod]) == [pod]


@pytest.mark.parametrize("written", ["yaml", "json"])
def test_what_is_dumped_loads_again(written: str) -> None:
    objects = dra.load(TWO)
    assert dra.load(dra.dump(objects, written)) == objects  # type: ignore[arg-type] # either literal
    assert dra.load(dra.dump(objects[0], written)) == objects[:1]  # type: ignore[arg-type] # either literal


JOB = {"kind": "Job", "apiVersion": "batch/v1", "spec": {"later": True, "parallelism": 2}}


@pytest.mark.parametrize("given", [JOB, [JOB], iter([JOB]), SimpleNamespace(raw=JOB)])
def test_a_dict_or_an_object_of_a_client_is_dumped_as_it_is(given: object) -> None:
    expected = "kind: Job\napiVersion: batch/v1\nspec:\n  later: true\n  parallelism: 2\n"
    assert dra.dump(given) == expected


def test_models_and_dicts_are_dumped_together() -> None:
    assert [type(each) for each in dra.load(dra.dump([Pod(), JOB]))] == [Pod, Unstructured]


@pytest.mark.parametrize("given", ["job.yaml", 7, ["job.yaml"], [[JOB]]])
def test_what_is_no_object_is_not_dumped(given: object) -> None:
    with pytest.raises(DraError, match=r"cannot write a (str|int|list)\n  give models, dicts or objects"):
        dra.dump(given)


def test_an_unknown_format_is_refused() -> None:
    with pytest.raises(DraError, match="unknown format 'toml'"):
        dra.dump([], "toml")  # type: ignore[arg-type] # the wrong literal is the test


@pytest.mark.parametrize(
    ("source", "message"),
    [
        ("/does/not/exist", "/does/not/exist: no such file or directory"),
        ("", "no objects in it"),
        ("---\n", "no objects in it"),
        ("a: [1\nb: 2", "line 2:2: not YAML|line 2:1: not YAML"),
        ("a: 1\na: 2\n", "line 2:1: duplicate key 'a'"),
        ('{"a": 1, "a": 2}', "duplicate key 'a'"),
        ("a: 1", "apiVersion: required"),
        ("- 1\n- 2\n", "line 1:3: [0]: expected a Kubernetes object"),
        (b"\xff\xfe\x00", "line 1:1: not UTF-8 text"),
        (3, "cannot load objects from a int"),
        ("a\0b", "no such file|cannot read it"),
    ],
)
def test_bad_sources_are_explained(source: object, message: str) -> None:
    with pytest.raises(DraError) as caught:
        dra.load(source)
    assert any(part in str(caught.value) for part in message.split("|"))


def test_an_error_names_file_line_object_and_field(tmp_path: Path) -> None:
    file = tmp_path / "claims.yaml"
    file.write_text(TWO.replace("{deviceClassName: gpu}", "[]"))
    with pytest.raises(DecodeError) as caught:
        dra.load(file)
    assert str(caught.value).startswith(
        f"{file}:15:7: ResourceClaim ml/train: spec.devices.requests[0].exactly: expected an object"
    )


def test_an_empty_directory_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(LoadError, match="no manifests in it"):
        dra.load(tmp_path)


def test_an_empty_file_is_an_error_but_not_in_a_directory(tmp_path: Path) -> None:
    (tmp_path / "empty.yaml").write_text("# nothing yet\n")
    (tmp_path / "pod.yaml").write_text("apiVersion: v1\nkind: Pod\n")
    assert dra.load(tmp_path) == [Pod()]
    with pytest.raises(LoadError, match=r"empty\.yaml: no objects in it"):
        dra.load(tmp_path / "empty.yaml")


@pytest.mark.parametrize("items", ["[]", "null"])
def test_an_empty_list_is_no_error(items: str) -> None:
    assert dra.load(f'{{"apiVersion": "v1", "kind": "PodList", "items": {items}}}') == []


def test_a_list_whose_items_are_no_list_is_refused() -> None:
    with pytest.raises(DecodeError, match="line 3:1: items: expected a list"):
        dra.load("apiVersion: v1\nkind: List\nitems: {a: b}\n")
    with pytest.raises(DecodeError, match="lists nested too deeply"):
        dra.load("[" * 30 + "]" * 30)


def test_a_fault_in_an_item_has_its_place_in_the_list() -> None:
    text = "apiVersion: v1\nkind: List\nitems:\n- apiVersion: v1\n  kind: Pod\n  spec: 3\n"
    with pytest.raises(DecodeError) as caught:
        dra.load(text)
    assert str(caught.value) == "line 6:3: Pod: items[0].spec: expected an object, found the number 3"


def test_positions_are_those_of_the_keys() -> None:
    _, claim = load_located(TWO)
    assert claim.position("spec.devices.requests[0].name") == (14, 7)
    assert claim.position("spec.devices.requests[0].exactly.count") == (15, 7)
    assert claim.position("spec.devices.requests[7]") == (13, 5)
    assert claim.position("metadata.namespace") == (10, 25)


def test_what_did_not_come_from_text_has_no_place() -> None:
    (located,) = load_located(Pod())
    assert (located.source, located.position("spec")) == ("", (0, 0))


def test_a_located_object_places_errors(tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_text("apiVersion: v1\nkind: Pod\nmetadata: {name: a}\nspec: {}\n")
    (located,) = load_located(tmp_path / "a.yaml")
    error = located.locate(DraError("is wrong", path="spec.containers"))
    assert str(error) == f"{tmp_path / 'a.yaml'}:4:1: Pod a: spec.containers: is wrong"
    assert str(located.locate(DraError("is wrong"))).endswith("a.yaml: Pod a: is wrong")
    assert load_located([located]) == [located]


def test_a_stream_that_fails_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "latin.yaml").write_bytes(b"a: \xe9")
    with (tmp_path / "latin.yaml").open(encoding="utf-8") as stream, pytest.raises(LoadError) as caught:
        dra.load(stream)
    assert caught.value.source == str(tmp_path / "latin.yaml")


def test_a_file_that_cannot_be_read_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "a.yaml").symlink_to(tmp_path / "b.yaml")
    with pytest.raises(LoadError, match="no such file"):
        dra.load(tmp_path / "a.yaml")
    with pytest.raises(LoadError, match="no manifests in it"):
        dra.load(tmp_path)


@pytest.mark.parametrize("enabled", [True, False])
def test_garbage_collection_is_as_before(enabled: bool) -> None:
    before = gc.isenabled()
    try:
        (gc.enable if enabled else gc.disable)()
        dra.load(TWO)
        assert gc.isenabled() is enabled
        with pytest.raises(LoadError):
            dra.load("a: [")
        assert gc.isenabled() is enabled
    finally:
        (gc.enable if before else gc.disable)()
