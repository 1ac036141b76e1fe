"""The watch itself: the order of events from an open window to a finished record.

References first, then sources, probes, the map and the interventions side by side, until the
mandate's window closes. Everything known is in the ledger, so a watch that was stopped in any way
goes on from there.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cautery import __version__
from cautery.act import Publisher
from cautery.catalogue import Catalogue, Resolver
from cautery.errors import StorageError
from cautery.fingerprint import DEFAULT_RECIPE
from cautery.identify.likelihood import published_error_rates
from cautery.identify.references import References
from cautery.model import Mandate
from cautery.model.ports import (
    Certificates,
    Clock,
    Decoder,
    Engine,
    Facts,
    Fetcher,
    Ledger,
    Names,
    Registry,
    Streams,
    Vault,
)
from cautery.workflows.watch.canaries import CanaryWatch
from cautery.workflows.watch.capturing import Capturing, named
from cautery.workflows.watch.effects import EffectWatch
from cautery.workflows.watch.estimates import estimates
from cautery.workflows.watch.interventions import Intervener
from cautery.workflows.watch.journal import Journal, Listener
from cautery.workflows.watch.judging import Judge
from cautery.workflows.watch.neighbours import Neighbours
from cautery.workflows.watch.probes import Prober
from cautery.workflows.watch.purchases import record_purchases, without_path
from cautery.workflows.watch.references import Pump, Tape, feeds_of
from cautery.workflows.watch.restore import (
    restored_hosts,
    restored_readings,
    restored_streams,
)
from cautery.workflows.watch.sources import Seen, SourceReader
from cautery.workflows.watch.streams import Stream
from cautery.workflows.watch.supply import Mapper

REFERENCE_WINDOW_S = 420.0
"""-30 to +300 s is searched (ecosystem.md, section 7); two minutes more for slow probes."""
PROBERS = 10
CHECKPOINT_S = 5.0


@dataclass(frozen=True, slots=True, kw_only=True)
class WatchPorts:
    """The world as one watch meets it.

    ``facts_now`` returns the facts as they are at the moment of asking; ``facts`` are those that
    the watch began with. ``registry`` is made over a fetcher that captures what it asks.
    """

    clock: Clock
    ledger: Ledger
    vault: Vault
    fetcher: Fetcher
    own_feeds: Fetcher
    streams: Streams
    names: Names
    certificates: Certificates
    registry: Callable[[Fetcher], Registry] | None
    decoder: Decoder
    engine: Engine
    facts: Facts
    facts_now: Callable[[], Facts]
    publisher: Publisher
    redaction_key: bytes
    checkpoint: Callable[[], None]
    tape: Path
    free_reserve: Callable[[], None]
    listeners: tuple[Listener, ...] = ()


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
        Whether the window was watched to its end; ``False`` when the disk was full.
    """
    journal = Journal(
        ports.ledger,
        ports.vault,
        ports.clock,
        redaction_key=ports.redaction_key,
        listeners=ports.listeners,
    )
    watch = _Watch(mandate, ports, journal)
    complete = False
    try:
        _open(mandate, journal, ports, mandate_text, key)
        await watch.run()
        complete = True
    except StorageError as error:
        journal.wait_until_idle()
        ports.free_reserve()
        journal.fail("storage", "case", error)
    except asyncio.CancelledError:
        journal.write("watch.stopped", {"why": "interrupted", "at": journal.now()})
        raise
    watch.conclude()
    why = "window closed" if complete else "disk full"
    journal.write("watch.stopped", {"why": why, "at": journal.now()})
    ports.checkpoint()
    return complete


def _open(
    mandate: Mandate, journal: Journal, ports: WatchPorts, mandate_text: bytes, key: str
) -> None:
    resumed = ports.ledger.size() > 0
    now = journal.now()
    if not resumed:
        journal.write(
            "case.opened",
            {
                "mandate": _without_secrets(mandate, journal),
                "version": __version__,
                "lab": mandate.lab,
                "key": key,
            },
        )
        for rate in published_error_rates():
            journal.write("error.rate", rate)
    journal.seal(
        mandate_text, what="mandate", media_type="application/toml", at=now, confidential=True
    )
    record_purchases(mandate, ledger=ports.ledger, journal=journal)
    journal.write(
        "watch.resumed" if resumed else "watch.started",
        {"why": "window open" if mandate.window.holds(now) else "window ahead", "at": now},
    )


def _without_secrets(mandate: Mandate, journal: Journal) -> dict[str, Any]:
    from cautery.model import to_json  # noqa: PLC0415

    body: dict[str, Any] = to_json(mandate)
    for source in body["sources"]:
        source["password"] = source["username"] = None
        if not source["is_file"]:
            source["location"] = journal.redact(source["location"]).text
    body["purchases"] = [without_path(one) for one in body["purchases"]]
    for vantage in body["vantages"]:
        vantage["proxy"] = journal.redact(vantage["proxy"]).text
    return body


