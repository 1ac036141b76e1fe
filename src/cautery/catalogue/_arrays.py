"""The arrays that kernels read of a catalogue's names and of titles, and how rows become arrays."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import numpy.typing as npt


class Names(NamedTuple):
    """Everything that kernels ask of a catalogue: by name, by right, by word."""

    right: npt.NDArray[np.int32]
    first: npt.NDArray[np.uint8]
    word_from: npt.NDArray[np.int32]
    words: npt.NDArray[np.int32]
    kinds: npt.NDArray[np.uint8]
    gram_from: npt.NDArray[np.int32]
    grams: npt.NDArray[np.int32]
    word_norm: npt.NDArray[np.float32]
    gram_norm: npt.NDArray[np.float32]
    key_whole: npt.NDArray[np.int32]
    key_core: npt.NDArray[np.int32]
    called: npt.NDArray[np.uint8]
    named: npt.NDArray[np.uint8]
    name_area: npt.NDArray[np.uint32]
    word_at: npt.NDArray[np.int32]
    word_names: npt.NDArray[np.int32]
    gram_at: npt.NDArray[np.int32]
    gram_names: npt.NDArray[np.int32]
    key_at: npt.NDArray[np.int32]
    key_names: npt.NDArray[np.int32]
    call_at: npt.NDArray[np.int32]
    call_rights: npt.NDArray[np.int32]
    right_from: npt.NDArray[np.int32]
    home: npt.NDArray[np.int16]
    areas: npt.NDArray[np.uint32]
    area_size: npt.NDArray[np.int16]
    has_area: npt.NDArray[np.uint8]
    spoken_from: npt.NDArray[np.int32]
    spoken: npt.NDArray[np.int16]
    context_from: npt.NDArray[np.int32]
    context: npt.NDArray[np.int32]
    network: npt.NDArray[np.int32]
    call: npt.NDArray[np.int32]
    sub: npt.NDArray[np.int16]
    closed: npt.NDArray[np.uint8]
    editions: npt.NDArray[np.int16]
    weight: npt.NDArray[np.float32]
    title_drop: npt.NDArray[np.float32]
    name_drop: npt.NDArray[np.float32]
    stem: npt.NDArray[np.int32]
    gram_weight: npt.NDArray[np.float32]


class Batch(NamedTuple):
    """Titles as the kernels read them."""

    word_from: npt.NDArray[np.int32]
    words: npt.NDArray[np.int32]
    stems: npt.NDArray[np.int32]
    kinds: npt.NDArray[np.uint8]
    aside: npt.NDArray[np.uint8]
    letters_from: npt.NDArray[np.int32]
    letters: npt.NDArray[np.uint8]
    keys: npt.NDArray[np.int32]
    call: npt.NDArray[np.int32]
    sub: npt.NDArray[np.int16]
    prefix: npt.NDArray[np.int16]
    place: npt.NDArray[np.int16]


def rows_of(rows: Sequence[Sequence[int]]) -> tuple[npt.NDArray[np.int32], npt.NDArray[np.int32]]:
    """Return where each row begins, and the numbers of all rows."""
    starts = np.zeros(len(rows) + 1, np.int32)
    np.cumsum([len(row) for row in rows], out=starts[1:])
    return starts, np.fromiter(
        (number for row in rows for number in row), np.int32, count=int(starts[-1])
    )


def text_of(rows: Sequence[str]) -> tuple[npt.NDArray[np.int32], npt.NDArray[np.uint8]]:
    """Return where each text begins, and the bytes of all texts."""
    encoded = [row.encode("utf-8", "replace") for row in rows]
    starts = np.zeros(len(rows) + 1, np.int32)
    np.cumsum([len(row) for row in encoded], out=starts[1:])
    return starts, np.frombuffer(b"".join(encoded), np.uint8)


def norms_of(
    starts: npt.NDArray[np.int32], weights: npt.NDArray[np.float32]
) -> npt.NDArray[np.float32]:
    """Return the length of each row's vector of weights."""
    total = np.concatenate(([0.0], np.cumsum(weights.astype(np.float64) ** 2)))
    norms: npt.NDArray[np.float32] = np.sqrt(
        np.maximum(total[starts[1:]] - total[starts[:-1]], 1e-6)
    ).astype(np.float32)
    return norms


def filled(values: npt.NDArray[np.float32], total: int, default: float) -> npt.NDArray[np.float32]:
    """Return ``total`` values: those given, then the default."""
    out = np.full(total, default, np.float32)
    out[: len(values)] = values
    return out
