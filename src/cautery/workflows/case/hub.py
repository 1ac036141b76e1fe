"""Tell many browsers of new records: one follower for each case, and no queue for any listener.

The newest records lie once, in a ring. Each listener has a place in it, the number of the record
that it wants next, which is also what a browser sends back when it connects again
(``Last-Event-ID``). So nothing is lost or told twice over reconnections, a slow listener holds up
nobody, and one that fell behind the ring is told to load its page again.
"""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections import deque
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass
from itertools import islice
from threading import Event, Lock, Thread

from cautery.errors import InputError
from cautery.projections.lines import RecordLine, record_line
from cautery.workflows.case.kept import KeptCase

_LOOK_S = 0.1
"""How often the follower looks for more: an eye notices a tenth of a second. Judgement."""
_STANDS_S = 5.0
"""How often it looks whether the case is still there. Judgement."""
_RING = 1_024
"""Records in memory for listeners: some seconds of the busiest watch. Judgement."""
_MOST_AT_ONCE = 256
_TAKEN_AT_ONCE = 5_000
_HEARTBEAT_S = 15.0
"""Between two signs of life: proxies close what is silent for 30 or 60 s."""
_AGAIN_S = 5.0
"""After a failure, listeners get it at once for so long, before somebody looks again. Judgement."""
_IDLE_S = 60.0
"""After so long without a listener the follower ends; the next listener starts it again."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Batch:
    """Records that came in, without a gap.

    Parameters
    ----------
    since, until : int
        The number of the first record, and that after the last one: what the listener wants next.
    lines : tuple of RecordLine
        One for each record; none: a sign of life, or :attr:`reload`.
    reload : bool
        Records between are not told: the listener fell too far behind, or the case has another
        past than the one it heard. It has to load its page again.
    """

    since: int
    until: int
    lines: tuple[RecordLine, ...] = ()
    reload: bool = False


class Hub:
    """Follows one case for many listeners in one event loop.

    Its thread first takes new records up into the kept lists and then tells of them, so that a
    page that is loaded on the news has them. It only reads, and waits for no writer.

    Parameters
    ----------
    kept : KeptCase
        The case.
    stands : callable
        Tells whether the case is still there.
    """

    def __init__(self, kept: KeptCase, *, stands: Callable[[], bool] = lambda: True) -> None:
        self._kept = kept
        self._stands = stands
        self._lock = Lock()
        self._thread: Thread | None = None
        self._stop = Event()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._ring: deque[RecordLine] = deque(maxlen=_RING)
        self._until: int | None = None
        self._size = 0
        self._news = asyncio.Event()
        self._past = 0
        self._failed: Exception | None = None
        self._failed_at = 0.0
        self._listeners = 0

    @property
    def listeners(self) -> int:
        """How many listen now."""
        return self._listeners

    @property
    def behind(self) -> tuple[int, int]:
        """How many records the lists have, and how many the ledger has; for a first filling."""
        return self._until or 0, self._size

    async def listen(self, since: int | None = None) -> AsyncIterator[Batch]:
        """Yield what comes in, and a batch without lines as a sign of life.

        Parameters
        ----------
        since : int or None
            The number of the first record that is wanted; ``None``: what comes in from now on.

        Raises
        ------
        CauteryError
            If the case cannot be read any more, or is gone.
        """
        self._listeners += 1
        try:
            self._start()
            place: int | None = since
            past: int | None = None
            while True:
                news = self._news
                if past is None and self._until is not None:
                    past = self._past
                if self._failed is not None:
                    raise self._failed
                batch = await self._next(place, past)
                if batch is not None:
                    place, past = batch.until, self._past
                    if batch.lines or batch.reload:
                        yield batch
                    continue
                try:
                    async with asyncio.timeout(_HEARTBEAT_S):
                        await news.wait()
                except TimeoutError:
                    if place is not None:
                        yield Batch(since=place, until=place)
        finally:
            self._listeners -= 1

    def close(self) -> None:
        """End the follower; listeners hear nothing more."""
        self._stop.set()
        with self._lock:
            thread, self._thread = self._thread, None
        if thread is not None:
            thread.join()

    async def _next(self, place: int | None, past: int | None) -> Batch | None:
        """Return what comes at a place; ``None``: nothing yet."""
        until = self._until
        if until is None:
            return None
        if place is None:
            return Batch(since=until, until=until)
        if past != self._past or place > max(self._size, until):
            return Batch(since=place, until=until, reload=True)
        if place >= until:
            return None
        first = until - len(self._ring)
        if place >= first:
            lines = tuple(islice(self._ring, place - first, place - first + _MOST_AT_ONCE))
            return Batch(since=place, until=place + len(lines), lines=lines)
        if until - place > _RING:
            return Batch(since=place, until=until, reload=True)
        # It heard another process, or one that ended: what it missed is read once more.
        wanted_numbers = range(place, min(first, place + _MOST_AT_ONCE))
        entries = await asyncio.to_thread(self._kept.entries, wanted_numbers)
        lines = tuple(map(record_line, entries))
        if [line.record for line in lines] != list(wanted_numbers):
            return Batch(since=place, until=until, reload=True)
        return Batch(since=place, until=wanted_numbers.stop, lines=lines)

    def _start(self) -> None:
        with self._lock:
            if self._thread is not None:
                return
            if self._failed is not None and time.monotonic() - self._failed_at < _AGAIN_S:
                raise self._failed
            self._loop = asyncio.get_running_loop()
            self._stop.clear()
            self._failed = None
            self._thread = Thread(target=self._follow, name="follower", daemon=True)
            self._thread.start()

    def _follow(self) -> None:
        """Look for more until nobody listens any more (on the follower's thread)."""
        try:
            heard_at = looked_at = time.monotonic()
            told: int | None = None
            while not self._stop.is_set():
                now = time.monotonic()
                heard_at = now if self._listeners else heard_at
                if now - heard_at > _IDLE_S and self._ends():
                    return
                if now - looked_at > _STANDS_S:
                    looked_at = now
                    self._require_case()
                told = self._look(told)
        except Exception as error:  # noqa: BLE001 - raised where somebody listens
            with self._lock:
                self._thread, self._failed, self._failed_at = None, error, time.monotonic()
            self._tell(self._wake)

    def _ends(self) -> bool:
        """Tell whether the follower may end: nobody began to listen at this moment."""
        with self._lock:
            if self._listeners:
                return False
            self._thread = None
            return True

    def _require_case(self) -> None:
        if not self._stands():
            raise InputError("the case is gone: its folder was moved or deleted", hint="")

    def _look(self, told: int | None) -> int:
        """Take up and tell what is there, or wait a moment; return what is told now."""
        size = self._kept.ledger.size()
        if told is not None and size == told:
            self._stop.wait(_LOOK_S)
            return told
        taken = self._kept.catch_up(most=_TAKEN_AT_ONCE)
        begun = taken if told is None or told > taken else max(told, taken - _RING)
        lines = tuple(
            record_line(entry)
            for entry in islice(self._kept.ledger.read(since=begun), taken - begun)
        )
        self._tell(self._hear, lines, taken, size, self._kept.remade)
        # What comes within the next moment is told together, whatever the rate.
        self._stop.wait(_LOOK_S if taken >= size else 0.0)
        return taken

    def _tell(self, what: Callable[..., None], *arguments: object) -> None:
        assert self._loop is not None
        with contextlib.suppress(RuntimeError):  # the loop is closed: nobody listens
            self._loop.call_soon_threadsafe(what, *arguments)

    def _hear(self, lines: Sequence[RecordLine], until: int, size: int, past: int) -> None:
        """Put lines into the ring and wake the listeners (in the event loop)."""
        if until - len(lines) != self._until or past != self._past:
            self._ring.clear()
        self._ring.extend(lines)
        self._until, self._size, self._past = until, size, past
        self._wake()

    def _wake(self) -> None:
        news, self._news = self._news, asyncio.Event()
        news.set()
