"""The peers of sound on the audio rows' probes, in the same run; each is left out where absent.

They search the real channels alone, 64 of the 2,500: that favours them. What they keep of a channel
is made once and stays in the cache. To install:
``apt-get install libchromaprint-tools``, ``pip install --no-deps audfprint2 audiolocate`` and
``pip install psutil h5py`` (audfprint2's own).

Looked for and not run: ``stream-audio-fingerprint`` (npm: a dependency comes from a Git host, in no
registry), ``qfp`` (PyPI: wants Python under 3.11), ``pydejavu`` (PyPI: of 2015, wants MySQL),
``pith-audio`` (PyPI: a first release of a month ago; not wrapped), Olaf and Panako (in no
registry; docs/reference/sources.md, F42, has their figures), ``pdqhash`` (PyPI: not wrapped yet).
"""

from __future__ import annotations

import ctypes
import hashlib
import importlib.metadata
import importlib.util
import time
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

import audio
import numpy as np
import probes
import system
from audio_table import table
from kernels import least_bits
from media import RATE_HZ, Library, Sound, as_pcm, cache, chromaprint, save_array
from numpy.typing import NDArray

if TYPE_CHECKING:
    from settings import Run

_ITEM_S = 1365 / 11025
"""Seconds between Chromaprint's items: a third of a frame of 4,096 samples at 11,025 Hz."""


def _kept(
    key: str, library: Library, make: Callable[[Sound], NDArray[np.generic]]
) -> Iterator[tuple[str, NDArray[np.generic]]]:
    """Yield each real channel's id and what a peer keeps of it."""
    for one in library.channels:
        what = hashlib.sha256(repr(one).encode()).hexdigest()[:12]
        path = cache() / "peers" / key / f"{one.id}-{what}.npy"
        if not path.exists():
            path.parent.mkdir(parents=True, exist_ok=True)
            save_array(path, make(library.sound(one)))
        yield one.id, np.load(path)


class Chromaprint:
    """What ``fpcalc -raw`` gives (by its library), compared bit by bit at every place."""

    name = "chromaprint"

    def __init__(self, library: Library) -> None:
        told = ctypes.CDLL("libchromaprint.so.1").chromaprint_get_version
        told.restype = ctypes.c_char_p
        self.key = f"{self.name}-{told().decode()}"
        self._held = list(_kept(self.key, library, lambda sound: chromaprint(as_pcm(sound))))

    def ask(self, sound: NDArray[np.float32], hint: str | None) -> system.Answer:
        """Return the place of fewest differing bits; the score is the share that agrees."""
        began = time.process_time()
        probe = chromaprint(as_pcm(sound))
        if not len(probe):
            return system.Answer(channel=None, offset_s=None, score=0.0)
        best, where, which = 1 << 30, 0, ""
        for name, held in self._held:
            if hint is not None and name != hint:
                continue
            bits, at = least_bits(held, probe)
            if bits < best:
                best, where, which = bits, at, name
        return system.Answer(
            channel=which, offset_s=where * _ITEM_S, score=1 - best / (32 * len(probe)),
            cpu_s=time.process_time() - began,
        )  # fmt: skip


