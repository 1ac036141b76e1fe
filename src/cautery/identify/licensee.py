"""Whose a stream of an event is: the licensee that its own sound or graphics name.

What all licensees have in common proves the event, and names none of them.
"""

from __future__ import annotations

from collections.abc import Sequence

from cautery.messages import message
from cautery.model.mandate import Mandate
from cautery.model.message import Message
from cautery.model.verdict import Witness

CLEAR_LEAD = 1.5
"""One licensee's support over the next one's before it alone is named."""


def licensee_of(
    family: str, witnesses: Sequence[Witness], event: str | None, mandate: Mandate
) -> tuple[str | None, tuple[str, ...], list[Message]]:
    """Return (licensee, channels, why): by its own sound, else its graphics, else unknown.

    Parameters
    ----------
    family : str
        What the stream shows: a channel, a work, or ``event:ID``.
    witnesses : sequence of Witness
        All that speak for it.
    event : str or None
        The event that the stream shows, if it does.
    """
    if event is None:
        is_channel = any(channel.id == family for channel in mandate.channels)
        return (family if is_channel else None), (family,), []
    showing = [channel.id for channel in mandate.channels if channel.event == event]
    sound = _totals(witnesses, "sound")
    scores = {name: sound.get(name, 0.0) for name in showing if sound.get(name, 0.0) > 0}
    ranked = sorted(scores.items(), key=lambda entry: (-entry[1], entry[0]))
    clean = sound.get(f"event:{event}", 0.0)
    if ranked and ranked[0][1] > clean:
        tied = [name for name, total in ranked if total * CLEAR_LEAD > ranked[0][1]]
        if len(tied) == 1:
            return tied[0], (tied[0],), [message("verdict.own-sound", licensee=tied[0])]
        by_graphics = _by_graphics(witnesses, tied)
        if by_graphics:
            why = message("verdict.own-graphics", licensee=by_graphics)
            return by_graphics, (by_graphics,), [why]
        return None, tuple(sorted(tied)), [message("verdict.several-licensees")]
    by_graphics = _by_graphics(witnesses, showing)
    if by_graphics:
        why = message("verdict.graphics-alone", licensee=by_graphics)
        return by_graphics, (by_graphics,), [why]
    return None, (), [message("verdict.no-licensee")]


def _by_graphics(witnesses: Sequence[Witness], among: Sequence[str]) -> str | None:
    totals = _totals(witnesses, "graphics")
    ranked = sorted(
        ((name, total) for name, total in totals.items() if name in among),
        key=lambda entry: (-entry[1], entry[0]),
    )
    if not ranked:
        return None
    second = ranked[1][1] if len(ranked) > 1 else 0.0
    return ranked[0][0] if ranked[0][1] >= CLEAR_LEAD * second else None


def _totals(witnesses: Sequence[Witness], kind: str) -> dict[str, float]:
    totals: dict[str, float] = {}
    for witness in witnesses:
        if witness.kind == kind:
            totals[witness.reference] = totals.get(witness.reference, 0.0) + witness.score
    return totals
