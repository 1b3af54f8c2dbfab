"""`dra validate` and `dra lint`: what is wrong in manifests, before a cluster says so."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Annotated

import typer

import dra
from dra.cli.exit_code import ExitCode
from dra.cli.files import Files, FilesToRead, read, refuse_stdin_twice
from dra.cli.gates import FeatureGates, features_of
from dra.cli.options import Kubernetes, OptionalFilenames
from dra.cli.output import print_error, print_text
from dra.cli.problems import Problem, Report, look_ups, print_problems
from dra.errors import DecodeError
from dra.features import LATEST

if TYPE_CHECKING:
    from dra.models.loading import Located

__all__ = ["lint", "validate"]

ReportFormat = Annotated[Report, typer.Option("--output", "-o", help="How to print the errors.")]
Strict = Annotated[
    bool,
    typer.Option("--strict/--lenient", help="Refuse fields that the kind does not have, as kubectl does."),
]
Slices = Annotated[
    list[str] | None,
    typer.Option(
        "--slices", metavar="FILE_OR_FOLDER", help="ResourceSlices to try selectors on; 'kubectl get' them."
    ),
]


def validate(
    files: FilesToRead = None,
    filenames: OptionalFilenames = None,
    kubernetes: Kubernetes = LATEST,
    feature_gates: FeatureGates = None,
    strict: Strict = True,
    output: ReportFormat = Report.TEXT,
) -> ExitCode:
    """Say what the API server would refuse.

    Exit status: 0 all objects are valid, 1 some are not, 2 something cannot be read.
    """
    features = features_of(kubernetes, feature_gates)
    manifests = read(files, filenames)
    problems = _errors(manifests.located, kubernetes, features, strict)
    return _reported(manifests, problems, output, "valid")


def _errors(
    located: tuple[Located, ...], kubernetes: str, features: dra.Features, strict: bool
) -> Iterator[Problem]:
    for each, look_up in zip(located, look_ups(located), strict=True):
        if strict:
            yield from _unknown_field(each)
        for error in dra.validate(each.object, kubernetes, features):
            yield Problem.of_error(error, each, look_up=look_up)


def _unknown_field(located: Located) -> Iterator[Problem]:
    """The first field that the kind does not have; the server drops it, kubectl refuses it."""
    from dra.models.kinds import decode

    try:
        decode(located.object.to_dict(), strict=True)
    except DecodeError as error:
        yield Problem.of_exception(located.locate(error))


def lint(
    files: FilesToRead = None,
    filenames: OptionalFilenames = None,
    slices: Slices = None,
    kubernetes: Kubernetes = LATEST,
    feature_gates: FeatureGates = None,
    output: ReportFormat = Report.TEXT,
) -> ExitCode:
    """Say what the API server accepts and you will regret.

    Exit status: 0 nothing but notes, 1 errors or warnings, 2 something cannot be read.
    """
    refuse_stdin_twice(files, filenames, slices)
    features = features_of(kubernetes, feature_gates)
    manifests = read(files, filenames)
    known = read(slices) if slices else Files()
    by_object = {id(each.object): each for each in manifests.located}
    findings = dra.lint(manifests.objects, kubernetes, slices=known.objects, features=features)
    owners = [by_object[id(finding.object)] for finding in findings]
    problems = [
        Problem.of_finding(finding, owner, look_up=look_up)
        for finding, owner, look_up in zip(findings, owners, look_ups(owners), strict=True)
    ]
    return _reported(manifests.with_faults_of(known), problems, output, "nothing to complain about")


def _reported(manifests: Files, found: Iterable[Problem], output: Report, praise: str) -> ExitCode:
    """Print everything and say how it went."""
    problems = [*map(Problem.of_exception, manifests.faults), *found]
    problems.sort(key=lambda problem: (problem.source, problem.line, problem.column))
    print_problems(problems, output)
    for error in manifests.unreadable:
        print_error(str(error))
    if output in (Report.TABLE, Report.TEXT) and not problems and not manifests.unreadable:
        count = len(manifests.located)
        print_text(f"{count} {'object' if count == 1 else 'objects'}: {praise}")
    if manifests.unreadable:
        return ExitCode.BAD_INPUT
    return ExitCode.NO if any(problem.level != "info" for problem in problems) else ExitCode.OK
