"""`dra validate` and `dra lint`: every error at its line, in three forms, with an exit status."""

from __future__ import annotations

import io
import json
from collections.abc import Callable
from pathlib import Path

import pytest

from dra.cli import ExitCode
from tests.unit.cli.conftest import Run

Command = Callable[..., Run]

GOOD = """\
apiVersion: resource.k8s.io/v1
kind: ResourceClaim
metadata:
  name: good
spec:
  devices:
    requests:
    - name: gpu
      exactly:
        deviceClassName: gpu.example.com
"""
BAD = """\
apiVersion: resource.k8s.io/v1
kind: ResourceClaim
metadata:
  name: bad
spec:
  devices:
    requests:
    - name: gpu
      exactly:
        deviceClassName: gpu.example.com
        count: -1
"""
BAD_LINE = (
    "ResourceClaim bad: spec.devices.requests[0].exactly.count: error: Invalid value: -1: "
    "must be greater than zero\n"
)
OLD = """\
apiVersion: resource.k8s.io/v1beta1
kind: ResourceClaim
metadata:
  name: old
spec:
  devices:
    requests:
    - name: gpu
      deviceClassName: gpu.example.com
      count: -1
"""
LIST = """\
apiVersion: v1
kind: List
items:
- apiVersion: resource.k8s.io/v1
  kind: DeviceClass
  metadata:
    name: gpu.example.com
  spec:
    extendedResourceName: example.com/gpu
    selectors:
    - cel:
        expression: {}
- apiVersion: resource.k8s.io/v1
  kind: DeviceClass
  metadata:
    name: other.example.com
  spec:
    selectors:
    - cel:
        expression: "true &&"
"""
REGRETTED = """\
apiVersion: resource.k8s.io/v1
kind: ResourceClaim
metadata:
  name: train
spec:
  devices:
    requests:
    - name: gpu
      exactly:
        deviceClassName: gpu.example.com
        selectors:
        - cel:
            expression: device.attributes["gpu.example.com"].productname == "H100"
"""
SLICE = """\
apiVersion: resource.k8s.io/v1
kind: ResourceSlice
metadata:
  name: node-a
spec:
  driver: gpu.example.com
  nodeName: node-a
  pool: {name: node-a, generation: 1, resourceSliceCount: 1}
  devices:
  - name: gpu-0
    attributes:
      productName: {string: H100}
"""


@pytest.fixture
def written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """Writes files into the working directory."""
    monkeypatch.chdir(tmp_path)

    def write(**texts: str) -> None:
        for name, text in texts.items():
            Path(f"{name}.yaml").write_text(text)

    return write


def test_valid_objects(dra_command: Command, written: Callable[..., None]) -> None:
    written(good=GOOD)
    run = dra_command("validate", "good.yaml")
    assert (run.status, run.out, run.err) == (ExitCode.OK, "1 object: valid\n", "")


def test_errors_stand_at_their_lines(dra_command: Command, written: Callable[..., None]) -> None:
    written(bad=f"{GOOD}---\n{BAD}", good=GOOD)
    run = dra_command("validate", "bad.yaml", "good.yaml")
    assert (run.status, run.out, run.err) == (ExitCode.NO, f"bad.yaml:22:9: {BAD_LINE}", "")


def test_lines_of_older_versions_whose_fields_stand_elsewhere(
    dra_command: Command, written: Callable[..., None]
) -> None:
    written(old=OLD)
    run = dra_command("validate", "old.yaml")
    assert run.out.startswith("old.yaml:10:7: ResourceClaim old: spec.devices.requests[0].exactly.count: ")


def test_items_of_a_list_are_objects(dra_command: Command, written: Callable[..., None]) -> None:
    written(list=LIST)
    run = dra_command("validate", "list.yaml", "-o", "json")
    assert run.status == ExitCode.NO
    assert [(problem["line"], problem["code"], problem["subject"]) for problem in json.loads(run.out)] == [
        (12, "DecodeError", "DeviceClass gpu.example.com"),
        (20, "Invalid", "DeviceClass other.example.com"),
    ]


