"""How far a probe's sound is followed: a ladder of rungs, each dearer than the one before.

It is climbed until something is sure: landmark votes as the probe sounds; the codes of hinted
references; those of all; the codes of all with a speed or a tempo undone; landmark votes with a
pitch or a further speed undone. A quick look takes votes with speeds undone in place of all codes.
A score is that of codes and peaks from the codes on, and of what a quick look is not sure of, too
(ADR 0054).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from typing import Literal

import numpy as np

from cautery.fingerprint.audio import loudness_db
from cautery.fingerprint.recipe import DEFAULT_RECIPE
from cautery.fingerprint.spectrum import power_of
from cautery.identify._leads import LEAST_SCORE, MOST_MATCHES, WORTH_IT, Lead, distinct
from cautery.identify._sounding import ProbeSound
from cautery.identify.match import Match
from cautery.identify.references.volumes import AnyReferences
from cautery.identify.simulcast import AS_LIKE, sifted
from cautery.identify.sound import AS_IS, EVERY, FAR, HINTED, JUDGED, SPED, VOTED, Ear, Heard, Rung
from cautery.identify.steps import Search, in_turn
from cautery.model.media import AUDIO_RATE_HZ, Decoded
from cautery.model.verdict import NoMatch

SURE_SCORE = 14.0
"""From here on no further rung is climbed: other music has been seen to score 13.4, once."""
_QUIET_DB = -60.0
_HOPELESS = AS_LIKE * WORTH_IT / LEAST_SCORE
"""Share of the best score under which refining, which gives a third more at most, makes no place
one that says the same."""
_TONE_SHARE, _TONE_BINS = 0.99, 12
"""Of the power, and of the spectrum's 462 bins: a tone takes three, or eleven after AAC at 32
kbit/s; the barest of 266 stretches of music, a drone, took twenty."""

Effort = Literal["quick", "full"]


class Ladder:
    """How far one probe's sound is followed, in all volumes of the references at once.

    Every volume answers a rung before any climbs the next, so that what one of them is sure of
    spares all the dearer ones, and what the references share is weighed over all of them.

    Parameters
    ----------
    least, hints, effort
        As for :func:`listen`.
    """

    def __init__(
        self,
        probe_s: float,
        *,
        least: float = LEAST_SCORE,
        hints: Sequence[str] = (),
        effort: Effort = "full",
    ) -> None:
        self.rung: int | None = AS_IS
        """To be climbed next; ``None``: it is enough."""
        self._probe_s = probe_s
        self._least = least
        self._later = [VOTED] if effort == "quick" else []
        self._later += [HINTED] if hints else []
        # Nothing that is not sure is told by codes alone: their scores are on another scale.
        self._later += [EVERY, SPED, FAR] if effort == "full" else [JUDGED]
        self._leads: list[list[Lead]] = []
        self._best: dict[str, float] = {}
        self._deaf: NoMatch | None = None

    def add(self, answers: Sequence[Rung]) -> None:
        """Take every volume's answer to the rung, in the order of the volumes."""
        among = sum(answer.among for answer in answers)
        self._leads = self._leads or [[] for _ in answers]
        for leads, answer in zip(self._leads, answers, strict=True):
            leads += [replace(lead, searched=among) for lead in answer.leads]
            for family, score in answer.best.items():
                self._best[family] = max(self._best.get(family, 0.0), score)
        self._deaf = next((answer.deaf for answer in answers if answer.deaf), None)
        # Less than sure may be a true match at a wrong speed, at a place beside the true one.
        enough = max(self._best.values(), default=0.0) >= SURE_SCORE
        self.rung = None if self._deaf or enough or not self._later else self._later.pop(0)

    def chosen(self) -> list[list[Lead]]:
        """Return each volume's leads that are reported: of all volumes, the best few."""
        by_volume = [distinct(lead, self._least) for lead in self._leads]
        ranked = sorted((-lead.score, at, k) for at, leads in enumerate(by_volume)
                        for k, lead in enumerate(leads))[:MOST_MATCHES]  # fmt: skip
        return _worth_telling(
            [
                [by_volume[at][k] for _, volume, k in ranked if volume == at]
                for at in range(len(by_volume))
            ]
        )

    def heard(self, told: Sequence[Sequence[Match]]) -> Heard:
        """Return what all volumes' matches come to."""
        if self._deaf:
            return Heard((), {}, self._probe_s, self._deaf)
        matches = sorted(
            (match for answer in told for match in answer),
            key=lambda match: (-match.score, match.reference, match.delay_s),
        )[:MOST_MATCHES]
        telling = sifted(matches, least=LEAST_SCORE)
        runner_up = {
            match.family: max(
                (score for name, score in self._best.items() if name != match.family), default=0.0
            )
            for match in telling
        }
        return Heard(
            tuple(match for match in telling if match.score >= self._least),
            runner_up,
            self._probe_s,
        )


