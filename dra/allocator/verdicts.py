"""What was found out about the devices of a pool or a node, one bit per device."""

from __future__ import annotations

import attrs

from dra.errors import CompileError, EvaluationError

__all__ = ["Candidates", "Verdicts"]


@attrs.define(eq=False, slots=True)
class Verdicts:
    """What is known of one selector in one pool.

    Attributes:
        known: The devices it was evaluated on.
        true: Those it selects.
        errors: By position, the errors it ended in.
    """

    known: int = 0
    true: int = 0
    errors: dict[int, CompileError | EvaluationError] = attrs.field(factory=dict)


@attrs.frozen(eq=False, slots=True)
class Candidates:
    """What a filter makes of the devices of a pool, or of all pools of a node.

    Attributes:
        selected: The selectors hold, the device is large enough and, on a node, for that node.
        errors: A selector fails on the device before any other is false.
        barred: Not usable although it is selected: a taint, or a feature that is off.
        usable: Selected and not barred.
    """

    selected: int
    errors: int
    barred: int
    usable: int = attrs.field(init=False)

    def __attrs_post_init__(self) -> None:
        object.__setattr__(self, "usable", self.selected & ~self.barred)
