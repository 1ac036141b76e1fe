"""What is appended to a case that follows: what counts, and what it costs to pass the rest over."""

from __future__ import annotations

import base64
from collections.abc import Callable
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from tests.following import GROWN, NEW, STRANGERS, StruckCase, seen_file, struck_case

from cautery.act.descents import decision_subject, proposal_digest, proposal_id
from cautery.act.signatures import sign, statement_of
from cautery.adapters.case_folder import FolderStore
from cautery.adapters.person_keys import load_approver
from cautery.errors import InputError
from cautery.messages import message
from cautery.model import Approval, Approver, Digest
from cautery.model.descent import Reason, TraitKind
from cautery.model.ledger import append
from cautery.model.records import DescendantDecided, DescentState
from cautery.projections import proposals_waiting
from cautery.projections.following import Descendant, Following
from cautery.wiring import following as wired
from cautery.workflows.follow.begin import following_of
from cautery.workflows.follow.decide import decide


@pytest.fixture
def struck(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> StruckCase:
    monkeypatch.setenv("CAUTERY_KEYS", str(tmp_path / "keys"))
    struck = struck_case(tmp_path)
    wired.follow(
        struck.path,
        struck.into,
        mandate_file=struck.mandate(),
        sources=[seen_file(tmp_path / "seen.jsonl", (*STRANGERS, *GROWN))],
        keys_dir=tmp_path / "keys",
    )
    return struck


def after(struck: StruckCase, *records: object) -> Following:
    """Append as whoever has only the case's file, and return what the case holds then."""
    with closing(FolderStore().ledger(struck.into, read_only=False)) as ledger:
        for record in records:
            append(ledger, record, at=datetime.now(UTC))
        return following_of(ledger)


def the_one(following: Following) -> Descendant:
    (descendant,) = following.descendants()
    assert descendant.proposed.proposal.entity == NEW
    return descendant


def said(
    struck: StruckCase,
    following: Following,
    *,
    at: datetime,
    change: Callable[[Approval], Approval],
) -> DescendantDecided:
    """Return a confirmation by Anna, signed at some time and in some way."""
    descendant, why = the_one(following), "same till"
    subject = decision_subject(descendant.digest, confirmed=True, why=why)
    key: Ed25519PrivateKey = load_approver(struck.key("anna"))
    assert following.signed_for is not None
    anna = Approver(name="Anna", role="analyst", public_key=struck.public("anna"))
    approval = change(sign(subject, approver=anna, key=key, at=at, signed_for=following.signed_for))
    approval = replace(
        approval, signature=base64.b64encode(key.sign(statement_of(approval))).decode()
    )
    return DescendantDecided(
        at=at, id=descendant.proposed.id, confirmed=True, why=why, approval=approval
    )


def test_a_word_for_this_case_counts_and_one_for_no_case_does_not(struck: StruckCase) -> None:
    now = datetime.now(UTC)
    nowhere = said(struck, after(struck), at=now, change=lambda one: replace(one, signed_for=None))
    following = after(struck, nowhere)
    assert the_one(following).state is DescentState.OPEN
    assert following.passed_over == {message("grown.unsigned"): 1}
    here = said(struck, following, at=now, change=lambda one: one)
    assert the_one(after(struck, here)).state is DescentState.CONFIRMED


def test_a_word_signed_for_a_later_time_does_not_outlast_those_that_come(
    struck: StruckCase,
) -> None:
    late = datetime.now(UTC) + timedelta(days=900)
    following = after(struck, said(struck, after(struck), at=late, change=lambda one: one))
    assert the_one(following).state is DescentState.OPEN
    assert following.passed_over == {message("grown.signed-ahead"): 1}


def test_nobody_signs_a_word_that_would_not_count(struck: StruckCase) -> None:
    now = datetime.now(UTC)
    soon = now + timedelta(minutes=1)  # within what clocks differ by
    descendant = the_one(
        after(struck, said(struck, after(struck), at=soon, change=lambda one: one))
    )
    assert descendant.state is DescentState.CONFIRMED
    with (
        closing(FolderStore().ledger(struck.into, read_only=False)) as ledger,
        pytest.raises(InputError, match="which is later than now"),
    ):
        decide(
            ledger,
            descendant.proposed.id,
            confirmed=False,
            why="a shop",
            shown_digest=decision_subject(descendant.digest, confirmed=False, why="a shop"),
            name="Anna",
            key=load_approver(struck.key("anna")),
            now=now,
        )


def test_what_is_no_runs_proposal_is_never_digested_and_a_true_one_once(
    struck: StruckCase, monkeypatch: pytest.MonkeyPatch
) -> None:
    true = the_one(after(struck)).proposed
    nobody = Approval(
        subject=Digest("sha256:" + "0" * 64),
        approver="Nobody",
        role="x",
        at=datetime.now(UTC),
        signature="AA==",
    )
    reasons = tuple(
        Reason(kind=TraitKind.ANALYTICS, value=f"ga:G-{n}", weight=1.0) for n in range(2_000)
    )
    proposal = replace(true.proposal, entity="long.example", reasons=reasons)
    long = replace(true, id=proposal_id(proposal), proposal=proposal)
    words = [
        DescendantDecided(at=nobody.at, id=id_, confirmed=True, why="x", approval=nobody)
        for id_ in (long.id, true.id) * 20
    ]
    digested: list[str] = []
    verified: list[object] = []

    def counted(proposed: Any) -> Digest:
        digested.append(proposed.id)
        return original(proposed)

    original = proposal_digest
    monkeypatch.setattr("cautery.projections.following.proposal_digest", counted)
    monkeypatch.setattr("cautery.act.signatures.approver_key", verified.append)
    following = after(struck, long, *words)
    assert digested == [true.id]
    assert verified == []
    assert following.passed_over == {
        message("grown.unnamed"): 1,
        message("grown.no-proposal"): 20,
        message("grown.unsigned"): 20,
    }


@pytest.mark.parametrize(("limit", "most"), [("MOST_WAITING", 3), ("MOST_BYTES", 4_000)])
def test_a_flood_of_proposals_is_counted_and_not_kept(
    struck: StruckCase, monkeypatch: pytest.MonkeyPatch, limit: str, most: int
) -> None:
    true = the_one(after(struck)).proposed
    monkeypatch.setattr(proposals_waiting, limit, most)
    flood = []
    for number in range(20):
        proposal = replace(true.proposal, entity=f"flood-{number}.example")
        flood.append(replace(true, id=proposal_id(proposal), proposal=proposal))
    following = after(struck, *flood)
    assert the_one(following).state is DescentState.OPEN
    assert 0 < len(following._waiting) <= 3 + (limit == "MOST_BYTES") * 4
    assert following.passed_over == {message("grown.unnamed"): 20}
