"""Wrong names come with the one that was meant."""

from __future__ import annotations

from dra.suggestions import did_you_mean, nearest, unknown_name


def test_nearest_ignores_case_and_gives_up_on_the_unlike() -> None:
    assert nearest("PRODUCTNAME", ["productName", "uuid"]) == "productName"
    assert nearest("zzz", ["productName", "uuid"]) == ""


def test_what_may_be_right_is_compared_strictly() -> None:
    assert nearest("gpus", ["gpu-c"]) == "gpu-c"
    assert nearest("gpus", ["gpu-c"], strictly=True) == ""
    assert nearest("gpu", ["gpu-c"], strictly=True) == "gpu-c"


def test_the_same_name_behind_another_domain_comes_first() -> None:
    known = ["gpu.nvidia.com/pciRoot", "resource.kubernetes.io/pcieRoot"]
    assert nearest("gpu.nvidia.com/pcieRoot", known) == "resource.kubernetes.io/pcieRoot"


def test_a_name_that_is_the_beginning_of_others_gets_all_of_them() -> None:
    boards = ["A10", "A100-40GB", "A100-80GB", "B200-180GB", "B300"]

    assert unknown_name("GPU", "A100", boards).remedy == "did you mean 'A100-40GB' or 'A100-80GB'?"
    assert unknown_name("GPU", "b200", boards).remedy == "did you mean 'B200-180GB'?"


def test_what_is_no_name_is_unknown() -> None:
    assert unknown_name("driver", None, ["gpu.nvidia.com"]).remedy == "known: gpu.nvidia.com"


def test_the_names_there_are_may_come_from_a_generator() -> None:
    assert did_you_mean("trian", (each for each in ("serve", "train"))) == "did you mean 'train'?"