def _worth_telling(volumes: list[list[Lead]]) -> list[list[Lead]]:
    """Leave out leads that nobody would report, of probes that one reference alone resembles.

    Its lesser places are reported as repeats if they come near its best, and besides might only say
    that others share what they are matched by. Music is like itself in a dozen places.
    """
    resembled = {
        (at, lead.works, lead.number) for at, leads in enumerate(volumes) for lead in leads
    }
    if len(resembled) != 1:
        return volumes
    least = _HOPELESS * max(lead.score for leads in volumes for lead in leads)
    return [[lead for lead in leads if lead.score >= least] for leads in volumes]


def mute(decoded: Decoded) -> Heard | None:
    """Return why there is nothing to listen to, where there is not."""
    probe_s = len(decoded.audio) / AUDIO_RATE_HZ
    if probe_s < 3:
        return Heard((), {}, probe_s, NoMatch.SHORT_SOUND if probe_s else NoMatch.NO_SOUND)
    if loudness_db(decoded.audio) < _QUIET_DB:
        return Heard((), {}, probe_s, NoMatch.SILENT)
    return None


def why_unmatched(decoded: Decoded) -> NoMatch:
    """Return why sound that was compared has matched none: a steady tone tells nothing.

    Asked only then, so that no sound is kept from being compared.
    """
    power = power_of(decoded.audio, DEFAULT_RECIPE).mean(axis=0, dtype=np.float64)
    loudest = np.sort(power)[-_TONE_BINS:]
    return NoMatch.TONE if loudest.sum() >= _TONE_SHARE * power.sum() else NoMatch.NONE


def listen(
    decoded: Decoded,
    references: AnyReferences,
    *,
    media_at_s: float | None,
    least: float = LEAST_SCORE,
    hints: Sequence[str] = (),
    effort: Effort = "full",
    keep: bool = False,
) -> Heard:
    """Compare a probe's sound with every reference.

    Parameters
    ----------
    media_at_s : float or None
        Reference-axis time at which the probe's first sample became available; ``None`` for a
        file, which has no clock: then all that is held is searched, and delays are stated as if
        it were 0.
    least : float
        Score under which a match is not reported; lower only to measure what chance gives.
    hints : sequence of str
        References that are searched before, and more closely than, all others.
    effort : {"full", "quick"}
        ``quick`` leaves out the codes of all references: another voice, or noise, at the
        programme's own loudness is then only heard through on hinted ones.
    keep : bool
        Keep what the scores rest on, too.
    """
    return in_turn(
        listening(
            decoded, references, media_at_s=media_at_s, least=least, hints=hints, effort=effort,
            keep=keep,
        )
    )  # fmt: skip


def listening(
    decoded: Decoded,
    references: AnyReferences,
    *,
    media_at_s: float | None,
    least: float = LEAST_SCORE,
    hints: Sequence[str] = (),
    effort: Effort = "full",
    keep: bool = False,
) -> Search[Heard]:
    """Do as :func:`listen` does, step by step.

    Every volume comes to what one process with all references would say, but that it measures what
    chance gives at 2,048 places of its own words.
    """
    nothing = mute(decoded)
    if nothing is not None:
        return nothing
    sound = ProbeSound(decoded.audio, references.recipe)
    ears: list[Ear] = yield [
        partial(Ear, sound, volume, media_at_s=media_at_s, hints=hints)
        for volume in references.volumes
    ]
    ladder = Ladder(len(decoded.audio) / AUDIO_RATE_HZ, least=least, hints=hints, effort=effort)
    while ladder.rung is not None:
        ladder.add((yield [partial(ear.climb, ladder.rung) for ear in ears]))
    chosen = zip(ears, ladder.chosen(), strict=True)
    refined: list[list[Lead]] = yield [partial(ear.refine, leads) for ear, leads in chosen]
    best = best_of(refined)
    told = yield [partial(ear.tell, leads, best) for ear, leads in zip(ears, refined, strict=True)]
    outcome = ladder.heard(told)
    if not keep:
        return outcome
    bases = [
        ear.basis(match, volume=at)
        for match in outcome.matches
        for at, (ear, volume) in enumerate(zip(ears, references.volumes, strict=True))
        if volume.knows(match.reference)
    ]
    return replace(outcome, kept=tuple(basis for basis in bases if basis is not None))


def best_of(volumes: Sequence[Sequence[Lead]]) -> Lead | None:
    """Return the best lead of all volumes."""
    return max(
        (lead for leads in volumes for lead in leads), key=lambda lead: lead.score, default=None
    )
