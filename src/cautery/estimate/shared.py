"""The factors that methods share, as one mixture of Gaussians in logarithms.

In logarithms, whatever a method sees of a country is the country's payers plus some of a few
factors: lines a payer, users a payer, households a payer, ARPU. Methods are linear in these, so
what is known after them is known exactly: one solve for each component. The components are the
usual and the wide part of each shared factor's prior, and by how much all sources may err beyond
their priors (:data:`BETWEEN`). Sources move the weights: a survey of sharing that says 4 makes the
wide part of users per payer likely, sources that contradict one another make a large error likely.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import product

import numpy as np
from numpy.typing import NDArray

from cautery.errors import InputError
from cautery.estimate.evidence import Evidence
from cautery.estimate.priors import COUNTRY_SPREAD, PRIORS, Priors, arpu_level

FloatArray = NDArray[np.float64]

ABOUT = ("lines", "payers", "users", "households", "revenue")
FACTORS = ("NETWORK_ARPU", "USERS_PER_PAYER", "LINES_PER_PAYER", "HOUSEHOLDS_LOOKING")
"""The priors of the network's own factors, in the state's order."""
BETWEEN = (0.0, 0.1, 0.2, 0.35, 0.6, 1.0, 1.8, 3.2)
"""Standard deviation, in logarithms, by which every source may err beyond its priors."""
BETWEEN_WEIGHT = (0.1, 0.15, 0.3, 0.26, 0.11, 0.05, 0.02, 0.01)
"""How likely each is before any source. Judgement, tuned on worlds of the lab whose biases are off
by a third (ADR 0083): in half of all cases a source errs by a fifth or less, in one of ten by more
than a factor of 1.8."""
DRAWS = 8000
_FLAT = 1e-6
"""Precision of the payers before any source: none."""
_NEGLIGIBLE = 5e-4
"""A component of less weight is left out: it holds under four of 8,000 draws."""


def spelt(factor: str) -> str:
    """Return a factor as the ids of messages spell it.

    >>> spelt("USERS_PER_PAYER")
    'users-per-payer'
    """
    return factor.lower().replace("_", "-")


@dataclass(frozen=True, slots=True, kw_only=True)
class Word:
    """What one method sees, of which countries: mean and covariance of its logarithm."""

    about: str
    countries: tuple[str, ...]
    log_mean: FloatArray
    log_cov: FloatArray


@dataclass(frozen=True, slots=True)
class Gaussian:
    """One component: mean and precision of the unknowns, and the logarithm of its weight."""

    mean: FloatArray
    precision: FloatArray
    log_weight: float
    between: float
    wide: tuple[bool, ...]


@dataclass(frozen=True)
class Shared:
    """The unknowns of one network, as a mixture.

    In order: payers of each country, ARPU's rest of each, sharing's rest of each; then
    :data:`FACTORS`.
    """

    countries: tuple[str, ...]
    components: tuple[Gaussian, ...]

    @classmethod
    def of(
        cls,
        countries: Sequence[str],
        priors: Priors = PRIORS,
        *,
        between: Sequence[tuple[float, float]] = tuple(zip(BETWEEN, BETWEEN_WEIGHT, strict=True)),
    ) -> Shared:
        """Return the state before any source: flat in the level of payers, priors in the rest.

        Parameters
        ----------
        between : sequence of (standard deviation, weight)
            How far sources may err beyond their priors. One source alone cannot tell.
        """
        count = len(countries)
        rests = [priors[name].log_moments() for name in ("COUNTRY_ARPU", "COUNTRY_SHARING")]
        parts = [priors[name].components() for name in FACTORS]
        components = []
        for chosen in product(*(range(len(part)) for part in parts)):
            picked = [part[place] for part, place in zip(parts, chosen, strict=True)]
            mean = np.concatenate(
                [
                    np.full(count, math.log(1e5)),
                    *(np.full(count, rest[0]) for rest in rests),
                    [part.log_mean for part in picked],
                ]
            )
            whole = np.diag(
                np.concatenate(
                    [
                        np.full(count, _FLAT),
                        *(np.full(count, rest[1] ** -2) for rest in rests),
                        [part.log_sd**-2 for part in picked],
                    ]
                )
            )
            apart = np.eye(count) - np.full((count, count), 1 / max(count, 1))
            whole[:count, :count] += apart * COUNTRY_SPREAD**-2
            weight = sum(math.log(part.weight) for part in picked)
            wide = tuple(place > 0 for place in chosen)
            components += [
                Gaussian(mean, whole, weight + math.log(likely), sd, wide) for sd, likely in between
            ]
        return cls(tuple(countries), tuple(components))

    def place(self, factor: str) -> int:
        """Return where a shared factor stands in the state."""
        return 3 * len(self.countries) + FACTORS.index(factor)

    def rows(self, about: str, countries: Sequence[str]) -> tuple[FloatArray, FloatArray]:
        """Return the matrix and offset by which a method sees the unknowns.

        Raises
        ------
        InputError
            If ``about`` is none of ``ABOUT``.
        """
        if about not in ABOUT:
            raise InputError(f"no method sees {about!r}")
        count = len(self.countries)
        matrix = np.zeros((len(countries), 3 * count + len(FACTORS)))
        offset = np.zeros(len(countries))
        seen_by = {
            "revenue": "NETWORK_ARPU",
            "users": "USERS_PER_PAYER",
            "lines": "LINES_PER_PAYER",
            "households": "HOUSEHOLDS_LOOKING",
        }
        for row, country in enumerate(countries):
            place = self.countries.index(country)
            matrix[row, place] = 1
            if about in seen_by:
                matrix[row, self.place(seen_by[about])] = 1
            if about == "revenue":
                matrix[row, count + place] = 1
                offset[row] = math.log(arpu_level(country))
            elif about == "users":
                matrix[row, 2 * count + place] = 1
        return matrix, offset

    def posterior(self, words: Sequence[Word], evidence: Sequence[Evidence] = ()) -> Shared:
        """Learn from methods, and from what sources say of shared factors."""
        rows = [(word, *self.rows(word.about, word.countries)) for word in words if word.countries]
        at = {
            between: self._learnt(rows, evidence, between)
            for between in dict.fromkeys(part.between for part in self.components)
        }
        added = [at[part.between] for part in self.components]
        before = np.array([part.precision for part in self.components])
        start = np.array([part.precision @ part.mean for part in self.components])
        whole = before + np.array([precision for precision, _, _ in added])
        pull = start + np.array([pull for _, pull, _ in added])
        means = np.linalg.solve(whole, pull[:, :, None])[:, :, 0]
        halves = np.linalg.slogdet(before)[1] - np.linalg.slogdet(whole)[1]
        weights = [
            part.log_weight + score + float(half + mean @ to - part.mean @ since) / 2
            for part, (_, _, score), half, mean, to, since in zip(
                self.components, added, halves, means, pull, start, strict=True
            )
        ]
        highest = max(weights)
        total = highest + math.log(sum(math.exp(weight - highest) for weight in weights))
        likely = [
            Gaussian(mean, precision, weight - total, part.between, part.wide)
            for part, mean, precision, weight in zip(
                self.components, means, whole, weights, strict=True
            )
            if weight - total > math.log(_NEGLIGIBLE)
        ]
        return Shared(self.countries, tuple(likely))

    def _learnt(
        self,
        rows: Sequence[tuple[Word, FloatArray, FloatArray]],
        evidence: Sequence[Evidence],
        between: float,
    ) -> tuple[FloatArray, FloatArray, float]:
        """Return the precision and pull that sources add, and the constant of their likelihood."""
        size = 3 * len(self.countries) + len(FACTORS)
        precision, pull, score = np.zeros((size, size)), np.zeros(size), 0.0
        for word, matrix, offset in rows:
            weight = np.linalg.inv(word.log_cov + between**2)
            levels = word.log_mean - offset
            precision += matrix.T @ weight @ matrix
            pull += matrix.T @ weight @ levels
            score += (float(np.linalg.slogdet(weight)[1]) - float(levels @ weight @ levels)) / 2
        for level in evidence:
            place, inverse = self.place(level.factor), 1 / (level.log_sd**2 + between**2)
            precision[place, place] += inverse
            pull[place] += inverse * level.log_mean
            score += (math.log(inverse) - inverse * level.log_mean**2) / 2
        return precision, pull, score

    @cached_property
    def weights(self) -> FloatArray:
        """Weights of the components, which add up to one."""
        logs = np.array([part.log_weight for part in self.components])
        weights = np.exp(logs - logs.max())
        return np.asarray(weights / weights.sum())

    @cached_property
    def _inverses(self) -> FloatArray:
        return np.asarray(np.linalg.inv(np.array([part.precision for part in self.components])))

    def seen(self, about: str, countries: Sequence[str]) -> tuple[FloatArray, FloatArray]:
        """Return mean and covariance of the logarithm of what a method would see."""
        matrix, offset = self.rows(about, countries)
        mean, cov = self._through(matrix)
        return mean + offset, cov

    def factor(self, name: str) -> tuple[float, float]:
        """Return mean and standard deviation of a shared factor's logarithm."""
        matrix = np.zeros((1, 3 * len(self.countries) + len(FACTORS)))
        matrix[0, self.place(name)] = 1
        mean, cov = self._through(matrix)
        return float(mean[0]), math.sqrt(float(cov[0, 0]))

    def _through(self, matrix: FloatArray) -> tuple[FloatArray, FloatArray]:
        means = np.array([matrix @ part.mean for part in self.components])
        covs = matrix @ self._inverses @ matrix.T
        mean = self.weights @ means
        apart = means - mean
        within = np.einsum("k,kij->ij", self.weights, covs)
        return mean, np.asarray(within + (apart.T * self.weights) @ apart)

    def wide(self, factor: str) -> float:
        """Return how likely the wide part of a factor's prior is."""
        place = FACTORS.index(factor)
        is_wide = np.array([part.wide[place] for part in self.components])
        return float(self.weights @ is_wide)

    def between(self) -> float:
        """Return the mean standard deviation by which sources err beyond their priors."""
        return float(self.weights @ [part.between for part in self.components])

    def draw(self, rng: np.random.Generator, size: int = DRAWS) -> FloatArray:
        """Draw states, of shape (size, unknowns), from each component by its weight."""
        shares = np.floor(self.weights * size).astype(int)
        shares[int(self.weights.argmax())] += size - shares.sum()
        drawn_parts = [part for part, count in zip(self.components, shares, strict=True) if count]
        factors = np.linalg.inv(
            np.linalg.cholesky(np.array([part.precision for part in drawn_parts]))
        )
        states = [
            part.mean + rng.standard_normal((count, len(part.mean))) @ factor
            for part, factor, count in zip(
                drawn_parts, factors, shares[shares > 0].tolist(), strict=True
            )
        ]
        return np.asarray(np.clip(np.concatenate(states), -60.0, 60.0), dtype=np.float64)
