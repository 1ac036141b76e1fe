"""A tournament's world, drawn whole from its seed."""

from __future__ import annotations

from datetime import date, timedelta

import numpy as np

from cautery.lab.tournament.demand import demand, measured
from cautery.lab.tournament.fixtures import PAST_DAYS, past_matches, tournament_matches
from cautery.lab.tournament.readiness import channels_of, checks_of, orders_of, roster_of
from cautery.lab.tournament.spec import TournamentWorld

BEGINS = date(2026, 6, 11)
"""The day on which a tournament of this summer begins."""


def tournament(seed: int, *, begins: date = BEGINS) -> TournamentWorld:
    """Return the world of a seed: the same seed, the same world.

    Parameters
    ----------
    begins : date
        First day of the tournament.
    """
    rng = np.random.default_rng([seed, 24])
    played = tuple(past_matches(begins, rng))
    matches = tuple(
        sorted(tournament_matches(begins, rng), key=lambda match: (match.starts_at, match.id))
    )
    first = begins - timedelta(days=PAST_DAYS)
    last = matches[-1].ends_at.date() + timedelta(days=1)
    days = [first + timedelta(days=number) for number in range((last - first).days + 1)]
    of_days = demand(days, (*played, *matches), rng)
    orders, no_order = orders_of(begins, matches, rng)
    roster, nobody = roster_of(begins, matches, rng)
    channels, no_reference = channels_of(begins, matches, rng)
    ahead = {match.id for match in matches}
    return TournamentWorld(
        seed=seed,
        begins=begins,
        played=played,
        matches=matches,
        series=measured(of_days, first, slice(0, PAST_DAYS), rng),
        to_come=measured(of_days, first, slice(PAST_DAYS, len(days)), rng),
        match_levels={key: level for key, level in of_days.match_levels.items() if key[0] in ahead},
        orders=orders,
        roster=roster,
        channels=channels,
        checks=checks_of(begins, rng),
        gaps=(*no_order, *nobody, *no_reference),
    )
