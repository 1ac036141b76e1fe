"""Two desks, two cases: what one shares, the other receives, and nothing hidden shows through."""

from __future__ import annotations

import json
import random
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from cautery.errors import CauteryError, EvidenceError, InputError
from cautery.model import (
    ExhibitId,
    HandlingCode,
    Marking,
    Operation,
    Pap,
    Person,
    Statement,
    StatementKind,
    Tlp,
    digest_of,
)
from cautery.model.operation import LedCategory
from cautery.model.records import BundleReceived, BundleShared, StatementPermitted
from cautery.workflows.case.close import close_case
from cautery.workflows.case.verify import verify_case
from cautery.workflows.operation.desk import Desk, open_desk
from cautery.workflows.operation.holdings import held, own_statements, picture, received_statements
from cautery.workflows.operation.letter import (
    HEAD,
    MAX_LETTER_BYTES,
    open_letter,
    write_letter,
)
from cautery.workflows.operation.partners import register_partner
from cautery.workflows.operation.persons import register_person
from cautery.workflows.operation.receive import receive
from cautery.workflows.operation.share import (
    add_statements,
    correct,
    must_be_told,
    permit,
    share,
)

NOON = datetime(2026, 11, 24, 12, tzinfo=UTC)

Desks = Callable[..., Desk]


def said(
    by: str = "it-postal", tlp: Tlp = Tlp.GREEN, *codes: HandlingCode, text: str, **more: Any
) -> Statement:
    marking = Marking(tlp=tlp, pap=Pap.AMBER, handling=frozenset(codes), source="B", accuracy=3)
    return Statement(
        **{
            "id": "given",
            "by": by,
            "subject": "host:a.example",
            "about": "asset",
            "text": text,
            "kind": StatementKind.ASSESSMENT,
            "marking": marking,
            "at": NOON,
            **more,
        }
    )


def test_what_is_shared_arrives_with_provider_marking_and_kind(agency_desk: Desks) -> None:
    rome, sofia = agency_desk("it-postal"), agency_desk("bg-gdbop")
    (stated,) = add_statements(rome, [said(tlp=Tlp.RED, text="it", to=frozenset({"bg-gdbop"}))])
    raw = share(rome, "bg-gdbop", at=NOON)
    received = receive(sofia, raw, key=rome.case.verifier, at=NOON)
    assert received == (stated,)
    assert picture(sofia) == (stated,)
    assert [sender for sender, _ in received_statements(sofia)] == ["it-postal"]


def test_the_ids_come_from_the_cases_key_and_count_nothing(agency_desk: Desks) -> None:
    rome = agency_desk("it-postal")
    other = agency_desk("it-postal", name="another-case")
    rows = [said(text=f"no. {n}", id=f"s-{n:04}") for n in range(5)]
    here, there = add_statements(rome, rows), add_statements(other, rows)
    assert len({one.id for one in (*here, *there)}) == 10
    assert all(len(one.id) == 32 and int(one.id, 16) >= 0 for one in here)
    assert add_statements(rome, rows) == here
    assert len(list(own_statements(rome))) == 5


@pytest.mark.parametrize(
    ("statement", "rule"),
    [
        (said("nl-fiod", text="x"), "is by nl-fiod"),
        (said(text="x", to=frozenset({"us-hsi"})), "'us-hsi' is not an agency"),
        (said(text="x", exhibits=(ExhibitId(digest_of(b"y")),)), "not in the vault"),
    ],
)
def test_a_statement_that_cannot_stand_is_refused_and_none_is_recorded(
    agency_desk: Desks, statement: Statement, rule: str
) -> None:
    rome = agency_desk("it-postal")
    with pytest.raises(InputError, match=rule):
        add_statements(rome, [said(text="good"), statement])
    assert not list(own_statements(rome))


def test_what_was_shared_is_logged_with_why_who_and_to_whom(agency_desk: Desks) -> None:
    rome = agency_desk("it-postal")
    (stated,) = add_statements(rome, [said(text="it")])
    raw = share(rome, "nl-fiod", at=NOON, why="request 7", who="A. Officer")
    ((_, logged),) = rome.contents(BundleShared)
    assert (logged.to, logged.why, logged.who) == ("nl-fiod", "request 7", "A. Officer")
    assert logged.statements == (("it-postal", stated.id),)
    assert rome.case.vault.read(logged.exhibit) == raw


