"""Draw a plan by country: a map, the acts of each country and the demand that depends on them."""

from __future__ import annotations

from collections.abc import Sequence

from cautery.drawing.escaping import clean, markup
from cautery.drawing.europe import (
    ALIASES,
    SHADES,
    country_name,
    europe,
)
from cautery.drawing.europe_marks import CountryMark, europe_marks
from cautery.drawing.formatting import number
from cautery.drawing.svg import SANS, fit, hint, line, rect, text
from cautery.messages import language, say, term, tr, tr_n
from cautery.model import Role
from cautery.plan.by_country import CountryPart
from cautery.plan.supply_plan import SupplyPlan

_WIDE, _PAD, _HEAD, _ROW = 1380.0, 28.0, 92.0, 44.0
_MAP_WIDE = 560.0
MOST_ROWS = 24
"""Countries of the picture's table; the page beneath it, and the JSON, have all."""
_STYLE = """
text { font: 13px SANS; fill: #1b1d22; }
.title { font-size: 22px; font-weight: 700; } .name { font-weight: 700; font-size: 14px; }
.sub, .head, .foot, .small { fill: #53575f; } .head, .foot, .small { font-size: 12px; }
.sea { fill: #f6f8f8; } .land { fill: #e4e1d9; }
.shape { stroke: #fff; stroke-width: 2.5; stroke-linejoin: round; }
.c1 { fill: #cfe5e3; } .c2 { fill: #9fcbc9; } .c3 { fill: #62a7a8; } .c4 { fill: #2a7d82; }
.c5 { fill: #0a4d54; }
.mark rect { fill: #97300c; } .mark .rim { fill: #fff; }
.mark text { fill: #fff; font-size: 44px; font-weight: 700; }
.lead { stroke: #1b1d22; stroke-width: 5; } .anchor { fill: #1b1d22; }
.rule { stroke: #dcd9d2; stroke-width: 1; } .bar { fill: #2a7d82; } .track { fill: #eef0f0; }
.paper { fill: #fff; }
""".replace("SANS", SANS)
_PAGE = """
body { margin: 0; background: #ebe8e2; color: #1b1d22; font: 15px/1.5 SANS; }
main { max-width: 1380px; margin: 24px auto; background: #fff; box-shadow: 0 1px 3px #0002; }
svg { display: block; width: 100%; height: auto; }
section { padding: 8px 28px 32px; } h2 { font-size: 17px; margin: 24px 0 4px; }
p { margin: 0 0 4px; color: #53575f; } code { overflow-wrap: anywhere; font-size: 13px; }
""".replace("SANS", SANS)


def plan_map(
    plan: SupplyPlan, parts: Sequence[CountryPart], *, cost_unit: str | None, html: bool
) -> str:
    """Draw a plan by country.

    Shades tell how much of the demand could be supplied through what is acted on there; marks,
    how many acts there are. Countries that the map does not show stand in the table.

    Parameters
    ----------
    html : bool
        One page with the picture and all acts by country, in place of an SVG.
    """
    picture = _svg(plan, parts, cost_unit)
    if not html:
        return f'<?xml version="1.0" encoding="UTF-8"?>\n{picture}\n'
    lists = "".join(_acts(part, cost_unit) for part in parts)
    return (
        f'<!doctype html>\n<html lang="{markup(language())}"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        '<meta http-equiv="Content-Security-Policy" '
        "content=\"default-src 'none'; style-src 'unsafe-inline'\">"
        f"<title>{markup(tr('The plan by country'))}</title><style>{_PAGE}</style></head>"
        f"<body><main>{picture}<section>{lists}</section></main></body></html>\n"
    )


def _svg(plan: SupplyPlan, parts: Sequence[CountryPart], cost_unit: str | None) -> str:
    shapes = europe()["countries"]
    on_map: dict[str, CountryPart] = {}
    for part in parts:
        code = ALIASES.get(part.country or "", part.country or "")
        if code in shapes:
            on_map.setdefault(code, part)
    rows = parts[:MOST_ROWS]
    left = _PAD + (_MAP_WIDE + 36 if on_map else 0)
    table_high = 46 + _ROW * len(rows) + (24 if len(parts) > len(rows) else 0)
    map_svg, map_high = _map(on_map) if on_map else ("", 0.0)
    high = _HEAD + max(map_high + 30 if on_map else 0, table_high) + 40
    body = [rect("paper", 0, 0, _WIDE, high)]
    body.append(text(_PAD, 42, tr("The plan by country"), "title"))
    body.append(text(_PAD, 68, _summary(plan, cost_unit), "sub"))
    if on_map:
        body += [map_svg, _legend(_HEAD + map_high + 20)]
    body += _table(rows, left, cost_unit)
    if len(parts) > len(rows):
        note = tr_n(
            "%(count)s more country with a smaller share of the demand",
            "%(count)s more countries with a smaller share of the demand",
            len(parts) - len(rows),
            str,
        )
        body.append(text(left, _HEAD + 46 + _ROW * len(rows) + 16, note, "foot"))
    foot = tr(
        "Shares of served demand assume that every asset that may exist does exist, and that "
        "every act works."
    )
    body.append(text(_PAD, high - 14, foot, "foot"))
    title = tr("The plan by country: %(summary)s", summary=_summary(plan, cost_unit))
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDE:.0f} {high:.0f}" '
        f'width="{_WIDE:.0f}" height="{high:.0f}" role="img" aria-label="{markup(title)}">'
        f"<title>{markup(title)}</title><style>{_STYLE}</style>{''.join(body)}</svg>"
    )


