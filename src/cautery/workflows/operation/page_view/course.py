"""The course on the page: the table, the timeline, the countries, and the figures on top."""

from __future__ import annotations

from collections import Counter
from datetime import datetime

from cautery.drawing.formatting import number
from cautery.drawing.templates import said
from cautery.messages import tr, tr_n, word
from cautery.messages.dates import month_name
from cautery.model import ExhibitKind, Role, StepKind, StepState
from cautery.model.records import AgencyJoined, BundleShared, CutChosen, DeconflictionResult
from cautery.pages.operation.view.course import (
    AgencyLine,
    Arrivals,
    CountryLine,
    Moment,
    MomentKind,
    SportingEvent,
    TimelineView,
)
from cautery.pages.operation.view.figures import KeyFigure
from cautery.workflows.operation.page_view.material import Material, interval

_KINDS = {
    "intervention": MomentKind.INTERVENTION,
    "regrowth": MomentKind.REGROWTH,
}
_MOST_DESCENDANTS_ON_LINE = 6
"""Descendants marked on the timeline; the table has them all."""


def agencies(material: Material) -> tuple[AgencyLine, ...]:
    """Return who sits at the table, and how much each said and was told."""
    joined = dict(reversed(_joined(material)))
    said_counts = Counter(statement.by for statement in material.known)
    sent_counts: Counter[str] = Counter()
    for _, shared in material.desk.contents(BundleShared):
        sent_counts[shared.to] += len(shared.statements)
    others_count = sum(
        count for name, count in said_counts.items() if name != material.desk.agency.id
    )
    return tuple(
        AgencyLine(
            id=agency.id,
            name=agency.name,
            country=agency.country,
            role=word(agency.role),
            zone=agency.zone,
            joined_at=joined.get(agency.id),
            statements=said_counts[agency.id],
            received=others_count
            if agency.id == material.desk.agency.id
            else sent_counts[agency.id],
            shared=sum(sent_counts.values())
            if agency.id == material.desk.agency.id
            else said_counts[agency.id],
        )
        for agency in material.desk.operation.agencies
    )


