"""Constraints on nodes: those on devices become selectors, and select the same devices as the labels did."""

from __future__ import annotations

import re

import pytest

import dra
from dra.claims.migrate import Outcome, migrate
from dra.claims.migrate.labels import Requirement, meaning_of, speaks_of_devices
from dra.drivers.nvidia import GPU_MODELS
from dra.models.resource import Device
from dra.testing import nodes
from tests.unit.claims.migrate.builders import (
    Wire,
    container,
    entries_of,
    in_,
    pod,
    requests_of,
    required,
    selectors_of,
    spec_of,
)

MACHINES = ("dgx-a100", "dgx-a100-40gb", "dgx-h100", "hgx-b200", "l4", "a30")


def gpu(machine: str) -> Device:
    return nodes.node(machine, drivers=["gpu.nvidia.com"]).devices()[0]


GPUS = {name: gpu(name) for name in MACHINES}
AMD = nodes.node("nd-mi300x-v5", drivers=["gpu.amd.com"]).devices()[0]
INTEL = nodes.node("intel-max-1550", drivers=["gpu.intel.com"]).devices()[0]


def labels_of(device: Device) -> dict[str, str]:
    """What GPU feature discovery says of a node with this GPU, by its own rules."""
    attributes = device.to_dict()["attributes"]
    major, minor, _ = attributes["cudaComputeCapability"]["version"].split(".")
    driver = attributes["driverVersion"]["version"].split(".")
    cuda = attributes["cudaDriverVersion"]["version"].split(".")
    mebibytes = dra.Quantity(device.to_dict()["capacity"]["memory"]["value"]).value >> 20
    return {
        "nvidia.com/gpu.product": attributes["productName"]["string"].replace(" ", "-"),
        "nvidia.com/gpu.family": attributes["architecture"]["string"].lower().replace(" ", "-"),
        "nvidia.com/gpu.memory": str(mebibytes),
        "nvidia.com/gpu.compute.major": major,
        "nvidia.com/gpu.compute.minor": minor,
        "nvidia.com/cuda.driver.major": driver[0],
        "nvidia.com/cuda.driver.minor": driver[1],
        "nvidia.com/cuda.driver.rev": driver[2],
        "nvidia.com/cuda.driver-version.major": driver[0],
        "nvidia.com/cuda.driver-version.full": f"{driver[0]}.{driver[1]}.0{driver[2]}",
        "nvidia.com/cuda.runtime.major": cuda[0],
        "nvidia.com/cuda.runtime-version.minor": cuda[1],
    }


def holds(requirement: Requirement, labels: dict[str, str]) -> bool:
    """What kube-scheduler says of a node with these labels."""
    value, values = labels[requirement.key], requirement.values
    if requirement.operator in ("In", "NotIn"):
        return (value in values) == (requirement.operator == "In")
    return int(value) > int(values[0]) if requirement.operator == "Gt" else int(value) < int(values[0])


NUMBERS = ("gpu.memory", "compute.major", "compute.minor", "driver.major", "runtime.major")
CASES = [
    Requirement(key, operator, (value,))
    for key in labels_of(GPUS["l4"])
    for operator in ("In", "NotIn", "Gt", "Lt")
    if operator in ("In", "NotIn") or key.endswith(NUMBERS)
    for value in sorted({labels_of(each)[key] for each in GPUS.values()})
]


@pytest.mark.parametrize("requirement", CASES, ids=str)
def test_the_selector_selects_the_gpus_of_the_nodes_that_the_label_selects(requirement: Requirement) -> None:
    where = meaning_of(requirement, "nvidia").where
    assert where is not None
    for device in GPUS.values():
        assert where.matches(device, "gpu.nvidia.com") == holds(requirement, labels_of(device))


def test_every_known_product_is_compared_by_its_name() -> None:
    for model in GPU_MODELS.values():
        where = meaning_of(
            Requirement("nvidia.com/gpu.product", "In", (model.product_name.replace(" ", "-"),)), "nvidia"
        ).where
        assert str(where).endswith(f'productName == "{model.product_name}"')


