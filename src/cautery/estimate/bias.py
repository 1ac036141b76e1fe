"""One bias of a source as a distribution: its draws and its moments."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import digamma, polygamma

from cautery.errors import InputError


@dataclass(frozen=True, slots=True, kw_only=True)
class Prior:
    """One bias and how sure anyone is of it.

    Parameters
    ----------
    distribution : str
        ``beta`` (alpha, beta), ``lognormal`` (median, standard deviation of the logarithm), or
        ``pert`` (least, mode, greatest).
    basis : str
        A fact of docs/reference/sources.md, or ``judgement``.
    """

    name: str
    distribution: str
    parameters: tuple[float, ...]
    basis: str
    note: str

    def __post_init__(self) -> None:
        least = {"beta": 2, "lognormal": 2, "pert": 3}.get(self.distribution)
        if least != len(self.parameters) or min(self.parameters) <= 0:
            raise InputError(
                f"prior {self.name}: {self.parameters} are not parameters of {self.distribution}"
            )

    def draw(
        self, rng: np.random.Generator, size: int | tuple[int, ...] | None = None
    ) -> NDArray[np.float64]:
        """Draw values; ``size=None`` gives an array of no dimension (``float()`` takes it)."""
        if self.distribution == "lognormal":
            median, sd = self.parameters
            return np.asarray(median * np.exp(sd * rng.standard_normal(size)))
        low, high, alpha, beta = self._beta()
        return np.asarray(low + (high - low) * rng.beta(alpha, beta, size))

    def log_moments(self, *, complement: bool = False) -> tuple[float, float]:
        """Return mean and standard deviation of the logarithm, of ``x`` or of ``1 - x``.

        Exact for beta and lognormal; for pert by quadrature.

        Raises
        ------
        InputError
            If a complement is asked of what is no share.
        """
        if complement and self.distribution != "beta":
            raise InputError(f"prior {self.name} is not a share")
        if self.distribution == "lognormal":
            median, sd = self.parameters
            return math.log(median), sd
        low, high, alpha, beta = self._beta()
        if self.distribution == "beta":
            if complement:
                alpha, beta = beta, alpha
            return (
                float(digamma(alpha) - digamma(alpha + beta)),
                math.sqrt(float(polygamma(1, alpha) - polygamma(1, alpha + beta))),
            )
        place = (np.arange(4096) + 0.5) / 4096
        weight = place ** (alpha - 1) * (1 - place) ** (beta - 1)
        logs = np.log(low + (high - low) * place)
        mean = float(np.average(logs, weights=weight))
        return mean, math.sqrt(float(np.average((logs - mean) ** 2, weights=weight)))

    def _beta(self) -> tuple[float, float, float, float]:
        if self.distribution == "beta":
            return 0.0, 1.0, self.parameters[0], self.parameters[1]
        low, mode, high = self.parameters
        # PERT: a beta on (low, high) with the mode weighted four times (Malcolm et al. 1959).
        return (
            low,
            high,
            1 + 4 * (mode - low) / (high - low),
            1 + 4 * (high - mode) / (high - low),
        )
