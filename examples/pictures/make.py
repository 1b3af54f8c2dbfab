"""The pictures of the documentation: clusters, a day that is simulated, and what a terminal shows.

python examples/pictures/make.py FOLDER
"""

from __future__ import annotations

import runpy
import sys
import tempfile
from pathlib import Path
from random import Random

import dra
from dra.claims import claim, mig
from dra.claims.builder import ClaimBuilder
from dra.scheduler.pictures import draw
from dra.scheduler.simulation import Consumable, DevicePlugin, Machine, Mig, Task, compare, picture
from dra.scheduler.whatif import drain
from dra.testing import nodes

sys.path.insert(0, str(Path(__file__).parent))
from terminal import capture  # a neighbour of this script

PENDING_GANG = Path(__file__).parents[1] / "pending-gang" / "make.py"


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


def whole_gpus() -> str:
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
    return draw(cluster).svg


def parts() -> str:
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
    return draw(cluster).svg


def gangs() -> str:
    """A GB200 NVL72 rack of two NVLink cliques, and two gangs of pods on it."""
    setup = nodes.Setup(drivers=["gpu.nvidia.com"])
    cluster = dra.Cluster.load(nodes.cluster("gb200-nvl72", cliques=2, setup=setup).objects)
    for group, pods in (("pretrain", 9), ("finetune", 4)):
        for number in range(pods):
            wanted = claim(f"{group}-{number}", namespace="ml").request(
                "gpu", device_class="gpu.nvidia.com", count=4
            )
            cluster = placed(cluster, wanted, group)
    return draw(cluster, by="workload", group_by="rack", detail="compact").svg


def pending_gang() -> str:
    """Two racks with room for a gang neither of which has a place for it."""
    cluster: dra.Cluster = runpy.run_path(str(PENDING_GANG))["cluster"]()
    return draw(cluster, by="claim", group_by="rack", detail="compact").svg


def placed_gang() -> str:
    """The same racks once the GPU is mended and the job has moved: the gang has the second one."""
    cluster: dra.Cluster = runpy.run_path(str(PENDING_GANG))["cluster"]()
    repaired = cluster.without("devicetaintrule/xid-79")
    drained = drain(repaired, "rack-1-node-3").after.cluster
    placement = drained.with_(cluster.find("node/rack-1-node-3")).schedule_gang("workload/ml/llama")
    assert isinstance(placement, dra.GangPlacement), placement
    return draw(placement.apply(), by="workload", group_by="rack", detail="compact").svg


def simulation() -> str:
    """A day on two nodes of four GPUs: small tasks by day, large ones by night, under three ways to share."""
    random = Random(7)
    machines = [Machine(f"node-{number}", 96_000, 786_432, 4, "A100") for number in range(2)]
    tasks = [
        Task(
            f"notebook-{number}",
            2000,
            8192,
            1,
            random.choice((140, 200, 280, 400)),
            arrival=(start := random.uniform(7, 17) * 3600),
            departure=start + random.uniform(2, 6) * 3600,
        )
        for number in range(40)
    ]
    tasks += [
        Task(f"train-{number}", 8000, 65_536, 2, 1000, arrival=start, departure=start + 7 * 3600)
        for number, start in enumerate(3600 * hour for hour in (0, 1, 15, 17, 18))
    ]
    sharings = [DevicePlugin(), Mig("A100-40GB"), Consumable()]
    return picture([runs[0] for runs in compare(machines, tasks, sharings).runs])


def explanation() -> str:
    """The command that says why a gang is Pending, on a terminal."""
    with tempfile.TemporaryDirectory() as folder:
        cluster: dra.Cluster = runpy.run_path(str(PENDING_GANG))["cluster"]()
        Path(folder, "cluster.yaml").write_text(dra.dump(list(cluster)), encoding="utf-8")
        return capture(["dra explain workload/ml/llama -f cluster.yaml"], Path(folder))


PICTURES = {
    "dgx-h100": whole_gpus,
    "mig": parts,
    "nvl72": gangs,
    "pending-gang": pending_gang,
    "placed-gang": placed_gang,
    "simulation": simulation,
    "explain": explanation,
}


def main(folder: str) -> None:
    for name, make in PICTURES.items():
        Path(folder, f"{name}.svg").write_text(make(), encoding="utf-8")


if __name__ == "__main__":
    main(*sys.argv[1:])
