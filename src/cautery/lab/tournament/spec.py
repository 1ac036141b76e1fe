"""What a tournament's world holds: what a user would have, and the truth apart."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from cautery.model.daily import DailySeries
from cautery.model.orders import CourtOrder
from cautery.model.preparation import Channel, Check, Match, OnCall, ReadyItem

COUNTRIES = ("DE", "ES", "FR", "IT", "PT")
COMPETITION = "Cup of Nations"
LEAGUE = "League"
TEAMS = (
    "Auria", "Belmora", "Cantara", "Dovenia", "Estavia", "Fjordland", "Galdova", "Hesperia",
    "Istmar", "Jorvia", "Kestria", "Lusatia", "Moravel", "Nordmark", "Ostrava", "Pelagia",
    "Quintara", "Rhodania", "Sudeva", "Tarvia", "Umbrelia", "Valdoria", "Westmar", "Zelenia",
)  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Gap:
    """Something that is missing on purpose.

    Parameters
    ----------
    subject : str
        Country, or channel and country; empty: everywhere.
    matches : tuple of str
        Ids of the matches that lack it.
    """

    item: ReadyItem
    subject: str
    matches: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class TournamentWorld:
    """A tournament that is about to begin.

    Parameters
    ----------
    begins : date
        Its first day; the series end the day before.
    played, matches : tuple of Match
        Past ones, and those of the tournament.
    series : tuple of DailySeries
        Of a channel in each country, up to the day before.
    to_come : tuple of DailySeries
        The same channels in the month of the tournament, as they will be measured: the truth.
    match_levels : mapping of (match id, country) to float
        What each match of the tournament will draw: the truth.
    gaps : tuple of Gap
        The truth.
    """

    seed: int
    begins: date
    played: tuple[Match, ...]
    matches: tuple[Match, ...]
    series: tuple[DailySeries, ...]
    orders: tuple[CourtOrder, ...]
    roster: tuple[OnCall, ...]
    channels: tuple[Channel, ...]
    checks: tuple[Check, ...]
    to_come: tuple[DailySeries, ...]
    match_levels: dict[tuple[str, str], float]
    gaps: tuple[Gap, ...]
