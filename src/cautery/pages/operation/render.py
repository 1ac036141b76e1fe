"""An operation's view into one HTML file: no script, no request, every outside word escaped."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Sequence
from decimal import Decimal
from functools import cache
from typing import Any

from jinja2 import Environment

from cautery.drawing.europe import country_name
from cautery.drawing.formatting import number
from cautery.drawing.styles import css_text, quoted, style
from cautery.drawing.templates import environment
from cautery.messages import tr, tr_n, word
from cautery.model import StepState
from cautery.pages.operation import formatting
from cautery.pages.operation.compare import claims_drawing, quantities
from cautery.pages.operation.day import day_drawing
from cautery.pages.operation.graph import GraphDrawing, supply_drawings
from cautery.pages.operation.map import map_drawing, shade_of
from cautery.pages.operation.money import money_drawing, short
from cautery.pages.operation.served import regrowth_drawing, story_drawing
from cautery.pages.operation.timeline import MOST_SAID, timeline_drawing
from cautery.pages.operation.view import OperationPageView
from cautery.pages.operation.view.claims import Fit
from cautery.pages.operation.view.course import Moment, MomentKind, StepLine
from cautery.pages.operation.view.seizures import ExhibitLine

_LONGEST = 4_000
"""Characters of any one text shown; a longer one is cut, and its length stands behind it."""
IN_FULL = 6
"""Descendants that are described at length; the table has all."""
MOST_ROWS = 400
"""Rows of any one table; the others are counted beneath it and are in the case."""

MOST_COLUMNS = 10
"""Countries with a column of their own in the table of exhibits; the others share the last."""


def render_page(view: OperationPageView) -> str:
    """Return the page of an operation as one self-contained HTML file.

    Parameters
    ----------
    view : OperationPageView
        Everything that is shown; its texts may be hostile, any part may be empty.

    Returns
    -------
    str
        HTML that loads nothing and runs nothing; prints on A4, dark where the reader's screen is.
    """
    day, supply = view.day, supply_drawings(view.supply)
    return (
        _environment()
        .get_template("page.html.j2")
        .render(
            view=view,
            lead=next((agency for agency in view.agencies if agency.id == view.lead), None),
            timeline=timeline_drawing(view.timeline, view.agencies),
            day=day_drawing(day, view.agencies),
            steps=_states(day.steps if day else ()),
            troubled=_troubled(day.steps if day else ()),
            regrowth=regrowth_drawing(
                day.after if day else (), view.descendants, day.moment if day else None
            ),
            story=story_drawing(day),
            moments=_listed(view),
            map=map_drawing(view.countries),
            supply=supply,
            drawn=isinstance(supply, GraphDrawing),
            exhibits=_matrix(view.exhibits.lines if view.exhibits else ()),
            eur=_eur(view),
            money=money_drawing(view.money),
            quantities=quantities(view.estimates) if view.estimates else (),
            judged=any(descendant.right is not None for descendant in view.descendants),
            wrong=sum(descendant.right is False for descendant in view.descendants),
            fits=Counter(comparison.fit for comparison in view.comparisons),
            style=style(
                "cautery.pages",
                "europe.css",
                "operation/page.css",
                **{"PAGE-NAME": tr("Cautery: page of an operation")},
            ),
        )
    )


def _states(steps: Sequence[StepLine]) -> str:
    """Return how the steps stand, in words; a late step is done, too."""
    counts = Counter(step.state for step in steps)
    late = counts.pop(StepState.LATE, 0)
    finished = counts.pop(StepState.DONE, 0) + late
    parts = [f"{number(finished, 9)} {word(StepState.DONE)}"]
    if late:
        parts = [
            tr("%(finished)s done (%(late)s of them late)", number, finished=finished, late=late)
        ]
    parts += [f"{number(count, 9)} {word(state)}" for state, count in counts.items()]
    return ", ".join(parts)


def _troubled(steps: Sequence[StepLine]) -> list[StepLine]:
    """Return what did not go as planned: failed and re-planned steps first, then late ones."""
    failed = (StepState.FAILED, StepState.REPLACED)
    troubled = [step for step in steps if step.replaces or step.state in (*failed, StepState.LATE)]
    return sorted(
        troubled, key=lambda step: (not step.replaces and step.state not in failed, step.starts_at)
    )


def _listed(view: OperationPageView) -> list[Moment]:
    """Return the moments for the list: all but bundles, and joinings that the table has too."""
    joined = {agency.id for agency in view.agencies if agency.joined_at is not None}
    moments = view.timeline.moments if view.timeline else ()
    return sorted(
        (
            moment
            for moment in moments
            if moment.kind is not MomentKind.SHARED
            and not (moment.kind is MomentKind.JOINED and moment.agency in joined)
        ),
        key=lambda moment: moment.at,
    )


def _matrix(lines: Sequence[ExhibitLine]) -> dict[str, Any]:
    """Return the exhibits as a table: kinds down, countries across, with sums both ways."""
    counts: defaultdict[str, Counter[str]] = defaultdict(Counter)
    entries: Counter[str] = Counter()
    for line in lines:
        counts[line.kind][line.country] += line.things
        entries[line.kind] += line.exhibits
    by_country: Counter[str] = Counter()
    for tally in counts.values():
        by_country.update(tally)
    ranked = [
        country for country, _ in sorted(by_country.items(), key=lambda item: (-item[1], item[0]))
    ]
    leading = ranked if len(ranked) <= MOST_COLUMNS else ranked[: MOST_COLUMNS - 1]
    remaining = ranked[len(leading) :]
    columns = list(leading)
    if remaining:
        columns.append(tr_n("%(count)s other", "%(count)s others", len(remaining), str))

    def row(tally: Counter[str]) -> list[int]:
        cells = [tally[country] for country in leading]
        return [*cells, sum(tally[country] for country in remaining)] if remaining else cells

    highest = max((value for tally in counts.values() for value in row(tally)), default=0)
    return {
        "columns": columns,
        "rows": [
            {
                "kind": kind,
                "cells": row(tally),
                "things": sum(tally.values()),
                "exhibits": entries[kind],
            }
            for kind, tally in sorted(
                counts.items(), key=lambda item: (-sum(item[1].values()), item[0])
            )
        ],
        "foot": row(by_country),
        "things": sum(by_country.values()),
        "exhibits": sum(entries.values()),
        "most": highest,
    }


def _eur(view: OperationPageView) -> Decimal | None:
    """Return the value of the seizures in EUR, of the totals that have a rate."""
    totals = view.exhibits.totals if view.exhibits else ()
    values = [total.eur for total in totals if total.eur is not None and total.eur.is_finite()]
    return sum(values, Decimal(0)) if values else None


def _shade(value: int, highest: int) -> int:
    """Return one of six depths for a cell, by the square root of its count."""
    return 0 if value <= 0 or highest <= 0 else 1 + min(4, int(5 * (value / highest) ** 0.5))


@cache
def _environment() -> Environment:
    env = environment("cautery.pages.operation", longest=_LONGEST)
    env.filters |= {
        "big": formatting.big,
        "bounds": formatting.bounds,
        "country": country_name,
        "css_text": css_text,
        "day": formatting.day,
        "exact": formatting.exact,
        "place_kind": formatting.place_kind,
        "quantity": formatting.quantity,
        "quoted": quoted,
        "short": short,
        "since": formatting.since,
        "unit": formatting.unit,
        "utc": formatting.utc,
        "within": formatting.within,
    }
    env.globals |= {
        "Fit": Fit,
        "claims_drawing": claims_drawing,
        "most": MOST_ROWS,
        "in_full": IN_FULL,
        "most_said": MOST_SAID,
        "shade": _shade,
        "shade_of": shade_of,
    }
    return env
