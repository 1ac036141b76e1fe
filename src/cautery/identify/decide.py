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
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from cautery.errors import InputError
from cautery.identify.licensee import CLEAR_LEAD, licensee_of
from cautery.identify.likelihood import fused, most, posterior, support
from cautery.messages import message, term
from cautery.model.mandate import Mandate
from cautery.model.message import Message
from cautery.model.sighting import RedactedUrl
from cautery.model.verdict import Finding, Observation, Verdict, Witness, verbal

TOLERANCE_S = 0.25
LEAST_APART_S = 3.0
"""Between the middles of two probes, in media."""
EVENT_UNION_S = 15.0
CHANNEL_SPAN_S = 35.0
"""Over the longest usual advert, 30 s."""
LEAST_COVERAGE = 0.7
LEAST_LOG10_LR = 3.0
"""ENFSI *strong support*: what a claim needs at least."""
BASE_RATE = 0.05
"""Share of offered streams that carry mandated content, for triage; an assumption, stated."""
_WEAK_LOG10_LR = 1.0
_SPEED_SLACK = 0.003
"""What a measured speed may be off by; it widens the tolerance with the distance."""


@dataclass(frozen=True, slots=True)
class _Track:
    """Probes that agree on one reference by one sense."""

    kind: str
    reference: str
    found: tuple[tuple[Observation, Witness], ...]

    @property
    def union_s(self) -> float:
        """Seconds of media surely matched, however the overlapping probes share them."""
        total, end_s, longest = 0.0, float("-inf"), 0.0
        for observation, witness in self.found:
            matched = witness.coverage * (observation.media_end_s - observation.media_start_s)
            overlap = max(0.0, end_s - observation.media_start_s)
            total += max(0.0, matched - overlap)
            longest = max(longest, matched)
            end_s = max(end_s, observation.media_end_s)
        return max(total, longest)

    @property
    def span_s(self) -> float:
        """Media seconds from the first probe's start to the newest one's end."""
        return self.found[-1][0].media_end_s - self.found[0][0].media_start_s

    @property
    def apart_s(self) -> float:
        """Between the middles of the first and the newest probe."""
        return _middle(self.found[-1][0]) - _middle(self.found[0][0])


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
    if best.log10_lr < _WEAK_LOG10_LR:
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
    return _verdict(best, peers, mandate, host, base)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Judged:
    """One family; ``support`` ranks it, beyond what the odds may claim."""

    family: str
    proven: bool
    log10_lr: float
    support: float
    most_log10_lr: float
    tracks: tuple[_Track, ...]
    witnesses: tuple[Witness, ...]
    reasons: tuple[Message, ...]


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
    tracks: list[_Track] = []
    names = [name for name, owner in families.items() if owner == family]
    for name in names:
        for kind in ("sound", "picture"):
            track = _agreeing(observations, kind, name, tolerance_s)
            if track is not None:
                tracks.append(track)
    witnesses = [
        witness for observation in observations for witness in observation.witnesses
        if families.get(witness.reference) == family
    ]  # fmt: skip
    complaints = [_complaint(track, observations, is_event=is_event) for track in tracks]
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


def _agreeing(
    observations: Sequence[Observation], kind: str, name: str, tolerance_s: float
) -> _Track | None:
    """Return the largest set of probes whose delays for one reference lie on one line."""
    candidates = [
        (observation, witness) for observation in observations for witness in observation.witnesses
        if witness.kind == kind and witness.reference == name
        and witness.log10_lr >= _WEAK_LOG10_LR and witness.coverage > 0
    ]  # fmt: skip
    best: list[tuple[Observation, Witness]] = []
    # From the newest on: of equally large sets the one that reaches the newest probe stands, since
    # only such a one can be claimed.
    for anchor in reversed(candidates):
        agreeing = [candidate for candidate in candidates if _agree(anchor, candidate, tolerance_s)]
        if len(agreeing) > len(best):
            best = agreeing
    return _Track(kind, name, tuple(best)) if best else None


def _agree(
    a: tuple[Observation, Witness], b: tuple[Observation, Witness], tolerance_s: float
) -> bool:
    apart_s = _middle(b[0]) - _middle(a[0])
    speed = (a[1].speed + b[1].speed) / 2
    if abs(a[1].speed - b[1].speed) > 2 * _SPEED_SLACK + 0.004:
        return False
    # At another speed a stream runs away from its reference, by ``1 - speed`` each second.
    expected_s = a[1].delay_s + apart_s * (1 - speed)
    slack_s = 0.0 if speed == 1.0 else abs(apart_s) * _SPEED_SLACK
    return abs(b[1].delay_s - expected_s) <= tolerance_s + slack_s


def _complaint(
    track: _Track, observations: Sequence[Observation], *, is_event: bool
) -> Message | None:
    """Return what the track lacks for a claim, or ``None``."""
    newest = observations[-1]
    solid = [witness.coverage >= LEAST_COVERAGE for _, witness in track.found]
    if len(track.found) < 2 or track.apart_s < LEAST_APART_S:
        return message("verdict.second-probe-needed")
    if track.found[-1][0] is not newest or not solid[-1]:
        return message("verdict.maybe-quotation", matched_s=round(track.union_s))
    if is_event:
        if track.union_s < EVENT_UNION_S:
            return message(
                "verdict.too-short", matched_s=round(track.union_s), needed_s=EVENT_UNION_S
            )
        return None
    # Back from the newest: an unbroken row of probes that match throughout.
    start_s = newest.media_start_s
    good_by_id = {
        id(observation): good for (observation, _), good in zip(track.found, solid, strict=True)
    }
    for observation in reversed(observations):
        if not good_by_id.get(id(observation), False):
            break
        start_s = min(start_s, observation.media_start_s)
    span_s = newest.media_end_s - start_s
    if span_s <= CHANNEL_SPAN_S:
        return message("verdict.maybe-advert", span_s=round(span_s), needed_s=CHANNEL_SPAN_S)
    return None


def _verdict(
    best: _Judged,
    peers: tuple[_Judged, ...],
    mandate: Mandate,
    host: str,
    base: Verdict,
) -> Verdict:
    event = best.family.removeprefix("event:") if best.family.startswith("event:") else None
    if event not in {known_event.id for known_event in mandate.events}:
        event = None
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


def _agreement(track: _Track) -> Message:
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


def _middle(observation: Observation) -> float:
    return (observation.media_start_s + observation.media_end_s) / 2
