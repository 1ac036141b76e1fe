"""The picture of a plan by country: one well-formed SVG, hostile texts shown as they are."""

from __future__ import annotations

from datetime import date
from types import ModuleType
from typing import Any
from xml.etree import ElementTree as ET

import pytest

from cautery.messages import in_language
from cautery.plan.by_country import by_country
from cautery.plan.goal import Goal
from cautery.plan.read_graph import graph_of
from cautery.plan.supply_plan import plan_supply
from cautery.workflows.plan.map import MOST_ROWS, plan_map

AS_OF = date(2026, 11, 1)


def drawn(countries: list[str | None], *, html: bool = False, unit: str | None = "EUR") -> str:
    nodes: list[dict[str, Any]] = [
        {"id": f"edge-{n}<b>", "role": "<i>edge", "cost": 1 + n, "country": code}
        for n, code in enumerate(countries)
    ]
    graph = graph_of(
        {
            "as_of": AS_OF.isoformat(),
            "nodes": [*nodes, *({"id": f"d{n}", "cost": None} for n in range(len(nodes)))],
            "groups": [{"of": f"d{n}", "members": [one["id"]]} for n, one in enumerate(nodes)],
            "demand": [{"node": f"d{n}", "weight": 1} for n in range(len(nodes))],
        }
    )
    plan = plan_supply(graph, Goal(served=0.0))
    return plan_map(plan, by_country(graph, plan, as_of=AS_OF), cost_unit=unit, html=html)


def texts(svg: str) -> list[str]:
    return [one for one in ET.fromstring(svg).itertext() if one.strip()]


def test_a_map_names_each_country_with_its_acts_cost_and_what_hangs_on_it() -> None:
    said = texts(drawn(["NL", "FR", "UK"]))
    for wanted in ("Netherlands (NL)", "France (FR)", "United Kingdom (UK)", "33.3%", "2026-11-01"):
        assert wanted in said
    assert any("6 EUR" in one for one in said)


@pytest.mark.parametrize("countries", [["ZZ"], [None], ["US", "HK"]])
def test_countries_that_no_map_shows_stand_in_the_table(countries: list[str | None]) -> None:
    svg = drawn(countries)
    assert 'class="sea"' not in svg
    assert len(texts(svg)) > 5


def test_hostile_ids_roles_countries_and_units_are_text() -> None:
    for html in (False, True):
        picture = drawn(["NL", '"><script>alert(1)</script>'], html=html, unit="<script>")
        assert "<script>" not in picture
        assert "<b>" not in picture
        assert "<i>" not in picture


def test_many_countries_are_cut_in_the_picture_and_whole_in_the_page() -> None:
    codes = [f"C{n:03d}" for n in range(MOST_ROWS + 6)]
    assert any("6 more countries" in one for one in texts(drawn([*codes])))
    page = drawn([*codes], html=True)
    assert all(f"<h2>{code}</h2>" in page for code in codes)


def test_a_page_loads_nothing_and_runs_nothing() -> None:
    page = drawn(["NL"], html=True)
    assert "default-src 'none'" in page
    assert "http" not in page.replace("http-equiv", "").replace("http://www.w3.org/2000/svg", "")


@pytest.mark.parametrize("html", [False, True])
def test_every_text_of_the_map_is_of_the_catalogue_or_data_of_the_plan(
    html: bool,  # noqa: FBT001 - a parameter of the test
    marks: ModuleType,
) -> None:
    with in_language(marks.Marked()):
        picture = drawn(["NL", "FR", None, *["US"] * 2, *(f"Z{n}" for n in range(30))], html=html)
    known = {"edge", "<b>", "<i>", *(f"Z{n}" for n in range(30))}
    assert marks.forgotten(picture, known) == []
    assert "The plan by country" in marks.forgotten(
        picture.replace("⟦The plan by country⟧", "The plan by country"), known
    )
