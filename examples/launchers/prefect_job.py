"""Prefect: the job manifest in the base job template of a Kubernetes work pool."""

from typing import Any

from dra.claims import claim
from dra.claims.pods import attach

CLAIM = claim("train-gpu").request("gpu", device_class="gpu.nvidia.com", count=2)


def build() -> dict[str, Any]:
    """What stands under `job_configuration.job_manifest`; Prefect fills in the placeholders."""
    container = {"name": "prefect-job", "image": "{{ image }}", "env": "{{ env }}"}
    # Prefect asks for these two in the pod's specification, where Kubernetes ignores them.
    spec = {"completions": 1, "parallelism": 1, "restartPolicy": "Never", "containers": [container]}
    return attach(
        {
            "apiVersion": "batch/v1",
            "kind": "Job",
            "metadata": {"generateName": "{{ name }}-", "namespace": "{{ namespace }}"},
            "spec": {"template": {"spec": spec}},
        },
        CLAIM,
        name="gpu",
    )


if __name__ == "__main__":
    print(build())
