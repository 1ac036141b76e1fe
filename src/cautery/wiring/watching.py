"""A watch with all that it reaches through."""

from __future__ import annotations

import asyncio
import importlib
from collections.abc import Awaitable, Callable, Sequence
from contextlib import AsyncExitStack
from dataclasses import replace
from pathlib import Path

from cautery import kernels, wiring
from cautery.act import Publisher
from cautery.adapters.decoder import ChildDecoder
from cautery.adapters.dns import DnsNames
from cautery.adapters.engine import ThreadEngine
from cautery.adapters.facts_folder import LatestFacts
from cautery.adapters.http import PoliteClient, SuspectClient
from cautery.adapters.intermediary import HttpPublisher
from cautery.adapters.loop_watch import LoopWatch
from cautery.adapters.public_folder import PublicFolder
from cautery.adapters.rdap import RdapRegistry
from cautery.adapters.reading import ReadingPool
from cautery.adapters.streams import SentStreams
from cautery.adapters.tape_folder import tape_folder
from cautery.adapters.tls import TlsCertificates
from cautery.errors import CauteryError, InputError
from cautery.evidence.outside.proof import NOBODY
from cautery.model import Approver, BeyondBudget, Mandate, revealed
from cautery.wiring.cases import store
from cautery.wiring.decoys import sealed_plan
from cautery.wiring.facts import known_facts
from cautery.wiring.lists import organisation_of
from cautery.wiring.one_fixture import OfOneFixture, one_fixture
from cautery.wiring.standing_by import (
    Told,
    heard_meanwhile,
    require_standby,
    stood_by,
    while_it_is_ours,
)
from cautery.wiring.timing import opened_log, own_trust, prove_closed
from cautery.wiring.watched_by_nodes import by_nodes, forget_references
from cautery.workflows.case.journal import Listener
from cautery.workflows.case.open import Case, open_case
from cautery.workflows.case.public_lists import ListFiles, PublicLists
from cautery.workflows.decoys.ask import AskedKeeper
from cautery.workflows.mandate.confirmations import confirmations_of
from cautery.workflows.mandate.read import calendars_of
from cautery.workflows.mandate.signatures import checked_signatures
from cautery.workflows.timing.keeping import Budget, Timekeeper
from cautery.workflows.timing.log import Proven
from cautery.workflows.watch.finishing import Finished, finish_case
from cautery.workflows.watch.probing.hearing import Hearing
from cautery.workflows.watch.run import WatchPorts, run_watch
from cautery.workflows.watch.sources.jobs import MODULES


