"""`dra features`: which DRA features a Kubernetes minor has, and which are on."""

from __future__ import annotations

import attrs

import dra
from dra.cli.exit_code import ExitCode
from dra.cli.options import Kubernetes, OutputFormat
from dra.cli.output import Output, print_data, print_table
from dra.features import LATEST, Stage, minor

__all__ = ["features"]


def features(kubernetes: Kubernetes = LATEST, output: OutputFormat = Output.TABLE) -> ExitCode:
    """List the DRA feature gates of a Kubernetes minor."""
    of_minor = minor(kubernetes)
    stages = {
        field.metadata["gate"]: field.metadata["stages"][of_minor] for field in attrs.fields(dra.Features)
    }
    known = {gate: stage for gate, stage in stages.items() if stage is not Stage.ABSENT}
    if output is Output.TABLE:
        rows = [(gate, "on" if stage.on else "off", stage.value) for gate, stage in known.items()]
        print_table(("GATE", "DEFAULT", f"STAGE IN {of_minor}"), rows)
    else:
        data = [{"gate": gate, "default": stage.on, "stage": stage.value} for gate, stage in known.items()]
        print_data({"kubernetes": of_minor, "features": data}, output)
    return ExitCode.OK
