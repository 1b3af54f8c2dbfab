"""Maps and lists whose changed copies share the rest."""

from __future__ import annotations

from dra.scheduler.persistent import PersistentList, PersistentMap


def test_a_copy_has_the_change_and_the_original_has_not() -> None:
    one = PersistentMap({"a": 1, "b": 2})
    two = one.updated({"a": 10, "c": 3}, removed=["b"])

    assert dict(two) == {"a": 10, "c": 3}
    assert dict(one) == {"a": 1, "b": 2}
    assert (len(one), len(two)) == (2, 2)


def test_a_removed_key_is_not_there() -> None:
    one = PersistentMap({"a": 1}).updated({}, removed=["a", "never"])

    assert "a" not in one
    assert one.get("a") is None
    assert one.get("a", 7) == 7
    assert list(one) == []
    assert len(one) == 0


def test_a_removed_key_can_come_back() -> None:
    one = PersistentMap({"a": 1}).updated({}, removed=["a"]).updated({"a": 2})

    assert dict(one) == {"a": 2}
    assert len(one) == 1


def test_a_key_that_was_added_can_be_removed() -> None:
    one = PersistentMap({"a": 1}).updated({"b": 2}).updated({}, removed=["b"])

    assert dict(one) == {"a": 1}
    assert len(one) == 1


def test_items_and_values_are_those_of_the_keys_in_their_order() -> None:
    one = PersistentMap({"a": 1, "b": 2}).updated({"a": 10, "c": 3}, removed=["b"])

    assert list(one.items()) == [(key, one[key]) for key in one]
    assert list(one.values()) == [one[key] for key in one]
    assert sorted(one.values()) == [3, 10]
    assert ("c", 3) in one.items()
    assert 2 not in one.values()


def test_many_changes_are_all_kept() -> None:
    one: PersistentMap[int, int] = PersistentMap()
    for number in range(1000):
        one = one.updated({number: -number}, removed=[number - 500])

    assert dict(one) == {number: -number for number in range(500, 1000)}
    assert len(one) == 500


def test_differences_are_those_of_identity() -> None:
    same, other = [1], [2]
    one = PersistentMap({"a": same, "b": other})
    two = one.updated({"b": [2], "c": [3]}, removed=["a"])

    assert one.differs_from(two) == {"a", "b", "c"}
    assert one.differs_from(PersistentMap({"a": same, "b": other})) == set()


def test_a_long_list_changes_in_the_middle() -> None:
    one = PersistentList(range(200))
    two = one.updated({0: -1, 64: -2, 199: -3})

    assert [two[index] for index in (0, 1, 64, 199)] == [-1, 1, -2, -3]
    assert list(one) == list(range(200))
    assert len(two) == 200
