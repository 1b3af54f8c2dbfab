"""`attach` on objects that make pods in a way of their own: Ray, Kubeflow, Argo, SkyPilot, groups of pods."""

from __future__ import annotations

import json
from typing import Any

import pytest
import yaml

import dra
from dra import DraError, UnknownNameError, UnknownVersionError
from dra.claims.pods import attach, attachment
from tests.unit.claims.pods.manifests import ENTRY, USE, container, pod, pod_spec, template, workload


class TestRay:
    @staticmethod
    def cluster(*workers: str, **parameters: str) -> dict[str, Any]:
        return {
            "headGroupSpec": {"rayStartParams": {}, "template": {"spec": pod_spec()}},
            "workerGroupSpecs": [
                {
                    "groupName": name,
                    "replicas": 2,
                    "rayStartParams": parameters,
                    "template": {"spec": pod_spec()},
                }
                for name in workers
            ],
        }

    def test_workers_get_the_claim_and_ray_is_told(self) -> None:
        given = workload("ray.io/v1", "RayCluster", **self.cluster("gpus"))
        done = attachment(given, template(count=4), name="gpu")
        head, worker = done.workload["spec"]["headGroupSpec"], done.workload["spec"]["workerGroupSpecs"][0]
        assert worker["template"]["spec"]["resourceClaims"] == [ENTRY]
        assert worker["rayStartParams"] == {"num-gpus": "4"}
        assert head == given["spec"]["headGroupSpec"]
        assert "start or direct the others" in done.left_alone[0].text

    def test_a_head_without_workers_gets_it(self) -> None:
        given = workload("ray.io/v1", "RayJob", rayClusterSpec=self.cluster())
        result = attach(given, template(), name="gpu")
        head = result["spec"]["rayClusterSpec"]["headGroupSpec"]
        assert head["template"]["spec"]["resourceClaims"] == [ENTRY]
        assert head["rayStartParams"] == {"num-gpus": "1"}

    def test_what_ray_is_told_already_stays(self) -> None:
        given = workload("ray.io/v1", "RayService", rayClusterConfig=self.cluster("a", **{"num-gpus": "0"}))
        result = attach(given, template())
        assert result["spec"]["rayClusterConfig"]["workerGroupSpecs"][0]["rayStartParams"] == {
            "num-gpus": "0"
        }

    @pytest.mark.parametrize("given", ["template/train", template(allocationMode="All")])
    def test_a_number_that_is_not_known_is_reported(self, given: object) -> None:
        cluster = workload("ray.io/v1", "RayCluster", **self.cluster("a"))
        done = attachment(cluster, given)
        assert done.workload["spec"]["workerGroupSpecs"][0]["rayStartParams"] == {}
        assert any("Ray sees no GPUs" in left.text for left in done.left_alone)


class TestTrainJob:
    def test_the_claim_is_per_node(self) -> None:
        given = workload("trainer.kubeflow.org/v1alpha1", "TrainJob", trainer={"numNodes": 2})
        result = attach(given, template(), name="gpu")
        assert result["spec"]["trainer"] == {"numNodes": 2, "resourceClaimsPerNode": [ENTRY]}
        assert attach(result, template(), name="gpu") == result

    def test_limits_are_dropped(self) -> None:
        per_node = {"limits": {"nvidia.com/gpu": 8, "cpu": 1}}
        given = workload("trainer.kubeflow.org/v1alpha1", "TrainJob", trainer={"resourcesPerNode": per_node})
        result = attach(given, template(), drop="nvidia.com/gpu")
        assert result["spec"]["trainer"]["resourcesPerNode"] == {"limits": {"cpu": 1}}

    def test_claims_that_kubeflow_refuses_are_refused(self) -> None:
        per_node = {"claims": [USE]}
        given = workload("trainer.kubeflow.org/v1alpha1", "TrainJob", trainer={"resourcesPerNode": per_node})
        with pytest.raises(DraError, match="refuses claims here") as refused:
            attach(given, template())
        assert refused.value.path == "spec.trainer.resourcesPerNode.claims"

    def test_other_containers_need_runtime_patches(self) -> None:
        given = workload("trainer.kubeflow.org/v1alpha1", "TrainJob")
        with pytest.raises(DraError, match="runtimePatches"):
            attach(given, template(), containers=["sidecar"])

    def test_a_group_is_found_in_runtime_patches(self) -> None:
        job = {"name": "node", "template": {"spec": {"template": {"spec": pod_spec(container("node"))}}}}
        patch = {"trainingRuntimeSpec": {"template": {"spec": {"replicatedJobs": [job]}}}}
        given = workload("trainer.kubeflow.org/v1alpha1", "TrainJob", runtimePatches=[patch])
        result = attach(given, template(), name="gpu", groups=["node"])
        (patched,) = dra.claims.pods.templates(result)
        assert patched.spec["resourceClaims"] == [ENTRY]
        assert "trainer" not in result["spec"]


