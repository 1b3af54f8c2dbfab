"""Choosing a node for a pod: the nodes that fit, Kubernetes' own preferences, then a policy."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Sequence
from typing import Final

import attrs

from dra.allocator.plan import Plan
from dra.scheduler.attempts import Outcome, Trial, Verdict
from dra.scheduler.fragmentation import Workload
from dra.scheduler.fullness import before_and_after
from dra.scheduler.node_usage import NodeChoice
from dra.scheduler.placement import NodeGroup
from dra.scheduler.policies import Policy, first
from dra.scheduler.shortages import short_reason
from dra.scheduler.world import NodeState

__all__ = ["Chosen", "choose", "why_not"]

# kube-scheduler's default weights of the plugins whose scores count here; each score is 0 to 100.
_WEIGHT_PRIORITIZED: Final = 2
_WEIGHT_AFFINITY: Final = 2
_WEIGHT_TAINTS: Final = 3
_BEST: Final = 100
# For how many different nodes it is found out which requirements cannot hold together.
_CONFLICTS_SOUGHT: Final = 16


@attrs.frozen(eq=False)
class Chosen:
    """The node for a pod.

    Attributes:
        state: The node.
        score: What the policy gave it.
        preference: What Kubernetes' own scoring gave it.
        considered: How many nodes were looked at.
        feasible: How many of them would do.
    """

    state: NodeState
    score: float
    preference: int
    considered: int
    feasible: int


def choose(trial: Trial, policy: Policy, workload: Workload) -> Chosen | None:
    """The node that a policy chooses for a pod; None if there is none.

    Args:
        trial: The pod.
        policy: Chooses among the nodes that Kubernetes itself likes best.
        workload: Whose tasks count where a policy asks how fragmented nodes are.

    Raises:
        AllocationError: Something about the pod, its claims or the devices is broken.
    """
    only_one = policy is first and not trial.ranks
    kind, sought, looked_at = trial.kind, trial.verdict, 0
    feasible: list[tuple[NodeState, Verdict]] = []
    for state in _candidates(trial):
        looked_at += 1
        # Most nodes have been asked before: what is known is looked up here, without a call.
        verdict = state.verdicts.get(kind)
        if verdict is None or state.site.sees_shared:
            verdict = sought(state)
        if verdict.reason is None:
            if only_one:
                return Chosen(state, 0.0, 0, looked_at, 1)
            feasible.append((state, verdict))
    if not feasible:
        return None
    count, preference = len(feasible), 0
    if trial.ranks:
        preferences = _preferences([verdict for _, verdict in feasible])
        preference = max(preferences)
        feasible = [each for each, its in zip(feasible, preferences, strict=True) if its == preference]
    state, score = _best(trial, policy, workload, feasible)
    return Chosen(state, score, preference, looked_at, count)


def _best(
    trial: Trial, policy: Policy, workload: Workload, nodes: Sequence[tuple[NodeState, Verdict]]
) -> tuple[NodeState, float]:
    """The first of the nodes that have the highest score, and that score."""
    if policy is first:
        return nodes[0][0], 0.0
    scores = _Scores(trial, policy, workload)
    key = scores.key
    best, highest = None, 0.0
    for state, verdict in nodes:
        score = verdict.scores.get(key)
        if score is None:
            score = verdict.scores[key] = scores.of(state, verdict)
        if best is None or score > highest:
            best, highest = state, score
    if best is None:
        raise AssertionError("one of the nodes is the best")
    return best, highest


def _candidates(trial: Trial) -> Iterable[NodeState]:
    """The nodes to look at: all, or the one that the pod names."""
    name, world = trial.requirements.node_name, trial.world
    if not name:
        return world.states
    return [world.states[world.places[name]]] if name in world.places else []


def _preferences(verdicts: Sequence[Verdict]) -> list[int]:
    """Kubernetes' own scores: each kind relative to the best node, then weighted and added up."""
    prioritized = [verdict.outcome.preference if verdict.outcome else 0 for verdict in verdicts]
    affinity = [verdict.affinity for verdict in verdicts]
    dislikes = [verdict.dislikes for verdict in verdicts]
    most = [max(each) for each in (prioritized, affinity, dislikes)]
    if not any(most):
        return [0] * len(verdicts)
    return [
        _WEIGHT_PRIORITIZED * (_BEST * a // most[0] if most[0] else 0)
        + _WEIGHT_AFFINITY * (_BEST * b // most[1] if most[1] else 0)
        + _WEIGHT_TAINTS * (_BEST - _BEST * c // most[2] if most[2] else 0)
        for a, b, c in zip(prioritized, affinity, dislikes, strict=True)
    ]


class _Scores:
    """What a policy gives the nodes."""

    def __init__(self, trial: Trial, policy: Policy, workload: Workload) -> None:
        self.trial = trial
        self.policy = policy
        self.workload = workload
        self.key = trial.engine.numbers.of(("score", policy, workload))

    def of(self, state: NodeState, verdict: Verdict) -> float:
        """The score of a node that fits."""
        outcome = verdict.outcome or Outcome(fits=True)
        before, after = before_and_after(self.trial, state, outcome)

        def fragmentation() -> tuple[float, float]:
            return self.workload.fragmentation(self.trial).before_and_after(self.trial, state, outcome)

        return self.policy(NodeChoice(before, after, fragmentation))


def why_not(trial: Trial) -> tuple[NodeGroup, ...]:
    """The reasons of all nodes, each once with the nodes that have it in common, most frequent first.

    Raises:
        AllocationError: Something about the pod, its claims or the devices is broken.
    """
    words = _Words(trial)
    found: dict[tuple[str, str], list[str]] = {}
    for state in trial.world.states:
        verdict = trial.verdict(state)
        reason = verdict.reason
        if reason is not None:
            text = reason.text or words.of(state, verdict.outcome)
            found.setdefault((reason.rule, text), []).append(state.site.name)
    groups = [NodeGroup(rule, text, tuple(nodes)) for (rule, text), nodes in found.items()]
    return tuple(sorted(groups, key=lambda each: -len(each.nodes)))


class _Words:
    """Says why there are no devices, once for all nodes that are alike."""

    def __init__(self, trial: Trial) -> None:
        self.trial = trial
        self.known: dict[Hashable, str] = {}
        self.sought = 0

    def of(self, state: NodeState, outcome: Outcome | None) -> str:
        """The reason of a node."""
        if outcome not in self.known:
            self.known[outcome] = self._of(state)
        return self.known[outcome]

    def _of(self, state: NodeState) -> str:
        trial = self.trial
        plan = trial.wish(trial.offered(state)).plan
        view = state.site.view(trial.engine)
        short = short_reason(plan, view, trial.world.account, trial.solver.matcher)
        if short is not None:
            return short
        if self.sought < _CONFLICTS_SOUGHT:
            self.sought += 1
            explanation = trial.explain_at(state)
            conflict = [_without_claim(each, plan) for each in explanation.conflict]
            if len(conflict) > 1:
                return f"{' and '.join(conflict)} cannot hold together"
            if explanation.error:
                return explanation.error
            if conflict:
                return f"{conflict[0]} cannot be met"
        return "its devices are free, but in no combination that would do"


def _without_claim(text: str, plan: Plan) -> str:
    """A requirement without the name of the claim, if there is only one."""
    return text if len(plan.claims) > 1 else text.removeprefix(f"claim {plan.claims[0].label}, ")
