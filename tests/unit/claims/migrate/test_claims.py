"""`migrate(...)` into claims: what the containers of a pod ask for, and what they get."""

from __future__ import annotations

import copy
from typing import Any

import pytest

import dra
from dra.claims.migrate import Migration, Outcome, migrate
from dra.errors import DraError
from tests.unit.claims.migrate.builders import (
    Wire,
    container,
    deployment,
    entries_of,
    in_,
    pod,
    requests_of,
    required,
    selectors_of,
    spec_of,
)


def left(migration: Migration) -> list[str]:
    return [entry.message for _, entry in migration.left]


class TestOneContainer:
    def test_the_limit_becomes_a_request_of_a_template(self) -> None:
        migration = migrate(pod(container(nvidia_com__gpu=2, cpu="4")))
        assert requests_of(migration) == [
            {"name": "gpu", "exactly": {"deviceClassName": "gpu.nvidia.com", "count": 2}}
        ]
        assert spec_of(migration) == {
            "containers": [
                {"name": "main", "resources": {"limits": {"cpu": "4"}, "claims": [{"name": "gpu"}]}}
            ],
            "resourceClaims": [{"name": "gpu", "resourceClaimTemplateName": "nvidia-gpu-x2"}],
        }

    def test_equal_requests_go_as_well(self) -> None:
        both = {"nvidia.com/gpu": "1"}
        spec = spec_of(migrate(pod({"name": "main", "resources": {"limits": both, "requests": both}})))
        assert spec["containers"][0]["resources"] == {"claims": [{"name": "gpu"}]}

    def test_claims_that_are_there_stay(self) -> None:
        main = container(nvidia_com__gpu=1)
        main["resources"]["claims"] = [{"name": "gpu"}]
        spec = spec_of(migrate(pod(main, resourceClaims=[{"name": "gpu", "resourceClaimName": "other"}])))
        assert [each["name"] for each in spec["resourceClaims"]] == ["gpu", "gpu-2"]
        assert spec["containers"][0]["resources"]["claims"] == [{"name": "gpu"}, {"name": "gpu-2"}]

    @pytest.mark.parametrize(
        ("resource", "device_class", "selectors"),
        [
            ("nvidia.com/gpu", "gpu.nvidia.com", []),
            (
                "nvidia.com/mig-1g.5gb",
                "mig.nvidia.com",
                ['device.attributes["gpu.nvidia.com"].profile == "1g.5gb"'],
            ),
            (
                "nvidia.com/mig-1g.10gb.me",
                "mig.nvidia.com",
                ['device.attributes["gpu.nvidia.com"].profile == "1g.10gb+me"'],
            ),
            ("amd.com/gpu", "gpu.amd.com", []),
            (
                "amd.com/cpx_nps4",
                "gpu.amd.com",
                ['device.attributes["gpu.amd.com"].?partitionProfile.orValue("") == "cpx_nps4"'],
            ),
            (
                "gpu.intel.com/xe",
                "gpu.intel.com",
                ['device.attributes["gpu.intel.com"].?driver.orValue("") == "xe"'],
            ),
            ("habana.ai/gaudi", "gaudi.intel.com", []),
            ("google.com/tpu", "tpu.google.com", ['device.attributes["tpu.google.com"].chipCount == 1']),
            ("aws.amazon.com/neuron", "neuron.aws.com", []),
            ("aws.amazon.com/neurondevice", "neuron.aws.com", []),
            ("vpc.amazonaws.com/efa", "efa.networking.k8s.aws", []),
        ],
    )
    def test_each_resource_has_its_class(
        self, resource: str, device_class: str, selectors: list[str]
    ) -> None:
        migration = migrate(pod({"name": "main", "resources": {"limits": {resource: 1}}}))
        (request,) = requests_of(migration)
        assert request["exactly"]["deviceClassName"] == device_class
        assert selectors_of(request) == selectors
        assert migration.complete


