"""Daily series, strikes and lifetimes: what is read, what is refused and on which line."""

import contextlib
import dataclasses
from datetime import UTC, date, datetime

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.counted import calls_of

from cautery.errors import InputError
from cautery.formats import daily as daily_format
from cautery.formats.daily import daily_table, read_daily, read_strikes, strikes_table
from cautery.formats.lifetimes import lifetimes_table, read_lifetimes
from cautery.model.daily import DailySeries, Measure, consecutive
from cautery.model.lifetimes import EntityKind, Lifetime

HEAD = b"unit,market,day,measure,value,probes,vantage\n"
GOOD = b"net-1,IT,2024-10-01,level,5,1,resolver-a\n"


def table(*rows):
    return [HEAD + b"".join(row.encode() + b"\n" for row in rows)]


def test_a_day_without_a_row_or_value_is_a_gap_and_zero_is_a_measurement():
    [series] = read_daily(
        table(
            "net-1,IT,2024-10-05,level,3.5,2,a",
            "net-1,IT,2024-10-01,level,0,1,a",
            "net-1,IT,2024-10-02,level,,,a",
        )
    )
    assert series.days == consecutive(date(2024, 10, 1), 5)
    assert np.array_equal(series.values, [0, np.nan, np.nan, np.nan, 3.5], equal_nan=True)
    assert series.probes.tolist() == [1, 0, 0, 0, 2]
    assert series.measured.tolist() == [True, False, False, False, True]


def test_each_unit_market_and_vantage_has_its_own_series():
    series = read_daily(
        table(
            "b,IT,2024-10-01,level,1,1,a",
            "a,IT,2024-10-01,level,1,1,a",
            "a,ES,2024-10-01,level,1,1,a",
            "a,ES,2024-10-01,served,1,9,probes",
        )
    )
    assert [(one.unit, one.market, one.vantage) for one in series] == [
        ("a", "ES", "a"),
        ("a", "ES", "probes"),
        ("a", "IT", "a"),
        ("b", "IT", "a"),
    ]


def test_a_level_without_a_number_of_sensors_rests_on_one():
    [series] = read_daily(table("net-1,XX,2024-10-01,level,7,,a"))
    assert series.probes.tolist() == [1]


@pytest.mark.parametrize(
    ("row", "why"),
    [
        ("net-1,IT,2024-10-01,level,5,1,resolver-a", "stands on line 2"),
        ("net-1,IT,2024-10-02,level,-5,1,resolver-a", "not negative"),
        ("net-1,IT,2024-10-02,level,inf,1,resolver-a", "finite"),
        ("net-1,IT,2024-10-02,level,nan,1,resolver-a", "finite"),
        ("net-1,IT,2024-10-02,level,1e999,1,resolver-a", "finite"),
        ("net-1,IT,2024-10-02,level,1e16,1,resolver-a", "more than"),
        ("net-1,IT,2024-10-02,level,5 000,1,resolver-a", "finite"),
        ("net-1,IT,2024-10-02,level,٣,1,resolver-a", "finite"),
        ("net-1,IT,2024-10-02,served,0.5,9,resolver-a", "as level on line 2"),
        ("net-1,IT,2024-10-02,served,55,9,probes", "from 0 to 1"),
        ("net-1,IT,2024-10-02,served,0.5,,probes", "no probe"),
        ("net-1,IT,2024-10-02,level,5,0,resolver-a", "no probe"),
        ("net-1,IT,2024-10-02,level,,3,resolver-a", "no value"),
        ("net-1,IT,2024-10-02,level,5,-1,resolver-a", "not negative"),
        ("net-1,IT,2024-10-02,users,5,1,resolver-a", "level or served"),
        ("net-1,Italy,2024-10-02,level,5,1,resolver-a", "market 'Italy'"),
        ("net-1,UK,2024-10-02,level,5,1,resolver-a", "is GB"),
        ("net-1,,2024-10-02,level,5,1,resolver-a", "market"),
        ("net-1,IT,2024-10-02,level,5,1,", "vantage"),
        (",IT,2024-10-02,level,5,1,resolver-a", "unit"),
        ("net 1,IT,2024-10-02,level,5,1,resolver-a", "no spaces"),
        ("net-1,IT,2024-13-02,level,5,1,resolver-a", "not a valid day"),
        ("net-1,IT,20241002,level,5,1,resolver-a", "not a valid day"),
        ("net-1,IT,1970-01-01,level,5,1,resolver-a", "the year"),
        ("net-1,IT,2024-10-02,level,5,1,resolver-a,more", "more fields"),
    ],
)
def test_a_bad_row_is_refused_with_its_line(row, why):
    with pytest.raises(InputError, match=f"line 3: .*{why}"):
        read_daily([HEAD + GOOD + row.encode() + b"\n"])


