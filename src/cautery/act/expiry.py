"""When entries end, and what intermediaries said of them."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from cautery.model import Acknowledgement, BlockEntry, require_utc


def expired(entries: Iterable[BlockEntry], at: datetime) -> tuple[BlockEntry, ...]:
    """Return the entries that have ended at a moment, the oldest end first."""
    require_utc("at", at)
    ended = [entry for entry in entries if entry.valid_until <= at]
    return tuple(sorted(ended, key=lambda entry: (entry.valid_until, entry.target)))


def in_effect(entries: Iterable[BlockEntry], at: datetime) -> tuple[BlockEntry, ...]:
    """Return the entries that still hold at a moment, the next to end first."""
    require_utc("at", at)
    holding = [entry for entry in entries if entry.valid_until > at]
    return tuple(sorted(holding, key=lambda entry: (entry.valid_until, entry.target)))


def latest(acknowledgements: Iterable[Acknowledgement]) -> dict[tuple[str, str], Acknowledgement]:
    """Return the last word of each intermediary on each referral: ``(referral, name)``."""
    last: dict[tuple[str, str], Acknowledgement] = {}
    for acknowledgement in sorted(
        acknowledgements, key=lambda acknowledgement: acknowledgement.received_at
    ):
        last[acknowledgement.referral, acknowledgement.intermediary] = acknowledgement
    return last
