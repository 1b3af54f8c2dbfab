"""`fragments`: the two halves of a claim in a pod as plain data, for what has a place for each."""

from __future__ import annotations

import json
from collections.abc import Sequence

from dra.claims.pods.source import Claim, ClaimKind, claim_source

__all__ = ["fragments", "pod_spec_patch"]


def fragments(
    claim: Claim, *, name: str = "", request: Sequence[str] | str = (), kind: ClaimKind | None = None
) -> dict[str, list[dict[str, str]]]:
    """The two halves: what goes to `spec.resourceClaims`, and what to a container's `resources.claims`.

    Args:
        claim: As for `attach`.
        name: The name of the claim in the pod; by default made from the claim's.
        request: The requests of the claim that the container uses; by default all.
        kind: What a bare name is the name of.

    Raises:
        DraError: As `attach`, for the claim.

    Example:
        >>> halves = fragments("template/train", name="gpu", request="gpu")
        >>> halves["resourceClaims"]
        [{'name': 'gpu', 'resourceClaimTemplateName': 'train'}]
        >>> halves["claims"]
        [{'name': 'gpu', 'request': 'gpu'}]
    """
    source = claim_source(claim, kind)
    source.check_name(name)
    requests = ((request,) if request else ()) if isinstance(request, str) else tuple(request)
    for each in requests:
        source.check_request(each)
    entry = source.entry(name)
    uses = [{"name": entry["name"], "request": each} for each in requests] or [{"name": entry["name"]}]
    return {"resourceClaims": [entry], "claims": uses}


def pod_spec_patch(
    *claims: Claim, container: str = "main", request: Sequence[str] | str = (), kind: ClaimKind | None = None
) -> str:
    """Claims as the text of an Argo Workflows `podSpecPatch`, which is a merge patch of a pod's spec.

    Args:
        claims: As for `attach`.
        container: The container that uses them; `main` is what Argo calls that of a template.
        request: As for `fragments`.
        kind: As for `fragments`.

    Raises:
        DraError: As `attach`, for a claim.

    Example:
        >>> json.loads(pod_spec_patch("template/train"))["containers"]
        [{'name': 'main', 'resources': {'claims': [{'name': 'train'}]}}]
    """
    halves = [fragments(claim, request=request, kind=kind) for claim in claims]
    entries = [entry for half in halves for entry in half["resourceClaims"]]
    uses = [use for half in halves for use in half["claims"]]
    return json.dumps(
        {"resourceClaims": entries, "containers": [{"name": container, "resources": {"claims": uses}}]}
    )
