"""Settings to adapters: the only place that knows them all."""

from __future__ import annotations

import asyncio
import tempfile
from collections.abc import AsyncIterator, Callable, Coroutine, Iterator, Sequence
from contextlib import AsyncExitStack, aclosing, asynccontextmanager, contextmanager
from dataclasses import replace
from datetime import date
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from cautery.adapters import facts_import
from cautery.adapters._files import write_pieces, write_whole
from cautery.adapters.case_folder import FolderStore
from cautery.adapters.clock import SystemClock
from cautery.adapters.decoder import ChildDecoder
from cautery.adapters.dns import DnsNames
from cautery.adapters.engine import ThreadEngine
from cautery.adapters.facts_folder import FactsFolder, LatestFacts
from cautery.adapters.facts_import import Added
from cautery.adapters.http import PoliteClient
from cautery.adapters.intermediary import HttpPublisher
from cautery.adapters.keys_file import KeyFolder, load_approver
from cautery.adapters.process_engine import ProcessEngine
from cautery.adapters.rdap import RdapRegistry
from cautery.adapters.streams import SentStreams
from cautery.adapters.tls import TlsCertificates
from cautery.errors import InputError
from cautery.evidence.manifest import CASE_KEY, NOTE
from cautery.evidence.note import NoteVerifier
from cautery.model import (
    Approval,
    Mandate,
    Operation,
    Override,
    SupplyGraph,
    from_json,
    keyed_hash,
)
from cautery.model.ports import Clock, Engine
from cautery.watch import Place
from cautery.workflows.approve_referral import approve_referral
from cautery.workflows.close_case import close_case
from cautery.workflows.open_case import Case, open_case
from cautery.workflows.operation.desk import Desk, open_desk
from cautery.workflows.operation.persons import erase_in_closed_case
from cautery.workflows.operation.persons import erase_person as erase_in_open_case
from cautery.workflows.read_mandate import calendars_of
from cautery.workflows.read_overrides import read_overrides
from cautery.workflows.seized.consult import erase as erase_seizure
from cautery.workflows.seized.consult import erase_in_closed_case as erase_in_closed_seizure
from cautery.workflows.sign_overrides import sign_overrides as sign_overrides_of
from cautery.workflows.watch.journal import Listener
from cautery.workflows.watch.run import WatchPorts, run_watch
from cautery.workflows.write_report import write_report

if TYPE_CHECKING:
    from cautery.lab.operations.replay.run import Replayed
    from cautery.lab.operations.replay.story import Told
    from cautery.workflows.identification.build import Built
    from cautery.workflows.identification.records import Answer
    from cautery.workflows.identification.results import Results
    from cautery.workflows.identification.run import Asked
    from cautery.workflows.identification.sources import Source

OWN_FEEDS_PER_S = 200.0
"""Our own reference feeds are no strangers: they are not asked as slowly as suspects are."""
MANY_PROBES = 64
"""From so many on, probes are answered by processes instead of threads, which share one
interpreter."""
REPORT = "report.html"

T = TypeVar("T")


def clock() -> Clock:
    """Return the machine's clock."""
    return SystemClock()


def keys(folder: Path | None) -> KeyFolder:
    """Return the folder of keys: the given one, ``$CAUTERY_KEYS``, or the default."""
    return KeyFolder.default() if folder is None else KeyFolder(folder)


def store(keys_dir: Path | None = None) -> FolderStore:
    """Return where cases lie, with the keys to write them."""
    return FolderStore(keys(keys_dir))


def reading_store() -> FolderStore:
    """Return where cases lie, without any key: to verify one."""
    return FolderStore()


def facts(folder: Path | str | None) -> FactsFolder:
    """Return the facts of a folder; without one, only what the package itself knows.

    Raises
    ------
    InputError
        If there is no such folder.
    """
    if folder is not None:
        return FactsFolder(folder)
    with tempfile.TemporaryDirectory(prefix="cautery-no-facts-") as empty:
        return FactsFolder(empty)


