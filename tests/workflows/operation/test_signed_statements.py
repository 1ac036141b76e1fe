"""A statement counts under its provider's signature: what Sofia may not do in Rome's name."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from cautery.adapters.case_folder import FolderStore
from cautery.adapters.clock import FixedClock
from cautery.adapters.keys_file import KeyFolder
from cautery.errors import CauteryError, EvidenceError, InputError
from cautery.messages import say
from cautery.model import (
    Digest,
    ExhibitId,
    HandlingCode,
    Marking,
    Operation,
    Pap,
    Statement,
    StatementKind,
    Tlp,
    digest_of,
    from_json,
    iso,
    to_json,
)
from cautery.model.ledger import append
from cautery.model.records import (
    BundleReceived,
    BundleRefused,
    DeconflictionLetter,
    OperationOpened,
    PartnerRegistered,
    StatementPermitted,
    StatementRecorded,
)
from cautery.operation import bundle
from cautery.operation.bundle import OLD_FORMAT, Bundle, SharedStatement
from cautery.operation.signed import text_of_permission, text_of_statement
from cautery.workflows.case.open import open_case
from cautery.workflows.operation.desk import Desk
from cautery.workflows.operation.holdings import (
    held,
    picture,
    sources_of,
    unsigned_statements,
)
from cautery.workflows.operation.letter import open_letter, write_letter
from cautery.workflows.operation.partners import known_keys, register_partner
from cautery.workflows.operation.receive import receive, refusals
from cautery.workflows.operation.share import (
    add_statements,
    correct,
    permit,
    share,
)

NOON = datetime(2026, 11, 24, 12, tzinfo=UTC)

Desks = Callable[..., Desk]


def said(text: str = "it is the panel", by: str = "it-postal", **more: Any) -> Statement:
    marking = more.pop("marking", Marking(tlp=more.pop("tlp", Tlp.GREEN), pap=Pap.AMBER))
    return Statement(
        **{
            "id": "given",
            "by": by,
            "subject": "host:a.example",
            "about": "asset",
            "text": text,
            "kind": StatementKind.FACT,
            "marking": marking,
            "at": NOON,
            **more,
        }
    )


def unsigned(statement: Statement) -> StatementRecorded:
    """The record of a statement that nobody signed."""
    return StatementRecorded.of(statement, notes={})


def three(desks: Desks) -> tuple[Desk, Desk, Desk]:
    """Rome, Sofia and The Hague, which knows Rome's key."""
    rome, sofia, hague = (desks(one) for one in ("it-postal", "bg-gdbop", "nl-fiod"))
    register_partner(hague, "it-postal", rome.case.verifier, at=NOON)
    return rome, sofia, hague


def told(sender: Desk, receiver: Desk) -> tuple[Statement, ...]:
    """One desk shares with another, honestly."""
    raw = share(sender, receiver.agency.id, at=NOON)
    return receive(receiver, raw, key=sender.case.verifier, at=NOON)


def handed(
    sender: Desk, receiver: Desk, *rows: SharedStatement, permissions: tuple[str, ...] = ()
) -> tuple[Statement, ...]:
    """One desk hands another a bundle of anything, properly signed as its own letter."""
    bundle = Bundle(
        operation=sender.operation.id,
        by=sender.agency.id,
        to=receiver.agency.id,
        at=NOON,
        rows=tuple(sorted(rows, key=lambda one: one.key)),
        permissions=permissions,
    )
    raw = write_letter(bundle.payload(), sender.sign)
    return receive(receiver, raw, key=sender.case.verifier, at=NOON)


def forged(signer: Desk, statement: Statement, *, to: str = "*") -> SharedStatement:
    """A statement under the name that it bears, signed by somebody's key."""
    text = text_of_statement(statement, operation=signer.operation.id, to=to)
    return SharedStatement(statement=statement, note=signer.sign(str(text)))


def row_of(raw: bytes, key: Any, place: int = 0) -> dict[str, Any]:
    found: dict[str, Any] = open_letter(raw, key)["statements"][place]
    return found


def as_shared(desk: Desk, to: str) -> SharedStatement:
    """What a desk would honestly send first, as a dishonest one may keep it."""
    row = row_of(share(desk, to, at=NOON, everything=True), desk.case.verifier)
    return SharedStatement(statement=from_json(Statement, row["statement"]), note=row["note"])


