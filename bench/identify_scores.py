"""Fit what scores are worth, and write src/cautery/identify/error_rates.toml.

``--cases FILE`` takes probes that were asked elsewhere (``bench/identify.py``), one JSON object a
line: kind, group (``fit`` or ``test``), truth, score, right, probe_s, disguise, references.
``--pictures`` measures pictures here: synthetic matches and OpenCV's sample films. What is not
measured anew stays as it is. Run: python bench/identify_scores.py --cases scores.jsonl
"""

from __future__ import annotations

import argparse
import asyncio
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import numpy as np

from cautery.adapters.decoder import ChildDecoder
from cautery.fingerprint.recipe import DEFAULT_RECIPE
from cautery.identify.picture import look
from cautery.identify.references import ReferenceInfo, References
from cautery.model.media import Decoded
from identify_fit import Case, calibration, fitted, lengths_of, rates, read_cases, written

RATE = 8000
PROBE_S = 12
REFERENCE_S = 330
OUT = Path(__file__).parent.parent / "src/cautery/identify/error_rates.toml"
FILMS = Path("/usr/share/doc/opencv-doc")
T0 = 1_750_000_000.0
NO_LUMA = np.empty((0, 36, 64), np.uint8)


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


def decoded(audio: np.ndarray, luma: np.ndarray = NO_LUMA, fps: float = 12.5) -> Decoded:
    return Decoded(
        audio=np.ascontiguousarray(audio, np.float32), audio_s=0.0, luma=luma,
        luma_s=np.arange(len(luma)) / fps,
        duration_s=max(len(audio) / RATE, len(luma) / fps),
    )  # fmt: skip


async def films(paths: list[Path]) -> list[np.ndarray]:
    async with ChildDecoder(1, seconds=60) as decoder:
        parts = [
            (await decoder.decode(one.read_bytes(), pictures=True)).luma
            for one in paths
        ]  # fmt: skip
    return [one for one in parts if len(one) >= 80]


def measure_picture(
    rng: np.random.Generator, trials: int, real: list[np.ndarray], group: str
) -> Iterator[Case]:
    """Ask about pictures of other matches and films, then about disguised ones of our own."""
    infos = [ReferenceInfo(id="event:m", event="m", clean=True, kind="event")]
    infos += [ReferenceInfo(id=f"l{k}", event="m") for k in range(3)]
    references = References(DEFAULT_RECIPE, infos)
    clean = match_like(rng, REFERENCE_S)
    shown = [with_graphics(clean, rng) for _ in range(3)]
    for info, luma in zip(infos, [clean, *shown], strict=True):
        references.add(info.id, decoded(np.empty(0), luma), at_s=T0)
    size = int(PROBE_S * 12.5)
    others = [match_like(rng, 300) for _ in range(6)] + real
    for _ in range(trials):
        luma = others[int(rng.integers(len(others)))]
        start = int(rng.integers(0, max(1, len(luma) - size)))
        probe = luma[start : start + size]
        probe = probe[:, :, ::-1] if rng.random() < 0.3 else probe
        fps = float(rng.choice([12.0, 12.5, 12.8]))
        one = decoded(np.empty(0), np.ascontiguousarray(probe), fps)
        seen = look(one, references, media_at_s=T0 + 320, speed_heard=None, least=0.001)
        if seen.reason is None or "match" in seen.reason:
            score = max((one.score for one in seen.witnesses), default=0.0)
            yield Case(
                kind="picture", group=group, truth=False, score=score, right=False,
                probe_s=PROBE_S,
            )  # fmt: skip
    for _ in range(max(120, trials // 6)):
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
        best = seen.witnesses[0] if seen.witnesses else None
        yield Case(
            kind="picture", group=group, truth=True, score=best.score if best else 0.0,
            right=best is not None and abs(best.delay_s - 20) < 0.5, probe_s=PROBE_S,
            disguise="graphics, noise, mirror",
        )  # fmt: skip


def pictures(trials: int) -> list[Case]:
    """Return picture cases; the films and matches of the two groups differ."""
    real = asyncio.run(films(sorted(one for one in FILMS.rglob("*.avi") if "bugy" not in one.name)))
    print(f"{len(real)} films")
    cases: list[Case] = []
    for number, group in enumerate(("fit", "test")):
        rng = np.random.default_rng([20261124, number])
        cases += measure_picture(rng, trials, real[number::2], group)
    return cases


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--cases", type=Path, nargs="*", default=[], help="JSON lines of probes")
    parser.add_argument("--pictures", action="store_true", help="measure pictures here")
    parser.add_argument("--trials", type=int, default=1500, help="negatives a group")
    parser.add_argument("--dry-run", action="store_true", help="print, write nothing")
    asked = parser.parse_args()
    cases = [one for path in asked.cases for one in read_cases(path)]
    if asked.pictures:
        cases += pictures(asked.trials)
    source = f"bench/identify_scores.py, {datetime.now(UTC).date().isoformat()}"
    tails, published = {}, []
    for kind in ("sound", "picture"):
        for name, mine in sorted(lengths_of(cases, kind).items()):
            tails[name] = fitted(mine)
            error, true, false = calibration(mine, tails[name])
            print(f"{name}: {tails[name]}, cap {tails[name].cap:.2f}; "
                  f"calibration error {error:.4f} ({true} true, {false} false)")  # fmt: skip
            published += rates(mine, tails[name], name, source)
    text = written(tails, published, OUT.read_text(encoding="utf-8"), source)
    if tails and not asked.dry_run:
        OUT.write_text(text, encoding="utf-8")
    print(text)


if __name__ == "__main__":
    main()
