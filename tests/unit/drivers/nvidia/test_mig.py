"""MIG geometry: the rules that hold for every board, and the facts known of the A100."""

from __future__ import annotations

from itertools import combinations_with_replacement

import pytest
from hypothesis import given, strategies as st

from dra.drivers.nvidia.mig import AMOUNTS, Instance, MigBoard, boards, get_board
from dra.errors import DriverError, UnknownNameError
from dra.quantity import Quantity

BOARDS = [pytest.param(board, id=name) for name, board in boards().items()]
A100 = get_board("A100-40GB")
A30 = get_board("A30-24GB")


def a100(*names: str) -> list[Instance]:
    """Instances from texts such as `1g.5gb@0`."""
    return [A100.instance(name, int(start)) for name, start in (each.split("@") for each in names)]


@pytest.mark.parametrize("board", BOARDS)
class TestEveryBoard:
    def test_exactly_the_stated_number_of_each_profile_fits(self, board: MigBoard) -> None:
        for profile in board.profiles:
            assert board.place([profile.name] * profile.max_instances) is not None
            assert board.place([profile.name] * (profile.max_instances + 1)) is None

    def test_25_instances_on_eight_slices_and_13_on_four(self, board: MigBoard) -> None:
        assert len(board.instances) == {8: 25, 4: 13}[board.memory_slices]

    def test_placements_stay_on_the_board(self, board: MigBoard) -> None:
        assert all(instance.slices.stop <= board.memory_slices for instance in board.instances)

    def test_largest_profile_excludes_everything(self, board: MigBoard) -> None:
        assert board.room(board.profiles[-1].placements) == ()

    def test_no_instance_has_room_beside_itself(self, board: MigBoard) -> None:
        assert not any(board.fits((each, each)) for each in board.instances)

    def test_media_extensions_at_most_once(self, board: MigBoard) -> None:
        with_media = [each for each in board.profiles if each.media_extensions]
        for one, other in combinations_with_replacement(with_media, 2):
            assert board.place([one.name, other.name]) is None

    def test_maxima_are_those_of_the_largest_profile(self, board: MigBoard) -> None:
        assert board.maxima == board.profiles[-1].amounts

    def test_memory_is_less_than_the_name_says(self, board: MigBoard) -> None:
        for profile in board.profiles:
            if "memory" not in profile.synthetic:
                named = int(profile.name.split(".")[1].split("gb")[0])
                assert profile.memory < Quantity(f"{named}Gi")

    def test_every_named_layout_is_possible(self, board: MigBoard) -> None:
        for name in board.layout_names:
            assert board.fits(board.named_layout(name))

    def test_every_row_has_a_source(self, board: MigBoard) -> None:
        assert all(profile.source for profile in board.profiles)
        assert all(profile.synthetic <= set(AMOUNTS) for profile in board.profiles)


class TestA100:
    def test_mix_of_three_profiles_coexists(self) -> None:
        assert A100.fits(a100("1g.5gb@0", "1g.5gb@1", "2g.10gb@2", "3g.20gb@4"))

    def test_two_3g_leave_room_for_nothing(self) -> None:
        assert A100.room(a100("3g.20gb@0", "3g.20gb@4")) == ()

    def test_4g_and_3g_fit(self) -> None:
        assert A100.fits(a100("4g.20gb@0", "3g.20gb@4"))

    def test_3g_below_leaves_no_place_for_4g(self) -> None:
        assert A100.conflict(a100("3g.20gb@0", "4g.20gb@0")) == (
            "4g.20gb@0 and 3g.20gb@0 both need memory slice 0"
        )

    def test_4g_never_twice(self) -> None:
        assert A100.place(["4g.20gb", "4g.20gb"]) is None

    def test_media_extensions_run_out(self) -> None:
        assert A100.conflict(a100("1g.5gb+me@0", "1g.5gb+me@1")) == ("not enough jpegEngines for 1g.5gb+me@1")

    def test_room_beside_one_3g(self) -> None:
        room = [str(each) for each in A100.room(a100("3g.20gb@4"))]
        assert [each for each in room if not each.startswith("1g")] == [
            "2g.10gb@0",
            "2g.10gb@2",
            "3g.20gb@0",
            "4g.20gb@0",
        ]

    def test_double_memory_may_begin_at_the_last_pair(self) -> None:
        assert A100.profile("1g.10gb").starts == (0, 2, 4, 6)

    def test_room_beside_the_impossible_is_an_error(self) -> None:
        with pytest.raises(DriverError, match="both need memory slice"):
            A100.room(a100("7g.40gb@0", "1g.5gb@0"))

    def test_illegal_start(self) -> None:
        with pytest.raises(DriverError, match="cannot begin at memory slice 2") as caught:
            A100.instance("3g.20gb", 2)
        assert caught.value.remedy == "it may at 0, 4"


