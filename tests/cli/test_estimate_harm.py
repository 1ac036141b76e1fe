"""``cautery estimate harm`` and ``deterrence`` as a person runs them."""

from __future__ import annotations

import csv
import json
import xml.etree.ElementTree as ET
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest

from cautery.model.records import ProbeDone

from .conftest import Ran
from .notice_case import NOW, URL, Watched

Cautery = Callable[..., Ran]


@pytest.fixture
def audience(tmp_path: Path) -> Path:
    path = tmp_path / "audience.csv"
    rows = [f"Final,'=cmd|x,{minute},800,1000,1300" for minute in range(90)]
    path.write_text(
        "event,channel,minute,viewers_low,viewers_mid,viewers_high\n" + "\n".join(rows) + "\n"
    )
    return path


def test_harm_is_rows_from_to_and_no_number(cautery: Cautery, audience: Path) -> None:
    ran = cautery("estimate", "harm", audience, "--claim", "EUR 5 million/events")
    assert ran.code == 0, ran.err
    assert "They go to the next source\t0\t" in ran.out
    assert "F91" not in ran.out  # of films
    assert "no number in between is more likely" in ran.out
    assert "FLAGGED: EUR 5 million/events does not fit" in ran.out
    assert "4 to 12 viewings" in ran.err


def test_json_csv_and_picture_agree_and_no_cell_is_a_formula(
    cautery: Cautery, audience: Path, tmp_path: Path
) -> None:
    out, svg = tmp_path / "harm.csv", tmp_path / "harm.svg"
    ran = cautery("estimate", "harm", audience, "--csv", out, "--plot", svg, "--json")
    assert ran.code == 0, ran.err
    body = json.loads(ran.out)
    rows = list(csv.DictReader(out.read_text().splitlines()))
    totals = {row["assumption"]: float(row["low"]) for row in rows if not row["event"]}
    assert totals == {one["id"]: one["total"]["low"] for one in body["assumptions"]}
    assert {row["channel"] for row in rows} == {"", "'=cmd|x"}
    assert body["range"]["high"] == max(
        one["total"]["high"] for one in body["assumptions"] if one["in_range"]
    )
    ET.parse(svg)


def test_a_year_of_users_judges_the_headline_beside_what_others_published(cautery: Cautery) -> None:
    ran = cautery(
        "estimate", "harm", "--users", "1.5e6:4e6:7.7e6", "--claim", "EUR 10 billion a year"
    )
    assert ran.code == 0, ran.err
    assert "FLAGGED: EUR 10 billion a year does not fit" in ran.out
    assert "the claim is 34 times that" in ran.out


def test_a_case_counts_streams_and_viewers_are_your_word(
    cautery: Cautery, proven_case: Watched
) -> None:
    for minute in range(1, 6):
        proven_case.write(
            ProbeDone(
                url=URL, at=NOW - timedelta(minutes=30 - minute), observation=None, failed=None
            )
        )
    ran = cautery("estimate", "harm", proven_case.path)
    assert ran.code != 0
    assert "nobody sees from outside how many watch a stream" in ran.err
    ran = cautery(
        "estimate", "harm", proven_case.path, "--viewers-per-stream", "50:300:2000", "--json"
    )
    assert ran.code == 0, ran.err
    body = json.loads(ran.out)
    (curve,) = body["audience"]
    assert curve["event"] == "match"
    assert curve["peak"][0] == pytest.approx(50)
    assert any("by your word" in note for note in body["notes"])


@pytest.mark.parametrize(
    ("arguments", "rule"),
    [
        ((), "needs either an audience or --users"),
        (("AUDIENCE", "--users", "1:2:3"), "needs either"),
        (("--users", "3:2:1"), "--users: 3, 2, 1"),
        (("--users", "1:2"), "not an interval"),
        (("--users", "nan:1:2"), "finite"),
        (("--users", "-1:1:2"), "none of them negative"),
        (("--users", "1:2:1e12"), "more than people alive"),
        (("--users", "1:2:3", "--viewers-per-stream", "1:2:3"), "belongs to a case"),
        (("AUDIENCE", "--viewers-per-stream", "1:2:3"), "belongs to a case"),
        (("AUDIENCE", "--content", "opera"), "not a content"),
        (("AUDIENCE", "--price", "3 GBP/month"), "no exchange rate for GBP"),
        (("AUDIENCE", "--price", "free"), "not a price"),
        (("AUDIENCE", "--rate", "GBP=x"), "not a valid rate"),
        (("AUDIENCE", "--rate", "GBP=1", "--rate", "gbp=2"), "given twice"),
        (("AUDIENCE", "--claim", "EUR 1 million a year"), "another time"),
        (("AUDIENCE", "--claim", "USD 1 million/events"), "USD"),
        (("nowhere.csv",), "nowhere.csv"),
        (("AUDIENCE", "--assumptions", "nowhere.toml"), "nowhere.toml"),
    ],
)
def test_what_cannot_be_is_refused_in_a_sentence(
    cautery: Cautery, audience: Path, arguments: tuple[str, ...], rule: str
) -> None:
    ran = cautery(
        "estimate", "harm", *(audience if each == "AUDIENCE" else each for each in arguments)
    )
    assert ran.code != 0
    assert rule in ran.err
    assert "Traceback" not in ran.err


