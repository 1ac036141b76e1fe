"""Blind tests with what they reach through: keys, files, authorities, the encoder and servers."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from random import Random, SystemRandom
from secrets import token_bytes
from threading import Lock

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from cautery import wiring
from cautery.adapters._files import PRIVATE, make_folders, ordinary_mode, read_whole, write_whole
from cautery.adapters.cosign_server import tls_of
from cautery.adapters.decoy_encoder import DecoyEncoder
from cautery.adapters.decoy_server import DecoyServer, Listening, Place
from cautery.adapters.dns import DnsNames
from cautery.adapters.http import PoliteClient
from cautery.adapters.own_media import own_pieces, require_media
from cautery.adapters.person_keys import load_approver
from cautery.adapters.reading import ReadingPool
from cautery.canonical import canonical
from cautery.errors import ApprovalError, EvidenceError, InputError
from cautery.evidence.sealed_night import (
    MAX_PLAN_BYTES,
    MAX_SEALED_BYTES,
    PLAN_FILE,
    RANDOM_BYTES,
    SEALED_FILE,
    SealedNight,
    check_stamped_before,
    read_sealed,
)
from cautery.model import Digest, Mandate, Window
from cautery.model.decoys import DecoyLeaf, KeeperNote
from cautery.model.host_names import literal
from cautery.model.wire import to_json
from cautery.wiring.cases import adding_to
from cautery.wiring.dossiers import Vouching
from cautery.wiring.timing import stamp_over
from cautery.workflows.decoys.addresses import addresses_of, require_as_planned, with_addresses
from cautery.workflows.decoys.ask import ASK
from cautery.workflows.decoys.feed import FeedFootage
from cautery.workflows.decoys.keep import MAX_QUESTION_BYTES, Keeper, read_question
from cautery.workflows.decoys.live import LiveDecoys
from cautery.workflows.decoys.loop import LoopedFootage
from cautery.workflows.decoys.night import (
    NOTES_FILE,
    PlannedNight,
    notes_file,
    open_night,
    read_notes,
    require_over,
)
from cautery.workflows.decoys.plan import plan_night
from cautery.workflows.decoys.ports import Footage
from cautery.workflows.decoys.programme import (
    MAX_PROGRAMME_BYTES,
    OwnHost,
    Programme,
    programme_example,
    read_programme,
)
from cautery.workflows.decoys.reveal import Revealed, reveal
from cautery.workflows.mandate.read import read_mandate

_PROGRESS_S = 30.0
_READERS = ("cautery.formats.jobs",)
"""What reads the playlists of feeds."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Planned:
    """A night that was planned and written.

    Parameters
    ----------
    night : SealedNight
        What everybody may see.
    stamped_at : str
        Time of the time-stamp; empty: there is none.
    remarks : tuple of str
        What is odd about it.
    """

    night: SealedNight
    stamped_at: str
    remarks: tuple[str, ...]


def example(mandate_file: Path | None) -> str:
    """Return an example of a programme, for the first event of a mandate if one is given.

    Raises
    ------
    MandateError
        If the mandate cannot be read.
    """
    now = wiring.clock().now().replace(minute=0, second=0, microsecond=0)
    if mandate_file is None:
        window = Window(start=now + timedelta(days=1), end=now + timedelta(days=1, hours=3))
        return programme_example(window, event="derby")
    mandate = read_mandate(mandate_file, now=wiring.clock().now())
    if not mandate.events:
        return programme_example(mandate.window, event="derby")
    event = mandate.events[0]
    start = max(mandate.window.start, event.window.start)
    end = min(mandate.window.end, event.window.end)
    return programme_example(
        Window(start=start, end=end) if start < end else mandate.window, event=event.id
    )


def plan(
    programme_file: Path,
    folder: Path,
    *,
    mandate_file: Path,
    key: Path,
    vouching: Vouching | None = None,
    beside: Sequence[Path] = (),
    seed: int | None = None,
) -> Planned:
    """Plan a night and write its two files into a new folder.

    Parameters
    ----------
    vouching : Vouching or None
        Who stamps the sealed plan; ``None``: nobody.
    beside : sequence of Path
        Folders of other plans of the same night.
    seed : int or None
        For tests; ``None``: the system's randomness.

    Raises
    ------
    CauteryError
        As the workflow says; then nothing is written.
    """
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise InputError(f"{folder}: there is something already", hint="Name a new folder.")
    programme = _programme(programme_file)
    for media in programme.media:
        if not media.is_feed:
            require_media(Path(media.place))
    asyncio.run(_try_recipes(programme))
    now = wiring.clock().now()
    mandate = read_mandate(mandate_file, now=now)
    programme = with_addresses(programme, asyncio.run(_addresses(programme.hosts, mandate)))
    settings = None if vouching is None else vouching.stamping

    def stamp(message: bytes) -> bytes:
        assert settings is not None
        return asyncio.run(stamp_over(message, settings))

    files = plan_night(
        programme,
        mandate,
        key=load_approver(key),
        # The system's, or a seed for tests, which the caller was warned of.
        rng=SystemRandom() if seed is None else Random(seed),  # noqa: S311
        now=now,
        stamp=None if settings is None else stamp,
        beside=[(_sealed(other), _plan_bytes(other)) for other in beside],
    )
    stamped = None
    if vouching is not None and settings is not None:
        stamped = check_stamped_before(files.night, roots=vouching.trust.roots)
    make_folders(folder)
    folder.chmod(0o700)
    write_whole(folder / PLAN_FILE, files.plan, mode=PRIVATE)
    write_whole(folder / SEALED_FILE, files.night.file(), mode=ordinary_mode())
    return Planned(
        night=files.night,
        stamped_at="" if stamped is None else stamped.at.isoformat(),
        remarks=files.remarks,
    )


