"""`dra cel`: does a selector compile, which devices does it match, and why not the others."""

from __future__ import annotations

import io
import json
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from dra.cli import ExitCode
from tests.unit.cli.conftest import Run

Command = Callable[..., Run]

SLICES = """
apiVersion: resource.k8s.io/v1
kind: ResourceSlice
metadata: {name: gpus}
spec:
  driver: gpu.example.com
  nodeName: node-1
  pool: {name: node-1, generation: 1, resourceSliceCount: 1}
  devices:
  - name: gpu-0
    attributes: {model: {string: H100}}
    capacity: {memory: {value: 80Gi}}
  - name: gpu-1
    attributes: {model: {string: L4}, slot: {int: 3}}
    capacity: {memory: {value: 24Gi}}
---
apiVersion: resource.k8s.io/v1
kind: ResourceSlice
metadata: {name: nics}
spec:
  driver: nic.example.com
  nodeName: node-1
  pool: {name: node-1, generation: 1, resourceSliceCount: 1}
  devices: [{name: nic-0}]
"""
CLAIM = """
apiVersion: resource.k8s.io/v1
kind: ResourceClaim
metadata: {name: train}
spec:
  devices:
    requests:
    - name: gpu
      exactly: {deviceClassName: gpu, selectors: [{cel: {expression: 'EXPRESSION'}}]}
---
apiVersion: resource.k8s.io/v1
kind: DeviceClass
metadata: {name: gpu}
spec: {}
"""
H100 = 'device.attributes["gpu.example.com"].model == "H100"'


@pytest.fixture
def slices(tmp_path: Path) -> Path:
    (tmp_path / "slices.yaml").write_text(SLICES)
    return tmp_path / "slices.yaml"


def test_without_devices_it_only_compiles(dra_command: Command) -> None:
    done = dra_command("cel", H100)
    assert (done.status, done.out) == (ExitCode.OK, "compiles for Kubernetes 1.37, gives bool\n")


def test_a_mistake_has_its_place_in_the_expression(dra_command: Command) -> None:
    done = dra_command("cel", 'devices.driver == "a"')
    assert done.status == ExitCode.BAD_INPUT
    assert "1:1: undeclared reference to 'devices'" in done.err
    assert done.err.endswith(" | ^\n  did you mean 'device'?\n")


@pytest.mark.parametrize("command", ["cel", "new", "validate", "allocate"])
def test_a_usual_mistake_is_told_with_its_remedy(
    dra_command: Command, slices: Path, tmp_path: Path, command: str
) -> None:
    expression = 'device.attributes["gpu.example.com"].model = "H100"'
    (tmp_path / "claim.yaml").write_text(CLAIM.replace("EXPRESSION", expression))
    arguments = {
        "cel": ["cel", expression],
        "new": ["new", "gpu", "--where", expression],
        "validate": ["validate", tmp_path / "claim.yaml"],
        "allocate": ["allocate", "-f", slices, "-f", tmp_path / "claim.yaml"],
    }
    done = dra_command(*arguments[command])
    assert "token recognition error at: '= '" in done.out + done.err
    assert (done.out + done.err).endswith("^\n  write == to compare\n")


def test_each_device_says_whether_it_matches(dra_command: Command, slices: Path) -> None:
    done = dra_command("cel", H100, "-f", slices, "--driver", "gpu.example.com")
    assert done.status == ExitCode.OK
    assert [line.split()[:2] for line in done.out.splitlines()[:3]] == [
        ["DEVICE", "MATCHES"],
        ["gpu.example.com/node-1/gpu-0", "yes"],
        ["gpu.example.com/node-1/gpu-1", "no"],
    ]
    assert "1 of 2 devices match" in done.out


def test_nothing_matching_is_a_no(dra_command: Command, slices: Path) -> None:
    assert dra_command("cel", 'device.driver == "other"', "-f", slices).status == ExitCode.NO


def test_a_device_without_the_attribute_is_an_error_that_is_explained(
    dra_command: Command, slices: Path
) -> None:
    done = dra_command("cel", 'device.attributes["gpu.example.com"].slot == 3', "-f", slices)
    assert "no such key: slot" in done.out
    assert "1 of 3 devices match" in done.out
    assert "2 end in an error" in done.out


def test_the_expression_can_come_from_standard_input(
    dra_command: Command, slices: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(f"{H100}\n".encode())))
    done = dra_command("cel", "-", "-f", slices, "-o", "json")
    assert json.loads(done.out)["expression"] == H100


def test_an_expression_that_is_no_text(dra_command: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(b"true &&\n'\xe9' != ''")))
    done = dra_command("cel", "-")
    assert done.status == ExitCode.BAD_INPUT
    assert done.err.startswith("Error: <stdin>:2:2: not UTF-8 text: a byte E9\n  write it as UTF-8: iconv ")


