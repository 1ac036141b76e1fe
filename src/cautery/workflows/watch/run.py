"""The watch itself: the order of events from an open window to a finished record.

References first, then sources, probes, the map and the interventions side by side, until the
mandate's window closes. Everything known is in the ledger, so a watch that was stopped in any way
goes on from there.
"""

from __future__ import annotations

import asyncio
import contextlib
import secrets
from collections.abc import Callable, Coroutine, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cautery.act import Publisher
from cautery.act.ports import PublicFiles
from cautery.catalogue import Catalogue, Resolver
from cautery.errors import StorageError
from cautery.evidence.lease import SILENT_S, Lease
from cautery.evidence.outside.proof import NOBODY, Trust
from cautery.model import Mandate, OwnLocation, Pseudonyms, RuleConfirmation, SignedFor
from cautery.model.ports import (
    Certificates,
    Clock,
    Decoder,
    DecoyKeeper,
    Engine,
    Facts,
    Fetcher,
    Ledger,
    Names,
    Readers,
    Registry,
    Signer,
    Streams,
    Vault,
    VerifiedFetcher,
)
from cautery.model.ports.jobs import Jobs
from cautery.model.records import (
    DecoderConfined,
    TakenWhy,
    WatchBegin,
    WatchEnd,
    WatchResumed,
    WatchStarted,
    WatchStopped,
    WatchTakenOver,
    kinds_of,
)
from cautery.workflows.case.capturing import Capturing, CapturingOwn, named
from cautery.workflows.case.journal import Journal, Listener
from cautery.workflows.case.opening import signed_in
from cautery.workflows.case.referral import mandate_of
from cautery.workflows.case.rulings import RulingsRead
from cautery.workflows.decoys.gate import KeeperGate
from cautery.workflows.decoys.opening import checked_night, record_planned, stamp_of
from cautery.workflows.mandate.fixtures import Fixtures
from cautery.workflows.media.pump import feeds_of, no_references
from cautery.workflows.media.sharing_out import Shared
from cautery.workflows.timing.keeping import Timekeeper
from cautery.workflows.watch.acting.canaries import CanaryWatch
from cautery.workflows.watch.acting.confirming import Confirming
from cautery.workflows.watch.acting.effects import EffectWatch
from cautery.workflows.watch.acting.interventions import Intervener
from cautery.workflows.watch.acting.judging import Judge
from cautery.workflows.watch.acting.lists import Lists
from cautery.workflows.watch.acting.neighbours import Neighbours
from cautery.workflows.watch.acting.organisation import Organisation
from cautery.workflows.watch.acting.public_desk import PublicDesk
from cautery.workflows.watch.estimates import estimates
from cautery.workflows.watch.failing import ended_by
from cautery.workflows.watch.mapping.lawful_hosts import LawfulHosts
from cautery.workflows.watch.mapping.mapper import Mapper
from cautery.workflows.watch.one_fixture import OneFixture, window_of
from cautery.workflows.watch.opening import begin_case
from cautery.workflows.watch.pace import Pace
from cautery.workflows.watch.probing.alignments import piece_from
from cautery.workflows.watch.probing.by_jobs import JobPorts, LooksByJobs
from cautery.workflows.watch.probing.hearing import REFERENCE_WINDOW_S, Hearing
from cautery.workflows.watch.probing.here import LooksHere
from cautery.workflows.watch.probing.looker import LookPorts
from cautery.workflows.watch.probing.node_hearing import NodeHearing
from cautery.workflows.watch.probing.probes import Prober
from cautery.workflows.watch.probing.questions import Looks
from cautery.workflows.watch.probing.side_by_side import side_by_side
from cautery.workflows.watch.resume import EarlierRuns, restored_streams
from cautery.workflows.watch.seen import Seen
from cautery.workflows.watch.signing import keep_signing
from cautery.workflows.watch.sources.calendars import Calendars, known_fixtures, record_fixtures
from cautery.workflows.watch.sources.fetched_calendars import FetchedCalendars
from cautery.workflows.watch.sources.purchases import Lines, record_purchases
from cautery.workflows.watch.sources.reading import SourceReader
from cautery.workflows.watch.streams import Stream


