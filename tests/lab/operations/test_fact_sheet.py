from __future__ import annotations

import pytest

from cautery.errors import InputError
from cautery.lab.operations import SHEETS, fact_sheet
from cautery.lab.operations.fact_sheet import parse_sheet

FACT = """
[[facts]]
id = "arrests"
what = "arrests"
value = "11"
low = 11
high = 11
unit = "persons"
kind = "reported"
source = "S10"
source_name = "A paper"
"""
HEAD = 'name = "x"\ntitle = "X"\nstatement = "they overlap and are never added"\n'


@pytest.mark.parametrize("name", SHEETS)
def test_every_figure_has_a_source_and_its_publication(name: str) -> None:
    sheet = fact_sheet(name)

    assert len(sheet.facts) > 15
    assert all(one.source.startswith("S") and one.source_name for one in sheet.facts)


@pytest.mark.parametrize("name", SHEETS)
def test_a_sheet_says_that_the_totals_overlap_and_are_never_added(name: str) -> None:
    statement = fact_sheet(name).statement

    assert "Taken Down and Kratos" in statement
    assert "overlap and are never added" in statement


def test_kratos_marks_the_totals_that_it_is_reported_with_too() -> None:
    down, kratos = fact_sheet("taken-down"), fact_sheet("kratos")
    same = [one for one in kratos.facts if one.kind == "same-totals"]

    assert {"users", "searches", "servers", "crypto"} <= {one.id for one in same}
    assert all(one.value == down.fact(one.id).value for one in same)


def test_the_published_numbers_are_those_of_the_reference() -> None:
    sheet = fact_sheet("taken-down")
    wanted = {
        "searches": 112, "arrests": 11, "suspects": 102, "servers": 29, "domains": 100,
        "devices": 270, "crypto": 1.6e6, "cash": 4e4, "resellers": 560, "panels": 80,
        "signal-servers": 9, "users": 22e6, "revenue-month": 250e6, "channels": 2500,
    }  # fmt: skip

    assert {one: sheet.number(one) for one in wanted} == wanted


@pytest.mark.parametrize(
    ("text", "rule"),
    [
        ("= no toml", "not valid TOML"),
        (HEAD, "no \\[\\[facts\\]\\]"),
        (HEAD + FACT + FACT, "is given twice"),
        (HEAD + FACT.replace('source = "S10"', 'source = "somebody"'), "a source must be S"),
        (HEAD + FACT.replace('source = "S10"\n', ""), "source is missing"),
        (HEAD + FACT.replace("high = 11", "high = 3"), "above high"),
        (HEAD + FACT.replace("low = 11", "low = nan"), "not a number"),
        (HEAD + FACT.replace("low = 11", "low = true"), "not a number"),
        (HEAD + FACT.replace('"reported"', '"rumour"'), "kind must be"),
        (HEAD + FACT + "colour = 1\n", "unknown member colour"),
        (HEAD.replace("never added", "added up") + FACT, "never added"),
        (HEAD + "facts = 3", "no \\[\\[facts\\]\\]"),
        (HEAD + "facts = [3]", "a fact must be a table"),
    ],
)
def test_a_bad_sheet_is_refused_with_the_rule(text: str, rule: str) -> None:
    with pytest.raises(InputError, match=rule):
        parse_sheet(text, name="x")


def test_an_unknown_sheet_names_those_that_there_are() -> None:
    with pytest.raises(InputError) as refused:
        fact_sheet("xtream")

    assert "taken-down, kratos" in refused.value.hint


def test_a_fact_that_is_no_number_is_not_one() -> None:
    with pytest.raises(InputError, match="not a number"):
        fact_sheet("taken-down").number("means")
