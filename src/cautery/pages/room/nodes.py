"""The page of the nodes: how each stands, and its jobs and its lag over the last minutes."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from markupsafe import Markup

from cautery.drawing.escaping import markup
from cautery.drawing.svg import line, rect
from cautery.messages import tr
from cautery.model.message import Message
from cautery.model.nodes import JobCounts
from cautery.model.ports import NodeMoment
from cautery.model.records import NodeState

SHOWN_S = 300.0
LATE_S = 30.0
"""So late a reference misses the match's next minute, as the pace of a watch says."""
_WIDE, _HIGH, _PANE = 300.0, 46.0, 20.0
_STEP_S = 5.0
_LAG_TOP_S = 60.0


@dataclass(frozen=True, slots=True, kw_only=True)
class NodeRow:
    """One node.

    Parameters
    ----------
    why : Message or None
        Why it gets no job; ``None``: it gets some, or it is gone.
    shards : tuple of str
        References that are at home there, those that are shown.
    more_shards : int
        How many there are besides.
    ahead_s : float
        How far its clock is ahead of the database's; negative: behind.
    silent_s : float
        How long it has not said anything.
    history : tuple of NodeMoment
        How it stood, the oldest first.
    """

    name: str
    country: str
    version: str
    state: NodeState
    why: Message | None
    at_work: int
    capacity: int
    done: int
    lag_s: float | None
    shards: tuple[str, ...]
    more_shards: int
    ahead_s: float
    free_bytes: int
    silent_s: float
    history: tuple[NodeMoment, ...]

    @property
    def is_late(self) -> bool:
        """Whether its references are so late that it misses what is shown."""
        return self.lag_s is not None and not self.lag_s <= LATE_S


@dataclass(frozen=True, slots=True, kw_only=True)
class NodesView:
    """All nodes.

    Parameters
    ----------
    count : int
        How many there are; ``rows`` are those that are shown.
    at_work, refused : int
        How many stand so.
    has_server : bool
        Whether the organisation has a database, without which there are no nodes.
    """

    now: datetime
    rows: tuple[NodeRow, ...]
    count: int
    at_work: int
    refused: int
    jobs: JobCounts
    has_server: bool = True


def node_picture(row: NodeRow, view: NodesView) -> Markup:
    """Return a node's last five minutes: its jobs above, and how late its references were."""
    first_s = view.now.timestamp() - SHOWN_S
    moments = [
        moment for moment in row.history if 0.0 <= moment.at_s - first_s <= SHOWN_S + _STEP_S
    ]
    marks = line("grid", 0, _PANE, _WIDE, _PANE) + line("grid", 0, _HIGH - 1, _WIDE, _HIGH - 1)
    wide = _WIDE * _STEP_S / SHOWN_S
    for moment in moments:
        x = (moment.at_s - first_s) / SHOWN_S * _WIDE
        share = _share(moment.at_work, row.capacity)
        if share:
            marks += rect("busy", x - wide, _PANE * (1 - share), wide - 0.5, _PANE * share)
        if moment.lag_s is not None:
            share = max(0.05, _share(moment.lag_s, _LAG_TOP_S))
            kind = "behind" if not moment.lag_s <= LATE_S else "kept"
            high = (_HIGH - _PANE - 3) * share
            marks += rect(kind, x - wide, _HIGH - 1 - high, wide - 0.5, high)
    label = tr(
        "%(name)s in the last five minutes: at most %(jobs)s jobs side by side, references late by "
        "%(lag_s)s s at most",
        name=row.name,
        jobs=max((moment.at_work for moment in moments), default=0),
        lag_s=_most(moments),
    )
    return Markup(  # noqa: S704 - numbers, and texts escaped one by one
        f'<svg class="node" viewBox="0 0 {_WIDE:.0f} {_HIGH:.0f}" role="img" '
        f'aria-label="{markup(label, 400)}">{marks}</svg>'
    )


def _share(part: float, whole: float) -> float:
    """Return a part of a whole, within 0 and 1, whatever a stranger wrote."""
    if whole <= 0 or not math.isfinite(part):
        return 1.0 if part > 0 else 0.0
    return min(1.0, max(0.0, part / whole))


def _most(moments: Sequence[NodeMoment]) -> str:
    lags = [
        moment.lag_s
        for moment in moments
        if moment.lag_s is not None and math.isfinite(moment.lag_s)
    ]
    return f"{max(lags):.0f}" if lags else "-"
