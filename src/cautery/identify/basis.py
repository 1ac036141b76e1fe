"""What a score rests on: the place at which it was computed, and the fingerprints there.

A search is long and proves nothing by itself. Whoever has the probe's media, the place and the
reference's fingerprints at that place computes the same score without one
(``workflows/dossier/rerun.py`` does).
"""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cautery.model.records.scoring import SensePlace


@dataclass(frozen=True, slots=True)
class Basis:
    """One sense's place, and the arrays that were compared with the probe there."""

    place: SensePlace
    arrays: Mapping[str, NDArray[Any]]


def packed(kept: Sequence[Basis]) -> tuple[tuple[SensePlace, ...], bytes]:
    """Return the places of some senses, and their arrays as a NumPy archive.

    Arrays of sense ``k`` are named ``k.NAME``; samples, which senses share, keep their names.
    """
    arrays: dict[str, NDArray[Any]] = {}
    for number, basis in enumerate(kept):
        for name, array in basis.arrays.items():
            shared = name.startswith(("sample.", "step."))
            arrays[name if shared else f"{number}.{name}"] = array
    file = io.BytesIO()
    # Not compressed: that took 25 ms for each probe, and saved a fifth of what is mostly noise.
    np.savez(file, allow_pickle=False, **arrays)
    return tuple(basis.place for basis in kept), file.getvalue()
