"""`draw`: what a picture has in it, without looking at it."""

from __future__ import annotations

import re
from collections import Counter
from typing import Any
from xml.etree import ElementTree

import pytest

import dra
from dra.errors import LoadError, UnknownNameError
from dra.scheduler import Cluster
from dra.scheduler.pictures import draw, drawing, strips
from dra.testing import nodes
from tests.unit.scheduler.clusters import devices_on, gpus, node
from tests.unit.scheduler.pictures import clusters

SVG = "{http://www.w3.org/2000/svg}"


def elements(cluster: Cluster, class_: str, **options: Any) -> list[ElementTree.Element]:
    """The elements of a picture that have a class."""
    root = ElementTree.fromstring(draw(cluster, **options).svg)
    return [each for each in root.iter() if class_ in each.get("class", "").split()]


def cells(cluster: Cluster, **options: Any) -> dict[str, ElementTree.Element]:
    """The boxes of devices by the devices' names."""
    found = elements(cluster, "cell", **options)
    assert len({each.get("data-device") for each in found}) == len(found)
    return {each.get("data-device", "").rpartition("/")[2]: each for each in found}


def about(element: ElementTree.Element) -> list[str]:
    return (element.findtext(f"{SVG}title") or "").splitlines()


def states(cell: ElementTree.Element) -> list[str]:
    return [each.get("class", "") for each in cell.iter(f"{SVG}rect")]


def legend(cluster: Cluster, **options: Any) -> list[str]:
    return ["".join(entry.itertext()) for entry in elements(cluster, "entry", **options)]


# --- devices ------------------------------------------------------------------------------------------------


def test_a_held_device_has_the_colour_and_key_of_its_claim() -> None:
    cluster = clusters.whole()
    held = cells(cluster, nodes=["rack-0-node-0"])["gpu-1"]
    assert "held by claim ml/train [B]" in about(held)
    assert "c1" in states(held)
    assert legend(cluster)[:2] == ["Aml/with-nic · 2", "Bml/train · 4"]


def test_a_device_that_nobody_holds_says_so_and_what_it_is() -> None:
    free = cells(Cluster.load(nodes.node("dgx-h100").objects))["gpu-3"]
    assert states(free) == ["free"]
    assert {"free", "memory: 81559Mi", "productName: NVIDIA H100 80GB HBM3"} <= set(about(free))


def test_a_tainted_device_is_barred_held_or_not() -> None:
    device = {"name": "bad", "taints": [{"key": "k", "effect": "NoSchedule"}]}
    soft = {"name": "soft", "taints": [{"key": "k", "effect": "None"}]}
    cluster = Cluster.load([node("n"), devices_on("n", [device, soft])])
    assert states(cells(cluster)["bad"]) == ["barred"]
    assert "taint k=:NoSchedule" in about(cells(cluster)["bad"])
    assert states(cells(cluster)["soft"]) == ["free"]
    assert "tainted (!)" in legend(cluster)


def shares(cell: ElementTree.Element) -> list[tuple[float, float]]:
    """Where the shares of a device begin and end, as parts of its box."""
    box, *inside = cell.iter(f"{SVG}rect")
    whole = float(box.get("width", 0))
    places = [
        (float(each.get("x", 0)), float(each.get("width", 0))) for each in inside if each.get("data-owner")
    ]
    return [(x / whole, (x + width) / whole) for x, width in places]


def test_shares_lie_side_by_side_as_wide_as_they_are() -> None:
    gpu = cells(clusters.shared(10, 20))["gpu-0"]
    (start, first_end), (second, end) = shares(gpu)
    assert (start, first_end, second, end) == pytest.approx((0, 0.25, 0.25, 0.75), abs=0.01)
    assert "held by claim default/share-0 (25 %) [A]" in about(gpu)


