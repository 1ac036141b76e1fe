"""One reference that a probe's sound matches, and the code words around the place."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from cautery.identify._leads import Lead

Codes = NDArray[np.uint32]
AROUND_S = 75.0
"""Looked at on each side of the matched place: :data:`SIMULCAST_S`, and some to be sure."""
CODES_PER_S = 15.625
"""One code word every 64 ms (``fingerprint.codes``)."""
AROUND_WORDS = round(AROUND_S * CODES_PER_S)


@dataclass(frozen=True, slots=True)
class Match:
    """One reference at one delay.

    Parameters
    ----------
    score : float
        Standard deviations by which its bit-error codes lie below chance; where peaks count, and
        those by which the probe stands out at them.
    strength : ndarray, shape (blocks,), float32
        The same for each second of the probe.
    covered : ndarray, shape (blocks,), bool
    around : ndarray, shape (2 * AROUND_WORDS + 1,), uint32
        The reference's code words around the place of the probe's middle; empty: not known.
    methods : tuple of str
        ``landmark``, ``bit-error`` or both.
    repeats_s : tuple of float
        Further delays at which the reference says the same.
    searched : int
        References among which it was found.
    own : float or None
        The score without what other references share; ``None``: all of it.
    shared : tuple of str
        Those references.
    lead : Lead or None
        The place in the codes at which it was scored.
    common : ndarray, shape (blocks,), bool
        Seconds that do not count, since those references share them; empty: all count.
    """

    reference: str
    family: str
    works: bool
    score: float
    delay_s: float
    speed: float
    strength: NDArray[np.float32]
    covered: NDArray[np.bool_]
    around: Codes = field(default_factory=lambda: np.empty(0, np.uint32))
    methods: tuple[str, ...] = ("bit-error",)
    repeats_s: tuple[float, ...] = ()
    searched: int = 1
    own: float | None = None
    shared: tuple[str, ...] = ()
    lead: Lead | None = None
    common: NDArray[np.bool_] = field(default_factory=lambda: np.empty(0, np.bool_))
