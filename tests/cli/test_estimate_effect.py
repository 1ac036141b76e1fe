"""``cautery estimate effect``: tables a newcomer reads, files, and clear faults for bad input."""

import json
from datetime import UTC, date, datetime, timedelta

import numpy as np
import pytest

from cautery.model import DarkProbe
from cautery.model.message import as_written
from cautery.model.records import ReferralPublished

HEAD = "unit,market,day,measure,value,probes,vantage"
FIRST = date(2024, 1, 1)
ROW = 120
STRUCK = FIRST + timedelta(days=ROW)


def rows(unit, market, values, *, measure="level", vantage="resolver"):
    return [
        f"{unit},{market},{FIRST + timedelta(days=place)},{measure},{value},20,{vantage}"
        for place, value in enumerate(values)
    ]


def services(*, markets=("IT", "ES", "FR", "DE"), left=0.4, days=170):
    rng = np.random.default_rng(1)
    lines = [HEAD]
    for number in range(12):
        values = 1000 * np.exp(rng.normal(0, 0.05, days))
        if number == 0:
            values[ROW:] *= left
        lines += rows(f"net-{number}", markets[number % len(markets)], np.round(values, 3))
    return lines


@pytest.fixture
def folder(tmp_path):
    place = tmp_path / "lookups"
    place.mkdir()
    shares = np.where(np.arange(170) < ROW, 0.95, 0.5)
    lines = [*services(), *rows("net-0", "IT", shares, measure="served", vantage="probes")]
    (place / "daily.csv").write_text("\n".join(lines))
    (place / "strikes.csv").write_text(f"at,units,what\n{STRUCK}T06:00:00Z,net-0,seizure\n")
    return place


def test_what_the_strike_did_is_told_drawn_and_written(cautery, folder, tmp_path):
    plot, table = tmp_path / "e.svg", tmp_path / "e.csv"
    ran = cautery("estimate", "effect", folder, "--json", "--plot", plot, "--csv", table)
    assert ran.code == 0, ran.err
    told = json.loads(ran.out)
    [effect] = told["effects"]
    assert effect["effect"]["low"] < np.log(0.4) < effect["effect"]["high"]
    [gain] = told["displacements"]
    assert (gain["claimed"], gain["receivers"]) == (False, ["net-4", "net-8"])
    month, quarter = told["served"]
    assert month["area"]["mid"] == pytest.approx(30 * 0.5 / 0.95, rel=0.02)
    assert "data end 49 days after" in quarter["cannot_be_said"]
    assert plot.read_text().startswith("<?xml")
    header, *days = table.read_text().splitlines()
    assert header.startswith("unit,market,day,observed")
    assert days[-1].split(",")[2] == str(STRUCK + timedelta(days=30))


def test_the_tables_name_the_change_and_its_interval(cautery, folder):
    ran = cautery("estimate", "effect", folder)
    assert ran.code == 0, ran.err
    assert "net-0\tIT\t2024-04-30\t-6" in ran.out
    assert "not shown" in ran.out
    assert "no calendar of fixtures" in ran.err


def test_a_file_alone_needs_the_day_and_the_service(cautery, folder):
    daily = folder / "daily.csv"
    for words, why in (
        ((), "no strike is known"),
        (("--strike", STRUCK), "Say whom it hit"),
        (("--unit", "net-0"), "no strike is known on net-0"),
        (("--unit", "net-77", "--strike", STRUCK), "no series of this service"),
        (("--unit", "net-0", "--strike", "30.04.2024"), "not a valid day"),
        (("--unit", "net-0", "--strike", f"{STRUCK}T06:00"), "without its zone"),
    ):
        ran = cautery("estimate", "effect", daily, *words)
        assert ran.code != 0
        assert why in ran.err
    ran = cautery("estimate", "effect", daily, "--unit", "net-0", "--strike", STRUCK, "--json")
    assert json.loads(ran.out)["effects"][0]["effect"]["high"] < -0.5


