"""How much of what is idle no typical task could use: the measure of "Beware of Fragmentation" (ATC'23), §4.

For one typical task, the idle GPU share of a node is fragmented in full if the task does not fit there at all
(too little CPU, the wrong model, too few GPUs with room), otherwise in those GPUs that it does not fit on. A
task without GPUs makes use of none, so all is fragmented for it. The node's fragmentation is the mean over
the typical tasks, each weighted with how often it comes. Memory is left out, as it is there.

Computed by tables: what a GPU with some room contributes depends only on the node's model, on which typical
tasks its free CPU admits and on that room, so a node costs one look-up per GPU.
"""

from __future__ import annotations

from bisect import bisect_right
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from itertools import accumulate, groupby
from typing import Final

import attrs

from dra.scheduler.simulation.sharing import Sharing
from dra.scheduler.simulation.trace import MOST_GPUS, WHOLE, Task

__all__ = ["Fragmentation", "Row", "Shape", "typical_shapes"]

_MOST_SHAPES: Final = 1_000


@attrs.frozen(order=True, cache_hash=True)
class Shape:
    """What makes tasks the same to the measure.

    Attributes:
        cpu_milli: CPU in thousandths of a core.
        gpu_milli: Share of each GPU in thousandths.
        gpus: How many GPUs.
        models: The models accepted, sorted; any if empty.
    """

    cpu_milli: int
    gpu_milli: int
    gpus: int
    models: tuple[str, ...] = ()

    @classmethod
    def of(cls, task: Task) -> Shape:
        """The shape of a task."""
        return cls(task.cpu_milli, task.gpu_milli, task.gpus, tuple(sorted(task.models)))


def typical_shapes(tasks: Iterable[Task], share: float = 0.95) -> list[tuple[Shape, float]]:
    """The most frequent shapes that together cover a share of the tasks; their frequencies add to 1.

    Args:
        tasks: The tasks of a workload.
        share: How much of them to cover, from 0 to 1.

    Example:
        >>> tasks = [Task("a", 1000, 0, 1, 500), Task("b", 1000, 0, 1, 500), Task("c", 2000, 0)]
        >>> [(shape.gpu_milli, frequency) for shape, frequency in typical_shapes(tasks, 0.6)]
        [(500, 1.0)]
    """
    counts = Counter(map(Shape.of, tasks))
    ordered = sorted(counts.items(), key=lambda each: (each[1], each[0]), reverse=True)
    needed, covered, chosen = share * counts.total(), 0, []
    for shape, count in ordered[:_MOST_SHAPES]:
        if covered >= needed:
            break
        covered += count
        chosen.append((shape, count))
    return [(shape, count / covered) for shape, count in chosen]


class Fragmentation:
    """The measure for one workload under one sharing model.

    Args:
        typical: Shapes with their frequencies, as `typical_shapes` gives them.
        sharing: How GPUs are shared.

    Example:
        >>> from dra.scheduler.simulation.sharing import Consumable
        >>> half = Fragmentation([(Shape(1000, 500, 1), 1.0)], Consumable())
        >>> half.of_node(4000, [1000, 400], "A100"), half.of_node(0, [1000, 400], "A100")
        (400.0, 1400.0)
    """

    def __init__(self, typical: Sequence[tuple[Shape, float]], sharing: Sharing) -> None:
        self._full = sharing.full
        self._typical = sorted((each for each in typical if each[0].gpus), key=lambda each: each[0].cpu_milli)
        self._steps = sorted({shape.cpu_milli for shape, _ in self._typical})
        self._named = {model for shape, _ in self._typical for model in shape.models}
        self._idle = [float(sharing.idle(room)) for room in range(sharing.full + 1)]
        sizes = {shape.gpu_milli: sharing.takes(sharing.ask(shape.gpu_milli)) for shape, _ in self._typical}
        self._rooms = {
            milli: [room for room, deltas in enumerate(takes) if deltas] for milli, takes in sizes.items()
        }
        self._rows: dict[str, list[Row]] = {}

    def row(self, cpu_left: int, model: str) -> Row:
        """The tables for a node of this model with so much CPU left."""
        known = model if model in self._named else ""
        rows = self._rows.get(known)
        if rows is None:
            rows = self._rows[known] = list(self._make(known))
        return rows[bisect_right(self._steps, cpu_left)]

    def of_node(self, cpu_left: int, rooms: Sequence[int], model: str) -> float:
        """The fragmented share of a node, in thousandths of a GPU.

        Args:
            cpu_left: Its free CPU, in thousandths of a core.
            rooms: The room of each of its GPUs.
            model: The model of its GPUs.
        """
        row = self.row(cpu_left, model)
        lost, usable = row.lost, row.usable_whole
        return sum([lost[room] for room in rooms]) - usable[rooms.count(self._full)]

    def _make(self, model: str) -> Iterator[Row]:
        """The tables of a model: for no CPU, then for each amount at which one more task is admitted."""
        usable = [0.0] * (self._full + 1)
        several = [0.0] * (MOST_GPUS + 1)
        yield Row(self._idle, [0.0] * (MOST_GPUS + 1))
        for _, group in groupby(self._typical, key=lambda each: each[0].cpu_milli):
            for shape, frequency in group:
                if shape.models and model not in shape.models:
                    continue
                if shape.gpus > 1:
                    several[shape.gpus] += frequency
                    continue
                for room in self._rooms[shape.gpu_milli]:
                    usable[room] += frequency
            lost = [idle * (1 - part) for idle, part in zip(self._idle, usable, strict=True)]
            yield Row(lost, [WHOLE * idle * part for idle, part in enumerate(accumulate(several))])


@attrs.frozen
class Row:
    """Tables for one model and one set of typical tasks that the free CPU admits.

    Attributes:
        lost: By room, what of the GPU's idle share tasks with at most one GPU cannot use.
        usable_whole: By number of idle GPUs, what of them tasks with several GPUs can use.
    """

    lost: list[float]
    usable_whole: list[float]
