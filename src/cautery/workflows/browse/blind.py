"""The blind test of a case: that there are decoys, and after the reveal what became of each."""

from __future__ import annotations

from cautery.model.blind import NightAccount
from cautery.model.records import DecoyRevealed, DecoysPlanned, kind_of_type
from cautery.pages.room.blind import BlindView
from cautery.projections.blind_account import account_in
from cautery.workflows.browse.heads import head_of
from cautery.workflows.browse.kept import Cases, Kept


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
    """Return its account, which only a plan or an opening changes."""
    kinds = case.lists().counts().by_kind
    records = sum(kinds.get(kind_of_type(kind), 0) for kind in (DecoysPlanned, DecoyRevealed))
    if case.blind is None or case.blind[0] != records:
        case.blind = records, account_in(case.ledger)
    return case.blind[1]