def test_the_same_bundle_twice_changes_nothing(agency_desk: Desks) -> None:
    rome, sofia = agency_desk("it-postal"), agency_desk("bg-gdbop")
    add_statements(rome, [said(text="it")])
    raw = share(rome, "bg-gdbop", at=NOON)
    first = receive(sofia, raw, key=rome.case.verifier, at=NOON)
    again = receive(sofia, raw, key=rome.case.verifier, at=NOON + timedelta(hours=1))
    assert first == again
    assert len(list(sofia.contents(BundleReceived))) == 1


def test_a_second_bundle_holds_only_what_is_new(agency_desk: Desks) -> None:
    rome = agency_desk("it-postal")
    add_statements(rome, [said(text="one")])
    share(rome, "bg-gdbop", at=NOON)
    add_statements(rome, [said(text="two")])
    second = open_letter(share(rome, "bg-gdbop", at=NOON), rome.case.verifier)
    whole = open_letter(share(rome, "bg-gdbop", at=NOON, everything=True), rome.case.verifier)
    assert [one["statement"]["text"] for one in second["statements"]] == ["two"]
    assert {one["statement"]["text"] for one in whole["statements"]} == {"one", "two"}


def passed_on(agency_desk: Desks, statement: Statement) -> tuple[Desk, Desk, Statement]:
    """Rome tells Sofia; the desks of Sofia and The Hague, which knows Rome, and what was told."""
    rome, sofia, hague = (agency_desk(one) for one in ("it-postal", "bg-gdbop", "nl-fiod"))
    register_partner(hague, "it-postal", rome.case.verifier, at=NOON)
    (stated,) = add_statements(rome, [statement])
    receive(sofia, share(rome, "bg-gdbop", at=NOON), key=rome.case.verifier, at=NOON)
    return sofia, hague, stated


def test_a_green_statement_goes_on_under_its_providers_name(agency_desk: Desks) -> None:
    sofia, hague, stated = passed_on(agency_desk, said(text="it"))
    got = receive(hague, share(sofia, "nl-fiod", at=NOON), key=sofia.case.verifier, at=NOON)
    assert got == (stated,)
    assert got[0].by == "it-postal"


@pytest.mark.parametrize(
    "statement",
    [
        said("it-postal", Tlp.CLEAR, HandlingCode.H2, text="h2"),
        said("it-postal", Tlp.AMBER, text="amber"),
        said("it-postal", Tlp.RED, text="red", to=frozenset({"bg-gdbop"})),
    ],
)
def test_no_permission_no_forwarding_and_with_it_there_is(
    agency_desk: Desks, statement: Statement
) -> None:
    sofia, hague, stated = passed_on(agency_desk, statement)
    rome = agency_desk("it-postal")
    assert not open_letter(share(sofia, "nl-fiod", at=NOON), sofia.case.verifier)["statements"]
    permit(rome, stated.id, by="bg-gdbop", to="nl-fiod", why="request 9", at=NOON)
    receive(sofia, share(rome, "bg-gdbop", at=NOON), key=rome.case.verifier, at=NOON)
    got = receive(hague, share(sofia, "nl-fiod", at=NOON), key=sofia.case.verifier, at=NOON)
    assert [one.id for one in got] == [stated.id]
    assert not open_letter(share(sofia, "eurojust", at=NOON), sofia.case.verifier)["statements"]
    assert [permitted.why for _, permitted in rome.contents(StatementPermitted)] == ["request 9"]


@pytest.mark.parametrize(
    "statement",
    [
        said("it-postal", Tlp.AMBER, text="amber"),
        said("it-postal", Tlp.RED, text="red", to=frozenset({"bg-gdbop"})),
    ],
)
def test_a_withdrawal_reaches_whoever_was_told_by_permission(
    agency_desk: Desks, statement: Statement
) -> None:
    sofia, hague, stated = passed_on(agency_desk, statement)
    rome = agency_desk("it-postal")
    permit(rome, stated.id, by="bg-gdbop", to="nl-fiod", why="request 9", at=NOON)
    receive(sofia, share(rome, "bg-gdbop", at=NOON), key=rome.case.verifier, at=NOON)
    receive(hague, share(sofia, "nl-fiod", at=NOON), key=sofia.case.verifier, at=NOON)
    assert [one.text for one in picture(hague)] == [statement.text]
    for words in ("it is a mirror", "it is a hospital"):  # a correction of a correction, too
        name = next(iter(picture(rome))).id
        withdrawn = words == "it is a hospital"
        correct(rome, name, text=words, at=NOON + timedelta(minutes=1), withdrawn=withdrawn)
    receive(sofia, share(rome, "bg-gdbop", at=NOON), key=rome.case.verifier, at=NOON)
    assert {to for _, to in must_be_told(sofia)} == {"nl-fiod"}
    receive(hague, share(sofia, "nl-fiod", at=NOON), key=sofia.case.verifier, at=NOON)
    assert picture(hague) == ()
    assert must_be_told(sofia) == ()


