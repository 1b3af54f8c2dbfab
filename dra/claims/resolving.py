"""From what was said to what is meant: strategies applied, configuration in the order in which it counts.

A strategy of the claim is for all requests of its driver but those with strategies of their own. Nothing here
knows one strategy from another.
"""

from __future__ import annotations

from collections.abc import Sequence

import attrs

from dra import drivers
from dra.claims.declared import known_class
from dra.claims.options import Option
from dra.claims.parts import Configuration, Request, merged
from dra.claims.wants import Strategy
from dra.errors import BuildError, DraError, DriverError
from dra.models.resource import OpaqueDeviceConfiguration

__all__ = ["resolve"]


def resolve(
    requests: Sequence[Request], configs: Sequence[Configuration], share: tuple[Strategy, ...]
) -> tuple[list[Request], list[Configuration]]:
    """The requests with all strategies applied, and all configuration of the claim.

    Later entries win with all known drivers: what is said of the claim comes before what is said of a
    request.

    Args:
        requests: The requests.
        configs: Configuration that was said of the claim.
        share: Strategies that were said of the claim.

    Raises:
        DriverError: A driver refuses a strategy, or a combination of them.
        BuildError: A request has no class, or it is not known whose it is.
    """
    _check_together(share)
    of_claim: list[OpaqueDeviceConfiguration] = []
    of_requests: list[Configuration] = []
    done = []
    is_mixed = any(each.share for request in requests for each in request.options)
    for index, request in enumerate(requests):
        options = []
        for number, wanted in enumerate(request.options):
            try:
                applied = _is_for(share, wanted, is_only=len(requests) == 1)
                option, shared = _with_share(wanted, share if applied else ())
            except DraError as error:
                raise error.located(path_prefix=request.path(index, number)) from None
            options.append(option)
            if shared and not is_mixed:
                of_claim += [each for each in shared if each not in of_claim]
                shared = ()
            of_requests += [
                Configuration(each, (request.reference(wanted),)) for each in (*shared, *option.configs)
            ]
        done.append(attrs.evolve(request, options=tuple(options)))
    _check_gates(requests, share)
    return done, [*(Configuration(each, ()) for each in of_claim), *configs, *merged(of_requests, requests)]


def _is_for(share: tuple[Strategy, ...], wanted: Option, *, is_only: bool) -> bool:
    """Whether the claim's strategies are for an option: by the driver that its class belongs to."""
    if not share or wanted.share:
        return False
    known = known_class(wanted.device_class)
    if known is not None:
        return all(each.driver == known[0].name for each in share)
    if wanted.device_class and not is_only:
        raise BuildError(
            f"it is not known whether class {wanted.device_class} is of a driver that the claim's "
            "strategies are for",
            path="deviceClassName",
            value=wanted.device_class,
            remedy="say share=... of the requests, not of the claim",
        )
    return True


def _with_share(
    wanted: Option, share: tuple[Strategy, ...]
) -> tuple[Option, Sequence[OpaqueDeviceConfiguration]]:
    """An option with its strategies or the claim's, and the configuration that came from the claim's."""
    if not share:
        return wanted.resolved(), ()
    done = attrs.evolve(wanted, share=share).resolved()
    own = len(wanted.configs)
    return attrs.evolve(done, configs=done.configs[:own]), done.configs[own:]


def _check_together(share: tuple[Strategy, ...]) -> None:
    """Refuse strategies of the claim that contradict each other, whatever its requests are."""
    if share:
        try:
            Option(share=share).resolved()
        except DraError as error:
            error.path = "share"
            raise


def _check_gates(requests: Sequence[Request], share: tuple[Strategy, ...]) -> None:
    """Refuse strategies that no driver can do at once: its gates exclude each other.

    Of alternatives only one is taken, so each is looked at alone.
    """
    exact = [
        each
        for request in requests
        if not request.is_preference
        for each in request.options[0].share or share
    ]
    ladders = [each.share for request in requests if request.is_preference for each in request.options]
    for together in (exact, *ladders):
        for name in sorted({each.driver for each in together}):
            gates = {gate: True for each in together if each.driver == name for gate in each.gates}
            try:
                drivers.get(name).enabled_gates(gates)
            except DriverError as error:
                error.remedy = "one driver cannot do both: use two claims, for different nodes"
                raise error.located(path_prefix="share") from None
