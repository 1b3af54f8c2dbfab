"""What `dra new` is asked for, and the claim that comes of it."""

from __future__ import annotations

import shlex
from typing import TYPE_CHECKING, Final

import attrs

import dra
from dra.errors import BuildError

if TYPE_CHECKING:
    from dra.claims.builder import ClaimBuilder
    from dra.claims.options import Option
    from dra.claims.sharing import Sharing
    from dra.claims.wants import Wants
    from dra.features import Features
    from dra.linting.finding import Finding

__all__ = ["KINDS", "SHARES", "Wish"]

KINDS: Final = ("gpu", "device")
SHARES: Final = ("exclusive", "time-slicing", "mps", "mig", "consumable")

_PCIE_ROOT: Final = "resource.kubernetes.io/pcieRoot"


@attrs.frozen(kw_only=True)
class Wish:
    """A claim, as the options of `dra new` describe it.

    Attributes:
        kind: `gpu` or `device`.
        name: The claim's name; the kind if empty.
        namespace: Its namespace.
        device_class: The class, for a device.
        board: The model of GPU.
        min_memory: Least memory of the GPU, or of the part of it.
        profile: The MIG profile.
        dynamic: Whether MIG devices are made on demand.
        share: How it is shared.
        count: How many.
        nic: The class of as many network devices on the same PCIe roots.
        where: More selectors.
        align: Attributes in which all devices agree.
        tolerate: Keys of taints that are tolerated.
        template: Whether each pod gets devices of its own.
    """

    kind: str
    name: str = ""
    namespace: str = ""
    device_class: str = ""
    board: str = ""
    min_memory: str = ""
    profile: str = ""
    dynamic: bool = False
    share: str = ""
    count: int = 1
    nic: str = ""
    where: tuple[str, ...] = ()
    align: tuple[str, ...] = ()
    tolerate: tuple[str, ...] = ()
    template: bool = False

    def checked(self) -> Wish:
        """The wish, if it can be meant.

        Raises:
            UnknownNameError: There is no such kind or way of sharing.
            BuildError: Options contradict each other.
        """
        from dra.suggestions import unknown_name

        if self.kind not in KINDS:
            raise unknown_name("kind", self.kind, KINDS)
        if self.share and self.share not in SHARES:
            raise unknown_name("way of sharing", self.share, SHARES)
        for option, given, allowed, remedy in (
            ("--device-class", self.device_class, self.kind == "device", "dra new device has one"),
            ("--board", self.board, self.kind == "gpu", "describe devices by --where"),
            ("--min-memory", self.min_memory, self.kind == "gpu", "describe devices by --where"),
            ("--share", self.share, self.kind == "gpu", "only GPUs of NVIDIA are shared so"),
            ("--profile", self.profile, self.share == "mig", "say --share mig"),
            ("--dynamic", self.dynamic, self.share == "mig", "say --share mig"),
        ):
            if given and not allowed:
                raise BuildError(f"{option} makes no sense here", value=given, remedy=remedy)
        if self.kind == "device" and not self.device_class:
            raise BuildError(
                "a device of which class?", remedy="say --device-class, such as --device-class gpu.amd.com"
            )
        if self.share == "consumable" and not self.min_memory:
            raise BuildError("how much of a GPU?", remedy="say --min-memory, such as --min-memory 10Gi")
        if self.min_memory and dra.Quantity(self.min_memory).sign <= 0:
            raise BuildError(
                f"{self.min_memory} of memory is none", value=self.min_memory, remedy="such as 10Gi"
            )
        if self.share == "mig" and not (self.profile or self.min_memory or self.board):
            raise BuildError(
                "which part of a GPU?", remedy="say --profile, or --min-memory and the --board it is of"
            )
        if self.min_memory and dra.Quantity(self.min_memory) < dra.Quantity("1Mi"):
            raise BuildError(
                f"{self.min_memory} are bytes",
                value=self.min_memory,
                remedy=f"did you mean {self.min_memory}Gi?",
            )
        return self

    def builder(self) -> ClaimBuilder:
        """The claim.

        Raises:
            DraError: As the builders of `dra.claims`.
        """
        from dra.claims import claim, option

        wish = self.checked()
        built = claim(wish.name or wish.kind, namespace=wish.namespace)
        built = built.request(wish.kind, wish._option(), **wish._count())
        if wish.nic:
            built = built.request("nic", option(wish.nic), **wish._count()).align(_PCIE_ROOT)
        for attribute in wish.align:
            built = built.align(attribute)
        return built

    def build(self, kubernetes: str, features: Features) -> dra.ResourceClaim | dra.ResourceClaimTemplate:
        """The claim or its template, as a server of a minor with these features takes it.

        Raises:
            DraError: As the builders of `dra.claims`.
        """
        built = self.builder()
        return (built.template if self.template else built.build)(kubernetes, features=features)

    def findings(self, kubernetes: str, features: Features) -> list[Finding]:
        """What lint finds in the claim."""
        return self.builder().findings(kubernetes=kubernetes, features=features)

    def _count(self) -> Wants:
        """How many, unless it is what nothing said means, too."""
        return {} if self.count == 1 else {"count": self.count}

    def _option(self) -> Option:
        from dra.claims import gpu, mig, option

        if self.kind == "device":
            wanted = option(self.device_class)
        elif self.share == "mig":
            memory = self.min_memory or None
            wanted = mig(self.profile, min_memory=memory, board=self.board, dynamic=self.dynamic)
        elif self.share in ("", "exclusive", "time-slicing"):
            wanted = gpu(self.board, min_memory=self.min_memory or None)
        else:
            wanted = gpu(self.board)
        if self.share and self.share != "mig":
            wanted = wanted.but(share=self._strategy())
        if self.where:
            wanted = wanted.but(where=self.where)
        return wanted.but(tolerations=self.tolerate) if self.tolerate else wanted

    def _strategy(self) -> Sharing:
        from dra.claims import sharing

        memory = self.min_memory or None
        if self.share == "time-slicing":
            return sharing.TimeSlicing()
        if self.share == "mps":
            return sharing.MPS(pinned_memory_limit=memory)
        return sharing.ConsumableShares(memory=memory) if self.share == "consumable" else sharing.Exclusive()

    def command(self) -> str:
        """The command line that says the same."""
        words = ["dra", "new", self.kind]
        for field in attrs.fields(Wish):
            value, option = getattr(self, field.name), f"--{field.name.replace('_', '-')}"
            if field.name == "kind" or value == field.default:
                continue
            if value is True:
                words.append(option)
            else:
                for each in value if isinstance(value, tuple) else (value,):
                    words += [option, str(each)]
        return shlex.join(words)
