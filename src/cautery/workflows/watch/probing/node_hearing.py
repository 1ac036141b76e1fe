"""References that nodes hear: the watch shares them out, and knows how far each was heard."""

from __future__ import annotations

import asyncio
import contextlib
import shutil
import tempfile
from collections.abc import Awaitable, Callable, Iterator, Mapping
from pathlib import Path

from cautery.errors import CauteryError, SourceError, StorageError
from cautery.fingerprint import DEFAULT_RECIPE
from cautery.fingerprint.index import MOST_REFERENCES
from cautery.model import Mandate, to_json
from cautery.model.ports import (
    Decoder,
    Engine,
    Jobs,
    Readers,
    Streams,
    VerifiedFetcher,
)
from cautery.workflows.case.journal import Journal
from cautery.workflows.media.layout import WORKS_SHARD, Layout, layout_of
from cautery.workflows.media.published import LIST, MOST_LIST, Listed, list_of
from cautery.workflows.media.pulling import PULL_S
from cautery.workflows.media.pump import Feed, Pump, feeds_of
from cautery.workflows.media.shard_jobs import (
    HEAR,
    PIECE,
    HearQuestion,
    PieceQuestion,
    ShardFeed,
    hear_json,
    piece_from,
)
from cautery.workflows.media.sharing_out import Shared, share_out
from cautery.workflows.media.tape import Tape
from cautery.workflows.watch.pace import Heard
from cautery.workflows.watch.probing.alignments import sealed_from
from cautery.workflows.watch.probing.by_jobs import PieceSealed
from cautery.workflows.watch.probing.hearing import REFERENCE_WINDOW_S

FEEDS_A_SHARD = 300
"""An eighth of what a machine hears: the feeds of one that died go to several."""
MOST_AT_FIRST = 4
"""Shards of few feeds, so that one home that dies does not silence them all."""
_PIECE_S = 20.0


