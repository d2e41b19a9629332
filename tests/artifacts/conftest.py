"""Stores of every kind, and a cache of one's own."""

import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest
from artifacts.places import S3Server, flaky

from gitreg.artifacts.cache import Cache
from gitreg.artifacts.store import Store, open_store

NOW = 1_800_000_000


@pytest.fixture(scope="session")
def s3(hermetic: None) -> Iterator[S3Server]:
    """Give a running S3 server, and the environment in which fsspec finds it."""
    server = S3Server()
    with server.used():
        server.make("models")
        yield server


@pytest.fixture(params=["folder", "memory", "flaky", "s3"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Store]:
    """Give an empty store of each kind."""
    name = uuid.uuid4().hex
    if request.param == "folder":
        yield open_store(str(tmp_path / "store"))
    elif request.param == "s3":
        request.getfixturevalue("s3")
        yield open_store(f"s3://models/{name}")
    elif request.param == "flaky":
        with flaky():
            yield open_store(f"flaky://{name}")
    else:
        yield open_store(f"memory://{name}/store")


@pytest.fixture
def cache(tmp_path: Path) -> Iterator[Cache]:
    """Give an empty cache."""
    with Cache(tmp_path / "cache", now=NOW) as cache:
        yield cache
