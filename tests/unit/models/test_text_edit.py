"""`dra.models.text_edit`: what changes changes, and every other byte stays."""

from __future__ import annotations

from typing import Any

import pytest

from dra.models import text
from dra.models.edits import REMOVED, Edit
from dra.models.text_edit import add_documents, edit_text

POD = """\
# owned by é 😀
spec:   # of the pod
  containers:
  - name: a
    # what it needs
    resources:
      limits:
        x.y/gpu: 1   # one
        cpu: "2"
  - {name: b, resources: {limits: {x.y/gpu: 1, cpu: "2"}}}
  # the end of the list
  nodeSelector:
    zone: a
"""


def edited(content: str, *edits: Edit) -> str:
    return edit_text(content, {0: list(edits)}).text


def data_of(content: str) -> list[Any]:
    return [data for data, _ in text.read(content)]


def lines_that_differ(before: str, after: str) -> tuple[list[str], list[str]]:
    old, new = before.splitlines(), after.splitlines()
    return [line for line in old if line not in new], [line for line in new if line not in old]


class TestBlocks:
    def test_a_member_goes_with_its_line_and_comment(self) -> None:
        result = edit_text(
            POD, {0: [Edit(("spec", "containers", 0, "resources", "limits", "x.y/gpu"), REMOVED)]}
        )
        assert lines_that_differ(POD, result.text) == (["        x.y/gpu: 1   # one"], [])
        assert result.lost_comments == ("# one",)

    def test_a_member_is_added_behind_the_last(self) -> None:
        after = edited(POD, Edit(("spec", "resourceClaims"), [{"name": "gpu"}]))
        assert after == f"{POD}  resourceClaims:\n  - name: gpu\n"

    def test_the_last_members_go_and_one_comes_in_their_place(self) -> None:
        limits = ("spec", "containers", 0, "resources", "limits")
        claims = ("spec", "containers", 0, "resources", "claims")
        after = edited(POD, Edit(limits, REMOVED), Edit(claims, [{"name": "gpu"}]))
        assert "    resources:\n      claims:\n      - name: gpu\n  - {name: b" in after

    def test_a_mapping_goes_as_a_whole(self) -> None:
        assert edited(POD, Edit(("spec", "nodeSelector"), REMOVED)).endswith("  # the end of the list\n")

    def test_the_first_member_of_an_item_leaves_the_dash_to_the_next(self) -> None:
        assert edited("a:\n  - b: 1\n    c: 2\n", Edit(("a", 0, "b"), REMOVED)) == "a:\n  - c: 2\n"

    def test_an_item_goes_with_its_dash(self) -> None:
        assert edited("a:\n- b: 1\n-\n  b: 2\n- b: 3\n", Edit(("a", 1), REMOVED)) == "a:\n- b: 1\n- b: 3\n"

    def test_lists_are_indented_as_their_neighbours_are(self) -> None:
        after = edited("a:\n  - 1\nb: 2\n", Edit(("c",), [{"d": [3]}]))
        assert after == "a:\n  - 1\nb: 2\nc:\n  - d:\n      - 3\n"

    def test_a_value_is_replaced_and_its_comment_kept(self) -> None:
        assert edited("a: 1  # one\nb: 2\n", Edit(("a",), "on")) == "a: 'on'  # one\nb: 2\n"

    def test_a_block_scalar_is_replaced_whole(self) -> None:
        assert edited("a: |\n  b\n  c\nd: 1\n", Edit(("a",), "e")) == "a: e\nd: 1\n"

    def test_a_member_is_added_where_there_was_nothing(self) -> None:
        assert edited("a:\nb: 1\n", Edit(("a", "c"), 2)) == "a:\n  c: 2\nb: 1\n"

    def test_a_text_without_a_last_line_end_gets_one_first(self) -> None:
        assert edited("a: 1", Edit(("b",), 2)) == "a: 1\nb: 2\n"

    def test_windows_line_ends_stay(self) -> None:
        assert edited("a: 1\r\nb: 2\r\n", Edit(("c",), {"d": 3})) == "a: 1\r\nb: 2\r\nc:\r\n  d: 3\r\n"


