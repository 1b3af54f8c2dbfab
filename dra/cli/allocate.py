"""`dra allocate`: place the claims of some manifests, one after another; say why where one does not fit."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated

import attrs
import typer

import dra
from dra.cli.exit_code import ExitCode
from dra.cli.gates import FeatureGates, features_of
from dra.cli.manifests import Manifests
from dra.cli.options import Filenames, Kubernetes, NodeName, OutputFormat
from dra.cli.output import Output, print_data, print_error
from dra.errors import AllocationError, DraError, InvalidPoolError, LoadError, SearchBudgetExceeded
from dra.features import LATEST
from dra.suggestions import did_you_mean

if TYPE_CHECKING:
    from dra.allocator import Explanation
    from dra.allocator.plan import Plan
    from dra.models.core import Node
    from dra.models.resource import AllocationResult, ResourceClaim

__all__ = ["Outcome", "allocate"]

ClaimName = Annotated[
    str | None, typer.Option("--claim", metavar="NAMESPACE/NAME", help="Only this claim; all if left out.")
]


@attrs.frozen
class Outcome:
    """What became of a claim.

    Attributes:
        claim: The claim, with the API server's defaults.
        node: Where it was allocated; empty if it does not fit.
        allocation: What it got; None if it does not fit.
        explanations: Why it does not fit, node by node.
        error: Why it cannot be asked for at all: an unknown class, a selector that fails.
    """

    claim: ResourceClaim
    node: str = ""
    allocation: AllocationResult | None = None
    explanations: tuple[Explanation, ...] = ()
    error: DraError | None = None

    @property
    def label(self) -> str:
        """Namespace and name of the claim."""
        return _label(self.claim)

    def to_dict(self) -> dict[str, object]:
        """The outcome as plain data."""
        plain: dict[str, object] = {
            "claim": self.label,
            "node": self.node or None,
            "allocation": self.allocation.to_dict() if self.allocation else None,
            "reasons": [each.to_dict() for each in self.explanations],
        }
        return plain | {"error": str(self.error)} if self.error else plain


def allocate(
    filename: Filenames,
    node: NodeName = None,
    claim: ClaimName = None,
    kubernetes: Kubernetes = LATEST,
    feature_gates: FeatureGates = None,
    output: OutputFormat = Output.TABLE,
) -> ExitCode:
    """Allocate claims to nodes, or say why they do not fit.

    Claims are allocated in the order of the manifests, and what one gets is taken for the next. A claim that
    has a status.allocation keeps it. Nodes are tried in order, and the first on which a claim fits is taken.
    A claim that cannot be used, since the API server would refuse it for example, does not keep the others
    from being allocated. Taints of nodes and other rules for pods do not count: see dra schedule.

    Exit status: 0 all claims fit, 1 some do not, 2 the input cannot be used.
    """
    manifests = Manifests.read(filename)
    placement = _Placement(
        manifests, _nodes(manifests, node), kubernetes, features_of(kubernetes, feature_gates)
    )
    outcomes = [placement.place(each) for each in _claims(manifests, claim)]
    if not all(outcome.error for outcome in outcomes):
        _print_outcomes(outcomes, manifests, output)
    errors = dict.fromkeys(str(outcome.error) for outcome in outcomes if outcome.error)
    for error in errors:  # that of a class once, not per claim
        print_error(error)
    if errors:
        return ExitCode.BAD_INPUT
    return ExitCode.OK if all(outcome.allocation for outcome in outcomes) else ExitCode.NO


def _print_outcomes(outcomes: Sequence[Outcome], manifests: Manifests, output: Output) -> None:
    if output is Output.TABLE:
        from dra.cli.allocation_table import print_outcomes

        print_outcomes(outcomes, manifests.devices())
    else:
        print_data([outcome.to_dict() for outcome in outcomes], output)


def _label(claim: ResourceClaim) -> str:
    return claim.subject.removeprefix(claim.kind).strip()


def _claims(manifests: Manifests, wanted: str | None) -> list[ResourceClaim]:
    """The claims to allocate: all without an allocation, or the one that is named."""
    claims = [
        each for each in manifests.of(dra.ResourceClaim) if not (each.status and each.status.allocation)
    ]
    if wanted is not None:
        names = [_label(each) for each in claims]
        claims = [each for each in claims if _label(each) in (wanted, f"default/{wanted}")]
        if not claims:
            raise LoadError(
                f"no claim {wanted!r} to allocate",
                value=wanted,
                remedy=did_you_mean(wanted, names, f"claims: {', '.join(names) or 'none'}"),
            )
    if not claims:
        templates = len(manifests.of(dra.ResourceClaimTemplate))
        remedy = "name files with claims by -f as well"
        if templates:
            remedy = (
                f"a ResourceClaimTemplate is no claim (there are {templates}): write one with its spec.spec"
            )
        raise LoadError("no ResourceClaim to allocate in the manifests", remedy=remedy)
    return claims


def _nodes(manifests: Manifests, wanted: str | None) -> list[Node]:
    """The nodes to try: those described, else those that slices belong to."""
    nodes = manifests.of(dra.Node)
    if not nodes:
        named = dict.fromkeys(each.spec.node_name for each in manifests.of(dra.ResourceSlice))
        nodes = [dra.Node.from_dict({"metadata": {"name": name}}) for name in named if name]
    if not nodes:
        raise LoadError("no Node in the manifests", remedy="add `kubectl get nodes -o yaml` to them")
    if wanted is None:
        return nodes
    by_name = {each.metadata.name or "": each for each in nodes}
    if wanted not in by_name:
        remedy = did_you_mean(wanted, by_name, f"nodes: {', '.join(by_name)}")
        raise LoadError(f"no node {wanted!r}", value=wanted, remedy=remedy)
    return [by_name[wanted]]


class _Placement:
    """Claims on nodes, one claim after another."""

    def __init__(
        self, manifests: Manifests, nodes: Sequence[Node], kubernetes: str, features: dra.Features
    ) -> None:
        from dra.allocator import apply_taint_rules

        rules = manifests.of(dra.DeviceTaintRule) if features.device_taint_rules else []
        self.manifests = manifests
        self.nodes = nodes
        self.kubernetes = kubernetes
        self.features = features
        self.allocator = dra.Allocator(
            apply_taint_rules(manifests.of(dra.ResourceSlice), rules),
            manifests.of(dra.DeviceClass),
            allocated=dra.AllocatedState.from_claims(manifests.of(dra.ResourceClaim), features),
            features=features,
            kubernetes=kubernetes,
        )

    def place(self, claim: ResourceClaim) -> Outcome:
        """Put a claim on the first node where it fits and count its devices as taken."""
        stored = dra.default(claim)
        try:
            plan = self.allocator.prepare([stored])
            tried = ((node, self._try(plan, node)) for node in self.nodes)
            found = next(((node, result) for node, result in tried if result is not None), None)
            self._check(claim)  # after the allocator, which says more of what both refuse
            if found is not None:
                node, result = found
                self.allocator.reserve(stored, result)
                return Outcome(stored, node.metadata.name or "", result)
            explanations = tuple(self.allocator.explain(plan, node) for node in self.nodes)
        except DraError as error:
            return Outcome(stored, error=self._located(error, claim))
        return Outcome(stored, explanations=explanations)

    def _check(self, claim: ResourceClaim) -> None:
        """Refuse what no API server would store, so that there is nothing to allocate."""
        for fault in dra.validate(claim, self.kubernetes, self.features):
            raise AllocationError(
                f"the API server refuses it: {fault.message}",
                path=fault.field,
                value=fault.value,
                subject=claim.subject,
                remedy="`dra validate` says all that is wrong with it",
            )

    def _located(self, error: DraError, claim: ResourceClaim) -> DraError:
        """The error with its place, which names the claim, so that the message need not."""
        label = f"claim {_label(claim)}"
        error.message = error.message.removeprefix(f"{label}, ").removeprefix(f"{label}: ")
        return self.manifests.locate(error, claim)

    def _try(self, plan: Plan, node: Node) -> AllocationResult | None:
        try:
            results = self.allocator.allocate(plan, node)
        except (InvalidPoolError, SearchBudgetExceeded):  # faults of this node only; explain names them
            return None
        return results[0] if results else None
