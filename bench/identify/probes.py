"""Probes of ``identify.py``: disguised stretches of the references, and negatives from other files.

The disguises are those of the shared generators, as they stand there, and four more that are put
into the same table. A probe is decoded to 8 kHz once and kept; a run that is stopped goes on where
it was. Sets keep apart what is tuned on from what is tested: ``dev`` and ``test`` are cut from
different files, at places that a seed draws, and are mixed with different talk.
"""

from __future__ import annotations

import asyncio
import importlib.util
import os
import subprocess
import sys
import tempfile
import zlib
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import cache as once
from math import gcd
from pathlib import Path
from types import ModuleType

import numpy as np
from media import (
    RATE_HZ,
    Library,
    Pcm,
    Piece,
    RealChannel,
    Sound,
    Source,
    as_pcm,
    as_sound,
    at_once,
    cache,
    save_array,
)
from numpy.typing import NDArray
from scipy.signal import resample_poly

from cautery.adapters.decoder import ChildDecoder

PROBE_S = 10.0
SHORT_S = 5.0
EXTRA = {
    "tempo5": (1.05, "af", "atempo=1.05"),
    "noise0": (1.0, "noise", 0.0),
    "mix-6": (1.0, "mix", -6.0),
    "mix-5": (1.0, "mix", -5.0),
    **{f"{crowd}{db:g}": (1.0, "mix", db)
       for crowd in ("recorded", "crowd") for db in (6.0, 0.0, -5.0)},
}  # fmt: skip
SPED = tuple(f"speed{percent:+}" for percent in (8, -8, 12, -12, 15, -15))
"""So many per cent faster, or slower, pitch and all."""
EXTRA |= {
    name: (rate, "af", f"asetrate=44100*{rate},aresample=44100")
    for name, rate in ((name, 1 + int(name.removeprefix("speed")) / 100) for name in SPED)
}
STEREO = {"inverted": ("c0=FL", "c1=-1*FR"), "side": ("c0=0.5*FL-0.5*FR", "c1=0.5*FL-0.5*FR")}
"""One channel turned over, and the difference of the channels alone, on both."""
EXTRA |= dict.fromkeys(STEREO, (1.0, "stereo", ""))
COMBO2 = "combo2"
"""Speed 2 %, then mix0, then AAC at 32 kbit/s: three entries of the table one after another."""
SIXTEEN = (
    "clean", "aac64", "aac32", "mono22k", "comp_eq", "gain+5", "gain-5", "mix6", "mix0", "speed2",
    "speed5", "tempo2", "pitch2", "reverb", "noise10", "combo",
)  # fmt: skip
EVERY = (*SIXTEEN, "tempo5", "noise0", "mix-6", COMBO2)
CROWDED = (
    "recorded6", "recorded0", "recorded-5", "crowd6", "crowd0", "crowd-5", "mix0", "mix-5",
)  # fmt: skip
"""Recorded and synthetic crowds, and a voice, each so many dB below the programme."""
PLAIN_SHARE = 0.75
"""Of the negatives: disguised by arithmetic alone; the others by any, mostly through ffmpeg."""
_QUIET_DB = -55.0
_TRIES = 200
_IN_PROCESS = frozenset(
    {"clean", "gain+5", "gain-5", "mix6", "mix0", "mix-6", "noise10", "noise0", "speed2", "speed5"}
)
"""Disguises that plain arithmetic makes; the others of the negatives go through ffmpeg."""
_ARITHMETIC = _IN_PROCESS | frozenset(CROWDED)
_SIDE_DB = -20.0
"""Of the channels' difference against their sum: under it, it is next to nothing."""
_CROWD_ALONE = 0.1
"""Of the negatives under crowds: a crowd and nothing else."""
_FOREGROUND = {"dev": "foreground-tune", "tune": "foreground-tune", "test": "foreground-test"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Probe:
    """One disguised stretch and its truth.

    Parameters
    ----------
    channel, offset_s : str and float
        Where its first sample lies in the references; ``None``: in none of them.
    rate : float
        Seconds of the reference that a second of probe consumes.
    """

    id: str
    set: str
    disguise: str
    source: str
    start_s: float
    rate: float
    foreground: str
    foreground_s: float
    channel: str | None = None
    offset_s: float | None = None

    @property
    def path(self) -> Path:
        """Where its 10 s of sound are kept: int16, 8 kHz."""
        return cache() / "probes" / self.set / self.disguise / f"{self.id}.npy"

    @property
    def ready(self) -> bool:
        """Tell whether it needs no ffmpeg any more."""
        return self.path.exists()


@once
def disguises() -> ModuleType:
    """Load the shared table and add the bench's own rows."""
    shared = Path(__file__).parents[3] / "shared" / "data"
    data = Path(os.environ.get("CAUTERY_DATA", shared))
    path = data.parent / "generators" / "disguises.py"
    if not path.is_file():
        raise SystemExit(f"no {path}: set CAUTERY_DATA to the shared data's folder")
    spec = importlib.util.spec_from_file_location("disguises", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.dont_write_bytecode, before = True, sys.dont_write_bytecode
    spec.loader.exec_module(module)
    sys.dont_write_bytecode = before
    module.AUDIO.update(EXTRA)
    return module


def rate_of(disguise: str) -> float:
    """Return how many seconds of source a second of probe consumes."""
    name = "speed2" if disguise == COMBO2 else disguise
    return float(disguises().AUDIO[name][0])


def planned(library: Library, which: str, disguise: str, count: int) -> list[Probe]:
    """Draw the probes of a cell: places within one file, not silent; more keep the first ones."""
    channels = [one for one in library.channels if one.set == which]
    pieces = [(channel, piece) for channel in channels for piece in channel.pieces]
    rate = rate_of(disguise)
    span_s = PROBE_S * rate + 0.3
    room = np.array([max(0.0, piece.seconds - span_s) for _, piece in pieces])
    talk = laid_over(library, disguise, which)
    probes = []
    for number in range(count):
        rng = np.random.default_rng(
            [zlib.crc32(which.encode()), zlib.crc32(disguise.encode()), number]
        )
        channel, piece, into_s = _place(library, pieces, room, rng, disguise)
        over = talk[int(rng.integers(len(talk)))]
        probes.append(
            Probe(
                id=f"{number:04d}", set=which, disguise=disguise, source=piece.source, rate=rate,
                start_s=round(piece.source_s + into_s, 3), foreground=over.id,
                foreground_s=round(float(rng.uniform(0, over.seconds - 12)), 2),
                channel=channel.id, offset_s=round(piece.channel_s + into_s, 3),
            )
        )  # fmt: skip
    return probes


def _place(
    library: Library,
    pieces: Sequence[tuple[RealChannel, Piece]],
    room: NDArray[np.float64],
    rng: np.random.Generator,
    disguise: str,
) -> tuple[RealChannel, Piece, float]:
    rate = rate_of(disguise)
    for _ in range(_TRIES):
        channel, piece = pieces[int(rng.choice(len(pieces), p=room / room.sum()))]
        into_s = round(float(rng.uniform(0, piece.seconds - PROBE_S * rate - 0.3)), 3)
        source = library.sources[piece.source]
        start_s = piece.source_s + into_s
        if _loud(source, start_s, rate) and (
            disguise not in STEREO or _differs(source.path, round(start_s, 3))
        ):
            return channel, piece, into_s
    raise RuntimeError("the references are silent")


def _loud(source: Source, start_s: float, rate: float) -> bool:
    sound = source.sound(start_s, PROBE_S * rate)
    halves = np.array_split(sound, 2)
    return all(10 * np.log10(np.mean(half**2) + 1e-12) > _QUIET_DB for half in halves)


def negatives(library: Library, which: str, count: int) -> list[Probe]:
    """Draw negatives of ``tune`` or ``test``, spread over all disguises."""
    sources = library.role(f"{which}-negative")
    room = np.array([max(0.0, one.seconds - 12.0) for one in sources])
    talk = library.role(_FOREGROUND[which])
    plain = sorted(_IN_PROCESS)
    probes = []
    for number in range(count):
        rng = np.random.default_rng([99, zlib.crc32(which.encode()), number])
        among = plain if rng.random() < PLAIN_SHARE else EVERY
        disguise = among[int(rng.integers(len(among)))]
        for _ in range(_TRIES):
            source = sources[int(rng.choice(len(sources), p=room / room.sum()))]
            start_s = round(float(rng.uniform(0, source.seconds - 12.0)), 3)
            if _loud(source, start_s, 1.0):
                break
        over = talk[int(rng.integers(len(talk)))]
        probes.append(
            Probe(
                id=f"{number:05d}", set=f"{which}-negative", disguise=disguise, source=source.id,
                start_s=start_s, rate=rate_of(disguise), foreground=over.id,
                foreground_s=round(float(rng.uniform(0, over.seconds - 12)), 2),
            )
        )  # fmt: skip
    return probes


def crowded_negatives(library: Library, which: str, count: int) -> list[Probe]:
    """Draw negatives of ``tune`` or ``test`` under crowds and voices, and crowds alone."""
    sources = library.role(f"{which}-negative")
    room = np.array([max(0.0, source.seconds - 12.0) for source in sources])
    crowds = [
        source for source in library.sources.values() if source.role.endswith(f"crowd-{which}")
    ]
    among = [name for name in CROWDED if laid_over(library, name, which)]
    probes = []
    for number in range(count):
        rng = np.random.default_rng([98, zlib.crc32(which.encode()), number])
        disguise = among[int(rng.integers(len(among)))]
        source = sources[int(rng.choice(len(sources), p=room / room.sum()))]
        if rng.random() < _CROWD_ALONE:
            source, disguise = crowds[int(rng.integers(len(crowds)))], "clean"
        talk = laid_over(library, disguise, which)
        over = talk[int(rng.integers(len(talk)))]
        probes.append(
            Probe(
                id=f"crowd-{number:05d}", set=f"{which}-negative", disguise=disguise,
                source=source.id, start_s=round(float(rng.uniform(0, source.seconds - 12.0)), 3),
                rate=1.0, foreground=over.id,
                foreground_s=round(float(rng.uniform(0, over.seconds - 12)), 2),
            )
        )  # fmt: skip
    return probes


@once
def _differs(path: str, start_s: float) -> bool:
    """Tell whether both channels are there and differ, in either half of a probe."""
    raw = subprocess.run(
        ["ffmpeg", "-v", "error", "-nostdin", "-ss", str(start_s), "-t", str(PROBE_S), "-i", path,
         "-map", "0:a:0", "-ar", "16000", "-f", "f32le", "-af", "pan=stereo|FL=FL|FR=FR", "-"],
        stdout=subprocess.PIPE, check=False,
    ).stdout  # fmt: skip
    left, right = np.frombuffer(raw, np.float32).reshape(-1, 2).T
    parts = zip(np.array_split(left - right, 2), np.array_split(left + right, 2), strict=True)
    shares = [np.std(side) / (np.std(middle) + 1e-9) for side, middle in parts if len(side)]
    return bool(shares) and all(20 * np.log10(share + 1e-9) >= _SIDE_DB for share in shares)


def laid_over(library: Library, disguise: str, which: str) -> list[Source]:
    """Return what is laid over a probe: a crowd, or talk."""
    for name, role in (("recorded", "recorded-crowd"), ("crowd", "crowd")):
        if disguise.startswith(name):
            return library.role(f"{role}-{'test' if which == 'test' else 'tune'}")
    return library.role(_FOREGROUND[which])


def sound_of(library: Library, probe: Probe, seconds: float = PROBE_S) -> Sound:
    """Return a probe's sound, 8 kHz, full scale 1."""
    if probe.channel is None and probe.disguise in _ARITHMETIC:
        return _arithmetic(library, probe)[: round(seconds * RATE_HZ)]
    return as_sound(np.load(probe.path)[: round(seconds * RATE_HZ)])


def make(library: Library, probes: Iterable[Probe], tell: Callable[[], None], width: int) -> None:
    """Make what is not there yet."""
    missing = [
        one for one in probes
        if not one.ready and not (one.channel is None and one.disguise in _ARITHMETIC)
    ]  # fmt: skip
    for _ in at_once(lambda one: _made(library, one), missing, width):
        tell()


def _made(library: Library, probe: Probe) -> None:
    source, over = library.sources[probe.source], library.sources[probe.foreground]
    table = disguises()
    with tempfile.TemporaryDirectory(prefix="identify-") as folder:
        out = f"{folder}/probe.wav"
        foreground = (over.path, probe.foreground_s)
        if probe.disguise in STEREO:
            probe.path.parent.mkdir(parents=True, exist_ok=True)
            save_array(probe.path, as_pcm(_in_stereo(source, probe, Path(folder))))
            return
        if probe.disguise == COMBO2:
            fast, mixed = f"{folder}/fast.wav", f"{folder}/mixed.wav"
            table.audio_probe(source.path, probe.start_s, PROBE_S + 0.5, "speed2", fast)
            table.audio_probe(fast, 0.0, PROBE_S + 0.2, "mix0", mixed, fg=foreground)
            table.audio_probe(mixed, 0.0, PROBE_S, "aac32", out)
        else:
            seed = zlib.crc32(f"{probe.set} {probe.id}".encode())
            table.audio_probe(
                source.path, probe.start_s, PROBE_S, probe.disguise, out, fg=foreground, seed=seed
            )
        probe.path.parent.mkdir(parents=True, exist_ok=True)
        save_array(probe.path, as_pcm(_at_8k(Path(out))))


def _in_stereo(source: Source, probe: Probe, folder: Path) -> Sound:
    """Return a probe as the product hears it in AAC of two channels."""
    out, pan = folder / "probe.ts", "|".join(("pan=stereo", *STEREO[probe.disguise]))
    subprocess.run(
        ["ffmpeg", "-v", "error", "-nostdin", "-y", "-ss", str(probe.start_s), "-t", str(PROBE_S),
         "-i", source.path, "-map", "0:a:0", "-af", pan, "-ar", "48000", "-c:a", "aac",
         "-b:a", "128k", str(out)],
        check=True,
    )  # fmt: skip

    async def heard() -> Sound:
        async with ChildDecoder(workers=1) as decoder:
            return (await decoder.decode(out.read_bytes(), pictures=False)).audio

    return asyncio.run(heard())[: round(PROBE_S * RATE_HZ)]


def _at_8k(path: Path) -> Sound:
    """Return a 44.1 kHz 16-bit WAV at 8 kHz."""
    raw = path.read_bytes()
    at = raw.find(b"data") + 8
    pcm: Pcm = np.frombuffer(raw[at : at + (len(raw) - at) // 2 * 2], np.int16)
    high = disguises().SR
    common = gcd(high, RATE_HZ)
    sound: Sound = resample_poly(as_sound(pcm), RATE_HZ // common, high // common).astype(
        np.float32
    )
    return sound[: round(PROBE_S * RATE_HZ)]


def _arithmetic(library: Library, probe: Probe) -> Sound:
    """Return a negative whose disguise needs no codec."""
    source, over = library.sources[probe.source], library.sources[probe.foreground]
    rate, kind, argument = disguises().AUDIO[probe.disguise]
    sound = source.sound(probe.start_s, PROBE_S * rate + 0.01)
    count = round(PROBE_S * RATE_HZ)
    if kind == "af":
        gain = {"gain+5": 5.0, "gain-5": -5.0}.get(probe.disguise, 0.0)
        at = np.arange(count) * rate
        heard = np.interp(at, np.arange(len(sound)), sound) * 10 ** (gain / 20)
        return np.asarray(np.clip(heard, -1, 1), np.float32)
    if kind == "mix":
        other = over.sound(probe.foreground_s, PROBE_S)
    else:
        seed = zlib.crc32(f"{probe.set} {probe.id}".encode())
        other = np.random.default_rng(seed).standard_normal(count).astype(np.float32)
    return np.asarray(disguises().mix(sound[:count], other, argument), np.float32)
