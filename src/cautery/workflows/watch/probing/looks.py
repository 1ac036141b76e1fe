"""Which parts of a probe are looked at, and whether its sound alone is enough."""

from __future__ import annotations

from cautery.identify.likelihood import above
from cautery.identify.references.volumes import AnyReferences
from cautery.identify.windows import part_of
from cautery.model import Decoded, Observation, Verdict, Witness
from cautery.workflows.media.pump import media_start_s

PROBE_S = 12.0
"""Media seconds of one probe: 10 s (docs/reference/sources.md, F37), and 2 s for the borders."""
MOST_WINDOWS = 4


def windows_of(decoded: Decoded) -> tuple[Decoded, ...]:
    """Cut media that has ended into windows of a probe's length that do not overlap.

    Their sounds and pictures are different seconds of the film, so they may agree as two probes
    of a live stream do. They begin after a third of it, where there is as much: in its opening a
    film shows a distributor's titles, and music fades in.
    """
    start_s = media_start_s(decoded)
    count = min(int(decoded.duration_s // PROBE_S), MOST_WINDOWS)
    if count < 2:
        return (decoded,)
    start_s += min(decoded.duration_s / 3, decoded.duration_s - count * PROBE_S)
    return tuple(
        part_of(decoded, start_s + at * PROBE_S, start_s + (at + 1) * PROBE_S)
        for at in range(count)
    )


def settled(seen: Observation, references: AnyReferences, *, licensee: str | None = None) -> bool:
    """Tell whether the sound alone says whose a stream is, so that pictures would add nothing.

    Of an event they do: they are what the licensees have in common, and an analyst wants to see
    them agree. Once that is proven, and the sound goes on as the same licensee's, they have agreed.
    Nor does sound settle what several references share.

    Parameters
    ----------
    licensee : str, optional
        That the stream is proven to carry, if it is.
    """
    sure = [witness for witness in seen.witnesses if witness.kind == "sound" and above(witness)]
    if not sure or any(witness.shared for witness in sure):
        return False
    if all(references.info(witness.reference).event is None for witness in sure):
        return True
    if licensee is None:
        return False
    return max(sure, key=lambda witness: witness.score).reference == licensee


def differs(old: Verdict, new: Verdict) -> bool:
    """Tell whether a new verdict says anything else, or names a further content at once.

    That one of them is seen no more says nothing: not every look sees the pictures.
    """
    same = (old.finding, old.channels, old.event, old.licensee, old.partner) == (
        new.finding,
        new.channels,
        new.event,
        new.licensee,
        new.partner,
    )
    further = {content.reference for content in new.at_once}
    return not same or not further <= {content.reference for content in old.at_once}


def best(observation: Observation) -> Witness | None:
    """Return the strongest witness that says at which instant of its reference a probe is."""
    timed = [witness for witness in observation.witnesses if witness.kind in ("sound", "picture")]
    return max(timed, key=lambda witness: witness.log10_lr, default=None)
