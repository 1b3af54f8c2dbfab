"""What `dra new` writes by each of its options for each minor: valid, without a warning, and allocated."""

from __future__ import annotations

import shlex
from collections.abc import Callable
from pathlib import Path

import attrs
import pytest

from dra.cli import ExitCode
from dra.cli.wish import SHARES
from dra.features import KUBERNETES_MINORS
from tests.unit.cli.conftest import Run

Command = Callable[..., Run]


@attrs.frozen
class Case:
    """A claim by options, and a machine that has what it asks for.

    Attributes:
        options: Those of `dra new`.
        machine: The arguments of `dra nodes`.
        gate: The gate that the claim, or what the machine publishes, depends on.
        since: The first minor in which the gate is on.
        dropped: The first minor that drops the field while the gate is off; none does if empty.
    """

    options: str
    machine: str
    gate: str = ""
    since: str = KUBERNETES_MINORS[0]
    dropped: str = ""


PARTS = ("DRAPartitionableDevices", "1.36")
CONSUMABLE = ("DRAConsumableCapacity", "1.36", "1.34")
CASES = [
    Case("gpu", "p5.4xlarge"),
    Case("gpu --min-memory 40Gi --count 4 --name infer -n ml", "dgx-h100"),
    Case("gpu --board L4", "l4"),
    Case('gpu --where \'device.attributes["gpu.nvidia.com"].architecture == "Hopper"\'', "p5.4xlarge"),
    Case("gpu --count 2 --align resource.kubernetes.io/pcieRoot", "dgx-h100"),
    Case("gpu --tolerate example.com/ecc", "l4", "DRADeviceTaints", "1.36", "1.35"),
    Case("gpu --template", "l4"),
    Case("gpu --pod", "l4"),
    Case("gpu --template --pod -o json", "l4"),
    Case("gpu --nic dranet --count 2", "dgx-h100"),
    Case("gpu --nic efa.networking.k8s.aws", "p5.4xlarge"),
    Case("gpu --nic mrdma.google.com", "a3-ultragpu-8g"),
    Case("gpu --share exclusive", "l4"),
    Case("gpu --share time-slicing", "l4"),
    Case("gpu --share time-slicing --min-memory 20Gi", "l4"),
    Case("gpu --share mps", "l4"),
    Case("gpu --share mps --min-memory 10Gi --board L4 --count 2", "l4"),
    Case("gpu --share mig --profile 1g.10gb", "p5.4xlarge --mig all-1g.10gb"),
    Case("gpu --share mig --profile 1g.10gb --nic dranet", "dgx-h100 --mig all-1g.10gb"),
    Case("gpu --share mig --board H100-80GB", "p5.4xlarge --mig all-balanced"),
    Case("gpu --share mig --board H100-80GB --min-memory 15Gi", "p5.4xlarge --mig all-1g.20gb"),
    Case("gpu --share mig --profile 3g.40gb --count 2 --dynamic", "p5.4xlarge --mig dynamic", *PARTS),
    Case("gpu --share consumable --min-memory 10Gi", "l4 --shares memory", *CONSUMABLE),
    Case("gpu --share consumable --min-memory 10Gi --board L4", "l4 --shares 2", *CONSUMABLE),
    Case("gpu --share consumable --min-memory 10Gi", "p5.4xlarge --shares unlimited", *CONSUMABLE),
    Case("device --device-class gpu.amd.com", "nd-mi300x-v5"),
    Case("device --device-class gpu.intel.com", "intel-flex-170"),
    Case("device --device-class dranet", "dgx-h100"),
    Case("device --device-class neuron.aws.com --count 2", "trn2.48xlarge"),
]


@pytest.mark.parametrize("minor", KUBERNETES_MINORS)
@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case.options} on {case.machine}")
def test_the_claim_is_right_and_fits(case: Case, minor: str, dra_command: Command, tmp_path: Path) -> None:
    rules = ["--kubernetes", minor]
    gates = ["--feature-gates", f"{case.gate}=true"] if minor < case.since else []
    if gates and case.dropped and minor >= case.dropped:
        refused = dra_command("new", *shlex.split(case.options), *rules)
        assert refused.status == ExitCode.BAD_INPUT
        assert f"drops this field unless {case.gate} is on" in refused.err
    made = dra_command("new", *shlex.split(case.options), *rules, *gates)
    assert (made.status, made.err) == (ExitCode.OK, "")
    claim, machine = tmp_path / "claim.yaml", tmp_path / "nodes.yaml"
    claim.write_text(made.out)
    # A driver publishes what its own switches say; that the minor's defaults hide it is for the rules below.
    machine.write_text(dra_command("nodes", *shlex.split(case.machine)).out)

    assert dra_command("validate", str(claim), *rules, *gates, "-o", "json").out == "[]\n"
    linted = dra_command("lint", str(claim), "--slices", str(machine), *rules, *gates)
    assert linted.status == ExitCode.OK, linted.out
    wants = "schedule" if "--pod" in case.options else "allocate"
    placed = dra_command(wants, "-f", str(machine), "-f", str(claim), *rules, *gates)
    assert placed.status == ExitCode.OK, placed.out


def test_every_way_of_sharing_is_among_them() -> None:
    assert {share for share in SHARES if any(f"--share {share}" in case.options for case in CASES)} == set(
        SHARES
    )
