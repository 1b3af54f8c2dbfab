"""JobSet in a Kueue queue: each worker has GPUs of its own. Kueue takes templates, not single claims."""

from dra.claims import claim
from dra.claims.pods import attach

CLAIM = claim("train-gpu").request("gpu", device_class="gpu.nvidia.com", count=2)
JOBSET = """\
apiVersion: jobset.x-k8s.io/v1alpha2
kind: JobSet
metadata:
  name: train
  labels:
    kueue.x-k8s.io/queue-name: gpus
spec:
  replicatedJobs:
  - name: data  # reads and shuffles, without GPUs
    template:
      spec:
        template:
          spec:
            containers:
            - name: loader
              image: registry.example.com/loader
  - name: workers
    replicas: 4
    template:
      spec:
        template:
          spec:
            containers:
            - name: train
              image: registry.example.com/train
"""


def build() -> str:
    """The JobSet as YAML; its comment is still there."""
    return attach(JOBSET, CLAIM, name="gpu", groups=["workers"])


if __name__ == "__main__":
    print(build())
