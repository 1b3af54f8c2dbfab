"""A running cluster in place of files: `--context` and `--kubeconfig` for every command about a cluster.

`live` adds both options to a command that reads files. What they name becomes one more name among those of
the files, and the rules are those of the cluster's minor unless `--kubernetes` says otherwise.
"""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Annotated, Any, Final, ParamSpec, TypeVar, cast

import typer
from typing_extensions import Self

from dra.cli.options import starting
from dra.errors import LoadError
from dra.features import KUBERNETES_MINORS, LATEST, nearest_minor

if TYPE_CHECKING:
    from dra.client import Client
    from dra.models.meta import KubernetesObject

__all__ = ["Context", "Kubeconfig", "LiveCluster", "live"]

_P = ParamSpec("_P")
_Result = TypeVar("_Result")

Context = Annotated[
    str | None,
    typer.Option(
        "--context",
        metavar="NAME",
        help="Read the cluster of this context of the kubeconfig; '' for the current one.",
        show_default=False,
    ),
]
Kubeconfig = Annotated[
    str | None,
    typer.Option(
        "--kubeconfig", metavar="FILE", help="Read the cluster of this kubeconfig.", show_default=False
    ),
]
_KUBERNETES: Final = Annotated[
    str | None,
    typer.Option(
        "--kubernetes",
        metavar="VERSION",
        help="The Kubernetes minor whose rules hold.",
        autocompletion=starting(lambda: KUBERNETES_MINORS),
        show_default=f"that of the cluster, {LATEST} for files",
    ),
]


class LiveCluster(str):
    """A running cluster, named on the command line like a file. Its text is what messages call it."""

    client: Client

    @classmethod
    def connect(cls, context: str | None, kubeconfig: str | None) -> Self:
        """The cluster that the options name.

        Raises:
            ConfigError: There is no such cluster.
        """
        from dra.client import connect

        name = cls(f"context {context}" if context else "the current context")
        name.client = connect(context or None, kubeconfig, in_cluster=None if not context else False)
        return name

    def minor(self) -> str:
        """The minor whose rules hold in it."""
        return nearest_minor(self.client.kubernetes)

    def contents(self) -> Iterable[KubernetesObject]:
        """Its objects, as far as scheduling needs them."""
        return self.client.contents()


def live(command: Callable[_P, _Result]) -> Callable[_P, _Result]:
    """The command with both options, if it reads files by `--filename` or as arguments."""
    signature = inspect.signature(command, eval_str=True)
    parameters = dict(signature.parameters)
    reads = next((name for name in ("filename", "filenames") if name in parameters), None)
    if reads is None:
        return command
    needs_files = parameters[reads].default in (inspect.Parameter.empty, [])

    @functools.wraps(command)
    def run(*args: _P.args, **kwargs: _P.kwargs) -> _Result:
        options = cast("dict[str, Any]", kwargs)
        context, kubeconfig = options.pop("context"), options.pop("kubeconfig")
        names: list[str] = list(options[reads] or ())
        minor = LATEST
        if context is not None or kubeconfig is not None:
            cluster = LiveCluster.connect(context, kubeconfig)
            names.append(cluster)
            if "kubernetes" in options and options["kubernetes"] is None:
                minor = cluster.minor()
        if "kubernetes" in options and options["kubernetes"] is None:
            options["kubernetes"] = minor
        if needs_files and not names:
            raise LoadError(
                "no files and no cluster",
                remedy="name files by -f, or a cluster by --context or --kubeconfig",
            )
        options[reads] = names or ([] if needs_files else None)
        return command(*args, **kwargs)

    names_of_files = parameters[reads].annotation
    annotations: dict[str, Any] = {
        reads: _optional(names_of_files) if needs_files else names_of_files,
        "context": Context,
        "kubeconfig": Kubeconfig,
        **({"kubernetes": _KUBERNETES} if "kubernetes" in parameters else {}),
    }
    for name, annotation in annotations.items():
        parameters[name] = inspect.Parameter(
            name, inspect.Parameter.KEYWORD_ONLY, default=None, annotation=annotation
        )
    ordered = [each.replace(kind=inspect.Parameter.KEYWORD_ONLY) for each in parameters.values()]
    run.__signature__ = signature.replace(parameters=ordered)  # type: ignore[attr-defined] # functions have it
    run.__annotations__ = {each.name: each.annotation for each in ordered}
    return run


def _optional(annotation: Any) -> Any:
    """The annotation of an option that may be left out."""
    (option,) = annotation.__metadata__
    return Annotated[annotation.__origin__ | None, option]
