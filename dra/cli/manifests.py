"""The manifests named on the command line: objects by kind, each knowing the file and line it came from."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Sequence
from functools import cached_property
from typing import TYPE_CHECKING, TypeVar

import attrs
from typing_extensions import Self

import dra
from dra.cli.files import path_of, refuse_stdin_twice
from dra.cli.live import LiveCluster
from dra.errors import DraError, LoadError

if TYPE_CHECKING:
    from dra.allocator import DeviceId
    from dra.models.loading import Located
    from dra.models.meta import KubernetesObject
    from dra.models.resource import Device

__all__ = ["Manifests"]

_Object = TypeVar("_Object", bound="KubernetesObject")


@attrs.frozen(slots=False)
class Manifests:
    """Objects of some files, in the order in which they were read."""

    located: tuple[Located, ...]

    @classmethod
    def read(cls, filenames: Sequence[str]) -> Self:
        """Read files, folders and, for `-`, standard input.

        Raises:
            DraError: Something cannot be read, something is given twice, or an object has no name.
        """
        refuse_stdin_twice(filenames)
        located = [each for name in filenames for each in _read(name)]
        _refuse_nameless(located)
        _refuse_duplicates(located)
        return cls(tuple(located))

    def of(self, kind: type[_Object]) -> list[_Object]:
        """The objects of a kind."""
        return [each.object for each in self.located if isinstance(each.object, kind)]

    def devices(self) -> dict[DeviceId, Device]:
        """Every published device by its identity; of several generations of a pool the newest."""
        from dra.allocator import DeviceId
        from dra.models.resource import ResourceSlice

        slices = sorted(self.of(ResourceSlice), key=lambda each: each.spec.pool.generation)
        return {
            DeviceId(each.spec.driver, each.spec.pool.name, device.name): device
            for each in slices
            for device in each.spec.devices or ()
        }

    @cached_property
    def _by_subject(self) -> dict[str, Located]:
        """The first object of each name."""
        return {each.object.subject: each for each in reversed(self.located)}

    def locate(self, error: DraError, otherwise: KubernetesObject) -> DraError:
        """The same error with the file and line of the object it names, or of another if it names none."""
        culprit = self._by_subject.get(error.subject) or self._by_subject.get(otherwise.subject)
        return culprit.locate(error) if culprit else error


def _read(name: str) -> list[Located]:
    from dra.models.loading import STDIN, load_located, nothing_in

    if isinstance(name, LiveCluster):
        return load_located(name.contents())
    try:
        located = load_located(sys.stdin.buffer if name == "-" else path_of(name))
    except LoadError as error:
        raise error.located(source=name) from None
    if not located:
        raise nothing_in(STDIN if name == "-" else name)
    return located


def _refuse_nameless(located: Iterable[Located]) -> None:
    """An answer is about claims and nodes by name; `generateName` becomes one only in a cluster."""
    for each in located:
        if isinstance(each.object, dra.ResourceClaim | dra.Node) and not each.object.metadata.name:
            raise each.locate(LoadError("required", path="metadata.name", remedy="give it any name"))


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
