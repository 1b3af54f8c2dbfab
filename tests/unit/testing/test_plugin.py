"""The pytest plugin in real runs of pytest: fixtures, marker, minors, and what failures look like."""

from __future__ import annotations

import importlib.metadata
import os
import sys
import textwrap
from pathlib import Path

import pytest

import dra
from dra.testing import assertions, plugin, settings  # loaded here once, not by every run below
from dra.testing.nodes import catalog

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib  # pytest brings it

pytest_plugins = ["pytester"]

ROOT = Path(__file__).parents[3]
HEAD = """
import pytest
import dra
from dra.testing import SimulatedCluster, assert_allocatable, assert_unallocatable, nodes

def template(count=1):
    return dra.ResourceClaimTemplate.from_dict({"metadata": {"name": "train"}, "spec": {"spec": {"devices": {
        "requests": [{"name": "gpu", "exactly": {"deviceClassName": "gpu.nvidia.com", "count": count}}]}}}})
"""
LOADED = (dra, assertions, plugin, settings, catalog)


@pytest.fixture(autouse=True)
def only_this_plugin(monkeypatch: pytest.MonkeyPatch) -> None:
    """Of all plugins that are installed none is loaded by itself."""
    monkeypatch.setenv("PYTEST_DISABLE_PLUGIN_AUTOLOAD", "1")
    monkeypatch.setenv("COLUMNS", "100")
    monkeypatch.delenv("PYTEST_ADDOPTS", raising=False)
    monkeypatch.delenv("CI", raising=False)


def run(pytester: pytest.Pytester, tests: str, *options: str) -> pytest.RunResult:
    pytester.makepyfile(test_a=HEAD + textwrap.dedent(tests))
    return pytester.runpytest_inprocess("-p", "dra.testing.plugin", "--strict-markers", *options)


class TestFixtures:
    def test_a_dgx_by_default_fresh_for_each_test(self, pytester: pytest.Pytester) -> None:
        done = run(
            pytester,
            """
            def test_first(dra_cluster):
                assert dra_cluster.allocate(template(8)).node == "dgx-h100-0"

            def test_second(dra_cluster, dra_kubernetes, dra_features):
                assert dra_cluster.claims == ()
                assert dra_kubernetes == "1.37"
                assert dra_features == dra.Features.for_kubernetes("1.37")
            """,
        )
        done.assert_outcomes(passed=2)

    def test_one_after_another_on_one_cluster(self, pytester: pytest.Pytester) -> None:
        done = run(
            pytester,
            """
            @pytest.mark.dra("dgx-a100", nodes=2)
            def test_state(dra_cluster, dra_node, dra_allocate):
                held = [dra_allocate(template(4)) for _ in range(4)]
                assert [each.node for each in held] == ["dgx-a100-0"] * 2 + ["dgx-a100-1"] * 2
                assert_unallocatable(template(), on=dra_cluster, because="in use")
                dra_cluster.release(held[2])
                assert_allocatable(template(), on=dra_cluster)
                assert_unallocatable(template(), on=dra_node, because="in use")
            """,
        )
        done.assert_outcomes(passed=1)

    def test_every_setting_of_the_marker(self, pytester: pytest.Pytester) -> None:
        pytester.makefile(".yaml", team="""
            apiVersion: resource.k8s.io/v1
            kind: DeviceClass
            metadata: {name: team}
        """)  # fmt: skip
        done = run(
            pytester,
            """
            @pytest.mark.dra(
                machine=["dgx-h100", nodes.machine("l4"), nodes.node("a30", "mine")], manifests="team.yaml"
            )
            def test_machines(dra_cluster):
                assert [each.metadata.name for each in dra_cluster.nodes] == ["dgx-h100-0", "l4-0", "mine"]
                assert "team" in [each.metadata.name for each in dra_cluster.classes]

            @pytest.mark.dra(mig="dynamic", drivers=["gpu.nvidia.com"], kubernetes="1.34")
            def test_mig(dra_cluster):
                assert len(dra_cluster.slices) == 8
                assert len(dra_cluster.devices()) == 208

            @pytest.mark.dra(
                kubernetes="v1.35.2", features=["DRAConsumableCapacity"], shares=2, numa_node=False
            )
            def test_shares(dra_cluster, dra_features):
                assert dra_features.consumable_capacity
                gpu = dra_cluster.devices("gpu.nvidia.com")[0]
                assert "shares" in gpu.capacity
                assert "resource.kubernetes.io/numaNode" not in gpu.attributes

            @pytest.mark.dra("nd-mi300x-v5", partitioned=True)
            def test_partitions(dra_cluster):
                assert len(dra_cluster.devices("gpu.amd.com")) > 8
            """,
        )
        done.assert_outcomes(passed=4)

    def test_the_closest_marker_wins_by_argument(self, pytester: pytest.Pytester) -> None:
        done = run(
            pytester,
            """
            pytestmark = pytest.mark.dra(machine="l4", nodes=3)

            @pytest.mark.dra(kubernetes="1.36")
            class TestClass:
                def test_module_and_class(self, dra_cluster):
                    assert [each.metadata.name for each in dra_cluster.nodes] == ["l4-0", "l4-1", "l4-2"]
                    assert dra_cluster.kubernetes == "1.36"

                @pytest.mark.dra("a30", kubernetes="1.35")
                def test_function(self, dra_cluster):
                    assert dra_cluster.node.metadata.name == "a30-0"
                    assert (len(dra_cluster.nodes), dra_cluster.kubernetes) == (3, "1.35")
            """,
        )
        done.assert_outcomes(passed=2)

    def test_a_fixture_can_be_replaced(self, pytester: pytest.Pytester) -> None:
        pytester.makeconftest(
            """
            import pytest
            from dra.testing import SimulatedCluster

            @pytest.fixture
            def dra_cluster(dra_kubernetes):
                return SimulatedCluster("gb200-nvl72", kubernetes=dra_kubernetes)
            """
        )
        done = run(
            pytester,
            """
            def test_own(dra_node, dra_allocate):
                assert dra_allocate(template(4)).node == dra_node.node.metadata.name == "gb200-nvl72-0"
            """,
        )
        done.assert_outcomes(passed=1)


