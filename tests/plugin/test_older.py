"""Older MLflows, each in an environment of its own."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

RUN = Path(__file__).parent / "older/run.sh"


@pytest.mark.slow
@pytest.mark.parametrize("version", ["2.22", "3.6"])
def test_gitreg_works_with_an_older_mlflow(version: str) -> None:
    done = subprocess.run(
        ["bash", RUN, version],
        env={**os.environ, "PYTHON": sys.executable},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert f"gitreg works with MLflow {version}." in done.stdout