def test_small_shares_are_seen_and_stay_in_their_box() -> None:
    found = shares(cells(clusters.shared(*[1] * 40))["gpu-0"])
    assert len(found) == 40
    assert all(end > start for start, end in found)
    assert found[-1][1] == pytest.approx(1, abs=0.02)


class TestParts:
    """MIG devices, cut on demand or beforehand."""

    def test_they_lie_where_they_are_in_their_gpu(self) -> None:
        found = cells(clusters.cut("dynamic"))
        whole = float(next(found["gpu-7"].iter(f"{SVG}rect")).get("width", 0))

        def place(name: str) -> tuple[float, float]:
            box = next(found[name].iter(f"{SVG}rect"))
            return float(box.get("x", 0)), float(box.get("width", 0))

        (first, width), (second, _) = place("gpu-7-mig-3g40gb-9-0"), place("gpu-7-mig-3g40gb-9-4")
        assert width == pytest.approx(whole / 2, abs=1)
        assert second - first == pytest.approx(whole / 2, abs=1)

    def test_what_cannot_be_cut_any_more_is_told_from_what_is_free(self) -> None:
        found = cells(clusters.cut("dynamic"))
        (held,) = [
            name
            for name, cell in found.items()
            if any("claim default/part-0 " in line for line in about(cell))
        ]
        assert held.startswith("gpu-0-mig-3g40gb")
        assert states(found["gpu-0"]) == ["blocked"]
        assert any("too little of its hardware is left" in line for line in about(found["gpu-0"]))
        assert states(found["gpu-7"]) == ["free"]

    def test_static_parts_of_one_gpu_are_in_one_box(self) -> None:
        boxes = elements(clusters.cut("all-balanced"), "hardware")
        parts = [
            [each.get("data-device", "") for each in box if each.get("class") == "cell"] for box in boxes
        ]
        assert [len(of) for of in parts] == [4] * 8
        assert [box.findtext(f"{SVG}text") for box in boxes] == [f"gpu-{number}" for number in range(8)]


def test_devices_that_several_nodes_see_are_drawn_once() -> None:
    everywhere = dra.ResourceSlice.from_dict(
        {
            "metadata": {"name": "fabric"},
            "spec": {
                "driver": "fpga.example.com",
                "allNodes": True,
                "pool": {"name": "fabric", "generation": 1, "resourceSliceCount": 1},
                "devices": [{"name": "fpga-0"}],
            },
        }
    )
    cluster = Cluster.load([node("a"), node("b"), gpus("a", 1), everywhere])
    assert sorted(cells(cluster)) == ["fpga-0", "gpu-0"]
    shared = elements(cluster, "node")[-1]
    assert shared.get("data-node") == "fpga.example.com/fabric (seen by several nodes)"


def test_a_pool_that_cannot_be_used_is_said_on_its_node() -> None:
    incomplete = devices_on("a", [{"name": "gpu-0"}])
    pool = incomplete.spec.pool.model_copy(update={"resource_slice_count": 2})
    incomplete = incomplete.model_copy(update={"spec": incomplete.spec.model_copy(update={"pool": pool})})
    (card,) = elements(Cluster.load([node("a"), incomplete]), "node")
    assert any("is currently being updated" in "".join(each.itertext()) for each in card.iter(f"{SVG}text"))


# --- topology -----------------------------------------------------------------------------------------------


def test_devices_of_one_root_have_one_bracket() -> None:
    cluster = Cluster.load(nodes.node("dgx-h100", drivers=["gpu.nvidia.com", "dra.net"]).objects)
    brackets = [about(each) for each in elements(cluster, "link") if about(each)]
    assert [each[0] for each in brackets] == [
        "PCIe root pci0000:18, NUMA 0",
        "PCIe root pci0000:48, NUMA 0",
        "PCIe root pci0000:88, NUMA 1",
        "PCIe root pci0000:c8, NUMA 1",
    ]


