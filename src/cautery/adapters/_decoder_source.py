"""Inside the decoder's child: one container, opened again where its tables change.

FFmpeg's demuxer goes on across most damage. What it cannot follow is a transport stream whose
programme changes (another codec on the same packet identifier, or another identifier): there the
stream is opened anew at the byte where the sound was last understood.
"""

from __future__ import annotations

import io
from collections.abc import Callable, Generator, Iterator
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any, BinaryIO

import av
from av.error import FFmpegError

LEAST_RATE_HZ = 4_000
"""No medium has fewer samples. A header that says ten makes a day of sound of a megabyte."""
_MOST_PIXELS = 4096 * 2304
"""Of a picture: the 36,864 macroblocks of H.264's level 5.1 (ITU-T H.264, table A-1)."""
_READ_ERRORS_BORNE = 50
_FAILURES_BORNE = 8
"""Sound packets in a row that give no frame before the stream is opened anew."""
_TOGETHER = 8
"""Sound packets whose frames are handed on together: more leave the cache before they are read
(measured, sound / bare decode at 4, 8, 16, 32 packets: 1.74, 1.74, 1.82, 2.08)."""
_MOST_OPENINGS = 64
"""Of one capture: a stream whose sound is lost after every few packets is not followed for ever."""
_LOST_BYTES, _LOST_S = 256_000, 5.0
"""So much of a stream without a packet of its sound means that the sound has moved."""
_REST_BYTES, _REST_S = 12_000, 2.0
"""The same at the stream's end, where pictures may reach a little further than the sound."""

_ODD_TEXT: dict[str, Any] = (
    {"metadata_errors": "ignore"} if int(av.__version__.partition(".")[0]) < 19 else {}
)
"""How PyAV reads titles that are no UTF-8: its default raised until 19, which bears them itself."""


class Refusal(Exception):  # noqa: N818 - it is an answer, not an accident
    """Nothing could be made of the bytes; the message goes to the analyst."""

    def __init__(self, said: str, *, encrypted: bool = False) -> None:
        super().__init__(said)
        self.encrypted = encrypted


@dataclass
class Damage:
    """Counts what was met and survived."""

    packets: int = 0
    reads: int = 0
    gaps: int = 0
    sealed: int = 0
    reopened: int = 0
    notes: list[str] = field(default_factory=list)

    def said(self, jumps: int) -> list[str]:
        """Return it in words."""
        words = list(self.notes[:8])
        counts = (
            (self.packets, "damaged packets or frames"),
            (self.reads, "damaged stretches of the container"),
            (self.gaps, "gaps filled with silence"),
            (self.sealed, "encrypted packets left out"),
            (self.reopened, "times opened anew where the sound was lost"),
            (jumps, "jumps of the time stamps"),
        )
        return words + [f"{count} {what}" for count, what in counts if count]


class _Window:
    """The bytes from some offset on, which may be told to end early."""

    def __init__(self, source: BinaryIO, base: int) -> None:
        self._source, self._base = source, base
        self.last = 0
        self.most = 0
        source.seek(base)

    def read(self, size: int) -> bytes:
        if self.most and self.tell() - self.last > self.most:
            return b""
        return self._source.read(size)

    def seek(self, offset: int, whence: int = 0) -> int:
        if whence == io.SEEK_SET:
            offset += self._base
        return self._source.seek(offset, whence) - self._base

    def tell(self) -> int:
        return self._source.tell() - self._base


