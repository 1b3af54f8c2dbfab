"""What can be said of a request, as keyword arguments, and how it becomes values.

Each of the functions here takes what a person writes and gives what the API has; what cannot be meant is an
error with the path of the field.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final, Literal, Protocol, TypeAlias, TypeVar

from typing_extensions import TypedDict

from dra import drivers
from dra.cel.selector import compile as compile_selector
from dra.claims.declared import memory_amount
from dra.claims.select import Condition, all_of
from dra.drivers.configs import OpaqueConfig
from dra.errors import BuildError, CompileError, DraError, DriverError, QuantityError
from dra.features import Features
from dra.models.resource import DeviceToleration, OpaqueDeviceConfiguration
from dra.quantity import Quantity
from dra.validation.scope import Limits

if TYPE_CHECKING:
    from dra.claims.options import Option

__all__ = [
    "LIMITS",
    "Config",
    "Strategy",
    "Tolerations",
    "Wants",
    "Where",
    "expression",
    "opaque",
    "qualified",
    "required",
    "several",
    "strategies",
    "texts",
    "toleration",
]

LIMITS: Final = Limits()


class Strategy(Protocol):
    """A way of sharing: it gives an option the class, selectors, capacity and configuration that it takes."""

    @property
    def driver(self) -> str:
        """The driver that does the sharing."""
        ...

    @property
    def gates(self) -> frozenset[str]:
        """The driver's feature gates that must be on."""
        ...

    def apply(self, option: Option) -> Option:
        """The option with what the strategy takes.

        Raises:
            DriverError: The driver refuses the combination.
        """
        ...


Where: TypeAlias = "str | Condition | Sequence[str | Condition]"
Config: TypeAlias = "OpaqueConfig | OpaqueDeviceConfiguration | Mapping[str, Any]"
Tolerations: TypeAlias = "DeviceToleration | Mapping[str, Any] | str"


class Wants(TypedDict, total=False):
    """What can be said of a request or an alternative, as keyword arguments.

    Attributes:
        device_class: Name of the DeviceClass.
        count: How many devices; one if not given.
        allocation_mode: `All` for every device of a node that fits, instead of a count.
        where: CEL, as text or built by `dra.claims.select`; of several, all must hold.
        capacity: Least amount of each capacity; the share of it that is taken, where devices are shared.
        tolerations: Taints to tolerate: keys, objects of `toleration(...)` or dictionaries.
        admin_access: Use devices whoever has them; needs a namespace that is labelled for it.
        derived_attributes: CEL by attribute name, for this claim's constraints only [1.37, alpha].
        config: Configuration for the driver: typed, or a dictionary with `driver` and `parameters`.
        share: One strategy of `dra.claims.sharing`, or several.
    """

    device_class: str
    count: int
    allocation_mode: Literal["ExactCount", "All"]
    where: Where
    capacity: Mapping[str, Quantity | str | int]
    tolerations: Tolerations | Sequence[Tolerations]
    admin_access: bool
    derived_attributes: Mapping[str, str]
    config: Config | Sequence[Config]
    share: Strategy | Sequence[Strategy]


def toleration(
    key: str = "", *, value: str | None = None, effect: str | None = None, seconds: int | None = None
) -> DeviceToleration:
    """A toleration of taints with this key: of any value, or of one.

    Args:
        key: The taint's key; an empty one (every key) must be meant.
        value: The taint's value; any if None.
        effect: `NoSchedule` or `NoExecute`; any if None.
        seconds: How long a `NoExecute` taint is tolerated; for ever if None.

    Example:
        >>> toleration("gpu.nvidia.com/xid", effect="NoSchedule").to_dict()
        {'key': 'gpu.nvidia.com/xid', 'operator': 'Exists', 'effect': 'NoSchedule'}
    """
    return DeviceToleration(
        key=key or None,
        operator="Exists" if value is None else "Equal",
        value=value,
        effect=effect,
        toleration_seconds=seconds,
    )


def several(given: Any) -> tuple[Any, ...]:
    """One or several, as a tuple."""
    return tuple(given) if isinstance(given, (list, tuple)) else (given,)


def selectors(where: Any, first: int, driver: str = "") -> tuple[str, ...]:
    """Expressions as texts that compile; `first` is the index of the first."""
    return tuple(
        expression(each, f"selectors[{index}].cel.expression", driver)
        for index, each in enumerate(several(where), start=first)
    )


_T = TypeVar("_T")


def required(value: _T, kind: type[Any], path: str, remedy: str = "") -> _T:
    """A value that must be of a type, for callers whom no type checker has told.

    Raises:
        BuildError: It is of another type.
    """
    if isinstance(value, kind) and not (kind is int and isinstance(value, bool)):
        return value
    found = f"the class {value.__name__} itself" if isinstance(value, type) else type(value).__name__
    raise BuildError(
        f"expected {_TYPES.get(kind, kind.__name__)}, found {found}", path=path, value=value, remedy=remedy
    )


def texts(given: Mapping[str, str] | None, path: str) -> tuple[tuple[str, str], ...]:
    """Labels or annotations.

    Raises:
        BuildError: A key or a value is no text.
    """
    pairs = required(given or {}, Mapping, path).items()
    return tuple((required(key, str, path), required(value, str, f"{path}[{key}]")) for key, value in pairs)


