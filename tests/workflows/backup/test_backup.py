"""A backup has every case as it stood at a moment, and what comes back is the same."""

from __future__ import annotations

import base64
import contextlib
import os
import shutil
import sqlite3
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from tests.servers import Bucket, database_of_its_own
from tests.worlds import CLOCK, NOON, World

from cautery.adapters import backup_copy
from cautery.adapters.backup_folder import BackupFolder
from cautery.adapters.case_folder import FolderStore
from cautery.adapters.clock import FixedClock
from cautery.adapters.custody_file import custody_path
from cautery.adapters.ledger_sql import SqlLedger
from cautery.adapters.moved_folder import FolderCase
from cautery.adapters.server_place import Server
from cautery.adapters.server_schema import prepare
from cautery.errors import ConflictError, EvidenceError, InputError, StorageError
from cautery.evidence.manifest import CASE_KEY
from cautery.evidence.ports import CasePlace
from cautery.model import Approver, Mandate, Regime, digest_of, to_json
from cautery.model.ledger import append, contents
from cautery.model.records import BackupMade, ExhibitSealed
from cautery.workflows.backup import check
from cautery.workflows.backup.check import Checked, Listed, check_backup, listed
from cautery.workflows.backup.make import Made, make_backup
from cautery.workflows.backup.restore import Returned, restore_cases
from cautery.workflows.case.close import close_case
from cautery.workflows.case.move import move_case
from cautery.workflows.case.restore import restore_case
from cautery.workflows.case.verify import verify_case

DAY = timedelta(days=1)
PLACES = pytest.mark.parametrize("source", ["folder", "server"])
STATES = pytest.mark.parametrize("closed", [True, False], ids=["closed", "open"])
WAYS = pytest.mark.parametrize(
    ("source", "target"),
    [("folder", "folder"), ("folder", "server"), ("server", "folder"), ("server", "server")],
)


@dataclass(frozen=True)
class Unsigned:
    """A log of backups that nobody signs."""

    ledger: SqlLedger

    def require_own(self, now: Any) -> int:
        return self.ledger.size()

    def append(self, content: object, at: Any, *, since: int) -> None:
        append(self.ledger, content, at=at)


