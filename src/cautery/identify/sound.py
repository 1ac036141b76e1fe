"""The sound witness: landmarks propose where a probe may come from, bit-error codes judge it.

A ladder, each rung dearer than the one before, climbed until something is sure: landmark votes
as the probe sounds; the same with a speed, a tempo or a pitch undone; the codes of hinted
references; the codes of all; the codes of all with a speed or a tempo undone.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from cautery.fingerprint.audio import landmarks_of, loudness_db
from cautery.fingerprint.codes import WORD_FRAMES
from cautery.identify._sounding import Lead, Sounding, leads_from, proposed, refined, seconds_of
from cautery.identify.likelihood import tail
from cautery.identify.references import References
from cautery.identify.simulcast import AROUND_WORDS, Codes, filled, sifted
from cautery.model.media import AUDIO_RATE_HZ, Decoded
from cautery.model.verdict import Witness

SEARCH_S = (-30.0, 300.0)
"""Delays searched: from a suspect that is faster to one behind by a DVR's length."""
LEAST_SCORE = 8.0
"""Standard deviations below chance under which nothing is told; what *names* a reference is
``tail("sound").least``, which is fitted."""
_WORTH_IT = 0.75 * LEAST_SCORE
"""A lead's least score before its speed is refined, which gives it a third more at most."""
SURE_SCORE = 14.0
"""From here on no further rung is climbed: other music has been seen to score 13.4, once."""
_SURE_VOTES = 12
"""Votes of one pass that by themselves make a landmark match; chance gives 8 among 2,500 channels
in ten seconds (reference/identification.md, section 3)."""
_QUIET_DB = -60.0
_BLOCK_S = 1.0
_BLOCK_SCORE = 2.5
"""Standard deviations of one second that make it count as matched."""
_MOST_MATCHES = 16
_GRID = tuple(round(1 + k / 100, 2) for k in range(-6, 7) if k)
_WIDE = tuple(round(1 + k * 0.015, 3) for k in range(-4, 5) if k)
"""Codes bear half a step's error, 0.75 %: 38 ms at the ends of ten seconds."""
_SPED = tuple((speed, speed) for speed in _GRID)
_KEPT_PITCH = tuple((speed, 1.0) for speed in _GRID)
_PITCHED = tuple((1.0, pitch) for pitch in _GRID)
_AS_IS = ((1.0, 1.0),)
_WIDER = tuple((speed, pitch) for speed in _WIDE for pitch in (speed, 1.0))
_HINTS = (*_AS_IS, *_WIDER, *((1.0, pitch) for pitch in _WIDE))

_HINTED, _EVERY, _LAST = 2, 3, 4
"""Rungs, after the two of landmarks: hinted codes, all codes, all at other speeds."""

Effort = Literal["quick", "full"]


