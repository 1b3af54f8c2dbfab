"""Devices that the device plugin divides: time-slicing, MPS and MIG, wherever that is said."""

from __future__ import annotations

from typing import Any

import pytest
import yaml

from dra.claims.migrate import Outcome, migrate
from dra.claims.migrate.plugins import PluginConfig, PluginConfigs, Sharing
from dra.errors import DraError
from dra.models.loading import load
from tests.unit.claims.migrate.builders import (
    Wire,
    container,
    deployment,
    entries_of,
    pod,
    requests_of,
    selectors_of,
    spec_of,
)


def config(strategy: str = "timeSlicing", replicas: int = 4, **settings: Any) -> Wire:
    resources = [{"name": "nvidia.com/gpu", "replicas": replicas}]
    return {"version": "v1", "sharing": {strategy: {"resources": resources, **settings}}}


def config_map(**configs: Wire) -> Wire:
    data = {name: yaml.safe_dump(each) for name, each in configs.items()}
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "plugin"}, "data": data}


def policy(default: str) -> Wire:
    return {
        "apiVersion": "nvidia.com/v1",
        "kind": "ClusterPolicy",
        "metadata": {"name": "cluster-policy"},
        "spec": {"devicePlugin": {"config": {"name": "plugin", "default": default}}},
    }


def is_share(migration: Any) -> bool:
    requests = requests_of(migration)
    return all(each["exactly"].get("capacity") == {"requests": {"shares": "1"}} for each in requests)


class TestTheConfiguration:
    @pytest.mark.parametrize(
        ("data", "sharing"),
        [
            (config(), {"nvidia.com/gpu": Sharing("time-slicing", 4)}),
            (config(renameByDefault=True), {"nvidia.com/gpu.shared": Sharing("time-slicing", 4)}),
            (config(failRequestsGreaterThanOne=True), {"nvidia.com/gpu": Sharing("time-slicing", 4, True)}),
            (config("mps", 2), {"nvidia.com/gpu": Sharing("MPS", 2, True)}),
            (config("mps", 2, failRequestsGreaterThanOne=False), {"nvidia.com/gpu": Sharing("MPS", 2)}),
            (config(replicas=1), {}),
            ({"version": "v1", "flags": {}}, {}),
            ({"version": "v1", "sharing": {"timeSlicing": {"resources": [3, {}, {"name": 1}]}}}, {}),
            ({"version": "v1", "sharing": {"timeSlicing": []}}, {}),
            ({"version": "v1", "sharing": None}, {}),
        ],
    )
    def test_it_is_read_as_the_plugin_reads_it(self, data: Wire, sharing: dict[str, Sharing]) -> None:
        found = PluginConfig.of(data)
        assert found is not None
        assert found.sharing == sharing

    def test_a_resource_may_be_renamed(self) -> None:
        data = {
            "version": "v1",
            "sharing": {"timeSlicing": {"resources": [{"name": "gpu", "rename": "slice", "replicas": 2}]}},
        }
        found = PluginConfig.of(data)
        assert found is not None
        assert list(found.sharing) == ["nvidia.com/slice"]

    @pytest.mark.parametrize("data", [None, 3, [], {"version": "v2", "sharing": {}}, {"version": "v1"}])
    def test_other_data_is_no_configuration(self, data: Any) -> None:
        assert PluginConfig.of(data) is None

    def test_a_config_map_may_hold_other_things(self) -> None:
        given = load({**config_map(), "data": {"a": "version: [", "b": "version: v1", "c": "x"}})
        assert PluginConfigs.of(given).configs == {}

    def test_what_is_given_as_one_must_be_one(self) -> None:
        with pytest.raises(DraError, match="not a configuration"):
            migrate([], plugin_config={"sharing": {}})


