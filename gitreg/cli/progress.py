"""A progress bar on a terminal: what is done, of how much, and how fast."""

import shutil
import sys
import threading
import time
from collections.abc import Callable

import click

from gitreg.cli.output import cut, on_terminal, tell_size

PAUSE = 0.1
"""Seconds between two lines that are drawn."""
_WIDTH = 24
_STEPS_WIDTH = 30


class Bar:
    """Shows how far work is, in one line of stderr that is gone afterwards; elsewhere nothing."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        """Draw if stderr is a terminal; ``clock`` gives seconds."""
        self._shown = on_terminal(aside=True)
        self._clock = clock
        self._guard = threading.Lock()
        self._what, self._total, self._done = "", 0, 0
        self._began = self._drawn = 0.0

    def __enter__(self) -> "Bar":
        return self

    def __exit__(self, *_: object) -> None:
        self._clear()

    def start(self, what: str, total: int) -> None:
        """Begin work ``what`` on ``total`` bytes; what went on before is over."""
        with self._guard:
            self._what, self._total, self._done = what, total, 0
            self._began = self._drawn = self._clock()
            self._clear()

    def advance(self, count: int) -> None:
        """Note that ``count`` bytes more are done."""
        with self._guard:
            self._done += count
            now = self._clock()
            if self._shown and now - self._drawn >= PAUSE:
                self._drawn = now
                self._write("\r" + cut(self._line(now), shutil.get_terminal_size().columns - 1))

    def _line(self, now: float) -> str:
        share = min(1.0, self._done / self._total) if self._total else 1.0
        full = round(share * _WIDTH)
        rate = self._done / max(now - self._began, 1e-6)
        return (
            f"{self._what} [{'#' * full}{'-' * (_WIDTH - full)}] {share:4.0%}  "
            f"{tell_size(self._done)} of {tell_size(self._total)}, {tell_size(round(rate))}/s  "
        )

    def _clear(self) -> None:
        if self._shown:
            self._write("\r\x1b[K")

    @staticmethod
    def _write(text: str) -> None:
        click.echo(text, nl=False, err=True)
        sys.stderr.flush()


class Progress:
    """Shows on stderr how many steps are done; nothing if there are fewer than ``least``."""

    def __init__(self, what: str = "", *, least: int = 1) -> None:
        """Tell of ``what`` is going on."""
        self._what = f"{what} " if what else ""
        self._least = least
        self._shown = ""

    def __call__(self, done: int, steps: int) -> None:
        """Show that ``done`` of ``steps`` are done, and nothing any more once all are."""
        if steps < self._least:
            return
        full = _STEPS_WIDTH * done // steps
        percent = 100 * done // steps
        bar = f"{'#' * full}{'.' * (_STEPS_WIDTH - full)}"
        line = f"{self._what}{bar} {percent}% of {steps} steps"
        if line != self._shown:
            sys.stderr.write(f"\r{line}")
        if done >= steps:
            sys.stderr.write("\r\x1b[K")
            line = ""
        self._shown = line
        sys.stderr.flush()