class NodeHearing:
    """The references of one mandate, heard by nodes; recordings are taken in here.

    The files of recordings lie on this machine; they never change, and are shared once.

    Parameters
    ----------
    folder : Path
        Where the tape of recordings lies; not in the case.
    volume_size : int
        References that one volume holds.
    """

    def __init__(
        self,
        mandate: Mandate,
        *,
        jobs: Jobs,
        shared: Shared,
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
        self.filled = False
        self.fail = fail
        self.following: set[asyncio.Task[None]] = set()
        self._jobs = jobs
        self._shared = shared
        self._origin_s = float(int(mandate.window.start.timestamp()))
        self._folder = Path(tempfile.mkdtemp(dir=folder))
        self.tape = Tape(self._folder, window_s=REFERENCE_WINDOW_S)
        self._volume_size = volume_size
        self._layout = self._laid_out(1)
        self.references = self._layout.references(DEFAULT_RECIPE)
        """Which there are; what is held of them, only nodes know."""
        self._recordings = self._layout.references(DEFAULT_RECIPE)
        self._pump = Pump(
            self._recordings,
            self.tape,
            fetcher=fetcher,
            readers=readers,
            decoder=decoder,
            engine=engine,
            fail=self._fail,
            streams=streams,
        )
        self._engine = engine
        self._filling: asyncio.Task[None] | None = None
        self._polling: asyncio.Task[None] | None = None
        self._lists: dict[str, tuple[str, Listed]] = {}
        self._told_s: dict[str, float] = {}
        self._told_text = ""
        self._filled_all = asyncio.Event()

    def heard(self) -> Heard:
        """Return how far each live feed was heard; before they are followed, none is late."""
        until: dict[str, float | None] = {}
        for _, listed in self._lists.values() if self.following else ():
            until |= listed.until
        ended = {name for _, listed in self._lists.values() for name in listed.ended}
        live = [info.id for info in self._layout.live] if self.following else []
        return Heard(
            until={name: until.get(name) for name in live if name not in ended}, filled=self.filled
        )

    async def fill(self) -> None:
        """Share the references out, and wait until homes have taken in what is there."""
        if self._filling is None:
            self._filling = asyncio.ensure_future(self._begin())
        await asyncio.shield(self._filling)
        self.filled = True

    def follow(self) -> None:
        """Know from now on how far homes are."""
        if self._polling is None:
            self._polling = asyncio.ensure_future(self._poll())
        self.following = {self._polling}

    async def stop(self) -> None:
        """Let the homes go; what they published stays for a watch that goes on."""
        tasks = [task for task in (self._filling, self._polling) if task is not None]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        for shard in self._live_shards():
            with contextlib.suppress(CauteryError):
                await self._jobs.withdraw(_key_of(shard))
        await asyncio.to_thread(shutil.rmtree, self._folder, ignore_errors=True)

    def pieces(self, journal: Journal) -> Callable[[str, float], Awaitable[PieceSealed | None]]:
        """Return what has a reference's bytes around one of its times sealed, and records that."""
        own_piece = sealed_from(self.tape, journal)

        async def piece(reference: str, at_s: float) -> PieceSealed | None:
            shard = next(
                (name for name in self._live_shards() if reference in self._layout.shards[name]),
                None,
            )
            if shard is None:
                return await own_piece(reference, at_s)
            question = PieceQuestion(shard=shard, reference=reference, at_s=at_s)
            answer = await self._jobs.ask(
                PIECE,
                to_json(question),
                key=f"piece:{shard}:{reference}:{at_s:.3f}",
                shard=shard,
                within_s=_PIECE_S,
            )
            answer_piece = piece_from(answer.content).piece
            if answer_piece is not None:
                await journal.aside(journal.take_over, [answer_piece.record(reference)])
            return answer_piece

        return piece

    async def _begin(self) -> None:
        await self._pump.fill(feed for feed in self.feeds if not feed.live)
        await self._until_done(self._share)
        for question in self._questions():
            await self._jobs.keep(HEAR, hear_json(question), key=_key_of(question.shard))
        if self._polling is None:
            self._polling = asyncio.ensure_future(self._poll())
        await self._filled_all.wait()

    async def _until_done(self, act: Callable[[], None]) -> None:
        """Do something with the shelf; wait for one that is away, and say so once."""
        while True:
            try:
                return await asyncio.to_thread(act)
            except (StorageError, OSError) as error:
                self._say_away(error)
                await asyncio.sleep(PULL_S)

    def _share(self) -> None:
        able = [node for node in self._jobs.nodes() if not (node.refused or node.draining)]
        layout = self._laid_out(min(len(able), MOST_AT_FIRST))
        self._layout = share_out(self._shared, layout, self._recordings, room=self._folder)

    async def _poll(self) -> None:
        while True:
            try:
                fresh = await asyncio.to_thread(self._read)
                self._told_text = ""
            except (CauteryError, OSError) as error:
                self._say_away(error)
            else:
                for shard, listed in fresh.items():
                    self._tell_said(shard, listed)
                filled = {shard for shard, (_, listed) in self._lists.items() if listed.filled}
                if filled.issuperset(self._live_shards()):
                    self._filled_all.set()
            await asyncio.sleep(PULL_S)

    def _read(self) -> Mapping[str, Listed]:
        """Return the lists that have changed."""
        shared, fresh = self._shared, {}
        for shard in self._live_shards():
            name = f"{shard}/{LIST}"
            version, before = self._lists.get(shard, (None, None))
            if shared.shelf.version(name) == version:
                continue
            answer_piece = shared.shelf.get(name, most=MOST_LIST)
            if answer_piece is None:
                continue
            listed = list_of(answer_piece[1], shard=shard, key=shared.key)
            if before is None or listed.order > before.order:
                self._lists[shard] = answer_piece[0], listed
                fresh[shard] = listed
        return fresh

    def _tell_said(self, shard: str, listed: Listed) -> None:
        """Record what befell the feeds of a shard since."""
        told_s = self._told_s.get(shard, float("-inf"))
        for saying in listed.said:
            if saying.at_s > told_s:
                self.fail("reference", saying.reference, SourceError(saying.text))
        self._told_s[shard] = max([told_s, *(saying.at_s for saying in listed.said)])

    def _say_away(self, error: Exception) -> None:
        if str(error) != self._told_text:
            self._told_text = str(error)
            self.fail("reference", "shared references", error)

    def _fail(self, what: str, where: str, error: Exception) -> None:
        self.fail(what, where, error)  # whoever that is by now

    def _laid_out(self, least: int) -> Layout:
        infos = tuple(feed.info for feed in self.feeds)
        live = sum(info.kind != "work" for info in infos)
        return layout_of(
            infos,
            case=self._shared.case,
            count=max(1, least, -(-live // FEEDS_A_SHARD)),
            window_s=REFERENCE_WINDOW_S,
            origin_s=self._origin_s,
            volume_size=self._volume_size,
        )

    def _live_shards(self) -> list[str]:
        return [shard for shard in self._layout.shards if not shard.endswith(WORKS_SHARD)]

    def _questions(self) -> Iterator[HearQuestion]:
        """Yield what the home of each shard is asked."""
        feeds: dict[str, Feed] = {feed.info.id: feed for feed in self.feeds}
        live = set(self._live_shards())
        # Each with its volume alone: all references of a large night have no room in a question.
        for volume in self._layout.volumes():
            for shard in (shard for shard in volume.shards if shard in live):
                yield HearQuestion(
                    shard=shard,
                    layout=volume,
                    feeds=tuple(
                        ShardFeed(
                            id=name,
                            url=feeds[name].location.reveal(),
                            pictures=feeds[name].pictures,
                        )
                        for name in volume.shards[shard]
                    ),
                )


def _key_of(shard: str) -> str:
    return f"hear:{shard}"