@pytest.mark.parametrize("value", ["NVIDIA-A100-SXM4-80GB", "A100-SXM4-80GB"])
def test_names_of_old_drivers_mean_the_same_product(value: str) -> None:
    where = meaning_of(Requirement("nvidia.com/gpu.product", "In", (value,)), "nvidia").where
    assert where is not None
    assert where.matches(GPUS["dgx-a100"], "gpu.nvidia.com")


def test_an_unknown_product_is_compared_as_the_label_was_made() -> None:
    where = meaning_of(Requirement("nvidia.com/gpu.product", "In", ("NVIDIA-X-1",)), "nvidia").where
    assert where is not None
    device = {"attributes": {"productName": {"string": "NVIDIA X 1"}}}
    assert where.matches(device, "gpu.nvidia.com")


@pytest.mark.parametrize(
    ("vendor", "requirement", "matches"),
    [
        ("amd", Requirement("amd.com/gpu.product-name", "In", ("AMD_Instinct_MI300X_OAM",)), True),
        ("amd", Requirement("beta.amd.com/gpu.product-name", "NotIn", ("AMD_Instinct_MI300X_OAM",)), False),
        ("amd", Requirement("amd.com/gpu.cu-count", "In", ("304",)), True),
        ("amd", Requirement("amd.com/gpu.simd-count", "In", ("304", "1216")), True),
        ("amd", Requirement("amd.com/compute-memory-partition", "In", ("cpx_nps4",)), False),
        ("intel", Requirement("gpu.intel.com/product", "In", ("Max_1550",)), True),
        ("intel", Requirement("gpu.intel.com/family", "In", ("Flex_Series",)), False),
        ("intel", Requirement("gpu.intel.com/device-id.0380-0bd5.present", "In", ("true",)), True),
    ],
    ids=str,
)
def test_other_vendors_labels_select_their_devices(
    vendor: str, requirement: Requirement, matches: bool
) -> None:
    where = meaning_of(requirement, vendor).where
    assert where is not None
    device = AMD if vendor == "amd" else INTEL
    assert where.matches(device, f"gpu.{vendor}.com") is matches


@pytest.mark.parametrize(
    ("key", "operator", "values"),
    [
        ("nvidia.com/gpu.count", "In", ("8",)),
        ("nvidia.com/gpu.count", "Exists", ()),
        ("nvidia.com/gpu.machine", "In", ("DGX",)),
        ("nvidia.com/gpu.mode", "In", ("compute",)),
        ("nvidia.com/gpu.present", "In", ("true",)),
        ("nvidia.com/gpu.clique", "Exists", ()),
        ("nvidia.com/mig.config", "In", ("all-balanced",)),
        ("nvidia.com/mig-1g.5gb.count", "Gt", ("3",)),
        ("nvidia.com/mig.strategy", "In", ("single",)),
        ("nvidia.com/gpu.family", "In", ("unheard-of",)),
        ("nvidia.com/gpu.family", "Gt", ("3",)),
        ("nvidia.com/gpu.memory", "In", ("80Gi",)),
        ("nvidia.com/gpu.compute.major", "In", ("nine",)),
        ("nvidia.com/cuda.driver-version.full", "In", ("580",)),
        ("nvidia.com/gpu.product", "DoesNotExist", ()),
        ("nvidia.com/gpu.product", "In", ()),
        ("nvidia.com/gpu.product", "In", ("A-B", "A-B-MIG-1g.5gb")),
        ("nvidia.com/gpu.product", "NotIn", ("A-B-SHARED",)),
        ("nvidia.com/gpu.replicas", "NotIn", ("4",)),
        ("nvidia.com/something-new", "In", ("x",)),
        ("cloud.google.com/gke-accelerator", "In", ("nvidia-l4",)),
        ("eks.amazonaws.com/instance-gpu-name", "In", ("l4",)),
        ("karpenter.k8s.aws/instance-gpu-count", "Gt", ("1",)),
        ("node.kubernetes.io/instance-type", "In", ("p5.48xlarge",)),
    ],
)
def test_what_devices_do_not_say_stays_with_a_reason(
    key: str, operator: str, values: tuple[str, ...]
) -> None:
    meaning = meaning_of(Requirement(key, operator, values), "nvidia")
    assert meaning.stays
    assert meaning.where is None


