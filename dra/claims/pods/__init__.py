r"""Wiring of pods: claims into the two places of any workload that makes pods.

>>> from dra.claims.pods import attach
>>> pod = "apiVersion: v1\nkind: Pod\nspec:\n  containers:\n  - name: main  # trains\n"
>>> print(attach(pod, "template/train", name="gpu"), end="")
apiVersion: v1
kind: Pod
spec:
  containers:
  - name: main  # trains
    resources:
      claims:
      - name: gpu
  resourceClaims:
  - name: gpu
    resourceClaimTemplateName: train
"""

from dra.claims.pods.attach import Attachment, attach, attachment
from dra.claims.pods.checks import check_wiring
from dra.claims.pods.count import DeviceCount, device_count
from dra.claims.pods.fragments import fragments, pod_spec_patch
from dra.claims.pods.opened import Opened, open_workload
from dra.claims.pods.quota import quota_cost
from dra.claims.pods.replicas import pods_of
from dra.claims.pods.source import ClaimSource, claim_source
from dra.claims.pods.templates import PodTemplate, pod_templates, templates
from dra.claims.pods.wiring import Change

__all__ = [
    "Attachment",
    "Change",
    "ClaimSource",
    "DeviceCount",
    "Opened",
    "PodTemplate",
    "attach",
    "attachment",
    "check_wiring",
    "claim_source",
    "device_count",
    "fragments",
    "open_workload",
    "pod_spec_patch",
    "pod_templates",
    "pods_of",
    "quota_cost",
    "templates",
]
