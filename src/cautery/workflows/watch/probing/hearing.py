"""The references of a watch, the tape of their bytes, and the tasks that fill both."""

from __future__ import annotations

import asyncio
import shutil
import tempfile
from collections.abc import Callable
from pathlib import Path

from cautery.fingerprint import DEFAULT_RECIPE
from cautery.fingerprint.index import MOST_REFERENCES
from cautery.identify.references.volumes import references_of
from cautery.model import Mandate
from cautery.model.ports import Decoder, Engine, Readers, Streams, VerifiedFetcher
from cautery.workflows.media.pump import Pump, feeds_of
from cautery.workflows.media.tape import Tape
from cautery.workflows.watch.pace import Heard

REFERENCE_WINDOW_S = 420.0
"""-30 to +300 s is searched (docs/reference/sources.md, F26); two minutes more for slow probes."""


class Hearing:
    """The references of one mandate, filled and followed until it is stopped.

    Parameters
    ----------
    folder : Path
        Where the tape lies; not in the case.
    volume_size : int
        References that one volume holds.
    fail : callable
        Called with ``"reference"``, the id of a feed, and what befell it; it may be exchanged, as
        who stands by hears before there is a case to write to.
    """

    def __init__(
        self,
        mandate: Mandate,
        *,
        folder: Path,
        fetcher: VerifiedFetcher,
        readers: Readers,
        decoder: Decoder,
        engine: Engine,
        streams: Streams,
        fail: Callable[[str, str, Exception], object],
        volume_size: int = MOST_REFERENCES,
    ) -> None:
        self.feeds = feeds_of(mandate)
        self.references = references_of(
            DEFAULT_RECIPE,
            tuple(feed.info for feed in self.feeds),
            REFERENCE_WINDOW_S,
            most=volume_size,
        )
        self._folder = Path(tempfile.mkdtemp(dir=folder))
        self.tape = Tape(self._folder, window_s=REFERENCE_WINDOW_S)
        self.filled = False
        self.fail = fail
        self._filling: asyncio.Task[None] | None = None
        self.following: set[asyncio.Task[None]] = set()
        self._pump = Pump(
            self.references,
            self.tape,
            fetcher=fetcher,
            readers=readers,
            decoder=decoder,
            engine=engine,
            fail=self._fail,
            streams=streams,
        )

    def heard(self) -> Heard:
        """Return how far each feed that is followed was heard; before that, none is late."""
        until = self._pump.heard_until
        live = [feed.info.id for feed in self.feeds if feed.live and self.following]
        return Heard(
            until={name: until.get(name) for name in live if name not in self._pump.ended},
            filled=self.filled,
        )

    def _fail(self, what: str, where: str, error: Exception) -> None:
        self.fail(what, where, error)  # whoever that is by now

    async def fill(self) -> None:
        """Take in every file and every window that is there; asked again, wait for that."""
        if self._filling is None:
            self._filling = asyncio.ensure_future(self._pump.fill(self.feeds))
        await asyncio.shield(self._filling)
        self.filled = True

    def follow(self) -> None:
        """Take in what is new from now on."""
        if self.following:
            return
        live = (feed for feed in self.feeds if feed.live)
        self.following = {asyncio.ensure_future(self._pump.follow(feed)) for feed in live}

    async def stop(self) -> None:
        """Let go of the feeds and of the tape; who waited for a feed was told why it ended."""
        tasks = self.following if self._filling is None else {*self.following, self._filling}
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await asyncio.to_thread(shutil.rmtree, self._folder, ignore_errors=True)
