"""Questions of `dra new`, a line for each answer; `test_new.py` asks them on a terminal."""

from __future__ import annotations

import io
from collections.abc import Callable

import pytest
import typer

from dra.cli.questions import ask
from dra.cli.wish import Wish

Answer = Callable[..., Wish]


@pytest.fixture
def answer(monkeypatch: pytest.MonkeyPatch) -> Answer:
    """What comes of some answers; an empty one takes the default."""

    def answered(*lines: str) -> Wish:
        monkeypatch.setattr("sys.stdin", io.StringIO("".join(f"{line}\n" for line in lines)))
        return ask()

    return answered


def test_defaults_are_a_template_for_one_gpu(answer: Answer) -> None:
    assert answer(*[""] * 8) == Wish(kind="gpu", name="gpu", template=True)


def test_a_device_needs_a_class(answer: Answer, capsys: pytest.CaptureFixture[str]) -> None:
    wish = answer("device", "", "gpu.amd.com", "2", "claim", "mine")
    assert wish == Wish(kind="device", device_class="gpu.amd.com", count=2, name="mine")
    assert "dra new device --name mine --device-class gpu.amd.com --count 2" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        (["gpus"], "did you mean 'gpu'?"),
        (["gpu", "H100-80G"], "did you mean 'H100-80GB'?"),
        (["gpu", "", "exclusive", "much"], "is not a quantity"),
        (["gpu", "", "exclusive", "", "two"], "a whole number is needed"),
        (["gpu", "", "exclusive", "", "1", "", "claim", "A B"], "RFC 1123"),
    ],
)
def test_a_wrong_answer_is_told_and_asked_for_again(
    answer: Answer, capsys: pytest.CaptureFixture[str], wrong: list[str], said: str
) -> None:
    with pytest.raises(typer.Abort):  # nothing more is typed after it
        answer(*wrong)
    assert said in capsys.readouterr().err


def test_a_nic_comes_with_the_gpu(answer: Answer) -> None:
    assert answer("gpu", "", "exclusive", "", "2", "dranet", "", "").nic == "dranet"
