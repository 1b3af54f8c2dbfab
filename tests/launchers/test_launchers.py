"""What the examples make is what each launcher takes, by the launcher's own code.

The launchers' packages exclude each other, so each test runs where its launcher is installed: `make
launchers` makes a virtual environment for each (`tests/launchers/run.py`).
"""

from __future__ import annotations

import copy
import importlib.util
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
import yaml

pytestmark = pytest.mark.launchers

EXAMPLES = Path(__file__).parents[2] / "examples" / "launchers"
ENTRY = {"name": "gpu", "resourceClaimTemplateName": "train-gpu"}
USE = {"name": "gpu"}


def example(name: str) -> ModuleType:
    spec = importlib.util.spec_from_file_location(f"example_{name}", EXAMPLES / f"{name}.py")
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def wire(obj: Any) -> Any:
    """What the official client would send."""
    client = pytest.importorskip("kubernetes.client")
    return client.ApiClient().sanitize_for_serialization(obj)


def assert_wired(spec: Any, container: int = 0) -> None:
    assert spec["resourceClaims"] == [ENTRY]
    assert spec["containers"][container]["resources"]["claims"] == [USE]


class TestSkyPilot:
    def test_the_task_is_one_and_its_pod_config_is_valid(self) -> None:
        sky = pytest.importorskip("sky")
        from sky.provision.kubernetes import utils

        config = yaml.safe_load(example("skypilot_task").build())
        task = sky.Task.from_yaml_config(copy.deepcopy(config))
        assert task.num_nodes == 4
        assert utils.check_pod_config(config["config"]["kubernetes"]["pod_config"]) == (True, None)

    def test_it_is_merged_into_the_first_container(self) -> None:
        pytest.importorskip("sky")
        from sky.utils import config_utils

        pod = {"spec": {"containers": [{"name": "ray-node", "resources": {"limits": {"cpu": 4}}}]}}
        config = yaml.safe_load(example("skypilot_task").build())["config"]["kubernetes"]["pod_config"]
        config_utils.merge_k8s_configs(pod, config)
        assert_wired(pod["spec"])
        assert len(pod["spec"]["containers"]) == 1


@pytest.fixture
def kubeconfig(tmp_path: Path) -> str:
    """A configuration of a cluster that nobody asks for anything."""
    named = {"cluster": {"server": "http://localhost"}, "context": {"cluster": "a", "user": "a"}, "user": {}}
    config = {f"{kind}s": [{"name": "a", kind: value}] for kind, value in named.items()}
    file = tmp_path / "kubeconfig"
    file.write_text(yaml.safe_dump({"apiVersion": "v1", "kind": "Config", "current-context": "a", **config}))
    return str(file)


def test_airflow(kubeconfig: str) -> None:
    operators = pytest.importorskip("airflow.providers.cncf.kubernetes.operators.pod")
    given = example("airflow_operator").build()
    operator = operators.KubernetesPodOperator(
        task_id="train", name="train", namespace="ml", full_pod_spec=given, config_file=kubeconfig
    )
    pod = wire(operator.build_pod_request_obj())
    assert_wired(pod["spec"])
    assert [each["name"] for each in pod["spec"]["containers"]] == ["base"]


def test_airflow_with_the_halves_apart(kubeconfig: str) -> None:
    operators = pytest.importorskip("airflow.providers.cncf.kubernetes.operators.pod")
    from kubernetes.client import CoreV1ResourceClaim, V1ResourceRequirements

    claims = [CoreV1ResourceClaim(**use) for use in example("airflow_operator").container_half()]
    template = {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": "a"},
        "spec": {"containers": [{"name": "base"}], "resourceClaims": [ENTRY]},
    }
    operator = operators.KubernetesPodOperator(
        task_id="train",
        name="train",
        namespace="ml",
        image="x",
        config_file=kubeconfig,
        pod_template_dict=template,
        container_resources=V1ResourceRequirements(claims=claims),
    )
    assert_wired(wire(operator.build_pod_request_obj())["spec"])


