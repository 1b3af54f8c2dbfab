"""Clusters that show something: claims on whole GPUs, parts and shares, gangs, faults, and hostile names."""

from __future__ import annotations

from collections.abc import Iterable

import dra
from dra.claims import claim, mig, toleration
from dra.claims.builder import ClaimBuilder
from dra.claims.sharing import ConsumableShares
from dra.scheduler import Cluster, Placement
from dra.testing import nodes

HOSTILE = "<script>alert('&\"')</script>\x1b[2J\u202e" + "W" * 400


def placed(cluster: Cluster, wanted: ClaimBuilder, *, group: str = "") -> Cluster:
    """The cluster with a pod that uses the claim."""
    made = dra.default(wanted.build())
    spec = {
        "containers": [{"name": "main"}],
        "resourceClaims": [{"name": "devices", "resourceClaimName": made.metadata.name}],
    }
    if group:
        spec["schedulingGroup"] = {"podGroupName": group}
    name, namespace = made.metadata.name, made.metadata.namespace
    pod = dra.Pod.from_dict({"metadata": {"name": name, "namespace": namespace}, "spec": spec})
    placement = cluster.schedule(pod, [made])
    assert isinstance(placement, Placement), str(placement)
    return placement.apply()


def with_claims(cluster: Cluster, wanted: Iterable[ClaimBuilder]) -> Cluster:
    for each in wanted:
        cluster = placed(cluster, each)
    return cluster


def gpus(name: str, count: int = 1) -> ClaimBuilder:
    return claim(name, namespace="ml").request("gpu", device_class="gpu.nvidia.com", count=count)


def whole() -> Cluster:
    """Two DGX H100: GPUs held, one aligned with a NIC, one tainted, a node that is cordoned."""
    fixture = nodes.cluster("dgx-h100", nodes_per_rack=2)
    rule = dra.DeviceTaintRule.from_dict(
        {
            "metadata": {"name": "ecc"},
            "spec": {
                "deviceSelector": {"driver": "gpu.nvidia.com", "pool": "rack-0-node-1", "device": "gpu-7"},
                "taint": {"key": "example.com/ecc", "effect": "NoSchedule"},
            },
        }
    )
    cluster = Cluster.load([*fixture.objects, rule], features=dra.Features.all())
    pair = gpus("with-nic").request("nic", device_class="dranet").align("resource.kubernetes.io/pcieRoot")
    brave = claim("brave", namespace="ml").request(
        "gpu", device_class="gpu.nvidia.com", count=8, tolerations=toleration("example.com/ecc")
    )
    cluster = with_claims(cluster, [pair, gpus("train", 4), brave])
    node = cluster.nodes[0]
    closed = node.model_copy(update={"spec": node.spec.model_copy(update={"unschedulable": True})})
    return cluster.with_(closed)


def cut(layout: str) -> Cluster:
    """A DGX H100 in parts, some of which are held."""
    setup = nodes.Setup(mig=layout, drivers=["gpu.nvidia.com"])
    cluster = Cluster.load(nodes.cluster("dgx-h100", nodes_per_rack=1, setup=setup).objects)
    profiles = ("3g.40gb", "1g.10gb", "2g.20gb")
    return with_claims(
        cluster,
        [
            claim(f"part-{number}").request("gpu", mig(profile, dynamic=layout == "dynamic"))
            for number, profile in enumerate(profiles)
        ],
    )


def shared(*gib: int) -> Cluster:
    """Eight A100s of 40 GiB that claims have shares of; by default more than there are colours."""
    fixture = nodes.node("dgx-a100-40gb", shares="memory")
    wanted = [
        claim(f"share-{number}").request("gpu", share=ConsumableShares(memory=f"{amount}Gi"))
        for number, amount in enumerate(gib or [1 + number % 7 * 4 for number in range(20)])
    ]
    return with_claims(Cluster.load(fixture.objects), wanted)


def gangs(racks: int = 2) -> Cluster:
    """Racks of two NVLink cliques each, with two gangs."""
    cluster = Cluster.load(nodes.cluster("gb200-nvl72", racks=racks, cliques=2).objects)
    for group, pods in (("pretrain", 11), ("finetune", 5)):
        for number in range(pods):
            cluster = placed(cluster, gpus(f"{group}-{number}", 4), group=group)
    return cluster


def hostile() -> Cluster:
    """Names and values that nobody should be able to use against whoever looks at the picture."""
    wire = {"apiVersion": "resource.k8s.io/v1", "kind": "ResourceSlice", "metadata": {"name": "s"}}
    device = {
        "name": HOSTILE,
        "attributes": {
            "productName": {"string": HOSTILE},
            "resource.kubernetes.io/pcieRoot": {"string": HOSTILE},
        },
    }
    spec = {
        "driver": "d",
        "nodeName": HOSTILE,
        "pool": {"name": HOSTILE, "generation": 1, "resourceSliceCount": 1},
    }
    wire["spec"] = {**spec, "devices": [device, {"name": "名前" * 60}]}  # type: ignore[assignment] # plain data
    held = dra.ResourceClaim.from_dict(
        {
            "metadata": {"name": HOSTILE, "namespace": "n"},
            "spec": {"devices": {}},
            "status": {
                "allocation": {
                    "devices": {
                        "results": [{"request": "r", "driver": "d", "pool": HOSTILE, "device": HOSTILE}]
                    }
                }
            },
        }
    )
    node = dra.Node.from_dict(
        {"metadata": {"name": HOSTILE, "labels": {"rack": HOSTILE, "nvidia.com/gpu.clique": HOSTILE}}}
    )
    return Cluster.load([dra.ResourceSlice.from_dict(wire), held, node])