@pytest.mark.parametrize(
    ("raw", "why"),
    [
        (b"", "no column unit"),
        (HEAD, "no row"),
        (b"unit,market,day,value,probes,vantage\n", "no column measure"),
        (b"unit,unit,market,day,measure,value,probes,vantage\n", "same column twice"),
        (HEAD + b"\xff\xfe\n", "line 2: not UTF-8"),
        (HEAD + b'"net-1,IT\n' + GOOD * 3, "line 5"),
        (HEAD + b"x" * 70_000, "a line of more than"),
    ],
)
def test_what_is_no_table_of_days_is_refused(raw, why):
    with pytest.raises(InputError, match=why):
        read_daily([raw])


def test_two_rows_decades_apart_cost_no_memory():
    with pytest.raises(InputError, match="more than 4,000"):
        read_daily([HEAD + GOOD + GOOD.replace(b"2024", b"2099")])


def test_limits_of_rows_series_cells_and_bytes(monkeypatch):
    rows = table("a,IT,2024-10-01,level,1,1,a", "b,IT,2024-10-09,level,1,1,a")
    for name, most, why in (
        ("MOST_ROWS", 1, "more than 1 rows"),
        ("MOST_SERIES", 1, "more than 1 series"),
        ("MOST_CELLS", 1, "have 2 days, more than 1"),
    ):
        with monkeypatch.context() as patch:
            patch.setattr(daily_format, name, most)
            with pytest.raises(InputError, match=why):
                read_daily(rows)
    monkeypatch.setattr("cautery.formats._day_rows.MOST_BYTES", 20)
    with pytest.raises(InputError, match="larger than 20 bytes"):
        read_daily(rows)


def test_a_row_costs_few_steps():
    rows = table(
        *(f"u{n // 20},IT,2025-01-{n % 20 + 1:02},served,0.5,3,resolver" for n in range(1000))
    )
    assert calls_of(lambda: read_daily(rows)) < 50 * 1000


names = st.text(
    st.characters(codec="utf-8", exclude_categories=("C", "Z")), min_size=1, max_size=12
).filter(str.isprintable)


@st.composite
def a_series(draw):
    count = draw(st.integers(1, 30))
    measure = draw(st.sampled_from(Measure))
    most = 1.0 if measure is Measure.SERVED else 1e9
    values = np.array(
        draw(
            st.lists(st.one_of(st.just(np.nan), st.floats(0, most)), min_size=count, max_size=count)
        )
    )
    values[[0, -1]] = 0.0  # what a file can say: days before the first measured are nobody's
    probes = np.where(np.isnan(values), 0, draw(st.integers(1, 10**9)))
    return DailySeries(
        unit=draw(names),
        market=draw(st.sampled_from(["IT", "XX", "ES"])),
        measure=measure,
        days=consecutive(date(2024, 2, 20), count),
        values=values,
        probes=probes,
        vantage=draw(names),
    )


@given(a_series(), st.integers(1, 50))
@settings(deadline=None)
def test_what_is_written_is_read_again_whatever_the_pieces(series, piece):
    raw = daily_table([series])
    [read] = read_daily(raw[at : at + piece] for at in range(0, len(raw), piece))
    assert dataclasses.astuple(read)[:4] == dataclasses.astuple(series)[:4]
    assert np.array_equal(read.values, series.values, equal_nan=True)
    assert np.array_equal(read.probes, series.probes)
    assert read.vantage == series.vantage


