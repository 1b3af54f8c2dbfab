"""Argo Workflows and hera: a template has no place for claims, so they go into its `podSpecPatch`."""

from dra.claims import claim
from dra.claims.pods import attach, pod_spec_patch

CLAIM = claim("train-gpu").request("gpu", device_class="gpu.nvidia.com", count=2)
WORKFLOW = """\
apiVersion: argoproj.io/v1alpha1
kind: Workflow
metadata:
  generateName: train-
spec:
  entrypoint: train
  templates:
  - name: train
    container:
      image: registry.example.com/train
      command: [python, train.py]
"""


def build() -> str:
    """The workflow as YAML."""
    return attach(WORKFLOW, CLAIM, name="gpu")


def patch() -> str:
    """What goes into `hera.workflows.Container(pod_spec_patch=...)`."""
    return pod_spec_patch(CLAIM)


if __name__ == "__main__":
    print(build())
