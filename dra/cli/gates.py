"""`--feature-gates`: gates that differ from a minor's defaults, as Kubernetes' own components take them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Annotated, Final

import typer

from dra.cli.options import starting
from dra.errors import UnknownVersionError
from dra.features import LATEST, Features
from dra.suggestions import did_you_mean

__all__ = ["OTHER_GATES", "FeatureGates", "features_of", "gates_said"]

OTHER_GATES: Final = {
    "DRAResourceClaimGranularStatusAuthorization": "it decides who may write a claim's status",
    "DRASchedulerFilterTimeout": "it bounds how long kube-scheduler searches",
    "DynamicResourceAllocation": "it is all of DRA, on since 1.34 and locked since 1.35",
    "GangScheduling": "it is the scheduler's part of GenericWorkload, until 1.36",
    "KubeletPodResourcesDynamicResources": "it is the kubelet's",
    "WorkloadAwarePreemption": "it is about preemption, until 1.36",
    "WorkloadWithJob": "it is for the controller of Jobs",
}
"""Gates of Kubernetes that have to do with DRA and change no answer of `dra`: what each is."""


def _settings() -> Iterator[str]:
    for name in Features.for_kubernetes(LATEST).gates():
        yield from (f"{name}=true", f"{name}=false")


FeatureGates = Annotated[
    list[str] | None,
    typer.Option(
        "--feature-gates",
        metavar="NAME=true|false",
        help="Gates that differ from the minor's defaults. May be given several times.",
        autocompletion=starting(_settings),
    ),
]


def features_of(kubernetes: str, gates: Iterable[str] | None) -> Features:
    """The features of a minor with some gates switched; arguments and errors as for `gates_said`."""
    return Features.from_gates(gates_said(kubernetes, gates), kubernetes)


def gates_said(kubernetes: str, gates: Iterable[str] | None) -> dict[str, bool]:
    """The gates that are switched, with their states.

    Args:
        kubernetes: The minor.
        gates: `NAME=true` or `NAME=false`, one or several with commas between.

    Raises:
        UnknownVersionError: The minor or a gate is unknown, a gate changes nothing, or something else is
            written.
    """
    states = {}
    known = Features.for_kubernetes(kubernetes).gates()
    for text in (each for given in gates or () for each in given.split(",")):
        name, _, state = text.partition("=")
        if state not in ("true", "false"):
            raise UnknownVersionError(f"--feature-gates: {text!r} is not NAME=true or NAME=false", value=text)
        if name in OTHER_GATES:
            raise UnknownVersionError(
                f"--feature-gates: gate {name!r} changes no answer of dra",
                value=name,
                remedy=f"{OTHER_GATES[name]}: leave it out",
            )
        if name not in known:
            raise UnknownVersionError(
                f"--feature-gates: unknown gate {name!r}",
                value=name,
                remedy=did_you_mean(name, known, "dra features lists them"),
            )
        states[name] = state == "true"
    return states
