"""Files that cannot be read or written: each error says what would help."""

from __future__ import annotations

import gzip
import os
from collections.abc import Callable
from pathlib import Path

import pytest

import dra
from dra.models.file_errors import unwritable

NODE = "apiVersion: v1\nkind: Node\nmetadata: {name: node-1}\n"


@pytest.fixture
def refusal(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., dra.LoadError]:
    """What loading a file says, which has a content unless that is None."""
    monkeypatch.chdir(tmp_path)

    def load(name: str, content: bytes | str | None = None) -> dra.LoadError:
        if content is not None:
            Path(name).write_bytes(content if isinstance(content, bytes) else content.encode())
        with pytest.raises(dra.LoadError) as refused:
            dra.load(Path(name))
        return refused.value

    return load


@pytest.mark.parametrize(
    ("name", "remedy"),
    [
        ("nodes/l4.yml", "did you mean 'nodes/l4.yaml'?"),
        ("node/l4.yaml", "did you mean 'nodes/l4.yaml'?"),
        ("node/gone.yaml", "did you mean 'nodes'?"),
        ("nodes/l4.yaml/x", "did you mean 'nodes/l4.yaml'?"),
        ("nodes/zzzzzz.yaml", "nodes has l4.yaml"),
        ("zzzzzz", "the working directory has nodes"),
        ("nothing/zzzzzz", "the working directory has nodes"),
        ("kind: Pod\nmetadata: {name: a}", "name a file; a manifest itself is for standard input"),
    ],
)
def test_a_file_that_is_not_there(refusal: Callable[..., dra.LoadError], name: str, remedy: str) -> None:
    Path("nodes").mkdir()
    Path("nodes/l4.yaml").write_text(NODE)
    error = refusal(name)
    assert (error.message, error.remedy) == ("no such file or directory", remedy)


@pytest.mark.parametrize(
    ("name", "content", "place", "remedy"),
    [
        ("a.yaml", b"kind: Pod\na: \xe9", (2, 4), "iconv -f LATIN1 -t UTF-8 a.yaml"),
        ("a b.yaml", NODE.encode("utf-16"), (1, 1), "iconv -f UTF-16 -t UTF-8 'a b.yaml'"),
        ("a.yaml", gzip.compress(NODE.encode(), mtime=0), (1, 2), "a name that ends in .gz"),
        ("a.yaml", b"\x28\xb5\x2f\xfd\x00\x00", (1, 2), "a name that ends in .zst"),
        ("a.yaml", b"\x7fELF\x00\xff", (1, 6), "is it the right file?"),
    ],
)
def test_what_is_no_utf8(
    refusal: Callable[..., dra.LoadError], name: str, content: bytes, place: tuple[int, int], remedy: str
) -> None:
    error = refusal(name, content)
    assert (error.source, (error.line, error.column)) == (name, place)
    assert remedy in error.remedy


@pytest.mark.parametrize(
    ("name", "content", "remedy"),
    [
        ("a.yaml.gz", NODE.encode(), "leave .gz out of its name"),
        ("a.json.zst", b"{}", "leave .zst out of its name"),
        ("a.yaml.zst", gzip.compress(NODE.encode(), mtime=0), "a name that ends in .gz"),
        ("a.yaml.gz", gzip.compress(NODE.encode(), mtime=0)[:-9], "damaged or cut off"),
    ],
)
def test_what_is_not_packed_as_its_name_says(
    refusal: Callable[..., dra.LoadError], name: str, content: bytes, remedy: str
) -> None:
    assert remedy in refusal(name, content).remedy


@pytest.mark.parametrize(
    ("name", "content", "place", "path", "said", "remedy"),
    [
        ("a.yaml", "spec:\n  a:\n  - b: 1\n    b: 2\n", (4, 5), "spec.a[0]", "duplicate key 'b'", "keep one"),
        ("a.json", '{"spec": {"a": 1,\n"a": 2}}', (2, 1), "spec", "duplicate key 'a'", "keep one of the two"),
        ("a.yaml", "a: [.nan]", (1, 5), "a[0]", ".nan is not a JSON number", "write a number"),
        ("a.json", '{"a": NaN}', (1, 7), "", "not JSON: expected value", "no NaN"),
        ("a.json", '{"a": [1,]}', (1, 10), "", "not JSON: trailing comma", "take the last comma away"),
        ("a.json", NODE, (1, 1), "", "not JSON: expected value", "call it .yaml"),
        ("a.json", '{"a": {"b": -1e400}}', (1, 13), "", "-1e400 is a number beyond", "the largest is about"),
        ("a.yaml", "a: b\n\tc: d", (2, 1), "", "not YAML", "indent by spaces, not tabs"),
        ("a.yaml", "a: b: c", (1, 5), "", "not YAML", "put a text with ': ' in quotes"),
        ("a.yaml", "a: 'b", (1, 6), "", "not YAML", "close the quote"),
        ("a.yaml", "a: [b", (2, 1), "", "not YAML", "close the bracket"),
        ("a.yaml", "kind: {{ .Values.kind }}", (1, 23), "kind", "a key must be a string", "helm template"),
        ("a.yaml", "# nothing\n", (0, 0), "", "no objects in it", "a manifest has apiVersion"),
    ],
)
def test_what_is_no_manifest(
    refusal: Callable[..., dra.LoadError],
    name: str,
    content: str,
    place: tuple[int, int],
    path: str,
    said: str,
    remedy: str,
) -> None:
    error = refusal(name, content)
    assert (error.source, (error.line, error.column), error.path) == (name, place, path)
    assert error.message.startswith(said)
    assert remedy in error.remedy


def test_a_folder_without_manifests(refusal: Callable[..., dra.LoadError], tmp_path: Path) -> None:
    folder = tmp_path / "manifests"
    folder.mkdir()
    assert refusal("manifests").remedy == "there is no file in it at all"
    (folder / "pod.tpl").touch()
    assert refusal("manifests").remedy == "name files with other endings one by one: pod.tpl"


@pytest.mark.skipif(os.name != "posix" or os.geteuid() == 0, reason="root may read everything")
def test_a_file_that_may_not_be_read(refusal: Callable[..., dra.LoadError], tmp_path: Path) -> None:
    (tmp_path / "a.yaml").touch(mode=0)
    assert refusal("a.yaml").remedy == "see who may: ls -ld a.yaml"


@pytest.mark.parametrize(
    ("name", "remedy"),
    [
        ("gone/a.svg", "make its folder first: mkdir -p gone"),
        ("there", "it is a folder: name a file in it, such as there/out"),
        ("file/a.svg", "file is no folder: write elsewhere"),
    ],
)
def test_a_file_that_cannot_be_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, remedy: str
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("there").mkdir()
    Path("file").touch()
    with pytest.raises(OSError, match=name) as refused:
        Path(name).write_text("")
    assert unwritable(Path(name), refused.value).remedy == remedy
