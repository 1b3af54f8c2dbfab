"""`dra version`: what this program is, and which Kubernetes it knows."""

from __future__ import annotations

import platform

import dra
from dra.cli.exit_code import ExitCode
from dra.cli.options import OutputFormat
from dra.cli.output import Output, print_data, print_text
from dra.features import KUBERNETES_MINORS, LATEST

__all__ = ["version"]


def version(output: OutputFormat = Output.TABLE) -> ExitCode:
    """Print the versions of this program and of Kubernetes that it knows."""
    python = platform.python_version()
    if output is Output.TABLE:
        print_text(f"dra {dra.__version__} (Python {python})")
        print_text(f"Kubernetes {', '.join(KUBERNETES_MINORS)}; {LATEST} unless --kubernetes says otherwise")
    else:
        known = {"known": list(KUBERNETES_MINORS), "default": LATEST}
        print_data({"dra": dra.__version__, "python": python, "kubernetes": known}, output)
    return ExitCode.OK
