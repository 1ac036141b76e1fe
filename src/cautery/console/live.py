"""What grows while people look at it: one thread follows a case for all who watch its page."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from pathlib import Path
from threading import Event, Lock, Thread

from cautery.errors import CauteryError
from cautery.evidence.ports import CaseStore

MOST_STREAMS = 300
"""Pages that are live at a time."""
COALESCE_S = 0.25
"""Records that come within so long of each other are one message: a watch makes 50 a second."""
ANEW_S = 5.0
"""A page is sent again after so long, also if nothing came: its bars grow."""


@dataclass(slots=True)
class _Followed:
    """A case that somebody watches."""

    size: int
    stop: Event = field(default_factory=Event)
    woken: set[asyncio.Event] = field(default_factory=set)


class Live:
    """Follows the ledgers of cases, read-only and each by one thread, while anybody watches.

    Parameters
    ----------
    store : CaseStore
        Opens ledgers.
    """

    def __init__(self, store: CaseStore) -> None:
        self._store = store
        self._followed: dict[Path, _Followed] = {}
        self._parts: dict[tuple[Path, str], tuple[tuple[int, int], str]] = {}
        self._rendering = Lock()

    @property
    def streams(self) -> int:
        """How many pages are live."""
        return sum(len(followed.woken) for followed in self._followed.values())

    async def changes(self, path: Path, *, since: int) -> AsyncIterator[int]:
        """Yield the size of a case's ledger: at once if it is beyond ``since``, then as it grows.

        Without growth it is yielded every :data:`ANEW_S`.
        """
        woken = asyncio.Event()
        followed = self._join(path, woken)
        try:
            told = since
            while True:
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout(ANEW_S):
                        # Woken for a record that was told already, it waits on.
                        while followed.size == told:
                            woken.clear()
                            await woken.wait()
                told = followed.size
                yield told
                await asyncio.sleep(COALESCE_S)
        finally:
            followed.woken.discard(woken)
            if not followed.woken:
                followed.stop.set()
                if self._followed.get(path) is followed:
                    del self._followed[path]

    def parts(self, path: Path, tongue: str, size: int, render: Callable[[], str]) -> str:
        """Return the parts of a page, made once for all who read it in one language.

        Parameters
        ----------
        size : int
            Of the ledger; the same size gives the same parts for :data:`ANEW_S`.
        """
        version = (size, int(time.monotonic() / ANEW_S))
        with self._rendering:
            known = self._parts.get((path, tongue))
            if known is None or known[0] != version:
                known = self._parts[path, tongue] = version, render()
            return known[1]

    def close(self) -> None:
        """Follow nothing any more."""
        for followed in self._followed.values():
            followed.stop.set()
        self._followed.clear()

    def _join(self, path: Path, woken: asyncio.Event) -> _Followed:
        followed = self._followed.get(path)
        if followed is None:
            ledger = self._store.ledger(path, read_only=True)
            try:
                followed = _Followed(size=ledger.size())
            finally:
                ledger.close()
            self._followed[path] = followed
            thread = Thread(
                target=self._follow,
                args=(path, followed, asyncio.get_running_loop()),
                name=f"follow-{path.name}",
                daemon=True,
            )
            thread.start()
        followed.woken.add(woken)
        return followed

    def _follow(self, path: Path, followed: _Followed, loop: asyncio.AbstractEventLoop) -> None:
        def wake() -> None:
            for woken in followed.woken:
                woken.set()

        try:
            ledger = self._store.ledger(path, read_only=True)
        except CauteryError:  # the case is gone; its page says so when it is asked for again
            return
        try:
            for entry in ledger.follow(since=followed.size, stop=followed.stop):
                followed.size = entry.index + 1
                loop.call_soon_threadsafe(wake)
        except (CauteryError, RuntimeError):  # as above, or the loop has ended
            return
        finally:
            ledger.close()