class Audfprint:
    """audfprint's analyser, table and matcher as ported by audfprint2.

    It runs as in docs/reference/sources.md, F42.
    """

    name = "audfprint2"
    _RATE = 11_025
    _SHIFTS = 4
    """Of a query, by parts of a hop."""
    _TIMES = 1 << 15
    """Hops that its table tells apart: 760 s. With its own 2^14 places after 380 s wrap round."""

    def __init__(self, library: Library) -> None:
        import audfprint2  # noqa: PLC0415 - a peer, not there for everyone

        self.key = f"{self.name}-{importlib.metadata.version(self.name)}-{self._TIMES}"
        self._analyser = audfprint2.Analyzer(density=20.0)
        self._analyser.target_sr = self._RATE
        self._analyser.shifts = 0
        self._matcher = audfprint2.Matcher()
        self._matcher.window = 2
        self._table = audfprint2.HashTable(hashbits=20, depth=100, maxtime=self._TIMES)
        for name, hashes in _kept(self.key, library, lambda sound: np.array(self._hashes(sound))):
            self._table.store(name, hashes.tolist())

    def _hashes(self, sound: NDArray[np.float32], shifts: int = 1) -> list[tuple[int, int]]:
        from audfprint2.core.analyzer import landmarks2hashes  # noqa: PLC0415
        from scipy.signal import resample_poly  # noqa: PLC0415

        high = resample_poly(sound, self._RATE // 25, RATE_HZ // 25).astype(np.float32)
        found: set[tuple[int, int]] = set()
        for number in range(shifts):
            shifted = high[number * self._analyser.n_hop // shifts :]
            peaks = self._analyser.find_peaks(shifted, self._RATE)
            hashes = landmarks2hashes(self._analyser.peaks2landmarks(peaks))
            found |= {(int(at), int(word)) for at, word in hashes}
        return sorted(found)

    def ask(self, sound: NDArray[np.float32], hint: str | None) -> system.Answer:
        """Return the best aligned; the score is how many hashes agree on one offset."""
        began = time.process_time()
        hashes = np.array(self._hashes(sound, self._SHIFTS)).reshape(-1, 2)
        found: list[NDArray[np.int64]] = []
        if len(hashes):
            found = list(self._matcher.match_hashes(self._table, hashes))
        named = [(self._table.names[int(one[0])], one) for one in found]
        named = [one for one in named if hint is None or one[0] == hint]
        cpu_s = time.process_time() - began
        if not named:
            return system.Answer(channel=None, offset_s=None, score=0.0, cpu_s=cpu_s)
        name, best = named[0]
        hop_s = self._analyser.n_hop / self._RATE
        return system.Answer(
            channel=name, offset_s=float(best[2]) * hop_s, score=float(best[1]), cpu_s=cpu_s
        )


class Audiolocate:
    """audiolocate's fingerprint; all channels' hashes in one table, an offset a vote."""

    name = "audiolocate"

    def __init__(self, library: Library) -> None:
        import audiolocate  # type: ignore[import-untyped]  # noqa: PLC0415 - may be absent

        self.key = f"{self.name}-{importlib.metadata.version(self.name)}"
        self._maker = audiolocate.AudioFingerprint(sr=RATE_HZ)
        held = list(_kept(self.key, library, lambda sound: np.stack(self._hashes(sound))))
        self._ids = [name for name, _ in held]
        words, frames = np.concatenate([one for _, one in held], axis=1)
        numbers = np.repeat(np.arange(len(held)), [one.shape[1] for _, one in held])
        order = np.argsort(words, kind="stable")
        self._words, self._numbers, self._frames = words[order], numbers[order], frames[order]

    def _hashes(self, sound: NDArray[np.float32]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        made, _ = self._maker.fingerprint_audio(sound)
        words = np.array([word for word, at in made.items() for _ in at], np.int64)
        return words, np.array([one for at in made.values() for one in at], np.int64)

    def ask(self, sound: NDArray[np.float32], hint: str | None) -> system.Answer:
        """Return the (channel, offset) with most votes; the score is their number."""
        began = time.process_time()
        words, frames = self._hashes(sound)
        first = np.searchsorted(self._words, words, "left")
        counts = np.searchsorted(self._words, words, "right") - first
        ends = np.cumsum(counts)
        ramp = np.arange(ends[-1] if len(ends) else 0) - np.repeat(ends - counts, counts)
        where = np.repeat(first, counts) + ramp
        offsets = self._frames[where] - np.repeat(frames, counts)
        numbers = self._numbers[where]
        if hint is not None:
            mine = numbers == self._ids.index(hint)
            offsets, numbers = offsets[mine], numbers[mine]
        if not len(offsets):
            return system.Answer(channel=None, offset_s=None, score=0.0)
        keys, votes = np.unique(numbers << 32 | (offsets + (1 << 20)), return_counts=True)
        best = int(np.argmax(votes))
        offset = int(keys[best] & 0xFFFFFFFF) - (1 << 20)
        return system.Answer(
            channel=self._ids[int(keys[best] >> 32)],
            offset_s=offset * self._maker.hop_length / RATE_HZ,
            score=float(votes[best]), cpu_s=time.process_time() - began,
        )  # fmt: skip


def present(library: Library) -> tuple[list[audio.Asked], list[str]]:
    """Return the peers of sound that are installed, and a word on those that are not."""
    made: list[audio.Asked] = []
    absent = []
    try:
        ctypes.CDLL("libchromaprint.so.1")
        made.append(Chromaprint(library))
    except OSError:
        absent.append("chromaprint: apt-get install libchromaprint-tools")
    for package, peer in (("audfprint2", Audfprint), ("audiolocate", Audiolocate)):
        if importlib.util.find_spec(package) is None:
            absent.append(f"{package}: pip install --no-deps {package}")
        else:
            made.append(peer(library))
    return made, absent


def rows(run: Run) -> list[str]:
    """Measure the peers' recall and false accepts beside ours, probe by probe the same."""
    library, which, width = run.library, run.asked.set, run.asked.jobs
    count, others = run.sizes["peer_audio"], run.sizes["peer_negatives"]
    wanted = [one for name in probes.EVERY for one in probes.planned(library, which, name, count)]
    for side in ("tune", "test"):
        wanted += probes.negatives(library, side, others)
    progress, tell = run.bar("disguises", len(wanted))
    with progress:
        probes.make(library, wanted, lambda: tell(1), width)
        progress.update(progress.task_ids[0], completed=len(wanted))
    found, absent = present(library)
    said = [f"- Not in this run: {one}." for one in absent]
    if not found:
        return said
    ours = run.cautery()
    made = []
    for one in (ours, *found):
        # Our threshold is fitted on negatives of the audio rows, which count our false accepts.
        negatives = 0 if one is ours else others
        progress, tell = run.bar(one.name, 2 * (len(probes.EVERY) * count + 2 * negatives))
        with progress:
            made.append(
                audio.outcome(
                    library, one, per_cell=count, negatives=negatives, short_negatives=negatives,
                    width=width, tell=tell, which=which, own=ours.least if one is ours else None,
                )
            )  # fmt: skip
    about = (
        f"Peers of sound: the first {count} probes of each cell of set `{which}`, and {others:,} "
        f"negatives to set a peer's threshold and {others:,} others to test it. A peer searches "
        f"the {len(library.channels)} real channels of 10 min alone, Cautery all "
        f"{run.channels:,}: that favours the peers."
    )
    return [about, "", *table(made, audio.Judge(library), run.note), *said]
