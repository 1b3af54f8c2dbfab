"""CEL read back as Python: to the letter, or not at all."""

from __future__ import annotations

import pytest

from dra.claims.select import nvidia
from dra.claims.select.recognition import recognised

GPU = 'device.attributes["gpu.nvidia.com"]'
MEMORY = 'device.capacity["gpu.nvidia.com"].memory'


@pytest.mark.parametrize(
    ("text", "source"),
    [
        (f'{GPU}.architecture == "Hopper"', 'nvidia.gpu.architecture == "Hopper"'),
        (f'{GPU}.?architecture.orValue("") == "Hopper"', 'nvidia.gpu.architecture.or_false() == "Hopper"'),
        (f'has({MEMORY}) && {MEMORY}.compareTo(quantity("20Gi")) >= 0', 'nvidia.gpu.memory >= "20Gi"'),
        (f'{MEMORY}.isGreaterThan(quantity("20Gi"))', 'nvidia.gpu.memory.or_error() > "20Gi"'),
        (
            f'{GPU}.type == "gpu" && {GPU}.uuid == "x"',
            '(nvidia.gpu.type == "gpu") & (nvidia.gpu.uuid == "x")',
        ),
        # What the type of device does not have, and values that the driver is not known to publish.
        (f'{GPU}.profile == "1g.5gb"', 'device.attr("gpu.nvidia.com/profile").or_error() == "1g.5gb"'),
        (
            f'{GPU}.architecture == "Feynman"',
            'device.attr("gpu.nvidia.com/architecture").or_error() == "Feynman"',
        ),
        (f'"package" in {GPU}', None),
        (f'("package" in {GPU}) && {GPU}["package"] == 1', 'device.attr("gpu.nvidia.com/package") == 1'),
        ("device.attributes[device.driver].x > 3", 'device.attr("x").or_error() > 3'),
        ("device.allowMultipleAllocations", "device.allow_multiple_allocations == True"),
        (f"has({GPU}.x)", 'device.attr("gpu.nvidia.com/x").or_error().exists()'),
        (f"{GPU}.?x.orValue(3) == 4", 'device.attr("gpu.nvidia.com/x").or_else(3) == 4'),
    ],
)
def test_what_select_writes_is_recognised(text: str, source: str | None) -> None:
    assert repr(recognised(text, [nvidia.gpu])) == str(source)


@pytest.mark.parametrize(
    "text",
    [
        "device.attributes['gpu.nvidia.com'].type == 'gpu'",
        f"{GPU}.x==1",
        f"({GPU}.x == 1)",
        f"1 == {GPU}.x",
        f"{GPU}.x == 1.5",
        f"{GPU}.x == {GPU}.y",
        f"{GPU}.x + 1 == 2",
        f'{MEMORY}.compareTo(quantity("1024Mi")) >= 0',
        f"cel.bind(x, {GPU}, x.y == 1)",
        f"{GPU}.exists(name, name == 'x')",
        f"{GPU}.x == 1 // why",
        "true",
        "device.attributes.size() == 1",
        "[1].all(x, x == 1)",
        "device.driver.size() == 1",
        "not cel at all",
    ],
)
def test_anything_else_stays_cel(text: str) -> None:
    assert recognised(text) is None


def test_a_tower_is_no_danger() -> None:
    assert recognised("!(" * 100 + "device.driver == 'a'" + ")" * 100) is None
