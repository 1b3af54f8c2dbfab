"""`Given`: the objects that lint looks at, read the ways the checks need them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from functools import cached_property
from typing import Any, Final, TypeVar

import attrs

from dra.cel.env import environment
from dra.cel.parser import parse
from dra.cel.selector import Selector, compile as compile_selector
from dra.cel.source import Issues
from dra.cel.syntax import Ast
from dra.errors import CompileError, EvaluationError
from dra.features import Features
from dra.linting.accesses import domains
from dra.linting.subjects import (
    Claim,
    KnownDevice,
    PodUse,
    Wanted,
    Written,
    expressions_in,
    known_devices,
    pod_uses,
    written_in,
)
from dra.models.core import Pod
from dra.models.meta import KubernetesObject, Unstructured
from dra.models.resource import (
    DeviceClass,
    ResourceClaim,
    ResourceClaimTemplate,
    ResourceSlice,
)
from dra.names import byte_length
from dra.validation.field_error import Path
from dra.validation.scope import Limits

__all__ = ["Given"]

_LONGEST_EXPRESSION: Final = Limits().expression_bytes
_T = TypeVar("_T")


@attrs.frozen(slots=False)
class Given:
    """Everything that was given.

    Attributes:
        objects: All objects, those of unknown kinds as `Unstructured`.
        kubernetes: The minor they are meant for.
        features: Its feature gates.
    """

    objects: tuple[KubernetesObject, ...]
    kubernetes: str
    features: Features
    _verdicts: dict[tuple[str, int], bool | EvaluationError] = attrs.field(
        factory=dict, init=False, repr=False
    )
    _memory: dict[Hashable, Any] = attrs.field(factory=dict, init=False, repr=False)

    def remembered(self, key: Hashable, make: Callable[[], _T]) -> _T:
        """What is made once for a key, since the claims of a cluster ask for the same few things."""
        if key not in self._memory:
            self._memory[key] = make()
        found: _T = self._memory[key]
        return found

    @cached_property
    def slices(self) -> list[ResourceSlice]:
        """The slices; of one that was given several times only the first."""
        slices = (obj for obj in self.objects if isinstance(obj, ResourceSlice))
        by_name: dict[object, ResourceSlice] = {}
        for slice_ in slices:
            by_name.setdefault(slice_.metadata.name or id(slice_), slice_)
        return list(by_name.values())

    @cached_property
    def classes(self) -> dict[str, DeviceClass]:
        """The device classes by name."""
        return {obj.metadata.name or "": obj for obj in self.objects if isinstance(obj, DeviceClass)}

    @cached_property
    def claims(self) -> list[Claim]:
        """The claims and the templates."""
        found = []
        at = Path() / "spec"
        for obj in self.objects:
            if isinstance(obj, ResourceClaim):
                found.append(Claim(obj, at / "devices", obj.spec.devices))
            elif isinstance(obj, ResourceClaimTemplate):
                found.append(Claim(obj, at / "spec" / "devices", obj.spec.spec.devices))
        return found

    @cached_property
    def wanted(self) -> list[Wanted]:
        """The requests and subrequests of all claims and templates."""
        return [wanted for claim in self.claims for wanted in claim.wanted]

    @cached_property
    def expressions_of_classes(self) -> list[list[Written]]:
        """The selectors of each class."""
        at = Path() / "spec"
        return [written_in(each, at, each.spec.selectors) for each in self.classes.values()]

    @cached_property
    def expressions(self) -> list[Written]:
        """The selectors of all classes and requests."""
        of_classes = [written for some in self.expressions_of_classes for written in some]
        return of_classes + [written for wanted in self.wanted for written in wanted.selectors]

    @cached_property
    def _by_name(self) -> dict[tuple[type[KubernetesObject], str, str | None], Claim]:
        """The claims and templates by kind, namespace and name; of equal ones the first."""
        found: dict[tuple[type[KubernetesObject], str, str | None], Claim] = {}
        for claim in self.claims:
            obj = claim.object
            found.setdefault((type(obj), obj.metadata.namespace or "default", obj.metadata.name), claim)
        return found

    def claim(self, kind: type[KubernetesObject], namespace: str, name: str | None) -> Claim | None:
        """The claim or template of a name, if it is among the objects."""
        return self._by_name.get((kind, namespace, name))

    def names(self, kind: type[KubernetesObject], namespace: str) -> list[str]:
        """The names of the claims or templates of a namespace."""
        return [name for each, where, name in self._by_name if (each, where) == (kind, namespace) and name]

    @cached_property
    def channel_templates(self) -> set[tuple[str, str]]:
        """Namespace and name of the templates that the controllers of given ComputeDomains make."""
        found = set()
        for obj in self.objects:
            if isinstance(obj, Unstructured) and obj.kind == "ComputeDomain":
                here: Any = obj.to_dict().get("spec")
                for step in ("channel", "resourceClaimTemplate", "name"):
                    here = here.get(step) if isinstance(here, dict) else None
                if isinstance(here, str):
                    found.add((obj.metadata.namespace or "default", here))
        return found

    @cached_property
    def devices(self) -> list[KnownDevice]:
        """The devices of the newest generation of each pool."""
        newest: dict[tuple[str, str], int] = {}
        for slice_ in self.slices:
            pool = slice_.spec.driver, slice_.spec.pool.name
            newest[pool] = max(newest.get(pool, 0), slice_.spec.pool.generation)
        return [
            known
            for slice_ in self.slices
            if slice_.spec.pool.generation == newest[slice_.spec.driver, slice_.spec.pool.name]
            for known in known_devices(slice_)
        ]

    @cached_property
    def _alike(self) -> list[list[KnownDevice]]:
        """The devices, in sets that no selector can tell apart."""
        found: dict[tuple[object, ...], list[KnownDevice]] = defaultdict(list)
        for known in self.devices:
            device = known.device
            key = (
                known.driver,
                device.allow_multiple_allocations,
                # Equal values are one object in memory, so this is cheap and nearly always exact.
                frozenset((name, id(value)) for name, value in (device.attributes or {}).items()),
                frozenset((name, value.value) for name, value in (device.capacity or {}).items()),
            )
            found[key].append(known)
        return list(found.values())

    @cached_property
    def kinds_of_device(self) -> list[KnownDevice]:
        """One device of each set that no selector can tell apart."""
        return [first for first, *_ in self._alike]

    @cached_property
    def pods(self) -> list[PodUse]:
        """The pods, and the pod templates in objects of any kind."""
        found = []
        for obj in self.objects:
            if isinstance(obj, Pod):
                found.append(PodUse(obj, Path() / "spec", obj.spec, 1))
            elif isinstance(obj, Unstructured):
                found.extend(pod_uses(obj))
        return found

    @cached_property
    def namespaces(self) -> dict[str, Mapping[str, str]]:
        """The labels of the given namespaces."""
        return {
            obj.metadata.name: obj.metadata.labels or {}
            for obj in self.objects
            if obj.kind == "Namespace" and obj.metadata.name
        }

    def compiled(self, text: str) -> Selector | None:
        """A selector; None if it does not compile, which `validate` reports."""
        if byte_length(text) > _LONGEST_EXPRESSION:
            return None
        try:
            return compile_selector(text, self.kubernetes, self.features)
        except CompileError:
            return None

    def tree(self, text: str) -> Ast | None:
        """The syntax tree of an expression; None if it is not CEL. Its types may be wrong."""
        if byte_length(text) > _LONGEST_EXPRESSION:
            return None
        env = environment(self.kubernetes, "stored", self.features)
        return self.remembered(("tree", text), lambda: parse(text, env.macros, Issues(text)))

    def verdict(self, text: str, known: KnownDevice) -> bool | EvaluationError:
        """Whether a selector lets a device through, or how it fails. One that does not compile does not."""
        key = text, id(known)
        if key not in self._verdicts:
            self._verdicts[key] = _verdict(self.compiled(text), known)
        return self._verdicts[key]

    def allowed(self, wanted: Wanted) -> list[KnownDevice]:
        """One of each kind of device that the class of a request lets through.

        A class that is not given is taken to let through the drivers that the request's selectors speak of.
        """
        name, texts = wanted.asks
        device_class = self.classes.get(name)
        if device_class is not None:
            return self.selected(expressions_in(device_class.spec.selectors), self.kinds_of_device)
        return self.remembered(("drivers", texts), lambda: self._of_drivers(texts))

    def _of_drivers(self, texts: Iterable[str]) -> list[KnownDevice]:
        """The kinds of device of the drivers that selectors speak of; all if there are none."""
        trees = [tree for text in texts if (tree := self.tree(text))]
        named = {domain.name for tree in trees for domain in domains(tree)}
        return [known for known in self.kinds_of_device if known.driver in named] or self.kinds_of_device

    def candidates(self, wanted: Wanted) -> list[KnownDevice]:
        """One of each kind of device that a request may get."""
        return self.selected(wanted.asks[1], self.allowed(wanted))

    def devices_for(self, wanted: Iterable[Wanted]) -> list[KnownDevice]:
        """All devices that some of the requests may get."""
        wanted = tuple(wanted)

        def found() -> list[KnownDevice]:
            kinds = {id(known) for each in wanted for known in self.candidates(each)}
            chosen = {id(known) for some in self._alike if id(some[0]) in kinds for known in some}
            return [known for known in self.devices if id(known) in chosen]

        return self.remembered(("for", frozenset(each.asks for each in wanted)), found)

    def selected(self, texts: Sequence[str], devices: list[KnownDevice]) -> list[KnownDevice]:
        """The devices that all selectors let through; an error lets nothing through."""

        def found() -> tuple[list[KnownDevice], list[KnownDevice]]:
            true = (each for each in devices if all(self.verdict(text, each) is True for text in texts))
            return list(true), devices  # which are kept, so that no others can take their identity

        return self.remembered(("selected", tuple(texts), id(devices)), found)[0]

    def failures(self, text: str, devices: list[KnownDevice]) -> dict[str, list[KnownDevice]]:
        """The devices on which a selector fails, by what it says."""

        def found() -> tuple[dict[str, list[KnownDevice]], list[KnownDevice]]:
            failed: dict[str, list[KnownDevice]] = {}
            for known in devices:
                verdict = self.verdict(text, known)
                if isinstance(verdict, EvaluationError):
                    failed.setdefault(verdict.message, []).append(known)
            return failed, devices

        return self.remembered(("failures", text, id(devices)), found)[0]


def _verdict(selector: Selector | None, known: KnownDevice) -> bool | EvaluationError:
    try:
        return selector is not None and selector.matches(known.bound)
    except EvaluationError as error:
        return error
