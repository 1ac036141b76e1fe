"""``cautery estimate kpi`` as a person runs it."""

from __future__ import annotations

import csv
import json
import shutil
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest

from cautery.model.records import ProbeDone
from cautery.workflows.operation.seizure_site.offers import EXAMPLE

from .conftest import Ran
from .notice_case import NOW, URL, Watched
from .test_complaint import published

Cautery = Callable[..., Ran]


@pytest.fixture
def case(proven_case: Watched) -> Watched:
    published(proven_case)
    proven_case.write(ProbeDone(url=URL, at=NOW, observation=None, failed=None))
    return proven_case


def sheet(ran: Ran) -> dict[str, dict[str, object]]:
    assert ran.code == 0, ran.err
    families = json.loads(ran.out)["families"]
    return {row["id"]: row for rows in families.values() for row in rows}


def test_the_sheet_counts_what_the_case_holds(cautery: Cautery, case: Watched) -> None:
    rows = sheet(cautery("estimate", "kpi", case.path, "--json"))
    assert rows["events"]["count"] == 1
    assert rows["streams-proven"]["count"] == 2
    assert rows["hosts-proven"]["count"] == 1
    assert rows["targets"]["count"] == 2
    assert rows["targets-mistaken"]["high"] == pytest.approx(0.842, abs=0.001)
    assert rows["notices-gone"]["kind"] == "not measured"
    assert rows["notices-gone"]["need"] == "no notice was sent"


def test_the_table_says_what_is_not_measured(cautery: Cautery, case: Watched) -> None:
    ran = cautery("estimate", "kpi", case.path)
    assert ran.code == 0, ran.err
    assert "campaigns that raise awareness\tnot measured" in ran.out
    assert "\ufffd" not in ran.out
    assert "own probes saw" in ran.err


def test_csv_and_page_are_written_whole_and_hold_no_person(
    cautery: Cautery, case: Watched, tmp_path: Path
) -> None:
    out, html = tmp_path / "kpi.csv", tmp_path / "kpi.html"
    ran = cautery(
        "estimate", "kpi", case.path, "--csv", out, "--html", html,
        *("--language", "fr", "--language", "en"),
    )  # fmt: skip
    assert ran.code == 0, ran.err
    rows = list(csv.DictReader(out.read_text().splitlines()))
    assert {row["family"] for row in rows} == {
        "volume", "notices", "cooperation", "injunctions", "offer",
    }  # fmt: skip
    page = html.read_text()
    assert page.index("Retransmission non autoris\u00e9e") < page.index("Unauthorised")
    for name in ("anna", "bert", "edge.pirate.example"):
        assert name not in out.read_text() + page


def test_a_folder_of_cases_and_copies_count_each_case_once(
    cautery: Cautery, case: Watched, tmp_path: Path
) -> None:
    cases = tmp_path / "cases"
    shutil.copytree(case.path, cases / "one")
    shutil.copytree(case.path, cases / "two")
    ran = cautery("estimate", "kpi", cases, case.path, "--json")
    body = json.loads(ran.out)
    assert body["cases"] == 1
    assert any("count once" in note for note in body["notes"])
    assert sheet(ran)["streams-proven"]["count"] == 2


def test_a_period_without_the_event_holds_nothing_of_it(cautery: Cautery, case: Watched) -> None:
    before = (NOW - timedelta(days=9)).date().isoformat()
    rows = sheet(cautery("estimate", "kpi", case.path, "--to", before, "--json"))
    assert rows["events"]["count"] == 0
    assert rows["streams-proven"]["count"] == 0
    since = (NOW - timedelta(days=2)).date().isoformat()
    rows = sheet(cautery("estimate", "kpi", case.path, "--from", since, "--json"))
    assert rows["events"]["count"] == 1


def test_a_list_of_offers_fills_the_fifth_family(
    cautery: Cautery, case: Watched, tmp_path: Path
) -> None:
    offers = tmp_path / "offers.toml"
    offers.write_text(EXAMPLE)
    rows = sheet(cautery("estimate", "kpi", case.path, "--offers", offers, "--json"))
    assert rows["offers"]["count"] == 2
    assert rows["offers-free"]["count"] == 1
    offers.write_text("[page]\n")
    assert cautery("estimate", "kpi", case.path, "--offers", offers).code != 0


@pytest.mark.parametrize(
    ("arguments", "rule"),
    [
        (("nowhere",), "neither a case nor a folder with cases"),
        (("CASE", "--from", "yesterday"), "--from: 'yesterday' is not a day"),
        (("CASE", "--from", "0001-01-01"), "not a day of this millennium"),
        (("CASE", "--to", "9999-12-31"), "not a day of this millennium"),
        (("CASE", "--from", "2026-02-02", "--to", "2026-02-01"), "is before"),
        (("CASE", "--language", "xx"), "'xx' is not known"),
        (("CASE", "--html", "CASE"), "case"),
    ],
)
def test_what_cannot_be_is_refused_in_a_sentence(
    cautery: Cautery, case: Watched, arguments: tuple[str, ...], rule: str
) -> None:
    given = [str(case.path) if each == "CASE" else each for each in arguments]
    ran = cautery("estimate", "kpi", *given)
    assert ran.code != 0
    assert rule in ran.err
    assert "Traceback" not in ran.err