def timeline(material: Material) -> TimelineView:
    """Return the two years and what came after."""
    arrivals = Counter(
        (statement.by, statement.at.date().replace(day=1)) for statement in material.known
    )
    moments = [
        Moment(
            at=at,
            kind=MomentKind.JOINED,
            agency=agency,
            text=tr("%(agency)s joins", agency=material.desk.operation.agency(agency).name),
        )
        for agency, at in _joined(material)
    ]
    moments += [
        Moment(
            at=entry.record.at,
            kind=MomentKind.DECONFLICTION,
            agency=result.with_,
            text=tr_n(
                "%(count)s target in common with %(agency)s",
                "%(count)s targets in common with %(agency)s",
                len(result.shared),
                number,
                agency=result.with_,
            ),
        )
        for entry, result in material.desk.contents(DeconflictionResult)
        if result.shared
    ]
    moments += [
        Moment(at=entry.record.at, kind=MomentKind.PLAN, text=tr("the cut is chosen"))
        for entry, _ in material.desk.contents(CutChosen)
    ]
    if material.day is not None:
        moments.append(
            Moment(at=material.day.moment, kind=MomentKind.ACTION, text=tr("action day"))
        )
    moments += [
        Moment(
            at=event.at,
            kind=_KINDS.get(event.kind, MomentKind.OTHER),
            text=said(event.text),
            country=event.country,
        )
        for event in material.happened
        if event.until is None
    ]
    step = max(1, len(material.grown) // _MOST_DESCENDANTS_ON_LINE)
    moments += [
        Moment(
            at=descendant.at,
            kind=MomentKind.DESCENDANT,
            text=tr("%(asset)s, like %(other)s", asset=descendant.asset, other=descendant.like),
            country=descendant.country or "",
        )
        for descendant in sorted(material.grown, key=lambda asset: asset.at)[::step]
    ]
    return TimelineView(
        first=material.desk.operation.opened_at.date(),
        last=material.desk.case.clock.now().date(),
        arrivals=tuple(
            Arrivals(agency=agency, month=month, statements=count)
            for (agency, month), count in sorted(arrivals.items())
        ),
        moments=tuple(sorted(moments, key=lambda moment: moment.at)),
        events=tuple(
            SportingEvent(name=said(event.text), first=event.at.date(), last=event.until)
            for event in material.happened
            if event.until is not None
        ),
    )


def countries(material: Material) -> tuple[CountryLine, ...]:
    """Return what there is of each country."""
    servers: Counter[str] = Counter()
    exhibits: Counter[str] = Counter()
    for line in material.register.lines.values():
        country = material.country_of(line.exhibit.agency)
        exhibits[country] += 1
        servers[country] += line.exhibit.count * (line.exhibit.kind is ExhibitKind.SERVER)
    suspects = Counter(material.suspects.values())
    resellers = Counter(
        material.seen.place_of.get(asset.id, "")
        for asset in material.seen.graph.assets
        if asset.role in {Role.RESELLER, Role.SUPER_RESELLER}
    )
    by_country = material.sized[-1].countries if material.sized else {}
    users = {name: interval(estimate) for name, estimate in by_country.items()}
    acted = {step.country for step in (material.day.steps if material.day else ())}
    names = (set(users) | acted | set(servers) | set(exhibits) | set(suspects)) - {"", "EU"}
    return tuple(
        CountryLine(
            country=country,
            users=users.get(country),
            searches=material.done(StepKind.SEARCH, country=country),
            arrests=material.done(StepKind.ARREST, country=country),
            servers=servers[country],
            exhibits=exhibits[country],
            suspects=suspects[country],
            resellers=resellers[country],
        )
        for country in sorted(names)
    )


def figures(material: Material) -> tuple[KeyFigure, ...]:
    """Return the four to six figures on top."""
    key_figures = []
    if material.sized:
        key_figures += [
            KeyFigure(
                label=tr("users"),
                interval=interval(material.sized[-1].inner[0]),
                note=tr("reconciled"),
            ),
            KeyFigure(
                label=tr("revenue a month"),
                unit="EUR",
                interval=interval(material.sized[-1].inner[2]),
                note=tr("reconciled"),
            ),
        ]
    if material.day is not None and material.day.served:
        key_figures.append(
            KeyFigure(
                label=tr("served at the day's end"),
                value=round(100 * material.day.served[-1].share, 1),
                unit="%",
                note=tr("of the demand in the shared picture"),
            )
        )
    if material.day is not None:
        done_count = sum(
            step.state in {StepState.DONE, StepState.LATE} for step in material.day.steps
        )
        key_figures.append(
            KeyFigure(
                label=tr("steps done"),
                value=done_count,
                note=tr("of %(count)s planned", str, count=len(material.day.steps)),
            )
        )
    if len(material.register):
        key_figures.append(
            KeyFigure(
                label=tr("exhibits"),
                value=len(material.register),
                note=tr("each with its custody"),
            )
        )
    key_figures.append(
        KeyFigure(
            label=tr("assets in the picture"),
            value=len(material.seen.graph.assets),
            note=tr("%(count)s of them taken down", str, count=len(material.removed))
            if material.removed
            else "",
        )
    )
    return tuple(key_figures[:6])


def summary(material: Material) -> str:
    """Return the sentence under the name."""
    if material.day is None:
        return tr("The action day is yet to come.")
    moment = material.day.moment
    return tr(
        "%(searches)s and %(arrests)s around one moment, %(day)s %(month)s %(year)s at %(time)s "
        "UTC; %(exhibits)s.",
        searches=tr_n(
            "%(count)s search", "%(count)s searches", material.done(StepKind.SEARCH), str
        ),
        arrests=tr_n("%(count)s arrest", "%(count)s arrests", material.done(StepKind.ARREST), str),
        day=f"{moment:%d}",
        month=month_name(moment),
        year=f"{moment:%Y}",
        time=f"{moment:%H:%M}",
        exhibits=tr_n(
            "%(count)s exhibit taken", "%(count)s exhibits taken", len(material.register), str
        ),
    )


def _joined(material: Material) -> list[tuple[str, datetime]]:
    """Return which agencies joined when, in the order of the records."""
    desk = material.desk
    moments = []
    for entry, joined in desk.contents(AgencyJoined):
        with desk.passing_over(entry):  # none of this table's, say
            moments.append((desk.operation.agency(joined.agency).id, joined.at))
    return moments
