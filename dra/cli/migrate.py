"""`dra migrate`: manifests that ask device plugins for devices, rewritten to claim them."""

from __future__ import annotations

import contextlib
import shutil
from collections.abc import Iterable, Iterator
from enum import Enum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from dra.cli.diff import unified_diff
from dra.cli.exit_code import ExitCode
from dra.cli.files import FilesToRead, path_of, read
from dra.cli.live import LiveCluster
from dra.cli.options import Kubernetes, OptionalFilenames
from dra.cli.output import Output, print_data, print_error, print_note, print_table, print_text, visible
from dra.errors import LoadError
from dra.features import LATEST

if TYPE_CHECKING:
    from dra.claims.migrate import Migration, RewrittenText
    from dra.models.loading import Located

__all__ = ["migrate"]


class Form(str, Enum):
    """The forms of the answer."""

    DIFF = "diff"
    YAML = "yaml"
    JSON = "json"
    TABLE = "table"


class Into(str, Enum):
    """Into what manifests are turned."""

    CLAIMS = "claims"
    EXTENDED_RESOURCE = "extended-resource"


class Sharing(str, Enum):
    """How pods share a device that the device plugin shared."""

    SHARES = "shares"
    CLAIM = "claim"


def migrate(
    files: FilesToRead = None,
    filenames: OptionalFilenames = None,
    mode: Annotated[
        Into,
        typer.Option("--mode", help="Claims and rewired pods, or device classes that serve unchanged pods."),
    ] = Into.CLAIMS,
    write: Annotated[
        bool, typer.Option("--write", help="Change the files instead of printing what would change.")
    ] = False,
    sharing: Annotated[
        Sharing,
        typer.Option("--sharing", help="Shared devices: a share for each pod, or one claim per workload."),
    ] = Sharing.SHARES,
    plugin_config: Annotated[
        str | None,
        typer.Option("--plugin-config", metavar="FILE", help="config.yaml of NVIDIA's device plugin."),
    ] = None,
    kubernetes: Kubernetes = LATEST,
    output: Annotated[
        Form | None,
        typer.Option(
            "--output", "-o", help="How to print the answer.", show_default="diff; table for a cluster"
        ),
    ] = None,
) -> ExitCode:
    """Turn requests of device plugins into claims.

    Prints what would change as a diff (or the new manifests, or a report) and the report on stderr; with
    --write it changes the files, keeping comments and order. Of a running cluster there is the report only:
    what pods run is not read, and what made them is what has to change.

    Exit status: 0 everything was carried over, 1 something is left for you, 2 something cannot be read.
    """
    from dra.claims.migrate import migrate as migrate_objects, rewrite_texts

    names = (*(files or ()), *(filenames or ()))
    is_live = any(isinstance(name, LiveCluster) for name in names)
    if is_live and (write or output not in (None, Form.TABLE)):
        raise LoadError(
            "of a running cluster there is the report only, as a table",
            remedy="for manifests: kubectl get deployments,jobs -A -o yaml | dra migrate -",
        )
    output = output or (Form.TABLE if is_live else Form.DIFF)
    if write and "-" in names:
        raise LoadError(
            "standard input cannot be changed in place", remedy="leave out --write, or -o yaml > FILE"
        )
    manifests = read(files, filenames)
    located = list(_once(manifests.located))
    migration = migrate_objects(
        located,
        mode.value,
        kubernetes,
        sharing=sharing.value,
        plugin_config=_plugin_config(plugin_config) if plugin_config is not None else None,
    )
    texts = [] if is_live else rewrite_texts(located, migration)
    if write:
        _write(texts)
    else:
        _print(migration, texts, output)
    if located and (output is not Form.JSON or write):
        _print_report(migration, texts, in_full=write or output is not Form.TABLE)
    for error in (*manifests.faults, *manifests.unreadable):
        print_error(str(error))
    if manifests.faults or manifests.unreadable:
        return ExitCode.BAD_INPUT
    return ExitCode.OK if migration.complete else ExitCode.NO


def _once(located: Iterable[Located]) -> Iterator[Located]:
    """The objects without those of files that were named twice."""
    names: dict[Path, str] = {}
    seen = set()
    for each in located:
        if each.document is None:  # of a cluster
            yield each
            continue
        path = Path(each.source).resolve()
        place = (path, each.document.index, each.prefix)
        if names.setdefault(path, each.source) == each.source and place not in seen:
            seen.add(place)
            yield each


def _plugin_config(name: str) -> dict[str, Any]:
    from dra.models import text
    from dra.models.files import read_file

    data, _ = text.single(read_file(path_of(name)), name)
    if not isinstance(data, dict):
        raise LoadError(
            "not a configuration of NVIDIA's device plugin",
            source=name,
            remedy="it has version: v1 and sharing, as its README shows",
        )
    return data


def _print(migration: Migration, texts: list[RewrittenText], output: Form) -> None:
    if output is Form.DIFF:
        for text in texts:
            for line in unified_diff(text.before, text.after, text.source.lstrip("/")):
                print(visible(line.removesuffix("\r")) + "\r" * line.endswith("\r"))
    elif output is Form.YAML:
        print(_joined(text.after for text in texts), end="")
    elif output is Form.JSON:
        print_data(migration.to_dict(), Output.JSON)
    else:
        rows = [
            (report.subject, entry.outcome.value, f"{entry.message}\n{entry.remedy}".rstrip())
            for report in migration.report
            for entry in report.entries
        ]
        new = [(each.subject, "new", "") for each in migration.report if each.original is None]
        print_table(("OBJECT", "OUTCOME", "WHAT"), [*new, *rows])


def _joined(texts: Iterable[str]) -> str:
    """Several texts as one YAML stream."""
    from dra.models.text import read as read_text, write_yaml

    joined = ""
    for text in texts:
        if text.lstrip()[:1] in ("{", "["):
            text = write_yaml(data for data, _ in read_text(text))
        if joined and not joined.endswith("\n"):
            joined += "\n"
        if joined and not text.startswith("---"):
            joined += "---\n"
        joined += text
    return joined


def _print_report(migration: Migration, texts: list[RewrittenText], *, in_full: bool) -> None:
    """Print the report on stderr, and which comments went with what they were on."""
    report = str(migration)
    print_note(report if in_full else report.rpartition("\n")[2], "")
    for text in texts:
        for comment in text.lost_comments:
            print_note(f"{text.source}: a comment went with what it was on: {comment}")


def _write(texts: list[RewrittenText]) -> None:
    for text in texts:
        if text.changed:
            _write_file(Path(text.source), text.after)
            print_text(f"{text.source}: changed")


def _write_file(name: Path, content: str) -> None:
    """Replace a file's content in one step, so that it is never half written."""
    from dra.models.file_errors import unwritable

    path = name.resolve()
    beside = path.with_name(f".{path.name}.dra-migrate")
    try:
        bom = b"\xef\xbb\xbf" if path.read_bytes().startswith(b"\xef\xbb\xbf") else b""
        beside.write_bytes(bom + content.encode())
        shutil.copymode(path, beside)
        beside.replace(path)
    except OSError as error:
        with contextlib.suppress(OSError):
            beside.unlink(missing_ok=True)
        raise unwritable(name, error) from None
