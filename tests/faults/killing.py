"""Kills writers at random moments: python killing.py REGISTRY TIMES SEED; prints what was reported.

Each child writes versions of the model fraud and tells each number when its receipt is there; it is
killed (-9) after a random number of milliseconds.
"""

import os
import random
import select
import signal
import sys
from pathlib import Path

import gitreg


def child(path: str, pipe: int) -> None:
    registry = gitreg.open(path, actor="admin")
    while True:
        receipt = registry.create_version("fraud", source="s3://ml/1")
        assert receipt.version is not None
        os.write(pipe, f"{receipt.version.number}\n".encode())


def drain(pipe: int, seconds: float) -> bytes:
    """Read what comes until ``seconds`` have passed since the first number, or the end."""
    told = b""
    select.select([pipe], [], [], 10)
    while select.select([pipe], [], [], seconds)[0]:
        more = os.read(pipe, 4096)
        if not more:
            break
        told += more
        seconds = max(0.0, seconds - 0.002)
    return told


def main(path: str, times: int, seed: int) -> None:
    chance = random.Random(seed)
    gitreg.open(path, actor="admin").models()
    for _ in range(times):
        reader, writer = os.pipe()
        process = os.fork()
        if process == 0:
            os.close(reader)
            child(path, writer)
        os.close(writer)
        told = drain(reader, chance.uniform(0, 0.03))
        os.kill(process, signal.SIGKILL)
        os.waitpid(process, 0)
        while more := os.read(reader, 4096):
            told += more
        os.close(reader)
        print(told.decode().split("\n")[:-1], flush=True)
        lock = Path(path) / "refs/heads/main.lock"
        if lock.exists():
            print("lock", flush=True)
            lock.unlink()


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]), int(sys.argv[3]))