class TestSeveralContainers:
    def test_each_has_a_request_of_its_own_in_one_claim(self) -> None:
        migration = migrate(pod(container("a", nvidia_com__gpu=1), container("b", nvidia_com__gpu=2)))
        assert [(each["name"], each["exactly"].get("count", 1)) for each in requests_of(migration)] == [
            ("gpu", 1),
            ("gpu-2", 2),
        ]
        a, b = spec_of(migration)["containers"]
        assert a["resources"]["claims"] == [{"name": "gpu", "request": "gpu"}]
        assert b["resources"]["claims"] == [{"name": "gpu", "request": "gpu-2"}]

    def test_different_devices_share_a_claim_called_devices(self) -> None:
        main = {"name": "main", "resources": {"limits": {"nvidia.com/gpu": 1, "vpc.amazonaws.com/efa": 4}}}
        migration = migrate(pod(main))
        assert [each["name"] for each in requests_of(migration)] == ["gpu", "efa"]
        assert spec_of(migration)["resourceClaims"][0]["name"] == "devices"
        assert spec_of(migration)["containers"][0]["resources"]["claims"] == [{"name": "devices"}]

    def test_chips_of_a_node_are_counted_over_the_pod(self) -> None:
        containers = [{"name": each, "resources": {"limits": {"google.com/tpu": 4}}} for each in "ab"]
        migration = migrate(pod(*containers))
        assert {each for request in requests_of(migration) for each in selectors_of(request)} == {
            'device.attributes["tpu.google.com"].chipCount == 8'
        }

    def test_an_init_container_uses_the_devices_of_what_starts_after_it(self) -> None:
        migration = migrate(
            pod(container("train", nvidia_com__gpu=2), initContainers=[container("warm", nvidia_com__gpu=1)])
        )
        assert [each["exactly"]["count"] for each in requests_of(migration)] == [2]
        spec = spec_of(migration)
        assert spec["initContainers"][0]["resources"]["claims"] == [{"name": "gpu"}]
        assert "all 2 devices of which it sees" in entries_of(migration, Outcome.CHANGED)[0].message

    def test_an_init_container_that_needs_more_gets_the_rest_on_top(self) -> None:
        migration = migrate(
            pod(container("train", nvidia_com__gpu=1), initContainers=[container("warm", nvidia_com__gpu=4)])
        )
        assert [each["exactly"].get("count", 1) for each in requests_of(migration)] == [1, 3]
        spec = spec_of(migration)
        assert spec["initContainers"][0]["resources"]["claims"] == [{"name": "gpu"}]
        assert spec["containers"][0]["resources"]["claims"] == [{"name": "gpu", "request": "gpu"}]

    def test_init_containers_share_what_they_need_on_top(self) -> None:
        starting = [container("a", nvidia_com__gpu=2), container("b", nvidia_com__gpu=3)]
        migration = migrate(pod({"name": "main"}, initContainers=starting))
        assert [each["exactly"]["count"] for each in requests_of(migration)] == [3]

    def test_a_sidecar_keeps_its_devices(self) -> None:
        sidecar = {**container("proxy", nvidia_com__gpu=1), "restartPolicy": "Always"}
        after = container("warm", nvidia_com__gpu=1)
        migration = migrate(pod(container("train", nvidia_com__gpu=1), initContainers=[sidecar, after]))
        spec = spec_of(migration)
        assert len(requests_of(migration)) == 2
        assert spec["initContainers"][0]["resources"]["claims"] == [{"name": "gpu", "request": "gpu"}]
        assert spec["initContainers"][1]["resources"]["claims"] == [{"name": "gpu", "request": "gpu-2"}]
        assert spec["containers"][0]["resources"]["claims"] == [{"name": "gpu", "request": "gpu-2"}]


