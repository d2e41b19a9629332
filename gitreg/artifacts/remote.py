"""fsspec, as we use it: file systems by URL, and what goes wrong with them as our errors."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from gitreg.artifacts.store import told_url
from gitreg.errors import GitregError, InvalidValueError, UnavailableError

CHUNK = 8 << 20
"""Bytes that are asked for at once."""
_THROUGH = (FileNotFoundError, FileExistsError, GitregError)


@contextmanager
def reaching(what: str) -> Iterator[None]:
    """Turn what a file system raises into UnavailableError, but for files there, or not there."""
    try:
        yield
    except _THROUGH:
        raise
    except PermissionError as error:
        raise UnavailableError(
            f"{what} refuses: {_said(error)}", hint="look at the credentials that fsspec finds"
        ) from error
    except (Exception, asyncio.CancelledError) as error:  # each system has its own
        raise UnavailableError(
            f"{what} cannot be used: {_said(error)}", hint="try again; what was done stays done"
        ) from error


def _said(error: BaseException) -> str:
    lines = str(error).splitlines() or [type(error).__name__]
    return told_url(lines[0])


def opened(url: str) -> tuple[Any, str, str]:  # Any: fsspec has no types
    """Give a file system, the path in it, and the URL as it is told.

    Raises InvalidValueError if fsspec knows no such kind, UnavailableError if a package is missing.
    """
    from fsspec.core import url_to_fs

    told = told_url(url)
    try:
        with reaching(told):
            system, path = url_to_fs(url, use_listings_cache=False)
    except UnavailableError as error:
        if isinstance(error.__cause__, ImportError):
            kind = url.partition("://")[0]
            hint = "pip install 'gitreg[s3]'" if kind.startswith("s3") else str(error.__cause__)
            raise UnavailableError(f"{told} needs a package that is missing", hint=hint) from error
        if isinstance(error.__cause__, ValueError):
            raise InvalidValueError(
                f"{told} is nothing that fsspec knows: {error.__cause__}",
                hint="write a path, or s3://, gs://, sftp://, ...",
            ) from error
        raise
    return system, path, told