def add_fact(
    file: Path,
    folder: Path,
    *,
    name: str,
    dated: date | None,
    valid_days: int | None,
    kind: str,
    top: int,
) -> Added:
    """Take a fact file into a facts folder.

    Raises
    ------
    CauteryError
        As the adapter says.
    """
    return facts_import.add_fact(
        file,
        folder,
        name=name,
        now=clock().now(),
        dated=dated,
        valid_days=valid_days,
        kind=kind,
        top=top,
    )


def watch(
    mandate: Mandate,
    case_path: Path,
    *,
    mandate_file: Path,
    keys_dir: Path | None = None,
    listeners: tuple[Listener, ...] = (),
    close: bool = True,
) -> Path:
    """Run a watch to the end of its window; return where the report lies.

    Raises
    ------
    CauteryError
        As the workflow says.
    """
    case = open_case(case_path, store=store(keys_dir), clock=clock())
    closed = False
    try:
        asyncio.run(_watch(mandate, case, mandate_file, listeners))
        case.make_room()
        checkpoint = case.ledger.checkpoint(case.signer, at=case.clock.now())
        page = write_report(case.ledger, case.vault, at=case.clock.now(), checkpoints=(checkpoint,))
        case.store.write(case.path, REPORT, page.encode())
        if close:
            close_case(case, at=case.clock.now())
            closed = True
    finally:
        if not closed:
            case.leave()
    return case_path / REPORT


async def _watch(
    mandate: Mandate, case: Case, mandate_file: Path, listeners: tuple[Listener, ...]
) -> None:
    async with AsyncExitStack() as stack:
        policy = mandate.network
        known = LatestFacts(facts(policy.facts))
        names = DnsNames(policy.resolver)
        fetcher = await stack.enter_async_context(PoliteClient(policy, names, case.clock))
        own_feeds = await stack.enter_async_context(
            PoliteClient(replace(policy, rate_per_host=OWN_FEEDS_PER_S), names, case.clock)
        )
        decoder = await stack.enter_async_context(ChildDecoder(workers=2))
        engine = ThreadEngine()
        stack.callback(engine.close)
        tape = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="cautery-tape-")))

        def pseudonym(value: str) -> str:
            return keyed_hash(value, case.redaction_key)

        await run_watch(
            mandate,
            WatchPorts(
                clock=case.clock,
                ledger=case.ledger,
                vault=case.vault,
                fetcher=fetcher,
                own_feeds=own_feeds,
                streams=SentStreams(policy, names, case.clock),
                names=names,
                certificates=TlsCertificates(names, policy, case.clock),
                registry=None
                if policy.rdap is None
                else lambda asked: RdapRegistry(policy.rdap, asked, pseudonym, case.clock),
                decoder=decoder,
                engine=engine,
                facts=known.latest(),
                facts_now=known.latest,
                publisher=HttpPublisher(fetcher),
                fixtures=calendars_of(mandate_file),
                redaction_key=case.redaction_key,
                checkpoint=lambda: _checkpoint(case),
                tape=tape,
                free_reserve=case.make_room,
                listeners=listeners,
            ),
            mandate_text=mandate_file.read_bytes(),  # noqa: ASYNC240 - once, before anything
            key=str(case.verifier),
        )


def _checkpoint(case: Case) -> None:
    case.ledger.checkpoint(case.signer, at=case.clock.now())


@contextmanager
def reading(path: Path) -> Iterator[Case]:
    """Open a case to read it, without keys, and let go of it at the end.

    Raises
    ------
    InputError
        If there is none.
    """
    case = open_case(path, store=reading_store(), clock=clock(), read_only=True)
    try:
        yield case
    finally:
        case.leave()


