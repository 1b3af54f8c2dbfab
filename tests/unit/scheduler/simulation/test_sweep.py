"""A sweep gives the same on every executor."""

from __future__ import annotations

from concurrent.futures import Executor, Future, ProcessPoolExecutor, ThreadPoolExecutor
from multiprocessing import get_context

import pytest

from dra.errors import DraError
from dra.scheduler.simulation import Machine, Task, run_experiment, sweep

NODES = [Machine(f"node-{index}", 8000, 65536, 2, "T4") for index in range(4)]
TASKS = [Task(f"t{index}", 500, 1024, 1, milli) for index, milli in enumerate((300, 300, 600, 1000))]


def test_threads_and_processes_give_what_is_given_here() -> None:
    here = run_experiment(NODES, TASKS, "random", seeds=range(4))
    with ThreadPoolExecutor(2) as threads:
        assert run_experiment(NODES, TASKS, "random", seeds=range(4), executor=threads) == here
    with ProcessPoolExecutor(2, mp_context=get_context("spawn")) as processes:
        assert run_experiment(NODES, TASKS, "random", seeds=range(4), executor=processes) == here


def test_a_dask_cluster_gives_what_is_given_here() -> None:
    """A scheduler and a worker in this process, without sockets."""
    from distributed import Client, LocalCluster

    here = run_experiment(NODES, TASKS, "random", seeds=range(4))
    local = LocalCluster(n_workers=1, threads_per_worker=2, processes=False, dashboard_address=None)
    with local as cluster, Client(cluster) as client, client.get_executor() as executor:
        assert run_experiment(NODES, TASKS, "random", seeds=range(4), executor=executor) == here


@pytest.mark.parametrize("workers", [0, 2])
def test_progress_is_told_after_each_call(workers: int) -> None:
    told: list[int] = []
    executor = ThreadPoolExecutor(workers) if workers else None
    sweep(abs, [(1,), (2,), (3,)], executor=executor, advance=lambda: told.append(1))
    assert len(told) == 3
    if executor:
        executor.shutdown()


class Held(Executor):
    """Takes calls and makes the first one only."""

    def __init__(self) -> None:
        self.futures: list[Future[object]] = []

    def submit(self, fn, /, *args, **kwargs):  # type: ignore[no-untyped-def] - as in the class above
        future: Future[object] = Future()
        self.futures.append(future)
        if len(self.futures) == 1:
            future.set_exception(DraError("the first fails"))
        return future


def test_the_first_failure_is_raised_and_the_rest_cancelled() -> None:
    held = Held()
    with pytest.raises(DraError, match="the first fails"):
        sweep(abs, [(1,), (2,), (3,)], executor=held)
    assert [future.cancelled() for future in held.futures] == [False, True, True]