def test_cliques_are_outlined_within_their_racks() -> None:
    cluster = clusters.gangs()
    outlines = [
        each for each in elements(cluster, "clique", group_by="rack") if float(each.get("width", 0)) > 50
    ]
    assert len(outlines) == 4
    frames = elements(cluster, "group", group_by="rack")
    assert len(frames) == 2


def test_a_gang_has_one_colour() -> None:
    cluster = clusters.gangs()
    assert legend(cluster, by="workload")[:2] == ["Aworkload ml/pretrain · 44", "Bworkload ml/finetune · 20"]
    assert legend(cluster, by="namespace")[0] == "Anamespace ml · 64"


def test_claims_without_a_workload_are_called_claims() -> None:
    cluster = clusters.placed(clusters.gangs(1), clusters.gpus("pretrain", 4))
    assert legend(cluster, by="workload")[2:3] == ["Cml/pretrain · 4"]  # beside the workload of that name
    picture = draw(cluster, by="workload")
    assert picture.name.endswith("held by 2 workloads and 1 claim")
    assert "held by claim ml/pretrain [C]" in picture.svg


def test_a_group_may_be_named_by_the_whole_label_or_its_end() -> None:
    cluster = clusters.gangs(1)
    assert draw(cluster, group_by="rack") == draw(cluster, group_by=nodes.RACK_LABEL)


def test_nodes_without_the_label_are_a_group_of_their_own() -> None:
    cluster = Cluster.load([node("a", labels={"x/zone": "z1"}), node("b"), gpus("a", 1), gpus("b", 1)])
    frames = elements(cluster, "box", group_by="zone")
    names = [next(each.iter(f"{SVG}text")).text for each in frames if not each.get("data-node")]
    assert names == ["zone z1", "no zone"]


# --- what is drawn ------------------------------------------------------------------------------------------


def test_only_some_nodes_or_drivers() -> None:
    cluster = clusters.whole()
    drawn = elements(cluster, "cell", nodes=["rack-0-node-1"], drivers=["dra.net"])
    assert {each.get("data-device", "").rsplit("/", 1)[0] for each in drawn} == {"dra.net/rack-0-node-1"}


def test_more_nodes_than_wanted_are_counted() -> None:
    assert "; 1 more node not drawn" in draw(clusters.whole(), limit=1).svg


def test_it_is_the_same_every_time() -> None:
    one, two = clusters.whole(), clusters.whole()
    assert draw(one) == draw(one) == draw(two)
    assert draw(one, by="workload").html == draw(two, by="workload").html


def test_a_cluster_without_nodes_is_an_empty_picture() -> None:
    assert draw(Cluster.load([])).name == "0 nodes, 0 devices, nothing held"


def test_notebooks_show_it() -> None:
    picture = draw(clusters.whole())
    assert picture._repr_svg_() == picture.svg
    assert "svg" not in repr(picture)


def test_nothing_in_it_is_from_elsewhere() -> None:
    page = draw(clusters.hostile(), group_by="rack").html
    assert page.count("<script>") == 1
    assert "href" not in page
    assert "http" not in page.replace("http://www.w3.org/2000/svg", "").replace("http-equiv", "")


