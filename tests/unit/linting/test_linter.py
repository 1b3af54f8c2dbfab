"""`dra.lint`: each check finds its mistake, with field and fix, and keeps silent about its correction."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import attrs
import pytest

import dra
import dra.linting.linter  # registers the checks
from dra.linting.finding import CHECKS, Severity, check
from tests.unit.validation.objects import (
    DRIVER,
    claim,
    deployment,
    device,
    device_class,
    pod,
    pod_spec,
    pool,
    request,
    resource_slice,
    select,
    template,
)

ATTRIBUTES = f'device.attributes["{DRIVER}"]'
CAPACITY = f'device.capacity["{DRIVER}"]'
GPU = {"name": "gpu", "resourceClaimName": "train"}
GPU_TEMPLATE = {"name": "gpu", "resourceClaimTemplateName": "train"}
USE = {"name": "gpu"}
H100 = resource_slice(device(memory="81559Mi", productName="H100", driverVersion={"version": "580.1.2"}))
PARTITIONS = {"consumesCounters": [{"counterSet": "gpu-0", "counters": {"memory": {"value": "10Gi"}}}]}
COUNTERS = resource_slice(
    name="counters",
    devices=None,
    pool=pool(count=2),
    sharedCounters=[{"name": "gpu-0", "counters": {"memory": {"value": "80Gi"}}}],
)


def partitions(**changes: Any) -> Any:
    return resource_slice({**device(), **PARTITIONS, **changes}, name="partitions", pool=pool(count=2))


def namespace(**labels: str) -> Any:
    return {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "default", "labels": labels}}


@attrs.frozen
class Case:
    """A mistake, where it is found, words of the fix, and the correction."""

    bad: list[Any]
    field: str
    good: list[Any]
    fix: str = ""
    slices: list[Any] = attrs.field(factory=list)


GPU_AND_NIC = (
    device("gpu-0", kind="gpu", root="a", numa=0, vendor="x"),
    device("gpu-1", kind="gpu", root="b", numa=1, vendor="x"),
    device("nic-0", kind="nic", root="c", numa=1, vendor="x"),
)
PAIR = [request(kind, f'{ATTRIBUTES}.kind == "{kind}"') for kind in ("gpu", "nic")]
SELECTOR = "spec.devices.requests[0].exactly.selectors[0].cel.expression"
TOLERATION = "spec.devices.requests[0].exactly.tolerations"
CLAIM_OF_POD = "spec.resourceClaims[0]"
USE_OF_POD = "spec.containers[0].resources.claims[0]"

CASES = {
    "DRA101": Case(
        [select(f"{ATTRIBUTES}.memory > 40")],
        SELECTOR,
        [select(f'{CAPACITY}.memory.compareTo(quantity("40Gi")) >= 0')],
        fix=f"use {CAPACITY}.memory",
    ),
    "DRA102": Case(
        [select(f'{CAPACITY}.productName == "H100"')],
        SELECTOR,
        [select(f'{ATTRIBUTES}.productName == "H100"')],
        fix=f"use {ATTRIBUTES}.productName",
        slices=[H100],
    ),
    "DRA103": Case(
        [select(f'{ATTRIBUTES}.driverVersion >= "580.1"')],
        SELECTOR,
        [select(f'{ATTRIBUTES}.driverVersion.compareTo(semver("580.1.0")) >= 0')],
        fix='driverVersion.compareTo(semver("580.1.0")) >= 0',
    ),
    "DRA104": Case(
        [select('device.attributes["gpu.example.con"].productName == "H100"')],
        SELECTOR,
        [select(f'{ATTRIBUTES}.productName == "H100"')],
        fix=f"did you mean '{DRIVER}'?",
        slices=[H100],
    ),
    "DRA105": Case(
        [select(f'{ATTRIBUTES}.productname == "H100"')],
        SELECTOR,
        [select(f'{ATTRIBUTES}.productName == "H100"')],
        fix="did you mean 'productName'?",
        slices=[H100],
    ),
    "DRA106": Case(
        [select(f'{CAPACITY}.memory.compareTo(quantity("80Gi")) >= 0')],
        SELECTOR,
        [select(f'{CAPACITY}.memory.compareTo(quantity("75Gi")) >= 0')],
        fix='quantity("81559Mi")',
        slices=[H100],
    ),
    "DRA107": Case(
        [select(f"{ATTRIBUTES}.cores > 2")],
        SELECTOR,
        [select(f'"cores" in {ATTRIBUTES} && {ATTRIBUTES}.cores > 2')],
        fix=f'guard it: "cores" in {ATTRIBUTES} && ...',
        slices=[resource_slice(device(cores=4), device("gpu-1"))],
    ),
    "DRA108": Case(
        [select(f'{ATTRIBUTES}.productName == "A100"')],
        SELECTOR,
        [select(f'{ATTRIBUTES}.productName == "H100"')],
        slices=[H100],
    ),
    "DRA109": Case(
        [select(f"{ATTRIBUTES}.cores > 2")],
        SELECTOR,
        [select(f"{ATTRIBUTES}.cores > 6")],
        slices=[resource_slice(device(cores=4), device("gpu-1", cores=8))],
    ),
    "DRA110": Case(
        [select(f'{ATTRIBUTES}.driverVersion.compareTo(semver("580.1")) >= 0')],
        SELECTOR,
        [select(f'{ATTRIBUTES}.driverVersion.compareTo(semver("580.1.0")) >= 0')],
        fix='use semver("580.1.0")',
    ),
    "DRA111": Case(
        [select(f'{ATTRIBUTES}.pciBusID == "00000000:1A:00.0"')],
        SELECTOR,
        [select(f'{ATTRIBUTES}.pciBusID == "0000:1a:00.0"')],
        fix='write "0000:1a:00.0"',
    ),
    "DRA201": Case(
        [claim(request(), constraints=[{"matchAttribute": f"{DRIVER}/rack"}])],
        "spec.devices.constraints[0].matchAttribute",
        [claim(request(), constraints=[{"matchAttribute": f"{DRIVER}/productName"}])],
        slices=[H100],
    ),
    "DRA202": Case(
        [claim(request(allocationMode="All"), constraints=[{"matchAttribute": f"{DRIVER}/rack"}])],
        "spec.devices.constraints[0]",
        [claim(request(count=1), constraints=[{"matchAttribute": f"{DRIVER}/rack"}])],
        fix="name a count",
        slices=[resource_slice(device(rack="a"), device("gpu-1", rack="b"))],
    ),
    "DRA203": Case(
        [claim(request("a", count=30), request("b", count=3))],
        "spec.devices.requests",
        [claim(request("a", count=30), request("b", count=2))],
        fix="split it",
    ),
    "DRA204": Case(
        [claim(request(tolerations=[{"operator": "Exists"}]))],
        f"{TOLERATION}[0]",
        [claim(request(tolerations=[{"key": "sick", "operator": "Exists"}]))],
        fix="name the key",
    ),
    "DRA205": Case(
        [claim(request(tolerations=[{"key": f"k{i}"} for i in range(17)]))],
        TOLERATION,
        [claim(request(tolerations=[{"key": f"k{i}"} for i in range(16)]))],
    ),
    "DRA206": Case(
        [claim(request(), constraints=[{"matchAttribute": "a/b", "distinctAttribute": "a/c"}])],
        "spec.devices.constraints[0].distinctAttribute",
        [claim(request(), constraints=[{"matchAttribute": "a/b"}, {"distinctAttribute": "a/c"}])],
        fix="two constraints",
    ),
    "DRA207": Case(
        [claim(request(deviceClassName="gpu.example.con")), device_class()],
        "spec.devices.requests[0].exactly.deviceClassName",
        [claim(request()), device_class()],
        fix=f"did you mean '{DRIVER}'?",
    ),
    "DRA208": Case(
        [claim(request(capacity={"requests": {"Memory": "1Gi"}}))],
        "spec.devices.requests[0].exactly.capacity.requests[Memory]",
        [claim(request(capacity={"requests": {"memory": "1Gi"}}))],
        fix="did you mean 'memory'?",
        slices=[H100],
    ),
    "DRA209": Case(
        [claim(request(), config=[{"opaque": {"driver": "gpu.example.con", "parameters": {}}}])],
        "spec.devices.config[0].opaque.driver",
        [claim(request(), config=[{"opaque": {"driver": DRIVER, "parameters": {}}}])],
        slices=[H100],
    ),
    "DRA210": Case(
        [claim(request(adminAccess=True)), namespace()],
        "spec.devices.requests[0].exactly.adminAccess",
        [claim(request(adminAccess=True)), namespace(**{"resource.kubernetes.io/admin-access": "true"})],
        fix="resource.kubernetes.io/admin-access=true",
    ),
    "DRA211": Case(
        [claim(*PAIR, constraints=[{"matchAttribute": f"{DRIVER}/root"}])],
        "spec.devices.constraints[0].matchAttribute",
        [claim(*PAIR, constraints=[{"matchAttribute": f"{DRIVER}/numa"}])],
        slices=[resource_slice(*GPU_AND_NIC)],
    ),
    "DRA212": Case(
        [claim(*PAIR, constraints=[{"matchAttribute": f"{DRIVER}/vendor"}])],
        "spec.devices.constraints[0].matchAttribute",
        [claim(*PAIR, constraints=[{"matchAttribute": f"{DRIVER}/numa"}])],
        slices=[resource_slice(*GPU_AND_NIC)],
    ),
    "DRA301": Case([pod(GPU)], CLAIM_OF_POD, [pod(GPU, uses=[USE])], fix="resources.claims"),
    "DRA302": Case(
        [pod(GPU, uses=[USE, {"name": "gpus"}])],
        "spec.containers[0].resources.claims[1]",
        [pod(GPU, uses=[USE])],
        fix="did you mean 'gpu'?",
    ),
    "DRA303": Case(
        [pod(GPU, uses=[{**USE, "request": "gpus"}]), claim(request())],
        f"{USE_OF_POD}.request",
        [pod(GPU, uses=[{**USE, "request": "gpu"}]), claim(request())],
        fix="did you mean 'gpu'?",
    ),
    "DRA304": Case(
        [deployment(2, pod_spec(GPU, uses=[USE]))],
        "spec.template.spec.resourceClaims[0].resourceClaimName",
        [deployment(1, pod_spec(GPU, uses=[USE])), deployment(2, pod_spec(GPU_TEMPLATE, uses=[USE]))],
        fix="ResourceClaimTemplate",
    ),
    "DRA305": Case(
        [
            deployment(2, pod_spec(GPU_TEMPLATE, uses=[USE])),
            template(request(), config=[{"opaque": {"driver": DRIVER, "parameters": {"sharing": {}}}}]),
        ],
        "spec.template.spec.resourceClaims[0].resourceClaimTemplateName",
        [deployment(2, pod_spec(GPU_TEMPLATE, uses=[USE])), template(request())],
        fix="resourceClaimName",
    ),
    "DRA306": Case(
        [pod(GPU, uses=[USE], limits={"nvidia.com/gpu": 1})],
        "spec.containers[0].resources.limits[nvidia.com/gpu]",
        [pod(GPU, uses=[USE], limits={"cpu": 1}), pod(limits={"nvidia.com/gpu": 1})],
    ),
    "DRA307": Case(
        [pod(GPU, uses=[USE]), template(request())],
        f"{CLAIM_OF_POD}.resourceClaimName",
        [pod(GPU, uses=[USE]), claim(request())],
        fix="train is a ResourceClaimTemplate",
    ),
    "DRA308": Case(
        [deployment(257, pod_spec(GPU, uses=[USE]))],
        "spec.template.spec.resourceClaims[0].resourceClaimName",
        [
            deployment(256, pod_spec(GPU, uses=[USE])),
            deployment(257, {**pod_spec(GPU, uses=[USE]), "schedulingGroup": {"podGroupName": "g"}}),
        ],
        fix="PodGroup",
    ),
    "DRA309": Case(
        [pod({"name": "gpu", "source": {"resourceClaimName": "train"}}, uses=[USE])],
        CLAIM_OF_POD,
        [pod(GPU, uses=[USE]), pod(GPU_TEMPLATE, uses=[USE])],
        fix="`source`",
    ),
    "DRA310": Case(
        [pod(GPU, uses=[USE, {**USE, "request": "gpu"}])],
        "spec.containers[0].resources.claims[1]",
        [pod(GPU, uses=[{**USE, "request": "gpu"}, {**USE, "request": "nic"}])],
    ),
    "DRA401": Case(
        [resource_slice(device(), pool=pool(count=2))],
        "spec.pool.resourceSliceCount",
        [resource_slice(device(), pool=pool(count=1))],
    ),
    "DRA402": Case(
        [resource_slice(device(), name="old"), resource_slice(device(), pool=pool(generation=2))],
        "spec.pool.generation",
        [resource_slice(device(), pool=pool(generation=2))],
        fix="remove the slice",
    ),
    "DRA403": Case(
        [resource_slice(device(), name=name, pool=pool(count=2)) for name in ("a", "b")],
        "spec.devices[0].name",
        [resource_slice(device(f"gpu-{name}"), name=name, pool=pool(count=2)) for name in ("a", "b")],
    ),
    "DRA404": Case(
        [COUNTERS, partitions(consumesCounters=[{"counterSet": "gpu-1", "counters": {}}])],
        "spec.devices[0].consumesCounters[0].counterSet",
        [COUNTERS, partitions()],
    ),
    "DRA405": Case(
        [resource_slice({"name": "a", "attributes": {"a/b/c": {"int": 1}}})],
        "spec.devices[0].attributes[a/b/c]",
        [resource_slice({"name": "a", "attributes": {"a/b": {"int": 1}}})],
    ),
    "DRA406": Case(
        [resource_slice(device(), driver="GPU.example.com")],
        "spec.driver",
        [resource_slice(device())],
        fix=f"use '{DRIVER}'",
    ),
    "DRA407": Case(
        [resource_slice({"name": "a", "nodeSelector": {"nodeSelectorTerms": [{}, {}]}})],
        "spec.devices[0].nodeSelector.nodeSelectorTerms",
        [resource_slice({"name": "a", "nodeSelector": {"nodeSelectorTerms": [{}]}})],
    ),
    "DRA408": Case(
        [
            resource_slice(
                {"name": "a", "capacity": {"m": {"value": "1Gi", "requestPolicy": {"default": "2Gi"}}}}
            )
        ],
        "spec.devices[0].capacity[m].requestPolicy.default",
        [
            resource_slice(
                {"name": "a", "capacity": {"m": {"value": "2Gi", "requestPolicy": {"default": "2Gi"}}}}
            )
        ],
    ),
    "DRA409": Case(
        [
            COUNTERS,
            partitions(consumesCounters=[{"counterSet": "gpu-0", "counters": {"memory": {"value": "81Gi"}}}]),
        ],
        "spec.devices[0].consumesCounters[0].counters[memory]",
        [COUNTERS, partitions()],
    ),
    "DRA410": Case(
        [
            resource_slice(device(f"gpu-{name}"), name=name, pool=pool(count=count))
            for name, count in (("a", 3), ("b", 3), ("c", 2))
        ],
        "spec.pool.resourceSliceCount",
        [resource_slice(device(f"gpu-{name}"), name=name, pool=pool(count=2)) for name in ("a", "b")],
    ),
    "DRA501": Case(
        [{**claim(), "apiVersion": "resource.k8s.io/v1beta2"}],
        "apiVersion",
        [claim()],
        fix="use resource.k8s.io/v1",
    ),
    "DRA502": Case(
        [{"apiVersion": "scheduling.k8s.io/v1beta1", "kind": "Workload", "metadata": {"name": "a"}}],
        "apiVersion",
        [claim()],
    ),
    "DRA503": Case(
        [claim(request(deviceClass="gpu.example.com"))],
        "spec.devices.requests[0].exactly.deviceClass",
        [claim(request())],
        fix="did you mean 'deviceClassName'?",
    ),
    "DRA504": Case(
        [
            resource_slice(
                {**device(), "nodeAllocatableResourceMappings": {"cpu": {"allocationMultiplier": "2"}}}
            )
        ],
        "spec.devices[0].nodeAllocatableResourceMappings",
        [resource_slice(device())],
        fix="write nodeAllocatableResources",
    ),
    "DRA505": Case(
        [resource_slice({**device(), "attributes": {"ids": {"ints": [1, 2]}}})],
        "spec.devices[0].attributes[ids].ints",
        [resource_slice(device())],
        fix="switch on DRAListTypeAttributes",
    ),
}


def test_every_check_has_a_case() -> None:
    assert CASES.keys() == CHECKS.keys()


@pytest.mark.parametrize("code", CASES)
def test_mistake_is_found(code: str) -> None:
    case = CASES[code]
    found = [finding for finding in dra.lint(case.bad, slices=case.slices) if finding.code == code]
    assert [finding.path for finding in found] == [case.field]
    assert case.fix in found[0].fix
    assert found[0].severity is CHECKS[code].severity
    assert found[0].subject


@pytest.mark.parametrize("code", CASES)
def test_correction_is_not(code: str) -> None:
    case = CASES[code]
    assert code not in [finding.code for finding in dra.lint(case.good, slices=case.slices)]


def test_page_lists_the_checks() -> None:
    page = Path(__file__).parents[3] / "docs" / "lint.md"
    rows = re.findall(r"^\| (DRA\d+) \| (\w+) \| (.+) \|$", page.read_text(), re.MULTILINE)
    assert rows == [(each.code, each.severity.value, each.summary) for _, each in sorted(CHECKS.items())]


def test_codes_are_taken_once() -> None:
    with pytest.raises(ValueError, match="DRA101 is taken by capacity_read_as_attribute"):
        check("DRA101", Severity.INFO)(lambda given: iter(()))


def test_worst_findings_come_first() -> None:
    findings = dra.lint([*CASES["DRA406"].bad, *CASES["DRA203"].bad, *CASES["DRA204"].bad])
    severities = [finding.severity for finding in findings]
    assert severities == sorted(severities, key=list(Severity).index)
    assert len(set(severities)) == 3


def test_finding_reads_well() -> None:
    (finding,) = dra.lint(CASES["DRA206"].bad)
    assert str(finding) == (
        "ResourceClaim default/train: spec.devices.constraints[0].distinctAttribute: warning DRA206: "
        "is ignored, because the constraint has a matchAttribute\n  make two constraints of it"
    )
    assert finding.to_dict()["severity"] == "warning"


def test_slices_are_no_objects_of_the_lint() -> None:
    broken = resource_slice(device(), pool=pool(count=2))
    assert [finding.code for finding in dra.lint([broken])] == ["DRA401"]
    assert dra.lint([], slices=[broken]) == []


# --- Selectors ----------------------------------------------------------------------------------------------


def codes(expression: str, *slices: Any) -> set[str]:
    return {finding.code for finding in dra.lint(select(expression), slices=list(slices))}


@pytest.mark.parametrize(
    "expression",
    [
        f'{CAPACITY}.memory.isGreaterThan(quantity("80Gi"))',
        f'quantity("80Gi").isLessThan({CAPACITY}.memory)',
        f'0 <= {CAPACITY}.memory.compareTo(quantity("80Gi"))',
        f'quantity("80Gi").compareTo({CAPACITY}.memory) <= 0',
        f'{CAPACITY}["memory"] == quantity("80Gi")',
        f'cel.bind(c, {CAPACITY}, c.memory.compareTo(quantity("80Gi")) >= 0)',
        f'cel.bind(m, {CAPACITY}.memory, m.compareTo(quantity("80Gi")) >= 0)',
    ],
)
def test_threshold_is_recognised_however_it_is_written(expression: str) -> None:
    assert "DRA106" in codes(expression, H100)


@pytest.mark.parametrize(
    "expression",
    [
        f'{CAPACITY}.memory.compareTo(quantity("80Gi")) <= 0',
        f'{CAPACITY}.memory.compareTo(quantity("200Gi")) >= 0',
        f'{CAPACITY}.memory.compareTo(quantity("81559Mi")) >= 0',
    ],
)
def test_threshold_that_is_meant(expression: str) -> None:
    assert "DRA106" not in codes(expression, H100)


def test_known_hardware_helps_without_slices() -> None:
    memory = 'device.capacity["gpu.nvidia.com"].memory'
    assert "DRA106" in codes(f'{memory}.compareTo(quantity("5Gi")) >= 0')
    assert "DRA106" not in codes(f'{memory}.compareTo(quantity("16Gi")) >= 0')


def test_parts_say_nothing_of_whole_gpus() -> None:
    memory = 'device.capacity["gpu.nvidia.com"].memory'

    def found(size: str, device_class: str) -> bool:
        wanted = request("gpu", f'{memory}.compareTo(quantity("{size}")) >= 0', deviceClassName=device_class)
        return "DRA106" in [each.code for each in dra.lint([claim(wanted)])]

    assert [found("20Gi", name) for name in ("gpu.nvidia.com", "mig.nvidia.com")] == [False, True]
    assert [found("80Gi", name) for name in ("gpu.nvidia.com", "mig.nvidia.com")] == [True, False]


def test_of_given_devices_those_that_the_class_allows_are_asked() -> None:
    of_class = {
        "apiVersion": "resource.k8s.io/v1",
        "kind": "DeviceClass",
        "metadata": {"name": DRIVER},
        "spec": {"selectors": [{"cel": {"expression": f'{ATTRIBUTES}.type == "gpu"'}}]},
    }
    node = resource_slice(device("gpu-0", "81559Mi", type="gpu"), device("part-0", "20096Mi", type="mig"))
    wanted = [select(f'{CAPACITY}.memory.compareTo(quantity("{size}")) >= 0') for size in ("20Gi", "80Gi")]
    found = ["DRA106" in [each.code for each in dra.lint([each, of_class], slices=[node])] for each in wanted]
    assert found == [False, True]


def test_gates_that_are_said_decide_what_is_dropped() -> None:
    wanted = claim(request(capacity={"requests": {"memory": "10Gi"}}))
    on = dra.Features.for_kubernetes("1.35", consumable_capacity=True)
    off = dra.Features.for_kubernetes("1.37", consumable_capacity=False)
    assert "DRA505" not in [each.code for each in dra.lint([wanted], "1.35", features=on)]
    (finding,) = [each for each in dra.lint([wanted], "1.37", features=off) if each.code == "DRA505"]
    assert finding.message == "Kubernetes 1.37 drops this field with these gates"


def test_known_hardware_says_nothing_of_other_drivers() -> None:
    assert "DRA106" not in codes('device.capacity["gpu.amd.com"].memory.compareTo(quantity("80Gi")) >= 0')


def test_string_that_looks_like_a_quantity_may_be_compared_with_a_string() -> None:
    equal, ordered = f'{ATTRIBUTES}.speed == "400G"', f'{ATTRIBUTES}.speed >= "400G"'
    nic = resource_slice(device(speed={"string": "400G"}))
    assert "DRA103" not in codes(equal, nic)
    assert "DRA103" in codes(ordered, nic)
    assert "DRA103" in codes(equal)


def test_slices_given_twice_count_once() -> None:
    assert not dra.lint([H100, H100], slices=[H100])


def test_toleration_of_one_effect_is_not_one_of_every_taint() -> None:
    tolerations = [{"operator": "Exists", "effect": "NoExecute"}]
    (finding,) = dra.lint([claim(request(tolerations=tolerations))])
    assert finding.code == "DRA204"
    assert "effect NoExecute" in finding.message


@pytest.mark.parametrize(
    "guarded",
    [
        f"has({ATTRIBUTES}.cores) && {ATTRIBUTES}.cores > 2",
        f"{ATTRIBUTES}.?cores.orValue(0) > 2",
        f'{ATTRIBUTES}[?"cores"].orValue(0) > 2',
    ],
)
def test_guards_of_every_kind(guarded: str) -> None:
    assert "DRA107" not in codes(guarded, resource_slice(device(cores=4), device("gpu-1")))


def test_class_selectors_guard_those_of_requests() -> None:
    slices = [resource_slice(device(cores=4), device("gpu-1"))]
    objects = [select(f"{ATTRIBUTES}.cores > 2"), device_class(f'"cores" in {ATTRIBUTES}')]
    assert "DRA107" not in [finding.code for finding in dra.lint(objects, slices=slices)]


def test_selector_of_another_driver_is_not_asked_about_these_devices() -> None:
    nic = resource_slice(device("nic-0", speed=400), driver="nic.example.com", name="nic")
    assert codes(f'{ATTRIBUTES}.productName == "H100"', H100, nic) == set()


def test_alternative_that_matches_nothing_is_no_mistake() -> None:
    sub = {"deviceClassName": DRIVER, "selectors": [{"cel": {"expression": f'{ATTRIBUTES}.profile == "1g"'}}]}
    ladder = claim({"name": "gpu", "firstAvailable": [{"name": "mig", **sub}]})
    found = [finding.code for finding in dra.lint(ladder, slices=[H100])]
    assert not {"DRA105", "DRA108"} & set(found)


def test_broken_selectors_are_left_to_validate() -> None:
    assert codes("device.attributes[", H100) == set()


@pytest.mark.parametrize(
    ("models", "message"),
    [
        (["H100"], "is false for the only kind of device that comes this far"),
        (["H100", "H200"], "is false for all 2 kinds of device that come this far"),
    ],
)
def test_selector_of_nothing_says_how_many_kinds_it_refuses(models: list[str], message: str) -> None:
    slices = resource_slice(*(device(model, productName=model) for model in models))
    (finding,) = dra.lint(select(f'{ATTRIBUTES}.productName == "A100"'), slices=[slices])
    assert (finding.code, finding.message) == ("DRA108", message)


def test_outdated_devices_do_not_count() -> None:
    old = resource_slice(device(productName="A100"), name="old")
    new = resource_slice(device(productName="H100"), pool=pool(generation=2))
    assert "DRA108" in codes(f'{ATTRIBUTES}.productName == "A100"', old, new)


# --- Claims and pods ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(("wanted", "fix"), [("pciBusId", "pciBusID"), ("pcieRoot", "")])
def test_a_standard_attribute_that_devices_lack_is_not_taken_for_a_misspelt_one(
    wanted: str, fix: str
) -> None:
    slices = [resource_slice(device(**{"resource.kubernetes.io/pciBusID": "0000:01:00.0"}))]
    aligned = claim(request(), constraints=[{"matchAttribute": f"resource.kubernetes.io/{wanted}"}])
    (finding,) = [each for each in dra.lint(aligned, slices=slices) if each.code == "DRA201"]
    assert fix in finding.fix
    assert bool(fix) == bool(finding.fix)


def test_all_devices_with_distinct_attribute() -> None:
    slices = [resource_slice(device(rack="a"), device("gpu-1", rack="a"))]
    wanted = claim(request(allocationMode="All"), constraints=[{"distinctAttribute": f"{DRIVER}/rack"}])
    (finding,) = [each for each in dra.lint(wanted, slices=slices) if each.code == "DRA202"]
    assert "several on node-a have one value" in finding.message


def test_all_devices_may_fit_one_node_of_two() -> None:
    slices = [
        resource_slice(device(rack="a"), device("gpu-1", rack="b")),
        resource_slice(device(rack="a"), name="b", nodeName="b", pool={**pool(), "name": "b"}),
    ]
    wanted = claim(request(allocationMode="All"), constraints=[{"matchAttribute": f"{DRIVER}/rack"}])
    assert "DRA202" not in [finding.code for finding in dra.lint(wanted, slices=slices)]


def test_empty_toleration_tolerates_taints_without_value() -> None:
    (finding,) = dra.lint(claim(request(tolerations=[{}])))
    assert finding.code == "DRA204"
    assert "without a value" in finding.message
    assert dra.lint(claim(request(tolerations=[{"value": "x"}, {"effect": "NoSchedule"}]))) == []


def test_admin_access_in_unknown_namespace() -> None:
    (finding,) = dra.lint(claim(request(adminAccess=True)))
    assert "needs the label" in finding.message


def test_pods_in_any_object() -> None:
    job_set = {
        "apiVersion": "jobset.x-k8s.io/v1alpha2",
        "kind": "JobSet",
        "metadata": {"name": "train"},
        "spec": {
            "replicatedJobs": [
                {"template": {"spec": {"parallelism": 4, "template": {"spec": pod_spec(GPU, uses=[USE])}}}}
            ]
        },
    }
    (finding,) = dra.lint(job_set)
    assert finding.code == "DRA304"
    assert finding.path == (
        "spec.replicatedJobs[0].template.spec.template.spec.resourceClaims[0].resourceClaimName"
    )
    assert "all 4 pods" in finding.message


CHANNEL = "compute-domain-default-channel.nvidia.com"


@pytest.mark.parametrize(
    ("resource", "device_class_name", "codes"),
    [
        ("nvidia.com/gpu", CHANNEL, []),  # AWS's P6e-GB200
        ("nvidia.com/gpu", "efa.networking.k8s.aws", []),
        ("nvidia.com/gpu", "gpu.nvidia.com", ["DRA306"]),
        ("nvidia.com/gpu", "our-gpus", ["DRA306"]),
        ("rdma/hca", "dranet", ["DRA306"]),
        ("rdma/hca", "dra.cpu", []),
    ],
)
def test_a_plugin_and_claims_for_another_kind_of_device_are_no_mistake(
    resource: str, device_class_name: str, codes: list[str]
) -> None:
    objects = [
        pod(GPU_TEMPLATE, uses=[USE], limits={resource: 4}),
        template(request(deviceClassName=device_class_name)),
    ]
    assert [finding.code for finding in dra.lint(objects)] == codes


def test_claims_of_several_kinds_are_all_looked_at() -> None:
    objects = [
        pod(GPU_TEMPLATE, uses=[USE], limits={"nvidia.com/gpu": 4}),
        template(
            request("channel", deviceClassName=CHANNEL), request("gpu", deviceClassName="gpu.nvidia.com")
        ),
    ]
    assert [finding.code for finding in dra.lint(objects)] == ["DRA306"]


def test_the_template_of_a_compute_domain_is_known() -> None:
    domain = {
        "apiVersion": "resource.nvidia.com/v1beta1",
        "kind": "ComputeDomain",
        "metadata": {"name": "domain"},
        "spec": {"numNodes": 0, "channel": {"resourceClaimTemplate": {"name": "train"}}},
    }
    worker = pod(GPU_TEMPLATE, uses=[USE], limits={"nvidia.com/gpu": 4})
    other = claim(request())  # so that templates that are not there are looked for
    assert [finding.code for finding in dra.lint([worker, other])] == ["DRA306", "DRA307"]
    assert dra.lint([worker, other, domain]) == []
    for broken in ({}, {"channel": None}, {"channel": {"resourceClaimTemplate": {"name": 3}}}):
        found = dra.lint([worker, other, {**domain, "spec": broken}])
        assert [finding.code for finding in found] == ["DRA306", "DRA307"]


def test_a_claim_that_is_missing_may_be_another_of_its_kind_and_namespace() -> None:
    others = [template(request(), name="trains"), claim(request(), name="trian")]
    (found,) = (each for each in dra.lint([pod(GPU, uses=[USE]), *others]) if each.code == "DRA307")
    assert found.fix == "did you mean 'trian'?"


def test_exclusive_sharing_is_none() -> None:
    parameters = {"sharing": {"strategy": "Exclusive"}}
    objects = [
        deployment(2, pod_spec(GPU_TEMPLATE, uses=[USE])),
        template(request(), config=[{"opaque": {"driver": DRIVER, "parameters": parameters}}]),
    ]
    assert dra.lint(objects) == []


def test_missing_counter() -> None:
    wrong = [{"counterSet": "gpu-0", "counters": {"cores": {"value": "1"}}}]
    found = dra.lint([COUNTERS, partitions(consumesCounters=wrong)])
    assert ["has no counter 'cores'" in finding.message for finding in found] == [True]
