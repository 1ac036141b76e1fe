"""`cautery backup` from the command line: made, killed, listed, checked, brought back."""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import re
import shutil
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from cautery.adapters.backup_folder import BackupFolder
from cautery.adapters.ledger_sql import SqlLedger
from cautery.model.evidence import Digest
from cautery.model.ledger import append, contents
from cautery.model.records import BackupMade
from cautery.model.room import RoomRole
from cautery.wiring import backups as backing
from cautery.wiring import people_returned
from cautery.wiring.people import people_of
from cautery.wiring.signed_log import begin_log
from cautery.workflows.people.tray import Subject

from .notice_case import Watched

Cautery = Callable[..., Any]


@pytest.fixture
def shelf(proven_case: Watched) -> Watched:
    """A folder of cases, with one that is open."""
    cases = proven_case.folder / "cases"
    cases.mkdir()
    proven_case.path.rename(cases / "md34")
    return Watched(cases / "md34", proven_case.folder)


def made(cautery: Cautery, shelf: Watched, *more: object, name: str = "backups") -> Any:
    folder = shelf.folder / name
    ran = cautery("backup", "make", folder, "--cases", shelf.path.parent, "--json", *more)
    return json.loads(ran.out) if ran.code == 0 else ran


def test_cases_are_backed_up_listed_checked_and_come_back(cautery: Cautery, shelf: Watched) -> None:
    backups = shelf.folder / "backups"
    said = made(cautery, shelf)
    assert (said["backup"]["cases"], said["people"], said["faults"]) == (1, False, {})
    [line] = map(json.loads, cautery("backup", "list", backups, "--json").out.splitlines())
    assert (line["name"], line["is_here"]) == (said["backup"]["name"], True)
    outside = shelf.folder / "backups.pub"
    shutil.copy(backups / "backups.pub", outside)
    checked = cautery("backup", "check", backups, "--public-key", outside)
    assert (checked.code, "authentic" in checked.err) == (0, True), checked.err
    assert "md34" in checked.out
    inside = cautery("backup", "check", backups, "--public-key", backups / "backups.pub", "--json")
    assert json.loads(inside.out)["authentic"] is False
    refused = cautery("backup", "restore", backups, "--to", shelf.path.parent)
    assert (refused.code, json.loads(
        cautery("backup", "restore", backups, "--to", shelf.path.parent, "--json").out
    )["stood"]) == (0, ["md34"])  # as it is in the backup  # fmt: skip
    shelf.write()
    shutil.rmtree(shelf.path)
    came = cautery("backup", "restore", backups, "--to", shelf.path.parent, "--case", "md34")
    assert (came.code, "1 cases came back" in came.err) == (0, True), came.err
    assert cautery("close", shelf.path).code == 0
    assert cautery("verify", shelf.path).code == 3
    over = cautery("backup", "restore", backups, "--to", shelf.path.parent)
    assert (over.code, "a case lies there" in over.err) == (2, True)


def test_a_changed_backup_is_named_and_ends_in_one(cautery: Cautery, shelf: Watched) -> None:
    name = made(cautery, shelf)["backup"]["name"]
    backup = shelf.folder / "backups" / name
    [exhibit, *_] = backup.glob("cases/md34/vault/??/*")
    exhibit.write_bytes(b"other")
    ran = cautery("backup", "check", shelf.folder / "backups")
    assert (ran.code, "changed" in ran.err, "md34" in ran.out) == (1, True, True)
    ran = cautery("backup", "restore", shelf.folder / "backups", "--to", shelf.folder / "new")
    assert (ran.code, (shelf.folder / "new/md34").exists()) == (1, False)


