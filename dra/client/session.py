"""What a client can be asked, each as a conversation (`dra.client.steps`)."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, Final, Literal, TypeVar

import attrs

from dra.client import requests
from dra.client.discovery import Discovery
from dra.client.listing import PAGE_SIZE, listed
from dra.client.order import in_order
from dra.client.requests import Endpoint, Selection, Selector, selector_text
from dra.client.steps import Given, Retry, Steps, exchange
from dra.client.watching import Change, Event, Watching
from dra.errors import ApplyError, DeletedError, DraError, LoadError, NotFoundError, WaitTimeoutError
from dra.models.conversion import downgrade, find_version
from dra.models.meta import KubernetesObject

__all__ = ["ALL_NAMESPACES", "Propagation", "Session"]

_Object = TypeVar("_Object", bound=KubernetesObject)

ALL_NAMESPACES: Final = "*"
"""What to give as `namespace` to list or watch in all of them."""
Propagation = Literal["Background", "Foreground", "Orphan"]
_NOT_APPLIED: Final = ("managedFields", "creationTimestamp", "uid", "selfLink", "generation")


@attrs.frozen
class Session:
    """What a client knows of its server and how it behaves.

    Attributes:
        discovery: The server's kinds.
        retry: What it does when the server fails.
        namespace: Where objects are that do not say.
        manager: Who it is, for server-side apply.
        page_size: How many objects of a list come at a time.
    """

    discovery: Discovery
    retry: Retry
    namespace: str = "default"
    manager: str = "dra"
    page_size: int = PAGE_SIZE

    # --- reading --------------------------------------------------------------------------------------------

    def kubernetes(self) -> Steps[str]:
        """The server's minor."""
        body = (yield from exchange(requests.discovery("/version"), self.retry)).json()
        major, minor = (str(body.get(part, "")) for part in ("major", "minor"))
        return f"{major}.{''.join(digit for digit in minor if digit.isdigit())}"

    def get(self, kind: type[_Object], name: str, namespace: str | None) -> Steps[_Object]:
        """One object."""
        endpoint = yield from self.discovery.of_kind(kind)
        answer = yield from exchange(
            requests.get(endpoint, self._place(endpoint, namespace), name), self.retry
        )
        return kind.from_dict(answer.json())

    def list(
        self, kind: type[_Object], namespace: str | None, labels: Selector, fields: Selector
    ) -> Steps[list[_Object]]:
        """Some objects, all of one moment."""
        endpoint = yield from self.discovery.of_kind(kind)
        selection = self._selection(endpoint, namespace, labels, fields)
        page = yield from listed(endpoint, selection, self.retry, self.page_size)
        return [kind.from_dict(item) for item in page.items]

    def watching(
        self,
        kind: type[_Object],
        namespace: str | None,
        labels: Selector = None,
        fields: Selector = None,
        *,
        since: str = "",
        timeout: float | None = None,
        interval: float | None = None,
    ) -> Steps[Watching[_Object]]:
        """A watch to go on with."""
        endpoint = yield from self.discovery.of_kind(kind)
        selection = self._selection(endpoint, namespace, labels, fields)
        deadline = None if timeout is None else time.monotonic() + timeout
        return Watching(kind, endpoint, selection, self.retry, since, deadline, interval)

    def watch(
        self,
        kind: type[KubernetesObject],
        namespace: str | None,
        labels: Selector,
        fields: Selector,
        since: str,
        timeout: float | None,
    ) -> Steps[None]:
        """Changes, each given as it comes, until the time is over."""
        watching = yield from self.watching(kind, namespace, labels, fields, since=since, timeout=timeout)
        while (event := (yield from watching.next_event())) is not None:
            yield Given(event)

    def wait(
        self,
        kind: type[_Object],
        name: str,
        until: Callable[[_Object], object],
        namespace: str | None,
        timeout: float | None,
    ) -> Steps[_Object]:
        """An object as soon as something holds of it."""
        fields = {"metadata.name": name}
        watching = yield from self.watching(kind, namespace, fields=fields, timeout=timeout)
        seen = False
        while True:
            event: Event[_Object] | None = yield from watching.next_event()
            if event is None:
                what = f"what was waited for did not happen within {timeout:g} seconds"
                raise WaitTimeoutError(
                    what if seen else f"there is no such object after {timeout:g} seconds",
                    verb="watch",
                    resource=watching.endpoint.resource,
                    subject=f"{kind.__name__} {name}",
                )
            if event.change is Change.DELETED:
                raise deleted(event.object, watching.endpoint)
            seen = True
            if until(event.object):
                return event.object

    # --- writing --------------------------------------------------------------------------------------------

    def create(self, obj: _Object, dry_run: bool) -> Steps[_Object]:
        """A new object."""
        endpoint, namespace, body = yield from self._prepared(obj)
        request = requests.create(endpoint, namespace, body, dry_run=dry_run)
        return (yield from self._written(request, obj))

    def replace(self, obj: _Object, dry_run: bool) -> Steps[_Object]:
        """An object in place of the one there is; refused if that has changed since it was read."""
        endpoint, namespace, body = yield from self._prepared(obj, needs_name=True)
        request = requests.replace(endpoint, namespace, body, dry_run=dry_run)
        return (yield from self._written(request, obj))

    def apply(self, obj: _Object, force: bool, dry_run: bool) -> Steps[_Object]:
        """An object as it should be, by server-side apply."""
        endpoint, namespace, body = yield from self._prepared(obj, needs_name=True)
        metadata = {key: value for key, value in body["metadata"].items() if key not in _NOT_APPLIED}
        wanted = {**body, "metadata": metadata}
        request = requests.apply(
            endpoint, namespace, wanted, manager=self.manager, force=force, dry_run=dry_run
        )
        return (yield from self._written(request, obj))

    def patch_status(self, obj: _Object, changes: Mapping[str, Any] | None) -> Steps[_Object]:
        """Changes to the status of an object, which must not have changed since it was read."""
        endpoint, namespace, body = yield from self._prepared(obj, needs_name=True)
        status: Any = body.get("status", {})
        if changes is not None:
            wire = {"status": dict(changes)}
            if obj.versions():
                version = find_version(obj.versions(), endpoint.api_version)
                wire = downgrade(wire, version, complete=False)
            status = wire["status"]
        patch: dict[str, Any] = {"status": status}
        if obj.metadata.resource_version:
            patch["metadata"] = {"resourceVersion": obj.metadata.resource_version}
        request = requests.patch_status(
            endpoint, namespace, obj.metadata.name or "", patch, manager=self.manager
        )
        return (yield from self._written(request, obj))

    def delete(
        self,
        kind: type[KubernetesObject] | KubernetesObject,
        name: str,
        namespace: str | None,
        *,
        missing_ok: bool,
        propagation: Propagation,
        grace_period: int | None,
        dry_run: bool,
    ) -> Steps[None]:
        """No such object any more."""
        try:
            if isinstance(kind, KubernetesObject):
                endpoint = yield from self.discovery.of_object(kind)
            else:
                endpoint = yield from self.discovery.of_kind(kind)
            request = requests.delete(
                endpoint,
                self._place(endpoint, namespace),
                name,
                propagation=propagation,
                grace_period=grace_period,
                dry_run=dry_run,
            )
            yield from exchange(request, self.retry)
        except NotFoundError:
            if not missing_ok:
                raise

    def delete_any(
        self,
        what: type[KubernetesObject] | KubernetesObject | Iterable[KubernetesObject],
        name: str,
        namespace: str | None,
        **how: Any,
    ) -> Steps[None]:
        """No such object, or no such objects, any more."""
        if isinstance(what, type):
            yield from self.delete(what, name, namespace, **how)
        elif isinstance(what, KubernetesObject):
            yield from self.delete(what, what.metadata.name or "", what.metadata.namespace, **how)
        else:
            yield from self.delete_all(what, **how)

    # --- many objects ---------------------------------------------------------------------------------------

    def apply_all(
        self, objects: Iterable[KubernetesObject], force: bool, dry_run: bool
    ) -> Steps[Sequence[KubernetesObject]]:
        """Objects in the order of their kinds. Nothing is undone if one is refused, and the error says so."""
        wanted = in_order(objects)
        done: list[KubernetesObject] = []
        try:
            for each in wanted:
                applied = yield from self.apply(each, force, dry_run)
                done.append(applied)
        except DraError as error:
            raise stopped("applied", done, wanted[len(done) :], error) from error
        return done

    def delete_all(self, objects: Iterable[KubernetesObject], **how: Any) -> Steps[None]:
        """Objects in the opposite order."""
        wanted = in_order(objects)[::-1]
        done: list[KubernetesObject] = []
        try:
            for each in wanted:
                yield from self.delete(each, each.metadata.name or "", each.metadata.namespace, **how)
                done.append(each)
        except DraError as error:
            raise stopped("deleted", done, wanted[len(done) :], error) from error

    # --- parts ----------------------------------------------------------------------------------------------

    def _place(self, endpoint: Endpoint, namespace: str | None) -> str | None:
        """The namespace of one object."""
        if not endpoint.namespaced:
            return None
        if namespace == ALL_NAMESPACES:
            raise LoadError("one object is in one namespace", path="metadata.namespace", value=namespace)
        return namespace or self.namespace

    def _selection(
        self, endpoint: Endpoint, namespace: str | None, labels: Selector, fields: Selector
    ) -> Selection:
        everywhere = not endpoint.namespaced or namespace == ALL_NAMESPACES
        place = None if everywhere else namespace or self.namespace
        return Selection(place, selector_text(labels), selector_text(fields))

    def _prepared(
        self, obj: KubernetesObject, *, needs_name: bool = False
    ) -> Steps[tuple[Endpoint, str | None, dict[str, Any]]]:
        """Where an object goes, and its JSON in the version of the server."""
        if needs_name and not obj.metadata.name:
            raise LoadError(
                "required",
                path="metadata.name",
                subject=obj.subject,
                remedy="give it a name, or create it if the server is to make one from generateName",
            )
        endpoint = yield from self.discovery.of_object(obj)
        body = obj.to_dict()
        if endpoint.api_version != obj.api_version:
            converted = type(obj).from_dict(body)
            converted.api_version = endpoint.api_version
            body = converted.express(complete=True)
        namespace = self._place(endpoint, obj.metadata.namespace)
        body["metadata"] = {**body.get("metadata", {}), **({"namespace": namespace} if namespace else {})}
        return endpoint, namespace, body

    def _written(self, request: requests.Request, obj: _Object) -> Steps[_Object]:
        """Send it, and what the server made of it."""
        answer = yield from exchange(request, self.retry)
        return type(obj).from_dict(answer.json())


def deleted(obj: KubernetesObject, endpoint: Endpoint) -> DeletedError:
    """The error for an object that is gone before what was waited for happened."""
    return DeletedError(
        "deleted while it was waited for", verb="watch", resource=endpoint.resource, subject=obj.subject
    )


def stopped(
    word: str, done: Sequence[KubernetesObject], rest: Sequence[KubernetesObject], error: DraError
) -> ApplyError:
    """The error for a series that ended before its end."""
    failed, *left = rest
    error.located(subject=failed.subject)
    lines = [f"{word} {len(done)} of {len(done) + len(rest)} objects, then stopped: {error}"]
    if done:
        lines.append(f"  {word}: {', '.join(each.subject for each in done)}")
    if left:
        lines.append(f"  not tried: {', '.join(each.subject for each in left)}")
    return ApplyError("\n".join(lines), done=done, failed=failed, left=left, error=error)
