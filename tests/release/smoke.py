"""What must work wherever the library is installed; run by `check.py` with the Python of a clean environment.

`python smoke.py VERSION [cli]`: with `cli` the command is tried, too. Nothing of the repository is used.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
from importlib.metadata import version
from importlib.resources import files
from pathlib import Path

import dra
from dra.claims import claim
from dra.testing import SimulatedCluster, assert_allocatable, nodes


def library(expected: str) -> None:
    """Every layer once, with the data files that come with them."""
    assert dra.__version__ == version("k8s-dra") == expected, dra.__version__
    assert files("dra").joinpath("py.typed").is_file()
    for name in dra.__all__:
        getattr(dra, name)
    wanted = claim("pair").request("gpu", device_class="gpu.nvidia.com", count=2).build()
    assert dra.validate(wanted) == []
    cluster = SimulatedCluster(nodes.cluster("dgx-h100", nodes_per_rack=2))
    assert_allocatable(wanted, on=cluster)
    assert dra.drivers.nvidia.get_board("A100-40GB").layout("all-balanced")  # from mig_boards.json
    selector = dra.cel.compile('device.driver.matches("^[\\\\pL.]+$")')  # from unicode.json.gz
    assert selector.matches({}, driver="gpu.example.com")
    assert dra.load(dra.dump([wanted])) == [wanted]


def command(expected: str) -> None:
    """The command, as it is on the path."""
    run = Path(sys.executable).parent / "dra"

    def said(*arguments: str, status: int = 0) -> str:
        done = subprocess.run([run, *arguments], capture_output=True, text=True, check=False)
        assert done.returncode == status, done.stdout + done.stderr
        return done.stdout + done.stderr

    assert expected in said("--version")
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "claim.yaml")
        path.write_text(claim("one").request("gpu", device_class="gpu.nvidia.com").build().to_yaml())
        said("validate", "-f", str(path))
        path.write_text("kind: ResourceClaim\napiVersion: resource.k8s.io/v1\nspec: 1\n")
        assert "Traceback" not in said("validate", "-f", str(path), status=1)


if __name__ == "__main__":
    assert Path(dra.__file__).is_relative_to(sys.prefix), f"not what was installed: {dra.__file__}"
    library(sys.argv[1])
    if "cli" in sys.argv[2:]:
        command(sys.argv[1])
    print(f"Python {sys.version.split()[0]}, {' '.join(sys.argv[1:])}: all right")
