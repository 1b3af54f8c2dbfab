"""Kubeflow Pipelines: kfp-kubernetes wires the claim itself and asks for the name of the template only."""

from typing import Any

from dra.claims import claim
from dra.claims.pods import claim_source

CLAIM = claim("train-gpu").request("gpu", device_class="gpu.nvidia.com", count=2)


def build() -> dict[str, str]:
    """The arguments of `kfp.kubernetes.add_resource_claim(task, ...)`."""
    return {"resource_claim_template_name": claim_source(CLAIM).name}


def at_run_time() -> dict[str, Any]:
    """The value of a pipeline parameter for `add_resource_claim_json(task, parameter)`."""
    return {"resourceClaimTemplateName": claim_source(CLAIM).name}


if __name__ == "__main__":
    print(build(), at_run_time())
