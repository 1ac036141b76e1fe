"""The way of the money: recorded test purchase, descriptor, provider, account, wallet, service."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

from markupsafe import Markup

from cautery.drawing.escaping import clip
from cautery.drawing.formatting import number
from cautery.drawing.svg import WIDE, drawing, fit, hint, sentence, text, wrapped
from cautery.messages import tr, tr_n
from cautery.pages.operation import formatting
from cautery.pages.operation.view.seizures import MoneyFlow, MoneyNode, MoneyView

MOST_NODES = 9
"""Places drawn of one kind; the ones with most money first, the others as one."""

KINDS = ("purchase", "descriptor", "psp", "account", "wallet", "service")
"""The columns, from left to right; cash and unknown places stand in the last one."""

MOST_LABEL_LINES = 4
"""Lines of one place's label; what is longer is cut, and its tooltip is whole."""

_TOP, _BAR, _PITCH, _LINE = 46.0, 11.0, 60.0, 13.0
_LABEL_ROOM = 124.0
"""From a bar of the last column to the edge, which is less than from one column to the next."""


@dataclass(frozen=True, slots=True)
class MoneyDrawing:
    """The drawing, and how much it shows."""

    svg: Markup
    shown: int
    total: int
    flows: int
    flows_total: int


def money_drawing(view: MoneyView | None) -> MoneyDrawing:
    """Draw the flows; widths go with the square root of the EUR value, so that small ones are seen.

    Returns
    -------
    MoneyDrawing
        With a sentence when no money was traced, or none can be shown.
    """
    if view is None or not view.nodes:
        instead = view.instead if view is not None else ""
        message = instead or tr("No money was traced.")
        return MoneyDrawing(sentence(message), 0, 0, 0, 0)
    nodes = {node.id: node for node in view.nodes}
    flows = [flow for flow in view.flows if flow.source in nodes and flow.target in nodes]
    out: defaultdict[str, float] = defaultdict(float)
    into: defaultdict[str, float] = defaultdict(float)
    for flow in flows:
        out[flow.source] += _worth(flow)
        into[flow.target] += _worth(flow)
    through = {node_id: max(out[node_id], into[node_id]) for node_id in nodes}
    columns: list[list[MoneyNode]] = [[] for _ in KINDS]
    for node in nodes.values():
        columns[_column(node)].append(node)
    used = [place for place, column in enumerate(columns) if column]
    visible: dict[int, list[MoneyNode]] = {}
    folded: dict[int, int] = {}
    alias: dict[str, str] = {}
    for place in used:
        ranked = sorted(columns[place], key=lambda node: (-through[node.id], node.id))
        if len(ranked) > MOST_NODES:
            visible[place], hidden = ranked[: MOST_NODES - 1], ranked[MOST_NODES - 1 :]
            folded[place] = len(hidden)
            alias |= {node.id: f"\x00{place}" for node in hidden}
        else:
            visible[place] = ranked
        visible[place].sort(key=lambda node: node.id)
    labels = {node.id: _label(node) for place in used for node in visible[place]}
    spots = _spots(visible, folded, used, labels)
    merged: defaultdict[tuple[str, str], list[MoneyFlow]] = defaultdict(list)
    for flow in flows:
        pair = alias.get(flow.source, flow.source), alias.get(flow.target, flow.target)
        merged[pair].append(flow)
    largest = max((sum(_worth(flow) for flow in group) for group in merged.values()), default=0.0)
    body = [_heads(used)]
    body += [_ribbon(pair, group, spots, largest, nodes) for pair, group in merged.items()]
    for place in used:
        body += [
            _box(node, spots[node.id], labels[node.id], through[node.id]) for node in visible[place]
        ]
        if place in folded:
            x, y = spots[f"\x00{place}"]
            body.append(
                f'<rect class="place" x="{x:.1f}" y="{y - 12:.1f}" width="{_BAR}" height="24"/>'
                + text(x, y + 26, tr("+ %(count)s more", str, count=folded[place]), "tick")
            )
    bottom = max(
        y + 52 + _LINE * (len(labels.get(node_id, " ")) - 1) for node_id, (_, y) in spots.items()
    )
    nodes_shown = sum(len(column) for column in visible.values())
    title = tr(
        "Flow of money from %(purchases)s to %(wallets)s and %(services)s: %(flows)s.",
        purchases=tr_n(
            "%(count)s test purchase", "%(count)s test purchases", len(columns[0]), number
        ),
        wallets=tr_n("%(count)s wallet", "%(count)s wallets", len(columns[4]), number),
        services=tr_n("%(count)s service", "%(count)s services", len(columns[5]), number),
        flows=tr_n("%(count)s flow", "%(count)s flows", len(flows), number),
    )
    svg = drawing("money", wide=WIDE, high=bottom, title=title, body="".join(body))
    return MoneyDrawing(svg, nodes_shown, len(nodes), len(flows), len(view.flows))


def short(label: str) -> str:
    """Return an address or account with its middle left out, so that both ends can be compared.

    Examples
    --------
    >>> short("bc1q9xk4f2w0u7m8s3v5n6t7r8e9d0c1b2a3z4y5x6")
    'bc1q9xk4…z4y5x6'
    >>> short("Exchange A")
    'Exchange A'
    """
    if len(label) > 24 and " " not in label:
        return f"{label[:8]}…{label[-6:]}"
    return label