class TestNeeds:
    @pytest.mark.parametrize(
        ("board", "memory", "names"),
        [
            # A "20gb" profile has less than 20Gi, a "10gb" one less than 10Gi.
            ("A100-40GB", "10Gi", ["3g.20gb", "4g.20gb", "7g.40gb"]),
            ("H100-80GB", "20Gi", ["3g.40gb", "4g.40gb", "7g.80gb"]),
            ("H100-80GB", "19Gi", ["1g.20gb", "2g.20gb", "3g.40gb", "4g.40gb", "7g.80gb"]),
            ("H100-80GB", "80Gi", []),
        ],
    )
    def test_at_least_so_much_memory(self, board: str, memory: str, names: list[str]) -> None:
        assert [each.name for each in get_board(board).profiles_with(memory=memory)] == names

    def test_at_least_so_much_compute(self) -> None:
        h100 = get_board("H100-80GB")
        assert [each.name for each in h100.profiles_with(compute_slices=4)] == ["4g.40gb", "7g.80gb"]
        assert [each.name for each in h100.profiles_with(multiprocessors=61)] == ["4g.40gb", "7g.80gb"]

    def test_media_extensions(self) -> None:
        assert [each.name for each in A100.profiles_with(media_extensions=True)] == ["1g.5gb+me"]

    def test_bytes_are_understood(self) -> None:
        assert A100.profiles_with(memory=40192 << 20)[0].name == "7g.40gb"


class TestNamedLayouts:
    @pytest.mark.parametrize(
        ("name", "count"),
        [("all-1g.5gb", 7), ("all-1g.10gb", 4), ("all-2g.10gb", 3), ("all-3g.20gb", 2), ("all-7g.40gb", 1)],
    )
    def test_all_of_one_profile(self, name: str, count: int) -> None:
        layout = A100.named_layout(name)
        assert {f"all-{each.profile.name}" for each in layout} == {name}
        assert len(layout) == count

    def test_media_profile_is_written_with_a_dot(self) -> None:
        assert [str(each) for each in A100.named_layout("all-1g.5gb.me")] == ["1g.5gb+me@0"]

    def test_balanced(self) -> None:
        def profiles(board: MigBoard) -> list[str]:
            return sorted(each.profile.name for each in board.named_layout("all-balanced"))

        assert profiles(A100) == ["1g.5gb", "1g.5gb", "2g.10gb", "3g.20gb"]
        assert profiles(A30) == ["1g.6gb", "1g.6gb", "2g.12gb"]

    def test_disabled_and_merely_enabled_have_no_instances(self) -> None:
        assert A100.named_layout("all-disabled") == A100.named_layout("all-enabled") == ()

    @pytest.mark.parametrize("name", ["balanced", "all-9g.1gb"])
    def test_unknown_layout(self, name: str) -> None:
        with pytest.raises(UnknownNameError):
            A100.named_layout(name)


class TestPlace:
    def test_beside_what_is_used(self) -> None:
        placed = A100.place(["2g.10gb", "2g.10gb"], used=a100("3g.20gb@4"))
        assert [str(each) for each in placed or ()] == ["2g.10gb@0", "2g.10gb@2"]

    def test_backtracks_where_the_lowest_place_would_block(self) -> None:
        placed = A100.place(["3g.20gb", "2g.10gb", "1g.5gb", "1g.5gb"])
        assert placed is not None
        assert A100.fits(placed)

    @given(st.lists(st.sampled_from(A100.instances), max_size=8))
    def test_whatever_fits_has_places(self, instances: list[Instance]) -> None:
        if A100.fits(instances):
            assert A100.place([each.profile.name for each in instances]) is not None

    @given(st.lists(st.sampled_from(A100.instances), max_size=6))
    def test_room_is_exact(self, instances: list[Instance]) -> None:
        if A100.fits(instances):
            room = A100.room(instances)
            assert all(A100.fits([*instances, each]) == (each in room) for each in A100.instances)


