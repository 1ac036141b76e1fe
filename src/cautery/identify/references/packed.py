"""Runs and per-reference arrays, laid end to end for a reference file, and its checks.

A kind of per-reference array (:data:`KINDS`) is two arrays of the file: the values of all pieces
end to end, and a table ``(reference, grid number of the first value, values)``, a row a piece.
Everything that comes from a file is checked here: who maps it may trust what it gets.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

import numpy as np

from cautery.errors import InputError
from cautery.fingerprint.index import SLICE_FRAMES, Run
from cautery.fingerprint.video import CELLS
from cautery.identify.references.container import Stored
from cautery.identify.references.rolling import Array
from cautery.identify.references.track import Track
from cautery.model.media import LUMA_SHAPE

KINDS: dict[str, tuple[str, tuple[int, ...]]] = {
    "times": ("<f8", ()),
    "cells": ("<f2", (CELLS,)),
    "luma": ("|u1", LUMA_SHAPE),
    "codes": ("<u4", ()),
}
"""What is kept per reference: a type and the shape of one value. A further kind is a line here and
an attribute of :class:`~cautery.identify.references.track.Track`."""
MOST_TIME_S = 1e11
"""Reference times lie within; the year 5138."""
MOST_SLICE = int(2 * MOST_TIME_S * 62.5 / SLICE_FRAMES)
_LONGEST_S = 40_000.0
"""Pictures of one reference span at most this: the longest window and the longest work fit."""
_MOST_PIECES = 2_000_000
Pieces = Sequence[tuple[int, Array]]


def packed(kind: str, held: Iterable[tuple[int, Pieces]]) -> list[Stored]:
    """Return the arrays to store of a kind.

    Parameters
    ----------
    held : iterable of (int, sequence of (int, ndarray))
        A reference's number and its pieces.
    """
    code, tail = KINDS[kind]
    rows: list[tuple[int, int, int]] = []
    values: list[Array] = []
    for number, pieces in held:
        for first, piece in pieces:
            end = rows[-1][1] + rows[-1][2] if rows else 0
            if rows and rows[-1][0] == number and (kind != "codes" or first == end):
                rows[-1] = (number, rows[-1][1], rows[-1][2] + len(piece))
            else:
                rows.append((number, first, len(piece)))
            values.append(piece)
    table = np.array(rows, np.int64).reshape(-1, 3)
    count = int(table[:, 2].sum())
    return [
        Stored.whole(f"{kind}.of", table),
        Stored(kind, np.dtype(code), (count, *tail), values),
    ]


def unpacked(
    arrays: Mapping[str, Array], kind: str, count: int
) -> Iterator[tuple[int, int, Array]]:
    """Yield (reference, grid number of the first value, values) of a kind.

    Raises
    ------
    InputError
        If table and values do not fit, or speak of other than ``count`` references.
    """
    code, tail = KINDS[kind]
    table, values = arrays.get(f"{kind}.of"), arrays.get(kind)
    if table is None or values is None:
        raise InputError(f"a reference file without {kind}")
    if values.dtype.str != code or values.shape != (len(values), *tail):
        raise InputError(f"a reference file's {kind} have unexpected shapes")
    if table.dtype.str != "<i8" or table.shape != (len(table), 3) or len(table) > _MOST_PIECES:
        raise InputError(f"a reference file's {kind} have a table of an unexpected form")
    numbers, firsts, lengths = table[:, 0], table[:, 1], table[:, 2]
    if len(table) and (
        numbers.min() < 0
        or numbers.max() >= count
        or (np.diff(numbers) < 0).any()
        or firsts.min() < -(1 << 44)
        or firsts.max() > 1 << 44
        or lengths.min() < 1
        or lengths.max() > len(values)
    ):
        raise InputError(f"a reference file's {kind} have a table that is not valid")
    ends = np.cumsum(lengths)
    if (int(ends[-1]) if len(ends) else 0) != len(values):
        raise InputError(f"a reference file's {kind} are more or fewer than it says")
    for number, first, length, end in zip(
        numbers.tolist(), firsts.tolist(), lengths.tolist(), ends.tolist(), strict=True
    ):
        yield number, first, values[end - length : end]


def attach(tracks: Sequence[Track], arrays: Mapping[str, Array], *, lenient: bool = False) -> None:
    """Add a file's per-reference arrays to tracks, at the newer end.

    Parameters
    ----------
    lenient : bool
        Leave out media that are not newer than those in memory, as after a feed's axis was set
        back.

    Raises
    ------
    InputError
        If shapes, order or ranges make no sense.
    """
    count = len(tracks)
    luma = {number: values for number, _, values in unpacked(arrays, "luma", count)}
    cells = {number: values for number, _, values in unpacked(arrays, "cells", count)}
    for number, _, times in unpacked(arrays, "times", count):
        track = tracks[number]
        picture_cells, pictures = cells.pop(number, None), luma.pop(number, None)
        if picture_cells is None or len(picture_cells) != len(times):
            raise InputError("a reference file's pictures differ in number")
        if pictures is not None and len(pictures) != len(times):
            raise InputError("a reference file's pictures differ in number")
        if not (np.isfinite(times).all() and (np.diff(times) > 0).all()):
            raise InputError("a reference file's pictures are out of order")
        first_s = float(track.times[0][0]) if track.times else float(times[0])
        far = times[-1] - first_s > _LONGEST_S
        late = bool(track.times) and times[0] <= track.times[-1][-1]
        mixed = bool(track.times) and bool(track.luma) != (pictures is not None)
        if np.abs(times[[0, -1]]).max() > MOST_TIME_S or ((far or late or mixed) and not lenient):
            raise InputError("a reference file's pictures are out of range or order")
        if not all(
            np.isfinite(picture_cells[k : k + 4096]).all()
            for k in range(0, len(picture_cells), 4096)
        ):
            raise InputError("a reference file's pictures are not finite")
        if late or mixed:
            continue
        if far:
            track.times, track.cells, track.luma = [], [], []
        track.times.append(times)
        track.cells.append(picture_cells)
        if pictures is not None:
            track.luma.append(pictures)
    if cells or luma:
        raise InputError("a reference file's pictures differ in number")
    for number, first, words in unpacked(arrays, "codes", count):
        end = tracks[number].codes.end
        if end is not None and first < end:
            if not lenient:
                raise InputError("a reference file's codes are out of order")
            continue
        tracks[number].codes.adopt(first, words)


def packed_runs(
    stores: Mapping[str, Mapping[int, Sequence[Run]]],
) -> tuple[list[list[Any]], list[Stored]]:
    """Return rows ``[store, slice]``, one a run, for the head, and the arrays to store."""
    rows: list[list[Any]] = []
    arrays: list[Stored] = []
    for store, slices in stores.items():
        for number in sorted(slices):
            for run in slices[number]:
                arrays += run_arrays(len(rows), run)
                rows.append([store, number])
    return rows, arrays


def run_arrays(row: int, run: Run) -> list[Stored]:
    """Return the arrays to store of the run that a row of the head names."""
    return [Stored.whole(f"run.{row}.{field}", array) for field, array in run.arrays().items()]


def unpacked_runs(
    rows: Any, arrays: Mapping[str, Array], count: int
) -> Iterator[tuple[str, int, Run]]:
    """Yield (store, slice, run).

    Raises
    ------
    InputError
        If a run makes no sense, or speaks of other than ``count`` references.
    """
    fields: dict[int, dict[str, Array]] = {}
    for name, array in arrays.items():
        if name.startswith("run."):
            _, index, field = name.split(".", 2)
            fields.setdefault(int(index), {})[field] = array
    for at, (store, number) in enumerate(rows):
        if store not in {"live", "works"} or type(number) is not int or abs(number) > MOST_SLICE:
            raise InputError("a reference file's slices are not valid")
        yield store, number, Run.of_arrays(fields.get(at, {}), references=count)
