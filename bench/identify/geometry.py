"""Probes whose picture lies in an unusual place: shaken, halved, inset, turned, two at once.

Each row is drawn by one recipe for the probes to tune on and by another one for those that are
counted: other amplitudes and pace of a shaking hand, other places and sizes, other films beside.
"""

from __future__ import annotations

import math
import subprocess
import tempfile
import zlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

import footage
import numpy as np
import system
from media import cache
from probes import PROBE_S, SHORT_S

SEEDS = {"tune": 31, "test": 37}
WIDE, HIGH = 640, 360
_FIT = f"scale={WIDE}:{HIGH},setsar=1"


@dataclass(frozen=True, slots=True, kw_only=True)
class Probe:
    """A disguised stretch of a film, and what else is shown with it.

    Parameters
    ----------
    other : tuple of (str, float) or None
        The film beside, and where it begins.
    """

    group: str
    disguise: str
    number: int
    source: str
    start_s: float
    other: tuple[str, float] | None = None

    @property
    def path(self) -> Path:
        """Where its small pictures are kept."""
        name = f"{self.number:04d}-{self.source}-{self.start_s:.2f}.npz"
        return cache() / "geometry" / self.group / self.disguise / name


def _wave(rng: np.random.Generator, group: str, *, wander: bool) -> str:
    """Return the course of a crop across its room, 0 to 1, as an expression of ffmpeg's."""
    if group == "tune":
        paces = rng.uniform(0.05, 0.2, 2) if wander else rng.uniform(0.3, 1.6, 3)
    else:
        paces = rng.uniform(0.04, 0.25, 3) if wander else rng.uniform(0.2, 2.2, 4)
    size = 0.5 / len(paces)
    terms = [f"{size:.3f}*sin({2 * math.pi * pace:.3f}*t+{rng.uniform(0, 6.28):.3f})"
             for pace in paces]  # fmt: skip
    return "(0.5+" + "+".join(terms) + ")"


def _shaken(rng: np.random.Generator, group: str, *, wander: bool) -> str:
    if wander:
        share = rng.uniform(0.65, 0.8)
    else:
        share = rng.uniform(0.85, 0.9) if group == "tune" else rng.uniform(0.82, 0.92)
    x, y = (_wave(rng, group, wander=wander) for _ in range(2))
    # Scaled up first: a crop moves by whole pixels.
    return (
        f"[0:v]scale={2 * WIDE}:{2 * HIGH},setsar=1,crop=w=iw*{share:.3f}:h=ih*{share:.3f}:"
        f"x='(iw-ow)*{x}':y='(ih-oh)*{y}',scale={WIDE}:{HIGH}"
    )


def _half(rng: np.random.Generator, _group: str) -> str:
    x, y, w, h = [(0, 0, 1, 2), (1, 0, 1, 2), (0, 0, 2, 1), (0, 1, 2, 1)][rng.integers(4)]
    cut = f"[0:v]scale={WIDE}:{HIGH},setsar=1,crop={w}*iw/2:{h}*ih/2:{x}*iw/2:{y}*ih/2"
    # Shown as it is cut, or drawn out to the usual shape.
    return f"{cut},scale={WIDE}:{HIGH}" if rng.random() < 0.5 else cut


def _halves(rng: np.random.Generator, _group: str) -> str:
    """Return two pictures side by side: squeezed, cut, or whole between bars."""
    shape = rng.choice(["squeezed", "cut", "bars"])
    half = WIDE // 2
    how = {
        "squeezed": f"scale={half}:{HIGH}",
        "cut": f"scale={WIDE}:{HIGH},crop={half}:{HIGH}",
        "bars": f"scale={half}:{HIGH // 2},pad={half}:{HIGH}:0:{HIGH // 4}:black",
    }[shape]
    first, second = ("a", "b") if rng.random() < 0.5 else ("b", "a")
    return (
        f"[0:v]fps=25,{how},setsar=1[a];[1:v]fps=25,{how},setsar=1[b];"
        f"[{first}][{second}]hstack=shortest=1"
    )