def strategies(given: Strategy | Sequence[Strategy], path: str = "share") -> tuple[Strategy, ...]:
    """One strategy or several, as a tuple.

    Raises:
        BuildError: One is none, such as the name or the class of a strategy.
    """
    found = several(given)
    for each in found:
        if isinstance(each, type) or not hasattr(each, "apply"):
            required(each, _NoStrategy, path, "make one, such as dra.claims.sharing.TimeSlicing()")
    return found


class _NoStrategy:
    """What is asked for where no strategy is given."""


_TYPES: Final[Mapping[type, str]] = {
    str: "a text",
    bool: "True or False",
    int: "a whole number",
    Mapping: "a dictionary",
    _NoStrategy: "a sharing strategy",
}


def expression(given: Any, path: str, driver: str = "") -> str:
    """An expression as CEL text, known to be a selector.

    Args:
        given: The expression.
        path: Where it is to stand.
        driver: The driver of the devices that it is asked about, whose domain names without one are in; empty
            if it is not known.

    Raises:
        BuildError: It is something else, such as a Python bool.
        CompileError: It does not compile on any Kubernetes minor.
        ExpressionError: It is a term that is no condition.
    """
    if not isinstance(given, (str, Condition)):
        raise BuildError(
            f"a condition is CEL, not a Python {type(given).__name__}",
            path=path,
            value=given,
            remedy="write it as text, or build it with dra.claims.select",
        )
    if isinstance(given, Condition):
        condition = all_of(given)
        given = str(condition.of(driver) if driver else condition)
    text: str = given
    try:
        compile_selector(text, features=Features.all())
    except CompileError as error:
        raise error.located(path_prefix=path) from None
    return text


def amounts(capacity: Mapping[str, Quantity | str | int]) -> Iterator[tuple[str, Quantity]]:
    """Amounts by capacity.

    Raises:
        QuantityError: One is no quantity.
        BuildError: One is no text or number at all, negative, or memory as a number of bytes.
    """
    for name, amount in required(capacity, Mapping, "capacity.requests").items():
        path = f"capacity.requests[{name}]"
        try:
            wanted = memory_amount(amount) if name.rpartition("/")[2] == "memory" else Quantity(amount)
        except (QuantityError, BuildError) as error:
            raise error.located(path_prefix=path) from None
        except TypeError:
            raise BuildError("is not a quantity", path=path, value=amount) from None
        if wanted < Quantity(0):
            raise BuildError("an amount is not negative", path=path, value=amount)
        yield name, wanted


def derived(attributes: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Expressions by the full name of the attribute.

    Raises:
        BuildError: A name has no domain.
    """
    for name, text in required(attributes, Mapping, "derivedAttributes").items():
        full = qualified(name, "derivedAttributes", ())
        yield full, required(text, str, f"derivedAttributes[{full}].expression")


def qualified(name: str, path: str, suggestions: Iterable[str]) -> str:
    """The name of an attribute, which must have a domain.

    Args:
        name: The name.
        path: Of the field.
        suggestions: Full names of attributes that may be meant.

    Raises:
        BuildError: It has none.
    """
    domain, slash, identifier = required(name, str, path).partition("/")
    if slash and domain and identifier:
        return name
    meant = [each for each in suggestions if each.rpartition("/")[2].lower() == name.lower()]
    remedy = f"did you mean {meant[0]!r}?" if meant else 'write it as "resource.kubernetes.io/pcieRoot"'
    raise BuildError("the attribute must be named with its domain", path=path, value=name, remedy=remedy)


def tolerated(given: Any) -> DeviceToleration:
    """A toleration from its key, a dictionary or itself.

    Raises:
        BuildError: The key is empty.
        DecodeError: The dictionary is no toleration.
    """
    if isinstance(given, DeviceToleration):
        return given.model_copy()
    if isinstance(given, str):
        if not given:
            raise BuildError(
                "an empty key tolerates every taint", path="tolerations", remedy="if so, toleration() says it"
            )
        return toleration(given)
    try:
        return DeviceToleration.from_dict(given, strict=True)
    except DraError as error:
        raise error.located(path_prefix="tolerations") from None


def opaque(given: Any, path: str = "config") -> OpaqueDeviceConfiguration:
    """Configuration on the wire; what its driver would refuse in any case is an error.

    Args:
        given: Typed, or a dictionary with `driver` and `parameters`. An `OpaqueDeviceConfiguration` is taken
            as it is: for drivers newer than what is known here.
        path: Where it is to stand.

    Raises:
        BuildError: It is something else.
        DriverError: The driver refuses it, whatever its feature gates are.
    """
    if isinstance(given, OpaqueDeviceConfiguration):
        return given.clone()
    if isinstance(given, OpaqueConfig):
        made = given.opaque()
    elif isinstance(given, Mapping) and given.keys() == {"driver", "parameters"}:
        made = OpaqueDeviceConfiguration.from_dict(given).clone()
    else:
        raise BuildError(
            "configuration is of a type of dra.drivers, or a dictionary with driver and parameters",
            path=path,
            value=given,
        )
    driver = next((each for each in drivers.all() if each.name == made.driver and each.configs), None)
    if driver is not None:
        gates = [each.name for each in driver.gates]
        problems = driver.check(made.parameters, gates=gates, field="config")
        if problems:
            raise DriverError(
                f"{driver.name} refuses it: {problems[0].message}",
                path=f"{path}.opaque.parameters",
                value=made.parameters,
            )
    return made
