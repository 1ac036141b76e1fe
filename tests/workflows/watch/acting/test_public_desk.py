"""A watch shows its case in a public folder, and takes out what came in there."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from tests.lists import entry, lasting

from cautery.act.complaint import complaint_of
from cautery.adapters.case_folder import FolderStore
from cautery.adapters.clock import SystemClock
from cautery.adapters.keys_file import KeyFolder
from cautery.adapters.public_folder import PublicFolder
from cautery.errors import StorageError
from cautery.model import Intermediary
from cautery.model.records import (
    ComplaintDecided,
    ComplaintFiled,
    Failure,
    ReferralPublished,
    kinds_of,
)
from cautery.workflows.case.journal import Journal
from cautery.workflows.case.open import Case, open_case
from cautery.workflows.case.public_lists import BYTES_A_SECOND, AnswersIn
from cautery.workflows.watch.acting import public_desk
from cautery.workflows.watch.acting.public_desk import PublicDesk
from cautery.workflows.watch.opening import begin_case

NOW = datetime.now(UTC)
SUBJECT, UNDER = lasting(entry("a.example"), until=NOW + timedelta(hours=3))
UNDER = replace(UNDER, intermediaries=(Intermediary(name="isp", territory="FR"),), lab=True)
NUMBER = "C-0123456789ab"


class Lists:
    def __init__(self) -> None:
        self.heard: list[Any] = []

    async def hear(self, answer: Any) -> None:
        self.heard.append(answer)


@pytest.fixture
def case(tmp_path: Path) -> Iterator[Case]:
    opened = open_case(
        tmp_path / "case", store=FolderStore(KeyFolder(tmp_path / "keys")), clock=SystemClock()
    )
    journal = journal_of(opened)
    begin_case(UNDER, ledger=opened.ledger, journal=journal, key=str(opened.verifier))
    journal.write(SUBJECT)
    journal.write(
        ReferralPublished(referral=SUBJECT.id, intermediary="isp", targets=("a.example",), at=NOW)
    )
    yield opened
    opened.leave()


def journal_of(case: Case) -> Journal:
    return Journal(case.ledger, case.vault, case.clock, pseudonyms=case.pseudonyms)


def records(case: Case, shape: type) -> list[Any]:
    return [each.content for each in case.ledger.read(kinds=kinds_of(shape))]


async def worked(case: Case, files: Any, lists: Lists, *, seconds: float) -> None:
    desk = PublicDesk(
        files,
        UNDER,
        lists=lists,
        ledger=case.ledger,
        journal=journal_of(case),  # type: ignore[arg-type]
    )
    with suppress(TimeoutError):
        async with asyncio.timeout(seconds):
            await desk.work()
    await desk.finish()


async def test_complaints_and_answers_are_taken_out_and_their_state_is_shown(
    case: Case, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(public_desk, "TAKEN_S", 0.05)
    files, lists = PublicFolder(tmp_path / "public", make=True), Lists()
    complaint = complaint_of(
        number=NUMBER, target="a.example", standing="owner", text="mine", mail="", at=NOW
    )
    files.write(f"complaints/{NUMBER}.json", complaint.body())
    files.write("complaints/x.json", b"{")
    files.write("answers/x.json", b"no answer")
    body = {"list": "L", "version": 1, "digest": None, "effect": "applied", "applied_at": None,
            "reason": None, "refused": []}  # fmt: skip
    files.write("answers/y.json", json.dumps(body).encode())
    await worked(case, files, lists, seconds=1.0)
    assert [answer.version for answer in lists.heard] == [1]
    assert files.names("answers") == files.names("complaints") == ()
    assert [each.complaint for each in records(case, ComplaintFiled)] == [NUMBER]
    assert json.loads(files.read(f"decisions/{NUMBER}.json") or b"")["state"] == "filed"
    assert json.loads(files.read("about.json") or b"")["who"] == "League"
    assert json.loads(files.read("figures.json") or b"")["complaints"]["received"] == 1
    journal_of(case).write(
        ComplaintDecided(complaint=NUMBER, granted=False, by="A", why="no", at=NOW)
    )
    await worked(case, files, lists, seconds=0.5)
    assert json.loads(files.read(f"decisions/{NUMBER}.json") or b"")["state"] == "rejected"


def sent_in(files: PublicFolder) -> None:
    complaint = complaint_of(
        number=NUMBER, target="a.example", standing="owner", text="mine", mail="", at=NOW
    )
    files.write(f"complaints/{NUMBER}.json", complaint.body())
    files.write("answers/L-1.json", answer_about(1))


@pytest.mark.parametrize("first", ["long", "unreadable"])
async def test_what_others_sent_in_does_not_wait_for_one_file(
    case: Case, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, first: str
) -> None:
    monkeypatch.setattr(public_desk, "TAKEN_S", 0.05)
    files, lists = PublicFolder(tmp_path / "public", make=True), Lists()
    names = ("complaints/C-000000000000.json", "answers/L-0.json")
    for name in names:
        with (tmp_path / "public" / name).open("wb") as file:
            file.truncate((64 << 20) + 1)
    sent_in(files)
    real = PublicFolder.head

    def head(self: PublicFolder, name: str, size: int) -> bytes | None:
        assert size < 1 << 22
        if first == "unreadable" and name in names:
            raise StorageError(f"{name}: permission denied")
        return real(self, name, size)

    monkeypatch.setattr(PublicFolder, "head", head)
    await worked(case, files, lists, seconds=1.0)
    assert [each.complaint for each in records(case, ComplaintFiled)] == [NUMBER]
    assert [answer.version for answer in lists.heard] == [1]
    assert (files.names("complaints") == ()) == (first == "long")
    assert 1 <= len(records(case, Failure)) <= 3


async def test_thousands_of_files_that_are_no_complaints_make_few_records(
    case: Case, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(public_desk, "TAKEN_S", 0.05)
    files = PublicFolder(tmp_path / "public", make=True)
    for number in range(3_000):
        (tmp_path / "public" / "complaints" / f"x{number}.json").write_bytes(b"{")
    desk_lists = Lists()
    sent_in(files)
    await worked(case, files, desk_lists, seconds=8.0)
    assert files.names("complaints") == ()
    told = [str(each.message) for each in records(case, Failure)]
    assert 1 <= len(told) <= 3
    assert any("2000" in words or "3000" in words for words in told)


def answer_about(version: int, *, refused: int = 0) -> bytes:
    row = {"target": "a.example", "rule": "r", "reason": "x"}
    return json.dumps(
        {"list": "L", "version": version, "digest": None, "effect": "applied", "applied_at": None,
         "reason": None, "refused": [row] * refused}
    ).encode()  # fmt: skip


def test_the_newest_answer_about_a_list_is_taken_and_a_long_one_makes_the_next_wait(
    tmp_path: Path,
) -> None:
    files = PublicFolder(tmp_path / "public", make=True)
    long = answer_about(2, refused=10_000)
    for name, body in {"a.1": answer_about(1), "a.2": long, "b.1": answer_about(7)}.items():
        files.write(f"answers/{name}.json", body)
    answers = AnswersIn(files)
    assert [each.version for each in answers.take(NOW)] == [2, 7]
    assert files.names("answers") == ()
    for name in ("a.3", "b.2"):
        files.write(f"answers/{name}.json", answer_about(int(name[-1])))
    assert [each.version for each in answers.take(NOW + timedelta(seconds=1))] == [2]
    later = NOW + timedelta(seconds=len(long) / BYTES_A_SECOND)
    assert [each.version for each in answers.take(later)] == [3]


class Broken(PublicFolder):
    def write(self, name: str, content: bytes, *, lasting: bool = True) -> None:
        raise StorageError("no space left")

    def names(self, folder: str) -> tuple[str, ...]:
        raise StorageError("gone")


async def test_a_folder_that_cannot_be_used_stops_no_watch_and_is_on_record_once(
    case: Case, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(public_desk, "TAKEN_S", 0.05)
    await worked(case, Broken(tmp_path / "public", make=True), Lists(), seconds=0.5)
    failures = [each for each in records(case, Failure) if each.what == "public folder"]
    assert 1 <= len(failures) <= 3
