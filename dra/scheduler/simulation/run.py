"""What a simulation gives: the cluster over time, and means of it."""

from __future__ import annotations

from typing import Final

import attrs

from dra.scheduler.simulation.trace import WHOLE

__all__ = ["Counts", "Recorder", "Run", "Sample"]

_MOST_SAMPLES: Final = 1_000


@attrs.frozen
class Sample:
    """The cluster at a moment, or its mean over time; GPU shares in thousandths of one GPU.

    Attributes:
        time: Seconds, as in the trace.
        running: Tasks that are running.
        waiting: Tasks that wait.
        asked: What running and waiting tasks ask for.
        allocated: What running tasks asked for, at most a whole GPU for each GPU.
        taken: What is taken from GPUs for them, with what the sharing model rounds up.
        overcommitted: What running tasks asked for beyond the GPUs that they were put on.
        fragmented: What is idle and of no use to a typical task.
    """

    time: float
    running: float = 0
    waiting: float = 0
    asked: float = 0
    allocated: float = 0
    taken: float = 0
    overcommitted: float = 0
    fragmented: float = 0


@attrs.frozen
class Run:
    """What a simulation gave.

    Attributes:
        policy: Which policy placed.
        sharing: Which model GPUs were shared by.
        seed: What random numbers were made from; None if there were none.
        gpus: How many GPUs there are.
        placed: How many tasks ran, at once or later.
        waited: How many of them had to wait.
        refused: How many never ran.
        mean_wait: Seconds that those which ran have waited, on average.
        samples: The cluster over time, thinned out evenly where there are very many moments.
        mean: Its mean over the time from the first to the last arrival.
        final: The cluster after the last arrival.
    """

    policy: str
    sharing: str
    seed: int | None
    gpus: int
    placed: int
    waited: int
    refused: int
    mean_wait: float
    samples: tuple[Sample, ...]
    mean: Sample
    final: Sample

    def percent(self, milli: float) -> float:
        """Thousandths of a GPU as per cent of all GPUs; 0 if there are none."""
        return milli / (WHOLE * self.gpus) * 100 if self.gpus else 0.0


@attrs.define
class Counts:
    """What became of what came.

    Attributes:
        arrived: How many came.
        placed: How many of them ran, at once or later.
        waited: How many of those had to wait.
        wait: Seconds that they waited, all together.
    """

    arrived: int = 0
    placed: int = 0
    waited: int = 0
    wait: float = 0.0


class Recorder:
    """Keeps samples, ever coarser ones, and means over the time from the first to the last arrival.

    Args:
        first: When the first task arrives.
        last: When the last one does.

    Attributes:
        final: The cluster after the last arrival.
    """

    def __init__(self, first: float, last: float) -> None:
        self._first = first
        self._last = last
        self._samples: list[Sample] = []
        self._every = 1
        self._seen = 0
        self._now = Sample(first)
        self._weighted = [0.0] * len(attrs.fields(Sample))
        self.final = self._now

    def add(self, sample: Sample) -> None:
        """The cluster as it is from the sample's time on."""
        self._weigh(sample.time)
        self._now = sample
        if sample.time <= self._last:
            self.final = sample
        if self._seen % self._every == 0:
            self._samples.append(sample)
            if len(self._samples) >= 2 * _MOST_SAMPLES:
                del self._samples[1::2]
                self._every *= 2
        self._seen += 1

    def _weigh(self, until: float) -> None:
        span = min(until, self._last) - max(self._now.time, self._first)
        if span > 0:
            for index, value in enumerate(attrs.astuple(self._now)):
                self._weighted[index] += span * value

    def run(self, policy: str, sharing: str, seed: int | None, gpus: int, counts: Counts) -> Run:
        """What the simulation gave, at its end.

        Args:
            policy: As in `Run`.
            sharing: As in `Run`.
            seed: As in `Run`.
            gpus: As in `Run`.
            counts: What became of what came.
        """
        return Run(
            policy,
            sharing,
            seed,
            gpus,
            counts.placed,
            counts.waited,
            counts.arrived - counts.placed,
            counts.wait / max(1, counts.placed),
            self.samples,
            self.mean,
            self.final,
        )

    @property
    def samples(self) -> tuple[Sample, ...]:
        """What was kept, the newest always."""
        newest = () if self._samples and self._samples[-1] is self._now else (self._now,)
        return (*self._samples, *newest)

    @property
    def mean(self) -> Sample:
        """The mean over time; where no time passes, the cluster after the last arrival."""
        span = self._last - self._first
        if span <= 0:
            return self.final
        _, *values = (weighted / span for weighted in self._weighted)
        return Sample(self._last, *values)
