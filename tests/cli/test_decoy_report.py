"""What blind tests come to, on the terminal, as CSV, as JSON and as a page."""

from __future__ import annotations

import csv
import io
import json
import stat
from collections.abc import Callable
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path

import pytest
from tests.drawn import USUAL, drawn_case

from cautery.adapters.person_keys import create_approver
from cautery.lab.drawn_nights import MANDATE, NightRates
from cautery.messages import in_language
from cautery.model.decoys import RevealedBy
from cautery.pages.blind import blind_page
from cautery.wiring.blind import night_of

from .conftest import Ran

Cautery = Callable[..., Ran]
SPOTLESS = NightRates.even(0.0, 0.0, licensee_wrong=0.0)


def tables(text: str) -> list[list[str]]:
    return list(csv.reader(io.StringIO(text)))


def test_the_sentence_has_counts_and_bounds(cautery: Cautery, tmp_path: Path) -> None:
    drawn_case(tmp_path / "md1", SPOTLESS, own=40, look_alikes=40)
    ran = cautery("decoy", "report", tmp_path / "md1")
    assert ran.code == 0, ran.err
    said = " ".join(ran.err.split())
    assert "Missed 0 of 40 own streams (95 %: at most 7.2 %)." in said
    assert "Accused 0 of 40 innocents (at most 7.2 %)." in said
    assert "Licensee right for 40 of 40 that were caught." in said
    assert "The guard would have let an act hit 0 of 40 innocents (at most 7.2 %)." in said


def test_the_tables_add_up_to_what_happened(cautery: Cautery, tmp_path: Path) -> None:
    night = drawn_case(tmp_path / "md1", own=30, look_alikes=30)
    ran = cautery("decoy", "report", tmp_path / "md1", "--csv")
    lines = tables(ran.out)
    kinds = [row for row in lines[1:] if row[0] != "disguise"]
    own = next(row for row in kinds if row[0] == "own stream")
    judged = night.truth["missed"] + night.truth["caught"]
    assert own[1] == f"{night.truth['missed']} of {judged}"
    assert int(own[3]) == 30 - judged
    assert ran.code == 0


def test_each_decoy_is_a_row_if_asked_for(cautery: Cautery, tmp_path: Path) -> None:
    drawn_case(tmp_path / "md1", own=3, look_alikes=2)
    lines = tables(cautery("decoy", "report", tmp_path / "md1", "--trials", "--csv").out)
    assert lines[0][:3] == ["title", "address", "truly"]
    assert len(lines) == 6


def test_json_has_the_bounds_and_every_trial(cautery: Cautery, tmp_path: Path) -> None:
    night = drawn_case(tmp_path / "md1")
    ran = cautery("decoy", "report", tmp_path / "md1", "--json")
    body = json.loads(ran.out)
    assert body["counts"]["missed"]["part"] == night.truth["missed"]
    assert 0 < body["counts"]["missed"]["at_most"] < 1
    assert len(body["trials"]) == 40


def test_there_are_no_rates_before_all_is_revealed(cautery: Cautery, tmp_path: Path) -> None:
    drawn_case(tmp_path / "md1", revealed=False)
    ran = cautery("decoy", "report", tmp_path / "md1")
    assert ran.code == 1
    assert "0 of them are opened. There are no rates before all are." in ran.err
    assert "Missed" not in ran.out + ran.err


def test_a_case_without_decoys_says_so(
    cautery: Cautery, proven_case: object, tmp_path: Path
) -> None:
    ran = cautery("decoy", "report", proven_case.path)  # type: ignore[attr-defined]
    assert ran.code == 2
    assert "no decoys are planned in this case" in ran.err
    assert cautery("decoy", "season", tmp_path / "nothing").code == 2


def test_a_season_has_wider_intervals_than_its_decoys_alone_and_names_what_is_left_out(
    cautery: Cautery, tmp_path: Path
) -> None:
    for number, missed in enumerate((0.02, 0.4, 0.05, 0.3, 0.02)):
        rates = NightRates.even(missed, 0.0)
        drawn_case(tmp_path / f"md{number}", rates, seed=number, number=number, closed=True)
    drawn_case(tmp_path / "md9", seed=9, number=9, how=RevealedBy.ABANDONED, closed=True)
    cases = sorted(path for path in tmp_path.iterdir() if path.name.startswith("md"))
    ran = cautery("decoy", "season", *cases, "--json")
    body = json.loads(ran.out)
    missed = body["missed"]
    assert missed["nights"] == 5
    assert missed["high"] > missed["exact"]["high"]
    assert [night["night"] for night in body["left_out"]] == ["matchday-10"]
    shown = cautery("decoy", "season", *cases)
    assert "ended the test early: matchday-10." in " ".join(shown.err.split())
    assert "falsely once in 400 nights or more" in " ".join(shown.err.split())


