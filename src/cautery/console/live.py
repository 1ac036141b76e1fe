"""What grows while people look at it: the position of a case, and the parts of its page."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from pathlib import Path
from threading import Lock
from typing import NamedTuple

from cautery.errors import CauteryError
from cautery.workflows.case.hub import Hub
from cautery.workflows.case.kept import KeptCase

MOST_STREAMS = 300
"""Pages that are live at a time."""
COALESCE_S = 0.25
"""Records that come within so long of each other are one message: a watch makes 50 a second."""
ANEW_S = 5.0
"""A page is sent again after so long, also if nothing came: its bars grow."""


MOST_PARTS = 64
"""Parts that are kept at a time. Judgement."""


class Parts(NamedTuple):
    """Parts of a page as HTML, and how many records they are made of."""

    html: str
    position: int


@dataclass(slots=True)
class _Followed:
    """A case that somebody watches, and how many do."""

    kept: KeptCase
    hub: Hub
    watching: int = 0

    def close(self) -> None:
        self.hub.close()
        self.kept.close()


class Live:
    """Follows cases, each by one hub, while anybody watches.

    Parameters
    ----------
    opened : callable
        Opens a case to be read, with its kept lists.
    hub_of : callable
        Returns what follows it.
    """

    def __init__(
        self, opened: Callable[[Path], KeptCase], hub_of: Callable[[Path, KeptCase], Hub]
    ) -> None:
        self._opened, self._hub_of = opened, hub_of
        self._followed: dict[Path, _Followed] = {}
        self._parts: dict[tuple[Path, str], tuple[tuple[int, int], Parts]] = {}
        self._rendering = Lock()

    @property
    def streams(self) -> int:
        """How many pages are live."""
        return sum(followed.watching for followed in self._followed.values())

    async def changes(self, path: Path, *, since: int) -> AsyncIterator[int]:
        """Yield the size of a case's ledger: at once if it is beyond ``since``, then as it grows.

        Without growth it is yielded every :data:`ANEW_S`. It ends where the case is gone.
        """
        followed = self._join(path)
        batches = followed.hub.listen(since)
        coming = asyncio.ensure_future(anext(batches))
        told = since
        try:
            while True:
                await asyncio.wait((coming,), timeout=ANEW_S)
                while coming.done():
                    told = coming.result().until
                    coming = asyncio.ensure_future(anext(batches))
                    await asyncio.sleep(0)  # what has come already is there at once
                yield told
                await asyncio.sleep(COALESCE_S)
        except CauteryError:  # its page says why when it is asked for again
            return
        finally:
            followed.watching -= 1
            coming.cancel()
            if not followed.watching:
                del self._followed[path]
                await asyncio.to_thread(followed.close)

    def parts(self, path: Path, of: str, size: int, render: Callable[[], Parts]) -> Parts:
        """Return the parts of a page, made once for all who read it in one language.

        Parameters
        ----------
        of : str
            Which parts, and in which language.
        size : int
            Of the ledger; the same size gives the same parts for :data:`ANEW_S`.
        """
        version = (size, int(time.monotonic() / ANEW_S))
        with self._rendering:
            known = self._parts.get((path, of))
            if known is None or known[0] != version:
                known = self._parts[path, of] = version, render()
                while len(self._parts) > MOST_PARTS:
                    self._parts.pop(next(iter(self._parts)))
            return known[1]

    def close(self) -> None:
        """Follow nothing any more."""
        for followed in self._followed.values():
            followed.close()

    def _join(self, path: Path) -> _Followed:
        followed = self._followed.get(path)
        if followed is None:
            typed = self._opened(path)
            followed = self._followed[path] = _Followed(typed, self._hub_of(path, typed))
        followed.watching += 1
        return followed
