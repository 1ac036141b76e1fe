"""The supply graph before the day and after it: a band a task, a dot a node, side by side."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from markupsafe import Markup

from cautery.drawing.bands import BANDS
from cautery.drawing.formatting import number, percent
from cautery.drawing.svg import drawing, hint, sentence, text
from cautery.messages import say, term, tr, tr_n, word
from cautery.pages.operation.view.seizures import Fate, SupplyNode, SupplyView

MOST_DOTS = 600
"""Nodes drawn of one band; the best connected first, the rest counted at its end."""

MOST_LINES = 4000
"""Relations drawn of one picture."""

_WIDE, _LEFT, _RIGHT, _HEAD, _GAP = 440.0, 100.0, 8.0, 8.0, 30.0


@dataclass(frozen=True, slots=True)
class GraphDrawing:
    """Both drawings, and how much of the graph they show."""

    before: Markup
    after: Markup
    nodes: int
    nodes_total: int
    links: int
    links_total: int
    removed: int
    dark: int
    serving: int

    @property
    def extent(self) -> str:
        """How much is shown, in words."""
        return tr(
            "%(nodes)s and %(relations)s shown",
            nodes=tr_n(
                "%(part)s of %(count)s node",
                "%(part)s of %(count)s nodes",
                self.nodes_total,
                number,
                part=self.nodes,
            ),
            relations=tr_n(
                "%(part)s of %(count)s relation",
                "%(part)s of %(count)s relations",
                self.links_total,
                number,
                part=self.links,
            )
            if self.links_total
            else tr("no relation"),
        )


def supply_drawings(view: SupplyView | None) -> GraphDrawing | Markup:
    """Draw the graph twice, with the same places: whole, and as the day left it.

    Returns
    -------
    GraphDrawing or Markup
        A sentence when there is no node.
    """
    if view is None or not view.nodes:
        return sentence(tr("No supply graph was put together."))
    nodes = {node.id: node for node in view.nodes}
    links = [link for link in view.links if link.source in nodes and link.target in nodes]
    near: defaultdict[str, list[str]] = defaultdict(list)
    for link in links:
        near[link.source].append(link.target)
        near[link.target].append(link.source)
    bands = _bands(nodes.values(), near)
    spots, high, rows = _spots(bands)
    lines = [
        (link.source, link.target)
        for link in links
        if link.source in spots and link.target in spots
    ]
    lines.sort(key=lambda line: -min(len(near[line[0]]), len(near[line[1]])))
    lines = lines[:MOST_LINES]
    fates = [node.fate for node in nodes.values()]
    drawings: list[Markup] = []
    for after in (False, True):
        parts = [
            _lines(lines, spots, nodes, after=after),
            _labels(bands, rows, after=after),
            *(_dot(nodes[node_id], spot, after=after) for node_id, spot in spots.items()),
        ]
        title = (
            tr_n(
                "Supply graph after the day: %(share)s of demand served; %(count)s node taken, "
                "%(dark)s dark, %(serving)s still serving.",
                "Supply graph after the day: %(share)s of demand served; %(count)s nodes taken, "
                "%(dark)s dark, %(serving)s still serving.",
                fates.count(Fate.REMOVED),
                str,
                share=percent(view.served_after),
                dark=fates.count(Fate.DARK),
                serving=fates.count(Fate.SERVING),
            )
            if after
            else tr_n(
                "Supply graph before the day: %(share)s of demand served by %(count)s node.",
                "Supply graph before the day: %(share)s of demand served by %(count)s nodes.",
                len(nodes),
                number,
                share=percent(view.served_before),
            )
        )
        drawings.append(drawing("supply", wide=_WIDE, high=high, title=title, body="".join(parts)))
    return GraphDrawing(
        before=drawings[0],
        after=drawings[1],
        nodes=len(spots),
        nodes_total=len(nodes),
        links=len(lines),
        links_total=len(view.links),
        removed=fates.count(Fate.REMOVED),
        dark=fates.count(Fate.DARK),
        serving=fates.count(Fate.SERVING),
    )


def _bands(
    nodes: Collection[SupplyNode],
    near: Mapping[str, Sequence[str]],
) -> list[tuple[str, list[SupplyNode], int]]:
    """Return each band's name, its nodes in drawing order, and how many there are in all.

    Each band is ordered by the mean place of its neighbours in the band above (the barycentre of
    Sugiyama, Tagawa & Toda, 1981), so that lines cross less.
    """
    bands: list[tuple[str, list[SupplyNode], int]] = []
    place: dict[str, float] = {}
    for name, roles in BANDS:
        members = [node for node in nodes if node.role in roles]
        if not members:
            continue
        visible = sorted(members, key=lambda node: (-len(near.get(node.id, ())), node.id))[
            :MOST_DOTS
        ]
        means = {
            node.id: _mean([place[n] for n in near.get(node.id, ()) if n in place])
            for node in visible
        }
        visible.sort(key=lambda node: (means[node.id], node.country, node.id))
        place |= {node.id: (number + 0.5) / len(visible) for number, node in enumerate(visible)}
        bands.append((name, visible, len(members)))
    return bands


def _mean(places: Sequence[float]) -> float:
    return sum(places) / len(places) if places else 0.5


def _spots(
    bands: Sequence[tuple[str, list[SupplyNode], int]],
) -> tuple[dict[str, tuple[float, float, float]], float, list[tuple[float, float]]]:
    """Return each node's place and radius, the height of all, and each band's top and height."""
    spots: dict[str, tuple[float, float, float]] = {}
    rows: list[tuple[float, float]] = []
    room = _WIDE - _LEFT - _RIGHT
    y = _HEAD
    for _, nodes, _ in bands:
        count = len(nodes)
        cell = max(6.2, min(22.0, (room * 26 / count) ** 0.5 if count > 16 else room / count))
        across = max(1, int(room / cell))
        deep = -(-count // across)
        across = -(-count // deep)
        pitch = room / across
        high = max(30.0, deep * cell + 6)
        for place, node in enumerate(nodes):
            column, row = divmod(place, deep)
            x = _LEFT + (column + 0.5) * pitch
            down = y + (high - deep * cell) / 2 + (row + 0.5) * cell
            spots[node.id] = (x, down, min(6.0, cell * 0.34))
        rows.append((y, high))
        y += high + _GAP
    return spots, y - _GAP + 8, rows


def _labels(
    bands: Sequence[tuple[str, list[SupplyNode], int]],
    rows: Sequence[tuple[float, float]],
    *,
    after: bool,
) -> str:
    parts: list[str] = []
    for (name, nodes, total), (top, high) in zip(bands, rows, strict=True):
        middle = top + high / 2
        serving = sum(node.fate is Fate.SERVING for node in nodes)
        count = (
            tr("%(serving)s of %(drawn)s left", str, serving=serving, drawn=len(nodes))
            if after
            else number(total, 9)
        )
        parts.append(
            text(0, middle - 2, say(term("band", name)), "row")
            + text(0, middle + 13, count, "tick")
        )
        if len(nodes) < total:
            remainder = tr("+ %(count)s more", str, count=total - len(nodes))
            parts.append(text(_WIDE - _RIGHT, top + high + 12, remainder, "tick", "end"))
    return "".join(parts)


def _dot(node: SupplyNode, spot: tuple[float, float, float], *, after: bool) -> str:
    x, y, radius = spot
    fate = node.fate if after else Fate.SERVING
    about = ", ".join(filter(None, (word(node.role), node.country)))
    tooltip = f"{node.label} ({about})"
    tooltip += f": {word(fate)}" if after else ""
    if fate is Fate.REMOVED:
        left, side = x - radius * 0.95, radius * 1.9
        return (
            f'<path class="n-removed" d="M{left:.1f} {y - side / 2:.1f}l{side:.1f} {side:.1f}'
            f'm0-{side:.1f}l-{side:.1f} {side:.1f}">{hint(tooltip)}</path>'
        )
    return (
        f'<circle class="n-{fate.value}" cx="{x:.1f}" cy="{y:.1f}" r="{radius:.1f}">'
        f"{hint(tooltip)}</circle>"
    )


def _lines(
    lines: Sequence[tuple[str, str]],
    spots: Mapping[str, tuple[float, float, float]],
    nodes: Mapping[str, SupplyNode],
    *,
    after: bool,
) -> str:
    """Draw all relations as two paths: those still in use, and those that are cut."""
    alive: list[str] = []
    cut: list[str] = []
    for source, target in lines:
        (ax, ay, _), (bx, by, _) = spots[source], spots[target]
        middle = (ay + by) / 2
        path = f"M{ax:.0f} {ay:.0f}C{ax:.0f} {middle:.0f} {bx:.0f} {middle:.0f} {bx:.0f} {by:.0f}"
        living = all(nodes[end].fate is Fate.SERVING for end in (source, target))
        (alive if living or not after else cut).append(path)
    count = len(alive)
    weight = "thin" if count > 400 else "bold" if count < 60 else "plain"
    return (f'<path class="l-cut" d="{"".join(cut)}"/>' if cut and len(cut) < 400 else "") + (
        f'<path class="l-alive {weight}" d="{"".join(alive)}"/>' if alive else ""
    )
