"""Who shares: pods that name one claim, each pod by itself, the pods of a group, the containers of a pod."""

from __future__ import annotations

import pytest

import dra
from dra.claims import claim
from dra.claims.sharing import MPS, Use, per_pod, per_pod_group, shared
from dra.models.core import ContainerResourceClaim

GPU = claim("one.gpu", namespace="ml").request("gpu", device_class="gpu.nvidia.com")
PAIR = GPU.request("nic", device_class="dranet")


def wired(use: Use, *containers: list[ContainerResourceClaim]) -> dra.Pod:
    return dra.Pod.from_dict(
        {
            "apiVersion": "v1",
            "kind": "Pod",
            "metadata": {"name": "p", "namespace": "ml"},
            "spec": {
                "resourceClaims": [use.pod_claim.to_dict()],
                "containers": [
                    {
                        "name": f"c{index}",
                        "image": "i",
                        "resources": {"claims": [each.to_dict() for each in claims]},
                    }
                    for index, claims in enumerate(containers)
                ],
            },
        }
    )


class TestShared:
    def test_pods_name_the_claim(self) -> None:
        use = shared(GPU)
        assert use.claim == GPU.build()
        assert use.pod_claim.to_dict() == {"name": "one-gpu", "resourceClaimName": "one.gpu"}
        assert use.group_claim is None
        assert dra.load(use.to_yaml()) == [GPU.build()]

    def test_256_pods_can_and_no_more(self) -> None:
        assert shared(GPU, pods=256)
        with pytest.raises(dra.BuildError, match="257 pods cannot use one claim") as caught:
            shared(GPU, pods=257)
        assert "per_pod_group" in caught.value.remedy

    def test_a_template_is_not_shared(self) -> None:
        with pytest.raises(dra.BuildError, match="a template gives every pod a claim of its own"):
            shared(GPU.template())  # the mistake


class TestPerPod:
    def test_pods_name_the_template(self) -> None:
        use = per_pod(GPU, entry="gpu")
        assert use.claim == GPU.template()
        assert use.pod_claim.to_dict() == {"name": "gpu", "resourceClaimTemplateName": "one.gpu"}

    def test_a_claim_is_not_for_each_pod(self) -> None:
        with pytest.raises(dra.BuildError, match="all pods would share it"):
            per_pod(GPU.build())  # the mistake

    def test_an_entry_is_a_dns_label(self) -> None:
        with pytest.raises(dra.BuildError, match="must not contain dots"):
            per_pod(GPU, entry="a.b")


class TestPerPodGroup:
    def test_group_and_pods_have_the_same_entry(self) -> None:
        use = per_pod_group(GPU)
        assert use.group_claim is not None
        assert use.group_claim.to_dict() == use.pod_claim.to_dict()
        group = dra.PodGroup.from_dict(
            {
                "metadata": {"name": "g", "namespace": "ml"},
                "spec": {
                    "schedulingPolicy": {"gang": {"minCount": 2}},
                    "resourceClaims": [use.group_claim.to_dict()],
                },
            }
        )
        features = dra.Features.for_kubernetes(
            "1.37", **dict.fromkeys(("generic_workload", *use.features), True)
        )
        assert dra.validate(group, "1.37", features) == []

    @pytest.mark.parametrize("kubernetes", ["1.34", "1.35"])
    def test_older_minors_do_not_have_it(self, kubernetes: str) -> None:
        with pytest.raises(dra.BuildError, match="no claims of groups"):
            per_pod_group(GPU, kubernetes=kubernetes)

    def test_a_gate_that_is_known_to_be_off(self) -> None:
        with pytest.raises(dra.BuildError, match="DRAWorkloadResourceClaims"):
            per_pod_group(GPU, features=dra.Features.for_kubernetes("1.37"))


class TestContainers:
    def test_containers_with_the_same_entry_share(self) -> None:
        use = per_pod(claim("mps").request("gpu", share=MPS(active_thread_percentage=50)))
        pod = wired(use, use.container_claims(), use.container_claims())
        assert dra.validate(pod) == []
        assert [each for each in dra.lint([pod, use.claim]) if each.severity != "info"] == []

    def test_containers_pick_requests(self) -> None:
        use = shared(PAIR)
        pod = wired(use, use.container_claims("gpu", "nic"), use.container_claims("nic"))
        assert dra.validate(pod) == []
        assert [each.to_dict() for each in use.container_claims("nic")] == [
            {"name": "one-gpu", "request": "nic"}
        ]

    def test_a_request_that_is_not_there(self) -> None:
        with pytest.raises(dra.BuildError, match="did you mean 'nic'"):
            per_pod(PAIR).container_claims("nix")