class _Watch:
    """The parts of one watch, wired to each other by plain values and two call-backs."""

    def __init__(self, mandate: Mandate, ports: WatchPorts, journal: Journal) -> None:
        self._mandate = mandate
        self._ports = ports
        self._journal = journal
        self._streams: dict[str, Stream] = {}
        self._seen = Seen()
        self._feeds = feeds_of(mandate)
        self._references = References(
            DEFAULT_RECIPE, tuple(one.info for one in self._feeds), window_s=REFERENCE_WINDOW_S
        )
        tape = Tape(ports.tape, window_s=REFERENCE_WINDOW_S)
        self._pump = Pump(
            self._references,
            tape,
            fetcher=ports.own_feeds,
            decoder=ports.decoder,
            engine=ports.engine,
            fail=journal.fail,
            streams=ports.streams,
        )
        asked = Capturing(ports.fetcher, journal, named("registration"))
        self._mapper = Mapper(
            self._streams,
            self._seen,
            names=ports.names,
            certificates=ports.certificates,
            registry=None if ports.registry is None else ports.registry(asked),
            facts=ports.facts,
            fetcher=Capturing(ports.fetcher, journal, named("icon")),
            engine=ports.engine,
            journal=journal,
            earlier=restored_hosts(ports.ledger),
        )
        neighbours = Neighbours(
            mandate,
            self._streams,
            self._mapper,
            facts=ports.facts_now,
            journal=journal,
        )
        self._intervener = Intervener(
            mandate,
            self._streams,
            self._mapper,
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
            publisher=ports.publisher,
            journal=journal,
        )
        self._prober = Prober(
            mandate,
            self._streams,
            self._references,
            tape,
            fetcher=ports.fetcher,
            decoder=ports.decoder,
            engine=ports.engine,
            journal=journal,
            on_verdict=self._on_verdict,
        )
        self._sources = SourceReader(
            Resolver(Catalogue.of(mandate)),
            self._streams,
            self._seen,
            fetcher=ports.fetcher,
            journal=journal,
            restored=restored_streams(ports.ledger),
            on_page=lambda _host: self._mapper.wake(),
            vantages={one.name: one for one in mandate.vantages},
            on_air=mandate.on_air,
            earlier=restored_readings(ports.ledger),
        )
        self._intervener.restore()

    def _on_verdict(self, stream: Stream) -> None:
        self._mapper.wake()
        if stream.proven:
            self._intervener.wake()

    async def run(self) -> None:
        await self._pump.fill(self._feeds)
        await self._sleep_until_start()
        jobs: list[Coroutine[Any, Any, None]] = [
            *(self._pump.follow(feed) for feed in self._feeds if feed.live),
            *(self._sources.follow(source) for source in self._mandate.sources),
            *(self._prober.work() for _ in range(PROBERS)),
            self._mapper.work(),
            self._intervener.work(),
            self._checkpoints(),
            self._expire(),
        ]
        tasks = {asyncio.ensure_future(job) for job in jobs}
        try:
            await self._until_end(tasks)
        finally:
            for task in tasks:
                task.cancel()
            ended = await asyncio.gather(*tasks, return_exceptions=True)
        for outcome in ended:
            if isinstance(outcome, Exception):
                raise outcome
        await self._mapper.map_now()
        await self._intervener.finish()

    async def _until_end(self, tasks: set[asyncio.Task[None]]) -> None:
        """Wait for the window's end, or for the first task that fails."""
        running = set(tasks)
        while running:
            left_s = (self._mandate.window.end - self._journal.now()).total_seconds()
            if left_s <= 0:
                return
            done, running = await asyncio.wait(
                running, timeout=left_s, return_when=asyncio.FIRST_COMPLETED
            )
            for task in done:
                task.result()

    async def _sleep_until_start(self) -> None:
        while not self._mandate.window.start <= self._journal.now():
            left_s = (self._mandate.window.start - self._journal.now()).total_seconds()
            await asyncio.sleep(min(max(left_s, 0.0), 30.0))

    async def _checkpoints(self) -> None:
        while True:
            await asyncio.sleep(CHECKPOINT_S)
            self._ports.checkpoint()

    async def _expire(self) -> None:
        while True:
            await asyncio.sleep(30.0)
            horizon_s = self._journal.now().timestamp() - REFERENCE_WINDOW_S
            await self._ports.engine.run(self._references.expire, horizon_s)

    def conclude(self) -> None:
        """Write what can be said only at the end."""
        pages = [page for page, _, _ in self._seen.pages.values()]
        for one in estimates(self._mandate, self._ports.ledger, pages):
            self._journal.write("estimate", one)
