"""The sheet: five families, each a list of indicators."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum

from cautery.estimate.kpi.cooperation import cooperation
from cautery.estimate.kpi.facts import Facts, OfferFact
from cautery.estimate.kpi.figures import Indicator
from cautery.estimate.kpi.injunctions import injunctions
from cautery.estimate.kpi.merge import Period, merged
from cautery.estimate.kpi.notices import notices
from cautery.estimate.kpi.offer import offer
from cautery.estimate.kpi.volume import volume
from cautery.messages import message
from cautery.model.message import Message


class Family(StrEnum):
    """The five families of the Commission's services (docs/reference/sources.md, F93)."""

    VOLUME = "volume"
    """Unauthorised retransmission."""
    NOTICES = "notices"
    """Prompt treatment of notices."""
    COOPERATION = "cooperation"
    """Of intermediaries, by kind."""
    INJUNCTIONS = "injunctions"
    """Dynamic injunctions, and their mistakes."""
    OFFER = "offer"
    """Legal offer and awareness."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sheet:
    """Figures of some cases in a period.

    Parameters
    ----------
    holders : tuple of str
        Who gave the mandates.
    lab : bool
        Whether a case of the synthetic world is among them.
    notes : tuple of Message
        What a reader must know: copies, shared events, records that do not count.
    """

    cases: int
    holders: tuple[str, ...]
    lab: bool
    period: Period
    rows: tuple[tuple[Family, Indicator], ...]
    notes: tuple[Message, ...]

    @property
    def families(self) -> tuple[Family, ...]:
        """All families, in their order."""
        return tuple(Family)

    def of(self, family: Family) -> tuple[Indicator, ...]:
        """Return the indicators of a family."""
        return tuple(indicator for of, indicator in self.rows if of is family)

    def indicator(self, id_: str, of: str = "") -> Indicator:
        """Return one indicator.

        Raises
        ------
        KeyError
            If the sheet has none of this name.
        """
        for _, indicator in self.rows:
            if (indicator.id, indicator.of) == (id_, of):
                return indicator
        raise KeyError(f"{id_} {of}")


def sheet_of(
    cases: Iterable[Facts],
    *,
    period: Period | None = None,
    offers: Sequence[OfferFact] | None = None,
) -> Sheet:
    """Return the sheet of some cases.

    Parameters
    ----------
    offers : sequence of OfferFact or None
        A list of lawful offers that people keep; ``None``: there is none.
    """
    facts = tuple(cases)
    period = period or Period()
    together = merged(facts, period)
    rows = (
        *((Family.VOLUME, row) for row in volume(together)),
        *((Family.NOTICES, row) for row in notices(together)),
        *((Family.COOPERATION, row) for row in cooperation(together)),
        *((Family.INJUNCTIONS, row) for row in injunctions(together)),
        *((Family.OFFER, row) for row in offer(together, offers)),
    )
    notes = []
    if together.copies:
        notes.append(message("kpi-note.copies", count=together.copies))
    if together.shared_events:
        notes.append(message("kpi-note.shared-events", count=together.shared_events))
    if together.passed_over:
        notes.append(message("kpi-note.passed-over", count=together.passed_over))
    return Sheet(
        cases=together.cases,
        holders=tuple(sorted({case.holder for case in facts})),
        lab=any(case.lab for case in facts),
        period=period,
        rows=rows,
        notes=tuple(notes),
    )
