"""What is taken."""

from __future__ import annotations

import pytest

from dra.allocator import AllocatedState, DeviceId, SharedDeviceId
from dra.allocator.state import Ledger, holdings
from dra.errors import AllocationError
from dra.features import Features
from dra.models.resource import ResourceClaim
from dra.quantity import Quantity

GPU = DeviceId("d", "p", "gpu-0")


def allocated(*results: dict[str, object]) -> ResourceClaim:
    full = [{"request": "r", "driver": "d", "pool": "p", "device": "gpu-0", **each} for each in results]
    return ResourceClaim.from_dict(
        {"metadata": {"name": "c"}, "status": {"allocation": {"devices": {"results": full}}}}
    )


def share(share_id: str, memory: str) -> dict[str, object]:
    return {"shareID": share_id, "consumedCapacity": {"memory": memory}}


def test_a_device_id_is_its_text_also_with_slashes_in_the_pool() -> None:
    assert DeviceId.parse("d/rack/1/gpu-0") == DeviceId("d", "rack/1", "gpu-0")
    assert str(DeviceId.parse("d/rack/1/gpu-0")) == "d/rack/1/gpu-0"


@pytest.mark.parametrize("text", ["", "d/gpu-0", "//"])
def test_a_text_that_is_no_device_is_an_error(text: str) -> None:
    with pytest.raises(AllocationError, match="is no device"):
        DeviceId.parse(text)


def test_claims_hold_whole_devices() -> None:
    assert AllocatedState.from_claims([allocated({})]) == AllocatedState(devices={GPU})


def test_admin_access_and_unallocated_claims_hold_nothing() -> None:
    claims = [allocated({"adminAccess": True}), ResourceClaim.from_dict({"metadata": {"name": "new"}})]

    assert AllocatedState.from_claims(claims) == AllocatedState()


def test_shares_add_up() -> None:
    state = AllocatedState.from_claims([allocated(share("s1", "1Gi")), allocated(share("s2", "2Gi"))])

    assert state.devices == frozenset()
    assert state.shared == {SharedDeviceId(GPU, "s1"), SharedDeviceId(GPU, "s2")}
    assert state.capacity == {GPU: {"memory": Quantity("3Gi")}}


def test_without_consumable_capacity_a_share_counts_as_the_device() -> None:
    assert AllocatedState.from_claims([allocated(share("s1", "1Gi"))], Features()).devices == {GPU}


def test_what_is_given_back_leaves_no_trace() -> None:
    ledger = Ledger(Features.all())
    claim = allocated(share("s1", "1Gi"), {"device": "gpu-1"})
    taken = list(holdings(claim.status.allocation if claim.status else None, ledger.features))
    for each in taken:
        ledger.take(each)
    assert ledger.in_use(GPU)

    for each in taken:
        ledger.give_back(each)

    assert not ledger
    assert not ledger.in_use(GPU)


def test_one_of_two_shares_given_back_leaves_the_other() -> None:
    ledger = Ledger(Features.all(), AllocatedState.from_claims([allocated(share("s1", "1Gi"))]))
    [second] = holdings(allocated(share("s2", "2Gi")).status.allocation, ledger.features)  # type: ignore[union-attr] # it is allocated
    ledger.take(second)

    ledger.give_back(second)

    assert ledger.consumed == {GPU: {"memory": 2**30 * 10**9}}


def test_shares_that_consume_nothing_can_all_be_given_back() -> None:
    ledger = Ledger(Features.all())
    taken = [
        each
        for name in ("s1", "s2")
        for each in holdings(allocated(share(name, "0")).status.allocation, ledger.features)  # type: ignore[union-attr] # it is allocated
    ]
    for each in taken:
        ledger.take(each)

    for each in taken:
        ledger.give_back(each)

    assert not ledger
