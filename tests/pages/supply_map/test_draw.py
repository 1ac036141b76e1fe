"""Pictures of a supply graph: nothing is left out, no name is struck through, odds are told."""

from __future__ import annotations

import re
from base64 import b64encode
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from html import unescape
from importlib.resources import files
from itertools import pairwise
from pathlib import Path
from types import ModuleType
from typing import Any
from xml.etree import ElementTree as ET

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cautery.drawing.svg import width
from cautery.errors import InputError
from cautery.messages import in_language, term
from cautery.pages.supply_map.draw import draw_supply, svg_file
from cautery.pages.supply_map.layers import (
    MOST_HEAPS,
    MOST_LAYERS,
    MOST_OF_A_LAYER,
    layers_of,
    rows_of,
)
from cautery.pages.supply_map.render import supply_page
from cautery.pages.supply_map.view import Drawn, Met, Picture

NOON = datetime(2026, 11, 24, 12, tzinfo=UTC)
CHAIN = ("source", "origin", "edge", "panel", "super-reseller", "reseller", "storefront", "payment")


def world(count: int, seed: int = 1) -> Picture:
    """Draw a graph whose layers widen downwards, each asset tied to one or two above it."""
    rng = np.random.default_rng(seed)
    layers: list[list[str]] = []
    shares = np.array([1, 1, 3, 1, 2, 20, 40, 30])
    for role, share in zip(CHAIN, shares / shares.sum(), strict=True):
        layers.append([f"{role}{n}" for n in range(max(1, round(count * share)))])
    ties = set()
    for at, names in enumerate(layers[1:]):
        for name in names:
            for _ in range(int(rng.integers(1, 3))):
                above = layers[at if rng.random() < 0.8 else int(rng.integers(at + 1))]
                ties.add((name, "needs", above[int(rng.integers(len(above)))]))
    countries = ("NL", "BG", "DE", None)
    assets = [
        Drawn(name=name, role=role, country=countries[int(rng.integers(4))])
        for role, names in zip(CHAIN, layers, strict=True)
        for name in names
    ]
    return Picture(assets=tuple(assets), relations=tuple(sorted(ties)))


def numbers(said: str) -> dict[str, int]:
    """Read how many relations a picture says that it shows in which way."""
    found = re.findall(r"([\d,]+) (relations?|one by one|in [\d,]+ bundles?|within heaps)", said)
    return {what.split()[0]: int(count.replace(",", "")) for count, what in found}


@pytest.mark.parametrize("count", [20, 200, 1000, 5000])
@pytest.mark.parametrize("by_country", [False, True])
def test_at_every_size_each_asset_has_one_row_and_each_relation_a_line(
    count: int,
    by_country: bool,  # noqa: FBT001 - a parameter of the test
) -> None:
    picture = world(count)
    drawn = draw_supply(picture, by_country=by_country)
    names = [one.name for _, rows in drawn.rows for row in rows for one in row.assets]
    assert sorted(names) == sorted(one.name for one in picture.assets)
    assert all(len(rows) <= MOST_OF_A_LAYER for _, rows in drawn.rows)
    said = numbers(drawn.summary)
    total = said.pop("relations")
    assert total == len(picture.relations)
    assert sum(said.values()) == (total if said else 0)
    links, bundles = (drawn.svg.count(f'class="{kind}" ') for kind in ("link", "bundle"))
    assert links == said.get("one", total)
    told = re.search(r"in ([\d,]+) bundle", drawn.summary)
    assert bundles == (int(told[1].replace(",", "")) if told else 0)
    assert (count >= 200) == bool(bundles)


@given(
    st.lists(
        st.tuples(st.integers(0, 59), st.integers(0, 59)).filter(lambda one: one[0] != one[1]),
        max_size=120,
        unique=True,
    ),
    st.lists(st.sampled_from(["edge", "panel", "unknown", "domain"]), min_size=60, max_size=60),
)
@settings(max_examples=30, deadline=None)
def test_whatever_points_to_whom_all_of_it_is_shown(
    ties: list[tuple[int, int]], roles: list[str]
) -> None:
    picture = Picture(
        assets=tuple(Drawn(name=f"n{at}", role=role) for at, role in enumerate(roles)),
        relations=tuple((f"n{a}", "needs", f"n{b}") for a, b in ties),
    )
    drawn = draw_supply(picture)
    shown = [int(count.replace(",", "")) for count in re.findall(
        r": ([\d,]+) one by one|([\d,]+) in \d+ bundles?|([\d,]+) within heaps", drawn.summary
    ) for count in count if count]  # fmt: skip
    assert sum(shown) == len(ties) or not shown
    assert sum(len(row.assets) for _, rows in drawn.rows for row in rows) == 60
    ET.fromstring(svg_file(drawn))