def test_a_case_that_went_away_is_named_until_a_person_lets_go_of_it(
    cautery: Cautery, shelf: Watched
) -> None:
    shutil.copytree(shelf.path, shelf.path.with_name("cup"))
    made(cautery, shelf)
    shutil.rmtree(shelf.path.with_name("cup"))
    time.sleep(1)  # a backup is named by its second
    ran = made(cautery, shelf, "--keep", "1")
    named = ("not in the backup: cup" in ran.err, "--let-go cup" in ran.err)
    assert (ran.code, *named) == (1, True, True), ran.err
    time.sleep(1)
    ran = made(cautery, shelf, "--keep", "1", "--let-go", "cup")
    assert isinstance(ran, dict), ran.err
    shelf.path.rename(shelf.folder / "unmounted")
    ran = made(cautery, shelf, "--keep", "1")
    assert (ran.code, "no case lies there any more" in ran.err) == (1, True)


def test_a_case_that_nobody_could_look_into_is_named(
    cautery: Cautery, shelf: Watched, monkeypatch: pytest.MonkeyPatch
) -> None:
    cases, access = shelf.path.parent, os.access
    (cases / "of-2026").mkdir()
    (cases / "lost+found").mkdir(mode=0)
    shutil.copytree(shelf.path, cases / "of-2026" / "cup")
    shutil.copytree(shelf.path, shelf.folder / "elsewhere")
    (cases / "linked").symlink_to(shelf.folder / "elsewhere")
    monkeypatch.setattr("cautery.adapters.case_shelf._is_case", lambda path: (
        path.name != "cup" and (path / "ledger.sqlite").exists()
    ))  # fmt: skip
    monkeypatch.setattr(os, "access", lambda path, mode: path.name != "cup" and access(path, mode))
    ran = made(cautery, shelf, "--keep", "1")
    assert (ran.code, "not in the backup: linked: it is a link" in ran.err) == (1, True), ran.err
    assert "not in the backup: of-2026/cup: this user may not look into it" in ran.err
    assert "lost+found" not in ran.err
    time.sleep(1)
    ran = made(cautery, shelf, "--let-go", "of-2026/cup", "--let-go", "linked")
    assert isinstance(ran, dict), ran.err


def test_a_log_that_was_written_anew_is_not_the_one_whose_key_lies_elsewhere(
    cautery: Cautery, shelf: Watched
) -> None:
    made(cautery, shelf)
    outside = shelf.folder / "outside.pub"
    shutil.copy(shelf.folder / "backups/backups.pub", outside)
    made(cautery, shelf, "--keys", shelf.folder / "evil-keys", name="evil")
    ran = cautery("backup", "check", shelf.folder / "evil")
    assert ran.code == 0  # consistent with itself
    ran = cautery("backup", "check", shelf.folder / "evil", "--public-key", outside)
    assert (ran.code, "not the key" in ran.err) == (1, True)


def test_a_record_that_somebody_wrote_into_the_log_is_signed_by_no_later_backup(
    cautery: Cautery, shelf: Watched
) -> None:
    """Who can write to the disk of the backups, and has no key, makes a backup of his own."""
    backups = shelf.folder / "backups"
    name = made(cautery, shelf)["backup"]["name"]
    forged = "20990101T000000Z"
    shutil.copytree(backups / name, backups / forged)
    with closing(SqlLedger.at(backups / "backups.sqlite")) as log:
        (true,) = (content for _, content in contents(log, BackupMade))
        append(log, replace(true, name=forged), at=datetime.now(UTC))
    refused = made(cautery, shelf)
    assert refused.code == 1
    assert "somebody else wrote them" in refused.err
    assert [line["name"] for line in map(
        json.loads, cautery("backup", "list", backups, "--json").out.splitlines()
    )] == [name]  # fmt: skip
    assert cautery("backup", "check", backups, "--backup", forged).code == 1
    assert cautery("backup", "check", backups, "--backup", name).code == 0


