"""`assert_allocatable` and `assert_unallocatable`: whether claims fit a cluster, and why not."""

from __future__ import annotations

from dra.errors import DraError
from dra.features import LATEST
from dra.testing.cluster import Allocated, SimulatedCluster, Trial
from dra.testing.given import ClaimSource, FeatureNames
from dra.testing.reasons import Because, described, failure, holds, refusal

__all__ = ["assert_allocatable", "assert_unallocatable"]


def assert_allocatable(
    claims: ClaimSource, *, on: object, kubernetes: str | None = None, features: FeatureNames = None
) -> Allocated:
    """Fail, saying why, unless claims of one pod fit together. Nothing is taken.

    Args:
        claims: Claims or templates: models, dicts, YAML, paths, builders, clients' objects, or several.
        on: The cluster: a `SimulatedCluster` such as the fixture `dra_cluster`, or what one is made of: a
            machine's name, nodes of `dra.testing.nodes`, manifests, or several of these.
        kubernetes: The minor, if `on` is not a cluster already; by default the latest.
        features: Features besides the minor's defaults, likewise.

    Returns:
        What the claims would get.

    Raises:
        AssertionError: They do not fit, or the API server would refuse them or drop fields of them.
        DraError: Something given cannot be used at all.

    Example:
        >>> claim = '''
        ... apiVersion: resource.k8s.io/v1
        ... kind: ResourceClaim
        ... metadata: {name: train}
        ... spec: {devices: {requests: [{name: gpu, exactly: {deviceClassName: gpu.nvidia.com, count: 9}}]}}
        ... '''
        >>> assert_allocatable(claim.replace("9", "8"), on="dgx-h100").devices[-1]
        'gpu-7'
        >>> assert_allocatable(claim, on="dgx-h100")  # doctest: +ELLIPSIS
        Traceback (most recent call last):
            ...
        AssertionError: gpu: 8 of 9 devices
        claim train does not fit dgx-h100-0
        ...
    """
    __tracebackhide__ = True
    cluster = cluster_of(on, kubernetes, features)
    trial = cluster.attempt(claims)
    if trial.allocated is None:
        raise AssertionError(failure(cluster, trial))
    return trial.allocated


def assert_unallocatable(
    claims: ClaimSource,
    *,
    on: object,
    because: Because = None,
    kubernetes: str | None = None,
    features: FeatureNames = None,
) -> None:
    """Fail if claims of one pod fit together, or if another reason than the given one is why they do not.

    Without a reason, broken input is no refusal: a class that does not exist or a claim that the API server
    would not take makes the test fail, so that a slip of the pen does not pass for a refusal.

    Args:
        claims: As for `assert_allocatable`.
        on: As for `assert_allocatable`.
        because: The reason on every node: the name of a rule, or a regular expression that is found in the
            explanation (where runs of white space count as one space), or a function of the explanation; of
            several each must hold. Rules are `class`, `selector`, `in use`, `capacity`, `counters`, `count`,
            `constraint`, `conflict`, `attribute`, `taint`, `node`, `feature`, `compatibility groups`, `pool`,
            and for broken input `error` and `invalid` (`dra.testing.reasons.RULES` says what they mean).
        kubernetes: As for `assert_allocatable`.
        features: As for `assert_allocatable`.

    Raises:
        AssertionError: They fit, or do not for another reason.
        DraError: Something given cannot be used at all.

    Example:
        >>> claim = {"apiVersion": "resource.k8s.io/v1", "kind": "ResourceClaim", "metadata": {"name": "c"},
        ...          "spec": {"devices": {"requests": [{"name": "gpu", "exactly": {
        ...              "deviceClassName": "gpu.nvidia.com", "count": 9}}]}}}
        >>> assert_unallocatable(claim, on="dgx-h100", because="count")
        >>> assert_unallocatable(claim, on="dgx-h100", because="in use")  # doctest: +ELLIPSIS
        Traceback (most recent call last):
            ...
        AssertionError: not because of 'in use': gpu: 8 of 9 devices
        claim c does not fit dgx-h100-0
        ...
    """
    __tracebackhide__ = True
    cluster = cluster_of(on, kubernetes, features)
    trial = cluster.attempt(claims)
    if trial.allocated is not None:
        raise AssertionError(f"{trial.subject} can be allocated: {trial.allocated!r}")
    wrong = _wrong(cluster, trial, because)
    if wrong is not None:
        raise AssertionError(wrong)


def _wrong(cluster: SimulatedCluster, trial: Trial, because: Because) -> str | None:
    """What is wrong with the way in which claims do not fit; None if it is as expected."""
    explanations = [refusal(trial)] if trial.faults else cluster.explain(trial)
    for each in explanations:
        if not holds(because, each, refused=bool(trial.faults)):
            but = "broken input is no refusal" if because is None else f"not because of {described(because)}"
            return failure(cluster, trial, but, first=each)
    return None


def cluster_of(on: object, kubernetes: str | None, features: FeatureNames) -> SimulatedCluster:
    """The cluster that is given, or one made of what is given.

    Raises:
        DraError: A minor or features are given for a cluster that has its own.
    """
    if not isinstance(on, SimulatedCluster):
        return SimulatedCluster(on, kubernetes=kubernetes or LATEST, features=features)
    if kubernetes is not None or features is not None:
        raise DraError("a cluster has its minor and features already", remedy="give them to SimulatedCluster")
    return on
