"""A season with all that it reaches through: its mandate, cases, processes and board."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import signal
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import timedelta
from itertools import islice
from pathlib import Path

from cautery import wiring
from cautery.act import standing_of
from cautery.adapters._files import make_folders, read_whole, write_whole
from cautery.adapters.person_keys import load_approver
from cautery.adapters.season_processes import ChildProcesses, LookedAt, SeasonLock, runs_at
from cautery.errors import EvidenceError, InputError, StorageError
from cautery.evidence.case_names import case_path, is_on_server
from cautery.evidence.manifest import LEDGER, NOTE
from cautery.json_text import parsed_json
from cautery.model import MISSHAPEN, Digest, digest_of, from_json, to_json
from cautery.model.ledger import append
from cautery.model.records import (
    WatchDied,
    WatchPace,
    WatchResumed,
    WatchStarted,
    WatchStopped,
    kinds_of,
)
from cautery.model.season import (
    CORES_A_WATCH,
    FixtureRow,
    SeasonBoard,
    SeasonFixture,
    SeasonSeen,
)
from cautery.projections.decoys import Decoys
from cautery.wiring.cases import adding_to, reading_store
from cautery.wiring.mandates import approve_in_room
from cautery.wiring.season_calendars import SeasonCalendars
from cautery.wiring.season_mandate import MandateOnDisk
from cautery.workflows.case.notices import notices_of
from cautery.workflows.mandate.fixture_approvals import (
    approve_fixtures,
)
from cautery.workflows.mandate.read import read_with_bytes
from cautery.workflows.mandate.signers import read_signers
from cautery.workflows.season.plan import LEAD
from cautery.workflows.season.ports import CaseFacts, Reading
from cautery.workflows.season.run import Season, SeasonPorts
from cautery.workflows.watch.finishing import closes

BOARD = "season.json"
SEASONS = ".seasons"
_MOST_BOARD = 16 << 20
_MOST_SEASONS = 50
"""Seasons that a room shows. Judgement."""
_ROOM_BYTES = 64 << 20
"""Room for a case and its reserve; a full disk is not made fuller."""
_NO_LIMIT = 1_000_000
"""Places for watches where none is started."""
_KINDS = kinds_of(WatchDied, WatchPace, WatchResumed, WatchStarted, WatchStopped)


def default_most() -> int:
    """Return how many watches run at once on this machine."""
    return max(1, (os.cpu_count() or 1) // CORES_A_WATCH)


def seasons_folder(cases: Path) -> Path:
    """Return where the seasons of a place of cases are kept.

    ``$CAUTERY_SEASONS``; without it beside the cases, or, of those on a server, at home.
    """
    if folder := os.environ.get("CAUTERY_SEASONS", ""):
        return Path(folder)
    if not is_on_server(cases):
        return cases / SEASONS
    base = os.environ.get("XDG_STATE_HOME", "")
    home = Path(base) if base.startswith("/") else Path.home() / ".local" / "state"
    return home / "cautery" / "seasons"


def seasons_beside(cases: Path) -> tuple[SeasonSeen, ...]:
    """Return the seasons of a place of cases, those that run first; what cannot be read is none."""
    folder = seasons_folder(cases)
    try:
        with os.scandir(folder) as entries:
            folders = sorted(Path(entry.path) for entry in islice(entries, _MOST_SEASONS))
    except OSError:
        return ()
    seasons = []
    for path in folders:
        board = BoardFile(path).load()
        if board is not None:
            seasons.append(SeasonSeen(board=board, runs=runs_at(path / "lock")))
    return tuple(sorted(seasons, key=lambda season: (not season.runs, season.board.mandate)))


def season_folder(seasons: Path, mandate: str) -> Path:
    """Return the folder of the season of a mandate, by the mandate's id."""
    return seasons / digest_of(mandate.encode())[7:23]


@dataclass(slots=True)
class _Tally:
    next: int = 0
    restarts: int = 0
    stopped: bool = False
    late_s: float | None = None


