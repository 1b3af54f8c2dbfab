"""What the marker `dra`, the command line and the ini file say about the cluster of a test."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any, Final, TypeVar

import attrs
import pytest

from dra.errors import DraError
from dra.features import LATEST, Features, minor
from dra.models.loading import load
from dra.models.meta import KubernetesObject
from dra.suggestions import unknown_name
from dra.testing import nodes
from dra.testing.cluster import SimulatedCluster
from dra.testing.given import FeatureNames, features_in
from dra.testing.nodes import Fixture, Machine

__all__ = ["Settings", "cluster", "features", "kubernetes", "parametrize"]

_DEFAULT_MACHINE: Final = "dgx-h100"
_FIXTURE: Final = "dra_kubernetes"
_READ: Final = pytest.StashKey[dict[Path, list[KubernetesObject]]]()
_T = TypeVar("_T")


@attrs.frozen(kw_only=True)
class Settings:
    """The arguments of the marker `dra`, those of the closest marker first.

    Attributes:
        machine: Machines by name, or as `Machine`, or nodes as `Fixture`; by default that of the ini file.
        nodes: How many nodes of each machine.
        kubernetes: Minors.
        features: Features besides the minor's defaults.
        manifests: Files and folders with objects of the cluster, relative to the test's file. With them there
            is no machine by default.
        drivers: See `dra.testing.nodes.Setup`.
        mig: Likewise.
        shares: Likewise.
        partitioned: Likewise.
        numa_node: Likewise.
    """

    machine: str | Machine | Fixture | Sequence[str | Machine | Fixture] | None = None
    nodes: int = 1
    kubernetes: str | Sequence[str] | None = None
    features: FeatureNames = None
    manifests: str | Path | Sequence[str | Path] = ()
    drivers: Sequence[str] | None = None
    mig: str | Sequence[str] = ""
    shares: str | int | None = None
    partitioned: bool = False
    numa_node: bool = True

    @classmethod
    def of(cls, item: pytest.Item) -> Settings:
        """The settings of a test.

        Raises:
            UnknownNameError: The marker has no such argument.
            DraError: It has more than one argument without a name.
        """
        names = [field.name for field in attrs.fields(cls)]
        merged: dict[str, Any] = {}
        for mark in item.iter_markers("dra"):
            if len(mark.args) > 1:
                raise DraError(
                    "the marker dra takes one argument without name: the machine",
                    value=mark.args,
                    remedy=f"names of the others: {', '.join(names)}",
                )
            given = {**({"machine": mark.args[0]} if mark.args else {}), **mark.kwargs}
            for name in given:
                if name not in names:
                    raise unknown_name("argument of the marker dra", name, names)
            merged = {**given, **merged}
        return cls(**merged)

    @property
    def minors(self) -> list[str]:
        """The minors that it names."""
        return [minor(each) for each in _listed(self.kubernetes)]


def parametrize(metafunc: pytest.Metafunc) -> None:
    """Run a test once for each minor, if there are several and the test does not say itself for which."""
    if any(_FIXTURE in _names(mark.args[0]) for mark in metafunc.definition.iter_markers("parametrize")):
        return
    try:
        minors = _minors(metafunc.definition)
    except DraError:  # the fixture says so, for this test alone
        return
    if len(minors) > 1:
        metafunc.parametrize(_FIXTURE, minors, indirect=True)


def _names(given: str | Sequence[str]) -> list[str]:
    """The argument names of `parametrize`, given as one text or several."""
    return [name.strip() for name in given.split(",")] if isinstance(given, str) else list(given)


def _minors(item: pytest.Item) -> list[str]:
    config = item.config
    told = config.getoption(_FIXTURE) or config.getini(_FIXTURE)
    return Settings.of(item).minors or [minor(each) for each in told] or [LATEST]


def kubernetes(request: pytest.FixtureRequest) -> str:
    """The minor of a test."""
    return _checked(lambda: minor(getattr(request, "param", None) or _minors(request.node)[0]))


def features(request: pytest.FixtureRequest, of_minor: str) -> Features:
    """The features of a test."""
    return _checked(lambda: features_in(Settings.of(request.node).features, of_minor))


def cluster(request: pytest.FixtureRequest, of_minor: str, on: Features) -> SimulatedCluster:
    """A fresh cluster for a test."""
    return _checked(lambda: _cluster(request, of_minor, on))


def _cluster(request: pytest.FixtureRequest, of_minor: str, on: Features) -> SimulatedCluster:
    settings = Settings.of(request.node)
    ini = request.config
    here = request.node.path.parent
    paths = [here / each for each in _listed(settings.manifests)]
    machines = _listed(settings.machine)
    if not paths and not machines:
        root = ini.inipath.parent if ini.inipath else ini.rootpath
        paths = [root / each for each in ini.getini("dra_manifests")]
        machines = [ini.getini("dra_machine")] if ini.getini("dra_machine") else []
    if not paths and not machines:
        machines = [_DEFAULT_MACHINE]
    objects = [_read(ini, each) for each in paths]
    return SimulatedCluster(
        [*objects, *_machines(machines, settings, of_minor)], kubernetes=of_minor, features=on
    )


def _machines(
    machines: Iterable[str | Machine | Fixture], settings: Settings, of_minor: str
) -> Iterator[Fixture]:
    """Nodes of the machines, numbered from 0 for each type."""
    numbers: dict[str, int] = {}
    for each in machines:
        if isinstance(each, Fixture):
            yield each
            continue
        found = nodes.machine(each) if isinstance(each, str) else each
        for _ in range(settings.nodes):
            number = numbers[found.name] = numbers.get(found.name, -1) + 1
            yield nodes.node(
                found,
                f"{found.name.replace('.', '-')}-{number}",
                drivers=settings.drivers,
                mig=settings.mig,
                shares=settings.shares,
                partitioned=settings.partitioned,
                numa_node=settings.numa_node,
                kubernetes=of_minor,
            )


def _read(config: pytest.Config, path: Path) -> list[KubernetesObject]:
    """The objects of a file or folder, read once in a run; tests of a run share them."""
    known = config.stash.setdefault(_READ, {})
    if path not in known:
        known[path] = load(path)
    return known[path]


def _checked(make: Callable[[], _T]) -> _T:
    """What is made; a fault in what the test says is one of the test, without a traceback through here."""
    try:
        return make()
    except DraError as error:
        fault = str(error)
    pytest.fail(fault, pytrace=False)


def _listed(value: object) -> list[Any]:
    """One or several as a list."""
    if value is None:
        return []
    if isinstance(value, Iterable) and not isinstance(value, str):
        return list(value)
    return [value]