def test_sofia_cannot_say_what_rome_says(agency_desk: Desks) -> None:
    _, sofia, hague = three(agency_desk)
    lie = said("innocent.example is the main panel", subject="host:innocent.example")
    with pytest.raises(EvidenceError, match="not signed by it-postal"):
        handed(sofia, hague, forged(sofia, lie))
    assert held(hague) == ()


def test_what_bears_no_signature_is_refused_and_says_whose_is_missing(agency_desk: Desks) -> None:
    _, sofia, hague = three(agency_desk)
    with pytest.raises(InputError, match="it-postal has not signed it"):
        handed(sofia, hague, SharedStatement(statement=said(), note=None))
    assert held(hague) == ()


def test_what_a_stranger_to_this_desk_signed_waits_until_its_key_is_known(
    agency_desk: Desks,
) -> None:
    rome, sofia, hague = (agency_desk(one) for one in ("it-postal", "bg-gdbop", "nl-fiod"))
    (stated,) = add_statements(rome, [said()])
    told(rome, sofia)
    raw = share(sofia, "nl-fiod", at=NOON)
    with pytest.raises(InputError, match="its key is not known") as caught:
        receive(hague, raw, key=sofia.case.verifier, at=NOON)
    assert "operation partner" in caught.value.hint
    register_partner(hague, "it-postal", rome.case.verifier, at=NOON)
    assert receive(hague, raw, key=sofia.case.verifier, at=NOON) == (stated,)


def test_second_hand_is_shown_as_passed_on(agency_desk: Desks) -> None:
    rome, sofia, hague = three(agency_desk)
    add_statements(rome, [said()])
    add_statements(hague, [said(by="nl-fiod")])
    told(rome, sofia)
    told(sofia, hague)
    assert [one.source for one in held(sofia)] == ["it-postal"]
    assert [one.source for one in held(hague)] == [
        "nl-fiod",
        "it-postal, as passed on by bg-gdbop",
    ]
    assert sources_of(held(hague)) == "2 statements, of them 1 as passed on by bg-gdbop"


def test_what_rome_sends_itself_afterwards_is_first_hand(agency_desk: Desks) -> None:
    rome, sofia, hague = three(agency_desk)
    add_statements(rome, [said()])
    told(rome, sofia)
    told(sofia, hague)
    told(rome, hague)
    assert [one.source for one in held(hague)] == ["it-postal"]


LOWERED = [
    (Marking(tlp=Tlp.AMBER, pap=Pap.RED), Marking(tlp=Tlp.GREEN, pap=Pap.RED)),
    (Marking(tlp=Tlp.GREEN, pap=Pap.RED), Marking(tlp=Tlp.GREEN, pap=Pap.CLEAR)),
    (
        Marking(tlp=Tlp.GREEN, pap=Pap.RED, handling=frozenset({HandlingCode.H1})),
        Marking(tlp=Tlp.GREEN, pap=Pap.RED),
    ),
]


@pytest.mark.parametrize(("signed", "lowered"), LOWERED)
def test_a_marking_is_not_lowered_on_the_way(
    agency_desk: Desks, signed: Marking, lowered: Marking
) -> None:
    rome, sofia, hague = three(agency_desk)
    add_statements(rome, [said(marking=signed)])
    told(rome, sofia)
    row = as_shared(rome, "bg-gdbop")
    softened = replace(row, statement=replace(row.statement, marking=lowered))
    with pytest.raises(EvidenceError, match="its content or marking differs"):
        handed(sofia, hague, softened)
    assert held(hague) == ()


def test_nobody_permits_itself(agency_desk: Desks) -> None:
    rome, sofia, hague = three(agency_desk)
    (stated,) = add_statements(rome, [said(tlp=Tlp.AMBER)])
    told(rome, sofia)
    with pytest.raises(InputError, match="only the agency that made"):
        permit(sofia, stated.id, by="eurojust", to="nl-fiod", why="I say so", at=NOON)
    row = as_shared(rome, "bg-gdbop")
    text = text_of_permission(
        row.statement, operation=rome.operation.id, by="bg-gdbop", to="nl-fiod"
    )
    with pytest.raises(EvidenceError, match="not signed by it-postal"):
        handed(sofia, hague, replace(row, permission=sofia.sign(str(text))))
    assert held(hague) == ()


