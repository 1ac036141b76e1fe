"""Where assets stand: counted by country, drawn for Europe, said for the rest."""

from __future__ import annotations

import pytest

from cautery.pages.supply_map.countries import countries_of
from cautery.pages.supply_map.view import Drawn


def asset(name: str, country: str | None, role: str = "edge") -> Drawn:
    return Drawn(name=name, role=role, country=country)


def test_countries_are_counted_under_one_code_and_the_rest_is_said() -> None:
    found = countries_of(
        [asset("a", "UK"), asset("b", "GB"), asset("c", "FR"), asset("d", "US"), asset("e", None),
         asset("f", None, role="playlist")]
    )  # fmt: skip
    assert [(row.name, row.assets, row.on_map) for row in found.rows] == [
        ("United Kingdom", 2, True),
        ("France", 1, True),
        ("United States", 1, False),
    ]
    assert found.unknown == 1  # a playlist stands nowhere by itself
    assert found.drawing is not None
    assert found.drawing.count('<g class="mark">') == 2


def test_nothing_is_drawn_where_no_country_of_the_map_is_known() -> None:
    assert countries_of([]).drawing is None
    elsewhere = countries_of([asset("a", "US")])
    assert elsewhere.drawing is None
    assert [row.on_map for row in elsewhere.rows] == [False]


@pytest.mark.parametrize("code", ["<script>", "ZZ", "\u202e", "x" * 5000])
def test_a_code_that_no_country_has_is_counted_and_never_drawn(code: str) -> None:
    found = countries_of([asset("a", code), asset("b", "IT")])
    assert found.drawing is not None
    assert code not in found.drawing
    assert {row.on_map for row in found.rows} == {True, False}