@pytest.mark.parametrize(
    ("key", "operator", "values"),
    [
        ("nvidia.com/gpu.product", "Exists", ()),
        ("nvidia.com/mig-1g.5gb.count", "Exists", ()),
        ("nvidia.com/mig-1g.5gb.count", "Gt", ("0",)),
        ("nvidia.com/mig.strategy", "In", ("mixed",)),
        ("nvidia.com/gpu.replicas", "In", ("1",)),
        ("nvidia.com/gpu.sharing-strategy", "In", ("none",)),
    ],
)
def test_what_a_claim_says_anyway_goes(key: str, operator: str, values: tuple[str, ...]) -> None:
    meaning = meaning_of(Requirement(key, operator, values), "nvidia")
    assert (meaning.where, meaning.stays, meaning.sharing) == (None, "", "")


def test_memory_of_the_whole_gpu_is_not_that_of_a_mig_device() -> None:
    requirement = Requirement("nvidia.com/gpu.memory", "Gt", ("40000",))
    assert meaning_of(requirement, "nvidia", mig=True).stays


def test_labels_of_the_cluster_are_nobodys() -> None:
    assert not speaks_of_devices("topology.kubernetes.io/zone", "nvidia")
    assert not speaks_of_devices("amd.com/gpu.family", "nvidia")


class TestNodeSelector:
    def test_devices_go_and_nodes_stay(self) -> None:
        labels = {"nvidia.com/gpu.product": "Tesla-T4", "zone": "a", "nvidia.com/gpu.count": "4"}
        migration = migrate(pod(nodeSelector=labels))
        assert spec_of(migration)["nodeSelector"] == {"zone": "a", "nvidia.com/gpu.count": "4"}
        assert selectors_of(requests_of(migration)[0]) == [
            'device.attributes["gpu.nvidia.com"].productName == "Tesla T4"'
        ]
        (kept,) = entries_of(migration, Outcome.KEPT)
        assert kept.path == "spec.nodeSelector[nvidia.com/gpu.count]"

    def test_an_empty_one_goes(self) -> None:
        assert "nodeSelector" not in spec_of(
            migrate(pod(nodeSelector={"nvidia.com/gpu.product": "Tesla-T4"}))
        )

    def test_every_request_of_the_vendor_gets_the_selector(self) -> None:
        containers = container("a", nvidia_com__gpu=1), container("b", nvidia_com__gpu=1)
        migration = migrate(pod(*containers, nodeSelector={"nvidia.com/gpu.family": "hopper"}))
        assert [len(selectors_of(each)) for each in requests_of(migration)] == [1, 1]

    def test_labels_of_a_vendor_say_nothing_of_anothers_devices(self) -> None:
        labels = {"nvidia.com/gpu.product": "Tesla-T4"}
        migration = migrate(pod(container(amd_com__gpu=1), nodeSelector=labels))
        assert spec_of(migration)["nodeSelector"] == labels
        assert selectors_of(requests_of(migration)[0]) == []

    def test_a_pod_without_devices_keeps_its_labels(self) -> None:
        assert not migrate(pod({"name": "a"}, nodeSelector={"nvidia.com/gpu.product": "Tesla-T4"})).changed

    def test_all_stay_while_something_of_the_vendor_is_left(self) -> None:
        labels = {"nvidia.com/gpu.product": "Tesla-T4"}
        main = container(nvidia_com__gpu=1)
        migration = migrate(pod(main, container("b", nvidia_com__gpumem=1), nodeSelector=labels))
        assert spec_of(migration)["nodeSelector"] == labels
        (kept,) = entries_of(migration, Outcome.KEPT)
        assert "nvidia.com/gpumem is left" in kept.message

    def test_values_are_escaped(self) -> None:
        value = 'x" || true || "'
        migration = migrate(pod(nodeSelector={"nvidia.com/gpu.product": value}))
        (expression,) = selectors_of(requests_of(migration)[0])
        selector = dra.cel.compile(expression)
        device = {"attributes": {"productName": {"string": "Tesla T4"}}}
        assert selector.matches(device, driver="gpu.nvidia.com") is False


