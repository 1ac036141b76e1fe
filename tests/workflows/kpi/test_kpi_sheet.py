"""A sheet of several cases: one regime, no secret case, each case once, and cells that run nowhere."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from tests.lists import NOW

from cautery.errors import InputError
from cautery.estimate.kpi import Facts
from cautery.model import Regime
from cautery.workflows.kpi import sheet as module
from cautery.workflows.kpi.page import of_words, page_of
from cautery.workflows.kpi.sheet import COLUMNS, rows_of, sheet_of_cases

CASES = {
    "a": (Facts(case="1", holder="League"), Regime.GDPR),
    "b": (Facts(case="2", holder="League", lab=True), Regime.GDPR),
    "police": (Facts(case="3", holder="Police"), Regime.LED),
    "secret": None,
}


@contextmanager
def reading(path: Path) -> Iterator[Any]:
    yield path.name


def facts(name: str) -> tuple[Facts, Regime] | None:
    if name == "operation":
        raise InputError("no mandate opens this case")
    return CASES[name]


@pytest.fixture(autouse=True)
def _facts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "facts_of", facts)


def sheet(*names: str, **more: Any) -> Any:
    told: list[str] = []
    made = sheet_of_cases(
        [Path(name) for name in names], reading=reading, progress=told.append, **more
    )
    return made, told


def test_cases_are_put_together_and_progress_is_told_where_there_are_several() -> None:
    made, told = sheet("a", "b")
    assert (made.cases, made.holders, made.lab) == (2, ("League",), True)
    assert told == ["1/2 a", "2/2 b"]
    assert sheet("a")[1] == []


def test_a_secret_case_is_left_out_and_counted() -> None:
    made, _ = sheet("a", "secret")
    assert made.cases == 1
    (note,) = [note for note in made.notes if note.id == "kpi-note.secret"]
    assert note.values["count"] == 1
    with pytest.raises(InputError, match="no case is left"):
        sheet("secret")


def test_cases_of_both_regimes_are_refused() -> None:
    with pytest.raises(InputError, match="different regimes"):
        sheet("a", "police")


def test_a_case_that_no_mandate_opens_is_named() -> None:
    with pytest.raises(InputError, match="operation: no mandate opens this case"):
        sheet("a", "operation")


def test_no_case_and_too_many_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(InputError, match="no case is named"):
        sheet()
    monkeypatch.setattr(module, "MOST_CASES", 1)
    with pytest.raises(InputError, match="more than 1"):
        sheet("a", "b")


def test_every_row_has_a_cell_for_every_column() -> None:
    rows = list(rows_of(sheet("a")[0]))
    assert {len(row) for row in rows} == {len(COLUMNS)}
    assert {row[0] for row in rows} == {"volume", "notices", "cooperation", "injunctions", "offer"}
    missing = [row for row in rows if row[4] == "not measured"]
    assert missing
    assert all(row[-1] and not row[5] for row in missing)


def test_the_page_has_each_indicator_of_the_sheet() -> None:
    made, _ = sheet("a")
    page = page_of(made, now=NOW)
    assert [row.id for family in page.families for row in family.rows] == [
        indicator.id for _, indicator in made.rows
    ]
    assert page.families[0].measured == sum(
        indicator.figure.measured for indicator in made.of(made.families[0])
    )
    assert replace(page, lab=True).lab


@pytest.mark.parametrize(
    ("of", "id_"),
    [
        ("hosting service", "addressee-kind.hosting-service"),
        ("access provider", "kpi-of.access-provider"),
    ],
)
def test_kinds_of_intermediaries_are_words_and_countries_stay_codes(of: str, id_: str) -> None:
    words = of_words(of)
    assert words is not None
    assert words.id == id_
    country = of_words("IT")
    assert country is not None
    assert country.plain() == "IT"
    assert of_words("") is None