@dataclass(frozen=True, slots=True, kw_only=True)
class WatchPorts:
    """The world as one watch meets it.

    ``facts_now`` returns the facts as they are at the moment of asking; ``facts`` are those that
    the watch began with. ``fixtures`` reads the mandate's calendars again, given by URL those that
    are fetched; ``confirmations`` the rules of law that people confirmed beside the mandate.
    ``fetcher`` asks suspects and strangers, ``own`` what must prove who it is, ``own_feeds`` our
    reference feeds at their own pace. ``registry`` is made over a fetcher that captures what it
    asks. ``public`` is the public folder, if there is one. ``confinement`` says how the decoder's
    processes are closed in. ``organisation`` has the lists on which the case has its entries;
    ``None``: it has its own. ``timekeeper`` has others vouch for the times of the case; ``None``:
    nobody does. ``only`` says of which fixture of a season it is; ``None``: of all of its mandate.
    ``keeper`` answers for the decoys of a blind test, ``sealed_plan`` is the file of their plan;
    ``None``: the mandate has none. ``trust`` says whom the organisation believes about times.
    ``random`` returns so many bytes that nobody can guess. ``lease`` is the one under which the
    case is driven. ``hearing`` has heard the references for one who stood by; ``None``: nobody did,
    or nodes hear them. ``stood_by`` says whether this process waited for the case.
    ``attending`` records, beside all else, how the nodes of the watch stand.
    ``jobs`` has nodes look at streams; ``None``: this process does; ``adopt_key`` keeps a key that
    a node made, by its subject and id. ``shared`` is where nodes that hear put references.
    """

    clock: Clock
    ledger: Ledger
    vault: Vault
    fetcher: Fetcher
    own: VerifiedFetcher
    own_feeds: VerifiedFetcher
    readers: Readers
    streams: Streams
    names: Names
    certificates: Certificates
    registry: Callable[[VerifiedFetcher], Registry] | None
    decoder: Decoder
    confinement: Mapping[str, Any]
    engine: Engine
    facts: Facts
    facts_now: Callable[[], Facts]
    publisher: Publisher
    public: PublicFiles | None
    signer: Signer
    fixtures: Callable[[Mapping[OwnLocation, bytes]], Fixtures]
    confirmations: Callable[[], Sequence[RuleConfirmation]]
    pseudonyms: Pseudonyms
    checkpoint: Callable[[], None]
    tape: Path
    free_reserve: Callable[[], None]
    listeners: tuple[Listener, ...] = ()
    timekeeper: Timekeeper | None = None
    organisation: Organisation | None = None
    only: OneFixture | None = None
    keeper: DecoyKeeper | None = None
    sealed_plan: bytes | None = None
    trust: Trust = NOBODY
    random: Callable[[int], bytes] = secrets.token_bytes
    lease: Lease | None = None
    hearing: Hearing | None = None
    stood_by: bool = False
    attending: Callable[[Journal], AbstractAsyncContextManager[None]] | None = None
    jobs: Jobs | None = None
    adopt_key: Callable[[str, bytes, bytes], None] | None = None
    shared: Shared | None = None


async def run_watch(mandate: Mandate, ports: WatchPorts, *, mandate_text: bytes, key: str) -> bool:
    """Watch until the window closes.

    Parameters
    ----------
    mandate_text : bytes
        The mandate's file, sealed first.
    key : str
        The case's verifier key, named in its first record.

    Returns
    -------
    bool
        Whether the window was watched to its end; ``False`` when the case could not be written.
    """
    journal = Journal(
        ports.ledger,
        ports.vault,
        ports.clock,
        pseudonyms=ports.pseudonyms,
        listeners=ports.listeners,
    )
    # Before the first record: a server may send back one of our passwords in whatever it answers.
    journal.hide(mandate)
    end = WatchEnd.WINDOW_CLOSED
    signed_for = signed_in(ports.ledger, mandate, key=key)
    whole = known_fixtures(mandate, ports.ledger, ports.pseudonyms, read=ports.fixtures)
    mandate = whole if ports.only is None else ports.only.narrowed(whole)
    fetched = FetchedCalendars(
        mandate.calendars, fetcher=ports.own, readers=ports.readers, journal=journal
    )
    hearing = await _first_hearing(mandate, ports, journal)
    earlier = EarlierRuns()
    gate = KeeperGate(
        ports.ledger,
        keeper=ports.keeper,
        signed_for=signed_for,
        journal=journal,
        random=ports.random,
    )
    confirming = Confirming(mandate, ports.confirmations, ledger=ports.ledger, journal=journal)
    watch = _Watch(
        mandate,
        ports,
        journal,
        hearing,
        fetched,
        resolver=await _resolver(mandate),
        confirming=confirming,
        earlier=earlier,
        signed_for=signed_for,
        gate=gate,
    )
    try:
        _open(whole, mandate, journal, ports, mandate_text=mandate_text, key=key)
        ports.checkpoint()  # whose mandate it is, and who approves, is signed before all else
        async with contextlib.AsyncExitStack() as beside:
            if ports.timekeeper is not None:
                await beside.enter_async_context(ports.timekeeper.beside(journal))
            if ports.attending is not None:
                await beside.enter_async_context(ports.attending(journal))
            while (renewed := await watch.run()) is not None:
                if ports.only is not None:
                    ports.only.record(renewed, ledger=ports.ledger, journal=journal)
                if feeds_of(renewed) != hearing.feeds:
                    # References are filled for minutes: they are kept unless a feed is another
                    # (ADR 0022).
                    await hearing.stop()
                    hearing = _hearing(renewed, ports, journal)
                watch = _Watch(
                    renewed,
                    ports,
                    journal,
                    hearing,
                    fetched,
                    resolver=await _resolver(renewed),
                    confirming=confirming,
                    earlier=earlier,
                    signed_for=signed_for,
                    gate=gate,
                )
    except StorageError as error:
        end = ended_by(error)
        # Before the reserve is given back: a seal under way would take it.
        journal.wait_until_idle()
        ports.free_reserve()
        journal.fail("storage", "case", error)
    except asyncio.CancelledError:
        journal.write(WatchStopped(why=WatchEnd.INTERRUPTED, at=journal.now()))
        raise
    finally:
        await hearing.stop()
    watch.conclude()
    journal.write(WatchStopped(why=end, at=journal.now()))
    ports.checkpoint()
    return end is WatchEnd.WINDOW_CLOSED


