"""`cautery follow` where somebody has the case's file and no key: nothing of it counts."""

from __future__ import annotations

import json
from collections.abc import Callable
from contextlib import closing
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from tests.following import (
    ANALYTICS,
    CERTIFICATE,
    NEW,
    STRUCK,
    TODAY,
    StruckCase,
    seen_file,
    struck_case,
    trait,
)

from cautery.act.descents import proposal_id, run_text
from cautery.adapters.case_folder import FolderStore
from cautery.adapters.clock import SystemClock
from cautery.adapters.keys_file import KeyFolder
from cautery.model.descent import TraitKind
from cautery.model.ledger import append
from cautery.model.records import DescendantProposed, FollowAdvanced
from cautery.workflows.case.open import open_case

from .conftest import Ran
from .following import begun, bodies, signed

Cautery = Callable[..., Ran]
LATER = "later-tv.example"
INNOCENT = "innocent.example"


@pytest.fixture
def struck(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> StruckCase:
    monkeypatch.setenv("CAUTERY_KEYS", str(tmp_path / "keys"))
    return struck_case(tmp_path)


@pytest.fixture
def news(tmp_path: Path) -> Path:
    """Return what a later day brings: another descendant."""
    return seen_file(
        tmp_path / "news.jsonl",
        [
            trait("x.example", TraitKind.HOSTER, "as1", days=9),
            trait(LATER, TraitKind.CERTIFICATE, CERTIFICATE, days=9),
            trait(LATER, TraitKind.ANALYTICS, ANALYTICS, days=9),
        ],
    )


def recorded(path: Path, kind: str) -> list[Any]:
    with closing(FolderStore().ledger(path, read_only=True)) as ledger:
        return [entry.content for entry in ledger.read(kinds=(kind,))]


def append_raw(path: Path, *records: object) -> None:
    """Append as whoever has only the case's file: no key."""
    with closing(FolderStore().ledger(path, read_only=False)) as ledger:
        for record in records:
            append(ledger, record, at=datetime.now(UTC))


def shown(cautery: Cautery, struck: StruckCase, *more: object) -> tuple[dict[str, Any], str]:
    """Return what is proposed, by the entity, and what was told."""
    ran = cautery("follow", struck.path, *more, "--json")
    assert ran.code == 0, ran.err
    rows = map(json.loads, ran.out.splitlines())
    return {row["entity"]: row for row in rows}, ran.err


def test_of_a_proposal_the_word_signed_last_counts_whatever_is_appended_again(
    cautery: Cautery, struck: StruckCase, tmp_path: Path, news: Path
) -> None:
    id_ = begun(cautery, struck, tmp_path)
    assert signed(cautery, struck, "--confirm", id_, "--why", "same till").code == 0
    assert signed(cautery, struck, "--reject", id_, "--why", "a shop", who="bert").code == 0
    first, second = recorded(struck.into, "follow.decided")
    append_raw(struck.into, first, second, first)
    rows, told = shown(cautery, struck)
    assert rows[NEW]["state"] == "rejected"
    assert rows[NEW]["decided"]["by"] == "Bert"
    assert "3 records counted for nothing: it says again what was said before" in told
    shown(cautery, struck, "--seen", news)
    assert bodies(struck.into, "follow.advanced")[-1]["decided"] == 2  # the odds learn it once


def test_the_time_of_a_word_is_that_of_its_signature(
    cautery: Cautery, struck: StruckCase, tmp_path: Path
) -> None:
    id_ = begun(cautery, struck, tmp_path)
    signed(cautery, struck, "--confirm", id_, "--why", "same till")
    (word,) = recorded(struck.into, "follow.decided")
    append_raw(struck.into, replace(word, at=word.at + timedelta(days=1)))
    rows, _ = shown(cautery, struck)
    assert rows[NEW]["decided"]["at"] == f"{word.approval.at:%Y-%m-%dT%H:%M:%S.%fZ}"


def test_a_proposal_under_anothers_id_does_not_keep_that_one_away(
    cautery: Cautery, struck: StruckCase, tmp_path: Path, news: Path
) -> None:
    begun(cautery, struck, tmp_path)
    (true,) = recorded(struck.into, "follow.proposed")
    to_come = replace(true.proposal, entity=LATER)
    of_another = replace(true.proposal, entity=INNOCENT, log_odds=-5.0)
    append_raw(
        struck.into,
        replace(true, id=proposal_id(to_come), proposal=of_another),
        replace(true, id=proposal_id(to_come), proposal=replace(to_come, log_odds=-5.0)),
        replace(true, id=proposal_id(of_another), proposal=of_another),
    )
    rows, told = shown(cautery, struck, "--seen", news)
    assert set(rows) == {NEW, LATER}
    assert rows[LATER]["log_odds"] > 0
    assert "1 record counted for nothing: it proposes something under the id" in told
    assert "2 records counted for nothing: it proposes what no signed run names" in told


def test_what_no_run_proposed_cannot_be_decided_on_and_stops_nothing(
    cautery: Cautery, struck: StruckCase, tmp_path: Path, news: Path
) -> None:
    begun(cautery, struck, tmp_path)
    (true,) = recorded(struck.into, "follow.proposed")
    foreign = replace(true.proposal, entity="hospital.example", of="nobody-knows", log_odds=50.0)
    forged = replace(true, id=proposal_id(foreign), proposal=foreign)
    append_raw(struck.into, forged)
    rows, _ = shown(cautery, struck)
    assert set(rows) == {NEW}
    asked = cautery(
        "follow", struck.path, "--reject", forged.id, "--why", "x", "--as", "Anna",
        "--key", struck.key("anna"),
    )  # fmt: skip
    assert "is not a proposal of this case" in asked.err
    rows, _ = shown(cautery, struck, "--seen", news)
    assert set(rows) == {NEW, LATER}


@pytest.mark.parametrize("day", [date.max, date(1, 1, 5), TODAY])
def test_days_that_the_cases_key_has_not_signed_are_not_taken(
    cautery: Cautery, struck: StruckCase, tmp_path: Path, news: Path, day: date
) -> None:
    begun(cautery, struck, tmp_path)
    (run,) = recorded(struck.into, "follow.advanced")
    append_raw(struck.into, replace(run, first=day, last=day, days=()), run)
    rows, told = shown(cautery, struck, "--seen", news)
    assert set(rows) == {NEW, LATER}
    assert "took 1 day" in told
    assert "counted for nothing: it takes days again" in told


def test_a_signed_run_is_of_days_that_had_come(
    cautery: Cautery, struck: StruckCase, tmp_path: Path, news: Path
) -> None:
    begun(cautery, struck, tmp_path)
    (run,) = recorded(struck.into, "follow.advanced")
    ahead = replace(run, first=TODAY + timedelta(days=2), last=TODAY + timedelta(days=2), days=())
    case = open_case(
        struck.into, store=FolderStore(KeyFolder(tmp_path / "keys")), clock=SystemClock()
    )
    note = case.signer.sign(run_text(ahead, case=case.id))
    case.leave()
    append_raw(struck.into, replace(ahead, note=note))
    rows, told = shown(cautery, struck, "--seen", news)
    assert set(rows) == {NEW, LATER}
    assert "1 record counted for nothing: it takes days that had not come" in told


def test_a_proposal_that_was_killed_before_its_run_was_signed_comes_again(
    cautery: Cautery, struck: StruckCase, tmp_path: Path, news: Path
) -> None:
    begun(cautery, struck, tmp_path)
    (true,) = recorded(struck.into, "follow.proposed")
    proposal = replace(true.proposal, entity=LATER, proposed_on=STRUCK + timedelta(days=9))
    append_raw(
        struck.into, DescendantProposed(at=true.at, id=proposal_id(proposal), proposal=proposal)
    )
    rows, _ = shown(cautery, struck, "--seen", news)
    assert set(rows) == {NEW, LATER}
    run: FollowAdvanced = recorded(struck.into, "follow.advanced")[-1]
    assert len(run.proposals) == 1
