"""`attach` puts a claim into both places of any workload, and changes nothing else."""

from __future__ import annotations

import copy
import json
from typing import Any

import pytest
import yaml

import dra
from dra import DraError, UnknownNameError
from dra.claims import claim as build, sharing
from dra.claims.pods import attach, attachment, claim_source
from tests.unit.claims.pods.manifests import (
    ENTRY,
    USE,
    claim,
    container,
    pod,
    pod_spec,
    template,
    uses,
    workload,
)


class TestBothPlaces:
    def test_the_pod_has_the_claim_and_its_container_uses_it(self) -> None:
        given = pod(container(limits={"cpu": 1}), hostIPC=True)
        before = copy.deepcopy(given)
        expected = pod(container(limits={"cpu": 1}, claims=[USE]), hostIPC=True, resourceClaims=[ENTRY])
        assert attach(given, template(), name="gpu") == expected
        assert given == before

    def test_twice_is_once(self) -> None:
        once = attachment(pod(), template(), name="gpu")
        twice = attachment(once.workload, template(), name="gpu")
        assert twice.workload == once.workload
        assert once.changes
        assert not twice.changes

    def test_what_was_there_stays(self) -> None:
        other = {"name": "nic", "resourceClaimName": "nic"}
        given = pod(container(claims=[{"name": "nic"}], requests={"cpu": 1}), resourceClaims=[other])
        result = attach(given, template(), name="gpu")["spec"]
        assert result["resourceClaims"] == [other, ENTRY]
        assert result["containers"][0]["resources"] == {
            "claims": [{"name": "nic"}, USE],
            "requests": {"cpu": 1},
        }

    def test_the_name_is_made_from_that_of_the_claim(self) -> None:
        assert attach(pod(), template("train.v2"))["spec"]["resourceClaims"] == [
            {"name": "train-v2", "resourceClaimTemplateName": "train.v2"}
        ]
        (entry,) = attach(pod(), f"template/{'a' * 62}.bcd")["spec"]["resourceClaims"]
        assert entry["name"] == "a" * 62

    def test_an_entry_for_the_claim_that_is_there_keeps_its_name(self) -> None:
        result = attach(pod(resourceClaims=[ENTRY]), template())
        assert result["spec"]["resourceClaims"] == [ENTRY]
        assert uses(result["spec"]["containers"][0]) == [USE]

    def test_a_name_that_stands_for_something_else_is_refused(self) -> None:
        given = pod(resourceClaims=[{"name": "gpu", "resourceClaimName": "other"}])
        with pytest.raises(DraError, match="'gpu' is ResourceClaim other already") as refused:
            attach(given, template(), name="gpu")
        assert refused.value.path == "spec.resourceClaims[0]"
        assert "name=" in refused.value.remedy

    def test_a_name_that_no_entry_can_have_is_refused(self) -> None:
        with pytest.raises(DraError, match="'my gpu' cannot be the name of a claim in a pod: a lowercase"):
            attach(pod(), template(), name="my gpu")

    def test_the_shape_with_source_is_rewritten(self) -> None:
        old = {"name": "gpu", "source": {"resourceClaimTemplateName": "train"}}
        done = attachment(pod(resourceClaims=[old]), template())
        assert done.workload["spec"]["resourceClaims"] == [ENTRY]
        assert "1.31" in done.changes[0].text


class TestRequests:
    def test_a_container_uses_single_requests(self) -> None:
        result = attach(pod(), template(), name="gpu", request="gpu")
        assert uses(result["spec"]["containers"][0]) == [{"name": "gpu", "request": "gpu"}]
        both = attach(pod(), "template/train", name="gpu", request=["a", "b"])
        assert [each["request"] for each in uses(both["spec"]["containers"][0])] == ["a", "b"]

    def test_an_unknown_request_is_refused(self) -> None:
        with pytest.raises(UnknownNameError, match="did you mean 'gpu'"):
            attach(pod(), template(), request="gpus")

    def test_an_alternative_cannot_be_named(self) -> None:
        with pytest.raises(DraError, match="use 'gpu'"):
            attach(pod(), template(), request="gpu/h100")

    def test_a_request_of_a_claim_that_is_used_as_a_whole_is_there_already(self) -> None:
        given = attach(pod(), template(), name="gpu")
        done = attachment(given, template(), name="gpu", request="gpu")
        assert done.workload == given
        assert "uses all of gpu already" in done.left_alone[0].text

    def test_all_of_a_claim_cannot_be_added_to_single_requests(self) -> None:
        given = attach(pod(), template(), name="gpu", request="gpu")
        with pytest.raises(DraError, match="single requests of 'gpu' already"):
            attach(given, template(), name="gpu")