def test_a_permission_that_an_older_case_filed_by_itself_lets_nothing_out(
    agency_desk: Desks,
) -> None:
    rome, sofia, _ = three(agency_desk)
    (stated,) = add_statements(rome, [said(tlp=Tlp.AMBER)])
    told(rome, sofia)
    sofia.record(StatementPermitted(statement=stated.id, to="nl-fiod", why="x"))
    assert not open_letter(share(sofia, "nl-fiod", at=NOON), sofia.case.verifier)["statements"]


def test_nobody_withdraws_what_another_stated(agency_desk: Desks) -> None:
    rome, sofia, hague = three(agency_desk)
    (stated,) = add_statements(rome, [said()])
    told(rome, hague)
    withdrawal = said(
        "there is no panel",
        id="f" * 32,
        details={"corrects": stated.id, "withdrawn": True},
    )
    with pytest.raises(EvidenceError, match="not signed by it-postal"):
        handed(sofia, hague, forged(sofia, withdrawal))
    own = replace(withdrawal, by="bg-gdbop")
    handed(sofia, hague, forged(sofia, own))
    assert stated in picture(hague)


def test_what_was_withdrawn_stays_withdrawn_when_it_is_sent_again(agency_desk: Desks) -> None:
    rome, sofia, hague = three(agency_desk)
    (stated,) = add_statements(rome, [said()])
    row = as_shared(rome, "bg-gdbop")
    new, _ = correct(rome, stated.id, text="there is none", at=NOON, withdrawn=True)
    told(rome, hague)
    handed(sofia, hague, row)
    assert picture(hague) == ()
    ((sender, why),) = refusals(hague)
    assert (sender, why.values["reason"].id) == ("bg-gdbop", "refused.corrected")
    assert new.id in say(why)


def test_an_old_bundle_sent_again_after_a_withdrawal_changes_nothing(agency_desk: Desks) -> None:
    rome, sofia = agency_desk("it-postal"), agency_desk("bg-gdbop")
    (stated,) = add_statements(rome, [said()])
    old = share(rome, "bg-gdbop", at=NOON)
    receive(sofia, old, key=rome.case.verifier, at=NOON)
    correct(rome, stated.id, text="there is none", at=NOON, withdrawn=True)
    told(rome, sofia)
    before = held(sofia)
    receive(sofia, old, key=rome.case.verifier, at=NOON)
    assert held(sofia) == before
    assert picture(sofia) == ()


def test_of_two_statements_under_one_id_the_first_holds_and_the_conflict_is_named(
    agency_desk: Desks,
) -> None:
    """Rome itself signs two: what it said to one is not what it said to another."""
    rome, _, hague = three(agency_desk)
    first, second = said("it is in Sofia", id="a" * 32), said("it is in Oslo", id="a" * 32)
    handed(rome, hague, forged(rome, first))
    handed(rome, hague, forged(rome, second))
    assert picture(hague) == (first,)
    ((sender, why),) = refusals(hague)
    assert sender == "it-postal"
    assert "another statement under this id" in say(why)


def test_a_bundle_for_somebody_else_is_refused_and_recorded(agency_desk: Desks) -> None:
    rome, _, hague = three(agency_desk)
    add_statements(rome, [said()])
    raw = share(rome, "bg-gdbop", at=NOON)
    with pytest.raises(InputError, match="for 'bg-gdbop', not for nl-fiod"):
        receive(hague, raw, key=rome.case.verifier, at=NOON)
    ((_, refused),) = hague.contents(BundleRefused)
    assert (refused.from_, refused.digest) == ("it-postal", digest_of(raw))
    assert refused.exhibit is not None
    assert hague.case.vault.read(refused.exhibit) == raw


