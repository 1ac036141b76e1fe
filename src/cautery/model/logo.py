"""A mark that a stream lays over the programme, as it is kept to be compared."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from cautery.errors import InputError
from cautery.model.media import LUMA_SHAPE


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Logo:
    """A mark over a licensee's pictures, in the cells of a kept picture.

    Parameters
    ----------
    mark : ndarray of bool, shape (36, 64)
        Where something lies over them.
    light : ndarray of uint8
        Its light there; 0 elsewhere.
    known : ndarray of bool
        Where it could be told whether something does.
    """

    mark: NDArray[np.bool_]
    light: NDArray[np.uint8]
    known: NDArray[np.bool_]

    def __post_init__(self) -> None:
        if any(layer.shape != LUMA_SHAPE for layer in (self.mark, self.light, self.known)):
            raise InputError(f"a mark must have {LUMA_SHAPE} cells")
