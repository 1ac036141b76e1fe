"""The peers of pictures on the video rows' probes, in the same run; each left out where absent.

``pdqhash`` under the vPDQ rule: frames of quality 50 or more, at most 31 of 256 bits apart, vote
for (film, shift). ImageHash's pHash and dHash have no rule for films: their score is the mean share
of bits that agree at the best (film, shift), which favours them, since no frame is ever dropped. To
install, outside of the bench's own environment::

    pip install --no-deps --target PEERS pdqhash imagehash

with ``CAUTERY_BENCH_PEERS=PEERS``. Looked for and not run: ``vpdq`` (PyPI: source only, its C++
does not build), ``videohash`` (PyPI: one 64-bit hash a film, names no place in it), ``tmkpy``
(PyPI, 2021: source only), ``threatengine``, ``pith-video``, ``drama-fingerprint`` (PyPI: first
releases of this year; not wrapped).
"""

from __future__ import annotations

import importlib.util
import tempfile
import zlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import av
import footage
import numpy as np
import system
import video
from audio import RIGHT_S, interval
from media import at_once, cache, save_array
from numpy.lib.stride_tricks import as_strided
from numpy.typing import NDArray
from probes import PROBE_S, SHORT_S, disguises

from cautery.identify.likelihood import tail

if TYPE_CHECKING:
    from settings import Run

    from cautery.identify.references.held import References

_PER_S = 4
"""Frames a second that references and probes keep; every fourth of them are those of 1/s."""
_QUALITY, _APART = 50, 31
"""Of the vPDQ rule (facebook/ThreatExchange, vpdq/README.md)."""
_NEGATIVES = 1000
_WORDS = {"pdqhash": 256, "phash": 64, "dhash": 64}

Frames = NDArray[np.uint8]


@dataclass(frozen=True, slots=True)
class Hashes:
    """Bits of frames at 4 a second, shape (frames, bits), and PDQ's quality of each."""

    bits: Frames
    quality: NDArray[np.int32]

    def cut(self, seconds: float, per_s: int) -> Hashes:
        """Return the first seconds of it, thinned out."""
        end, step = round(seconds * _PER_S), _PER_S // per_s
        return Hashes(self.bits[:end:step], self.quality[:end:step])


@dataclass(frozen=True, slots=True)
class Peer:
    """A fingerprint and how a probe's is compared with a film's.

    Parameters
    ----------
    made : str
        By what: a key of ``_WORDS``.
    compared : callable
        Takes (probe, film), gives the score of each shift, in frames of the film.
    """

    name: str
    made: str
    per_s: int
    compared: Callable[[Hashes, Hashes], NDArray[np.float64]]


def _voted(probe: Hashes, film: Hashes) -> NDArray[np.float64]:
    """Return the votes of each shift by the vPDQ rule."""
    apart = _distances(probe.bits, film.bits)
    good = (apart <= _APART) & (probe.quality >= _QUALITY)[:, None]
    return _along(good & (film.quality >= _QUALITY)[None])[0]


def _agreeing(probe: Hashes, film: Hashes) -> NDArray[np.float64]:
    """Return the mean share of equal bits at each shift at which the probe lies in the film."""
    same, frames = _along(1 - _distances(probe.bits, film.bits) / probe.bits.shape[1])
    return same / frames


def _distances(a: Frames, b: Frames) -> NDArray[np.float32]:
    # Products of floats are quick, and exact as long as they count some hundred bits.
    one, other = a.astype(np.float32), b.astype(np.float32)
    apart: NDArray[np.float32] = one.sum(1)[:, None] + other.sum(1)[None] - 2 * (one @ other.T)
    return apart