class CasesOfSeason:
    """The cases of a season (port :class:`~cautery.workflows.season.ports.SeasonCases`).

    Parameters
    ----------
    place : Path
        Folder of the cases, or ``server:``.
    """

    def __init__(self, place: Path) -> None:
        self._place = place
        self._store = reading_store()
        self._tallies: dict[str, _Tally] = {}

    def path(self, case: str) -> Path:
        """Return how a case is named to commands."""
        return case_path(case) if is_on_server(self._place) else self._place / case

    def facts(self, case: str, *, over: bool) -> CaseFacts:
        """Return what a case says."""
        path, tally = self.path(case), self._tallies.setdefault(case, _Tally())
        if not self._store.exists(path, LEDGER):
            return CaseFacts(begun=False)
        closed, waits = self._store.exists(path, NOTE), False
        ledger = self._store.ledger(path, read_only=True)
        try:
            size = ledger.size()
            for entry in ledger.read(since=tally.next, kinds=_KINDS):
                match entry.content:
                    case WatchDied():
                        tally.restarts += 1
                    case WatchPace() as pace:
                        tally.late_s = pace.late_s if pace.late else None
                    case WatchStarted() | WatchResumed():
                        tally.late_s, tally.stopped = None, False
                    case WatchStopped():
                        tally.stopped = True
            tally.next = size
            if over and not closed:
                filed = notices_of(ledger)
                waits = not closes(filed.mandate, filed.notices, Decoys().read_on(ledger))
        finally:
            ledger.close()
        return CaseFacts(
            begun=True,
            closed=closed,
            left_open=waits,
            stopped=tally.stopped,
            restarts=tally.restarts,
            late_s=tally.late_s,
        )

    def record(self, case: str, died: WatchDied) -> None:
        """Write into a case that its watch died."""
        with adding_to(self.path(case)) as ledger:
            append(ledger, died, at=died.at)

    def has_room(self) -> bool:
        """Tell whether another case fits where they lie; a server looks after its own disk."""
        if is_on_server(self._place):
            return True
        try:
            room = os.statvfs(self._place)
        except OSError:
            return False
        return room.f_bavail * room.f_frsize >= _ROOM_BYTES


class BoardFile:
    """The file of a season's board (port :class:`~cautery.workflows.season.ports.BoardPlace`)."""

    def __init__(self, folder: Path) -> None:
        self._path = folder / BOARD

    def load(self) -> SeasonBoard | None:
        """Return what stands there; ``None``: nothing, or nothing that can be read."""
        if not self._path.exists():
            return None
        with contextlib.suppress(EvidenceError, *MISSHAPEN, InputError):
            return from_json(SeasonBoard, parsed_json(read_whole(self._path, limit=_MOST_BOARD)))
        return None

    def save(self, board: SeasonBoard) -> None:
        """Write it whole."""
        text = json.dumps(to_json(board), ensure_ascii=False, separators=(",", ":"))
        write_whole(self._path, text.encode())


def run(
    mandate_file: Path,
    cases: Path,
    *,
    state: Path | None,
    most: int,
    lead: timedelta = LEAD,
    keys_dir: Path | None,
    publish: Path | None,
    signers: Path | None = None,
    say: Callable[[str], None],
) -> SeasonBoard:
    """Run a season until its mandate's window ends.

    Parameters
    ----------
    signers : Path or None
        File of the people who may sign mandates; its watches get it, too.

    Raises
    ------
    CauteryError
        If the mandate cannot be read, another process runs the season, or its folder cannot be
        written.
    """
    with _held_season(mandate_file, cases, state, signers) as (folder, mandate):
        of_cases = CasesOfSeason(cases)
        program = (sys.executable, "-m", "cautery")
        with_signers = () if signers is None else ("--signers", str(signers.resolve()))
        with_keys = () if keys_dir is None else ("--keys", str(keys_dir.resolve()))

        def watch(case: str, fixture: SeasonFixture) -> tuple[str, ...]:
            public = () if publish is None else ("--publish", str(publish.resolve() / case))
            return (
                *program,
                *("watch", str(mandate_file.resolve()), "--case", str(of_cases.path(case))),
                *(f"--fixture={fixture.id}", "--calendars", str(folder / "calendars")),
                *with_keys,
                *with_signers,
                *public,
            )

        def close(case: str) -> tuple[str, ...]:
            log = mandate.mandate.log
            vouched = () if log is None else ("--log", log.folder.reveal())
            return (*program, "close", str(of_cases.path(case)), *with_keys, *vouched)

        processes = ChildProcesses(folder / "watches", watch=watch, close=close)
        ports = SeasonPorts(
            mandate=mandate,
            cases=of_cases,
            processes=processes,
            place=BoardFile(folder),
            now=wiring.clock().now,
            say=say,
        )
        if mandate.mandate.calendars:
            mandate.fetching = SeasonCalendars(mandate.mandate, folder / "calendars", say=say)
        season = Season(ports, most=most, lead=lead)
        return asyncio.run(_run(season, processes, mandate.fetching))


