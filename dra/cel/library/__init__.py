"""The libraries of functions that an expression may call, one file each."""

from __future__ import annotations

from typing import Final

from dra.cel.declarations import Library
from dra.cel.library import (
    authorization,
    bindings,
    comprehensions,
    conversions,
    formats,
    list_extension,
    lists,
    network,
    operators,
    optionals,
    quantity,
    regex,
    semver,
    sets,
    standard,
    strings,
    templates,
    times,
    url,
)

__all__ = ["LIBRARIES"]

# Those that extend a function of another come after it: the order of overloads is the order of trial.
LIBRARIES: Final[tuple[Library, ...]] = (
    operators.LIBRARY,
    standard.LIBRARY,
    standard.COSTS,
    conversions.LIBRARY,
    *times.LIBRARIES,
    regex.LIBRARY,
    optionals.LIBRARY,
    quantity.LIBRARY,
    semver.LIBRARY,
    sets.LIBRARY,
    network.LIBRARY,
    url.LIBRARY,
    authorization.LIBRARY,
    formats.LIBRARY,
    bindings.LIBRARY,
    comprehensions.LIBRARY,
    *strings.LIBRARIES,
    templates.LIBRARY,
    *lists.LIBRARIES,
    *list_extension.LIBRARIES,
)
