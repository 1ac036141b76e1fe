"""A season on the disk: its mandate and calendars read again, its locks, its cases and its board."""

from __future__ import annotations

import asyncio
import base64
import http.server
import itertools
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from cautery.adapters.clock import FixedClock
from cautery.adapters.season_processes import ChildProcesses, LookedAt, SeasonLock
from cautery.errors import ApprovalError, StorageError
from cautery.formats import read_ical
from cautery.model import Window, digest_of
from cautery.model.season import FixtureState, FixtureWhy, SeasonFixture, case_name
from cautery.wiring import season
from cautery.wiring.season import BoardFile, season_folder
from cautery.wiring.season_calendars import SeasonCalendars
from cautery.wiring.season_mandate import MandateOnDisk
from cautery.workflows.mandate import fixtures
from cautery.workflows.mandate.fixture_approvals import list_fixtures
from cautery.workflows.mandate.read import read_with_bytes
from cautery.workflows.mandate.signatures import add_signature, signatures_path
from cautery.workflows.mandate.signers import read_signers

START = datetime.now(UTC).replace(microsecond=0)
MATCH = SeasonFixture(
    id="md1",
    name="Home v Away",
    kick_off=START,
    watched=Window(start=START, end=START + timedelta(hours=2)),
    legal_basis="right",
)


def calendar(*matches: tuple[str, str], days: float = 1, zone: str = "") -> str:
    lines = ["BEGIN:VCALENDAR"]
    at = START + timedelta(days=days)
    for id_, name in matches:
        lines += ["BEGIN:VEVENT", f"UID:{id_}", f"SUMMARY:{name}"]
        lines += [f"DTSTART{zone}:{at:%Y%m%dT%H%M%S}{'' if zone else 'Z'}", "END:VEVENT"]
    return "\r\n".join([*lines, "END:VCALENDAR", ""])


def mandate(folder: Path, table: str = 'path = "league.ics"', *, days: int = 200) -> Path:
    path = folder / "league.toml"
    path.write_text(f"""\
[mandate]
id = "league"
who = "Example League"
regime = "gdpr"
legal_basis = "rights"
start = {START - timedelta(days=1):%Y-%m-%dT%H:%M:%SZ}
end = {START + timedelta(days=days):%Y-%m-%dT%H:%M:%SZ}
territories = ["DE"]
lab = true
[[channel]]
id = "sport"
names = ["Sport"]
[[fixtures]]
{table}
[network]
allow = ["127.0.0.0/8"]
""")
    return path


@pytest.fixture
def league(tmp_path: Path) -> Path:
    (tmp_path / "league.ics").write_text(calendar(("md1", "Home v Away")))
    return mandate(tmp_path)


def names(reading: Any) -> list[str]:
    return [fixture.name for fixture in reading.fixtures]


# -- the mandate and its calendars ---------------------------------------------------------------


def test_a_calendar_that_changed_is_read_again(league: Path) -> None:
    on_disk = MandateOnDisk(league, None)
    more = calendar(("md1", "Home v Away"), ("md2", "North v South"))
    league.with_name("league.ics").write_text(more)
    assert names(on_disk.read_now(at_once=True)) == ["Home v Away", "North v South"]


@pytest.mark.parametrize(
    "text",
    [
        "this is no calendar",
        "",
        calendar(*((f"md{number}", f"match {number}") for number in range(20_000))),
    ],
    ids=["no calendar", "empty", "twenty thousand fixtures"],
)
def test_a_calendar_that_is_broken_or_hostile_leaves_what_it_said_before(
    league: Path, text: str
) -> None:
    on_disk = MandateOnDisk(league, None)
    league.with_name("league.ics").write_text(text)
    reading = on_disk.read_now(at_once=True)
    if reading.calendar_broken:
        assert names(reading) == ["Home v Away"]
        assert reading.problems
    else:
        assert names(reading) == [], "a calendar without a match is one"
    assert reading.hold is None


@pytest.mark.parametrize(
    "text",
    [calendar(("md1", "Home v Away")), "this is no calendar"],
    ids=["a calendar", "no calendar"],
)
def test_a_calendar_that_says_the_same_is_not_parsed_again(
    league: Path, monkeypatch: pytest.MonkeyPatch, text: str
) -> None:
    on_disk, parsed = MandateOnDisk(league, None), list[object]()

    def counted(chunks: Iterable[bytes]) -> Iterator[object]:
        parsed.append(chunks)
        return read_ical(chunks)

    monkeypatch.setattr(fixtures, "read_ical", counted)
    league.with_name("league.ics").write_text(text)
    first = on_disk.read_now(at_once=True)
    again = [on_disk.read_now(at_once=True) for _ in range(3)]
    assert (len(parsed), again) == (1, [first] * 3)
    league.with_name("league.ics").write_text(calendar(("md2", "North v South")))
    assert names(on_disk.read_now(at_once=True)) == ["North v South"]
    assert len(parsed) == 2


