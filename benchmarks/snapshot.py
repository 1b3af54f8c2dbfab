"""A snapshot of 5,000 nodes, written and loaded, beside kubectl and the official client on the same data.

`python -m benchmarks.snapshot` fills a real API server (that of `tests/integration`, which needs Go) with
generated nodes of 8 GPUs each and reads them back, each way in a process of its own. Memory is the most that
process had, time what passed. `--kubeconfig FILE` reads a cluster there is, `--nodes N` generates another
number.
"""

from __future__ import annotations

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

from benchmarks.timing import machine, readable, table
from dra.client import connect
from dra.models.meta import KubernetesObject
from dra.testing import nodes

RACK = 50
KINDS = "nodes,resourceslices.v1.resource.k8s.io,deviceclasses.v1.resource.k8s.io"
OURS_WRITE = """
import sys, dra
dra.client.connect(kubeconfig=sys.argv[1]).snapshot(sys.argv[2])
"""
OURS_LIVE = """
import sys, dra
cluster = dra.Cluster.from_kubernetes(dra.client.connect(kubeconfig=sys.argv[1]))
print(len(cluster.nodes), file=sys.stderr)
"""
OURS_LOAD = """
import sys, dra
cluster = dra.Cluster.load(sys.argv[2])
print(len(cluster.nodes), file=sys.stderr)
"""
OFFICIAL_LIVE = """
import sys
from kubernetes import client, config
config.load_kube_config(sys.argv[1])
found = client.CoreV1Api().list_node().items
slices = client.ResourceV1Api().list_resource_slice().items
"""
OFFICIAL_LOAD = """
import json, sys
from kubernetes import client
api = client.ApiClient()
kinds = {"Node": client.V1Node, "ResourceSlice": client.V1ResourceSlice, "DeviceClass": client.V1DeviceClass}
with open(sys.argv[2]) as file:
    items = json.load(file)["items"]
found = [api._ApiClient__deserialize(each, kinds[each["kind"]]) for each in items]
"""
PLAIN_LOAD = """
import json, sys
with open(sys.argv[2]) as file:
    items = json.load(file)["items"]
"""


def generated(count: int) -> list[KubernetesObject]:
    """Nodes with their slices, and the classes."""
    setup = nodes.Setup(drivers=["gpu.nvidia.com"])
    fixture = nodes.cluster("dgx-h100", racks=-(-count // RACK), nodes_per_rack=min(RACK, count), setup=setup)
    objects = [each.clone() for each in fixture.objects]
    for each in objects:
        each.metadata.owner_references = None  # the garbage collector would look for the owners
    return objects


def fill(kubeconfig: Path, objects: Sequence[KubernetesObject]) -> None:
    """Create the objects, some at a time."""
    with connect(kubeconfig=kubeconfig) as client, ThreadPoolExecutor(8) as executor:
        for done, _ in enumerate(executor.map(client.create, objects), 1):
            if sys.stderr.isatty() and done % 500 == 0:
                print(f"\rcreated {done:,} of {len(objects):,}", end="", file=sys.stderr)


@contextmanager
def cluster(kubeconfig: str | None, count: int) -> Iterator[Path]:
    """The kubeconfig of the cluster to read."""
    if kubeconfig is not None:
        yield Path(kubeconfig)
        return
    from tests.integration.control_plane import ControlPlane

    with tempfile.TemporaryDirectory() as folder, ControlPlane(Path(folder)) as running:
        running.stop("kube-scheduler", "kube-controller-manager")
        fill(running.kubeconfig, generated(count))
        yield running.kubeconfig


def run(command: Sequence[str], output: Path | None = None) -> tuple[str, str]:
    """Time and most memory of a process."""
    most = 0
    with (output or Path(os.devnull)).open("wb") as stream:
        start = time.perf_counter()
        process = subprocess.Popen(command, stdout=stream, stderr=subprocess.DEVNULL)
        while process.poll() is None:
            most = max(most, high_water(process.pid))
            time.sleep(0.01)
        passed = time.perf_counter() - start
    if process.returncode != 0:
        return "failed", ""
    return readable(passed), f"{most / 1024:,.0f} MiB" if most else ""


def high_water(pid: int) -> int:
    """The most memory that a process has had, in KiB, where the kernel tells.

    What `wait4` says counts the memory of this process as well, which the other began as a copy of.
    """
    try:
        status = Path(f"/proc/{pid}/status").read_text()
    except OSError:
        return 0
    return next((int(line.split()[1]) for line in status.splitlines() if line.startswith("VmHWM:")), 0)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--kubeconfig")
    parser.add_argument("--nodes", type=int, default=5000)
    given = parser.parse_args()
    print(machine())
    with cluster(given.kubeconfig, given.nodes) as kubeconfig, tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        config, python = str(kubeconfig), (sys.executable, "-c")
        rows: list[tuple[str, ...]] = []

        for suffix in (".json", ".json.gz", ".json.zst"):
            target = str(folder / f"ours{suffix}")
            took = run([*python, OURS_WRITE, config, target])
            size = f"{Path(target).stat().st_size / 2**20:,.1f} MiB"
            rows.append((f"dra snapshot -o cluster{suffix}", *took, size))
        for suffix in (".json", ".json.zst"):
            target = str(folder / f"ours{suffix}")
            rows.append(
                (f"dra.Cluster.load(cluster{suffix})", *run([*python, OURS_LOAD, config, target]), "")
            )
        rows.append(("dra.Cluster.from_kubernetes", *run([*python, OURS_LIVE, config]), ""))
        if kubectl := shutil.which("kubectl"):
            listed = folder / "kubectl.json"
            took = run([kubectl, "--kubeconfig", config, "get", KINDS, "-o", "json"], listed)
            rows.append(("kubectl get -o json", *took, f"{listed.stat().st_size / 2**20:,.1f} MiB"))
            rows.append(("json.load of kubectl's", *run([*python, PLAIN_LOAD, config, str(listed)]), ""))
            official = run([*python, OFFICIAL_LOAD, config, str(listed)])
            rows.append(("official client's models of kubectl's", *official, ""))
        rows.append(("official client, list", *run([*python, OFFICIAL_LIVE, config]), ""))
    print(table(["what", "time", "peak memory", "file"], rows))


if __name__ == "__main__":
    main()
