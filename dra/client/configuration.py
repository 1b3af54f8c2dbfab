"""Which cluster, and who asks: what a kubeconfig or a pod says, read by the official client."""

from __future__ import annotations

import logging
import os
import re
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from pathlib import Path
from typing import Any, Final

import attrs

from dra.errors import ConfigError
from dra.suggestions import did_you_mean

__all__ = ["Place", "find", "heeding_plugins", "load", "reading", "secrets_of"]

_DEFAULT: Final = "~/.kube/config"
_SERVICE_ACCOUNT: Final = Path("/var/run/secrets/kubernetes.io/serviceaccount")
INSTALL: Final = "pip install 'k8s-dra[kubernetes]'"


@attrs.frozen
class Place:
    """Where the configuration is.

    Attributes:
        kubeconfig: The file, or files as in `KUBECONFIG`; empty inside a cluster.
        context: The name of a context; None for the current one.
    """

    kubeconfig: str
    context: str | None = None

    @property
    def in_cluster(self) -> bool:
        """Whether it is the pod that this runs in."""
        return not self.kubeconfig


def find(context: str | None, kubeconfig: str | os.PathLike[str] | None, in_cluster: bool | None) -> Place:
    """Where to look: what is named, else `KUBECONFIG`, else `~/.kube/config`, else the pod this runs in.

    Raises:
        ConfigError: The file is not there, or there is nothing at all.
    """
    if in_cluster and (context is not None or kubeconfig is not None):
        raise ConfigError("a pod's own cluster has no kubeconfig and no context", remedy="leave them out")
    if in_cluster:
        return Place("")
    named = kubeconfig if kubeconfig is not None else os.environ.get("KUBECONFIG")
    files = [each for each in str(named or _DEFAULT).split(os.pathsep) if each]
    there = [path for each in files if (path := Path(each).expanduser()).is_file()]
    if there and (kubeconfig is None or len(there) == len(files)):
        return Place(os.pathsep.join(map(str, there)), context)
    if named is None and context is None and in_cluster is None and "KUBERNETES_SERVICE_HOST" in os.environ:
        return Place("")
    raise ConfigError(
        "no such kubeconfig file",
        source=str(named or _DEFAULT),
        remedy="name one by kubeconfig= or --kubeconfig, or set KUBECONFIG",
    )


@contextmanager
def reading(place: Place) -> Iterator[None]:
    """Turn whatever the official client raises while it reads a configuration into a `ConfigError`.

    What files hold is not repeated, since it may be a secret.
    """
    try:
        with heeding_plugins(place.kubeconfig):
            yield
    except ConfigError:
        raise
    except ModuleNotFoundError as missing:
        reason = f"the client needs {missing.name}, which is not installed"
        raise ConfigError(reason, remedy=INSTALL) from None
    except Exception as error:
        raise _unreadable(error, place) from None


def _unreadable(error: Exception, place: Place) -> ConfigError:
    """The error for a configuration that the official client cannot read."""
    source = place.kubeconfig or "the pod's service account"
    # A ConfigException's first argument is the client's own sentence; anything else may quote the file.
    if type(error).__name__ == "ConfigException" and error.args and isinstance(error.args[0], str):
        reason = error.args[0].strip()
        remedy = _listed(place) if "context" in reason.lower() and place.kubeconfig else ""
        return ConfigError(reason, source=source, remedy=remedy)
    remedy = f"see what kubectl says: kubectl config view --kubeconfig {source}" if place.kubeconfig else ""
    mark = getattr(error, "problem_mark", None)  # of PyYAML
    if mark is not None:
        line, column = mark.line + 1, mark.column + 1
        return ConfigError("not YAML", source=source, line=line, column=column, remedy=remedy)
    if isinstance(error, UnicodeDecodeError):
        return ConfigError("not UTF-8 text", source=source, remedy=remedy)
    return ConfigError(
        f"no kubeconfig: {type(error).__name__} while reading it", source=source, remedy=remedy
    )