class TestTemplates:
    def test_equal_needs_of_a_namespace_share_one(self) -> None:
        first, second = pod(name="a"), deployment(container("other", nvidia_com__gpu=1), replicas=3)
        migration = migrate([first, second])
        assert [each.subject for each in migration.new_objects] == ["ResourceClaimTemplate team/nvidia-gpu"]
        assert migration.objects[0] is migration.new_objects[0]

    def test_each_namespace_has_its_own(self) -> None:
        migration = migrate([pod(namespace="a"), pod(namespace="b")])
        assert [each.metadata.namespace for each in migration.new_objects] == ["a", "b"]

    def test_a_given_one_with_the_same_devices_is_used(self) -> None:
        template, *_ = migrate(pod()).objects
        migration = migrate([template, pod(name="second")])
        assert migration.new_objects == []
        assert spec_of(migration)["resourceClaims"][0]["resourceClaimTemplateName"] == "nvidia-gpu"

    def test_a_given_one_with_other_devices_keeps_its_name(self) -> None:
        template, *_ = migrate(pod(container(nvidia_com__gpu=2))).objects
        other = {**template.to_dict(), "metadata": {"name": "nvidia-gpu", "namespace": "team"}}
        migration = migrate([other, pod()])
        (new,) = migration.new_objects
        assert new.metadata.name is not None
        assert new.metadata.name.startswith("nvidia-gpu-")
        assert migrate([other, pod()]).new_objects[0].metadata.name == new.metadata.name

    def test_names_do_not_depend_on_the_order_of_other_objects(self) -> None:
        objects = [pod(name="a"), pod(container(nvidia_com__gpu=4), name="b"), pod(name="c", namespace="d")]
        names = [
            sorted(each.subject for each in migrate(some).new_objects) for some in (objects, objects[::-1])
        ]
        assert names[0] == names[1]

    def test_a_long_name_is_cut_and_stays_apart_from_others(self) -> None:
        products = [f"NVIDIA-Very-Long-Name-Of-A-Product-{number}" for number in range(3)]
        affinity = required([in_("nvidia.com/gpu.product", *products)])
        other = required([in_("nvidia.com/gpu.product", *products[:2])])
        new = migrate([pod(affinity=affinity), pod(affinity=other)]).new_objects
        names = [each.metadata.name or "" for each in new]
        assert len(set(names)) == 2
        assert all(len(name) <= 63 for name in names)


