"""Pictures as a browser shows them: nothing is missing, no text leaves its place or lies on another."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from dra.scheduler import Cluster
from dra.scheduler.pictures import draw
from dra.scheduler.simulation import Machine, Task, picture, simulate
from tests.unit.scheduler.pictures import clusters
from tests.unit.scheduler.pictures.browser import ask, needs_chromium, seen

pytestmark = [pytest.mark.browser, needs_chromium]

IMAGES = Path(__file__).parents[4] / "docs" / "images"


def devices_of(cluster: Cluster) -> set[str]:
    return {
        f"{each.spec.driver}/{each.spec.pool.name}/{device.name}"
        for each in cluster.slices
        for device in each.spec.devices or ()
    }


CLUSTERS = {
    "whole": (clusters.whole, {}),
    "cut on demand": (lambda: clusters.cut("dynamic"), {}),
    "cut": (lambda: clusters.cut("all-balanced"), {}),
    "cut, small": (lambda: clusters.cut("dynamic"), {"detail": "compact"}),
    "shared": (clusters.shared, {}),
    "shared, small": (clusters.shared, {"detail": "compact"}),
    "gangs": (clusters.gangs, {"by": "workload", "group_by": "rack"}),
    "gangs, named": (clusters.gangs, {"by": "workload", "group_by": "rack", "detail": "named"}),
    "hostile": (clusters.hostile, {"group_by": "rack"}),
    "hostile, small": (clusters.hostile, {"group_by": "rack", "detail": "compact"}),
}


@pytest.fixture(scope="module")
def made() -> dict[str, Cluster]:
    return {name: make() for name, (make, _) in CLUSTERS.items()}


@pytest.fixture(scope="module")
def looked(made: dict[str, Cluster], tmp_path_factory: pytest.TempPathFactory) -> dict[str, dict[str, Any]]:
    """All pictures on one page, since starting a browser takes a while."""
    tasks = [
        Task(f"t{n}", 1000, 1024, 1, 300, arrival=3600.0 * n, departure=3600.0 * n + 9000) for n in range(9)
    ]
    run = simulate([Machine("n", 96_000, 786_432, 8)], tasks)
    drawn = {name: draw(made[name], **options).svg for name, (_, options) in CLUSTERS.items()}
    drawn["strips"] = draw(made["gangs"], detail="strips", group_by="rack").svg
    drawn["simulation"] = picture([run] * 12)
    found = seen(list(drawn.values()), tmp_path_factory.mktemp("browser"))
    return dict(zip(drawn, found, strict=True))


@pytest.mark.parametrize("name", CLUSTERS)
class TestInABrowser:
    def test_every_device_and_node_is_there(self, looked: Any, made: Any, name: str) -> None:
        cluster, look = made[name], looked[name]
        visible = str.maketrans("\x1b\u202e", "\ufffd\ufffd")
        assert set(look["devices"]) == {each.translate(visible) for each in devices_of(cluster)}
        assert set(look["nodes"]) >= {(each.metadata.name or "").translate(visible) for each in cluster.nodes}

    def test_no_text_leaves_its_place(self, looked: Any, name: str) -> None:
        look = looked[name]
        assert look["texts"] > 3
        assert look["outside"] == []

    def test_nothing_lies_on_something_else(self, looked: Any, name: str) -> None:
        look = looked[name]
        assert look["across"] == []
        assert look["overlaid"] == []

    def test_nothing_in_it_runs(self, looked: Any, name: str) -> None:
        assert looked[name]["scripts"] == 0


def test_strips_show_every_node_and_keep_their_texts(looked: Any, made: Any) -> None:
    look = looked["strips"]
    assert set(look["nodes"]) == {each.metadata.name for each in made["gangs"].nodes}
    assert look["outside"] == look["across"] == []


def test_the_picture_of_a_simulation_keeps_its_texts(looked: Any) -> None:
    look = looked["simulation"]
    assert look["texts"] > 20
    assert look["outside"] == look["across"] == []


def test_the_pictures_of_the_documentation_keep_their_texts(tmp_path: Path) -> None:
    files = sorted(IMAGES.glob("*.svg"))
    found = seen([each.read_text(encoding="utf-8") for each in files], tmp_path)
    assert len(files) > 5
    for file, look in zip(files, found, strict=True):
        assert look["texts"] > 10, file
        assert (look["outside"], look["across"], look["overlaid"]) == ([], [], []), file


def test_it_is_dark_in_the_dark(looked: Any, made: Any, tmp_path: Path) -> None:
    light = looked["cut"]
    (dark,) = seen([draw(made["cut"]).svg], tmp_path, "--blink-settings=preferredColorScheme=0")

    def brightness(colour: str) -> int:
        return sum(int(each) for each in colour.removeprefix("rgb(").removesuffix(")").split(","))

    assert brightness(light["background"]) > 600 > 350 > brightness(light["colour"])
    assert brightness(dark["background"]) < 150 < 400 < brightness(dark["colour"])


POINT = """
const where = {bubbles: true, clientX: 50, clientY: 50};
const on = (element, type) => element.dispatchEvent(new PointerEvent(type, where));
const cell = document.querySelector('[data-device$="gpu-0"]'), about = document.getElementById('about');
on(cell.querySelector('rect'), 'pointermove');
const told = about.textContent, shown = about.style.display;
on(document.querySelector('.entry[data-owner="0"] rect'), 'click');
const lit = [...document.querySelectorAll('.cell.lit')].map((each) => each.dataset.device);
on(document.querySelector('.entry[data-owner="0"] rect'), 'click');
return {told, shown, lit, after: document.querySelectorAll('.lit,svg.chosen').length};
"""


@pytest.fixture(scope="module")
def answer(tmp_path_factory: pytest.TempPathFactory) -> Any:
    return ask(draw(clusters.whole()).html, POINT, tmp_path_factory.mktemp("page"))


class TestThePage:
    """The web page: the pointer is told what it is on, a click on an owner shows what it holds."""

    def test_it_tells_what_is_under_the_pointer(self, answer: Any) -> None:
        assert answer["shown"] == "block"
        assert answer["told"].startswith("gpu.nvidia.com/rack-0-node-0/gpu-0\n")
        assert "held by claim ml/" in answer["told"]
        assert "productName: NVIDIA H100 80GB HBM3" in answer["told"]

    def test_a_click_shows_what_an_owner_holds_and_a_second_one_all(self, answer: Any) -> None:
        held = {
            f"{each.driver}/{each.pool}/{each.device}"
            for claim in clusters.whole().claims
            if claim.metadata.name == "with-nic" and claim.status and claim.status.allocation
            for each in claim.status.allocation.devices.results or ()
        }
        assert len(held) == 2
        assert held == set(answer["lit"])
        assert answer["after"] == 0
