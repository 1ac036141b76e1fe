"""Deconfliction between two cases: signed letters, each once, and only the overlap comes out."""

from __future__ import annotations

import base64
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from cautery.errors import ErasedError, EvidenceError, InputError, StorageError
from cautery.model import Marking, Pap, Statement, StatementKind, Tlp
from cautery.model.records import DeconflictionLetter, DeconflictionResult
from cautery.workflows.case.close import close_case
from cautery.workflows.case.verify import verify_case
from cautery.workflows.operation.deconflict import (
    deconflict_desks,
    first,
    forget_run,
    fourth,
    last,
    second,
    third,
)
from cautery.workflows.operation.desk import Desk
from cautery.workflows.operation.letter import open_letter, write_letter
from cautery.workflows.operation.own_targets import compared_targets, targets_of
from cautery.workflows.operation.receive import receive
from cautery.workflows.operation.share import add_statements, share

NOON = datetime(2026, 11, 24, 12, tzinfo=UTC)
ROME = ["host:a.example", "host:b.example", "address:192.0.2.1"]
SOFIA = ["host:B.example", "192.0.2.1", "host:z.example"]
FILED = (DeconflictionLetter, DeconflictionResult)
SHARED = ("address:192.0.2.1", "host:b.example")

Desks = Callable[..., Desk]


def states(desk: Desk, *subjects: str, about: str = "asset") -> None:
    marking = Marking(tlp=Tlp.GREEN, pap=Pap.RED)
    add_statements(
        desk,
        [
            Statement(
                id="x",
                by=desk.agency.id,
                subject=one,
                about=about,
                text=f"{one} is used",
                kind=StatementKind.FACT,
                marking=marking,
                at=NOON,
            )
            for one in subjects
        ],
    )


class Run:
    """A run between Rome and Sofia, letter by letter."""

    def __init__(self, desks: Desks, rome: list[str] = ROME, sofia: list[str] = SOFIA) -> None:
        self.a, self.b = desks("it-postal"), desks("bg-gdbop")
        self.key_a, self.key_b = self.a.case.verifier, self.b.case.verifier
        self.rome, self.sofia = rome, sofia

    def one(self) -> bytes:
        return first(self.a, "bg-gdbop", at=NOON, targets=self.rome, size=64)

    def two(self, one: bytes) -> bytes:
        return second(self.b, one, key=self.key_a, at=NOON, targets=self.sofia)

    def three(self, two: bytes) -> bytes:
        return third(self.a, two, key=self.key_b, at=NOON)


def test_both_learn_what_they_share_and_whom_to_call(agency_desk: Desks) -> None:
    run = Run(agency_desk)
    known_b = fourth(run.b, run.three(run.two(run.one())), key=run.key_a, at=NOON)
    assert known_b.reply is not None
    known_a = last(run.a, known_b.reply, key=run.key_b, at=NOON)
    assert known_a.shared == known_b.shared == SHARED
    assert known_a.partner.contact == "desk@bg-gdbop.example"
    assert known_b.partner.contact == "desk@it-postal.example"
    ((_, result),) = run.a.contents(DeconflictionResult)
    assert (result.with_, result.shared) == ("bg-gdbop", SHARED)


def test_two_desks_in_one_process_compare_their_own_statements(agency_desk: Desks) -> None:
    rome, sofia = agency_desk("it-postal"), agency_desk("bg-gdbop")
    states(rome, *ROME)
    states(rome, "host:z.example", about="plan")
    states(sofia, *SOFIA)
    assert deconflict_desks(rome, sofia, at=NOON, size=64) == SHARED


def test_what_others_have_shared_is_not_compared(agency_desk: Desks) -> None:
    rome, sofia = agency_desk("it-postal"), agency_desk("bg-gdbop")
    states(rome, "host:a.example")
    receive(sofia, share(rome, "bg-gdbop", at=NOON), key=rome.case.verifier, at=NOON)
    assert targets_of(sofia) == ()


def letters_of(desks: Desks, rome: list[str], sofia: list[str]) -> list[dict[str, Any]]:
    a, b = desks("it-postal"), desks("bg-gdbop")
    deconflict_desks(a, b, at=NOON, targets_a=rome, targets_b=sofia, size=64)
    letters = [letter for _, letter in a.contents(DeconflictionLetter)][-4:]
    raws = [a.case.vault.read(letter.exhibit) for letter in letters]
    keys = [a.case.verifier, b.case.verifier] * 2
    return [open_letter(raw, key) for raw, key in zip(raws, keys, strict=True)]


