"""Where an audience comes from: a file of viewers by minute, or a case's own probes."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path

from cautery.errors import InputError
from cautery.estimate import Seen
from cautery.estimate.harm import Curve
from cautery.estimate.harm.streams import curve_of_streams
from cautery.formats.audience import read_audience
from cautery.model import Window
from cautery.model.ports import Ledger
from cautery.projections import folded
from cautery.projections.looks import KINDS, Looks
from cautery.workflows.case.referral import mandate_of


def viewers_of_file(path: Path) -> tuple[Curve, ...]:
    """Return the curves of an ``audience.csv``.

    Raises
    ------
    InputError
        If it cannot be read as one.
    """
    return tuple(
        Curve.of(event, channel, rows) for (event, channel), rows in read_audience(path).items()
    )


def streams_of_case(ledger: Ledger) -> tuple[Curve, ...]:
    """Return how many proven streams of each event and channel were up, by minute of the event.

    Parameters
    ----------
    ledger : Ledger
        Of the case, without its decoys.

    Raises
    ------
    InputError
        If it has no proven stream.
    """
    mandate = mandate_of(ledger)
    looks = folded(Looks(), ledger.read(kinds=KINDS))
    windows = {event.id: event.window for event in mandate.events}
    curves = []
    for right, channel in sorted(set(looks.shows.values())):
        seen = looks.of(right, channel)
        window = windows.get(right) or _watched(seen.values())
        if window is not None:
            curves.append(curve_of_streams(right, channel, seen, window=window))
    if not curves:
        raise InputError("this case has no proven stream, so it has no curve")
    return tuple(curves)


def _watched(looks: Iterable[Sequence[Seen]]) -> Window | None:
    """Return from the first look to the last, of what has no kick-off; ``None``: no time passed."""
    times = [look.at for seen in looks for look in seen]
    return Window(start=min(times), end=max(times)) if times and min(times) < max(times) else None