class TestContainers:
    def test_named_containers(self) -> None:
        given = pod(container("a"), container("b"), container("c"), initContainers=[container("setup")])
        result = attach(given, template(), name="gpu", containers=["a", "c"], init_containers="setup")["spec"]
        assert [uses(each) for each in result["containers"]] == [[USE], [], [USE]]
        assert uses(result["initContainers"][0]) == [USE]

    def test_all_containers(self) -> None:
        result = attach(pod(container("a"), container("b")), template(), name="gpu", containers="*")["spec"]
        assert [uses(each) for each in result["containers"]] == [[USE], [USE]]

    @pytest.mark.parametrize(
        ("containers", "metadata", "main"),
        [
            (["a", "b"], {}, "a"),
            (["istio-proxy", "train"], {}, "train"),
            (["istio-proxy"], {}, "istio-proxy"),
            (["a", "b"], {"annotations": {"kubectl.kubernetes.io/default-container": "b"}}, "b"),
        ],
    )
    def test_the_main_container_is_the_default(
        self, containers: list[str], metadata: dict[str, Any], main: str
    ) -> None:
        given = {"metadata": metadata, "spec": pod_spec(*map(container, containers))}
        done = attachment(given, template())
        users = [each["name"] for each in done.workload["spec"]["containers"] if uses(each)]
        assert users == [main]
        assert len(done.left_alone) == len(containers) - 1

    def test_containers_that_ask_for_devices_are_the_main_ones(self) -> None:
        given = pod(container("a"), container("b", limits={"nvidia.com/gpu": 1}))
        result = attach(given, template(), name="gpu")["spec"]
        assert [uses(each) for each in result["containers"]] == [[], [USE]]

    def test_a_sidecar_is_left_alone_with_the_reason(self) -> None:
        done = attachment(pod(container(), container("istio-proxy")), template())
        (left,) = done.left_alone
        assert left.path == "spec.containers[1]"
        assert "a sidecar by its name" in left.text

    def test_an_unknown_container_is_refused(self) -> None:
        with pytest.raises(UnknownNameError, match="did you mean 'main'") as refused:
            attach(pod(), template(), containers=["mian"])
        assert refused.value.path == "spec.containers"
        assert refused.value.subject == "Pod a"

    @pytest.mark.parametrize("names", [3, ["a", 3], {"a"}])
    def test_names_that_are_none_are_refused(self, names: Any) -> None:
        with pytest.raises(DraError, match="expected a name, or a list of names"):
            attach(pod(), template(), containers=names)

    def test_a_container_of_the_other_kind_is_refused(self) -> None:
        with pytest.raises(UnknownNameError, match="init_containers="):
            attach(pod(initContainers=[container("setup")]), template(), containers=["setup"])


class TestDroppedLimits:
    def test_resources_of_the_device_plugin_go(self) -> None:
        given = pod(
            container(limits={"nvidia.com/gpu": 2, "cpu": 1}, requests={"nvidia.com/gpu": 2}),
            container("b", limits={"nvidia.com/gpu": 1}),
        )
        done = attachment(given, template(), name="gpu", containers=["main"], drop=["nvidia.com/gpu"])
        first, second = done.workload["spec"]["containers"]
        assert first["resources"] == {"limits": {"cpu": 1}, "claims": [USE]}
        assert second == container("b", limits={"nvidia.com/gpu": 1})
        assert "spec.containers[0].resources.limits[nvidia.com/gpu]: removed, was 2" in map(str, done.changes)

    def test_all_of_a_vendor(self) -> None:
        given = pod(container(limits={"nvidia.com/mig-1g.5gb": 1, "amd.com/gpu": 1}))
        result = attach(given, template(), drop="nvidia.com/")
        assert result["spec"]["containers"][0]["resources"]["limits"] == {"amd.com/gpu": 1}

    def test_what_is_kept_is_found_by_lint(self) -> None:
        done = attachment(pod(container(limits={"nvidia.com/gpu": 1})), template())
        assert [finding.code for finding in done.findings] == ["DRA306"]


