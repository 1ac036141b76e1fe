"""Quantities with their interval and method, and error rates with their N."""

from __future__ import annotations

import math
from dataclasses import dataclass
from decimal import Decimal
from functools import lru_cache

from cautery.errors import InputError
from cautery.model.message import Message


@dataclass(frozen=True, slots=True, kw_only=True)
class Money:
    """An amount with its ISO 4217 currency.

    Parameters
    ----------
    amount : Decimal
        The amount, exact.
    currency : str
        ISO 4217 code: ``EUR``.
    """

    amount: Decimal
    currency: str

    def __post_init__(self) -> None:
        if len(self.currency) != 3 or not self.currency.isupper():
            raise InputError(f"{self.currency!r} is not an ISO 4217 currency")


@dataclass(frozen=True, slots=True, kw_only=True)
class Estimate:
    """A quantity, always as an interval, with its unit, coverage and method.

    Parameters
    ----------
    quantity : Message
        What is estimated.
    unit : str
        Unit of the three numbers, such as ``customers``, ``EUR/month`` or ``share``.
    low : float
        Lower end of the interval.
    mid : float
        Middle of the interval; ``low <= mid <= high``.
    high : float
        Upper end of the interval.
    method : Message
        How it was estimated.
    coverage : float or None
        Nominal probability of the interval, such as 0.9; ``None``: the bounds are logical (seen at
        least, possible at most).
    note : Message or None
        What a reader must know about it; ``None``: nothing.
    """

    quantity: Message
    unit: str
    low: float
    mid: float
    high: float
    method: Message
    coverage: float | None = None
    note: Message | None = None

    def __post_init__(self) -> None:
        if not (math.isfinite(self.low) and math.isfinite(self.high)):
            raise InputError(f"{self.quantity.id}: an interval must be finite")
        if not self.low <= self.mid <= self.high:
            raise InputError(
                f"{self.quantity.id}: low <= mid <= high must hold, got "
                f"{self.low}, {self.mid}, {self.high}"
            )


@dataclass(frozen=True, slots=True, kw_only=True)
class ErrorRate:
    """Errors among trials; printed with N and the 95 % upper bound, never as a bare zero.

    Parameters
    ----------
    what : str
        Which error is counted.
    errors : int
        Number of errors.
    trials : int
        Number of trials.
    source : str
        Where the numbers were measured.
    """

    what: str
    errors: int
    trials: int
    source: str

    def __post_init__(self) -> None:
        if not 0 <= self.errors <= self.trials <= _MOST_TRIALS:
            raise InputError(
                f"{self.what}: {self.errors} errors in {self.trials} trials are not possible"
            )

    @property
    def upper_bound(self) -> float | None:
        """95 % one-sided Clopper-Pearson bound; ``None`` without trials.

        With no error this is ``1 - 0.05 ** (1 / N)``, the "rule of three".
        """
        return None if self.trials == 0 else _upper_bound(self.errors, self.trials)

    def __str__(self) -> str:
        if self.upper_bound is None:
            return f"{self.what}: not measured"
        return f"{self.what}: {self.errors} of {self.trials} (at most {self.upper_bound:.2g}, 95 %)"


_MOST_TRIALS = 2**53
"""Whole numbers beyond are none of JSON, nor of a float."""


@lru_cache(maxsize=256)
def _upper_bound(errors: int, trials: int) -> float:
    """Return the bound; few rates are published, and every witness asks for one of them."""
    if errors == trials:
        return 1.0
    if errors == 0:
        return -math.expm1(math.log(0.05) / trials)
    from scipy.special import betaincinv  # noqa: PLC0415 - heavy: 0.2 s of CPU

    return float(betaincinv(errors + 1, trials - errors, 0.95))
