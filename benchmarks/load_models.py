"""Loading ResourceSlices from JSON: `python -m benchmarks.load_models [SLICES]`.

`dra.load` beside the official client, which decodes into pydantic models too, and beside plain `json.loads`,
which gives dicts and checks nothing. Each runs in a process of its own on the same file: 128 devices a slice,
16 attributes and two capacities a device, as a large GPU cluster publishes them (names, models and versions
repeat, UUIDs do not). Time is that of the processor, the best of three runs in turn. Memory is what is still
allocated after loading, measured on a tenth of the slices.
"""

from __future__ import annotations

import gc
import importlib.util
import json
import subprocess
import sys
import tempfile
import time
import tracemalloc
from collections.abc import Callable
from pathlib import Path

from benchmarks.timing import machine, readable, table

DEVICES = 128


def device(slice_: int, index: int) -> dict[str, object]:
    attributes: dict[str, object] = {
        "uuid": {"string": f"GPU-{slice_:08x}-{index:04x}-4c1b-9d2e-5f0a7b3c9e1d"},
        "index": {"int": index},
        "minor": {"int": index},
        "numa": {"int": index // 64},
        "type": {"string": "gpu"},
        "brand": {"string": "Nvidia"},
        "productName": {"string": "NVIDIA H100 80GB HBM3"},
        "architecture": {"string": "Hopper"},
        "addressingMode": {"string": "HMM"},
        "coherent": {"bool": True},
        "migEnabled": {"bool": False},
        "cudaComputeCapability": {"version": "9.0.0"},
        "driverVersion": {"version": "570.86.15"},
        "cudaDriverVersion": {"version": "12.8.0"},
        "resource.kubernetes.io/pciBusID": {"string": f"0000:{index:02x}:00.0"},
        "resource.kubernetes.io/pcieRoot": {"string": f"pci0000:{index // 8:02x}"},
    }
    capacity = {"memory": {"value": "81559Mi"}, "multiprocessors": {"value": "132"}}
    return {"name": f"gpu-{index}", "attributes": attributes, "capacity": capacity}


def slice_list(slices: int) -> dict[str, object]:
    items = [
        {
            "apiVersion": "resource.k8s.io/v1",
            "kind": "ResourceSlice",
            "metadata": {"name": f"node-{number}-gpu", "creationTimestamp": "2026-01-01T00:00:00Z"},
            "spec": {
                "driver": "gpu.nvidia.com",
                "nodeName": f"node-{number}",
                "pool": {"name": f"node-{number}", "generation": 1, "resourceSliceCount": 1},
                "devices": [device(number, index) for index in range(DEVICES)],
            },
        }
        for number in range(slices)
    ]
    return {"apiVersion": "resource.k8s.io/v1", "kind": "ResourceSliceList", "metadata": {}, "items": items}


def loader(name: str) -> Callable[[str], object]:
    """The function that loads a text, ready to run: imports and schemas are made before."""
    if name == "json.loads":
        return json.loads
    if name == "dra.load":
        import dra

        dra.load('{"apiVersion": "resource.k8s.io/v1", "kind": "ResourceSlice"}')
        return dra.load
    from kubernetes import client

    api = client.ApiClient()

    def deserialize(text: str) -> object:
        return api.deserialize(text, "V1ResourceSliceList", "application/json")

    deserialize('{"items": []}')
    return deserialize


def measure(name: str, file: str, memory: bool) -> None:
    """Print seconds, or bytes that stay allocated (run in a process of its own)."""
    text = Path(file).read_text()
    load = loader(name)
    gc.collect()
    if memory:
        tracemalloc.start()
    start = time.process_time()
    loaded = load(text)
    seconds = time.process_time() - start
    gc.collect()
    print(tracemalloc.get_traced_memory()[0] if memory else seconds)
    del loaded


def run(name: str, file: Path, *, memory: bool) -> float:
    command = [sys.executable, "-m", "benchmarks.load_models", "--measure", name, str(file), str(int(memory))]
    return float(subprocess.run(command, check=True, capture_output=True, text=True).stdout)


def main() -> None:
    slices = int(sys.argv[1]) if len(sys.argv) > 1 else 1000
    names = ["json.loads", "dra.load"]
    if importlib.util.find_spec("kubernetes"):
        from kubernetes import __version__ as client

        names.append(f"kubernetes {client}")
    with tempfile.TemporaryDirectory() as folder:
        whole, tenth = Path(folder, "whole.json"), Path(folder, "tenth.json")
        whole.write_text(json.dumps(slice_list(slices)))
        tenth.write_text(json.dumps(slice_list(max(1, slices // 10))))
        size = whole.stat().st_size / 1e6
        print(machine())
        print(f"{slices} ResourceSlices, {DEVICES} devices each, 16 attributes each: {size:.0f} MB of JSON")
        rounds = [{name: run(name, whole, memory=False) for name in names} for _ in range(3)]
        seconds = {name: min(each[name] for each in rounds) for name in names}
        sizes = {name: run(name, tenth, memory=True) / (max(1, slices // 10) * DEVICES) for name in names}
    ours = seconds["dra.load"]
    rows = [
        (
            name,
            readable(seconds[name]),
            f"{seconds[name] / seconds['json.loads']:.1f}",
            f"{seconds[name] / ours:.1f}",
            f"{sizes[name]:,.0f}",
        )
        for name in names
    ]
    print(table(["", "time", "x json.loads", "x dra.load", "bytes a device"], rows))


if __name__ == "__main__":
    if sys.argv[1:2] == ["--measure"]:
        measure(sys.argv[2], sys.argv[3], sys.argv[4] == "1")
    else:
        main()
