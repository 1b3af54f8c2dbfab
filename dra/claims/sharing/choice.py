"""`choose`: the strategy that serves a need at the least cost to others, and why not those before it."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from fractions import Fraction
from typing import Final

import attrs

from dra.arguments import several
from dra.claims.declared import memory_amount
from dra.claims.sharing.consumable import ConsumableShares
from dra.claims.sharing.mig import MIG
from dra.claims.sharing.nvidia import MPS, Exclusive, TimeSlicing
from dra.claims.sharing.strategy import Isolation, Isolations, Sharing
from dra.claims.wants import required
from dra.drivers.nvidia import GpuModel, MigBoard, gpu_model
from dra.drivers.nvidia.gpu import DRIVER
from dra.errors import DriverError
from dra.features import LATEST, Features
from dra.quantity import Quantity
from dra.suggestions import unknown_name

__all__ = ["Verdict", "choose", "weigh"]

_MIB: Final = 1 << 20


@attrs.frozen
class Verdict:
    """What was found about a strategy.

    Attributes:
        strategy: The strategy.
        reason: Why it does not serve; empty if it does.
    """

    strategy: Sharing
    reason: str = ""

    def __str__(self) -> str:
        return f"{self.strategy}: {self.reason or 'serves'}"


@attrs.frozen(kw_only=True)
class _Need:
    isolation: Isolation
    model: GpuModel | None
    fraction: Fraction | None
    memory: Quantity | None
    between_claims: bool
    gates: Collection[str] | None
    features: Features

    @property
    def tenants(self) -> int:
        """How many of such parts a GPU has."""
        return 0 if self.fraction is None else int(1 / self.fraction)

    @property
    def amount(self) -> Quantity | None:
        """The part's memory, in whole MiB."""
        if self.memory is not None or self.model is None or self.fraction is None:
            return self.memory
        part = Quantity(self.model.memory).value * self.fraction
        return Quantity(f"{int(part) // _MIB}Mi")


def weigh(
    isolation: Isolations = Isolation.NONE,
    *,
    gpu: str = "",
    fraction: float | None = None,
    memory: Quantity | str | int | None = None,
    between_claims: bool = False,
    gates: Collection[str] | None = None,
    kubernetes: str = LATEST,
    features: Features | None = None,
) -> list[Verdict]:
    """Every strategy with whether it serves a need, those first that leave most to others.

    Args:
        isolation: What users must be protected from: `memory`, `fault`, `scheduling`, several, or `all`.
        gpu: Model of the GPU, such as `H100-80GB`.
        fraction: Part of the GPU for each user, such as 0.25.
        memory: Memory for each user, instead of a fraction.
        between_claims: The users are in different claims (of different namespaces, for instance).
        gates: The driver's gates that are on; None if any may be switched on.
        kubernetes: Minor of the cluster.
        features: Its feature gates; the minor's defaults if None.

    Raises:
        UnknownNameError: There is no such GPU, isolation or gate.
        DriverError: The need makes no sense: a fraction of an unnamed GPU, more memory than it has.
        BuildError: The memory is a number of bytes.
        UnknownVersionError: The minor is unknown.

    Example:
        >>> for verdict in weigh("memory", gpu="A100-40GB", fraction=0.5, gates={"DynamicMIG"}):
        ...     print(type(verdict.strategy).__name__, verdict.reason or "serves", sep=": ")
        TimeSlicing: does not isolate memory
        ConsumableShares: does not isolate memory
        MPS: needs the driver's gate MPSSupport, which is off
        MIG: serves
        Exclusive: serves
    """
    need = _Need(
        isolation=Isolation.parse(isolation),
        model=gpu_model(required(gpu, str, "gpu")) if gpu else None,
        fraction=None if fraction is None else _fraction(fraction),
        memory=None if memory is None else memory_amount(memory, "memory"),
        between_claims=between_claims,
        gates=None if gates is None else _known_gates(gates),
        features=features or Features.for_kubernetes(kubernetes),
    )
    _check(need)
    return list(_verdicts(need))


def choose(
    isolation: Isolations = Isolation.NONE,
    *,
    gpu: str = "",
    fraction: float | None = None,
    memory: Quantity | str | int | None = None,
    between_claims: bool = False,
    gates: Collection[str] | None = None,
    kubernetes: str = LATEST,
    features: Features | None = None,
) -> Sharing:
    """The strategy that serves a need and leaves most to others; `weigh` says why not another.

    A fraction of a GPU by MIG is the largest profile of which that many fit on it. If nothing else serves,
    the answer is `Exclusive()`.

    Args:
        isolation: As in `weigh`.
        gpu: As in `weigh`.
        fraction: As in `weigh`.
        memory: As in `weigh`.
        between_claims: As in `weigh`.
        gates: As in `weigh`.
        kubernetes: As in `weigh`.
        features: As in `weigh`.

    Raises:
        UnknownNameError: As `weigh`.
        DriverError: As `weigh`.
        BuildError: As `weigh`.
        UnknownVersionError: As `weigh`.

    Example:
        >>> choose(isolation="fault", gpu="H100-80GB", fraction=0.25).profile
        '1g.20gb'
        >>> type(choose(isolation="memory", gpu="H100-80GB", fraction=0.25)).__name__
        'MPS'
    """
    weighed = weigh(
        isolation,
        gpu=gpu,
        fraction=fraction,
        memory=memory,
        between_claims=between_claims,
        gates=gates,
        kubernetes=kubernetes,
        features=features,
    )
    return next(each.strategy for each in weighed if not each.reason)


