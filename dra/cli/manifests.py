"""The manifests named on the command line: objects by kind, each knowing the file and line it came from."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

import attrs
from typing_extensions import Self

from dra.errors import DraError, LoadError

if TYPE_CHECKING:
    from dra.models.loading import Located
    from dra.models.meta import KubernetesObject

__all__ = ["Manifests"]

_Object = TypeVar("_Object", bound="KubernetesObject")


@attrs.frozen
class Manifests:
    """Objects of some files, in the order in which they were read."""

    located: tuple[Located, ...]

    @classmethod
    def read(cls, filenames: Sequence[str]) -> Self:
        """Read files, folders and, for `-`, standard input.

        Raises:
            DraError: Something cannot be read, or an object is given twice.
        """
        located = [each for name in filenames for each in _read(name)]
        _refuse_duplicates(located)
        return cls(tuple(located))

    def of(self, kind: type[_Object]) -> list[_Object]:
        """The objects of a kind."""
        return [each.object for each in self.located if isinstance(each.object, kind)]

    def locate(self, error: DraError, culprit: KubernetesObject) -> DraError:
        """The same error with file, line and object filled in."""
        for each in self.located:
            if each.object is culprit:
                return each.locate(error)
        return error


def _read(name: str) -> list[Located]:
    from dra.models.loading import load_located

    located = load_located(sys.stdin.buffer if name == "-" else Path(name))
    if not located:
        raise LoadError("no objects in it", source=name)
    return located


def _refuse_duplicates(located: Iterable[Located]) -> None:
    """Two objects of one name would be two devices, two claims, ... where the cluster has one."""
    first: dict[tuple[str, str], Located] = {}
    for each in located:
        if each.object.metadata.name is None:
            continue
        key = (type(each.object).__name__, each.object.subject)
        if key in first:
            raise each.locate(
                LoadError("given twice", path="metadata.name", remedy=f"it is also in {first[key].source}")
            )
        first[key] = each
