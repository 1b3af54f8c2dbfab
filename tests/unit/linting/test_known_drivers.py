"""Lint without slices: slips in names that known drivers publish, and silence about all that they do."""

from __future__ import annotations

from typing import Any

import pytest

import dra
import dra.drivers
from tests.unit.validation.objects import claim, device, device_class, request, resource_slice

NVIDIA = "gpu.nvidia.com"
SLIPS = [
    (f'device.attributes["{NVIDIA}"].productname == "NVIDIA H100 80GB HBM3"', "DRA105", "productName"),
    (f'device.capacity["{NVIDIA}"].memroy.compareTo(quantity("40Gi")) >= 0', "DRA105", "memory"),
    ('device.attributes["resource.kubernetes.io"].pcieroot == "pci0000:18"', "DRA105", "pcieRoot"),
    (f'device.capacity["{NVIDIA}"].profile == "1g.5gb"', "DRA102", f'device.attributes["{NVIDIA}"].profile'),
    (f'device.attributes["{NVIDIA}"].encoders == 7', "DRA101", f'device.capacity["{NVIDIA}"].encoders'),
    ('device.attributes["gpu.nvidia.con"].productName == "H100"', "DRA104", NVIDIA),
]


def of_class(name: str, expression: str) -> Any:
    """A claim for one device of a class with a selector."""
    return claim(request("gpu", expression, deviceClassName=name))


def codes(*objects: Any) -> set[str]:
    return {each.code for each in dra.lint(objects)}


@pytest.mark.parametrize(("expression", "code", "fix"), SLIPS)
def test_slip_in_a_name_of_a_known_driver_is_found_without_slices(
    expression: str, code: str, fix: str
) -> None:
    (finding,) = (each for each in dra.lint(of_class(NVIDIA, expression)) if each.code == code)
    assert fix in finding.fix


@pytest.mark.parametrize("driver", dra.drivers.all(), ids=lambda each: each.name)
def test_what_a_driver_is_known_for_is_no_slip(driver: dra.drivers.Driver) -> None:
    domains = [each.qualified(driver.name).split("/") for each in driver.attributes]
    reads = [f'"{name}" in device.attributes["{domain}"]' for domain, name in domains]
    domains = [each.qualified(driver.name).split("/") for each in driver.capacities]
    reads += [f'"{name}" in device.capacity["{domain}"]' for domain, name in domains]
    classes = [each.name for each in driver.classes] or ["any"]
    found = dra.lint([of_class(name, read) for name in classes for read in reads])
    assert [finding for finding in found if finding.code in ("DRA101", "DRA102", "DRA104", "DRA105")] == []


def test_name_that_is_near_no_known_one_may_be_newer_than_what_is_known() -> None:
    assert not dra.lint(of_class(NVIDIA, f'device.attributes["{NVIDIA}"].confidential == true'))


def test_numbered_capacity_is_known() -> None:
    assert not dra.lint(of_class(NVIDIA, f'"memorySlice3" in device.capacity["{NVIDIA}"]'))


def test_slices_of_the_driver_count_in_place_of_what_is_known() -> None:
    publishes = resource_slice(device(productname="H100"), driver=NVIDIA)
    mine = of_class(NVIDIA, f'device.attributes["{NVIDIA}"].productname == "H100"')
    assert "DRA105" in {each.code for each in dra.lint(mine)}
    assert "DRA105" not in {each.code for each in dra.lint(mine, slices=publishes)}


def test_slices_of_another_driver_leave_what_is_known() -> None:
    mine = of_class(NVIDIA, f'device.attributes["{NVIDIA}"].productname == "H100"')
    of_another = resource_slice(device(productName="H100"))
    assert "DRA105" in {each.code for each in dra.lint(mine, slices=of_another)}


def test_slip_in_a_domain_needs_a_class_or_selector_that_names_the_driver() -> None:
    slip = 'device.attributes["gpu.nvidia.con"].productName == "H100"'
    named = f'device.driver == "{NVIDIA}"'
    assert "DRA104" not in codes(of_class("mine", slip))
    assert "DRA104" in codes(of_class("mine", f"{named} && {slip}"))
    assert "DRA104" in codes(of_class("mine", slip), device_class(named, name="mine"))
    other = device_class('device.driver == "gpu.vendor.io"', name=NVIDIA)
    assert "DRA104" not in codes(of_class(NVIDIA, slip), other)


def test_slip_in_a_constraint_is_found_without_slices() -> None:
    constraint = {"distinctAttribute": f"{NVIDIA}/parentUuid"}
    found = dra.lint(claim(request("gpu", deviceClassName=NVIDIA), constraints=[constraint]))
    assert [(each.code, each.path, each.fix) for each in found] == [
        ("DRA105", "spec.devices.constraints[0].distinctAttribute", "did you mean 'parentUUID'?")
    ]


@pytest.mark.parametrize(
    ("driver", "name"),
    [(NVIDIA, "pciBusID"), (NVIDIA, "pcieRoot"), ("gpu.amd.com", "pcieRoot"), ("dra.net", "pcieRoot")],
)
def test_a_standard_attribute_is_not_in_the_domain_of_the_driver(driver: str, name: str) -> None:
    found = dra.lint(
        [
            of_class(driver, f'"{name}" in device.attributes["{driver}"]'),
            claim(request("gpu"), constraints=[{"matchAttribute": f"{driver}/{name}"}], name="b"),
        ]
    )
    assert {each.fix for each in found} == {f"did you mean 'resource.kubernetes.io/{name}'?"}
    assert [each.code for each in found] == ["DRA105", "DRA105"]


def test_of_given_devices_a_standard_attribute_is_asked_about_if_they_have_it() -> None:
    read = of_class(NVIDIA, f'"pcieRoot" in device.attributes["{NVIDIA}"]')
    plain = {"productName": {"string": "H100"}}
    root = {"resource.kubernetes.io/pcieRoot": {"string": "pci0000:10"}}
    for attributes, fix in ((plain, ""), (plain | root, "did you mean 'resource.kubernetes.io/pcieRoot'?")):
        slices = resource_slice({"name": "gpu-0", "attributes": attributes}, driver=NVIDIA)
        found = dra.lint(read, slices=slices)
        assert [each.fix for each in found if each.code == "DRA105"] == [fix]


@pytest.mark.parametrize(
    ("domain", "meant"),
    [("gc.dra.net", "gce.dra.net"), ("aws.dra.net", ""), ("gke.dra.net", ""), ("dra.nets", "dra.net")],
)
def test_a_domain_below_that_of_the_driver_is_told_by_its_own_part(domain: str, meant: str) -> None:
    """Drivers get a domain for each cloud; what these have in common says nothing."""
    read = f'device.driver == "dra.net" && has(device.attributes["{domain}"].host)'
    found = [each.fix for each in dra.lint(of_class("dranet", read)) if each.code == "DRA104"]
    assert found == ([f"did you mean '{meant}'?"] if meant else [])


def test_of_an_unknown_driver_a_usual_capacity_is_only_likely_to_be_one() -> None:
    (found,) = dra.lint(of_class("npu.vendor.io", 'device.attributes["npu.vendor.io"].cores > 4'))
    assert (found.code, "with most drivers" in found.message) == ("DRA101", True)


def test_slip_in_a_requested_capacity_is_found_without_slices() -> None:
    found = dra.lint(claim(request("gpu", deviceClassName=NVIDIA, capacity={"requests": {"Memory": "1Gi"}})))
    assert [(each.code, each.fix) for each in found] == [("DRA208", "did you mean 'memory'?")]
