"""A daily world as a folder: a user's files on one side, the truth on the other."""

import json
from xml.etree import ElementTree as ET

import numpy as np
import pytest

from cautery.errors import InputError
from cautery.formats.daily import read_daily, read_strikes
from cautery.formats.ical import read_ical
from cautery.formats.lifetimes import read_lifetimes
from cautery.lab.daily import daily_world
from cautery.lab.daily.folder import write_daily
from cautery.lab.daily.picture import picture
from cautery.model.daily import Measure


@pytest.fixture(scope="module")
def world():
    return daily_world(7, displacement=0.6)


@pytest.fixture(scope="module")
def folder(world, tmp_path_factory):
    place = tmp_path_factory.mktemp("lab") / "days"
    write_daily(*world, place)
    return place


def read(folder, name):
    return [(folder / "sources" / name).read_bytes()]


def test_a_user_reads_back_what_the_vantages_saw(world, folder):
    written = {
        (row.unit, row.market, row.vantage): row for row in read_daily(read(folder, "daily.csv"))
    }
    assert len(written) == len(world[0].series)
    for row in world[0].series:
        again = written[row.unit, row.market, row.vantage]
        known = np.flatnonzero(row.measured)
        span = slice(known[0], known[-1] + 1)  # a file does not say when nobody began to measure
        assert again.measure is row.measure
        assert again.days == row.days[span]
        assert np.array_equal(again.values, row.values[span], equal_nan=True)
        assert np.array_equal(again.probes, row.probes[span])


def test_strikes_lifetimes_and_fixtures_are_read_back(world, folder):
    sources = world[0]
    assert read_strikes(read(folder, "strikes.csv")) == sources.strikes
    assert read_lifetimes(read(folder, "lifetimes.csv")) == sources.lifetimes
    assert tuple(read_ical(read(folder, "fixtures.ics"))) == sources.fixtures


def test_the_truth_lies_outside_of_the_sources_and_in_none_of_them(world, folder):
    truth = json.loads((folder / "truth.json").read_text())
    assert truth["struck"][0]["log_effect_30_d"] == world[1].struck[0].effect[30]
    assert all(choice["basis"] for choice in truth["choices"])
    assert {path.name for path in (folder / "sources").iterdir()} == {
        "daily.csv",
        "strikes.csv",
        "fixtures.ics",
        "lifetimes.csv",
    }
    heads = [
        (folder / "sources" / name).read_text().split("\n", 1)[0].strip()
        for name in ("daily.csv", "strikes.csv", "lifetimes.csv")
    ]
    assert heads == [
        "unit,market,day,measure,value,probes,vantage",
        "at,units,what",
        "entity,kind,born,died,last_seen,group",
    ]


def test_a_world_is_not_written_over_another(world, folder):
    with pytest.raises(InputError, match="not empty"):
        write_daily(*world, folder)


def texts(svg):
    return [text for node in ET.fromstring(svg).iter() for text in [node.text or ""]]


def test_the_picture_marks_each_strike_and_is_the_same_twice(world):
    svg = picture(world[0])
    assert svg == picture(world[0])
    unit = world[0].strikes[0].units[0]
    assert f"{unit}: seizure of panels" in texts(svg)
    assert {"struck", "same markets", "far markets"} <= set(texts(svg))


def test_a_world_in_peace_has_a_picture_too():
    assert "All networks" in texts(picture(daily_world(3, strikes=0)[0]))


def test_a_file_may_be_read_by_an_estimator_that_knows_only_the_series(folder):
    assert {row.measure for row in read_daily(read(folder, "daily.csv"))} == set(Measure)