def _open(
    whole: Mandate,
    mandate: Mandate,
    journal: Journal,
    ports: WatchPorts,
    *,
    mandate_text: bytes,
    key: str,
) -> None:
    resumed = any(True for _ in ports.ledger.read(kinds=kinds_of(WatchStarted)))
    now = journal.now()
    # Before the first record: a case that was begun without its plan could never be tested.
    night = checked_night(whole, ports.sealed_plan, ledger=ports.ledger)
    if night is not None:
        stamp_of(night, ports.trust)
    begin_case(whole, ledger=ports.ledger, journal=journal, key=key)
    _record_lease(ports, journal)
    record_fixtures(mandate_of(ports.ledger), mandate, journal=journal)
    journal.seal(
        mandate_text, what="mandate", media_type="application/toml", at=now, confidential=True
    )
    if night is not None:
        record_planned(night, ledger=ports.ledger, journal=journal, trust=ports.trust)
    record_purchases(mandate, ledger=ports.ledger, journal=journal)
    if ports.only is not None:
        ports.only.record(mandate, ledger=ports.ledger, journal=journal)
    begins = WatchResumed if resumed else WatchStarted
    is_open = window_of(mandate, ports.only).holds(now)
    why = WatchBegin.WINDOW_OPEN if is_open else WatchBegin.WINDOW_AHEAD
    journal.write(begins(why=why, at=now))
    journal.write(DecoderConfined(**ports.confinement, at=now))


def _record_lease(ports: WatchPorts, journal: Journal) -> None:
    """Say who drove the case before, and why that one was followed."""
    lease = ports.lease
    if lease is None or lease.before is None:
        return
    before = lease.before
    silent = TakenWhy.SILENT if before.silent_s >= SILENT_S else TakenWhy.GONE
    journal.write(
        WatchTakenOver(
            driver=lease.driver,
            before=before.driver,
            why=TakenWhy.GIVEN_BACK if before.ended else silent,
            silent_s=round(before.silent_s, 3),
            stood_by=ports.stood_by,
            epoch=lease.epoch,
            at=journal.now(),
        )
    )


async def _resolver(mandate: Mandate) -> Resolver:
    """Return what resolves titles; a long catalogue takes a while to be laid out."""
    return await asyncio.to_thread(lambda: Resolver(Catalogue.of(mandate)))


async def _first_hearing(
    mandate: Mandate, ports: WatchPorts, journal: Journal
) -> Hearing | NodeHearing:
    """Return the references that who stood by has heard, if they are those of the mandate now."""
    hearing = ports.hearing
    if hearing is not None and hearing.feeds == feeds_of(mandate):
        hearing.fail = journal.fail
        return hearing
    if hearing is not None:
        await hearing.stop()
    return _hearing(mandate, ports, journal)


