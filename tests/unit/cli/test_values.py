"""The values of options: words of a closed set, numbers, and the forms of `-o`."""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable, Iterator
from enum import Enum
from pathlib import Path
from typing import get_args

import pytest

from dra.cli import ExitCode
from tests.unit.cli.conftest import Run
from tests.unit.cli.test_commands import DGX, LEAVES, RUNS

Command = Callable[..., Run]
PAGE = (Path(__file__).parents[3] / "docs" / "cli.md").read_text()


def kinds(annotation: object) -> Iterator[object]:
    """The types in an annotation."""
    yield annotation
    for each in get_args(annotation):
        yield from kinds(each)


def options(*wanted: type) -> list[tuple[str, str, type]]:
    """The command, the name and the type of each option whose value is of one of some types."""
    found = []
    for command, function in LEAVES.items():
        for each in inspect.signature(inspect.unwrap(function), eval_str=True).parameters.values():
            annotation, option = get_args(each.annotation)
            names = (option.default, *(option.param_decls or ()))
            long = next((name for name in names if str(name).startswith("--")), "")
            found += [
                (command, long, kind)
                for kind in kinds(annotation)
                if isinstance(kind, type) and issubclass(kind, wanted) and kind is not bool
            ]
    return found


def given(command: str, option: str, value: str) -> list[str]:
    """A command line with a value of an option, or of the argument that has no name."""
    return [*command.split(), f"{option}={value}" if option else value]


def message(run: Run) -> str:
    """What is said after the usage."""
    return run.err.partition("Error: ")[2]


@pytest.mark.parametrize(("command", "option", "kind"), options(Enum))
class TestWords:
    """An option that takes one of a few words."""

    def test_a_misspelt_word_is_told_with_the_right_one(
        self, dra_command: Command, command: str, option: str, kind: type[Enum]
    ) -> None:
        words = [each.value for each in kind]
        right = max(words, key=len)
        wrong = right[:-2] + right[-1]
        run = dra_command(*given(command, option, wrong))
        assert run.status == ExitCode.BAD_INPUT
        assert re.fullmatch(
            rf"Invalid value for '[^']*'( / '-\w')?: '{wrong}' is not one of {', '.join(words)}\n"
            rf"  did you mean '{right}'\?\n",
            message(run),
        )

    def test_help_names_the_words(
        self, dra_command: Command, command: str, option: str, kind: type[Enum]
    ) -> None:
        assert " | ".join(each.value for each in kind) in dra_command(*command.split(), "-h").out, option


@pytest.mark.parametrize(("command", "option", "kind"), options(int, float))
@pytest.mark.parametrize("value", ["many", "nan"])
def test_what_is_no_number(dra_command: Command, command: str, option: str, kind: type, value: str) -> None:
    run = dra_command(*given(command, option, value))
    assert run.status == ExitCode.BAD_INPUT
    what = "whole" if kind is int else "finite"
    assert re.match(
        rf"Invalid value for '{option}'.*: must be a {what} number.*, not '?{value}'?\n", message(run)
    )


def test_a_number_out_of_bounds_is_told_with_them(dra_command: Command) -> None:
    run = dra_command("nodes", "l4", "--count", "0")
    bounds = "at least 1 and at most 10000"
    assert message(run) == f"Invalid value for '--count': must be a whole number of {bounds}, not 0\n"


def test_a_word_without_a_near_one(dra_command: Command) -> None:
    run = dra_command("top", "xyzzy")
    assert message(run).endswith(": 'xyzzy' is not one of nodes, namespaces, claims\n")


class TestForms:
    """`-o`, which the page of the command has a table of."""

    @staticmethod
    def documented() -> dict[str, tuple[list[str], str]]:
        """The forms of each command and the one if none is said."""
        rows = re.findall(r"^  \| (`.*`) \| (.*) \| (.*) \|$", PAGE, re.MULTILINE)
        return {
            command: (re.findall(r"`([\w-]+)`", forms), re.findall(r"`([\w-]+)`", default)[:1][0])
            for commands, forms, default in rows
            if forms != "a file"
            for command in re.findall(r"`([\w-]+)`", commands)
        }

    @pytest.mark.parametrize("command", LEAVES)
    def test_the_page_has_the_forms_of_each_command(self, command: str) -> None:
        output = inspect.signature(inspect.unwrap(LEAVES[command]), eval_str=True).parameters["output"]
        form = next(
            (each for each in kinds(output.annotation) if inspect.isclass(each) and issubclass(each, Enum)),
            None,
        )
        documented = self.documented().get(command.split()[0])
        if form is None or documented is None:
            assert documented is form
            return
        forms, default = documented
        assert set(forms) == {each.value for each in form}
        said = get_args(output.annotation)[1].show_default
        assert default == (output.default.value if output.default else said.partition(";")[0])

    @pytest.mark.parametrize("command", ["convert", "default", "new", "nodes"])
    def test_manifests_are_no_table(self, dra_command: Command, command: str) -> None:
        run = dra_command(command, *RUNS[command][0], "-o", "table")
        assert (run.status, run.out) == (ExitCode.BAD_INPUT, "")
        assert "yaml" in message(run)
        assert "json" in message(run)

    def test_the_list_of_machines_is_one(self, dra_command: Command) -> None:
        assert dra_command("nodes", "-o", "table") == dra_command("nodes")
        assert dra_command("nodes", "-o", "json").out.startswith("[\n")


@pytest.mark.parametrize("name", ["NAME", "--by"])
def test_a_right_word_is_taken(dra_command: Command, name: str) -> None:
    arguments = ["top", "claims"] if name == "NAME" else ["capacity", "--by", "product"]
    assert dra_command(*arguments, "-f", DGX).status == ExitCode.OK