class TestMinors:
    def test_a_test_for_each_of_several(self, pytester: pytest.Pytester) -> None:
        done = run(
            pytester,
            """
            @pytest.mark.dra(kubernetes=["1.34", "1.37"])
            class TestBoth:
                def test_cluster(self, dra_cluster):
                    assert dra_cluster.kubernetes in ("1.34", "1.37")

                def test_other(self):
                    pass
            """,
            "-v",
        )
        done.assert_outcomes(passed=3)
        done.stdout.fnmatch_lines(
            ["*test_cluster?1.34? PASSED*", "*test_cluster?1.37? PASSED*", "*test_other PASSED*"]
        )

    def test_parametrize_decides_if_it_is_there(self, pytester: pytest.Pytester) -> None:
        done = run(
            pytester,
            """
            @pytest.mark.dra(kubernetes=["1.34", "1.37"])
            @pytest.mark.parametrize(("dra_kubernetes", "count"), [("1.35", 8), ("1.36", 4)])
            def test_each(dra_cluster, dra_kubernetes, count):
                assert dra_cluster.kubernetes == dra_kubernetes
                assert_allocatable(template(count), on=dra_cluster)
            """,
        )
        done.assert_outcomes(passed=2)

    def test_command_line_before_ini_file_and_marker_before_both(self, pytester: pytest.Pytester) -> None:
        pytester.makeini("[pytest]\ndra_kubernetes = 1.34 1.35\n")
        tests = """
            def test_default(dra_kubernetes):
                print("default", dra_kubernetes)

            @pytest.mark.dra(kubernetes="1.37")
            def test_marked(dra_kubernetes):
                print("marked", dra_kubernetes)
            """
        done = run(pytester, tests, "-s")
        done.assert_outcomes(passed=3)
        done.stdout.fnmatch_lines(["*default 1.34", "*default 1.35", "*marked 1.37"])
        done = run(pytester, tests, "-s", "--dra-kubernetes", "1.36")
        done.assert_outcomes(passed=2)
        done.stdout.fnmatch_lines(["*default 1.36", "*marked 1.37"])


class TestManifests:
    def test_of_the_marker_beside_the_test_and_of_the_ini_file_beside_it(
        self, pytester: pytest.Pytester
    ) -> None:
        for name, machine in (("snapshot.yaml", "a30"), ("tests/near.yaml", "l4")):
            path = pytester.path / name
            path.parent.mkdir(exist_ok=True)
            path.write_text(dra.dump(dra.testing.nodes.node(machine).objects))
        pytester.makeini("[pytest]\ndra_manifests = snapshot.yaml\n")
        done = run(
            pytester,
            """
            def test_ini(dra_cluster):
                assert [each.metadata.name for each in dra_cluster.nodes] == ["a30-0"]
            """,
        )
        done.assert_outcomes(passed=1)
        (pytester.path / "tests" / "test_near.py").write_text(
            HEAD + "@pytest.mark.dra(manifests=['near.yaml'])\n"
            "def test_marker(dra_cluster, dra_node):\n"
            "    assert dra_node.node.metadata.name == 'l4-0'\n"
        )
        pytester.runpytest_inprocess("-p", "dra.testing.plugin", "tests").assert_outcomes(passed=1)

    def test_a_machine_of_the_ini_file(self, pytester: pytest.Pytester) -> None:
        pytester.makeini("[pytest]\ndra_machine = p4d.24xlarge\n")
        done = run(
            pytester,
            """
            def test_ini(dra_cluster):
                assert dra_cluster.node.metadata.name == "p4d-24xlarge-0"
            """,
        )
        done.assert_outcomes(passed=1)