@pytest.mark.parametrize("count", [200, 1000])
def test_no_line_is_drawn_through_a_name(count: int) -> None:
    root = ET.fromstring(draw_supply(world(count)).svg)
    boxes = []
    for group in root.findall(".//{*}g"):
        label = group.findall("{*}text")[0]
        x, y = float(label.get("x", 0)), float(label.get("y", 0)) - 4
        boxes.append((x, x + width(label.text or ""), y))
    struck = 0
    for path in root.findall(".//{*}path"):
        way = path.get("d", "")
        if " C " in way:
            continue
        points = [tuple(map(float, one.split())) for one in re.split(r"[ML]", way) if one.strip()]
        for (x1, y1), (x2, y2) in pairwise(points):
            struck += sum(
                min(y1, y2) - 6 < y < max(y1, y2) + 6 and x1 < right - 1 and x2 > left + 1
                for left, right, y in boxes
            )
    assert len(boxes) > 100
    assert struck == 0


def test_a_layer_with_too_many_has_heaps_by_what_they_hang_below() -> None:
    resellers = [Drawn(name=f"r{n}", role="reseller") for n in range(100)]
    picture = Picture(
        assets=(Drawn(name="p0", role="panel"), Drawn(name="p1", role="panel"), *resellers),
        relations=tuple((one.name, "needs", f"p{at % 2}") for at, one in enumerate(resellers)),
    )
    layers = layers_of(picture, by_country=False)
    _, rows = rows_of(picture, layers, by_country=False)
    heaps = [row for row in rows if row.heap]
    assert [row.label for row in heaps] == ["36 of p0", "36 of p1"]
    assert len(rows) - len(heaps) == MOST_OF_A_LAYER - MOST_HEAPS
    drawn = draw_supply(picture)
    assert "72 less connected in 2 heaps" in drawn.summary
    assert "36 needs: p0" in drawn.svg


def test_heaps_are_by_network_where_it_is_known_and_have_its_colour() -> None:
    assets = [
        Drawn(name=f"e{n}", role="edge", network=f"net-{n % 2}" if n < 80 else None)
        for n in range(81)
    ]
    drawn = draw_supply(Picture(assets=tuple(assets), relations=()))
    ((_, rows),) = drawn.rows
    assert {row.label.partition(" ")[2] for row in rows if row.heap} == {"of net-0", "of net-1"}
    assert len(re.findall(r'class="c[01]" cx="[\d.]+" cy="[\d.]+" r="7.0"', drawn.svg)) == 2


def test_many_countries_go_together_and_no_country_stands_last() -> None:
    assets = [Drawn(name=f"a{n}", role="edge", country=f"C{n:02d}") for n in range(30)]
    picture = Picture(assets=(*assets, Drawn(name="b", role="edge")), relations=())
    layers = layers_of(picture, by_country=True)
    assert len(layers) == MOST_LAYERS
    assert layers[-1][0] == "other countries"
    assert sum(len(held) for _, held in layers) == 31
    two = Picture(assets=(assets[0], Drawn(name="b", role="edge")), relations=())
    assert [name for name, _ in layers_of(two, by_country=True)] == ["C00", "no country"]


@pytest.mark.parametrize(
    "name", ["a\x00\x1b[31m", 'x" onload="alert(1)', "&amp;<svg>", "é" * 900, ""]
)
def test_hostile_names_make_no_markup(name: str) -> None:
    picture = Picture(
        assets=(Drawn(name=name, role="edge", network=name), Drawn(name="b", role="panel")),
        relations=(("b", "lists", name),),
    )
    root = ET.fromstring(svg_file(draw_supply(picture, middle=name)))
    assert not [one for one in root.iter() if "onload" in one.attrib]
    assert len(root.findall(".//{*}circle")) >= 2


def test_by_country_colours_tell_roles() -> None:
    drawn = draw_supply(world(200), by_country=True)
    assert ">storefronts</text>" in drawn.svg
    assert ">an asset</text>" not in drawn.svg


WEAK = Drawn(
    name="maybe.example", role="edge", sure=0.61, rivals=(("origin", 0.3),),
    why=(term("role-mark", "path:live"),),
    met=Met(first=NOON, last=NOON + timedelta(hours=2), records=(7, 9)),
)  # fmt: skip
HOSTILE = Drawn(name="</script><script>alert(1)</script>", role="panel", sure=0.99)