def _inset(rng: np.random.Generator, group: str, low: float, high: float) -> str:
    share = rng.uniform(low, high)
    w, h = 2 * round(WIDE * share / 2), 2 * round(HIGH * share / 2)
    if group == "tune":
        x, y = (rng.choice([0.05, 0.95]) for _ in range(2))
    else:
        x, y = rng.uniform(0.02, 0.98, 2)
    return (
        f"[1:v]{_FIT}[b];[0:v]scale={w}:{h},setsar=1[f];"
        f"[b][f]overlay=x={round((WIDE - w) * x)}:y={round((HIGH - h) * y)}:shortest=1"
    )


ROWS: Mapping[str, Callable[[np.random.Generator, str], str]] = {
    "shaky crop": lambda rng, group: _shaken(rng, group, wander=False),
    "wandering crop": lambda rng, group: _shaken(rng, group, wander=True),
    "half picture": _half,
    "side by side": _halves,
    "inset 40 %": lambda rng, group: _inset(rng, group, 0.4, 0.4),
    "upside down": lambda _rng, _group: f"[0:v]{_FIT},hflip,vflip",
    "vertical flip": lambda _rng, _group: f"[0:v]{_FIT},vflip",
    "negative": lambda _rng, _group: f"[0:v]{_FIT},negate",
    "two: picture in picture": lambda rng, group: _inset(rng, group, 0.4, 0.55),
    "two: side by side": _halves,
}
BESIDE = ("side by side", "inset 40 %")
"""Rows with another film that is no reference."""
TWO = tuple(row for row in ROWS if row.startswith("two"))


def planned(group: str, count: int, films: Mapping[str, system.Film]) -> list[Probe]:
    """Draw the probes of every row, over the references by their length, none of them still."""
    names = [name for name in footage.REFERENCES if name in films]
    room = np.array([max(0.2, films[name].seconds - PROBE_S - 0.3) for name in names])

    def drawn(rng: np.random.Generator, without: str = "") -> tuple[str, float]:
        while True:
            which = int(rng.choice(len(names), p=room / room.sum()))
            start_s = round(float(rng.uniform(0, room[which])), 2)
            film = films[names[which]]
            if names[which] != without and not film.cut(start_s, SHORT_S).still:
                return names[which], start_s

    probes = []
    for number in range(count):
        for disguise in ROWS:
            rng = np.random.default_rng([SEEDS[group], zlib.crc32(disguise.encode()), number])
            source, start_s = drawn(rng)
            other: tuple[str, float] | None = None
            if disguise in TWO:
                other = drawn(rng, source)
            elif disguise in BESIDE:
                sides = footage.TUNING if group == "tune" else footage.TESTING
                there = [name for name in sides if name in films and name not in footage.BARE]
                name = str(rng.choice(there))
                other = name, round(float(rng.uniform(0, max(0.1, films[name].seconds - 10))), 2)
            probes.append(Probe(group=group, disguise=disguise, number=number, source=source,
                                start_s=start_s, other=other))  # fmt: skip
    return probes


def make(probe: Probe) -> None:
    """Disguise a stretch and keep its small pictures."""
    if probe.path.exists():
        return
    found = footage.found()
    rng = np.random.default_rng(
        [SEEDS[probe.group], zlib.crc32(probe.disguise.encode()), probe.number, 1]
    )
    command = ["ffmpeg", "-v", "error", "-nostdin", "-y", "-ss", str(probe.start_s),
               "-t", str(PROBE_S), "-i", str(found[probe.source])]  # fmt: skip
    if probe.other:
        command += ["-stream_loop", "-1", "-ss", str(probe.other[1]), "-i",
                    str(found[probe.other[0]])]  # fmt: skip
    with tempfile.TemporaryDirectory(prefix="identify-") as folder:
        out = f"{folder}/probe.mp4"
        command += ["-filter_complex", ROWS[probe.disguise](rng, probe.group), "-t", str(PROBE_S),
                    "-crf", "28", "-c:v", "libx264", "-preset", "veryfast", "-pix_fmt", "yuv420p",
                    "-threads", "2", "-an", out]  # fmt: skip
        subprocess.run(command, check=True)
        system.film(Path(out).read_bytes()).save(probe.path)
