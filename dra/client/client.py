"""`Client`: the API server, typed; and `connect`, which finds it."""

from __future__ import annotations

import os
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from types import TracebackType
from typing import Any, TypeVar, overload

from typing_extensions import Self

from dra.client import configuration
from dra.client.allocation import Progress, wait_allocated
from dra.client.contents import read_contents
from dra.client.discovery import Discovery
from dra.client.listing import PAGE_SIZE
from dra.client.redaction import Redact, Redaction
from dra.client.requests import Selector
from dra.client.session import Propagation, Session
from dra.client.snapshot import writing
from dra.client.steps import Retry
from dra.client.transport import Transport
from dra.client.watching import Event
from dra.models.kinds import decode
from dra.models.meta import KubernetesObject
from dra.models.resource import ResourceClaim

__all__ = ["Client", "connect"]

_Object = TypeVar("_Object", bound=KubernetesObject)


def connect(
    context: str | None = None,
    kubeconfig: str | os.PathLike[str] | None = None,
    in_cluster: bool | None = None,
    *,
    namespace: str | None = None,
    manager: str = "dra",
    prefer: Sequence[str] = (),
    retry: Retry | None = None,
    page_size: int = PAGE_SIZE,
) -> Client:
    """A client for a cluster. Nothing is sent yet.

    What is named is used, else the file or files of `KUBECONFIG`, else `~/.kube/config`, else the service
    account of the pod that this runs in. Exec plugins, certificates, proxies and the renewal of tokens are
    those of the official client.

    Args:
        context: A context of the kubeconfig, by default its current one.
        kubeconfig: The file.
        in_cluster: True for the pod's service account, False never to use that.
        namespace: Where objects are that do not say, by default the context's namespace.
        manager: Who applies, for server-side apply.
        prefer: API versions to take before newer ones, such as `resource.k8s.io/v1beta1`.
        retry: What to do when the server fails.
        page_size: How many objects of a list to ask for at a time.

    Raises:
        ConfigError: There is no such file or context, or the extra `kubernetes` is not installed.
    """
    place = configuration.find(context, kubeconfig, in_cluster)
    api_client, default = configuration.load(place)
    return Client(
        api_client,
        namespace=namespace or default,
        manager=manager,
        prefer=prefer,
        retry=retry,
        page_size=page_size,
    )


