"""docs/drivers.md says what the registry says. `python -m tests.unit.drivers.test_docs_page` rewrites it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path

from dra import drivers
from dra.drivers.configs import TypedConfig
from dra.drivers.declarations import Attribute, Capacity, DriverGate
from dra.drivers.driver import Driver

PAGE = Path(__file__).parents[3] / "docs" / "drivers.md"
MARK = "<!-- The rest is made from the registry by tests/unit/drivers/test_docs_page.py -->\n"


def table(head: str, rows: Iterable[tuple[str, ...]]) -> Iterator[str]:
    """A Markdown table, unless it has no rows."""
    titles = [each.strip() for each in head.split("|")]
    lines = [f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in row)} |" for row in rows]
    if lines:
        yield "\n".join([f"| {' | '.join(titles)} |", f"|{'---|' * len(titles)}", *lines]) + "\n"


def meaning(declaration: Attribute | Capacity) -> str:
    notes = []
    if isinstance(declaration, Attribute) and declaration.values:
        notes.append("one of " + ", ".join(f"`{each}`" for each in declaration.values))
    if declaration.gate:
        notes.append(f"gate {declaration.gate}")
    if isinstance(declaration, Attribute) and declaration.replaced_by:
        notes.append(f"use `{declaration.replaced_by}`")
    return declaration.summary + (f" ({'; '.join(notes)})" if notes else "")


def types_with(driver: Driver, name: str) -> str:
    return ", ".join(
        each.name
        for each in driver.device_types
        if name in {declaration.name for declaration in (*each.attributes, *each.capacities)}
    )


def relations(gate: DriverGate) -> str:
    parts = [f"needs {each}" for each in gate.requires] + [f"excludes {each}" for each in gate.excludes]
    return ", ".join(parts)


def section(driver: Driver) -> Iterator[str]:
    """The part of the page about a driver."""
    yield f"## {driver.title}: `{driver.name}`\n"
    yield from table(
        "device | named | what it is",
        (
            (f"`{each.name}`", " or ".join(f"`{other.template}`" for other in each.patterns), each.summary)
            for each in driver.device_types
        ),
    )
    yield from table(
        "class | made by | extended resource | note",
        ((f"`{each.name}`", each.made_by, each.extended_resource, each.note) for each in driver.classes),
    )
    yield from table(
        "attribute | type | of | | meaning",
        (
            (
                f"`{each.name}`",
                each.kind.value + (" or list" if each.listed else ""),
                types_with(driver, each.name),
                "optional" if each.optional else "",
                meaning(each),
            )
            for each in driver.attributes
        ),
    )
    yield from table(
        "capacity | of | | meaning",
        (
            (
                f"`{each.name}`",
                types_with(driver, each.name),
                "optional" if each.optional else "",
                meaning(each),
            )
            for each in driver.capacities
        ),
    )
    yield from table(
        "configuration | apiVersion | for",
        (
            (
                f"`{each.__name__}`",
                each.type_information()[0] if issubclass(each, TypedConfig) else "",
                ", ".join(sorted(each.device_types)) or "any",
            )
            for each in driver.configs
        ),
    )
    yield from table(
        "gate | default | stage | since | with others | switches",
        (
            (
                f"`{each.name}`",
                "on" if each.default else "off",
                each.stage,
                each.since,
                relations(each),
                each.summary,
            )
            for each in driver.gates
        ),
    )
    yield from table(
        "taint | effects | when",
        (
            (f"`{each.key}{'...' if each.prefix else ''}`", ", ".join(each.effects), each.summary)
            for each in driver.taints
        ),
    )
    yield f"Read from {driver.source}.\n"


def page() -> str:
    """The page with its tables made anew."""
    written = PAGE.read_text(encoding="utf-8").partition(MARK)[0]
    return written + MARK + "\n" + "\n".join(part for each in drivers.all() for part in section(each))


def test_the_page_is_what_the_registry_says() -> None:
    assert PAGE.read_text(encoding="utf-8") == page()


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