def test_own_assumptions_replace_the_published_ones(
    cautery: Cautery, audience: Path, tmp_path: Path
) -> None:
    own = tmp_path / "own.toml"
    own.write_text(
        'title = "mine"\nviewings_a_month = [1, 1]\nviewings_source = "m"\n'
        'most_viewers_over_peak = 1.0\nviewers_source = "m"\n[[assumption]]\nid = "half"\n'
        'title = "Half"\nshare = [0.5, 0.5]\nevidence = "judgement"\nsource = "m"\n'
        'price = { low = 4, high = 4, currency = "EUR", per = "viewing" }\n'
    )
    ran = cautery("estimate", "harm", audience, "--assumptions", own, "--json")
    body = json.loads(ran.out)
    assert [one["id"] for one in body["assumptions"]] == ["half"]
    assert body["range"]["low"] == pytest.approx(1600, rel=0.01)
    own.write_bytes(b"\xff")
    assert "not UTF-8" in cautery("estimate", "harm", audience, "--assumptions", own).err


# -- deterrence ------------------------------------------------------------------------------------


def test_literature_and_what_was_measured_here_stand_apart(
    cautery: Cautery, tmp_path: Path
) -> None:
    ran = cautery("estimate", "deterrence", "takedown", "--wave", 2, "--sites", 30)
    assert ran.code == 0, ran.err
    assert "attacks in all: -5 to +5 %" in ran.out
    assert "not measured here" in ran.out
    effect = tmp_path / "effect.json"
    estimate = {"quantity": "effect", "unit": "log", "low": -0.7, "mid": -0.5, "high": -0.2}
    effect.write_text(json.dumps({"effects": [{"unit_name": "x", "estimate": estimate}]}))
    ran = cautery("estimate", "deterrence", "block", "--sites", 53, "--measured", effect)
    assert "effect\t-0.7\t-0.5\t-0.2\tlog" in ran.out
    assert "not measured here" not in ran.out


def test_deterrence_as_json_keeps_studies_and_measurements_apart(
    cautery: Cautery, proven_case: Watched
) -> None:
    ran = cautery("estimate", "deterrence", "block", "--case", proven_case.path, "--json")
    body = json.loads(ran.out)
    assert [one["id"] for one in body["studies"]] == ["block-one"]
    assert body["measured"] == []
    assert "piracy" not in body["studies"][0]["quantity"]


@pytest.mark.parametrize(
    ("content", "rule"),
    [
        ("[" * 100_000, "not valid JSON"),
        ("{", "not valid JSON"),
        ("[1, 2]", "no estimate"),
        ('{"low": 3, "mid": 2, "high": 1, "unit": "x"}', "no estimate"),
        ('{"low": NaN, "mid": NaN, "high": NaN, "unit": "x"}', "no estimate"),
        ('{"low": true, "mid": true, "high": true, "unit": "x"}', "no estimate"),
        ('{"low": 1e999, "mid": 1e999, "high": 1e999, "unit": "x"}', "no estimate"),
        ('{"low": 1' + "0" * 400 + ', "mid": 1, "high": 1, "unit": "x"}', "no estimate"),
    ],
)
def test_what_holds_no_estimate_is_refused(
    cautery: Cautery, tmp_path: Path, content: str, rule: str
) -> None:
    path = tmp_path / "effect.json"
    path.write_text(content)
    ran = cautery("estimate", "deterrence", "block", "--measured", path)
    assert ran.code != 0
    assert rule in ran.err


@pytest.mark.parametrize(
    "arguments", [("raid",), ("block", "--wave", "0"), ("block", "--sites", "-3")]
)
def test_what_is_no_act_is_refused(cautery: Cautery, arguments: tuple[str, ...]) -> None:
    ran = cautery("estimate", "deterrence", *arguments)
    assert ran.code != 0
    assert "Traceback" not in ran.err
