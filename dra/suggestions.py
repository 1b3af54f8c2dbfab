"""Names that are not there: which one was probably meant."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Sequence
from functools import lru_cache
from typing import Final

from dra.errors import UnknownNameError

__all__ = ["did_you_mean", "listed", "nearest", "unknown_name"]

# More names than this are no help to who looks for one.
_MOST_MEANT: Final = 4
_MOST_LISTED: Final = 3
# How much of two names is the same, from 0 to 1, if one may be meant by the other, and if it nearly is it.
_ALIKE: Final = 0.5
_NEARLY: Final = 0.7
# Thousands of pods can wait for one misspelt name; a set of names can be that of all nodes.
_REMEMBERED: Final = 64


def nearest(name: str, known: Iterable[str], *, strictly: bool = False) -> str:
    """The known name that a wrong one was most likely meant to be, or an empty text.

    Args:
        name: The wrong name.
        known: The names there are.
        strictly: Only a name that it nearly is: for a name that may be right, with other names known.

    Example:
        >>> nearest("gpu.nvidia.con", ["gpu.nvidia.com", "mig.nvidia.com"])
        'gpu.nvidia.com'
        >>> nearest("gpus", ["gpu-a"]), nearest("gpus", ["gpu-a"], strictly=True)
        ('gpu-a', '')
    """
    return _nearest(name, tuple(known), strictly)


@lru_cache(maxsize=_REMEMBERED)
def _nearest(name: str, known: tuple[str, ...], strictly: bool) -> str:
    same = [each for each in known if _last(each) == _last(name)]
    if same:
        return same[0]
    if strictly:
        return next(iter(difflib.get_close_matches(name, known, 1, _NEARLY)), "")
    begun = _begun(name, known)
    if begun:
        return min(begun, key=len)
    by_lower = {each.lower(): each for each in known}
    found = difflib.get_close_matches(name.lower(), by_lower, 1, _ALIKE)
    return by_lower[found[0]] if found else ""


def _last(name: str) -> str:
    """The part behind the domain or namespace, in lower case."""
    return name.rpartition("/")[2].lower()


def _begun(name: str, known: Iterable[str]) -> list[str]:
    """The known names of which a name is the beginning, as `A100` is of `A100-80GB`."""
    wanted = name.lower()
    return [each for each in known if len(wanted) > 1 and each.lower().startswith(wanted)]


def did_you_mean(name: str, known: Iterable[str], otherwise: str = "", *, strictly: bool = False) -> str:
    """The remedy for a wrong name: a question for the nearest one.

    Args:
        name: The wrong name.
        known: The names there are.
        otherwise: What to say where none is near.
        strictly: As for `nearest`.

    Example:
        >>> did_you_mean("train", ["training", "serve"]), did_you_mean("x", ["serve"], "known: serve")
        ("did you mean 'training'?", 'known: serve')
    """
    meant = nearest(name, known, strictly=strictly)
    return f"did you mean {meant!r}?" if meant else otherwise


def listed(names: Sequence[str], most: int = _MOST_LISTED) -> str:
    """The first few names, and how many more there are.

    Example:
        >>> listed(["node-1", "node-2", "node-3", "node-4", "node-5"])
        'node-1, node-2, node-3 and 2 more'
    """
    more = f" and {len(names) - most} more" if len(names) > most else ""
    return ", ".join(names[:most]) + more


def unknown_name(what: str, name: object, known: Iterable[str]) -> UnknownNameError:
    """The error for a name that does not exist, with the nearest one that does, or those that begin so.

    Args:
        what: What the name was to be the name of, such as `attribute of gpu.nvidia.com`.
        name: The wrong name.
        known: The names there are.
    """
    names = sorted(known)
    begun = _begun(str(name), names)
    meant = begun if len(begun) <= _MOST_MEANT else []
    meant = meant or [each for each in (nearest(str(name), names),) if each]
    choice = " or ".join(filter(None, (", ".join(map(repr, meant[:-1])), *map(repr, meant[-1:]))))
    remedy = f"did you mean {choice}?" if choice else f"known: {', '.join(names) or 'none'}"
    return UnknownNameError(f"no {what} is named {name!r}", value=name, remedy=remedy)