def test_a_role_that_is_not_sure_is_hollow_and_its_probability_is_read() -> None:
    drawn = draw_supply(Picture(assets=(WEAK, HOSTILE), relations=()))
    assert ">maybe.example 61%</text>" in drawn.svg
    assert 'class="node weak"' in drawn.svg
    assert "hollow: less than 80% sure" in drawn.svg
    assert "99%" not in drawn.svg
    assert "seen 2026-11-24 12:00 to 2026-11-24 14:00 UTC" in drawn.svg


def test_a_page_tells_odds_dates_and_records_and_runs_its_own_script_only() -> None:
    picture = Picture(
        assets=(WEAK, HOSTILE),
        relations=((HOSTILE.name, "lists", WEAK.name),),
        source="record 12 of the case",
    )
    page = supply_page(picture, draw_supply(picture))
    script = re.findall(r"<script>(.*?)</script>", page, re.DOTALL)
    assert len(script) == 1
    digest = b64encode(sha256(script[0].encode()).digest()).decode()
    assert f"script-src 'sha256-{digest}'" in page
    for head, cell in (
        ("probability", "0.61"),
        ("or else", "origin 0.30"),
        ("what speaks for it", "paths of live streams"),
        ("records", "7, 9"),
    ):
        assert f'<td data-head="{head}">{cell}</td>' in page
    assert '<td data-head="last seen" class="date">2026-11-24 14:00:00 UTC</td>' in page
    assert "Times are claims of the clock of this machine." in page
    assert "14:00 UTC, by this machine's clock" in unescape(page)
    assert "<th>country</th>" not in page  # nobody has one
    assert "record 12 of the case" in page


def test_a_page_has_its_title_counts_and_source_once_and_a_file_of_its_own_has_them_too() -> None:
    picture = replace(world(200), source="record 12 of the case")
    drawing = draw_supply(picture)
    texts = ("The supply graph", drawing.summary, "record 12 of the case")
    page = supply_page(picture, drawing)
    assert [page.count(f">{words}</") for words in texts] == [1 + page.count(
        f"<title>{words}</title>"
    ) for words in texts]  # fmt: skip
    assert [drawing.untitled.count(f">{words}</text>") for words in texts] == [0, 0, 0]
    assert [drawing.svg.count(f">{words}</text>") for words in texts] == [1, 1, 1]


@given(
    st.lists(st.text(alphabet="abcwm-.", min_size=1, max_size=60), min_size=1, max_size=30),
    st.booleans(),
)
@settings(max_examples=40, deadline=None)
def test_every_name_head_and_line_of_the_key_is_inside_the_picture(
    names: list[str],
    by_country: bool,  # noqa: FBT001 - a parameter of the test
) -> None:
    assets = tuple(
        Drawn(
            name=f"{at}{name}",
            role=(*CHAIN, "shared")[at % 9],
            network=f"a network of {name[:12]} {at % 7}",
            country=f"C{at % 16:02d}",
            sure=0.5,
        )
        for at, name in enumerate(names)
    )
    picture = Picture(assets=assets, relations=())
    drawing = draw_supply(picture, middle=assets[0].name, by_country=by_country)
    for svg in (drawing.svg, drawing.untitled):
        root = ET.fromstring(svg)
        left, top, wide, high = map(float, root.get("viewBox", "").split())
        columns: dict[float, float] = {}
        for label in root.findall(".//{*}text"):
            x, y = float(label.get("x", 0)), float(label.get("y", 0))
            size = {"title": 22, "head": 13}.get(label.get("class", ""), 12)
            end = x + width(label.text or "", size)
            assert left <= x
            assert end <= left + wide
            assert top < y <= top + high
            if label.get("class") == "head":
                columns[x] = end
        for (_, end), (after, _) in pairwise(sorted(columns.items())):
            assert end < after


@pytest.mark.browser
@pytest.mark.enable_socket
def test_in_a_browser_no_column_is_cut_off_at_any_width(browser: Any, tmp_path: Path) -> None:
    full = replace(WEAK, country="NL", network="a network")
    assets = (full, replace(HOSTILE, rivals=(("source", 0.5),)), *world(200).assets)
    picture = Picture(assets=assets, relations=world(200).relations)
    page = tmp_path / "map.html"
    page.write_text(supply_page(picture, draw_supply(picture)))
    for wide in (1400, 1000, 900, 390):
        view = browser.new_page(viewport={"width": wide, "height": 900})
        view.goto(page.as_uri())
        assert view.evaluate("document.documentElement.scrollWidth") <= wide
        for table in ("assets", "relations"):
            box = f"document.getElementById('{table}').parentElement"
            assert view.evaluate(f"{box}.scrollWidth - {box}.clientWidth") <= 1, (wide, table)
        pan = "document.querySelector('.pan')"
        is_cut = view.evaluate(f"{pan}.scrollWidth > {pan}.clientWidth + 1")
        assert is_cut == (wide == 390)
        assert view.is_visible("#wider") == is_cut
        view.close()