def sealed(folder: Path) -> SealedNight:
    """Return what everybody may see of a night.

    Raises
    ------
    CauteryError
        If it cannot be read, or is not signed by its planner.
    """
    return _sealed(folder)


def sealed_plan(mandate: Mandate) -> bytes | None:
    """Return the file of the sealed plan that a mandate names; ``None``: it plans no decoys.

    Raises
    ------
    InputError
        If it cannot be read.
    """
    if mandate.decoys is None:
        return None
    try:
        return read_whole(Path(mandate.decoys.sealed.reveal()), limit=MAX_SEALED_BYTES)
    except EvidenceError as error:
        raise InputError(
            f"the mandate plans decoys, but its sealed plan cannot be read: {error}",
            hint="The planner writes it: cautery decoy plan PROGRAMME.toml --mandate MANDATE.toml "
            "--key PLANNER.pem -o NIGHT",
        ) from error


def decoys(folder: Path, *, key: Path) -> tuple[DecoyLeaf, ...]:
    """Return the decoys of a night that is over.

    Raises
    ------
    ApprovalError
        If it is not over.
    CauteryError
        If the key does not open the plan.
    """
    night = _opened(folder, load_approver(key))
    require_over(night.sealed, wiring.clock().now(), what="its plan is shown to nobody before")
    return night.plan.leaves


def reveal_in(
    folder: Path, case: Path, *, key: Path, abandon: bool = False, why: str = ""
) -> Revealed:
    """Record in a case what each decoy of a night was.

    Raises
    ------
    CauteryError
        As the workflow says; then nothing is recorded.
    """
    private = load_approver(key)
    night = _opened(folder, private)
    notes = _Notes(folder, night, private).read()
    now = wiring.clock().now()
    with adding_to(case) as ledger:
        return reveal(ledger, night, now=now, abandon=abandon, why=why, notes=notes)


async def serve(
    folder: Path,
    *,
    key: Path,
    mandate_file: Path,
    listen: Sequence[Place] = (),
    gate: Place | None,
    certificate: Path | None = None,
    certificate_key: Path | None = None,
    say: Callable[[str], None],
    ready: Callable[[Listening], None] = lambda _: None,
) -> None:
    """Be the keeper of a night until it is cancelled.

    Parameters
    ----------
    listen : sequence of (str, int)
        Where streams and lists are served; empty: at the addresses and ports of the plan's hosts.
    gate : (str, int) or None
        Where the gate asks; ``None``: nowhere, so that no act leaves in this night.
    certificate, certificate_key : Path or None
        For https at the gate.

    Raises
    ------
    CauteryError
        If it cannot begin.
    """
    clock = wiring.clock()
    private = load_approver(key)
    night = _opened(folder, private)
    mandate = read_mandate(mandate_file, now=clock.now())
    keeper = Keeper(
        night,
        key=private,
        mandate=mandate,
        now=clock.now,
        note_down=_Notes(folder, night, private).add,
    )
    hosts = night.programme.hosts
    require_as_planned(hosts, await _addresses(hosts, mandate))
    if gate is not None and certificate is None and gate[0] not in {"127.0.0.1", "::1"}:
        raise InputError(
            "the gate must not ask over plain http, but on this machine alone",
            hint="Give --cert and --cert-key, or let --gate listen at 127.0.0.1.",
        )

    def answered(raw: bytes) -> tuple[int, bytes]:
        try:
            return 200, canonical(to_json(keeper.answer(read_question(raw))))
        except ApprovalError as error:
            return 403, json.dumps({"refused": str(error)}).encode()
        except InputError as error:
            return 400, json.dumps({"refused": str(error)}).encode()

    async with AsyncExitStack() as stack:
        encoder = await stack.enter_async_context(
            DecoyEncoder(without_seccomp=wiring.without_seccomp())
        )
        footage = await _footage(night, mandate, stack, say)
        await encoder.start()
        live = LiveDecoys(night, footage, encoder)

        async def streamed(host: str, path: str) -> tuple[bytes, str] | None:
            served = await live.answer(host, path, clock.now())
            return None if served is None else (served.body, served.media_type)

        server = DecoyServer(streamed, answered, most_question=MAX_QUESTION_BYTES, path=ASK)
        places = list(listen) or sorted(
            {(host.address, host.port) for host in night.programme.hosts}
        )
        listening = await stack.enter_async_context(
            server.serving(places, gate, tls=tls_of(certificate, certificate_key))
        )
        ready(listening)
        while True:
            await asyncio.sleep(_PROGRESS_S)
            say(
                f"{live.appeared(clock.now())} of {night.sealed.count} decoys have appeared, "
                f"{keeper.opened} were opened at the gate"
            )


