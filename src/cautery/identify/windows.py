"""A probe looked at whole and in windows that do not overlap, each as if it were a probe."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np

from cautery.identify.likelihood import above
from cautery.identify.observe import observe
from cautery.model.media import AUDIO_RATE_HZ, Decoded
from cautery.model.verdict import Observation

if TYPE_CHECKING:
    from cautery.identify.ladder import Effort
    from cautery.identify.references.volumes import AnyReferences

LEAST_WINDOW_S = 5.0
WINDOW_S = 10.0
"""Of a long probe: what recall was measured for (docs/reference/sources.md, F37)."""
WHOLE_S = 30.0
"""Up to this length a probe is always looked at whole; a longer one where its windows say
nothing, since some disguises leave a little in every window and enough in all of them."""
CLOSE_S = 600.0
"""A probe's first ten minutes are listened to as closely as can be. What goes on for longer costs
0.6 s of CPU a window among 2,500 references, half an hour and more for ten hours: from here on one
window of a part is, the middle one, and the others quickly (0.02 s), with the hints that it gave.
What recurs only under a heavy disguise and for less than a minute can be missed there, and a
programme under one is found up to a minute late."""
_FRAME_S = 0.05
"""A codec's frame: what a probe of ten seconds may lack."""
_MOST_PICTURE_S = 0.5
"""The same of pictures without sound: the last one's stay, which no next one ends."""


@dataclass(frozen=True, slots=True)
class Glance:
    """The result of one piece of a probe, and its place, seconds from the probe's start."""

    start_s: float
    end_s: float
    observation: Observation


@dataclass(frozen=True, slots=True)
class Look:
    """What a probe, or one part of a long one, gave whole and in windows."""

    whole: Glance | None
    windows: tuple[Glance, ...]

    @property
    def found(self) -> tuple[str, ...]:
        """References that a window names by itself: hints for what comes next."""
        return tuple(dict.fromkeys(name for window in self.windows for name in _named(window)))


def look_at(
    decoded: Decoded,
    references: AnyReferences,
    *,
    at: datetime,
    media_at_s: float | None = None,
    hints: Sequence[str] = (),
    start_s: float = 0.0,
) -> Look:
    """Compare a probe with all references, whole and in windows.

    Parameters
    ----------
    media_at_s : float or None
        Reference-axis time of the probe's first sample; ``None`` for a file, which has no clock:
        then all that is held is searched.
    hints : sequence of str
        References to look at more closely. What one window found is a hint for the next.
    start_s : float
        Where ``decoded`` begins in the whole probe, for one that comes in parts; after
        :data:`CLOSE_S` only one window of each part is listened to with full effort.
    """
    begin_s, span_s = begin_of(decoded), seconds_of(decoded)
    hinted = tuple(hints)
    close = start_s < CLOSE_S

    def glance(part: Decoded, effort: Effort) -> Glance:
        into_s = begin_of(part) - begin_s
        observation = observe(
            part,
            references,
            media_at_s=None if media_at_s is None else media_at_s + into_s,
            at=at,
            hints=hinted,
            effort=effort,
        )
        return Glance(start_s + into_s, start_s + into_s + seconds_of(part), observation)

    parts = windows_in(decoded)
    middle = len(parts) // 2
    order = range(len(parts))
    windows: dict[int, Glance] = {}
    for k in order if close else sorted(order, key=lambda k: k != middle):
        windows[k] = glance(parts[k], "full" if close or k == middle else "quick")
        hinted = tuple(dict.fromkeys((*_named(windows[k]), *hinted)))
    silent = not any(_named(window) for window in windows.values())
    whole = None
    if span_s <= WHOLE_S or silent:
        whole = glance(decoded, "full" if close or not parts else "quick")
    return Look(whole, tuple(windows[k] for k in order))


def _named(glance: Glance) -> list[str]:
    return [witness.reference for witness in glance.observation.witnesses if above(witness)]


def windows_in(decoded: Decoded) -> tuple[Decoded, ...]:
    """Cut a probe of at least 10 s into even windows of at least 5 s; a shorter one into none."""
    span_s = seconds_of(decoded)
    if span_s < 2 * LEAST_WINDOW_S - max(_FRAME_S, _stay_s(decoded)):
        return ()
    begin_s = begin_of(decoded)
    count = max(2, int(span_s // WINDOW_S))
    # On whole samples: half a sample of one window in the next, and they would overlap.
    samples = [round(span_s * k / count * AUDIO_RATE_HZ) for k in range(count + 1)]
    edges = [begin_s + sample / AUDIO_RATE_HZ for sample in samples]
    return tuple(part_of(decoded, a, b) for a, b in pairwise(edges))


def _stay_s(decoded: Decoded) -> float:
    """Return how long a picture stays where nothing is heard."""
    if decoded.audio.size or len(decoded.luma_s) < 2:
        return 0.0
    return float(min(_MOST_PICTURE_S, np.median(np.diff(decoded.luma_s))))


def part_of(decoded: Decoded, from_s: float, to_s: float) -> Decoded:
    """Return the media between two media times."""
    first = max(round((from_s - decoded.audio_s) * AUDIO_RATE_HZ), 0)
    last = max(round((to_s - decoded.audio_s) * AUDIO_RATE_HZ), 0)
    inside = (decoded.luma_s >= from_s) & (decoded.luma_s < to_s)
    return replace(
        decoded,
        audio=decoded.audio[first:last],
        audio_s=decoded.audio_s + first / AUDIO_RATE_HZ,
        luma=decoded.luma[inside],
        luma_s=decoded.luma_s[inside],
        duration_s=to_s - from_s,
    )


def begin_of(decoded: Decoded) -> float:
    """Return the first media time of decoded sound or, without sound, pictures."""
    if decoded.audio.size or not decoded.luma_s.size:
        return decoded.audio_s
    return float(decoded.luma_s[0])


def seconds_of(decoded: Decoded) -> float:
    """Return how long the media last."""
    return max(decoded.duration_s, decoded.audio.size / AUDIO_RATE_HZ)