def _listed(place: Place) -> str:
    return f"contexts are listed by: kubectl config get-contexts --kubeconfig {place.kubeconfig}"


# What the official client logs about a plugin, as far as it repeats nothing of the plugin's output.
_COMPLAINT: Final = re.compile(
    r"exec: (?P<said>process returned -?\d+|failed to decode process output|mal\w+ \w+\. missing key '\w+'"
    r"|missing (?:token|clientKeyData)[\w ]*|plugin api version)|(?P<system>\[Errno .*)"
)
_complaints: ContextVar[list[str] | None] = ContextVar("complaints", default=None)


def _is_no_complaint(record: logging.LogRecord) -> bool:
    heard = _complaints.get()
    if heard is None or record.module != "kube_config" or record.levelno < logging.ERROR:
        return True
    heard.append(record.getMessage())
    return False


@contextmanager
def heeding_plugins(kubeconfig: str) -> Iterator[None]:
    """Turn what the official client only logs, that an exec plugin failed, into an error.

    It would go on without credentials. Its words are kept out of the logs: they repeat what the plugin wrote.

    Args:
        kubeconfig: What names the plugin; empty if that is not known.

    Raises:
        ConfigError: The plugin failed.
    """
    for logger in (logging.getLogger(), logging.getLogger("kubernetes.aio.config.kube_config")):
        logger.addFilter(_is_no_complaint)
    heard: list[str] = []
    token = _complaints.set(heard)
    try:
        yield
    finally:
        _complaints.reset(token)
    if heard:
        found = _COMPLAINT.match(heard[0])
        why = (found["said"] or found["system"]) if found is not None else "it failed"
        if why == "plugin api version":
            why = "its apiVersion is another than that of the kubeconfig"
        raise ConfigError(
            f"the exec plugin gave no credentials: {why}",
            source=kubeconfig,
            remedy="run the command of the kubeconfig's users[].user.exec by hand to see what it says",
        )


def load(place: Place) -> tuple[Any, str]:
    """An `ApiClient` of the official client, and the namespace of objects that do not say theirs.

    Raises:
        ConfigError: There is no such context, or something is wrong with the file.
    """
    with reading(place):
        from kubernetes import client, config

        kubernetes_config: Any = config  # it has no types
        if place.in_cluster:
            settings = client.Configuration()
            kubernetes_config.load_incluster_config(client_configuration=settings)
            return client.ApiClient(configuration=settings), pod_namespace()
        contexts = kubernetes_config.list_kube_config_contexts(place.kubeconfig)
        namespace = context_namespace(place, *contexts)
        return kubernetes_config.new_client_from_config(place.kubeconfig, place.context), namespace


def pod_namespace() -> str:
    """The namespace of the pod that this runs in."""
    try:
        return (_SERVICE_ACCOUNT / "namespace").read_text().strip() or "default"
    except OSError:
        return "default"


def context_namespace(place: Place, contexts: Iterable[Mapping[str, Any]], current: Mapping[str, Any]) -> str:
    """The namespace that the named context says, or the current one.

    Args:
        place: Which context.
        contexts: All, as the official client gives them.
        current: The current one.

    Raises:
        ConfigError: There is no such context.
    """
    by_name = {str(each.get("name")): each for each in contexts}
    if place.context and place.context not in by_name:
        raise ConfigError(
            f"there is no context {place.context!r}",
            source=place.kubeconfig,
            value=place.context,
            remedy=did_you_mean(place.context, by_name, _listed(place)),
        )
    details = by_name.get(place.context or "", current).get("context") or {}
    return str(details.get("namespace") or "default")


def secrets_of(headers: dict[str, str]) -> list[bytes]:
    """What must not be shown of a request's headers: credentials, whole and without the word before them."""
    found = []
    for name, value in headers.items():
        if name.lower() in ("authorization", "proxy-authorization", "cookie"):
            found += [value.encode(), value.rpartition(" ")[2].encode()]
    return [secret for secret in found if len(secret) > 3]