def _along(met: NDArray[np.generic]) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    """Return the sums and the lengths of the diagonals of a matrix (probe, film).

    They begin at the shift at which both begin. A probe that is longer than what is left of the
    film is compared with what is left, down to half of it.
    """
    frames, length = met.shape
    shifts = np.arange(max(1, length - frames // 2))
    room = np.zeros((frames, max(length, len(shifts)) + frames))
    room[:, :length] = met
    row, column = room.strides
    diagonals = as_strided(room, (len(shifts), frames), (column, row + column), writeable=False)
    return diagonals.sum(1), np.clip(length - shifts, 0, frames)


PEERS = (
    Peer("PDQ, vPDQ rule, 1/s", "pdqhash", 1, _voted),
    Peer("PDQ, vPDQ rule, 4/s", "pdqhash", 4, _voted),
    Peer("ImageHash pHash, 4/s", "phash", 4, _agreeing),
    Peer("ImageHash dHash, 4/s", "dhash", 4, _agreeing),
)


def _hashed(path: Path, start_s: float = 0.0, seconds: float = 1e9) -> dict[str, Hashes]:
    """Return all hashes of a film's frames, taken at 4 a second of media time."""
    bits: dict[str, list[Frames]] = {name: [] for name in _WORDS}
    quality: list[int] = []
    with av.open(str(path)) as container:
        first: float | None = None
        wanted = start_s
        for frame in container.decode(video=0):
            assert frame.time is not None
            first = frame.time if first is None else first
            at_s = frame.time - first
            if at_s >= start_s + seconds:
                break
            if at_s + 1e-6 >= wanted:
                made = _hashes_of(np.asarray(frame.to_ndarray(format="rgb24"), np.uint8))
                for name, (words, good) in made.items():
                    bits[name].append(words)
                    if name == "pdqhash":
                        quality.append(good)
                wanted += 1 / _PER_S
    count = max(len(one) for one in bits.values())
    known = np.array(quality or [100] * count, np.int32)
    return {name: Hashes(np.stack(one), known) for name, one in bits.items() if one}


def _hashes_of(picture: Frames) -> dict[str, tuple[Frames, int]]:
    made: dict[str, tuple[Frames, int]] = {}
    if _there("pdqhash"):
        import pdqhash  # type: ignore[import-not-found]  # noqa: PLC0415 - may be absent

        words, good = pdqhash.compute(picture)
        made["pdqhash"] = np.asarray(words, np.uint8), int(good)
    if _there("imagehash"):
        import imagehash  # type: ignore[import-not-found]  # noqa: PLC0415 - may be absent
        from PIL import Image  # noqa: PLC0415 - its own

        image = Image.fromarray(picture)
        for name in ("phash", "dhash"):
            made[name] = getattr(imagehash, name)(image).hash.ravel().astype(np.uint8), 100
    return made


def _there(package: str) -> bool:
    return importlib.util.find_spec(package) is not None


def _kept(path: Path, make: Callable[[], dict[str, Hashes]]) -> dict[str, Hashes]:
    """Return hashes from the cache, or make them and keep them."""
    made: dict[str, Hashes] | None = None
    found = {}
    for name in _WORDS:
        if not _there("pdqhash" if name == "pdqhash" else "imagehash"):
            continue
        file = path.with_suffix(f".{name}.npy")
        if not file.exists():
            made = make() if made is None else made
            one = made[name]
            file.parent.mkdir(parents=True, exist_ok=True)
            save_array(file, np.column_stack([one.bits, one.quality.astype(np.uint8)]))
        held = np.load(file)
        found[name] = Hashes(held[:, :-1], held[:, -1].astype(np.int32))
    return found


def _disguised(found: dict[str, Path], probe: video.Probe) -> dict[str, Hashes]:
    """Make a probe anew, for its full frames; the video rows keep small ones."""
    with tempfile.TemporaryDirectory(prefix="identify-") as folder:
        out = Path(folder) / "probe.mp4"
        disguises().video_probe(
            str(found[probe.source]), probe.start_s, PROBE_S, probe.disguise, str(out),
            bg=str(found[footage.BACKGROUND]),
        )  # fmt: skip
        if not probe.path.exists():
            system.film(out.read_bytes()).save(probe.path)
        return _hashed(out)


def _ranked(peer: Peer, probe: Hashes, films: dict[str, Hashes]) -> tuple[float, str, float]:
    """Return (score, film, offset in seconds) of the best place."""
    best = (-1.0, "", 0.0)
    for name, film in films.items():
        scores = peer.compared(probe, film)
        at = int(np.argmax(scores))
        best = max(best, (float(scores[at]), name, at / peer.per_s))
    return best


def _threshold(scores: Sequence[float]) -> float:
    """Set as the video rows do: the highest of the tuning windows, and ln 4 mean excesses."""
    ordered = np.sort(scores)
    upper = ordered[-max(10, len(ordered) // 100) :]
    return float(ordered[-1] + np.log(4) * (upper.mean() - upper[0]))


def rows(run: Run) -> list[str]:
    """Measure the peers' recall and false accepts."""
    peers = [
        one for one in PEERS if _there("pdqhash" if one.made == "pdqhash" else "imagehash")
    ]  # fmt: skip
    absent = [one for one in ("pdqhash", "imagehash") if not _there(one)]
    said = [f"- Not in this run: {one} (see _identify_pdq.py)." for one in absent]
    found = footage.found()
    missing = [one for one in (*footage.REFERENCES, footage.BACKGROUND) if one not in found]
    if missing or not peers:
        return [f"Not measured: no {', '.join(missing)} (see _identify_footage.py).", *said]
    films = {name: video.films()[name] for name in footage.REFERENCES}
    probes = video.planned("test", run.sizes["peers"])
    held = {
        name: _kept(cache() / "pdq" / "films" / name, partial(_hashed, found[name]))
        for name in footage.REFERENCES
    }
    progress, tell = run.bar("peers of pictures", len(probes))
    made = []
    with progress:
        work = partial(_probe_hashes, found)
        for one in at_once(work, probes, run.asked.jobs):
            made.append(one)
            tell(1)
    windows = {
        names: _windows(found, names, min(_NEGATIVES, run.sizes["negatives"]))
        for names in (footage.TUNING, footage.TESTING)
    }
    cells: dict[str, list[str]] = {one: [] for one in disguises().VIDEO}
    heads, facts = [], []
    for peer in peers:
        refs = {name: one[peer.made].cut(1e9, peer.per_s) for name, one in held.items()}
        for seconds in (PROBE_S, SHORT_S):
            tuning, testing = (
                [_ranked(peer, one[peer.made].cut(seconds, peer.per_s), refs)[0] for one in some]
                for some in windows.values()
            )
            least = _threshold(tuning)
            false = sum(one > least for one in testing)
            heads.append(f"{peer.name}, {seconds:g} s")
            facts.append(
                f"- {peer.name}, {seconds:g} s: threshold {least:.3g} on {len(tuning):,} windows; "
                f"false accepts {false} of {len(testing):,} others "
                f"(95 %: to {interval(false, len(testing))[1]:.4f})."
            )
            for disguise, mine in cells.items():
                hits = [
                    _hit(peer, one, hashes[peer.made].cut(seconds, peer.per_s), refs, least)
                    for one, hashes in zip(probes, made, strict=True) if one.disguise == disguise
                ]  # fmt: skip
                mine.append(f"{np.mean(hits):.2f}")
                run.note(f"peers.{peer.name}.{disguise}.{seconds:g}", [sum(hits), len(hits)])
    ours = system.filmed(films.items())
    for seconds in (PROBE_S, SHORT_S):
        heads.append(f"cautery, {seconds:g} s")
        for disguise, mine in cells.items():
            hits = [_ours(one, ours, seconds) for one in probes if one.disguise == disguise]
            low, high = interval(sum(hits), len(hits))
            mine.append(f"{np.mean(hits):.2f} ({low:.2f}-{high:.2f})")
    intro = (
        f"Peers of pictures: {run.sizes['peers']} probes a disguise, the video rows' first ones; "
        f"{len(films)} films as references. A peer's threshold is set on windows of "
        f"{len(footage.TUNING)} other films; Cautery's is the one that it ships. Right: the film, "
        f"within {RIGHT_S:g} s (within 1 s where one frame a second is kept)."
    )
    table = [f"| disguise | {' | '.join(heads)} |", "| --- " * (len(heads) + 1) + "|"]
    table += [f"| {name} | {' | '.join(mine)} |" for name, mine in cells.items()]
    return [intro, "", *table, "", *facts, *said]


def _probe_hashes(found: dict[str, Path], probe: video.Probe) -> dict[str, Hashes]:
    where = cache() / "pdq" / "probes" / probe.disguise / probe.path.name
    return _kept(where, partial(_disguised, found, probe))


def _windows(found: dict[str, Path], names: tuple[str, ...], count: int) -> list[dict[str, Hashes]]:
    """Return windows of other films, beginning anywhere; a film shorter than one comes whole."""
    whole = []
    for name in names:
        if name not in found or name in footage.BARE:
            continue
        for phase in range(4):
            start_s = phase / (4 * _PER_S)
            where = cache() / "pdq" / "others" / f"{Path(name).stem}-{phase}"
            whole.append(_kept(where, partial(_hashed, found[name], start_s)))
    windows = []
    for number in range(count if whole else 0):
        rng = np.random.default_rng([16, zlib.crc32(repr(names).encode()), number])
        one = whole[int(rng.integers(len(whole)))]
        frames = len(next(iter(one.values())).bits)
        first = int(rng.integers(0, max(1, frames - round(SHORT_S * _PER_S) + 1)))
        windows.append({name: Hashes(x.bits[first:], x.quality[first:]) for name, x in one.items()})
    return windows


def _hit(
    peer: Peer, probe: video.Probe, hashes: Hashes, films: dict[str, Hashes], least: float
) -> bool:
    score, name, at_s = _ranked(peer, hashes, films)
    right_s = max(RIGHT_S, 1 / peer.per_s)
    return score > least and name == probe.source and abs(at_s - video.began_s(probe)) <= right_s


def _ours(probe: video.Probe, films: References, seconds: float) -> bool:
    answer = system.watch(films, system.Film.load(probe.path).cut(0.0, seconds))
    error_s = (answer.offset_s or 0.0) - video.began_s(probe)
    near = answer.offset_s is not None and abs(error_s) <= RIGHT_S
    sure = answer.score >= tail("picture", seconds).least
    return near and sure and answer.channel == probe.source