class TestWhatIsLeft:
    @pytest.mark.parametrize(
        ("limits", "requests", "reason"),
        [
            (None, {"nvidia.com/gpu": 1}, "requests only"),
            ({"nvidia.com/gpu": 2}, {"nvidia.com/gpu": 1}, "limits say 2 and requests 1"),
            ({"nvidia.com/gpu": "0.5"}, None, "not a whole number"),
            ({"nvidia.com/gpu": 1.5}, None, "not a whole number"),
            ({"nvidia.com/gpu": "-1"}, None, "not a whole number"),
            ({"nvidia.com/gpu": [1]}, None, "not a whole number"),
            ({"nvidia.com/gpu": True}, None, "not a whole number"),
            ({"nvidia.com/gpu": 33}, None, "33 devices, and a claim has at most 32"),
            ({"nvidia.com/gpu": 1, "nvidia.com/gpumem": 3000}, None, "makes it a fraction"),
            ({"nvidia.com/mig-1c.3g.20gb": 1}, None, "smaller than its GPU instance"),
            ({"aws.amazon.com/neuroncore": 2}, None, "whole devices"),
            ({"gpu.intel.com/i915_monitoring": 1}, None, "admin access"),
            ({"rdma/hca_shared_devices_a": 1}, None, "any number of pods share"),
            ({"openshift.io/sriov-net-a": 1}, None, "virtual functions"),
            ({"example.com/widget": 1}, None, "no DRA driver is known"),
        ],
    )
    def test_it_stays_as_it_was_with_the_reason(
        self, limits: Wire | None, requests: Wire | None, reason: str
    ) -> None:
        amounts = {name: each for name, each in (("limits", limits), ("requests", requests)) if each}
        given = deployment({"name": "main", "resources": amounts})
        migration = migrate(given)
        assert any(reason in message for message in left(migration))
        assert migration.objects[-1].to_dict() == given
        assert not migration.changed
        assert all(entry.remedy for _, entry in migration.left)

    def test_a_number_of_thousands_of_digits_is_none(self) -> None:
        migration = migrate(deployment(container(nvidia_com__gpu=10**5000)))
        assert left(migration) == ["a huge number is not a whole number"]

    def test_none_asked_for_is_none_to_claim(self) -> None:
        migration = migrate(deployment(container(nvidia_com__gpu=0)))
        assert not migration.changed
        assert migration.complete

    def test_what_can_be_carried_over_is(self) -> None:
        migration = migrate(pod(container(nvidia_com__gpu=1, example_com__widget=1)))
        assert spec_of(migration)["containers"][0]["resources"] == {
            "limits": {"example.com/widget": "1"},
            "claims": [{"name": "gpu"}],
        }
        assert len(migration.left) == 1

    def test_a_claim_that_no_server_would_take_is_none(self) -> None:
        given = pod(namespace="Not A Namespace")
        migration = migrate(given)
        ((_, entry),) = migration.left
        assert "there can be no such claim" in entry.message
        assert migration.new_objects == []
        assert not migration.changed

    def test_too_many_devices_for_one_claim(self) -> None:
        containers = [container(f"c{number}", nvidia_com__gpu=8) for number in range(5)]
        migration = migrate(pod(*containers))
        assert len(migration.left) == 5
        assert not migration.changed

    def test_a_quota_does_not_count_claims(self) -> None:
        quota = {
            "apiVersion": "v1",
            "kind": "ResourceQuota",
            "metadata": {"name": "gpus"},
            "spec": {"hard": {"requests.nvidia.com/gpu": "8", "cpu": "9"}},
        }
        ((_, entry),) = migrate(quota).left
        assert entry.path == "spec.hard[requests.nvidia.com/gpu]"
        assert "gpu.nvidia.com.deviceclass.resource.k8s.io/devices" in entry.remedy

    def test_what_else_speaks_of_it_is_found(self) -> None:
        workflow = {"apiVersion": "x.y/v1", "kind": "Run", "spec": {"accelerator": {"nvidia.com/gpu": 4}}}
        ((_, entry),) = migrate(workflow).left
        assert entry.path == "spec.accelerator[nvidia.com/gpu]"

    def test_keys_may_be_anything(self) -> None:
        assert migrate({"apiVersion": "x.y/v1", "kind": "Run", "spec": {3: {None: "a"}}}).complete

    def test_kueue_counts_by_its_own_map(self) -> None:
        queue = {
            "apiVersion": "kueue.x-k8s.io/v1beta1",
            "kind": "ClusterQueue",
            "metadata": {"name": "q"},
            "spec": {"resourceGroups": [{"coveredResources": ["cpu", "nvidia.com/gpu"]}]},
        }
        ((_, entry),) = migrate(queue).left
        assert entry.path == "spec.resourceGroups[0].coveredResources[1]"
        assert "deviceClassMappings" in entry.remedy

    def test_a_node_is_only_described(self) -> None:
        node = {"apiVersion": "v1", "kind": "Node", "status": {"capacity": {"nvidia.com/gpu": "8"}}}
        assert migrate(node).complete


class TestRay:
    CLUSTER: Wire = {  # noqa: RUF012 - read only
        "apiVersion": "ray.io/v1",
        "kind": "RayCluster",
        "metadata": {"name": "ray"},
        "spec": {"workerGroupSpecs": [{"groupName": "g", "template": {"spec": pod()["spec"]}}]},
    }

    def test_it_is_told_the_number_of_gpus(self) -> None:
        group = migrate(self.CLUSTER).objects[-1].to_dict()["spec"]["workerGroupSpecs"][0]
        assert group["rayStartParams"] == {"num-gpus": "1"}

    def test_a_number_that_is_there_stays(self) -> None:
        given = copy.deepcopy(self.CLUSTER)
        given["spec"]["workerGroupSpecs"][0]["rayStartParams"] = {"num-gpus": "8"}
        group = migrate(given).objects[-1].to_dict()["spec"]["workerGroupSpecs"][0]
        assert group["rayStartParams"] == {"num-gpus": "8"}


