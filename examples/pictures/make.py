"""Three pictures: whole GPUs with their NICs, GPUs in parts, two gangs on a rack.

python examples/pictures/make.py FOLDER
"""

from __future__ import annotations

import sys
from pathlib import Path

import dra
from dra.claims import claim, mig
from dra.claims.builder import ClaimBuilder
from dra.scheduler.pictures import Picture, draw
from dra.testing import nodes


def placed(cluster: dra.Cluster, wanted: ClaimBuilder, group: str = "") -> dra.Cluster:
    """The cluster with a pod that uses the claim, where the scheduler puts it."""
    made = dra.default(wanted.build())
    name, namespace = made.metadata.name, made.metadata.namespace
    spec = {
        "containers": [{"name": "main"}],
        "resourceClaims": [{"name": "gpu", "resourceClaimName": name}],
        "schedulingGroup": {"podGroupName": group} if group else None,
    }
    pod = dra.Pod.from_dict({"metadata": {"name": name, "namespace": namespace}, "spec": spec})
    placement = cluster.schedule(pod, [made])
    assert isinstance(placement, dra.Placement), placement
    return placement.apply()


def whole_gpus() -> Picture:
    """Two DGX H100: a training job, GPUs with the NICs of their PCIe roots, and a GPU that is tainted."""
    fixture = nodes.cluster("dgx-h100", nodes_per_rack=2, prefix="dgx")
    broken = dra.DeviceTaintRule.from_dict(
        {
            "metadata": {"name": "xid-79"},
            "spec": {
                "deviceSelector": {"driver": "gpu.nvidia.com", "pool": "dgx-0-node-1", "device": "gpu-2"},
                "taint": {"key": "example.com/xid", "value": "79", "effect": "NoExecute"},
            },
        }
    )
    cluster = dra.Cluster.load([*fixture.objects, broken], features=dra.Features.all())
    gpu = {"device_class": "gpu.nvidia.com"}
    serve = claim("serve", namespace="search").request("gpu", **gpu).request("nic", device_class="dranet")
    wanted = [
        claim("pretrain", namespace="ml").request("gpu", count=4, **gpu),
        serve.align("resource.kubernetes.io/pcieRoot"),
        claim("notebook", namespace="research").request("gpu", **gpu),
        claim("evaluate", namespace="ml").request("gpu", count=3, **gpu),
    ]
    for each in wanted:
        cluster = placed(cluster, each)
    return draw(cluster)


def parts() -> Picture:
    """Two GPUs that are cut on demand: what is cut, what still can be, and what no longer."""
    setup = nodes.Setup(mig="dynamic", drivers=["gpu.nvidia.com"])
    fixture = nodes.cluster("p5.4xlarge", nodes_per_rack=2, prefix="p5", setup=setup)
    cluster = dra.Cluster.load(fixture.objects)
    for name, profile in (
        ("chat", "3g.40gb"),
        ("embed", "1g.10gb"),
        ("rerank", "1g.10gb"),
        ("ocr", "2g.20gb"),
    ):
        cluster = placed(cluster, claim(name, namespace="serving").request("gpu", mig(profile, dynamic=True)))
    return draw(cluster)


def gangs() -> Picture:
    """A GB200 NVL72 rack of two NVLink cliques, and two gangs of pods on it."""
    setup = nodes.Setup(drivers=["gpu.nvidia.com"])
    cluster = dra.Cluster.load(nodes.cluster("gb200-nvl72", cliques=2, setup=setup).objects)
    for group, pods in (("pretrain", 9), ("finetune", 4)):
        for number in range(pods):
            wanted = claim(f"{group}-{number}", namespace="ml").request(
                "gpu", device_class="gpu.nvidia.com", count=4
            )
            cluster = placed(cluster, wanted, group)
    return draw(cluster, by="workload", group_by="rack", detail="compact")


PICTURES = {"dgx-h100": whole_gpus, "mig": parts, "nvl72": gangs}


def main(folder: str) -> None:
    for name, make in PICTURES.items():
        Path(folder, f"{name}.svg").write_text(make().svg, encoding="utf-8")


if __name__ == "__main__":
    main(*sys.argv[1:])