def test_the_reason_is_the_false_part_with_what_it_saw(dra_command: Command, slices: Path) -> None:
    whole = dra_command("cel", H100, "-f", slices, "--driver", "gpu.example.com")
    assert whole.out.splitlines()[2].split(maxsplit=2)[2] == 'model is "L4"'
    part = dra_command("cel", f"device.driver != '' && {H100}", "-f", slices, "--driver", "gpu.example.com")
    assert part.out.splitlines()[2].split(maxsplit=2)[2] == f'false: {H100} (model is "L4")'
    bound = 'cel.bind(gpu, device.attributes["gpu.example.com"], gpu.model == "H100")'
    named = dra_command("cel", bound, "-f", slices, "--driver", "gpu.example.com")
    assert named.out.splitlines()[2].split(maxsplit=2)[2] == 'false: gpu.model == "H100" (model is "L4")'


def test_explaining_draws_each_different_evaluation_once(dra_command: Command, slices: Path) -> None:
    enough = 'device.capacity["gpu.example.com"].memory.isGreaterThan(quantity("8Gi"))'
    done = dra_command("cel", enough, "-f", slices, "--driver", "gpu.example.com", "--explain")
    assert done.out.count(enough) == 2
    same = dra_command(
        "cel", "device.driver == 'x'", "-f", slices, "--driver", "gpu.example.com", "--explain"
    )
    assert same.out.startswith("gpu.example.com/node-1/gpu-0 and 1 more\n  device.driver == 'x'\n")


def test_an_expression_that_could_cost_too_much_is_refused(dra_command: Command) -> None:
    loops = "device.attributes.all(a, device.attributes.all(b, device.attributes.all(c, a + b + c != '')))"
    done = dra_command("cel", f"{loops} && {loops}")
    assert done.status == ExitCode.BAD_INPUT
    assert "the limit is 1,000,000" in done.err


def test_data_has_a_verdict_per_device(dra_command: Command, slices: Path) -> None:
    found = json.loads(dra_command("cel", H100, "-f", slices, "-o", "json").out)
    assert {each["device"]: each["matches"] for each in found["devices"]} == {
        "gpu.example.com/node-1/gpu-0": True,
        "gpu.example.com/node-1/gpu-1": False,
        "nic.example.com/node-1/nic-0": None,
    }


def test_cost_is_shown_when_asked_for(dra_command: Command, slices: Path) -> None:
    assert "COST" not in dra_command("cel", H100, "-f", slices).out
    header, first, *_ = dra_command("cel", H100, "-f", slices, "--cost").out.splitlines()
    assert header.split()[:3] == ["DEVICE", "MATCHES", "COST"]
    assert int(first.split()[2]) > 0


def test_the_most_it_can_cost_is_known_without_devices(dra_command: Command) -> None:
    bound = json.loads(dra_command("cel", H100, "-o", "json").out)["maxCost"]
    assert f"costs at most {bound} of 1,000,000" in dra_command("cel", H100, "--cost").out


def test_the_parts_come_as_data_when_asked_for(dra_command: Command, slices: Path) -> None:
    def trees(*options: str) -> list[bool]:
        found = json.loads(dra_command("cel", H100, "-f", slices, "-o", "json", *options).out)
        return ["tree" in each for each in found["devices"]]

    assert trees() == [False] * 3
    assert trees("--explain") == [True] * 3


def test_an_unknown_driver_is_refused(dra_command: Command, slices: Path) -> None:
    done = dra_command("cel", H100, "-f", slices, "--driver", "gpu.nvidia.com")
    assert done.status == ExitCode.BAD_INPUT
    assert "drivers: gpu.example.com, nic.example.com" in done.err


def test_manifests_without_devices_are_refused(dra_command: Command, tmp_path: Path) -> None:
    (tmp_path / "pod.yaml").write_text("{apiVersion: v1, kind: Pod, metadata: {name: pod}}")
    assert "no devices in the manifests" in dra_command("cel", H100, "-f", tmp_path).err


def test_no_expression_is_bad_input(dra_command: Command) -> None:
    done = dra_command("cel")
    assert done.status == ExitCode.BAD_INPUT
    assert "--interactive" in done.err


def test_a_conversation_goes_on_after_a_mistake(
    dra_command: Command, slices: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "stdin", io.StringIO(f"devices\n\n{H100}\n"))
    done = dra_command("cel", "--interactive", "-f", slices)
    assert done.status == ExitCode.OK
    assert "undeclared reference to 'devices'" in done.err
    assert "1 of 3 devices match" in done.out


class Interrupted(io.StringIO):
    """An input at which Ctrl-C comes before the first line."""

    pressed = False

    def readline(self, size: int | None = -1, /) -> str:
        if not self.pressed:
            self.pressed = True
            raise KeyboardInterrupt
        return super().readline(-1 if size is None else size)


def test_ctrl_c_drops_a_line_and_not_the_conversation(
    dra_command: Command, slices: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "stdin", Interrupted(f"{H100}\n"))
    done = dra_command("cel", "--interactive", "-f", slices)
    assert done.status == ExitCode.OK
    assert "1 of 3 devices match" in done.out


def test_an_older_minor_has_an_older_language(dra_command: Command) -> None:
    newer = 'device.attributes["gpu.example.com"].model.includes("H100")'
    assert dra_command("cel", newer, "--kubernetes", "1.34").status == ExitCode.BAD_INPUT