def shape(payload: dict[str, Any]) -> dict[str, Any]:
    """A letter without what is drawn anew in each run: names, lengths, order, constants."""
    drawn = {"session", "nonce", "commitment", "previous", "masked", "raised"}
    return {key: len(value) if key in drawn else value for key, value in payload.items()}


def test_the_transcript_has_one_shape_whatever_is_not_shared(agency_desk: Desks) -> None:
    shapes = [
        [shape(one) for one in letters_of(agency_desk, ROME[1:2] + extra, [ROME[1], *other])]
        for extra, other in [
            ([], []),
            ([f"host:hidden-{n}.example" for n in range(50)], []),
            (["wallet:" + "x" * 900], [f"address:198.51.100.{n}" for n in range(60)]),
        ]
    ]
    assert shapes[0] == shapes[1] == shapes[2]


def points(text: str) -> list[bytes]:
    whole = base64.b64decode(text)
    return [whole[at : at + 32] for at in range(0, len(whole), 32)]


def test_no_point_of_a_transcript_comes_twice_but_by_the_overlap(agency_desk: Desks) -> None:
    two_runs = letters_of(agency_desk, ROME, SOFIA) + letters_of(agency_desk, ROME, SOFIA)
    sets = [points(one[key]) for one in two_runs for key in ("masked", "raised") if key in one]
    every = [point for one in sets for point in one]
    assert [len(one) for one in sets] == [64] * 8
    assert len(every) - len(set(every)) == 2 * len(SHARED)


def test_no_target_and_no_bare_hash_of_one_is_in_the_letters(agency_desk: Desks) -> None:
    rome = agency_desk("it-postal")
    letters_of(agency_desk, ROME, SOFIA)
    for _, letter in rome.contents(DeconflictionLetter):
        raw = rome.case.vault.read(letter.exhibit)
        assert b"example" not in raw
        assert "example" not in str(replace(letter, with_=""))


def test_a_set_other_than_the_one_committed_to_is_refused(agency_desk: Desks) -> None:
    run = Run(agency_desk)
    two = run.two(run.one())
    payload = open_letter(run.three(two), run.key_a)
    adapted = points(open_letter(two, run.key_b)["masked"])
    payload["masked"] = base64.b64encode(b"".join(adapted)).decode()
    with pytest.raises(InputError, match="another set than the one to which it committed"):
        fourth(run.b, write_letter(payload, run.a.sign), key=run.key_a, at=NOON)
    assert not list(run.b.contents(DeconflictionResult))


def test_the_same_letter_again_gets_the_same_answer_and_is_not_filed_twice(
    agency_desk: Desks,
) -> None:
    run = Run(agency_desk)
    one = run.one()
    two = run.two(one)
    three = run.three(two)
    known_b = fourth(run.b, three, key=run.key_a, at=NOON)
    assert known_b.reply is not None
    known_a = last(run.a, known_b.reply, key=run.key_b, at=NOON)
    filed = [len(list(desk.contents(*FILED))) for desk in (run.a, run.b)]
    assert run.two(one) == two
    assert run.three(two) == three
    assert fourth(run.b, three, key=run.key_a, at=NOON) == known_b
    assert last(run.a, known_b.reply, key=run.key_b, at=NOON) == known_a
    assert filed == [len(list(desk.contents(*FILED))) for desk in (run.a, run.b)]


def test_another_letter_in_the_place_of_one_that_was_answered_is_refused(
    agency_desk: Desks,
) -> None:
    """Else a partner could ask again and again with other points of its own."""
    run = Run(agency_desk)
    one = run.one()
    two = run.two(one)
    run.three(two)
    other = {
        **open_letter(two, run.key_b),
        "masked": open_letter(run.two(run.one()), run.key_b)["masked"],
    }
    with pytest.raises(InputError, match="each step is answered only once"):
        run.three(write_letter(other, run.b.sign))
    changed = {**open_letter(one, run.key_a), "commitment": "11" * 32}
    with pytest.raises(InputError, match="each step is answered only once"):
        run.two(write_letter(changed, run.a.sign))