def watch(
    mandate: Mandate,
    case_path: Path,
    *,
    mandate_file: Path,
    keys_dir: Path | None = None,
    listeners: tuple[Listener, ...] = (),
    close: bool | None = True,
    on_proof: Callable[[Proven | CauteryError], None] = lambda _: None,
    publish: Path | None = None,
    loop_watch: LoopWatch | None = None,
    fixture: str | None = None,
    calendars: Path | None = None,
    signers: Sequence[Approver] | None = None,
    standby: Told | None = None,
    nodes_key: bytes | None = None,
) -> Finished | None:
    """Run a watch to the end of its window; its case has the report then.

    Returns
    -------
    Finished or None
        What became of the case; ``None``: the machine for which this one stood by has watched it to
        its end.

    Parameters
    ----------
    close : bool or None
        Whether the case is closed at the end; ``None``: as its mandate says.
    on_proof : callable
        Called with what vouches for the closed case, or why nothing does; its mandate names a log.
    publish : Path or None
        The public folder, which is made if it is not there; ``None``: the case shows nothing.
    loop_watch : LoopWatch or None
        Told when the watch's event loop gives no turn for too long.
    fixture : str or None
        Id of the one fixture that it is of, which is watched in its own window; ``None``: of all.
    calendars : Path or None
        Folder with the calendars that a season has fetched; ``None``: they are not fetched.
    signers : sequence of Approver or None
        People who may sign mandates: of those who signed this one, only they let a fixture in.
    standby : callable or None
        Told what this machine waits for, until it goes on with the case in place of another one;
        ``None``: it begins the case, or goes on with it, at once.
    nodes_key : bytes or None
        The nodes' key: nodes look and hear for it; ``None``: this machine does.

    Raises
    ------
    LeaseError
        If another process drives the case, or took it up meanwhile.
    CauteryError
        As the workflow says.
    """
    if standby is not None:
        require_standby(mandate, case_path)
    plan = sealed_plan(mandate)  # without it no case is begun
    public = None if publish is None else PublicFolder(publish, make=True)
    _load()
    places = store(keys_dir)
    of_fixture = None
    if fixture is not None:
        of_fixture = one_fixture(
            mandate_file, mandate, fixture, calendars, case=case_path, signers=signers
        )
    cases: list[Case] = []
    closed = False
    try:
        if standby is None:
            cases.append(
                open_case(
                    case_path,
                    store=places,
                    clock=wiring.clock(),
                    regime=mandate.regime,
                    drive=places.drive,
                )
            )

        async def opened(watched: Mandate, text: bytes) -> Case | None:
            if standby is not None:
                case = await stood_by(watched, text, case_path, store=places.server(), told=standby)
                cases.extend([] if case is None else [case])
            return cases[0] if cases else None

        work = _watch(
            mandate,
            mandate_file,
            listeners,
            public,
            opened=opened,
            plan=plan,
            keys_dir=keys_dir,
            of_fixture=of_fixture,
            stands_by=standby is not None,
            nodes_key=nodes_key,
        )
        (asyncio.run if loop_watch is None else loop_watch.run)(work)
        if not cases:
            return None
        trust = NOBODY if mandate.log is None else own_trust(Path(mandate.log.folder.reveal()))
        finished = finish_case(cases[0], close=close, trust=trust)
        closed = finished.closed
    finally:
        for case in cases:
            if not closed:
                case.leave()
            elif case.lease is not None:
                case.lease.release()
    if closed and nodes_key is not None:
        forget_references(cases[0].id)
    if closed and mandate.log is not None:
        folder = Path(mandate.log.folder.reveal())
        try:
            on_proof(asyncio.run(prove_closed(case_path, folder, keys_dir=keys_dir)))
        except CauteryError as error:  # the case is whole; `cautery log prove` asks again
            on_proof(error)
    return finished


def _load() -> None:
    """Load what every watch needs late and what holds up all threads while it is loaded."""
    kernels.load()
    importlib.import_module("polars")  # for its tables; 0.5 s from a cold disk


