"""What a shell makes of `-f *.yaml`: files after the first that no option stands before."""

from __future__ import annotations

import os
import shlex
from collections.abc import Mapping, Sequence
from typing import Any, Final

from typer.core import TyperCommand

from dra.suggestions import listed

__all__ = ["Command"]

_OPTION: Final = "filename"
_ENDINGS: Final = (".json", ".yaml", ".yml")
_SHOWN: Final = 3


class Command(TyperCommand):
    """A command that says how to name several files, if it takes files by `-f` only.

    The types of contexts and parameters are click's, which typer depends on or has in itself, by its version.
    """

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """As typer, which has no remedy for a file too many, and takes one for the name of a pod."""
        given, left, _ = self.make_parser(ctx).parse_args(args=list(args))
        takes_files = any(each.name == _OPTION for each in self.params)
        if takes_files and not given.get("help") and not ctx.resilient_parsing:
            files = [each for each in left if os.path.exists(each)]  # noqa: PTH110 - an expression may be left
            files = files or [each for each in self._names(given) if _is_manifest(each)]
            if files:
                options = _by_option([*(given.get(_OPTION) or ()), *files])
                ctx.fail(
                    f"-f is missing before {listed(files)}\n"
                    f"  write {options}, or -f and the folder that they are in"
                )
        return super().parse_args(ctx, args)

    def _names(self, given: Mapping[str, Any]) -> list[str]:
        """What stands where other things than files are expected."""
        names: list[str] = []
        for each in self.params:
            if each.param_type_name == "argument" and "FILE" not in (each.metavar or ""):
                value = given.get(each.name or "")
                one = [value] if isinstance(value, str) else []
                names += value if isinstance(value, (list, tuple)) else one
        return names


def _is_manifest(name: str) -> bool:
    return name.endswith(_ENDINGS) and os.path.isfile(name)  # noqa: PTH113 - as above


def _by_option(files: Sequence[str]) -> str:
    more = " ..." if len(files) > _SHOWN else ""
    return " ".join(f"-f {shlex.quote(each)}" for each in files[:_SHOWN]) + more
