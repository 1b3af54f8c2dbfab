"""Requests to the API server as values, and the functions that prepare them.

Nothing here sends anything: both clients, and the tests, start from the same values.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final, TypeAlias
from urllib.parse import quote, urlencode

import attrs

from dra.errors import LoadError

__all__ = ["Endpoint", "Request", "Selection", "Selector"]

Selector: TypeAlias = "str | Mapping[str, str] | None"
"""A label or field selector: as text, or as names with the values they have to have."""

_JSON: Final = "application/json"
_MERGE: Final = "application/merge-patch+json"
_APPLY: Final = "application/apply-patch+yaml"
_METHODS: Final = {"get": "GET", "update": "PUT", "patch": "PATCH", "delete": "DELETE"}
# How long an answer may take, in seconds. A list of a thousand objects takes a server a while.
_PATIENCE: Final = 60.0


@attrs.frozen
class Endpoint:
    """Where the API server has a kind.

    Attributes:
        api_version: Such as `resource.k8s.io/v1`.
        kind: Such as `ResourceClaim`.
        plural: Its name in URLs and in RBAC, such as `resourceclaims`.
        namespaced: Whether its objects live in namespaces.
        has_status: Whether status is written apart from the rest.
    """

    api_version: str
    kind: str
    plural: str
    namespaced: bool
    has_status: bool = False

    @property
    def resource(self) -> str:
        """The plural with its group, as RBAC and error messages have it.

        Example:
            >>> Endpoint("resource.k8s.io/v1", "ResourceSlice", "resourceslices", False).resource
            'resourceslices.resource.k8s.io'
        """
        group = self.api_version.rpartition("/")[0]
        return f"{self.plural}.{group}" if group else self.plural

    def path(self, namespace: str | None = None, name: str | None = None, subresource: str = "") -> str:
        """The path of an object, or without a name of a collection; of all namespaces if none is named.

        Raises:
            LoadError: A name that cannot be part of a path. An empty one would be the collection.

        Example:
            >>> claims = Endpoint("resource.k8s.io/v1", "ResourceClaim", "resourceclaims", True)
            >>> claims.path("team", "train", "status")
            '/apis/resource.k8s.io/v1/namespaces/team/resourceclaims/train/status'
        """
        parts = ["/apis" if "/" in self.api_version else "/api", self.api_version]
        if self.namespaced and namespace is not None:
            parts += ["namespaces", _segment(namespace, "metadata.namespace")]
        parts.append(self.plural)
        if name is not None:
            parts.append(_segment(name, "metadata.name"))
        return "/".join([*parts, subresource] if subresource else parts)


def _segment(name: str, path: str) -> str:
    if name in ("", ".", ".."):
        raise LoadError("not a name", path=path, value=name, remedy="name one object")
    return quote(name, safe="")


@attrs.frozen
class Request:
    """A request that can be sent any number of times.

    Attributes:
        method: Of HTTP.
        path: From the server's root.
        query: Names and values.
        body: JSON data; None for none.
        content_type: What the body is.
        verb: In the words of RBAC.
        resource: What is asked for, as RBAC has it.
        subject: The object concerned.
        streams: Whether the answer is a stream that ends when the server says so.
        timeout: How many seconds the server may be silent.
    """

    method: str
    path: str
    query: tuple[tuple[str, str], ...] = ()
    body: Any = attrs.field(default=None, repr=False)
    content_type: str = _JSON
    verb: str = "get"
    resource: str = ""
    subject: str = ""
    streams: bool = False
    timeout: float = _PATIENCE

    @property
    def url(self) -> str:
        """Path and query."""
        return f"{self.path}?{urlencode(self.query)}" if self.query else self.path

    @property
    def is_repeatable(self) -> bool:
        """Whether sending it twice does the same as sending it once."""
        return self.method != "POST"


@attrs.frozen
class Selection:
    """Which objects of a kind.

    Attributes:
        namespace: Only of this one; None for all.
        labels: A label selector.
        fields: A field selector.
    """

    namespace: str | None = None
    labels: str = ""
    fields: str = ""

    @property
    def query(self) -> tuple[tuple[str, str], ...]:
        """The part of a query that selects."""
        given = {"labelSelector": self.labels, "fieldSelector": self.fields}
        return tuple((name, value) for name, value in given.items() if value)


def selector_text(selector: Selector) -> str:
    """A selector as the server takes it.

    Example:
        >>> selector_text({"app": "train", "tier": "gpu"}), selector_text("app in (a, b)")
        ('app=train,tier=gpu', 'app in (a, b)')
    """
    if selector is None:
        return ""
    if isinstance(selector, str):
        return selector
    return ",".join(f"{name}={value}" for name, value in selector.items())


def discovery(path: str) -> Request:
    """What the server has: of a group its versions, of a version its kinds."""
    return Request("GET", path, resource=path)


def get(endpoint: Endpoint, namespace: str | None, name: str) -> Request:
    """One object."""
    return _on_object("get", endpoint, namespace, name)


def listing(endpoint: Endpoint, selection: Selection, *, limit: int = 0, token: str = "") -> Request:
    """A page of objects.

    Args:
        endpoint: The kind.
        selection: Which objects.
        limit: At most so many; 0 for all at once.
        token: Where the page before ended.
    """
    query = selection.query
    if limit:
        query += (("limit", str(limit)),)
    if token:
        query += (("continue", token),)
    return Request("GET", endpoint.path(selection.namespace), query, verb="list", resource=endpoint.resource)


def watch(endpoint: Endpoint, selection: Selection, since: str, seconds: int, patience: float) -> Request:
    """The changes since a resource version, until the server ends after some seconds."""
    query = (
        *selection.query,
        ("watch", "true"),
        ("allowWatchBookmarks", "true"),
        ("resourceVersion", since),
        ("timeoutSeconds", str(seconds)),
    )
    return Request(
        "GET",
        endpoint.path(selection.namespace),
        query,
        verb="watch",
        resource=endpoint.resource,
        streams=True,
        timeout=patience,
    )


def create(endpoint: Endpoint, namespace: str | None, body: Mapping[str, Any], *, dry_run: bool) -> Request:
    """A new object."""
    return Request(
        "POST",
        endpoint.path(namespace),
        _dry_run(dry_run),
        body,
        verb="create",
        resource=endpoint.resource,
        subject=_subject(endpoint, namespace, body),
    )


def replace(endpoint: Endpoint, namespace: str | None, body: Mapping[str, Any], *, dry_run: bool) -> Request:
    """An object in place of the one there is."""
    name = body["metadata"]["name"]
    return _on_object("update", endpoint, namespace, name, _dry_run(dry_run), body)


def apply(
    endpoint: Endpoint,
    namespace: str | None,
    body: Mapping[str, Any],
    *,
    manager: str,
    force: bool,
    dry_run: bool,
) -> Request:
    """Fields that an object should have (server-side apply)."""
    query = (("fieldManager", manager), *((("force", "true"),) if force else ()), *_dry_run(dry_run))
    name = body["metadata"]["name"]
    return _on_object("patch", endpoint, namespace, name, query, body, content_type=_APPLY)


def patch_status(
    endpoint: Endpoint, namespace: str | None, name: str, changes: Mapping[str, Any], *, manager: str
) -> Request:
    """Changes to an object's status (JSON merge patch), under `/status` where the kind has that."""
    return _on_object(
        "patch",
        endpoint,
        namespace,
        name,
        (("fieldManager", manager),),
        changes,
        content_type=_MERGE,
        subresource="status" if endpoint.has_status else "",
    )


