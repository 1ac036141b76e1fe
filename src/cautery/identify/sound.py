"""The sound witness: landmarks propose where a probe may come from, codes and peaks judge it.

What each rung of :mod:`cautery.identify.ladder` finds among some references, and how it is told.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from cautery.fingerprint.audio import landmarks_of
from cautery.fingerprint.codes import WORD_FRAMES
from cautery.identify._leads import (
    LEAST_SCORE,
    WORTH_IT,
    Lead,
    distinct,
    judged_again,
    leads_from,
    nearer,
    proposed,
    refined,
    seconds_of,
    standing_out,
)
from cautery.identify._sound_basis import sound_basis
from cautery.identify._sounding import ProbeSound, Sounding
from cautery.identify.basis import Basis
from cautery.identify.likelihood import tail
from cautery.identify.match import AROUND_WORDS, Codes, Match
from cautery.identify.references.held import References
from cautery.identify.simulcast import filled
from cautery.model.verdict import NoMatch, Witness

SEARCH_S = (-30.0, 300.0)
"""Delays searched: from a suspect that is faster to one behind by a DVR's length."""
_SURE_VOTES = 12
"""Votes of one pass that by themselves make a landmark match; chance gives 8 among 2,500 channels
in ten seconds (docs/reference/sources.md, F36)."""
_BLOCK_S = 1.0
_BLOCK_SCORE = 2.5
"""Standard deviations of one second that make it count as matched."""
_GRID = tuple(round(1 + k / 100, 2) for k in range(-6, 7) if k)
_FAR = tuple(round(1 + k / 100, 2) for k in range(-15, 16) if abs(k) > 6)
_WIDE = tuple(round(1 + k * 0.015, 3) for k in range(-4, 5) if k)
"""Codes bear half a step's error, 0.75 %: 38 ms at the ends of ten seconds."""
_WIDEST = (0.955, 0.985, 1.015, 1.045)
_WIDEST_S = 5.0
"""Twice the step bears as much of an error at the ends of five seconds."""
_SPED = tuple((speed, speed) for speed in _GRID)
_KEPT_PITCH = tuple((speed, 1.0) for speed in _GRID)
_PITCHED = tuple((1.0, pitch) for pitch in _GRID)
_AS_IS = ((1.0, 1.0),)
_FAR_SPED = tuple((speed, speed) for speed in _FAR)
_WIDER = tuple((speed, pitch) for speed in _WIDE for pitch in (speed, 1.0))
_WIDEST_SPED = tuple((speed, speed) for speed in _WIDEST)
_WIDEST_KEPT_PITCH = tuple((speed, 1.0) for speed in _WIDEST)
_HINTS = (*_AS_IS, *_WIDER, *((1.0, pitch) for pitch in _WIDE))
_SIEVES = {"as is": (12, 3.1), "sped": (16, 2.8), "kept pitch": (10, 3.1)}
"""Words summed at every place of all references, and by how much they must lie below chance: the
most where a speed goes with another voice, the fewest where seldom more is changed than the tempo
(ADR 0057)."""

_NEARER = 0.0075

AS_IS, VOTED, HINTED, EVERY, SPED, FAR, JUDGED = range(7)
"""Rungs: landmarks of the sound as it is, and with speeds undone; hinted codes; all codes, and with
speeds undone; landmarks of further speeds and of pitches; what is known by then, by peaks too."""


@dataclass(frozen=True, slots=True)
class Heard:
    """The result of the sound: matches, best first, or the reason why there are none.

    ``kept`` is what their scores rest on, where that was asked for.
    """

    matches: tuple[Match, ...]
    runner_up: dict[str, float]
    probe_s: float
    reason: NoMatch | None = None
    kept: tuple[Basis, ...] = ()

    def witnesses(self) -> list[Witness]:
        """Return one witness a reference."""
        measured = tail("sound", self.probe_s)
        return [
            Witness(
                kind="sound",
                reference=match.reference,
                score=match.score,
                runner_up=self.runner_up.get(match.family, 0.0),
                delay_s=match.delay_s,
                speed=match.speed,
                coverage=float(match.covered.mean()) if len(match.covered) else 0.0,
                probe_s=self.probe_s,
                log10_lr=measured.log10_lr(
                    match.score if match.own is None else match.own, searched=match.searched
                ),
                methods=match.methods,
                repeats_s=match.repeats_s,
                shared=match.shared,
            )
            for match in self.matches
        ]


