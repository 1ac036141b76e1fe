"""The picture witness: what moves when, against events' clean feeds and filmed works."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from cautery.fingerprint import placement
from cautery.fingerprint.sliding import Alignment, correlate
from cautery.fingerprint.video import Signature, signature
from cautery.identify._judging import reachable, refined, their_changes
from cautery.identify._looking import Expected, span
from cautery.identify._picture_basis import PLAIN_TRIAL, UNUSUAL_TRIAL, picture_basis, trial_of
from cautery.identify._scored import Bars, Scored
from cautery.identify._seeing import searched
from cautery.identify._shown import Probe
from cautery.identify.basis import Basis
from cautery.identify.likelihood import tail
from cautery.identify.references.held import References
from cautery.identify.references.volumes import AnyReferences
from cautery.model.media import Decoded
from cautery.model.verdict import NoMatch, Witness


@dataclass(frozen=True, slots=True)
class Seen:
    """What the pictures gave, and why they gave nothing.

    ``kept`` is what their scores rest on, where that was asked for.
    """

    witnesses: tuple[Witness, ...]
    reason: NoMatch | None = None
    kept: tuple[Basis, ...] = ()


def watched(references: AnyReferences) -> list[str]:
    """Return the references that pictures are compared with, clean feeds first.

    A licensee's pictures are its event's, so they count only where no clean feed is held.
    """
    pictured = [
        info
        for volume in references.volumes
        for info, track in zip(volume.infos, volume.tracks, strict=True)
        if track.times
    ]
    cleaned = {info.event for info in pictured if info.clean}
    comparable = [
        info for info in pictured if info.clean or info.event not in cleaned or not info.event
    ]
    return [info.id for info in sorted(comparable, key=lambda info: not info.clean)]


def look(
    decoded: Decoded,
    references: References,
    *,
    media_at_s: float | None,
    speed_heard: float | None,
    least: float | None = None,
    expected: Sequence[Expected] = (),
    keep: bool = False,
) -> Seen:
    """Compare a probe's pictures.

    Parameters
    ----------
    media_at_s : float or None
        Reference-axis time of the probe's start (first sample; first picture without sound).
        ``None`` for a file without a clock: all that is held is searched, and delays count from 0.
    speed_heard : float or None
        The speed that the sound showed, if it matched.
    least : float, optional
        Score under which a match is not reported, instead of the measured one; lower only to
        measure what chance gives.
    expected : sequence of Expected
        Places that are tried first. Where one fills the picture, and is named by itself, no other
        place of the whole picture is searched.
    keep : bool
        Keep what the scores rest on, too.
    """
    if not len(decoded.luma):
        return Seen((), NoMatch.NO_PICTURES)
    recipe = references.recipe
    names = watched(references)
    if not names:
        return Seen((), NoMatch.NO_REFERENCE)
    probe = Probe.of(decoded, recipe)
    plain = signature(probe.cells, probe.times, recipe)
    if plain.silent:
        return Seen((), plain.silent)
    trials = tail(PLAIN_TRIAL, probe.seconds), tail(UNUSUAL_TRIAL, probe.seconds)
    bars = Bars(trials[0].least, trials[1].least, told=least)
    best = searched(probe, references, names, media_at_s, speed_heard, bars, expected)
    telling = [result for result in best if result.score >= bars.least(unusual=result.unusual)]
    witnesses = [
        _witness(result, best, references, media_at_s, expected)
        for result in telling
    ]  # fmt: skip
    if witnesses:
        bases = [picture_basis(references, result) for result in telling if keep]
        return Seen(tuple(witnesses), kept=tuple(basis for basis in bases if basis is not None))
    if reachable(probe) < bars.least(unusual=False):
        return Seen((), NoMatch.TOO_STILL)
    return Seen((), NoMatch.NONE)


def aligned(
    probe: Signature, references: References, name: str, *, media_at_s: float | None
) -> Alignment:
    """Return the correlation of a probe (on its own axis, 0 its start) with one reference."""
    pictures = references.pictures(name)
    if pictures is None or pictures.signature.silent:
        return Alignment(np.empty(0), np.empty(0, np.float32))
    low_s, high_s = span(references, name, media_at_s)
    return correlate(probe, pictures.signature, low_s=low_s, high_s=high_s)


def _witness(
    result: Scored,
    best: Sequence[Scored],
    references: References,
    media_at_s: float | None,
    expected: Sequence[Expected],
) -> Witness:
    probe, score = result.probe, result.score
    place = refined(probe, references, result.place)
    family = references.info(place.name).family
    rival_scores = [
        rival.score for rival in best
        if references.info(rival.place.name).family != family and not rival.beside(result)
    ]  # fmt: skip
    # Others are not searched where the probe lies as expected.
    rival_scores += [place.runner_up for place in expected if place.name == result.place.name]
    change, valid = their_changes(probe, references, place)
    blocks = placement.agreement(
        *placement.compared(
            -probe.fine if place.view.negative else probe.fine, change, place.placed
        ),
        valid,
        rate_hz=references.recipe.luma_rate_hz,
    )
    # A still stretch between two that agree counts; one at an end does not.
    yes = [index for index, block in enumerate(blocks) if block]
    good = len(yes)
    if yes:
        good += sum(block is None for block in blocks[yes[0] : yes[-1]])
    middle_s = float(probe.at[0]) + probe.seconds / 2
    reference_s = place.origin_s + place.speed * middle_s
    return Witness(
        kind="picture",
        reference=place.name,
        score=score,
        runner_up=max([0.0, *rival_scores]),
        delay_s=(media_at_s or 0.0) + middle_s - reference_s,
        speed=place.speed,
        coverage=good / len(blocks) if blocks else 0.0,
        probe_s=probe.seconds,
        log10_lr=tail(trial_of(result), probe.seconds).log10_lr(score),
        methods=("video",),
        part=None if result.fills else result.part,
    )
