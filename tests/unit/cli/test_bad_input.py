"""Bad input: exit status 2 and a message that names file, object and field; never a traceback."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest

from dra.cli import ExitCode
from tests.unit.cli.conftest import Run

Command = Callable[..., Run]

CLUSTER = """
apiVersion: v1
kind: Node
metadata: {name: node-1}
---
apiVersion: resource.k8s.io/v1
kind: DeviceClass
metadata: {name: gpu}
spec: {}
---
apiVersion: resource.k8s.io/v1
kind: ResourceSlice
metadata: {name: slice-1}
spec:
  driver: gpu.example.com
  nodeName: node-1
  pool: {name: node-1, generation: 1, resourceSliceCount: 1}
  devices:
  - name: gpu-0
    capacity: {memory: {value: 40Gi}}
"""

CLAIM = """
apiVersion: resource.k8s.io/v1
kind: ResourceClaim
metadata: {namespace: default, name: train}
spec:
  devices:
    requests:
    - name: gpu
      exactly:
        deviceClassName: gpu
"""


@pytest.fixture
def allocate(dra_command: Command, tmp_path: Path) -> Callable[..., Run]:
    """`dra allocate` on a file `in.yaml` with the given text."""

    def run(text: str | bytes, *options: str) -> Run:
        file = tmp_path / "in.yaml"
        file.write_bytes(text.encode() if isinstance(text, str) else text)
        done = dra_command("allocate", "-f", file, *options)
        return Run(done.status, done.out, done.err.replace(f"{tmp_path}/", ""))

    return run


def line(text: str, field: str) -> str:
    """`file:line:` of the first mention of a field."""
    before, found, _ = text.partition(f"{field}:")
    assert found
    return f"in.yaml:{before.count(chr(10)) + 1}:"


def assert_refused(done: Run, *said: str) -> None:
    """Bad input, said in words: each text occurs in this order."""
    assert done.status == ExitCode.BAD_INPUT
    assert done.out == ""
    assert "Traceback" not in done.err
    assert "this is a bug" not in done.err
    assert re.search(".*".join(map(re.escape, said)), done.err, re.DOTALL), done.err


def test_the_input_these_tests_break_is_good(allocate: Callable[..., Run]) -> None:
    assert allocate(f"{CLUSTER}---{CLAIM}").status == ExitCode.OK


def test_a_directory_that_does_not_exist(dra_command: Command) -> None:
    assert_refused(dra_command("allocate", "-f", "nowhere"), "Error: nowhere: no such file or directory")


def test_a_directory_without_manifests(dra_command: Command, tmp_path: Path) -> None:
    assert_refused(dra_command("allocate", "-f", tmp_path), str(tmp_path), "no manifests in it")


@pytest.mark.parametrize("command", ["allocate", "validate"])
@pytest.mark.parametrize(("name", "said"), [("", "an empty file name"), ("a" * 5000, "File name too long")])
def test_a_name_that_no_file_can_have(dra_command: Command, command: str, name: str, said: str) -> None:
    done = dra_command(command, "-f", name)
    assert_refused(done, said)
    assert len(done.err) < 1000


def test_broken_yaml_has_line_and_column(allocate: Callable[..., Run]) -> None:
    assert_refused(allocate("kind: [Node\nmetadata: {}\n"), "in.yaml:2:9: not YAML")


def test_a_list_where_a_map_is_expected(allocate: Callable[..., Run]) -> None:
    text = CLAIM.replace("  devices:\n    requests:\n", "  devices:\n").replace("    - name", "  - name")
    text = text.replace("      exactly:\n        deviceClassName: gpu\n", "")
    assert_refused(
        allocate(text),
        f"{line(text, 'devices')}3: ResourceClaim default/train: spec.devices: ",
        "expected an object, found a list",
    )


def test_a_quantity_that_is_none(allocate: Callable[..., Run]) -> None:
    assert_refused(
        allocate(CLUSTER.replace("40Gi", "fooGi")),
        line(CLUSTER, "capacity"),
        "ResourceSlice slice-1: spec.devices[0].capacity[memory].value: ",
        "'fooGi'",
        "such as 10Gi",
    )


@pytest.mark.parametrize(("named", "kind"), [("name: train", "ResourceClaim"), ("name: node-1", "Node")])
def test_a_claim_or_node_without_a_name(allocate: Callable[..., Run], named: str, kind: str) -> None:
    text = f"{CLUSTER}---{CLAIM}".replace(f"{{{named}}}", "{}").replace(f", {named}", "")
    assert_refused(allocate(text), "in.yaml:", kind, "metadata.name: required")


def test_a_claim_naming_an_unknown_class(allocate: Callable[..., Run]) -> None:
    text = f"{CLUSTER}---{CLAIM.replace('Name: gpu', 'Name: gpus')}"
    assert_refused(
        allocate(text),
        line(text, "deviceClassName"),
        "ResourceClaim default/train: spec.devices.requests[0].exactly.deviceClassName: request gpu: ",
        '"gpus" not found',
        "did you mean 'gpu'?",
    )


@pytest.mark.parametrize("text", ["", "\n\n", "---\n---\n", "# only a comment\n"])
def test_an_empty_file(allocate: Callable[..., Run], text: str) -> None:
    assert_refused(allocate(text), "in.yaml: no objects in it")


@pytest.mark.parametrize(
    "expression", ["(" * 10_000, "[" * 10_000, "(" * 5_000 + "true" + ")" * 5_000, "-" * 10_001 + "1"]
)
def test_ten_thousand_brackets_in_a_selector(allocate: Callable[..., Run], expression: str) -> None:
    claim = f"{CLAIM}        selectors: [{{cel: {{expression: '{expression}'}}}}]\n"
    done = allocate(f"{CLUSTER}---{claim}")
    assert_refused(
        done, "in.yaml:", "ResourceClaim default/train: spec.devices.requests[0].exactly.selectors[0]"
    )
    assert len(done.err) < 4000


def test_a_selector_that_does_not_compile(allocate: Callable[..., Run]) -> None:
    text = f"{CLUSTER}---{CLAIM}        selectors: [{{cel: {{expression: devices.driver == 'a'}}}}]\n"
    assert_refused(
        allocate(text),
        line(text, "expression"),
        "ResourceClaim default/train: spec.devices.requests[0].exactly.selectors[0].cel.expression",
        "undeclared reference to 'devices'",
    )


def test_a_class_selector_that_does_not_compile(allocate: Callable[..., Run]) -> None:
    cluster = CLUSTER.replace("spec: {}", "spec: {selectors: [{cel: {expression: devices.driver == 'a'}}]}")
    assert_refused(
        allocate(f"{cluster}---{CLAIM}"),
        line(cluster, "expression"),
        "DeviceClass gpu: spec.selectors[0].cel.expression",
        "undeclared reference to 'devices'",
    )


def test_a_selector_that_fails_on_a_device(allocate: Callable[..., Run]) -> None:
    expression = "device.attributes['gpu.example.com'].index == 0"
    claim = f'{CLAIM}        selectors: [{{cel: {{expression: "{expression}"}}}}]\n'
    assert_refused(
        allocate(f"{CLUSTER}---{claim}"),
        "in.yaml:",
        "ResourceClaim default/train",
        "gpu.example.com/node-1/gpu-0",
        "no such key: index",
        "has()",
    )


def test_an_unreadable_file(dra_command: Command, tmp_path: Path) -> None:
    loop = tmp_path / "loop.yaml"
    loop.symlink_to(loop)
    assert_refused(dra_command("allocate", "-f", loop), "loop.yaml: ")


def test_a_binary_file(allocate: Callable[..., Run]) -> None:
    assert_refused(allocate(bytes(range(256)) * 8), "in.yaml:", "not")


def test_an_object_without_a_kind(allocate: Callable[..., Run]) -> None:
    assert_refused(allocate("apiVersion: v1\nmetadata: {name: a}\n"), "in.yaml:1:1: ", "kind")


def test_an_unknown_node(allocate: Callable[..., Run]) -> None:
    assert_refused(allocate(f"{CLUSTER}---{CLAIM}", "--node", "node-2"), "no node 'node-2'", "node-1")


def test_an_unknown_claim(allocate: Callable[..., Run]) -> None:
    assert_refused(
        allocate(f"{CLUSTER}---{CLAIM}", "--claim", "default/tran"),
        "no claim 'default/tran'",
        "default/train",
    )


def test_nothing_to_allocate(allocate: Callable[..., Run]) -> None:
    assert_refused(allocate(CLUSTER), "no ResourceClaim")


def test_no_nodes(allocate: Callable[..., Run]) -> None:
    assert_refused(allocate(CLAIM), "no Node")


def test_an_unknown_kubernetes_version(allocate: Callable[..., Run]) -> None:
    assert_refused(
        allocate(f"{CLUSTER}---{CLAIM}", "--kubernetes", "1.12"), "unknown Kubernetes version '1.12'"
    )


def test_a_terminal_is_not_written_to_by_a_manifest(allocate: Callable[..., Run]) -> None:
    claim = CLAIM.replace("Name: gpu", r'Name: "\e[2Jx"')
    done = allocate(f"{CLUSTER}---{claim}")
    assert_refused(done, "\\x1b[2Jx")
    assert "\x1b" not in done.err


def test_a_claim_that_the_api_server_refuses_is_not_allocated(allocate: Callable[..., Run]) -> None:
    constraint = "    constraints: [{requests: [cpu], matchAttribute: gpu.example.com/numa}]\n"
    text = f"{CLUSTER}---{CLAIM}{constraint}"
    done = allocate(text)
    assert_refused(
        done,
        "ResourceClaim default/train: spec.devices.constraints[0].requests[0]",
        "the API server refuses it",
        "dra.validate(), says all that is wrong with it",
    )
