"""A Kubernetes control plane for tests: etcd, API server, controllers and scheduler as processes on loopback.

There is no kubelet: nodes are objects. The programs are built from `controlplane/` with Go, or taken from the
folder `DRA_TEST_BINARIES` (with `etcd`, `kube-apiserver`, `kube-controller-manager` and `kube-scheduler`).
Data, certificates and logs lie in a temporary folder.
"""

from __future__ import annotations

import contextlib
import os
import socket
import ssl
import subprocess
import time
import urllib.error
import urllib.request
from pathlib import Path
from types import TracebackType
from typing import Any

import attrs
import trustme
import yaml
from typing_extensions import Self

from dra.features import Features, Stage
from tests.go_programs import LATEST, build

SOURCES = Path(__file__).parent / "controlplane"
# The patch release that `go.mod` and `go-1.3x.mod` pin.
RELEASES = {"1.34": "v1.34.4", "1.35": "v1.35.4", "1.36": "v1.36.3", "1.37": "v1.37.2"}
# Gates that later minors have in GenericWorkload.
OLDER_GATES = {"1.35": ("GangScheduling",), "1.36": ("GangScheduling", "WorkloadAwarePreemption")}
# Controllers that DRA needs; nodes here have no kubelet, so none that watches over their health.
CONTROLLERS = (
    "resourceclaim-controller",
    "device-taint-eviction-controller",
    "garbage-collector-controller",
    "namespace-controller",
    "serviceaccount-controller",
)
# What would mend objects after the tests made them, or refuse them for lack of what tests do not need.
WITHOUT_ADMISSION = ("DefaultTolerationSeconds", "Priority", "ServiceAccount", "TaintNodesByCondition")
_START_SECONDS = 90


class ControlPlaneError(RuntimeError):
    """A component does not start; the text holds the end of its log."""


