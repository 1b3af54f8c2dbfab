"""`dra.models.base`: reading and writing the wire form."""

from __future__ import annotations

from typing import Any

import pytest

from dra import DecodeError, Pod, ResourceClaim, ResourceSlice
from dra.models.core import Container
from dra.models.meta import ObjectMeta, Unstructured
from dra.models.resource import Device, DeviceAttribute, DeviceClaim, DeviceRequest, ExactDeviceRequest


def claim(**exactly: Any) -> dict[str, Any]:
    """A wire claim with one request."""
    return {
        "apiVersion": "resource.k8s.io/v1",
        "kind": "ResourceClaim",
        "metadata": {"name": "train"},
        "spec": {
            "devices": {"requests": [{"name": "gpu", "exactly": {"deviceClassName": "gpu", **exactly}}]}
        },
    }


@pytest.mark.parametrize(
    "exactly",
    [
        {"count": 0},
        {"adminAccess": False},
        {"allocationMode": ""},
        {"selectors": []},
        {"capacity": {}},
        {"capacity": {"requests": {"memory": "40Gi"}}},
        {"newField": {"x": None, "y": [1, {"z": 2.5}]}},
    ],
)
def test_what_was_written_is_written_again(exactly: dict[str, Any]) -> None:
    wire = claim(**exactly)
    assert ResourceClaim.from_dict(wire).to_dict() == wire


def test_false_none_and_absent_are_told_apart() -> None:
    requests = [
        ResourceClaim.from_dict(claim(**exactly)).spec.devices.requests
        for exactly in ({"adminAccess": False}, {"adminAccess": None}, {})
    ]
    assert [request[0].exactly.admin_access for request in requests if request and request[0].exactly] == [
        False,
        None,
        None,
    ]


def test_a_null_is_absent_even_where_a_value_is_required() -> None:
    wire = {"metadata": None, "spec": {"driver": None, "pool": None, "devices": [{"name": None}]}}
    slice_ = ResourceSlice.from_dict(wire)
    assert slice_.spec.driver == ""
    assert slice_.to_dict()["spec"] == {"devices": [{}]}
    assert wire["metadata"] is None, "the input is not changed"


def test_the_input_and_the_output_share_nothing_with_the_object() -> None:
    wire = claim(newField={"list": [1]})
    model = ResourceClaim.from_dict(wire)
    model.to_dict()["spec"]["devices"]["requests"][0]["exactly"]["newField"]["list"].append(2)
    assert model.to_dict() == claim(newField={"list": [1]})


def test_python_names_are_not_wire_names() -> None:
    model = ResourceSlice.from_dict({"spec": {"node_name": "x"}})
    assert model.spec.node_name is None
    assert model.to_dict()["spec"] == {"node_name": "x"}


def test_objects_are_built_by_their_python_names() -> None:
    request = DeviceRequest(name="gpu", exactly=ExactDeviceRequest(device_class_name="gpu"))
    model = ResourceClaim(metadata=ObjectMeta(name="train"))
    model.spec.devices = DeviceClaim(requests=[request])
    assert model.to_dict() == claim()


def test_a_part_filled_in_later_is_written() -> None:
    model = ResourceClaim()
    model.metadata.name = "late"
    assert model.to_dict()["metadata"] == {"name": "late"}


@pytest.mark.parametrize(
    ("exactly", "path", "message"),
    [
        ({"count": "3"}, "exactly.count", "expected an integer, found the string '3'"),
        ({"count": True}, "exactly.count", "expected an integer, found the boolean true"),
        ({"count": 2**63}, "exactly.count", "expected an integer of 64 bits"),
        ({"count": -(2**63) - 1}, "exactly.count", "expected an integer of 64 bits"),
        ({"count": 2**300}, "exactly.count", "expected an integer of 64 bits"),
        ({"adminAccess": 1}, "exactly.adminAccess", "expected a boolean, found the number 1"),
        ({"deviceClassName": 7}, "exactly.deviceClassName", "expected a string, found the number 7"),
        ({"selectors": {}}, "exactly.selectors", "expected a list, found an object"),
        ({"selectors": ["x"]}, "exactly.selectors[0]", "expected an object, found the string 'x'"),
        ({"capacity": {"requests": {"a/b": "fooGi"}}}, "exactly.capacity.requests[a/b]", "'fooGi' is not"),
        ({"capacity": {"requests": []}}, "exactly.capacity.requests", "expected an object, found a list"),
    ],
)
def test_a_wrong_type_names_path_value_and_expectation(
    exactly: dict[str, Any], path: str, message: str
) -> None:
    with pytest.raises(DecodeError) as caught:
        ResourceClaim.from_dict(claim(**exactly))
    assert caught.value.path == f"spec.devices.requests[0].{path}"
    assert caught.value.message.startswith(message)


def test_an_integer_of_32_bits_says_so() -> None:
    with pytest.raises(
        DecodeError, match=r"^spec\.priority: expected an integer of 32 bits, found the number 2147483648"
    ):
        Pod.from_dict({"spec": {"priority": 2**31}})


def test_a_remedy_from_below_is_kept() -> None:
    with pytest.raises(DecodeError) as caught:
        ResourceClaim.from_dict(claim(capacity={"requests": {"memory": "20GB"}}))
    assert caught.value.remedy == "write 20G or 20Gi"