@pytest.mark.parametrize("when", ["while it copies", "while it signs"])
def test_a_record_that_somebody_writes_into_the_log_meanwhile_is_not_signed(
    cautery: Cautery, shelf: Watched, monkeypatch: pytest.MonkeyPatch, when: str
) -> None:
    backups = shelf.folder / "backups"
    name = made(cautery, shelf)["backup"]["name"]
    forged = "20990101T000000Z"
    shutil.copytree(backups / name, backups / forged)
    place = (BackupFolder, "begin") if when == "while it copies" else (SqlLedger, "checkpoint")
    at_that_moment = getattr(*place)

    def meanwhile(*given: Any, **named: Any) -> Any:
        with closing(SqlLedger.at(backups / "backups.sqlite")) as log:
            true = next(content for _, content in contents(log, BackupMade))
            append(log, replace(true, name=forged), at=datetime.now(UTC))
        return at_that_moment(*given, **named)

    time.sleep(1.1)
    with monkeypatch.context() as attack:
        attack.setattr(*place, meanwhile)
        ran = cautery("backup", "make", backups, "--cases", shelf.path.parent)
    assert ran.code == (1 if when == "while it copies" else 0), ran.err
    listed = cautery("backup", "list", backups, "--json").out.splitlines()
    assert forged not in [json.loads(line)["name"] for line in listed]
    assert cautery("backup", "check", backups, "--backup", forged).code == 1
    assert "somebody else wrote them" in made(cautery, shelf).err


def test_a_backup_that_was_cut_off_before_its_signature_is_signed_by_the_next_one(
    cautery: Cautery, shelf: Watched, monkeypatch: pytest.MonkeyPatch
) -> None:
    def killed(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as cut_off:
        cut_off.setattr(SqlLedger, "checkpoint", killed)
        with pytest.raises(KeyboardInterrupt):
            backing.make(
                shelf.folder / "backups", cases=shelf.path.parent, people=None,

            )  # fmt: skip
    time.sleep(1.1)
    said = made(cautery, shelf)
    assert said["faults"] == {}
    with closing(SqlLedger.at(shelf.folder / "backups" / "backups.sqlite")) as log:
        assert log.size() == 2
    assert cautery("backup", "check", shelf.folder / "backups").code == 0


def test_what_somebody_changed_in_an_earlier_backup_is_linked_by_no_later_one(
    cautery: Cautery, shelf: Watched, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A file and its digest in the list of the case, which only the backup's own list covers."""
    monkeypatch.setattr("cautery.adapters.backup_copy._LOOKED_AT", 1 << 40)
    assert cautery("close", shelf.path).code == 0
    backups = shelf.folder / "backups"
    first = made(cautery, shelf)["backup"]["name"]
    report = backups / first / "cases" / "md34" / "report.html"
    listing = backups / first / "lists" / "md34.sha256"
    before = hashlib.sha256(report.read_bytes()).hexdigest()
    other = bytearray(report.read_bytes())
    other[5] ^= 1
    report.chmod(0o600)
    report.write_bytes(other)
    listing.chmod(0o600)
    listing.write_text(listing.read_text().replace(before, hashlib.sha256(other).hexdigest()))
    time.sleep(1.1)  # a backup has its second for a name
    ran = made(cautery, shelf, "--keep", 1)
    assert ran.code == 1
    said = json.loads(ran.out)
    assert said["changed"] == [first]
    assert said["removed"] == []
    copied = backups / said["backup"]["name"] / "cases" / "md34" / "report.html"
    assert hashlib.sha256(copied.read_bytes()).hexdigest() == before
    assert cautery("backup", "check", backups).code == 0


@pytest.mark.parametrize("where", ["cases/backups", "keys/backups", "."])
def test_backups_lie_apart_from_what_is_backed_up(
    cautery: Cautery, shelf: Watched, where: str
) -> None:
    ran = made(cautery, shelf, name=where)
    assert (ran.code, "apart from" in ran.err) == (2, True)


def test_a_folder_with_something_else_is_not_taken(cautery: Cautery, shelf: Watched) -> None:
    (shelf.folder / "backups").mkdir()
    (shelf.folder / "backups/letter.txt").write_text("x")
    ran = made(cautery, shelf)
    assert (ran.code, "letter.txt" in ran.err) == (2, True)
    assert [one.name for one in (shelf.folder / "backups").iterdir()] == ["letter.txt"]


def test_a_case_that_cannot_be_copied_ends_in_one_and_is_named(
    cautery: Cautery, shelf: Watched
) -> None:
    shutil.copytree(shelf.path, shelf.path.with_name("whole"))
    (shelf.path / "keys/case.pub").write_text("x")
    ran = made(cautery, shelf)
    assert (ran.code, "not in the backup: md34" in ran.err) == (1, True)
    assert json.loads(ran.out)["backup"]["lacks"] == ["md34"]


def _until_killed(arguments: tuple[object, ...], after_s: float) -> bool:
    """Run a command in a process of its own and kill it; tell whether it had ended before."""
    process = subprocess.Popen(
        [sys.executable, "-m", "cautery", *map(str, arguments)],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        env=os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)},
    )
    try:
        process.wait(after_s)
    except subprocess.TimeoutExpired:
        process.send_signal(signal.SIGKILL)
        process.wait()
        return False
    assert process.returncode == 0
    return True