def test_what_its_sender_did_not_sign_is_recorded_by_its_digest_alone(agency_desk: Desks) -> None:
    _, sofia, hague = three(agency_desk)
    for _ in range(2):
        with pytest.raises(CauteryError):
            receive(hague, b"noise", key=sofia.case.verifier, at=NOON)
    ((_, refused),) = hague.contents(BundleRefused)
    assert (refused.exhibit, refused.from_) == (None, None)
    assert refused.digest == digest_of(b"noise")


def test_one_bad_statement_in_a_bundle_and_nothing_of_it_is_taken(agency_desk: Desks) -> None:
    _, sofia, hague = three(agency_desk)
    good = forged(sofia, said("good", by="bg-gdbop", id="a" * 32))
    lie = forged(sofia, said("a lie", id="b" * 32))
    with pytest.raises(EvidenceError):
        handed(sofia, hague, good, lie)
    assert held(hague) == ()
    assert not list(hague.contents(BundleReceived))


@pytest.mark.parametrize(
    "bad",
    [
        {"id": "../../../../etc/passwd"},
        {"id": ""},
        {"id": "a" * 101},
        {"id": "a\u202eb"},
        {"id": "a\x00b"},
        {"id": "a b"},
        {"subject": "host:a\u202e.example"},
        {"subject": "host:" + "a" * 2000},
        {"subject": "host:a\n.example"},
        {"about": "../x"},
        {"exhibits": ["../../../../x"]},
        {"to": ["../x"]},
    ],
)
def test_an_id_that_is_none_comes_into_no_desk(agency_desk: Desks, bad: dict[str, Any]) -> None:
    rome, sofia = agency_desk("it-postal"), agency_desk("bg-gdbop")
    add_statements(rome, [said()])
    payload = open_letter(share(rome, "bg-gdbop", at=NOON), rome.case.verifier)
    payload["statements"][0]["statement"].update(bad)
    with pytest.raises(InputError, match=r"an id has|an id is|expected one"):
        receive(sofia, write_letter(payload, rome.sign), key=rome.case.verifier, at=NOON)
    assert not list(sofia.contents(BundleReceived))


def test_a_statement_from_the_future_outlasts_nothing(agency_desk: Desks) -> None:
    rome, _, hague = three(agency_desk)
    late = said(id="a" * 32, at=NOON + timedelta(days=400))
    with pytest.raises(InputError, match="its time is after that of the bundle"):
        handed(rome, hague, forged(rome, late))
    raw = share(rome, "nl-fiod", at=NOON + timedelta(days=400))
    with pytest.raises(InputError, match="in the future"):
        receive(hague, raw, key=rome.case.verifier, at=NOON)


def letter_of(desk: Desk, body: bytes) -> bytes:
    """A letter that a desk properly signed over any bytes at all."""
    note = desk.sign(f"cautery.letter/1\n{digest_of(body)}\n")
    return (
        b'{"note":' + json.dumps(note, ensure_ascii=False).encode() + b',"payload":' + body + b"}"
    )


def padded(payload: dict[str, Any], **more: Any) -> bytes:
    return json.dumps({**payload, **more}, separators=(",", ":"), sort_keys=True).encode()


@pytest.mark.parametrize(
    "spoil",
    [
        lambda p: padded(p)[:-1] + b',"to":"nl-fiod"}',
        lambda p: padded(p, at=float("nan")),
        lambda p: padded(p).replace(b'"permissions":[]', b'"permissions":1e999'),
        lambda p: padded(p).replace(b'"permissions":[]', b'"permissions":' + b"9" * 5000),
        lambda p: padded(p, permissions=2**60),
        lambda p: padded(p).replace(b'"permissions":[]', b'"permissions":' + b"[" * 10**6),
        lambda p: padded(p).replace(b'"permissions":[]', b'"permissions":' + b"[" * 40 + b"]" * 40),
        lambda p: padded(p, permissions=["x"] * 20_001),
        lambda p: padded(p, statements=[1] * 20_001),
        lambda p: padded(p).replace(b"op-1", b"\\ud800"),
        lambda p: padded(p).replace(b"op-1", b"\xff"),
        lambda p: b" " + padded(p),
        lambda p: b"[]",
        lambda p: b"",
    ],
)
def test_a_partner_that_signs_nonsense_is_refused_in_words_and_whole(
    agency_desk: Desks, spoil: Callable[[dict[str, Any]], bytes]
) -> None:
    rome, sofia = agency_desk("it-postal"), agency_desk("bg-gdbop")
    payload = open_letter(share(rome, "bg-gdbop", at=NOON), rome.case.verifier)
    with pytest.raises(InputError):
        receive(sofia, letter_of(rome, spoil(payload)), key=rome.case.verifier, at=NOON)
    assert not list(sofia.contents(BundleReceived))
    assert len(list(sofia.contents(BundleRefused))) == 1


