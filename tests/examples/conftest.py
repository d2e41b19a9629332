"""Registries on Git hosts: each kind is made once, and copied for a test."""

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from examples.hosts import GITEA, GITHUB, GITLAB, HOST, SIGNING, Host, Written

KINDS: dict[str, tuple[str, Written, tuple[str, str]]] = {
    "github": ("github", GITHUB, HOST),
    "gitlab": ("gitlab", GITLAB, HOST),
    "gitlab that signs": ("gitlab", SIGNING, ("GitLab", "noreply@gitlab.com")),
    "gitea": ("gitea", GITEA, HOST),
}
Hosts = Callable[[str], Host]


@pytest.fixture(scope="session")
def grounds(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Path]:
    made: dict[str, Path] = {}

    def ground(kind: str) -> Path:
        if kind not in made:
            made[kind] = tmp_path_factory.mktemp(kind)
            Host.make(made[kind], kind)
        return made[kind]

    return ground


@pytest.fixture()
def hosts(grounds: Callable[[str], Path], tmp_path: Path) -> Hosts:
    """Give a new host of a kind."""

    def host(name: str) -> Host:
        kind, written, signer = KINDS[name]
        shutil.copytree(grounds(kind), tmp_path / "host")
        return Host(tmp_path / "host", written=written, signer=signer)

    return host


@pytest.fixture()
def github(hosts: Hosts) -> Host:
    return hosts("github")
