"""The two halves of a claim as plain data, and as a patch for Argo."""

from __future__ import annotations

import json

import pytest
import yaml

from dra import DraError
from dra.claims.pods import attach, fragments, pod_spec_patch
from tests.unit.claims.pods.test_attach import template


def test_the_halves_make_what_attach_makes() -> None:
    halves = fragments(template(), name="gpu", request="gpu")
    spec = {
        "containers": [{"name": "main", "resources": {"claims": halves["claims"]}}],
        "resourceClaims": halves["resourceClaims"],
    }
    assert spec == attach({"containers": [{"name": "main"}]}, template(), name="gpu", request="gpu")


def test_the_halves_are_yaml() -> None:
    halves = fragments("claim/train")
    assert (
        yaml.safe_load(yaml.safe_dump(halves))
        == halves
        == {
            "resourceClaims": [{"name": "train", "resourceClaimName": "train"}],
            "claims": [{"name": "train"}],
        }
    )


def test_several_requests() -> None:
    halves = fragments("claim/train", request=["a", "b"])
    assert halves["claims"] == [{"name": "train", "request": "a"}, {"name": "train", "request": "b"}]


def test_an_unknown_request_is_refused() -> None:
    with pytest.raises(DraError, match="did you mean 'gpu'"):
        fragments(template(), request="gpus")


def test_a_patch_of_several_claims() -> None:
    patch = json.loads(pod_spec_patch("template/gpu", "claim/nic", container="train"))
    assert patch == {
        "resourceClaims": [
            {"name": "gpu", "resourceClaimTemplateName": "gpu"},
            {"name": "nic", "resourceClaimName": "nic"},
        ],
        "containers": [{"name": "train", "resources": {"claims": [{"name": "gpu"}, {"name": "nic"}]}}],
    }


def test_a_name_that_no_claim_of_a_pod_can_have_is_refused() -> None:
    with pytest.raises(DraError, match="'GPU' cannot be the name of a claim in a pod"):
        fragments(template(), name="GPU")