def test_what_does_not_fit_into_one_bundle_goes_with_the_next(
    agency_desk: Desks, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bundle, "MAX_STATEMENTS", 2)
    rome, sofia = agency_desk("it-postal"), agency_desk("bg-gdbop")
    add_statements(rome, [said(f"no. {n}") for n in range(5)])
    assert [len(told(rome, sofia)) for _ in range(4)] == [2, 2, 1, 0]
    assert len(picture(sofia)) == 5


def test_the_first_key_of_an_agency_holds(agency_desk: Desks) -> None:
    rome, _, hague = three(agency_desk)
    double = agency_desk("it-postal", name="double")
    assert not register_partner(hague, "it-postal", rome.case.verifier, at=NOON)
    with pytest.raises(InputError, match="another key before"):
        register_partner(hague, "it-postal", double.case.verifier, at=NOON)
    with pytest.raises(InputError, match="the one with which it-postal has signed"):
        register_partner(hague, "bg-gdbop", rome.case.verifier, at=NOON)
    hague.record(PartnerRegistered(agency="it-postal", key=double.opening.key), at=NOON)
    add_statements(rome, [said()])
    assert told(rome, hague)


def test_a_key_that_the_desk_did_not_sign_is_nobodys(agency_desk: Desks) -> None:
    """Who can append to the case, but not sign for it, has a key of their own taken for Rome's."""
    hague, rome = agency_desk("nl-fiod"), agency_desk("it-postal")
    double = agency_desk("it-postal", name="double")
    key = str(double.case.verifier)
    signed = double.sign(
        f"cautery partner v1\noperation {hague.operation.id}\nagency it-postal\nkey {key}\n"
    )
    own = hague.sign(
        f"cautery partner v1\noperation {hague.operation.id}\nagency bg-gdbop\nkey {key}\n"
    )
    for note in (None, signed, own, "not a valid note"):
        hague.record(PartnerRegistered(agency="it-postal", key=key, note=note), at=NOON)
    exhibit, digest = ExhibitId("x"), Digest("x")
    hague.record(
        BundleReceived(from_="it-postal", at=NOON, digest=digest, exhibit=exhibit, key=key, who="x")
    )
    hague.record(
        DeconflictionLetter(
            session="x", step=1, sent=False, with_="it-postal", size=64, at=NOON,
            digest=digest, exhibit=exhibit, key=key,
        )
    )  # fmt: skip
    assert set(known_keys(hague)) == {"nl-fiod"}
    add_statements(rome, [said()])
    assert told(rome, hague)
    assert known_keys(hague)["it-postal"] == rome.case.verifier


@pytest.fixture
def older_desks(tmp_path: Path, agency_table: Operation) -> None:
    """Desks that were begun by a version that did not sign whose key is whose."""
    store = FolderStore(KeyFolder(tmp_path / "keys"), patience_s=0.1)
    for agency in ("it-postal", "bg-gdbop", "nl-fiod"):
        case = open_case(tmp_path / f"case-{agency}", store=store, clock=FixedClock(NOON))
        opening = OperationOpened(
            operation=agency_table,
            agency=agency,
            version="0.1.0",
            lab=agency_table.lab,
            key=str(case.verifier),
        )
        append(case.ledger, opening, at=NOON)
        case.leave()


@pytest.mark.usefixtures("older_desks")
def test_a_desk_of_an_older_version_knows_the_keys_that_it_recorded(agency_desk: Desks) -> None:
    rome = agency_desk("it-postal")
    desk = agency_desk("nl-fiod")
    desk.record(PartnerRegistered(agency="it-postal", key=rome.opening.key), at=NOON)
    assert known_keys(desk)["it-postal"] == rome.case.verifier


# Cases of an older version: nobody signed a statement, and bundles are of the format before.


