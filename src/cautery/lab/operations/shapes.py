"""The shapes that a world can take: how many of each, whose table it is, what was claimed."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime
from math import sqrt

from cautery.errors import InputError

LIKES = ("taken-down", "kratos", "xtream", "flawless", "globe")
"""The first two are operations with a fact sheet; the others are shapes of networks."""

COUNTRIES = ("IT", "HR", "NL", "RO", "SE", "CH", "GB", "BG", "FR", "DE", "ES", "GR")
"""The ten that are named at Taken Down's table (docs/reference/sources.md, F6), and two more with
published rates of use, Spain and Greece, to make a dozen."""

MONTHS = tuple(date(2023 + n // 12, n % 12 + 1, 1) for n in range(24))
"""January 2023 to December 2024: Euro 2024 and Paris 2024 lie within."""

SEASON = {5: 1.03, 6: 1.22, 7: 1.18, 8: 1.10, 9: 1.04, 10: 1.02}
"""Payers over the trend, by month of 2024 less one (May is 4): Euro 14 June to 14 July, Paris 26
July to 11 August. Size by judgement; one fight was 80 % of a night's streams
(docs/reference/sources.md, F14)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Shape:
    """One network of docs/reference/sources.md, F2 to F6, in numbers.

    ``home`` weights countries over their share of the market. ``users`` is the range that the
    true number is drawn from (uniform in its logarithm); ``None``: from the market's size and the
    prior of a network's share.
    """

    like: str
    title: str
    lead: str
    claimed_users: float | None
    claimed_revenue_eur_month: float | None
    channels: int
    works: int
    resellers: int
    panels: int
    signal_servers: int
    servers: int
    domains: int
    devices: int
    seized_servers: int
    home: dict[str, float]
    users: tuple[float, float] | None
    moment: datetime
    suspects: int = 102
    arrests: int = 11
    searches: int = 112


_TAKEN_DOWN_DAY = datetime(2024, 11, 26, 5, 0, tzinfo=UTC)
"""26 November 2024 [S10][S13]; the hour is the world's (six in the morning in Rome)."""

SHAPES = {
    shape.like: shape
    for shape in (
        Shape(
            like="taken-down",
            title='Operation "Taken Down"',
            lead="IT",
            claimed_users=22e6,  # [S10][S151]
            claimed_revenue_eur_month=250e6,  # [S10][S151]
            channels=2500,
            works=20000,  # card: VOD titles, mode
            resellers=560,
            panels=80,
            signal_servers=9,
            servers=30,  # at least 29 seized: one stays
            domains=100,
            devices=270,
            seized_servers=29,
            home={"IT": 2.0},
            users=None,
            moment=_TAKEN_DOWN_DAY,
        ),
        Shape(
            like="kratos",
            title='Operation "Kratos"',
            lead="BG",
            claimed_users=22e6,  # the same totals [S11][S12]
            claimed_revenue_eur_month=250e6,
            channels=2500,
            works=20000,
            resellers=560,
            panels=80,
            signal_servers=9,
            servers=30,
            domains=100,
            devices=270,
            seized_servers=29,
            home={"BG": 3.0, "RO": 1.5, "GR": 2.0},
            users=None,
            # June to September 2024 [S11]; the day is the world's: after the Paris Games.
            moment=datetime(2024, 9, 18, 4, 0, tzinfo=UTC),
        ),
        Shape(
            like="xtream",
            title="A network in the shape of Xtream Codes 2019",
            lead="IT",
            claimed_users=50e6,  # [S109]
            claimed_revenue_eur_month=5e6,  # EUR 60 million a year in Italy [S111]
            channels=5000,  # card: mode
            works=20000,
            resellers=5000,  # client services [S110]
            panels=80,
            signal_servers=20,
            servers=200,  # 183-200+ seized
            domains=300,
            devices=300,  # card: upper end
            seized_servers=183,
            home={"IT": 3.0},
            # 700,000 online at closure over 15-60 % (42 % at most in the lab) of lines at peak.
            users=(1.7e6, 4.6e6),
            moment=_TAKEN_DOWN_DAY,
        ),
        Shape(
            like="flawless",
            title="A network in the shape of Flawless (UK)",
            lead="GB",
            claimed_users=5e4,  # [S106][S115]
            claimed_revenue_eur_month=2.45e5,  # GBP 4.6 million in 22 months, at 1.17 EUR
            channels=3000,  # "thousands"
            works=5000,
            resellers=24,
            panels=5,
            signal_servers=2,
            servers=8,
            domains=8,
            devices=25,  # 20-30 boxes
            seized_servers=8,
            home={"GB": 60.0},
            users=(4e4, 7e4),
            moment=_TAKEN_DOWN_DAY,
            suspects=36,  # about 36 staff [S106]
            arrests=5,
            searches=16,
        ),
        Shape(
            like="globe",
            title="A network in the shape of GLOBE (NL, 2023)",
            lead="NL",
            claimed_users=1e6,  # > 1 million [S95]
            claimed_revenue_eur_month=None,
            channels=10000,
            works=15000,
            resellers=200,  # "many"
            panels=40,
            signal_servers=30,
            servers=1200,  # in one data centre
            domains=60,
            devices=200,
            seized_servers=1200,
            home={"NL": 6.0},
            users=(4e5, 1.4e6),
            moment=_TAKEN_DOWN_DAY,
            suspects=40,
            arrests=8,
            searches=30,
        ),
    )
}


def shape_of(like: str) -> Shape:
    """Return a shape by its name.

    Raises
    ------
    InputError
        If there is none.
    """
    if like not in SHAPES:
        raise InputError(f"{like!r} is not a known world: expected {', '.join(LIKES)}")
    return SHAPES[like]


def kept(count: int, scale: float, least: int = 1) -> int:
    """Return how many of ``count`` parts a scaled world has: the structure shrinks by the root.

    >>> kept(80, 1.0), kept(80, 0.01), kept(9, 0.01, least=2)
    (80, 8, 2)
    """
    return max(min(least, count), round(count * min(1.0, sqrt(scale))))
