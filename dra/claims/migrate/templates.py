"""New claims and templates: what is in them, and names that say it; equal needs of a namespace share one."""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Any, Final

import attrs

from dra.claims import sharing
from dra.claims.builder import ClaimBuilder, claim
from dra.claims.migrate.containers import Wanted
from dra.claims.migrate.plugins import MPS, Sharing
from dra.claims.select import Expression, tpu
from dra.claims.wants import Wants
from dra.features import Features
from dra.models.meta import KubernetesObject
from dra.models.resource import ResourceClaim, ResourceClaimTemplate
from dra.validation.defaults import default

__all__ = ["Need", "Registry", "request_names"]

_LONGEST_NAME: Final = 52


@attrs.frozen
class Need:
    """Devices to request with all that is asked of them.

    Attributes:
        wanted: How many of what, and for whom.
        total: How many of the same the pod wants in all.
        where: What must hold for devices besides what the resource says.
        names: What to call that in the name of a template.
        shared: How the users of one claim share the devices; None if they do not.
        shares: Whether to ask for a share of a device.
    """

    wanted: Wanted
    total: int
    where: tuple[Expression, ...] = ()
    names: tuple[str, ...] = ()
    shared: Sharing | None = None
    shares: bool = False

    @property
    def wants(self) -> Wants:
        """What the request says."""
        need, count = self.wanted.need, self.wanted.count
        where = [*need.where, *self.where]
        if need.noun == "tpu":
            where.append(tpu.tpu.chip_count == self.total)
        wants: Wants = {"device_class": need.device_class}
        if where:
            wants["where"] = where
        if count > 1:
            wants["count"] = count
        if self.shares:
            wants["share"] = sharing.ConsumableShares(shares=1)
        elif self.shared and self.shared.strategy == MPS:
            replicas = self.shared.replicas
            wants["share"] = sharing.MPS(active_thread_percentage=100 // replicas if replicas else None)
        return wants

    @property
    def title(self) -> str:
        """What it is, in the words of a name."""
        parts = [self.wanted.need.name, *self.names, "share" if self.shares else ""]
        count = f"x{self.wanted.count}" if self.wanted.count > 1 else ""
        return "-".join(each for each in (*parts, count) if each)


def request_names(needs: Sequence[Need]) -> list[str]:
    """Names of the requests: what they are, with a number from the second on.

    They do not speak of containers, so that pods with differently named ones can share a template.
    """
    seen: Counter[str] = Counter()
    names = []
    for need in needs:
        noun = need.wanted.need.noun
        seen[noun] += 1
        names.append(noun if seen[noun] == 1 else f"{noun}-{seen[noun]}")
    return names


class Registry:
    """The claims and templates there are, by namespace and name; gives one for a need, new or not."""

    def __init__(self, objects: Iterable[KubernetesObject], kubernetes: str) -> None:
        self._kubernetes = kubernetes
        # Sharing may need a gate; that it does is in the report.
        self._features = Features.for_kubernetes(kubernetes, consumable_capacity=True)
        self._known: dict[tuple[str, str, str], dict[str, Any]] = {}
        self._given: dict[object, str] = {}
        self.new: list[KubernetesObject] = []
        for obj in objects:
            if isinstance(obj, (ResourceClaim, ResourceClaimTemplate)):
                self._known[_key(obj)] = _devices(obj)

    def state(self) -> int:
        """What `restore` takes to forget what is registered from now on."""
        return len(self.new)

    def restore(self, state: int) -> None:
        """Forget the objects that were registered since."""
        self._given.clear()
        for obj in self.new[state:]:
            del self._known[_key(obj)]
        del self.new[state:]

    def template(self, namespace: str, needs: Sequence[Need]) -> str:
        """The name of a template for these needs, such as `nvidia-gpu-a100-sxm4-80gb-x4`.

        Raises:
            DraError: The API server would refuse it.
        """
        titles = Counter(need.title for need in needs)
        name = "-and-".join(title if many == 1 else f"{title}-times-{many}" for title, many in titles.items())
        return self._registered(name, namespace, needs, is_template=True)

    def claim(self, namespace: str, name: str, needs: Sequence[Need]) -> str:
        """The name of a claim for these needs, that pods share.

        Raises:
            DraError: The API server would refuse it.
        """
        return self._registered(name, namespace, needs, is_template=False)

    def _registered(self, name: str, namespace: str, needs: Sequence[Need], *, is_template: bool) -> str:
        """The object of the name, or one with a longer name if there is another with that."""
        said = [attrs.evolve(need, wanted=attrs.evolve(need.wanted, orders=())) for need in needs]
        key = (is_template, namespace, name, tuple(said))
        if key not in self._given:
            self._given[key] = self._found(name, namespace, needs, is_template=is_template)
        return self._given[key]

    def _found(self, name: str, namespace: str, needs: Sequence[Need], *, is_template: bool) -> str:
        short = name if len(name) <= _LONGEST_NAME else ""
        while True:
            built = self._built(short or "claim", namespace, needs)
            obj = (
                built.template(self._kubernetes, features=self._features)
                if is_template
                else built.build(self._kubernetes, features=self._features)
            )
            devices = _devices(obj)
            known = self._known.get(_key(obj)) if short else {}
            if known == devices:
                return short
            if known is None:
                self._known[_key(obj)] = devices
                self.new.append(obj)
                return short
            digest = hashlib.sha256(json.dumps([devices, short], sort_keys=True).encode()).hexdigest()[:8]
            short = f"{name[: _LONGEST_NAME - 9].rstrip('-.')}-{digest}"

    @staticmethod
    def _built(name: str, namespace: str, needs: Sequence[Need]) -> ClaimBuilder:
        built = claim(name, namespace=namespace)
        for request, need in zip(request_names(needs), needs, strict=True):
            built = built.request(request, **need.wants)
        return built


def _key(obj: KubernetesObject) -> tuple[str, str, str]:
    return obj.kind, obj.metadata.namespace or "", obj.metadata.name or ""


def _devices(obj: ResourceClaim | ResourceClaimTemplate) -> dict[str, Any]:
    """The devices of a claim or template as the server would store them."""
    stored = default(obj)
    spec = stored.spec if isinstance(stored, ResourceClaim) else stored.spec.spec
    return spec.devices.to_dict()
