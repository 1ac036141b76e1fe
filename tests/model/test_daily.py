"""A series of days: what it can hold, and that it has no place for what is true."""

import dataclasses
from datetime import UTC, date, datetime

import numpy as np
import pytest

from cautery.errors import InputError
from cautery.model.daily import DailySeries, Measure, Strike, consecutive
from cautery.model.lifetimes import Lifetime

DAYS = consecutive(date(2024, 10, 1), 3)


def series(**changed):
    given = {
        "unit": "net-1",
        "market": "IT",
        "measure": Measure.LEVEL,
        "days": DAYS,
        "values": np.array([1.0, np.nan, 0.0]),
        "probes": np.array([2, 0, 2]),
        "vantage": "resolver-a",
    }
    return DailySeries(**given | changed)


def test_no_noun_of_days_has_a_place_for_what_is_true():
    fields = {
        one: {field.name for field in dataclasses.fields(one)}
        for one in (DailySeries, Strike, Lifetime)
    }
    assert fields == {
        DailySeries: {"unit", "market", "measure", "days", "values", "probes", "vantage"},
        Strike: {"units", "at", "what"},
        Lifetime: {"entity", "kind", "born", "died", "last_seen", "group"},
    }


def test_a_series_keeps_its_values_from_change():
    with pytest.raises(ValueError, match="read-only"):
        series().values[0] = 5


def test_a_day_has_its_place():
    assert [series().at(date(2024, 10, day)) for day in (1, 3, 9)] == [0, 2, 8]
    assert series().at(date(2024, 9, 30)) == -1


@pytest.mark.parametrize(
    "changed",
    [
        {"days": ()},
        {"days": (DAYS[0], DAYS[2], date(2024, 10, 4))},
        {"days": DAYS[::-1]},
        {"days": (DAYS[0], DAYS[0], DAYS[2])},
        {"values": np.array([1.0, 2.0])},
        {"probes": np.array([1, 1, 1])},
        {"probes": np.array([-1, 0, 1])},
        {"values": np.array([-1.0, np.nan, 0.0])},
        {"values": np.array([np.inf, np.nan, 0.0])},
        {"values": np.array([1.5, np.nan, 0.0]), "measure": Measure.SERVED},
        {"market": "it"},
        {"market": "UK"},
        {"unit": "two words"},
        {"unit": ""},
        {"vantage": "a\n"},
    ],
)  # fmt: skip
def test_what_cannot_be_is_refused(changed):
    with pytest.raises(InputError):
        series(**changed)


@pytest.mark.parametrize(
    "changed",
    [{"units": ()}, {"units": ("a", "a")}, {"at": datetime(2024, 10, 1)}, {"what": ""}],  # noqa: DTZ001
)
def test_a_strike_names_units_a_time_and_what_was_done(changed):
    given = {"units": ("a",), "at": datetime(2024, 10, 1, tzinfo=UTC), "what": "raids"}
    assert Strike(**given).units == ("a",)
    with pytest.raises(InputError):
        Strike(**given | changed)