class TestFindings:
    def test_one_claim_for_many_pods(self) -> None:
        job = workload("batch/v1", "Job", parallelism=4, template={"spec": pod_spec()})
        assert [finding.code for finding in attachment(job, claim()).findings] == ["DRA304"]
        assert not attachment(job, template()).findings

    def test_one_claim_for_all_nodes(self) -> None:
        daemons = workload("apps/v1", "DaemonSet", template={"spec": pod_spec()})
        (finding,) = attachment(daemons, claim()).findings
        assert "all pods share" in finding.message


class TestClaims:
    @pytest.mark.parametrize(
        ("given", "kind"),
        [
            ("template/train", "ResourceClaimTemplate"),
            ("ResourceClaimTemplate/train", "ResourceClaimTemplate"),
            ("resourceclaim.resource.k8s.io/train", "ResourceClaim"),
            ("claim/train", "ResourceClaim"),
            ({"name": "x", "resourceClaimName": "train"}, "ResourceClaim"),
            (dra.models.core.PodResourceClaim(resource_claim_template_name="train"), "ResourceClaimTemplate"),
            (claim(), "ResourceClaim"),
            (yaml.safe_dump(template()), "ResourceClaimTemplate"),
            (json.dumps(template()), "ResourceClaimTemplate"),
            (dra.load(claim())[0], "ResourceClaim"),
        ],
    )
    def test_forms(self, given: object, kind: str) -> None:
        source = claim_source(given)
        assert (source.kind, source.name) == (kind, "train")
        assert claim_source(source) is source

    def test_a_name_with_its_kind(self) -> None:
        assert claim_source("train", "ResourceClaim").field == "resourceClaimName"

    def test_a_builder_gives_its_template(self) -> None:
        builder = build("train").request("gpu", device_class="gpu.nvidia.com", count=2)
        source = claim_source(builder)
        assert (source.kind, source.name) == ("ResourceClaimTemplate", "train")
        assert source.object == builder.template()

    def test_who_shares_it_says_which_it_is(self) -> None:
        builder = build("train").request("gpu", device_class="gpu.nvidia.com")
        assert attach(pod(), sharing.per_pod(builder, entry="gpu"))["spec"]["resourceClaims"] == [ENTRY]
        shared = attach(pod(), sharing.shared(builder, entry="gpu"))
        assert shared["spec"]["resourceClaims"] == [{"name": "gpu", "resourceClaimName": "train"}]

    @pytest.mark.parametrize(
        ("given", "message"),
        [
            ("train", "is 'train' a ResourceClaim or a ResourceClaimTemplate"),
            ("templat/train", "did you mean 'template'"),
            ("template/", "without a name"),
            ("template/Train GPU", "cannot be the name of a ResourceClaimTemplate: a lowercase RFC 1123"),
            ({"resourceClaimName": "a", "resourceClaimTemplateName": "b"}, "exactly one of"),
            ({"resourceClaimName": 3}, "without a name"),
            (pod(), "found Pod a"),
            ({**claim(), "metadata": {}}, "no name by which"),
            ([claim(), template()], "one by one"),
            (3, "cannot load"),
        ],
    )
    def test_what_is_no_claim_is_refused(self, given: object, message: str) -> None:
        with pytest.raises(DraError, match=message):
            attach(pod(), given)

    def test_an_unknown_kind_is_refused(self) -> None:
        with pytest.raises(UnknownNameError, match="did you mean 'ResourceClaim'"):
            attach(pod(), "train", kind="ResourceClaims")  # type: ignore[arg-type] # what is tested

    def test_a_claim_of_another_namespace_is_refused(self) -> None:
        given = {**pod(), "metadata": {"name": "a", "namespace": "ml"}}
        with pytest.raises(DraError, match="cannot use a claim of namespace other"):
            attach(given, claim(namespace="other"))
        assert attach(given, claim(namespace="ml"))