class TestKubeflowTrainer:
    def test_a_runtime(self) -> None:
        models = pytest.importorskip("kubeflow_trainer_api.models")
        given = example("kubeflow_trainjob").runtime()
        runtime = models.TrainerV1alpha1TrainingRuntime.from_dict(given)
        assert runtime.to_dict() == given

    def test_a_runtime_object_keeps_its_class(self) -> None:
        models = pytest.importorskip("kubeflow_trainer_api.models")
        module = example("kubeflow_trainjob")
        from dra.claims.pods import attach

        given = module.runtime()
        spec = given["spec"]["template"]["spec"]["replicatedJobs"][0]["template"]["spec"]["template"]["spec"]
        del spec["resourceClaims"], spec["containers"][0]["resources"]
        runtime = models.TrainerV1alpha1TrainingRuntime.from_dict(given)
        result = attach(runtime, module.CLAIM, name="gpu")
        assert type(result) is type(runtime)
        assert result.to_dict() == module.runtime()
        assert runtime.to_dict() == given

    def test_a_train_job(self) -> None:
        models = pytest.importorskip("kubeflow_trainer_api.models")
        given = example("kubeflow_trainjob").build()
        job = models.TrainerV1alpha1TrainJob.from_dict(given)
        assert job.spec.trainer.num_proc_per_node == 2
        if not hasattr(models.TrainerV1alpha1Trainer(), "resource_claims_per_node"):
            pytest.skip("this kubeflow-trainer-api has no resourceClaimsPerNode yet: the rest is right")
        assert job.to_dict() == given


def test_kfp() -> None:
    kubernetes = pytest.importorskip("kfp.kubernetes")
    from kfp import dsl

    if not hasattr(kubernetes, "add_resource_claim"):
        pytest.skip("this kfp-kubernetes has no add_resource_claim yet")

    @dsl.component
    def train() -> None: ...

    module = example("kfp_pipeline")
    seen = []

    @dsl.pipeline
    def pipeline() -> None:
        task = train()
        kubernetes.add_resource_claim(task, **module.build())
        seen.append(task.platform_config["kubernetes"])

    assert seen[0]["podResourceClaims"] == [{"resourceClaimTemplateName": "train-gpu"}]


def test_torchx() -> None:
    scheduler = pytest.importorskip("torchx.schedulers.kubernetes_scheduler")
    from torchx.specs import AppDef, Resource, Role

    role = Role(name="train", image="x", num_replicas=2, resource=Resource(cpu=4, gpu=2, memMB=1024))
    resource = scheduler.app_to_resource(AppDef("train", roles=[role]), queue="q", service_account=None)
    before = wire(resource)
    result = example("torchx_app").claimed(resource)
    tasks = wire(result)["spec"]["tasks"]
    assert len(tasks) == 2
    for task in tasks:
        assert_wired(task["template"]["spec"])
        assert "nvidia.com/gpu" not in task["template"]["spec"]["containers"][0]["resources"]["limits"]
    kept = type(resource["spec"]["tasks"][0]["template"])
    assert all(type(task["template"]) is kept for task in result["spec"]["tasks"])
    assert wire(resource) == before


def test_flytekit() -> None:
    flytekit = pytest.importorskip("flytekit")
    from flytekit.core.pod_template import serialize_pod_template

    template = flytekit.PodTemplate(pod_spec=example("flyte_task").build(), primary_container_name="primary")
    data = serialize_pod_template(template.pod_spec)
    assert data["resource_claims"][0]["resource_claim_template_name"] == "train-gpu"
    assert data["containers"][0]["resources"]["claims"][0]["name"] == "gpu"
    assert template.version_hash()


