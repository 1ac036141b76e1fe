"""The decoys of a case in a court's document: what each was, apart from all claims."""

from __future__ import annotations

from cautery.messages import tr
from cautery.model.decoys import DecoyKind
from cautery.projections.decoys import Decoys


def decoy_words(decoys: Decoys) -> tuple[str, ...]:
    """Return sentences for the document: how many decoys there are, and what each one was."""
    sealed = decoys.sealed
    if sealed is None:
        return ()
    words = [
        tr(
            "To test the watch, %(planner)s hid %(count)s streams of the organisation's own among "
            "those that it watched. Whoever worked on the case did not know which they were. They "
            "are no streams of anybody else.",
            planner=sealed.planner,
            count=sealed.count,
        )
    ]
    if not decoys.unopened:
        words.append(tr("No claim of this document rests on one of them."))
    else:
        words.append(
            tr(
                "%(count)s of them were never revealed, so claims of this document may be about "
                "them.",
                count=decoys.unopened,
            )
        )
    words += [
        tr(
            "Leaf %(leaf)s of the plan names %(host)s, which the mandate does not call the "
            "organisation's own: it counts as no decoy.",
            leaf=leaf,
            host=revealed.opening.decoy.host,
        )
        for leaf, revealed in sorted(decoys.foreign.items())
    ]
    words += [
        tr(
            "%(url)s: %(kind)s. Leaf %(leaf)s of the plan that was sealed under %(root)s.",
            url=opening.decoy.url,
            kind=_kind(opening.decoy.kind),
            leaf=opening.index,
            root=sealed.root,
        )
        for opening in decoys.opened
    ]
    return tuple(words)


def _kind(kind: DecoyKind) -> str:
    return {
        DecoyKind.OWN_STREAM: tr("shows the event"),
        DecoyKind.OTHER_MATCH: tr("shows another match"),
        DecoyKind.HIGHLIGHTS: tr("shows highlights"),
        DecoyKind.LAST_YEAR: tr("shows an earlier match of the same teams"),
        DecoyKind.FAN_TALK: tr("somebody speaks over a still picture"),
        DecoyKind.PARTNER: tr("a licensed partner shows the event"),
    }[kind]
