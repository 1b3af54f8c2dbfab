"""Wiring of pods: claims into the two places of any workload that makes pods."""

from dra.claims.pods.opened import Opened, open_workload
from dra.claims.pods.templates import PodTemplate, pod_templates, templates

__all__ = ["Opened", "PodTemplate", "open_workload", "pod_templates", "templates"]
