"""The quickstart, as the README promises it: one command, on a machine with Python and git."""

import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent.parent


@pytest.mark.quickstart
def test_the_quickstart_tells_its_whole_story_and_ends_clean() -> None:
    done = subprocess.run(
        ["bash", "examples/quickstart.sh"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    for told in (
        "breast-cancer/2: None -> Production needs manage-production; bob has read",
        "approves bob's request for Production; 1 archived",
        'unknown key "descripton"',
        'committer "carol <carol@acme.example>" is not bob, who pushes',
        "breast-cancer/Production is breast-cancer/2",
        "RandomForestClassifier scores 0.9",
        "\n   clean\n",
    ):
        assert told in done.stdout
