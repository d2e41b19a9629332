"""Many at once: threads that share a client, and processes that share a registry."""

import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from mlflow import MlflowClient

import gitreg

WORK = """
import sys
from mlflow import MlflowClient
client = MlflowClient(registry_uri=sys.argv[1])
for number in range(10):
    made = client.create_model_version("fraud", f"s3://{sys.argv[2]}/{number}")
    client.set_registered_model_alias("fraud", sys.argv[2], made.version)
    assert client.get_model_version_by_alias("fraud", sys.argv[2]).version == made.version
"""


def test_eight_threads_share_a_client(path: Path, client: MlflowClient) -> None:
    client.create_registered_model("fraud")

    def work(worker: int) -> list[int]:
        made = []
        for number in range(5):
            one = client.create_model_version("fraud", f"s3://{worker}/{number}")
            assert one.source == f"s3://{worker}/{number}"
            client.set_model_version_tag("fraud", one.version, "worker", str(worker))
            found = client.get_model_version("fraud", one.version)
            assert found.tags == {"worker": str(worker)}
            client.search_model_versions("name = 'fraud'")
            made.append(int(one.version))
        return made

    with ThreadPoolExecutor(8) as pool:
        numbers = [number for made in pool.map(work, range(8)) for number in made]
    assert sorted(numbers) == list(range(1, 41))
    registry = gitreg.open(path, actor="alice")
    assert len(registry.versions("fraud")) == 40
    assert len(list(registry.log("fraud"))) == 81


def test_two_processes_share_a_registry(path: Path, client: MlflowClient) -> None:
    client.create_registered_model("fraud")
    started = [
        subprocess.Popen([sys.executable, "-c", WORK, f"gitreg:{path}", name])
        for name in ("left", "right")
    ]
    assert [one.wait() for one in started] == [0, 0]
    versions = client.search_model_versions("name = 'fraud'", order_by=["version_number ASC"])
    assert [int(one.version) for one in versions] == list(range(1, 21))
    assert len({one.source for one in versions}) == 20
    aliases = client.get_registered_model("fraud").aliases
    assert aliases["left"] != aliases["right"]


def test_a_forked_process_goes_on(path: Path, client: MlflowClient) -> None:
    client.create_registered_model("fraud")
    code = f"""
import os
from mlflow import MlflowClient
client = MlflowClient(registry_uri="gitreg:{path}")
assert client.get_registered_model("fraud").name == "fraud"
child = os.fork()
if child == 0:
    client.create_model_version("fraud", "s3://child")
    os._exit(0)
assert os.waitpid(child, 0)[1] == 0
client.create_model_version("fraud", "s3://parent")
"""
    subprocess.run([sys.executable, "-c", code], check=True)
    found = client.search_model_versions("name = 'fraud'", order_by=["version_number ASC"])
    assert [one.source for one in found] == ["s3://child", "s3://parent"]