async def _run(
    season: Season, processes: ChildProcesses, calendars: SeasonCalendars | None
) -> SeasonBoard:
    """Run a season; who stops it stops its watches in order, and the next service goes on."""
    running = asyncio.ensure_future(season.run())
    fetching = None if calendars is None else asyncio.ensure_future(calendars.work())
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, running.cancel)
    try:
        return await running
    except asyncio.CancelledError:
        raise KeyboardInterrupt from None
    finally:
        if fetching is not None:
            fetching.cancel()
            await asyncio.gather(fetching, return_exceptions=True)
        await processes.end_all()


@contextlib.contextmanager
def _held_season(
    mandate_file: Path, cases: Path, state: Path | None, signers: Path | None
) -> Iterator[tuple[Path, MandateOnDisk]]:
    mandate, _ = read_with_bytes(mandate_file, now=wiring.clock().now())
    folder = season_folder(seasons_folder(cases) if state is None else state, mandate.id)
    try:
        make_folders(folder / "calendars")
        if not is_on_server(cases):
            make_folders(cases)
    except OSError as error:
        raise StorageError(f"{folder}: {error.strerror}") from error
    lock = SeasonLock(folder / "lock")
    try:
        yield folder, _on_disk(mandate_file, folder, signers)
    finally:
        lock.release()


def _on_disk(mandate_file: Path, folder: Path, signers: Path | None) -> MandateOnDisk:
    return MandateOnDisk(
        mandate_file,
        folder / "calendars",
        signers=None if signers is None else read_signers(signers),
    )


def rows_of(
    mandate_file: Path, cases: Path, *, state: Path | None, signers: Path | None = None
) -> tuple[FixtureRow, ...]:
    """Return the fixtures of a season as they stand now, whether its service runs or not.

    Parameters
    ----------
    signers : Path or None
        As for :func:`run`.

    Raises
    ------
    CauteryError
        If the mandate or a case cannot be read.
    """
    now = wiring.clock().now()
    head, _ = read_with_bytes(mandate_file, now=now, may_have_ended=True)
    folder = season_folder(seasons_folder(cases) if state is None else state, head.id)
    reading = _on_disk(mandate_file, folder, signers).read_now(at_once=True)
    ports = SeasonPorts(
        mandate=_AsRead(reading),
        cases=CasesOfSeason(cases),
        processes=LookedAt(folder / "watches"),
        place=_Unsaved(BoardFile(folder)),
        now=wiring.clock().now,
        say=lambda _: None,
    )
    return asyncio.run(Season(ports, most=_NO_LIMIT).look()).rows


def approve(
    mandate_file: Path,
    fixtures: Sequence[SeasonFixture],
    *,
    shown: Digest,
    name: str,
    key: Path | None,
    people: Path,
) -> None:
    """Approve fixtures as one of the mandate's approvers.

    Parameters
    ----------
    key : Path or None
        The approver's key file; ``None``: a passkey, which the room asks.
    people : Path
        Folder of the people of that room.

    Raises
    ------
    CauteryError
        As the workflow says.
    """
    now = wiring.clock().now()
    mandate, _ = read_with_bytes(mandate_file, now=now)
    standing_of(mandate, now=now)
    if key is None:
        approve_in_room(mandate_file, mandate, fixtures, name=name, people=people, now=now)
        return
    approve_fixtures(
        mandate_file,
        mandate,
        fixtures,
        shown=shown,
        name=name,
        key=load_approver(key),
        now=now,
    )


@dataclass(frozen=True, slots=True)
class _AsRead:
    reading: Reading

    async def read(self) -> Reading:
        return self.reading


@dataclass(frozen=True, slots=True)
class _Unsaved:
    place: BoardFile

    def load(self) -> SeasonBoard | None:
        return self.place.load()

    def save(self, board: SeasonBoard) -> None:
        """Write nothing: who looks changes nothing."""
