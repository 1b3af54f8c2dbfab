"""Ways to be somebody: exec plugins, client certificates, and the service account of a pod."""

from __future__ import annotations

import asyncio
import json
import logging
import os
import subprocess
import sys
import traceback
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pytest
import yaml

import dra
import dra.client
from dra.client.aio import connect as connect_async
from dra.errors import ConfigError
from tests.integration.api import Api, until
from tests.integration.clients import client_of, namespace
from tests.integration.control_plane import ControlPlane

pytestmark = pytest.mark.integration

SPACE = "credentials"
SECRET = "s3cret-of-the-plugin"
EXEC = "client.authentication.k8s.io/v1"
Json = dict[str, Any]


@pytest.fixture
def plugin(control_plane: ControlPlane, api: Api, tmp_path: Path) -> Callable[..., Path]:
    """A kubeconfig whose user is whoever a script says, as cloud providers have it."""

    def with_script(text: str, **settings: Any) -> Path:
        script = tmp_path / "get-token"
        script.write_text(f"#!{sys.executable}\n{text}\n")
        script.chmod(0o755)
        content = yaml.safe_load(control_plane.kubeconfig.read_text())
        content["users"][0]["user"] = {
            "exec": {
                "apiVersion": EXEC,
                "command": str(script),
                "args": ["eks", "get-token", "--cluster-name", "test"],
                "env": [{"name": "PROFILE", "value": "team"}],
                "interactiveMode": "IfAvailable",
                "provideClusterInfo": True,
                **settings,
            }
        }
        path = tmp_path / "plugin.kubeconfig"
        path.write_text(yaml.safe_dump(content))
        return path

    return with_script


def saying(**status: Any) -> str:
    """A script that prints a credential and counts its calls, with what it was told."""
    credential = {"apiVersion": EXEC, "kind": "ExecCredential", "status": status}
    return (
        "import json, os, sys\n"
        "told = [sys.argv[1:], os.environ['PROFILE'], json.loads(os.environ['KUBERNETES_EXEC_INFO'])]\n"
        "with open(os.path.dirname(__file__) + '/calls', 'a') as calls:\n"
        "    print(json.dumps(told), file=calls)\n"
        f"print({json.dumps(json.dumps(credential))})"
    )


def calls(folder: Path) -> list[Any]:
    return [json.loads(line) for line in (folder / "calls").read_text().splitlines()]


def test_a_plugin_says_who_asks(
    plugin: Callable[..., Path], control_plane: ControlPlane, tmp_path: Path
) -> None:
    kubeconfig = plugin(saying(token=control_plane.users["admin"]))
    with dra.client.connect(kubeconfig=kubeconfig) as client:
        assert client.kubernetes == control_plane.minor
        client.list(dra.Node)
        client.list(dra.ResourceSlice)
    ((arguments, profile, info),) = calls(tmp_path)
    assert (arguments[0], profile, info["apiVersion"]) == ("eks", "team", EXEC)
    assert info["spec"]["cluster"]["server"] == control_plane.server


def test_a_plugin_says_who_asks_with_asyncio(
    plugin: Callable[..., Path], control_plane: ControlPlane, tmp_path: Path
) -> None:
    async def talk() -> str:
        async with await connect_async(kubeconfig=plugin(saying(token=control_plane.users["admin"]))) as it:
            await it.list(dra.ResourceSlice)
            return await it.kubernetes()

    assert asyncio.run(talk()) == control_plane.minor
    assert len(calls(tmp_path)) == 1


def test_a_plugin_is_asked_again_when_its_token_expires(
    plugin: Callable[..., Path], control_plane: ControlPlane, tmp_path: Path
) -> None:
    over = (datetime.now(timezone.utc) - timedelta(hours=1)).isoformat()
    kubeconfig = plugin(saying(token=control_plane.users["admin"], expirationTimestamp=over))
    with dra.client.connect(kubeconfig=kubeconfig) as client:
        client.list(dra.ResourceSlice)
        before = len(calls(tmp_path))
        client.list(dra.ResourceSlice)
        assert len(calls(tmp_path)) > before
        plugin(f"raise SystemExit({SECRET!r})")
        with pytest.raises(ConfigError, match="the exec plugin gave no credentials: process returned 1"):
            client.list(dra.ResourceSlice)


def test_a_plugin_is_asked_again_with_asyncio(
    plugin: Callable[..., Path], control_plane: ControlPlane, tmp_path: Path
) -> None:
    over = (datetime.now(timezone.utc) - timedelta(hours=1)).isoformat()

    async def talk() -> None:
        kubeconfig = plugin(saying(token=control_plane.users["admin"], expirationTimestamp=over))
        async with await connect_async(kubeconfig=kubeconfig) as client:
            before = len(calls(tmp_path))
            await client.list(dra.ResourceSlice)
            assert len(calls(tmp_path)) > before
            plugin(f"raise SystemExit({SECRET!r})")
            with pytest.raises(ConfigError, match="the exec plugin gave no credentials: process returned 1"):
                await client.list(dra.ResourceSlice)

    asyncio.run(talk())


