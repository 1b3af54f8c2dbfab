"""Choosing a node for a pod: the nodes that fit, Kubernetes' own preferences, then a policy."""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from typing import Final, TypeAlias

import attrs

from dra.allocator.explanation import Explanation
from dra.allocator.search import Budget
from dra.arguments import finite
from dra.scheduler.attempts import Trial, Verdict
from dra.scheduler.fragmentation import Workload
from dra.scheduler.fullness import before_and_after
from dra.scheduler.node_usage import NodeChoice
from dra.scheduler.outcomes import NOTHING_WANTED, Outcome
from dra.scheduler.persistent import Piece
from dra.scheduler.placement import NodeGroup
from dra.scheduler.policies import Policy, first, policy_name
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
_SECONDS_PER_CONFLICT: Final = 0.5
# More requirements than this are counted and not named.
_REQUIREMENTS_SHOWN: Final = 8


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
    if policy is first and not trial.ranks:
        return _first(trial)
    scores = _Scores(trial, policy, workload)
    looked_at = feasible = 0
    best: dict[_Liking, _Best] = {}
    for part in trial.parts():
        summary = scores.summary(part)
        looked_at += len(part)
        feasible += summary.feasible
        for liking, (score, state) in summary.best.items():
            if liking not in best or score > best[liking][0]:
                best[liking] = (score, state)
    if not best:
        return None
    preferences = _preferences(list(best))
    most = max(preferences.values())
    liked = [best[liking] for liking, preference in preferences.items() if preference == most]
    score, state = max(liked, key=lambda each: (each[0], -each[1].site.index))
    return Chosen(state, score, most, looked_at, feasible)


def _first(trial: Trial) -> Chosen | None:
    """The first node that would do; those after it are not looked at."""
    kind, sought, looked_at = trial.kind, trial.verdict, 0
    for part in trial.parts():
        known = part.known if isinstance(part, Piece) else {}
        if kind in known:
            looked_at += len(part)
            continue
        for state in part:
            looked_at += 1
            if sought(state).reason is None:
                return Chosen(state, 0.0, 0, looked_at, 1)
        lasting = not (trial.out_of_time or any(state.site.sees_shared for state in part))
        if isinstance(part, Piece) and lasting:
            part.known.keep(kind, None)  # none of them would do, until something changes
    return None


_Liking: TypeAlias = "tuple[int, int, int]"
"""What Kubernetes scores of a node: prioritized lists, preferred affinity, taints that are not preferred."""

_Best: TypeAlias = "tuple[float, NodeState]"


def _preferences(likings: Sequence[_Liking]) -> dict[_Liking, int]:
    """Kubernetes' own scores: each kind relative to the best node, then weighted and added up."""
    most = [max(each) for each in zip(*likings, strict=True)]
    if not any(most):
        return dict.fromkeys(likings, 0)
    return {
        (a, b, c): _WEIGHT_PRIORITIZED * (_BEST * a // most[0] if most[0] else 0)
        + _WEIGHT_AFFINITY * (_BEST * b // most[1] if most[1] else 0)
        + _WEIGHT_TAINTS * (_BEST - _BEST * c // most[2] if most[2] else 0)
        for a, b, c in likings
    }


@attrs.frozen(eq=False)
class _Summary:
    """What is to be said of some nodes.

    Attributes:
        best: For everything that Kubernetes scores, the first node with the highest score of the policy.
        feasible: How many of the nodes would do.
        shared: What it was like with pools that several nodes see; None if none of these nodes does.
    """

    best: Mapping[_Liking, _Best]
    feasible: int
    shared: object | None


class _Scores:
    """What a policy gives the nodes. What is known of a piece of the nodes is kept with it."""

    def __init__(self, trial: Trial, policy: Policy, workload: Workload) -> None:
        self.trial = trial
        self.policy = policy
        self.workload = workload
        self.key = trial.engine.numbers.of(("score", trial.kind, policy, workload))

    def summary(self, nodes: Sequence[NodeState]) -> _Summary:
        """What is to be said of some nodes."""
        if not isinstance(nodes, Piece):
            return self._summary(nodes)
        known = nodes.known.get(self.key)
        if isinstance(known, _Summary) and known.shared in (None, self.trial.world.shared):
            return known
        summary = self._summary(nodes)
        if not self.trial.out_of_time:
            nodes.known.keep(self.key, summary)
        return summary

    def _summary(self, nodes: Sequence[NodeState]) -> _Summary:
        best: dict[_Liking, _Best] = {}
        feasible, shared = 0, False
        for state in nodes:
            verdict = self.trial.verdict(state)
            shared = shared or state.site.sees_shared
            if verdict.reason is None:
                feasible += 1
                preference = verdict.outcome.preference if verdict.outcome is not None else 0
                liking = (preference, verdict.affinity, verdict.dislikes)
                score = verdict.scores.get(self.key)
                if score is None:
                    score = verdict.scores[self.key] = self._of(state, verdict)
                if liking not in best or score > best[liking][0]:
                    best[liking] = (score, state)
        return _Summary(best, feasible, self.trial.world.shared if shared else None)

    def _of(self, state: NodeState, verdict: Verdict) -> float:
        """The score of a node that fits."""
        if self.policy is first:
            return 0.0
        outcome = verdict.outcome or NOTHING_WANTED
        before, after = before_and_after(self.trial, state, outcome)

        def fragmentation() -> tuple[float, float]:
            return self.workload.fragmentation(self.trial).before_and_after(self.trial, state, outcome)

        score = self.policy(NodeChoice(before, after, fragmentation))
        return finite(score, f"policy {policy_name(self.policy)}", remedy="a policy gives a node its score")


def why_not(trial: Trial) -> tuple[NodeGroup, ...]:
    """The reasons of all nodes, each once with the nodes that have it in common, most frequent first.

    Raises:
        AllocationError: Something about the pod, its claims or the devices is broken.
    """
    words = _Words(trial)
    found: dict[tuple[str, str], list[str]] = {}
    for state in trial.looked_for():
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
            explanation = trial.explain_at(state, Budget(seconds=_SECONDS_PER_CONFLICT))
            alone = len(plan.claims) == 1  # so that which claim it is goes without saying
            conflict = [each.text if alone else str(each) for each in explanation.requirements]
            meant = _meant(explanation)
            if len(conflict) > _REQUIREMENTS_SHOWN:
                return f"{len(conflict)} requirements, such as {conflict[0]}, cannot hold together{meant}"
            if len(conflict) > 1:
                return f"{' and '.join(conflict)} cannot hold together{meant}"
            if explanation.error:
                return explanation.error
            if conflict:
                return f"{conflict[0]} cannot be met{meant}"
        return "its devices are free, but in no combination that would do"


def _meant(explanation: Explanation) -> str:
    """A question for the attribute that a constraint means, if it names one that no device has."""
    reasons = (each for request in explanation.requests for each in request.reasons)
    meant = next((each.nearest for each in reasons if each.rule == "attribute" and each.nearest), "")
    return f"; {meant}" if meant else ""