@pytest.mark.timeout(900)
def test_killed_with_no_chance_to_clean_up_both_ways_go_on(
    cautery: Cautery, shelf: Watched
) -> None:
    for number in range(9):  # cases enough that a kill meets one in the middle
        shutil.copytree(shelf.path, shelf.path.with_name(f"copy-{number}"))
    backups, came = shelf.folder / "backups", shelf.folder / "came"
    make = ("backup", "make", backups, "--cases", shelf.path.parent)
    begun = time.monotonic()
    assert _until_killed(make, 120)
    whole_s = time.monotonic() - begun
    shutil.rmtree(backups)
    kills = 0
    for share in (0.6, 0.75, 0.9):
        kills += not _until_killed(make, whole_s * share)
    time.sleep(1.1)  # one that ended just before its kill has the name of that second
    said = made(cautery, shelf)
    assert isinstance(said, dict), said.err
    assert (said["backup"]["cases"], said["faults"]) == (10, {})
    assert cautery("backup", "check", backups).code == 0
    back = ("backup", "restore", backups, "--to", came)
    for share in (0.6, 0.8):
        kills += not _until_killed(back, whole_s * share)
    ran = cautery(*back, "--json")
    assert ran.code == 0, ran.err
    said = json.loads(ran.out)
    assert len(said["cases"]) + len(said["stood"]) == 10
    assert kills > 0
    assert cautery("close", came / "copy-7").code == 0
    assert cautery("verify", came / "copy-7").code == 3
    assert not [*came.glob(".*")]


def test_people_come_back_and_nobody_is_in(cautery: Cautery, shelf: Watched) -> None:
    people = shelf.folder / "people"
    word = cautery(
        "people", "add", "a.rossi", "--role", "analyst", "--all-cases", "--people", people
    ).out.strip()
    assert re.fullmatch(r"([a-z0-9]{5}-){4}[a-z0-9]{5}", word)
    with people_of(people) as room:
        account = room.accounts.named("a.rossi")
        before = room.ledger.size()
    assert made(cautery, shelf)["people"] is True
    backup = next((shelf.folder / "backups").glob("2*"))
    assert not (backup / "people/room.key").exists()
    secret = (people / "room.key").read_bytes()
    assert not [
        file for file in backup.rglob("*") if file.is_file() and secret in file.read_bytes()
    ]
    shutil.rmtree(people)
    ran = cautery(
        "backup", "people", shelf.folder / "backups", "--to", people, "--why", "the disk broke"
    )
    assert ran.code == 0, ran.err
    with people_of(people) as room:
        assert [one.name for one in room.people.accounts()] == ["a.rossi"]
        assert room.people.by_id(account.id) == account
        assert room.people._rows("SELECT count(*) FROM words") == [(0,)]
        [first] = [entry.content for entry in room.ledger.read()]
        assert (type(first).__name__, first.size, first.why) == (
            "LogBegunAnew", before, "the disk broke"
        )  # fmt: skip
        assert room.check().signed == 1
    assert (people / f"until-{backup.name}/access.sqlite").is_file()
    log = cautery(
        "people", "log", "--purpose", "security", "--why", "x", "--people", people, "--json"
    )
    assert "log begun anew" in log.out
    again = cautery("backup", "people", shelf.folder / "backups", "--to", people, "--why", "x")
    assert (again.code, "something lies there" in again.err) == (2, True)


