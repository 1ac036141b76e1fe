"""The content of the part on what grew back."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

from cautery.model.message import Message
from cautery.model.records import DescentState, KindCount, LeftOut


@dataclass(frozen=True, slots=True, kw_only=True)
class ReasonLine:
    """A reason of a proposal.

    Parameters
    ----------
    kind : str
        The kind of trait, as its id has it.
    value : str
        What is shared, shortened; empty: it shows another one.
    titles : int
        Of a catalogue, how many titles stand in the shared order; 0: it is none.
    weight : float
        What it adds to the log-odds.
    """

    kind: str
    value: str
    titles: int
    weight: float


@dataclass(frozen=True, slots=True, kw_only=True)
class GrownRow:
    """A proposed descendant.

    Parameters
    ----------
    id : str
        The proposal's id.
    entity : str
        Its host or address.
    of : tuple of str
        What it may descend from.
    probability : float
        0 to 1.
    first_knowable, proposed_on : date
        When it could be known first, and when it was proposed.
    after_days : int
        Days from the act until it could be known first.
    reasons : tuple of ReasonLine
        The weightiest first.
    state : DescentState
        What people say of it.
    by, why : str
        Who decided, and the reason; empty: nobody.
    decided_at : datetime or None
        When, UTC; ``None``: nobody has.
    record : int
        Number of the record that proposes it.
    """

    id: str
    entity: str
    of: tuple[str, ...]
    probability: float
    first_knowable: date
    proposed_on: date
    after_days: int
    reasons: tuple[ReasonLine, ...]
    state: DescentState
    by: str
    why: str
    decided_at: datetime | None
    record: int


@dataclass(frozen=True, slots=True, kw_only=True)
class GrownView:
    """What grew back after an act, as a case that follows has it.

    Parameters
    ----------
    name, case : str
        The followed case: what people call it, and its id.
    act : str
        Id of the act; empty: none was on record.
    acted_on : date
        Its day.
    purposes : tuple of str
        What it is followed for.
    look_at : tuple of str
        What may be looked at, as ids.
    review_due, end : date
        The last day before the next review, and the last day of all.
    is_overdue : bool
        Whether the review is due: nothing is proposed.
    last_day : date or None
        The last day that was taken; ``None``: none yet.
    traits : tuple of KindCount
        What is looked for.
    none_of : tuple of str
        Kinds of traits that the case has none of, as ids.
    left_out : tuple of LeftOut
        What of the case is no trait.
    rows : tuple of GrownRow
        The proposals, by the day on which they could be known first.
    total : int
        How many there are, shown or not.
    states : tuple of (DescentState, int)
        How many stand how.
    passed_over : tuple of (Message, int)
        Records that count for nothing.
    """

    name: str
    case: str
    act: str
    acted_on: date
    purposes: tuple[str, ...]
    look_at: tuple[str, ...]
    review_due: date
    end: date
    is_overdue: bool
    last_day: date | None
    traits: tuple[KindCount, ...]
    none_of: tuple[str, ...]
    left_out: tuple[LeftOut, ...]
    rows: tuple[GrownRow, ...]
    total: int
    states: tuple[tuple[DescentState, int], ...]
    passed_over: tuple[tuple[Message, int], ...]
