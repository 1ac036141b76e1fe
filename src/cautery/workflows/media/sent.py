"""Receive a reference that is sent to us as a transport stream, and handle its faults.

Its time stamps are tied to our clock once, when a run begins, and followed from there: they tick
more evenly than datagrams arrive. A stall, a jump of its clock or a change of codec is said and
begins a new run; nothing of it stops the others.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from functools import partial

from cautery.errors import DecodeError, SourceError
from cautery.formats.mpegts import CLOCK_HZ, WRAP, TsCutter, TsPiece
from cautery.identify.references.volumes import AnyReferences
from cautery.model.media import Decoded
from cautery.model.ports import Decoder, Engine

PIECE_S = 6.0
"""Decoded at once: opening costs 2 ms, and a probe may lag by no less than a piece."""
_WRAP_S = WRAP / CLOCK_HZ
_DRIFT_S = 10.0
"""Where the stream's clock and this machine's differ by this, they are tied anew."""

Heard = Callable[[bytes, float, float, float, float], None]
"""Takes a piece's bytes, the reference times it covers, its own time at the first of them, and how
many of its seconds are new."""


class SentStream:
    """One such reference.

    Parameters
    ----------
    reference : str
        Its id.
    pictures : bool
        Keep them.
    told : callable
        Hears, in words, what befell the stream.
    heard : callable
        Is given every piece that was taken in.
    """

    def __init__(
        self,
        reference: str,
        *,
        pictures: bool,
        references: AnyReferences,
        decoder: Decoder,
        engine: Engine,
        told: Callable[[SourceError], object],
        heard: Heard,
    ) -> None:
        self._reference = reference
        self._pictures = pictures
        self._references = references
        self._decoder = decoder
        self._engine = engine
        self._report = told
        self._on_sound = heard
        self._anchor_s: float | None = None
        self._stamp_s = 0.0
        self._codecs: tuple[str, ...] | None = None
        self._stalled = self._begun = False

    async def follow(self, arrivals: AsyncIterator[tuple[bytes, float]]) -> None:
        """Take in what comes, until it ends.

        Raises
        ------
        SourceError
            If the connection fails.
        """
        cutter = TsCutter(piece_s=PIECE_S)
        now_s = 0.0
        async for data, now_s in arrivals:
            if not data:
                if not self._stalled:
                    self._report(SourceError("it stalls: no data arrive"))
                    await self._take(cutter.flush(), now_s)
                self._stalled = True
                continue
            if self._stalled:
                self._report(SourceError("data arrive again"))
                self._stalled = False
                self._anchor_s = None
            for piece in cutter.feed(data):
                await self._take(piece, now_s)
        await self._take(cutter.flush(), now_s)

    async def _take(self, piece: TsPiece | None, now_s: float) -> None:
        if piece is None:
            return
        if piece.begins is not None:
            if piece.begins != "start":
                self._report(SourceError(f"a new run begins: {piece.begins}"))
            self._anchor_s = None
        if piece.scrambled:
            self._report(SourceError("it is scrambled (conditional access); give it unscrambled"))
            return
        try:
            decoded = await self._decoder.decode(piece.data, pictures=self._pictures)
        except DecodeError as error:
            self._report(error)
            return
        await self._add(decoded, piece.data, now_s)

    async def _add(self, decoded: Decoded, data: bytes, now_s: float) -> None:
        if self._codecs is not None and decoded.codecs != self._codecs:
            self._report(SourceError(f"its codecs have changed to {', '.join(decoded.codecs)}"))
        self._codecs = decoded.codecs
        stamp_s = decoded.audio_s
        if not len(decoded.audio) and len(decoded.luma_s):
            stamp_s = float(decoded.luma_s[0])
        start_s = stamp_s
        if self._anchor_s is not None:
            # Time stamps have 33 bits at 90 kHz (ISO/IEC 13818-1, 2.4.2.2): they begin again
            # after 26.5 hours.
            start_s += round((self._stamp_s - start_s) / _WRAP_S) * _WRAP_S
        end_s = start_s + decoded.duration_s
        if self._anchor_s is None:
            self._anchor_s = now_s - end_s
        elif abs(self._anchor_s + end_s - now_s) > _DRIFT_S:
            self._report(
                SourceError("its clock and our clock have drifted apart; they are aligned again")
            )
            self._anchor_s = now_s - end_s
        at_s = self._anchor_s + start_s
        fresh_s = decoded.duration_s
        if self._begun and abs(end_s - self._stamp_s) < _DRIFT_S:
            fresh_s = min(fresh_s, max(0.0, end_s - self._stamp_s))
        await self._engine.run(partial(self._references.add, self._reference, decoded, at_s=at_s))
        self._begun = True
        self._stamp_s = end_s
        self._on_sound(data, at_s, at_s + decoded.duration_s, stamp_s, fresh_s)