def test_a_backup_without_people_says_so(cautery: Cautery, shelf: Watched) -> None:
    made(cautery, shelf)
    ran = cautery(
        "backup", "people", shelf.folder / "backups", "--to", shelf.folder / "p", "--why", "x"
    )
    assert (ran.code, "has no people" in ran.err) == (2, True)


PHOTO = b"\xff\xd8\xff\xe0" + bytes(range(200)) * 5
SUBJECT = Subject(
    desk="desk", case="rome", number="IT-0002", exhibit=Digest("sha256:" + "7" * 64), agency="it"
)


def sent(people: Path, *photos: bytes) -> None:
    with people_of(people, new=True) as room:
        account, _ = room.accounts.make(
            "it-postal/7", [RoomRole.ANALYST], None, by="owner:0", why="the searches"
        )
        for photo in photos:
            with room.tray.arriving(account, len(photo)) as arrival:
                arrival.write(photo)
                room.tray.keep(arrival, SUBJECT, account, note="the seal")


def returned(cautery: Cautery, shelf: Watched, *more: object) -> Any:
    shutil.rmtree(shelf.folder / "people")
    return cautery(
        *("backup", "people", shelf.folder / "backups", "--to", shelf.folder / "people"),
        *("--why", "the disk broke", *more),
    )


def test_photographs_that_wait_come_back_and_nobody_reads_them_in_the_backup(
    cautery: Cautery, shelf: Watched
) -> None:
    people = shelf.folder / "people"
    sent(people, PHOTO, PHOTO + b"2")
    assert made(cautery, shelf)["unsealed"] == []
    backup = next((shelf.folder / "backups").glob("2*"))
    contents = [file.read_bytes() for file in backup.rglob("*") if file.is_file()]
    assert not [content for content in contents if PHOTO[4:80] in content or b"the seal" in content]
    assert cautery("backup", "check", shelf.folder / "backups").code == 0
    ran = returned(cautery, shelf)
    assert (ran.code, "2 photographs wait again" in ran.err + ran.out) == (0, True), ran.err
    with people_of(people) as room:
        lying, missed = room.tray.judged()
        assert ([item.fault for item in lying], missed) == (["", ""], [])
        assert {room.tray.photo(item) for item in lying} == {PHOTO, PHOTO + b"2"}
        assert {item.photograph.note for item in lying if item.photograph} == {"the seal"}
        [first, *others] = [entry.content for entry in room.ledger.read()]
        assert type(first).__name__ == "LogBegunAnew"
        assert [entry.act.value for entry in others] == ["collection", "collection"]  # type: ignore[union-attr]


def test_a_photograph_that_was_swapped_or_rejected_does_not_come_back_as_one_that_came(
    cautery: Cautery, shelf: Watched
) -> None:
    people = shelf.folder / "people"
    sent(people, PHOTO, PHOTO + b"2", PHOTO + b"3")
    swapped, slipped, _ = sorted((people / "tray").glob("*.photo"))
    swapped.write_bytes(PHOTO + b"4")
    entry = json.loads(slipped.with_suffix(".json").read_text())
    entry["photograph"]["note"] = "another seal"
    slipped.with_suffix(".json").write_text(json.dumps(entry))
    made(cautery, shelf)
    ran = returned(cautery, shelf)
    assert ran.code == 1
    said = ran.err + ran.out
    assert f"{swapped.stem}: Its bytes are not those that came" in said
    assert f"{slipped.stem}: Nobody sent it through this room" in said
    with people_of(people) as room:
        assert [item.fault for item in room.tray.judged()[0]] == [""]


