"""`dra new`: claims from options, and from answers on a terminal."""

from __future__ import annotations

import os
import select
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import attrs
import pytest
import yaml

import dra
from dra.cli import ExitCode
from dra.cli.wish import SHARES, Wish
from tests.unit.cli.conftest import Run

Command = Callable[..., Run]
ROOT = Path(__file__).parents[3]


def documents(run: Run) -> list[Any]:
    assert run.status == ExitCode.OK, run.err
    return list(yaml.safe_load_all(run.out))


def request(run: Run) -> Any:
    (claim,) = documents(run)
    (only,) = claim["spec"]["devices"]["requests"]
    return only["exactly"]


# --- options ------------------------------------------------------------------------------------------------


def test_one_gpu_of_any_kind_needs_nothing_more(dra_command: Command) -> None:
    assert documents(dra_command("new", "gpu")) == [
        {
            "apiVersion": "resource.k8s.io/v1",
            "kind": "ResourceClaim",
            "metadata": {"name": "gpu"},
            "spec": {
                "devices": {"requests": [{"name": "gpu", "exactly": {"deviceClassName": "gpu.nvidia.com"}}]}
            },
        }
    ]


def test_the_part_of_a_board_that_has_as_much_memory(dra_command: Command) -> None:
    options = ("--min-memory", "15Gi", "--share", "mig", "--board", "H100-80GB", "--count", "4")
    wanted = request(dra_command("new", "gpu", *options))
    assert wanted["deviceClassName"] == "mig.nvidia.com"
    assert wanted["count"] == 4
    assert 'profile == "1g.20gb"' in wanted["selectors"][0]["cel"]["expression"]


@pytest.mark.parametrize("share", SHARES)
def test_every_way_of_sharing_makes_a_claim_that_a_server_takes(dra_command: Command, share: str) -> None:
    run = dra_command("new", "gpu", "--share", share, "--min-memory", "10Gi", "--name", "part")
    (claim,) = dra.load(run.out)
    assert dra.validate(claim) == []


def test_gpus_and_nics_share_a_root(dra_command: Command) -> None:
    (claim,) = documents(dra_command("new", "gpu", "--nic", "dranet", "--count", "2"))
    devices = claim["spec"]["devices"]
    assert [each["name"] for each in devices["requests"]] == ["gpu", "nic"]
    assert devices["constraints"] == [{"matchAttribute": "resource.kubernetes.io/pcieRoot"}]


def test_any_device_by_class_and_selectors(dra_command: Command) -> None:
    options = ("--device-class", "gpu.amd.com", "--where", "true", "--tolerate", "example.com/ecc")
    wanted = request(dra_command("new", "device", *options, "--align", "example.com/rack"))
    assert wanted["selectors"] == [{"cel": {"expression": "true"}}]
    assert wanted["tolerations"] == [{"key": "example.com/ecc", "operator": "Exists"}]


def test_a_template_and_the_pod_that_uses_it(dra_command: Command) -> None:
    template, pod = documents(
        dra_command("new", "gpu", "--template", "--name", "train", "--namespace", "ml", "--pod")
    )
    assert template["kind"] == "ResourceClaimTemplate"
    assert pod["metadata"] == {"name": "train", "namespace": "ml"}
    assert pod["spec"]["resourceClaims"] == [{"name": "train", "resourceClaimTemplateName": "train"}]
    assert pod["spec"]["containers"][0]["resources"] == {"claims": [{"name": "train"}]}


def test_json_is_one_object_or_a_list(dra_command: Command) -> None:
    one = dra.load(dra_command("new", "gpu", "-o", "json").out)
    two = dra.load(dra_command("new", "gpu", "-o", "json", "--pod").out)
    assert [len(one), len(two)] == [1, 2]


def test_what_may_be_wrong_is_told_beside_the_claim(dra_command: Command) -> None:
    run = dra_command("new", "gpu", "--min-memory", "80Gi")
    assert "leaves out H100 80GB, which has 81559Mi" in run.err
    assert documents(run)