def _hearing(mandate: Mandate, ports: WatchPorts, journal: Journal) -> Hearing | NodeHearing:
    if ports.jobs is not None and ports.shared is not None:
        return NodeHearing(
            mandate,
            jobs=ports.jobs,
            shared=ports.shared,
            folder=ports.tape,
            fetcher=ports.own_feeds,
            readers=ports.readers,
            decoder=ports.decoder,
            engine=ports.engine,
            streams=ports.streams,
            fail=journal.fail,
        )
    return Hearing(
        mandate,
        folder=ports.tape,
        fetcher=ports.own_feeds,
        readers=ports.readers,
        decoder=ports.decoder,
        engine=ports.engine,
        streams=ports.streams,
        fail=journal.fail,
    )


def _looks_of(ports: WatchPorts, hearing: Hearing | NodeHearing, journal: Journal) -> Looks:
    """Return what looks at streams: this process, or the nodes where the watch has some."""
    if ports.jobs is not None and ports.adopt_key is not None and isinstance(hearing, NodeHearing):
        job_ports = JobPorts(
            jobs=ports.jobs,
            adopt_key=ports.adopt_key,
            piece=hearing.pieces(journal),
            knows=hearing.references.knows,
        )
        return LooksByJobs(job_ports, journal=journal)
    look_ports = LookPorts(
        fetcher=ports.fetcher,
        readers=ports.readers,
        decoder=ports.decoder,
        engine=ports.engine,
        stamps_s=hearing.tape.stamps_s,
    )
    return LooksHere(
        hearing.references, look_ports, piece_from(hearing.tape, journal), journal=journal
    )