class TestTrainJob:
    def job(self, **trainer: Any) -> Wire:
        return {
            "apiVersion": "trainer.kubeflow.org/v1alpha1",
            "kind": "TrainJob",
            "metadata": {"name": "t", "namespace": "team"},
            "spec": {"trainer": trainer},
        }

    def test_its_own_fields_become_its_own_fields(self) -> None:
        given = self.job(numNodes=2, resourcesPerNode={"limits": {"nvidia.com/gpu": 4, "cpu": 8}})
        migration = migrate(given)
        assert migration.complete
        assert migration.objects[-1].to_dict()["spec"]["trainer"] == {
            "numNodes": 2,
            "resourcesPerNode": {"limits": {"cpu": 8}},
            "resourceClaimsPerNode": [{"name": "gpu", "resourceClaimTemplateName": "nvidia-gpu-x4"}],
        }
        (changed,) = entries_of(migration, Outcome.CHANGED)
        assert changed.path == "spec.trainer.resourcesPerNode.limits[nvidia.com/gpu]"

    def test_resources_that_are_claims_only_go(self) -> None:
        migration = migrate(self.job(resourcesPerNode={"limits": {"nvidia.com/gpu": 1}}))
        assert list(migration.objects[-1].to_dict()["spec"]["trainer"]) == ["resourceClaimsPerNode"]

    def test_what_is_left_stays_in_them(self) -> None:
        given = self.job(resourcesPerNode={"limits": {"example.com/widget": 1}})
        migration = migrate(given)
        assert len(migration.left) == 1
        assert migration.objects[-1].to_dict() == given


class TestTheFunction:
    def test_what_is_given_does_not_change(self) -> None:
        given = [pod(nodeSelector={"nvidia.com/gpu.product": "Tesla-T4"}), deployment()]
        loaded, before = dra.load(given), copy.deepcopy(given)
        wire = [each.to_dict() for each in loaded]
        migrate(given)
        migrate(loaded)
        assert given == before
        assert [each.to_dict() for each in loaded] == wire

    def test_an_object_without_devices_is_passed_on_itself(self) -> None:
        (service,) = dra.load({"apiVersion": "v1", "kind": "Service", "metadata": {"name": "s"}})
        migration = migrate([service])
        assert migration.objects == [service]
        assert migration.objects[0] is service
        assert str(migration) == "1 unchanged; nothing left for you"

    def test_nothing_is_migrated_to_nothing(self) -> None:
        assert str(migrate([])) == "no objects; nothing left for you"

    @pytest.mark.parametrize("wrong", [{"mode": "claim"}, {"sharing": "mps"}, {"kubernetes": "1.12"}])
    def test_a_wrong_argument_is_an_error(self, wrong: Any) -> None:
        with pytest.raises(DraError):
            migrate([], **wrong)

    def test_the_report_is_data_as_well(self) -> None:
        data = migrate(pod(container(nvidia_com__gpu=1, example_com__widget=1))).to_dict()
        assert [each["kind"] for each in data["objects"]] == ["ResourceClaimTemplate", "Pod"]
        assert [each["status"] for each in data["report"]] == ["new", "changed"]
        assert data["complete"] is False

    @pytest.mark.parametrize(
        "spec",
        [
            {"template": {"spec": {"containers": "none"}}},
            {
                "template": {
                    "spec": {"containers": [1, None, {"resources": 3}, {"resources": {"limits": []}}]}
                }
            },
            {"template": {"spec": {"containers": [], "nodeSelector": [1], "affinity": 2}}},
            {"template": None},
            {"template": {"spec": {"containers": [{"resources": {"limits": {"nvidia.com/gpu": {}}}}]}}},
        ],
    )
    def test_malformed_workloads_are_passed_on(self, spec: Any) -> None:
        given = {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "x"}, "spec": spec}
        migration = migrate(given)
        assert [each.to_dict() for each in migration.objects] == [dra.load(given)[0].to_dict()]

    def test_claims_that_are_no_list_are_left(self) -> None:
        given = deployment(container(nvidia_com__gpu=1), resourceClaims={"name": "gpu"})
        migration = migrate(given)
        assert left(migration) == ["claims of the pod or of a container are not a list of objects"]
        assert not migration.changed
