"""Approvers with passkeys take a case back: the room asks them, and anybody checks it later."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from tests.passkeys import CHIEF, LEGAL, PRESENT, SYNCABLE, VERIFIED, Device
from tests.workflows.case.test_restore import (
    ANNA,
    BEN,
    NOON,
    approver,
    closed,
    lost,
    opened,
    store_of,
)

from cautery.adapters.clock import FixedClock
from cautery.adapters.requests_folder import RequestsFolder
from cautery.errors import ApprovalError, CauteryError, EvidenceError
from cautery.model import Digest
from cautery.model.ledger import contents
from cautery.model.records import CaseRestored
from cautery.model.signing_request import RequestKind
from cautery.workflows.case.restore import Restored, restore_case
from cautery.workflows.people.requests import Written, require_answers
from cautery.workflows.people.requests import laid as lay

DEVICES = {"A. Legal": LEGAL, "B. Duty": CHIEF}


def named(name: str, device: Device) -> dict[str, str]:
    return {"name": name, "role": "legal", "public_key": device.text}


class Room:
    """A folder in which texts wait, and devices that sign them."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.at = folder, NOON
        (folder / "people").mkdir(mode=0o700)
        self.requests = RequestsFolder(folder / "people")

    def restored(self, *people: Any, why: str = "the disk broke", case: str = "case") -> Restored:
        def ask(
            about: Digest, passkeys: Mapping[str, str], write: Callable[[], str]
        ) -> tuple[str, Mapping[str, str]]:
            requests = lay(
                self.requests,
                kind=RequestKind.RESTORATION,
                about=about,
                passkeys=passkeys,
                write=lambda: Written(write()),
                now=self.at,
            )
            require_answers(requests)
            return requests[0].text, {each.person: each.answer for each in requests}

        return restore_case(
            self.folder / case,
            store=store_of(self.folder),
            clock=FixedClock(self.at),
            why=why,
            people=people or tuple((name, None) for name in DEVICES),
            ask=ask,
        )

    def laid(self, *people: Any, **how: Any) -> list[Any]:
        with pytest.raises(ApprovalError, match="it waits for the passkey of"):
            self.restored(*people, **how)
        return sorted(self.requests.all(), key=lambda request: (request.made_at, request.person))

    def signs(self, request: Any, device: Device | None = None, **how: Any) -> None:
        device = device or DEVICES[request.person]
        assert self.requests.answer(request.id, device.signature(request.text.encode(), **how))


@pytest.fixture
def room(tmp_path: Path) -> Room:
    lost(tmp_path, [named(name, device) for name, device in DEVICES.items()])
    return Room(tmp_path)


@pytest.mark.real_signers  # a signer that is closed in loads nothing more, and checks passkeys
def test_two_passkeys_take_a_case_back_and_verifying_says_so_without_the_room(room: Room) -> None:
    for request in room.laid():
        room.signs(request)
    assert room.restored().named
    [said] = closed(room.folder).restored
    assert said.startswith("record 11: from 21 signed records to 9 and 2 that no signed root")
    assert said.endswith(", by A. Legal and B. Duty, its approvers: the disk broke")


def test_a_passkey_signs_beside_a_key_file_and_both_sign_the_text_that_waited(
    tmp_path: Path,
) -> None:
    lost(tmp_path, [named("A. Legal", LEGAL), approver("B. Duty", BEN)])
    room = Room(tmp_path)
    people = (("A. Legal", None), ("B. Duty", BEN))
    [request] = room.laid(*people)
    room.at += timedelta(hours=3)
    room.signs(request)
    assert room.restored(*people).people == ("A. Legal", "B. Duty")
    ledger = store_of(tmp_path).ledger(tmp_path / "case", read_only=True)
    [record] = [content for _, content in contents(ledger, CaseRestored)]
    ledger.close()
    assert record.text == request.text
    assert [len(person.key) > 64 for person in record.by] == [True, False]


