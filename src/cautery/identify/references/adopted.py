"""Tracks out of a ``.ref`` file, for references that are being built."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from cautery.errors import InputError
from cautery.fingerprint.audio import Landmarks, Words
from cautery.fingerprint.codes import WORD_FRAMES
from cautery.identify.references.held import References
from cautery.identify.references.opening import load

_Found = tuple[Words, NDArray[np.int64]]
"""Hashes of a reference's landmarks, and their frames."""


def adopt(references: References, is_wanted: str, path: Path) -> None:
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
    for error in adopt_several(references, [is_wanted], path).values():
        raise error


def adopt_several(
    references: References, is_wanted: Sequence[str], path: Path
) -> dict[str, InputError]:
    """Take several references' tracks from a ``.ref`` file, which is read once.

    Returns
    -------
    dict
        By the reference that was not adopted, why; see :func:`adopt`.

    Raises
    ------
    InputError
        If the file is damaged or of another recipe.
    """
    donor = load(path, recipe=references.recipe)
    given: dict[str, int] = {}
    wrong: dict[str, InputError] = {}
    for name in is_wanted:
        works = references.infos[references.number(name)].kind == "work"
        try:
            given[name] = _given(donor, name, path, works=works)
        except InputError as error:
            wrong[name] = error
    marks = {works: _marks(donor, set(given.values()), works=works) for works in (False, True)}
    for name, donor_number in given.items():
        works = references.infos[references.number(name)].kind == "work"
        try:
            _take(references, name, donor, donor_number, marks[works].get(donor_number))
        except InputError as error:
            wrong[name] = error
    return wrong


def _take(
    references: References,
    is_wanted: str,
    donor: References,
    donor_number: int,
    found: _Found | None,
) -> None:
    number = references.number(is_wanted)
    works = references.infos[number].kind == "work"
    track, origin_s = references.tracks[number], donor.origin_s(works=works)
    # In the order that ``References.lock`` asks for: a track's lock first.
    with track.lock, references.lock:
        if not track.empty:
            raise InputError(f"{is_wanted}: its media are already loaded")
        if not works and not references.began:
            references.set_origin(origin_s)
        apart_s = origin_s - references.origin_s(works=works)
        if found is not None:
            words, frames = found
            first = int(frames.min())
            start = first + round(apart_s * references.recipe.frames_per_s)
            marks = Landmarks(words, (frames - first).astype(np.int32))
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


def _marks(donor: References, numbers: set[int], *, works: bool) -> dict[int, _Found]:
    """Return (hashes, frames) of each of some references, from one pass over the file."""
    words, owners, frames = (donor.works if works else donor.live).everything()
    if numbers < set(range(len(donor.infos))):
        is_wanted = np.isin(owners, list(numbers))
        words, owners, frames = words[is_wanted], owners[is_wanted], frames[is_wanted]
    order = np.argsort(owners, kind="stable")
    words, owners, frames = words[order], owners[order], frames[order]
    held, starts = np.unique(owners, return_index=True)
    borders = pairwise([*starts, len(owners)])
    return {
        int(number): (words[start:end], frames[start:end])
        for number, (start, end) in zip(held, borders, strict=True)
    }
