"""What is wrong between a workload's claims and its containers, for a workload of any form."""

from __future__ import annotations

from typing import Any

import yaml

from dra.claims.pods import attach, check_wiring
from tests.unit.claims.pods.test_attach import ENTRY, USE, claim, container, pod, pod_spec, template, workload


def codes(given: Any, claims: Any = None) -> list[str]:
    return [finding.code for finding in check_wiring(given, claims)]


def test_what_attach_makes_is_right() -> None:
    assert codes(attach(pod(), template(), name="gpu"), template()) == []


def test_a_dangling_use_and_an_unused_claim() -> None:
    given = pod(container(claims=[{"name": "gpus"}]), resourceClaims=[ENTRY])
    assert codes(given) == ["DRA302", "DRA301"]


def test_the_shape_with_source() -> None:
    old = {"name": "gpu", "source": {"resourceClaimTemplateName": "train"}}
    (finding,) = check_wiring(pod_spec(container(claims=[USE]), resourceClaims=[old]))
    assert finding.code == "DRA309"
    assert finding.path == "resourceClaims[0]"
    assert "1.31" in finding.fix


def test_a_template_that_is_a_claim() -> None:
    (finding,) = check_wiring(attach(pod(), "template/train"), [claim()])
    assert (finding.code, finding.fix) == ("DRA307", "train is a ResourceClaim")


def test_a_request_that_the_claim_does_not_have() -> None:
    assert codes(attach(pod(), "template/train", request="gpus"), [template()]) == ["DRA303"]


def test_a_claim_and_a_template_in_one_entry() -> None:
    both = {**ENTRY, "resourceClaimName": "train"}
    assert codes(pod(container(claims=[USE]), resourceClaims=[both])) == ["DRA309"]


def test_two_entries_of_one_name() -> None:
    twice = pod(container(claims=[USE]), resourceClaims=[ENTRY, ENTRY])
    assert codes(twice) == ["DRA310"]


def test_any_workload_in_any_form() -> None:
    job = workload("batch/v1", "Job", template={"spec": pod_spec(resourceClaims=[ENTRY])})
    for given in (job, yaml.safe_dump(job), [job], {"kind": "List", "items": [job]}):
        (finding,) = check_wiring(given)
        assert finding.path == "spec.template.spec.resourceClaims[0]"
        assert finding.subject == "Job a"


def test_findings_are_those_of_the_workload_only() -> None:
    other = pod(container(claims=[{"name": "gpus"}]))
    assert codes(pod(), [other, template()]) == []
