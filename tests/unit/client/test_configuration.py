"""`dra.client.configuration`: which kubeconfig, and what is said when there is none."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

import dra.client
from dra.client.configuration import find, secrets_of
from dra.errors import ConfigError

SECRET = "t0ken-of-somebody"


def kubeconfig(path: Path, **changes: Any) -> Path:
    content = {
        "apiVersion": "v1",
        "kind": "Config",
        "current-context": "here",
        "clusters": [{"name": "a", "cluster": {"server": "http://127.0.0.1:1"}}],
        "users": [{"name": "u", "user": {"token": SECRET}}],
        "contexts": [
            {"name": "here", "context": {"cluster": "a", "user": "u", "namespace": "team"}},
            {"name": "there", "context": {"cluster": "a", "user": "u"}},
        ],
        **changes,
    }
    path.write_text(yaml.safe_dump(content))
    return path


@pytest.fixture(autouse=True)
def nowhere(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """No kubeconfig but those of the test, and no pod."""
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.delenv("KUBECONFIG", raising=False)
    monkeypatch.delenv("KUBERNETES_SERVICE_HOST", raising=False)


def test_the_namespace_is_that_of_the_context(tmp_path: Path) -> None:
    path = kubeconfig(tmp_path / "config")
    assert dra.client.connect(kubeconfig=path).namespace == "team"
    assert dra.client.connect("there", path).namespace == "default"
    assert dra.client.connect("there", path, namespace="mine").namespace == "mine"


def test_the_environment_names_a_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KUBECONFIG", str(kubeconfig(tmp_path / "config")))
    assert dra.client.connect().host == "http://127.0.0.1:1"


def test_without_any_a_pod_asks_its_own_cluster(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KUBERNETES_SERVICE_HOST", "10.0.0.1")
    assert find(None, None, None).in_cluster
    with pytest.raises(ConfigError, match="no such kubeconfig"):
        find(None, None, in_cluster=False)
    with pytest.raises(ConfigError, match="no such kubeconfig"):
        find("there", None, None)


def test_a_pod_without_an_account_says_so() -> None:
    with pytest.raises(ConfigError, match="host/port is not set"):
        dra.client.connect(in_cluster=True)
    with pytest.raises(ConfigError, match="no context"):
        dra.client.connect("there", in_cluster=True)


def test_nothing_at_all() -> None:
    with pytest.raises(ConfigError, match="no such kubeconfig file") as refused:
        dra.client.connect()
    assert "KUBECONFIG" in refused.value.remedy


@pytest.mark.parametrize(
    "changes",
    [
        {"users": "nobody"},
        {"contexts": []},
        {"clusters": [{"name": "b"}]},
        {"current-context": "gone"},
    ],
    ids=lambda changes: next(iter(changes)),
)
def test_a_broken_file_is_an_error_that_does_not_quote_it(tmp_path: Path, changes: dict[str, Any]) -> None:
    path = kubeconfig(tmp_path / "config", **changes)
    with pytest.raises(ConfigError) as refused:
        dra.client.connect(kubeconfig=path)
    assert str(path) in str(refused.value)
    assert SECRET not in str(refused.value)


def test_a_file_that_is_no_yaml_is_not_quoted(tmp_path: Path) -> None:
    path = tmp_path / "config"
    path.write_text(f"users: [token: {SECRET}: {SECRET}\n  - {SECRET}")
    with pytest.raises(ConfigError) as refused:
        dra.client.connect(kubeconfig=path)
    assert SECRET not in str(refused.value)


def test_an_unknown_context_is_named(tmp_path: Path) -> None:
    path = kubeconfig(tmp_path / "config")
    with pytest.raises(ConfigError, match="there is no context 'production'") as refused:
        dra.client.connect("production", path)
    assert "get-contexts" in refused.value.remedy
    with pytest.raises(ConfigError) as refused:
        dra.client.connect("theer", path)
    assert refused.value.remedy == "did you mean 'there'?"


@pytest.mark.parametrize(
    ("content", "where", "reason"),
    [
        (b"users: []\nclusters: [1", 2, "not YAML"),
        (b"\xff\xfeu\x00", 0, "not UTF-8 text"),
        (b"contexts: 7\ncurrent-context: here\n", 0, "no kubeconfig"),
    ],
)
def test_a_file_that_is_no_kubeconfig_is_shown_with_its_line(
    tmp_path: Path, content: bytes, where: int, reason: str
) -> None:
    path = tmp_path / "config"
    path.write_bytes(content)
    with pytest.raises(ConfigError, match=reason) as refused:
        dra.client.connect(kubeconfig=path)
    assert refused.value.line == where
    assert refused.value.remedy.endswith(f"kubectl config view --kubeconfig {path}")


def test_a_client_does_not_show_its_token(tmp_path: Path) -> None:
    client = dra.client.connect(kubeconfig=kubeconfig(tmp_path / "config"))
    assert repr(client) == "<Client of http://127.0.0.1:1, namespace team>"
    assert SECRET not in repr(client.__dict__)


def test_what_is_secret_in_headers() -> None:
    assert secrets_of({"authorization": f"Bearer {SECRET}"}) == [f"Bearer {SECRET}".encode(), SECRET.encode()]
    assert secrets_of({"Accept": "application/json"}) == []
