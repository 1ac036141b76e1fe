"""Everything that the page of an operation is made of, read once from a desk's case."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from cautery.model import Estimate, Marking, Statement, StepKind, StepState
from cautery.model.marking import strictest
from cautery.model.records import GrewBack, OutsideEvent, PublishedFigure, SizedNetwork
from cautery.operation.money.trail import Trace
from cautery.operation.register import Register
from cautery.pages.operation.view.course import DayView
from cautery.pages.operation.view.figures import Interval
from cautery.workflows.operation.desk import Desk
from cautery.workflows.operation.holdings import sources_of, standing
from cautery.workflows.operation.persons import kept_persons
from cautery.workflows.operation.picture import Picture, picture_of
from cautery.workflows.operation.register_book import register_of


@dataclass(frozen=True, slots=True, kw_only=True)
class LabTruth:
    """What only a lab knows: the truth beside an estimate, and which ties were right.

    Parameters
    ----------
    sizes : mapping of quantity to float
        Users, payers and EUR a month.
    descends_from : mapping of new asset to old
        What grew back, and from what.
    network_of : mapping of asset to str
        In whose hand an asset is.
    """

    seed: int
    sizes: Mapping[str, float]
    descends_from: Mapping[str, str]
    network_of: Mapping[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Material:
    """A desk's case as the parts of the page need it."""

    desk: Desk
    known: tuple[Statement, ...]
    seen: Picture
    sources: str
    marking: Marking | None
    removed: frozenset[str]
    register: Register
    sized: tuple[SizedNetwork, ...]
    published: tuple[PublishedFigure, ...]
    grown: tuple[GrewBack, ...]
    happened: tuple[OutsideEvent, ...]
    day: DayView | None
    trace: Trace | None = None
    truth: LabTruth | None = field(default=None)

    def done(self, kind: StepKind, *, country: str | None = None) -> int:
        """Return how many steps of a kind were done, in one country or in all."""
        return sum(
            step.kind is kind
            and step.state in {StepState.DONE, StepState.LATE}
            and country in {None, step.country}
            for step in (self.day.steps if self.day else ())
        )

    def country_of(self, agency: str) -> str:
        """Return an agency's country; of one that is not at the table it is not known."""
        countries = {member.id: member.country for member in self.desk.operation.agencies}
        return countries.get(agency, "")

    @property
    def suspects(self) -> dict[str, str]:
        """Suspects whom statements name, by pseudonym, with the country that is said."""
        return {
            statement.subject: str(statement.details.get("country") or "")
            for statement in self.known
            if statement.about == "person" and statement.details.get("category") == "suspect"
        }


def material_of(
    desk: Desk,
    *,
    day: DayView | None,
    removed: frozenset[str],
    trace: Trace | None,
    truth: LabTruth | None,
    grown: Sequence[GrewBack] = (),
) -> Material:
    """Read a desk's case.

    Parameters
    ----------
    grown : sequence of GrewBack
        What grew back, beside what the case has on record.
    """
    rows = standing(desk)
    statements = tuple(row.statement for row in rows)
    return Material(
        desk=desk,
        known=statements,
        seen=picture_of(statements),
        sources=sources_of(rows),
        marking=strictest(
            [
                *(statement.marking for statement in statements),
                *(person.person.marking for person in kept_persons(desk)),
            ]
        ),
        removed=removed,
        register=register_of(desk),
        sized=tuple(sized for _, sized in desk.contents(SizedNetwork)),
        published=tuple(figure for _, figure in desk.contents(PublishedFigure)),
        grown=(*(recorded for _, recorded in desk.contents(GrewBack)), *grown),
        happened=tuple(event for _, event in desk.contents(OutsideEvent)),
        day=day,
        trace=trace,
        truth=truth,
    )


def interval(estimate: Estimate) -> Interval:
    """Return an estimate as the page prints it."""
    return Interval(
        low=estimate.low,
        mid=estimate.mid,
        high=estimate.high,
        unit=estimate.unit,
        coverage=estimate.coverage,
    )
