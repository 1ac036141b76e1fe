"""Photographs that were sent to the room: what is filed, once, and what is refused and told."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import rfc8785
from tests.workflows.operation.conftest import NOON

from cautery.adapters.case_folder import FolderStore
from cautery.adapters.clock import FixedClock
from cautery.adapters.tray_folder import TrayFolder
from cautery.errors import EvidenceError, InputError, StorageError
from cautery.model import ExhibitKind, SeizedExhibit, to_json
from cautery.model.ledger import append, contents, filed
from cautery.model.records import DataUsed
from cautery.model.room import RoomRole
from cautery.operation.totals import chain_digest
from cautery.wiring.people import PeopleOfRoom, people_of
from cautery.workflows.case.verify import verify_case
from cautery.workflows.operation.close_desk import close_desk
from cautery.workflows.operation.desk import Desk
from cautery.workflows.operation.file_photographs import (
    Filed,
    Outcome,
    TrayOfDesk,
    chosen,
    file_photographs,
    reject_photographs,
    tray_of,
)
from cautery.workflows.operation.register_book import Book, register_of
from cautery.workflows.operation.register_exhibits import register_exhibit
from cautery.workflows.people import arrivals
from cautery.workflows.people import tray as trays
from cautery.workflows.people.tray import REJECTED, SENT, Subject

PHOTO = b"\xff\xd8\xff\xe0" + bytes(range(200))
OTHER = b"\x89PNG\r\n\x1a\n" + bytes(80)


class Told:
    """A desk of Italy with one exhibit, and a room to which photographs of it are sent."""

    def __init__(self, desk: Desk, room: PeopleOfRoom) -> None:
        self.desk, self.room, self.tray = desk, room, room.tray
        self.folder = room.folder / "tray"
        self.account, _ = room.accounts.make(
            "it-postal/7", [RoomRole.ANALYST], None, by="owner:0", why="the searches"
        )

    def subject(self, number: str = "IT-1") -> Subject:
        return Subject(
            desk=str(self.desk.case.verifier),
            case="rome",
            number=number,
            exhibit=register_of(self.desk)[number].digest,
            agency="it-postal",
        )

    def send(self, photo: bytes = PHOTO, *, note: str = "", number: str = "IT-1") -> Any:
        with self.tray.arriving(self.account, len(photo)) as arrival:
            arrival.write(photo[:5])
            arrival.write(photo[5:])
            return self.tray.keep(arrival, self.subject(number), self.account, note=note)

    def later(self) -> None:
        """Let a minute pass."""
        self.tray._clock = FixedClock(self.tray._clock.now() + timedelta(minutes=1))

    def copy(self, page: str, **numbers: str) -> None:
        """Append a record of the access log again, as who can write to the disk may."""
        *_, used = (
            content for _, content in contents(self.room.ledger, DataUsed) if content.page == page
        )
        copied = replace(used, numbers=tuple((dict(used.numbers) | numbers).items()))
        append(self.room.ledger, copied, at=NOON)

    def found(self) -> TrayOfDesk:
        return tray_of(self.desk, self.tray, Book(self.desk))

    def file(self) -> list[Filed]:
        book = Book(self.desk)
        waiting = tray_of(self.desk, self.tray, book).waiting
        return [
            *file_photographs(
                self.desk, self.tray, book, waiting, by="exhibits officer", why="of the search"
            )
        ]

    @property
    def entry(self) -> Path:
        """The only entry in the tray."""
        [path] = self.folder.glob("*.json")
        return path

    @property
    def photo(self) -> Path:
        [path] = self.folder.glob("*.photo")
        return path


@pytest.fixture
def told(agency_desk: Callable[..., Desk], tmp_path: Path) -> Iterator[Told]:
    desk = agency_desk("nl-fiod")
    for number in ("IT-1", "IT-2"):
        register_exhibit(
            desk,
            SeizedExhibit(
                number=number,
                kind=ExhibitKind.SERVER,
                search="S-1",
                agency="nl-fiod",
                description="server",
                place="rack 4",
                finder="nl-fiod/7",
                seal=f"seal {number}",
                seized_at=NOON,
            ),
        )
    keys = tmp_path / "log-keys"
    with people_of(
        tmp_path / "people", new=True, keys_dir=keys, clock=FixedClock(NOON + timedelta(hours=1))
    ) as room:
        yield Told(desk, room)


def photographs(desk: Desk) -> list[tuple[str, str, str]]:
    line = register_of(desk)["IT-1"]
    return [(one.by, one.note, one.filed_by) for one in line.photographs]


def test_a_photograph_is_sealed_and_entered_with_who_sent_it_and_leaves_the_tray(
    told: Told,
) -> None:
    before = chain_digest(register_of(told.desk)["IT-1"])
    photograph = told.send(note="the seal, whole")
    assert [one.fault for one in told.found().waiting] == [""]
    [done] = told.file()
    assert done.outcome is Outcome.FILED
    line = register_of(told.desk)["IT-1"]
    [one] = line.photographs
    assert (one.by, one.account, one.agency) == ("it-postal/7", told.account.id, "it-postal")
    assert (one.note, one.filed_by, one.why) == (
        "the seal, whole",
        "exhibits officer",
        "of the search",
    )
    assert (one.digest, one.size, one.at) == (photograph.digest, len(PHOTO), photograph.at)
    assert told.desk.case.vault.open(one.exhibit, subject="exhibit:IT-1") == PHOTO
    assert one.exhibit != one.digest  # it is sealed encrypted
    assert chain_digest(line) != before
    assert [*told.folder.glob("*-*")] == []
    close_desk(told.desk)
    assert verify_case(told.desk.case.path, store=FolderStore()).exhibits >= 1


def test_a_name_of_a_person_stands_in_no_record(told: Told) -> None:
    told.account, _ = told.room.accounts.make(
        "Mario Rossi", [RoomRole.ANALYST], None, by="owner:0", why="the searches"
    )
    told.send()
    told.file()
    assert photographs(told.desk) == [(told.account.id, "", "exhibits officer")]
    assert not any(b"rossi" in entry.leaf for entry in told.desk.case.ledger.read())


def test_what_is_sent_twice_waits_once_and_is_filed_once(told: Told) -> None:
    first, second = told.send(note="one"), told.send(note="two")
    assert first == second
    assert [one.outcome for one in told.file()] == [Outcome.FILED]
    told.send()
    assert [one.outcome for one in told.file()] == [Outcome.ALREADY]
    assert len(photographs(told.desk)) == 1
    assert told.found() == TrayOfDesk(waiting=(), missing=())


def test_one_photograph_may_show_two_exhibits(told: Told) -> None:
    told.send()
    told.send(number="IT-2")
    assert [one.outcome for one in told.file()] == [Outcome.FILED] * 2
    assert len(register_of(told.desk)["IT-2"].photographs) == 1


@pytest.mark.parametrize("when", ["sealed", "entered"])
def test_a_run_that_is_killed_files_nothing_twice(
    told: Told, monkeypatch: pytest.MonkeyPatch, when: str
) -> None:
    told.send()
    place = ("cautery.workflows.operation.register_book.Book", "write")
    if when == "entered":
        place = ("cautery.workflows.people.tray.Tray", "remove")

    def killed(*_: Any, **__: Any) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(".".join(place), killed)
        with pytest.raises(KeyboardInterrupt):
            told.file()
    assert len(photographs(told.desk)) == (when == "entered")
    assert told.found().missing == ()
    told.file()
    assert len(photographs(told.desk)) == 1
    assert told.file() == []


def test_a_swapped_photograph_is_refused_and_not_filed(told: Told) -> None:
    told.send()
    told.photo.write_bytes(OTHER)
    [done] = told.file()
    assert (done.outcome, done.why) == (Outcome.REFUSED, "Its bytes are not those that came.")
    assert photographs(told.desk) == []
    assert told.photo.exists()


def test_what_was_swapped_comes_whole_again_when_it_is_sent_again(told: Told) -> None:
    told.send()
    told.photo.write_bytes(OTHER)
    told.send()
    assert told.photo.read_bytes() == PHOTO
    assert [one.outcome for one in told.file()] == [Outcome.FILED]


def test_an_entry_that_says_something_else_is_refused(told: Told) -> None:
    told.send(note="the seal, whole")
    content = told.entry.read_text()
    told.entry.write_text(content.replace("the seal, whole", "the seal, torn"))
    [done] = told.file()
    assert done.outcome is Outcome.REFUSED
    assert "Nobody sent it" in done.why
    assert photographs(told.desk) == []


def slipped_in(told: Told) -> str:
    """Lay a photograph into the tray as who has the disk can, and return its name."""
    photograph = replace(told.send(), note="slipped in")
    entry = {"photograph": to_json(photograph), "mac": json.loads(told.entry.read_bytes())["mac"]}
    name = told.entry.stem
    told.entry.write_bytes(rfc8785.dumps(entry))
    return name


def test_a_photograph_that_was_slipped_in_is_refused(told: Told) -> None:
    slipped_in(told)
    [done] = told.file()
    assert done.outcome is Outcome.REFUSED
    assert photographs(told.desk) == []


def test_who_writes_into_the_access_log_as_well_slips_nothing_in(told: Told) -> None:
    """The room signs what its log has; a keyed hash says that the room itself wrote it."""
    name = slipped_in(told)
    photograph = replace(told.send(OTHER), note="slipped in")
    entry = trays._entry_digest(photograph)
    forged = json.dumps({"photograph": to_json(photograph), "mac": "0" * 64}).encode()
    (told.folder / f"{photograph.sha256}-{photograph.key}.json").write_bytes(forged)
    told.room.log.write(
        DataUsed(
            act="collection",  # type: ignore[arg-type]
            by=told.account.id,
            case="rome",
            page=SENT,
            numbers=trays._numbers(f"{photograph.sha256}-{photograph.key}", entry, "0" * 64),
        )
    )
    told.room.settle()
    outcomes = {one.waiting.name: one.outcome for one in told.file()}
    assert outcomes == {
        name: Outcome.REFUSED,
        f"{photograph.sha256}-{photograph.key}": Outcome.REFUSED,
    }


def test_a_log_that_was_changed_files_nothing(told: Told) -> None:
    told.send()
    told.room.settle()
    with closing(sqlite3.connect(told.room.folder / "access.sqlite")) as disk:
        disk.execute(
            "UPDATE entries SET leaf = CAST(replace(CAST(leaf AS TEXT), 'searches', 'searched') AS BLOB)"
        )
        disk.commit()
    with pytest.raises(EvidenceError):
        told.found()
    assert photographs(told.desk) == []


def test_a_photograph_that_went_missing_is_missed(told: Told) -> None:
    photograph = told.send()
    told.photo.unlink()
    told.entry.unlink()
    [missing] = told.found().missing
    assert (missing.name[:64], missing.account) == (photograph.sha256, told.account.id)
    told.send()
    assert told.found().missing == ()


def test_a_rejected_photograph_is_gone_with_its_reason_and_does_not_come_back(told: Told) -> None:
    photograph = told.send()
    kept = {path: path.read_bytes() for path in told.folder.glob("*-*")}
    with pytest.raises(InputError, match="say why"):
        reject_photographs(told.desk, told.tray, only=[photograph.sha256], by="owner:0", why=" ")
    [gone] = reject_photographs(
        told.desk, told.tray, only=[photograph.sha256[:8]], by="owner:0", why="of another room"
    )
    assert gone.sha256 == photograph.sha256
    assert told.found() == TrayOfDesk(waiting=(), missing=())
    *_, entry = told.room.ledger.read()
    assert (entry.content.act, entry.content.why) == ("erasure", "of another room")
    for path, content in kept.items():  # who has an older copy of the disk lays it back
        path.write_bytes(content)
    assert [one.outcome for one in told.file()] == [Outcome.REFUSED]
    for path in kept:
        path.unlink()
    told.later()
    told.send()
    assert [one.outcome for one in told.file()] == [Outcome.FILED]


def test_a_copy_of_its_record_brings_no_rejected_photograph_back(told: Told) -> None:
    photograph = told.send()
    kept = {path: path.read_bytes() for path in told.folder.glob("*-*")}
    told.copy(SENT)  # a copy of what counts changes nothing
    assert [item.fault for item in told.tray.judged()[0]] == [""]
    reject_photographs(told.desk, told.tray, only=[photograph.sha256], by="owner:0", why="no")
    for path, content in kept.items():  # whoever can write to the disk lays all back
        path.write_bytes(content)
    told.copy(SENT)
    assert [one.outcome for one in told.file()] == [Outcome.REFUSED]
    assert told.tray.judged()[1] == []


@pytest.mark.parametrize("then", [PHOTO, OTHER])
def test_a_copy_of_a_rejection_takes_no_other_photograph_away(told: Told, then: bytes) -> None:
    photograph = told.send()
    reject_photographs(told.desk, told.tray, only=[photograph.sha256], by="owner:0", why="no")
    told.later()
    told.send(then)
    [lying], [] = told.tray.judged()
    sha256, _, key = lying.name.partition("-")
    told.copy(REJECTED, photograph=sha256, key=key)
    assert [item.fault for item in told.tray.judged()[0]] == [""]
    for path in told.folder.glob("*-*"):
        path.unlink()
    assert [one.name for one in told.tray.judged()[1]] == [lying.name]


def test_a_rejection_of_an_earlier_room_counts_where_its_photograph_came(
    told: Told, monkeypatch: pytest.MonkeyPatch
) -> None:
    photograph = told.send()
    with monkeypatch.context() as patch:
        patch.setattr(trays, "_named", lambda _, entry: entry)
        reject_photographs(told.desk, told.tray, only=[photograph.sha256], by="owner:0", why="no")
    assert told.tray.judged() == ([], [])
    told.send(OTHER)
    [lying], [] = told.tray.judged()
    sha256, _, key = lying.name.partition("-")
    told.copy(REJECTED, photograph=sha256, key=key)
    assert [item.fault for item in told.tray.judged()[0]] == [""]


def test_what_cannot_be_logged_does_not_wait(told: Told, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: Any, **__: Any) -> None:
        raise StorageError("the disk is full")

    with monkeypatch.context() as patch:
        patch.setattr(told.room.log, "used", full)
        with pytest.raises(StorageError):
            told.send()
    assert told.tray.waiting() == []
    told.send(OTHER)
    assert [path.suffix for path in sorted(told.folder.glob("*-*"))] == [".json", ".photo"]


def test_budgets_of_one_and_of_all(told: Told, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(arrivals, "MOST_OF_ONE", 2)
    monkeypatch.setattr(arrivals, "MOST_WAITING", 3)
    for last in range(2):
        told.send(PHOTO + bytes([last]))
    with pytest.raises(InputError, match="your photographs"):
        told.send(OTHER)
    told.account, _ = told.room.accounts.make(
        "it-postal/8", [RoomRole.ANALYST], None, by="owner:0", why="the searches"
    )
    told.send(OTHER)
    with pytest.raises(InputError, match="So many photographs wait"):
        told.send(OTHER + b"more")
    assert len(told.tray.waiting()) == 3
    monkeypatch.setattr(arrivals, "MOST_WAITING", 9)
    monkeypatch.setattr(arrivals, "MOST_BYTES_OF_ONE", 300)
    with pytest.raises(InputError, match="your photographs"):
        told.send(PHOTO + bytes(99))


def test_so_many_at_a_time(told: Told, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(arrivals, "AT_A_TIME_OF_ONE", 1)
    with (
        told.tray.arriving(told.account, 10),
        pytest.raises(InputError, match="at a time"),
        told.tray.arriving(told.account, 10),
    ):
        pass
    told.send()


@pytest.mark.parametrize(
    "content", [b"", b"GIF89a and more of it", b"%PDF-1.7 a document", b"\xff\xd8", b"<svg/>" * 9]
)
def test_only_what_the_register_takes_comes_in(told: Told, content: bytes) -> None:
    with pytest.raises(InputError, match=r"no photograph|Choose"):
        told.send(content)
    assert [*told.folder.glob("*")] in ([], [told.folder / ".lock"])


def test_a_photograph_is_no_larger_than_the_register_takes(
    told: Told, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(arrivals, "MAX_PHOTO_BYTES", 100)
    with pytest.raises(InputError, match="MiB"):
        told.send()
    with told.tray.arriving(told.account, 5) as arrival, pytest.raises(InputError, match="MiB"):
        arrival.write(PHOTO)
    assert told.tray.waiting() == []


def test_what_a_killed_upload_left_is_removed(told: Told) -> None:
    told.send()
    left = TrayFolder(told.folder)
    with left.arriving() as arriving:
        arriving.write(OTHER)
        left.put(arriving, f"{'0' * 64}-{'0' * 16}")
    (told.folder / ".writing-999999999-00").write_bytes(OTHER)
    assert len(told.tray.waiting()) == 1
    told.send(OTHER)
    assert len([*told.folder.glob("*.photo")]) == 2
    assert not (told.folder / ".writing-999999999-00").exists()


def test_a_photograph_of_another_desk_is_left_alone(
    told: Told, agency_desk: Callable[..., Desk]
) -> None:
    told.send()
    other = agency_desk("bg-gdbop")
    assert tray_of(other, told.tray, Book(other)) == TrayOfDesk(waiting=(), missing=())
    with pytest.raises(InputError, match="waits for this case"):
        chosen(tray_of(other, told.tray, Book(other)).waiting, [told.photo.stem[:64]])


def test_who_files_says_why_and_by_which_role(told: Told) -> None:
    told.send()
    book = Book(told.desk)
    for by, why in (("", "x"), ("Mario Rossi", "x"), ("exhibits officer", " ")):
        with pytest.raises(InputError):
            [*file_photographs(told.desk, told.tray, book, told.found().waiting, by=by, why=why)]
    assert len(told.found().waiting) == 1


def test_the_register_takes_a_photograph_once_and_not_before_the_seizure(told: Told) -> None:
    told.send()
    told.file()
    [one] = register_of(told.desk)["IT-1"].photographs
    for act, why in (
        (one, "already filed"),
        (replace(one, digest="sha256:" + "0" * 64, at=NOON - timedelta(days=1)), "before"),
        (replace(one, digest="sha256:" + "0" * 64, note="\x1b[2J"), "printable"),
    ):
        with pytest.raises(InputError, match=why):
            Book(told.desk).write([act])
    kind, body = filed(one)
    told.desk.case.ledger.append(kind, body, at=NOON)  # by other means: void
    book = Book(told.desk)
    assert len(book.register["IT-1"].photographs) == 1
    assert len(book.void) == 1