class TestFlow:
    LIMITS = ("spec", "containers", 1, "resources", "limits")

    def test_a_member_goes_and_the_others_keep_their_quotes(self) -> None:
        after = edited(POD, Edit((*self.LIMITS, "x.y/gpu"), REMOVED))
        assert '  - {name: b, resources: {limits: {cpu: "2"}}}\n' in after

    def test_a_member_is_added_on_the_line(self) -> None:
        after = edited(POD, Edit((*self.LIMITS[:-1], "claims"), [{"name": "gpu"}]))
        assert '{limits: {x.y/gpu: 1, cpu: "2"}, claims: [{name: gpu}]}}\n' in after

    @pytest.mark.parametrize("gone", ["a", "b", "c", "ab", "bc", "ac"])
    def test_any_members_go(self, gone: str) -> None:
        after = edited('r: {a: "1", b: "2", c: "3"}\n', *(Edit(("r", name), REMOVED) for name in gone))
        kept = ", ".join(f'{name}: "{number}"' for number, name in enumerate("abc", 1) if name not in gone)
        assert after == f"r: {{{kept}}}\n"


class TestBeyondReplacing:
    """Layouts in which a document is written anew; what it means is right all the same."""

    def test_an_alias_that_gets_another_value(self) -> None:
        content = "# top\na: &x {b: 1}  # anchor\nc: *x\n# tail\n---\nd: 1  # other\n"
        result = edit_text(content, {0: [Edit(("c", "b"), 2)]})
        assert data_of(result.text) == [{"a": {"b": 1}, "c": {"b": 2}}, {"d": 1}]
        assert result.text.startswith("# top\n")
        assert result.text.endswith("# tail\n---\nd: 1  # other\n")
        assert result.lost_comments == ("# anchor",)

    def test_an_alias_that_changes_with_its_anchor_stays_one(self) -> None:
        after = edited("a: &x\n  b: 1\n  c: 2\nd: *x\n", *(Edit((each, "b"), REMOVED) for each in "ad"))
        assert after == "a: &x\n  c: 2\nd: *x\n"

    def test_what_a_merge_brought_is_removed(self) -> None:
        result = edit_text("x: &x {b: 1, c: 2}\na:\n  <<: *x\n", {0: [Edit(("a", "b"), REMOVED)]})
        assert data_of(result.text) == [{"x": {"b": 1, "c": 2}, "a": {"c": 2}}]

    def test_a_last_line_that_looks_like_a_comment_is_none(self) -> None:
        result = edit_text("a: &x\n  b: 1\nc: *x\nd: |\n  # text\n", {0: [Edit(("c", "b"), 2)]})
        assert data_of(result.text) == [{"a": {"b": 1}, "c": {"b": 2}, "d": "# text\n"}]


class TestJson:
    @pytest.mark.parametrize("content", ['{"a": 1, "b": [1]}\n', '{\n  "a": 1,\n  "b": [1]\n}\n', '{"a":1}'])
    def test_an_edit_keeps_it_json(self, content: str) -> None:
        after = edited(content, Edit(("c",), "é"))
        assert data_of(after) == [data_of(content)[0] | {"c": "é"}]
        assert after.startswith("{\n  " if content.startswith("{\n") else "{")
        assert "é" in after

    def test_values_that_follow_one_another(self) -> None:
        after = edit_text('{"a": 1}\n{"a": 2}\n', {1: [Edit(("a",), 3)]}).text
        assert after == '{"a": 1}\n{"a": 3}\n'

    def test_yaml_that_begins_like_json(self) -> None:
        assert edited("{a: 1, b: 2}\n", Edit(("a",), REMOVED)) == "{b: 2}\n"


class TestAddingDocuments:
    @pytest.mark.parametrize(
        ("content", "after"),
        [
            ("a: 1\n", "a: 1\n---\nb: 2\n"),
            ("a: 1", "a: 1\n---\nb: 2\n"),
            ("a: 1\n---\n", "a: 1\n---\nb: 2\n"),
            ("", "b: 2\n"),
            ("a: 1\r\n", "a: 1\r\n---\r\nb: 2\r\n"),
            ('{"a": 1}\n', '{"a": 1}\n{"b": 2}\n'),
        ],
    )
    def test_they_come_last(self, content: str, after: str) -> None:
        assert add_documents(content, [{"b": 2}]) == after

    def test_none_change_nothing(self) -> None:
        assert add_documents("a: 1", []) == "a: 1"


def test_no_edits_change_nothing() -> None:
    assert edit_text(POD, {}).text == POD
    assert edit_text(POD, {0: []}).text == POD


def test_several_documents_are_edited_at_once() -> None:
    after = edit_text("a: 1\n---\n# second\na: 2\n", {0: [Edit(("a",), 3)], 1: [Edit(("b",), 4)]}).text
    assert after == "a: 3\n---\n# second\na: 2\nb: 4\n"
