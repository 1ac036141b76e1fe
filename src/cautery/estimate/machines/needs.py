"""The machines that a night of so many channels and looks needs, from measured unit costs.

Each resource of a node is counted apart: cores, memory, network in and out. The one of which a
machine has least for what it must do says how many nodes there are to be. What there is one of -
the driver of a case, the database, the vault - is told as a share of what one machine gives.
"""

from __future__ import annotations

import math
import tomllib
from dataclasses import dataclass, fields
from functools import cache
from importlib.resources import files

from cautery.errors import InputError

MOST_IN_ONE_INDEX = 4096
"""Live references that one index numbers (fingerprint/run.py)."""
FULL = 0.7
"""Share of a resource above which queues grow faster than what is asked (bench/scale/plan.py)."""
SPARE = 1
"""Nodes at each vantage that may die without the others getting fuller than that."""
_RANGES = {
    "channels": (1, 1_000_000),
    "looks_a_minute": (0, 10_000_000),
    "vantages": (1, 250),
    "month_hours": (0, 744),
    "settled": (0, 1),
    "unmatched": (0, 1),
    "stream_mbit": (0.01, 200),
    "with_pictures": (0, 1),
    "cores": (1, 1024),
    "memory_gb": (1, 100_000),
    "network_gbit": (0.001, 10_000),
    "speed": (0.05, 20),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class UnitCost:
    """What one of something takes: the least, a middle and the most of it, and where measured."""

    low: float
    mid: float
    high: float
    source: str

    def at(self, level: str) -> float:
        """Return ``low``, ``mid`` or ``high``."""
        return float(getattr(self, level))


@dataclass(frozen=True, slots=True, kw_only=True)
class Night:
    """What a night asks for.

    Parameters
    ----------
    looks_a_minute : float
        Of all vantages together.
    month_hours : float
        Hours of such nights in a month.
    settled, unmatched : float
        Shares of looks which the sound alone settles, and which match nothing; of the others the
        pictures are needed, too.
    stream_mbit : float
        Of a stream that is looked at, in Mbit/s.
    with_pictures : float
        Share of reference channels whose pictures are held.

    Raises
    ------
    InputError
        If a number is out of its range.
    """

    channels: float
    looks_a_minute: float
    vantages: int = 1
    month_hours: float = 120.0
    settled: float = 0.5
    unmatched: float = 0.4
    stream_mbit: float = 2.5
    with_pictures: float = 0.02

    def __post_init__(self) -> None:
        _check(self)
        if self.settled + self.unmatched > 1 + 1e-9:
            raise InputError("the shares of looks that are settled and unmatched exceed 1 together")


@dataclass(frozen=True, slots=True, kw_only=True)
class Machine:
    """A machine to run a node on.

    Parameters
    ----------
    speed : float
        Of one of its cores, over one of the machine on which unit costs were measured.

    Raises
    ------
    InputError
        If a number is out of its range.
    """

    cores: int = 16
    memory_gb: float = 64.0
    network_gbit: float = 10.0
    speed: float = 1.0

    def __post_init__(self) -> None:
        _check(self)


@dataclass(frozen=True, slots=True, kw_only=True)
class Needs:
    """What a night needs, at one level of the unit costs.

    Parameters
    ----------
    nodes : int
        At all vantages, spare ones included.
    use : dict
        By resource, the share of what the nodes (without spare ones), the driver or the database
        have that is used. Above :data:`FULL` it is too full.
    first : str
        The resource of nodes that says how many there must be.
    drivers : int
        Cases to be split into, so that no driver is too full.
    indexes : int
        Indexes that the references fill.
    memory_gb : float
        That each node needs, whatever it does.
    stream_gbit, pulled_gbit : float
        That come from streams, and that all nodes together fetch of what is heard, out of the
        vault.
    vault_tb, vault_objects, ledger_gb : float
        What a month adds.
    """

    nodes: int
    use: dict[str, float]
    first: str
    drivers: int
    indexes: int
    memory_gb: float
    stream_gbit: float
    pulled_gbit: float
    vault_tb: float
    vault_objects: float
    records: float
    ledger_gb: float


@cache
def unit_costs() -> dict[str, UnitCost]:
    """Return the measured unit costs."""
    text = files("cautery.estimate.machines").joinpath("unit_costs.toml").read_text("utf-8")
    return {
        name: UnitCost(**row) for name, row in tomllib.loads(text).items() if name != "measured"
    }


@cache
def measured() -> dict[str, str]:
    """Return when, and on what, the unit costs were measured."""
    text = files("cautery.estimate.machines").joinpath("unit_costs.toml").read_text("utf-8")
    return {name: str(value) for name, value in tomllib.loads(text)["measured"].items()}


def look_cpu_s(night: Night, level: str) -> float:
    """Return the CPU of a look in the mean, sealing included, seconds of a core of speed 1."""
    of = unit_costs()
    pictured = 1 - night.settled - night.unmatched
    shares = {"settled": night.settled, "unmatched": night.unmatched, "pictured": max(0, pictured)}
    seconds = of["seal_s"].at(level)
    for kind, share in shares.items():
        fixed, each = of[f"look_{kind}_s"].at(level), of[f"look_{kind}_a_channel_s"].at(level)
        seconds += share * (fixed + each * night.channels)
    return seconds


def look_bytes(night: Night) -> float:
    """Return the bytes that a look fetches, and seals."""
    return unit_costs()["look_media_s"].mid * night.stream_mbit * 1e6 / 8


def hearing_cores(night: Night, level: str) -> float:
    """Return the cores of speed 1 that all references take to be heard."""
    of = unit_costs()
    minute = of["hear_sound_s"].at(level) * (1 - night.with_pictures)
    minute += of["hear_pictures_s"].at(level) * night.with_pictures
    return night.channels * minute / 60


def needs(night: Night, machine: Machine, level: str = "mid") -> Needs:
    """Return what a night needs.

    Parameters
    ----------
    level : {"low", "mid", "high"}
        Of the unit costs.
    """
    of = unit_costs()
    looks_a_s = night.looks_a_minute / 60
    fetched, published = look_bytes(night), of["published_bytes_a_channel_s"].at(level)
    memory = of["node_base_bytes"].at(level) + night.channels * of["held_bytes_a_channel"].at(level)
    heard = night.channels * (
        of["feed_sound_bytes_s"].mid * (1 - night.with_pictures)
        + of["feed_pictures_bytes_s"].mid * night.with_pictures
    )
    nic, cores = machine.network_gbit * 1e9 / 8, machine.cores * machine.speed
    pulled = night.channels * published
    shared = {
        "cores of nodes": (looks_a_s * look_cpu_s(night, level) + hearing_cores(night, level))
        / cores,
        "network in": (looks_a_s * fetched + heard) / max(nic - pulled, nic / 1000),
        "network out": (looks_a_s * fetched + pulled) / nic,
    }
    first = max(shared, key=lambda name: shared[name])
    at_each = max(1, math.ceil(shared[first] / FULL / night.vantages))
    working = at_each * night.vantages
    records = looks_a_s * of["records_a_look"].at(level)
    driver = looks_a_s * of["driver_look_s"].at(level) / machine.speed
    seconds = night.month_hours * 3600
    return Needs(
        nodes=(at_each + SPARE) * night.vantages,
        use={name: part / working for name, part in shared.items()}
        | {
            "memory of a node": memory / (machine.memory_gb * 1e9),
            "a driver's core": driver,
            "database's commits": records / of["appends_a_s"].at(_other(level)),
        },
        first=first,
        drivers=max(1, math.ceil(driver / FULL)),
        indexes=math.ceil(night.channels / MOST_IN_ONE_INDEX),
        memory_gb=memory / 1e9,
        stream_gbit=looks_a_s * fetched * 8 / 1e9,
        pulled_gbit=(at_each + SPARE) * night.vantages * pulled * 8 / 1e9,
        vault_tb=seconds * looks_a_s * fetched / 1e12,
        vault_objects=seconds * looks_a_s,
        records=seconds * records,
        ledger_gb=seconds * records * of["record_bytes"].at(level) / 1e9,
    )


def _other(level: str) -> str:
    """Return the level of a rate that stands for a level of costs."""
    return {"low": "high", "high": "low"}.get(level, level)


def _check(what: Night | Machine) -> None:
    for one in fields(what):
        value, (least, most) = getattr(what, one.name), _RANGES[one.name]
        if not least <= value <= most:
            name = one.name.replace("_", " ")
            raise InputError(f"{name}: {value:,.10g} must be from {least:,} to {most:,}")
