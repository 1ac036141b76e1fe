"""One probe against all references: its witnesses of sound, picture and graphics."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from functools import partial

import numpy as np
from numpy.typing import NDArray

from cautery.errors import InputError
from cautery.fingerprint.video import cells_of, signature
from cautery.identify._looking import Expected
from cautery.identify._sounding import ProbeSound, Sounding, scores_along
from cautery.identify.basis import Basis
from cautery.identify.going_on import is_beyond, origin_s
from cautery.identify.graphics import recognise
from cautery.identify.ladder import Effort, listening, why_unmatched
from cautery.identify.likelihood import above
from cautery.identify.picture import Seen, aligned, look
from cautery.identify.references.held import References
from cautery.identify.references.volumes import AnyReferences
from cautery.identify.sound import Heard
from cautery.identify.steps import Search, in_turn
from cautery.identify.tracks import WEAK_LOG10_LR
from cautery.messages import message, term
from cautery.messages.joining import joined
from cautery.model.evidence import ExhibitId
from cautery.model.media import AUDIO_RATE_HZ, Decoded
from cautery.model.picture_part import WHOLE
from cautery.model.verdict import NoMatch, Observation, Witness

CLEAR_LEAD = 1.5
"""One licensee's votes over the next one's before its sound alone names it."""
_MOST_POINTS = 400
_AROUND_S = 8.0
_LAG_FRAMES = 4
"""64 ms: a code word's step, from the chosen place both ways."""


def observe(
    decoded: Decoded,
    references: AnyReferences,
    *,
    media_at_s: float | None,
    at: datetime,
    exhibits: Sequence[ExhibitId] = (),
    hints: Sequence[str] = (),
    effort: Effort = "full",
) -> Observation:
    """Compare one probe with all references. Safe in a worker thread while references grow.

    Parameters
    ----------
    media_at_s : float or None
        Reference-axis time (epoch seconds of availability) of the probe's first sample, or of
        its first picture when there is no sound. Witnesses' delays are this axis minus the
        reference's, at the middle of the probe. ``None`` for a file, which has no clock: all
        that is held is searched, and the probe's axis begins at 0.
    hints : sequence of str
        References that are looked at more closely.
    effort : {"full", "quick"}
        How far the sound is followed; see :func:`cautery.identify.ladder.listen`.

    Returns
    -------
    Observation
        ``media_start_s`` and ``media_end_s`` lie on the same axis as ``media_at_s``. ``reason``
        says, for each sense without a witness, why.
    """
    search = observing(
        decoded, references, media_at_s=media_at_s, at=at, exhibits=exhibits, hints=hints,
        effort=effort, keep=False,
    )  # fmt: skip
    return in_turn(search)[0]


def observing(
    decoded: Decoded,
    references: AnyReferences,
    *,
    media_at_s: float | None,
    at: datetime,
    exhibits: Sequence[ExhibitId] = (),
    hints: Sequence[str] = (),
    effort: Effort = "full",
    earlier: Observation | None = None,
    named: Observation | None = None,
    behind: bool = False,
    keep: bool = True,
) -> Search[tuple[Observation, tuple[Basis, ...]]]:
    """Do as :func:`observe` does, step by step, and return what the scores rest on, too.

    Parameters
    ----------
    earlier : Observation or None
        Of the same stream, on the same axis: where its pictures were found these are tried first.
    named : Observation or None
        The newest one of the same stream, on the same axis, that names a reference. Where that
        one does not reach the place where the stream would lie, and nothing else matches, the
        observation has no opinion; see :func:`cautery.identify.going_on.is_beyond`.
    behind : bool
        Whether references are missing for the moment: the same then holds of every stream.
    keep : bool
        Without, nothing is kept.

    Returns
    -------
    tuple
        The observation, and the basis of each of its witnesses of sound and picture.
    """
    too_early = behind or is_beyond(
        named, references, media_at_s=media_at_s, probe_s=_length_s(decoded)
    )
    sound = yield from listening(
        decoded, references, media_at_s=media_at_s, hints=hints, effort=effort, keep=keep
    )
    seen: list[Seen] = yield [
        partial(
            see, decoded, volume, sound, media_at_s=media_at_s, earlier=earlier, keep=keep
        )
        for volume in references.volumes
    ]  # fmt: skip
    observation = observed(
        decoded, sound, seen, media_at_s=media_at_s, at=at, exhibits=exhibits, too_early=too_early
    )  # fmt: skip
    return observation, (*sound.kept, *(basis for part in seen for basis in part.kept))