@pytest.mark.parametrize(
    ("arguments", "remedy"),
    [
        (("gp",), "did you mean 'gpu'?"),
        (("gpu", "--board", "H100-80G"), "did you mean 'H100-80GB'?"),
        (("gpu", "--share", "mgi"), "did you mean 'mig'?"),
        (("gpu", "--share", "mig", "--profile", "3g.40g"), "3g.40gb"),
        (("gpu", "--profile", "3g.40gb"), "say --share mig"),
        (("gpu", "--device-class", "gpu.amd.com"), "dra new device has one"),
        (("gpu", "--min-memory", "40"), "did you mean 40Gi?"),
        (("gpu", "--min-memory", "much"), "quantity"),
        (("gpu", "--min-memory", "-5Gi"), "such as 10Gi"),
        (("gpu", "--count", "0"), "greater than zero"),
        (("gpu", "--name", "A_"), "metadata.name"),
        (("gpu", "--where", "device.driver"), "must evaluate to bool"),
        (("gpu", "--share", "consumable"), "say --min-memory"),
        (("gpu", "--share", "mig"), "say --profile, or --min-memory"),
        (
            ("gpu", "--share", "consumable", "--min-memory", "1Gi", "--kubernetes", "1.34"),
            "unless DRAConsumableCapacity is on",
        ),
        (("device",), "--device-class"),
        (("--count", "3"), "dra new gpu or dra new device"),
        ((), "There is no terminal to ask on"),
    ],
)
def test_a_mistake_is_told_with_what_is_meant(
    dra_command: Command, arguments: Sequence[str], remedy: str
) -> None:
    run = dra_command("new", *arguments)
    assert run.status == ExitCode.BAD_INPUT
    assert run.out == ""
    assert remedy in run.err


def test_the_command_of_a_wish_says_all_of_it() -> None:
    wish = Wish(
        kind="gpu", name="a", share="mig", profile="3g.40gb", dynamic=True, where=("a b", "c"), count=2
    )
    assert wish.command() == (
        "dra new gpu --name a --profile 3g.40gb --dynamic --share mig --count 2 --where 'a b' --where c"
    )


# --- questions ----------------------------------------------------------------------------------------------


@attrs.frozen
class Talk:
    """What was said on a terminal, and what was printed for a file."""

    status: int
    said: str
    out: str


def talk(*answers: str, seconds: float = 60) -> Talk:
    """`dra new` on a terminal of its own, an answer to each question in turn."""
    ours, theirs = os.openpty()
    with subprocess.Popen(
        [sys.executable, "-m", "dra", "new"],
        stdin=theirs,
        stdout=subprocess.PIPE,
        stderr=theirs,
        env=os.environ | {"PYTHONPATH": str(ROOT), "TERM": "dumb"},
        text=True,
    ) as process:
        os.close(theirs)
        said, left, end, answered = "", list(answers), time.monotonic() + seconds, -1
        while time.monotonic() < end:
            if select.select([ours], [], [], 0.2)[0]:
                try:
                    said += os.read(ours, 4096).decode()
                except OSError:  # Linux's way to say that the other end is closed
                    break
            if left and said.endswith(": ") and len(said) > answered:
                os.write(ours, left.pop(0).encode())
                answered = len(said)
        else:
            process.kill()
        os.close(ours)
        out = process.stdout.read() if process.stdout else ""
    return Talk(process.returncode, said, out)


def test_answers_make_a_claim_and_wrong_ones_are_asked_again() -> None:
    done = talk("\n", "H100-80G\n", "H100-80GB\n", "mig\n", "15Gi\n", "2\n", "\n", "\n", "train\n")
    assert done.status == ExitCode.OK, done.said
    assert "did you mean 'H100-80GB'?" in done.said
    (template,) = dra.load(done.out)
    assert isinstance(template, dra.ResourceClaimTemplate)
    assert (
        "dra new gpu --name train --board H100-80GB --min-memory 15Gi --share mig --count 2 --template"
        in done.said
    )


def test_the_end_of_input_ends_it_without_a_claim() -> None:
    done = talk("\n", "\x04")
    assert (done.status, done.out) == (ExitCode.INTERRUPTED, "")
    assert "Traceback" not in done.said