async def _watch(
    mandate: Mandate,
    mandate_file: Path,
    listeners: tuple[Listener, ...],
    public: PublicFolder | None,
    *,
    opened: Callable[[Mandate, bytes], Awaitable[Case | None]],
    plan: bytes | None,
    keys_dir: Path | None,
    of_fixture: OfOneFixture | None,
    stands_by: bool,
    nodes_key: bytes | None,
) -> None:
    """Reach for all that a watch needs, then watch the case that is opened with it.

    Parameters
    ----------
    opened : callable
        Returns the case; ``None``: there is nothing to do.
    stands_by : bool
        Hear the references already while the case is waited for, unless nodes hear them.
    nodes_key : bytes or None
        As :func:`watch` has it.
    """
    text = mandate_file.read_bytes()  # noqa: ASYNC240 - once, before anything
    clock = wiring.clock()
    if checked_signatures(mandate_file, text, mandate, now=clock.now()) != mandate.signatures:
        raise InputError(f"{mandate_file}: its signatures changed while it was read")
    if of_fixture is not None:
        mandate = of_fixture.mandate
    async with AsyncExitStack() as stack:
        policy, rdap = mandate.network, revealed(mandate.network.rdap)
        latest_facts = LatestFacts(known_facts(revealed(policy.facts)))
        names = DnsNames(policy.resolver)
        suspects = await stack.enter_async_context(SuspectClient(policy, names, clock))
        own_client, own_feeds = [
            await stack.enter_async_context(
                PoliteClient(variant, names, clock, services=mandate.services)
            )
            for variant in (policy, replace(policy, rate_per_host=wiring.OWN_FEEDS_PER_S))
        ]
        decoder = await stack.enter_async_context(
            ChildDecoder(workers=2, without_seccomp=wiring.without_seccomp())
        )
        confinement = await decoder.start()
        readers = await stack.enter_async_context(
            ReadingPool(MODULES, workers=2, without_seccomp=wiring.without_seccomp())
        )
        engine = ThreadEngine()
        stack.callback(engine.close)
        tape = stack.enter_context(tape_folder())
        streams = SentStreams(policy, names, clock)
        hearing = None
        if stands_by and nodes_key is None:
            hearing = Hearing(
                mandate,
                folder=tape,
                fetcher=own_feeds,
                readers=readers,
                decoder=decoder,
                engine=engine,
                streams=streams,
                fail=lambda _what, _feed, _error: None,  # who drives the case records it
            )
            stack.push_async_callback(hearing.stop)
        async with heard_meanwhile(hearing, engine, clock):
            case = await opened(mandate, text)
        if case is None:
            return
        nodes = None
        if nodes_key is not None:
            nodes = await stack.enter_async_context(by_nodes(case, mandate, nodes_key))
        timekeeper = None
        if mandate.log is not None:
            folder = Path(mandate.log.folder.reveal())
            of_log = await stack.enter_async_context(
                opened_log(folder, clock=case.clock, keys_dir=keys_dir)
            )
            timekeeper = Timekeeper(
                of_log.log,
                ledger=case.ledger,
                vault=case.vault,
                clock=case.clock,
                verifier=case.verifier,
                checkpoint=lambda: case.ledger.checkpoint(case.signer, at=case.clock.now()),
                budget=Budget(
                    most=mandate.log.stamps, hourly=mandate.log.beyond is BeyondBudget.HOURLY
                ),
            )
        organisation = stack.enter_context(
            organisation_of(mandate, case.verifier, keys_dir=keys_dir)
        )
        by_put = HttpPublisher(own_client)
        publisher: Publisher = by_put
        if public is not None or organisation is not None:
            # The list of an organisation is fetched from its own folder.
            shown = (
                None if public is None else ListFiles(public, own_alone=organisation is not None)
            )
            publisher = PublicLists(shown, by_put=by_put)
        watch_of_case = run_watch(
            mandate,
            WatchPorts(
                clock=case.clock,
                ledger=case.ledger,
                vault=case.vault,
                fetcher=suspects,
                own=own_client,
                own_feeds=own_feeds,
                readers=readers,
                streams=streams,
                names=names,
                certificates=TlsCertificates(names, policy, case.clock, readers),
                registry=None
                if rdap is None
                else lambda fetcher: RdapRegistry(
                    rdap, fetcher, case.pseudonyms.of, case.clock, readers
                ),
                decoder=decoder,
                confinement=confinement.to_json(),
                engine=engine,
                facts=latest_facts.latest(),
                facts_now=latest_facts.latest,
                publisher=publisher,
                public=public,
                signer=case.signer,
                fixtures=calendars_of(mandate_file) if of_fixture is None else of_fixture.read,
                only=None if of_fixture is None else of_fixture.only,
                confirmations=confirmations_of(mandate_file, mandate),
                pseudonyms=case.pseudonyms,
                checkpoint=lambda: _checkpoint(case),
                tape=tape,
                free_reserve=case.make_room,
                listeners=listeners,
                timekeeper=timekeeper,
                organisation=organisation,
                keeper=None
                if mandate.decoys is None
                else AskedKeeper(mandate.decoys.keeper, own_client),
                sealed_plan=plan,
                lease=case.lease,
                hearing=hearing,
                stood_by=stands_by,
                **({} if nodes is None else nodes.ports()),
                trust=NOBODY
                if mandate.log is None
                else own_trust(Path(mandate.log.folder.reveal())),
            ),
            mandate_text=text,
            key=str(case.verifier),
        )
        await while_it_is_ours(case, watch_of_case)


def _checkpoint(case: Case) -> None:
    case.ledger.checkpoint(case.signer, at=case.clock.now())
