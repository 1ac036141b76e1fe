"""The tornado: what each prior moves, and what no source identifies."""

from dataclasses import replace
from datetime import date

import numpy as np
import pytest

from cautery.errors import InputError
from cautery.estimate import (
    PRIORS,
    QUANTITIES,
    by_every_method,
    reconcile,
    tornado,
    tornado_plot,
)
from cautery.model.sizing import SizingSources, VisitCount

MONTH = date(2024, 10, 1)


def sized(sources, priors=PRIORS):
    rng = np.random.default_rng(5)
    together = reconcile(by_every_method(sources, rng=rng, priors=priors), rng=rng, priors=priors)
    return together, tornado(sources, together, seed=5, priors=priors)


def swing(swings, name):
    return next(one for one in swings if one.name == name)


@pytest.fixture(scope="module")
def visits():
    """One source alone: nothing identifies anything."""
    return sized(
        SizingSources(
            month=MONTH, visits=(VisitCount(country="IT", month=MONTH, visits=1_000_000),)
        )
    )


def test_a_prior_that_no_source_identifies_carries_the_estimate_along_in_full(visits):
    _, moved = visits
    conversion = swing(moved["payers"], "CONVERSION")
    assert conversion.at_high / conversion.at_low == pytest.approx(
        conversion.high / conversion.low, rel=0.02
    )
    assert not conversion.is_identified
    assert moved["payers"][0].name == "CONVERSION"


def test_a_prior_that_stands_above_the_line_moves_the_estimate_down(visits):
    _, moved = visits
    joining = swing(moved["payers"], "JOINING")
    assert joining.at_low > joining.at_high


def test_only_what_an_estimate_rests_on_moves_it(visits):
    together, moved = visits
    assert swing(moved["payers"], "NETWORK_ARPU").reach == pytest.approx(0, abs=1e-9)
    assert swing(moved["revenue"], "NETWORK_ARPU").reach > 0.5
    assert "CAPTURE_CV" not in {one.name for one in moved["payers"]}
    for quantity in QUANTITIES:
        reaches = [one.reach for one in moved[quantity]]
        assert reaches == sorted(reaches, reverse=True)
        middle = together.estimate(quantity).mid
        assert all(
            min(one.at_low, one.at_high) <= middle * 1.05
            and max(one.at_low, one.at_high) >= middle * 0.95
            for one in moved[quantity]
        )


def test_a_survey_of_sharing_identifies_users_per_payer(small_world):
    world = small_world(8)
    _, told = sized(world.sources)
    _, silent = sized(replace(world.sources, sharing=()))
    first, second = (swing(one["users"], "USERS_PER_PAYER") for one in (told, silent))
    assert first.is_identified
    assert not second.is_identified
    assert first.reach < 0.6 * second.reach


def test_a_picture_names_the_priors_and_is_the_same_each_time(visits):
    _, moved = visits
    picture = tornado_plot(moved, title="What moves <it>")
    assert picture == tornado_plot(moved, title="What moves <it>")
    assert picture.startswith("<?xml")
    assert "<it>" not in picture


def test_nothing_that_moves_is_not_drawn():
    with pytest.raises(InputError, match="nothing to draw"):
        tornado_plot({"users": ()})
