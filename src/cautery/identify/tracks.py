"""Probes that agree on one reference by one sense, and whether a claim may rest on them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from cautery.messages import message
from cautery.model.message import Message
from cautery.model.verdict import Observation, Witness

LEAST_APART_S = 3.0
"""Between the middles of two probes, in media."""
EVENT_UNION_S = 15.0
CHANNEL_SPAN_S = 35.0
"""Over the longest usual advert, 30 s."""
LEAST_COVERAGE = 0.7
WEAK_LOG10_LR = 1.0
"""From which a witness, or all of them, speak for a match at all."""
_SPEED_SLACK = 0.003
"""What a measured speed may be off by; it widens the tolerance with the distance."""


@dataclass(frozen=True, slots=True)
class Track:
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


def agreeing(
    observations: Sequence[Observation], kind: str, name: str, tolerance_s: float
) -> Track | None:
    """Return the largest set of probes whose delays for one reference lie on one line."""
    candidates = [
        (observation, witness) for observation in observations for witness in observation.witnesses
        if witness.kind == kind and witness.reference == name
        and witness.log10_lr >= WEAK_LOG10_LR and witness.coverage > 0
    ]  # fmt: skip
    best: list[tuple[Observation, Witness]] = []
    # From the newest on: of equally large sets the one that reaches the newest probe stands, since
    # only such a one can be claimed.
    for anchor in reversed(candidates):
        agreeing = [candidate for candidate in candidates if _agree(anchor, candidate, tolerance_s)]
        if len(agreeing) > len(best):
            best = agreeing
    return Track(kind, name, tuple(best)) if best else None


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


def complaint(
    track: Track, observations: Sequence[Observation], *, is_event: bool
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


def _middle(observation: Observation) -> float:
    return (observation.media_start_s + observation.media_end_s) / 2