@dataclass(frozen=True, slots=True)
class Match:
    """One reference at one delay.

    Parameters
    ----------
    score : float
        Standard deviations by which its bit-error codes lie below chance.
    strength : ndarray, shape (blocks,), float32
        The same for each second of the probe.
    covered : ndarray, shape (blocks,), bool
    around : ndarray, shape (2 * AROUND_WORDS + 1,), uint32
        The reference's code words around the place of the probe's middle; empty: not known.
    methods : tuple of str
        ``landmark``, ``bit-error`` or both.
    repeats_s : tuple of float
        Further delays at which the reference says the same.
    searched : int
        References among which it was found.
    own : float or None
        The score without what other references share; ``None``: all of it.
    shared : tuple of str
        Those references.
    """

    reference: str
    family: str
    works: bool
    score: float
    delay_s: float
    speed: float
    strength: NDArray[np.float32]
    covered: NDArray[np.bool_]
    around: Codes = field(default_factory=lambda: np.empty(0, np.uint32))
    methods: tuple[str, ...] = ("bit-error",)
    repeats_s: tuple[float, ...] = ()
    searched: int = 1
    own: float | None = None
    shared: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Heard:
    """What the sound gave: matches best first, and why there are none."""

    matches: tuple[Match, ...]
    runner_up: dict[str, float]
    probe_s: float
    reason: str | None = None

    def witnesses(self) -> list[Witness]:
        """Return one witness a reference."""
        measured = tail("sound", self.probe_s)
        return [
            Witness(
                kind="sound",
                reference=one.reference,
                score=one.score,
                runner_up=self.runner_up.get(one.family, 0.0),
                delay_s=one.delay_s,
                speed=one.speed,
                coverage=float(one.covered.mean()) if len(one.covered) else 0.0,
                probe_s=self.probe_s,
                log10_lr=measured.log10_lr(
                    one.score if one.own is None else one.own, searched=one.searched
                ),
                methods=one.methods,
                repeats_s=one.repeats_s,
                shared=one.shared,
            )
            for one in self.matches
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
    deaf : str or None
        Why nothing can be heard in the probe.
    """

    leads: tuple[Lead, ...] = ()
    best: dict[str, float] = field(default_factory=dict)
    among: int = 0
    deaf: str | None = None


class Ear:
    """One probe's sound among some references: what each rung finds there.

    Parameters
    ----------
    references : References
        All, or a shard of them.
    media_at_s, hints
        As for :func:`listen`; a hint that is not held here is another shard's.
    """

    def __init__(
        self,
        audio: NDArray[np.float32],
        references: References,
        *,
        media_at_s: float | None,
        hints: Sequence[str] = (),
    ) -> None:
        self._references = references
        self._media_at_s = media_at_s
        self._hints = frozenset(references.number(one) for one in hints if references.knows(one))
        self._sounding = Sounding.of(audio, references, media_at_s)

    def climb(self, rung: int) -> Rung:
        """Return what a rung gives, counted from 0."""
        references, sounding = self._references, self._sounding
        if len(sounding.peaks.frame) < sounding.probe_s:
            return Rung(deaf="a sound without structure")
        leads = self._leads(rung)
        best: dict[str, float] = {}
        for lead in leads:
            family = references.infos[lead.number].family
            best[family] = max(best.get(family, 0.0), lead.score)
        among = len(self._hints) if rung == _HINTED else len(references.infos)
        return Rung(tuple(_distinct(leads)), best, among)

    def refine(self, leads: Sequence[Lead]) -> list[Lead]:
        """Return leads as they fit best."""
        return [refined(self._sounding, one) if one.score >= _WORTH_IT else one for one in leads]

    def tell(self, leads: Sequence[Lead], best: Lead | None) -> list[Match]:
        """Return the matches of refined leads, and of the same elsewhere.

        Parameters
        ----------
        best : Lead or None
            Of all shards.
        """
        told = self._elsewhere(leads, best)
        return [_matched(self._sounding, self._references, one, self._media_at_s) for one in told]

    def _elsewhere(self, told: Sequence[Lead], best: Lead | None) -> list[Lead]:
        """Add the other places where the best references say the same, or say it better."""
        if best is None or best.score < LEAST_SCORE:
            return list(told)
        among = frozenset(one.number for one in told if one.score >= best.score / 2)
        more = leads_from(
            self._sounding, [(best.tempo, best.pitch)], phases=range(WORD_FRAMES), among=among
        )
        found = [one for one in more if not any(one.near(other) for other in told)]
        found = [one for one in found if one.score >= best.score / 2]
        return [*told, *(replace(refined(self._sounding, one), searched=best.searched)
                         for one in _distinct(found))]  # fmt: skip

    def _leads(self, rung: int) -> list[Lead]:
        sounding = self._sounding
        if rung == 0:
            return proposed(sounding, _AS_IS)
        if rung == 1:
            return proposed(sounding, [*_SPED, *_KEPT_PITCH, *_PITCHED])
        if rung == _EVERY:
            return leads_from(sounding, _AS_IS, phases=(0, 2))
        if rung == _HINTED and self._hints:
            return leads_from(sounding, _HINTS, phases=(0, 2), among=self._hints)
        return leads_from(sounding, _WIDER, phases=(0,)) if rung == _LAST else []


class Ladder:
    """How far one probe's sound is followed, in all shards of the references at once.

    Every shard answers a rung before any climbs the next, so that what one of them is sure of
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
        self.rung: int | None = 0
        """To be climbed next; ``None``: it is enough."""
        self._probe_s = probe_s
        self._least = least
        self._rungs = [0, 1, *([_HINTED] if hints else [])]
        self._rungs += [_EVERY, _LAST] if effort == "full" else []
        self._leads: list[list[Lead]] = []
        self._best: dict[str, float] = {}
        self._deaf: str | None = None

    def add(self, answers: Sequence[Rung]) -> None:
        """Take every shard's answer to the rung, in the order of the shards."""
        among = sum(one.among for one in answers)
        self._leads = self._leads or [[] for _ in answers]
        for mine, answer in zip(self._leads, answers, strict=True):
            mine += [replace(one, searched=among) for one in answer.leads]
            for family, score in answer.best.items():
                self._best[family] = max(self._best.get(family, 0.0), score)
        self._deaf = next((one.deaf for one in answers if one.deaf), None)
        # Less than sure may be a true match at a wrong speed, at a place beside the true one.
        enough = max(self._best.values(), default=0.0) >= SURE_SCORE
        left = [one for one in self._rungs if self.rung is not None and one > self.rung]
        self.rung = None if self._deaf or enough or not left else left[0]

    def chosen(self) -> list[list[Lead]]:
        """Return each shard's leads that are to be told: of all shards, the best few."""
        kept = [_distinct(one, self._least) for one in self._leads]
        ranked = sorted((-one.score, at, k) for at, mine in enumerate(kept)
                        for k, one in enumerate(mine))[:_MOST_MATCHES]  # fmt: skip
        return [[kept[at][k] for _, shard, k in ranked if shard == at] for at in range(len(kept))]

    def heard(self, told: Sequence[Sequence[Match]]) -> Heard:
        """Return what all shards' matches come to."""
        if self._deaf:
            return Heard((), {}, self._probe_s, self._deaf)
        matches = sorted(
            (one for mine in told for one in mine),
            key=lambda one: (-one.score, one.reference, one.delay_s),
        )[:_MOST_MATCHES]
        kept = sifted(matches, least=LEAST_SCORE)
        runner_up = {
            one.family: max(
                (score for name, score in self._best.items() if name != one.family), default=0.0
            )
            for one in kept
        }
        return Heard(
            tuple(one for one in kept if one.score >= self._least), runner_up, self._probe_s
        )


def mute(decoded: Decoded) -> Heard | None:
    """Return why there is nothing to listen to, where there is not."""
    probe_s = len(decoded.audio) / AUDIO_RATE_HZ
    if probe_s < 3:
        return Heard((), {}, probe_s, "no sound, or under 3 s of it")
    if loudness_db(decoded.audio) < _QUIET_DB:
        return Heard((), {}, probe_s, "silent")
    return None


def listen(
    decoded: Decoded,
    references: References,
    *,
    media_at_s: float | None,
    least: float = LEAST_SCORE,
    hints: Sequence[str] = (),
    effort: Effort = "full",
) -> Heard:
    """Compare a probe's sound with every reference.

    Parameters
    ----------
    media_at_s : float or None
        Reference-axis time at which the probe's first sample became available; ``None`` for a
        file, which has no clock: then all that is held is searched, and delays are stated as if
        it were 0.
    least : float
        Score under which a match is not told; lower only to measure what chance gives.
    hints : sequence of str
        References that are searched before, and more closely than, all others.
    effort : {"full", "quick"}
        ``quick`` leaves out the codes of all references: another voice, or noise, at the
        programme's own loudness is then only heard through on hinted ones.
    """
    nothing = mute(decoded)
    if nothing is not None:
        return nothing
    ear = Ear(decoded.audio, references, media_at_s=media_at_s, hints=hints)
    ladder = Ladder(len(decoded.audio) / AUDIO_RATE_HZ, least=least, hints=hints, effort=effort)
    while ladder.rung is not None:
        ladder.add([ear.climb(ladder.rung)])
    told = [ear.refine(leads) for leads in ladder.chosen()]
    return ladder.heard([ear.tell(leads, best_of(told)) for leads in told])


def best_of(told: Sequence[Sequence[Lead]]) -> Lead | None:
    """Return the best lead of all shards."""
    return max((one for mine in told for one in mine), key=lambda one: one.score, default=None)


def _distinct(found: Sequence[Lead], least: float = 0.0) -> list[Lead]:
    """Keep the best lead of each reference and place, best first."""
    kept: list[Lead] = []
    for one in sorted(found, key=lambda lead: -lead.score):
        if one.score < min(least, _WORTH_IT) or len(kept) >= _MOST_MATCHES:
            break
        if not any(one.near(other) for other in kept):
            kept.append(one)
    return kept


def _matched(
    sounding: Sounding, references: References, lead: Lead, media_at_s: float | None
) -> Match:
    info = references.infos[lead.number]
    _, strength = seconds_of(sounding, lead, _BLOCK_S)
    origin_s = references.origin_s(works=lead.works)
    per_s = references.recipe.frames_per_s
    middle = lead.offset + lead.shift + sounding.probe_s * per_s * lead.tempo / 2
    votes = max(lead.votes, _votes_at(sounding, lead))
    return Match(
        info.id,
        info.family,
        lead.works,
        lead.score,
        (media_at_s or 0.0) + sounding.probe_s / 2 - (origin_s + middle / per_s),
        1.0 if abs(lead.tempo - 1) < 0.0015 else lead.tempo,
        strength,
        filled(strength >= _BLOCK_SCORE),
        _around(references, info.id, round(middle / WORD_FRAMES)),
        ("landmark", "bit-error") if votes >= _SURE_VOTES else ("bit-error",),
        searched=lead.searched,
    )


def _votes_at(sounding: Sounding, lead: Lead) -> int:
    """Return the landmark votes where the codes have found a reference."""
    marks = landmarks_of(
        sounding.peaks.stretched(tempo=lead.tempo, pitch=lead.pitch, recipe=sounding.recipe),
        sounding.recipe,
    )
    near = sounding.snapshots[lead.works].candidates(
        marks, base=lead.offset, low=-12, high=13, least=2, most=512
    )
    return max((one.votes for one in near if one.reference == lead.number), default=0)


def _around(references: References, reference: str, word: int) -> Codes:
    made = np.zeros(2 * AROUND_WORDS + 1, np.uint32)
    begin = word - AROUND_WORDS
    for first, words in references.codes(reference):
        low, high = max(first, begin), min(first + len(words), begin + len(made))
        if low < high:
            made[low - begin : high - begin] = words[low - first : high - first]
    return made