def _summary(plan: SupplyPlan, cost_unit: str | None) -> str:
    sentences = [
        tr_n("%(count)s act", "%(count)s acts", len(plan.remove), str),
        tr("cost %(cost)s", cost=_cost(plan.cost, cost_unit)),
    ]
    if plan.gap is not None:
        sentences.append(
            tr("proven minimum")
            if plan.status == "optimal"
            else tr("gap %(gap)s", gap=f"{plan.gap:.2%}")
        )
    sentences.append(tr("%(served)s of the demand stays served", served=f"{plan.served:.2%}"))
    if plan.date is not None:
        sentences.append(tr("all usable from %(day)s", day=plan.date.isoformat()))
    if plan.collateral:
        sentences.append(tr("%(count)s bystanders", count=number(plan.collateral)))
    return "  ·  ".join(sentences)


def _map(parts: dict[str, CountryPart]) -> tuple[str, float]:
    """Return the map, and how high it is."""
    marks = [
        CountryMark(code, _shade(part.carries), len(part.acts), _in_words(part))
        for code, part in parts.items()
    ]
    body, (left, top, wide, high) = europe_marks(marks)
    map_high = _MAP_WIDE * high / wide
    return (
        f'<svg x="{_PAD:.0f}" y="{_HEAD:.0f}" width="{_MAP_WIDE:.0f}" height="{map_high:.0f}" '
        f'viewBox="{left:.0f} {top:.0f} {wide:.0f} {high:.0f}">{body}</svg>'
    ), map_high


def _legend(y: float) -> str:
    pieces = [text(_PAD, y, tr("Demand behind it:"), "small")]
    x = _PAD + 112
    for shade in range(1, SHADES + 1):
        label = tr("%(low)s to %(high)s %%", str, low=20 * (shade - 1), high=20 * shade)
        pieces.append(rect(f"c{shade}", x, y - 10, 14, 11) + text(x + 18, y, label, "small"))
        x += 90
    return "".join(pieces)


def _table(parts: Sequence[CountryPart], left: float, cost_unit: str | None) -> list[str]:
    right = _WIDE - _PAD
    cost_at, carries_at, spared_at, day_at = right - 372, right - 350, right - 196, right - 86
    top = _HEAD + 14
    cost = tr("cost, %(unit)s", unit=fit(cost_unit, 60)) if cost_unit else tr("cost")
    body = [
        text(left, top, tr("country and acts"), "head"),
        text(cost_at, top, cost, "head", "end"),
        text(carries_at, top, tr("demand behind it"), "head"),
        text(spared_at, top, tr("served without"), "head"),
        text(day_at, top, tr("usable from"), "head"),
    ]
    y = top + 12
    for part in parts:
        body.append(line("rule", left, y, right, y))
        name = tr("no country") if part.country is None else country_name(part.country)
        if part.country is not None and name != part.country:
            name = f"{name} ({part.country})"
        roles = _roles(part)
        room = cost_at - left - 78
        body += [
            "<g>",
            hint(f"{name}: {_in_words(part)}"),
            text(left, y + 18, fit(name, room, 14), "name"),
            text(left, y + 35, fit(roles, room, 12), "small"),
            text(cost_at, y + 18, number(part.cost), "", "end"),
            rect("track", carries_at, y + 9, 90, 10),
            rect("bar", carries_at, y + 9, 90 * min(1.0, part.carries), 10),
            text(carries_at + 96, y + 18, f"{part.carries:.0%}"),
            text(spared_at, y + 18, f"{part.spared:.1%}"),
            text(day_at, y + 18, "" if part.last is None else part.last.isoformat()),
        ]
        if part.first is not None and part.first != part.last:
            body.append(
                text(day_at, y + 35, tr("first %(day)s", day=part.first.isoformat()), "small")
            )
        if part.fixed_cost:
            fixed = tr("%(cost)s fixed cost", cost=number(part.fixed_cost))
            body.append(text(cost_at, y + 35, fixed, "small", "end"))
        if part.collateral:
            harm = tr("%(count)s bystanders", count=number(part.collateral))
            body.append(text(carries_at, y + 35, harm, "small"))
        body.append("</g>")
        y += _ROW
    if not parts:
        body.append(text(left, y + 20, tr("The plan has no acts."), "small"))
    return body


def _acts(part: CountryPart, cost_unit: str | None) -> str:
    name = tr("No country") if part.country is None else country_name(part.country)
    ids = ", ".join(markup(act, 400) for act in part.acts)
    return (
        f"<h2>{markup(name, 400)}</h2>"
        f"<p>{markup(_in_words(part, cost_unit), 1000)}</p><code>{ids}</code>"
    )


def _in_words(part: CountryPart, cost_unit: str | None = None) -> str:
    sentences = [
        _roles(part),
        tr("cost %(cost)s", cost=_cost(part.cost, cost_unit)),
        tr("%(carries)s of the demand could be supplied through it", carries=f"{part.carries:.1%}"),
        tr("%(spared)s would stay served without its acts", spared=f"{part.spared:.1%}"),
    ]
    if part.last is not None:
        sentences.append(tr("usable from %(day)s", day=part.last.isoformat()))
    return "; ".join(sentences)


def _roles(part: CountryPart) -> str:
    names = {role: say(term("role", role)) if role in set(Role) else role for role, _ in part.roles}
    return ", ".join(f"{names[role]} ({count})" for role, count in part.roles)


def _cost(value: float | None, unit: str | None) -> str:
    return number(value) + (f" {clean(unit, 40)}" if unit else "")


def _shade(share: float) -> int:
    return min(SHADES, 1 + int(share * SHADES))
