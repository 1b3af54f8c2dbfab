"""`dra migrate`: what it prints, what it writes, and what its exit status says."""

from __future__ import annotations

import io
import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

import dra
from dra.cli import ExitCode
from tests.unit.cli.conftest import Run

Command = Callable[..., Run]

POD = """\
apiVersion: v1
kind: Pod
metadata:
  name: train   # the first
spec:
  containers:
  - name: main
    resources:
      limits:
        nvidia.com/gpu: 2
"""
LEFT = POD.replace("nvidia.com/gpu: 2", "example.com/widget: 2")
HELM = "apiVersion: v1\nkind: Pod\nmetadata:\n  name: {{ .Values.name }}\nspec: {{ toYaml .Values.spec }}\n"


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "pod.yaml"
    path.write_text(POD)
    return path


def test_a_diff_that_patch_applies(dra_command: Command, file: Path) -> None:
    done = dra_command("migrate", file)
    assert done.status == ExitCode.OK
    assert file.read_text() == POD
    subprocess.run(["patch", "-p1", "-s", str(file)], input=done.out, text=True, check=True)
    again = dra_command("migrate", file)
    assert (again.status, again.out) == (ExitCode.OK, "")
    assert [each.kind for each in dra.load(file)] == ["Pod", "ResourceClaimTemplate"]


def test_the_report_is_on_stderr(dra_command: Command, file: Path) -> None:
    done = dra_command("migrate", file)
    assert "Pod train: changed" in done.err
    assert "2 x nvidia.com/gpu of container main -> request gpu" in done.err
    assert done.err.endswith("1 changed, 1 new; nothing left for you\n")


def test_the_report_comes_after_the_diff_where_both_go_to_one_pipe(file: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "dra", "migrate", str(file)],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=True,
    )
    assert done.stdout.startswith("--- ")
    assert done.stdout.endswith("nothing left for you\n")


def test_write_changes_the_files(dra_command: Command, file: Path) -> None:
    file.chmod(0o640)
    done = dra_command("migrate", file, "--write")
    assert (done.status, done.out) == (ExitCode.OK, f"{file}: changed\n")
    written = file.read_text()
    assert "name: train   # the first" in written
    assert file.stat().st_mode & 0o777 == 0o640
    assert [path.name for path in file.parent.iterdir()] == ["pod.yaml"]
    assert dra_command("migrate", file, "--write").out == ""
    assert file.read_text() == written


def test_a_byte_order_mark_stays(dra_command: Command, file: Path) -> None:
    file.write_bytes(b"\xef\xbb\xbf" + POD.encode())
    dra_command("migrate", file, "--write")
    assert file.read_bytes().startswith(b"\xef\xbb\xbfapiVersion")


def test_a_link_is_followed(dra_command: Command, file: Path) -> None:
    link = file.with_name("link.yaml")
    link.symlink_to(file)
    dra_command("migrate", link, "--write")
    assert link.is_symlink()
    assert "resourceClaims" in file.read_text()


def test_a_comment_that_had_to_go_is_said(dra_command: Command, file: Path) -> None:
    file.write_text(POD.replace("gpu: 2", "gpu: 2  # two"))
    assert f"{file}: a comment went with what it was on: # two" in dra_command("migrate", file).err


def test_yaml_is_the_new_manifests(dra_command: Command, file: Path) -> None:
    file.with_name("z.json").write_text(json.dumps({"apiVersion": "v1", "kind": "Service"}))
    done = dra_command("migrate", file.parent, "-o", "yaml")
    assert [each.kind for each in dra.load(done.out)] == ["Pod", "ResourceClaimTemplate", "Service"]
    assert "name: train   # the first" in done.out


def test_json_has_objects_and_report(dra_command: Command, file: Path) -> None:
    done = dra_command("migrate", file, "-o", "json")
    data = json.loads(done.out)
    assert [each["kind"] for each in data["objects"]] == ["ResourceClaimTemplate", "Pod"]
    assert data["complete"] is True
    assert done.err == ""


def test_a_table_has_the_report(dra_command: Command, file: Path) -> None:
    done = dra_command("migrate", file, "-o", "table")
    assert "ResourceClaimTemplate nvidia-gpu-x2  new" in done.out
    assert done.err == "1 changed, 1 new; nothing left for you\n"


def test_what_cannot_be_read_is_not_said_to_be_done(dra_command: Command, file: Path) -> None:
    file.write_text("spec: [")
    done = dra_command("migrate", file)
    assert done.status == 2
    assert "nothing left" not in done.err


def test_standard_input(dra_command: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    def piped(text: str) -> None:
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(text.encode())))

    piped(POD)
    first = dra_command("migrate", "-", "-o", "yaml")
    piped(first.out)
    assert dra_command("migrate", "-", "-o", "yaml").out == first.out