def test_a_permission_is_sent_once(agency_desk: Desks) -> None:
    _, _, stated = passed_on(agency_desk, said(tlp=Tlp.AMBER, text="it"))
    rome = agency_desk("it-postal")
    permit(rome, stated.id, by="bg-gdbop", to="nl-fiod", why="x", at=NOON)
    counts = [
        len(open_letter(share(rome, "bg-gdbop", at=NOON), rome.case.verifier)["permissions"])
        for _ in range(2)
    ]
    assert counts == [1, 0]


@pytest.mark.parametrize(
    ("by", "to", "rule"),
    [
        ("bg-gdbop", "us-hsi", "not an agency"),
        ("bg-gdbop", "bg-gdbop", "to itself"),
        ("it-postal", "nl-fiod", "two other agencies than this desk"),
        ("bg-gdbop", "it-postal", "two other agencies than this desk"),
    ],
)
def test_a_permission_that_makes_no_sense_is_refused(
    agency_desk: Desks, by: str, to: str, rule: str
) -> None:
    rome = agency_desk("it-postal")
    (stated,) = add_statements(rome, [said(text="it")])
    with pytest.raises(InputError, match=rule):
        permit(rome, stated.id, by=by, to=to, why="x", at=NOON)
    assert not list(rome.contents(StatementPermitted))


def test_what_a_provider_said_does_not_come_back_to_it(agency_desk: Desks) -> None:
    sofia, _, _ = passed_on(agency_desk, said(text="it"))
    assert not open_letter(share(sofia, "it-postal", at=NOON), sofia.case.verifier)["statements"]


def test_a_correction_names_those_who_must_be_told_and_reaches_them(agency_desk: Desks) -> None:
    rome, sofia = agency_desk("it-postal"), agency_desk("bg-gdbop")
    (old,) = add_statements(rome, [said(text="the server is in Sofia")])
    receive(sofia, share(rome, "bg-gdbop", at=NOON), key=rome.case.verifier, at=NOON)
    share(rome, "eurojust", at=NOON)
    new, told = correct(rome, old.id, text="the server is in Plovdiv", at=NOON)
    assert told == ("bg-gdbop", "eurojust")
    receive(sofia, share(rome, "bg-gdbop", at=NOON), key=rome.case.verifier, at=NOON)
    assert must_be_told(rome) == ((new.id, "eurojust"),)
    assert [one.text for one in picture(sofia)] == ["the server is in Plovdiv"]
    assert {one.statement.id: one.corrected_by for one in held(sofia)} == {
        old.id: new.id,
        new.id: None,
    }


def test_a_correction_of_a_correction_undoes_what_was_told_first(agency_desk: Desks) -> None:
    """Sofia was told the first and never the second: the third says that both are undone."""
    rome, sofia = agency_desk("it-postal"), agency_desk("bg-gdbop")
    (old,) = add_statements(rome, [said(text="in Sofia")])
    receive(sofia, share(rome, "bg-gdbop", at=NOON), key=rome.case.verifier, at=NOON)
    second, _ = correct(rome, old.id, text="in Varna", at=NOON)
    third, told = correct(rome, second.id, text="in Plovdiv", at=NOON)
    assert told == ("bg-gdbop",)
    assert must_be_told(rome) == ((third.id, "bg-gdbop"),)
    raw = share(rome, "bg-gdbop", at=NOON, everything=True)
    receive(sofia, raw, key=rome.case.verifier, at=NOON)
    assert [one.text for one in picture(sofia)] == ["in Plovdiv"]


def test_a_correction_reaches_all_for_whom_the_statement_was_made_one_after_another(
    agency_desk: Desks,
) -> None:
    rome, sofia, hague = (agency_desk(one) for one in ("it-postal", "bg-gdbop", "nl-fiod"))
    for name in ("bg-gdbop", "nl-fiod"):
        (old,) = add_statements(rome, [said(tlp=Tlp.RED, text="old", to=frozenset({name}))])
    for desk in (sofia, hague):
        receive(desk, share(rome, desk.agency.id, at=NOON), key=rome.case.verifier, at=NOON)
    _, told = correct(rome, old.id, text="new", at=NOON)
    assert told == ("bg-gdbop", "nl-fiod")
    for desk in (sofia, hague):
        receive(desk, share(rome, desk.agency.id, at=NOON), key=rome.case.verifier, at=NOON)
        assert [one.text for one in picture(desk)] == ["new"]
    assert must_be_told(rome) == ()


