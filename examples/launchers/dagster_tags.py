"""Dagster: the pod of a run or step is described by its `dagster-k8s/config` tag."""

from dra.claims import claim
from dra.claims.pods import fragments

CLAIM = claim("train-gpu").request("gpu", device_class="gpu.nvidia.com", count=2)


def build() -> dict[str, object]:
    """What goes into `@op(tags={"dagster-k8s/config": ...})`."""
    halves = fragments(CLAIM, name="gpu")
    return {
        "container_config": {"resources": {"claims": halves["claims"]}},
        "pod_spec_config": {"resourceClaims": halves["resourceClaims"]},
    }


if __name__ == "__main__":
    print(build())