def test_a_name_that_is_a_formula_runs_in_no_spreadsheet_and_is_read_back():
    [series] = read_daily(table("=1+1,IT,2024-10-01,level,1,1,@a"))
    raw = daily_table([series])
    assert b"'=1+1,IT" in raw
    assert read_daily([raw])[0].unit == "=1+1"


@given(st.binary(max_size=300))
@settings(deadline=None)
def test_any_bytes_get_an_answer(raw):
    for read, head in (
        (read_daily, HEAD),
        (read_strikes, b"at,units,what\n"),
        (read_lifetimes, b"entity,kind,born,died,last_seen\n"),
    ):
        with contextlib.suppress(InputError):
            assert len(read([head + raw])) <= 300


def test_strikes_are_read_in_utc_by_time():
    raw = (
        b"at,units,what\n2024-11-26T07:00:00+01:00,net-1 net-2,raids\n2024-01-02T00:00:00Z,net-3,\n"
    )
    first, second = read_strikes([raw])
    assert (first.units, first.what) == (("net-3",), "strike")
    assert second.at == datetime(2024, 11, 26, 6, tzinfo=UTC)
    assert read_strikes([strikes_table((first, second))]) == (first, second)


@pytest.mark.parametrize(
    ("row", "why"),
    [
        (",net-1,raids", "time of the strike is missing"),
        ("2024-11-26T06:00:00,net-1,raids", "without its zone"),
        ("2024-11-26,net-1,raids", "without its zone"),
        ("yesterday,net-1,raids", "not a valid time"),
        ("0001-01-01T00:00:00+14:00,net-1,raids", "not a valid time"),
        ("1999-01-01T00:00:00Z,net-1,raids", "the year"),
        ("2024-11-26T06:00:00Z,,raids", "names no unit"),
        ("2024-11-26T06:00:00Z,net-1 net-1,raids", "twice"),
        ("2024-11-20T06:00:00Z,net-9,raids", "stands on line 2"),
    ],
)
def test_a_bad_strike_is_refused_with_its_line(row, why):
    raw = f"at,units,what\n2024-11-20T06:00:00Z,net-9,raids\n{row}\n"
    with pytest.raises(InputError, match=f"line 3: .*{why}"):
        read_strikes([raw.encode()])


LIVES = (
    Lifetime(
        entity="a.example",
        kind=EntityKind.DOMAIN,
        born=date(2024, 1, 1),
        died=date(2024, 1, 9),
        last_seen=date(2024, 1, 8),
    ),
    Lifetime(
        entity="panel-2",
        kind=EntityKind.PANEL,
        born=date(2024, 1, 1),
        died=None,
        last_seen=date(2024, 3, 1),
        group="under blocking",
    ),
)


def test_lifetimes_are_read_as_written_and_an_empty_death_is_censored():
    assert read_lifetimes([lifetimes_table(LIVES)]) == LIVES
    assert [life.lived_d for life in LIVES] == [8, 60]


def test_lifetimes_need_no_group():
    raw = b"entity,kind,born,died,last_seen\na.example,domain,2024-01-01,,2024-01-05\n"
    assert read_lifetimes([raw])[0].group == ""


@pytest.mark.parametrize(
    ("row", "why"),
    [
        ("b.example,website,2024-01-01,,2024-01-05", "must be one of domain"),
        ("b.example,domain,2024-01-09,2024-01-05,2024-01-05", "before it was born"),
        ("b.example,domain,2024-01-09,,2024-01-05", "before it was born"),
        ("b.example,domain,2024-01-01,2024-01-05,2024-01-06", "after its death"),
        ("b.example,domain,,2024-01-05,2024-01-05", "born"),
        ("a.example,domain,2024-01-01,,2024-01-05", "on line 2"),
    ],
)
def test_a_bad_lifetime_is_refused_with_its_line(row, why):
    raw = f"entity,kind,born,died,last_seen\na.example,domain,2024-01-01,,2024-01-05\n{row}\n"
    with pytest.raises(InputError, match=f"line 3: .*{why}"):
        read_lifetimes([raw.encode()])
