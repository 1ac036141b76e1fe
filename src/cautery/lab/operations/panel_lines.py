"""The seized disks' contents: lines of an Xtream-type panel, as many as the world's counts say.

All values are invented. What is not said by a column (a dormant line, one household's second) is
not there, as on a real disk.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, time

import numpy as np
from numpy.typing import NDArray

from cautery.lab.operations.chance import chance
from cautery.lab.operations.spec import IntArray, OperationWorld
from cautery.model import PanelCount

COLUMNS = (
    "id",
    "username",
    "password",
    "exp_date",
    "is_trial",
    "max_connections",
    "created_at",
    "country",
    "last_activity",
)
"""Of the table ``users`` of an Xtream-type panel, as far as they matter here."""

_DAY = 86_400
_TERMS = (30, 90, 180, 365)
"""Days of a line: 1, 3, 6 and 12 months, sold in the proportions below (judgement)."""
_TERM_ODDS = (0.35, 0.2, 0.15, 0.3)


def panel_tables(
    world: OperationWorld, counts: Sequence[PanelCount]
) -> Iterator[tuple[str, dict[str, IntArray | list[str]]]]:
    """Yield each seized panel's name and the columns of its lines, ordered by id.

    Parameters
    ----------
    counts : sequence of PanelCount
        Of one month; a dump holds exactly these lines, as of ``on``.
    """
    panels: dict[str, list[PanelCount]] = {}
    for count in counts:
        panels.setdefault(count.panel, []).append(count)
    for number, (panel, rows) in enumerate(sorted(panels.items())):
        yield panel, _lines(rows, chance(world.seed, "lines", number))


def _lines(rows: Sequence[PanelCount], rng: np.random.Generator) -> dict[str, IntArray | list[str]]:
    # The end of the day of the dump: what ends before it has expired.
    now = int(datetime.combine(rows[0].on, time(), tzinfo=UTC).timestamp()) + _DAY
    sizes = [(row.country, state, count) for row in rows for state, count in _states(row)]
    counts = np.array([count for _, _, count in sizes], dtype=np.int64)
    total = int(counts.sum())
    state = np.repeat(np.array([state for _, state, _ in sizes], dtype=np.int64), counts)
    country = np.repeat(np.array([country for country, _, _ in sizes], dtype="U2"), counts)
    days = rng.choice(np.array(_TERMS), size=total, p=_TERM_ODDS)
    length = np.where(state == 1, 1, days) * _DAY
    age = rng.random(total)
    # A live line is somewhere in its term, an expired one ended within the last two years.
    created = np.where(state == 0, now - (age * (length - 3600)).astype(np.int64), now - length - 1)
    created -= np.where(state == 2, (age * 700 * _DAY).astype(np.int64), 0)
    created -= np.where(state == 1, (age * 90 * _DAY).astype(np.int64) - 2 * 3600, 0)
    order = rng.permutation(total)
    text = rng.bytes(10 * total).hex()
    return {
        "id": np.arange(1, total + 1, dtype=np.int64),
        "username": [text[20 * n : 20 * n + 10] for n in range(total)],
        "password": [text[20 * n + 10 : 20 * n + 20] for n in range(total)],
        "exp_date": (created + length)[order],
        "is_trial": (state == 1).astype(np.int64)[order],
        "max_connections": (1 + (rng.random(total) < 0.12)).astype(np.int64),
        "created_at": created[order],
        "country": country[order].tolist(),
        "last_activity": _last_use(rows, state, country, now, rng)[order].tolist(),
    }


def _last_use(
    rows: Sequence[PanelCount],
    state: IntArray,
    country: NDArray[np.str_],
    now: int,
    rng: np.random.Generator,
) -> NDArray[np.str_]:
    """Return when each line was last in use, as epochs; empty where the panel keeps no log.

    So many paid lines of a country as were active are within the last month, the rest before it.
    """
    if all(row.active is None for row in rows):
        return np.full(len(state), "", dtype="U12")
    recent = np.zeros(len(state), dtype=bool)
    for row in rows:
        paid = np.flatnonzero((state == 0) & (country == row.country))
        recent[paid[: row.active or 0]] = True
    ago = np.where(recent, rng.random(len(state)) * 29, 31 + rng.random(len(state)) * 300)
    return (now - 3600 - (ago * _DAY)).astype(np.int64).astype("U12")


def _states(row: PanelCount) -> tuple[tuple[int, int], ...]:
    """Return paid as 0, trial as 1, expired as 2, each with its count."""
    return (0, row.paid), (1, row.trial), (2, row.expired)
