"""`claim(...)`: a ResourceClaim or a template of one, request by request.

A builder is a value: every method gives a new one. What is wrong by itself is an error at the call; `build`
checks the whole as the API server would.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Final

import attrs
from typing_extensions import Self, Unpack

from dra.claims.checked import Gates, check, findings
from dra.claims.declared import known_class
from dra.claims.options import Option, Preference, option
from dra.claims.parts import REQUESTS, Configuration, Constraint, Request
from dra.claims.resolving import resolve
from dra.claims.source import call, literal
from dra.claims.wants import (
    LIMITS,
    Config,
    Strategy,
    Wants,
    opaque,
    qualified,
    required,
    strategies,
    texts,
)
from dra.drivers.standard import NUMA_NODE, PCI_BUS_ID, PCIE_ROOT
from dra.errors import BuildError, DraError
from dra.features import LATEST, Features
from dra.linting.finding import Finding
from dra.models.meta import ObjectMeta
from dra.models.resource import (
    DeviceClaim,
    DeviceClass,
    ResourceClaim,
    ResourceClaimSpec,
    ResourceClaimTemplate,
    ResourceClaimTemplateSpec,
    ResourceSlice,
)
from dra.suggestions import did_you_mean
from dra.validation import formats

__all__ = ["ClaimBuilder", "claim"]

_STANDARD: Final = tuple(each.name for each in (PCIE_ROOT, PCI_BUS_ID, NUMA_NODE))


@attrs.frozen(repr=False)
class ClaimBuilder:
    """A claim in the making, by `claim`. Immutable.

    Example:
        >>> wanted = claim("train").request("gpu", device_class="gpu.nvidia.com", count=8)
        >>> print(wanted.build().to_yaml(), end="")
        apiVersion: resource.k8s.io/v1
        kind: ResourceClaim
        metadata:
          name: train
        spec:
          devices:
            requests:
            - name: gpu
              exactly:
                deviceClassName: gpu.nvidia.com
                count: 8
    """

    _name: str
    _namespace: str = ""
    _labels: tuple[tuple[str, str], ...] = ()
    _annotations: tuple[tuple[str, str], ...] = ()
    _share: tuple[Strategy, ...] = ()
    _requests: tuple[Request, ...] = ()
    _constraints: tuple[Constraint, ...] = ()
    _configs: tuple[Configuration, ...] = ()

    # --- What the claim asks for ---

    def request(self, name: str, wanted: Option | Preference | None = None, **wants: Unpack[Wants]) -> Self:
        """Ask for devices.

        Args:
            name: Name of the request.
            wanted: A ready-made option, or alternatives (`prefer(...)`).
            **wants: What is to be said besides, of every alternative; see `Wants`.

        Raises:
            BuildError: The name is taken or no name, there are too many requests, or what is said makes no
                sense.
            CompileError: An expression is no CEL selector.
            DriverError: A driver refuses its configuration, or a combination of strategies.

        Example:
            >>> claim("a").request("gpu", device_class="a.example.com", count=2, allocation_mode="All")
            Traceback (most recent call last):
            dra.errors.BuildError: spec.devices.requests[0].exactly.count: a count makes no sense for all devices
              leave out either count or allocation_mode
        """  # noqa: E501 - the error is one line
        index = len(self._requests)
        if index == LIMITS.requests:
            raise BuildError(f"a claim has at most {LIMITS.requests} requests", path=REQUESTS)
        self._check_name(name, f"{REQUESTS}[{index}].name")
        kind = "firstAvailable" if isinstance(wanted, Preference) else "exactly"
        try:
            if wanted is not None and not isinstance(wanted, Preference):
                required(wanted, Option, "", f"name a class as device_class={wanted!r}")
            made = (wanted or option()).but(**wants)
        except DraError as error:
            raise error.located(path_prefix=f"{REQUESTS}[{index}].{kind}") from None
        if isinstance(made, Preference):
            if any(each.admin_access for each in made.options):
                raise BuildError(
                    "alternatives cannot have admin access",
                    path=f"{REQUESTS}[{index}].firstAvailable",
                    remedy="ask for one thing exactly",
                )
            added = Request(name, made.options, is_preference=True)
        else:
            added = Request(name, (made,))
        built = attrs.evolve(self, requests=(*self._requests, added))
        built._resolved()
        return built

    def align(self, attribute: str, requests: Sequence[str] = ()) -> Self:
        """Devices must agree in an attribute, such as `resource.kubernetes.io/pcieRoot`.

        Args:
            attribute: Its name with its domain.
            requests: Names of requests (or `request/alternative`); all of the claim if none is named.

        Raises:
            BuildError: There is no such request, or the attribute has no domain.

        Example:
            >>> claim("a").request("gpu", device_class="gpu.nvidia.com").align("pcieRoot")
            Traceback (most recent call last):
            dra.errors.BuildError: spec.devices.constraints[0].matchAttribute: the attribute must be named with its domain
              did you mean 'resource.kubernetes.io/pcieRoot'?
        """  # noqa: E501 - the error is one line
        return self._constrained(attribute, requests, is_distinct=False)

    def distinct(self, attribute: str, requests: Sequence[str] = ()) -> Self:
        """Devices must differ in an attribute (needs consumable capacity, on from Kubernetes 1.36).

        Args:
            attribute: As in `align`.
            requests: As in `align`.

        Raises:
            BuildError: As `align`.
        """
        return self._constrained(attribute, requests, is_distinct=True)

    def config(self, config: Config, requests: Sequence[str] = ()) -> Self:
        """Configure devices of some requests; of all that the driver has, if none is named.

        Args:
            config: Typed (`dra.drivers`), or a dictionary with `driver` and `parameters`.
            requests: As in `align`.

        Raises:
            BuildError: There is no such request, or this is no configuration.
            DriverError: The driver refuses it.
        """
        path = f"spec.devices.config[{len(self._configs)}]"
        names = self._references(requests, f"{path}.requests")
        return attrs.evolve(self, configs=(*self._configs, Configuration(opaque(config, path), names)))

    def share(self, *shared: Strategy) -> Self:
        """Share the devices of all requests that the strategies are for, but those with their own strategy.

        Raises:
            DriverError: The driver refuses a strategy, or a combination of them.
            BuildError: It is not known whether the devices of a request are the driver's.
        """
        built = attrs.evolve(self, share=(*self._share, *strategies(shared)))
        built._resolved()
        return built

    # --- What comes of it ---

    def build(
        self,
        kubernetes: str = LATEST,
        *,
        features: Features | None = None,
        slices: Iterable[ResourceSlice | DeviceClass] | None = None,
        gates: Gates | None = None,
    ) -> ResourceClaim:
        """The claim, for pods that name it: all of them share what it gets.

        Args:
            kubernetes: Minor of the cluster.
            features: Feature gates; the minor's defaults if None.
            slices: ResourceSlices (and DeviceClasses) of the cluster: what cannot work on them is an error.
                See `findings` for what only may be wrong.
            gates: By driver, the driver's gates that are on; unknown if None.

        Raises:
            BuildError: The API server would refuse the claim or drop part of it, or it cannot work.
            DriverError: A driver would refuse its configuration.
            UnknownVersionError: The minor is unknown.
        """
        return check(self.unchecked(), kubernetes, features, slices, gates)

    def template(
        self,
        kubernetes: str = LATEST,
        *,
        features: Features | None = None,
        slices: Iterable[ResourceSlice | DeviceClass] | None = None,
        gates: Gates | None = None,
    ) -> ResourceClaimTemplate:
        """A template: every pod that names it gets a claim of its own, with the same labels and annotations.

        Args:
            kubernetes: As in `build`.
            features: As in `build`.
            slices: As in `build`.
            gates: As in `build`.

        Raises:
            BuildError: As `build`.
            DriverError: As `build`.
            UnknownVersionError: As `build`.
        """
        return check(self.unchecked_template(), kubernetes, features, slices, gates)

    def device_class(
        self,
        name: str = "",
        *,
        extended_resource: str = "",
        kubernetes: str = LATEST,
        features: Features | None = None,
    ) -> DeviceClass:
        """A class of the devices that the only request wants, so that others can ask for them by name.

        Args:
            name: Name of the class; the claim's by default.
            extended_resource: The extended resource that it serves, such as `nvidia.com/gpu`.
            kubernetes: As in `build`.
            features: As in `build`.

        Raises:
            BuildError: The claim says what a class cannot: several requests, amounts, constraints, ...

        Example:
            >>> whole = claim("a100").request("gpu", device_class="gpu.nvidia.com", where="true")
            >>> [each.cel.expression for each in whole.device_class().spec.selectors][1:]
            ['true']
        """
        from dra.claims.classes import device_class

        requests, configs = self._resolved()
        if len(requests) != 1 or requests[0].is_preference or self._constraints:
            raise BuildError(
                "a class is made of exactly one request without constraints", path="spec.devices"
            )
        return device_class(
            name or self._name,
            requests[0].options[0],
            config=[each.opaque for each in configs],
            extended_resource=extended_resource,
            labels=dict(self._labels),
            annotations=dict(self._annotations),
            kubernetes=kubernetes,
            features=features,
        )

    def findings(
        self,
        slices: Iterable[ResourceSlice | DeviceClass] | None = None,
        *,
        kubernetes: str = LATEST,
        features: Features | None = None,
    ) -> list[Finding]:
        """What lint finds in the claim, the worst first: also what only may be wrong.

        Args:
            slices: As in `build`.
            kubernetes: As in `build`.
            features: As in `build`.

        Example:
            >>> wanted = claim("big").request("gpu", device_class="gpu.nvidia.com",
            ...     where='device.capacity["gpu.nvidia.com"].memory.compareTo(quantity("80Gi")) >= 0')
            >>> [finding.code for finding in wanted.findings()]
            ['DRA106']
        """
        return findings(self.unchecked(), kubernetes, features, slices)

    # --- The builder as source ---

    def calls(self) -> list[str]:
        """The source of the builder, call by call."""
        said = {
            "namespace": self._namespace,
            "labels": dict(self._labels),
            "annotations": dict(self._annotations),
            "share": self._share[0] if len(self._share) == 1 else self._share,
        }
        keywords = [f"{name}={literal(value)}" for name, value in said.items() if value]
        return [
            call("claim", [self._name], keywords),
            *(f".{each.source()}" for each in self._requests),
            *(f".{each.source()}" for each in self._constraints),
            *(f".{each.source()}" for each in self._configs),
        ]

    def __repr__(self) -> str:
        return "".join(self.calls())

    # --- The pieces ---

    def unchecked(self) -> ResourceClaim:
        """The claim as it is, whether a server would take it or not."""
        return ResourceClaim(metadata=self._metadata(), spec=self._spec())

    def _metadata(self) -> ObjectMeta:
        return ObjectMeta(
            name=self._name,
            namespace=self._namespace or None,
            labels=dict(self._labels) or None,
            annotations=dict(self._annotations) or None,
        )

    def _spec(self) -> ResourceClaimSpec:
        requests, configs = self._resolved()
        return ResourceClaimSpec(
            devices=DeviceClaim(
                requests=[each.wire() for each in requests] or None,
                constraints=[each.wire() for each in self._constraints] or None,
                config=[each.wire() for each in configs] or None,
            )
        )

    def unchecked_template(self) -> ResourceClaimTemplate:
        """The template as it is."""
        of_claims = ObjectMeta(labels=dict(self._labels) or None, annotations=dict(self._annotations) or None)
        return ResourceClaimTemplate(
            metadata=self._metadata(),
            spec=ResourceClaimTemplateSpec(
                metadata=of_claims if self._labels or self._annotations else None, spec=self._spec()
            ),
        )

    def _resolved(self) -> tuple[list[Request], list[Configuration]]:
        return resolve(self._requests, self._configs, self._share)

    def _constrained(self, attribute: str, requests: Sequence[str], *, is_distinct: bool) -> Self:
        path = f"spec.devices.constraints[{len(self._constraints)}]"
        if len(self._constraints) == LIMITS.constraints:
            raise BuildError(
                f"a claim has at most {LIMITS.constraints} constraints", path="spec.devices.constraints"
            )
        field = "distinctAttribute" if is_distinct else "matchAttribute"
        names = self._references(requests, f"{path}.requests")
        name = qualified(attribute, f"{path}.{field}", self._attributes())
        return attrs.evolve(self, constraints=(*self._constraints, Constraint(name, names, is_distinct)))

    def _attributes(self) -> Iterator[str]:
        """Full names of attributes that a constraint may mean."""
        yield from _STANDARD
        for request in self._requests:
            for wanted in request.options:
                if known := known_class(wanted.device_class):
                    yield from (each.qualified(known[0].name) for each in known[0].attributes)

    def _references(self, requests: Sequence[str], path: str) -> tuple[str, ...]:
        if isinstance(requests, str):
            raise BuildError("is a list of names", path=path, value=requests, remedy=f"write [{requests!r}]")
        known = [name for each in self._requests for name in each.references]
        for index, name in enumerate(requests):
            if required(name, str, f"{path}[{index}]") not in known:
                listed = f"known: {', '.join(known) or 'none yet: make the requests first'}"
                raise BuildError(
                    f"there is no request {name!r}",
                    path=f"{path}[{index}]",
                    value=name,
                    remedy=did_you_mean(name, known, listed),
                )
        return tuple(requests)

    def _check_name(self, name: str, path: str) -> None:
        for fault in formats.dns_label(required(name, str, path)):
            raise BuildError(fault, path=path, value=name)
        if any(each.name == name for each in self._requests):
            raise BuildError("there is a request of this name already", path=path, value=name)


def claim(
    name: str,
    *,
    namespace: str = "",
    labels: Mapping[str, str] | None = None,
    annotations: Mapping[str, str] | None = None,
    share: Strategy | Sequence[Strategy] = (),
) -> ClaimBuilder:
    """Begin a claim.

    Args:
        name: Its name, or that of the template.
        namespace: Its namespace; that of whoever applies it if empty.
        labels: Its labels, also those of claims made from the template.
        annotations: Its annotations, likewise.
        share: See `ClaimBuilder.share`.

    Raises:
        BuildError: The name is none that Kubernetes allows.

    Example:
        >>> pair = (
        ...     claim("pair")
        ...     .request("gpu", device_class="gpu.nvidia.com")
        ...     .request("nic", device_class="dranet")
        ...     .align("resource.kubernetes.io/pcieRoot", requests=["gpu", "nic"])
        ... )
        >>> pair.build().spec.devices.constraints[0].to_dict()
        {'requests': ['gpu', 'nic'], 'matchAttribute': 'resource.kubernetes.io/pcieRoot'}
    """
    for fault in formats.dns_subdomain(required(name, str, "metadata.name")):
        raise BuildError(fault, path="metadata.name", value=name)
    built = ClaimBuilder(
        name,
        required(namespace, str, "metadata.namespace"),
        texts(labels, "metadata.labels"),
        texts(annotations, "metadata.annotations"),
    )
    return built.share(*strategies(share))
