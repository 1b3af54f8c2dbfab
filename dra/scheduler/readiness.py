"""A pod becomes a trial, if it can be scheduled at all: it could exist, waits for nothing, has its claims."""

from __future__ import annotations

from collections.abc import Iterable

from dra.models.core import Pod
from dra.scheduler.attempts import Trial
from dra.scheduler.claims import NotReady, PodClaims
from dra.scheduler.world import World
from dra.validation.rules.pod import pod_spec

__all__ = ["trial_of"]


def trial_of(world: World, pod: Pod, claims: PodClaims, nodes: Iterable[str] | None = None) -> Trial:
    """A pod that is to be tried on nodes.

    Args:
        world: The nodes.
        pod: The pod.
        claims: Finds its claims.
        nodes: The names of the only nodes that may be looked at; all if left out.

    Raises:
        NotReady: It has to wait, whatever the nodes.
        AllocationError: The API server would refuse the pod, or a request of its claims is broken.
    """
    for fault in pod_spec(pod, world.engine.scope):
        raise fault.refusal(pod)
    gates = [each.name for each in pod.spec.scheduling_gates or ()]
    if gates:
        raise NotReady(f"it has scheduling gates: {', '.join(gates)}")
    trial = Trial(world, pod, claims.of(pod), nodes=nodes)
    trial.check()
    return trial
