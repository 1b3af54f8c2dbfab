"""The pages about running clusters do what they say: each Python block runs on a real one."""

from __future__ import annotations

from pathlib import Path

import pytest

import dra
from tests.integration.clients import client_of
from tests.integration.control_plane import ControlPlane
from tests.unit.test_docs import ROOT, blocks_of, run_python

pytestmark = pytest.mark.integration


@pytest.mark.parametrize("name", ["client.md", "snapshot.md"])
def test_the_page_runs(
    control_plane: ControlPlane, name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("KUBECONFIG", str(control_plane.kubeconfig))
    monkeypatch.chdir(tmp_path)
    (tmp_path / "examples").symlink_to(ROOT / "examples")
    page = ROOT / "docs" / name
    namespace: dict[str, object] = {}
    try:
        for block in blocks_of(page.read_text("utf-8")):
            if block.language == "python":
                run_python(block, page, namespace)
    finally:
        with client_of(control_plane) as client:
            client.delete(dra.ResourceClaim, "train", "default", missing_ok=True)