@contextmanager
def writing(path: Path, *, keys_dir: Path | None = None) -> Iterator[Case]:
    """Open a case to go on with it, or begin it, and let go of it at the end.

    Raises
    ------
    CauteryError
        As the workflow says.
    """
    case = open_case(path, store=store(keys_dir), clock=clock())
    try:
        yield case
    finally:
        case.leave()


def place_of(folder: Path | str | None) -> Place:
    """Return where addresses are by a facts folder; without one, nobody knows."""
    if folder is None:
        return lambda _: (None, None)
    known = facts(folder)

    @lru_cache(maxsize=1 << 16)
    def place(address: str) -> tuple[str | None, int | None]:
        network = known.network_of(address)
        return known.country_of(address), None if network is None else network.asn

    return place


def erase_seized(
    path: Path, id: str | None, *, by: str, why: str, keys_dir: Path | None = None
) -> int:
    """Destroy a key of seized material, in a case that is open or closed; return how many.

    Raises
    ------
    CauteryError
        As the workflow says.
    """
    kept = store(keys_dir)
    if kept.exists(path, NOTE):
        return erase_in_closed_seizure(kept.vault(path, kept.keys(path)), id)
    with writing(path, keys_dir=keys_dir) as case:
        return erase_seizure(case, id, by=by, why=why)


@contextmanager
def desk(
    path: Path,
    *,
    operation: Operation | None = None,
    agency: str | None = None,
    keys_dir: Path | None = None,
    read_only: bool = False,
) -> Iterator[Desk]:
    """Open an agency's case of an operation, or begin it, and let go of it at the end.

    Raises
    ------
    InputError
        If there is none, or it is another agency's.
    """
    opened = open_desk(
        path,
        store=reading_store() if read_only else store(keys_dir),
        clock=clock(),
        operation=operation,
        agency=agency,
        read_only=read_only,
    )
    try:
        yield opened
    finally:
        opened.leave()


def erase_person(case: Path, pseudonym: str, *, why: str) -> tuple[int, bool]:
    """Destroy the key of a person's name; return how many there were, and if the case is closed.

    Raises
    ------
    CauteryError
        As the workflow says.
    """
    if reading_store().exists(case, NOTE):
        return erase_in_closed_case(case, pseudonym, store=store(), clock=clock()), True
    with desk(case) as opened:
        return erase_in_open_case(opened, pseudonym, why=why), False


def close_operation(case: Path, *, keys_dir: Path | None = None) -> Path:
    """Write page and manifest into an operation's case and close it; return where the page lies.

    Raises
    ------
    CauteryError
        As the workflow says.
    """
    from cautery.workflows.operation.close_desk import close_desk  # noqa: PLC0415 - heavy

    opened = open_desk(case, store=store(keys_dir), clock=clock())
    try:
        return close_desk(opened)
    finally:
        opened.leave()


def write_operation_page(case: Path, out: Path) -> None:
    """Write the page of an operation from the records of a desk's case.

    Raises
    ------
    InputError
        If there is no such case.
    StorageError
        If the page cannot be written.
    """
    from cautery.operation.page import render_page  # noqa: PLC0415 - heavy
    from cautery.workflows.operation.page import page_view  # noqa: PLC0415 - heavy

    with desk(case, read_only=True) as opened:
        written = render_page(page_view(opened, made_at=clock().now()))
    write_whole(out, written.encode())


def replay(
    like: str,
    *,
    seed: int,
    scale: float,
    folder: Path,
    speed: float,
    listen: Callable[[Told], None],
) -> Replayed:
    """Replay an operation of the lab; its keys lie beside its cases, since nothing in it is real.

    Raises
    ------
    CauteryError
        As the replay says.
    """
    from cautery.lab.operations.replay.run import replay as run_replay  # noqa: PLC0415 - heavy

    keys_dir = folder.with_name(folder.name + "-keys")
    return run_replay(
        like,
        seed=seed,
        scale=scale,
        folder=folder,
        store=store(keys_dir),
        key_of=lambda case: public_key_of(case, keys_dir),
        speed=speed,
        listen=listen,
    )


