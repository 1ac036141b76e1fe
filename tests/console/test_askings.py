"""Persons: looked for inside one case, and over cases by two people who learn hit or no hit."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from html import unescape
from pathlib import Path
from typing import Any

import pytest

from cautery.adapters.case_folder import FolderStore
from cautery.adapters.clock import FixedClock
from cautery.adapters.keys_file import KeyFolder
from cautery.model import (
    Agency,
    AgencyRole,
    Competence,
    Marking,
    Operation,
    Pap,
    Person,
    StatementKind,
    Tlp,
)
from cautery.model.account import Passkey
from cautery.model.asking import AskingState
from cautery.model.operation import LedCategory
from cautery.model.records import DataUsed, Outcome, PaperKind, PersonOutcome, PersonSought
from cautery.model.room import RIGHTS, Right, RoomRole
from cautery.wiring.inquiries import answer_inquiries
from cautery.wiring.people import owner
from cautery.workflows.operation.afterwards import PersonFile
from cautery.workflows.operation.desk import Desk, open_desk
from cautery.workflows.operation.outcomes import erase_person, record_outcome
from cautery.workflows.operation.papers import register_paper
from cautery.workflows.operation.persons import (
    find_person,
    pseudonym_at,
    register_person,
)

NOON = datetime(2026, 11, 24, 12, tzinfo=UTC)
NAME = "Assunta Quaglia"


def operation(id: str) -> Operation:
    agency = Agency(
        id="it-postal",
        name="it-postal",
        country="IT",
        role=AgencyRole.LEAD,
        competence=frozenset({Competence("investigate")}),
        contact="desk@it.example",
        zone="Europe/Rome",
    )
    return Operation(
        id=id, name=id, legal_basis="a court", opened_at=NOON, lab=True, agencies=(agency,)
    )


@dataclass
class Police:
    """A room over two operations; one of them has two persons."""

    cases: Path
    keys: Path
    room: Any = None
    peopled: Any = None

    def desk(self, name: str) -> Desk:
        return open_desk(
            self.cases / name,
            store=FolderStore(KeyFolder(self.keys), patience_s=0.1),
            clock=FixedClock(NOON),
            operation=operation(name),
            agency="it-postal",
        )

    def as_(self, role: RoomRole) -> Any:
        return self.peopled.as_(role)

    def ask(self, client: Any, name: str = NAME, why: str = "warrant 3", **more: str) -> Any:
        fields = {"name": name, "why": why, "regime": "led", **more}
        return self.peopled.send(client, "/askings", **fields)

    @property
    def askings(self) -> Any:
        return self.peopled.people.inquiries._askings

    def newest(self) -> str:
        (asking,) = self.askings.newest(1)
        return str(asking.id)

    def agree(self, client: Any, agrees: str = "yes") -> Any:
        return self.peopled.send(client, f"/askings/{self.newest()}/second", agrees=agrees)

    def answer(self) -> int:
        return answer_inquiries(self.peopled.people, self.cases, keys_dir=self.keys)

    def shown(self, client: Any) -> str:
        return unescape(client.get("/askings").text)


@pytest.fixture
def police(tmp_path: Path, room_at: Any, people_room: Any) -> Iterator[Police]:
    made = Police(tmp_path / "cases", tmp_path / "keys")
    for name, persons in (("op-rome", (NAME, "Bruno Celentani")), ("op-sofia", ())):
        desk = made.desk(name)
        for each in persons:
            register_person(
                desk,
                each,
                Person(
                    pseudonym=pseudonym_at(desk, each),
                    category=LedCategory.SUSPECT,
                    kind=StatementKind.ASSESSMENT,
                    role="super reseller" if each == NAME else "banker",
                    marking=Marking(tlp=Tlp.AMBER, pap=Pap.RED),
                    review_at=NOON.date() + timedelta(90),
                    erase_at=NOON.date() + timedelta(400),
                    country="IT",
                ),
                at=NOON,
            )
        desk.leave()
    made.room = room_at(made.cases, NOON)
    with ExitStack() as stack:
        made.peopled = people_room.open_people_room(stack, made.room.desk, tmp_path)
        yield made


def test_two_people_ask_and_learn_hit_or_no_hit_and_nothing_else(police: Police) -> None:
    analyst, commander = police.as_(RoomRole.ANALYST), police.as_(RoomRole.COMMANDER)
    for name, answer in ((NAME.upper(), "<b>hit</b>"), ("Nemo Nessuno", "<b>no hit</b>")):
        assert police.ask(analyst, name).status_code == 303
        assert police.answer() == 0  # nobody agreed yet
        assert "waits for a second person" in police.shown(analyst)
        agreed = police.agree(commander)
        assert agreed.status_code == 303, agreed.text
        assert police.answer() == 1
        for client in (analyst, commander):
            page = police.shown(client)
            assert answer in page
            assert "2 cases were asked" in page
            for secret in (*name.split(), "Quaglia", "op-rome", "op-sofia", "P-"):
                assert secret.casefold() not in page.casefold()
    entries = [*police.peopled.people.ledger.read()]
    log = b"".join(entry.leaf for entry in entries)
    for secret in (b"uaglia", b"QUAGLIA", b"Nemo", b"op-rome"):
        assert secret not in log
    used = [
        entry.content
        for entry in entries
        if isinstance(entry.content, DataUsed) and entry.content.act == "combination"
    ]
    assert [dict(one.numbers)["step"] for one in used] == ["asked", "agreed", "answered"] * 2
    asker, second = (
        police.peopled.accounts[role].id for role in (RoomRole.ANALYST, RoomRole.COMMANDER)
    )
    assert [one.by for one in used[:3]] == [asker, second, asker]
    assert dict(used[2].numbers)["second"] == second
    assert {one.why for one in used} == {"warrant 3"}


def test_a_name_lies_in_no_byte_of_the_room_and_its_seal_goes_with_the_answer(
    police: Police,
) -> None:
    analyst, commander = police.as_(RoomRole.ANALYST), police.as_(RoomRole.COMMANDER)
    folder = police.peopled.people.folder

    def every_byte() -> bytes:
        return b"".join(file.read_bytes() for file in folder.iterdir() if file.is_file())

    police.ask(analyst)
    police.agree(commander)
    sealed = police.askings.sealed(police.newest())
    assert sealed is not None
    assert sealed in every_byte()
    assert b"Quaglia" not in every_byte()
    police.answer()
    assert sealed not in every_byte()


@pytest.mark.parametrize("role", [RoomRole.ANALYST, RoomRole.COMMANDER])
def test_nobody_agrees_to_a_question_of_his_own(police: Police, role: RoomRole) -> None:
    client = police.as_(role)
    police.ask(client)
    assert police.agree(client).status_code == (403 if role is RoomRole.ANALYST else 400)
    assert police.answer() == 0


def test_accounts_with_one_key_are_one_person(police: Police) -> None:
    people, accounts = police.peopled.people.people, police.peopled.accounts
    for number, role in enumerate((RoomRole.ANALYST, RoomRole.COMMANDER)):
        passkey = Passkey(
            id=bytes([number]),
            account=accounts[role].id,
            key=b"the same key",
            count=0,
            name="key",
            made_at=NOON,
        )
        people.add_passkey(passkey, era=accounts[role].era)
    police.ask(police.as_(RoomRole.ANALYST))
    answer = police.agree(police.as_(RoomRole.COMMANDER))
    assert answer.status_code == 400
    assert "with other keys" in answer.text
    assert police.agree(police.as_(RoomRole.LEGAL)).status_code == 303


def test_a_question_that_is_refused_or_too_old_is_never_answered(police: Police) -> None:
    analyst, commander = police.as_(RoomRole.ANALYST), police.as_(RoomRole.COMMANDER)
    police.ask(analyst)
    police.agree(commander, agrees="no")
    assert police.agree(commander).status_code == 400
    assert "refused" in police.shown(analyst)
    police.peopled.clock.goes(seconds=1)
    police.ask(analyst)
    police.agree(commander)
    police.peopled.clock.goes(hours=25)
    assert police.answer() == 0
    police.peopled.people.settle()
    assert "lapsed without an answer" in police.shown(police.as_(RoomRole.ANALYST))


def test_nobody_goes_through_a_list_of_names(police: Police) -> None:
    analyst = police.as_(RoomRole.ANALYST)
    statuses = [police.ask(analyst, f"Person {n}").status_code for n in range(7)]
    assert statuses == [303] * 5 + [400] * 2
    assert "Too many persons" in police.ask(analyst).text
    police.peopled.clock.goes(hours=25)
    assert police.ask(police.as_(RoomRole.ANALYST)).status_code == 303


def test_what_is_no_question_is_refused_in_a_sentence(police: Police) -> None:
    analyst = police.as_(RoomRole.ANALYST)
    for name, why, regime in (
        ("", "x", "led"),
        ("x" * 501, "x", "led"),
        ("a\0b", "x", "led"),
        (NAME, "", "led"),
        (NAME, "is it quaglia?", "led"),
        (NAME, "x", "both"),
    ):
        answer = police.ask(analyst, name, why, regime=regime)
        assert answer.status_code == 400
        assert 'role="alert"' in answer.text
        assert "Quaglia" not in answer.text
    assert police.askings.newest(1) == []


@pytest.mark.parametrize(
    ("name", "why"),
    [
        ("Bo Li", "is Bo Li in a case"),
        ("José Núñez", "is José Núñez in a case"),
        ("O'Neil", "warrant against O\u2019Neil"),
        ("Rossi-Bianchi", "warrant of Rossi Bianchi"),
        ("Rossi,", "ROSSI, a warrant"),
        ("\uff32ossi", "Rossi x"),
        ("李明", "查询李明案件"),
        ("Sørensen", "Sorensen, a warrant"),
        ("Sorensen", "Sørensen, a warrant"),
        ("Søren Aa", "Soeren, a warrant"),
        ("Łukasz Nowicz", "Lukasz, a warrant"),
        ("Müller", "Mueller, a warrant"),
        ("Mueller", "Müller, a warrant"),
        ("Muller", "Mueller, a warrant"),
        ("Ægir Đurić", "Aegir, a warrant"),
    ],
)
def test_no_spelling_of_the_name_stands_in_the_log(police: Police, name: str, why: str) -> None:
    answer = police.ask(police.as_(RoomRole.ANALYST), name, why)
    assert answer.status_code == 400
    assert "reason has the name" in unescape(answer.text)
    assert police.askings.newest(1) == []


def test_a_short_word_of_a_name_may_stand_in_a_reason(police: Police) -> None:
    answer = police.ask(police.as_(RoomRole.ANALYST), "Carlos de Silva", "mandat de Paris")
    assert answer.status_code == 303


def test_an_erased_name_gives_no_hit_and_a_case_without_its_keys_is_said_to_be_silent(
    police: Police,
) -> None:
    desk = police.desk("op-rome")
    file = PersonFile.of(desk)
    erase_person(
        file, pseudonym_at(desk, NAME), by="A. Officer", why="acquitted", at=desk.case.clock.now()
    )
    desk.leave()
    analyst, commander = police.as_(RoomRole.ANALYST), police.as_(RoomRole.COMMANDER)
    police.ask(analyst)
    police.agree(commander)
    police.answer()
    assert "<b>no hit</b>" in police.shown(analyst)
    police.peopled.clock.goes(seconds=1)
    police.ask(analyst, "Bruno Celentani")
    police.agree(commander)
    empty = police.keys.with_name("no-keys")
    empty.mkdir(mode=0o700)
    answer_inquiries(police.peopled.people, police.cases, keys_dir=empty)
    assert "1 could not be asked" in police.shown(analyst)


def test_cases_under_the_other_law_are_not_asked(police: Police) -> None:
    analyst, commander = police.as_(RoomRole.ANALYST), police.as_(RoomRole.COMMANDER)
    police.ask(analyst, regime="gdpr")
    police.agree(commander)
    police.answer()
    page = police.shown(analyst)
    assert "<b>no hit</b>" in page
    assert "0 cases were asked" in page


def test_persons_of_a_case_are_looked_for_by_who_may_and_each_search_is_logged(
    police: Police,
) -> None:
    for role in RoomRole:
        client, before = police.as_(role), police.peopled.people.ledger.size()
        answer = client.get("/cases/op-rome/persons?q=reseller")
        if Right.PERSONS not in RIGHTS[role]:
            assert answer.status_code == 403, role
            assert client.get("/askings").status_code == 403
            continue
        assert answer.status_code == 200
        assert "super reseller" in answer.text
        assert "banker" not in answer.text
        assert "Quaglia" not in answer.text
        (entry,) = police.peopled.people.ledger.read(since=before)
        assert entry.content.act == "consultation"
        assert (entry.content.case, entry.content.page) == ("op-rome", "/cases/{id}/persons")
        assert b"reseller" not in entry.leaf
        assert "No person is registered" in client.get("/cases/op-sofia/persons").text
        assert "No person of this case" in client.get("/cases/op-rome/persons?q=nobody").text


def test_the_page_shows_what_was_decided_and_which_papers_name_the_person(
    police: Police,
) -> None:
    desk = police.desk("op-rome")
    file, pseudonym = PersonFile.of(desk), pseudonym_at(desk, NAME)
    register_paper(
        file, kind=PaperKind.FORM, title="request <7>", paper="sha256:" + 64 * "1",
        persons={pseudonym}, to={"a bank"}, by="officer 77", why="request", at=NOON,
    )  # fmt: skip
    client = police.as_(RoomRole.ANALYST)
    before = client.get("/cases/op-rome/persons").text
    assert "request &lt;7&gt;" in before
    assert "data were erased" not in before
    record_outcome(
        file,
        PersonOutcome(
            pseudonym=pseudonym, outcome=Outcome.ACQUITTED, on=NOON.date(),
            court="Tribunale <di> Roma", reference="1/2026", by="officer 77", why="judgment",
        ),
        at=NOON,
    )  # fmt: skip
    desk.leave()
    after = client.get("/cases/op-rome/persons").text
    assert "acquitted" in after
    assert "Tribunale &lt;di&gt; Roma" in after
    assert "It named a person whose data were erased on 2026-11-24." in after
    assert "Quaglia" not in after


def test_a_room_for_one_person_has_no_page_of_persons(police: Police) -> None:
    assert police.room.client.get("/cases/op-rome/persons").status_code == 404
    assert police.room.client.get("/askings").status_code == 404


def test_who_holds_the_keys_finds_a_person_of_a_case_by_name_and_it_is_recorded(
    police: Police,
) -> None:
    desk = police.desk("op-rome")
    person = find_person(desk, " assunta  QUAGLIA ", why="warrant 3", who="A. Officer")
    assert person is not None
    assert find_person(desk, "Nemo", why="warrant 3", who="A. Officer") is None
    sought = [content.pseudonym for _, content in desk.contents(PersonSought)]
    assert sought == [person.person.pseudonym, None]
    leaves = b"".join(entry.leaf for entry in desk.case.ledger.read())
    for secret in (b"uaglia", b"QUAGLIA", b"Nemo"):
        assert secret not in leaves
    desk.leave()
    other = police.desk("op-sofia")
    assert pseudonym_at(other, NAME) != person.person.pseudonym  # no hash joins two cases
    other.leave()


@pytest.mark.parametrize("role", [RoomRole.ANALYST, RoomRole.COMMANDER])
def test_nothing_is_compared_for_who_asked_or_agreed_and_may_not_any_more(
    police: Any, role: RoomRole
) -> None:
    analyst, commander = police.as_(RoomRole.ANALYST), police.as_(RoomRole.COMMANDER)
    assert police.ask(analyst).status_code == 303
    assert police.agree(commander).status_code == 303
    dismissed = police.peopled.accounts[role]
    police.peopled.people.accounts.erase(dismissed.id, by=owner(), why="dismissed")
    assert police.answer() == 0
    (asking,) = police.askings.newest(5)
    assert (asking.state, asking.hit) == (AskingState.LAPSED, None)
    assert police.askings.sealed(asking.id) is None
    assert police.answer() == 0


@pytest.mark.parametrize(
    ("tongue", "category", "heading"),
    [
        ("en", "suspect, assessment", "Persons over cases"),
        ("fr", "suspect, appréciation", "Personnes dans les affaires"),
        ("it", "indagato, valutazione", "Persone nei casi"),
        ("es", "sospechoso, valoración", "Personas en los casos"),
    ],
)
def test_the_pages_of_persons_speak_four_languages(
    police: Police, tongue: str, category: str, heading: str
) -> None:
    client = police.as_(RoomRole.ANALYST)
    asked = {"headers": {"accept-language": tongue}}
    assert f"<td>{category}</td>" in client.get("/cases/op-rome/persons", **asked).text
    assert f"<h1>{heading}</h1>" in client.get("/askings", **asked).text
