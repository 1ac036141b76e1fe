"""Media of ``identify.py``: what the machine has, each file in one role, decoded to 8 kHz once.

Music and speech are files of Debian packages; one that is not installed is left out and named.
A package of music, or a language of speech, has exactly one role, since tracks of one album share
stems and takes; of files that share sound across packages one is kept. The roles:

``reference``
    in the index; the test probes are cut from it.
``dev-reference``
    in the index; the dev probes, for tuning, are cut from it.
``tune-negative``, ``test-negative``
    never in the index; thresholds are set on the one and tested on the other.
``foreground-tune``, ``foreground-test``
    speech that is laid over probes, never in the index.
"""

from __future__ import annotations

import ctypes
import hashlib
import json
import os
import re
import subprocess
import zipfile
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

Pcm = NDArray[np.int16]
Sound = NDArray[np.float32]
T = TypeVar("T")
R = TypeVar("R")

RATE_HZ = 8000
CHANNEL_S = 600.0
LEAST_S = 25.0
MUSIC = {
    "wesnoth-1.18-music": "reference", "warzone2100-music": "reference",
    "ufoai-music": "dev-reference",
    "nexuiz-music": "tune-negative", "hedgewars-data": "tune-negative",
    "singularity-music": "tune-negative", "domino-chain-music": "tune-negative",
    "naev-data": "test-negative", "hyperrogue-music": "test-negative",
    "asc-music": "test-negative", "drascula-music": "test-negative",
    "planetblupi-music-ogg": "test-negative",
}  # fmt: skip
SPEECH = {
    "en": ("foreground-tune", "foreground-test"),
    "fr": ("foreground-tune", "foreground-test"),
    "es": ("tune-negative", "test-negative"),
    "it": ("reference", "dev-reference"),
}
"""Languages apart by what they are for: prompts of one language share words and takes."""
LAB = ("reference", "dev-reference")
"""The lab's sounds are one generator's: in the references, and so never a negative."""
_TONES = re.compile(
    r"beep|tone|silence|ascending|descending|ring|busy|congest|chime|zip|fail|confbridge|monkeys"
)
"""Prompts that all languages share: of those of one name, waveforms that correlate over 0.7."""
_COMMON_CODES = 200
"""A chromaprint item that more often occurs is silence or a held note."""
_SHARED_ITEMS = 40
"""Equal items at one offset, of about 8 a second, that make two files relatives."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """One file with one role; ``path`` is the original, for the disguises."""

    id: str
    path: str
    package: str
    kind: str
    role: str
    seconds: float

    def pcm(self) -> Pcm:
        """Return its sound, mapped."""
        pcm: Pcm = np.load(cache() / "pcm" / f"{self.id}.npy", mmap_mode="r")
        return pcm

    def sound(self, start_s: float, seconds: float) -> Sound:
        """Return a stretch, full scale 1."""
        first = round(start_s * RATE_HZ)
        return as_sound(self.pcm()[first : first + round(seconds * RATE_HZ)])


@dataclass(frozen=True, slots=True, kw_only=True)
class Piece:
    """A stretch of a source in a channel."""

    source: str
    source_s: float
    channel_s: float
    seconds: float


@dataclass(frozen=True, slots=True, kw_only=True)
class RealChannel:
    """Ten minutes of references, one after another; ``set`` is whose probes are cut from it."""

    id: str
    set: str
    pieces: tuple[Piece, ...]


@dataclass(frozen=True, slots=True)
class Library:
    """All sources and the channels made of them."""

    sources: dict[str, Source]
    channels: tuple[RealChannel, ...]
    left_out: tuple[str, ...]

    def role(self, role: str) -> list[Source]:
        """Return the sources of a role."""
        return [one for one in self.sources.values() if one.role == role]

    def sound(self, channel: RealChannel) -> Sound:
        """Return a channel's ten minutes."""
        parts = [
            self.sources[one.source].sound(one.source_s, one.seconds) for one in channel.pieces
        ]
        whole = np.zeros(round(CHANNEL_S * RATE_HZ), np.float32)
        joined = np.concatenate(parts)[: len(whole)]
        whole[: len(joined)] = joined
        return whole


