"""The blind tests of a case: that there are decoys, and after the reveal what became of each."""

from __future__ import annotations

from cautery.model import GuardVerdict, Verdict
from cautery.model.blind import NightAccount
from cautery.model.records import (
    DecoyRevealed,
    DecoysPlanned,
    ProbeDone,
    kind_of_type,
    kinds_of,
)
from cautery.pages.room.blind import BlindView
from cautery.projections.blind_account import accounts
from cautery.workflows.browse.heads import head_of
from cautery.workflows.browse.kept import Cases, Kept

_PLANS = kinds_of(DecoysPlanned, DecoyRevealed)
_TRIALS = kinds_of(DecoysPlanned, DecoyRevealed, ProbeDone, Verdict, GuardVerdict)


def blind_view(cases: Cases, id: str) -> BlindView:
    """Return the blind tests of a case.

    Raises
    ------
    AbsentError
        If there is no such case.
    """
    with cases.case(id) as case:
        return BlindView(head=head_of(case, now=cases.clock.now()), nights=_nights(case))


def _nights(case: Kept) -> tuple[NightAccount, ...]:
    """Return its nights; the looks and verdicts are only read once all decoys are opened.

    Nothing changes after that, so it is remembered for the number of openings.
    """
    opened = case.lists().counts().by_kind.get(kind_of_type(DecoyRevealed), 0)
    if case.blind is None or case.blind[0] != opened:
        nights = accounts(case.ledger.read(kinds=_PLANS))
        if any(night.is_whole for night in nights):
            nights = accounts(case.ledger.read(kinds=_TRIALS))
        case.blind = opened, nights
    return case.blind[1]
