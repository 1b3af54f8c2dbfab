"""Which nodes a pod may run on, whatever runs there already: name, labels, taints, unschedulable.

The rules of kube-scheduler's plugins NodeName, NodeUnschedulable, TaintToleration and NodeAffinity, in the
order in which it asks them.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable
from typing import Final

import attrs

from dra.allocator.nodes import node_selector_matches
from dra.allocator.taints import BLOCKING_EFFECTS, tolerates
from dra.errors import AllocationError
from dra.models.core import Node, NodeSelector, Pod, PreferredSchedulingTerm, Taint, Toleration

__all__ = ["Reason", "Requirements"]

_UNSCHEDULABLE: Final = Taint(key="node.kubernetes.io/unschedulable", effect="NoSchedule")


@attrs.frozen
class Reason:
    """Why a pod does not go to a node.

    Attributes:
        rule: `unschedulable`, `node name`, `taint`, `affinity`, `resources`, `claim` or `devices`.
        text: The reason in words, the same for all nodes that have it in common.
    """

    rule: str
    text: str


@attrs.frozen(eq=False)
class Requirements:
    """What a pod asks of a node itself.

    Attributes:
        node_name: The only node it may go to.
        node_selector: Labels the node has to have.
        required: The affinity that has to hold.
        preferred: Terms that count for a node.
        tolerations: The pod's tolerations.
        pinned: Node selectors of claims that are allocated already, with the claims' labels.
        key: Equal for pods with equal requirements.
    """

    node_name: str
    node_selector: tuple[tuple[str, str], ...]
    required: NodeSelector | None
    preferred: tuple[PreferredSchedulingTerm, ...]
    tolerations: tuple[Toleration, ...]
    pinned: tuple[tuple[str, NodeSelector], ...]
    key: Hashable

    @classmethod
    def of(cls, pod: Pod, pinned: Iterable[tuple[str, NodeSelector]] = ()) -> Requirements:
        """The requirements of a pod."""
        affinity = pod.spec.affinity.node_affinity if pod.spec.affinity else None
        required = affinity.required_during_scheduling_ignored_during_execution if affinity else None
        preferred = affinity.preferred_during_scheduling_ignored_during_execution if affinity else None
        node_selector = tuple(sorted((pod.spec.node_selector or {}).items()))
        tolerations = tuple(pod.spec.tolerations or ())
        pinned = tuple(pinned)
        key = (
            pod.spec.node_name or "",
            node_selector,
            required and str(required.to_dict()),
            tuple(str(each.to_dict()) for each in preferred or ()),
            tuple((each.key, each.operator, each.value, each.effect) for each in tolerations),
            tuple((label, str(selector.to_dict())) for label, selector in pinned),
        )
        return cls(
            pod.spec.node_name or "",
            node_selector,
            required,
            tuple(preferred or ()),
            tolerations,
            pinned,
            key,
        )

    def refusal(self, node: Node) -> Reason | None:
        """Why the pod may not go to a node; None if it may.

        Raises:
            AllocationError: The pod's affinity is malformed; the path is that in the pod.
        """
        spec, labels = node.spec, node.metadata.labels or {}
        if spec.unschedulable and not self._tolerates(_UNSCHEDULABLE):
            return Reason("unschedulable", "node is unschedulable")
        if self.node_name and self.node_name != node.metadata.name:
            return Reason("node name", f"the pod names node {self.node_name}")
        for taint in spec.taints or ():
            if taint.effect in BLOCKING_EFFECTS and not self._tolerates(taint):
                value = f"={taint.value}" if taint.value else ""
                return Reason("taint", f"taint {taint.key}{value}:{taint.effect} is not tolerated")
        for label, wanted in self.node_selector:
            if labels.get(label) != wanted:
                return Reason("affinity", f"no label {label}={wanted}, which the pod's nodeSelector asks for")
        if self.required is not None and not self._affine(self.required, node):
            return Reason("affinity", "the pod's required node affinity does not hold")
        for claim, selector in self.pinned:
            if not node_selector_matches(selector, node):
                return Reason("claim", f"claim {claim} is allocated for other nodes")
        return None

    def preference(self, node: Node) -> int:
        """The weights of the preferred terms that hold, added up."""
        return sum(
            each.weight
            for each in self.preferred
            if self._affine(NodeSelector(node_selector_terms=[each.preference]), node)
        )

    def dislikes(self, node: Node) -> int:
        """How many taints with the effect PreferNoSchedule are not tolerated."""
        return sum(
            each.effect == "PreferNoSchedule" and not self._tolerates(each) for each in node.spec.taints or ()
        )

    def _tolerates(self, taint: Taint) -> bool:
        return any(tolerates(each, taint) for each in self.tolerations)

    def _affine(self, selector: NodeSelector, node: Node) -> bool:
        try:
            return node_selector_matches(selector, node)
        except AllocationError as error:
            raise error.located(path_prefix="spec.affinity.nodeAffinity") from None
