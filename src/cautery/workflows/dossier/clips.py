"""A playable proof: reference and stream side by side and in step, made of sealed media alone.

The reference is on the left and in the left ear, the stream on the right and in the right ear.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from cautery.errors import CauteryError, DecodeError
from cautery.evidence.ports import CaseStore, CaseVault
from cautery.model import Entry, ExhibitId, Finding, Verdict, digest_of
from cautery.model.media import AUDIO_RATE_HZ, Decoded
from cautery.model.records import AlignmentShown, ProbeDone, kinds_of
from cautery.model.records.scoring import ScoreBasis
from cautery.workflows.media.segments import answers_in, joined_again

PER_S = 12.5
"""Pictures a second, as streams are compared."""
LONGEST_S = 6.0
_LEAST_S = 1.0
Pictures = NDArray[np.uint8]
Sound = NDArray[np.float32]


class Frames(Protocol):
    """A decoder that also gives pictures for people."""

    async def decode(self, data: bytes, *, pictures: bool) -> Decoded:
        """Decode sound, and small pictures if asked."""
        ...

    async def strip(self, data: bytes, *, times: tuple[float, ...]) -> Pictures:
        """Return the pictures shown at some media times, (times, rows, columns, 3)."""
        ...


Encoder = Callable[[Pictures, Sound, float], bytes]
"""Pictures, stereo sound (2, samples) at 8 kHz, pictures a second; returns a video file."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Proof:
    """What one clip is made of."""

    url: str
    aligned: AlignmentShown
    basis: ScoreBasis
    archives: tuple[ExhibitId, ...]
    speed: float


async def clips_of(
    case: Path, *, most: int, store: CaseStore, decoder: Frames, encode: Encoder
) -> Mapping[str, bytes]:
    """Make clips of the first proven streams, and a list that says what each is made of.

    Parameters
    ----------
    most : int
        Clips at most; 0: none.

    Returns
    -------
    mapping of str to bytes
        By name in the bag; empty: no stream has sealed media of both.
    """
    ledger, vault = store.ledger(case, read_only=True), store.vault(case, None)
    try:
        kinds = kinds_of(AlignmentShown, ProbeDone, ScoreBasis, Verdict)
        proofs = _proofs(list(ledger.read(kinds=kinds)))
    finally:
        ledger.close()
    clips: dict[str, bytes] = {}
    lines: list[bytes] = []
    for proof in proofs[:most]:
        name = f"clips/{len(lines) + 1}.mp4"
        try:
            clip = await _clip(proof, vault, decoder, encode)
        except CauteryError as error:  # media that are encrypted, damaged or too short
            lines.append(_line(proof, name=None, clip=None, why=str(error)))
            continue
        clips[name] = clip
        lines.append(_line(proof, name=name, clip=clip, why=None))
    return clips | ({"clips/clips.jsonl": b"".join(lines)} if lines else {})


def _proofs(entries: list[Entry]) -> list[_Proof]:
    """Return what each proven stream's comparison rests on, in the order of the proofs."""
    bases: dict[str, ScoreBasis] = {}
    archives: dict[tuple[str, str], tuple[ExhibitId, ...]] = {}
    aligned: dict[str, _Proof] = {}
    proved: list[str] = []
    for content in (entry.content for entry in entries):
        if isinstance(content, ProbeDone):
            archives[content.url, content.at.isoformat()] = content.exhibits
        elif isinstance(content, ScoreBasis):
            bases[content.url] = content
        elif isinstance(content, AlignmentShown) and content.url in bases:
            basis = bases[content.url]
            aligned[content.url] = _Proof(
                url=content.url,
                aligned=content,
                basis=basis,
                archives=archives.get((basis.url, basis.at.isoformat()), ()),
                speed=_speed(basis, content.reference),
            )
        elif isinstance(content, Verdict) and content.finding is Finding.PROVEN:
            proved.append(content.url.text)
    return [aligned[url] for url in dict.fromkeys(proved) if url in aligned]


def _speed(basis: ScoreBasis, reference: str) -> float:
    """Return how many seconds of the reference a second of the stream shows."""
    for sense in basis.senses:
        if sense.reference == reference:
            # Of a picture's places the first is rough and the second is the refined one.
            return sense.tempo if sense.kind == "sound" else sense.places[1].speed
    return 1.0


async def _clip(proof: _Proof, vault: CaseVault, decoder: Frames, encode: Encoder) -> bytes:
    alignment = proof.aligned
    if (
        alignment.reference_media is None
        or alignment.reference_media_s is None
        or alignment.suspect_at_s is None
    ):
        raise DecodeError("the media of the reference are not sealed")
    answers = answers_in(proof.archives, vault)
    stream = joined_again(proof.basis.media, answers)
    reference = vault.read(alignment.reference_media)
    reference_media = await decoder.decode(reference, pictures=True)
    stream_media = await decoder.decode(stream, pictures=True)
    sound = stream_media
    if proof.basis.sound:
        sound = await decoder.decode(joined_again(proof.basis.sound, answers), pictures=False)
    before_s, after_s = _room(
        stream_media, reference_media, alignment.suspect_at_s, alignment.reference_media_s
    )
    offsets = np.arange(int((before_s + after_s) * PER_S)) / PER_S - before_s
    if len(offsets) < _LEAST_S * PER_S:
        raise DecodeError("the sealed media of both have no second in common")
    right = await decoder.strip(stream, times=tuple((alignment.suspect_at_s + offsets).tolist()))
    left = await decoder.strip(
        reference, times=tuple((alignment.reference_media_s + proof.speed * offsets).tolist())
    )
    moments = np.arange(offsets[0], offsets[-1] + 1 / PER_S, 1 / AUDIO_RATE_HZ)
    stereo = np.stack(
        [
            _heard(reference_media, alignment.reference_media_s + proof.speed * moments),
            _heard(sound, alignment.suspect_at_s + moments),
        ]
    )
    return encode(np.concatenate([left, right], axis=2), stereo, PER_S)


def _room(
    stream: Decoded, reference: Decoded, stream_s: float, reference_s: float
) -> tuple[float, float]:
    """Return how many seconds before and after the instant both have pictures."""
    if not (len(stream.luma_s) and len(reference.luma_s)):
        raise DecodeError("one of both has no pictures")
    before_s = min(stream_s - float(stream.luma_s[0]), reference_s - float(reference.luma_s[0]))
    after_s = min(float(stream.luma_s[-1]) - stream_s, float(reference.luma_s[-1]) - reference_s)
    return (
        min(max(0.0, before_s), LONGEST_S / 2),
        min(max(0.0, after_s), LONGEST_S / 2),
    )


def _heard(media: Decoded, moments: NDArray[np.float64]) -> Sound:
    """Return the sound at some media times; silence where there is none."""
    if not len(media.audio):
        return np.zeros(len(moments), np.float32)
    at = media.audio_s + np.arange(len(media.audio)) / AUDIO_RATE_HZ
    return np.interp(moments, at, media.audio, left=0.0, right=0.0).astype(np.float32)


def _line(proof: _Proof, *, name: str | None, clip: bytes | None, why: str | None) -> bytes:
    alignment = proof.aligned
    return (
        json.dumps(
            {
                "clip": name,
                "sha256": None if clip is None else digest_of(clip).removeprefix("sha256:"),
                "url": proof.url,
                "left": f"the reference {alignment.shown or alignment.reference}",
                "right": "the stream",
                "delay_s": alignment.delay_s,
                "speed": proof.speed,
                "made_from": [*proof.archives, alignment.reference_media],
                "why_not": why,
            },
            sort_keys=True,
        ).encode()
        + b"\n"
    )