def test_the_gentle_path(dra_command: Command, file: Path) -> None:
    file.write_text(POD.replace("nvidia.com/gpu", "nvidia.com/mig-1g.5gb"))
    done = dra_command("migrate", file, "--mode", "extended-resource", "-o", "yaml")
    pod, device_class = dra.load(done.out)
    assert pod.to_dict() == dra.load(file)[0].to_dict()
    assert device_class.kind == "DeviceClass"


def test_what_is_left_is_status_1(dra_command: Command, file: Path) -> None:
    file.write_text(LEFT)
    done = dra_command("migrate", file)
    assert (done.status, done.out) == (ExitCode.NO, "")
    assert "no DRA driver is known to give this" in done.err


class TestBadInput:
    def test_a_helm_template_is_named_and_does_not_stop_the_others(
        self, dra_command: Command, file: Path
    ) -> None:
        file.with_name("chart.yaml").write_text(HELM)
        done = dra_command("migrate", file.parent)
        assert done.status == ExitCode.BAD_INPUT
        assert "+  resourceClaims:" in done.out
        assert "chart.yaml:4" in done.err
        assert "helm template" in done.err

    @pytest.mark.parametrize(
        ("content", "said"),
        [
            (b"a: [", "not YAML"),
            (b"\xff\xfe", "not UTF-8"),
            (b"kind: Pod\n", "apiVersion"),
            (b"3\n", "expected a Kubernetes object"),
            (b"apiVersion: v1\nkind: Pod\nspec: {containers: 3}\n", "containers"),
            (b"a: &a [*a, *a]\n", "not defined"),
        ],
    )
    def test_a_broken_file_does_not_stop_the_others(
        self, dra_command: Command, file: Path, content: bytes, said: str
    ) -> None:
        file.with_name("a.yaml").write_bytes(content)
        done = dra_command("migrate", file.parent, "--write")
        assert done.status == ExitCode.BAD_INPUT
        assert said in done.err
        assert "Traceback" not in done.err
        assert "resourceClaims" in file.read_text()
        assert file.with_name("a.yaml").read_bytes() == content

    def test_a_broken_document_does_not_stop_those_beside_it(self, dra_command: Command, file: Path) -> None:
        file.write_text(f"kind: Pod  # of what version?\n---\n{POD}")
        done = dra_command("migrate", file, "--write")
        assert done.status == ExitCode.BAD_INPUT
        assert file.read_text().startswith("kind: Pod  # of what version?\n---\n")
        assert "resourceClaims" in file.read_text()

    @pytest.mark.parametrize(
        "twice", [["pod.yaml", "pod.yaml"], ["pod.yaml", "."], ["./pod.yaml", "../x/pod.yaml"]]
    )
    def test_a_file_that_is_named_twice_is_changed_once(
        self, dra_command: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, twice: list[str]
    ) -> None:
        folder = tmp_path / "x"
        folder.mkdir()
        (folder / "pod.yaml").write_text(POD)
        monkeypatch.chdir(folder)
        assert dra_command("migrate", *twice, "--write").status == ExitCode.OK
        assert [each.kind for each in dra.load(folder)] == ["Pod", "ResourceClaimTemplate"]

    @pytest.mark.parametrize(
        "arguments",
        [
            [],
            ["/no/such/file"],
            ["-", "--write"],
            ["FILE", "--kubernetes", "1.2"],
            ["FILE", "--mode", "nothing"],
            ["FILE", "--plugin-config", "/no/such/file"],
            ["FILE", "--plugin-config", "FILE"],
            ["FILE", "-o", "xml"],
        ],
    )
    def test_a_wrong_command_line_is_status_2(
        self, dra_command: Command, file: Path, arguments: list[str]
    ) -> None:
        done = dra_command("migrate", *(str(file) if each == "FILE" else each for each in arguments))
        assert done.status == ExitCode.BAD_INPUT
        assert done.err
        assert "Traceback" not in done.err

    def test_a_file_that_cannot_be_written_is_named(self, dra_command: Command, file: Path) -> None:
        file.with_name(".pod.yaml.dra-migrate").mkdir()  # where the new content goes first
        done = dra_command("migrate", file, "--write")
        assert done.status == ExitCode.BAD_INPUT
        assert f"{file}: cannot write it: Is a directory" in done.err
        assert file.read_text() == POD

    def test_control_characters_do_not_reach_the_terminal(self, dra_command: Command, file: Path) -> None:
        file.write_text(POD.replace("name: main", 'name: "\\e[2Jmain"'))
        done = dra_command("migrate", file)
        assert "\x1b" not in done.out + done.err


def test_the_plugins_own_file(dra_command: Command, file: Path) -> None:
    config = file.with_name("config.yml.txt")
    config.write_text(
        "version: v1\nsharing: {timeSlicing: {resources: [{name: nvidia.com/gpu, replicas: 4}]}}\n"
    )
    done = dra_command("migrate", file, "--plugin-config", config, "-o", "yaml")
    assert "shares: '1'" in done.out
    assert "consumableShares=4" in done.err
