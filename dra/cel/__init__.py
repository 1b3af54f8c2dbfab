"""CEL, the language of device selectors, exactly as a kube-apiserver understands it.

Example:
    >>> from dra import cel
    >>> selector = cel.compile('device.attributes["gpu.example.com"].model.startsWith("H100")')
    >>> selector.matches({"attributes": {"model": {"string": "H100-SXM"}}}, driver="gpu.example.com")
    True
"""

from __future__ import annotations

from dra.cel.device import BoundDevice
from dra.cel.env import Mode
from dra.cel.interpreter import COST_LIMIT
from dra.cel.reads import Reads
from dra.cel.selector import Evaluation, Selector, compile  # noqa: A004 - the public name, as in `re`
from dra.cel.source import Issue
from dra.cel.trace import Step, Trace
from dra.errors import CompileError, EvaluationError

__all__ = [
    "COST_LIMIT",
    "BoundDevice",
    "CompileError",
    "Evaluation",
    "EvaluationError",
    "Issue",
    "Mode",
    "Reads",
    "Selector",
    "Step",
    "Trace",
    "compile",
]