@dataclass(frozen=True, slots=True)
class Rung:
    """What one rung gave among some references.

    Parameters
    ----------
    leads : tuple of Lead
    best : dict
        Best score of each family.
    among : int
        References that were looked at.
    deaf : NoMatch or None
        Why nothing can be heard in the probe.
    """

    leads: tuple[Lead, ...] = ()
    best: dict[str, float] = field(default_factory=dict)
    among: int = 0
    deaf: NoMatch | None = None


class Ear:
    """One probe's sound among some references: what each rung finds there.

    Parameters
    ----------
    sound : ProbeSound
        Shared by the ears of all volumes.
    references : References
        All, or a volume of them.
    media_at_s, hints
        As for :func:`cautery.identify.ladder.listen`; a hint that is not held here is another
        volume's.
    """

    def __init__(
        self,
        sound: ProbeSound,
        references: References,
        *,
        media_at_s: float | None,
        hints: Sequence[str] = (),
    ) -> None:
        self._references = references
        self._media_at_s = media_at_s
        self._hints = frozenset(references.number(hint) for hint in hints if references.knows(hint))
        self._sounding = Sounding.of(sound, references, media_at_s)
        self._known = list[Lead]()

    def climb(self, rung: int) -> Rung:
        """Return what a rung gives, counted from 0."""
        references, sounding = self._references, self._sounding
        if len(sounding.peaks.frame) < sounding.probe_s:
            return Rung(deaf=NoMatch.SHAPELESS)
        leads = self._leads(rung)
        self._known = distinct([*self._known, *leads])
        best: dict[str, float] = {}
        for lead in leads:
            family = references.infos[lead.number].family
            best[family] = max(best.get(family, 0.0), lead.score)
        among = len(self._hints) if rung == HINTED else len(references.infos)
        return Rung(tuple(distinct(leads)), best, among)

    def refine(self, leads: Sequence[Lead]) -> list[Lead]:
        """Return leads as they fit best."""
        if self._sounding.standing is not None:
            leads = judged_again(self._sounding, leads)
        return [refined(self._sounding, lead) if lead.score >= WORTH_IT else lead for lead in leads]

    def tell(self, leads: Sequence[Lead], best: Lead | None) -> list[Match]:
        """Return the matches of refined leads, and of the same elsewhere.

        Parameters
        ----------
        best : Lead or None
            Of all volumes.
        """
        placed = self._elsewhere(leads, best)
        return [
            _matched(self._sounding, self._references, lead, self._media_at_s) for lead in placed
        ]

    def basis(self, match: Match, *, volume: int = 0) -> Basis | None:
        """Return what the score of a match rests on; ``None``: it was not scored here."""
        return sound_basis(self._sounding, match, volume=volume)

    def _elsewhere(self, leads: Sequence[Lead], best: Lead | None) -> list[Lead]:
        """Add the other places where the best references say the same, or say it better."""
        if best is None or best.score < LEAST_SCORE:
            return list(leads)
        among = frozenset(lead.number for lead in leads if lead.score >= best.score / 2)
        elsewhere = leads_from(
            self._sounding, [(best.tempo, best.pitch)], phases=range(WORD_FRAMES), among=among
        )
        if self._sounding.standing is not None:
            elsewhere = judged_again(self._sounding, elsewhere)
        fresh = [
            lead for lead in elsewhere if not any(lead.near(known_lead) for known_lead in leads)
        ]
        fresh = [lead for lead in fresh if lead.score >= best.score / 2]
        return [*leads, *(replace(refined(self._sounding, lead), searched=best.searched)
                         for lead in distinct(fresh))]  # fmt: skip

    def _leads(self, rung: int) -> list[Lead]:
        sounding = self._sounding
        if rung == AS_IS:
            return proposed(sounding, _AS_IS)
        if rung == VOTED:
            return proposed(sounding, [*_SPED, *_KEPT_PITCH, *_PITCHED])
        if rung == HINTED:
            # Where none is held that is hinted, what is known is put on the others' scale.
            leads = leads_from(sounding, _HINTS, phases=(0, 2), among=self._hints)
            return self._with_peaks(leads, _HINTS, among=self._hints)
        if rung == EVERY:
            few, few_z = _SIEVES["as is"]
            phases = range(WORD_FRAMES)
            leads = leads_from(sounding, _AS_IS, phases=phases, few=few, few_z=few_z)
            return self._with_peaks(leads, _AS_IS, among=None)
        if rung == SPED:
            leads = []
            for which, sped in (("sped", _WIDEST_SPED), ("kept pitch", _WIDEST_KEPT_PITCH)):
                few, few_z = _SIEVES[which]
                leads += leads_from(
                    sounding, sped, phases=(0,), middle_s=_WIDEST_S, few=few, few_z=few_z
                )
            return judged_again(sounding, distinct(nearer(sounding, leads, _NEARER)))
        if rung == FAR:
            return judged_again(sounding, distinct(proposed(sounding, [*_PITCHED, *_FAR_SPED])))
        if rung == JUDGED:
            known = [lead for lead in self._known if lead.score >= WORTH_IT]
            if known:
                sounding.stand(self._references)
            return judged_again(sounding, known)
        return []

    def _with_peaks(
        self,
        leads: list[Lead],
        speeds: Sequence[tuple[float, float]],
        *,
        among: frozenset[int] | None,
    ) -> list[Lead]:
        """Let the references' peaks count from here on."""
        self._sounding.stand(self._references)
        peaks = standing_out(self._sounding, speeds, among=among)
        return judged_again(self._sounding, [*self._known, *distinct(leads), *peaks])


