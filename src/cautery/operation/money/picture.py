"""The trail as one drawing: places in columns by steps, bands as wide as the money between them.

Coins and currencies are not added: a band's width is its share of the most that moved of its own
asset. What the purchase's record says is drawn as a line.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

from markupsafe import Markup

from cautery.drawing.escaping import markup
from cautery.messages import say, term, tr, tr_n
from cautery.operation.money.trail import Hop, Node, Trace

MOST_IN_COLUMN = 12
"""Places drawn of one step; the others are one place, and the drawing says how many."""
_COLUMN, _BAR, _BAND, _GAP, _TOP, _FOOT, _LEFT = 210.0, 11.0, 46.0, 20.0, 48.0, 26.0, 16.0
_HUES = ("#c8691b", "#1f8a7d", "#5766c2", "#b0457b", "#6f8f2f", "#3d7fb6", "#8a6a3f", "#8b8b8b")
_KINDS = {
    "purchase": "#333333",
    "descriptor": "#333333",
    "psp": "#333333",
    "account": "#4a4a4a",
    "wallet": "#4a4a4a",
    "service": "#a31f34",
}


@dataclass(slots=True)
class _Box:
    """A place as drawn: its column, top and height, and how far its bands have been laid."""

    label: str
    kind: str
    column: int
    top: float = 0.0
    high: float = 14.0
    into: float = 0.0
    out: float = 0.0


def flow_picture(trace: Trace) -> str:
    """Return the trail as a self-contained SVG document; every text in it is escaped."""
    boxes, place = _boxes(trace.nodes, trace.hops)
    bands = _bands(trace.hops, place)
    widest = _widest(bands)
    for (source, target, asset, basis), amount in bands.items():
        wide = _wide(asset, basis, amount, widest)
        boxes[source].out += wide
        boxes[target].into += wide
    columns: dict[int, list[_Box]] = defaultdict(list)
    for box in boxes.values():
        box.high = max(box.into, box.out, 14.0)
        box.into = box.out = 0.0
        columns[box.column].append(box)
    for step in sorted(columns):
        column = _untangled(columns[step], boxes, bands)
        top = _TOP
        for box in column:
            box.top = top
            top += box.high + _GAP
    high = max(box.top + box.high for box in boxes.values()) + _FOOT + 16 if boxes else 120.0
    across = _LEFT * 2 + _COLUMN * (max(columns, default=0) + 1)
    hue = {
        asset: _HUES[number % len(_HUES)]
        for number, asset in enumerate(dict.fromkeys(asset for _, _, asset, _ in bands))
    }
    body = "".join(_band(boxes, key, amount, widest, hue) for key, amount in bands.items())
    body += "".join(_place(box) for box in boxes.values())
    title = _text(
        tr_n(
            "Flow of money through %(count)s place, followed by %(method)s",
            "Flow of money through %(count)s places, followed by %(method)s",
            len(trace.nodes),
            str,
            method=trace.method,
        )
    )
    note = tr(
        "The width of a band is relative to the widest band of the same asset. Thin lines are "
        "records of purchases. Only the supplied transactions are shown."
    )
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {across:g} {high:.0f}" '
        f'width="{across:g}" height="{high:.0f}" role="img" aria-label="{title}" '
        'font-family="Helvetica, Arial, sans-serif" '
        f'font-size="11"><title>{title}</title><rect width="100%" height="100%" '
        f'fill="#fff"/><text x="{_LEFT}" y="18" font-size="13" '
        f'font-weight="bold">{title}</text>{_legend(hue, widest)}{body}<text x="{_LEFT}" '
        f'y="{high - 8:.0f}" fill="#666">{_text(note)}</text></svg>\n'
    )


def _boxes(nodes: Sequence[Node], hops: Sequence[Hop]) -> tuple[dict[str, _Box], dict[str, str]]:
    """Return the boxes, and which box each place is in: the ones with most money by themselves."""
    weight: dict[str, float] = defaultdict(float)
    largest = _largest(hops)
    for hop in hops:
        share = float(hop.amount / largest[hop.asset]) if largest[hop.asset] else 0.0
        weight[hop.source] += share
        weight[hop.target] += share
    columns: dict[int, list[Node]] = defaultdict(list)
    for node in nodes:
        columns[node.depth].append(node)
    boxes: dict[str, _Box] = {}
    place: dict[str, str] = {}
    for step, (_, column) in enumerate(sorted(columns.items())):
        ordered = sorted(column, key=lambda node: (-weight[node.id], node.id))
        keep = MOST_IN_COLUMN if len(ordered) <= MOST_IN_COLUMN else MOST_IN_COLUMN - 1
        for node in ordered[:keep]:
            boxes[node.id] = _Box(label=_named(node), kind=node.kind, column=step)
            place[node.id] = node.id
        for node in ordered[keep:]:
            heap = f"others at step {step}"
            boxes.setdefault(
                heap, _Box(label=_others(len(ordered) - keep), kind="wallet", column=step)
            )
            place[node.id] = heap
    return boxes, place


def _bands(
    hops: Sequence[Hop], place: Mapping[str, str]
) -> dict[tuple[str, str, str, str], Decimal]:
    bands: dict[tuple[str, str, str, str], Decimal] = defaultdict(Decimal)
    for hop in hops:
        key = (place[hop.source], place[hop.target], hop.asset, _basis(hop))
        if key[0] != key[1]:
            bands[key] += hop.amount
    return dict(sorted(bands.items(), key=lambda band: -band[1]))


def _untangled(
    column: list[_Box],
    boxes: Mapping[str, _Box],
    bands: Mapping[tuple[str, str, str, str], Decimal],
) -> list[_Box]:
    """Order a column by where its money comes from: fewer bands cross (Sugiyama's barycentre)."""
    centre: dict[int, list[float]] = defaultdict(list)
    for source, target, _, _ in bands:
        giver = boxes[source]
        if giver.column < boxes[target].column:
            centre[id(boxes[target])].append(giver.top + giver.high / 2)
    return sorted(
        column,
        key=lambda box: sum(centres) / len(centres) if (centres := centre[id(box)]) else math.inf,
    )


def _basis(hop: Hop) -> str:
    return "record" if hop.basis == "record" else "taint"


def _largest(hops: Sequence[Hop]) -> dict[str, Decimal]:
    largest: dict[str, Decimal] = defaultdict(Decimal)
    for hop in hops:
        largest[hop.asset] = max(largest[hop.asset], hop.amount)
    return largest


def _widest(bands: Mapping[tuple[str, str, str, str], Decimal]) -> dict[str, Decimal]:
    widest: dict[str, Decimal] = defaultdict(Decimal)
    for (_, _, asset, basis), amount in bands.items():
        if basis == "taint":
            widest[asset] = max(widest[asset], amount)
    return widest


def _wide(asset: str, basis: str, amount: Decimal, widest: Mapping[str, Decimal]) -> float:
    if basis == "record" or not widest.get(asset):
        return 1.4
    return max(0.8, _BAND * float(amount / widest[asset]))


def _band(
    boxes: Mapping[str, _Box],
    key: tuple[str, str, str, str],
    amount: Decimal,
    widest: Mapping[str, Decimal],
    hue: Mapping[str, str],
) -> str:
    source, target, asset, basis = key
    giver, taker = boxes[source], boxes[target]
    wide = _wide(asset, basis, amount, widest)
    x1, y1 = _LEFT + giver.column * _COLUMN + _BAR, giver.top + giver.out + wide / 2
    x2, y2 = _LEFT + taker.column * _COLUMN, taker.top + taker.into + wide / 2
    giver.out += wide
    taker.into += wide
    # Money that goes back a step swings out, so that it is seen to go back.
    bend = (x2 - x1) / 2 if x2 > x1 else _COLUMN * 0.45
    label = _text(
        tr(
            "%(source)s to %(target)s: %(amount)s %(asset)s",
            source=giver.label,
            target=taker.label,
            amount=f"{amount:f}",
            asset=asset,
        )
    )
    dash = ' stroke-dasharray="4 3"' if basis == "record" else ""
    return (
        f'<path d="M{x1:.1f} {y1:.1f}C{x1 + bend:.1f} {y1:.1f} {x2 - bend:.1f} {y2:.1f} '
        f'{x2:.1f} {y2:.1f}" fill="none" stroke="{hue[asset]}" stroke-opacity="0.45" '
        f'stroke-width="{wide:.1f}"{dash}><title>{label}</title></path>'
    )


def _place(box: _Box) -> str:
    x = _LEFT + box.column * _COLUMN
    return (
        f'<rect x="{x:.1f}" y="{box.top:.1f}" width="{_BAR}" height="{box.high:.1f}" '
        f'fill="{_KINDS.get(box.kind, "#4a4a4a")}"/>'
        f'<text x="{x + _BAR + 5:.1f}" y="{box.top + min(box.high, 30) / 2 + 4:.1f}" '
        f'stroke="#fff" stroke-width="3" paint-order="stroke">{_text(box.label)}'
        f"<title>{_text(say(term('money-place', box.kind)))}</title></text>"
    )


def _legend(hue: Mapping[str, str], widest: Mapping[str, Decimal]) -> str:
    parts, x = [], _LEFT
    for asset, colour in hue.items():
        label = asset
        if widest.get(asset):
            label = tr("%(asset)s (widest %(amount)s)", asset=asset, amount=_round(widest[asset]))
        parts.append(
            f'<rect x="{x:.0f}" y="27" width="10" height="10" fill="{colour}" fill-opacity="0.6"/>'
            f'<text x="{x + 14:.0f}" y="36">{_text(label)}</text>'
        )
        x += 34 + 6.2 * len(label)
    return "".join(parts)


def _others(count: int) -> str:
    return tr_n("%(count)s other", "%(count)s others", count, str)


def _text(text: str) -> Markup:
    return markup(text, 400)


def _round(amount: Decimal) -> str:
    """Return an amount to three figures: a drawing shows no more."""
    places = 2 - math.floor(math.log10(float(amount)))
    return f"{float(amount):,.{min(max(places, 0), 8)}f}"


def _named(node: Node) -> str:
    label = node.label if len(node.label) <= 26 else f"{node.label[:13]}…{node.label[-8:]}"
    return f"{label} ({node.addresses})" if node.addresses > 1 else label
