"""The supply graph as one page: the picture, which can be searched, and all that it rests on."""

from __future__ import annotations

import json
from base64 import b64encode
from collections.abc import Collection, Iterable, Sequence
from hashlib import sha256
from importlib.resources import files

from cautery.drawing.escaping import markup
from cautery.messages import language, say, tr
from cautery.messages.language import gettext, ngettext
from cautery.pages.supply_map.draw import Drawing
from cautery.pages.supply_map.layers import role_name
from cautery.pages.supply_map.naming import relation_name, title_of
from cautery.pages.supply_map.view import Drawn, Picture

_DATES = frozenset({7, 8})
"""Columns of the table of assets that hold a time."""
_PERIOD = 100
"""Every language chooses a text for so many and more as it does for the last two digits."""
_FEW = 5
"""Columns that any screen has room for."""


def supply_page(picture: Picture, drawing: Drawing, *, middle: str | None = None) -> str:
    """Return a page that needs neither network nor, for all that it says, scripts.

    Its one script is our own, named by its digest in the page's policy: nothing else runs.
    """
    style, script = _own("page.css"), _own("page.js")
    digest = b64encode(sha256(script.encode()).digest()).decode()
    policy = f"default-src 'none'; style-src 'unsafe-inline'; script-src 'sha256-{digest}'"
    title = title_of(middle)
    names = _asset_heads()
    parts = [
        at
        for at in range(len(names))
        if at == 0 or any(_cells(asset)[at] for asset in picture.assets)
    ]
    layer = {
        asset.name: place
        for place, (_, layer_rows) in enumerate(drawing.rows)
        for row in layer_rows
        for asset in row.assets
    }
    rows = (
        [_cells(asset)[at] for at in parts]
        for asset in sorted(picture.assets, key=lambda asset: (layer[asset.name], asset.name))
    )
    dates = {place for place, at in enumerate(parts) if at in _DATES}
    relations = (
        (source, relation_name(relation), target)
        for source, relation, target in sorted(picture.relations)
    )
    clock = f"<p>{_text(tr('Times are claims of the clock of this machine.'))}</p>" if dates else ""
    wider = tr("Wider than the window: scroll sideways, or press Fit.")
    return (
        f'<!doctype html>\n<html lang="{_text(language())}"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f'<meta http-equiv="Content-Security-Policy" content="{policy}">'
        f"<title>{_text(title)}</title><style>{style}</style></head><body>"
        f"<header><h1>{_text(title)}</h1><p>{_text(drawing.summary)}</p>"
        f"<p>{_text(picture.source)}</p></header>"
        '<div class="tools"><input id="search" type="search" '
        f'placeholder="{_text(tr("Find an asset: Enter goes to the next"))}" '
        f'aria-label="{_text(tr("Find an asset"))}"><output id="told"></output>'
        f'<button id="out" aria-label="{_text(tr("Smaller"))}">&minus;</button>'
        f'<button id="in" aria-label="{_text(tr("Larger"))}">+</button>'
        f'<button id="fit">{_text(tr("Fit"))}</button><button id="full">1:1</button>'
        f'<span id="wider" hidden>{_text(wider)}</span></div>'
        f'<div class="view"><div class="pan">{drawing.untitled}</div>'
        '<aside id="about" aria-live="polite"></aside></div>'
        f"<section><h2>{_text(tr('Assets'))}</h2>{clock}"
        f"{_table('assets', [names[at] for at in parts], rows, dates=dates)}"
        f"<h2>{_text(tr('Relations'))}</h2>"
        f"{_table('relations', (tr('from'), tr('relation'), tr('to')), relations)}</section>"
        f'<script type="application/json" id="texts">{_script_texts(picture)}</script>'
        f"<script>{script}</script></body></html>\n"
    )


def _asset_heads() -> tuple[str, ...]:
    """Return the heads of the table of assets; :func:`_cells` has its cells."""
    return (
        tr("asset"),
        tr("role"),
        tr("probability"),
        tr("or else"),
        tr("what speaks for it"),
        tr("country"),
        tr("network"),
        tr("first seen"),
        tr("last seen"),
        tr("records"),
    )


def _script_texts(picture: Picture) -> str:
    """Return the texts of the page's script as JSON that cannot end its element.

    Of a text with a number there is one for each count up to as many as there are, or as decide.
    """
    largest = min(len(picture.assets), 2 * _PERIOD - 1)
    counts = range(largest + 1)
    rows = [
        ngettext("%(count)s row of the picture", "%(count)s rows of the picture", count)
        for count in counts
    ]
    assets = [ngettext("%(count)s asset", "%(count)s assets", count) for count in counts]
    relations = gettext("relations (%(count)s)")
    texts = {"rows": rows, "assets": assets, "relations": [relations], "period": _PERIOD}
    return json.dumps(texts).replace("<", "\\u003c")


def _cells(asset: Drawn) -> tuple[str, ...]:
    sighted = asset.met
    return (
        asset.name,
        role_name(asset.role),
        "" if asset.sure is None else f"{asset.sure:.2f}",
        ", ".join(f"{role_name(role)} {chance:.2f}" for role, chance in asset.rivals),
        ", ".join(map(say, asset.why)),
        asset.country or "",
        asset.network or "",
        "" if sighted is None else f"{sighted.first:%Y-%m-%d %H:%M:%S} UTC",
        "" if sighted is None else f"{sighted.last:%Y-%m-%d %H:%M:%S} UTC",
        "" if sighted is None else ", ".join(map(str, sighted.records)),
    )


def _table(
    name: str,
    heads: Sequence[str],
    rows: Iterable[Sequence[str]],
    *,
    dates: Collection[int] = (),
) -> str:
    head = "".join(f"<th>{_text(head)}</th>" for head in heads)
    # On a narrow screen a row becomes a card, and each cell says its column itself.
    cells = [
        f'<td data-head="{_text(head)}"' + (' class="date">' if at in dates else ">")
        for at, head in enumerate(heads)
    ]
    body = "".join(
        "<tr>"
        + "".join(f"{cell}{_text(value)}</td>" for cell, value in zip(cells, row, strict=True))
        + "</tr>"
        for row in rows
    )
    kind = "table many" if len(heads) > _FEW else "table"
    return (
        f'<div class="{kind}"><table id="{name}"><thead><tr>{head}</tr></thead>'
        f"<tbody>{body}</tbody></table></div>"
    )


def _text(text: str) -> str:
    return markup(text, 400)


def _own(name: str) -> str:
    return files("cautery.pages.supply_map").joinpath(name).read_text(encoding="utf-8")
