"""How far something is that takes long, in one line of a terminal."""

import sys

_WIDTH = 30


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
        full = _WIDTH * done // steps
        percent = 100 * done // steps
        bar = f"{'#' * full}{'.' * (_WIDTH - full)}"
        line = f"{self._what}{bar} {percent}% of {steps} steps"
        if line != self._shown:
            sys.stderr.write(f"\r{line}")
        if done >= steps:
            sys.stderr.write("\r\x1b[K")
            line = ""
        self._shown = line
        sys.stderr.flush()
