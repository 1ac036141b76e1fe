"""How a signer process and those who ask it talk: lists of bytes, over a pair of sockets.

Reaches nothing else; on the lawful basis and with the manners of
:mod:`cautery.adapters.signer`. Format: a count, then each part after its length, both four bytes,
most significant first. Nothing is parsed that is not a length.
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Sequence

MOST_PARTS = 1 << 16
MOST_BYTES = 1 << 26
"""Of one message; a leaf has 16 MiB at the most, a batch of values far less."""

Read = Callable[[int], bytes]
"""Returns at most so many bytes; none: the other process has ended."""

_NUMBER = struct.Struct(">I")


def framed(parts: Sequence[bytes]) -> bytes:
    """Return one message.

    Raises
    ------
    ValueError
        If it is larger than any that is received.
    """
    if len(parts) > MOST_PARTS or sum(map(len, parts)) > MOST_BYTES:
        raise ValueError("the message is too large")
    pieces = [_NUMBER.pack(len(parts))]
    for part in parts:
        pieces += (_NUMBER.pack(len(part)), part)
    return b"".join(pieces)


def receive(read: Read) -> list[bytes]:
    """Return the next message.

    Raises
    ------
    EOFError
        If the other process has ended.
    ValueError
        If what comes is no message.
    OSError
        If it takes too long.
    """
    count, left = _number(read), MOST_BYTES
    if count > MOST_PARTS:
        raise ValueError("the message has too many parts")
    parts = []
    for _ in range(count):
        size = _number(read)
        if size > left:
            raise ValueError("the message has too many bytes")
        left -= size
        parts.append(_exactly(read, size))
    return parts


def _number(read: Read) -> int:
    (number,) = _NUMBER.unpack(_exactly(read, _NUMBER.size))
    return int(number)


def _exactly(read: Read, size: int) -> bytes:
    data = bytearray()
    while len(data) < size:
        # A buffer grows with what has come, not with what a length promised.
        piece = read(min(size - len(data), 1 << 20))
        if not piece:
            raise EOFError("the other process has ended")
        data += piece
    return bytes(data)