def see(
    decoded: Decoded,
    references: References,
    heard: Heard,
    *,
    media_at_s: float | None,
    earlier: Observation | None = None,
    keep: bool = False,
) -> Seen:
    """Compare a probe's pictures, and its graphics where the sound leaves the licensee open.

    In one volume: pictures are judged against the others there.

    Parameters
    ----------
    heard : Heard
        What the sound gave, in all volumes.
    earlier : Observation or None
        As for :func:`observing`.
    keep : bool
        Keep what the scores rest on, too.
    """
    speed = heard.matches[0].speed if heard.matches else None
    pictures = look(
        decoded, references, media_at_s=media_at_s, speed_heard=speed,
        expected=tuple(_as_seen(earlier, media_at_s)), keep=keep,
    )  # fmt: skip
    witnesses = list(pictures.witnesses)
    for witness in pictures.witnesses:
        info = references.info(witness.reference)
        if info.clean and not _named(heard, references, info.event):
            witnesses += recognise(decoded, references, witness, media_at_s=media_at_s or 0.0)
    return Seen(tuple(witnesses), pictures.reason, pictures.kept)


def _as_seen(earlier: Observation | None, media_at_s: float | None) -> Iterator[Expected]:
    """Yield where the pictures lie if they go on as an earlier probe's did."""
    if earlier is None or media_at_s is None:
        return
    for witness in earlier.witnesses:
        if witness.kind == "picture" and above(witness):
            yield Expected(
                name=witness.reference,
                origin_s=origin_s(witness, earlier, media_at_s=media_at_s),
                speed=witness.speed,
                part=witness.part or WHOLE,
                runner_up=witness.runner_up,
            )


def observed(
    decoded: Decoded,
    heard: Heard,
    seen: Sequence[Seen],
    *,
    media_at_s: float | None,
    at: datetime,
    exhibits: Sequence[ExhibitId] = (),
    too_early: bool = False,
) -> Observation:
    """Put together what the sound gave, and the pictures in each volume of the references.

    Parameters
    ----------
    too_early : bool
        Whether references do not reach the place where the stream would lie if it goes on. Then
        it has an opinion only if something speaks for a match: chance alone gives weak witnesses.
    """
    at_s = media_at_s or 0.0
    witnesses = [*heard.witnesses(), *(witness for part in seen for witness in part.witnesses)]
    unmatched: dict[str, NoMatch] = {}
    if not heard.matches:
        unmatched["sound"] = heard.reason or why_unmatched(decoded)
    if not any(part.witnesses for part in seen):
        reasons = [part.reason or NoMatch.NONE for part in seen]
        # A volume without pictures says nothing about those of the others.
        compared = (why for why in reasons if why is not NoMatch.NO_REFERENCE)
        unmatched["pictures"] = next(compared, NoMatch.NO_REFERENCE)
    if too_early and all(witness.log10_lr < WEAK_LOG10_LR for witness in witnesses):
        deaf = {sense: why for sense, why in unmatched.items() if why is not NoMatch.NONE}
        unmatched = dict.fromkeys(("sound", "pictures"), NoMatch.NOT_YET_HEARD) | deaf
    witnesses.sort(
        key=lambda witness: (-witness.log10_lr, -witness.score, witness.kind, witness.reference)
    )
    return Observation(
        at=at,
        witnesses=tuple(witnesses),
        exhibits=tuple(exhibits),
        media_start_s=at_s,
        media_end_s=at_s + _length_s(decoded),
        unmatched=unmatched,
        reason=joined(
            message("observation.unmatched", sense=term("sense", sense), why=term("no-match", why))
            for sense, why in unmatched.items()
        ),
    )