class _Watch:
    """The parts of one watch, wired to each other by plain values and two call-backs.

    Matches that a calendar moves or adds make it another one: what is known lies in the ledger.
    """

    def __init__(
        self,
        mandate: Mandate,
        ports: WatchPorts,
        journal: Journal,
        hearing: Hearing | NodeHearing,
        fetched: FetchedCalendars,
        *,
        resolver: Resolver,
        confirming: Confirming,
        earlier: EarlierRuns,
        signed_for: SignedFor,
        gate: KeeperGate,
    ) -> None:
        self._mandate = mandate
        self._window = window_of(mandate, ports.only)
        self._hearing = hearing
        self._fetched = fetched
        self._ports = ports
        self._journal = journal
        earlier.read_on(ports.ledger)
        self._streams: dict[str, Stream] = {}
        self._sightings = Seen()
        self._lawful = LawfulHosts(
            mandate,
            self._streams,
            names=ports.names,
            facts=ports.facts_now,
            journal=journal,
            places=earlier.lawful,
        )
        registry_fetcher = CapturingOwn(ports.own, journal, named("registration"))
        self._mapper = Mapper(
            self._streams,
            self._sightings,
            names=ports.names,
            certificates=ports.certificates,
            registry=None if ports.registry is None else ports.registry(registry_fetcher),
            facts=ports.facts,
            fetcher=Capturing(ports.fetcher, journal, named("icon")),
            engine=ports.engine,
            journal=journal,
            rulings=RulingsRead(ports.ledger),
            earlier=earlier.hosts.shown,
            lawful=self._lawful,
        )
        neighbours = Neighbours(
            mandate,
            self._streams,
            self._mapper,
            facts=ports.facts_now,
            journal=journal,
        )
        lists = Lists(
            mandate.intermediaries,
            signer=ports.signer,
            publisher=ports.publisher,
            journal=journal,
            organisation=ports.organisation,
        )
        self._desk = None
        if ports.public is not None:
            self._desk = PublicDesk(
                ports.public, mandate, lists=lists, ledger=ports.ledger, journal=journal
            )
        self._intervener = Intervener(
            mandate,
            self._streams,
            self._mapper,
            signed_for=signed_for,
            ledger=ports.ledger,
            judge=Judge(mandate, facts=ports.facts_now, journal=journal),
            engine=ports.engine,
            effects=EffectWatch(
                self._streams, cuts=self._mapper.cuts, fetcher=ports.fetcher, journal=journal
            ),
            canaries=CanaryWatch(
                facts=ports.facts_now,
                beside=neighbours.beside,
                meant=neighbours.meant,
                fetcher=Capturing(ports.fetcher, journal, named("canary")),
                journal=journal,
                port=mandate.network.canary_port,
            ),
            lists=lists,
            confirming=confirming,
            gate=gate,
            journal=journal,
        )
        self._sources = SourceReader(
            mandate,
            resolver,
            self._streams,
            self._sightings,
            fetcher=ports.fetcher,
            readers=ports.readers,
            journal=journal,
            restored=restored_streams(earlier.streams),
            on_page=lambda _host: self._mapper.wake(),
            with_line=Lines(ports.ledger, journal),
            earlier=earlier.sources.readings,
        )
        self._pace = Pace(mandate, self._streams, heard=hearing.heard, journal=journal)
        self._looks = _looks_of(ports, hearing, journal)
        self._prober = Prober(
            mandate,
            self._streams,
            self._looks,
            recipe=hearing.references.recipe.name,
            journal=journal,
            on_verdict=self._on_verdict,
            pace=self._pace,
            playable=self._sources.playable,
        )
        self._calendars = Calendars(
            mandate, ports.fixtures, fetched, ledger=ports.ledger, journal=journal
        )
        self._intervener.restore(earlier)

    def _on_verdict(self, stream: Stream) -> None:
        self._mapper.wake()
        if stream.proven:
            self._intervener.wake()

    async def run(self) -> Mandate | None:
        """Watch until the window closes, or until its calendars make another mandate of it."""
        pace = asyncio.ensure_future(self._pace.work())
        try:
            return await self._run(pace)
        finally:
            pace.cancel()

    async def _run(self, pace: asyncio.Task[None]) -> Mandate | None:
        # A watch that other fixtures made anew goes on with the references that are filled.
        if not self._hearing.filled:
            await self._fill()
        await self._sleep_until_start()
        self._hearing.follow()
        if not self._hearing.feeds:
            return await self._first_fixtures()
        renewed = asyncio.ensure_future(self._calendars.changed())
        jobs: list[Coroutine[Any, Any, None]] = [
            *(self._sources.follow(source) for source in self._mandate.sources),
            side_by_side(self._prober.work, lambda: self._looks.capacity),
            self._mapper.work(),
            self._lawful.work(),
            self._intervener.work(),
            self._intervener.look(),
            keep_signing(self._journal, self._ports.checkpoint),
            self._expire(),
        ]
        if self._desk is not None:
            jobs.append(self._desk.work())
        tasks: set[asyncio.Task[Any]] = {asyncio.ensure_future(job) for job in jobs}
        tasks |= {renewed, pace}
        try:
            await self._until_end(tasks | self._hearing.following, renewed)
            self._pace.conclude()
        finally:
            for task in tasks:
                if task is not renewed or not task.done():
                    task.cancel()
            # All must have ended before anything else is written: a task that is cancelled may
            # still be sealing.
            ended = await asyncio.gather(*tasks, return_exceptions=True)
        for outcome in ended:
            if isinstance(outcome, Exception):
                raise outcome
        if not renewed.cancelled():
            return renewed.result()
        await self._mapper.map_now()
        await self._intervener.finish()
        if self._desk is not None:
            await self._desk.finish()
        return None

    async def _fill(self) -> None:
        """Take in the references that are there; what is not in by the window's end never is."""
        left_s = (self._window.end - self._journal.now()).total_seconds()
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(max(left_s, 0.0)):
                await self._hearing.fill()

    async def _first_fixtures(self) -> Mandate | None:
        """Ask for the calendars alone: before there is a reference nothing can be judged."""
        if self._fetched.complete:
            raise no_references()
        left_s = (self._window.end - self._journal.now()).total_seconds()
        try:
            async with asyncio.timeout(max(left_s, 0.0)):
                return await self._calendars.changed()
        except TimeoutError:
            return None

    async def _until_end(
        self, tasks: set[asyncio.Task[Any]], renewed: asyncio.Future[Mandate]
    ) -> None:
        """Wait for the window's end, for other fixtures, or for the first task that fails."""
        running = set(tasks)
        while running:
            left_s = (self._window.end - self._journal.now()).total_seconds()
            if left_s <= 0:
                return
            finished, running = await asyncio.wait(
                running, timeout=left_s, return_when=asyncio.FIRST_COMPLETED
            )
            for task in finished:
                task.result()
            if renewed in finished:
                return

    async def _sleep_until_start(self) -> None:
        while not self._window.start <= self._journal.now():
            left_s = (self._window.start - self._journal.now()).total_seconds()
            await asyncio.sleep(min(max(left_s, 0.0), 30.0))

    async def _expire(self) -> None:
        while True:
            await asyncio.sleep(30.0)
            horizon_s = self._journal.now().timestamp() - REFERENCE_WINDOW_S
            await self._ports.engine.run(self._hearing.references.expire, horizon_s)

    def conclude(self) -> None:
        """Write what can be said only at the end."""
        pages = [page for page, _, _ in self._sightings.pages.values()]
        for estimate in estimates(self._mandate, self._ports.ledger, pages):
            self._journal.write(estimate)