def _known_gates(given: Collection[str]) -> Collection[str]:
    gates = (given,) if isinstance(given, str) else several(given, "gates", "gates")
    known = [each.name for each in DRIVER.gates]
    for each in gates:
        if each not in known:
            raise unknown_name(f"gate of {DRIVER.name}", each, known)
    return gates


def _fraction(value: object) -> Fraction:
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not 0 < value <= 1:
        raise DriverError("a fraction of a GPU is more than 0 and at most 1", value=value)
    # 1/3 as a float is a little less than a third: no part of it must get lost.
    return max(Fraction(value).limit_denominator(1000), Fraction(1, 1000))


def _check(need: _Need) -> None:
    if need.fraction is not None and need.memory is not None:
        raise DriverError("either a fraction or an amount of memory", value=need.memory)
    if need.fraction is not None and need.model is None:
        raise DriverError("a fraction of which GPU?", remedy='name one, such as gpu="H100-80GB"')
    if need.fraction is None and need.memory is None:
        raise DriverError("how much of a GPU?", remedy='say fraction=0.25 or memory="10Gi"')
    has = Quantity(need.model.memory) if need.model else None
    if need.memory is not None and (need.memory <= Quantity(0) or (has is not None and need.memory > has)):
        raise DriverError(
            f"{need.model.name if need.model else 'a GPU'} has {has or 'no'} memory, not {need.memory}",
            value=need.memory,
        )


def _verdicts(need: _Need) -> Iterator[Verdict]:
    percentage = int(need.fraction * 100) if need.fraction is not None else None
    mps = MPS(active_thread_percentage=percentage, pinned_memory_limit=need.amount)
    for strategy in (TimeSlicing(), ConsumableShares(memory=need.amount), mps):
        alone = "all of the GPU is asked for" if need.tenants == 1 and need.fraction == 1 else ""
        yield Verdict(strategy, alone or _reason(strategy, need))
    yield _mig(need)
    yield Verdict(Exclusive())


def _reason(strategy: Sharing, need: _Need) -> str:
    """Why a strategy does not serve; empty if it does."""
    lacking = need.isolation & ~strategy.isolation
    if lacking:
        return f"does not isolate {lacking.describe()}"
    if need.between_claims and not strategy.between_claims:
        return "shares between the users of one claim only"
    for gate in sorted(strategy.gates):
        if need.gates is not None and gate not in need.gates:
            return f"needs the driver's gate {gate}, which is off"
    for feature in sorted(strategy.features):
        if not getattr(need.features, feature):
            return f"needs Kubernetes' feature {feature}, which is off"
    return ""


def _mig(need: _Need) -> Verdict:
    """MIG by the need's size: a profile of the board, or at least so much memory."""
    dynamic = need.gates is not None and "DynamicMIG" in need.gates
    if need.model is None:
        part = MIG(min_memory=need.memory, dynamic=dynamic)
        return Verdict(part, _reason(part, need))
    board = need.model.mig_board
    if board is None:
        return Verdict(MIG(min_memory=need.amount), f"no MIG profiles of {need.model.name} are known")
    if need.memory is not None:
        if not board.profiles_with(memory=need.memory):
            return Verdict(MIG(min_memory=need.memory), f"no MIG profile of {board.name} has so much memory")
        part = MIG(min_memory=need.memory, board=board.name, dynamic=dynamic)
        return Verdict(part, _reason(part, need))
    profile = _largest(board, need.tenants)
    if not profile:
        return Verdict(MIG(board=board.name), f"{board.name} cannot be cut into {need.tenants} parts")
    part = MIG(profile=profile, board=board.name, dynamic=dynamic)
    whole = "the only profile as large is all of the GPU" if need.tenants == 1 else ""
    return Verdict(part, whole or _reason(part, need))


def _largest(board: MigBoard, tenants: int) -> str:
    """The profile with most memory, then most compute, of which so many fit on the board."""
    fitting = [each for each in board.profiles if each.max_instances >= tenants and "+" not in each.name]
    best = max(fitting, key=lambda each: (each.memory_slices, each.compute_slices), default=None)
    return best.name if best else ""