def approve(case_path: Path, referral: str, *, name: str, key: Path) -> Approval:
    """Sign a referral of a case that may be watched at this moment by another process.

    Raises
    ------
    CauteryError
        As the workflow says.
    """
    signing = load_approver(key)
    ledger = reading_store().ledger(case_path, read_only=False)
    try:
        return approve_referral(ledger, referral, name=name, key=signing, now=clock().now())
    finally:
        ledger.close()


def sign_overrides(case_path: Path, file: Path, *, name: str, key: Path) -> tuple[Override, ...]:
    """Sign the overrides of a file for a case that may be watched by another process.

    Raises
    ------
    CauteryError
        As the workflow says.
    """
    overrides, signing = read_overrides(file), load_approver(key)
    ledger = reading_store().ledger(case_path, read_only=False)
    try:
        return sign_overrides_of(ledger, overrides, name=name, key=signing, now=clock().now())
    finally:
        ledger.close()


def public_key_of(case_path: Path, keys_dir: Path | None) -> Path:
    """Write the case's verifier key beside its private keys, and return that file.

    It comes from the folder of keys, not from the case: what ``--public-key`` wants.
    """
    stated = reading_store().read(case_path, CASE_KEY, limit=4096).decode("ascii", "replace")
    found = keys(keys_dir).case(NoteVerifier.parse(stated))
    path = keys(keys_dir).path / f"{found.case}.pub"
    path.write_text(f"{found.signer.verifier}\n", encoding="ascii")
    return path


def build_references(
    sources: Sequence[Source],
    out: Path,
    *,
    strict: bool,
    append: bool,
    jobs: int,
    on_built: Callable[[Built], None],
    on_heard: Callable[[str, float], None],
) -> tuple[Built, ...]:
    """Fingerprint sources of files into a ``.ref``; return what became of each.

    Raises
    ------
    CauteryError
        As the workflow says.
    """
    from cautery.fingerprint import DEFAULT_RECIPE  # noqa: PLC0415 - heavy
    from cautery.workflows.identification.build import Builder  # noqa: PLC0415 - heavy

    async def run() -> tuple[Built, ...]:
        async with _workers(jobs) as (decoder, engine):
            builder = Builder(
                out,
                recipe=DEFAULT_RECIPE,
                decoder=decoder,
                engine=engine,
                jobs=jobs,
                on_built=on_built,
                on_heard=on_heard,
            )
            return await builder.build(sources, strict=strict, append=append)

    return _unwrapped(run())


def build_live(
    sources: Sequence[Source],
    out: Path,
    mandate: Mandate,
    *,
    rolling: bool,
    window_s: float,
    told: Callable[[str], None],
) -> tuple[str, ...]:
    """Fingerprint feeds under a mandate; return those of which nothing came.

    Raises
    ------
    CauteryError
        As the workflow says.
    """
    from cautery.fingerprint import DEFAULT_RECIPE  # noqa: PLC0415 - heavy
    from cautery.workflows.identification import live  # noqa: PLC0415 - heavy

    async def run() -> tuple[str, ...]:
        async with AsyncExitStack() as stack:
            decoder, engine = await stack.enter_async_context(_workers(2))
            policy = replace(mandate.network, rate_per_host=OWN_FEEDS_PER_S)
            names = DnsNames(policy.resolver)
            fetcher = await stack.enter_async_context(PoliteClient(policy, names, clock()))
            ports = live.LivePorts(
                fetcher=fetcher,
                streams=SentStreams(policy, names, clock()),
                decoder=decoder,
                engine=engine,
                clock=clock(),
            )
            return await live.build_live(
                sources,
                out,
                mandate,
                ports,
                recipe=DEFAULT_RECIPE,
                window_s=window_s,
                rolling=rolling,
                told=told,
            )

    return _unwrapped(run())