@pytest.mark.parametrize("data", [None, [], "x", 3])
def test_something_else_than_an_object_is_refused(data: Any) -> None:
    with pytest.raises(DecodeError, match="expected an object"):
        Pod.from_dict(data)


def test_strict_refuses_an_unknown_field_and_suggests_the_nearest() -> None:
    with pytest.raises(DecodeError) as caught:
        ResourceClaim.from_dict(claim(deviceClass="x"), strict=True)
    assert caught.value.path == "spec.devices.requests[0].exactly.deviceClass"
    assert caught.value.remedy == "did you mean 'deviceClassName'?"


@pytest.mark.parametrize(
    ("keywords", "path", "said"),
    [
        ({"count": "4"}, "count", "expected an integer, found the string '4'"),
        ({"selectors": [{"cel": 5}]}, "selectors[0].cel", "expected an object, found the number 5"),
        ({"device_class": "gpu"}, "device_class", "unknown field 'device_class'"),
    ],
)
def test_constructors_refuse_what_reading_refuses(keywords: dict[str, Any], path: str, said: str) -> None:
    with pytest.raises(DecodeError) as refused:
        ExactDeviceRequest(**keywords)
    assert (refused.value.path, refused.value.message) == (path, said)


def test_constructors_take_fields_that_ride_along_and_objects_of_any_fields() -> None:
    assert Container(name="main", image="train").to_dict() == {"name": "main", "image": "train"}
    assert Unstructured(api_version="v1", kind="Secret", data={"a": "b"}).to_dict()["data"] == {"a": "b"}


def test_strict_knows_the_fields_that_ride_along() -> None:
    wire = {"spec": {"hostNetwork": True, "containers": [{"name": "a", "image": "b"}]}}
    assert Pod.from_dict(wire, strict=True).to_dict()["spec"] == wire["spec"]
    with pytest.raises(DecodeError, match="did you mean 'resourceClaims'"):
        Pod.from_dict({"spec": {"resourceClaim": []}}, strict=True)


def test_equal_attributes_are_one_object_and_types_are_kept_apart() -> None:
    device = {"name": "a", "attributes": {"x": {"int": 1}, "y": {"int": 1}, "z": {"string": "1"}}}
    attributes = Device.from_dict(device).attributes or {}
    assert Device.from_dict(device).attributes == attributes
    assert (Device.from_dict(device).attributes or {})["x"] is attributes["y"]
    with pytest.raises(DecodeError, match="expected an integer"):
        Device.from_dict({"attributes": {"x": {"int": True}}})


def test_attributes_cannot_be_changed() -> None:
    with pytest.raises(ValueError, match="frozen"):
        DeviceAttribute(int_=1).int_ = 2  # type: ignore[misc] # the assignment is the test


def test_yaml_round_trip() -> None:
    model = ResourceClaim.from_dict(claim(count=2))
    assert ResourceClaim.from_yaml(model.to_yaml()) == model


def test_a_fault_in_yaml_has_a_line() -> None:
    text = ResourceClaim.from_dict(claim(count=2)).to_yaml().replace("count: 2", "count: two")
    with pytest.raises(DecodeError) as caught:
        ResourceClaim.from_yaml(text)
    assert text.splitlines()[caught.value.line - 1].strip() == "count: two"


def test_faults_after_nulls_are_told() -> None:
    with pytest.raises(DecodeError) as caught:
        ResourceSlice.from_dict({"spec": {"driver": None, "devices": [{"name": 3}]}})
    assert caught.value.path == "spec.devices[0].name"


def test_a_null_in_a_list_or_map_is_no_absent_field() -> None:
    for spec, path in (
        ({"devices": [None]}, "devices[0]"),
        ({"devices": [{"attributes": {"a": None}}]}, "a]"),
    ):
        with pytest.raises(DecodeError, match="found null") as caught:
            ResourceSlice.from_dict({"spec": spec})
        assert caught.value.path.endswith(path)


def test_strict_looks_into_lists_and_maps() -> None:
    for device, path in (
        ({"taints": [{"effct": "x"}]}, "devices[0].taints[0].effct"),
        ({"capacity": {"memory": {"vlue": "1"}}}, "devices[0].capacity[memory].vlue"),
    ):
        with pytest.raises(DecodeError) as caught:
            ResourceSlice.from_dict({"spec": {"devices": [device]}}, strict=True)
        assert caught.value.path == f"spec.{path}"


def test_how_many_faults_there_are_is_told() -> None:
    with pytest.raises(DecodeError, match=r"expected an integer, found the number 1\.5 \(and 1 more\)"):
        ResourceClaim.from_dict(claim(count=1.5, adminAccess="x"))


def test_a_copy_is_independent() -> None:
    model = ResourceClaim.from_dict(claim(newField=[1]))
    copy = model.clone()
    copy.metadata.name = "other"
    assert model.metadata.name == "train"
    assert model.clone() == model


def test_attributes_stay_shared_in_deep_copies() -> None:
    device = Device.from_dict({"attributes": {"a": {"int": 1}}})
    copied = device.model_copy(deep=True)
    assert copied == device
    assert (copied.attributes or {})["a"] is (device.attributes or {})["a"]
