"""The capacity that a watch needs for so many streams: probes, cores and references.

Unit costs are measured, each with its source, in ``costs.toml``.
"""

from __future__ import annotations

import math
import tomllib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from functools import cache
from importlib.resources import files

from cautery.errors import InputError
from cautery.model import Estimate
from cautery.model.preparation import Match
from cautery.model.season import CORES_A_WATCH

MOST_STREAMS = 10_000_000
AROUND = timedelta(minutes=40)
"""Before a kick-off and after an end: the pre-match show, and ten minutes for references."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Cost:
    """A unit cost as it was measured: the least, a middle, the most, and where."""

    low: float
    mid: float
    high: float
    source: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Capacity:
    """What watching takes, for the middle of a forecast and for its upper end.

    Parameters
    ----------
    streams, probes_a_minute : tuple of float
        For the middle, and for the upper end.
    cores : tuple of int
        For the middle at the middle cost, and for the upper end on the slowest machine measured.
    watches : int
        Most watches at once; each has cores of its own.
    references : int
        Channels of which a clean feed is needed.
    reference_mib : float
        Memory of their index.
    """

    streams: tuple[float, float]
    probes_a_minute: tuple[float, float]
    cores: tuple[int, int]
    watches: int
    references: int
    reference_mib: float


@cache
def costs() -> dict[str, Cost]:
    """Return the measured unit costs."""
    text = files("cautery.estimate.forecast").joinpath("costs.toml").read_text("utf-8")
    return {name: Cost(**row) for name, row in tomllib.loads(text).items()}


def capacity(
    level: Estimate,
    *,
    usual: float,
    streams: float,
    every_s: float,
    watches: int,
    references: int,
) -> Capacity:
    """Return what watching takes on a day.

    Parameters
    ----------
    level : Estimate
        The day's level in the series.
    usual : float
        The series' level on the evening on which the streams were counted.
    streams : float
        Streams that were found on such an evening.
    every_s : float
        Seconds between two probes of one stream.
    watches : int
        Most watches at once.
    references : int
        Channels of which a clean feed is needed.

    Raises
    ------
    InputError
        If a number is not positive, or too large.
    """
    if not 0 < streams <= MOST_STREAMS:
        raise InputError(f"{streams:g} streams: must be more than 0, at most {MOST_STREAMS:,}")
    if not 1 <= every_s <= 86_400:
        raise InputError(f"a probe every {every_s:g} s: must be from 1 s to a day")
    if not usual > 0:
        raise InputError("the series has no day with a level above 0: no stream can be scaled")
    expected = streams * level.mid / usual, streams * level.high / usual
    probes = expected[0] * 60 / every_s, expected[1] * 60 / every_s
    of_probe, of_channel = costs()["probes_a_minute_and_core"], costs()["reference_channels_a_core"]
    at_least = CORES_A_WATCH * watches
    return Capacity(
        streams=expected,
        probes_a_minute=probes,
        cores=(
            max(at_least, math.ceil(probes[0] / of_probe.mid + references / of_channel.mid)),
            max(at_least, math.ceil(probes[1] / of_probe.low + references / of_channel.low)),
        ),
        watches=watches,
        references=references,
        reference_mib=references * costs()["reference_mib_a_channel"].high,
    )


def most_at_once(matches: Sequence[Match]) -> int:
    """Return how many matches are watched at once at most, with what comes before and after."""
    turns = sorted(
        [(match.starts_at - AROUND, 1) for match in matches]
        + [(match.ends_at + AROUND, -1) for match in matches]
    )
    running = highest = 0
    for _, change in turns:  # one that ends at a moment makes room for one that begins then
        running += change
        highest = max(highest, running)
    return highest
