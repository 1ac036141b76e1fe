"""A watch goes on while its signer is away, and signs what it recorded when it is back."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import pytest

from cautery.errors import EvidenceError, SignerError, StorageError
from cautery.model import Entry
from cautery.workflows.case.journal import Journal
from cautery.workflows.case.open import Case
from cautery.workflows.watch.signing import keep_signing


class EndedError(Exception):
    """Ends what would sign for ever."""


def signed(case: Case, outcomes: list[Exception | None]) -> Callable[[], None]:
    """Sign a case, or fail, as the list says; then end."""
    left = iter(outcomes)

    def checkpoint() -> None:
        outcome = next(left, EndedError())
        if outcome is not None:
            raise outcome
        case.checkpoint()

    return checkpoint


def keep(journal: Journal, checkpoint: Callable[[], None]) -> None:
    asyncio.run(keep_signing(journal, checkpoint, every_s=0.0))


def failures(heard: list[Entry]) -> list[str]:
    return [one.record.body["message"] for one in heard if one.record.body.get("error")]


def test_a_signer_that_is_away_is_recorded_once_each_time_and_tried_again(
    case: Case, journal: Journal, heard: list[Entry]
) -> None:
    away = [SignerError("the token 'lab' is away"), SignerError("the token 'lab' is away")]
    with pytest.raises(EndedError):
        keep(journal, signed(case, [*away, None, *away, None]))
    assert failures(heard) == ["the token 'lab' is away"] * 2
    last = case.signer.last()
    assert last is not None
    assert last.size == case.ledger.size()


@pytest.mark.parametrize("error", [StorageError("full"), EvidenceError("edited")])
def test_any_other_failure_to_sign_ends_the_watch(
    case: Case, journal: Journal, heard: list[Entry], error: Exception
) -> None:
    with pytest.raises(type(error)):
        keep(journal, signed(case, [error]))
    assert not failures(heard)