@pytest.mark.parametrize(
    ("day", "why"),
    [
        (date(2023, 5, 1), "before the first day"),
        (date(2025, 5, 1), "after the last day"),
        (FIRST + timedelta(days=40), "and 60 are needed"),
    ],
)
def test_a_strike_that_the_data_cannot_tell_of_has_its_reason(cautery, folder, day, why):
    ran = cautery("estimate", "effect", folder / "daily.csv", "--unit", "net-0", "--strike", day)
    assert ran.code == 0, ran.err
    assert "cannot be said" in ran.out
    assert why in ran.out


def test_one_market_alone_is_told_to_be_less_certain(cautery, tmp_path):
    path = tmp_path / "daily.csv"
    path.write_text("\n".join(services(markets=("IT",))))
    ran = cautery("estimate", "effect", path, "--unit", "net-0", "--strike", STRUCK, "--json")
    told = json.loads(ran.out)
    assert any("own past" in note for note in told["effects"][0]["notes"])
    assert "no other market" in told["displacements"][0]["cannot_be_said"]


@pytest.mark.parametrize(
    ("line", "why"),
    [
        (f"net-0,IT,{FIRST},level,5,1,resolver", "counted twice"),
        (f"net-0,IT,{FIRST - timedelta(days=1)},level,-5,1,resolver", "not negative"),
        (f"net-0,IT,{FIRST - timedelta(days=1)},level,nan,1,resolver", "finite"),
        ("net-0,IT,yesterday,level,5,1,resolver", "not a valid day"),
    ],
)
def test_rows_that_cannot_be_are_refused_with_file_and_line(cautery, folder, line, why):
    daily = folder / "daily.csv"
    daily.write_text(daily.read_text() + "\n" + line)
    ran = cautery("estimate", "effect", folder)
    assert ran.code != 0
    assert why in ran.err
    assert f"{daily}: line" in ran.err


def test_a_calendar_without_zones_is_noted_and_one_that_is_none_refused(cautery, folder):
    book = folder / "fixtures.ics"
    book.write_text(
        "BEGIN:VCALENDAR\r\nBEGIN:VEVENT\r\nUID:1\r\nSUMMARY:Home v Away\r\n"
        "DTSTART:20240210T200000\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n"
    )
    ran = cautery("estimate", "effect", folder)
    assert ran.code == 0, ran.err
    assert "names no time zone" in ran.err
    book.write_text("all matches are on Sunday")
    ran = cautery("estimate", "effect", folder)
    assert ran.code != 0
    assert "not a calendar" in ran.err


def test_lifetimes_alone_are_told(cautery, tmp_path):
    lines = ["entity,kind,born,died,last_seen"]
    lines += [
        f"d{n}.example,domain,{FIRST},{FIRST + timedelta(days=9 + n)},{FIRST}" for n in range(20)
    ]
    (tmp_path / "lifetimes.csv").write_text("\n".join(lines))
    ran = cautery("estimate", "effect", tmp_path)
    assert ran.code == 0, ran.err
    assert "domain\tall\t20\t20\t18.0 days" in ran.out


def test_a_folder_without_tables_says_what_is_missing(cautery, tmp_path):
    ran = cautery("estimate", "effect", tmp_path)
    assert ran.code != 0
    assert "neither daily.csv nor lifetimes.csv" in ran.err


def test_a_case_tells_what_its_own_looks_saw_served(cautery, proven_case):
    now = datetime.now(UTC)
    probe = DarkProbe(
        url="http://p.example/1", target="p.example", intermediary="isp", at=now, dark=True,
        why=as_written("asked"),
    )  # fmt: skip
    proven_case.write(probe, ReferralPublished(referral="R", intermediary="isp", at=now))
    ran = cautery("estimate", "effect", proven_case.path, "--json")
    assert ran.code == 0, ran.err
    told = json.loads(ran.out)
    assert {one["vantage"] for one in told["served"]} >= {"isp"}
    assert all("probed in the two months before" in one["cannot_be_said"] for one in told["served"])
    assert any("no effect and no displacement" in note for note in told["notes"])
    assert told["effects"] == []
