from __future__ import annotations

from datetime import date

import numpy as np
import pytest

from cautery.errors import InputError
from cautery.estimate import PRIORS
from cautery.lab.operations import OperationWorld, build_world, sizing_sources
from cautery.lab.operations.panel_lines import panel_tables

JULY = date(2024, 7, 1)


def test_the_same_month_says_the_same(small: OperationWorld) -> None:
    assert sizing_sources(small, JULY) == sizing_sources(small, JULY)
    other = sizing_sources(small, JULY, rng=np.random.default_rng(1))
    assert other != sizing_sources(small, JULY)


def test_every_kind_of_source_speaks_of_every_country(small: OperationWorld) -> None:
    sources = sizing_sources(small, JULY)

    for name in ("panels", "recaptures", "payments", "names", "surveys", "visits"):
        assert {one.country for one in getattr(sources, name)} == set(small.countries), name
    assert {one.months for one in sources.prices} == {1, 3, 6, 12}
    assert {one.price.currency for one in sources.prices} <= {"EUR", *(sources.rates or {})}
    assert {one.total.currency for one in sources.payments} >= {"EUR", "GBP", "CHF"}


def test_a_month_after_the_day_has_no_dump(small: OperationWorld) -> None:
    assert not sizing_sources(small, date(2024, 12, 1)).panels
    assert sizing_sources(small, date(2024, 11, 1)).panels


def test_a_month_that_the_world_does_not_have_is_refused(small: OperationWorld) -> None:
    with pytest.raises(InputError, match="not a month of this world"):
        sizing_sources(small, date(2025, 6, 1))


def test_the_biases_of_worlds_lie_in_their_priors() -> None:
    # 2 % of draws lie outside; more than 3 of 25 do with a chance of 0.1 % a name.
    worlds = [build_world("taken-down", seed=one, scale=0.001) for one in range(25)]
    for name in ("VPN", "PEAK_CONCURRENCY", "DORMANT", "OFF_BOOK", "NETWORK_ARPU", "SURVEY_RECALL"):
        drawn = np.array([one.biases.by_name[name] for one in worlds])
        low, high = np.quantile(PRIORS[name].draw(np.random.default_rng(0), 20_000), (0.01, 0.99))
        assert ((low <= drawn) & (drawn <= high)).sum() >= 22, name
        assert drawn.std() > 0


def test_counts_are_the_truth_under_the_worlds_own_biases(full: OperationWorld) -> None:
    """Undo each bias with the draws that no estimator knows: what is left is sampling noise."""
    month = full.months.index(JULY)
    sources = sizing_sources(full, JULY)
    by, local = full.biases.by_name, full.biases.by_country
    payers = full.truth.payers[month].sum()

    seen = sum(one.first * one.second / max(one.both, 1) for one in sources.recaptures)
    peak = full.truth.payers[month] * np.minimum(1, by["PEAK_CONCURRENCY"] * local["COUNTRY_PEAK"])
    lines = peak.sum() * by["LINES_PER_PAYER"] * by["ACTIVE_PHANTOMS"] * by["coverage"]
    assert seen * (1 + by["CAPTURE_CV"] ** 2) == pytest.approx(lines, rel=0.02)

    visits = sum(one.visits for one in sources.visits)
    mean = full.truth.payers[month] * local["COUNTRY_VISITS"] * by["JOINING"] / by["CONVERSION"]
    assert visits == pytest.approx(mean.sum(), rel=0.02)
    assert payers > 0

    hits = np.array([one.hits / one.sampled * one.households for one in sources.names])
    looking = full.truth.payers[month] * by["HOUSEHOLDS_LOOKING"] * local["COUNTRY_NAMES"]
    assert hits.sum() == pytest.approx((looking * (1 - by["VPN"])).sum(), rel=0.02)


def test_plain_recapture_is_too_low_where_chances_differ(full: OperationWorld) -> None:
    sources = sizing_sources(full, JULY)
    by = full.biases.by_name
    one = max(sources.recaptures, key=lambda row: row.first)
    place = full.countries.index(one.country)
    there = full.truth.payers[full.months.index(JULY), place] * by["LINES_PER_PAYER"]
    there *= by["PEAK_CONCURRENCY"] * full.biases.by_country["COUNTRY_PEAK"][place]
    there *= by["ACTIVE_PHANTOMS"] * by["coverage"]

    assert one.first * one.second / one.both < 0.97 * there


def test_seized_lines_are_as_many_as_the_counts_say(small: OperationWorld) -> None:
    counts = sizing_sources(small, date(2024, 11, 1)).panels
    wanted: dict[str, int] = {}
    for one in counts:
        wanted[one.panel] = wanted.get(one.panel, 0) + one.paid + one.trial + one.expired

    tables = dict(panel_tables(small, counts))

    assert {name: len(table["id"]) for name, table in tables.items()} == wanted
    assert len(tables) >= 3