def _matched(
    sounding: Sounding, references: References, lead: Lead, media_at_s: float | None
) -> Match:
    info = references.infos[lead.number]
    _, strength = seconds_of(sounding, lead, _BLOCK_S)
    origin_s = references.origin_s(works=lead.works)
    per_s = references.recipe.frames_per_s
    # The delay is stated for the middle: a small error of the speed moves the ends most.
    middle = lead.offset + lead.shift + sounding.probe_s * per_s * lead.tempo / 2
    return Match(
        info.id,
        info.family,
        lead.works,
        lead.score,
        (media_at_s or 0.0) + sounding.probe_s / 2 - (origin_s + middle / per_s),
        # Tempos are sums of steps of 0.0025, which miss 1 by rounding alone.
        1.0 if abs(lead.tempo - 1) < 0.0015 else lead.tempo,
        strength,
        filled(strength >= _BLOCK_SCORE),
        _around(references, info.id, round(middle / WORD_FRAMES)),
        _methods(sounding, lead),
        searched=lead.searched,
        lead=lead,
    )


def _methods(sounding: Sounding, lead: Lead) -> tuple[str, ...]:
    """Return what a lead rests on: landmarks, by their votes or their peaks, codes or both."""
    peaks = 0.0
    if sounding.standing is not None:
        speed = lead.tempo, lead.pitch
        stood = sounding.standing.at(lead.number, np.array([lead.offset]), speed, works=lead.works)
        peaks = float(stood.scores[0]) / stood.alike(0)
    # By the votes that proposed it, or by those at the place where the codes found it.
    voted = max(lead.votes, _votes_at(sounding, lead)) >= _SURE_VOTES
    by_peaks = peaks >= WORTH_IT
    by_codes = not by_peaks or lead.score - peaks >= _BLOCK_SCORE
    return (*(("landmark",) if voted or by_peaks else ()), *(("bit-error",) if by_codes else ()))


def _votes_at(sounding: Sounding, lead: Lead) -> int:
    """Return the landmark votes where the codes have found a reference."""
    marks = landmarks_of(
        sounding.peaks.stretched(tempo=lead.tempo, pitch=lead.pitch, recipe=sounding.recipe),
        sounding.recipe,
    )
    near = sounding.snapshots[lead.works].candidates(
        marks, base=lead.offset, low=-12, high=13, least=2, most=512
    )
    return max(
        (candidate.votes for candidate in near if candidate.reference == lead.number), default=0
    )


def _around(references: References, reference: str, word: int) -> Codes:
    window = np.zeros(2 * AROUND_WORDS + 1, np.uint32)
    begin = word - AROUND_WORDS
    for first, words in references.codes(reference):
        low, high = max(first, begin), min(first + len(words), begin + len(window))
        if low < high:
            window[low - begin : high - begin] = words[low - first : high - first]
    return window