class TestFailures:
    def test_the_reason_is_in_the_failure_and_in_the_summary(self, pytester: pytest.Pytester) -> None:
        done = run(
            pytester,
            """
            def test_many(dra_cluster):
                assert_allocatable(template(9), on=dra_cluster)

            def test_fixture(dra_allocate):
                dra_allocate(template(9))

            def test_wrong(dra_cluster):
                assert_unallocatable(template(9), on=dra_cluster, because="in use")
            """,
        )
        done.assert_outcomes(failed=3)
        done.stdout.fnmatch_lines(
            [
                ">       assert_allocatable(template(9), on=dra_cluster)",
                "E       AssertionError: gpu: 8 of 9 devices",
                "E       claim train-0 does not fit dgx-h100-0",
                "E         claim train-0, request gpu wants 9 devices: 8 of 18 on the node can be used",
                ">       dra_allocate(template(9))",
                '>       assert_unallocatable(template(9), on=dra_cluster, because="in use")',
                "E       AssertionError: not because of 'in use': gpu: 8 of 9 devices",
                "FAILED *::test_many - AssertionError: gpu: 8 of 9 devices",
                "FAILED *::test_fixture - AssertionError: gpu: 8 of 9 devices",
                "FAILED *::test_wrong - AssertionError: not because of 'in use': gpu: 8 of 9*",
            ]
        )
        done.stdout.no_fnmatch_line("*dra/testing/*")

    @pytest.mark.parametrize(
        ("marker", "fault", "remedy"),
        [
            ("kubernetes='1.20'", "unknown Kubernetes version '1.20'", "known minors: 1.34, *"),
            (
                "kubernets='1.36'",
                "no argument of the marker dra is named 'kubernets'",
                "did you mean 'kubernetes'?",
            ),
            ("'dgx-h10'", "no machine is named 'dgx-h10'", "did you mean 'dgx-h100'?"),
            ("features=['DRAConsumable']", "no feature is named 'DRAConsumable'", "*DRAConsumableCapacity*"),
            (
                "'l4', 'a30'",
                "the marker dra takes one argument without name: the machine",
                "names of the others*",
            ),
            ("manifests='none.yaml'", "*none.yaml: no such file or directory", "*"),
            ("mig='all-9g.90gb'", "*", "*"),
        ],
    )
    def test_a_fault_of_the_marker_is_one_of_its_test_alone(
        self, pytester: pytest.Pytester, marker: str, fault: str, remedy: str
    ) -> None:
        done = run(
            pytester,
            f"""
            @pytest.mark.dra({marker})
            def test_wrong(dra_cluster):
                pass

            def test_right(dra_cluster):
                pass
            """,
        )
        done.assert_outcomes(errors=1, passed=1)
        done.stdout.fnmatch_lines(["*ERROR at setup of test_wrong*", fault, f"*{remedy}"])
        done.stdout.no_fnmatch_line("*Traceback*")
        done.stdout.no_fnmatch_line("*dra/testing/*")


def test_the_marker_and_fixtures_are_listed(pytester: pytest.Pytester) -> None:
    run(pytester, "", "--markers").stdout.fnmatch_lines(["@pytest.mark.dra(machine='dgx-h100', *"])
    run(pytester, "", "--fixtures").stdout.fnmatch_lines(
        ["dra_kubernetes *", "dra_features *", "dra_cluster *", "dra_node *", "dra_allocate *"]
    )


class TestInstalled:
    """pytest finds the plugin by its entry point, as pyproject.toml declares it."""

    @pytest.fixture(autouse=True)
    def installed(self, pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> None:
        project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
        declared = project["entry-points"]["pytest11"]
        site = pytester.path / "site"
        about = site / "k8s_dra-0.dist-info"
        about.mkdir(parents=True)
        (about / "METADATA").write_text("Metadata-Version: 2.1\nName: k8s-dra\nVersion: 0\n")
        lines = [f"{name} = {module}" for name, module in declared.items()]
        (about / "entry_points.txt").write_text("\n".join(["[pytest11]", *lines]) + "\n")
        (found,) = importlib.metadata.distributions(path=[str(site)])
        assert [each.name for each in found.entry_points] == ["dra"]
        paths = [str(site), str(ROOT), *filter(None, [os.environ.get("PYTHONPATH")])]
        monkeypatch.setenv("PYTHONPATH", os.pathsep.join(paths))
        monkeypatch.delenv("PYTEST_DISABLE_PLUGIN_AUTOLOAD")

    def test_it_is_there_and_loads_next_to_nothing(self, pytester: pytest.Pytester) -> None:
        pytester.makepyfile(
            """
            import sys

            loaded = {each for each in sys.modules if each.startswith("dra")}

            def test_nothing_is_loaded():
                assert loaded == {"dra", "dra._version", "dra.testing", "dra.testing.plugin"}

            def test_until_it_is_asked_for(dra_cluster):
                assert "dra.allocator" in sys.modules
            """
        )
        done = pytester.runpytest_subprocess("-W", "error")
        done.assert_outcomes(passed=2)

    def test_it_can_be_switched_off(self, pytester: pytest.Pytester) -> None:
        pytester.makepyfile("def test_none(dra_cluster): pass")
        done = pytester.runpytest_subprocess("-p", "no:dra")
        done.assert_outcomes(errors=1)
        done.stdout.fnmatch_lines(["*fixture 'dra_cluster' not found*"])