def cache() -> Path:
    """Return the folder of everything that the bench keeps."""
    given = os.environ.get("CAUTERY_BENCH_CACHE")
    return Path(given) if given else Path.home() / ".cache/cautery/bench/identify"


def as_sound(pcm: Pcm) -> Sound:
    """Return sound of full scale 1."""
    return pcm.astype(np.float32) / np.float32(32768)


def as_pcm(sound: Sound) -> Pcm:
    """Return 16-bit sound."""
    return np.clip(np.rint(sound * 32767), -32768, 32767).astype(np.int16)


def library(say: Callable[[str], None]) -> Library:
    """Return the library, gathered and decoded if that was not done before."""
    base = cache()
    (base / "pcm").mkdir(parents=True, exist_ok=True)
    held = base / "library.json"
    if not held.exists():
        found, left_out = _gathered(say)
        write_json(held, {"sources": [asdict(one) for one in found], "left_out": left_out})
    told = json.loads(held.read_text())
    sources = {one["id"]: Source(**one) for one in told["sources"]}
    channels = _channels(sources.values())
    return Library(sources, channels, tuple(told["left_out"]))


def write_json(path: Path, told: object) -> None:
    """Write a file whole or not at all."""
    part = path.with_suffix(".part")
    part.write_text(json.dumps(told))
    part.rename(path)


def save_array(path: Path, array: NDArray[np.generic]) -> None:
    """Write an array whole or not at all."""
    part = path.with_suffix(f".{os.getpid()}.part")
    with part.open("wb") as out:
        np.save(out, array)
    part.rename(path)


def at_once(work: Callable[[T], R], jobs: Iterable[T], width: int = 2) -> Iterator[R]:
    """Run jobs that each wait for a program, two at a time; results in order."""
    with ThreadPoolExecutor(width) as pool:
        yield from pool.map(work, jobs)