def delete(
    endpoint: Endpoint,
    namespace: str | None,
    name: str,
    *,
    propagation: str,
    grace_period: int | None,
    dry_run: bool,
) -> Request:
    """No such object any more."""
    body: dict[str, Any] = {"kind": "DeleteOptions", "apiVersion": "v1", "propagationPolicy": propagation}
    if grace_period is not None:
        body["gracePeriodSeconds"] = grace_period
    return _on_object("delete", endpoint, namespace, name, _dry_run(dry_run), body)


def _on_object(
    verb: str,
    endpoint: Endpoint,
    namespace: str | None,
    name: str,
    query: tuple[tuple[str, str], ...] = (),
    body: Any = None,
    *,
    content_type: str = _JSON,
    subresource: str = "",
) -> Request:
    return Request(
        _METHODS[verb],
        endpoint.path(namespace, name, subresource),
        query,
        body,
        content_type,
        verb,
        endpoint.resource + (f"/{subresource}" if subresource else ""),
        _subject(endpoint, namespace, {"metadata": {"name": name}}),
    )


def _dry_run(wanted: bool) -> tuple[tuple[str, str], ...]:
    return (("dryRun", "All"),) if wanted else ()


def _subject(endpoint: Endpoint, namespace: str | None, body: Mapping[str, Any]) -> str:
    metadata = body.get("metadata", {})
    name = metadata.get("name") or metadata.get("generateName") or ""
    place = f"{namespace}/{name}" if endpoint.namespaced and namespace else name
    return f"{endpoint.kind} {place}".strip()