def _length_s(decoded: Decoded) -> float:
    return max(decoded.duration_s, len(decoded.audio) / AUDIO_RATE_HZ)


def alignment(
    decoded: Decoded, references: AnyReferences, witness: Witness, *, media_at_s: float
) -> tuple[tuple[float, ...], tuple[float, ...]]:
    """Return (lags in seconds, strength) around a witness's delay, for the plot.

    For sound, strength is how many standard deviations the bit-error codes lie
    below chance at each 64 ms of lag; for picture and graphics, normalised
    correlation. At most 400 points, lags rising.

    Raises
    ------
    InputError
        If the witness speaks of a reference that is not held.
    """
    volume = references.of(witness.reference)
    low_s, high_s = witness.delay_s - _AROUND_S, witness.delay_s + _AROUND_S
    if witness.kind == "sound":
        lags, strength = _sound_lags(decoded, volume, witness, media_at_s=media_at_s)
    elif witness.kind in {"picture", "graphics"}:
        lags, strength = _picture_lags(decoded, volume, witness, media_at_s)
        inside = (lags >= low_s) & (lags <= high_s)
        lags, strength = lags[inside], strength[inside]
    else:
        raise InputError(f"a witness of kind {witness.kind!r} cannot be aligned")
    step = max(1, -(-len(lags) // _MOST_POINTS))
    return (
        tuple(round(float(lag), 4) for lag in lags[::step]),
        tuple(round(float(value), 4) for value in strength[::step]),
    )


def _sound_lags(
    decoded: Decoded, references: References, witness: Witness, *, media_at_s: float
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    per_s = references.recipe.frames_per_s
    works = references.info(witness.reference).kind == "work"
    sounding = Sounding.of(ProbeSound(decoded.audio, references.recipe), references, None)
    half = round(_AROUND_S * per_s / _LAG_FRAMES)
    frames = np.arange(-half, half + 1) * _LAG_FRAMES
    middle_s = sounding.probe_s / 2
    start_s = media_at_s + middle_s - witness.delay_s - middle_s * witness.speed
    first = round((start_s - references.origin_s(works=works)) * per_s)
    scores = scores_along(
        sounding, references.number(witness.reference), first - frames, witness.speed, works=works
    )
    return witness.delay_s + frames / per_s, np.maximum(scores, 0.0)


def _picture_lags(
    decoded: Decoded, references: References, witness: Witness, media_at_s: float
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    name = witness.reference
    info = references.info(name)
    if witness.kind == "graphics":
        name = next(
            (feed.id for feed in references.infos if feed.clean and feed.event == info.event), name
        )
    start_s = decoded.audio_s if len(decoded.audio) else float(decoded.luma_s[0])
    probe = signature(
        cells_of(decoded.luma), decoded.luma_s - start_s, references.recipe, speed=witness.speed
    )
    correlation = aligned(probe, references, name, media_at_s=media_at_s)
    half_s = probe.change.shape[1] / probe.rate_hz / witness.speed / 2
    return (
        correlation.lags_s + media_at_s + half_s * (1 - witness.speed),
        correlation.strength.astype(np.float64),
    )


def _named(sound: Heard, references: References, event: str | None) -> bool:
    """Tell whether the sound alone says which licensee of an event it is."""
    scores = sorted(
        (
            match.score
            for match in sound.matches
            if references.knows(match.reference)
            and references.info(match.reference).event == event
            and not references.info(match.reference).clean
        ),
        reverse=True,
    )
    return bool(scores) and (len(scores) == 1 or scores[0] >= CLEAR_LEAD * scores[1])
