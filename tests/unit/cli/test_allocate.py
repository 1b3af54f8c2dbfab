"""`dra allocate`: claims one after another, nodes in order, a table for people and data for programs."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from dra.cli import ExitCode
from tests.unit.cli.conftest import Run

Command = Callable[..., Run]
Wire = dict[str, Any]

DRIVER = "gpu.example.com"


def node(name: str) -> Wire:
    return {"apiVersion": "v1", "kind": "Node", "metadata": {"name": name}}


def gpus(on: str, count: int, **spec: Any) -> Wire:
    devices = [
        {
            "name": f"gpu-{index}",
            "attributes": {"numa": {"int": index // 2}},
            "capacity": {"memory": {"value": "40Gi"}},
        }
        for index in range(count)
    ]
    pool = {"name": on, "generation": 1, "resourceSliceCount": 1}
    return {
        "apiVersion": "resource.k8s.io/v1",
        "kind": "ResourceSlice",
        "metadata": {"name": f"{on}-slice"},
        "spec": {"driver": DRIVER, "nodeName": on, "pool": pool, "devices": devices} | spec,
    }


def device_class(*selectors: str) -> Wire:
    spec = {"selectors": [{"cel": {"expression": each}} for each in selectors]}
    return {
        "apiVersion": "resource.k8s.io/v1",
        "kind": "DeviceClass",
        "metadata": {"name": "gpu"},
        "spec": spec,
    }


def claim(name: str, count: int = 1, *selectors: str, **devices: Any) -> Wire:
    exactly: Wire = {"deviceClassName": "gpu", "count": count}
    if selectors:
        exactly["selectors"] = [{"cel": {"expression": each}} for each in selectors]
    requests = [{"name": "gpus", "exactly": exactly}]
    return {
        "apiVersion": "resource.k8s.io/v1",
        "kind": "ResourceClaim",
        "metadata": {"namespace": "team", "name": name},
        "spec": {"devices": {"requests": requests} | devices},
    }


def template(name: str, count: int = 1) -> Wire:
    made = claim(name, count)
    return made | {"kind": "ResourceClaimTemplate", "spec": {"spec": made["spec"]}}


def allocated(wire: Wire, on: str, *devices: str) -> Wire:
    results = [{"request": "gpus", "driver": DRIVER, "pool": on, "device": each} for each in devices]
    return wire | {"status": {"allocation": {"devices": {"results": results}}}}


@pytest.fixture
def allocate(dra_command: Command, tmp_path: Path) -> Callable[..., Run]:
    """`dra allocate` on the given objects, then options."""

    def run(*given: Wire | str) -> Run:
        objects = [each for each in given if isinstance(each, dict)]
        options = [each for each in given if isinstance(each, str)]
        (tmp_path / "in.yaml").write_text(yaml.safe_dump_all(objects))
        return dra_command("allocate", "-f", tmp_path, *options)

    return run


@pytest.fixture
def placed(allocate: Callable[..., Run]) -> Callable[..., dict[str, tuple[str | None, list[str]]]]:
    """By claim, the node and the devices."""

    def run(*given: Wire | str) -> dict[str, tuple[str | None, list[str]]]:
        outcomes = json.loads(allocate(*given, "-o", "json").out)
        return {
            each["claim"]: (
                each["node"],
                [
                    result["device"]
                    for result in (each["allocation"] or {"devices": {"results": []}})["devices"]["results"]
                ],
            )
            for each in outcomes
        }

    return run


Placed = Callable[..., dict[str, tuple[str | None, list[str]]]]


def test_each_claim_takes_its_devices_from_the_next(placed: Placed) -> None:
    found = placed(node("a"), gpus("a", 3), device_class(), claim("one"), claim("two", 2))
    assert found == {"team/one": ("a", ["gpu-0"]), "team/two": ("a", ["gpu-1", "gpu-2"])}


def test_the_first_node_that_fits_is_taken(placed: Placed) -> None:
    cluster = (node("a"), node("b"), gpus("a", 1), gpus("b", 2), device_class())
    assert placed(*cluster, claim("two", 2), claim("one")) == {
        "team/two": ("b", ["gpu-0", "gpu-1"]),
        "team/one": ("a", ["gpu-0"]),
    }


def test_only_the_named_node_is_tried(placed: Placed) -> None:
    cluster = (node("a"), node("b"), gpus("a", 1), gpus("b", 1), device_class())
    assert placed(*cluster, claim("one"), "--node", "b") == {"team/one": ("b", ["gpu-0"])}


@pytest.mark.parametrize("name", ["team/two", "two"])
def test_only_the_named_claim_is_allocated(placed: Placed, name: str) -> None:
    two = claim("two")
    if name == "two":
        two["metadata"]["namespace"] = "default"
    found = placed(node("a"), gpus("a", 1), device_class(), claim("one"), two, "--claim", name)
    assert list(found.values()) == [("a", ["gpu-0"])]


def test_an_existing_allocation_is_honoured(placed: Placed) -> None:
    holder = allocated(claim("holder"), "a", "gpu-0")
    found = placed(node("a"), gpus("a", 2), device_class(), claim("one"), holder)
    assert found == {"team/one": ("a", ["gpu-1"])}


def test_nodes_are_those_of_the_slices_when_none_is_described(placed: Placed) -> None:
    assert placed(gpus("a", 1), device_class(), claim("one")) == {"team/one": ("a", ["gpu-0"])}


def test_a_taint_rule_keeps_claims_away_where_kubernetes_has_it(placed: Placed) -> None:
    rule = {
        "apiVersion": "resource.k8s.io/v1",
        "kind": "DeviceTaintRule",
        "metadata": {"name": "broken"},
        "spec": {
            "deviceSelector": {"driver": DRIVER, "device": "gpu-0"},
            "taint": {"key": "broken", "effect": "NoSchedule"},
        },
    }
    objects = (node("a"), gpus("a", 2), device_class(), rule, claim("one"))
    assert placed(*objects) == {"team/one": ("a", ["gpu-1"])}
    assert placed(*objects, "--kubernetes", "1.34") == {"team/one": ("a", ["gpu-0"])}


def test_an_invalid_pool_concerns_its_node_only(placed: Placed) -> None:
    twice = gpus("a", 1, devices=[{"name": "gpu-0"}, {"name": "gpu-0"}])
    found = placed(node("a"), node("b"), twice, gpus("b", 1), device_class(), claim("one"))
    assert found == {"team/one": ("b", ["gpu-0"])}


class TestATemplate:
    """It stands for one claim made from it, as in `dra.testing`."""

    CLUSTER = (node("a"), gpus("a", 2), device_class())

    def test_its_claim_is_allocated_and_said_to_be_made(self, allocate: Callable[..., Run]) -> None:
        done = allocate(*self.CLUSTER, template("workers"))
        assert done.status == ExitCode.OK
        assert done.out.splitlines()[1].split()[::5] == ["team/workers-0", "gpu-0"]
        assert "team/workers-0 is a claim made from ResourceClaimTemplate team/workers\n" in done.out

    def test_its_claim_has_a_name_of_its_own(self, placed: Placed) -> None:
        found = placed(*self.CLUSTER, template("workers"), claim("workers-0"))
        assert found == {"team/workers-0": ("a", ["gpu-0"]), "team/workers-1": ("a", ["gpu-1"])}

    def test_data_names_it(self, allocate: Callable[..., Run]) -> None:
        done = allocate(*self.CLUSTER, template("workers"), claim("one"), "-o", "json")
        assert [each.get("template") for each in json.loads(done.out)] == [None, "team/workers"]

    def test_it_can_be_the_only_one(self, placed: Placed) -> None:
        found = placed(*self.CLUSTER, claim("one"), template("workers"), "--claim", "team/workers")
        assert found == {"team/workers-0": ("a", ["gpu-0"])}

    @pytest.mark.parametrize("has_claim", [True, False])
    def test_it_stands_for_nothing_once_its_pod_has_a_claim(self, placed: Placed, has_claim: bool) -> None:
        entry = {"name": "gpu", "resourceClaimTemplateName": "workers"}
        made = {"name": "gpu", "resourceClaimName": "worker-gpu-b7xk2"}
        pod = {
            "apiVersion": "v1",
            "kind": "Pod",
            "metadata": {"namespace": "team", "name": "worker"},
            "spec": {"containers": [{"name": "main"}], "resourceClaims": [entry]},
            "status": {"resourceClaimStatuses": [made] if has_claim else []},
        }
        found = placed(*self.CLUSTER, template("workers"), claim("one"), pod)
        assert ("team/workers-0" in found) is not has_claim

    def test_a_fault_is_one_of_the_template(self, allocate: Callable[..., Run]) -> None:
        unknown = template("workers")
        unknown["spec"]["spec"]["devices"]["requests"][0]["exactly"]["deviceClassName"] = "gpus"
        done = allocate(*self.CLUSTER, unknown)
        assert done.status == ExitCode.BAD_INPUT
        place = "ResourceClaimTemplate team/workers: spec.spec.devices.requests[0].exactly.deviceClassName"
        assert re.search(rf"in\.yaml:\d+:\d+: {re.escape(place)}", done.err)

    def test_what_the_api_server_refuses_is_not_allocated(self, allocate: Callable[..., Run]) -> None:
        refused = template("workers")
        refused["spec"]["metadata"] = {"name": "mine"}
        done = allocate(*self.CLUSTER, refused)
        assert done.status == ExitCode.BAD_INPUT
        assert "spec.metadata.name: the API server refuses it" in done.err


class TestAClaimThatCannotBeUsed:
    """It is reported, and keeps nobody else from being allocated."""

    FAILS = "device.attributes['gpu.example.com'].absent == 1"
    UNKNOWN = claim("unknown")
    UNKNOWN["spec"]["devices"]["requests"][0]["exactly"]["deviceClassName"] = "gpus"

    def test_the_others_get_their_devices(self, allocate: Callable[..., Run]) -> None:
        others = (node("a"), gpus("a", 2), device_class(), claim("one"))
        done = allocate(*others, self.UNKNOWN, claim("fails", 1, self.FAILS), claim("two"))
        assert done.status == ExitCode.BAD_INPUT
        assert [line.split()[:1] for line in done.out.splitlines()[1:3]] == [["team/one"], ["team/two"]]
        assert done.out.endswith("2 of 4 claims allocated\n")
        assert "ResourceClaim team/unknown" in done.err
        assert "ResourceClaim team/fails" in done.err

    def test_data_has_the_error_beside_the_allocations(self, allocate: Callable[..., Run]) -> None:
        done = allocate(node("a"), gpus("a", 1), device_class(), self.UNKNOWN, claim("one"), "-o", "json")
        assert done.status == ExitCode.BAD_INPUT
        unknown, one = json.loads(done.out)
        assert unknown["error"] in done.err
        assert unknown["allocation"] is None
        assert one["allocation"]
        assert "error" not in one

    def test_the_fault_of_a_class_is_said_once(self, allocate: Callable[..., Run]) -> None:
        done = allocate(node("a"), gpus("a", 2), device_class(self.FAILS), claim("one"), claim("two"))
        assert done.status == ExitCode.BAD_INPUT
        assert done.err.count("DeviceClass gpu") == 1


def test_older_versions_of_the_api_are_read(placed: Placed) -> None:
    old = claim("old")
    old["apiVersion"] = "resource.k8s.io/v1beta1"
    old["spec"]["devices"]["requests"] = [{"name": "gpus", "deviceClassName": "gpu"}]
    assert placed(node("a"), gpus("a", 1), device_class(), old) == {"team/old": ("a", ["gpu-0"])}


class TestTable:
    """What a person reads."""

    def test_a_row_has_only_what_differs_from_the_row_above(self, allocate: Callable[..., Run]) -> None:
        done = allocate(node("a"), gpus("a", 2), device_class(), claim("two", 2))
        assert done.status == ExitCode.OK
        assert [line.split() for line in done.out.splitlines()] == [
            ["CLAIM", "REQUEST", "NODE", "DRIVER", "POOL", "DEVICE", "ASKED", "FOR"],
            ["team/two", "gpus", "a", DRIVER, "a", "gpu-0"],
            ["gpu-1"],
            [],
            ["1", "of", "1", "claims", "allocated"],
        ]

    def test_selectors_and_constraints_show_what_they_looked_at(self, allocate: Callable[..., Run]) -> None:
        enough = f"device.capacity['{DRIVER}'].memory.compareTo(quantity('40Gi')) >= 0"
        pair = claim("pair", 2, enough, constraints=[{"matchAttribute": f"{DRIVER}/numa"}])
        done = allocate(node("a"), gpus("a", 4), device_class(), claim("one"), pair)
        assert sum("memory 40Gi, numa 1" in line for line in done.out.splitlines()) == 2

    def test_a_share_shows_what_it_consumes(self, allocate: Callable[..., Run]) -> None:
        shared = {
            "name": "gpu-0",
            "allowMultipleAllocations": True,
            "capacity": {"memory": {"value": "40Gi"}, "cores": {"value": "100"}},
        }
        tenth = claim("tenth")
        tenth["spec"]["devices"]["requests"][0]["exactly"]["capacity"] = {"requests": {"memory": "4Gi"}}
        done = allocate(node("a"), gpus("a", 0, devices=[shared]), device_class(), tenth)
        assert "cores 100, memory 4Gi" in done.out

    def test_an_alternative_shows_what_it_looked_at(self, allocate: Callable[..., Run]) -> None:
        ladder = claim("ladder")
        numa = [{"cel": {"expression": f"device.attributes['{DRIVER}'].numa == 1"}}]
        ladder["spec"]["devices"]["requests"] = [
            {
                "name": "any",
                "firstAvailable": [
                    {"name": "eight", "deviceClassName": "gpu", "count": 8},
                    {"name": "one", "deviceClassName": "gpu", "selectors": numa},
                ],
            }
        ]
        done = allocate(node("a"), gpus("a", 4), device_class(), ladder)
        assert done.out.splitlines()[1].split()[1::4] == ["any/one", "gpu-2"]
        assert "numa 1" in done.out

    def test_a_refusal_has_its_reason_once_for_all_nodes(self, allocate: Callable[..., Run]) -> None:
        more = f"device.capacity['{DRIVER}'].memory.compareTo(quantity('41Gi')) >= 0"
        cluster = [each for name in "abcdef" for each in (node(name), gpus(name, 2))]
        done = allocate(*cluster, device_class(), claim("large", 1, more))
        assert done.status == ExitCode.NO
        assert done.out.startswith("team/large does not fit\n  on a, b, c, d and 2 more nodes\n")
        assert done.out.count("the largest memory is 40Gi") == 1
        assert done.out.endswith("\n0 of 1 claims allocated\n")

    def test_many_different_reasons_are_cut_short(self, allocate: Callable[..., Run]) -> None:
        cluster = [
            each for number, name in enumerate("abcde", 1) for each in (node(name), gpus(name, number))
        ]
        done = allocate(*cluster, device_class(), claim("large", 9))
        assert "on d, e for other reasons" in done.out


class TestData:
    """What a program reads."""

    def test_yaml_and_json_say_the_same(self, allocate: Callable[..., Run]) -> None:
        objects = (node("a"), gpus("a", 1), device_class(), claim("one"), claim("two"))
        as_json, as_yaml = (allocate(*objects, "-o", form) for form in ("json", "yaml"))
        assert json.loads(as_json.out) == yaml.safe_load(as_yaml.out)
        assert as_json.status == as_yaml.status == ExitCode.NO

    def test_an_allocation_is_what_the_scheduler_would_write(self, allocate: Callable[..., Run]) -> None:
        done = allocate(node("a"), gpus("a", 1), device_class(), claim("one"), "-o", "json")
        (outcome,) = json.loads(done.out)
        assert outcome == {
            "claim": "team/one",
            "node": "a",
            "allocation": {
                "devices": {
                    "results": [{"request": "gpus", "driver": DRIVER, "pool": "a", "device": "gpu-0"}]
                },
                "nodeSelector": {
                    "nodeSelectorTerms": [
                        {"matchFields": [{"key": "metadata.name", "operator": "In", "values": ["a"]}]}
                    ]
                },
            },
            "reasons": [],
        }

    def test_a_refusal_has_one_explanation_per_node(self, allocate: Callable[..., Run]) -> None:
        objects = (node("a"), node("b"), gpus("a", 1), gpus("b", 1), device_class(), claim("two", 2))
        (outcome,) = json.loads(allocate(*objects, "-o", "json").out)
        assert (outcome["node"], outcome["allocation"]) == (None, None)
        assert [each["node"] for each in outcome["reasons"]] == ["a", "b"]
