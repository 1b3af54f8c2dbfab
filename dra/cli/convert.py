"""`dra convert` and `dra default`: manifests in another API version, or as the server would store them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Annotated

import typer

import dra
from dra.cli.exit_code import ExitCode
from dra.cli.files import Files, FilesToRead, read
from dra.cli.gates import FeatureGates, features_of
from dra.cli.options import Kubernetes, ManifestFormat, OptionalFilenames
from dra.cli.output import Manifest, print_error, print_manifests
from dra.errors import UnknownVersionError
from dra.features import LATEST, minor

if TYPE_CHECKING:
    from dra.models.loading import Located
    from dra.models.meta import KubernetesObject

__all__ = ["convert", "default"]

To = Annotated[
    str | None,
    typer.Option(
        "--to",
        metavar="API_VERSION",
        help="Such as resource.k8s.io/v1, or v1; the best that the minor serves if left out.",
    ),
]


def convert(
    files: FilesToRead = None,
    filenames: OptionalFilenames = None,
    to: To = None,
    kubernetes: Kubernetes = LATEST,
    output: ManifestFormat = Manifest.YAML,
) -> ExitCode:
    """Write manifests in another API version.

    Objects whose kind has no such version are written as they are. What the version cannot express is an
    error, never dropped.
    """
    known = minor(kubernetes)
    given = read(files, filenames)
    if to is not None:
        _check_known(to, given.objects)
    return _rewritten(given, lambda obj: _converted(obj, to, known), output)


def _check_known(to: str, objects: Sequence[KubernetesObject]) -> None:
    """Refuse a version that none of the objects has: nothing would be converted."""
    names = sorted({version.name for each in objects for version in each.versions()})
    if objects and to not in names and to not in [each.rpartition("/")[2] for each in names]:
        raise UnknownVersionError(
            f"--to {to!r} is a version of nothing that is read",
            value=to,
            remedy=f"known: {', '.join(names) or 'none'}",
        )


def _converted(obj: KubernetesObject, to: str | None, kubernetes: str) -> KubernetesObject:
    from dra.validation.versions import served_versions

    group = obj.api_version.rpartition("/")[0]
    wanted = to if to is None or "/" in to or not group else f"{group}/{to}"
    if wanted is None:
        served = served_versions(obj, kubernetes)
        return dra.convert(obj, served[0]) if served else obj
    is_known = any(version.name == wanted for version in obj.versions())
    return dra.convert(obj, wanted) if is_known else obj


def default(
    files: FilesToRead = None,
    filenames: OptionalFilenames = None,
    kubernetes: Kubernetes = LATEST,
    feature_gates: FeatureGates = None,
    output: ManifestFormat = Manifest.YAML,
) -> ExitCode:
    """Write manifests with what the API server fills in."""
    features = features_of(kubernetes, feature_gates)
    return _rewritten(read(files, filenames), lambda obj: dra.default(obj, features=features), output)


def _rewritten(
    manifests: Files, rewrite: Callable[[KubernetesObject], KubernetesObject], output: Manifest
) -> ExitCode:
    """Print every object rewritten, and on stderr what cannot be."""
    errors: list[dra.DraError] = list(manifests.unreadable)
    done = [obj for each in manifests.located if (obj := _one(each, rewrite, errors)) is not None]
    if done:
        print_manifests(done, output)
    for problem in (*manifests.faults, *errors):
        print_error(str(problem))
    return ExitCode.BAD_INPUT if errors or manifests.faults else ExitCode.OK


def _one(
    located: Located,
    rewrite: Callable[[KubernetesObject], KubernetesObject],
    errors: list[dra.DraError],
) -> KubernetesObject | None:
    try:
        return rewrite(located.object)
    except dra.DraError as error:
        errors.append(located.locate(error))
        return None
