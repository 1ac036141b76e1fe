"""The blind test of a case: that there are decoys, and after the reveal what became of each."""

from __future__ import annotations

from cautery.model import GuardVerdict, Verdict
from cautery.model.blind import NightAccount
from cautery.model.records import (
    CaseOpened,
    DecoyRevealed,
    DecoysPlanned,
    ProbeDone,
    kind_of_type,
    kinds_of,
)
from cautery.pages.room.blind import BlindView
from cautery.projections.blind_account import account
from cautery.workflows.browse.heads import head_of
from cautery.workflows.browse.kept import Cases, Kept

_PLANS = kinds_of(CaseOpened, DecoysPlanned, DecoyRevealed)
_TRIALS = (*_PLANS, *kinds_of(ProbeDone, Verdict, GuardVerdict))


def blind_view(cases: Cases, id: str) -> BlindView:
    """Return the blind test of a case.

    Raises
    ------
    AbsentError
        If there is no such case.
    """
    with cases.case(id) as case:
        return BlindView(head=head_of(case, now=cases.clock.now()), night=_night(case))


def _night(case: Kept) -> NightAccount | None:
    """Return its account; looks and verdicts are only read once all decoys are opened.

    Nothing changes after that, so it is remembered for the number of openings.
    """
    opened = case.lists().counts().by_kind.get(kind_of_type(DecoyRevealed), 0)
    if case.blind is None or case.blind[0] != opened:
        night = account(case.ledger.read(kinds=_PLANS))
        if night is not None and night.is_whole:
            night = account(case.ledger.read(kinds=_TRIALS))
        case.blind = opened, night
    return case.blind[1]