def test_a_season_counts_closed_cases_of_one_organisation_as_they_were_signed(
    cautery: Cautery, tmp_path: Path
) -> None:
    drawn_case(tmp_path / "md0", closed=True)
    drawn_case(tmp_path / "open", number=1)
    drawn_case(tmp_path / "changed", number=2, closed=True)
    (tmp_path / "changed" / "report.html").write_text("another one")
    drawn_case(
        tmp_path / "rival", number=3, closed=True, mandate=replace(MANDATE, who="Rival League")
    )
    drawn_case(tmp_path / "no-lab", number=4, closed=True, mandate=replace(MANDATE, lab=False))
    page = tmp_path / "season.html"
    cases = [tmp_path / name for name in ("open", "md0", "changed", "rival", "no-lab")]
    ran = cautery("decoy", "season", *cases, "-o", page)
    assert ran.code == 1
    said = " ".join(ran.err.split())
    assert "1 night counts." in said
    for name, why in (
        ("open", "it is not closed, or not as it was signed"),
        ("changed", "it is not closed, or not as it was signed"),
        ("rival", "it is of another organisation"),
        ("no-lab", "one is of the lab, and the other is not"),
    ):
        assert f"Not counted: {tmp_path / name}: {why}." in said
        assert f"Not counted: {tmp_path / name}: {why}." in page.read_text()
    assert "report.html: changed" in said
    body = json.loads(cautery("decoy", "season", *cases, "--json").out)
    assert [each["why"] for each in body["uncounted"]] == [
        *("broken", "broken", "other-holder", "lab")
    ]
    assert [night["night"] for night in body["nights"]] == ["matchday-1"]


def test_with_keys_from_outside_only_the_cases_that_they_signed_count(
    cautery: Cautery, tmp_path: Path
) -> None:
    for number in range(2):
        drawn_case(tmp_path / f"md{number}", number=number, closed=True)
    cases = [tmp_path / f"md{number}" for number in range(2)]
    inside = cases[1] / "keys" / "case.pub"
    outside = tmp_path / "md0.pub"
    outside.write_bytes((cases[0] / "keys" / "case.pub").read_bytes())
    assert cautery("decoy", "season", *cases).code == 0
    ran = cautery("decoy", "season", *cases, "--public-key", outside, "--public-key", inside)
    assert ran.code == 1
    said = " ".join(ran.err.split())
    assert f"Not counted: {cases[1]}: none of the given keys has signed it." in said
    assert "1 night counts." in said


def test_a_dossier_names_the_nights_that_it_does_not_count_and_ends_with_1(
    cautery: Cautery, tmp_path: Path
) -> None:
    create_approver(tmp_path / "legal.pem")
    for number in range(3):
        drawn_case(tmp_path / f"md{number}", number=number, closed=number < 2)
    who = ("--by", "A. Legal", "--key", tmp_path / "legal.pem", "--why", "the court asked")
    asked = ("dossier", tmp_path / "md0", "--for", "public", *who, "--blind", tmp_path / "md1")
    ran = cautery(*asked, "-o", tmp_path / "whole")
    assert ran.code == 0, ran.err
    ran = cautery(*asked, "--blind", tmp_path / "md2", "-o", tmp_path / "part")
    assert ran.code == 1
    assert "md2: it is not closed, or not as it was signed." in " ".join(ran.err.split())
    assert (tmp_path / "part" / "data" / "dossier.pdf").exists()
    (tmp_path / "other.pub").write_bytes((tmp_path / "md0" / "keys" / "case.pub").read_bytes())
    keys = ("--blind-key", tmp_path / "other.pub", "--json")
    ran = cautery(*asked, *keys, "-o", tmp_path / "strange")
    assert ran.code == 1
    assert json.loads(ran.out)["blind_left_out"] == [
        {"case": str(tmp_path / "md1"), "why": "strange-key", "fault": ""}
    ]


class _Requests(HTMLParser):
    """Collects what a page would load or run."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = dict(attrs)
        if tag in {"script", "img", "iframe"} or any(
            (values.get(name) or "data:").partition(":")[0] != "data" for name in ("src", "href")
        ):
            self.found.append(f"{tag} {attrs}")


def test_the_page_is_for_its_owner_and_loads_nothing(cautery: Cautery, tmp_path: Path) -> None:
    drawn_case(tmp_path / "md1")
    page = tmp_path / "blind.html"
    ran = cautery("decoy", "report", tmp_path / "md1", "-o", page)
    assert ran.code == 0
    assert stat.S_IMODE(page.stat().st_mode) == 0o600
    found = _Requests()
    found.feed(page.read_text())
    assert found.found == []
    assert "LAB" in page.read_text()


@pytest.mark.parametrize(
    ("tongue", "heading"),
    [("fr", "Test en aveugle"), ("it", "Prova alla cieca"), ("es", "Prueba a ciegas")],
)
def test_the_page_speaks_the_language_of_its_reader(
    tmp_path: Path, tongue: str, heading: str
) -> None:
    drawn_case(tmp_path / "md1", USUAL)
    with in_language(tongue):
        page = blind_page([night_of(tmp_path / "md1").night], cases=["md1"], lab=True)
    assert f"<h1>{heading}</h1>" in page
    for english in ("Missed", "Accused", "own stream", "not looked at", "Sealed root"):
        assert english not in page
