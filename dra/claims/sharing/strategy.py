"""`Sharing`: what every sharing strategy of NVIDIA's driver has in common; `Isolation`: what it promises."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable
from enum import Flag
from typing import ClassVar, Final, TypeAlias

import attrs

from dra.claims.declared import known_class
from dra.claims.options import Option
from dra.claims.source import strategy_source
from dra.claims.wants import required
from dra.drivers.nvidia.gpu import DRIVER_NAME
from dra.errors import DriverError
from dra.suggestions import unknown_name

__all__ = ["Isolation", "Isolations", "Sharing"]

# The class to take where none is named.
_CLASSES: Final = {"gpu": "gpu.nvidia.com", "mig": "mig.nvidia.com"}


class Isolation(Flag):
    """What those who share a GPU are protected from (NVIDIA's MIG User Guide, "Concurrency Mechanisms").

    Example:
        >>> Isolation.parse("memory, fault") == Isolation.MEMORY | Isolation.FAULT
        True
        >>> Isolation.ALL.describe()
        'memory, fault, scheduling'
    """

    NONE = 0
    MEMORY = 1
    """Nobody can use up memory that is another's."""
    FAULT = 2
    """A program that crashes takes no other with it."""
    SCHEDULING = 4
    """Nobody can use up multiprocessors that are another's."""
    ALL = 7

    @classmethod
    def parse(cls, wanted: Isolations) -> Isolation:
        """An isolation from names: `memory`, `fault`, `scheduling`, `all`, `none`, or several of them.

        Raises:
            UnknownNameError: There is no such isolation.
        """
        if isinstance(wanted, Isolation):
            return wanted
        names = (
            wanted.replace(",", " ").split()
            if isinstance(wanted, str)
            else [required(each, str, "isolation") for each in required(wanted, Iterable, "isolation")]
        )
        found = cls.NONE
        for name in names:
            if name.upper() not in cls.__members__:
                raise unknown_name("isolation", name, [each.lower() for each in cls.__members__])
            found |= cls[name.upper()]
        return found

    def describe(self) -> str:
        """Its parts, for people."""
        parts = (Isolation.MEMORY, Isolation.FAULT, Isolation.SCHEDULING)
        return ", ".join((each.name or "").lower() for each in parts if each in self) or "none"


Isolations: TypeAlias = "Isolation | str | Iterable[str]"


class Sharing(ABC):
    """A way of sharing NVIDIA GPUs. Strategies are values: equal ones are equal.

    Attributes:
        device_types: The types of device that it works on; the first is taken where no class is named.
    """

    device_types: ClassVar[tuple[str, ...]] = ("gpu", "mig")

    def __repr__(self) -> str:
        return strategy_source(self)

    @property
    def driver(self) -> str:
        """The driver that does it."""
        return DRIVER_NAME

    @property
    def gates(self) -> frozenset[str]:
        """The driver's feature gates that must be on."""
        return frozenset()

    @property
    def features(self) -> frozenset[str]:
        """Kubernetes' features (fields of `dra.Features`) that must be on."""
        return frozenset()

    @property
    @abstractmethod
    def isolation(self) -> Isolation:
        """What those who share are protected from."""

    @property
    def between_claims(self) -> bool:
        """Whether separate claims share a GPU, also of other namespaces; else the users of one claim do."""
        return False

    def apply(self, option: Option) -> Option:
        """The option with what the strategy takes.

        Raises:
            DriverError: The driver refuses it for such devices, or beside another strategy of the option.
        """
        others = list(option.share)
        if self in others:
            others.remove(self)
        for other in others:
            if isinstance(other, Sharing):
                self._check_beside(other)
        return self._contribute(self._with_device_type(option))

    def refusal(self, other: Sharing) -> str:  # noqa: ARG002 - for subclasses
        """Why the two cannot be on one device; empty if they can. Each pair is known to one of the two."""
        return ""

    @abstractmethod
    def _contribute(self, option: Option) -> Option:
        """The option with what the strategy takes; its type of device fits."""

    def _check_beside(self, other: Sharing) -> None:
        reason = self.refusal(other) or other.refusal(self)
        if type(other) is type(self):
            reason = f"{type(self).__name__} is named twice"
        if reason:
            raise DriverError(reason, path="share", value=(self, other))

    def _with_device_type(self, option: Option) -> Option:
        """The option with class and type of device, which are the strategy's own where nobody named any."""
        device_type = option.device_type
        known = known_class(option.device_class)
        if not known and not device_type:
            device_type = self.device_types[0]  # of a class that is not known: take the user's word for it
        if device_type not in self.device_types or (known and known[0].name != self.driver):
            raise DriverError(
                f"{type(self).__name__} works on {' and '.join(self.device_types)} devices of {self.driver}, "
                f"and class {option.device_class} has {self._found(option)}",
                path="share",
                value=self,
                remedy=self._remedy(),
            )
        return attrs.evolve(
            option, device_type=device_type, device_class=option.device_class or _CLASSES[device_type]
        )

    @staticmethod
    def _found(option: Option) -> str:
        known = known_class(option.device_class)
        return f"{option.device_type or 'other'} devices of {known[0].name if known else 'another driver'}"

    def _remedy(self) -> str:
        return f"leave the class out for {_CLASSES[self.device_types[0]]}"
