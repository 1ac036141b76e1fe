"""Sentences about what a case does not know since machines came, went or changed."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from cautery.drawing.formatting import number
from cautery.drawing.templates import said
from cautery.messages import tr, tr_n, word
from cautery.pages.case_report import Unknown
from cautery.projections import CaseRecords
from cautery.projections.presence import Nodes


def first_of(names: Sequence[str], most: int) -> str:
    """Return the first names, and how many more there are."""
    listed = ", ".join(names[:most])
    if len(names) <= most:
        return listed
    return tr("%(names)s and %(more)s more", names=listed, more=len(names) - most)


def takeovers(records: CaseRecords) -> Iterator[Unknown]:
    """Say when another process went on with the watch: nobody looked at anything in between."""
    for taken in records.takeovers:
        yield Unknown(
            what=tr(
                "What happened while the watch changed hands, before %(time)s UTC",
                time=f"{taken.at:%H:%M:%S}",
            ),
            why=tr(
                "%(driver)s went on with it in place of %(before)s, because %(why)s.",
                driver=taken.driver,
                before=taken.before,
                why=word(taken.why),
            ),
        )


def nodes_of(nodes: Nodes) -> Iterator[Unknown]:
    """Say from which machines streams were looked at, and which of them failed the watch."""
    if not nodes.newest:
        return
    places = [
        f"{name} ({changed.country})" if changed.country else name
        for name, changed in sorted(nodes.newest.items())
    ]
    yield Unknown(
        what=tr_n(
            "What other places would see: the streams were looked at by %(count)s node",
            "What other places would see: the streams were looked at by %(count)s nodes",
            len(places),
            style=number,
        ),
        why=tr("Each look names its node: %(nodes)s.", nodes=first_of(places, 12)),
    )
    if nodes.left:
        yield Unknown(
            what=tr_n(
                "What %(count)s node did not finish when it left",
                "What %(count)s nodes did not finish when they left",
                len(nodes.left),
                style=number,
            ),
            why=tr(
                "Other nodes did their looks again: %(nodes)s left during the watch. The records "
                "say when.",
                nodes=first_of(sorted(nodes.left), 12),
            ),
        )
    for changed in nodes.refused[:3]:
        assert changed.why is not None
        yield Unknown(
            what=tr("What node %(name)s would have seen", name=changed.name),
            why=tr("It got no job: %(why)s.", why=said(changed.why)[:200]),
        )
    if nodes.waits:
        yield Unknown(
            what=tr("What was on while no node was at work"),
            why=tr("Nothing is looked at without one. The records say from when."),
        )
