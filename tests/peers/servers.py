"""What tests with real servers share: programs, ports, and how to wait for them."""

import os
import shutil
import socket
import subprocess
import sys
from collections.abc import Callable
from contextlib import suppress

import pytest

LOOPBACK = "127.0.0.1"
_PACKAGES = {
    "ssh": "openssh-client",
    "ssh-keygen": "openssh-client",
    "sshd": "openssh-server",
    "git-shell": "git",
    "gitolite": "gitolite3",
}
_FOLDERS = ("/usr/local/sbin", "/usr/sbin", "/sbin")
PATIENCE = 20.0
"""Seconds that a server may take to start or to stop."""


def program(name: str) -> str:
    """Give the path of a program; the test fails if it is not installed."""
    folders = [*os.get_exec_path(), *_FOLDERS]
    found = shutil.which(name, path=os.pathsep.join(folders))
    if found is None:
        pytest.fail(f"{name} is missing: apt-get install {_PACKAGES[name]}", pytrace=False)
    return found


def try_gitreg(*words: str, **variables: str) -> subprocess.CompletedProcess[str]:
    """Run gitreg's command line."""
    return subprocess.run(
        [sys.executable, "-m", "gitreg", *words],
        env=os.environ | variables,
        capture_output=True,
        text=True,
    )


def run_gitreg(*words: str, **variables: str) -> str:
    """Run gitreg's command line and give what it printed; it must not fail."""
    done = try_gitreg(*words, **variables)
    assert done.returncode == 0, done.stderr
    return done.stdout


def wait_for(ready: Callable[[], bool], *, pause: Callable[[float], object], what: str) -> None:
    """Ask until it is ready, with a pause of some hundredths of a second; not for ever."""
    for _ in range(int(PATIENCE / 0.02)):
        if ready():
            return
        pause(0.02)
    raise AssertionError(f"{what} is not ready after {PATIENCE} s")


def free_port() -> int:
    """Give a port of loopback that nobody listens on."""
    with socket.create_server((LOOPBACK, 0)) as taken:
        port: int = taken.getsockname()[1]
        return port


def listens(port: int) -> bool:
    with suppress(OSError), socket.create_connection((LOOPBACK, port), timeout=1):
        return True
    return False