class TestWorkflow:
    @staticmethod
    def workflow(*templates: dict[str, Any], kind: str = "Workflow") -> dict[str, Any]:
        spec = {"entrypoint": "a", "templates": list(templates)}
        return workload(
            "argoproj.io/v1alpha1", kind, **(spec if kind != "CronWorkflow" else {"workflowSpec": spec})
        )

    def test_the_claim_goes_into_the_patch(self) -> None:
        given = self.workflow({"name": "train", "container": {"image": "x"}}, {"name": "steps", "steps": []})
        result = attach(given, template(), name="gpu")
        patched, steps = result["spec"]["templates"]
        assert json.loads(patched["podSpecPatch"]) == {
            "containers": [{"name": "main", "resources": {"claims": [USE]}}],
            "resourceClaims": [ENTRY],
        }
        assert steps == {"name": "steps", "steps": []}
        assert attach(result, template(), name="gpu") == result

    def test_a_patch_that_is_there_is_kept(self) -> None:
        main = "{name: main, resources: {limits: {cpu: 1}}}"
        patch = f"hostIPC: true\ncontainers:\n- {main}\n- {{name: wait, image: z}}\n"
        given = self.workflow({"name": "train", "script": {"image": "x"}, "podSpecPatch": patch})
        result = attach(given, template(), name="gpu")["spec"]["templates"][0]["podSpecPatch"]
        assert yaml.safe_load(result) == {
            "hostIPC": True,
            "containers": [
                {"name": "main", "resources": {"limits": {"cpu": 1}, "claims": [USE]}},
                {"name": "wait", "image": "z"},
            ],
            "resourceClaims": [ENTRY],
        }

    def test_containers_of_a_set_have_their_names(self) -> None:
        group = {"containers": [container("a"), container("b")]}
        given = self.workflow({"name": "train", "containerSet": group}, kind="WorkflowTemplate")
        result = attach(given, template(), name="gpu", containers=["b"])
        patch = json.loads(result["spec"]["templates"][0]["podSpecPatch"])
        assert patch["containers"] == [{"name": "b", "resources": {"claims": [USE]}}]

    def test_the_container_that_asks_for_a_device_is_the_one(self) -> None:
        group = {"containers": [container("a"), container("b", limits={"nvidia.com/gpu": 1})]}
        given = self.workflow({"name": "train", "containerSet": group})
        result = attach(given, template(), name="gpu", drop="nvidia.com/gpu")["spec"]["templates"][0]
        assert [each["name"] for each in json.loads(result["podSpecPatch"])["containers"]] == ["b"]
        assert result["containerSet"]["containers"][1] == container("b") | {"resources": {}}

    def test_templates_are_chosen_by_name_or_by_what_they_ask_for(self) -> None:
        plain = {"name": "load", "container": {"image": "x"}}
        asking = {
            "name": "train",
            "container": {"image": "x", "resources": {"limits": {"nvidia.com/gpu": 1}}},
        }
        given = self.workflow(plain, asking, kind="CronWorkflow")
        for groups in (None, ["train"]):
            result = attach(given, template(), groups=groups)["spec"]["workflowSpec"]["templates"]
            assert result[0] == plain
            assert "podSpecPatch" in result[1]
        with pytest.raises(UnknownNameError, match="did you mean 'train'"):
            attach(given, template(), groups=["trian"])

    def test_placeholders_cannot_be_read(self) -> None:
        given = self.workflow({"name": "a", "container": {}, "podSpecPatch": "{{inputs.parameters.patch}}"})
        with pytest.raises(DraError, match="by hand") as refused:
            attach(given, template())
        assert refused.value.path == "spec.templates[0].podSpecPatch"

    def test_a_workflow_that_runs_nothing_is_refused(self) -> None:
        with pytest.raises(DraError, match="no template of it runs a container"):
            attach(self.workflow({"name": "steps", "steps": []}), template())


