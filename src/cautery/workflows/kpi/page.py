"""A sheet of key figures as a page shows it."""

from __future__ import annotations

from datetime import datetime

from cautery.estimate.kpi import Indicator, Sheet
from cautery.messages import TEXTS, message, term
from cautery.model.message import Message, as_written
from cautery.pages.kpi import FamilyView, KpiPage, KpiRow


def page_of(sheet: Sheet, *, now: datetime) -> KpiPage:
    """Return the page of a sheet."""
    return KpiPage(
        holders=sheet.holders,
        cases=sheet.cases,
        since=sheet.period.since,
        until=sheet.period.until,
        made_at=now,
        families=tuple(
            FamilyView(
                id=family.value,
                title=message(f"kpi-family.{family.value}"),
                rows=tuple(map(_row, sheet.of(family))),
            )
            for family in sheet.families
        ),
        notes=sheet.notes,
        lab=sheet.lab,
    )


def of_words(of: str) -> Message | None:
    """Return of what an indicator is, for people: a kind of addressee, or a country's code."""
    if not of:
        return None
    for words in (term("kpi-of", of), term("addressee-kind", of)):
        if words.id in TEXTS:
            return words
    return as_written(of)


def _row(indicator: Indicator) -> KpiRow:
    figure = indicator.figure
    unit = f"kpi-unit.{figure.unit}"
    return KpiRow(
        id=indicator.id,
        label=indicator.label,
        kind=figure.kind,
        of=of_words(indicator.of),
        n=figure.n,
        count=figure.count,
        low=figure.low,
        mid=figure.mid,
        high=figure.high,
        unit=message(unit) if unit in TEXTS else None,
        coverage=figure.coverage,
        method=figure.method,
        need=figure.need,
    )
