"""Sharing models by hand, and MIG against the board's own rules."""

from __future__ import annotations

import pytest

from dra.drivers.nvidia import Instance, MigBoard, boards, get_board
from dra.errors import DraError, UnknownNameError
from dra.scheduler.simulation import (
    SHARING,
    Consumable,
    DevicePlugin,
    Mig,
    MigSlices,
    Sharing,
    TimeSlicing,
    get_sharing,
)

MODELS = [get_sharing(name) for name in SHARING]


@pytest.mark.parametrize("sharing", MODELS, ids=lambda each: each.name)
class TestEveryModel:
    def test_an_idle_gpu_gives_a_whole_one_and_a_full_one_nothing(self, sharing: Sharing) -> None:
        assert sharing.idle(sharing.full) == 1000
        assert sharing.idle(0) == 0

    def test_a_whole_gpu_needs_an_idle_one(self, sharing: Sharing) -> None:
        whole = sharing.ask(1000)
        assert whole == sharing.full
        assert sharing.room_after(whole, sharing.full) == (0,)
        assert not any(sharing.takes(whole)[: sharing.full])

    def test_every_part_fits_on_an_idle_gpu(self, sharing: Sharing) -> None:
        assert all(sharing.room_after(sharing.ask(milli), sharing.full) for milli in range(1, 1001))

    def test_a_gpu_has_no_room_twice(self, sharing: Sharing) -> None:
        """What is taken is part of the room, so that adding it again restores the room."""
        for milli in (1, 143, 400, 900):
            for room, deltas in enumerate(sharing.takes(sharing.ask(milli))):
                assert all(0 < delta <= room for delta in deltas)

    def test_its_label_is_what_names_it(self, sharing: Sharing) -> None:
        assert get_sharing(sharing.label) == sharing
        assert sharing.label == sharing.name

    def test_it_says_what_it_assumes(self, sharing: Sharing) -> None:
        assert sharing.assumption.startswith(("a task", "every GPU"))


def test_the_device_plugin_gives_whole_gpus() -> None:
    assert DevicePlugin().ask(10) == DevicePlugin().full


def test_a_replica_is_one_whatever_part_is_asked_for() -> None:
    four = TimeSlicing(4)
    assert [four.ask(milli) for milli in (10, 900, 1000)] == [1, 1, 4]


def test_consumable_capacity_rounds_up_to_the_step() -> None:
    assert [Consumable(100).ask(milli) for milli in (1, 100, 101, 1000)] == [100, 100, 200, 1000]
    assert Consumable(300).ask(950) == 1000


def test_parts_are_rounded_up_to_mig_profiles() -> None:
    slices = MigSlices()
    assert [slices.ask(milli) for milli in (100, 142, 143, 280, 400, 460, 571, 572, 1000)] == [
        1, 1, 2, 2, 3, 4, 4, 7, 7,
    ]  # fmt: skip


def test_a_second_4g_instance_has_no_legal_place() -> None:
    mig = Mig()
    (after,) = mig.room_after(mig.ask(500), mig.full)
    assert mig.room_after(mig.ask(500), after) == ()
    assert mig.room_after(mig.ask(400), after) == (0,)


def with_slices(board: MigBoard, sharing: Mig) -> list[Instance]:
    plain = set(sharing.profiles.values())
    return [each for each in board.instances if each.profile in plain]


@pytest.mark.parametrize("board", boards().values(), ids=lambda each: each.name)
def test_memory_slices_alone_decide_what_goes_together(board: MigBoard) -> None:
    """The room is only the free memory slices; the board's other counters must never be what refuses."""
    sharing = Mig(board)
    sets: list[tuple[Instance, ...]] = [()]
    for instance in with_slices(board, sharing):
        sets += [(*some, instance) for some in sets if board.fits((*some, instance))]
    for some in sets:
        room = sharing.full - sum(sum(1 << place for place in each.slices) for each in some)
        allowed = {each for each in board.room(some) if each.profile in sharing.profiles.values()}
        offered = {
            Instance(profile, (room - after & room).bit_length() - profile.memory_slices)
            for size, profile in sharing.profiles.items()
            for after in sharing.room_after(sharing.full if size == sharing.slices else size, room)
        }
        assert offered == allowed


def test_what_could_still_be_hosted_counts_as_idle() -> None:
    mig = Mig()
    assert [mig.most_slices(room) for room in (0b11111111, 0b11110000, 0b00001111, 0b10000000)] == [
        7,
        3,
        4,
        0,
    ]


@pytest.mark.parametrize(
    ("name", "sharing"),
    [
        ("time-slicing=8", TimeSlicing(8)),
        ("consumable=50", Consumable(50)),
        ("mig=A30-24GB", Mig(boards()["A30-24GB"])),
        ("mig-slices", MigSlices()),
    ],
)
def test_names_may_carry_a_parameter(name: str, sharing: Sharing) -> None:
    assert get_sharing(name) == sharing
    assert sharing.label == name


@pytest.mark.parametrize("model", [Mig, MigSlices])
def test_a_board_may_be_named(model: type[Mig | MigSlices]) -> None:
    assert model("H100-80GB") == model(get_board("H100-80GB"))
    with pytest.raises(UnknownNameError, match="did you mean 'H100-80GB'"):
        model("H100-80G")


@pytest.mark.parametrize(
    "name",
    [
        "time-slicing=1",
        "consumable=0",
        "consumable=1.5",
        "consumable=9999",
        "device-plugin=2",
        "mig=T4",
        "migs",
        "",
    ],
)
def test_wrong_names_and_parameters_are_refused_with_a_remedy(name: str) -> None:
    with pytest.raises(DraError) as caught:
        get_sharing(name)
    assert caught.value.remedy


def test_the_nearest_name_is_suggested() -> None:
    with pytest.raises(UnknownNameError, match="did you mean 'consumable'"):
        get_sharing("consumible")