async def _addresses(hosts: Sequence[OwnHost], mandate: Mandate) -> dict[str, tuple[str, ...]]:
    if all(literal(host.name) is not None for host in hosts):
        return {}  # nobody is asked, and a machine in a lab may have no resolver
    return await addresses_of(hosts, DnsNames(mandate.network.resolver))


async def _footage(
    night: PlannedNight, mandate: Mandate, stack: AsyncExitStack, say: Callable[[str], None]
) -> list[Footage]:
    clock, start = wiring.clock(), night.sealed.window.start
    readers = None
    if any(media.is_feed for media in night.programme.media):
        readers = await stack.enter_async_context(
            ReadingPool(_READERS, workers=1, without_seccomp=wiring.without_seccomp())
        )
    footage: list[Footage] = []
    for media in night.programme.media:
        if not media.is_feed:
            pieces = await asyncio.to_thread(own_pieces, Path(media.place))
            footage.append(LoopedFootage(pieces, begins_at=media.begins_at or start))
            continue
        assert readers is not None
        client = await stack.enter_async_context(
            PoliteClient(
                mandate.network,
                DnsNames(mandate.network.resolver),
                clock,
                services=mandate.services,
            )
        )
        feed = FeedFootage(
            media.place,
            longest=timedelta(seconds=night.programme.delay_s[1]),
            fetcher=client,
            readers=readers,
            clock=clock,
            say=say,
        )
        following = asyncio.ensure_future(feed.follow())
        stack.callback(following.cancel)
        footage.append(feed)
    return footage


async def _try_recipes(programme: Programme) -> None:
    async with DecoyEncoder(without_seccomp=wiring.without_seccomp()) as encoder:
        for disguise in programme.disguises:
            if disguise.video or disguise.audio:
                await encoder.try_out(disguise)


class _Notes:
    """The keeper's journal beside the plan: what it was asked and what it opened, by act.

    Parameters
    ----------
    folder : Path
        Of the night.
    night : PlannedNight
        The opened plan.
    key : Ed25519PrivateKey
        The planner's.
    """

    def __init__(self, folder: Path, night: PlannedNight, key: Ed25519PrivateKey) -> None:
        self._path, self._sealed, self._key = folder / NOTES_FILE, night.sealed, key
        self._notes: dict[Digest, KeeperNote] | None = None
        self._turn = Lock()
        """Several questions are answered at once."""

    def read(self) -> tuple[KeeperNote, ...]:
        """Return what was kept; nothing if no keeper was asked."""
        if not self._path.exists():
            return ()
        return read_notes(_file(self._path, MAX_PLAN_BYTES), self._sealed, key=self._key)

    def add(self, note: KeeperNote) -> None:
        """Keep a line, unless an earlier keeper of this night kept one of the same act."""
        with self._turn:
            notes = self._notes
            if notes is None:
                notes = {each.digest: each for each in self.read()}
            if note.digest not in notes:
                notes = notes | {note.digest: note}
                fresh = token_bytes(RANDOM_BYTES)
                content = notes_file(
                    tuple(notes.values()), self._sealed, key=self._key, fresh=fresh
                )
                write_whole(self._path, content, mode=PRIVATE)
            self._notes = notes


def _programme(path: Path) -> Programme:
    try:
        raw = read_whole(path, limit=MAX_PROGRAMME_BYTES)
    except EvidenceError as error:
        raise InputError(
            str(error), hint="Write a programme: cautery decoy programme > PROGRAMME.toml"
        ) from error
    return read_programme(raw, folder=path.absolute().parent)


def _sealed(folder: Path) -> SealedNight:
    return read_sealed(_file(folder / SEALED_FILE, MAX_SEALED_BYTES))


def _plan_bytes(folder: Path) -> bytes:
    return _file(folder / PLAN_FILE, MAX_PLAN_BYTES)


def _opened(folder: Path, key: Ed25519PrivateKey) -> PlannedNight:
    return open_night(_file(folder / SEALED_FILE, MAX_SEALED_BYTES), _plan_bytes(folder), key=key)


def _file(path: Path, limit: int) -> bytes:
    try:
        return read_whole(path, limit=limit)
    except EvidenceError as error:
        raise InputError(str(error), hint="Name the folder of a planned night.") from error
