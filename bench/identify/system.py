"""The only place where ``identify.py`` calls Cautery: fingerprints, the index, one probe asked."""

from __future__ import annotations

import hashlib
import io
import math
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict, dataclass, replace
from itertools import pairwise
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

import cautery
from cautery.adapters._decoder_media import parts
from cautery.adapters._sniff import container_of
from cautery.fingerprint.audio import Landmarks, landmarks_of, peaks_in
from cautery.fingerprint.codes import WORD_FRAMES, words_on_grid
from cautery.fingerprint.index import Index
from cautery.fingerprint.recipe import DEFAULT_RECIPE
from cautery.fingerprint.scan import scan
from cautery.fingerprint.spectrum import band_of, power_of
from cautery.fingerprint.video import cells_of, signature
from cautery.identify._leads import proposed
from cautery.identify._sounding import ProbeSound, Sounding
from cautery.identify.ladder import listen
from cautery.identify.likelihood import above, posterior, tail
from cautery.identify.picture import look
from cautery.identify.references.held import References
from cautery.identify.references.info import ReferenceInfo
from cautery.model.media import LUMA_SHAPE, Decoded
from cautery.model.verdict import NoMatch

RECIPE = DEFAULT_RECIPE
CHANNEL_S = 600.0
BASE_RATE = 0.5
"""Of the probabilities that are calibrated: both classes weigh alike."""
_SOURCES = Path(cautery.__file__).parent


@dataclass(frozen=True, slots=True, kw_only=True)
class Fingerprint:
    """What the index holds of one channel, frames from its start."""

    words: NDArray[np.uint32]
    frames: NDArray[np.int32]
    codes: NDArray[np.uint32]

    def arrays(self) -> dict[str, NDArray[np.generic]]:
        """Return its arrays by name."""
        return {name: getattr(self, name) for name in self.__slots__}


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """Rank 1 for one probe; ``channel`` is ``None`` if nothing at all was found.

    Parameters
    ----------
    own : float or None
        The score without what other references share, by which the likelihood ratio goes.
    searched : int
        References that the probe was searched in.
    """

    channel: str | None
    offset_s: float | None
    score: float
    own: float | None = None
    searched: int = 0
    methods: tuple[str, ...] = ()
    reason: NoMatch | None = None
    cpu_s: float = 0.0
    named: bool = False

    def told(self) -> dict[str, object]:
        """Return it for a file."""
        return asdict(self)


def print_of_prints(sound: NDArray[np.float32]) -> bytes:
    """Return a digest of what a sound's fingerprint is today; an index of another is made anew."""
    made = fingerprint(power(sound))
    whole = hashlib.sha256(RECIPE.name.encode())
    for array in made.arrays().values():
        whole.update(array.tobytes())
    return whole.digest()


_OF_SOUND = (
    "fingerprint/audio.py", "fingerprint/codes.py", "fingerprint/index.py",
    "fingerprint/meeting.py", "fingerprint/recipe.py", "fingerprint/relief.py",
    "fingerprint/run.py", "fingerprint/scan.py", "fingerprint/spectrum.py", "fingerprint/tops.py",
    "fingerprint/_code_kernels.py", "fingerprint/_index_kernels.py",
    "fingerprint/_peak_kernels.py", "fingerprint/_run_kernels.py", "fingerprint/_scan_kernels.py",
    "fingerprint/_top_kernels.py", "identify/ladder.py", "identify/sound.py",
    "identify/_leads.py", "identify/_sounding.py", "identify/_standing.py", "identify/simulcast.py",
)  # fmt: skip


def search_code() -> bytes:
    """Return the code that searches sound; answers of other code are asked for anew."""
    return b"".join((_SOURCES / one).read_bytes() for one in _OF_SOUND)


def source(path: str) -> bytes:
    """Return the code of one of the package's files."""
    return (_SOURCES / path).read_bytes()


