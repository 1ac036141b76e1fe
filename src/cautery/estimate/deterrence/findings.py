"""What studies measured after acts of some kind, as data with sources."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any

from cautery.errors import InputError
from cautery.messages import message, term
from cautery.model.message import Message

KINDS = ("takedown", "block", "arrest")
"""Kinds of acts: domains, servers or panels taken; access blocked; people arrested or sentenced."""
_MOST_UNITS = 1_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Act:
    """An act whose effect is asked for.

    Parameters
    ----------
    kind : str
        One of :data:`KINDS`.
    wave : int
        1: the first of its kind against this market; 2: the second, and so on.
    units : int
        Sites or services that it hits at once.

    Raises
    ------
    InputError
        If it is none.
    """

    kind: str
    wave: int = 1
    units: int = 1

    def __post_init__(self) -> None:
        if self.kind not in KINDS:
            raise InputError(
                f"{self.kind[:40]!r} is not a kind of act", hint=f"Give one of: {', '.join(KINDS)}."
            )
        if not 1 <= self.wave <= 99:
            raise InputError(f"wave {self.wave}: a wave is numbered from 1 to 99")
        if not 1 <= self.units <= _MOST_UNITS:
            raise InputError(f"{self.units} sites: it must be from 1 to {_MOST_UNITS:,}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """What one study measured after one act.

    Parameters
    ----------
    wave, units : (int, int)
        For which waves, and how many units at once, it speaks: from, to.
    quantity : str
        What changed: ``attacks-all``, ``piracy-all``, ``visits-sites``, ``visits-returned``,
        ``traffic``, ``legal-use``, ``legal-sales`` as shares of change; ``days-back`` in days.
    field : str
        What was studied.
    """

    id: str
    act: str
    wave: tuple[int, int]
    units: tuple[int, int]
    quantity: str
    low: float
    high: float
    field: str
    when: str
    source: str

    def speaks_of(self, act: Act) -> bool:
        """Tell whether it is about acts like this one."""
        return (
            self.act == act.kind
            and self.wave[0] <= act.wave <= self.wave[1]
            and self.units[0] <= act.units <= self.units[1]
        )


@cache
def findings() -> tuple[Finding, ...]:
    """Return the findings of ``findings.toml``."""
    text = files("cautery.estimate.deterrence").joinpath("findings.toml").read_text("utf-8")
    tables: list[dict[str, Any]] = tomllib.loads(text)["finding"]
    return tuple(
        Finding(**{**table, "wave": tuple(table["wave"]), "units": tuple(table["units"])})
        for table in tables
    )


def expected(act: Act) -> tuple[Finding, ...]:
    """Return what studies of acts like this one measured; empty: nobody studied such an act."""
    return tuple(finding for finding in findings() if finding.speaks_of(act))


def not_studied(act: Act) -> tuple[str, ...]:
    """Return the quantities that were studied after other acts, and not after such a one."""
    spoken = {finding.quantity for finding in expected(act)}
    return tuple(
        dict.fromkeys(finding.quantity for finding in findings() if finding.quantity not in spoken)
    )


def in_words(finding: Finding) -> Message:
    """Return what was measured, in words: ``attacks in all: -40 to -20 %``."""
    quantity = term("deterred", finding.quantity)
    if finding.quantity == "days-back":
        return message(
            "deterrence.days", quantity=quantity, low=f"{finding.low:g}", high=f"{finding.high:g}"
        )
    low, high = (f"{100 * end:+.3g}".replace("+0", "0") for end in (finding.low, finding.high))
    if finding.low == finding.high:
        return message("deterrence.one", quantity=quantity, change=low)
    return message("deterrence.change", quantity=quantity, low=low, high=high)
