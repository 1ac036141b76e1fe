"""What a node does with jobs of kind ``hear`` and ``piece``: it is the home of a shard.

It follows the shard's feeds, publishes what they give every few seconds, and keeps their newest
bytes for the proof. Where the home dies, another node goes on with what was published; what it
takes in again from the feeds' own windows is known to be the same.
"""

from __future__ import annotations

import asyncio
import contextlib
import shutil
import time
from collections import deque
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from weakref import WeakValueDictionary

from cautery.errors import AwayError, CauteryError, ConflictError, InputError, StorageError
from cautery.fingerprint import DEFAULT_RECIPE
from cautery.identify.references.live_folder import LiveFolder
from cautery.identify.references.manifest import MOST_NOTE
from cautery.model import Json, from_json
from cautery.model.ports import (
    Clock,
    Decoder,
    Engine,
    JobServer,
    Readers,
    ReferenceShelf,
    Streams,
    Vault,
    VerifiedFetcher,
)
from cautery.model.ports.jobs import Handler, JobAsked
from cautery.workflows.media.copies import Copy
from cautery.workflows.media.published import MOST_SAID, Listed, Said
from cautery.workflows.media.publishing import Publisher, manifest_name
from cautery.workflows.media.pulling import PUBLISH_S, PULL_S
from cautery.workflows.media.pump import Pump
from cautery.workflows.media.shard_jobs import (
    HEAR,
    PIECE,
    PIECE_TYPE,
    HearQuestion,
    PieceAnswer,
    PieceQuestion,
    SealedPiece,
    hear_from,
    piece_json,
)
from cautery.workflows.media.tape import Tape
from cautery.workflows.nodes.reach import StoreReach


@dataclass(frozen=True, kw_only=True)
class HearPorts:
    """The world as a home of references meets it.

    Parameters
    ----------
    node : str
        This node's name.
    folder : Path
        For live folders and tapes, on a disk of this machine; what an earlier home of a shard left
        there is removed.
    key : bytes
        The nodes' key.
    fetcher : VerifiedFetcher
        Under the night's mandate.
    reach : StoreReach
        Is told how the store answers.
    tell : callable
        Is told in a sentence what keeps it from publishing.
    """

    node: str
    folder: Path
    shelf: ReferenceShelf
    key: bytes
    fetcher: VerifiedFetcher
    readers: Readers
    streams: Streams
    decoder: Decoder
    engine: Engine
    clock: Clock
    vault: Vault
    server: JobServer
    reach: StoreReach
    tell: Callable[[str], None]
    timer: Callable[[], float] = time.monotonic


def hear_handlers(ports: Callable[[JobAsked], Awaitable[HearPorts]]) -> Mapping[str, Handler]:
    """Return what does the jobs of homes.

    Parameters
    ----------
    ports : callable
        Gives the ports of the night that a job belongs to.
    """
    homes: dict[str, _Home] = {}
    turns: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()

    async def hear(job: JobAsked) -> Json:
        question = hear_from(job.question)
        # The job of a new epoch may be here before the void one of the last has ended, which then
        # removes its files: theirs lie at the same place.
        async with turns.setdefault(question.shard, asyncio.Lock()):
            home = _Home(question, await ports(job), run=(job.epoch, job.run))
            homes[question.shard] = home
            try:
                await home.keep()
            finally:
                del homes[question.shard]
        return {}

    async def piece(job: JobAsked) -> Json:
        question = from_json(PieceQuestion, job.question)
        home = homes.get(question.shard)
        if home is None:
            raise InputError(f"the shard {question.shard} is not at home here")
        return piece_json(PieceAnswer(piece=await home.piece(question)))

    return {HEAR: hear, PIECE: piece}


