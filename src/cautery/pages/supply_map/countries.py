"""Where the assets of a supply graph stand: a map of Europe, and how many are in each country."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

from markupsafe import Markup

from cautery.drawing.europe import ALIASES, breaks_of, country_name, europe, shade_in
from cautery.drawing.europe_marks import CountryMark, europe_marks
from cautery.drawing.formatting import number
from cautery.drawing.svg import drawing
from cautery.messages import tr, tr_n
from cautery.pages.supply_map.view import BESIDE, Drawn

_MOST_NAMED = 60
"""Countries that the map's title names; all are in the table beside it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class InCountry:
    """How many assets stand in a country.

    Parameters
    ----------
    name : str
        In the language in use.
    on_map : bool
        It is one that the map shows.
    """

    name: str
    assets: int
    on_map: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Countries:
    """Assets by country.

    Parameters
    ----------
    drawing : Markup or None
        ``None``: no country is known that the map shows.
    rows : tuple of InCountry
        Most assets first.
    unknown : int
        Hosts and others of a role, of which no country is known.
    """

    drawing: Markup | None
    rows: tuple[InCountry, ...]
    unknown: int


def countries_of(assets: Iterable[Drawn]) -> Countries:
    """Count the assets by country, and draw those of Europe."""
    counts: Counter[str] = Counter()
    unknown = 0
    for asset in assets:
        if asset.country:
            counts[ALIASES.get(asset.country, asset.country)] += 1
        else:
            unknown += asset.role not in BESIDE
    shapes = europe()["countries"]
    ranked = sorted(counts.items(), key=lambda item: (-item[1], item[0]))
    return Countries(
        drawing=_drawn([(code, count) for code, count in ranked if code in shapes]),
        rows=tuple(
            InCountry(name=country_name(code), assets=count, on_map=code in shapes)
            for code, count in ranked
        ),
        unknown=unknown,
    )


def _drawn(counts: list[tuple[str, int]]) -> Markup | None:
    if not counts:
        return None
    breaks = breaks_of([count for _, count in counts])
    marks = [
        CountryMark(code, shade_in(count, breaks), count,
                    tr_n("%(count)s asset", "%(count)s assets", count, number))
        for code, count in counts
    ]  # fmt: skip
    body, (left, top, wide, high) = europe_marks(marks)
    named = "; ".join(f"{country_name(mark.code)}: {mark.said}" for mark in marks[:_MOST_NAMED])
    title = tr("Map of Europe, assets by country: %(countries)s", countries=named)
    return drawing("europe", left=left, top=top, wide=wide, high=high, title=title, body=body)
