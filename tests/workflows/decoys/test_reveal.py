"""A reveal opens every leaf to the recorded root once the night is over, or takes nothing."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from tests.lists import NOW
from tests.planted import MANDATE, NIGHT, PLANNED_AT, PLANNER, night_of, planned, question

from cautery.errors import ApprovalError, ConflictError, EvidenceError, InputError
from cautery.evidence.decoys import key_id_of, openings_of
from cautery.evidence.sealed_night import RANDOM_BYTES
from cautery.model import ExhibitId
from cautery.model.decoys import DecoyPlan, KeeperNote, RevealedBy
from cautery.model.ledger import append, contents
from cautery.model.records import CaseOpened, DecoyRevealed, DecoysPlanned, DecoysTold
from cautery.projections.decoys import Decoys
from cautery.workflows.case.open import Case
from cautery.workflows.decoys.keep import Keeper
from cautery.workflows.decoys.night import PlannedNight, notes_file, read_notes
from cautery.workflows.decoys.reveal import reveal

PLANNED = night_of(planned())
AFTER = NIGHT.end + timedelta(minutes=1)


@pytest.fixture
def case(case: Case) -> Case:
    """A case whose mandate plans decoys."""
    opened = CaseOpened(mandate=MANDATE, version="", lab=True, key="")
    append(case.ledger, opened, at=PLANNED_AT)
    return case


def record_plan(case: Case, night: PlannedNight = PLANNED) -> None:
    append(
        case.ledger,
        DecoysPlanned(
            at=PLANNED_AT,
            sealed=night.sealed,
            exhibit=ExhibitId("sha256:0"),
            key=key_id_of(night.sealed),
        ),
        at=PLANNED_AT,
    )


def recorded(case: Case) -> list[DecoyRevealed]:
    return [content for _, content in contents(case.ledger, DecoyRevealed)]


def test_all_decoys_are_recorded_after_the_night(case: Case) -> None:
    record_plan(case)
    done = reveal(case.ledger, PLANNED, now=AFTER)
    assert (done.opened, done.before, dict(done.kinds)["own-stream"]) == (12, 0, 6)
    assert [record.opening.index for record in recorded(case)] == list(range(12))
    assert {record.how for record in recorded(case)} == {RevealedBy.REVEAL}
    decoys = [record.opening.decoy for record in recorded(case)]
    assert decoys == [leaf.decoy for leaf in PLANNED.plan.leaves]


def test_a_second_reveal_adds_nothing(case: Case) -> None:
    record_plan(case)
    reveal(case.ledger, PLANNED, now=AFTER)
    again = reveal(case.ledger, PLANNED, now=AFTER)
    assert (again.opened, again.before, len(recorded(case))) == (0, 12, 12)


def test_what_the_gate_opened_is_not_recorded_twice(case: Case) -> None:
    record_plan(case)
    (opening,) = openings_of(PLANNED.plan.leaves, [4], night="derby-1")
    append(
        case.ledger,
        DecoyRevealed(
            at=NIGHT.start, night="derby-1", root=PLANNED.sealed.root, how=RevealedBy.GATE,
            opening=opening, act="R-1",
        ),
        at=NIGHT.start,
    )  # fmt: skip
    done = reveal(case.ledger, PLANNED, now=AFTER)
    assert (done.opened, done.before) == (11, 1)
    assert sorted(record.opening.index for record in recorded(case)) == list(range(12))


def test_openings_that_somebody_made_up_hide_nothing_from_the_reveal(case: Case) -> None:
    record_plan(case)
    (made_up,) = openings_of(PLANNED.plan.leaves, [0], night="derby-1")
    for leaf in range(12):
        append(
            case.ledger,
            DecoyRevealed(
                at=NIGHT.start, night="derby-1", root=PLANNED.sealed.root, how=RevealedBy.GATE,
                opening=replace(made_up, index=leaf, salt="0" * 64, proof=()),
            ),
            at=NIGHT.start,
        )  # fmt: skip
    done = reveal(case.ledger, PLANNED, now=AFTER)
    assert (done.opened, done.before) == (12, 0)
    decoys = Decoys().read_on(case.ledger)
    assert (decoys.unopened, decoys.secret) == (0, False)
    again = reveal(case.ledger, PLANNED, now=AFTER)
    assert (again.opened, again.before) == (0, 12)


def test_a_plan_that_does_not_count_in_the_case_is_not_revealed_there(case: Case) -> None:
    other = replace(MANDATE, who="Somebody else")
    night = night_of(planned(mandate=other))
    record_plan(case, night)
    with pytest.raises(InputError, match="does not record the plan"):
        reveal(case.ledger, night, now=AFTER)
    # Nor one that came second.
    record_plan(case)
    second = night_of(planned(seed=2))
    record_plan(case, second)
    with pytest.raises(InputError, match="does not record the plan"):
        reveal(case.ledger, second, now=AFTER)
    assert recorded(case) == []


def test_before_the_end_of_the_night_nothing_is_revealed(case: Case) -> None:
    record_plan(case)
    for now in (NIGHT.start, NIGHT.end - timedelta(seconds=1)):
        with pytest.raises(ApprovalError, match="lasts until"):
            reveal(case.ledger, PLANNED, now=now)
    assert recorded(case) == []


def test_a_test_can_be_abandoned_with_a_reason_on_record(case: Case) -> None:
    record_plan(case)
    with pytest.raises(InputError, match="needs a reason"):
        reveal(case.ledger, PLANNED, now=NIGHT.start, abandon=True)
    with pytest.raises(InputError, match="one line"):
        reveal(case.ledger, PLANNED, now=NIGHT.start, abandon=True, why="a\u202eb")
    reveal(case.ledger, PLANNED, now=NIGHT.start, abandon=True, why="the keeper is down")
    assert {(record.how, record.why) for record in recorded(case)} == {
        (RevealedBy.ABANDONED, "the keeper is down")
    }


def test_a_night_that_is_over_is_revealed_and_not_abandoned(case: Case) -> None:
    record_plan(case)
    reveal(case.ledger, PLANNED, now=AFTER, abandon=True)
    assert {record.how for record in recorded(case)} == {RevealedBy.REVEAL}


def test_a_case_that_does_not_record_the_plan_takes_nothing(case: Case) -> None:
    record_plan(case, night_of(planned(seed=2)))
    with pytest.raises(InputError, match="does not record the plan"):
        reveal(case.ledger, PLANNED, now=AFTER)
    assert recorded(case) == []


def test_one_leaf_that_does_not_open_lets_nothing_be_taken(case: Case) -> None:
    record_plan(case)
    leaves = list(PLANNED.plan.leaves)
    leaves[3] = replace(leaves[3], decoy=replace(leaves[3].decoy, offered_as="other"))
    forged = replace(PLANNED, plan=DecoyPlan(sealed=PLANNED.sealed, leaves=tuple(leaves)))
    with pytest.raises(EvidenceError, match="does not open"):
        reveal(case.ledger, forged, now=AFTER)
    assert recorded(case) == []


def test_a_ledger_in_which_others_never_stop_is_left_alone(
    case: Case, monkeypatch: pytest.MonkeyPatch
) -> None:
    record_plan(case)

    def busy(*_: object, **__: object) -> None:
        raise ConflictError("other")

    monkeypatch.setattr(case.ledger, "append_all", busy)
    with pytest.raises(ConflictError, match="being revealed"):
        reveal(case.ledger, PLANNED, now=AFTER)


def test_what_the_keeper_was_asked_beside_the_case_is_put_on_record_once(case: Case) -> None:
    record_plan(case)
    notes: list[KeeperNote] = []
    keeper = Keeper(PLANNED, key=PLANNER, mandate=MANDATE, now=lambda: NOW, note_down=notes.append)
    host = PLANNED.plan.leaves[0].decoy.host
    for targets in ([host], [host, "innocent.example"]):
        keeper.answer(question(PLANNED, targets))
    append(case.ledger, question(PLANNED, [host]).act, at=NIGHT.start)
    for _ in range(2):
        done = reveal(case.ledger, PLANNED, now=AFTER, notes=notes)
        assert done.beside == (notes[1],)
    told = [content.note for _, content in contents(case.ledger, DecoysTold)]
    assert told == [notes[1]]


def test_a_journal_is_opened_by_its_keepers_key_alone_and_is_not_taken_for_a_plan() -> None:
    notes: list[KeeperNote] = []
    keeper = Keeper(PLANNED, key=PLANNER, mandate=MANDATE, now=lambda: NOW, note_down=notes.append)
    keeper.answer(question(PLANNED, ["innocent.example"]))
    raw = notes_file(notes, PLANNED.sealed, key=PLANNER, fresh=bytes(RANDOM_BYTES))
    assert read_notes(raw, PLANNED.sealed, key=PLANNER) == tuple(notes)
    assert b"innocent" not in raw
    with pytest.raises(EvidenceError):
        read_notes(raw, PLANNED.sealed, key=Ed25519PrivateKey.from_private_bytes(b"x" * 32))
    with pytest.raises(EvidenceError, match="not a keeper's journal"):
        read_notes(planned().plan, PLANNED.sealed, key=PLANNER)
    unsigned = [replace(notes[0], leaves=(1,))]
    forged = notes_file(unsigned, PLANNED.sealed, key=PLANNER, fresh=bytes(RANDOM_BYTES))
    with pytest.raises(EvidenceError, match="not signed"):
        read_notes(forged, PLANNED.sealed, key=PLANNER)