def test_json_has_every_part(dra_command: Command, written: Callable[..., None]) -> None:
    written(bad=BAD, good=GOOD)
    assert json.loads(dra_command("validate", "bad.yaml", "-o", "json").out) == [
        {
            "source": "bad.yaml",
            "line": 11,
            "column": 9,
            "subject": "ResourceClaim bad",
            "field": "spec.devices.requests[0].exactly.count",
            "level": "error",
            "code": "Invalid",
            "message": "Invalid value: -1: must be greater than zero",
            "fix": "",
        }
    ]
    assert json.loads(dra_command("validate", "good.yaml", "-o", "json").out) == []


def test_github_annotations(dra_command: Command, written: Callable[..., None]) -> None:
    written(bad=BAD, regretted=REGRETTED)
    assert dra_command("validate", "bad.yaml", "-o", "github").out == (
        "::error file=bad.yaml,line=11,col=9,title=Invalid::ResourceClaim bad: "
        "spec.devices.requests[0].exactly.count: Invalid value: -1: must be greater than zero\n"
    )
    run = dra_command("lint", "regretted.yaml", "--slices", "regretted.yaml", "-o", "github")
    assert all(line.startswith("::") for line in run.out.splitlines())


def test_line_breaks_and_percent_signs_do_not_break_annotations(
    dra_command: Command, written: Callable[..., None]
) -> None:
    written(bad=BAD.replace("count: -1", "selectors: [{cel: {expression: 'a % b'}}]"))
    run = dra_command("validate", "bad.yaml", "-o", "github")
    assert len(run.out.splitlines()) == 1
    assert "a %25 b" in run.out
    assert "%0A" in run.out


def test_standard_input(
    dra_command: Command, written: Callable[..., None], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(BAD.encode())))
    run = dra_command("validate", "-")
    assert (run.status, run.out) == (ExitCode.NO, f"<stdin>:11:9: {BAD_LINE}")


def test_folders_and_option(dra_command: Command, written: Callable[..., None]) -> None:
    written(good=GOOD)
    Path("more/below").mkdir(parents=True)
    Path("more/below/bad.yml").write_text(BAD)
    Path("more/notes.txt").write_text("not a manifest")
    run = dra_command("validate", "good.yaml", "-f", "more")
    assert (run.status, run.out) == (ExitCode.NO, f"more/below/bad.yml:11:9: {BAD_LINE}")


def test_other_files_are_still_read_if_one_cannot_be(
    dra_command: Command, written: Callable[..., None]
) -> None:
    written(bad=BAD, broken="a: [", text="hello")
    Path("empty").mkdir()
    run = dra_command("validate", "missing.yaml", "broken.yaml", "empty", "bad.yaml")
    assert run.status == ExitCode.BAD_INPUT
    assert run.out == f"bad.yaml:11:9: {BAD_LINE}"
    for place in ("missing.yaml", "broken.yaml:2:1", "empty: no manifests"):
        assert place in run.err


def test_documents_after_a_faulty_one_are_still_read(
    dra_command: Command, written: Callable[..., None]
) -> None:
    written(both=f"{BAD.replace('-1', 'many')}---\n{BAD}")
    run = dra_command("validate", "both.yaml")
    assert run.status == ExitCode.NO
    lines = run.out.splitlines()
    assert lines[0].startswith("both.yaml:11:9: ResourceClaim bad: ")
    assert f"{lines[-1]}\n" == f"both.yaml:23:9: {BAD_LINE}"


def test_unknown_fields(dra_command: Command, written: Callable[..., None]) -> None:
    written(typo=GOOD.replace("exactly:", "exactly:\n        deviceClasName: x"))
    run = dra_command("validate", "typo.yaml")
    assert run.status == ExitCode.NO
    assert run.out.startswith("typo.yaml:10:9: ResourceClaim good: ")
    assert dra_command("validate", "typo.yaml", "--lenient").status == ExitCode.OK