def test_a_step_that_cannot_be_recorded_whole_can_be_taken_again(
    agency_desk: Desks, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Cut short between two records, a run used to be lost: received, and never answered."""
    run = Run(agency_desk)
    three = run.three(run.two(run.one()))
    written = run.b.case.ledger.append_all

    def full(records: Any, **_: Any) -> Any:
        raise StorageError("disk full")

    monkeypatch.setattr(run.b.case.ledger, "append_all", full)
    with pytest.raises(StorageError):
        fourth(run.b, three, key=run.key_a, at=NOON)
    assert not list(run.b.contents(DeconflictionResult))
    monkeypatch.setattr(run.b.case.ledger, "append_all", written)
    assert fourth(run.b, three, key=run.key_a, at=NOON).shared == SHARED


def test_two_at_one_desk_who_answer_at_once_leave_a_run_that_goes_on(agency_desk: Desks) -> None:
    run = Run(agency_desk)
    one = run.one()
    lost = second(run.b, one, key=run.key_a, at=NOON, targets=SOFIA)
    records = [letter for _, letter in run.b.contents(DeconflictionLetter) if letter.step == 2]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("cautery.workflows.operation.deconflict.answered_with", lambda *_, **__: None)
        sent = run.two(one)
    assert sent != lost
    assert len(records) == 1
    assert fourth(run.b, run.three(sent), key=run.key_a, at=NOON).shared == SHARED


def test_a_letter_of_another_run_is_refused(agency_desk: Desks) -> None:
    run = Run(agency_desk)
    two = run.two(run.one())
    other = open_letter(run.two(run.one()), run.key_b)
    crossed = {**open_letter(two, run.key_b), "session": other["session"]}
    with pytest.raises(InputError, match="does not answer the letter"):
        run.three(write_letter(crossed, run.b.sign))
    with pytest.raises(InputError, match="neither begun nor answered"):
        run.three(write_letter({**other, "session": "0" * 64}, run.b.sign))


def test_a_session_that_does_not_fit_its_agencies_is_refused(agency_desk: Desks) -> None:
    run = Run(agency_desk)
    payload = open_letter(run.one(), run.key_a)
    for change in ({"nonce": "11" * 32}, {"size": 128}, {"session": "0" * 64}):
        with pytest.raises(InputError, match="session does not belong"):
            run.two(write_letter({**payload, **change}, run.a.sign))


@pytest.mark.parametrize(
    "change",
    [
        {"size": 63},
        {"size": True},
        {"size": "64"},
        {"size": 2**40},
        {"nonce": "zz"},
        {"nonce": 5},
        {"commitment": "AA" * 32},
        {"step": 2},
        {"format": "x"},
        {"extra": 1},
        {"operation": "op-2"},
        {"to": "nl-fiod"},
        {"from": "us-hsi"},
        {"from": "league"},
        {"session": 7},
    ],
)
def test_a_malformed_first_letter_is_refused_and_not_filed(
    agency_desk: Desks, change: dict[str, Any]
) -> None:
    run = Run(agency_desk)
    payload = {**open_letter(run.one(), run.key_a), **change}
    with pytest.raises(InputError):
        run.two(write_letter(payload, run.a.sign))
    assert not list(run.b.contents(DeconflictionLetter))


@pytest.mark.parametrize("spoilt", ["AAAA", "A" * 43, "é", 7, "A" * 2732 + "="])
def test_malformed_points_are_refused(agency_desk: Desks, spoilt: object) -> None:
    run = Run(agency_desk)
    payload = {**open_letter(run.two(run.one()), run.key_b), "masked": spoilt}
    with pytest.raises(InputError):
        run.three(write_letter(payload, run.b.sign))


def test_a_letter_signed_by_somebody_else_is_refused(agency_desk: Desks) -> None:
    run = Run(agency_desk)
    hague = agency_desk("nl-fiod")
    with pytest.raises(EvidenceError, match=", not by cautery/case-"):
        second(run.b, run.one(), key=hague.case.verifier, at=NOON, targets=SOFIA)


def test_a_key_belongs_to_one_agency_and_an_agency_to_one_key(agency_desk: Desks) -> None:
    run = Run(agency_desk)
    run.two(run.one())
    double = agency_desk("it-postal", name="double")
    other = first(double, "bg-gdbop", at=NOON, targets=ROME, size=64)
    with pytest.raises(InputError, match="another key before"):
        second(run.b, other, key=double.case.verifier, at=NOON, targets=SOFIA)
    claimed = {**open_letter(run.one(), run.key_a), "from": "nl-fiod"}
    with pytest.raises(InputError, match="the one with which it-postal has signed"):
        second(run.b, write_letter(claimed, run.a.sign), key=run.key_a, at=NOON)
    own = {**open_letter(run.one(), run.key_a), "to": "bg-gdbop", "from": "nl-fiod"}
    with pytest.raises(InputError, match="this desk's own"):
        second(run.b, write_letter(own, run.b.sign), key=run.key_b, at=NOON)


@pytest.mark.parametrize(
    ("partner", "rule"),
    [("us-hsi", "not an agency"), ("it-postal", "with itself"), ("league", "only advise")],
)
def test_a_run_is_with_another_agency_that_acts(
    agency_desk: Desks, partner: str, rule: str
) -> None:
    with pytest.raises(InputError, match=rule):
        first(agency_desk("it-postal"), partner, at=NOON, targets=ROME)


def test_the_secrets_of_a_run_lie_encrypted_and_are_destroyed_when_asked(
    agency_desk: Desks,
) -> None:
    run = Run(agency_desk)
    one = run.one()
    session = open_letter(one, run.key_a)["session"]
    whole = b"".join(p.read_bytes() for p in run.a.case.path.rglob("*") if p.is_file())
    assert b"a.example" not in whole
    two = run.two(one)
    assert forget_run(run.a, session, why="given up") == 1
    with pytest.raises(ErasedError):
        run.three(two)
    with pytest.raises(InputError, match="no deconfliction run"):
        forget_run(run.a, "0" * 64, why="x")


def test_both_cases_verify_after_a_run(agency_desk: Desks) -> None:
    run = Run(agency_desk)
    deconflict_desks(run.a, run.b, at=NOON, targets_a=ROME, targets_b=SOFIA, size=64)
    for desk in (run.a, run.b):
        close_case(desk.case, at=NOON)
        assert verify_case(desk.case.path, store=desk.case.store).named == 5


# The marking decides what takes part: a match is told to the other side.


def marked(desk: Desk, subject: str, tlp: Tlp, *, to: tuple[str, ...] = ()) -> Statement:
    return Statement(
        id="x",
        by=desk.agency.id,
        subject=subject,
        about="asset",
        text=f"{subject} is used",
        kind=StatementKind.FACT,
        marking=Marking(tlp=tlp, pap=Pap.RED),
        at=NOON,
        to=frozenset(to),
    )


@pytest.mark.parametrize("from_file", [False, True])
def test_what_may_not_be_told_takes_no_part_in_a_run(
    agency_desk: Desks, *, from_file: bool
) -> None:
    rome, sofia = agency_desk("it-postal"), agency_desk("bg-gdbop")
    states(sofia, "host:red.example", "host:strict.example", "host:named.example", "host:a.example")
    add_statements(
        rome,
        [
            marked(rome, "host:red.example", Tlp.RED),
            marked(rome, "host:strict.example", Tlp.AMBER_STRICT),
            marked(rome, "host:named.example", Tlp.RED, to=("bg-gdbop",)),
            marked(rome, "host:a.example", Tlp.AMBER),
        ],
    )
    given = list(targets_of(rome)) if from_file else None
    shared = deconflict_desks(rome, sofia, at=NOON, targets_a=given, size=64)
    assert shared == ("host:a.example", "host:named.example")
    assert not any(
        "red.example" in str(result) for _, result in sofia.contents(DeconflictionResult)
    )


def test_what_another_told_in_confidence_is_not_matched_with_a_third(agency_desk: Desks) -> None:
    rome, sofia, hague = (agency_desk(one) for one in ("it-postal", "bg-gdbop", "nl-fiod"))
    add_statements(rome, [marked(rome, "host:a.example", Tlp.RED, to=("bg-gdbop",))])
    receive(sofia, share(rome, "bg-gdbop", at=NOON), key=rome.case.verifier, at=NOON)
    states(hague, "host:a.example")
    assert deconflict_desks(sofia, hague, at=NOON, targets_a=["host:A.example"], size=64) == ()


def test_nobody_opens_a_secret_target_by_stating_its_guess_of_it_first(
    agency_desk: Desks,
) -> None:
    """Sofia and The Hague state openly what Rome may have; that Rome has it stays untold."""
    rome, sofia, hague = (agency_desk(one) for one in ("it-postal", "bg-gdbop", "nl-fiod"))
    add_statements(rome, [marked(rome, "host:a.example", Tlp.RED)])
    for desk in (sofia, hague):
        states(desk, "host:a.example")
        raw = share(desk, "it-postal", at=NOON)
        receive(rome, raw, key=desk.case.verifier, at=NOON)
    assert deconflict_desks(rome, sofia, at=NOON, size=64) == ()


def test_a_run_says_how_many_targets_it_leaves_out_by_which_marking(agency_desk: Desks) -> None:
    rome, sofia = agency_desk("it-postal"), agency_desk("bg-gdbop")
    rows = [marked(rome, f"host:{n}.example", Tlp.RED) for n in "abc"]
    add_statements(rome, [*rows, marked(rome, "host:d.example", Tlp.AMBER_STRICT)])
    compared = compared_targets(rome, sofia.agency, None)
    assert compared.targets == ()
    assert compared.words == (
        "left out because of their markings: 4 targets (1 TLP:AMBER+STRICT PAP:RED, 3 TLP:RED PAP:RED)"
    )