def old_bundle(sender: Desk, receiver: Desk, *statements: Statement) -> bytes:
    payload = {
        "format": OLD_FORMAT,
        "operation": sender.operation.id,
        "from": sender.agency.id,
        "to": receiver.agency.id,
        "at": iso(NOON),
        "statements": [to_json(one) for one in statements],
        "permitted": [],
    }
    return write_letter(payload, sender.sign)


def filed_before(sender: Desk, receiver: Desk, raw: bytes) -> None:
    """File a bundle as an older version of Cautery did."""
    exhibit = receiver.case.vault.seal(
        raw, media_type="application/json", at=NOON, clock=receiver.case.clock.offset()
    )
    received = BundleReceived(
        from_=sender.agency.id,
        at=NOON,
        digest=digest_of(raw),
        exhibit=exhibit.id,
        key=sender.opening.key,
        who="x",
    )
    receiver.record(received, at=NOON)


@pytest.mark.usefixtures("older_desks")
def test_an_older_case_opens_and_shows_what_nobody_signed(agency_desk: Desks) -> None:
    rome, sofia, hague = three(agency_desk)
    hague.record(unsigned(said(by="nl-fiod", id="c" * 32)), at=NOON)
    filed_before(sofia, hague, old_bundle(sofia, hague, said(id="d" * 32)))
    assert [one.source for one in held(hague)] == [
        "nl-fiod, unsigned",
        "it-postal, as passed on by bg-gdbop, unsigned",
    ]
    assert len(picture(hague)) == 2
    assert rome.agency.id == "it-postal"


@pytest.mark.usefixtures("older_desks")
def test_an_id_that_an_older_case_took_in_does_not_keep_it_from_opening(
    agency_desk: Desks,
) -> None:
    _, sofia, hague = three(agency_desk)
    payload = to_json(said(by="bg-gdbop", id="e" * 32))
    good = old_bundle(sofia, hague, said(by="bg-gdbop", id="e" * 32))
    body = open_letter(good, sofia.case.verifier)
    body["statements"].append({**payload, "id": "../../../../x"})
    filed_before(sofia, hague, write_letter(body, sofia.sign))
    assert [one.statement.id for one in held(hague)] == ["e" * 32]


def test_a_bundle_of_the_format_before_is_refused_at_receipt(agency_desk: Desks) -> None:
    _, sofia, hague = three(agency_desk)
    with pytest.raises(InputError, match="are not signed") as caught:
        receive(hague, old_bundle(sofia, hague, said()), key=sofia.case.verifier, at=NOON)
    assert "need bundle/2" in caught.value.hint


def test_what_nobody_signed_is_shared_only_once_it_is_signed(agency_desk: Desks) -> None:
    rome, sofia = agency_desk("it-postal"), agency_desk("bg-gdbop")
    (stated,) = add_statements(rome, [said()])
    other = agency_desk("it-postal", name="older")
    other.record(unsigned(said("an old one")), at=NOON)
    assert told(other, sofia) == ()
    add_statements(other, unsigned_statements(other), at=NOON)
    assert [one.text for one in told(other, sofia)] == ["an old one"]
    assert stated.text == "it is the panel"


def test_a_record_that_the_desk_never_signed_goes_to_nobody_as_its_word(
    agency_desk: Desks,
) -> None:
    """Who can append to the ledger but has no key puts words into Rome's mouth."""
    rome, sofia = agency_desk("it-postal"), agency_desk("bg-gdbop")
    (stated,) = add_statements(rome, [said()])
    ((_, recorded),) = rome.contents(StatementRecorded)
    lie = replace(recorded, text="innocent.example is the panel", id="a" * 32)
    rome.record(lie, at=NOON)
    assert told(rome, sofia) == (stated,)
    assert [one.signed for one in held(rome)] == [True, False]


def test_what_nobody_signed_undoes_nothing_that_is_signed(agency_desk: Desks) -> None:
    rome = agency_desk("it-postal")
    (stated,) = add_statements(rome, [said()])
    lie = said("no", id="a" * 32, details={"corrects": stated.id, "withdrawn": True})
    rome.record(unsigned(lie), at=NOON)
    assert stated in picture(rome)