def test_the_beginning_of_an_id_is_enough_where_it_names_one_statement(
    agency_desk: Desks,
) -> None:
    rome = agency_desk("it-postal")
    (old,) = add_statements(rome, [said(text="old")])
    with pytest.raises(InputError, match="is not a statement of this agency"):
        correct(rome, old.id[:7], text="new", at=NOON)
    new, _ = correct(rome, old.id[:8], text="new", at=NOON)
    assert new.details["corrects"] == old.id


def test_a_case_keeps_the_table_that_it_was_begun_with(
    agency_desk: Desks, agency_table: Operation
) -> None:
    rome = agency_desk("it-postal")
    fewer = replace(agency_table, agencies=agency_table.agencies[:2])
    with pytest.raises(InputError, match="a table of op-1 that differs"):
        open_desk(
            rome.case.path,
            store=rome.case.store,
            clock=rome.case.clock,
            operation=fewer,
            agency="it-postal",
        )


def test_a_time_long_ago_is_read_back_as_it_was_written(agency_desk: Desks) -> None:
    """A year of one digit once made the whole case unreadable."""
    rome = agency_desk("it-postal")
    (old,) = add_statements(rome, [said(text="x", at=datetime(1, 1, 1, tzinfo=UTC))])
    assert list(own_statements(rome)) == [old]


def test_a_withdrawn_statement_leaves_the_picture_and_stays_in_the_case(
    agency_desk: Desks,
) -> None:
    rome = agency_desk("it-postal")
    (old,) = add_statements(rome, [said(text="it")])
    correct(rome, old.id, text="withdrawn: a mistaken name", at=NOON, withdrawn=True)
    assert picture(rome) == ()
    assert len(held(rome)) == 2
    with pytest.raises(InputError, match="already corrected"):
        correct(rome, old.id, text="again", at=NOON)


def test_only_the_provider_corrects(agency_desk: Desks) -> None:
    sofia, _, stated = passed_on(agency_desk, said(text="it"))
    with pytest.raises(InputError, match="only the agency that made"):
        correct(sofia, stated.id, text="no", at=NOON)


def spoilt(payload: dict[str, Any]) -> dict[str, Any]:
    payload["statements"][0]["statement"]["text"] += "!"
    return payload


def test_a_forged_bundle_is_not_filed(agency_desk: Desks) -> None:
    rome, sofia, hague = (agency_desk(one) for one in ("it-postal", "bg-gdbop", "nl-fiod"))
    add_statements(rome, [said(text="it")])
    raw = share(rome, "bg-gdbop", at=NOON)
    letter = json.loads(raw)
    changed = json.dumps(
        {"note": letter["note"], "payload": spoilt(letter["payload"])},
        separators=(",", ":"), sort_keys=True, ensure_ascii=False,
    ).encode()  # fmt: skip
    with pytest.raises(EvidenceError, match="for another payload"):
        receive(sofia, changed, key=rome.case.verifier, at=NOON)
    with pytest.raises(EvidenceError, match=", not by cautery/case-"):
        receive(sofia, raw, key=hague.case.verifier, at=NOON)
    with pytest.raises(InputError, match="for 'bg-gdbop', not for nl-fiod"):
        receive(hague, raw, key=rome.case.verifier, at=NOON)
    assert not list(sofia.contents(BundleReceived)) + list(hague.contents(BundleReceived))


def test_an_agency_that_signs_with_two_keys_is_asked_about(agency_desk: Desks) -> None:
    rome, sofia = agency_desk("it-postal"), agency_desk("bg-gdbop")
    double = agency_desk("it-postal", name="double")
    receive(sofia, share(rome, "bg-gdbop", at=NOON), key=rome.case.verifier, at=NOON)
    with pytest.raises(InputError, match="another key before"):
        receive(sofia, share(double, "bg-gdbop", at=NOON), key=double.case.verifier, at=NOON)


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"\xff\xfe",
        b"[]",
        b"{}",
        b'{"note":1,"payload":{}}',
        b'{"note":"","payload":{}}',
        b'{"note":"x","note":"x","payload":{}}',
        b'{"note":"\\ud800","payload":{}}',
        b'{"note":"x","payload":{"a":NaN}}',
        b'{"note":"x","payload":{"a":1e999}}',
        b'{"note":"x","payload":{"a":' + b"9" * 5000 + b"}}",
        b'{"note":"x","payload":{"a":12345678901234567890}}',
        b'{"note":"x", "payload":{}}',
        b'{"note":"x","payload":{"a":' + b"[" * 200_000 + b"]" * 200_000 + b"}}",
        b'{"note":"x","payload":{"a":' + b"[" * 40 + b"]" * 40 + b"}}",
        b" " * (MAX_LETTER_BYTES + 1),
    ],
)
def test_hostile_bytes_are_refused_in_words(agency_desk: Desks, raw: bytes) -> None:
    sofia = agency_desk("bg-gdbop")
    with pytest.raises(CauteryError):
        receive(sofia, raw, key=sofia.case.verifier, at=NOON)
    assert not list(sofia.contents(BundleReceived))