class TestStrips:
    """Large clusters: a column for each node, or for some."""

    def test_large_clusters_are_strips_by_themselves(self) -> None:
        assert len(elements(clusters.gangs(6), "column")) == 108

    def test_the_number_of_columns_is_bounded(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(strips, "MOST_COLUMNS", 20)
        columns = elements(clusters.gangs(), "column", detail="strips")
        assert len(columns) == 18
        assert about(columns[0])[0] == "rack-0-node-0, rack-0-node-1"
        assert "each column stands for 2 nodes" in draw(clusters.gangs(), detail="strips").svg

    def test_the_picture_says_what_a_column_is(self) -> None:
        picture = draw(clusters.gangs(), detail="strips").svg
        assert "each column stands for 1 node, as full as it is held" in picture

    def test_cliques_which_have_no_outline_here_can_be_groups(self) -> None:
        picture = draw(clusters.gangs(2), detail="strips", group_by="clique").svg
        outlined = re.findall(r">(NVLink [^<]*\d)<", draw(clusters.gangs(2), detail="compact").svg)
        assert len(outlined) > 1
        assert re.findall(r">(NVLink [^<]*\d)<", picture) == outlined

    def test_nodes_without_a_clique_are_a_group_of_their_own(self) -> None:
        cluster = clusters.gangs().with_(*clusters.cut("dynamic").nodes)
        picture = draw(cluster, detail="strips", group_by="clique").svg
        assert "NVLink 8d00eee1" in picture
        assert "no NVLink clique" in picture

    def test_names_of_groups_keep_their_ends(self) -> None:
        row = "the-rack-in-the-hall-at-the-end-of-the-row"
        named = [
            dra.Node.from_dict({"metadata": {"name": f"n{number}", "labels": {"rack": f"{row}-{number}"}}})
            for number in range(2)
        ]
        picture = draw(dra.Cluster.load(named), detail="strips", group_by="rack").svg
        assert re.findall(r">…[^<]*-(\d)<", picture) == ["0", "1"]

    def test_a_column_tells_what_is_held_by_whom(self) -> None:
        first = elements(clusters.gangs(), "column", detail="strips", drivers=["gpu.nvidia.com"])[0]
        assert about(first) == ["rack-0-node-0", "4 of 4 devices held", "ml: 4"]

    def test_parts_count_as_the_part_they_are(self) -> None:
        (only,) = elements(clusters.cut("dynamic"), "column", detail="strips")
        assert about(only)[1] == f"{4 / 8 + 1 / 8 + 2 / 8:.4g} of 8 devices held"

    def test_more_owners_than_colours_share_one(self) -> None:
        cluster = clusters.shared()
        names = legend(cluster, detail="strips", by="claim")
        assert len([name for name in names if name.startswith("default/")]) == 7
        assert "13 more claims" in names


# --- mistakes -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("options", "remedy"),
    [
        ({"by": "colour"}, "by: claim, workload, namespace"),
        ({"group_by": "rac"}, "did you mean 'rack'?"),
        ({"detail": "big"}, "details: auto, named, compact, strips"),
        ({"nodes": ["rack-0-node-9"]}, "did you mean 'rack-0-node-1'?"),
        ({"nodes": ["somewhere"]}, "nodes: rack-0-node-0, rack-0-node-1"),
    ],
)
def test_what_is_not_there_is_said_with_what_is(options: dict[str, Any], remedy: str) -> None:
    with pytest.raises(LoadError) as raised:
        draw(clusters.whole(), **options)
    assert raised.value.remedy == remedy


def test_a_driver_without_devices_is_said_with_the_nearest() -> None:
    with pytest.raises(UnknownNameError, match=r"gpu\.nvidia\.com"):
        draw(clusters.whole(), drivers=["gpu.nvidia.co"])


def test_too_much_for_a_detail_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(drawing, "_MOST_DEVICES", 30)
    with pytest.raises(LoadError, match="36 devices on 2 nodes are too many for the detail 'compact'"):
        draw(clusters.whole(), detail="compact")


def test_a_label_end_that_several_labels_have_is_refused() -> None:
    cluster = Cluster.load([node("a", labels={"x/rack": "1", "y/rack": "2"})])
    with pytest.raises(LoadError, match="several labels end in 'rack'") as raised:
        draw(cluster, group_by="rack")
    assert raised.value.remedy == "which one: x/rack, y/rack"


def test_every_claim_is_told_apart_by_key_and_by_colour_with_pattern() -> None:
    cluster = clusters.shared()
    drawn = elements(cluster, "entry")
    fills = [
        tuple((each.get("class"), each.get("fill")) for each in entry.iter(f"{SVG}rect"))
        for entry in drawn
        if entry.get("data-owner")
    ]
    assert Counter(fills).most_common(1)[0][1] == 1