class TestBoards:
    def test_by_product_name(self) -> None:
        assert get_board("NVIDIA H200").name == "H200-141GB"

    def test_ambiguous_product_name(self) -> None:
        with pytest.raises(UnknownNameError):
            get_board("NVIDIA GB200")

    def test_scaled_rows_say_so(self) -> None:
        gb200 = get_board("GB200-186GB")
        assert "memory" in gb200.profile("3g.93gb").synthetic
        assert gb200.profile("1g.23gb").synthetic == frozenset()

    @pytest.mark.parametrize(
        ("board", "figures"),
        [
            # Profile: MiB, SM, copy engines, decoders, JPEG, OFA. Read on live boards, A100 40GB and A30 in
            # NVML's mocks, which KEP-4815 repeats.
            ("A30-24GB", {"1g.6gb": (5836, 14, 1, 0, 0, 0), "4g.24gb": (23344, 56, 4, 4, 1, 1)}),
            (
                "A100-40GB",
                {
                    "1g.5gb": (4864, 14, 1, 0, 0, 0),
                    "1g.5gb+me": (4864, 14, 1, 1, 1, 1),
                    "1g.10gb": (9856, 14, 1, 1, 0, 0),
                    "2g.10gb": (9856, 28, 2, 1, 0, 0),
                    "3g.20gb": (19968, 42, 3, 2, 0, 0),
                    "4g.20gb": (19968, 56, 4, 2, 0, 0),
                    "7g.40gb": (40192, 98, 7, 5, 1, 1),
                },
            ),
            ("A100-80GB", {"1g.10gb": (9728, 14, 1, 0, 0, 0), "7g.80gb": (80896, 98, 7, 5, 1, 1)}),
            (
                "H100-80GB",
                {
                    "1g.10gb": (9984, 16, 1, 1, 1, 0),
                    "1g.20gb": (20096, 26, 1, 1, 1, 0),
                    "2g.20gb": (20096, 32, 2, 2, 2, 0),
                    "3g.40gb": (40448, 60, 3, 3, 3, 0),
                    "4g.40gb": (40448, 64, 4, 4, 4, 0),
                    "7g.80gb": (81152, 132, 8, 7, 7, 1),
                },
            ),
            ("H100-NVL-94GB", {"1g.12gb": (11008, 16, 1, 1, 1, 0), "3g.47gb": (47488, 60, 3, 3, 3, 0)}),
            ("H200-141GB", {"1g.18gb": (16384, 16, 1, 1, 1, 0), "7g.141gb": (143104, 132, 8, 7, 7, 1)}),
            ("GH200-96GB", {"1g.12gb": (11264, 16, 1, 1, 1, 0)}),
            ("GH200-144GB", {"1g.18gb": (17920, 16, 1, 1, 1, 0)}),
            ("B200-180GB", {"1g.23gb": (22528, 18, 2, 1, 1, 0)}),
            ("GB200-186GB", {"1g.23gb": (22528, 18, 2, 1, 1, 0)}),
            ("GB200-189GB", {"1g.24gb": (20480, 18, 2, 1, 1, 0)}),
        ],
    )
    def test_figures_as_read(self, board: str, figures: dict[str, tuple[int, ...]]) -> None:
        for name, (memory, multiprocessors, copy, decoders, jpeg, ofa) in figures.items():
            profile = get_board(board).profile(name)
            assert profile.memory_mib == memory
            assert profile.engines == (multiprocessors, copy, decoders, 0, jpeg, ofa), name

    def test_figures_of_the_h100(self) -> None:
        h100 = get_board("H100-80GB")
        assert str(h100.profile("7g.80gb").memory) == "81152Mi"
        assert h100.maxima == {
            "memory": 81152 << 20,
            "multiprocessors": 132,
            "copyEngines": 8,
            "decoders": 7,
            "encoders": 0,
            "jpegEngines": 7,
            "ofaEngines": 1,
        }
