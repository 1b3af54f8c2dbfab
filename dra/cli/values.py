"""The values of options: one of a few words, or a number.

Typer would check both, in words that change with its version and leave out what was written. Here a wrong one
is told with what is expected and the word that was probably meant.
"""

from __future__ import annotations

import contextlib
import copy
import inspect
from collections.abc import Callable
from enum import Enum
from typing import Annotated, Any, get_args, get_origin

import typer

from dra.arguments import finite, whole
from dra.cli.options import starting
from dra.errors import ArgumentError
from dra.suggestions import did_you_mean

__all__ = ["with_values_checked"]


def with_values_checked(parameter: inspect.Parameter) -> inspect.Parameter:
    """A command's parameter whose text is checked here, if it is a word of an `Enum` or a number."""
    annotation, option = get_args(parameter.annotation)
    kind = _kind(annotation)
    option = copy.copy(option)
    if issubclass(kind, Enum):
        words = [each.value for each in kind]
        option.parser = _word_of(kind)
        option.autocompletion = starting(lambda: words)
        option.metavar = " | ".join(words)
        # Whatever the kind, the parser is from text: typer has ideas of its own about an Enum.
        annotation = (list[str] if _is_list(annotation) else str) | None
    elif kind in (int, float):
        option.parser = _number(kind, option.min, option.max)
        option.metavar = option.metavar or "NUMBER"
    return parameter.replace(annotation=Annotated[annotation, option])


def _kind(annotation: Any) -> type:
    """What a value is: an annotation without `list` and `None`."""
    while arms := [arm for arm in get_args(annotation) if arm is not type(None)]:
        annotation = arms[0]
    kind: type = annotation
    return kind


def _is_list(annotation: Any) -> bool:
    return any(get_origin(each) is list for each in (annotation, *get_args(annotation)))


def _word_of(kind: type[Enum]) -> Callable[[Any], Enum]:
    words = {str(each.value): each for each in kind}

    def parse(text: Any) -> Enum:
        if isinstance(text, kind):  # the default
            return text
        if text in words:
            return words[text]
        meant = did_you_mean(text, words)
        raise typer.BadParameter(
            f"{text!r} is not one of {', '.join(words)}" + (f"\n  {meant}" if meant else "")
        )

    return parse


def _number(kind: type, least: Any, most: Any) -> Callable[[Any], int | float]:
    def parse(text: Any) -> int | float:
        value = text
        with contextlib.suppress(ValueError):
            value = kind(text)
        try:
            if kind is int:
                return whole(value, "", least=least, most=most)
            return finite(value, "", least=least)
        except ArgumentError as error:
            raise typer.BadParameter(error.message) from None

    return parse