def test_until_all_have_signed_nothing_goes_back_and_nothing_is_laid_twice(room: Room) -> None:
    first, second = room.laid()
    room.signs(second)
    assert [each.id for each in room.laid()] == [first.id, second.id]
    with pytest.raises(ApprovalError, match=r"it waits for the passkey of A\. Legal$"):
        room.restored()
    with pytest.raises(EvidenceError, match="older copy"):
        opened(room.folder)


BAD = {
    "synced": ({"flags": PRESENT | VERIFIED | SYNCABLE}, "synced"),
    "not verified": ({"flags": PRESENT}, "did not verify"),
    "of another room": ({"origin": "https://room.example.evil"}, "another site"),
    "of another text": ({"challenge": "AAAA"}, "another text"),
    "of another person": ({"device": CHIEF}, "not of this passkey"),
}


@pytest.mark.parametrize(("how", "match"), BAD.values(), ids=BAD)
def test_an_answer_that_is_not_this_persons_to_this_text_takes_nothing_back(
    room: Room, how: dict[str, Any], match: str
) -> None:
    first, second = room.laid()
    room.signs(first, **how)
    room.signs(second)
    with pytest.raises(EvidenceError, match=match):
        room.restored()
    with pytest.raises(EvidenceError, match="older copy"):
        opened(room.folder)


def test_an_answer_for_another_reason_case_or_root_is_not_used(room: Room) -> None:
    """Whoever has the people's folder puts answers that were given for something else into it."""
    for request in room.laid():
        room.signs(request)
    asked = list(room.requests.all())
    with pytest.raises(ApprovalError, match="it waits"):
        room.restored(why="another reason")
    others = [each for each in room.requests.all() if each.about != asked[0].about]
    for old, new in zip(asked, others, strict=True):
        room.requests.answer(new.id, old.answer)
    with pytest.raises(EvidenceError, match="signed another text"):
        room.restored(why="another reason")
    for new in others:  # and the whole text with it, under the other reason's digest
        room.requests.drop(new.id)
    for old, new in zip(asked, others, strict=True):
        room.requests.add(replace(old, id=new.id, about=new.about, answer=""))
        room.requests.answer(new.id, old.answer)
    with pytest.raises(EvidenceError, match="another restoration than this one"):
        room.restored(why="another reason")


def test_an_answer_that_came_after_a_day_is_asked_for_again(room: Room) -> None:
    for request in room.laid():
        room.signs(request)
    room.at += timedelta(days=1)
    old, new = {each.text for each in room.requests.all()}, room.laid()
    assert {each.text for each in new} > old
    with pytest.raises(EvidenceError, match="older copy"):
        opened(room.folder)


def test_two_passkeys_of_one_account_are_one_person(tmp_path: Path) -> None:
    other = Device.of(7, account=LEGAL.account)
    lost(tmp_path, [named("A. Legal", LEGAL), named("B. Duty", other)])
    room = Room(tmp_path)
    for request in room.laid():
        room.signs(request, {"A. Legal": LEGAL, "B. Duty": other}[request.person])
    with pytest.raises(EvidenceError, match="two different people"):
        room.restored()


def test_who_has_no_passkey_in_the_case_is_not_asked(tmp_path: Path) -> None:
    lost(tmp_path, [named("A. Legal", LEGAL), approver("B. Duty", BEN)])
    room = Room(tmp_path)
    for name in ("B. Duty", "Eve"):
        with pytest.raises(EvidenceError, match="not an approver of this case with a passkey"):
            room.restored((name, None), ("A. Legal", ANNA))
    assert not room.requests.all()


def test_where_no_room_has_people_nothing_is_laid(room: Room) -> None:
    room.requests = RequestsFolder(room.folder / "nowhere")
    with pytest.raises(CauteryError, match="no people of an operations room"):
        room.restored()
    assert not (room.folder / "nowhere").exists()