class TestShares:
    @pytest.mark.parametrize(
        "given",
        [
            [pod(container(nvidia_com__gpu_shared=1))],
            [pod({"name": "main", "resources": {"limits": {"nvidia.com/mig-1g.5gb.shared": 1}}})],
            [config_map(any=config()), pod()],
            [config_map(a=config(), b=config(replicas=2)), policy("a"), pod()],
            [
                config_map(a=config(), b={"version": "v1", "flags": {}}),
                pod(nodeSelector={"nvidia.com/device-plugin.config": "a"}),
            ],
            [pod(nodeSelector={"nvidia.com/gpu.product": "Tesla-T4-SHARED"})],
            [pod(nodeSelector={"nvidia.com/gpu.replicas": "4"})],
            [pod(nodeSelector={"nvidia.com/gpu.sharing-strategy": "time-slicing"})],
            [pod(nodeSelector={"cloud.google.com/gke-gpu-sharing-strategy": "time-sharing"})],
        ],
    )
    def test_a_place_on_a_shared_device_becomes_a_share(self, given: list[Wire]) -> None:
        assert is_share(migrate(given))

    def test_the_number_of_shares_is_said(self) -> None:
        migration = migrate(pod(), plugin_config=config(replicas=6))
        assert any("consumableShares=6" in entry.remedy for entry in entries_of(migration, Outcome.NOTE))

    def test_shares_are_of_devices_that_are_shared(self) -> None:
        migration = migrate(pod(container(nvidia_com__gpu_shared=1)))
        assert "device.allowMultipleAllocations" in selectors_of(requests_of(migration)[0])

    def test_a_gate_is_named_where_the_minor_needs_one(self) -> None:
        given = pod(container(nvidia_com__gpu_shared=1))
        remedies = [entry.remedy for entry in entries_of(migrate(given, kubernetes="1.35"), Outcome.NOTE)]
        assert "enable DRAConsumableCapacity" in remedies
        remedies = [entry.remedy for entry in entries_of(migrate(given, kubernetes="1.36"), Outcome.NOTE)]
        assert "enable DRAConsumableCapacity" not in remedies

    def test_not_knowing_which_configuration_holds_is_said(self) -> None:
        migration = migrate([config_map(a=config(), b=config(replicas=2)), pod()])
        assert not is_share(migration)
        assert any("which one holds?" in entry.message for entry in entries_of(migration, Outcome.NOTE))

    def test_more_than_the_plugin_would_give_is_left(self) -> None:
        given = pod(container(nvidia_com__gpu=2))
        migration = migrate(given, plugin_config=config(failRequestsGreaterThanOne=True))
        assert [entry.message for _, entry in migration.left] == [
            "the device plugin refuses more than one place on a shared device"
        ]

    def test_the_configuration_is_passed_on_and_said_to_be_the_plugins(self) -> None:
        given = config_map(any=config())
        migration = migrate([given, pod()])
        assert migration.objects[0].to_dict() == given
        assert any(
            "configures the device plugin" in each.message for each in entries_of(migration, Outcome.NOTE)
        )


class TestMps:
    def test_it_is_left_unless_pods_may_share_a_claim(self) -> None:
        migration = migrate(pod(), plugin_config=config("mps"))
        ((_, entry),) = migration.left
        assert "--sharing claim" in entry.remedy
        assert not migration.changed

    def test_a_shared_claim_limits_threads(self) -> None:
        migration = migrate(
            deployment(container(nvidia_com__gpu=1)), sharing="claim", plugin_config=config("mps")
        )
        (claim,) = (each.to_dict() for each in migration.new_objects)
        assert claim["kind"] == "ResourceClaim"
        assert claim["metadata"] == {"name": "serve-gpu", "namespace": "team"}
        (made,) = claim["spec"]["devices"]["config"]
        assert made["opaque"]["parameters"]["sharing"] == {
            "strategy": "MPS",
            "mpsConfig": {"defaultActiveThreadPercentage": 25},
        }
        assert spec_of(migration)["resourceClaims"] == [{"name": "gpu", "resourceClaimName": "serve-gpu"}]


class TestOneClaimForAWorkload:
    def test_time_slicing_needs_no_configuration(self) -> None:
        given = deployment(container(nvidia_com__gpu_shared=1), replicas=2)
        claim = migrate(given, sharing="claim").new_objects[0].to_dict()
        assert "config" not in claim["spec"]["devices"]

    def test_more_pods_than_places_are_said(self) -> None:
        given = deployment(container(nvidia_com__gpu=1), replicas=8)
        migration = migrate(given, sharing="claim", plugin_config=config(replicas=4))
        notes = [entry.message for entry in entries_of(migration, Outcome.NOTE)]
        assert "8 pods share what the device plugin gave to at most 4" in notes

    def test_a_workload_without_a_name_is_left(self) -> None:
        given = deployment(container(nvidia_com__gpu_shared=1))
        given["metadata"] = {"generateName": "serve-"}
        assert len(migrate(given, sharing="claim").left) == 1

    def test_whole_devices_beside_shared_ones_have_a_template(self) -> None:
        given = deployment(container("a", nvidia_com__gpu_shared=1), container("b", nvidia_com__gpu=1))
        migration = migrate(given, sharing="claim")
        assert sorted(each.kind for each in migration.new_objects) == [
            "ResourceClaim",
            "ResourceClaimTemplate",
        ]
        assert [each["name"] for each in spec_of(migration)["resourceClaims"]] == ["gpu", "gpu-2"]


class TestMigBehindTheGpuResource:
    @pytest.mark.parametrize(
        ("labels", "selectors"),
        [
            (
                {"nvidia.com/gpu.product": "NVIDIA-A100-SXM4-80GB-MIG-1g.10gb"},
                [
                    'device.attributes["gpu.nvidia.com"].profile == "1g.10gb"',
                    'device.attributes["gpu.nvidia.com"].productName == "NVIDIA A100-SXM4-80GB"',
                ],
            ),
            (
                {"cloud.google.com/gke-gpu-partition-size": "1g.5gb"},
                ['device.attributes["gpu.nvidia.com"].profile == "1g.5gb"'],
            ),
        ],
    )
    def test_a_label_that_names_the_profile_makes_it_a_mig_device(
        self, labels: Wire, selectors: list[str]
    ) -> None:
        migration = migrate(pod(nodeSelector=labels))
        (request,) = requests_of(migration)
        assert request["exactly"]["deviceClassName"] == "mig.nvidia.com"
        assert selectors_of(request) == selectors
        assert spec_of(migration)["containers"][0]["resources"] == {"claims": [{"name": "mig"}]}