def test_a_calendar_that_is_too_large_leaves_what_it_said_before(league: Path) -> None:
    on_disk = MandateOnDisk(league, None)
    league.with_name("league.ics").write_text(calendar(("md1", "Other")) + "\r\n" * 2_000_001)
    reading = on_disk.read_now(at_once=True)
    assert (names(reading), reading.calendar_broken) == (["Home v Away"], True)
    assert "longer than 4000000 bytes" in reading.problems[0]


def test_a_calendar_that_is_gone_leaves_what_it_said_before(league: Path) -> None:
    on_disk = MandateOnDisk(league, None)
    league.with_name("league.ics").unlink()
    reading = on_disk.read_now(at_once=True)
    assert (names(reading), reading.calendar_broken) == (["Home v Away"], True)


def test_local_times_keep_their_hour_when_the_clocks_change(tmp_path: Path) -> None:
    lines = [
        "BEGIN:VCALENDAR", "BEGIN:VEVENT", "UID:cup", "SUMMARY:Weekly",
        "DTSTART;TZID=Europe/Paris:20270321T210000", "RRULE:FREQ=WEEKLY;COUNT=2",
        "END:VEVENT", "END:VCALENDAR", "",
    ]  # fmt: skip
    (tmp_path / "league.ics").write_text("\r\n".join(lines))
    reading = MandateOnDisk(mandate(tmp_path), None).read_now()
    assert [f"{each.kick_off:%d %H}" for each in reading.fixtures] == ["21 20", "28 19"]
    cases = {case_name("league", each) for each in reading.fixtures}
    assert len(cases) == 2, "each night of a series has a case of its own"