class ControlPlane:
    """Running components of one minor with every DRA gate on, stopped by `stop()` or at the end of `with`.

    Attributes:
        minor: Of Kubernetes.
        features: The gates that are on.
        kubeconfig: A file that makes a client administrator.
        authority: Whose certificates are trusted, the server's and those of clients.
        users: Tokens by the name of the user: `admin` may do everything, `nobody` nothing by itself.
    """

    def __init__(self, folder: Path, minor: str = LATEST) -> None:
        self.minor = minor
        self.folder = folder
        self.features = Features.from_gates(component_gates(minor), minor)
        self.authority = trustme.CA()
        self.users = {name: f"{name}-token" for name in ("admin", "scheduler", "controllers", "nobody")}
        self._processes: dict[str, subprocess.Popen[bytes]] = {}
        self._ports = dict(zip(("etcd", "peer", "api"), _free_ports(3), strict=True))
        self.server = f"https://127.0.0.1:{self._ports['api']}"
        self._write_credentials()
        self.kubeconfig = self.write_kubeconfig("admin")

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    # --- starting and stopping ---

    def start(self, *components: str) -> None:
        """Start some components, or all, and wait until the API server is ready.

        Raises:
            ControlPlaneError: One does not start.
        """
        for name in components or self._commands():
            if name not in self._processes:
                log = (self.folder / f"{name}.log").open("ab")
                self._processes[name] = subprocess.Popen(
                    [*program(name, self.minor), *self._commands()[name]],
                    stdout=log,
                    stderr=subprocess.STDOUT,
                    stdin=subprocess.DEVNULL,
                    cwd=self.folder,
                )
                log.close()
            if name == "kube-apiserver":
                self._await_ready()

    def stop(self, *components: str) -> None:
        """Kill some components, or all: their data is temporary, and a server would wait for its watchers."""
        for name in components or tuple(self._processes):
            process = self._processes.pop(name, None)
            if process is not None:
                process.kill()
                process.wait()

    def has_ended(self, name: str) -> bool:
        """Whether a component that was started has ended by itself."""
        return self._processes[name].poll() is not None

    def log(self, name: str, lines: int = 40) -> str:
        """The end of a component's log."""
        path = self.folder / f"{name}.log"
        return "\n".join(path.read_text(errors="replace").splitlines()[-lines:]) if path.exists() else ""

    def _await_ready(self) -> None:
        context = ssl.create_default_context(cafile=str(self.folder / "ca.pem"))
        request = urllib.request.Request(
            f"{self.server}/readyz", headers={"Authorization": f"Bearer {self.users['admin']}"}
        )
        deadline = time.monotonic() + _START_SECONDS
        while time.monotonic() < deadline:
            for name, process in self._processes.items():
                if process.poll() is not None:
                    raise ControlPlaneError(f"{name} ended with {process.returncode}:\n{self.log(name)}")
            with (
                contextlib.suppress(urllib.error.URLError, OSError),
                urllib.request.urlopen(request, context=context, timeout=5),
            ):
                return
            time.sleep(0.2)
        raise ControlPlaneError(f"kube-apiserver is not ready:\n{self.log('kube-apiserver')}")

    # --- what they are told ---

    def _commands(self) -> dict[str, list[str]]:
        etcd = f"http://127.0.0.1:{self._ports['etcd']}"
        peer = f"http://127.0.0.1:{self._ports['peer']}"
        gates = ",".join(f"{gate}={str(on).lower()}" for gate, on in component_gates(self.minor).items())
        return {
            "etcd": [
                f"--data-dir={self.folder / 'etcd'}",
                f"--listen-client-urls={etcd}",
                f"--advertise-client-urls={etcd}",
                f"--listen-peer-urls={peer}",
                f"--initial-advertise-peer-urls={peer}",
                f"--initial-cluster=default={peer}",
                "--unsafe-no-fsync",
                "--log-level=error",
            ],
            "kube-apiserver": [
                f"--etcd-servers={etcd}",
                "--bind-address=127.0.0.1",
                f"--secure-port={self._ports['api']}",
                f"--tls-cert-file={self.folder / 'server.pem'}",
                f"--tls-private-key-file={self.folder / 'server.key'}",
                f"--client-ca-file={self.folder / 'ca.pem'}",
                f"--token-auth-file={self.folder / 'tokens.csv'}",
                "--authorization-mode=RBAC",
                f"--service-account-issuer={self.server}",
                f"--service-account-key-file={self.folder / 'server.key'}",
                f"--service-account-signing-key-file={self.folder / 'server.key'}",
                "--service-cluster-ip-range=10.0.0.0/24",
                f"--disable-admission-plugins={','.join(WITHOUT_ADMISSION)}",
                "--runtime-config=api/all=true",
                f"--feature-gates={gates}",
                "--enable-priority-and-fairness=false",
                "--max-requests-inflight=0",
                "--max-mutating-requests-inflight=0",
            ],
            "kube-controller-manager": [
                f"--kubeconfig={self.write_kubeconfig('controllers')}",
                f"--controllers={','.join(CONTROLLERS)}",
                "--leader-elect=false",
                "--secure-port=0",
                f"--feature-gates={gates}",
                "--kube-api-qps=500",
                "--kube-api-burst=1000",
            ],
            "kube-scheduler": [
                f"--config={self._write_scheduler_config()}",
                "--secure-port=0",
                f"--feature-gates={gates}",
            ],
        }

    def _write_scheduler_config(self) -> Path:
        path = self.folder / "scheduler.yaml"
        configuration = {
            "apiVersion": "kubescheduler.config.k8s.io/v1",
            "kind": "KubeSchedulerConfiguration",
            "leaderElection": {"leaderElect": False},
            "clientConnection": {
                "kubeconfig": str(self.write_kubeconfig("scheduler")),
                "qps": 500,
                "burst": 1000,
            },
            "podInitialBackoffSeconds": 1,
            "podMaxBackoffSeconds": 1,
        }
        path.write_text(yaml.safe_dump(configuration))
        return path

    def write_kubeconfig(self, user: str) -> Path:
        """A kubeconfig file of a user."""
        path = self.folder / f"{user}.kubeconfig"
        cluster = {"server": self.server, "certificate-authority": str(self.folder / "ca.pem")}
        content: dict[str, Any] = {
            "apiVersion": "v1",
            "kind": "Config",
            "current-context": "test",
            "clusters": [{"name": "test", "cluster": cluster}],
            "users": [{"name": user, "user": {"token": self.users[user]}}],
            "contexts": [{"name": "test", "context": {"cluster": "test", "user": user}}],
        }
        path.write_text(yaml.safe_dump(content))
        return path

    def _write_credentials(self) -> None:
        self.authority.cert_pem.write_to_path(self.folder / "ca.pem")
        certificate = self.authority.issue_cert("127.0.0.1", "localhost")
        certificate.private_key_pem.write_to_path(self.folder / "server.key")
        for index, block in enumerate(certificate.cert_chain_pems):
            block.write_to_path(self.folder / "server.pem", append=index > 0)
        lines = [
            f'{token},{name},{name},"system:masters"' if name != "nobody" else f"{token},{name},{name}"
            for name, token in self.users.items()
        ]
        (self.folder / "tokens.csv").write_text("\n".join(lines) + "\n")


def component_gates(minor: str) -> dict[str, bool]:
    """Every gate that a minor has, `dra` has a rule for, and can be switched: on, alpha ones included."""
    stages = {field.metadata["gate"]: field.metadata["stages"][minor] for field in attrs.fields(Features)}
    ours = {gate: True for gate, stage in stages.items() if stage not in (Stage.ABSENT, Stage.LOCKED)}
    return ours | dict.fromkeys(OLDER_GATES.get(minor, ()), True)


def program(name: str, minor: str) -> list[str]:
    """The command that runs a component of a minor, built if need be."""
    if folder := os.environ.get("DRA_TEST_BINARIES"):
        return [str(Path(folder) / name)]
    ldflags = f"-s -w -X k8s.io/component-base/version.gitVersion={RELEASES[minor]}"
    return [str(build(SOURCES, minor, ldflags=ldflags)), name]


def _free_ports(count: int) -> list[int]:
    """Ports that were free a moment ago, all different."""
    with contextlib.ExitStack() as open_sockets:
        sockets = [open_sockets.enter_context(socket.socket()) for _ in range(count)]
        for each in sockets:
            each.bind(("127.0.0.1", 0))
        return [each.getsockname()[1] for each in sockets]
