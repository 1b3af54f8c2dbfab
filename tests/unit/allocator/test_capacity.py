"""What a request takes of a shared device."""

from __future__ import annotations

from typing import Any

import pytest

from dra.allocator.capacity import Consumption, Refusal, consumption, exceeded
from dra.errors import AllocationError
from dra.models.resource import DeviceCapacity
from dra.quantity import Quantity


def takes(
    wanted: str | None, value: str = "80Gi", *, fractional: bool = False, **policy: Any
) -> str | Refusal:
    """What a request takes of a capacity `memory` with such a policy."""
    made = {"value": value} | ({"requestPolicy": policy} if policy else {})
    capacities = {"memory": DeviceCapacity.from_dict(made)}
    requests = {"memory": Quantity(wanted)} if wanted is not None else {}
    result = consumption(requests, capacities, fractional=fractional)
    return str(result.amounts["memory"]) if isinstance(result, Consumption) else result


RANGE = {"min": "5Gi", "step": "5Gi", "max": "40Gi"}


@pytest.mark.parametrize(
    ("wanted", "policy", "expected"),
    [
        (None, {}, "80Gi"),
        ("3Gi", {}, "3Gi"),
        (None, {"default": "10Gi"}, "10Gi"),
        ("3Gi", {"default": "10Gi"}, "3Gi"),
        ("1Gi", {"validRange": RANGE}, "5Gi"),
        ("8Gi", {"validRange": RANGE}, "10Gi"),
        ("10Gi", {"validRange": RANGE}, "10Gi"),
        ("8Gi", {"validRange": {"min": "5Gi"}}, "8Gi"),
        ("8Gi", {"validRange": {"max": "40Gi"}}, "8Gi"),
        ("8Gi", {"validValues": ["4Gi", "16Gi", "64Gi"]}, "16Gi"),
        (None, {"default": "16Gi", "validValues": ["4Gi", "16Gi"]}, "16Gi"),
    ],
)
def test_requests_are_rounded_up_as_the_policy_says(
    wanted: str | None, policy: dict[str, Any], expected: str
) -> None:
    assert takes(wanted, **policy) == expected


@pytest.mark.parametrize(
    ("wanted", "policy"),
    [
        ("41Gi", {"validRange": RANGE}),
        ("38Gi", {"validRange": {"min": "5Gi", "step": "5Gi", "max": "39Gi"}}),
        ("65Gi", {"validValues": ["4Gi", "64Gi"]}),
    ],
)
def test_what_the_policy_does_not_allow_is_refused(wanted: str, policy: dict[str, Any]) -> None:
    refusal = takes(wanted, **policy)

    assert isinstance(refusal, Refusal)
    assert refusal.by_policy


def test_more_than_there_is_is_refused() -> None:
    assert takes("81Gi") == Refusal("memory", Quantity("81Gi"), Quantity("80Gi"))


def test_a_capacity_that_is_not_there_is_refused() -> None:
    assert consumption({"cores": Quantity(1)}, {}, fractional=False) == Refusal("cores", Quantity(1), None)


def test_steps_are_whole_units_in_binary_notation_unless_fractions_are_understood() -> None:
    decimal = {"min": "1k", "step": "1k"}
    fraction = {"min": "500m", "step": "500m"}

    assert takes("2500", validRange=decimal) == "3000"
    assert takes("2500", validRange=decimal, fractional=True) == "3k"
    assert takes("1200m", value="8", validRange=fraction) == "2"
    assert takes("1200m", value="8", validRange=fraction, fractional=True) == "1500m"


def test_the_default_can_always_be_had_however_it_is_written() -> None:
    policy = {"default": "1.5Gi", "validValues": ["1Gi", "2Gi"]}

    assert takes(None, **policy) == "1536Mi"
    assert (
        takes("1536Mi", value="8Gi", default="1.5Gi", validRange={"min": "1Gi", "step": "512Mi"}) == "1536Mi"
    )


@pytest.mark.parametrize(
    ("policy", "path"),
    [
        ({"validRange": {"min": "1Gi", "step": "0"}}, "capacity[memory].requestPolicy.validRange.step"),
        ({"validRange": {"step": "1Gi"}}, "capacity[memory].requestPolicy.validRange.min"),
        ({"validRange": {"min": "1", "step": "9223372036854775807"}}, "capacity[memory]"),
        ({"default": "-1Gi"}, "capacity[memory]"),
    ],
)
def test_policies_that_make_no_sense_are_errors(policy: dict[str, Any], path: str) -> None:
    with pytest.raises(AllocationError) as caught:
        takes(None if "default" in policy else "2Gi", **policy)

    assert caught.value.path == path


def test_what_is_taken_adds_up() -> None:
    capacities = {"memory": DeviceCapacity(value=Quantity(10))}
    four = consumption({"memory": Quantity(4)}, capacities, fractional=False)
    assert isinstance(four, Consumption)
    six, one = {"memory": 6 * 10**9}, {"memory": 10**9}

    assert exceeded(four, capacities, six) is None
    assert exceeded(four, capacities, six, one) == "memory"
