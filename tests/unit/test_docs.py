"""Every Python and console block of README.md, CONTRIBUTING.md and docs/ runs and does what the page says.

How a page is written so that it can be run:

- Blocks of one page share one namespace and one empty working directory in which `examples` is the
  repository's folder; Python files there can be imported.
- ```` ```yaml title="claim.yaml" ```` (any language) first becomes that file, for the blocks after it.
- ```` ```python ```` runs; with `>>>` in it, its output is compared as doctest does.
- In ```` ```console ```` each line after `$ ` is run in a shell; what is printed (stdout and stderr) must
  equal the lines below it, `...` standing for anything. With no lines below it must succeed. `$ echo $?`
  shows the status of the command before.
- Commands that install or need a cluster (`NOT_RUN`) are left alone, and so is a block after a comment
  `<!-- not run: why -->`.
"""

from __future__ import annotations

import contextlib
import doctest
import io
import os
import re
import shlex
import subprocess
import sys
import textwrap
from collections.abc import Iterator
from pathlib import Path

import attrs
import pytest
import yaml

from dra.cli import main

ROOT = Path(__file__).parents[2]
PAGES = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").rglob("*.md"))]
NOT_RUN = ("make ", "pip install", "python -m pip", "git ", "cd ", "kubectl ", "kind ", "helm ", "mkdocs ")
FLAGS = doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE
SHELL_SYNTAX = re.compile(r"[|&;<>()$`*?~#]")
FENCE = re.compile(
    r"(?P<skip><!-- not run: [^\n]*-->\s*\n)?"
    r"^(?P<indent> *)```(?P<language>\w+)(?P<attributes>[^\n]*)\n(?P<code>.*?)^(?P=indent)```$",
    re.MULTILINE | re.DOTALL,
)


@attrs.frozen
class Block:
    """One fenced block of a page."""

    language: str
    title: str
    code: str
    line: int
    skipped: bool


@attrs.frozen
class Step:
    """One command of a console block and the output shown below it."""

    command: str
    shown: str


def blocks_of(text: str) -> Iterator[Block]:
    for match in FENCE.finditer(text):
        title = re.search(r'title="([^"]+)"', match["attributes"])
        yield Block(
            language=match["language"],
            title=title[1] if title else "",
            code=textwrap.dedent(match["code"]),
            line=text.count("\n", 0, match.start("code")) + 1,
            skipped=match["skip"] is not None,
        )


def steps_of(code: str) -> Iterator[Step]:
    for part in re.split(r"^\$ ", code, flags=re.MULTILINE)[1:]:
        command, _, shown = part.partition("\n")
        while command.endswith("\\"):
            following, _, shown = shown.partition("\n")
            command = command[:-1] + following.removeprefix(">")
        yield Step(command.strip(), shown.strip("\n"))


def run_python(block: Block, page: Path, namespace: dict[str, object]) -> None:
    if ">>>" not in block.code:
        exec(compile("\n" * (block.line - 1) + block.code, str(page), "exec"), namespace)
        return
    test = doctest.DocTestParser().get_doctest(block.code, namespace, page.name, str(page), block.line - 1)
    complaints: list[str] = []
    doctest.DocTestRunner(optionflags=FLAGS, verbose=False).run(
        test, out=complaints.append, clear_globs=False
    )
    namespace.update(test.globs)
    assert not complaints, "".join(complaints)


def run_command(command: str, folder: Path, status_before: int) -> tuple[int, str]:
    """The exit status of a command and what it prints; `dra` alone runs in this process, which is faster."""
    if command == "echo $?":
        return 0, f"{status_before}\n"
    if command.startswith("dra ") and not SHELL_SYNTAX.search(re.sub(r"'[^']*'", "", command)):
        printed = io.StringIO()
        with contextlib.redirect_stdout(printed), contextlib.redirect_stderr(printed):
            return main(shlex.split(command)[1:]), printed.getvalue()
    done = subprocess.run(
        ["bash", "-c", command],
        cwd=folder,
        env=os.environ | {"PATH": f"{folder / '.bin'}:{os.environ['PATH']}", "PYTHONPATH": str(ROOT)},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
        timeout=60,
    )
    return done.returncode, done.stdout


def run_console(block: Block, page: Path, folder: Path) -> None:
    status = 0
    for step in steps_of(block.code):
        if step.command.startswith(NOT_RUN):
            continue
        status, printed = run_command(step.command, folder, status)
        where = f"{page.name}, block at line {block.line}: $ {step.command}\n"
        if not step.shown:
            assert status == 0, f"{where}status {status}\n{printed}"
            continue
        got = "".join(f"{line.rstrip()}\n" for line in printed.strip("\n").splitlines())
        want = f"{step.shown}\n"
        assert doctest.OutputChecker().check_output(want, got, doctest.ELLIPSIS), (
            f"{where}--- shown\n{want}--- printed\n{got}"
        )