def test_a_plugin_is_not_asked_while_its_token_holds(
    plugin: Callable[..., Path], control_plane: ControlPlane, tmp_path: Path
) -> None:
    later = (datetime.now(timezone.utc) + timedelta(hours=1)).isoformat()
    kubeconfig = plugin(saying(token=control_plane.users["admin"], expirationTimestamp=later))

    async def talk() -> None:
        async with await connect_async(kubeconfig=kubeconfig) as client:
            await client.list(dra.ResourceSlice)
            await client.list(dra.ResourceSlice)

    asyncio.run(talk())
    assert len(calls(tmp_path)) == 1
    with dra.client.connect(kubeconfig=kubeconfig) as client:
        client.list(dra.ResourceSlice)
        client.list(dra.ResourceSlice)
    assert len(calls(tmp_path)) == 2


def certificate(control_plane: ControlPlane) -> dict[str, str]:
    """A certificate of an administrator, as a plugin gives it."""
    issued = control_plane.authority.issue_cert(
        "client.example.com", common_name="certified", organization_name="system:masters"
    )
    chain = b"".join(block.bytes() for block in issued.cert_chain_pems)
    return {"clientCertificateData": chain.decode(), "clientKeyData": issued.private_key_pem.bytes().decode()}


def test_a_plugin_gives_a_certificate(plugin: Callable[..., Path], control_plane: ControlPlane) -> None:
    kubeconfig = plugin(saying(**certificate(control_plane)))
    with dra.client.connect(kubeconfig=kubeconfig) as client:
        assert client.list(dra.Node)


def test_a_kubeconfig_has_a_certificate(control_plane: ControlPlane, api: Api, tmp_path: Path) -> None:
    content = yaml.safe_load(control_plane.kubeconfig.read_text())
    given = certificate(control_plane)
    for name, key in (("client-certificate", "clientCertificateData"), ("client-key", "clientKeyData")):
        (tmp_path / name).write_text(given[key])
    content["users"][0]["user"] = {name: name for name in ("client-certificate", "client-key")}
    kubeconfig = tmp_path / "certificate.kubeconfig"
    kubeconfig.write_text(yaml.safe_dump(content))
    with dra.client.connect(kubeconfig=kubeconfig) as client:
        assert client.list(dra.Node)

    async def talk() -> list[dra.Node]:
        async with await connect_async(kubeconfig=kubeconfig) as it:
            return await it.list(dra.Node)

    assert asyncio.run(talk())


def answering(**answer: Any) -> str:
    return f"print({json.dumps(json.dumps(answer))})"


FAILURES = {
    "process returned 3": f"import sys; print('log in first: {SECRET}', file=sys.stderr); sys.exit(3)",
    "failed to decode process output": f"print('{SECRET}')",
    "malformed response. missing key 'status'": answering(apiVersion=EXEC, kind=SECRET),
    "missing token or clientCertificateData": answering(
        apiVersion=EXEC, kind="ExecCredential", status={"code": SECRET}
    ),
    "its apiVersion is another": answering(apiVersion=SECRET, kind="ExecCredential", status={}),
}


def connected_async(kubeconfig: Path) -> None:
    async def connect() -> None:
        await connect_async(kubeconfig=kubeconfig)

    asyncio.run(connect())


@pytest.mark.parametrize("why", FAILURES)
@pytest.mark.parametrize(
    "connect", [lambda path: dra.client.connect(kubeconfig=path), connected_async], ids=["sync", "async"]
)
def test_a_plugin_that_fails_is_named_and_not_quoted(
    plugin: Callable[..., Path],
    why: str,
    connect: Callable[[Path], object],
    caplog: pytest.LogCaptureFixture,
) -> None:
    kubeconfig = plugin(FAILURES[why])
    caplog.set_level(logging.DEBUG)
    with pytest.raises(ConfigError) as raised:
        connect(kubeconfig)
    assert f"the exec plugin gave no credentials: {why}" in str(raised.value)
    assert str(kubeconfig) in str(raised.value)
    assert "users[].user.exec" in raised.value.remedy
    shown = "".join(traceback.format_exception(raised.value)) + caplog.text
    assert SECRET not in shown


def test_a_plugin_that_is_not_there(plugin: Callable[..., Path]) -> None:
    with pytest.raises(ConfigError, match=r"No such file or directory: '/nowhere/aws'"):
        dra.client.connect(kubeconfig=plugin("", command="/nowhere/aws"))


# --- in a pod -----------------------------------------------------------------------------------------------

ACCOUNT = "watcher"
# What a pod sees, in a mount namespace of its own: the files where the kubelet would put them.
IN_A_POD = """\
set -e
mount -t tmpfs tmpfs /run
[ -L /var/run ] || mount --bind /run /var/run
mkdir -p /var/run/secrets/kubernetes.io
cp -r "$1" /var/run/secrets/kubernetes.io/serviceaccount
shift
exec "$@"
"""