def test_a_mandate_whose_file_stays_away_is_withdrawn_and_comes_back(
    league: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    on_disk = MandateOnDisk(league, None)
    text = league.read_text()
    league.unlink()
    for seconds, hold in (
        (0, FixtureWhy.BROKEN),
        (59, FixtureWhy.BROKEN),
        (61, FixtureWhy.WITHDRAWN),
        (62, FixtureWhy.WITHDRAWN),
    ):
        now = FixedClock(START + timedelta(seconds=seconds))
        monkeypatch.setattr(on_disk, "_clock", now)
        assert on_disk.read_now().hold is hold, seconds
    league.write_text(text)
    assert on_disk.read_now().hold is None


def test_a_clock_that_leaps_does_not_withdraw_a_mandate(
    league: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    on_disk = MandateOnDisk(league, None)
    league.unlink()
    for hours in (0, 5):
        monkeypatch.setattr(on_disk, "_clock", FixedClock(START + timedelta(hours=hours)))
        assert on_disk.read_now().hold is FixtureWhy.BROKEN, hours


@pytest.mark.parametrize("shut", ["league.toml", "league.ics"])
def test_a_file_that_cannot_be_read_for_a_moment_ends_nothing(
    league: Path, monkeypatch: pytest.MonkeyPatch, shut: str
) -> None:
    on_disk, stat = MandateOnDisk(league, None), Path.stat

    def refused(path: Path, **more: Any) -> os.stat_result:
        if path.name == shut:
            raise PermissionError(13, "Permission denied")
        return stat(path, **more)

    with monkeypatch.context() as patch:
        patch.setattr(Path, "stat", refused)
        reading = on_disk.read_now(at_once=True)
    assert reading.hold is (FixtureWhy.BROKEN if shut == "league.toml" else None)
    assert reading.calendar_broken is (shut == "league.ics")
    assert "Permission denied" in reading.problems[0]
    assert names(reading) == ["Home v Away"]
    after = on_disk.read_now(at_once=True)
    assert (after.hold, after.calendar_broken) == (None, False)


@pytest.mark.parametrize(
    ("old", "new"),
    [("[mandate]", "[mandate"), ('id = "league"', 'id = "other"'), ("end = 2", "end = 1")],
    ids=["not TOML", "another mandate", "ends before it starts"],
)
def test_a_mandate_that_is_not_valid_any_more_starts_nothing(
    league: Path, old: str, new: str
) -> None:
    on_disk = MandateOnDisk(league, None)
    league.write_text(league.read_text().replace(old, new))
    reading = on_disk.read_now()
    assert (reading.hold, len(reading.problems)) == (FixtureWhy.BROKEN, 1)
    assert names(reading) == ["Home v Away"]


# -- calendars that are fetched ----------------------------------------------------------------------


@contextmanager
def served(answers: list[tuple[int, bytes]]) -> Iterator[str]:
    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            status, body = answers[0] if len(answers) == 1 else answers.pop(0)
            self.send_response(status)
            self.send_header("content-length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: Any) -> None:
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/league.ics?token=secret"
    finally:
        server.shutdown()
        server.server_close()


async def fetched(path: Path, folder: Path, said: list[str], seconds: float = 240.0) -> Any:
    on_disk = MandateOnDisk(path, folder)
    on_disk.fetching = SeasonCalendars(on_disk.mandate, folder, say=said.append)
    working = asyncio.ensure_future(on_disk.fetching.work())
    try:
        async with asyncio.timeout(seconds):
            while not (said or any(os.scandir(folder))):  # noqa: ASYNC110 - a file says it
                await asyncio.sleep(0.05)
    finally:
        working.cancel()
        await asyncio.gather(working, return_exceptions=True)
    on_disk.read_now(at_once=True)
    return await on_disk.read()


async def test_a_calendar_is_fetched_once_for_all_watches(tmp_path: Path) -> None:
    folder = tmp_path / "calendars"
    folder.mkdir()
    body = calendar(("md1", "Home v Away")).encode()
    with served([(200, body)]) as url:
        reading = await fetched(mandate(tmp_path, f'url = "{url}"'), folder, [])
    assert names(reading) == ["Home v Away"]
    [copy] = folder.iterdir()
    assert copy.read_bytes() == body
    assert "secret" not in copy.name


@pytest.mark.parametrize("answer", [(503, b"down"), (200, b"<html>login</html>")])
async def test_what_is_no_calendar_replaces_none_and_tells_no_token(
    tmp_path: Path, answer: tuple[int, bytes]
) -> None:
    folder, said = tmp_path / "calendars", list[str]()
    folder.mkdir()
    with served([answer]) as url:
        reading = await fetched(mandate(tmp_path, f'url = "{url}"'), folder, said)
    assert (reading.calendar_broken, names(reading)) == (True, [])
    assert not list(folder.iterdir())
    assert len(said) == 1
    assert "secret" not in said[0]


# -- processes and locks ---------------------------------------------------------------------------


def children(folder: Path, program: str) -> ChildProcesses:
    command = (sys.executable, "-c", program)
    return ChildProcesses(folder, watch=lambda *_: command, close=lambda _: command)


async def until_ended(processes: ChildProcesses) -> Any:
    async with asyncio.timeout(240):
        while not (ended := processes.ended()):
            await processes.wait(0.05)
    return ended


async def test_a_process_that_is_killed_frees_its_case_and_says_how_it_ended(
    tmp_path: Path,
) -> None:
    processes = children(
        tmp_path, "import sys,time;print('at work',file=sys.stderr,flush=True);time.sleep(99)"
    )
    assert await processes.watch("a", MATCH)
    assert not await processes.watch("a", MATCH), "one process at a case"
    assert processes.at_work("a") is False
    log = tmp_path / "a.log"
    async with asyncio.timeout(240):
        while b"at work" not in log.read_bytes():  # noqa: ASYNC110 - another process
            await asyncio.sleep(0.05)
    os.kill(int((tmp_path / "a.lock").read_text().split()[1]), signal.SIGKILL)
    [ended] = await until_ended(processes)
    assert (ended.case, ended.signal, ended.exit_code) == ("a", signal.SIGKILL, None)
    assert ended.last_line == "at work"
    assert processes.at_work("a") is None
    assert await processes.watch("a", MATCH)
    await processes.end_all()


async def test_a_process_outlives_its_service_and_the_next_one_sees_and_ends_it(
    tmp_path: Path,
) -> None:
    service = (
        "import asyncio,os,sys\n"
        "from pathlib import Path\n"
        "from cautery.adapters.season_processes import ChildProcesses\n"
        "async def main():\n"
        "    command = (sys.executable, '-c', 'import time;time.sleep(99)')\n"
        "    processes = ChildProcesses(Path(sys.argv[1]), watch=lambda *_: command,"
        " close=lambda _: command)\n"
        "    assert await processes.close('a')\n"
        "    os.kill(os.getpid(), 9)\n"
        "asyncio.run(main())\n"
    )
    ran = await asyncio.to_thread(
        subprocess.run, [sys.executable, "-c", service, str(tmp_path)], check=False
    )
    assert ran.returncode == -signal.SIGKILL
    again = children(tmp_path, "pass")
    assert again.at_work("a") is True, "it is still there, and it closes"
    assert LookedAt(tmp_path).at_work("a") is True
    assert not await again.watch("a", MATCH)
    again.stop("a")
    async with asyncio.timeout(240):
        while again.at_work("a") is not None:  # noqa: ASYNC110 - another process
            await asyncio.sleep(0.05)


async def test_who_looks_starts_and_stops_nothing(tmp_path: Path) -> None:
    looked = LookedAt(tmp_path)
    assert not await looked.watch("a", MATCH)
    assert not await looked.close("a")
    assert not any(os.scandir(tmp_path))


async def test_an_id_that_no_program_can_be_given_is_a_sentence(tmp_path: Path) -> None:
    processes = ChildProcesses(
        tmp_path, watch=lambda *_: (sys.executable, "a\0b"), close=lambda _: ("true",)
    )
    with pytest.raises(StorageError, match="cannot be started"):
        await processes.watch("a", MATCH)
    assert processes.at_work("a") is None


def test_a_season_has_one_service(tmp_path: Path) -> None:
    first = SeasonLock(tmp_path / "lock")
    with pytest.raises(StorageError, match="another process runs this season"):
        SeasonLock(tmp_path / "lock")
    first.release()
    SeasonLock(tmp_path / "lock").release()


# -- the board ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("text", ["", "{", "[]", '{"rows": 7}', "[" * 200_000, "\x00"])
def test_a_board_that_cannot_be_read_is_begun_anew(tmp_path: Path, text: str) -> None:
    (tmp_path / "season.json").write_text(text)
    assert BoardFile(tmp_path).load() is None


def test_a_mandates_id_is_no_path(tmp_path: Path) -> None:
    folder = season_folder(tmp_path, "../../etc")
    assert folder.parent == tmp_path


# -- who may sign its mandate --------------------------------------------------------------------

PEOPLE = {name: Ed25519PrivateKey.from_private_bytes(name.encode() * 32) for name in "MNX"}


def sign(path: Path, name: str) -> None:
    now = datetime.now(UTC)
    read, raw = read_with_bytes(path, now=now)
    signature = add_signature(
        path,
        read,
        raw=raw,
        shown=digest_of(raw),
        name=name,
        role="director",
        key=PEOPLE[name],
        now=now,
    )
    list_fixtures(path, read, signature, key=PEOPLE[name], now=now)


@pytest.fixture
def signers(tmp_path: Path) -> Path:
    path = tmp_path / "ministry.toml"
    rows = (
        f'[[signer]]\nname = "{name}"\nrole = "director"\npublic_key = "'
        f'{base64.b64encode(PEOPLE[name].public_key().public_bytes_raw()).decode()}"\n'
        for name in "MN"
    )
    path.write_text("".join(rows))
    return path


def test_a_season_whose_mandate_a_stranger_signed_waits_for_those_who_may(
    league: Path, signers: Path, tmp_path: Path
) -> None:
    sign(league, "M")
    sign(league, "X")

    def states(*known: Path) -> list[FixtureState]:
        rows = season.rows_of(
            league, tmp_path / "cases", state=None, signers=next(iter(known), None)
        )
        return [row.state for row in rows]

    assert states() == [FixtureState.PLANNED]
    with pytest.raises(ApprovalError, match="X"):
        states(signers)
    sign(league, "N")
    assert states(signers) == [FixtureState.PLANNED]
    rows = season.rows_of(league, tmp_path / "cases", state=None, signers=signers)
    assert rows[0].allowed_by == ("M", "N")


def test_a_mandate_that_strangers_sign_anew_while_its_season_runs_starts_nothing(
    league: Path, signers: Path
) -> None:
    sign(league, "M")
    sign(league, "N")
    on_disk = MandateOnDisk(league, None, signers=read_signers(signers))
    assert on_disk.read_now().hold is None
    signatures_path(league).unlink()
    sign(league, "X")
    assert on_disk.read_now().hold is FixtureWhy.BROKEN


@pytest.mark.parametrize("options", [("--signers",), ()], ids=["with signers", "without"])
def test_the_watches_of_a_season_are_given_its_signers(
    league: Path,
    signers: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    options: tuple[str, ...],
) -> None:
    sign(league, "M")
    sign(league, "N")
    commands: list[tuple[str, ...]] = []

    class Noted(ChildProcesses):
        def __init__(self, folder: Path, *, watch: Any, close: Any) -> None:
            super().__init__(folder, watch=watch, close=close)
            commands.append(watch("a-case", MATCH))
            raise KeyboardInterrupt

    monkeypatch.setattr(season, "ChildProcesses", Noted)
    with pytest.raises(KeyboardInterrupt):
        season.run(
            league,
            tmp_path / "cases",
            state=None,
            most=1,
            keys_dir=None,
            publish=None,
            signers=signers if options else None,
            say=lambda _: None,
        )
    [command] = commands
    given = dict(itertools.pairwise(command))
    assert given.get("--signers") == (str(signers) if options else None)
