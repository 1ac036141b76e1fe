"""What grew back, as pages show it: from the records of a case that follows another descendant."""

from __future__ import annotations

from datetime import date

from cautery.model.descent import Reason, TraitKind
from cautery.model.ports import Ledger
from cautery.model.records import DescentState
from cautery.pages.grown import GrownRow, GrownView, ReasonLine
from cautery.projections import folded
from cautery.projections.following import FOLLOWING_KINDS, Descendant, Following

MOST_ROWS = 200
_LONGEST = 60


def grown_in(ledger: Ledger, *, today: date) -> GrownView | None:
    """Return what a case that follows holds; ``None``: it follows nothing.

    Parameters
    ----------
    today : date
        In UTC: tells whether its review is due.
    """
    following = folded(Following(), ledger.read(kinds=FOLLOWING_KINDS))
    return grown_of(following, today=today)


def grown_of(following: Following, *, today: date) -> GrownView | None:
    """Return what a following holds; ``None``: it follows nothing.

    Parameters
    ----------
    today : date
        As for :func:`grown_in`.
    """
    begun, policy, due = following.begun, following.policy, following.review_due
    if begun is None or policy is None or due is None:
        return None
    descendants = sorted(
        following.descendants(),
        key=lambda descendant: (
            descendant.proposed.proposal.first_knowable,
            descendant.entry.index,
        ),
    )
    counts = {trait.kind for trait in begun.traits}
    states = [descendant.state for descendant in descendants]
    return GrownView(
        name=begun.name,
        case=begun.case,
        act=begun.act,
        acted_on=begun.acted_on,
        purposes=policy.purposes,
        look_at=tuple(source.value for source in policy.look_at),
        review_due=due,
        end=policy.end,
        is_overdue=today > due and today <= policy.end,
        last_day=following.last_day,
        traits=begun.traits,
        none_of=tuple(kind.value for kind in TraitKind if kind not in counts),
        left_out=begun.left_out,
        rows=tuple(_row(descendant, begun.acted_on) for descendant in _most(descendants)),
        total=len(descendants),
        states=tuple((state, states.count(state)) for state in DescentState),
        passed_over=tuple(sorted(following.passed_over.items(), key=lambda item: item[0].id)),
    )


def _most(descendants: list[Descendant]) -> list[Descendant]:
    """Return as many as a page has: those that nobody has decided on, then the newest."""
    if len(descendants) <= MOST_ROWS:
        return descendants
    ranked = sorted(
        descendants,
        key=lambda descendant: (descendant.state is not DescentState.OPEN, -descendant.entry.index),
    )
    ids = {descendant.proposed.id for descendant in ranked[:MOST_ROWS]}
    return [descendant for descendant in descendants if descendant.proposed.id in ids]


def _row(descendant: Descendant, acted_on: date) -> GrownRow:
    proposed, decided = descendant.proposed, descendant.decided
    proposal = proposed.proposal
    return GrownRow(
        id=proposed.id,
        entity=proposal.entity,
        of=(proposal.of, *proposal.either),
        probability=proposal.probability,
        first_knowable=proposal.first_knowable,
        proposed_on=proposal.proposed_on,
        after_days=(proposal.first_knowable - acted_on).days,
        reasons=tuple(map(_reason, proposal.reasons)),
        state=descendant.state,
        by="" if decided is None else decided.approval.approver,
        why="" if decided is None else decided.why,
        decided_at=None if decided is None else decided.approval.at,
        record=descendant.entry.index,
    )


def _reason(reason: Reason) -> ReasonLine:
    is_order = reason.kind is TraitKind.CATALOGUE_ORDER
    value = reason.value
    return ReasonLine(
        kind=reason.kind.value,
        value=value
        if len(value) <= _LONGEST
        else value[: _LONGEST - 1] + "\N{HORIZONTAL ELLIPSIS}",
        titles=value.count("|") + 1 if is_order and value else 0,
        weight=reason.weight,
    )