class TestGroups:
    JOBS = workload(
        "jobset.x-k8s.io/v1alpha2",
        "JobSet",
        replicatedJobs=[
            {"name": name, "template": {"spec": {"template": {"spec": pod_spec()}}}} for name in ("a", "b")
        ],
    )

    def users(self, given: dict[str, Any], **options: Any) -> list[str]:
        result = attach(given, template(), name="gpu", **options)
        return [each.group for each in dra.claims.pods.templates(result) if "resourceClaims" in each.spec]

    def test_all_groups_are_the_default(self) -> None:
        assert self.users(self.JOBS) == ["a", "b"]
        assert self.users(self.JOBS, groups="*") == ["a", "b"]

    def test_named_groups(self) -> None:
        assert self.users(self.JOBS, groups=["b"]) == ["b"]

    def test_an_unknown_group_is_refused(self) -> None:
        with pytest.raises(UnknownNameError, match="no group of pods is named 'c'"):
            attach(self.JOBS, template(), groups=["c"])

    def test_groups_that_ask_for_devices_are_the_ones(self) -> None:
        given = attach(self.JOBS, "template/other", groups=["b"])
        assert self.users(given) == ["b"]
        done = attachment(given, template())
        assert [left.path for left in done.left_alone] == [
            "spec.replicatedJobs[0].template.spec.template.spec"
        ]

    def test_the_launcher_of_mpi_only_directs(self) -> None:
        replicas = {role: {"template": {"spec": pod_spec()}} for role in ("Launcher", "Worker")}
        assert self.users(workload("kubeflow.org/v1", "MPIJob", mpiReplicaSpecs=replicas)) == ["Worker"]


class TestForms:
    def test_text_with_several_documents(self) -> None:
        service = "apiVersion: v1\nkind: Service\nmetadata: {name: a}\nspec: {ports: []}\n"
        text = attach(f"{service}---\n{yaml.safe_dump(pod())}", template(), name="gpu")
        first, second = yaml.safe_load_all(text)
        assert first == yaml.safe_load(service)
        assert second["spec"]["resourceClaims"] == [ENTRY]

    def test_a_model(self) -> None:
        result = attach(dra.load(pod())[0], template(), name="gpu")
        assert isinstance(result, dra.Pod)
        assert result.spec.resource_claims is not None
        assert not dra.validate(result)

    @pytest.mark.parametrize("spec", [pod_spec(), {"spec": pod_spec()}])
    def test_pieces_without_a_kind(self, spec: dict[str, Any]) -> None:
        result = attach(spec, template(), name="gpu")
        assert result.get("spec", result)["resourceClaims"] == [ENTRY]

    @pytest.mark.parametrize(
        "given",
        [
            workload("v1", "Service"),
            {"apiVersion": "batch/v1", "kind": "Job"},
            {},
            [],
            "kind: Service\napiVersion: v1\n",
        ],
    )
    def test_what_makes_no_pods_is_refused(self, given: Any) -> None:
        with pytest.raises(DraError, match="makes no pods") as refused:
            attach(given, template())
        assert "fragments()" in refused.value.remedy

    @pytest.mark.parametrize(
        ("spec", "path"),
        [
            ({"containers": []}, "spec.containers"),
            ({"containers": [3]}, "spec.containers"),
            ({"containers": {}}, "spec.containers"),
            ({**pod_spec(), "resourceClaims": {}}, "spec.resourceClaims"),
            ({**pod_spec(), "resourceClaims": ["gpu"]}, "spec.resourceClaims"),
            (pod_spec({"name": "a", "resources": []}), "spec.containers[0].resources.claims"),
            (pod_spec(container(claims=["gpu"])), "spec.containers[0].resources.claims"),
        ],
    )
    def test_a_broken_pod_is_refused_with_the_field(self, spec: Any, path: str) -> None:
        with pytest.raises(DraError) as refused:
            attach({"apiVersion": "v1", "kind": "Pod", "spec": spec}, "template/train")
        assert refused.value.path == path