class Client:
    """The API server, typed: the class of an object comes first, objects come back.

    Objects are read in the newest API version that the server and the library both know, and written in
    their own if the server has it; whatever the version, objects look the same. Requests that may be repeated
    are, when the server is busy (429) or broken (5xx) or the connection breaks.

    Where a namespace is not given it is the client's; `"*"` stands for all. Label and field selectors are
    text, or names with values.

    A client may be used by several threads.

    Args:
        api_client: A `kubernetes.client.ApiClient` of the official client, 27 to 37.
        namespace: As for `connect`.
        manager: As for `connect`.
        prefer: As for `connect`.
        retry: As for `connect`.
        page_size: As for `connect`.
    """

    def __init__(
        self,
        api_client: Any,
        *,
        namespace: str = "default",
        manager: str = "dra",
        prefer: Sequence[str] = (),
        retry: Retry | None = None,
        page_size: int = PAGE_SIZE,
    ) -> None:
        retry = retry if retry is not None else Retry()
        self._transport = Transport(api_client)
        self._session = Session(Discovery(retry, tuple(prefer)), retry, namespace, manager, page_size)

    def __repr__(self) -> str:
        return f"<Client of {self._transport.host}, namespace {self.namespace}>"

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close all connections."""
        self._transport.close()

    @property
    def host(self) -> str:
        """The server's address."""
        return self._transport.host

    @property
    def namespace(self) -> str:
        """Where objects are that do not say."""
        return self._session.namespace

    @property
    def kubernetes(self) -> str:
        """The server's minor, such as `1.37`.

        Raises:
            ApiError: It does not say.
        """
        return self._transport.run(self._session.kubernetes())

    # --- reading --------------------------------------------------------------------------------------------

    def get(self, kind: type[_Object], name: str, namespace: str | None = None) -> _Object:
        """One object.

        Raises:
            NotFoundError: It is not there; `NotServedError` if its kind is not.
            ApiError: The server refuses, or cannot be reached.
        """
        return self._transport.run(self._session.get(kind, name, namespace))

    def list(
        self,
        kind: type[_Object],
        namespace: str | None = None,
        *,
        labels: Selector = None,
        fields: Selector = None,
    ) -> list[_Object]:
        """Some objects as they were at one moment, however many pages they take.

        Raises:
            ApiError: The server refuses, or cannot be reached.
        """
        return self._transport.run(self._session.list(kind, namespace, labels, fields))

    def watch(
        self,
        kind: type[_Object],
        namespace: str | None = None,
        *,
        labels: Selector = None,
        fields: Selector = None,
        since: str = "",
        timeout: float | None = None,
    ) -> Iterator[Event[_Object]]:
        """Changes as they happen, beginning with what there is as `ADDED`.

        The watch goes on after a broken connection and a restart of the server. When the server does not
        remember what has happened since, objects are listed again and told from what was known before: first
        as deleted, with their last known state, then as modified or added.

        Args:
            kind: The class of the objects.
            namespace: Where they are.
            labels: A label selector.
            fields: A field selector.
            since: A resource version: only later changes are told.
            timeout: End after so many seconds.

        Raises:
            ApiError: The server refuses for good. While it cannot be reached, the watch waits.
        """
        return self._transport.converse(self._session.watch(kind, namespace, labels, fields, since, timeout))

    def wait(
        self,
        kind: type[_Object],
        name: str,
        until: Callable[[_Object], object],
        namespace: str | None = None,
        *,
        timeout: float | None = None,
    ) -> _Object:
        """An object as soon as something holds of it, which may be before it is there.

        Args:
            kind: The class of the object.
            name: Its name.
            until: Tells whether it is so.
            namespace: Where it is.
            timeout: Give up after so many seconds.

        Raises:
            WaitTimeoutError: It has not happened.
            DeletedError: The object is deleted meanwhile.
            ApiError: The server refuses for good. While it cannot be reached, this waits.
        """
        return self._transport.run(self._session.wait(kind, name, until, namespace, timeout))

    def wait_allocated(
        self,
        claim: ResourceClaim | str,
        namespace: str | None = None,
        *,
        timeout: float | None = None,
        progress: Callable[[Progress], object] | None = None,
    ) -> ResourceClaim:
        """A claim as soon as it has its devices.

        While there are none, `progress` is told why: what kube-scheduler says of the pods that use the claim,
        and what a `Cluster` of what the server has makes of them. For the latter everything in
        `dra snapshot --print-rbac` should be readable; what is not is named.

        Args:
            claim: The claim, or its name.
            namespace: Where it is, with a name.
            timeout: Give up after so many seconds.
            progress: Told what stands in the way, each time it is something else.

        Raises:
            WaitTimeoutError: There are none in time. The message and `.progress` say why.
            DeletedError: The claim is deleted meanwhile.
            ApiError: The server refuses for good. While it cannot be reached, this waits.
        """
        return self._transport.run(wait_allocated(self._session, claim, namespace, timeout), progress)

    def contents(self) -> Iterator[KubernetesObject]:
        """Everything that scheduling depends on, with the fields that it needs, as pages arrive.

        `Cluster.from_kubernetes(client)` makes a cluster of it.

        Raises:
            ForbiddenError: A kind may not be listed; a role that has every right it takes is printed by
                `dra snapshot --print-rbac`.
        """
        return map(decode, self._transport.converse(read_contents(self._session)))

    def snapshot(
        self,
        target: str | os.PathLike[str],
        redact: Collection[Redact | str] = (),
        progress: Callable[[Mapping[str, Any]], object] | None = None,
    ) -> dict[str, int]:
        """Write what the cluster consists of to a file or folder that `Cluster.load` and every command reads.

        Pods are cut to what scheduling needs. Environment variables, secrets and tokens are never written.

        Args:
            target: A file (`.json`, `.yaml`, packed if `.gz` or `.zst` follows) or a folder for YAML files.
            redact: What to replace by pseudonyms, such as `["names", "labels"]`.
            progress: Told of each object, as JSON.

        Returns:
            How many objects of each kind there are.

        Raises:
            ForbiddenError: A kind may not be listed.
            LoadError: The target cannot be written.
        """
        redaction = Redaction(redact)
        with writing(os.fspath(target)) as snapshot:
            for each in self._transport.converse(read_contents(self._session)):
                obj = redaction(each)
                snapshot.write(obj)
                if progress is not None:
                    progress(obj)
        return snapshot.counts

    # --- writing --------------------------------------------------------------------------------------------

    def create(self, obj: _Object, *, dry_run: bool = False) -> _Object:
        """Make a new object, and give it as the server has it.

        Raises:
            AlreadyExistsError: There is one of that name.
            InvalidError: The server finds faults in it; `.errors` has them field by field.
            ApiError: The server refuses, or cannot be reached.
        """
        return self._transport.run(self._session.create(obj, dry_run))

    def replace(self, obj: _Object, *, dry_run: bool = False) -> _Object:
        """Put an object in place of the one there is.

        Raises:
            ConflictError: That one has changed since the object was read.
            ApiError: As `create`.
        """
        return self._transport.run(self._session.replace(obj, dry_run))

    @overload
    def apply(self, objects: _Object, *, force: bool = False, dry_run: bool = False) -> _Object: ...

    @overload
    def apply(
        self, objects: Iterable[KubernetesObject], *, force: bool = False, dry_run: bool = False
    ) -> Sequence[KubernetesObject]: ...

    def apply(
        self,
        objects: KubernetesObject | Iterable[KubernetesObject],
        *,
        force: bool = False,
        dry_run: bool = False,
    ) -> KubernetesObject | Sequence[KubernetesObject]:
        """Make one object or several as they should be (server-side apply).

        Several are applied in the order of their kinds: namespaces, classes, templates, claims, workloads,
        pod groups, pods. If one is refused, those before it stay, and the error lists them.

        Args:
            objects: One object, or several.
            force: Take fields that another manager owns.
            dry_run: Have the server check and answer, and change nothing.

        Raises:
            ApplyError: Of several, one was refused.
            ConflictError: Another manager owns a field, or the object has changed since it was read.
            ApiError: As `create`.
        """
        if isinstance(objects, KubernetesObject):
            return self._transport.run(self._session.apply(objects, force, dry_run))
        return self._transport.run(self._session.apply_all(objects, force, dry_run))

    def patch_status(self, obj: _Object, changes: Mapping[str, Any] | None = None) -> _Object:
        """Write an object's status.

        Args:
            obj: The object. If it was read from the server, it must not have changed since.
            changes: What to change in the status, as JSON (None removes a field); by default the status that
                the object has is written, and what it does not have stays.

        Raises:
            ConflictError: The object has changed since it was read.
            ApiError: As `create`.
        """
        return self._transport.run(self._session.patch_status(obj, changes))

    @overload
    def delete(
        self,
        what: type[KubernetesObject],
        name: str,
        namespace: str | None = None,
        *,
        missing_ok: bool = False,
        propagation: Propagation = "Background",
        grace_period: int | None = None,
        dry_run: bool = False,
    ) -> None: ...

    @overload
    def delete(
        self,
        what: KubernetesObject | Iterable[KubernetesObject],
        *,
        missing_ok: bool = False,
        propagation: Propagation = "Background",
        grace_period: int | None = None,
        dry_run: bool = False,
    ) -> None: ...

    def delete(
        self,
        what: type[KubernetesObject] | KubernetesObject | Iterable[KubernetesObject],
        name: str = "",
        namespace: str | None = None,
        *,
        missing_ok: bool = False,
        propagation: Propagation = "Background",
        grace_period: int | None = None,
        dry_run: bool = False,
    ) -> None:
        """Delete an object by class and name, or objects: several in the opposite order of `apply`.

        Args:
            what: The class, the object, or several objects.
            name: The name, with a class.
            namespace: Where it is, with a class.
            missing_ok: Whether it may be gone already.
            propagation: What becomes of what belongs to it.
            grace_period: How many seconds a pod has to end.
            dry_run: Change nothing.

        Raises:
            NotFoundError: There is no such object.
            ApplyError: Of several, one was refused.
            ApiError: The server refuses, or cannot be reached.
        """
        self._transport.run(
            self._session.delete_any(
                what,
                name,
                namespace,
                missing_ok=missing_ok,
                propagation=propagation,
                grace_period=grace_period,
                dry_run=dry_run,
            )
        )
