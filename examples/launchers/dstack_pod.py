"""dstack makes its pods itself and has no place for claims yet: this is what its V1Pod has to become."""

from kubernetes import client

from dra.claims import claim
from dra.claims.pods import attach

CLAIM = claim("train-gpu").request("gpu", device_class="gpu.nvidia.com", count=2)


def build() -> client.V1Pod:
    """The pod, with the claim in place of `nvidia.com/gpu`."""
    resources = client.V1ResourceRequirements(limits={"nvidia.com/gpu": "2", "memory": "64Gi"})
    container = client.V1Container(name="train-0-container", image="dstackai/base", resources=resources)
    pod = client.V1Pod(
        metadata=client.V1ObjectMeta(name="train-0"), spec=client.V1PodSpec(containers=[container])
    )
    return attach(pod, CLAIM, name="gpu", drop="nvidia.com/gpu")


if __name__ == "__main__":
    print(client.ApiClient().sanitize_for_serialization(build()))