@pytest.fixture(scope="module")
def account(control_plane: ControlPlane, api: Api) -> Iterator[dict[str, str]]:
    """What a pod of a service account is given: its token, the authority, its namespace."""
    rights = [{"apiGroups": ["resource.k8s.io"], "resources": ["resourceclaims"], "verbs": ["list"]}]
    rbac = {"apiVersion": "rbac.authorization.k8s.io/v1"}
    metadata = {"name": ACCOUNT, "namespace": SPACE}
    subject = {"kind": "ServiceAccount", "name": ACCOUNT, "namespace": SPACE}
    reference = {"apiGroup": "rbac.authorization.k8s.io", "kind": "Role", "name": ACCOUNT}
    made: dict[str, Any] = {"apiVersion": "v1", "kind": "ServiceAccount", "metadata": metadata}
    objects = dra.load(
        [
            made,
            {**rbac, "kind": "Role", "metadata": metadata, "rules": rights},
            {
                **rbac,
                "kind": "RoleBinding",
                "metadata": metadata,
                "roleRef": reference,
                "subjects": [subject],
            },
        ]
    )
    with client_of(control_plane) as client:
        client.apply([namespace(SPACE), *objects])
        path = f"/api/v1/namespaces/{SPACE}/serviceaccounts/{ACCOUNT}/token"
        wanted = {"apiVersion": "authentication.k8s.io/v1", "kind": "TokenRequest", "spec": {}}
        token = api.must(api.request("POST", path, wanted))["status"]["token"]
        authority = (control_plane.folder / "ca.pem").read_text()
        yield {"token": token, "ca.crt": authority, "namespace": SPACE}
        client.delete(objects)


@pytest.fixture
def in_a_pod(
    control_plane: ControlPlane, account: dict[str, str], tmp_path: Path
) -> Callable[..., subprocess.CompletedProcess[str]]:
    """Run Python as if in a pod."""
    probe = subprocess.run(
        ["unshare", "-rm", "mount", "-t", "tmpfs", "tmpfs", "/run"], capture_output=True, check=False
    )
    if probe.returncode:
        pytest.skip("this machine allows no mount namespace (unshare -rm)")
    files = tmp_path / "serviceaccount"
    files.mkdir()
    for name, content in account.items():
        (files / name).write_text(content)
    host, port = control_plane.server.removeprefix("https://").split(":")

    def run(*arguments: str) -> subprocess.CompletedProcess[str]:
        environment = {
            **{key: value for key, value in os.environ.items() if key != "KUBECONFIG"},
            "HOME": str(tmp_path),
            "KUBERNETES_SERVICE_HOST": host,
            "KUBERNETES_SERVICE_PORT": port,
        }
        command = ["unshare", "-rm", "sh", "-c", IN_A_POD, "sh", str(files), sys.executable, *arguments]
        return subprocess.run(command, env=environment, capture_output=True, text=True, check=False)

    return run


SYNC = (
    "import dra; c = dra.client.connect(); print(c.namespace, len(c.list(dra.ResourceClaim)), c.kubernetes)"
)
ASYNC = """\
import asyncio, dra, dra.client.aio
async def talk():
    async with await dra.client.aio.connect() as c:
        print(c.namespace, len(await c.list(dra.ResourceClaim)), await c.kubernetes())
asyncio.run(talk())
"""


@pytest.mark.parametrize("script", [SYNC, ASYNC], ids=["sync", "async"])
def test_a_pod_asks_its_own_cluster_as_its_service_account(
    in_a_pod: Callable[..., subprocess.CompletedProcess[str]],
    control_plane: ControlPlane,
    account: dict[str, str],
    script: str,
) -> None:
    def answered() -> subprocess.CompletedProcess[str] | None:
        done = in_a_pod("-c", script)
        return done if done.returncode == 0 else None

    answers = until(answered, "the rights are known")
    assert answers.stdout.split() == [SPACE, "0", control_plane.minor]


def test_what_a_service_account_may_not_is_said_without_its_token(
    in_a_pod: Callable[..., subprocess.CompletedProcess[str]], account: dict[str, str]
) -> None:
    refused = in_a_pod("-m", "dra", "snapshot", "-o", "-")
    assert refused.returncode == 2
    assert "may not list nodes" in refused.stderr
    assert f"system:serviceaccount:{SPACE}:{ACCOUNT}" in refused.stderr
    assert account["token"] not in refused.stdout + refused.stderr


def test_a_pod_without_a_service_account_is_told_so(
    in_a_pod: Callable[..., subprocess.CompletedProcess[str]], tmp_path: Path
) -> None:
    (tmp_path / "serviceaccount" / "token").unlink()
    refused = in_a_pod("-m", "dra", "snapshot", "-o", "-")
    assert refused.returncode == 2
    assert "the pod's service account: Service token file does not exist" in refused.stderr
