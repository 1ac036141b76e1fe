"""The supply graph as one page: the picture, which can be searched, and all that it rests on."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Iterable, Sequence
from hashlib import sha256
from importlib.resources import files

from cautery.drawing.escaping import markup
from cautery.workflows.supply.draw import Drawing
from cautery.workflows.supply.picture import Drawn, Picture

_ASSETS = (
    "asset", "role", "probability", "or else", "what speaks for it", "country", "network",
    "first seen", "last seen", "records",
)  # fmt: skip
_RELATIONS = ("from", "relation", "to")
_FEW = 5
"""Columns that any screen has room for."""


def supply_page(picture: Picture, drawing: Drawing, *, middle: str | None = None) -> str:
    """Return a page that needs neither network nor, for all that it says, scripts.

    Its one script is our own, named by its digest in the page's policy: nothing else runs.
    """
    style, script = _own("page.css"), _own("page.js")
    digest = b64encode(sha256(script.encode()).digest()).decode()
    policy = f"default-src 'none'; style-src 'unsafe-inline'; script-src 'sha256-{digest}'"
    title = "The supply graph" + ("" if middle is None else f" around {middle}")
    empty = [
        head
        for at, head in enumerate(_ASSETS)
        if at and not any(_cells(asset)[at] for asset in picture.assets)
    ]
    layer = {
        asset.name: place
        for place, (_, layer_rows) in enumerate(drawing.rows)
        for row in layer_rows
        for asset in row.assets
    }
    heads = [head for head in _ASSETS if head not in empty]
    rows = (
        [cell for head, cell in zip(_ASSETS, _cells(asset), strict=True) if head not in empty]
        for asset in sorted(picture.assets, key=lambda asset: (layer[asset.name], asset.name))
    )
    return (
        '<!doctype html>\n<html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f'<meta http-equiv="Content-Security-Policy" content="{policy}">'
        f"<title>{_text(title)}</title><style>{style}</style></head><body>"
        f"<header><h1>{_text(title)}</h1><p>{_text(drawing.said)}</p>"
        f"<p>{_text(picture.source)}</p></header>"
        '<div class="tools"><input id="search" type="search" placeholder="Find an asset: Enter '
        'goes to the next" aria-label="Find an asset"><output id="told"></output>'
        '<button id="out" aria-label="Smaller">&minus;</button>'
        '<button id="in" aria-label="Larger">+</button><button id="fit">Fit</button>'
        '<button id="full">1:1</button>'
        '<span id="wider" hidden>Wider than the window: scroll sideways, or press Fit.</span></div>'
        f'<div class="view"><div class="pan">{drawing.untitled}</div>'
        '<aside id="about" aria-live="polite"></aside></div>'
        f"<section><h2>Assets</h2>{_table('assets', heads, rows)}"
        f"<h2>Relations</h2>{_table('relations', _RELATIONS, sorted(picture.relations))}</section>"
        f"<script>{script}</script></body></html>\n"
    )


def _cells(asset: Drawn) -> tuple[str, ...]:
    sighted = asset.met
    return (
        asset.name,
        asset.role,
        "" if asset.sure is None else f"{asset.sure:.2f}",
        ", ".join(f"{role} {chance:.2f}" for role, chance in asset.rivals),
        ", ".join(asset.why),
        asset.country or "",
        asset.network or "",
        "" if sighted is None else f"{sighted.first:%Y-%m-%d %H:%M:%S} UTC",
        "" if sighted is None else f"{sighted.last:%Y-%m-%d %H:%M:%S} UTC",
        "" if sighted is None else ", ".join(map(str, sighted.records)),
    )


def _table(name: str, heads: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    head = "".join(f"<th>{_text(head)}</th>" for head in heads)
    # On a narrow screen a row becomes a card, and each cell says its column itself.
    cells = [
        f'<td data-head="{_text(head)}"' + (' class="date">' if head.endswith(" seen") else ">")
        for head in heads
    ]
    body = "".join(
        "<tr>"
        + "".join(f"{cell}{_text(words)}</td>" for cell, words in zip(cells, row, strict=True))
        + "</tr>"
        for row in rows
    )
    kind = "table many" if len(heads) > _FEW else "table"
    return (
        f'<div class="{kind}"><table id="{name}"><thead><tr>{head}</tr></thead>'
        f"<tbody>{body}</tbody></table></div>"
    )


def _text(words: str) -> str:
    return markup(words, 400)


def _own(name: str) -> str:
    return files("cautery.workflows.supply").joinpath(name).read_text(encoding="utf-8")