class TestAffinity:
    def test_the_expressions_of_the_only_term_are_each_for_itself(self) -> None:
        affinity = required([in_("nvidia.com/gpu.family", "hopper"), in_("zone", "a")])
        spec = spec_of(migrate(pod(affinity=affinity)))
        assert spec["affinity"] == required([in_("zone", "a")])

    def test_an_affinity_without_anything_left_goes(self) -> None:
        assert "affinity" not in spec_of(
            migrate(pod(affinity=required([in_("nvidia.com/gpu.family", "hopper")])))
        )

    def test_what_else_is_in_the_affinity_stays(self) -> None:
        affinity = {**required([in_("nvidia.com/gpu.family", "hopper")]), "podAntiAffinity": {"x": 1}}
        assert spec_of(migrate(pod(affinity=affinity)))["affinity"] == {"podAntiAffinity": {"x": 1}}

    def test_alternatives_about_devices_become_one_selector(self) -> None:
        affinity = required(
            [in_("nvidia.com/gpu.product", "Tesla-T4")],
            [
                in_("nvidia.com/gpu.family", "hopper"),
                {"key": "nvidia.com/gpu.memory", "operator": "Gt", "values": ["90000"]},
            ],
        )
        migration = migrate(pod(affinity=affinity))
        (expression,) = selectors_of(requests_of(migration)[0])
        assert re.fullmatch(r'.*"Tesla T4" \|\| .*"Hopper" && .*isGreaterThan.*', expression)
        assert "affinity" not in spec_of(migration)

    @pytest.mark.parametrize("other", [in_("zone", "a"), in_("nvidia.com/gpu.count", "8")])
    def test_alternatives_about_nodes_too_stay(self, other: Wire) -> None:
        affinity = required([in_("nvidia.com/gpu.family", "hopper")], [other])
        migration = migrate(pod(affinity=affinity))
        assert spec_of(migration)["affinity"] == affinity
        assert entries_of(migration, Outcome.KEPT)

    @pytest.mark.parametrize("terms", [1, 2])
    def test_more_values_than_an_expression_holds_stay(self, terms: int) -> None:
        products = [f"NVIDIA-Product-{number}" for number in range(300)]
        affinity = required(*[[in_("nvidia.com/gpu.product", *products)]] * terms)
        migration = migrate(pod(affinity=affinity))
        assert spec_of(migration)["affinity"] == affinity
        assert len(entries_of(migration, Outcome.KEPT)) == terms

    def test_an_empty_term_matches_no_node_and_stays(self) -> None:
        affinity = required([], [in_("nvidia.com/gpu.family", "hopper")])
        assert spec_of(migrate(pod(affinity=affinity)))["affinity"] == affinity

    def test_a_preference_stays(self) -> None:
        term = {"matchExpressions": [in_("nvidia.com/gpu.product", "Tesla-T4")]}
        affinity = {
            "nodeAffinity": {
                "preferredDuringSchedulingIgnoredDuringExecution": [{"weight": 1, "preference": term}]
            }
        }
        migration = migrate(pod(affinity=affinity))
        assert spec_of(migration)["affinity"] == affinity
        (kept,) = entries_of(migration, Outcome.KEPT)
        assert "firstAvailable" in kept.remedy
