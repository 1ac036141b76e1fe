"""Bodies as they come: unpacked piece by piece, never more than the limit.

Reaches: nothing; it unpacks what the HTTP client receives.
Lawful basis: none needed.
Manners: a bomb is noticed at the limit, not after it has gone off.
Format: RFC 9110 section 8.4 (content codings), RFC 1952 (gzip), RFC 1950 and 1951 (deflate).
"""

from __future__ import annotations

import re
import zlib
from typing import Protocol, cast

from cautery.errors import SourceError

_STEP = 65_536
_FIRST_STEP = 1_024
"""What a member leaves over is copied, and there may be one every twenty bytes: it gets little
first, then more."""
_PADDING = re.compile(rb"\0*+")


class Unpacker(Protocol):
    """Turns received bytes into body bytes."""

    def feed(self, data: bytes, *, most: int) -> bytes:
        """Return at most ``most`` bytes more of the body."""
        ...

    @property
    def complete(self) -> bool:
        """Whether the coding says that the body is whole."""
        ...

    @property
    def packed(self) -> bool:
        """Whether what comes is not yet the body."""
        ...


class Gathered:
    """Pieces of a body, copied once, when all of them are there."""

    def __init__(self) -> None:
        self.size = 0
        self._pieces: list[bytes] = []

    def add(self, piece: bytes) -> None:
        """Append a piece."""
        self._pieces.append(piece)
        self.size += len(piece)

    def cut(self, most: int) -> None:
        """Keep the first bytes alone."""
        if self.size > most:
            self._pieces = [self.joined()[:most]]
            self.size = most

    def joined(self) -> bytes:
        """Return all of it."""
        return b"".join(self._pieces)


def unpacker(coding: str | None, *, host: str) -> Unpacker:
    """Return what unpacks a content coding.

    Raises
    ------
    SourceError
        If it is one that nobody asked for: we accept gzip and deflate, once.
    """
    name = (coding or "").strip().lower()
    if name in ("", "identity", "none"):
        return _Plain()
    if name in ("gzip", "x-gzip"):
        return _Packed(raw_too=False, host=host)
    if name == "deflate":
        return _Packed(raw_too=True, host=host)
    raise SourceError(
        f"{host}: unknown content coding {name[:40]!r}; gzip and deflate were offered"
    )


class _Plain:
    complete = True
    packed = False

    def feed(self, data: bytes, *, most: int) -> bytes:
        return data[:most]


class _Packed:
    packed = True

    def __init__(self, *, raw_too: bool, host: str) -> None:
        self._raw_too = raw_too
        self._host = host
        # 32 + 15: zlib or gzip header, whichever comes.
        self._stream = zlib.decompressobj(47)
        self._started = False

    @property
    def complete(self) -> bool:
        return not self._started or self._stream.eof

    def feed(self, data: bytes, *, most: int) -> bytes:
        out = bytearray()
        at, step = 0, _FIRST_STEP
        while at < len(data) and len(out) < most:
            if self._stream.eof:  # gzip allows members one after the other, and zeros behind them
                at = cast("re.Match[bytes]", _PADDING.match(data, at)).end()
                if at == len(data):
                    break
                # 32 + 15: zlib tells gzip from zlib by its head, with the largest window.
                self._stream, step = zlib.decompressobj(47), _FIRST_STEP
            piece = data[at : at + step]
            out += self._step(piece, min(_STEP, most - len(out)))
            # What follows the end of a member is ``unused_data``; what the limit left over is
            # ``unconsumed_tail``.
            at += len(piece) - len(self._stream.unused_data or self._stream.unconsumed_tail)
            step = min(2 * step, _STEP)
        return bytes(out)

    def _step(self, data: bytes, limit: int) -> bytes:
        try:
            out = self._stream.decompress(data, limit)
        except zlib.error as error:
            if self._raw_too and not self._started:
                # Some servers send raw deflate under that name (RFC 9110 8.4.1.2, note).
                self._started = True
                self._stream = zlib.decompressobj(-15)
                return self._step(data, limit)
            raise SourceError(f"{self._host}: the compressed body is damaged ({error})") from error
        self._started = True
        return out