class TestHera:
    def test_the_patch_of_a_container(self) -> None:
        workflows = pytest.importorskip("hera.workflows")
        with workflows.Workflow(generate_name="train-", entrypoint="train") as workflow:
            workflows.Container(name="train", image="x", pod_spec_patch=example("argo_workflow").patch())
        (template,) = workflow.to_dict()["spec"]["templates"]
        patch = yaml.safe_load(template["podSpecPatch"])
        assert patch["containers"] == [{"name": "main", "resources": {"claims": [{"name": "train-gpu"}]}}]

    def test_the_example_is_a_workflow_of_hera(self) -> None:
        workflows = pytest.importorskip("hera.workflows")
        text = example("argo_workflow").build()
        assert workflows.Workflow.from_yaml(text).to_dict()["spec"] == yaml.safe_load(text)["spec"]

    def test_the_model_that_hera_builds_keeps_its_class(self) -> None:
        workflows = pytest.importorskip("hera.workflows")
        from dra.claims.pods import attach

        with workflows.Workflow(generate_name="train-", entrypoint="train") as workflow:
            workflows.Container(name="train", image="x")
        built = workflow.build()
        result = attach(built, example("argo_workflow").CLAIM, name="gpu")
        assert type(result) is type(built)
        assert yaml.safe_load(result.spec.templates[0].pod_spec_patch)["resourceClaims"] == [ENTRY]
        assert built.spec.templates[0].pod_spec_patch is None


def test_metaflow() -> None:
    jobs = pytest.importorskip("metaflow.plugins.kubernetes.kubernetes_job")
    client = pytest.importorskip("kubernetes.client")

    class Options(dict):  # type: ignore[type-arg] # whatever Metaflow asks for and this test does not care about
        def __missing__(self, name: str) -> None:
            return None

    class Client:
        def get(self) -> Any:
            return client

    options = Options(
        qos="Burstable",
        cpu="1",
        memory="1024",
        disk="1024",
        namespace="ml",
        step_name="train",
        gpu="2",
        gpu_vendor="nvidia",
        annotations={},
        labels={},
        environment_variables={},
        node_selector={},
    )
    job = jobs.KubernetesJob(Client(), **options)
    job._kwargs = options
    create: Callable[[], Any] = example("metaflow_job").claimed(job.create_job_spec)
    result = create()
    assert type(result) is client.V1JobSpec
    spec = wire(result)["template"]["spec"]
    assert_wired(spec)
    assert "nvidia.com/gpu" not in spec["containers"][0]["resources"].get("limits", {})


def test_codeflare() -> None:
    config = pytest.importorskip("codeflare_sdk.ray.rayjobs.config")
    from codeflare_sdk.ray.cluster.config import ClusterConfiguration

    spec = config.build_ray_cluster_spec(
        ClusterConfiguration(name="train", namespace="ml", num_workers=4), "train"
    )
    worker = wire(example("codeflare_cluster").claimed(spec))["workerGroupSpecs"][0]
    assert_wired(worker["template"]["spec"])
    assert worker["rayStartParams"]["num-gpus"] == "2"


def test_dstack() -> None:
    pytest.importorskip("dstack._internal.core.backends.kubernetes.compute")
    client = pytest.importorskip("kubernetes.client")
    pod = example("dstack_pod").build()
    assert type(pod) is client.V1Pod
    assert_wired(wire(pod)["spec"])


def test_dagster() -> None:
    job = pytest.importorskip("dagster_k8s.job")
    config = example("dagster_tags").build()
    made = job.UserDefinedDagsterK8sConfig.from_dict(config)
    assert made.pod_spec_config == {
        "resource_claims": [{"name": "gpu", "resource_claim_template_name": "train-gpu"}]
    }
    assert made.container_config == {"resources": {"claims": [USE]}}


def test_prefect() -> None:
    worker = pytest.importorskip("prefect_kubernetes.worker")
    made = worker.KubernetesWorkerJobConfiguration(
        job_manifest=example("prefect_job").build(), namespace="ml"
    )
    assert_wired(made.job_manifest["spec"]["template"]["spec"])


def test_zenml() -> None:
    settings = pytest.importorskip("zenml.integrations.kubernetes.pod_settings")
    client = pytest.importorskip("kubernetes.client")
    from zenml.integrations.kubernetes.manifest_utils import add_pod_settings

    pod = client.V1PodSpec(containers=[client.V1Container(name="main", image="x")])
    add_pod_settings(pod, settings.KubernetesPodSettings(**example("zenml_settings").build()), {})
    limits = wire(pod)["containers"][0]["resources"]["limits"]
    assert limits == {"deviceclass.resource.kubernetes.io/gpu.nvidia.com": "2"}