def _column(node: MoneyNode) -> int:
    return KINDS.index(node.kind) if node.kind in KINDS else len(KINDS) - 1


def _worth(flow: MoneyFlow) -> float:
    """Return a flow's EUR value; one without a rate counts as small as can be drawn."""
    value = flow.amount if flow.currency == "EUR" else Decimal(0)
    value = value if flow.eur is None else flow.eur
    return max(0.0, float(value)) if value.is_finite() else 0.0


def _spots(
    visible: dict[int, list[MoneyNode]],
    folded: dict[int, int],
    used: Sequence[int],
    labels: Mapping[str, Sequence[str]],
) -> dict[str, tuple[float, float]]:
    """Return where each place's bar stands: its left edge and middle."""
    spots: dict[str, tuple[float, float]] = {}
    lines = {place: max(len(labels[node.id]) for node in visible[place]) for place in used}
    room = max(
        150.0,
        *(
            (_PITCH + _LINE * (lines[place] - 1)) * (len(visible[place]) + (place in folded))
            for place in used
        ),
    )
    for order, place in enumerate(used):
        x = _x(order, len(used))
        ids = [node.id for node in visible[place]] + ([f"\x00{place}"] if place in folded else [])
        pitch = room / len(ids)
        for row, node_id in enumerate(ids):
            spots[node_id] = (x, _TOP + pitch * (row + 0.5) - 6)
    return spots


def _x(order: int, count: int) -> float:
    return 2 + order * (WIDE - 128) / max(1, count - 1)


def _heads(used: Sequence[int]) -> str:
    heads = (
        tr("test purchases"),
        tr("merchant descriptors"),
        tr("payment providers"),
        tr("accounts"),
        tr("wallets"),
        tr("services"),
    )
    return "".join(
        text(_x(order, len(used)), 14, heads[place], "head") for order, place in enumerate(used)
    )


def _ribbon(
    pair: tuple[str, str],
    group: Sequence[MoneyFlow],
    spots: dict[str, tuple[float, float]],
    largest: float,
    nodes: dict[str, MoneyNode],
) -> str:
    (ax, ay), (bx, by) = spots[pair[0]], spots[pair[1]]
    worth = sum(_worth(flow) for flow in group)
    wide = 1.4 + (20.0 * (worth / largest) ** 0.5 if largest > 0 else 0.0)
    names = [nodes[node_id].label if node_id in nodes else tr("others") for node_id in pair]
    sums: defaultdict[str, Decimal] = defaultdict(Decimal)
    for flow in group:
        if flow.amount.is_finite():
            sums[flow.currency] += flow.amount
    amounts = ", ".join(f"{formatting.exact(total)} {currency}" for currency, total in sums.items())
    tooltip = tr(
        "%(source)s to %(target)s: %(amounts)s", source=names[0], target=names[1], amounts=amounts
    )
    if bx <= ax:  # within a column, or back: a loop on the right of both
        ax, bx = ax + _BAR, bx + _BAR
        path = f"M{ax:.1f} {ay:.1f}C{ax + 62:.1f} {ay:.1f} {bx + 62:.1f} {by:.1f} {bx:.1f} {by:.1f}"
    else:
        ax += _BAR
        middle = (ax + bx) / 2
        path = f"M{ax:.1f} {ay:.1f}C{middle:.1f} {ay:.1f} {middle:.1f} {by:.1f} {bx:.1f} {by:.1f}"
    return f'<path class="ribbon" d="{path}" style="stroke-width:{wide:.1f}">{hint(tooltip)}</path>'


def _label(node: MoneyNode) -> list[str]:
    lines = wrapped(short(clip(node.label)), _LABEL_ROOM, 12)
    if len(lines) > MOST_LABEL_LINES:
        remainder = " ".join(lines[MOST_LABEL_LINES - 1 :])
        lines = [*lines[: MOST_LABEL_LINES - 1], fit(remainder, _LABEL_ROOM)]
    return lines


def _box(node: MoneyNode, spot: tuple[float, float], label: Sequence[str], through: float) -> str:
    x, y = spot
    kind = "place frozen" if node.frozen else "place"
    about = ", ".join(filter(None, (formatting.place_kind(node.kind), node.country)))
    tooltip = f"{node.label} ({about})"
    if node.frozen:
        tooltip = tr("%(place)s: to be frozen", place=tooltip)
    notes = (clip(node.country), f"EUR {formatting.cents(through)}" if through else "")
    note = ", ".join(part for part in notes if part)
    return (
        f'<g class="{kind}">{hint(tooltip)}<rect x="{x:.1f}" y="{y - 13:.1f}" width="{_BAR}" '
        f'height="26" rx="1.5"/>'
        + "".join(text(x, y + 26 + _LINE * row, part, "name") for row, part in enumerate(label))
        + (text(x, y + 26 + _LINE * len(label), fit(note, _LABEL_ROOM, 11), "tick") if note else "")
        + (text(x + _BAR + 5, y + 4, tr("to freeze"), "tofreeze") if node.frozen else "")
        + "</g>"
    )
