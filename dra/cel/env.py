"""What an expression may use: `device`, functions, macros and type names, by Kubernetes minor and feature.

A kube-apiserver keeps two environments. `stored` is for expressions that are already in the cluster and has
all that the minor knows, whatever the features. `new` is for expressions that are being written; it has what
the minor before knew too, so that a rollback stays possible, and what enabled features add.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cached_property, lru_cache
from typing import Final, Literal, TypeAlias, get_args

import attrs

from dra.arguments import instance
from dra.cel.declarations import Arguments, Cost, Estimate, Function, Library, Validator
from dra.cel.library import LIBRARIES
from dra.cel.library.lists import MOST_VALUES
from dra.cel.library.quantity import QUANTITY
from dra.cel.parser import MacroTable, macro_table
from dra.cel.types import ANY, BOOL, DYN, STRING, TYPE, Kind, Type, list_of, map_of, struct, type_of
from dra.errors import ArgumentError
from dra.features import LATEST, Features, minor

__all__ = ["Environment", "Mode", "environment"]

Mode: TypeAlias = Literal["new", "stored"]
"""`new` for an expression that is being written, `stored` for one that a cluster has already."""

DEVICE: Final = struct("kubernetes.DRADevice")

# Bounds that the API server's validation puts on a device.
LONGEST_DOMAIN: Final = 63
LONGEST_ID: Final = 32
LONGEST_DRIVER_NAME: Final = 63
LONGEST_VALUE: Final = 64
MOST_ATTRIBUTES: Final = 32


@attrs.frozen(eq=False)
class SizeTree:
    """The largest size of a value, and those of what it holds.

    Attributes:
        size: Characters, bytes or entries.
        fields: By field name; for maps `@keys` and `@values`.
        any_field_is_entry: Whether, in a map of such values, every field stands for an entry.
    """

    size: int
    fields: Mapping[str, SizeTree] = attrs.field(factory=dict)
    any_field_is_entry: bool = False

    def child(self, name: str) -> SizeTree | None:
        """What a field or `@values` leads to, if that is known."""
        values = self.fields.get("@values")
        if values is not None and name == "@items":
            return values
        found = self.fields.get(name)
        if found is None and values is not None and values.any_field_is_entry:
            return values
        return found


def _map_sizes(key: int, values: SizeTree) -> SizeTree:
    return SizeTree(MOST_ATTRIBUTES, {"@keys": SizeTree(key), "@values": values})


@attrs.frozen(eq=False)
class Environment:
    """Declarations, and the size of everything that `device` reaches.

    Attributes:
        kubernetes: The minor, such as `1.37`.
        mode: Which of the two environments of that minor.
        features: The gates that are on.
        names: Type of each global name; those of types have `type(...)`.
        functions: Function by name.
        macros: What the parser expands.
        validators: Checks of literal arguments, by function.
        structs: Fields of types with fields.
        attribute: Type of `device.attributes[...][...]`.
        equality: What `==` between values of a type is estimated to cost, where it is not by size.
    """

    kubernetes: str
    mode: Mode
    features: Features
    names: dict[str, Type]
    functions: dict[str, Function]
    macros: MacroTable
    validators: Mapping[str, Validator]
    structs: dict[str, dict[str, Type]]
    attribute: Type
    equality: Mapping[Type, Callable[[Arguments], Estimate]]

    @property
    def refuses_lists(self) -> bool:
        """Whether a device with a list-typed attribute cannot be evaluated at all."""
        return self.kubernetes == "1.36" and not self.features.list_type_attributes

    @property
    def quotes_names(self) -> bool:
        """Whether fields may be written in back-quotes: since 1.37, in both environments."""
        return _number(self.kubernetes) >= (1, 37)

    @property
    def wants_optionals(self) -> bool:
        """Whether `or` and `orValue` fail on what is no optional, since 1.37, rather than give it."""
        return _number(self.kubernetes) >= (1, 37)

    @cached_property
    def device_sizes(self) -> SizeTree:
        """The largest sizes of what `device` reaches."""
        largest = MOST_VALUES if self.attribute.kind is Kind.DYN else 0
        leaf = SizeTree(max(LONGEST_VALUE, largest), any_field_is_entry=True)
        attributes = _map_sizes(LONGEST_DOMAIN, _map_sizes(LONGEST_ID, leaf))
        capacity = _map_sizes(LONGEST_DOMAIN, _map_sizes(LONGEST_ID, SizeTree(0)))
        fields = {
            "driver": SizeTree(LONGEST_DRIVER_NAME),
            "attributes": attributes,
            "capacity": capacity,
            "allowMultipleAllocations": SizeTree(1),
        }
        return SizeTree(0, {name: fields[name] for name in self.structs[DEVICE.name]})


def _number(version: str) -> tuple[int, ...]:
    return tuple(map(int, version.split(".")))


def _has(library: Library, version: tuple[int, ...], mode: Mode, features: Features) -> bool:
    if version < _number(library.since) or (library.until and version >= _number(library.until)):
        return False
    if mode == "new" and library.feature:
        return bool(getattr(features, library.feature))
    if mode == "new":
        version = (version[0], version[1] - 1)
    return version >= _number(library.since)


def _merged(libraries: list[Library], costs: Mapping[str, Cost]) -> dict[str, Function]:
    functions: dict[str, Function] = {}
    for library in libraries:
        for function in library.functions:
            known = functions.get(function.name, Function(function.name))
            ids = {one.id for one in known.overloads}
            new = [
                attrs.evolve(one, cost=costs.get(one.id, one.cost))
                for one in function.overloads
                if one.id not in ids
            ]
            functions[function.name] = Function(function.name, *known.overloads, *new)
    return functions


def _costs(version: tuple[int, ...]) -> dict[str, Cost]:
    """Costs of overloads that a minor counts otherwise, in both of its environments: they are in its code."""
    return {
        id_: cost
        for library in LIBRARIES
        if version >= _number(library.since)
        for id_, cost in library.costs.items()
    }


def _device_fields(version: tuple[int, ...], mode: Mode, features: Features) -> dict[str, Type]:
    # In 1.36 the feature alone decided whether lists are known; since, stored expressions always know them.
    lists = version >= (1, 36) and (features.list_type_attributes or (mode == "stored" and version > (1, 36)))
    shares = version >= (1, 34) and (features.consumable_capacity or mode == "stored")
    fields = {
        "driver": STRING,
        "attributes": map_of(STRING, map_of(STRING, DYN if lists else ANY)),
        "capacity": map_of(STRING, map_of(STRING, QUANTITY)),
    }
    if shares:
        fields["allowMultipleAllocations"] = BOOL
    return fields


def environment(
    kubernetes: str = LATEST, mode: Mode = "stored", features: Features | None = None
) -> Environment:
    """The environment of a minor.

    Args:
        kubernetes: Version such as `1.37`.
        mode: `stored` or `new`.
        features: Gates that are on; those that are on by default in the minor if None.

    Raises:
        UnknownVersionError: The minor is unknown.
    """
    of_minor = minor(kubernetes)
    if mode not in get_args(Mode):
        raise ArgumentError(f"no mode {mode!r}", path="mode", value=mode, remedy="known: stored, new")
    gates = features if features is not None else Features.for_kubernetes(of_minor)
    instance(gates, Features, "features", "dra.Features", "such as dra.Features.for_kubernetes('1.37')")
    return _environment(of_minor, mode, gates)


@lru_cache(maxsize=64)
def _environment(of_minor: str, mode: Mode, features: Features) -> Environment:
    version = _number(of_minor)
    libraries = [library for library in LIBRARIES if _has(library, version, mode, features)]
    fields = _device_fields(version, mode, features)
    names = {type_.name: type_of(type_) for library in libraries for type_ in library.types}
    names |= {
        "list": type_of(list_of(DYN)),
        "map": type_of(map_of(DYN, DYN)),
        "type": type_of(TYPE),
        DEVICE.name: type_of(DEVICE),
        "device": DEVICE,
    }
    return Environment(
        of_minor,
        mode,
        features,
        names,
        _merged(libraries, _costs(version)),
        macro_table(macro for library in libraries for macro in library.macros),
        {one.function: one for library in libraries for one in library.validators},
        {DEVICE.name: fields},
        fields["attributes"].parameters[1].parameters[1],
        {type_: cost for library in libraries for type_, cost in library.equality.items()},
    )