class Source:
    """A capture's packets and frames, over as many openings as it takes.

    Parameters
    ----------
    data : binary file
        Seekable.
    name : str
        The one demuxer that may open it.
    pictures : bool
        Whether pictures are wanted.
    """

    def __init__(self, data: BinaryIO, name: str, *, sound: bool = True, pictures: bool) -> None:
        self._data, self._name = data, name
        self._wants = (sound, pictures)
        self._marked = name in {"mp4", "matroska"}
        self.damage = Damage()
        self.spares: Callable[[float], bool] = lambda _: False
        """Tells by its time stamp, in seconds, of a picture to be decoded that it is not wanted;
        it is left out unless others are made from it."""
        self.codecs: dict[str, None] = {}
        self.has_sound = False
        self.has_pictures = False
        self._spared = False
        self._size = data.seek(0, io.SEEK_END)

    def frames(self) -> Iterator[tuple[bool, list[Any], float]]:
        """Yield (is it sound?, frames, seconds a tick of their stamps), as the container has them.

        Sound comes by several frames, a fifth of a second after the pictures beside it: a call for
        each frame would cost as much as a tenth of decoding.
        """
        base = 0
        for _ in range(_MOST_OPENINGS):
            following = yield from self._section(base)
            if following is None or following <= base:  # lost again where it was opened
                return
            base = following

    def _section(self, base: int) -> Generator[tuple[bool, list[Any], float], None, int | None]:
        window = _Window(self._data, base)
        container = self._opened(window, base)
        if container is None:
            return None
        self._spared = False
        with container:
            video = _stream(container, "video")
            audio = _stream(container, "audio", beside=video)
            if not base:
                self.damage.notes += _left_out(container)
            self.has_sound |= audio is not None
            self.has_pictures |= video is not None
            for candidate in (video, audio):
                if candidate is not None:
                    self.codecs.setdefault(_codec(candidate))
            used = [
                stream
                for stream, on in zip((audio, video), self._wants, strict=True)
                if stream and on
            ]
            if not used:
                if audio is None and video is None and not base:
                    raise Refusal(f"the {self._name} container holds neither sound nor pictures")
                return None
            follow = _Following(window, base, self._size) if self._name == "mpegts" else None
            ears = audio if self._wants[0] else None
            alone = ears is not None and len(used) == 1
            tick, shown_tick = (
                float(stream.time_base) if stream else 0.0 for stream in (audio, video)
            )
            sound_frames: list[Any] = []
            good: list[Any] = []
            # The first is handed on at once: pictures are placed beside the sound that came before.
            together = 1
            for packet in self._packets(container, used):
                if self._marked and packet.has_sidedata("encryption_info"):
                    self.damage.sealed += 1
                    continue
                if not alone and packet.stream is not ears:
                    self._pick(packet, shown_tick)
                    yield False, self._decoded(packet), shown_tick
                    continue
                frames = self._decoded(packet)
                if frames:
                    sound_frames += frames
                    good.append(packet)
                    if len(good) < together:
                        continue
                    together = _TOGETHER
                if sound_frames:
                    yield True, sound_frames, tick
                    sound_frames = []
                if follow is not None:
                    follow.heard(good, tick)
                    if not frames and follow.lost(packet):
                        break
                good = []
            else:
                if sound_frames:
                    yield True, sound_frames, tick
                if follow is not None:
                    follow.heard(good, tick)
            for stream in used:
                self.codecs.setdefault(_codec(stream))
        reopen_at = follow.again() if follow is not None and ears is not None else None
        self.damage.reopened += reopen_at is not None
        return reopen_at

    def _opened(self, window: _Window, base: int) -> Any:
        """Open what begins at ``base``; ``None``: what follows the last change is no stream."""
        try:
            return av.open(window, format=self._name, **_ODD_TEXT)
        except (FFmpegError, ValueError, MemoryError, OSError) as error:
            if base:
                return None
            raise Refusal(f"the {self._name} container can't be opened: {_why(error)}") from error

    def _packets(self, container: Any, streams: list[Any]) -> Iterator[Any]:
        """Yield packets, going on after damaged stretches as long as the demuxer does."""
        damage = self.damage
        while True:
            try:
                yield from container.demux(*streams)
            except (FFmpegError, ValueError, IndexError) as error:
                # IndexError: a damaged table announces streams that were not there at the start.
                damage.reads += 1
                if damage.reads == 1:
                    damage.notes.append(f"container: {_why(error)}")
                if damage.reads >= _READ_ERRORS_BORNE:
                    return
                continue
            return

    def _pick(self, packet: Any, tick: float) -> None:
        """Have a picture that is not wanted passed over, if no other is made from it."""
        spared = packet.pts is not None and self.spares(packet.pts * tick)
        if spared is not self._spared:  # to set it costs as much as the question
            packet.stream.codec_context.skip_frame = "NONREF" if spared else "DEFAULT"
            self._spared = spared

    def _decoded(self, packet: Any) -> list[Any]:
        try:
            frames: list[Any] = packet.decode()
            return frames
        except (FFmpegError, ValueError) as error:
            self.damage.packets += 1
            if self.damage.packets == 1:
                self.damage.notes.append(f"{packet.stream.type}: {_why(error)}")
            return []


