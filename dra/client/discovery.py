"""Which kinds the server has, and in which of their versions."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import attrs

from dra.client import requests
from dra.client.requests import Endpoint
from dra.client.steps import Retry, Steps, exchange
from dra.errors import NotFoundError, NotServedError
from dra.models.meta import KubernetesObject

__all__ = ["Discovery"]


@attrs.define
class Discovery:
    """The server's kinds, each part asked for once.

    Attributes:
        retry: How to ask.
        preferred: API versions to take before newer ones.
    """

    retry: Retry
    preferred: Sequence[str] = ()
    _groups: dict[str, tuple[str, ...]] = attrs.field(factory=dict, init=False, repr=False)
    _versions: dict[str, Mapping[str, Endpoint]] = attrs.field(factory=dict, init=False, repr=False)

    def of_kind(self, kind: type[KubernetesObject]) -> Steps[Endpoint]:
        """Where a kind is: in the newest version that the server and the library know.

        Raises:
            NotServedError: In none.
        """
        names = [version.name for version in kind.versions()]
        for name in sorted(names, key=lambda name: name not in self.preferred):
            found = yield from self._look_up(name, kind.__name__)
            if found is not None:
                return found
        raise self._not_served(kind.__name__, names)

    def of_object(self, obj: KubernetesObject) -> Steps[Endpoint]:
        """Where an object goes: in its own version if the server has that, else as `of_kind`.

        Raises:
            NotServedError: The server has no such kind.
        """
        found = yield from self._look_up(obj.api_version, obj.kind)
        if found is not None:
            return found
        if obj.versions():
            found = yield from self.of_kind(type(obj))
            return found
        raise self._not_served(obj.kind, [obj.api_version])

    def _look_up(self, api_version: str, kind: str) -> Steps[Endpoint | None]:
        group = api_version.rpartition("/")[0]
        if group:
            if group not in self._groups:
                self._groups[group] = yield from self._read_group(group)
            if api_version not in self._groups[group]:
                return None
        if api_version not in self._versions:
            self._versions[api_version] = yield from self._read_version(api_version)
        return self._versions[api_version].get(kind)

    def _read_group(self, group: str) -> Steps[tuple[str, ...]]:
        body = yield from self._read(f"/apis/{group}")
        return tuple(each["groupVersion"] for each in body.get("versions") or ())

    def _read_version(self, api_version: str) -> Steps[Mapping[str, Endpoint]]:
        body = yield from self._read(f"/{'apis' if '/' in api_version else 'api'}/{api_version}")
        resources = body.get("resources") or ()
        names = {each["name"] for each in resources}
        return {
            each["kind"]: Endpoint(
                api_version,
                each["kind"],
                each["name"],
                bool(each.get("namespaced")),
                f"{each['name']}/status" in names,
            )
            for each in resources
            if "/" not in each["name"]
        }

    def _read(self, path: str) -> Steps[Mapping[str, Any]]:
        try:
            answer = yield from exchange(requests.discovery(path), self.retry)
        except NotFoundError:
            return {}
        return answer.json()

    def _not_served(self, kind: str, versions: Sequence[str]) -> NotServedError:
        """The error for a kind that is not there. It may be there soon, so what is known is forgotten."""
        for version in versions:
            self._groups.pop(version.rpartition("/")[0], None)
            self._versions.pop(version, None)
        return NotServedError(
            f"the server has no {kind}",
            status=404,
            verb="get",
            resource=kind,
            value=kind,
            remedy=f"it needs {' or '.join(versions)}: a newer server, --runtime-config or feature gates",
        )