def test_without_the_key_of_the_old_log_photographs_stay_sealed_and_accounts_come_back(
    cautery: Cautery, shelf: Watched
) -> None:
    sent(shelf.folder / "people", PHOTO)
    made(cautery, shelf)
    keys = shelf.folder / "other-keys"
    ran = returned(cautery, shelf, "--keys", keys)
    assert (ran.code, "1 photographs of the tray stay sealed" in ran.err + ran.out) == (1, True)
    with people_of(shelf.folder / "people", keys_dir=keys) as room:
        assert [account.name for account in room.people.accounts()] == ["it-postal/7"]
        assert room.tray.waiting() == []


def test_a_sealed_photograph_that_was_changed_is_named_and_nothing_is_brought_back(
    cautery: Cautery, shelf: Watched
) -> None:
    sent(shelf.folder / "people", PHOTO)
    made(cautery, shelf)
    [sealed] = (shelf.folder / "backups").glob("2*/people/photograph-*.sealed")
    sealed.write_bytes(sealed.read_bytes()[:-1] + b"x")
    ran = returned(cautery, shelf)
    assert (ran.code, sealed.name in ran.err) == (1, True)
    assert not (shelf.folder / "people").exists()


def test_no_photograph_is_sealed_for_a_log_that_took_the_place_of_the_one_in_the_backup_before(
    cautery: Cautery, shelf: Watched
) -> None:
    people = shelf.folder / "people"
    sent(people, PHOTO)
    backup = ("backup", "make", shelf.folder / "backups", "--cases", shelf.path.parent)
    assert cautery(*backup).code == 0
    time.sleep(1.1)  # a backup has its second for a name
    begin_log(people / "other.sqlite", people / "access.pub", of="access", keys=shelf.folder / "k")
    ran = cautery(*backup)
    said = ran.err + ran.out
    assert (ran.code, "is not the key of the access log in the backup before" in said) == (1, True)
    newest = max((shelf.folder / "backups").glob("2*"))
    assert not any(newest.glob("people/photograph-*.sealed"))


def test_a_tray_that_cannot_be_sealed_is_named_and_the_rest_is_backed_up(
    cautery: Cautery, shelf: Watched
) -> None:
    people = shelf.folder / "people"
    sent(people, PHOTO, PHOTO + b"2")
    (people / "tray.pub").write_text("no key\n")
    ran = cautery("backup", "make", shelf.folder / "backups", "--cases", shelf.path.parent)
    assert (ran.code, "open the room once" in ran.err + ran.out) == (1, True)
    with people_of(people):
        pass
    next((people / "tray").glob("*.photo")).unlink()
    ran = cautery("backup", "make", shelf.folder / "others", "--cases", shelf.path.parent)
    assert (ran.code, "of the room's tray" in ran.err + ran.out) == (1, True)
    [newest] = (shelf.folder / "others").glob("2*")
    assert len([*newest.glob("people/photograph-*.sealed")]) == 1
    assert (newest / "people/people.sqlite").is_file()


def test_accounts_that_are_exchanged_after_they_were_checked_come_back_as_they_were(
    cautery: Cautery, shelf: Watched, monkeypatch: pytest.MonkeyPatch
) -> None:
    people = shelf.folder / "people"
    cautery("people", "add", "bert", "--role", "analyst", "--all-cases", "--people", people)
    assert made(cautery, shelf)["people"] is True
    shutil.rmtree(people)
    [accounts] = (shelf.folder / "backups").glob("2*/people/people.sqlite")
    begin = people_returned._begin_anew

    def exchanged(*arguments: object, **named: object) -> object:
        with contextlib.closing(sqlite3.connect(accounts)) as database:
            database.execute("UPDATE accounts SET name = 'mallory'")
            database.commit()
        return begin(*arguments, **named)

    monkeypatch.setattr(people_returned, "_begin_anew", exchanged)
    cautery("backup", "people", shelf.folder / "backups", "--to", people, "--why", "the disk broke")
    with people_of(people) as room:
        assert [one.name for one in room.people.accounts()] == ["bert"]