def identify(
    probes: Sequence[Path | str],
    references: Path,
    asked: Asked,
    *,
    jobs: int,
    results: Results | None,
    plots: Path | None,
    on_answer: Callable[[Answer], None],
) -> None:
    """Answer probes by a ``.ref`` file or a live folder; ``on_answer`` is told each, in order.

    Raises
    ------
    CauteryError
        As the workflow says.
    """
    from cautery.identify.shards import opened, place_of  # noqa: PLC0415 - heavy
    from cautery.workflows.identification.draw import Drawing  # noqa: PLC0415 - heavy
    from cautery.workflows.identification.run import Prober  # noqa: PLC0415 - heavy

    async def run() -> None:
        async with AsyncExitStack() as stack:
            processes = len(probes) >= MANY_PROBES and jobs > 1
            decoder, engine = await stack.enter_async_context(_workers(jobs, processes=processes))
            fetcher = None
            if asked.mandate is not None:
                policy = asked.mandate.network
                names = DnsNames(policy.resolver)
                fetcher = await stack.enter_async_context(PoliteClient(policy, names, clock()))
            drawing = None
            if plots is not None:
                drawing = Drawing(plots, opened(place_of(references)), write_whole)
            prober = Prober(
                references,
                asked,
                decoder=decoder,
                engine=engine,
                clock=clock(),
                fetcher=fetcher,
                draw=None if drawing is None else drawing.draw,
            )
            answers = prober.answers(probes, jobs=jobs, results=results)
            async with aclosing(answers):
                async for answer in answers:
                    on_answer(answer)

    _unwrapped(run())


@asynccontextmanager
async def _workers(
    jobs: int, *, processes: bool = False
) -> AsyncIterator[tuple[ChildDecoder, Engine]]:
    engine = ProcessEngine(jobs) if processes else ThreadEngine(jobs)
    try:
        async with ChildDecoder(workers=jobs) as decoder:
            yield decoder, engine
    finally:
        engine.close()


def _unwrapped(work: Coroutine[Any, Any, T]) -> T:
    """Run to the end; of several tasks' failures the first one is told."""
    try:
        return asyncio.run(work)
    except ExceptionGroup as errors:
        found: BaseException = errors
        while isinstance(found, ExceptionGroup):
            found = found.exceptions[0]
        raise found from None


def write_file(path: Path, content: bytes) -> None:
    """Write a file whole or not at all.

    Raises
    ------
    StorageError
        If it cannot be written.
    """
    write_whole(path, content)


def write_secret(path: Path, pieces: Iterator[bytes]) -> None:
    """Write a file for its owner's eyes, whole or not at all.

    Raises
    ------
    StorageError
        If it cannot be written.
    """
    write_pieces(path, pieces, mode=0o600)


def mapped(case_path: Path) -> SupplyGraph:
    """Return the newest supply graph of a case, as its watch drew it.

    Raises
    ------
    InputError
        If there is no such case, or it has no map.
    """
    if not case_path.is_dir():
        raise InputError(f"{case_path}: no such case")
    ledger = reading_store().ledger(case_path, read_only=True)
    body = None
    for entry in ledger.read(kinds=("graph.mapped",)):
        body = entry.record.body
    if body is None:
        raise InputError(f"{case_path}: nothing is mapped in this case")
    return from_json(SupplyGraph, body)


def write_png(svg: str, path: Path) -> None:
    """Draw one of our SVGs as a PNG and write it whole or not at all.

    Raises
    ------
    CauteryError
        If it cannot be drawn or written.
    """
    from cautery.adapters.typst_pdf import png_of  # noqa: PLC0415 - its wheel is large

    write_whole(path, png_of(svg))


def write_pdf(source: str, path: Path) -> None:
    """Make a PDF of Typst source and write it whole or not at all.

    Raises
    ------
    CauteryError
        If it cannot be made or written.
    """
    from cautery.adapters.typst_pdf import compile_pdf  # noqa: PLC0415 - its wheel is large

    write_whole(path, compile_pdf(source))