def decoded(path: Path) -> Pcm:
    """Return a file's sound as 8 kHz mono."""
    command = ["nice", "-n", "10", "ffmpeg", "-v", "error", "-nostdin", "-i", str(path), "-vn",
               "-ac", "1", "-ar", str(RATE_HZ), "-f", "s16le", "-"]  # fmt: skip
    done = subprocess.run(command, capture_output=True, check=False)
    return np.frombuffer(done.stdout[: len(done.stdout) // 2 * 2], np.int16)


def _gathered(say: Callable[[str], None]) -> tuple[list[Source], list[str]]:
    sources, left_out = [], []
    say("gathering music")
    for package in MUSIC:
        paths = _files(package)
        if not paths:
            left_out.append(f"{package} is not installed")
        jobs = [(package, path) for path in paths]
        sources += [one for one in at_once(_music, jobs) if one is not None]
    say(f"{len(sources)} tracks; looking for relatives")
    sources = list(_one_of_a_family(sources))
    say("joining speech")
    for language in SPEECH:
        package = f"asterisk-core-sounds-{language}-wav"
        made = _speech(language, package)
        if not made:
            left_out.append(f"{package} is not installed")
        sources += made
    say("rendering the lab's sound")
    sources += _lab()
    return sources, left_out


def _files(package: str) -> list[Path]:
    done = subprocess.run(["dpkg", "-L", package], capture_output=True, text=True, check=False)
    found = []
    for line in done.stdout.splitlines():
        path = Path(line)
        if path.suffix.lower() in {".ogg", ".opus", ".mp3", ".flac"} and path.is_file():
            found.append(path)
        elif path.suffix.lower() == ".pk3" and path.is_file():
            found += _unpacked(path, package)
    return sorted(one for one in found if one.stat().st_size > 100_000)


def _unpacked(archive: Path, package: str) -> list[Path]:
    folder = cache() / "unpacked" / package
    with zipfile.ZipFile(archive) as held:
        names = [one for one in held.namelist() if one.lower().endswith((".ogg", ".mp3"))]
        for name in names:
            if not (folder / name).exists():
                held.extract(name, folder)
    return [folder / name for name in names]


def _music(job: tuple[str, Path]) -> Source | None:
    package, path = job
    name = hashlib.sha256(path.read_bytes()).hexdigest()[:16]
    kept = cache() / "pcm" / f"{name}.npy"
    if not kept.exists():
        pcm = decoded(path)
        if len(pcm) < LEAST_S * RATE_HZ:
            return None
        save_array(kept, pcm)
    seconds = np.load(kept, mmap_mode="r").shape[0] / RATE_HZ
    return Source(
        id=name, path=str(path), package=package, kind="music", role=MUSIC[package],
        seconds=seconds,
    )  # fmt: skip


def _one_of_a_family(sources: Sequence[Source]) -> Iterator[Source]:
    """Keep the longest of files that share sound, by equal chromaprint items at one offset."""
    unique = list({one.id: one for one in sorted(sources, key=lambda one: one.id)}.values())
    unique.sort(key=lambda one: -one.seconds)
    codes = list(at_once(lambda one: chromaprint(one.pcm()), unique))
    items = np.concatenate(codes)
    owner = np.repeat(np.arange(len(codes)), [len(one) for one in codes])
    place = np.concatenate([np.arange(len(one)) for one in codes])
    order = np.argsort(items, kind="stable")
    items, owner, place = items[order], owner[order], place[order]
    dropped: set[int] = set()
    for number, mine in enumerate(codes):
        first = np.searchsorted(items, mine, "left")
        counts = np.searchsorted(items, mine, "right") - first
        counts[counts > _COMMON_CODES] = 0
        where = np.repeat(first, counts) + _ramps(counts)
        offset = place[where] - np.repeat(np.arange(len(mine)), counts)
        other = owner[where]
        later = other > number
        pairs, shared = np.unique(
            np.stack([other[later], offset[later] + (1 << 24)]), axis=1, return_counts=True
        )
        if number not in dropped:
            dropped |= set(pairs[0, shared >= _SHARED_ITEMS].tolist())
    for number, one in enumerate(unique):
        if number not in dropped:
            yield one


def _ramps(counts: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return 0..n-1 for each n."""
    ends = np.cumsum(counts)
    return np.arange(ends[-1] if len(ends) else 0) - np.repeat(ends - counts, counts)


def chromaprint(pcm: Pcm, rate_hz: int = RATE_HZ) -> NDArray[np.uint32]:
    """Return the raw items that ``fpcalc -raw`` prints, by its library (libchromaprint1)."""
    lib = ctypes.CDLL("libchromaprint.so.1")
    lib.chromaprint_new.restype = ctypes.c_void_p
    handle = ctypes.c_void_p(lib.chromaprint_new(1))
    found, size = ctypes.POINTER(ctypes.c_uint32)(), ctypes.c_int()
    whole = np.ascontiguousarray(pcm)
    lib.chromaprint_start(handle, rate_hz, 1)
    lib.chromaprint_feed(handle, whole.ctypes.data_as(ctypes.c_void_p), len(whole))
    lib.chromaprint_finish(handle)
    lib.chromaprint_get_raw_fingerprint(handle, ctypes.byref(found), ctypes.byref(size))
    items = np.array(found[: size.value], np.uint32)
    lib.chromaprint_dealloc(found)
    lib.chromaprint_free(handle)
    return items


def _speech(language: str, package: str) -> list[Source]:
    """Join a language's prompts, a breath between them, to one recording a role."""
    done = subprocess.run(["dpkg", "-L", package], capture_output=True, text=True, check=False)
    paths = [Path(one) for one in sorted(done.stdout.splitlines()) if one.endswith(".wav")]
    roles = SPEECH[language]
    parts: dict[str, list[Pcm]] = {role: [] for role in roles}
    prompts: set[str] = set()
    for path in paths:
        pcm = wav(path)
        digest = hashlib.sha256(pcm.tobytes()).hexdigest()
        if _TONES.search(path.stem) or len(pcm) < RATE_HZ // 2 or digest in prompts:
            continue
        prompts.add(digest)
        parts[roles[int(digest[:8], 16) % 2]] += [pcm, np.zeros(RATE_HZ // 5, np.int16)]
    made = []
    for role, pieces in parts.items():
        if pieces:
            name = f"speech-{language}-{role}"
            title = f"{package} ({len(pieces) // 2} prompts)"
            made.append(made_source(name, np.concatenate(pieces), title, "speech", role))
    return made


def wav(path: Path) -> Pcm:
    """Return the samples of a plain 16-bit 8 kHz WAV."""
    raw = path.read_bytes()
    at = raw.find(b"data") + 8
    return np.frombuffer(raw[at : at + (len(raw) - at) // 2 * 2], np.int16)


def made_source(name: str, pcm: Pcm, package: str, kind: str, role: str) -> Source:
    """Keep sound that has no file of its own, as a WAV for the disguises too."""
    original = cache() / "made" / f"{name}.wav"
    original.parent.mkdir(parents=True, exist_ok=True)
    command = ["ffmpeg", "-v", "error", "-y", "-f", "s16le", "-ar", str(RATE_HZ), "-ac", "1"]
    subprocess.run([*command, "-i", "-", str(original)], input=pcm.tobytes(), check=True)
    save_array(cache() / "pcm" / f"{name}.npy", pcm)
    return Source(
        id=name, path=str(original), package=package, kind=kind, role=role,
        seconds=len(pcm) / RATE_HZ,
    )  # fmt: skip


def _lab() -> list[Source]:
    """Render a match's crowd under talk, and the lab's music, for each role of the lab."""
    from cautery.lab import sounds  # noqa: PLC0415 - heavy, and only when gathering

    made = []
    for number, role in enumerate(LAB):
        rng = np.random.default_rng([4, number])
        seconds = 300.0
        talk = sounds.speech(rng, seconds, sounds.Voice.of(rng))
        match = 0.6 * sounds.crowd(rng, seconds) + talk
        tune = sounds.music(rng, seconds, beat_s=float(rng.uniform(0.3, 0.5)), bright=0.6)
        for name, sound in (("match", match), ("music", tune)):
            half = sound[: len(sound) // 2 * 2].reshape(-1, 2).mean(axis=1)
            made.append(made_source(f"lab-{name}-{role}", as_pcm(half), "cautery.lab", "lab", role))
    return made


def _channels(sources: Iterable[Source]) -> tuple[RealChannel, ...]:
    """Lay references end to end in tens of minutes; what does not fill ten is left out."""
    channels: list[RealChannel] = []
    every = list(sources)
    for role, which in (("reference", "test"), ("dev-reference", "dev")):
        mine = sorted((one for one in every if one.role == role), key=lambda one: one.id)
        np.random.default_rng([7, len(role)]).shuffle(mine)
        pieces: list[Piece] = []
        at_s = 0.0
        for one in mine:
            from_s = 0.0
            while one.seconds - from_s >= LEAST_S:
                take_s = min(one.seconds - from_s, CHANNEL_S - at_s)
                pieces.append(Piece(source=one.id, source_s=from_s, channel_s=at_s, seconds=take_s))
                from_s, at_s = from_s + take_s, at_s + take_s
                if at_s >= CHANNEL_S - 1e-6:
                    name = f"real-{which}-{sum(c.set == which for c in channels):03d}"
                    channels.append(RealChannel(id=name, set=which, pieces=tuple(pieces)))
                    pieces, at_s = [], 0.0
    return tuple(channels)
