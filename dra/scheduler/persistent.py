"""A map and a list that are copied in microseconds: a copy shares with its origin all that is the same.

Neither ever changes. A changed copy of the map holds the changes beside a dictionary that both share; once
there are so many changes that carrying them costs more than starting again, the copy gets a dictionary of its
own. The list is cut into pieces, and a changed copy shares all pieces but one.
"""

from __future__ import annotations

from collections.abc import Hashable, ItemsView, Iterable, Iterator, Mapping, ValuesView
from itertools import chain
from math import isqrt
from typing import Any, Final, Generic, TypeVar, overload

from dra.scheduler.memo import Memo

__all__ = ["PersistentList", "PersistentMap", "Piece"]

_K = TypeVar("_K")
_V = TypeVar("_V")
_D = TypeVar("_D")


class _Gone:
    """In place of a value: the key is not there any more."""


_GONE: Final = _Gone()
_FEWEST_CHANGES: Final = 32
_PIECE: Final = 64
_ANSWERS_KEPT: Final = 256


class PersistentMap(Mapping[_K, _V]):
    """A dictionary that does not change; `updated` gives a changed copy.

    The order of iteration depends on the changes that were made.

    Example:
        >>> one = PersistentMap({"a": 1, "b": 2})
        >>> two = one.updated({"c": 3}, removed=["a"])
        >>> dict(two), dict(one)
        ({'b': 2, 'c': 3}, {'a': 1, 'b': 2})
    """

    __slots__ = ("_base", "_changes", "_size")

    def __init__(self, items: Mapping[_K, _V] | Iterable[tuple[_K, _V]] = ()) -> None:
        self._base: dict[_K, _V] = dict(items)
        self._changes: dict[_K, _V | _Gone] = {}
        self._size = len(self._base)

    def updated(self, changed: Mapping[_K, _V], removed: Iterable[_K] = ()) -> PersistentMap[_K, _V]:
        """A copy with some values set and some keys removed; keys that are not there need no removal."""
        changes = dict(self._changes)
        size = self._size
        for key in removed:
            if key in self:
                size -= 1
                if key in self._base:
                    changes[key] = _GONE
                else:
                    del changes[key]
        for key, value in changed.items():
            size += changes.get(key, self._base.get(key, _GONE)) is _GONE
            changes[key] = value
        copy: PersistentMap[_K, _V] = PersistentMap()
        copy._base, copy._changes, copy._size = self._base, changes, size
        if len(changes) > max(_FEWEST_CHANGES, 2 * isqrt(len(self._base))):
            copy._base, copy._changes = dict(copy.items()), {}
        return copy

    def __getitem__(self, key: _K) -> _V:
        value = self._changes.get(key)
        if value is None:
            return self._base[key]
        if isinstance(value, _Gone):
            raise KeyError(key)
        return value

    @overload
    def get(self, key: _K, /) -> _V | None: ...
    @overload
    def get(self, key: _K, /, default: _V | _D) -> _V | _D: ...
    def get(self, key: _K, /, default: _V | _D | None = None) -> _V | _D | None:
        """The value of a key, or a default."""
        value = self._changes.get(key)
        if value is None:
            return self._base.get(key, default)
        return default if isinstance(value, _Gone) else value

    def __contains__(self, key: Any) -> bool:
        if key in self._changes:
            return self._changes[key] is not _GONE
        return key in self._base

    def __iter__(self) -> Iterator[_K]:
        return (key for key, _ in self._pairs())

    def items(self) -> _Items[_K, _V]:
        """Keys with their values."""
        return _Items(self)

    def values(self) -> _Values[_K, _V]:
        """The values, in the order of the keys."""
        return _Values(self)

    def _pairs(self) -> Iterable[tuple[_K, _V]]:
        changes = self._changes
        if not changes:
            return self._base.items()
        kept = (pair for pair in self._base.items() if pair[0] not in changes)
        return chain(kept, ((key, new) for key, new in changes.items() if not isinstance(new, _Gone)))

    def __len__(self) -> int:
        return self._size

    def differs_from(self, other: PersistentMap[_K, _V]) -> set[_K]:
        """The keys whose values are not the same objects."""
        if self._base is other._base:
            keys: Iterable[_K] = self._changes.keys() | other._changes.keys()
        else:
            keys = self.keys() | other.keys()
        return {key for key in keys if self.get(key) is not other.get(key)}

    def __repr__(self) -> str:
        return f"PersistentMap({dict(self)!r})"


class _Items(ItemsView[_K, _V]):
    """As the mixin's, without looking every key up."""

    _mapping: PersistentMap[_K, _V]

    def __iter__(self) -> Iterator[tuple[_K, _V]]:
        return iter(self._mapping._pairs())


class _Values(ValuesView[_V], Generic[_K, _V]):
    """As the mixin's, without looking every key up."""

    _mapping: PersistentMap[_K, _V]

    def __iter__(self) -> Iterator[_V]:
        return (value for _, value in self._mapping._pairs())


class Piece(tuple[_V, ...]):
    """Some neighbouring items of a list, shared by all copies of the list in which they are the same.

    Attributes:
        known: What was found out about them, by whatever key.
    """

    known: Memo[Hashable, object]

    def __new__(cls, items: Iterable[_V]) -> Piece[_V]:
        """A piece of which nothing is known."""
        piece = super().__new__(cls, items)
        piece.known = Memo(_ANSWERS_KEPT)
        return piece


class PersistentList(Generic[_V]):
    """A list that does not change; `updated` gives a changed copy.

    Attributes:
        pieces: The items, some neighbours at a time.

    Example:
        >>> one = PersistentList("abc")
        >>> list(one.updated({1: "x"})), list(one)
        (['a', 'x', 'c'], ['a', 'b', 'c'])
    """

    __slots__ = ("pieces",)

    def __init__(self, items: Iterable[_V] = ()) -> None:
        every = tuple(items)
        self.pieces: tuple[Piece[_V], ...] = tuple(
            Piece(every[start : start + _PIECE]) for start in range(0, len(every), _PIECE)
        )

    def updated(self, changed: Mapping[int, _V]) -> PersistentList[_V]:
        """A copy with other items at some places."""
        pieces = list(self.pieces)
        for index, item in changed.items():
            number, place = divmod(index, _PIECE)
            piece = pieces[number]
            pieces[number] = Piece((*piece[:place], item, *piece[place + 1 :]))
        copy: PersistentList[_V] = PersistentList()
        copy.pieces = tuple(pieces)
        return copy

    def __getitem__(self, index: int) -> _V:
        number, place = divmod(index, _PIECE)
        return self.pieces[number][place]

    def __iter__(self) -> Iterator[_V]:
        return chain.from_iterable(self.pieces)

    def __len__(self) -> int:
        return sum(map(len, self.pieces))
