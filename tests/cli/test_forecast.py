"""``cautery estimate forecast`` and ``cautery lab tournament`` as a person runs them."""

import csv
import io
import json
import xml.etree.ElementTree as ET

import pytest


@pytest.fixture
def changes(tmp_path):
    """A list that holds many entries each weekend."""
    rows = ["time,op,ip"]
    for week in range(10):
        for number in range(40):
            day = 3 + 7 * week
            month, at = (1, day) if day <= 31 else (2, day - 31)
            month, at = (month, at) if at <= 28 or month == 1 else (3, at - 28)
            rows.append(f"2026-{month:02d}-{at:02d}T15:00:00Z,+,192.0.2.{number}")
        for number in range(40):
            day = 5 + 7 * week
            month, at = (1, day) if day <= 31 else (2, day - 31)
            month, at = (month, at) if at <= 28 or month == 1 else (3, at - 28)
            rows.append(f"2026-{month:02d}-{at:02d}T03:00:00Z,-,192.0.2.{number}")
    path = tmp_path / "list.csv"
    path.write_text("\n".join(rows) + "\n")
    return path


def test_a_list_is_forecast_with_a_picture(cautery, changes, tmp_path):
    ran = cautery("estimate", "forecast", str(changes), "--plot", str(tmp_path / "f.svg"))
    assert ran.code == 0
    assert len([line for line in ran.out.splitlines() if "2026-03" in line]) == 7
    assert "median error" in ran.err
    root = ET.fromstring((tmp_path / "f.svg").read_text())
    assert root.tag.endswith("svg")
    assert "list (XX)" in (tmp_path / "f.svg").read_text()


def test_json_is_one_object_with_intervals(cautery, changes):
    ran = cautery("estimate", "forecast", str(changes), "--days", "3", "--streams", "50", "--json")
    [line] = ran.out.splitlines()
    body = json.loads(line)
    [level] = body["levels"]
    assert len(level["days"]) == len(body["capacity"]) == 3
    assert level["days"][0]["estimate"]["coverage"] == 0.9
    assert body["costs"]["probes_a_minute_and_core"]["low"] > 0
    assert body["deadlines"] == []


def test_a_tournament_is_built_and_its_gaps_are_named(cautery, tmp_path):
    world = tmp_path / "cup"
    built = cautery("lab", "tournament", str(world), "--seed", "7", "--json")
    made = json.loads(built.out)
    assert made["matches"] == 51
    ran = cautery(
        "estimate", "forecast", str(world), "--csv", str(tmp_path / "t.csv"),
        "--ics", str(tmp_path / "t.ics"), "--days", "2",
    )  # fmt: skip
    assert ran.code == 0
    assert "ends before it" in ran.out
    assert "nobody on call from" in ran.out
    assert "no reference of this channel" in ran.out
    rows = list(csv.DictReader(io.StringIO((tmp_path / "t.csv").read_text())))
    assert {row["kind"] for row in rows} == {"level", "event", "ready"}
    missing = [row for row in rows if row["standing"] == "missing"]
    assert len(missing) == sum(gap["matches"] for gap in made["gaps"])
    assert (tmp_path / "t.ics").read_bytes().startswith(b"BEGIN:VCALENDAR")


def test_a_formula_in_a_calendar_does_not_run_in_the_table(cautery, changes, tmp_path):
    calendar = tmp_path / "c.ics"
    calendar.write_text(
        "BEGIN:VCALENDAR\nBEGIN:VEVENT\nUID:1\nSUMMARY:=cmd|calc v \x1b[31mred\n"
        "DTSTART:20260312T190000Z\nEND:VEVENT\nEND:VCALENDAR\n"
    )
    ran = cautery(
        "estimate", "forecast", str(changes), "--calendar", str(calendar), "--csv",
        str(tmp_path / "t.csv"),
    )  # fmt: skip
    assert ran.code == 0
    assert "\x1b[31m" not in ran.out
    assert "not identified" in (tmp_path / "t.csv").read_text()
    assert not any(
        cell.startswith("=")
        for row in csv.reader(io.StringIO((tmp_path / "t.csv").read_text()))
        for cell in row
    )


@pytest.mark.parametrize(
    ("arguments", "why"),
    [
        (["nothing.csv"], "no such file"),
        (["."], "no daily.csv"),
        (["list.csv", "--zone", "Mars/Base"], "not a zone"),
        (["list.csv", "--zone", "../etc/passwd"], "not a zone"),
        (["list.csv", "--streams", "0"], "streams"),
        (["list.csv", "--unit", "other"], "no level series"),
        (["short.csv"], "measured days"),
        (["list.csv", "--calendar", "list.csv"], "not a calendar"),
    ],
)
@pytest.mark.usefixtures("changes")
def test_what_is_wrong_is_said(cautery, tmp_path, monkeypatch, arguments, why):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "short.csv").write_text("time,op,ip\n2026-01-01T00:00:00Z,+,a\n")
    (tmp_path / "c.ics").write_text("BEGIN:VCALENDAR\nEND:VCALENDAR\n")
    if "--zone" in arguments:
        arguments = [*arguments, "--calendar", "c.ics"]
    ran = cautery("estimate", "forecast", *arguments)
    assert ran.code == 2
    assert why in ran.err