class _Following:
    """Where in a transport stream its sound was last understood, and whether it has moved."""

    def __init__(self, window: _Window, base: int, size: int) -> None:
        self._window, self._base, self._bytes_left = window, base, size - base
        self._good = 0
        self._failed = 0
        self._failed_at = 0
        self._first: float | None = None
        self._per_s = 0.0

    def heard(self, packets: list[Any], tick: float) -> None:
        """Note the last of some packets that gave sound, of those whose place is known.

        Only the first packet that ends in a PES packet knows its place.
        """
        if not packets:
            return
        self._good, self._failed = self._good + 1, 0
        for packet in reversed(packets):
            at = packet.pos
            if at is None or at < 0:
                continue
            self._window.last = at
            if packet.pts is not None and at:
                stamp_s = packet.pts * tick
                self._first = stamp_s if self._first is None else self._first
                if stamp_s > self._first + 1:
                    self._per_s = at / (stamp_s - self._first)
                    self._window.most = int(max(_LOST_BYTES, _LOST_S * self._per_s))
            return

    def lost(self, packet: Any) -> bool:
        """Note a packet that gave no sound; tell whether its decoder has lost it for good."""
        at = packet.pos
        if at is None or at < 0 or not packet.size:
            return False
        self._window.last = at
        self._failed += 1
        if self._failed == 1:
            self._failed_at = at
        return self._good > 0 and self._failed >= _FAILURES_BORNE

    def again(self) -> int | None:
        """Return the byte from which the stream should be opened anew, or None."""
        if not self._good:
            return None
        if self._failed >= _FAILURES_BORNE:
            return self._base + self._failed_at
        remaining = self._bytes_left - self._window.last
        if remaining > max(_REST_BYTES, _REST_S * self._per_s):
            # One packet of the transport stream further: the last one that was understood is not
            # read again.
            return self._base + self._window.last + 188
        return None


def _left_out(container: Any) -> list[str]:
    """Say that there are more tracks than the one of sound and the one of pictures that are used.

    A transport stream may carry several programmes, and a film several languages.
    """
    sounds = len(container.streams.audio)
    pictures = sum(not _is_still(stream) for stream in container.streams.video)
    if sounds <= 1 and pictures <= 1:
        return []
    return [f"{sounds} tracks of sound, {pictures} of pictures: one of each is used"]


def _is_still(stream: Any) -> bool:
    """Tell whether a track of pictures is a cover, which is no video."""
    return "attached_pic" in str(stream.disposition).lower()


def _stream(container: Any, kind: str, *, beside: Any = None) -> Any:
    """Return the best stream of sound or pictures, set up to be decoded on this thread.

    Of several programmes in one file, the sound is that of the programme ``beside`` belongs to.

    Edges of blocks are not smoothed in pictures that no other is made from: that is a tenth of
    decoding them, and moves one cell mean in two hundred, by one level.
    """
    best = container.streams.best(kind, related=beside)
    if best is None or best.codec_context is None:
        return None
    if kind == "video" and _is_still(best):
        return None
    context = best.codec_context
    if kind == "audio" and 0 < context.sample_rate < LEAST_RATE_HZ:
        return None
    context.thread_type = "NONE"
    context.thread_count = 1
    if kind == "video":
        context.options = {"max_pixels": str(_MOST_PIXELS), "skip_loop_filter": "noref"}
    return best


def _codec(stream: Any) -> str:
    context = stream.codec_context
    name = context.codec.name
    if stream.type == "video":
        rate = float(stream.average_rate or Fraction(0))
        return f"{name} {context.width}x{context.height} {rate:.2f}"
    return f"{name} {context.sample_rate}/{context.channels}"


def _why(error: BaseException) -> str:
    return str(getattr(error, "strerror", None) or error or type(error).__name__)[:200]
