"""The cold hook: a process that Git starts for one push, and that has to load everything first."""

import errno
import gc
import os
import sys
import time
from contextlib import suppress
from pathlib import Path


def main(name: str) -> int:
    """Run the hook ``name`` on what Git tells on standard input; give its exit code."""
    gc.disable()  # nothing that is loaded is ever garbage
    from gitreg.domain.pushes import MAX_INPUT
    from gitreg.hook_work import printed, run

    gc.enable()
    raw = sys.stdin.buffer.read(MAX_INPUT + 1)
    lines, refused = run(name, raw, environment=os.environ, now=time.time_ns() // 1_000_000)
    sys.stderr.buffer.write(printed(lines))
    sys.stderr.flush()
    return 1 if refused else chained(name, raw)


def chained(name: str, raw: bytes) -> int:
    """Run the hook that was there before gitreg's, as Git would, and give its exit code."""
    from gitreg.hosting import CHAINED

    path = Path(os.environ["GIT_DIR"]).resolve() / "hooks" / (name + CHAINED)
    if not path.is_file() or not os.access(path, os.X_OK):
        return 0
    import subprocess

    try:
        return subprocess.run([str(path)], input=raw, check=False).returncode
    except OSError as error:
        if error.errno != errno.ENOEXEC:
            raise
    return subprocess.run(["/bin/sh", str(path)], input=raw, check=False).returncode


def _run(name: str) -> int:
    code = main(name)
    if name == "pre-receive" and code == 0:
        from gitreg.hook_server.staying import stay

        with suppress(OSError):  # post-receive then starts cold as well
            stay(os.environ["GIT_DIR"])
    return code


if __name__ == "__main__":
    os._exit(_run(sys.argv[1]))  # at once: to take everything down takes 10 ms
