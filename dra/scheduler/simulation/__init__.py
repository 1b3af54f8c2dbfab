"""Simulation: tasks and pods that come and go on a cluster, under policies and sharing models."""

from __future__ import annotations

from dra.scheduler.simulation.comparison import Comparison, Row, compare
from dra.scheduler.simulation.openb import Experiment, Replay, replay, run_experiment
from dra.scheduler.simulation.picture import picture
from dra.scheduler.simulation.pods import PodArrival, PodRun, arrivals_of, simulate_pods
from dra.scheduler.simulation.policies import POLICIES
from dra.scheduler.simulation.run import Run, Sample
from dra.scheduler.simulation.series import series_csv
from dra.scheduler.simulation.sharing import (
    SHARING,
    Consumable,
    DevicePlugin,
    Mig,
    MigSlices,
    Sharing,
    TimeSlicing,
    get_sharing,
)
from dra.scheduler.simulation.stream import simulate
from dra.scheduler.simulation.sweep import sweep
from dra.scheduler.simulation.trace import Machine, Task, read_machines, read_tasks

__all__ = [
    "POLICIES",
    "SHARING",
    "Comparison",
    "Consumable",
    "DevicePlugin",
    "Experiment",
    "Machine",
    "Mig",
    "MigSlices",
    "PodArrival",
    "PodRun",
    "Replay",
    "Row",
    "Run",
    "Sample",
    "Sharing",
    "Task",
    "TimeSlicing",
    "arrivals_of",
    "compare",
    "get_sharing",
    "picture",
    "read_machines",
    "read_tasks",
    "replay",
    "run_experiment",
    "series_csv",
    "simulate",
    "simulate_pods",
    "sweep",
]
