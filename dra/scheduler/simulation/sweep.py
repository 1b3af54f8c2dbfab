"""Many runs of one function, here or on any executor: threads, processes, Dask, Ray."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from concurrent.futures import Executor
from typing import TypeVar

from typing_extensions import TypeVarTuple, Unpack

__all__ = ["sweep"]

_T = TypeVar("_T")
_Arguments = TypeVarTuple("_Arguments")


def sweep(
    function: Callable[[Unpack[_Arguments]], _T],
    arguments: Iterable[tuple[Unpack[_Arguments]]],
    *,
    executor: Executor | None = None,
    advance: Callable[[], object] | None = None,
) -> list[_T]:
    """Call a function once for each tuple of arguments, and give the results in their order.

    Args:
        function: What to call; for processes and clusters, a function of a module.
        arguments: The arguments of each call.
        executor: Anything with `submit` of `concurrent.futures.Executor`, such as a `ProcessPoolExecutor` or
            Dask's `client.get_executor()`; it is not shut down. If None, the calls are made here.
        advance: Called after each call is done.

    Raises:
        Exception: What the first call to fail raised; calls not yet begun are cancelled.

    Example:
        >>> from concurrent.futures import ThreadPoolExecutor
        >>> with ThreadPoolExecutor(2) as threads:
        ...     sweep(pow, [(2, 10), (3, 2)], executor=threads)
        [1024, 9]
    """
    results = []
    if executor is None:
        for each in arguments:
            results.append(function(*each))
            if advance:
                advance()
        return results
    futures = [executor.submit(function, *each) for each in arguments]
    try:
        for future in futures:
            results.append(future.result())
            if advance:
                advance()
    finally:
        for future in futures:
            future.cancel()
    return results
