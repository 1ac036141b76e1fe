"""A list as gzip, of which each referral is compressed once, whoever asks.

Three hundred providers that ask for a first list get the same megabytes but for its end. Format:
RFC 1951 and 1952; a part that ends with a full flush stands for itself wherever it is put.
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Sequence
from dataclasses import dataclass

from cautery.model.web import Asked

_HEAD = b"\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\xff"
"""RFC 1952, 2.3: deflate, no flags, no time, nothing about level or system."""
_LAST = b"\x01\x00\x00\xff\xff"
"""An empty block that is the last one."""
_MOST_STORED = 65_535
"""A stored block states its length in 16 bits (RFC 1951, 3.2.4)."""
_LEVEL = 6


@dataclass(frozen=True, slots=True)
class Part:
    """Bytes, and the same bytes compressed so that they can stand anywhere."""

    raw: bytes
    deflated: bytes

    @classmethod
    def of(cls, raw: bytes) -> Part:
        """Compress bytes."""
        # A full flush ends on a byte and forgets the window, so no part refers to bytes of
        # another.
        work = zlib.compressobj(_LEVEL, zlib.DEFLATED, -zlib.MAX_WBITS)
        return cls(raw, work.compress(raw) + work.flush(zlib.Z_FULL_FLUSH))


@dataclass(frozen=True, slots=True)
class Opening:
    """The compressed begin of a body, which many bodies share."""

    content: bytes
    checksum: int
    size: int

    @classmethod
    def of(cls, before: bytes, parts: Sequence[Part], between: bytes) -> Opening:
        """Join parts."""
        content, checksum, size = [_HEAD, _stored(before)], zlib.crc32(before), len(before)
        for number, part in enumerate(parts):
            if number:
                content.append(_stored(between))
                checksum, size = zlib.crc32(between, checksum), size + len(between)
            content.append(part.deflated)
            checksum, size = zlib.crc32(part.raw, checksum), size + len(part.raw)
        return cls(b"".join(content), checksum, size)

    def ended(self, tail: bytes) -> tuple[bytes, bytes]:
        """Return a whole body, in two pieces: this one, and its own end."""
        # RFC 1952, 2.3.1: the checksum, and the length modulo 2**32.
        numbers = struct.pack(
            "<II", zlib.crc32(tail, self.checksum), (self.size + len(tail)) & 0xFFFFFFFF
        )
        return self.content, _stored(tail) + _LAST + numbers


def takes_gzip(asked: Asked) -> bool:
    """Tell whether who asks can read gzip."""
    for offer in asked.headers.get("accept-encoding", "").lower().split(","):
        name, _, weight = offer.partition(";")
        if name.strip() == "gzip":
            return weight.replace(" ", "") not in ("q=0", "q=0.0", "q=0.00", "q=0.000")
    return False


def _stored(raw: bytes) -> bytes:
    """Return blocks that hold bytes as they are."""
    blocks = []
    for start in range(0, len(raw), _MOST_STORED):
        piece = raw[start : start + _MOST_STORED]
        blocks.append(struct.pack("<BHH", 0, len(piece), len(piece) ^ 0xFFFF) + piece)
    return b"".join(blocks)
