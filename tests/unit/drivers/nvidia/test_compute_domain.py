"""ComputeDomain: its claims, its devices and its cliques."""

from __future__ import annotations

import pytest

import dra
from dra.drivers.nvidia import compute_domain
from dra.drivers.nvidia.compute_domain import ComputeDomain, channel_template
from dra.errors import DriverError

DRIVER = dra.drivers.get("compute-domain.nvidia.com")

DOMAIN = """\
apiVersion: resource.nvidia.com/v1beta1
kind: ComputeDomain
metadata: {name: train, namespace: ml, uid: 4dae8f1a-0b1c-4a52-8e0e-0e7fd6cf2c6b}
spec:
  numNodes: 0
  channel: {resourceClaimTemplate: {name: train-channel}}
"""


def test_devices_are_as_declared() -> None:
    assert [each.name for each in compute_domain.devices()] == ["channel-0", "daemon-0"]
    assert [DRIVER.misdeclared(each) for each in compute_domain.devices()] == [[], []]


def test_template_is_the_controllers() -> None:
    template = channel_template(ComputeDomain.from_yaml(DOMAIN, strict=True))
    assert template.to_dict() == {
        "apiVersion": "resource.k8s.io/v1",
        "kind": "ResourceClaimTemplate",
        "metadata": {"name": "train-channel", "namespace": "ml"},
        "spec": {
            "spec": {
                "devices": {
                    "requests": [
                        {
                            "name": "channel",
                            "exactly": {"deviceClassName": "compute-domain-default-channel.nvidia.com"},
                        }
                    ],
                    "config": [
                        {
                            "requests": ["channel"],
                            "opaque": {
                                "driver": "compute-domain.nvidia.com",
                                "parameters": {
                                    "apiVersion": "resource.nvidia.com/v1beta1",
                                    "kind": "ComputeDomainChannelConfig",
                                    "domainID": "4dae8f1a-0b1c-4a52-8e0e-0e7fd6cf2c6b",
                                    "allocationMode": "Single",
                                },
                            },
                        }
                    ],
                }
            }
        },
    }
    assert dra.drivers.check_configs(template) == []


def test_domain_without_uid_has_no_template_yet() -> None:
    with pytest.raises(DriverError, match="needs a UID"):
        channel_template(ComputeDomain())


@pytest.mark.parametrize("kind", ["ComputeDomainChannelConfig", "ComputeDomainDaemonConfig"])
def test_domain_id_is_required(kind: str) -> None:
    (problem,) = DRIVER.check({"apiVersion": "resource.nvidia.com/v1beta1", "kind": kind})
    assert problem.message == "domainID cannot be empty"


def test_allocation_mode() -> None:
    parameters = {
        "apiVersion": "resource.nvidia.com/v1beta1",
        "kind": "ComputeDomainChannelConfig",
        "domainID": "a",
        "allocationMode": "Some",
    }
    assert [each.message for each in DRIVER.check(parameters)] == ["unknown allocation mode: Some"]


def test_clique_needs_a_uuid() -> None:
    with pytest.raises(DriverError, match="not a UUID"):
        compute_domain.clique_id("rack-1", 0)
