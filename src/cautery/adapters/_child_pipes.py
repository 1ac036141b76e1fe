"""The pipes of a confined child: each way a head of JSON, then bytes, each behind its length."""

from __future__ import annotations

import contextlib
import fcntl
import json
import struct
from typing import Any, BinaryIO

from cautery.json_text import parsed_json

PIPE_BYTES = 1 << 20
"""Size of a pipe, where the system allows it."""


def widen(pipe: BinaryIO) -> None:
    """Let a whole job fit the pipe, if the system allows: both sides wake less often."""
    with contextlib.suppress(OSError):
        fcntl.fcntl(pipe, fcntl.F_SETPIPE_SZ, PIPE_BYTES)


def read_head(pipe: BinaryIO) -> dict[str, Any]:
    """Return the head of the next job.

    Raises
    ------
    EOFError
        If there is no further job.
    """
    (size,) = struct.unpack("<I", _read(pipe, 4))
    head: dict[str, Any] = parsed_json(_read(pipe, size))
    return head


def read_payload(pipe: BinaryIO) -> bytes:
    """Return the bytes that follow a head.

    Raises
    ------
    EOFError
        If the pipe ends before them.
    """
    (size,) = struct.unpack("<Q", _read(pipe, 8))
    return _read(pipe, size)


def write_answer(pipe: BinaryIO, head: dict[str, Any], payload: bytes = b"") -> None:
    """Send an answer."""
    head_bytes = json.dumps(head).encode()
    pipe.write(struct.pack("<I", len(head_bytes)) + head_bytes + struct.pack("<Q", len(payload)))
    pipe.write(payload)
    pipe.flush()


def _read(pipe: BinaryIO, size: int) -> bytes:
    data = pipe.read(size)
    if len(data) != size:
        raise EOFError
    return data
