"""Measure what chance and true matches score; write src/cautery/identify/error_rates.toml.

References are music of one game, negatives music of another, synthetic speech and crowd, both
under the disguises that suspects use; pictures are synthetic matches and OpenCV's sample films.
Run: python bench/identify_scores.py [--quick]. Needs the packages wesnoth-music,
warzone2100-music and opencv-doc; without them it measures on synthetic media alone and says so.
"""

from __future__ import annotations

import asyncio
import io
import math
import sys
import time
from datetime import UTC, datetime
from pathlib import Path

import av
import numpy as np

from cautery.adapters.decoder import ChildDecoder
from cautery.fingerprint.recipe import DEFAULT_RECIPE
from cautery.identify.graphics import recognise
from cautery.identify.likelihood import Tail
from cautery.identify.picture import LEAST_PROMINENCE, look
from cautery.identify.references import ReferenceInfo, References
from cautery.identify.sound import LEAST_SCORE, listen
from cautery.model.media import Decoded

RATE = 8000
PROBE_S = 12
REFERENCE_S = 330
OUT = Path(__file__).parent.parent / "src/cautery/identify/error_rates.toml"
GAMES, FILMS = Path("/usr/share/games"), Path("/usr/share/doc/opencv-doc")
T0 = 1_750_000_000.0
NO_LUMA = np.empty((0, 36, 64), np.uint8)


def speech_like(rng: np.random.Generator, seconds: int) -> np.ndarray:
    """Voiced syllables with formants and pauses: glottal pulses through two resonances."""
    n = seconds * RATE
    out = np.zeros(n, np.float32)
    at = 0
    while at < n:
        length = int(rng.uniform(0.08, 0.3) * RATE)
        t = np.arange(min(length, n - at)) / RATE
        pitch = rng.uniform(90, 220) * (1 + 0.1 * np.sin(2 * np.pi * rng.uniform(2, 5) * t))
        phase = 2 * np.pi * np.cumsum(pitch) / RATE
        voice = np.zeros(len(t))
        f1, f2 = rng.uniform(300, 900), rng.uniform(900, 2500)
        for k in range(1, 18):
            weight = sum(1 / (1 + ((k * pitch.mean() - f) / 120) ** 2) for f in (f1, f2))
            voice += weight * np.sin(k * phase)
        out[at : at + len(t)] += 0.08 * voice * np.hanning(len(t))
        at += length + int(rng.exponential(0.08) * RATE)
    return out


def crowd_like(rng: np.random.Generator, seconds: int) -> np.ndarray:
    """Noise that swells, with a low rumble."""
    n = seconds * RATE
    swell = np.interp(np.arange(n) / RATE, np.arange(seconds + 2), rng.uniform(0.3, 1, seconds + 2))
    noise = rng.standard_normal(n)
    return (0.08 * swell * (noise + np.convolve(noise, np.ones(20) / 8, "same"))).astype(np.float32)


def match_like(rng: np.random.Generator, seconds: float, fps: float = 12.5) -> np.ndarray:
    """Wide shots: a field that pans slowly, small players, cuts now and then."""
    n = int(seconds * fps)
    out = np.empty((n, 36, 64), np.uint8)
    field = pos = vel = None
    offset = speed = 0.0
    for i in range(n):
        if field is None or rng.random() < 1 / (7 * fps):
            rough = rng.standard_normal((9, 40)).repeat(4, 0).repeat(4, 1)
            smooth = np.apply_along_axis(np.convolve, 1, rough, np.ones(9) / 9, "same")
            field = 110 + 60 * np.apply_along_axis(np.convolve, 0, smooth, np.ones(7) / 7, "same")
            offset, speed = rng.uniform(10, 80), 0.0
            pos, vel = rng.uniform([3, 3], [33, 61], (14, 2)), rng.standard_normal((14, 2)) * 0.2
        speed = 0.9 * speed + 0.05 * rng.standard_normal()
        offset = float(np.clip(offset + speed, 0, 94))
        x = np.arange(64) + offset
        left = x.astype(int)
        frame = field[:, left] * (1 - (x - left)) + field[:, left + 1] * (x - left)
        vel = 0.9 * vel + 0.08 * rng.standard_normal((14, 2))
        pos = np.clip(pos + vel, 1, [34, 62])
        for k, (row, column) in enumerate(pos.astype(int)):
            frame[row : row + 2, column] = 30 if k % 2 else 220
        out[i] = np.clip(frame + 0.7 * rng.standard_normal((36, 64)), 0, 255)
    return out