class Kept:
    """A folder of backups of a world's case, with a log that nobody signs."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.folder = world.folder / "backups"
        self.folder.mkdir(exist_ok=True)
        self.backups = BackupFolder(self.folder)
        self.now = NOON

    def make(self, source: str, *, place: Any = None, cases: Any = None, **more: Any) -> Made:
        """Back the case up, a day later each time."""
        ledger = SqlLedger.at(self.folder / "backups.sqlite")
        try:
            return make_backup(
                {
                    "derby": (lambda: place)
                    if place is not None
                    else partial(self.world.place, source)
                }
                if cases is None
                else cases,
                self.backups,
                log=Unsigned(ledger),
                clock=FixedClock(self.now),
                **more,
            )
        finally:
            self.now += DAY
            ledger.close()

    def found(self, name: str | None = None) -> Listed:
        ledger = SqlLedger.at(self.folder / "backups.sqlite", read_only=True)
        known = [made for _, made in contents(ledger, BackupMade)]
        ledger.close()
        return listed(name, known, self.backups)

    def check(self, name: str | None = None) -> Checked:
        return check_backup(self.found(name), self.backups, authentic=False)

    def restore(self, target: str, name: str | None = None) -> Returned:
        return restore_cases(self.found(name), self.backups, lambda _: self.world.place(target))

    @property
    def copy(self) -> Path:
        return self.folder / self.backups.names()[-1] / "cases/derby"


@pytest.fixture
def world(tmp_path: Path, bucket: Bucket, mandated: Callable[..., Mandate]) -> Iterator[World]:
    with database_of_its_own() as database:
        server = Server(database=database, vault=bucket.url)
        prepare(server, Regime.GDPR)
        made = World(tmp_path, server, bucket, mandated())
        yield made
        made.die()


@pytest.fixture
def kept(world: World) -> Kept:
    return Kept(world)


def destroy(world: World, place: str) -> None:
    """Lose a case, but for its keys."""
    if place == "folder":
        shutil.rmtree(world.path)
        return
    gone = world.folder / "gone"
    move_case(world.place("server"), FolderCase(gone, world.keys, to=""))
    world.die()
    shutil.rmtree(gone)


@WAYS
@STATES
def test_what_comes_back_is_what_was_backed_up(
    kept: Kept, source: str, target: str, *, closed: bool
) -> None:
    world = kept.world
    world.begun(source, closed=closed)
    before = world.held(source)
    made = kept.make(source)
    assert (made.backup.cases, dict(made.faults)) == (1, {})
    assert kept.check().holds
    destroy(world, source)
    returned = kept.restore(target)
    assert returned.cases == ("derby",)
    assert world.held(target) == before
    world.die()
    if not closed:
        case = world.case(target)  # nothing was signed since, so it goes on
        case.write("report.html", b"<h1>LAB</h1>")
        close_case(case, at=NOON)
    store, path = world.store(target)
    assert verify_case(path, store=store).verdict == "consistent"


def test_the_copy_of_a_case_is_a_case_like_any_other(kept: Kept) -> None:
    kept.world.begun("server", closed=True)
    kept.make("server")
    assert verify_case(kept.copy, store=FolderStore()).exhibits == 2
    listed_files = (kept.copy.parents[1] / "lists/derby.sha256").read_text()
    assert {line[66:] for line in listed_files.splitlines()} == {
        file.relative_to(kept.copy).as_posix() for file in kept.copy.rglob("*") if file.is_file()
    }


@PLACES
def test_while_others_write_each_record_that_is_copied_has_its_exhibits(
    kept: Kept, source: str
) -> None:
    world = kept.world
    world.begun(source, closed=False)
    case, over, wrote = world.case(source), threading.Event(), threading.Event()

    def write() -> None:
        for number in range(10_000):
            if over.is_set():
                break
            exhibit = case.vault.seal(
                b"%d" % number, media_type="text/plain", at=NOON, clock=case.clock.offset()
            )
            case.ledger.append("exhibit.sealed", {"exhibit": to_json(exhibit)}, at=NOON)
            if number % 8 == 7:
                case.checkpoint()
            wrote.set()

    writer = threading.Thread(target=write)
    writer.start()
    try:
        wrote.wait(20)
        sizes = []
        for _ in range(6):
            assert not kept.make(source).faults
            checked = kept.check()
            assert checked.holds, checked
            sizes.append(checked.cases[0].records)
            ledger = SqlLedger.at(kept.copy / "ledger.sqlite", read_only=True)
            sealed = ledger.read(kinds=("exhibit.sealed",))
            named = [entry.record.body["exhibit"]["id"][7:] for entry in sealed]  # type: ignore[index,call-overload]
            ledger.close()
            assert len(named) == sizes[-1] - 1
            for digest in named:
                assert (kept.copy / "vault" / digest[:2] / digest).is_file()
    finally:
        over.set()
        writer.join()
    assert sizes == sorted(set(sizes))
    case.leave()


@PLACES
def test_a_case_that_is_closed_meanwhile_is_copied_again(kept: Kept, source: str) -> None:
    world = kept.world
    world.begun(source, closed=False)
    place = world.place(source)

    class Closing:
        """Is closed by another process as soon as its ledger was copied."""

        def __init__(self) -> None:
            self.times = 0

        def __getattr__(self, name: str) -> Any:
            return getattr(place, name)

        def custody(self) -> bytes:
            self.times += 1
            if self.times == 1:
                case = world.case(source)
                case.write("report.html", b"<h1>LAB</h1>")
                close_case(case, at=NOON)
            return place.custody()

    closing = Closing()
    assert not kept.make(source, place=closing).faults
    assert (closing.times, kept.check().cases[0].closed) == (2, True)


@PLACES
@STATES
def test_an_exhibit_is_copied_once_and_linked_from_then_on(
    kept: Kept, source: str, *, closed: bool
) -> None:
    world = kept.world
    world.begun(source, closed=closed)
    kept.make(source)
    first = kept.copy
    place, read = world.place(source), []
    pieces = place.pieces
    place.pieces = lambda name: read.append(name) or pieces(name)  # type: ignore[method-assign,func-returns-value]
    kept.make(source, place=place)
    assert bool(read) is not closed
    assert not [name for name in read if name.startswith("vault/") or "sqlite" in name]
    for exhibit in first.glob("vault/??/*"):
        assert (kept.copy / exhibit.relative_to(first)).samefile(exhibit)
    assert kept.check().holds
    kept.backups.remove(kept.backups.names()[0])
    assert kept.check().holds


class KilledError(BaseException):
    """Where a process was killed."""


class Dying:
    """Something whose n-th step a process does not outlive: it is killed before or after it."""

    def __init__(self, thing: Any, steps: tuple[str, ...], left: list[int]) -> None:
        self._thing, self._steps, self._left = thing, steps, left

    def __getattr__(self, name: str) -> Any:
        value = getattr(self._thing, name)
        if name == "copy_of":
            return lambda *values: Dying(value(*values), self._steps, self._left)
        if name not in self._steps:
            return value

        def step(*values: Any, **more: Any) -> Any:
            self._count()
            done = value(*values, **more)
            self._count()
            return done

        return step

    def _count(self) -> None:
        self._left[0] -= 1
        if not self._left[0]:
            raise KilledError


MAKING = ("begin", "take", "take_ledger", "take_custody", "end", "finish_list", "admit", "remove")
RETURNING = ("expect", "take", "take_ledger", "take_custody", "admit")


@PLACES
@STATES
def test_a_backup_that_is_killed_anywhere_is_finished_by_the_next(
    kept: Kept, source: str, *, closed: bool
) -> None:
    world = kept.world
    world.begun(source, closed=closed)
    before, killed, whole = world.held(source), 0, kept.backups
    while True:
        kept.backups = Dying(whole, MAKING, [killed + 1])  # type: ignore[assignment]
        try:
            kept.make(source, keep=1)
            break
        except KilledError:
            killed += 1
            world.die()
        kept.backups = whole
        if whole.names():  # what stands is whole
            assert kept.check().holds
        if killed % 7 == 0:
            assert not kept.make(source, keep=1).faults
            assert kept.check().holds
    assert killed > 12
    kept.backups = whole
    assert (len(whole.names()), kept.check().holds) == (1, True)
    destroy(world, source)
    kept.restore("folder")
    world.die()
    assert world.held("folder") == before


@WAYS
def test_a_restoration_that_is_killed_anywhere_is_finished_by_the_same_command(
    kept: Kept, source: str, target: str
) -> None:
    world = kept.world
    world.begun(source, closed=False)
    before, killed = world.held(source), 0
    kept.make(source)
    destroy(world, source)
    while True:
        left = [killed + 1]
        try:
            returned = restore_cases(
                kept.found(),
                kept.backups,
                lambda _, left=left: Dying(world.place(target), RETURNING, left),  # type: ignore[misc,arg-type,return-value]
            )
        except KilledError:
            killed += 1
            world.die()
            continue
        break
    assert killed > 10
    # Killed after it was admitted, it stands; the next run says so.
    assert returned.cases + returned.stood == ("derby",)
    assert kept.restore(target).stood == ("derby",)
    assert world.held(target) == before
    world.die()
    world.case(target).leave()


@PLACES
def test_nothing_is_written_over(kept: Kept, source: str) -> None:
    world = kept.world
    world.begun(source, closed=False)
    kept.make(source)
    case = world.case(source)
    case.ledger.append("x", {}, at=NOON)
    case.leave()
    later = world.held(source)
    world.die()
    with pytest.raises(InputError, match="a case lies there"):
        kept.restore(source)
    assert world.held(source) == later


def test_an_older_backup_opens_by_two_people_alone_and_verify_says_so(kept: Kept) -> None:
    world = kept.world
    keys = {name: Ed25519PrivateKey.generate() for name in ("anna", "bert")}
    world.mandate = replace(
        world.mandate,
        approvers=tuple(
            Approver(name=name, role="legal", public_key=_public(key)) for name, key in keys.items()
        ),
    )
    world.begun("folder", closed=False)
    kept.make("folder")
    case = world.case("folder")
    case.ledger.append("x", {}, at=NOON)
    case.leave()
    destroy(world, "folder")
    kept.restore("folder")
    with pytest.raises(EvidenceError, match="older copy"):
        world.case("folder")
    store, path = world.store("folder")
    restore_case(
        path, store=store, clock=FixedClock(NOON), why="the disk broke", people=[*keys.items()]
    )
    case = world.case("folder")
    case.write("report.html", b"<h1>LAB</h1>")
    close_case(case, at=NOON)
    assert "the disk broke" in str(verify_case(path, store=store).restored)


def _public(key: Ed25519PrivateKey) -> str:
    return base64.b64encode(key.public_key().public_bytes_raw()).decode()


def changes(backup: Path) -> Iterator[tuple[str, Callable[[], object]]]:
    """Yield every file of a backup, with what is done to it."""
    for file in sorted(path for path in backup.rglob("*") if path.is_file()):
        name = file.relative_to(backup).as_posix()
        raw = file.read_bytes()
        yield f"one bit of {name}", partial(_replace, file, raw[:-1] + bytes([raw[-1] ^ 1]))
        yield f"the end of {name}", partial(_replace, file, raw[:-1])
        yield f"all of {name}", file.unlink
    yield "a file more", partial(_replace, backup / "cases/derby/more", b"x")
    yield "a case more", lambda: shutil.copytree(backup / "cases/derby", backup / "cases/other")
    yield "a person more", partial(_replace, backup / "people/people.sqlite", b"x")
    yield "a chain of custody more", partial(_replace, backup / "cases/other.custody.jsonl", b"x")
    yield "a file beside the cases", partial(_replace, backup / "cases/more", b"x")
    yield "a file at the top", partial(_replace, backup / "more", b"x")
    yield "a link", partial((backup / "more").symlink_to, "/etc")


def _replace(file: Path, raw: bytes) -> None:
    file.parent.mkdir(exist_ok=True)
    file.unlink(missing_ok=True)  # not into what another backup shares
    file.write_bytes(raw)


@STATES
def test_every_change_of_a_backup_is_found_out(kept: Kept, *, closed: bool) -> None:
    kept.world.begun("folder", closed=closed)
    kept.make("folder")
    backup, whole = kept.copy.parents[1], kept.folder / "whole"
    shutil.copytree(backup, whole)
    count = 0
    for number, (what, _) in enumerate([*changes(backup)]):
        shutil.rmtree(backup)
        shutil.copytree(whole, backup)
        [*changes(backup)][number][1]()
        try:
            assert not kept.check().holds, what
        except EvidenceError:
            count += 1
    assert number > 20
    assert count == 3, "the list itself"
    shutil.rmtree(backup)
    shutil.copytree(whole, backup)
    _replace(next(backup.glob("cases/derby/vault/??/*")), b"other")
    shutil.rmtree(kept.world.path)
    with pytest.raises(EvidenceError):
        kept.restore("folder")
    assert kept.world.place("folder").standing() is None


def without_sizes(listing: Listed, backup: Path) -> Listed:
    """Return a backup as it was made before sizes were listed."""
    files = {
        name: digest
        for name, digest in listing.files.items()
        if not name.endswith(".sizes") and name != "SIZES"
    }
    for name in listing.files.keys() - files.keys():
        (backup / name).unlink()
    return replace(listing, files=files)


@pytest.mark.parametrize("older", [False, True], ids=["with sizes", "without"])
@STATES
def test_a_file_that_was_blown_up_is_refused_before_a_byte_of_it_is_read(
    kept: Kept, monkeypatch: pytest.MonkeyPatch, *, closed: bool, older: bool
) -> None:
    def people(folder: Path) -> tuple[str, ...]:
        folder.mkdir()
        (folder / "access.pub").write_text("a key")
        (folder / "people.sqlite").write_text("accounts")
        return ()

    kept.world.begun("folder", closed=closed)
    custody_path(kept.world.path).write_bytes(b'{"by":"A. Legal"}\n')
    kept.make("folder", people=people)
    backup, listing = kept.copy.parents[1], kept.found()
    if older:
        listing = without_sizes(listing, backup)
    assert check_backup(listing, kept.backups, authentic=False).holds
    read = os.read
    asked: list[int] = []

    def counted(handle: int, size: int) -> bytes:
        asked.append(os.fstat(handle).st_size)
        return read(handle, size)

    monkeypatch.setattr("cautery.adapters.case_folder.os.read", counted)
    files = [
        file
        for file in sorted(backup.rglob("*"))
        if file.is_file() and file.name not in {"SHA256SUMS", "manifest.note"}
    ]
    assert len(files) > 8
    for file in files:
        size = file.stat().st_size
        os.truncate(file, 1 << 40)  # takes no room
        checked = check_backup(listing, kept.backups, authentic=False)
        faults = [checked.fault, *(case.fault for case in checked.cases)]
        assert any("bytes" in fault or "largest" in fault for fault in faults), file
        if file.is_relative_to(kept.copy) or file.is_relative_to(backup / "lists"):
            with pytest.raises(EvidenceError):
                restore_cases(listing, kept.backups, lambda _: kept.world.place("folder"))
        os.truncate(file, size)
    assert max(asked) < 1 << 40


@STATES
@pytest.mark.parametrize("change", ["changed", "removed", "added"])
def test_a_chain_of_custody_comes_back_as_it_was_or_not_at_all(
    kept: Kept, change: str, *, closed: bool
) -> None:
    kept.world.begun("folder", closed=closed)
    if change != "added":
        custody_path(kept.world.path).write_bytes(b'{"by":"A. Legal"}\n')
    kept.make("folder")
    chain = custody_path(kept.copy)
    if change == "removed":
        chain.unlink()
    else:
        _replace(chain, b'{"by":"X. Other"}\n')
    assert not kept.check().holds
    shutil.rmtree(kept.world.path)
    custody_path(kept.world.path).unlink(missing_ok=True)
    with pytest.raises(EvidenceError, match=r"custody\.jsonl"):
        kept.restore("folder")
    assert kept.world.place("folder").standing() is None
    assert not custody_path(kept.world.path).exists()


@STATES
def test_a_case_that_is_exchanged_while_it_comes_back_does_not_stand(
    kept: Kept, monkeypatch: pytest.MonkeyPatch, *, closed: bool
) -> None:
    kept.world.begun("folder", closed=closed)
    kept.make("folder")
    shutil.rmtree(kept.world.path)
    checked = check.check_case

    def exchanged(*arguments: Any) -> object:
        found = checked(*arguments)
        ledger = kept.copy / "ledger.sqlite"
        kept.copy.joinpath("more.txt").write_bytes(b"x")
        with contextlib.closing(sqlite3.connect(ledger)) as connection, connection:
            connection.execute("DELETE FROM checkpoints")
        return found

    monkeypatch.setattr("cautery.workflows.backup.restore.check_case", exchanged)
    with pytest.raises(EvidenceError):
        kept.restore("folder")
    assert kept.world.place("folder").standing() is None


def test_what_the_disk_of_the_earlier_backup_damaged_is_copied_anew(
    kept: Kept, monkeypatch: pytest.MonkeyPatch
) -> None:
    kept.world.begun("folder", closed=True)
    kept.make("folder")
    exhibit = next(kept.copy.glob("vault/??/*"))
    raw = exhibit.read_bytes()
    exhibit.write_bytes(raw[:-1] + bytes([raw[-1] ^ 1]))
    monkeypatch.setattr(backup_copy, "_LOOKED_AT", 1)
    made = kept.make("folder")
    assert made.damaged == ("/".join(("derby", *exhibit.parts[-3:])),)
    assert kept.check().holds


def test_a_clock_that_ran_ahead_once_costs_no_later_backup(kept: Kept) -> None:
    kept.world.begun("folder", closed=False)
    kept.now += 3_650 * DAY
    ahead = kept.make("folder").backup.name
    kept.now = NOON + DAY
    later = kept.make("folder", keep=2).backup.name
    last = kept.make("folder", keep=2)
    assert last.removed == (ahead,)
    assert set(kept.backups.names()) == {later, last.backup.name}
    assert kept.found().backup.name == last.backup.name


def test_a_damaged_case_costs_itself_and_no_older_backup(kept: Kept) -> None:
    world = kept.world
    world.begun("folder", closed=True)
    kept.make("folder", keep=1)
    (world.path / "report.html").write_bytes(b"other")
    ledger = SqlLedger.at(kept.folder / "backups.sqlite")
    places = {
        "derby": partial(world.place, "folder"),
        "more": lambda: FolderCase(world.folder / "more", None, to=""),
    }
    shutil.copytree(kept.copy, world.folder / "more")
    made = make_backup(
        places, kept.backups, log=Unsigned(ledger), clock=FixedClock(kept.now), keep=1
    )
    ledger.close()
    assert (made.backup.lacks, made.backup.cases, made.removed) == (("derby",), 1, ())
    assert "report.html" in made.faults["derby"]
    assert len(kept.backups.names()) == 2
    assert kept.check().holds
    with pytest.raises(EvidenceError, match="no case could be copied"):
        kept.make("folder")


def test_exhibits_that_were_damaged_since_come_from_the_earlier_backup(kept: Kept) -> None:
    world = kept.world
    world.begun("folder", closed=False)
    kept.make("folder")
    name = digest_of(b"segment")[7:]
    (world.path / "vault" / name[:2] / name).write_bytes(b"sEgment")
    assert not kept.make("folder").faults
    assert kept.check().holds


def test_no_private_key_is_in_a_backup(kept: Kept) -> None:
    kept.world.begun("folder", closed=False)
    kept.make("folder")
    secrets = [
        file.read_bytes()
        for file in (kept.world.folder / "keys").rglob("*")
        if file.suffix in {".key", ".redaction"}
    ]
    assert len(secrets) == 3
    for file in kept.folder.rglob("*"):
        if file.is_file():
            assert not [secret for secret in secrets if secret in file.read_bytes()], file


def test_two_backups_at_once_are_one(kept: Kept) -> None:
    kept.world.begun("folder", closed=False)
    with kept.backups.alone(), pytest.raises(StorageError, match="another process"):
        BackupFolder(kept.folder).alone().__enter__()


def test_a_case_that_is_gone_is_in_no_later_backup(kept: Kept) -> None:
    world = kept.world
    world.begun("folder", closed=False)
    left = [7]
    kept.backups = Dying(kept.backups, MAKING, left)  # type: ignore[assignment]
    with pytest.raises(KilledError):
        kept.make("folder")
    kept.backups = BackupFolder(kept.folder)
    world.path.rename(world.path.with_name("cup"))
    place: CasePlace = FolderCase(world.path.with_name("cup"), None, to="")
    ledger = SqlLedger.at(kept.folder / "backups.sqlite")
    make_backup({"cup": lambda: place}, kept.backups, log=Unsigned(ledger), clock=FixedClock(NOON))
    ledger.close()
    assert [case.case for case in kept.check().cases] == ["cup"]
    assert [
        child.name for child in (kept.folder / kept.backups.names()[-1] / "cases").iterdir()
    ] == ["cup"]


@pytest.fixture
def room() -> Callable[[Path], tuple[str, ...]]:
    def copy(folder: Path) -> tuple[str, ...]:
        folder.mkdir()
        (folder / "people.sqlite").write_text("accounts")
        return ()

    return copy


def test_a_case_that_went_away_pushes_no_backup_out(
    kept: Kept, room: Callable[[Path], None]
) -> None:
    world = kept.world
    world.begun("folder", closed=True)
    cup = world.folder / "cup"
    shutil.copytree(world.path, cup)
    both = {
        "derby": partial(world.place, "folder"),
        "cup": lambda: FolderCase(cup, None, to=""),
    }
    last = kept.make("folder", cases=both, people=room, keep=1).backup.name
    for _ in range(3):
        night = kept.make("folder", keep=1)
        assert set(night.backup.lacks) == set(night.faults) == {"cup", "people/"}
        assert night.removed == ()
    assert last in kept.backups.names()
    with pytest.raises(EvidenceError, match="no case lies there any more"):
        kept.make("folder", cases={}, keep=1)
    with pytest.raises(InputError, match="does not have this case"):
        kept.make("folder", let_go=["cop"])
    cleared = kept.make("folder", keep=1, let_go=["cup", "people/"])
    assert (cleared.faults, last in cleared.removed) == ({}, True)
    assert kept.make("folder", keep=1).faults == {}


@pytest.mark.parametrize("change", ["another", "less", "opened again"])
def test_a_case_that_is_another_or_less_pushes_no_backup_out(kept: Kept, change: str) -> None:
    world, other = kept.world, replace(kept.world, folder=kept.world.folder / "other")
    other.begun("folder", closed=False)
    world.begun("folder", closed=change == "opened again")
    back = other.path if change == "another" else world.folder / "back"
    if change != "another":
        shutil.copytree(world.path, back)
    if change == "less":
        case = world.case("folder")
        case.ledger.append("error", {"about": "later", "message": "later"}, at=NOON)
        case.leave()
    if change == "opened again":
        (back / "manifest.note").unlink()
        (back / "manifest.sha256").unlink()
    last = kept.make("folder").backup.name
    now = {place: partial(FolderCase, path, None, to="") for place, path in (
        ("derby", back), ("cup", other.path)
    )}  # fmt: skip
    night = kept.make("folder", cases=now, keep=1)
    assert (night.backup.lacks, night.removed) == (("derby",), ())
    assert last in kept.backups.names()
    assert last in kept.make("folder", cases=now, keep=1, let_go=["derby"]).removed


def lost(kept: Kept, why: str, **more: Any) -> None:
    """A night refuses to back the only case up, and the backups before it stay."""
    before = kept.backups.names()
    with pytest.raises(EvidenceError, match=f"no case could be copied.*{why}.*--let-go derby"):
        kept.make("folder", keep=1, **more)
    assert kept.backups.names() == before


def test_an_open_case_without_its_exhibits_pushes_no_backup_out(kept: Kept) -> None:
    world = kept.world
    world.begun("folder", closed=False)
    case = world.case("folder")
    sealed = case.vault.seal(b"shown", media_type="text/plain", at=NOON, clock=CLOCK.offset())
    append(case.ledger, ExhibitSealed(exhibit=sealed, what="page", url=None), at=NOON)
    case.leave()
    last = kept.make("folder").backup.name
    shutil.rmtree(world.path / "vault")
    lost(kept, "missing, one of 3 exhibits")
    assert last in kept.make("folder", keep=1, let_go=["derby"]).removed
    assert "missing" in kept.check().cases[0].fault


@pytest.mark.parametrize("left", [None, b"", b"{}\n"])
def test_a_chain_of_custody_that_was_cut_pushes_no_backup_out(
    kept: Kept, left: bytes | None
) -> None:
    world = kept.world
    world.begun("folder", closed=True)
    chain = custody_path(world.path)
    chain.write_bytes(b"one\ntwo\nthr")
    kept.make("folder")
    chain.write_bytes(b"one\ntwo\nthree\n")  # what was being written is written
    assert kept.make("folder").faults == {}
    if left is None:
        chain.unlink()
    else:
        chain.write_bytes(left)
    lost(kept, "chain of custody has less")
    assert kept.make("folder", let_go=["derby"]).faults == {}


def test_an_earlier_copy_that_cannot_be_read_is_named_and_the_one_before_is_the_measure(
    kept: Kept,
) -> None:
    world, other = kept.world, replace(kept.world, folder=kept.world.folder / "other")
    other.begun("folder", closed=False)
    world.begun("folder", closed=True)
    kept.make("folder")
    second = kept.make("folder").backup.name
    damaged = kept.copy / "ledger.sqlite"
    raw = damaged.read_bytes()
    damaged.unlink()  # it is a link to the first one's
    damaged.write_bytes(bytes(100) + raw[100:])
    both = {place: partial(FolderCase, other.path, None, to="") for place in ("derby", "cup")}
    night = kept.make("folder", cases=both, keep=1)
    assert (night.changed, night.backup.lacks, night.removed) == ((second,), ("derby",), ())
    assert "it is another case" in night.faults["derby"]


@pytest.mark.parametrize("name", ["cup.sha256/b", "cup.sizes/b", "cup.custody.jsonl", "cup.sizes"])
def test_a_case_with_the_name_of_a_list_costs_itself_alone(kept: Kept, name: str) -> None:
    kept.world.begun("folder", closed=True)
    cases = {place: partial(FolderCase, kept.world.path, None, to="") for place in ("cup", name)}
    night = kept.make("folder", cases=cases)
    assert (night.backup.cases, night.backup.lacks) == (1, (name,))
    assert "rename this folder" in night.faults[name]
    assert kept.check().holds


def test_backups_that_lack_a_case_push_no_whole_one_out(kept: Kept) -> None:
    world = kept.world
    world.begun("folder", closed=True)
    cup = world.folder / "cup"
    shutil.copytree(world.path, cup)
    both = {name: partial(FolderCase, path, None, to="") for name, path in (
        ("derby", world.path), ("cup", cup)
    )}  # fmt: skip
    whole = kept.make("folder", cases=both, keep=2).backup.name
    cup.rename(cup.with_name("away"))
    lacking = [kept.make("folder", keep=2).backup.name for _ in range(2)]
    cup.with_name("away").rename(cup)
    assert kept.make("folder", cases=both, keep=2).removed == ()
    assert kept.make("folder", cases=both, keep=2).removed == (whole, *lacking)


def test_an_earlier_backup_whose_list_was_changed_is_named_and_nothing_is_removed(
    kept: Kept,
) -> None:
    kept.world.begun("folder", closed=False)
    first = kept.make("folder").backup.name
    second = kept.make("folder").backup.name
    (kept.folder / second / "SHA256SUMS").write_bytes(b"")
    night = kept.make("folder", keep=1)
    assert (night.changed, night.removed) == ((second,), ())
    assert first in kept.backups.names()


def test_a_police_case_does_not_come_back_among_others(
    kept: Kept, mandated: Callable[..., Mandate]
) -> None:
    world = kept.world
    world.mandate = replace(world.mandate, regime=Regime.LED)
    world.begun("folder", closed=True)
    kept.make("folder")
    with pytest.raises(InputError, match="of the regime led"):
        kept.restore("server")
    store, path = world.store("server")
    assert not store.exists(path, CASE_KEY)


def test_a_second_backup_of_one_second_is_refused_before_the_log_says_anything(
    world: World, kept: Kept
) -> None:
    world.begun("folder", closed=False)
    made = kept.make("folder")
    kept.now -= DAY
    with pytest.raises(ConflictError, match="there is a backup of this second"):
        kept.make("folder")
    ledger = SqlLedger.at(kept.folder / "backups.sqlite", read_only=True)
    assert [said for _, said in contents(ledger, BackupMade)] == [made.backup]
    ledger.close()


def test_what_a_killed_process_was_writing_is_no_stranger_in_the_backup(
    world: World, kept: Kept
) -> None:
    world.begun("folder", closed=False)
    kept.backups.begin()
    cut_off = kept.backups._arriving / "lists/.writing-7-0123456789abcdef"
    cut_off.write_bytes(b"half a li")
    kept.make("folder")
    assert not list(kept.folder.rglob(".writing-*"))
    assert kept.check().holds
