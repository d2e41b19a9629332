"""Taking turns: those who write to one repository on one machine do it one after the other."""

import fcntl
import os
import random
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

_FILE = "gitreg-write.lock"
PATIENCE = 5.0
"""Seconds that a writer lets others go first."""


@contextmanager
def turn(folder: Path) -> Iterator[None]:
    """Let others who write to the repository in ``folder`` end first.

    What is planned beside them is planned in vain: they will have moved main. It is a courtesy and
    guards nothing, for a ref moves by compare-and-swap in any case: whoever waited long enough goes
    on, and so does whoever cannot make the file.
    """
    try:
        file = os.open(folder / _FILE, os.O_RDONLY | os.O_CREAT, 0o666)
    except OSError:
        yield
        return
    try:
        _wait(file)
        yield
    finally:
        os.close(file)


def _wait(file: int) -> None:
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return
        except BlockingIOError:
            time.sleep(random.uniform(0, 0.002))
        except OSError:
            return
