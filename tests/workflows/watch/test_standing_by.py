"""What a second machine looks at before it may go on: the very mandate of the case."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from cautery.errors import InputError
from cautery.model import ClockOffset, Exhibit, ExhibitId, digest_of
from cautery.model.records import ExhibitSealed
from cautery.workflows.case.journal import Journal
from cautery.workflows.case.open import Case
from cautery.workflows.watch.standing_by import MOST_TRIED, require_same_mandate

NOON = datetime(2026, 11, 24, 12, tzinfo=UTC)
CLOCK = ClockOffset(seconds=0, uncertainty_s=0.1, method="ntp")


def seal(journal: Journal, text: bytes) -> ExhibitId:
    return journal.seal(
        text, what="mandate", media_type="application/toml", at=NOON, confidential=True
    )


def claimed(exhibit: ExhibitId) -> ExhibitSealed:
    """Say of an exhibit that it is the mandate, as anybody who can append a record can."""
    sealed = Exhibit(
        id=exhibit,
        size=1,
        media_type="application/toml",
        sealed_at=NOON,
        clock=CLOCK,
        confidential=True,
        subject="source:" + "0" * 16,
    )
    return ExhibitSealed(exhibit=sealed, what="mandate", url=None)


def test_there_is_nothing_to_compare_before_a_watch_has_begun(case: Case, journal: Journal) -> None:
    assert not require_same_mandate(b"x", ledger=case.ledger, journal=journal)


def test_the_mandate_of_the_newest_start_counts(case: Case, journal: Journal) -> None:
    seal(journal, b"old")
    seal(journal, b"new")
    assert require_same_mandate(b"new", ledger=case.ledger, journal=journal)
    with pytest.raises(InputError, match="not the one under which the case is watched"):
        require_same_mandate(b"old", ledger=case.ledger, journal=journal)


@pytest.mark.parametrize("count", [1, MOST_TRIED + 1])
def test_what_is_only_said_to_be_the_mandate_keeps_nobody_from_standing_by(
    case: Case, journal: Journal, count: int
) -> None:
    first = seal(journal, b"x")
    for number in range(count):
        journal.write(claimed(ExhibitId(digest_of(str(number).encode()))))
    journal.write(claimed(first))
    assert require_same_mandate(b"x", ledger=case.ledger, journal=journal)


def test_keys_that_open_no_mandate_are_too_old(case: Case, journal: Journal) -> None:
    journal.write(claimed(ExhibitId(digest_of(b"elsewhere"))))
    with pytest.raises(InputError, match="copied before the watch began"):
        require_same_mandate(b"x", ledger=case.ledger, journal=journal)