def test_any_changed_byte_of_a_letter_is_refused(agency_desk: Desks) -> None:
    rome = agency_desk("it-postal")
    raw = write_letter({"to": "x", "text": "é"}, rome.sign)
    assert open_letter(raw, rome.case.verifier) == {"to": "x", "text": "é"}
    for place in range(len(raw)):
        changed = bytearray(raw)
        changed[place] ^= 1
        with pytest.raises(CauteryError):
            open_letter(bytes(changed), rome.case.verifier)


def test_a_bundle_is_byte_identical_through_the_ledger_whatever_is_hidden(
    agency_desk: Desks,
) -> None:
    """The same case twice, with other hidden facts, in another order, other secrets recorded."""
    chance = random.Random(7)
    rome = agency_desk("it-postal")
    seen = [said(text=f"seen {n}", tlp=tlp) for n, tlp in enumerate([Tlp.GREEN, Tlp.AMBER])]
    add_statements(rome, seen)
    first = share(rome, "bg-gdbop", at=NOON, everything=True)
    for turn in range(8):
        secret = said(
            tlp=chance.choice([Tlp.RED, Tlp.AMBER_STRICT]),
            text=f"hidden {chance.random()}",
            to=frozenset(chance.choice([(), ("nl-fiod",), ("eurojust",)])),
            at=NOON - timedelta(minutes=turn),
            details={"corrects": next(own_statements(rome)).id} if turn % 3 == 0 else {},
        )
        add_statements(rome, [secret])
        add_statements(rome, [replace(seen[0], to=frozenset({"nl-fiod"}))])
        share(rome, chance.choice(["nl-fiod", "eurojust", "league"]), at=NOON)
        register_person(
            rome,
            f"Name {turn}",
            Person(
                pseudonym=f"P-{turn:08}",
                category=LedCategory.SUSPECT,
                kind=StatementKind.ASSESSMENT,
                role="reseller",
                marking=secret.marking,
                review_at=NOON.date() + timedelta(30),
                erase_at=NOON.date() + timedelta(60),
            ),
        )
        assert share(rome, "bg-gdbop", at=NOON, everything=True) == first


def test_both_cases_verify_when_they_are_closed(agency_desk: Desks) -> None:
    rome, sofia = agency_desk("it-postal"), agency_desk("bg-gdbop")
    photo = rome.case.vault.seal(
        b"photo", media_type="image/png", at=NOON, clock=rome.case.clock.offset()
    )
    add_statements(rome, [said(text="it", exhibits=(photo.id,))])
    receive(sofia, share(rome, "bg-gdbop", at=NOON), key=rome.case.verifier, at=NOON)
    for desk in (rome, sofia):
        close_case(desk.case, at=NOON)
        assert verify_case(desk.case.path, store=desk.case.store).exhibits


@pytest.mark.parametrize("part", [b"1", b"[]", b"{}"])
def test_a_letter_of_millions_of_parts_is_refused_before_it_is_parsed(
    agency_desk: Desks, monkeypatch: pytest.MonkeyPatch, part: bytes
) -> None:
    rome = agency_desk("it-postal")
    body = b'{"a":[' + b",".join([part] * 2_100_000) + b"]}"
    note = json.dumps(rome.sign(f"{HEAD}\n{digest_of(body)}\n"), ensure_ascii=False).encode()
    raw = b'{"note":' + note + b',"payload":' + body + b"}"
    parsed: list[int] = []

    def parse(raw: bytes) -> Any:
        parsed.append(len(raw))
        return json.loads(raw)

    monkeypatch.setattr("cautery.workflows.operation.letter._parsed", parse)
    with pytest.raises(InputError, match="more than 2,000,000 parts"):
        open_letter(raw, rome.case.verifier)
    assert max(parsed) < 2000, "its note alone"


@pytest.mark.parametrize("text", [", " * 2_500_000, '\\"' * 200_000 + "," * 2_500_000])
def test_what_stands_in_texts_is_no_part(agency_desk: Desks, text: str) -> None:
    rome = agency_desk("it-postal")
    raw = write_letter({"to": "x", "text": text}, rome.sign)
    assert open_letter(raw, rome.case.verifier)["text"] == text