def power(sound: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return the power spectrogram that everything is read from."""
    return power_of(sound, RECIPE)


def first_bin() -> int:
    """Return the number of the spectrogram's first bin."""
    return band_of(RECIPE)[0]


def fingerprint(
    spectrogram: NDArray[np.float32],
    *,
    jitter: np.random.Generator | None = None,
    dropped: float = 0.0,
) -> Fingerprint:
    """Return a channel's fingerprint; peaks shake by a frame and some are lost if asked."""
    peaks = peaks_in(spectrogram, RECIPE)
    if jitter is not None:
        kept = jitter.random(len(peaks.frame)) >= dropped
        frame = np.maximum(0, peaks.frame[kept] + jitter.integers(-1, 2, kept.sum()))
        step = peaks.step[kept] + jitter.normal(0, 0.3, kept.sum())
        order = np.argsort(frame, kind="stable")
        peaks = replace(
            peaks, frame=frame[order].astype(np.float32), step=step[order].astype(np.float32)
        )
    marks = landmarks_of(peaks, RECIPE)
    codes = words_on_grid(spectrogram, RECIPE, frame=0, start=0)
    return Fingerprint(words=marks.words, frames=marks.frames, codes=codes)


def references(channels: Iterable[tuple[str, Fingerprint]]) -> References:
    """Return references that hold these channels from time 0 on, all searched whole."""
    held = list(channels)
    infos = [ReferenceInfo(id=name, kind="work") for name, _ in held]
    made = References(RECIPE, infos)
    for number, (_, one) in enumerate(held):
        made.works.add(number, Landmarks(one.words, one.frames), start=0)
        made.tracks[number].codes.adopt(0, one.codes)
        made.tracks[number].first_s, made.tracks[number].end_s = 0.0, CHANNEL_S
    for works in (False, True):
        made.snapshot(works=works)
        made.stack(works=works)
    return made


def ask(
    held: References,
    sound: NDArray[np.float32],
    *,
    hints: Sequence[str] = (),
) -> Answer:
    """Ask which channel a probe is of, whatever the score."""
    decoded = Decoded(
        audio=sound,
        audio_s=0.0,
        luma=np.empty((0, 36, 64), np.uint8),
        luma_s=np.empty(0),
        duration_s=len(sound) / RECIPE.rate_hz,
    )
    began = time.process_time()
    heard = listen(decoded, held, media_at_s=None, least=1, hints=hints)
    cpu_s = time.process_time() - began
    if not heard.matches:
        return Answer(channel=None, offset_s=None, score=0.0, reason=heard.reason, cpu_s=cpu_s)
    best, witness = heard.matches[0], heard.witnesses()[0]
    middle_s = heard.probe_s / 2
    return Answer(
        channel=best.reference,
        offset_s=middle_s - best.delay_s - middle_s * best.speed,
        score=float(best.score),
        own=float(best.score if best.own is None else best.own),
        searched=best.searched,
        methods=witness.methods,
        cpu_s=cpu_s,
    )


def probability(answer: Answer, seconds: float) -> float | None:
    """Return the probability that today's fit gives an answer; ``None``: nothing was claimed."""
    if answer.own is None:
        return None
    measured = tail("sound", seconds)
    return posterior(measured.log10_lr(answer.own, searched=answer.searched), BASE_RATE)


def least(held: References, seconds: float) -> float:
    """Return the score from which one probe of sound is named among these references."""
    return tail("sound", seconds).least_in(len(held.infos))


def audio_path(data: bytes) -> Fingerprint:
    """Return a stream's fingerprint: decode, mono, spectrogram, landmarks; its codes apart."""
    peaks = peaks_in(power(decoded(data)), RECIPE)
    marks = landmarks_of(peaks, RECIPE)
    return Fingerprint(words=marks.words, frames=marks.frames, codes=np.empty(0, np.uint32))


def decoded(data: bytes) -> NDArray[np.float32]:
    """Return a stream's sound by the decoder's own code, without its child process."""
    made = [
        np.frombuffer(payload, np.float32, head["samples"])
        for head, payload in parts(
            io.BytesIO(data), "mpegts", pictures=False, part_s=math.inf, most_s=CHANNEL_S
        )
    ]
    return np.concatenate(made)


def codes(spectrogram: NDArray[np.float32]) -> NDArray[np.uint32]:
    """Return a spectrogram's bit-error codes."""
    return words_on_grid(spectrogram, RECIPE, frame=0, start=0)


def held_bytes(held: References) -> tuple[int, int]:
    """Return the bytes of the landmarks and of the codes."""
    return held.works.nbytes, held.stack(works=True).nbytes


def searches(held: References, sound: NDArray[np.float32]) -> list[Callable[[], object]]:
    """Return one pass, all grids, and the scan of 330 s of all codes, for one probe."""
    heard = Sounding.of(ProbeSound(sound, held.recipe), held, None)
    marks = landmarks_of(heard.peaks, RECIPE)
    grids = [
        (tempo, pitch)
        for speed in (1 + k / 100 for k in range(-6, 7) if k)
        for tempo, pitch in ((speed, speed), (speed, 1.0), (1.0, speed))
    ]
    stack, code = held.stack(works=True), heard.code(1.0, 1.0)
    per_s = RECIPE.frames_per_s / WORD_FRAMES
    spans = stack.within(code.length, round(150 * per_s), round(480 * per_s))
    whole = 1 << 19

    def one_pass() -> object:
        return held.snapshot(works=True).candidates(marks, base=0, low=-whole, high=whole, least=8)

    def every() -> object:
        return proposed(heard, [(1.0, 1.0), *grids])

    return [one_pass, every, lambda: scan(stack, code, spans)]


UPKEEP_S, _SEGMENT_S = 240, 6


def segments(sample: Iterable[Fingerprint]) -> list[list[tuple[int, Landmarks, int]]]:
    """Cut four minutes of each channel into segments of 6 s, as they come in."""
    step = round(_SEGMENT_S * RECIPE.frames_per_s)
    made: list[list[tuple[int, Landmarks, int]]] = [[] for _ in range(UPKEEP_S // _SEGMENT_S)]
    for number, one in enumerate(sample):
        borders = np.searchsorted(one.frames, step * np.arange(len(made) + 1))
        for k, (first, last) in enumerate(pairwise(borders)):
            marks = Landmarks(one.words[first:last].copy(), one.frames[first:last] - k * step)
            made[k].append((number, marks, k * step))
    return made


def upkeep(coming: Sequence[Sequence[tuple[int, Landmarks, int]]]) -> None:
    """Insert and seal segments: more than three slices of time, two of which close."""
    index = Index()
    for segment in coming:
        for number, marks, start in segment:
            index.add(number, marks, start=start)
        index.snapshot()


@dataclass(frozen=True, slots=True, kw_only=True)
class Film:
    """Small pictures and their times from the film's start."""

    luma: NDArray[np.uint8]
    times: NDArray[np.float64]

    @property
    def seconds(self) -> float:
        """How long it lasts."""
        return float(self.times[-1]) if len(self.times) else 0.0

    @property
    def still(self) -> bool:
        """Tell whether it has no opinion: black, frozen or a slate."""
        return signature(cells_of(self.luma), self.times, RECIPE).silent is not None

    def cut(self, start_s: float, seconds: float) -> Film:
        """Return a stretch, from its own start."""
        inside = (self.times >= start_s) & (self.times < start_s + seconds)
        return Film(luma=self.luma[inside], times=self.times[inside] - start_s)

    def decoded(self) -> Decoded:
        """Return it as a decoder would."""
        return Decoded(
            audio=np.empty(0, np.float32), audio_s=0.0, luma=self.luma, luma_s=self.times,
            duration_s=self.seconds,
        )  # fmt: skip

    def save(self, path: Path) -> None:
        """Keep it, whole or not at all."""
        path.parent.mkdir(parents=True, exist_ok=True)
        part = path.with_suffix(".part")
        with part.open("wb") as out:
            np.savez(out, luma=self.luma, times=self.times)
        part.rename(path)

    @classmethod
    def load(cls, path: Path) -> Film:
        """Return what was kept."""
        with np.load(path) as held:
            return cls(luma=held["luma"], times=held["times"])


def film(data: bytes) -> Film:
    """Return a film's small pictures, by the decoder's own code."""
    lumas, times = [], []
    for head, payload in parts(
        io.BytesIO(data), container_of(data), pictures=True, part_s=math.inf, most_s=CHANNEL_S
    ):
        count, sound = head["pictures"], 4 * head["samples"]
        size = count * LUMA_SHAPE[0] * LUMA_SHAPE[1]
        lumas.append(np.frombuffer(payload, np.uint8, size, sound).reshape(count, *LUMA_SHAPE))
        times.append(np.frombuffer(payload, np.float64, count, sound + size))
    at = np.concatenate(times)
    return Film(luma=np.concatenate(lumas), times=at - (at[0] if len(at) else 0.0))


def filmed(films: Iterable[tuple[str, Film]]) -> References:
    """Return references that hold these films as works."""
    held = list(films)
    made = References(RECIPE, [ReferenceInfo(id=name, kind="work") for name, _ in held])
    for name, one in held:
        made.add(name, one.decoded(), at_s=0.0)
    return made


def watched(held: References, probe: Film) -> list[Answer]:
    """Ask whose pictures a probe shows, one answer for each content, whatever the score."""
    began = time.process_time()
    seen = look(probe.decoded(), held, media_at_s=0.0, speed_heard=None, least=0.0)
    cpu_s = time.process_time() - began
    middle_s = seen.witnesses[0].probe_s / 2 + float(probe.times[0]) if seen.witnesses else 0.0
    return [
        Answer(
            channel=one.reference, offset_s=middle_s - one.delay_s - middle_s * one.speed,
            score=float(one.score), methods=("video",), cpu_s=cpu_s, named=above(one),
        )
        for one in seen.witnesses
    ]  # fmt: skip


def watch(held: References, probe: Film) -> Answer:
    """Ask whose pictures a probe shows, whatever the score."""
    began = time.process_time()
    seen = look(probe.decoded(), held, media_at_s=0.0, speed_heard=None, least=0.0)
    cpu_s = time.process_time() - began
    if not seen.witnesses:
        return Answer(channel=None, offset_s=None, score=0.0, reason=seen.reason, cpu_s=cpu_s)
    best = seen.witnesses[0]
    middle_s = best.probe_s / 2 + float(probe.times[0])
    return Answer(
        channel=best.reference, offset_s=middle_s - best.delay_s - middle_s * best.speed,
        score=float(best.score), methods=("video",), cpu_s=cpu_s,
    )  # fmt: skip
