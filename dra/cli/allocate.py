"""`dra allocate`: place the claims of some manifests, one after another; say why where one does not fit."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import count
from typing import TYPE_CHECKING, Annotated, TypeAlias

import attrs
import typer

import dra
from dra.cli.exit_code import ExitCode
from dra.cli.gates import FeatureGates, features_of
from dra.cli.manifests import Manifests
from dra.cli.options import Filenames, Kubernetes, NodeName, OutputFormat
from dra.cli.output import Output, print_data, print_error
from dra.cli.remedies import remedied
from dra.errors import DraError, InvalidPoolError, LoadError, SearchBudgetExceeded
from dra.features import LATEST
from dra.suggestions import did_you_mean

if TYPE_CHECKING:
    from dra.allocator import Explanation
    from dra.allocator.plan import Plan
    from dra.models.core import Node
    from dra.models.resource import AllocationResult, ResourceClaim, ResourceClaimTemplate

__all__ = ["Outcome", "allocate"]

_Claim: TypeAlias = "tuple[ResourceClaim, ResourceClaimTemplate | None]"
"""A claim, and the template that it is made from."""

ClaimName = Annotated[
    str | None,
    typer.Option(
        "--claim",
        metavar="NAMESPACE/NAME",
        help="Only this claim, or that of this template; all if left out.",
    ),
]


@attrs.frozen
class Outcome:
    """What became of a claim.

    Attributes:
        claim: The claim, with the API server's defaults.
        template: The template that it is made from, if it is not itself in the manifests.
        node: Where it was allocated; empty if it does not fit.
        allocation: What it got; None if it does not fit.
        explanations: Why it does not fit, node by node.
        error: Why it cannot be asked for at all: an unknown class, a selector that fails.
    """

    claim: ResourceClaim
    template: ResourceClaimTemplate | None = None
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
        made_from = {"template": _label(self.template)} if self.template else {}
        error = {"error": str(self.error)} if self.error else {}
        return {
            "claim": self.label,
            **made_from,
            "node": self.node or None,
            "allocation": self.allocation.to_dict() if self.allocation else None,
            "reasons": [each.to_dict() for each in self.explanations],
            **error,
        }


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
    has a status.allocation keeps it. A ResourceClaimTemplate stands for one claim made from it, unless a pod
    has its claim already. Nodes are tried in order, and the first on which a claim fits is taken. A claim
    that cannot be used, since the API server would refuse it for example, does not keep the others from being
    allocated. Taints of nodes and other rules for pods do not count: see dra schedule.

    Exit status: 0 all claims fit, 1 some do not, 2 the input cannot be used.
    """
    manifests = Manifests.read(filename)
    placement = _Placement(
        manifests, _nodes(manifests, node), kubernetes, features_of(kubernetes, feature_gates)
    )
    outcomes = [placement.place(*each) for each in _claims(manifests, claim)]
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


def _label(of: ResourceClaim | ResourceClaimTemplate) -> str:
    return of.subject.removeprefix(of.kind).strip()


def _claims(manifests: Manifests, wanted: str | None) -> list[_Claim]:
    """The claims to allocate: all without an allocation, or the one that is named."""
    given = manifests.of(dra.ResourceClaim)
    claims: list[_Claim] = [(each, None) for each in given if not (each.status and each.status.allocation)]
    claims += _made(manifests, {_label(each) for each in given})
    if wanted is not None:
        names = [_label(template or claim) for claim, template in claims]
        claims = [
            each for each, name in zip(claims, names, strict=True) if name in (wanted, f"default/{wanted}")
        ]
        if not claims:
            raise LoadError(
                f"no claim {wanted!r} to allocate",
                value=wanted,
                remedy=did_you_mean(wanted, names, f"claims: {', '.join(names) or 'none'}"),
            )
    if not claims:
        raise LoadError(
            "no ResourceClaim to allocate in the manifests", remedy="name files with claims by -f as well"
        )
    return claims


def _made(manifests: Manifests, taken: set[str]) -> Iterator[_Claim]:
    """A claim for each template from which no pod has one; its name is the first that is not taken."""
    used = {
        (pod.metadata.namespace or "default", entry.resource_claim_template_name)
        for pod in manifests.of(dra.Pod)
        for entry in pod.spec.resource_claims or ()
        if entry.name in _entries_served(pod)
    }
    for template in manifests.of(dra.ResourceClaimTemplate):
        if (template.metadata.namespace or "default", template.metadata.name) not in used:
            names = (f"{template.metadata.name or 'claim'}-{number}" for number in count())
            yield next(made for made in map(template.claim, names) if _label(made) not in taken), template


def _entries_served(pod: dra.Pod) -> set[str]:
    """The entries of a pod's claims for which claims were made."""
    return {each.name for each in (pod.status.resource_claim_statuses if pod.status else None) or ()}


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

    def place(self, claim: ResourceClaim, template: ResourceClaimTemplate | None) -> Outcome:
        """Put a claim on the first node where it fits and count its devices as taken."""
        stored = dra.default(claim)
        try:
            plan = self.allocator.prepare([stored])
            tried = ((node, self._try(plan, node)) for node in self.nodes)
            found = next(((node, result) for node, result in tried if result is not None), None)
            self._check(template or claim)  # after the allocator, which says more of what both refuse
            if found is not None:
                node, result = found
                self.allocator.reserve(stored, result)
                return Outcome(stored, template, node.metadata.name or "", result)
            explanations = tuple(self.allocator.explain(plan, node) for node in self.nodes)
        except DraError as error:
            return Outcome(stored, template, error=self._located(error, claim, template))
        return Outcome(stored, template, explanations=explanations)

    def _check(self, obj: ResourceClaim | ResourceClaimTemplate) -> None:
        """Refuse what no API server would store, so that there is nothing to allocate."""
        for fault in dra.validate(obj, self.kubernetes, self.features):
            raise fault.refusal(obj)

    def _located(
        self, error: DraError, claim: ResourceClaim, template: ResourceClaimTemplate | None
    ) -> DraError:
        """The error with its place, which names the claim, so that the message need not."""
        label = f"claim {_label(claim)}"
        error.message = error.message.removeprefix(f"{label}, ").removeprefix(f"{label}: ")
        if template is not None and error.subject == claim.subject:
            error.subject = template.subject
            error.located(path_prefix="spec")
        return self.manifests.locate(remedied(error), template or claim)

    def _try(self, plan: Plan, node: Node) -> AllocationResult | None:
        try:
            results = self.allocator.allocate(plan, node)
        except (InvalidPoolError, SearchBudgetExceeded):  # faults of this node only; explain names them
            return None
        return results[0] if results else None
