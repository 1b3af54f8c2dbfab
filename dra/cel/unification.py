"""Whether a value of one type may stand where another is wanted, finding out type variables on the way."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from dra.cel.types import DYN, Kind, Type, parameter

__all__ = ["Substitution", "most_general", "renamed", "variables"]

_NULLABLE: Final = frozenset((Kind.OPAQUE, Kind.STRUCT, Kind.ANY, Kind.DURATION, Kind.TIMESTAMP))
_COMPOSED: Final = frozenset((Kind.OPAQUE, Kind.LIST, Kind.MAP, Kind.TYPE))


def variables(*among: Type) -> tuple[str, ...]:
    """The names of the type variables in some types, in order."""
    found: set[str] = set()
    for type_ in among:
        found.update((type_.name,) if type_.kind is Kind.PARAMETER else variables(*type_.parameters))
    return tuple(sorted(found))


def renamed(type_: Type, names: dict[str, Type]) -> Type:
    """The type with its variables replaced."""
    if type_.kind is Kind.PARAMETER:
        return names[type_.name]
    if not type_.has_variables:
        return type_
    return Type(type_.kind, type_.name, tuple(renamed(inner, names) for inner in type_.parameters))


def _no_more_specific(left: Type, right: Type) -> bool:
    if left.is_dyn or left.kind is Kind.PARAMETER:
        return True
    if right.is_dyn or right.kind is Kind.PARAMETER or left.kind is not right.kind:
        return False
    if left.kind is Kind.TYPE:
        return True
    if left.name != right.name or len(left.parameters) != len(right.parameters):
        return False
    return all(map(_no_more_specific, left.parameters, right.parameters))


def most_general(left: Type, right: Type) -> Type:
    """The more general of two types that agree."""
    return left if _no_more_specific(left, right) else right


class Substitution:
    """What is known about type variables so far, for one expression."""

    def __init__(self) -> None:
        self.known: dict[Type, Type] = {}
        self.count = 0

    def fresh(self) -> Type:
        """A variable of which nothing is known."""
        self.count += 1
        return parameter(f"_var{self.count - 1}")

    def skip(self, count: int) -> None:
        """Leave out the names of so many variables, as if they had been made: messages show names."""
        self.count += count

    def assignable(self, left: Type, right: Type) -> bool:
        """Whether the types agree; what that says about variables is kept only if they do."""
        return self.all_assignable((left,), (right,))

    def all_assignable(self, left: Sequence[Type], right: Sequence[Type]) -> bool:
        """Whether two lists of types agree, one by one."""
        before = dict(self.known)
        if len(left) == len(right) and all(map(self._agree, left, right)):
            return True
        self.known = before
        return False

    def _agree(self, left: Type, right: Type) -> bool:
        if left is right or (left.kind is right.kind and left == right):
            return True
        if right.kind is Kind.PARAMETER:
            valid, bound = self._bind(left, right)
            if valid or bound:
                return valid
        if left.kind is Kind.PARAMETER:
            return self._bind(right, left)[0]
        if left.is_dyn or right.is_dyn or Kind.ERROR in (left.kind, right.kind):
            return True
        if left.kind is Kind.NULL:
            return right.kind in _NULLABLE
        if right.kind is Kind.NULL:
            return left.kind in _NULLABLE
        if left.kind is not right.kind:
            return False
        if left.kind is Kind.TYPE:
            return True
        return (
            left.name == right.name
            and len(left.parameters) == len(right.parameters)
            and all(map(self._agree, left.parameters, right.parameters))
        )

    def _bind(self, type_: Type, variable: Type) -> tuple[bool, bool]:
        """Whether a variable may be a type, and whether it was bound already."""
        if type_ == variable:
            return True, True
        bound = self.known.get(variable)
        if bound is not None:
            if type_ == bound:
                return True, True
            if not self._agree(type_, bound):
                return False, True
            wider = most_general(type_, bound)
            if self._free_of(variable, wider):
                self.known[variable] = wider
            return True, True
        if self._free_of(variable, type_):
            self.known[variable] = type_
            return True, False
        return False, False

    def _free_of(self, variable: Type, within: Type) -> bool:
        if variable == within:
            return False
        if within.kind is Kind.PARAMETER:
            bound = self.known.get(within)
            return bound is None or self._free_of(variable, bound)
        return within.kind not in _COMPOSED or all(
            self._free_of(variable, inner) for inner in within.parameters
        )

    def apply(self, type_: Type, *, unknown_is_dyn: bool = False) -> Type:
        """The type with all that is known about its variables filled in."""
        if not type_.has_variables:
            return type_
        bound = self.known.get(type_)
        if bound is not None:
            return self.apply(bound, unknown_is_dyn=unknown_is_dyn)
        if type_.kind is Kind.PARAMETER:
            return DYN if unknown_is_dyn else type_
        inner = tuple(self.apply(one, unknown_is_dyn=unknown_is_dyn) for one in type_.parameters)
        return Type(type_.kind, type_.name, inner)