class _Home:
    """One shard that is heard here."""

    def __init__(self, question: HearQuestion, ports: HearPorts, *, run: tuple[int, int]) -> None:
        self._question = question
        self._ports = ports
        name = question.shard.replace("/", "-")
        self._live_at = ports.folder / f"{name}.live"
        self._tape = Tape(ports.folder / f"{name}.tape", window_s=question.layout.window_s)
        self._publisher = Publisher(ports.shelf, question.shard, ports.key)
        self._listed = Listed(run=run, serial=0, node=ports.node, at_s=0.0)
        self._sayings: deque[Said] = deque(maxlen=MOST_SAID)
        self._filled = asyncio.Event()
        self._told_text = ""

    async def keep(self) -> None:
        """Hear and publish until cancelled.

        Raises
        ------
        ConflictError
            If a later run of the job is at work elsewhere.
        """
        before = await self._before()
        live = await asyncio.to_thread(self._opened)
        try:
            pump = self._pump(live, before)
            await self._ports.server.home(self._question.shard, here=True)
            try:
                async with asyncio.TaskGroup() as tasks:
                    tasks.create_task(self._hear(pump))
                    tasks.create_task(self._publish(live, pump))
            except* ConflictError as conflicts:
                raise conflicts.exceptions[0] from None
            finally:
                await self._ports.server.home(self._question.shard, here=False)
                # What came in since the last time goes to the next home.
                with contextlib.suppress(CauteryError, OSError):
                    if not self._ports.reach.why:
                        await asyncio.to_thread(self._roll, live, pump)
        finally:
            live.close()
            await asyncio.to_thread(self._clear)

    async def piece(self, question: PieceQuestion) -> SealedPiece | None:
        """Seal the bytes around a reference time."""
        tape_piece = self._tape.at(question.reference, question.at_s)
        if tape_piece is None:
            return None
        try:
            data = await asyncio.to_thread(tape_piece.path.read_bytes)
        except FileNotFoundError:  # it left the window meanwhile
            return None
        clock = self._ports.clock
        try:
            sealed = await asyncio.to_thread(
                lambda: self._ports.vault.seal(
                    data, media_type=PIECE_TYPE, at=clock.now(), clock=clock.offset()
                )
            )
        except AwayError as error:
            self._ports.reach.failed(error)
            raise
        return SealedPiece(
            sealed=sealed,
            start_s=tape_piece.start_s,
            end_s=tape_piece.end_s,
            media_s=tape_piece.media_s,
        )

    async def _before(self) -> Listed | None:
        """Copy what an earlier home published; wait for a shelf that is away."""
        while True:
            try:
                return await asyncio.to_thread(self._copied)
            except StorageError as error:
                self._tell(error)
                await asyncio.sleep(PULL_S)
                await self._ports.reach.there()

    def _copied(self) -> Listed | None:
        self._clear()
        ports = self._ports
        try:
            ports.folder.mkdir(parents=True, exist_ok=True)
            self._tape.folder.mkdir()
        except OSError as error:
            raise StorageError(f"{ports.folder}: {error.strerror or error}") from error
        copy = Copy(ports.shelf, self._question.shard, self._live_at, ports.key)
        try:
            copy.pull()
        except InputError as error:
            self._begin_anew(error)
            return None
        for path in self._live_at.glob("manifest-*"):
            path.unlink()
        return copy.listed

    def _opened(self) -> LiveFolder:
        layout = self._question.layout

        def opened() -> LiveFolder:
            return LiveFolder(
                self._live_at,
                DEFAULT_RECIPE,
                layout.live,
                layout.window_s,
                origin_s=layout.origin_s,
            )

        try:
            return opened()
        except InputError as error:
            self._begin_anew(error)
            return opened()

    def _begin_anew(self, error: InputError) -> None:
        self._ports.tell(f"the shard {self._question.shard} is heard anew: {error}")
        shutil.rmtree(self._live_at, ignore_errors=True)

    def _pump(self, live: LiveFolder, before: Listed | None) -> Pump:
        ports = self._ports

        def note(_: str, name: str, error: Exception) -> None:
            at_s = ports.clock.now().timestamp()
            text = "".join(char if char.isprintable() else " " for char in str(error))[:MOST_NOTE]
            live.note(name, at_s, text)
            number = self._sayings[-1].number + 1 if self._sayings else 1
            self._sayings.append(Said(number=number, reference=name, at_s=at_s, text=text))

        pump = Pump(
            live.references,
            self._tape,
            fetcher=ports.fetcher,
            readers=ports.readers,
            decoder=ports.decoder,
            engine=ports.engine,
            streams=ports.streams,
            fail=note,
            stamps_s={} if before is None else before.stamps_s,
        )
        if before is not None:
            ids = set(self._question.layout.shards[self._question.shard])
            pump.heard_until |= {name: at for name, at in before.until.items() if name in ids}
            self._sayings.extend(before.said)
        return pump

    async def _hear(self, pump: Pump) -> None:
        feeds = self._question.feeds_to_follow()
        await pump.fill(feeds)
        self._filled.set()
        async with asyncio.TaskGroup() as tasks:
            for feed in feeds:
                tasks.create_task(pump.follow(feed))

    async def _publish(self, live: LiveFolder, pump: Pump) -> None:
        # Looks have waited since the last home died: what the feeds have now is told at once.
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(PUBLISH_S):
                await self._filled.wait()
        while True:
            try:
                await asyncio.to_thread(self._roll, live, pump)
                self._ports.reach.worked()
                self._told_text = ""
            except ConflictError:
                raise
            except (CauteryError, OSError) as error:
                self._tell(error)
            await asyncio.sleep(PUBLISH_S)

    def _roll(self, live: LiveFolder, pump: Pump) -> None:
        """Write what came in, and publish it."""
        # First how far each feed was heard: should media come in meanwhile, nobody is told of more
        # than is written.
        names = self._question.layout.shards[self._question.shard]
        until, ended = dict(pump.heard_until), frozenset(pump.ended)
        stamps = {name: self._tape.stamps_s(name) for name in names}
        filled = self._filled.is_set()
        live.roll()
        before = self._listed
        *slices, manifest = live.files
        files = {path.name: path for path in slices}
        files[manifest_name(manifest)] = manifest
        self._listed = self._publisher.publish(
            Listed(
                run=before.run,
                serial=before.serial + 1,
                node=before.node,
                at_s=self._ports.clock.now().timestamp(),
                until=until,
                ended=ended,
                stamps_s={name: at for name, at in stamps.items() if at is not None},
                filled=filled,
                said=tuple(self._sayings),
            ),
            files,
            now_s=self._ports.timer(),
        )

    def _tell(self, error: Exception) -> None:
        """Tell what keeps it from publishing, once."""
        hint = getattr(error, "hint", None)
        if isinstance(error, AwayError):  # it tries again by itself
            self._ports.reach.failed(error)
            hint = None
        text = f"the shard {self._question.shard} is not published: {error}"
        text += f" ({hint})" if hint else ""
        if text != self._told_text:
            self._told_text = text
            self._ports.tell(text)

    def _clear(self) -> None:
        for path in (self._live_at, self._tape.folder):
            shutil.rmtree(path, ignore_errors=True)
