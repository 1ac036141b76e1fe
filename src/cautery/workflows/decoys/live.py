"""Decoys as live streams: which playlists, segments and lists there are at a moment.

All of it is made in memory, when it is asked for. What is answered depends on the moment and on
what was planned, never on who asks.
"""

from __future__ import annotations

import asyncio
import hashlib
import math
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import NamedTuple
from urllib.parse import urlsplit

from cryptography.hazmat.primitives import padding
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

from cautery.errors import CauteryError
from cautery.model.decoys import Decoy
from cautery.model.disguises import Disguise
from cautery.workflows.decoys.draw import PLAYLIST
from cautery.workflows.decoys.night import PlannedNight
from cautery.workflows.decoys.ports import Disguising, Footage

PLAYLIST_TYPE, SEGMENT_TYPE, KEY_TYPE, LIST_TYPE = (
    "application/vnd.apple.mpegurl",
    "video/mp2t",
    "application/octet-stream",
    "audio/x-mpegurl",
)
_SHOWN = 5
"""Segments in a playlist, as the live streams of services have."""
_KEPT = 8
"""Segments of a decoy that are kept: those of its playlist, and some for who is slow."""
_MOST_BEFORE = 3_000
"""Segments that a stream seems to have had before it appeared, at most: some hours."""
_KEY = "key.bin"


@dataclass(frozen=True, slots=True, kw_only=True)
class Served:
    """What is answered to a request.

    Parameters
    ----------
    body : bytes
    media_type : str
    """

    body: bytes
    media_type: str


class _Numbers(NamedTuple):
    """How the pieces of one stream are numbered and timed."""

    first: int
    """The piece that has the number 0."""
    moved_s: float
    """By how much its time stamps are later than the footage's."""


class _Stream:
    """One decoy on the air."""

    def __init__(self, decoy: Decoy, footage: Footage, disguise: Disguise, *, salt: str) -> None:
        self.decoy = decoy
        self._footage, self._disguise = footage, disguise
        self._delay = timedelta(seconds=decoy.delay_s)
        # The salt is secret until the decoy is opened, and nothing is derived from it after that.
        self._key = hashlib.sha256(b"decoy key\n" + bytes.fromhex(salt)).digest()[:16]
        hidden = hashlib.sha256(b"decoy numbers\n" + bytes.fromhex(salt)).digest()
        self._before = _KEPT + int.from_bytes(hidden[:8], "big") % _MOST_BEFORE
        # The plan's delay is in tenths of a second, which nobody who watches must see.
        self._delay += timedelta(seconds=int.from_bytes(hidden[8:10], "big") / 2**16 / 10)
        self._numbers: _Numbers | None = None
        self._segments: OrderedDict[int, asyncio.Task[bytes]] = OrderedDict()

    def is_on(self, now: datetime) -> bool:
        return self.decoy.appears_at <= now < self.decoy.vanishes_at

    def playlist(self, now: datetime) -> bytes | None:
        edge = self._footage.edge(now - self._delay)
        numbers = None if edge is None else self._numbered(edge, now)
        if edge is None or numbers is None:
            return None
        pieces = [
            (number, piece)
            for number in range(edge - _SHOWN, edge)
            if (piece := self._footage.piece(number)) is not None
        ]
        if len(pieces) < _SHOWN:
            return None
        target = max(1, round(max(piece.seconds for _, piece in pieces)))
        lines = [
            "#EXTM3U",
            "#EXT-X-VERSION:3",
            f"#EXT-X-TARGETDURATION:{target}",
            f"#EXT-X-MEDIA-SEQUENCE:{pieces[0][0] - numbers.first}",
        ]
        if self._disguise.encrypted:
            lines.append(f'#EXT-X-KEY:METHOD=AES-128,URI="{_KEY}"')
        for number, piece in pieces:
            lines += [f"#EXTINF:{round(piece.seconds, 1):.6f},", f"{number - numbers.first}.ts"]
        return "\n".join([*lines, ""]).encode()

    def _numbered(self, edge: int, now: datetime) -> _Numbers | None:
        """Return how pieces are numbered and timed: of a feed and of a file by one rule.

        It is as if the stream had run for a while before it appeared; how long, its salt says.
        """
        if self._numbers is None:
            newest, begins_s = self._footage.piece(edge - 1), self._footage.begins_s(edge - 1)
            if newest is None or begins_s is None:
                return None
            passed_s = (now - self.decoy.appears_at).total_seconds()
            number = self._before + math.floor(passed_s / newest.seconds)
            self._numbers = _Numbers(
                first=edge - 1 - number, moved_s=number * newest.seconds - begins_s
            )
        return self._numbers

    async def file(self, name: str, now: datetime, disguising: Disguising) -> Served | None:
        if name == PLAYLIST:
            text = self.playlist(now)
            return None if text is None else Served(body=text, media_type=PLAYLIST_TYPE)
        if name == _KEY:
            return Served(body=self._key, media_type=KEY_TYPE) if self._disguise.encrypted else None
        digits = name.removesuffix(".ts")
        if digits == name or not (digits.isascii() and digits.isdigit()) or len(digits) > 9:
            return None
        edge = self._footage.edge(now - self._delay)
        numbers = None if edge is None else self._numbered(edge, now)
        if edge is None or numbers is None:
            return None
        number = numbers.first + int(digits)
        if not edge - _KEPT <= number < edge:
            return None
        body = await self._segment(number, numbers, disguising)
        return None if body is None else Served(body=body, media_type=SEGMENT_TYPE)

    async def _segment(
        self, number: int, numbers: _Numbers, disguising: Disguising
    ) -> bytes | None:
        piece, begins_s = self._footage.piece(number), self._footage.begins_s(number)
        if piece is None or begins_s is None:
            return None
        # Who asks for the same meanwhile waits for it, and nobody who goes away ends it.
        if number not in self._segments:
            starts_s = numbers.moved_s + begins_s
            work = self._make(piece.media, number - numbers.first, starts_s, disguising)
            self._segments[number] = asyncio.ensure_future(work)
            while len(self._segments) > _KEPT:
                self._segments.popitem(last=False)
        try:
            return await asyncio.shield(self._segments[number])
        except CauteryError:
            self._segments.pop(number, None)
            return None

    async def _make(
        self, media: bytes, sequence: int, starts_s: float, disguising: Disguising
    ) -> bytes:
        segment = await disguising.disguised(media, self._disguise, starts_s=starts_s)
        if not self._disguise.encrypted:
            return segment
        # RFC 8216, section 5.2: AES-128 in CBC mode, the sequence number as vector, PKCS7.
        pad = padding.PKCS7(128).padder()
        clear = pad.update(segment) + pad.finalize()
        cipher = Cipher(algorithms.AES(self._key), modes.CBC(sequence.to_bytes(16, "big")))
        box = cipher.encryptor()
        return box.update(clear) + box.finalize()


