"""`templates`: every pod template of a workload of any kind and form, to read or to change.

opened = open_workload(workload)
for template in templates(opened):
template.spec["nodeSelector"] = {"gpu": "yes"}
changed = opened.close()
"""

from __future__ import annotations

from typing import Any

from dra.claims.pods.opened import Opened, open_workload
from dra.models.pod_templates import PodTemplate, field_path, pod_templates

__all__ = ["Opened", "PodTemplate", "field_path", "open_workload", "pod_templates", "templates"]


def templates(workload: object) -> list[PodTemplate]:
    """Every pod template of a workload.

    Args:
        workload: Whatever `open_workload` takes, or what it gave: then the specs are the parts of its data,
            and changing them changes what `close` makes of it. Otherwise they are copies.

    Returns:
        The templates, each with path, spec, group and number of pods; none for a Service, say.

    Raises:
        DraError: It is no workload.

    Example:
        >>> opened = open_workload({"kind": "Job", "spec": {"template": {"spec": {"containers": []}}}})
        >>> for template in templates(opened):
        ...     template.spec["restartPolicy"] = "Never"
        >>> opened.close()
        {'kind': 'Job', 'spec': {'template': {'spec': {'containers': [], 'restartPolicy': 'Never'}}}}
    """
    opened: Opened[Any] = workload if isinstance(workload, Opened) else open_workload(workload)
    return [template for data in opened.objects for template in pod_templates(data)]
