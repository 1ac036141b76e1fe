"""What a look is asked of a stream, from what the watch knows of it."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Container, Sequence
from datetime import datetime

from cautery.identify.likelihood import above
from cautery.model import Observation, Witness
from cautery.workflows.watch.probing.looks import PROBE_S
from cautery.workflows.watch.probing.questions import LookQuestion
from cautery.workflows.watch.streams import Stream

OVERLAP_S = 3.0
MOST_PROBE_S = 36.0


def asked_of(
    stream: Stream, of_events: Container[str | None], *, now: datetime, within_s: float
) -> LookQuestion:
    """Return what is asked of a stream now.

    Parameters
    ----------
    of_events : container of str
        Ids of the mandate's events, and of the channels that show them.
    within_s : float
        How long the look may take, seconds.
    """
    verdict = stream.verdict if stream.proven else None
    as_event = None
    if stream.offer is not None and not stream.looked:
        as_event = stream.offer.right in of_events
    return LookQuestion(
        id=secrets.token_hex(16),
        key=stream.key,
        url=stream.played,
        listed=stream.url,
        host=stream.host,
        seconds=_span_s(stream, now),
        anchor=stream.anchor,
        work=None if verdict is None else verdict.event or verdict.channels[0],
        licensee=None if verdict is None else verdict.licensee,
        of_event=verdict is not None and verdict.event is not None,
        earlier=_newest(stream.observations, lambda witness: witness.kind == "picture"),
        named=_newest(stream.observations, above),
        by_sound=stream.by_sound,
        offered_as_event=as_event,
        pictured=stream.pictured,
        second=stream.pending,
        within_s=within_s,
    )


def _span_s(stream: Stream, now: datetime) -> float:
    """Return how much media to ask for: all since the last look, if that spoke for a match.

    A machine that is late with its second look must not lose the run of media between, nor must
    references that were late at a look.
    """
    newest = stream.newest_heard
    if newest is None or not stream.pending:
        return PROBE_S
    since_s = (now - newest.at).total_seconds()
    return min(max(PROBE_S, since_s + OVERLAP_S), MOST_PROBE_S)


def _newest(
    observations: Sequence[Observation], names: Callable[[Witness], bool]
) -> Observation | None:
    """Return the newest observation with a witness that names a reference as asked."""
    return next(
        (observation for observation in reversed(observations)
         if any(names(witness) for witness in observation.witnesses)),
        None,
    )  # fmt: skip
