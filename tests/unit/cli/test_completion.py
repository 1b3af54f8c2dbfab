"""What shells and kubectl get when Tab is pressed: bash and fish themselves, zsh by what it evaluates."""

from __future__ import annotations

import os
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from dra.cli import ExitCode, main
from dra.cli.kubectl import complete
from dra.scheduler import POLICIES
from tests.unit.test_docs import prepare

ROOT = Path(__file__).parents[3]
GATES = "--feature-gates"

# What is typed before Tab, and what it may become; nothing means names of files.
CASES = [
    ("al", ["allocate"]),
    ("what-if dr", ["drain"]),
    ("allocate --feat", [GATES]),
    ("allocate -o ", ["json", "table", "yaml"]),
    ("capacity --by n", ["namespace", "node"]),
    ("new gpu --share m", ["mig", "mps"]),
    ("new gpu --board H100", ["H100-80GB", "H100-NVL-94GB"]),
    ("nodes l4 --mig all-b", ["all-balanced"]),
    ("nodes dgx-h100 --driver dra.n", ["dra.net"]),
    ("map --kubernetes 1.3", ["1.34", "1.35", "1.36", "1.37"]),
    ("schedule --policy ", sorted(POLICIES)),
    ("simulate pods --policy be", ["best-fit"]),
    (f"allocate {GATES} DRADeviceTaints", ["DRADeviceTaints=false", "DRADeviceTaints=true"]),
    ("allocate -f exam", []),
]
# What zsh and fish put into the place of a word with `=` in it.
WITH_EQUALS = [
    ("allocate --output=j", ["--output=json"]),
    (f"allocate {GATES} DRADeviceTaints=t", ["DRADeviceTaints=true"]),
    (f"allocate {GATES}=DRADeviceTaints=t", [f"{GATES}=DRADeviceTaints=true"]),
]


def environment(folder: Path) -> dict[str, str]:
    prepare(folder)
    return os.environ | {"PATH": f"{folder / '.bin'}:{os.environ['PATH']}", "PYTHONPATH": str(ROOT)}


def run(command: list[str], folder: Path) -> list[str]:
    done = subprocess.run(
        command, cwd=folder, env=environment(folder), capture_output=True, text=True, timeout=60, check=True
    )
    return done.stdout.splitlines()


@pytest.mark.skipif(not shutil.which("bash"), reason="there is no bash")
class TestBash:
    """The script that `dra --show-completion` prints, called as bash calls it."""

    def candidates(self, words: list[str], folder: Path) -> list[str]:
        listed = " ".join(shlex.quote(word) for word in ["dra", *words])
        script = (
            'eval "$(_DRA_COMPLETE=source_bash dra)"\n'
            f"COMP_WORDS=({listed}) COMP_CWORD={len(words)}\n"
            '_dra_completion dra && printf "%s\\n" "${COMPREPLY[@]}"\n'
        )
        return sorted(line for line in run(["bash", "--norc", "-c", script], folder) if line)

    @pytest.mark.parametrize(("typed", "becomes"), CASES)
    def test_words_are_completed(self, typed: str, becomes: list[str], tmp_path: Path) -> None:
        assert self.candidates(typed.split(" "), tmp_path) == becomes

    @pytest.mark.parametrize(
        ("words", "becomes"),
        [
            (["allocate", "--output", "=", "j"], ["json"]),
            (["allocate", "--output", "="], ["json", "table", "yaml"]),
            (["allocate", GATES, "DRADeviceTaints", "=", "t"], ["true"]),
            (["allocate", GATES, "DRADeviceTaints", "="], ["false", "true"]),
            (["allocate", GATES, "=", "DRADeviceTaints", "=", "t"], ["true"]),
            (["allocate", "--output", "=", "json", "--quie"], ["--quiet"]),
        ],
    )
    def test_an_equals_sign_is_a_word_of_its_own_to_bash(
        self, words: list[str], becomes: list[str], tmp_path: Path
    ) -> None:
        assert self.candidates(words, tmp_path) == becomes


@pytest.mark.skipif(not shutil.which("fish"), reason="there is no fish")
@pytest.mark.parametrize(("typed", "becomes"), [*CASES[:-1], *WITH_EQUALS, ("validate exam", ["examples/"])])
def test_fish_completes_words(typed: str, becomes: list[str], tmp_path: Path) -> None:
    script = f"_DRA_COMPLETE=source_fish dra | source; complete -C {shlex.quote(f'dra {typed}')}"
    lines = run(["fish", "--no-config", "-c", script], tmp_path)
    assert sorted(line.partition("\t")[0] for line in lines) == becomes


@pytest.mark.parametrize(("typed", "becomes"), WITH_EQUALS)
def test_zsh_gets_the_whole_word(
    typed: str, becomes: list[str], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("_DRA_COMPLETE", "complete_zsh")
    monkeypatch.setenv("_TYPER_COMPLETE_ARGS", f"dra {typed}")
    assert main([]) == ExitCode.OK
    words = "\n".join(f'"{word}"' for word in becomes)
    assert capsys.readouterr().out == f"_arguments '*: :(({words}))'\n"


@pytest.mark.parametrize(
    ("typed", "lines"),
    [
        ("al", ["allocate\tAllocate claims to nodes, or say why they do not fit.", ":4"]),
        ("allocate -f exam", [":0"]),
        ("new gpu --board H100", ["H100-80GB", "H100-NVL-94GB", ":4"]),
        # kubectl puts the option before what it gets.
        ("allocate --output=j", ["json", ":4"]),
        (f"allocate {GATES}=DRADeviceTaints=t", ["DRADeviceTaints=true", ":4"]),
        (
            "allocate --cont",
            ["--context\tRead the cluster of this context of the kubeconfig; '' for the current one.", ":4"],
        ),
    ],
)
def test_kubectl_gets_words_and_what_they_mean(
    typed: str, lines: list[str], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    before = dict(os.environ)
    monkeypatch.setattr(sys, "argv", ["kubectl_complete-dra", *typed.split(" ")])
    assert complete() == 0
    assert capsys.readouterr().out.splitlines() == lines
    assert dict(os.environ) == before


def test_names_of_commands_cost_none_of_them(tmp_path: Path) -> None:
    code = (
        "import sys; from dra.cli import main; main([]);"
        "print(sorted(m for m in sys.modules if m.startswith('dra.')))"
    )
    asked = {"_DRA_COMPLETE": "complete_bash", "COMP_WORDS": "dra\n", "COMP_CWORD": "1"}
    done = subprocess.run(
        [sys.executable, "-c", code],
        env=environment(tmp_path) | asked,
        capture_output=True,
        text=True,
        check=True,
    )
    *commands, loaded = done.stdout.splitlines()
    assert {"allocate", "what-if"} < set(commands)
    parts = ("app", "commands", "completion", "exit_code", "streams")
    assert loaded == str(["dra._version", "dra.cli", *(f"dra.cli.{part}" for part in parts)])
