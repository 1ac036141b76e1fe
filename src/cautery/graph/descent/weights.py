"""What was learnt on worlds whose truth is known, as it lies in ``weights.toml``."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any

from cautery.model.descent import TraitKind
from cautery.model.toml import parsed_toml

DESCENDANT, STRANGER = "descendant", "stranger"


@dataclass(frozen=True, slots=True, kw_only=True)
class Weights:
    """What was learnt on worlds whose truth is known.

    Parameters
    ----------
    kept : mapping of str to mapping of TraitKind to tuple of float
        For each kind of entity, how often it has a network's value on purpose, by ``Level``.
    share : mapping of str to float
        Of each kind of stranger among newcomers, for one network.
    appear : tuple of (int, float)
        Days after the act up to which, and descendants of a network a day until then.
    slope, shift : float
        Of the odds, so that they are calibrated.
    basis : str
        What it was learnt on.
    """

    kept: Mapping[str, Mapping[TraitKind, tuple[float, ...]]]
    share: Mapping[str, float]
    appear: tuple[tuple[int, float], ...]
    slope: float
    shift: float
    basis: str


@cache
def learnt_weights() -> Weights:
    """Return the weights of ``weights.toml``."""
    text = files("cautery.graph.descent").joinpath("weights.toml").read_text(encoding="utf-8")
    tables: dict[str, Any] = parsed_toml(text)
    return Weights(
        kept={
            what: {TraitKind(kind): tuple(row) for kind, row in rows.items()}
            for what, rows in tables["kept"].items()
        },
        share=dict(tables["share"]),
        appear=tuple((int(until), float(rate)) for until, rate in tables["appear"]["rates"]),
        slope=tables["calibration"]["slope"],
        shift=tables["calibration"]["shift"],
        basis=tables["basis"],
    )
