"""Before every window: which verdicts must be asked again, and which blocks must go.

An address blocked for one match was an innocent buyer's by the next (Italy, March 2024): a
verdict is good for its window alone.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from cautery.messages import message
from cautery.model import Decision, GuardVerdict, Reason, Window


@dataclass(frozen=True, slots=True, kw_only=True)
class Revalidation:
    """What became of what was allowed before.

    Parameters
    ----------
    kept : tuple of GuardVerdict
        Allowed still, by their new verdicts.
    withdrawn : tuple of GuardVerdict
        Allowed before and not now: their new verdicts say why.
    unanswered : tuple of str
        Nobody asked again; a verdict that has run out allows nothing.
    """

    kept: tuple[GuardVerdict, ...]
    withdrawn: tuple[GuardVerdict, ...]
    unanswered: tuple[str, ...]


def due(verdicts: Iterable[GuardVerdict], window: Window) -> tuple[str, ...]:
    """Return the allowed targets whose verdicts do not hold to the end of a window."""
    return tuple(
        verdict.target
        for verdict in verdicts
        if verdict.decision is Decision.ALLOW and verdict.valid_until < window.end
    )


def compare(before: Iterable[GuardVerdict], now: Iterable[GuardVerdict]) -> Revalidation:
    """Compare verdicts asked again with those of the last window."""
    answers = {verdict.target: verdict for verdict in now}
    allowed = [verdict.target for verdict in before if verdict.decision is Decision.ALLOW]
    rechecked = [answers[target] for target in dict.fromkeys(allowed) if target in answers]
    return Revalidation(
        kept=tuple(verdict for verdict in rechecked if verdict.decision is Decision.ALLOW),
        withdrawn=tuple(verdict for verdict in rechecked if verdict.decision is not Decision.ALLOW),
        unanswered=tuple(target for target in dict.fromkeys(allowed) if target not in answers),
    )


def withdrawal(now: GuardVerdict, before: Mapping[str, str]) -> Reason | None:
    """Return the reason to withdraw a target, if it was allowed before and is not any more.

    Parameters
    ----------
    before : mapping of str to str
        Until when each target was allowed, as said then.
    """
    until = before.get(now.target)
    if until is None or now.decision is Decision.ALLOW:
        return None
    return Reason(
        code="withdrawn",
        text=message("guard.withdrawn", until_at=until),
    )