@pytest.mark.browser
@pytest.mark.enable_socket
@pytest.mark.parametrize("count", [200, 5000])
def test_in_a_browser_an_asset_is_found_and_told_also_in_a_heap(
    browser: Any, tmp_path: Path, count: int
) -> None:
    picture = world(count)
    drawn = draw_supply(picture)
    name = next(row for _, rows in drawn.rows for row in rows if row.heap).assets[-1].name
    page = tmp_path / "map.html"
    page.write_text(supply_page(picture, drawn))
    view = browser.new_page(viewport={"width": 1200, "height": 800})
    failed: list[str] = []
    view.on("console", lambda said: failed.append(said.text) if said.type == "error" else None)
    view.on("pageerror", lambda error: failed.append(str(error)))
    view.goto(page.as_uri())
    before = view.evaluate("document.querySelector('.pan svg').getBoundingClientRect().width")
    view.click("#in")
    after = view.evaluate("document.querySelector('.pan svg').getBoundingClientRect().width")
    assert after == pytest.approx(1.3 * before, rel=0.01)
    view.fill("#search", name)
    view.press("#search", "Enter")
    about = view.inner_text("#about")
    assert name in about
    assert "relations" in about
    assert view.locator("#assets tbody tr:not(.hidden)").count() < len(picture.assets)
    assert view.locator(".row.lit").count() > 1
    view.set_viewport_size({"width": 390, "height": 800})
    assert view.evaluate("document.documentElement.scrollWidth") <= 390
    assert not failed
    view.close()


def test_without_assets_there_is_nothing_to_draw() -> None:
    with pytest.raises(InputError, match="nothing to draw"):
        draw_supply(Picture(assets=(), relations=()))


@pytest.mark.parametrize("count", [20, 1000])
@pytest.mark.parametrize("by_country", [False, True])
def test_every_text_of_the_map_is_of_the_catalogue_or_data_of_the_graph(
    count: int,
    by_country: bool,  # noqa: FBT001 - a parameter of the test
    marks: ModuleType,
) -> None:
    picture = marks.as_data(world(count), but=("role", "country", "relations", "near"))
    names = {one.name: marks.as_data(one.name) for one in world(count).assets}
    picture = replace(
        picture,
        assets=(
            *(
                replace(
                    asset,
                    sure=0.5 + place % 2 / 2,
                    network=marks.as_data(f"network-{place % 3}") if place % 5 else None,
                    rivals=((CHAIN[0], 0.3),),
                    met=Met(first=NOON, last=NOON, records=(7,)),
                )
                for place, asset in enumerate(picture.assets)
            ),
            Drawn(name="я", role="address"),
        ),
        relations=tuple((names[a], relation, names[b]) for a, relation, b in picture.relations),
    )
    middle = picture.assets[0].name
    with in_language(marks.Marked()):
        drawing = draw_supply(picture, middle=middle, by_country=by_country)
        pages = svg_file(drawing), supply_page(picture, drawing, middle=middle)
    assert '<html lang="qps-ploc">' in pages[1]
    for page in pages:
        assert marks.forgotten(page) == []
    bare = pages[1].replace("⟦Find an asset⟧", "Find an asset")
    assert marks.forgotten(bare) == ["Find an asset"]
    assert marks.forgotten(pages[1].replace(r"\u27e6relations (\u27e7", "relations (")) != []


def test_no_text_stands_in_the_script_itself() -> None:
    script = files("cautery.pages.supply_map").joinpath("page.js").read_text(encoding="utf-8")
    code = re.sub(r"//.*|querySelector(?:All)?\(.*?\)|\$\{.*?\}", "", script)
    literals = re.findall("[\"`']([^\"`']*)[\"`']", code.replace('"use strict"', ""))
    assert [text for text in literals if re.search("[A-Za-z]{2,} +[A-Za-z]{2,}", text)] == []
    assert (
        re.findall(r"(?:textContent|title|label) = [^;]*[\"`'][^;]*[A-Za-z]{2}[^;]*;", code) == []
    )
