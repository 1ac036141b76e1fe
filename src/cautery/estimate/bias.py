"""One bias of a source as a distribution: its draws, its moments, its two components."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import brentq
from scipy.special import betaincinv, digamma, ndtr, ndtri, polygamma

from cautery.errors import InputError

LOW, HIGH = 0.05, 0.95
"""The ends of a prior, where one low and one high value stand for it."""
_NUMBERS = {"beta": 2, "lognormal": 2, "pert": 3}
_HIGHEST = 1e12


class Wide(NamedTuple):
    """What a prior says where its usual part is wrong.

    With chance ``share`` the value has a further log-normal factor of this ``median``, with this
    standard deviation of the logarithm.
    """

    share: float
    median: float
    log_sd: float


class Component(NamedTuple):
    """One part of a prior, normal in logarithms."""

    weight: float
    log_mean: float
    log_sd: float


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
    wide : Wide or None
        A second, wider component, for what no source measures: the usual part may be wrong.
    """

    name: str
    distribution: str
    parameters: tuple[float, ...]
    basis: str
    note: str
    wide: Wide | None = None

    def __post_init__(self) -> None:
        if not _possible(self.distribution, self.parameters):
            raise InputError(
                f"prior {self.name}: {_shown(self.parameters)} are not parameters of "
                f"{self.distribution}",
                hint="beta: two positive numbers; lognormal: median and standard deviation of the "
                "logarithm; pert: least < mode < greatest.",
            )
        if self.wide is not None and not (
            self.distribution != "beta"
            and 0 < self.wide.share < 1
            and 0 < self.wide.median < _HIGHEST
            and 0 < self.wide.log_sd < math.log(_HIGHEST)
        ):
            raise InputError(
                f"prior {self.name}: {_shown(self.wide)} is not a wide part",
                hint="Give its chance (0 to 1), median and standard deviation of the logarithm; "
                "a share (beta) has none.",
            )

    def draw(
        self, rng: np.random.Generator, size: int | tuple[int, ...] | None = None
    ) -> NDArray[np.float64]:
        """Draw values; ``size=None`` gives an array of no dimension (``float()`` takes it).

        The wide part is drawn from a stream of its own: what is drawn next does not depend on it.
        """
        usual = self._usual(rng, size)
        if self.wide is None:
            return usual
        apart = rng.spawn(1)[0]
        is_wide = apart.random(size) < self.wide.share
        factor = self.wide.median * np.exp(self.wide.log_sd * apart.standard_normal(size))
        return np.asarray(usual * np.where(is_wide, factor, 1.0))

    def components(self) -> tuple[Component, ...]:
        """Return the parts, each normal in logarithms: the usual one first."""
        mean, sd = self._usual_moments(complement=False)
        if self.wide is None:
            return (Component(1.0, mean, sd),)
        share, median, log_sd = self.wide
        return (
            Component(1 - share, mean, sd),
            Component(share, mean + math.log(median), math.hypot(sd, log_sd)),
        )

    def log_moments(self, *, complement: bool = False) -> tuple[float, float]:
        """Return mean and standard deviation of the logarithm, of ``x`` or of ``1 - x``.

        Exact for beta and lognormal; for pert by quadrature.

        Raises
        ------
        InputError
            If a complement is asked of what is no share.
        """
        if complement:
            if self.distribution != "beta":
                raise InputError(f"prior {self.name} is not a share")
            return self._usual_moments(complement=True)
        return together(self.components())

    def ends(self) -> tuple[float, float]:
        """Return the values that lie above 5 % and 95 % of the prior."""
        if self.wide is None and self.distribution != "lognormal":
            low, high, alpha, beta = self._beta()
            below = betaincinv(alpha, beta, [LOW, HIGH])
            first, last = (low + (high - low) * below).tolist()
            return first, last
        first, last = (math.exp(_quantile(self.components(), level)) for level in (LOW, HIGH))
        return first, last

    def moved(self, by: float) -> Prior:
        """Return the same prior with its middle elsewhere.

        Parameters
        ----------
        by : float
            Added to the logarithm of the value; of a share, to that of its odds, so that it stays
            one.
        """
        factor = math.exp(by)
        if self.distribution == "beta":
            alpha, beta = self.parameters
            odds = alpha / beta * factor
            return replace(
                self,
                parameters=((alpha + beta) * odds / (1 + odds), (alpha + beta) / (1 + odds)),
            )
        if self.distribution == "pert":
            return replace(self, parameters=tuple(part * factor for part in self.parameters))
        median, sd = self.parameters
        return replace(self, parameters=(median * factor, sd))

    def _usual(
        self, rng: np.random.Generator, size: int | tuple[int, ...] | None
    ) -> NDArray[np.float64]:
        if self.distribution == "lognormal":
            median, sd = self.parameters
            return np.asarray(median * np.exp(sd * rng.standard_normal(size)))
        low, high, alpha, beta = self._beta()
        return np.asarray(low + (high - low) * rng.beta(alpha, beta, size))

    def _usual_moments(self, *, complement: bool) -> tuple[float, float]:
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


def together(components: Sequence[Component]) -> tuple[float, float]:
    """Return mean and standard deviation of a mixture."""
    mean = sum(part.weight * part.log_mean for part in components)
    square = sum(part.weight * (part.log_sd**2 + part.log_mean**2) for part in components)
    return mean, math.sqrt(max(square - mean**2, 0.0))


def _possible(distribution: str, parameters: tuple[float, ...]) -> bool:
    """Whether these numbers are the parameters of that distribution."""
    if len(parameters) != _NUMBERS.get(distribution) or not all(
        0 < part < _HIGHEST for part in parameters
    ):
        return False
    if distribution == "lognormal":
        return parameters[1] < math.log(_HIGHEST)
    return distribution != "pert" or parameters[0] < parameters[1] < parameters[2]


def _quantile(components: Sequence[Component], level: float) -> float:
    """Return a quantile of a mixture of normals: it lies between those of its parts."""
    ends = [part.log_mean + part.log_sd * float(ndtri(level)) for part in components]
    if max(ends) - min(ends) < 1e-12:  # one part, or parts alike
        return ends[0]

    def above(value: float) -> float:
        below = (
            part.weight * float(ndtr((value - part.log_mean) / part.log_sd)) for part in components
        )
        return sum(below) - level

    return float(brentq(above, min(ends), max(ends)))


def _shown(numbers: Sequence[float]) -> str:
    return ", ".join(f"{number:g}" for number in numbers)
