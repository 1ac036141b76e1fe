"""One reference's tracks out of a ``.ref`` file, for references that are being built."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from cautery.errors import InputError
from cautery.fingerprint.audio import Landmarks
from cautery.fingerprint.codes import WORD_FRAMES
from cautery.identify.references.held import References
from cautery.identify.references.opening import load


def adopt(references: References, wanted: str, path: Path) -> None:
    """Take one reference's tracks from a ``.ref`` file; nothing may be held of it yet.

    Parameters
    ----------
    wanted : str
        Whom the tracks are for. The file's reference of that id is taken, or else its only one.
    path : Path
        A file of the same recipe.

    Raises
    ------
    InputError
        If the file is damaged or of another recipe, holds several references and none of that id,
        or a live one where a work is wanted, or the other way round; or if media of the reference
        are already held.
    """
    donor = load(path, recipe=references.recipe)
    number = references.number(wanted)
    works = references.infos[number].kind == "work"
    donor_number = _given(donor, wanted, path, works=works)
    track, origin_s = references.tracks[number], donor.origin_s(works=works)
    # In the order that ``References.lock`` asks for: a track's lock first.
    with track.lock, references.lock:
        if not track.empty:
            raise InputError(f"{wanted}: its media are already loaded")
        if not works and not references.began:
            references.set_origin(origin_s)
        apart_s = origin_s - references.origin_s(works=works)
        marks, first = _marks(donor, donor_number, works=works)
        start = first + round(apart_s * references.recipe.frames_per_s)
        references.put(number, marks, start, works=works)
        # The sound's joining end is not in a file: what follows starts a new run.
        source = donor.tracks[donor_number]
        track.first_s, track.end_s = source.first_s, source.end_s
        track.times, track.cells, track.luma = source.times, source.cells, source.luma
        # The codes' grid is four times as coarse as frames: a shift is up to half a word off.
        moved = round(apart_s * references.recipe.frames_per_s / WORD_FRAMES)
        for at, words in source.codes.pieces():
            track.codes.adopt(at + moved, words)
        if not works and track.newest_s is not None:
            references.claims.claim(number, track.newest_s)


def _given(donor: References, name: str, path: Path, *, works: bool) -> int:
    """Return the number of the reference that another wants to adopt."""
    if not donor.knows(name) and len(donor.infos) != 1:
        raise InputError(
            f"{path}: it holds {len(donor.infos)} references, but not {name!r}",
            hint="It holds " + ", ".join(info.id for info in donor.infos[:8]),
        )
    number = donor.number(name) if donor.knows(name) else 0
    if works != (donor.infos[number].kind == "work"):
        raise InputError(
            f"{path}: a recording cannot replace the window of a live feed, nor the other way round"
        )
    return number


def _marks(donor: References, number: int, *, works: bool) -> tuple[Landmarks, int]:
    words, numbers, frames = (donor.works if works else donor.live).everything()
    selected = numbers == number
    words, frames = words[selected], frames[selected]
    first = int(frames.min()) if len(frames) else 0
    return Landmarks(words, (frames - first).astype(np.int32)), first
