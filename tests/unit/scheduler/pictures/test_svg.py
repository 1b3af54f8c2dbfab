"""SVG as text: nothing from outside becomes markup, texts fit, blocks do not overlap."""

from __future__ import annotations

from xml.etree import ElementTree

import pytest
from hypothesis import given, strategies as st

from dra.scheduler.pictures.svg import Block, column, document, escape, fitted, flow, tag, text, text_width

ANYTHING = st.text(st.characters(exclude_categories=()), max_size=40)


@given(ANYTHING, ANYTHING)
def test_whatever_is_written_is_read_as_the_same_element(content: str, value: str) -> None:
    drawn = tag("g", text(0, 0, content, 10), data_name=value)
    root = ElementTree.fromstring(drawn)
    assert set(root.attrib) == {"data-name"}
    assert [each.tag for each in root.iter()] == ["g", "text"][: 1 + bool(content)]
    drawn.encode("utf-8")


@given(ANYTHING, st.floats(0, 200), st.booleans())
def test_what_fits_is_no_wider_than_the_room(content: str, width: float, keep_end: bool) -> None:
    shown = fitted(content, 10, width, keep_end=keep_end)
    assert text_width(shown, 10) <= max(width, 0)
    if shown != content and shown:
        kept = shown.strip("…") if not content.strip("…") else shown.replace("…", "", 1)
        assert content.endswith(kept) if keep_end and shown.startswith("…") else True


def test_a_cut_text_tells_all_of_itself() -> None:
    root = ElementTree.fromstring(text(0, 0, "a-name-that-is-too-long", 10, 50))
    assert (root.text or "").endswith("…")
    assert root.findtext("title") == "a-name-that-is-too-long"


def test_characters_that_turn_or_hide_text_are_shown_as_unknown() -> None:
    assert escape("a\u202eb\u2066c\x00\ud800") == "a\ufffdb\ufffdc\ufffd\ufffd"


def test_ends_of_lines_stay_where_they_are_wanted() -> None:
    assert escape("a\nb", lines=True) == "a\nb"
    assert escape("a\nb") == "a\ufffdb"


@given(
    st.lists(st.tuples(st.integers(1, 60), st.integers(1, 30)), max_size=12),
    st.integers(1, 120),
    st.integers(0, 5),
)
def test_blocks_in_a_flow_stay_inside_and_apart(sizes: list[tuple[int, int]], width: int, gap: int) -> None:
    blocks = [Block(wide, high, "<b/>") for wide, high in sizes]
    whole = flow(blocks, width, gap)
    root = ElementTree.fromstring(f"<g>{whole.body}</g>")
    corners = [
        tuple(map(float, each.get("transform", "translate(0 0)")[10:-1].split()))
        if each.tag == "g"
        else (0.0, 0.0)
        for each in root
    ]
    boxes = [(x, y, x + wide, y + high) for (x, y), (wide, high) in zip(corners, sizes, strict=True)]
    assert all(right <= whole.width and bottom <= whole.height for _, _, right, bottom in boxes)
    assert whole.width <= max([width, *(wide for wide, _ in sizes)])
    for number, one in enumerate(boxes):
        for other in boxes[number + 1 :]:
            assert one[2] <= other[0] or other[2] <= one[0] or one[3] <= other[1] or other[3] <= one[1]


def test_a_column_is_as_wide_as_its_widest_block() -> None:
    whole = column([Block(10, 5, ""), Block(30, 7, "")], gap=3)
    assert (whole.width, whole.height) == (30, 15)


def test_a_document_is_one_svg_of_the_blocks_size() -> None:
    root = ElementTree.fromstring(document(Block(10, 20.5, "<b/>"), "", label="<x>"))
    assert (root.get("viewBox"), root.get("aria-label")) == ("0 0 10 20.5", "<x>")


@pytest.mark.parametrize(
    ("value", "written"), [(1.0, "1"), (0.333333, "0.33"), (123456.7, "123457"), (7, "7")]
)
def test_numbers_are_written_short(value: float, written: str) -> None:
    assert tag("a", x=value) == f'<a x="{written}"/>'