def test_the_minor_and_its_gates_decide(dra_command: Command, written: Callable[..., None]) -> None:
    taints = "".join(f"\n    - {{key: example.com/t{i}, effect: NoSchedule}}" for i in range(5))
    written(slice=f"{SLICE}    taints:{taints}\n")
    assert dra_command("validate", "slice.yaml").status == ExitCode.OK
    assert dra_command("validate", "slice.yaml", "--kubernetes", "1.34").status == ExitCode.OK
    run = dra_command(
        "validate", "slice.yaml", "--kubernetes", "1.34", "--feature-gates", "DRADeviceTaints=true"
    )
    assert run.status == ExitCode.NO
    assert "Too many: 5: must have at most 4 items" in run.out


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ((), "name a file, a folder, or - for standard input"),
        (("good.yaml", "--feature-gates", "DRADeviceTaints"), "not NAME=true or NAME=false"),
        (("good.yaml", "--feature-gates", "Nonsense=true"), "Nonsense"),
        (("good.yaml", "--kubernetes", "1.2"), "1.2"),
    ],
)
@pytest.mark.parametrize("command", ["validate", "lint"])
def test_wrong_arguments(
    command: str, arguments: tuple[str, ...], words: str, dra_command: Command, written: Callable[..., None]
) -> None:
    written(good=GOOD)
    run = dra_command(command, *arguments)
    assert run.status == ExitCode.BAD_INPUT
    assert words in run.err


def test_large_files_do_not_look_up_every_line(
    dra_command: Command, written: Callable[..., None], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("dra.cli.problems._LARGE_FILE", 100)
    written(many="---\n".join([BAD] * 22))
    run = dra_command("validate", "many.yaml", "-o", "json")
    lines = [problem["line"] for problem in json.loads(run.out)]
    assert lines.count(0) == 0 or lines.count(0) == 2
    assert len(lines) == 22


def test_lint_finds_with_slices_what_it_cannot_without(
    dra_command: Command, written: Callable[..., None]
) -> None:
    written(claim=REGRETTED, slices=SLICE)
    run = dra_command("lint", "claim.yaml", "--slices", "slices.yaml")
    assert run.status == ExitCode.NO
    assert "claim.yaml:13:13: ResourceClaim train: " in run.out
    assert "productName" in run.out
    together = dra_command("lint", "claim.yaml", "slices.yaml", "-o", "json")
    assert {problem["source"] for problem in json.loads(together.out)} == {"claim.yaml"}


def test_lint_is_content(dra_command: Command, written: Callable[..., None]) -> None:
    written(good=SLICE)
    run = dra_command("lint", "good.yaml")
    assert (run.status, run.out) == (ExitCode.OK, "1 object: nothing to complain about\n")


def test_lint_reports_what_cannot_be_read(dra_command: Command, written: Callable[..., None]) -> None:
    written(good=SLICE, bad=BAD.replace("-1", "many"))
    assert dra_command("lint", "good.yaml", "bad.yaml").status == ExitCode.NO
    assert dra_command("lint", "good.yaml", "missing.yaml").status == ExitCode.BAD_INPUT
    assert dra_command("lint", "good.yaml", "--slices", "missing.yaml").status == ExitCode.BAD_INPUT


def test_of_a_word_longer_than_any_name_people_see_the_ends_and_programs_all(
    dra_command: Command, written: Callable[..., None]
) -> None:
    name = "n" * 5000
    written(long=GOOD.replace("name: good", f"name: {name}"))
    run = dra_command("validate", "long.yaml")
    assert run.status is ExitCode.NO
    assert "(5,000 characters)" in run.out
    assert len(run.out) < 1000
    (problem,) = json.loads(dra_command("validate", "long.yaml", "-o", "json").out)
    assert f'"{name}"' in problem["message"]