def with_graphics(luma: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """A channel bug and a score box at places of the licensee's own."""
    luma = luma.copy()
    column, width = int(rng.integers(2, 52)), int(rng.integers(5, 10))
    letters = rng.random((3, width)) < 0.5
    luma[:, 1:4, column : column + width] = np.where(letters, 15, 235)
    column, row = int(rng.integers(2, 40)), int(rng.choice([5, 31]))
    letters = rng.random((3, 14)) < 0.5
    luma[:, row : row + 3, column : column + 14] = np.where(letters, 40, 200)
    return luma


def reencoded(audio: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """AAC at a rate and bit rate of chance, decoded again."""
    rate = int(rng.choice([22050, 32000, 44100, 48000]))
    bits = int(rng.choice([32, 48, 64, 96])) * 1000
    buffer = io.BytesIO()
    up = av.AudioResampler(format="fltp", layout="mono", rate=rate)
    with av.open(buffer, "w", format="adts") as out:
        stream = out.add_stream("aac", rate=rate, layout="mono")
        stream.bit_rate = min(bits, rate * 2)
        frame = av.AudioFrame.from_ndarray(audio[None, :].copy(), format="flt", layout="mono")
        frame.sample_rate = RATE
        for part in [*up.resample(frame), *up.resample(None)]:
            part.pts = None
            out.mux(stream.encode(part))
        out.mux(stream.encode(None))
    buffer.seek(0)
    down = av.AudioResampler(format="flt", layout="mono", rate=RATE)
    with av.open(buffer, format="aac") as back:
        parts = [p.to_ndarray()[0] for f in back.decode(audio=0) for p in down.resample(f)]
    return np.concatenate(parts).astype(np.float32)


def sped(audio: np.ndarray, speed: float) -> np.ndarray:
    at = np.arange(int(len(audio) / speed)) * speed
    return np.interp(at, np.arange(len(audio)), audio).astype(np.float32)


def decoded(audio: np.ndarray, luma: np.ndarray = NO_LUMA, fps: float = 12.5) -> Decoded:
    return Decoded(
        audio=np.ascontiguousarray(audio, np.float32), audio_s=0.0, luma=luma,
        luma_s=np.arange(len(luma)) / fps,
        duration_s=max(len(audio) / RATE, len(luma) / fps),
    )  # fmt: skip


async def music(paths: list[Path]) -> np.ndarray:
    async with ChildDecoder(2, seconds=60, max_media_s=600) as decoder:
        parts = await asyncio.gather(
            *(decoder.decode(one.read_bytes(), pictures=False) for one in paths)
        )
    return np.concatenate([one.audio for one in parts]) if parts else np.empty(0, np.float32)


async def films(paths: list[Path]) -> list[np.ndarray]:
    async with ChildDecoder(1, seconds=60) as decoder:
        parts = [
            (await decoder.decode(one.read_bytes(), pictures=True)).luma
            for one in paths
        ]  # fmt: skip
    return [one for one in parts if len(one) >= 80]


def fitted(negatives: np.ndarray, positives: np.ndarray, *, least: float, floor: float) -> Tail:
    """Exponential tail through the 99 % quantile and the worst one, never steeper than floor."""
    q99, worst = float(np.quantile(negatives, 0.99)), float(negatives.max())
    scale = max((worst - q99) / (math.log10(len(negatives)) - 2), floor)
    return Tail(q99 - 2 * scale, scale, len(negatives), float((positives >= least).mean()))


def measure_sound(
    rng: np.random.Generator, trials: int, refs_music: np.ndarray, other: np.ndarray
) -> tuple[np.ndarray, dict[str, np.ndarray], float]:
    infos = [ReferenceInfo(id=f"r{k}") for k in range(12)]
    references = References(DEFAULT_RECIPE, infos)
    size = REFERENCE_S * RATE
    tracks = [refs_music[k * size : (k + 1) * size] for k in range(10)]
    tracks = [one for one in tracks if len(one) == size]
    tracks += [speech_like(rng, REFERENCE_S) for _ in range(11 - len(tracks))]
    tracks += [crowd_like(rng, REFERENCE_S) + speech_like(rng, REFERENCE_S)]
    for info, track in zip(infos, tracks, strict=False):
        references.add(info.id, decoded(track), at_s=T0)
    pool = [other, speech_like(rng, 900), crowd_like(rng, 300)]
    pool.append(speech_like(rng, 600) + crowd_like(rng, 600))
    share = np.array([0.6, 0.2, 0.05, 0.15]) if len(other) else np.array([0, 0.5, 0.1, 0.4])
    negatives, positives = [], {name: [] for name in ("AAC", "speed 2 %")}
    began = time.process_time()
    for _ in range(trials):
        source = pool[int(rng.choice(4, p=share))]
        start = int(rng.integers(0, len(source) - 14 * RATE))
        probe = source[start : start + 13 * RATE]
        if rng.random() < 0.3:
            probe = sped(probe, rng.uniform(0.96, 1.04))
        heard = listen(decoded(probe[: PROBE_S * RATE]), references, media_at_s=T0 + 320, least=1)
        negatives.append(heard.matches[0].score if heard.matches else 0)
    cpu = (time.process_time() - began) / trials
    for name, scores in positives.items():
        for _ in range(trials // 12):
            number = int(rng.integers(len(tracks)))
            start = int(rng.integers(RATE, len(tracks[number]) - 16 * RATE))
            probe = tracks[number][start : start + 14 * RATE]
            if name != "AAC":
                probe = sped(probe, float(rng.choice([0.98, 1.02])))
            probe = reencoded(probe, rng)[1024 : 1024 + PROBE_S * RATE]
            at_s = T0 + start / RATE + 20
            heard = listen(decoded(probe), references, media_at_s=at_s, least=1)
            right = [one.score for one in heard.matches if one.reference == f"r{number}"]
            scores.append(right[0] if right else 0)
    return np.array(negatives, float), {k: np.array(v, float) for k, v in positives.items()}, cpu


def measure_picture(
    rng: np.random.Generator, trials: int, real: list[np.ndarray]
) -> tuple[np.ndarray, np.ndarray, tuple[int, int, int]]:
    infos = [ReferenceInfo(id="event:m", event="m", clean=True, kind="event")]
    infos += [ReferenceInfo(id=f"l{k}", event="m") for k in range(3)]
    references = References(DEFAULT_RECIPE, infos)
    clean = match_like(rng, REFERENCE_S)
    shown = [with_graphics(clean, rng) for _ in range(3)]
    for info, luma in zip(infos, [clean, *shown], strict=True):
        references.add(info.id, decoded(np.empty(0), luma), at_s=T0)
    negatives, positives, right, wrong, none = [], [], 0, 0, 0
    size = int(PROBE_S * 12.5)
    others = [match_like(rng, 300) for _ in range(6)] + real
    for _ in range(trials):
        luma = others[int(rng.integers(len(others)))]
        start = int(rng.integers(0, max(1, len(luma) - size)))
        probe = luma[start : start + size]
        probe = probe[:, :, ::-1] if rng.random() < 0.3 else probe
        fps = float(rng.choice([12.0, 12.5, 12.8]))
        seen = look(
            decoded(np.empty(0), np.ascontiguousarray(probe), fps), references,
            media_at_s=T0 + 320, speed_heard=None, least=0.001,
        )  # fmt: skip
        if seen.reason is None or "match" in seen.reason:
            negatives.append(max((one.score for one in seen.witnesses), default=0.0))
    for _ in range(max(30, trials // 6)):
        number, start = int(rng.integers(3)), int(rng.integers(30, len(clean) - 200))
        probe = shown[number][start : start + size].astype(float)
        probe += rng.normal(0, 1.5, probe.shape)
        probe = probe * rng.uniform(0.85, 1.1) + rng.uniform(-8, 8)
        probe = np.clip(probe, 0, 255).astype(np.uint8)
        if rng.random() < 0.3:
            probe = np.ascontiguousarray(probe[:, :, ::-1])
        one = decoded(np.empty(0), probe)
        at_s = T0 + start / 12.5 + 20
        seen = look(one, references, media_at_s=at_s, speed_heard=None, least=0.001)
        positives.append(seen.witnesses[0].score if seen.witnesses else 0.0)
        if seen.witnesses:
            named = recognise(one, references, seen.witnesses[0], media_at_s=at_s)
            none += not named
            right += bool(named) and named[0].reference == f"l{number}"
            wrong += bool(named) and named[0].reference != f"l{number}"
    return np.array(negatives), np.array(positives), (right, wrong, none)


def rate(what: str, errors: int, trials: int, source: str) -> str:
    return f'[[rate]]\nwhat = "{what}"\nerrors = {errors}\ntrials = {trials}\nsource = "{source}"\n'


def tail_text(kind: str, one: Tail) -> str:
    return (
        f"[tail.{kind}]\norigin = {one.origin:.4g}\nscale = {one.scale:.4g}\n"
        f"trials = {one.trials}\nsensitivity = {max(one.sensitivity, 0.5):.4g}\n"
    )


def main() -> None:
    quick = "--quick" in sys.argv
    rng = np.random.default_rng(20261124)
    ours = asyncio.run(music(sorted(GAMES.rglob("wesnoth*/**/*.ogg"))[:30]))
    other = asyncio.run(music(sorted(GAMES.rglob("warzone2100/**/*.opus"))[:16]))
    real = asyncio.run(films([one for one in FILMS.rglob("*.avi") if "bugy" not in one.name]))
    print(f"music {len(ours) / RATE:.0f} s and {len(other) / RATE:.0f} s, {len(real)} films")
    bad, good, cpu = measure_sound(rng, 300 if quick else 3000, ours, other)
    print(f"sound: {len(bad)} negatives, {1e3 * cpu:.1f} ms CPU each; quantiles 50 90 99 100 %:",
          np.quantile(bad, [0.5, 0.9, 0.99, 1]))  # fmt: skip
    for name, scores in good.items():
        print(f"  {name}: 1 5 50 %:", np.quantile(scores, [0.01, 0.05, 0.5]), len(scores))
    bad_p, good_p, graphics = measure_picture(rng, 200 if quick else 1500, real)
    print("picture:", len(bad_p), np.quantile(bad_p, [0.5, 0.9, 0.99, 1]))
    print("  positives 1 5 50 %:", np.quantile(good_p, [0.01, 0.05, 0.5]), len(good_p))
    print("graphics right, wrong, none:", graphics)
    all_good = np.concatenate(list(good.values()))
    tails = {
        "sound": fitted(bad, all_good, least=LEAST_SCORE, floor=4.0),
        "picture": fitted(bad_p, good_p, least=LEAST_PROMINENCE, floor=0.03),
    }
    when = datetime.now(UTC).date().isoformat()
    source = f"bench/identify_scores.py, {when}"
    told = {"sound": LEAST_SCORE, "picture": LEAST_PROMINENCE}
    claims = {
        kind: lambda scores, kind=kind: sum(
            score >= told[kind] and tails[kind].log10_lr(score) >= 1.0 for score in scores
        )
        for kind in told
    }
    text = f"# Written by {source}; don't edit, run it again.\n\n"
    text += "\n".join(tail_text(kind, one) for kind, one in tails.items()) + "\n"
    text += "\n".join([
        rate("false match of sound, one 12-s probe of other content against 12 references",
             claims["sound"](bad), len(bad), source),
        rate("sound missed, one 12-s probe re-encoded as AAC 32-96k",
             len(good["AAC"]) - claims["sound"](good["AAC"]), len(good["AAC"]), source),
        rate("sound missed, one 12-s probe at speed +-2 % and re-encoded",
             len(good["speed 2 %"]) - claims["sound"](good["speed 2 %"]),
             len(good["speed 2 %"]), source),
        rate("false match of pictures, one 12-s probe of another match or film",
             claims["picture"](bad_p), len(bad_p), source),
        rate("pictures missed, one 12-s probe with graphics, noise, mirror",
             len(good_p) - claims["picture"](good_p), len(good_p), source),
    ])  # fmt: skip
    # What graphics_lab.py measured stays as it is.
    held = OUT.read_text(encoding="utf-8").strip().split("\n\n")
    text = "\n\n".join([text.strip(), *(one for one in held if "graphics_lab" in one)]) + "\n"
    if not quick:
        OUT.write_text(text, encoding="utf-8")
    print(text)


if __name__ == "__main__":
    main()