class TestSkyPilot:
    @pytest.mark.parametrize(
        "path",
        [
            ("config", "kubernetes", "pod_config"),
            ("experimental", "config_overrides", "kubernetes", "pod_config"),
            ("kubernetes", "pod_config"),
            ("pod_config",),
        ],
    )
    def test_a_task_or_a_piece_of_its_configuration(self, path: tuple[str, ...]) -> None:
        given: Any = {"spec": {"runtimeClassName": "nvidia"}}
        for step in reversed(path):
            given = {step: given}
        result = attach(given, template(), name="gpu")
        for step in path:
            result = result[step]
        assert result["spec"] == {
            "runtimeClassName": "nvidia",
            "containers": [{"name": "ray-node", "resources": {"claims": [USE]}}],
            "resourceClaims": [ENTRY],
        }

    def test_what_is_missing_is_made(self) -> None:
        result = attach("run: python train.py\nconfig: {kubernetes: {pod_config: }}\n", template())
        spec = yaml.safe_load(result)["config"]["kubernetes"]["pod_config"]["spec"]
        assert set(spec) == {"containers", "resourceClaims"}


class TestPodGroups:
    WORKLOAD = workload(
        "scheduling.k8s.io/v1beta1",
        "Workload",
        podGroupTemplates=[
            {"name": "workers", "schedulingPolicy": {"gang": {"minCount": 4}}},
            {"name": "b", "schedulingPolicy": {"basic": {}}},
        ],
    )

    def test_a_group_has_the_claim(self) -> None:
        result = attach(workload("scheduling.k8s.io/v1beta1", "PodGroup"), template(), name="gpu")
        assert result["spec"]["resourceClaims"] == [ENTRY]

    def test_the_patterns_of_a_workload(self) -> None:
        result = attach(self.WORKLOAD, template(), name="gpu", groups=["workers"])
        first, second = result["spec"]["podGroupTemplates"]
        assert first["resourceClaims"] == [ENTRY]
        assert "resourceClaims" not in second
        model = attach(dra.load(self.WORKLOAD)[0], template(), name="gpu")
        assert isinstance(model, dra.Workload)
        assert not dra.validate(model)

    def test_an_unknown_pattern_is_refused(self) -> None:
        with pytest.raises(UnknownNameError, match="did you mean 'workers'"):
            attach(self.WORKLOAD, template(), groups=["worker"])

    def test_a_group_has_at_most_four_claims(self) -> None:
        group = workload("scheduling.k8s.io/v1beta1", "PodGroup")
        for index in range(4):
            group = attach(group, f"template/t{index}")
        with pytest.raises(DraError, match="at most 4 claims"):
            attach(group, template())

    def test_pods_join_the_group(self) -> None:
        result = attach(pod(), template(), name="gpu", pod_group="workers", kubernetes="1.36")
        assert result["spec"]["schedulingGroup"] == {"podGroupName": "workers"}
        assert attach(result, template(), name="gpu", pod_group="workers") == result
        with pytest.raises(DraError, match="belong to another group"):
            attach(result, template(), name="gpu", pod_group="others")

    def test_pods_that_are_made_elsewhere_cannot_join(self) -> None:
        job = workload("trainer.kubeflow.org/v1alpha1", "TrainJob")
        with pytest.raises(DraError, match="leave pod_group= out"):
            attach(job, template(), pod_group="workers")

    def test_old_minors_have_no_claims_of_groups(self) -> None:
        with pytest.raises(UnknownVersionError, match=r"from 1\.36 on"):
            attach(pod(), template(), pod_group="workers", kubernetes="1.35")
        with pytest.raises(UnknownVersionError):
            attach(self.WORKLOAD, template(), kubernetes="1.35")
        old = {**self.WORKLOAD, "apiVersion": "scheduling.k8s.io/v1alpha1"}
        with pytest.raises(DraError, match="no claims in this version"):
            attach(old, template())
