"""Messages between hook and daemon, netstrings of fields; and who is at the other end."""

import os
import socket
import sys
from collections.abc import Callable
from contextlib import suppress
from typing import BinaryIO

Say = Callable[[str], None]
"""Takes what the daemon tells whoever runs it, line by line."""


def peer(connection: socket.socket) -> int:
    """Give the uid of the process at the other end, as the kernel knows it."""
    told = connection.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, 12)
    return int.from_bytes(told[4:8], sys.byteorder)


def heard(stream: BinaryIO, limit: int) -> bytes:
    """Read one message; ValueError if it is none or too long, EOFError if nothing comes."""
    size = stream.read(1)
    if not size:
        raise EOFError
    while not size.endswith(b":"):
        byte = stream.read(1)
        if not byte or len(size) > len(str(limit)) or byte not in b"0123456789:":
            raise ValueError(f"no message: {size + byte!a}")
        size += byte
    length = int(size[:-1])
    if length > limit:
        raise ValueError(f"a message of {length} bytes")
    content = stream.read(length)
    if len(content) != length or stream.read(1) != b",":
        raise ValueError("half a message")
    return content


def send(connection: socket.socket, *fields: str | bytes) -> None:
    """Send one message, as fields that NUL bytes part; no field may hold one."""
    content = b"\0".join(
        field if isinstance(field, bytes) else os.fsencode(field) for field in fields
    )
    connection.sendall(b"%d:%b," % (len(content), content))


def leave(connection: socket.socket, reason: str) -> None:
    """Leave a push to the cold hook."""
    with suppress(OSError):  # the client went away
        send(connection, "cold", reason)
