"""Observations to a verdict: judgement, a pure function.

The rules, and what each is for:

- Two probes some seconds apart must agree on the reference and, once the speed is corrected, on
  the delay: chance matches do not.
- The matched media must be long (15 s of an event, a span of over 35 s of a linear channel or a
  work) and must reach the newest probe: ten seconds of the match in a news programme are a
  quotation, and adverts of up to 30 s are shared between channels.
- A licensee's own sound names the licensee; else the graphics; else only the event.
- Channels that carry the same (a simulcast) are all named, and none of them as the licensee.
- A partner's host that carries what it may is named as licensed, and never accused of it.
- What another part of the picture shows at the same time, or the sound alone, is a content of its
  own: it is stated beside the claim, with its own evidence, and adds nothing to it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from cautery.errors import InputError
from cautery.identify.licensee import CLEAR_LEAD, licensee_of
from cautery.identify.likelihood import above, fused, most, posterior, support
from cautery.identify.tracks import WEAK_LOG10_LR, Track, agreeing, complaint
from cautery.messages import message, term
from cautery.model.mandate import Mandate
from cautery.model.message import Message
from cautery.model.picture_part import ONE_PART, WHOLE, Part, overlap
from cautery.model.sighting import RedactedUrl
from cautery.model.verdict import (
    ContentAtOnce,
    Finding,
    Observation,
    Verdict,
    Witness,
    verbal,
)

TOLERANCE_S = 0.25
LEAST_LOG10_LR = 3.0
"""ENFSI *strong support*: what a claim needs at least."""
BASE_RATE = 0.05
"""Share of offered streams that carry mandated content, for triage; an assumption, stated."""


def decide(
    url: RedactedUrl,
    observations: Sequence[Observation],
    *,
    mandate: Mandate,
    host: str,
    at: datetime,
    tolerance_s: float = TOLERANCE_S,
    base_rate: float = BASE_RATE,
    recipe: str = "",
) -> Verdict:
    """Return what may be claimed of a stream from its probes.

    Parameters
    ----------
    observations : sequence of Observation
        In any order; they are sorted by media time.
    host : str
        Where the stream runs, for the partners.
    tolerance_s : float
        Within which delays must agree; a caller whose media clock is only good to a segment
        passes a segment's length.
    base_rate : float
        For ``probability``, in (0, 1).
    recipe : str
        Name of the fingerprint recipe, carried in the verdict.

    Raises
    ------
    InputError
        If the tolerance or base rate makes no sense.
    """
    if not 0 < base_rate < 1 or not 0 < tolerance_s <= 60:
        raise InputError("decide: the base rate must be in (0, 1) and the tolerance in (0, 60] s")
    ordered = sorted(
        observations, key=lambda observation: (observation.media_end_s, observation.at)
    )
    listened = [observation for observation in ordered if observation.has_opinion]
    base = Verdict(
        url=url, finding=Finding.UNREACHABLE, at=at, base_rate=base_rate, recipe=recipe,
        observations=tuple(ordered),
    )  # fmt: skip
    if not listened:
        reasons = tuple(
            dict.fromkeys(observation.reason for observation in ordered if observation.reason)
        )
        return replace(
            base,
            finding=Finding.UNDECIDED if ordered else Finding.UNREACHABLE,
            reasons=reasons or (message("verdict.no-media"),),
        )
    families = _families(mandate)
    ranked = sorted(
        (_judged(name, listened, families, tolerance_s) for name in
         dict.fromkeys(families.values())),
        key=lambda ranking: (-ranking.proven, -ranking.support, ranking.family),
    )  # fmt: skip
    best = ranked[0]
    if best.log10_lr < WEAK_LOG10_LR:
        return replace(
            base,
            finding=Finding.NOTHING,
            log10_lr=min(0.0, best.log10_lr),
            probability=posterior(min(0.0, best.log10_lr), base_rate),
            reasons=(message("verdict.nothing-matches", count=len(listened)),),
        )
    unlisted = {
        witness.reference: witness.reference
        for observation in listened for witness in observation.witnesses
        if witness.kind == "sound" and witness.reference not in families
    }  # fmt: skip
    beside = [
        *ranked[1:],
        *(_judged(name, listened, families | unlisted, tolerance_s) for name in unlisted),
    ]
    peers = tuple(peer for peer in beside if best.proven and peer.proven and _alike(best, peer))
    verdict = _verdict(best, peers, mandate, host, base)
    newest = _Newest(listened[-1], families)
    rivals = [rival for rival in ranked[1:] if rival not in peers]
    at_once = newest.at_once(best, rivals, mandate)
    return replace(
        verdict, part=newest.part(best), at_once=at_once,
        reasons=(*verdict.reasons, *map(_at_once, at_once)),
    )  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class _Judged:
    """One family; ``support`` ranks it, beyond what the odds may claim."""

    family: str
    proven: bool
    log10_lr: float
    support: float
    most_log10_lr: float
    tracks: tuple[Track, ...]
    witnesses: tuple[Witness, ...]
    reasons: tuple[Message, ...]


@dataclass(frozen=True, slots=True)
class _Newest:
    """The newest probe, and which of its pictures show which family."""

    observation: Observation
    families: Mapping[str, str]

    def part(self, judged: _Judged) -> Part | None:
        """Return the part of the picture that shows a family; ``None``: all of it, or none."""
        seen = self._seen(judged)
        return max(seen, key=lambda witness: witness.score).part if seen else None

    def at_once(
        self, best: _Judged, rivals: Sequence[_Judged], mandate: Mandate
    ) -> tuple[ContentAtOnce, ...]:
        """Return what is named beside the best family, where that is neither seen nor heard."""
        claimed = self._of(best)
        parts_taken = [witness.part or WHOLE for witness in self._seen(best)]
        is_heard = any(witness.kind == "sound" for witness in claimed)
        contents: list[ContentAtOnce] = []
        for rival in rivals if claimed else ():
            parts = [witness.part or WHOLE for witness in self._seen(rival)]
            if any(overlap(part, other) >= ONE_PART for part in parts for other in parts_taken):
                continue  # the same content under another name
            named = [
                witness for witness in self._of(rival)
                if above(witness) and (witness.kind == "picture" or not is_heard)
            ]  # fmt: skip
            if named:
                parts_taken += parts
                lead = max(named, key=lambda witness: (witness.kind == "picture", witness.score))
                contents.append(_beside(lead, rival, _event(rival.family, mandate)))
        return tuple(contents)

    def _seen(self, judged: _Judged) -> list[Witness]:
        return [witness for witness in self._of(judged) if witness.kind == "picture"]

    def _of(self, judged: _Judged) -> list[Witness]:
        return [
            witness for witness in self.observation.witnesses
            if witness.log10_lr >= WEAK_LOG10_LR
            and self.families.get(witness.reference) == judged.family
        ]  # fmt: skip


def _beside(lead: Witness, rival: _Judged, event: str | None) -> ContentAtOnce:
    tracks = (t for t in rival.tracks if (t.kind, t.reference) == (lead.kind, lead.reference))
    return ContentAtOnce(
        kind=lead.kind,
        reference=lead.reference,
        event=event,
        delay_s=lead.delay_s,
        log10_lr=rival.log10_lr,
        speed=lead.speed,
        probes=max((len(track.found) for track in tracks), default=1),
        part=lead.part,
    )


def _alike(best: _Judged, rival: _Judged) -> bool:
    """Tell whether another one is matched by the same probes about as well: a simulcast."""
    best_scores, rival_scores = (
        {
            id(observation): witness.score
            for track in judged.tracks if track.kind == "sound"
            for observation, witness in track.found
        }
        for judged in (best, rival)
    )  # fmt: skip
    common = best_scores.keys() & rival_scores.keys()
    best_total, rival_total = (
        sum(scores[key] for key in common) for scores in (best_scores, rival_scores)
    )
    return len(common) >= 2 and CLEAR_LEAD * rival_total > best_total


def _families(mandate: Mandate) -> dict[str, str]:
    """Return for each mandated reference what it counts for: its event, or itself."""
    families = {f"event:{event.id}": f"event:{event.id}" for event in mandate.events}
    for channel in mandate.channels:
        families[channel.id] = f"event:{channel.event}" if channel.event else channel.id
    return families | {work.id: work.id for work in mandate.works}


def _judged(
    family: str,
    observations: Sequence[Observation],
    families: dict[str, str],
    tolerance_s: float,
) -> _Judged:
    is_event = family.startswith("event:") and family in families
    tracks: list[Track] = []
    names = [name for name, owner in families.items() if owner == family]
    for name in names:
        for kind in ("sound", "picture"):
            track = agreeing(observations, kind, name, tolerance_s)
            if track is not None:
                tracks.append(track)
    witnesses = [
        witness for observation in observations for witness in observation.witnesses
        if families.get(witness.reference) == family
    ]  # fmt: skip
    complaints = [complaint(track, observations, is_event=is_event) for track in tracks]
    good = [track for track, wrong in zip(tracks, complaints, strict=True) if wrong is None]
    used = [witness for track in good for _, witness in track.found] if good else witnesses
    probes = max((len(track.found) for track in good), default=1)
    log10_lr = fused(used, probes=probes)
    proven = bool(good) and log10_lr >= LEAST_LOG10_LR
    reasons = [wrong for wrong in complaints if wrong is not None]
    if proven:
        reasons = []
    elif good:
        reasons = [
            message(
                "verdict.weak-support",
                support=term("verbal", verbal(log10_lr)),
                needed=term("verbal", verbal(LEAST_LOG10_LR)),
            )
        ]
    elif not reasons and witnesses:
        reasons = [message("verdict.no-agreement")]
    return _Judged(
        family=family,
        proven=proven,
        log10_lr=log10_lr,
        support=support(used, probes=probes),
        most_log10_lr=most(used, probes=probes),
        tracks=tuple(good or tracks),
        witnesses=tuple(witnesses),
        reasons=tuple(dict.fromkeys(reasons)),
    )


def _verdict(
    best: _Judged,
    peers: tuple[_Judged, ...],
    mandate: Mandate,
    host: str,
    base: Verdict,
) -> Verdict:
    event = _event(best.family, mandate)
    licensee, channels, why = licensee_of(best.family, best.witnesses, event, mandate)
    if peers:
        licensee = None
        carried_too = {
            track.reference for peer in peers for track in peer.tracks
            if not track.reference.startswith("event:")
        }  # fmt: skip
        channels = tuple(sorted({*channels, *carried_too}))
        why = [message("verdict.simulcast", channels=channels)]
    lead = max(
        best.tracks,
        key=lambda track: (track.reference == licensee, track.kind == "sound", len(track.found)),
        default=None,
    )
    newest = lead.found[-1][1] if lead else None
    reasons = list(best.reasons)
    if best.proven:
        reasons += map(_agreement, best.tracks)
    reasons += why
    finding = Finding.PROVEN if best.proven else Finding.UNDECIDED
    partner = mandate.partner_on(host)
    if partner is not None:
        allowed = set(partner.channels)
        carried = set(channels) or {
            channel.id
            for channel in mandate.channels
            if event is not None and channel.event == event
        }
        if best.proven and carried & allowed and (licensee is None or licensee in allowed):
            finding = Finding.LICENSED
            may_carry = sorted(carried & allowed)
            reasons.insert(0, message("verdict.licensed", partner=partner.name, channels=may_carry))
        elif best.proven:
            names = sorted(carried) or [best.family]
            reasons.insert(
                0, message("verdict.not-licensed-for", partner=partner.name, channels=names)
            )
    territory = next(
        (channel.territory for channel in mandate.channels if channel.id == licensee), None
    )
    return replace(
        base,
        finding=finding,
        channels=channels,
        event=event,
        licensee=licensee,
        territory=territory,
        delay_s=newest.delay_s if newest else None,
        speed=newest.speed if newest else 1.0,
        log10_lr=best.log10_lr,
        most_log10_lr=best.most_log10_lr,
        probability=posterior(best.log10_lr, base.base_rate or BASE_RATE),
        partner=partner.name if partner else None,
        reasons=tuple(reasons),
    )


def _at_once(content: ContentAtOnce) -> Message:
    """Say what else the stream carries, and where in the picture."""
    agreement = message(
        "verdict.at-once",
        sense=term("witness", content.kind),
        reference=content.reference,
        count=content.probes,
        delay_s=round(content.delay_s, 2),
    )
    if content.part is None:
        return agreement
    top, left, high, wide = (round(100 * side) for side in content.part)
    return message(
        "verdict.at-once-in-part", agreement=agreement, top=top, left=left, high=high, wide=wide
    )


def _event(family: str, mandate: Mandate) -> str | None:
    """Return the event of the mandate that a family is; ``None``: it is a channel or a work."""
    return next((event.id for event in mandate.events if f"event:{event.id}" == family), None)


def _agreement(track: Track) -> Message:
    """Say how many probes agree with one reference, and on what."""
    newest = track.found[-1][1]
    agreement = message(
        "verdict.agreement",
        sense=term("witness", track.kind),
        count=len(track.found),
        reference=track.reference,
        matched_s=round(track.union_s),
        delay_s=round(newest.delay_s, 2),
    )
    if newest.speed == 1:
        return agreement
    return message("verdict.agreement-at-speed", agreement=agreement, speed=round(newest.speed, 3))