class LiveDecoys:
    """The decoys and lists of one night.

    Parameters
    ----------
    night : PlannedNight
        The opened plan.
    footage : sequence of Footage
        By the number of the programme's media.
    disguising : Disguising
        Makes segments.
    """

    def __init__(
        self, night: PlannedNight, footage: Sequence[Footage], disguising: Disguising
    ) -> None:
        disguises = {"none": Disguise(name="none")}
        disguises |= {disguise.name: disguise for disguise in night.programme.disguises}
        self._disguising = disguising
        self._streams: Mapping[tuple[str, str], _Stream] = {
            _place(leaf.decoy.url): _Stream(
                leaf.decoy, footage[media], disguises[leaf.decoy.disguise], salt=leaf.salt
            )
            for leaf, media in zip(night.plan.leaves, night.media_of, strict=True)
        }
        self._lists = {(row.host, row.path) for row in night.programme.lists}

    def appeared(self, now: datetime) -> int:
        """Return how many decoys have appeared so far."""
        return sum(stream.decoy.appears_at <= now for stream in self._streams.values())

    async def answer(self, host: str, path: str, now: datetime) -> Served | None:
        """Return what is at a path of a host; ``None``: nothing is.

        Parameters
        ----------
        host : str
            As the request names it, in lower case and without a port.
        """
        if (host, path) in self._lists:
            return Served(body=self.list_text(now).encode(), media_type=LIST_TYPE)
        folder, _, name = path.rpartition("/")
        stream = self._streams.get((host, folder))
        if stream is None or not stream.is_on(now):
            return None
        return await stream.file(name, now, self._disguising)

    def list_text(self, now: datetime) -> str:
        """Return the list (M3U) of all decoys that are on, in the order of their titles."""
        decoys = [stream.decoy for stream in self._streams.values() if stream.is_on(now)]
        lines = ["#EXTM3U"]
        for decoy in sorted(decoys, key=lambda decoy: (decoy.offered_as, decoy.url)):
            lines += [f'#EXTINF:-1 group-title="SPORT",{decoy.offered_as}', decoy.url]
        return "\n".join([*lines, ""])


def _place(url: str) -> tuple[str, str]:
    """Return the host of a playlist's URL, and the folder in which it lies."""
    parts = urlsplit(url)
    return parts.hostname or "", parts.path.rpartition("/")[0]
