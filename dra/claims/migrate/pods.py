"""A pod's requests of device plugins become a claim, in the spec of one pod template."""

from __future__ import annotations

import copy
from collections.abc import Sequence
from typing import Any, Final

import attrs

from dra.claims.migrate.constraints import Carried, carry_over
from dra.claims.migrate.containers import MAX_DEVICES, Ask, Asked, asked_of, containers_of, wanted_of
from dra.claims.migrate.labels import speaks_of_devices
from dra.claims.migrate.notes import Owner, Resolved, notes
from dra.claims.migrate.plugins import LABEL, MPS, TIME_SLICING, Sharing
from dra.claims.migrate.report import Entry, Outcome
from dra.claims.migrate.templates import Need, request_names
from dra.claims.pods.source import ClaimSource
from dra.claims.pods.wiring import Wiring, add_entry, add_use
from dra.errors import DraError
from dra.models.pod_templates import PodTemplate
from dra.names import slug

__all__ = ["migrate_pods"]

_MPS_LEFT: Final = (
    "the device plugin shares it by MPS, which NVIDIA's driver only does for the users of one claim",
    "migrate with sharing='claim' (--sharing claim) for one claim per workload, whose pods then all run on "
    "one node; or share by time-slicing",
)


def migrate_pods(template: PodTemplate, owner: Owner) -> list[Entry]:
    """Rewrite a pod's spec; what could not be carried over stays as it was.

    Args:
        template: The template, whose spec is changed.
        owner: The object that it is in.
    """
    return _Migrant(template, owner).entries()