def prepare(folder: Path) -> None:
    """Give a page its working directory: the examples, and `dra` and `python` as commands."""
    (folder / "examples").symlink_to(ROOT / "examples")
    commands = folder / ".bin"
    commands.mkdir()
    # The plugin is named, so that a page runs in an environment that was set up before it had an entry point.
    lines = {
        "dra": f'{sys.executable} -m dra "$@"',
        "python": f'{sys.executable} "$@"',
        "pytest": f'{sys.executable} -m pytest -p no:dra -p dra.testing.plugin "$@"',
    }
    for name, line in lines.items():
        (commands / name).write_text(f"#!/bin/sh\nexec {line}\n")
        (commands / name).chmod(0o755)


@pytest.fixture
def importable(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Modules of the page's directory, which are forgotten afterwards."""
    monkeypatch.syspath_prepend(tmp_path)
    before = set(sys.modules)
    yield
    for name in set(sys.modules) - before:
        if Path(getattr(sys.modules[name], "__file__", None) or "/").is_relative_to(tmp_path):
            del sys.modules[name]


@pytest.mark.usefixtures("importable")
@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_page_does_what_it_says(page: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    prepare(tmp_path)
    monkeypatch.chdir(tmp_path)
    namespace: dict[str, object] = {"__name__": f"page_{page.stem}"}
    for block in blocks_of(page.read_text(encoding="utf-8")):
        if block.skipped:
            continue
        if block.title:
            (tmp_path / block.title).parent.mkdir(parents=True, exist_ok=True)
            (tmp_path / block.title).write_text(block.code)
        if block.language in ("python", "pycon"):
            run_python(block, page, namespace)
        elif block.language in ("console", "shell"):
            run_console(block, page, tmp_path)


def test_every_page_is_in_the_navigation() -> None:
    def pages(entry: object) -> Iterator[str]:
        if isinstance(entry, str):
            yield entry
        for child in entry.values() if isinstance(entry, dict) else entry if isinstance(entry, list) else ():
            yield from pages(child)

    # mkdocs.yml has tags such as !!python/name, which say nothing about the navigation.
    lines = (ROOT / "mkdocs.yml").read_text().split("\nnav:\n", 1)[1]
    navigation = yaml.safe_load(re.split(r"^\S", lines, maxsplit=1, flags=re.MULTILINE)[0])
    written = {str(page.relative_to(ROOT / "docs")) for page in PAGES if page.is_relative_to(ROOT / "docs")}
    assert set(pages(navigation)) == written


class TestTheMechanism:
    """The reader of pages, since a page that is read wrongly passes quietly."""

    def test_blocks_are_found_with_language_title_and_line(self) -> None:
        text = 'text\n\n```yaml title="a.yaml"\na: 1\n```\n\n  ```python\n  x = 1\n  ```\n'
        assert list(blocks_of(text)) == [
            Block("yaml", "a.yaml", "a: 1\n", 4, False),
            Block("python", "", "x = 1\n", 8, False),
        ]

    def test_a_block_with_a_reason_is_left_alone(self) -> None:
        (block,) = blocks_of("<!-- not run: needs a cluster -->\n```console\n$ dra nope\n```\n")
        assert block.skipped

    def test_console_steps_have_their_output_and_join_long_lines(self) -> None:
        assert list(steps_of("$ dra a \\\n    -b\none\ntwo\n$ echo $?\n0\n")) == [
            Step("dra a     -b", "one\ntwo"),
            Step("echo $?", "0"),
        ]

    @pytest.mark.parametrize("command", ["dra --version", "dra --version | cat"])
    def test_a_wrong_output_is_noticed(self, command: str, tmp_path: Path) -> None:
        prepare(tmp_path)
        block = Block("console", "", f"$ {command}\ndra 99\n", 1, False)
        with pytest.raises(AssertionError, match="dra 99"):
            run_console(block, Path("page.md"), tmp_path)

    def test_a_failing_command_without_output_is_noticed(self, tmp_path: Path) -> None:
        block = Block("console", "", "$ dra nope\n", 1, False)
        with pytest.raises(AssertionError, match="status 2"):
            run_console(block, Path("page.md"), tmp_path)

    @pytest.mark.parametrize("code", ["assert 1 == 2\n", ">>> 1 + 1\n3\n"])
    def test_wrong_python_is_noticed(self, code: str) -> None:
        with pytest.raises(AssertionError):
            run_python(Block("python", "", code, 1, False), Path("page.md"), {})
