"""The defence is given what speaks of the accused wherever it stands, and the whole blind test."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from cautery.lab.blind_acts import END, NIGHT, BlindActs, Suspect
from cautery.model import Collateral, Decision, GuardVerdict, Lever, Reason, Referral, Verdict
from cautery.model.message import as_written
from cautery.model.records import ApprovalGiven
from cautery.projections.decoys import Decoys
from cautery.workflows.dossier.accused import Accused, Unused, unused


@pytest.fixture
def acts() -> BlindActs:
    """Return a case of which each stream is proven; the first is a pirate's."""
    made = BlindActs(1)
    made.plan()
    return made


def pirate_of(acts: BlindActs) -> Suspect:
    return next(suspect for suspect in acts.suspects if suspect.decoy is None)


def judge(acts: BlindActs, target: str, decision: Decision) -> int:
    """Let the guard judge an address, and return the number of its record."""
    acts.journal.write(
        GuardVerdict(
            target=target,
            lever=Lever.ADDRESS,
            decision=decision,
            collateral=Collateral(low=0, high=0),
            reasons=(Reason(code="own-name", text=as_written("its own")),),
            valid_until=END,
        )
    )
    return acts.ledger.size() - 1


def left_out(acts: BlindActs) -> Unused:
    his = frozenset({pirate_of(acts).host})
    return unused(
        lambda: [(entry.index, entry.record.kind, entry.leaf) for entry in acts.ledger.entries],
        Accused(hosts=his, asked=his),
        files=(),
        decoys=Decoys().read_on(acts.ledger),
    )


def prove_all(acts: BlindActs) -> None:
    for number in range(len(acts.suspects)):
        acts.prove(number)


def kinds(acts: BlindActs, *names: str) -> dict[str, list[int]]:
    return {
        name: [entry.index for entry in acts.ledger.entries if entry.record.kind == name]
        for name in names
    }


def test_what_was_said_of_his_address_before_the_facts_of_his_host_is_given(
    acts: BlindActs,
) -> None:
    before = judge(acts, pirate_of(acts).address, Decision.REFUSE)
    others = judge(acts, "203.0.113.99", Decision.ALLOW)
    prove_all(acts)
    records = left_out(acts).records
    assert before not in records
    assert others in records


def test_a_referral_of_his_address_and_an_approval_that_stands_before_it_are_given(
    acts: BlindActs,
) -> None:
    prove_all(acts)
    for _ in range(40):
        acts.refer(everything=True)
        for name in (0, 1):
            acts.approve(name)
    referral = next(
        entry.content for entry in acts.ledger.entries if isinstance(entry.content, Referral)
    )
    of_his = replace(
        referral,
        entries=tuple(
            replace(entry, target=pirate_of(acts).address, lever=Lever.ADDRESS)
            for entry in referral.entries[:1]
        ),
    )
    of_his = replace(of_his, id="R-00aa11bb22cc")
    given = next(
        entry.content for entry in acts.ledger.entries if isinstance(entry.content, ApprovalGiven)
    )
    acts.journal.write(replace(given, referral=of_his.id))
    acts.journal.write(of_his)
    records = left_out(acts).records
    assert not {acts.ledger.size() - 1, acts.ledger.size() - 2} & set(records)


def test_the_blind_test_is_given_once_every_decoy_is_revealed_and_not_before(
    acts: BlindActs,
) -> None:
    prove_all(acts)
    decoys = {suspect.host for suspect in acts.suspects if suspect.decoy is not None}
    trials = [
        entry.index
        for entry in acts.ledger.entries
        if isinstance(entry.content, Verdict)
        and entry.content.url.host in decoys  # a pirate may write one into its path
    ]
    assert trials
    secret = left_out(acts).records
    assert set(trials) <= set(secret)
    assert not set(kinds(acts, "decoys.planned")["decoys.planned"]) & set(secret)
    acts.clock.moment = NIGHT.end + timedelta(minutes=1)
    acts.reveal(abandoned=False)
    records = left_out(acts).records
    assert not set(trials) & set(records)
    shown = kinds(acts, "decoy.revealed", "decoys.planned")
    assert all(shown.values())
    assert not {index for indexes in shown.values() for index in indexes} & set(records)


def test_an_innocent_strangers_verdict_stays_out_also_after_the_reveal(acts: BlindActs) -> None:
    prove_all(acts)
    strangers = {suspect.host for suspect in acts.suspects if suspect.decoy is None}
    strangers -= {pirate_of(acts).host}
    acts.clock.moment = NIGHT.end + timedelta(minutes=1)
    acts.reveal(abandoned=False)
    records = left_out(acts).records
    theirs = [
        entry.index
        for entry in acts.ledger.entries
        if isinstance(entry.content, Verdict) and entry.content.url.host in strangers
    ]
    assert set(theirs) <= set(records)
    assert theirs