class _Migrant:
    """The migration of one pod template: decided on a copy of its spec, which replaces it if all is well."""

    def __init__(self, template: PodTemplate, owner: Owner) -> None:
        self._template = template
        self._owner = owner
        self._spec = copy.deepcopy(template.spec)
        self._path = template.field

    def entries(self) -> list[Entry]:
        """Migrate, and say what became of everything."""
        asked = asked_of(self._spec, self._path)
        entries = list(asked.entries)
        if not asked.asks:
            return entries
        if not _well_formed(self._spec, self._path):
            return entries + [
                ask.left("claims of the pod or of a container are not a list of objects")
                for ask in asked.asks
            ]
        resolved, left = self._resolved(asked)
        entries += left
        if not resolved:
            return entries
        devices = sum(each.count for each in wanted_of([one.ask for one in resolved]))
        if devices > MAX_DEVICES:
            reason = f"the pod needs {devices} devices, and a claim has at most {MAX_DEVICES}"
            return entries + [one.ask.left(reason, "split the pod") for one in resolved]
        names = asked.left | {entry.path.rpartition("[")[2].rstrip("]") for entry in left}
        before = self._owner.registry.state()
        carried, moved = self._constraints(resolved, names)
        wired = self._wire(resolved, carried)
        if any(entry.outcome is Outcome.LEFT for entry in wired):
            self._owner.registry.restore(before)
            return entries + [entry for entry in wired if entry.outcome is Outcome.LEFT]
        self._template.spec.clear()
        self._template.spec.update(self._spec)
        return entries + wired + moved + notes(self._template, self._owner, resolved)

    # --- what resources meant on the pod's nodes ---

    def _resolved(self, asked: Asked) -> tuple[list[Resolved], list[Entry]]:
        resolved, left = [], []
        on_nodes = self._seen(asked.asks, "nvidia")
        for ask in asked.asks:
            one = self._on_nodes(ask, on_nodes) if ask.need.vendor == "nvidia" else Resolved(ask)
            if one.sharing is None:
                resolved.append(one)
            elif one.sharing.strategy == MPS and self._owner.sharing == "shares":
                left.append(ask.left(*_MPS_LEFT))
            elif one.sharing.single and ask.count > 1:
                left.append(ask.left("the device plugin refuses more than one place on a shared device"))
            elif self._owner.sharing == "claim" and not self._owner.name:
                left.append(ask.left("the object has no name to call a shared claim by", "name it"))
            else:
                resolved.append(one)
        return resolved, left

    def _seen(self, asks: Sequence[Ask], vendor: str) -> Carried:
        """What the constraints on nodes say, without taking them out."""
        mig = any(ask.need.mig for ask in asks if ask.need.vendor == vendor)
        return carry_over(self._spec, self._path, vendor, mig=mig, keep="nothing is decided yet")

    def _on_nodes(self, ask: Ask, on_nodes: Carried) -> Resolved:
        need = ask.need
        if on_nodes.profile and not need.mig:
            need = need.as_mig(on_nodes.profile)
        labels = self._spec.get("nodeSelector")
        label = labels.get(LABEL) if isinstance(labels, dict) else None
        config = self._owner.plugins.of_pod(label if isinstance(label, str) else "")
        sharing = config.sharing.get(need.resource) if config else None
        if sharing is None and on_nodes.sharing:
            sharing = Sharing(on_nodes.sharing, on_nodes.replicas)
        if sharing is None and need.shared:
            sharing = Sharing(TIME_SLICING)
        need = attrs.evolve(need, shared=sharing is not None)
        return Resolved(attrs.evolve(ask, need=need), sharing)

    # --- constraints on nodes ---

    def _constraints(
        self, resolved: Sequence[Resolved], left: frozenset[str]
    ) -> tuple[dict[str, Carried], list[Entry]]:
        """What constraints say of the devices of each vendor, and what became of them."""
        carried: dict[str, Carried] = {}
        entries: list[Entry] = []
        asks = [one.ask for one in resolved]
        for vendor in dict.fromkeys(ask.need.vendor for ask in asks):
            others = [resource for resource in sorted(left) if speaks_of_devices(resource, vendor)]
            if not others:
                mig = any(ask.need.mig and "mig-" in ask.need.resource for ask in asks)
                carried[vendor] = carry_over(self._spec, self._path, vendor, mig=mig)
                entries += carried[vendor].entries
                continue
            keep = f"{others[0]} is left, which needs it"
            entries += carry_over(self._spec, self._path, vendor, keep=keep).entries
        return carried, entries

    # --- claims ---

    def _wire(self, resolved: Sequence[Resolved], carried: dict[str, Carried]) -> list[Entry]:
        """Make the claims and give them to the containers."""
        asks = [one.ask for one in resolved]
        sharing = {one.ask.need: one.sharing for one in resolved}
        all_wanted = wanted_of(asks)
        needs = []
        for wanted in all_wanted:
            shared = sharing[wanted.need]
            carried_ = carried.get(wanted.need.vendor, Carried())
            total = sum(each.count for each in all_wanted if each.need == wanted.need)
            shares = shared is not None and self._owner.sharing == "shares"
            needs.append(Need(wanted, total, carried_.where, carried_.names, shared, shares))
        by_claim = [need for need in needs if need.shared and not need.shares]
        own = [need for need in needs if not need.shared or need.shares]
        return [entry for some in (own, by_claim) if some for entry in self._claim(some, asks)]

    def _claim(self, needs: Sequence[Need], asks: Sequence[Ask]) -> list[Entry]:
        """One claim of the pod."""
        of_claim = [ask for ask in asks if any(ask.need == need.wanted.need for need in needs)]
        nouns = {need.wanted.need.noun for need in needs}
        noun = nouns.pop() if len(nouns) == 1 else "devices"
        try:
            source = self._source(needs, noun)
        except DraError as error:
            return [
                ask.left(f"there can be no such claim: {error.message}", error.remedy) for ask in of_claim
            ]
        taken = {
            each.get("name") for each in self._spec.get("resourceClaims") or () if isinstance(each, dict)
        }
        names = (noun, *(f"{noun}-{number}" for number in range(2, len(taken) + 3)))
        entry_name = next(each for each in names if each not in taken)
        add_entry(self._spec, "resourceClaims", source, entry_name, self._path, [])
        self._give(source, entry_name, needs)
        return [self._told(ask, needs, source) for ask in of_claim]

    def _source(self, needs: Sequence[Need], noun: str) -> ClaimSource:
        """The claim or template for some needs."""
        registry, namespace = self._owner.registry, self._owner.namespace
        if needs[0].shared is None or needs[0].shares:
            return ClaimSource("ResourceClaimTemplate", registry.template(namespace, needs))
        group = slug(self._template.group)
        name = "-".join(part for part in (self._owner.name, group, noun) if part)
        return ClaimSource("ResourceClaim", registry.claim(namespace, name, needs))

    def _give(self, source: ClaimSource, claim: str, needs: Sequence[Need]) -> None:
        """Let the containers use the requests of a claim instead of what they asked for."""
        requests = request_names(needs)
        for order, (path, container, _) in enumerate(containers_of(self._spec, self._path)):
            used = {
                name: need.wanted.need.resource
                for name, need in zip(requests, needs, strict=True)
                if order in need.wanted.orders
            }
            if used:
                Wiring(source, drop=tuple(used.values())).drop_from(container, path, [])
                add_use(container, claim, () if len(used) == len(requests) else used, path, [])

    def _told(self, ask: Ask, needs: Sequence[Need], source: ClaimSource) -> Entry:
        used = [
            (name, need)
            for name, need in zip(request_names(needs), needs, strict=True)
            if ask.order in need.wanted.orders and ask.need == need.wanted.need
        ]
        names = " and ".join(name for name, _ in used)
        asked = f"{ask.count} x {ask.need.resource} of container {ask.name}"
        message = f"{asked} -> request {names} of {source.subject}"
        visible = sum(need.wanted.count for _, need in used)
        if visible > ask.count:
            message += f", all {visible} devices of which it sees"
        return Entry(Outcome.CHANGED, ask.field, message)


def _well_formed(spec: dict[str, Any], path: str) -> bool:
    """Whether the places that claims are added to are lists of objects, if they are there."""
    resources = [container.get("resources") for _, container, _ in containers_of(spec, path)]
    places = [spec.get("resourceClaims")]
    places += [each.get("claims") for each in resources if isinstance(each, dict)]
    return all(
        place is None or (isinstance(place, list) and all(isinstance(each, dict) for each in place))
        for place in places
    )
