"""`Wiring`: one claim put into the two places of a pod's spec, and what that changed."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

import attrs

from dra.claims.pods.source import ClaimSource
from dra.errors import DraError
from dra.models.pod_templates import PodTemplate
from dra.names import is_extended_resource
from dra.suggestions import unknown_name

__all__ = ["ALL", "Change", "Wiring", "add_entry", "add_use", "asks_for_devices", "field_in"]

ALL: Final = "*"
"""In place of names of containers or groups: every one."""

_DEFAULT_CONTAINER: Final = "kubectl.kubernetes.io/default-container"

# What stands beside the program itself, by the name or a part of the name of its container.
_SIDECARS: Final = (
    "istio-proxy",
    "linkerd-proxy",
    "envoy",
    "autoscaler",
    "cloud-sql-proxy",
    "cloudsql-proxy",
    "datadog",
    "fluent-bit",
    "fluentd",
    "gcsfuse",
    "oauth-proxy",
    "otel-",
    "vault-agent",
    "log-collector",
    "sidecar",
)


@attrs.frozen
class Change:
    """One thing that was done to an object, or left alone on purpose.

    Attributes:
        path: The field.
        text: What was done and why.
        is_done: Whether something was changed; False for what was left alone.
    """

    path: str
    text: str
    is_done: bool = True

    def __str__(self) -> str:
        return f"{self.path}: {self.text}" if self.path else self.text


@attrs.frozen
class Wiring:
    """How a claim shall be wired into a pod's spec.

    Attributes:
        source: The claim or template.
        name: The name it has in the pod; empty for one that fits.
        requests: The requests of it that the containers use; all if there are none.
        containers: The names of the containers that use it, or `*`; None for the main one.
        init_containers: The names of the init containers that use it, or `*`.
        drop: Names of resources (`nvidia.com/gpu`) or of all of a vendor (`nvidia.com/`) that the containers
            that use the claim shall no longer ask for.
    """

    source: ClaimSource
    name: str = ""
    requests: tuple[str, ...] = ()
    containers: tuple[str, ...] | str | None = None
    init_containers: tuple[str, ...] | str = ()
    drop: tuple[str, ...] = ()

    def apply(self, template: PodTemplate) -> list[Change]:
        """Change a pod's spec.

        Raises:
            DraError: A container does not exist, or what is there already contradicts the claim.
        """
        spec, at = template.spec, template.field
        changes: list[Change] = []
        users = self._users(template, changes)
        name = add_entry(spec, "resourceClaims", self.source, self.name, at, changes)
        for path, container in users:
            add_use(container, name, self.requests, path, changes)
            self.drop_from(container, path, changes)
        return changes

    def drop_from(self, container: dict[str, Any], at: str, changes: list[Change]) -> None:
        """Remove the resources to be dropped from what a container asks for."""
        _drop(container, self.drop, at, changes)

    def _users(self, template: PodTemplate, changes: list[Change]) -> list[tuple[str, dict[str, Any]]]:
        """The containers that use the claim, each with its path."""
        found = []
        containers = _listed(template, "containers")
        if not containers:
            raise DraError(
                "has no containers that could use the claim",
                path=field_in(template.field, "containers"),
                remedy="add the container first, or wire the rest with fragments()",
            )
        starting = _listed(template, "initContainers")
        for field, items, wanted in (
            ("containers", containers, self.containers),
            ("initContainers", starting, self.init_containers),
        ):
            at = field_in(template.field, field)
            if wanted is None:
                chosen = _main(template, items, at, changes)
            elif wanted == ALL:
                chosen = list(range(len(items)))
            else:
                chosen = _by_name(wanted, items, at, starting if field == "containers" else containers)
            found += [(f"{at}[{index}]", items[index]) for index in chosen]
        return found


def _listed(template: PodTemplate, field: str) -> list[dict[str, Any]]:
    items = template.spec.get(field)
    if items is None:
        return []
    if not isinstance(items, list) or not all(isinstance(item, dict) for item in items):
        raise DraError("expected a list of containers", path=field_in(template.field, field), value=items)
    return items


def _by_name(
    wanted: str | Sequence[str], items: list[dict[str, Any]], at: str, others: list[dict[str, Any]]
) -> list[int]:
    names = [str(item.get("name", "")) for item in items]
    found = []
    for name in (wanted,) if isinstance(wanted, str) else wanted:
        if name not in names:
            error = unknown_name("container", name, names)
            if name in [item.get("name") for item in others]:
                error.remedy = f"{name!r} is of the other kind: init_containers= is for init containers only"
            raise error.located(path_prefix=at)
        found.append(names.index(name))
    return sorted(set(found))


def _main(template: PodTemplate, items: list[dict[str, Any]], at: str, changes: list[Change]) -> list[int]:
    """The containers that a claim is meant for if nobody says which.

    These are those that ask for devices already; or else the one that the annotation of kubectl names; or
    else the first that is no sidecar, which launchers and kubectl take for the main one, too.
    """
    names = [str(item.get("name", "")) for item in items]
    annotations = template.metadata.get("annotations")
    default = annotations.get(_DEFAULT_CONTAINER) if isinstance(annotations, Mapping) else None
    chosen = [index for index, item in enumerate(items) if asks_for_devices(item)]
    if not chosen and default in names:
        chosen = [names.index(default)]
    if not chosen:
        chosen = [index for index, name in enumerate(names) if not _is_sidecar(name)][:1] or [0]
    for index, name in enumerate(names):
        if index not in chosen:
            reason = "a sidecar by its name" if _is_sidecar(name) else "not the main container"
            changes.append(
                Change(
                    f"{at}[{index}]",
                    f"{name} is left without the claim: {reason}",
                    is_done=False,
                )
            )
    return chosen


def _is_sidecar(name: str) -> bool:
    return any(part in name for part in _SIDECARS)


def asks_for_devices(container: Mapping[str, Any]) -> bool:
    """Whether a container has a claim or an extended resource, such as `nvidia.com/gpu`.

    Example:
        >>> asks_for_devices({"resources": {"limits": {"nvidia.com/gpu": 1}}})
        True
        >>> asks_for_devices({"resources": {"limits": {"cpu": 1}}})
        False
    """
    resources = container.get("resources")
    if not isinstance(resources, Mapping):
        return False
    names = [name for field in ("limits", "requests") for name in resources.get(field) or ()]
    return bool(resources.get("claims")) or any(is_extended_resource(str(name)) for name in names)


def add_entry(
    holder: dict[str, Any], field: str, source: ClaimSource, name: str, at: str, changes: list[Change]
) -> str:
    """Add a claim to a list of entries such as `spec.resourceClaims`, unless it is there.

    Args:
        holder: What has the list. It is changed.
        field: The list.
        source: The claim.
        name: The name of the entry; empty for that of an entry which is there, or else one made from the
            claim's name.
        at: The path of the holder.
        changes: Receives what was done.

    Returns:
        The name of the entry.

    Raises:
        DraError: There is an entry of the name that stands for another claim.
    """
    entries = holder.get(field)
    if entries is None:
        entries = holder[field] = []
    path = field_in(at, field)
    if not isinstance(entries, list) or not all(isinstance(entry, dict) for entry in entries):
        raise DraError("expected a list of claims", path=path, value=entries)
    if not name:
        name = next(
            (str(entry["name"]) for entry in entries if source.is_meant_by(entry) and entry.get("name")),
            source.label,
        )
    for index, entry in enumerate(entries):
        if entry.get("name") != name:
            continue
        here = f"{path}[{index}]"
        if not source.is_meant_by(entry):
            raise DraError(
                f"{name!r} is {_shown(entry)} already",
                path=here,
                value=entry,
                remedy=f"give {source.subject} another name with name=, or remove this entry",
            )
        if "source" in entry:
            entries[index] = source.entry(name)
            changes.append(Change(here, "written without `source`, which Kubernetes 1.31 removed"))
        return name
    entries.append(source.entry(name))
    changes.append(Change(f"{path}[{len(entries) - 1}]", f"{name} added, which is {source.subject}"))
    return name


def _shown(entry: Mapping[str, Any]) -> str:
    if entry.get("resourceClaimName"):
        return f"ResourceClaim {entry['resourceClaimName']}"
    if entry.get("resourceClaimTemplateName"):
        return f"ResourceClaimTemplate {entry['resourceClaimTemplateName']}"
    return "something else"


def add_use(
    container: dict[str, Any], name: str, requests: Iterable[str], at: str, changes: list[Change]
) -> None:
    """Let a container use a claim of its pod, or some requests of it, unless it does.

    Raises:
        DraError: It uses single requests and would now use all: the API server refuses both together.
    """
    resources = container.get("resources")
    if resources is None:
        resources = container["resources"] = {}
    uses = resources.setdefault("claims", []) if isinstance(resources, dict) else None
    path = f"{at}.resources.claims"
    if uses is None and isinstance(resources, dict):
        uses = resources["claims"] = []
    if not isinstance(uses, list) or not all(isinstance(use, dict) for use in uses):
        raise DraError("expected a list of claims", path=path, value=resources)
    for request in tuple(requests) or ("",):
        present = [use.get("request") or "" for use in uses if use.get("name") == name]
        if request in present:
            continue
        if "" in present:
            changes.append(Change(path, f"uses all of {name} already, so {request} too", is_done=False))
            continue
        if present and not request:
            raise DraError(
                f"uses single requests of {name!r} already, and all of it cannot be added to that",
                path=path,
                value=present,
                remedy="name the requests with request=, or remove those uses",
            )
        uses.append({"name": name, "request": request} if request else {"name": name})
        what = f"request {request} of {name}" if request else name
        changes.append(Change(f"{path}[{len(uses) - 1}]", f"uses {what}"))


def _drop(container: dict[str, Any], names: Sequence[str], at: str, changes: list[Change]) -> None:
    """Remove resources of device plugins from what a container asks for."""
    resources = container.get("resources")
    for field in ("limits", "requests"):
        amounts = resources.get(field) if isinstance(resources, dict) else None
        if not isinstance(resources, dict) or not isinstance(amounts, dict):
            continue
        dropped = [each for each in amounts if _is_named(str(each), names)]
        for resource in dropped:
            amount = amounts.pop(resource)
            changes.append(Change(f"{at}.resources.{field}[{resource}]", f"removed, was {amount}"))
        if dropped and not amounts:
            del resources[field]


def _is_named(resource: str, names: Sequence[str]) -> bool:
    return any(resource == name or (name.endswith("/") and resource.startswith(name)) for name in names)


def field_in(at: str, field: str) -> str:
    """The path of a field of what stands at a path, which may be empty."""
    return f"{at}.{field}" if at else field
