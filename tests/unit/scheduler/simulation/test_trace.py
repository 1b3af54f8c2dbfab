"""CSV files of nodes and tasks: what is read, and what is said of a file that cannot be."""

from __future__ import annotations

import gzip
from pathlib import Path

import pytest

from dra.errors import LoadError
from dra.scheduler.simulation import Machine, Task, read_machines, read_tasks

NODES = "sn,cpu_milli,memory_mib,gpu,model\nnode-0,64000,262144,2,P100\nnode-1,32000,131072,0,\n"
TASKS = (
    "name,cpu_milli,memory_mib,num_gpu,gpu_milli,gpu_spec,qos,creation_time,deletion_time\n"
    "a,12000,16384,1,460,T4|P100,LS,10,20.5\n"
    "b,4000,8192,0,0,,BE,,\n"
)


def written(folder: Path, text: str, name: str = "in.csv") -> Path:
    file = folder / name
    file.write_text(text, encoding="utf-8")
    return file


def test_nodes_are_read(tmp_path: Path) -> None:
    assert read_machines(written(tmp_path, NODES)) == [
        Machine("node-0", 64000, 262144, 2, "P100"),
        Machine("node-1", 32000, 131072, 0, ""),
    ]


def test_tasks_are_read_with_models_and_times(tmp_path: Path) -> None:
    assert read_tasks(written(tmp_path, TASKS)) == [
        Task("a", 12000, 16384, 1, 460, frozenset({"T4", "P100"}), 10.0, 20.5),
        Task("b", 4000, 8192),
    ]


def test_gzipped_files_byte_order_marks_and_blank_lines_are_read(tmp_path: Path) -> None:
    file = tmp_path / "nodes.csv.gz"
    file.write_bytes(gzip.compress(("\ufeff" + NODES + "\n").encode()))
    assert len(read_machines(file)) == 2


@pytest.mark.parametrize(
    ("row", "line", "column"),
    [
        ("a,x,0,1,500", 2, "cpu_milli"),
        ("a,-5,0,1,500", 2, "cpu_milli"),
        ("a,1,0,1,1001", 2, "gpu_milli"),
        ("a,1,0,1,0", 2, "gpu_milli"),
        ("a,1,0,2,500", 2, "gpu_milli"),
        ("a,1,0,65,1000", 2, "num_gpu"),
        ("a,1,0,٣,1000", 2, "num_gpu"),
        ("a,1," + "9" * 5000 + ",1,500", 2, "memory_mib"),
        ("a,1,0,1,500\nb,1,,1,500", 3, "memory_mib"),
    ],
)
def test_a_bad_value_is_named_by_file_line_and_column(
    tmp_path: Path, row: str, line: int, column: str
) -> None:
    file = written(tmp_path, f"name,cpu_milli,memory_mib,num_gpu,gpu_milli\n{row}\n")
    with pytest.raises(LoadError) as caught:
        read_tasks(file)
    assert (caught.value.source, caught.value.line, caught.value.path) == (str(file), line, column)
    assert caught.value.remedy


@pytest.mark.parametrize("times", ["5,4", "x,", "nan,", "-1,", "1,inf"])
def test_bad_times_are_refused(tmp_path: Path, times: str) -> None:
    header = "name,cpu_milli,memory_mib,num_gpu,gpu_milli,creation_time,deletion_time"
    with pytest.raises(LoadError, match="is not a value of this column"):
        read_tasks(written(tmp_path, f"{header}\na,1,1,0,0,{times}\n"))


def test_a_missing_column_names_the_nearest(tmp_path: Path) -> None:
    file = written(tmp_path, "sn,cpu_mili,memory_mib,gpu,model\na,1,1,1,T4\n")
    with pytest.raises(LoadError, match=r"no column 'cpu_milli'\s+did you mean 'cpu_mili'\?"):
        read_machines(file)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "no column 'sn'"),
        (NODES.splitlines()[0].encode(), "no rows"),
        (NODES.encode() + b"node-2,1\n", "2 values in a row of 5 columns"),
        (b"\xff\xfe\x00s", "not UTF-8 text.*\n  it is UTF-16"),
        (gzip.compress(NODES.encode(), mtime=0), "not UTF-8 text.*\n  .* ends in .gz"),
        (b'sn,cpu_milli,memory_mib,gpu,model\n"a"b,1,1,1,T4\n', "not CSV"),
        (
            b"sn,cpu_milli,memory_mib,gpu,model\n" + b"a" * 200_000 + b",1,1,1,T4\n",
            ":2: a line of over 10,000",
        ),
        (b"sn,cpu_milli,memory_mib,gpu,model\na,1\x00,1,1,T4\n", "not CSV|not a value"),
    ],
)
def test_what_is_no_table_of_nodes_is_refused(tmp_path: Path, content: bytes, message: str) -> None:
    file = tmp_path / "in.csv"
    file.write_bytes(content)
    with pytest.raises(LoadError, match=message) as caught:
        read_machines(file)
    assert caught.value.source == str(file)


@pytest.mark.parametrize(
    "content",
    [b"not gzip", gzip.compress(NODES.encode(), mtime=0)[:-12], gzip.compress(NODES.encode(), mtime=0)[:30]],
)
def test_a_broken_gzip_file_is_refused(tmp_path: Path, content: bytes) -> None:
    file = tmp_path / "in.csv.gz"
    file.write_bytes(content)
    with pytest.raises(LoadError, match=r"not \.gz data: .*\n  it is (damaged or cut off|not packed)"):
        read_machines(file)


def test_a_small_file_that_unpacks_to_a_huge_line_is_refused_at_once(tmp_path: Path) -> None:
    file = tmp_path / "in.csv.gz"
    file.write_bytes(gzip.compress(b"a" * 50_000_000))
    assert file.stat().st_size < 100_000
    with pytest.raises(LoadError, match="a line of over 10,000 characters"):
        read_machines(file)


def test_a_missing_file_and_a_folder_are_refused(tmp_path: Path) -> None:
    (tmp_path / "nodes.csv").touch()
    with pytest.raises(LoadError, match=r"no such file or directory\n  did you mean '.*/nodes\.csv'\?"):
        read_machines(tmp_path / "node.csv")
    with pytest.raises(LoadError, match=r"Is a directory\n  name a file in it, such as nodes\.csv"):
        read_machines(tmp_path)
