"""Every test runs without this machine's Git settings, in a home of its own."""

import os
import time
from collections.abc import Iterator

import pygit2
import pytest
from pygit2.enums import ConfigLevel

_LEVELS = (ConfigLevel.SYSTEM, ConfigLevel.XDG, ConfigLevel.GLOBAL)


@pytest.fixture(scope="session", autouse=True)
def hermetic(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Take Git's and gitreg's variables away, for the session and all that it starts."""
    home = tmp_path_factory.mktemp("home")
    with pytest.MonkeyPatch.context() as patch:
        for name in list(os.environ):
            if name.startswith(("GIT_", "GITREG_")) or name in {"EMAIL", "REMOTE_USER"}:
                patch.delenv(name)
        patch.setenv("HOME", str(home))
        patch.setenv("XDG_CONFIG_HOME", str(home / ".config"))
        patch.setenv("XDG_CACHE_HOME", str(home / ".cache"))
        patch.setenv("GIT_CONFIG_GLOBAL", "/dev/null")
        patch.setenv("GIT_CONFIG_NOSYSTEM", "1")
        patch.setenv("GIT_TERMINAL_PROMPT", "0")
        patch.setenv("GIT_EDITOR", ":")
        patch.setenv("TZ", "UTC")
        time.tzset()
        before = {level: pygit2.settings.search_path[level] for level in _LEVELS}
        for level in _LEVELS:
            pygit2.settings.search_path[level] = str(home)
        yield
        for level, path in before.items():
            pygit2.settings.search_path[level] = path
