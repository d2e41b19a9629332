"""How far work on many files is, told to whoever shows it; and the work, several at once."""

import os
import threading
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import FIRST_EXCEPTION, ThreadPoolExecutor, wait
from typing import Protocol, TypeVar

LARGE = 1 << 20
"""Mean bytes of a file from which on several are worked on at once."""
_CORES = min(8, os.cpu_count() or 1)
_Item = TypeVar("_Item")
_Result = TypeVar("_Result")
Advance = Callable[[int], None]
"""Called with the bytes that were done since it was last called."""


class Progress(Protocol):
    """Whoever shows how far work is; called from several threads."""

    def start(self, what: str, total: int) -> None:
        """Begin work ``what`` on ``total`` bytes; what went on before is over."""
        ...

    def advance(self, count: int) -> None:
        """Note that ``count`` bytes more are done."""
        ...


class Silence:
    """Shows nothing."""

    def start(self, what: str, total: int) -> None:
        """Take no notice."""

    def advance(self, count: int) -> None:
        """Take no notice."""


SILENT = Silence()


class _StoppedError(Exception):
    """Another part of the work failed, so this one need not go on."""


def local_workers(sizes: Sequence[int]) -> int:
    """Give how many threads work best on files of this disk with such sizes.

    On small files threads only wait for one another: what takes the time is not done beside Python.
    """
    return _CORES if sum(sizes) >= len(sizes) * LARGE else 1


def in_parallel(
    work: Callable[[_Item, Advance], _Result],
    items: Iterable[_Item],
    *,
    workers: int,
    advance: Advance,
) -> list[_Result]:
    """Do ``work(item, advance)`` on each item, several at once; the first failure ends it all."""
    if workers == 1:
        return [work(item, advance) for item in items]
    stopped = threading.Event()

    def told(count: int) -> None:
        if stopped.is_set():
            raise _StoppedError
        advance(count)

    with ThreadPoolExecutor(workers, thread_name_prefix="gitreg-artifacts") as pool:
        futures = [pool.submit(work, item, told) for item in items]
        try:
            done, _ = wait(futures, return_when=FIRST_EXCEPTION)
            failed = [one.exception() for one in done if one.exception() is not None]
        finally:
            stopped.set()
            pool.shutdown(wait=False, cancel_futures=True)
    for error in failed:
        if error is not None and not isinstance(error, _StoppedError):
            raise error
    return [one.result() for one in futures]
