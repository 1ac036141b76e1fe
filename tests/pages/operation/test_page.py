from __future__ import annotations

import dataclasses
import importlib.util
import math
import re
import sys
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from enum import Enum
from functools import cache
from gettext import NullTranslations
from html import unescape
from html.parser import HTMLParser
from importlib.resources import files
from itertools import combinations, pairwise
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cautery.drawing.escaping import clean
from cautery.drawing.europe import country_name, europe
from cautery.drawing.styles import style
from cautery.drawing.svg import TimeScale, lanes, width
from cautery.errors import InputError
from cautery.messages import in_language, languages, tr, tr_n
from cautery.model import ErrorRate, Role, StepState
from cautery.pages.operation import (
    Arrivals,
    CountryLine,
    CurrencyTotal,
    DescendantLine,
    Fate,
    Interval,
    MoneyNode,
    MoneyView,
    OperationPageView,
    Served,
    SourceEstimate,
    SupplyNode,
    SupplyView,
    TimelineView,
    VerifyView,
    render_page,
)
from cautery.pages.operation.compare import _LogScale, claims_drawing
from cautery.pages.operation.day import day_drawing
from cautery.pages.operation.formatting import bounds, within
from cautery.pages.operation.graph import GraphDrawing, supply_drawings
from cautery.pages.operation.map import map_drawing
from cautery.pages.operation.money import money_drawing
from cautery.pages.operation.served import regrowth_drawing, story_drawing
from cautery.pages.operation.timeline import _placed, timeline_drawing
from cautery.pages.operation.view.claims import ClaimLine, EstimatesView, ReconciledEstimate

HOSTILE = "</svg></style><script>alert(1)</script>\"'\u202egnp\x00<img src=x onerror=y>&amp;"
EMPTY = OperationPageView(
    operation="op-1",
    name="Nothing yet",
    action_day=date(2024, 11, 26),
    lead="it-postal",
    made_at=datetime(2026, 2, 3, tzinfo=UTC),
    version="0.2.0",
    lab=True,
    statement="Press figures overlap and are not added.",
    verify=VerifyView(commands=("cautery verify case",), root="00", size=1),
)


@cache
def _made() -> ModuleType:
    spec = importlib.util.spec_from_file_location(
        "operation_page_sample", Path(__file__).with_name("sample.py")
    )
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def view() -> OperationPageView:
    made: OperationPageView = _made().sample()
    return made


@pytest.fixture(scope="module")
def page(view: OperationPageView) -> str:
    return render_page(view)


class _Outline(HTMLParser):
    """Notes elements and attributes, what would load something, and what has no words."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags: set[str] = set()
        self.names: set[str] = set()
        self.loads: list[str] = []
        self.wordless: list[str] = []
        self.levels: list[int] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        held = dict(attrs)
        self.tags.add(tag)
        self.names |= set(held)
        for name in ("src", "href", "xlink:href", "action", "srcset", "data", "poster"):
            value = held.get(name) or ""
            if value and not value.startswith(("data:", "#")):
                self.loads.append(value)
        if (tag == "th" and not held.get("scope")) or (tag == "svg" and not held.get("aria-label")):
            self.wordless.append(tag)
        if re.fullmatch("h[1-6]", tag):
            self.levels.append(int(tag[1]))


def _walk(value: Any) -> Iterator[Any]:
    yield value
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        for one in dataclasses.fields(value):
            yield from _walk(getattr(value, one.name))
    elif isinstance(value, tuple):
        for one in value:
            yield from _walk(one)


def _poisoned(value: Any, text: str) -> Any:
    """Return the same view with every string replaced."""
    if isinstance(value, str) and not isinstance(value, Enum):
        return text
    if isinstance(value, tuple):
        return tuple(_poisoned(one, text) for one in value)
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        changed = {
            one.name: _poisoned(getattr(value, one.name), text) for one in dataclasses.fields(value)
        }
        return replace(value, **changed)  # type: ignore[type-var]
    return value


def _short(view: OperationPageView) -> OperationPageView:
    """Return a view with at most two of everything, so that many can be drawn."""

    def cut(value: Any) -> Any:
        if isinstance(value, tuple):
            return tuple(cut(one) for one in value[:2])
        if dataclasses.is_dataclass(value) and not isinstance(value, type):
            changed = {one.name: cut(getattr(value, one.name)) for one in dataclasses.fields(value)}
            return replace(value, **changed)  # type: ignore[type-var]
        return value

    cut_view: OperationPageView = cut(view)
    return cut_view


def test_the_page_loads_nothing_and_runs_nothing(page: str) -> None:
    outline = _Outline(page)
    assert outline.loads == []
    assert not outline.tags & {"script", "iframe", "object", "embed", "form", "link-preload"}
    assert not re.search(r"https?://|url\(|@import|javascript:", page)


def test_hostile_text_in_every_field_adds_no_element_and_no_attribute(
    view: OperationPageView, page: str
) -> None:
    plain, hostile = _Outline(page), _Outline(render_page(_poisoned(view, HOSTILE)))
    assert hostile.tags <= plain.tags
    assert hostile.names <= plain.names
    assert hostile.loads == []


@settings(max_examples=20, deadline=None)
@given(st.text(st.characters(exclude_categories=()), max_size=40))
def test_any_text_in_every_field_is_shown_as_text(text: str) -> None:
    plain = _plain()
    drawn = render_page(_poisoned(_short(_made().sample()), text))
    outline = _Outline(drawn)
    assert outline.tags <= plain.tags
    assert outline.names <= plain.names
    assert drawn.encode()
    assert clean(text).strip()[:1] in unescape(drawn)


@cache
def _plain() -> _Outline:
    return _Outline(render_page(_made().sample()))


def test_hostile_text_is_made_visible(view: OperationPageView) -> None:
    drawn = render_page(_poisoned(view, HOSTILE))
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in drawn
    assert "\u202e" not in drawn
    assert "\x00" not in drawn


def test_a_lab_page_is_stamped_on_every_page_and_a_real_one_is_not(view: OperationPageView) -> None:
    lab, real = render_page(view), render_page(replace(view, lab=False))
    assert 'class="stamp"' in lab
    assert 'id="lab"' in lab
    assert "@top-center" in lab
    assert "LAB" not in real
    assert "@top-center" not in real


def test_a_real_page_never_shows_a_truth(view: OperationPageView) -> None:
    assert 'class="truth"' in render_page(view)
    real = render_page(replace(view, lab=False))
    assert 'class="truth"' not in real
    assert "lab\u2019s truth" not in real


def test_every_estimate_is_printed_with_its_interval(view: OperationPageView, page: str) -> None:
    found = [one for one in _walk(view) if isinstance(one, Interval)]
    said = unescape(page)
    assert len(found) > 30
    assert [one for one in found if within(one) not in said and bounds(one) not in said] == []


def test_the_statement_that_figures_overlap_stands_in_the_head_and_above_the_table(
    view: OperationPageView, page: str
) -> None:
    said = unescape(page)
    head = said[: said.index('id="course"')]
    table = said[said.index('id="table"') :]
    assert view.statement in head
    assert view.statement in table


def test_every_table_header_has_a_scope_and_every_drawing_words(page: str) -> None:
    assert _Outline(page).wordless == []


def test_there_is_one_first_heading(page: str) -> None:
    assert _Outline(page).levels.count(1) == 1


def test_a_page_of_full_size_is_small(page: str) -> None:
    assert len(page.encode()) < 3_000_000


def test_the_page_is_the_same_each_time(view: OperationPageView, page: str) -> None:
    assert render_page(view) == page


def test_an_empty_operation_is_told_in_sentences_without_a_drawing() -> None:
    drawn = render_page(EMPTY)
    assert "<svg" not in drawn
    assert drawn.count('class="nothing"') >= 9


@pytest.mark.parametrize(
    ("part", "value"),
    [
        ("timeline", None), ("day", None), ("countries", ()), ("supply", None), ("exhibits", None), ("money", None),
        ("estimates", None), ("comparisons", ()), ("descendants", ()), ("unknowns", ()), ("error_rates", ()),
    ],
)  # fmt: skip
def test_a_part_that_is_missing_is_told_in_a_sentence(
    view: OperationPageView, page: str, part: str, value: Any
) -> None:
    drawn = render_page(replace(view, **{part: value}))
    assert drawn.count('class="nothing"') > page.count('class="nothing"')


def test_the_exhibits_add_up(view: OperationPageView, page: str) -> None:
    assert view.exhibits
    matrix = page[page.index('class="matrix"') :]
    foot = matrix[matrix.index("<tfoot>") : matrix.index("</tfoot>")]
    cells = [int(re.sub(r"\D", "", one)) for one in re.findall(r"<td[^>]*>([^<]*)</td>", foot)]
    things = sum(one.things for one in view.exhibits.lines)
    assert cells[0] == things
    assert sum(cells[1:]) == things


def test_many_countries_share_the_last_column_and_nothing_is_lost(view: OperationPageView) -> None:
    assert view.exhibits
    first = view.exhibits.lines[0]
    lines = tuple(replace(first, country=f"C{number}", things=number + 1) for number in range(30))
    drawn = render_page(replace(view, exhibits=replace(view.exhibits, lines=lines)))
    foot = drawn[drawn.index("<tfoot>", drawn.index('class="matrix"')) :]
    cells = [
        int(re.sub(r"\D", "", one))
        for one in re.findall(r"<td[^>]*>([^<]*)</td>", foot[: foot.index("</tfoot>")])
    ]
    assert cells[0] == sum(cells[1:]) == 465


def test_a_register_that_differs_from_the_manifest_is_said(view: OperationPageView) -> None:
    total = CurrencyTotal(
        currency="EUR", exhibits=1, register=Decimal("10.50"), manifest=Decimal("9.25")
    )
    assert view.exhibits
    drawn = render_page(replace(view, exhibits=replace(view.exhibits, totals=(total,))))
    assert "differs by 1.25" in drawn


def test_unequal_sides_of_the_double_entry_are_said_loudly(view: OperationPageView) -> None:
    assert view.exhibits
    drawn = render_page(replace(view, exhibits=replace(view.exhibits, credits=1)))
    assert "THEY DO NOT BALANCE" in drawn


def test_zero_errors_never_stand_without_their_bound() -> None:
    rate = ErrorRate(what="wrong network", errors=0, trials=400, source="lab")
    drawn = render_page(replace(EMPTY, error_rates=(rate,)))
    assert "0.75\u202f%" in drawn[drawn.index("wrong network") :][:400]


def test_countries_outside_the_map_are_listed_with_their_counts(view: OperationPageView) -> None:
    drawn = map_drawing(view.countries)
    assert {one.country for one in drawn.elsewhere} == {"HK", "CA"}
    assert "Hong Kong" in render_page(view)


def test_marks_of_the_map_do_not_overlap() -> None:
    crowd = (
        "IT",
        "CH",
        "AT",
        "SI",
        "HR",
        "BA",
        "RS",
        "ME",
        "AL",
        "MK",
        "BG",
        "RO",
        "HU",
        "SK",
        "CZ",
        "DE",
        "NL",
        "BE",
        "LU",
    )
    drawn = map_drawing(
        tuple(CountryLine(country=one, searches=12, servers=9, arrests=4) for one in crowd)
    ).svg
    rims = [
        tuple(map(float, one))
        for one in re.findall(
            r'class="rim" x="([-\d.]+)" y="([-\d.]+)" width="([\d.]+)" height="([\d.]+)"', drawn
        )
    ]
    assert len(rims) == len(crowd)
    for (ax, ay, aw, ah), (bx, by, bw, bh) in combinations(rims, 2):
        assert ax + aw <= bx or bx + bw <= ax or ay + ah <= by or by + bh <= ay


def test_a_country_code_of_the_press_is_understood() -> None:
    assert country_name("UK") == country_name("GB") == "United Kingdom"
    assert map_drawing((CountryLine(country="UK", searches=1),)).shown == 1


def test_countries_without_users_are_shaded_by_searches() -> None:
    assert map_drawing((CountryLine(country="IT", searches=3),)).measure == "searches"


@given(st.lists(st.floats(0, 1e12), min_size=1, max_size=20))
def test_more_users_never_get_a_lighter_shade(users: list[float]) -> None:
    codes = (
        "IT",
        "FR",
        "DE",
        "ES",
        "PT",
        "NL",
        "BE",
        "RO",
        "BG",
        "GR",
        "SE",
        "NO",
        "FI",
        "PL",
        "CZ",
        "AT",
        "HU",
        "HR",
        "IE",
        "DK",
    )
    lines = [
        CountryLine(country=code, users=Interval(low=0, mid=many, high=many))
        for code, many in zip(codes, users, strict=False)
    ]
    drawn = str(map_drawing(lines).svg)
    shades = []
    for line in sorted(lines, key=lambda one: one.users.mid if one.users else 0):
        found = re.search(rf'class="c(\d)" d="[^"]*"><title>{country_name(line.country)}:', drawn)
        assert found
        shades.append(int(found[1]))
    assert shades == sorted(shades)


def test_the_map_is_small_and_names_its_source() -> None:
    package = files("cautery.drawing")
    assert len(package.joinpath("europe.json").read_bytes()) < 150_000
    assert "public domain" in package.joinpath("SOURCES.md").read_text(encoding="utf-8")


def test_a_crowded_graph_says_how_much_it_shows() -> None:
    nodes = tuple(
        SupplyNode(id=str(n), label=f"r{n}", role=Role.RESELLER, fate=Fate.DARK)
        for n in range(1500)
    )
    drawn = supply_drawings(SupplyView(nodes=nodes))
    assert isinstance(drawn, GraphDrawing)
    assert drawn.extent.startswith("600 of 1\u202f500 nodes")
    assert "+ 900 more" in drawn.before


def test_a_node_of_any_role_has_a_place() -> None:
    nodes = tuple(SupplyNode(id=role.value, label="x", role=role) for role in Role)
    drawn = supply_drawings(SupplyView(nodes=nodes))
    assert isinstance(drawn, GraphDrawing)
    assert drawn.nodes == len(Role)


def test_what_was_taken_is_struck_only_after_the_day(view: OperationPageView) -> None:
    drawn = supply_drawings(view.supply)
    assert isinstance(drawn, GraphDrawing)
    assert "n-removed" not in drawn.before
    assert drawn.after.count("n-removed") == drawn.removed
    assert drawn.after.count("n-dark") == drawn.dark
    assert drawn.removed + drawn.dark + drawn.serving == drawn.nodes_total


def test_a_step_that_failed_and_the_one_in_its_place_are_marked(view: OperationPageView) -> None:
    drawn = day_drawing(view.day, view.agencies)
    assert 'class="cross"' in drawn.svg
    assert 'class="anew"' in drawn.svg
    assert "s-re-planned" in drawn.svg


def test_steps_outside_the_hours_are_counted(view: OperationPageView) -> None:
    drawn = day_drawing(view.day, view.agencies)
    assert drawn.shown + drawn.earlier + drawn.later == drawn.total
    assert drawn.earlier == 14


def test_a_day_of_too_many_steps_keeps_the_failed_ones_and_says_so(view: OperationPageView) -> None:
    assert view.day
    first = next(one for one in view.day.steps if one.state is StepState.DONE)
    many = tuple(
        replace(first, id=f"x{n}", state=StepState.FAILED if n == 3999 else StepState.DONE)
        for n in range(4000)
    )
    drawn = day_drawing(replace(view.day, steps=many), view.agencies)
    assert (drawn.shown, drawn.total) == (3000, 4000)
    assert 'class="cross"' in drawn.svg


def test_a_zone_that_is_none_leaves_one_clock(view: OperationPageView) -> None:
    assert view.day
    drawn = day_drawing(replace(view.day, zone="Nowhere/../x"), view.agencies)
    assert ">UTC<" in drawn.svg


def test_past_the_most_agencies_share_a_row() -> None:
    arrivals = tuple(
        Arrivals(agency=f"a{n:02d}", month=date(2024, 1, 1), statements=3) for n in range(40)
    )
    drawn = timeline_drawing(
        TimelineView(first=date(2024, 1, 1), last=date(2024, 6, 1), arrivals=arrivals), ()
    )
    assert "25 others" in drawn
    assert "120 statements" in drawn


def test_many_wallets_are_folded_into_one_place() -> None:
    nodes = tuple(MoneyNode(id=f"w{n}", label=f"wallet {n}", kind="wallet") for n in range(50))
    drawn = money_drawing(MoneyView(nodes=nodes))
    assert (drawn.shown, drawn.total) == (8, 50)
    assert "+ 42 more" in drawn.svg


def test_money_that_runs_in_a_circle_is_drawn(view: OperationPageView) -> None:
    assert view.money
    flow = view.money.flows[-1]
    back = replace(flow, source=flow.target, target=flow.source)
    drawn = money_drawing(replace(view.money, flows=(*view.money.flows, back)))
    assert drawn.flows == len(view.money.flows) + 1


def test_regrowth_without_a_measurement_is_a_sentence() -> None:
    assert "<svg" not in regrowth_drawing((), (), None)
    assert story_drawing(None) is None


@given(
    st.lists(st.tuples(st.floats(0, 880), st.floats(10, 320), st.integers(1, 4)), max_size=14),
)
def test_words_beneath_the_timeline_never_lie_over_each_other(
    labels: list[tuple[float, float, int]],
) -> None:
    boxes = [
        (lane, lane + high, *((x - wide, x) if turned else (x, x + wide)))
        for (x, wide, high), (lane, turned) in zip(labels, _placed(labels), strict=True)
    ]
    for (top, bottom, a, b), (upper, lower, c, d) in combinations(boxes, 2):
        assert bottom <= upper or lower <= top or b <= c or d <= a


def _circles(drawn: str) -> list[tuple[float, float, float]]:
    found = re.findall(r'class="place" cx="([\d.-]+)" cy="([\d.-]+)" r="([\d.]+)"', drawn)
    return [(float(x), float(y), float(radius)) for x, y, radius in found]


def _frame_of(drawn: str) -> tuple[float, float, float, float]:
    found = re.search(r'viewBox="([\d.-]+) ([\d.-]+) ([\d.]+) ([\d.]+)"', drawn)
    assert found
    left, top, wide, high = map(float, found.groups())
    return left, top, left + wide, top + high


@given(
    st.lists(st.floats(0, 400), min_size=1, max_size=130),
    st.lists(st.floats(0, 1), min_size=2, max_size=8),
)
def test_numbered_circles_never_lie_over_each_other_and_stay_in_the_drawing(
    days: list[float], shares: list[float]
) -> None:
    start = datetime(2024, 11, 26, 5, tzinfo=UTC)
    points = [
        Served(at=start + timedelta(days=50 * place), share=share)
        for place, share in enumerate(shares)
    ]
    newcomers = [
        DescendantLine(name=f"n{day}", like="a panel", found_at=start + timedelta(days=day))
        for day in days
    ]
    drawn = str(regrowth_drawing(points, newcomers, start))
    circles = _circles(drawn)
    assert circles
    left, top, right, bottom = _frame_of(drawn)
    for (x, y, radius), (a, b, other) in combinations(circles, 2):
        assert math.hypot(x - a, y - b) >= radius + other
    for x, y, radius in circles:
        assert left <= x - radius
        assert x + radius <= right
        assert top <= y - radius
        assert y + radius <= bottom
    for number in re.findall(r'class="mark"[^>]*>(\d+)<', drawn):
        widest = max(radius for _, _, radius in circles)
        assert width(number, 11.5) <= 2 * widest


EUROPE = sorted(europe()["countries"])


@given(
    st.dictionaries(
        st.sampled_from(EUROPE),
        st.tuples(*[st.integers(0, 90_000) | st.just(0)] * 3),
        min_size=1,
    )
)
def test_marks_and_codes_of_the_map_never_lie_over_each_other(
    counts: dict[str, tuple[int, int, int]],
) -> None:
    drawn = str(
        map_drawing(
            [
                CountryLine(country=code, searches=a, servers=b, arrests=c)
                for code, (a, b, c) in counts.items()
            ]
        ).svg
    )
    boxes = [
        tuple(map(float, found))
        for found in re.findall(
            r'class="rim" x="([\d.-]+)" y="([\d.-]+)" width="([\d.]+)" height="([\d.]+)"', drawn
        )
    ] + [
        (float(x) - 25, float(y) - 30, 50.0, 32.0)
        for x, y in re.findall(r'<text x="([\d.-]+)" y="([\d.-]+)" class="code"', drawn)
    ]
    assert len(boxes) == len(counts)
    left, top, right, bottom = _frame_of(drawn)
    for x, y, wide, high in boxes:
        assert left <= x
        assert x + wide <= right
        assert top <= y
        assert y + high <= bottom
    for (x, y, wide, high), (a, b, other_wide, other_high) in combinations(boxes, 2):
        assert x + wide <= a or a + other_wide <= x or y + high <= b or b + other_high <= y


LONG = "The action on the descendants, with leads from what was seized on the day and by traffic"


def test_words_of_the_timeline_and_of_the_money_are_whole_and_inside_the_drawing(
    view: OperationPageView,
) -> None:
    assert view.money
    assert view.timeline
    moments = tuple(replace(moment, text=LONG) for moment in view.timeline.moments)
    drawn = str(timeline_drawing(replace(view.timeline, moments=moments), view.agencies))
    groups = re.findall(r'<g class="moment .*?</g>', drawn)
    assert groups
    _, _, right, bottom = _frame_of(drawn)
    for group in groups:
        rows = re.findall(r'<text x="([\d.-]+)" y="([\d.-]+)"( text-anchor="end")?>([^<]*)<', group)
        assert " ".join(row[3] for row in rows) == LONG
        for x, y, turned, row in rows:
            wide = width(row, 11.5)
            assert float(x) - wide >= 0 if turned else float(x) + wide <= right
            assert float(y) <= bottom
    label = "Exchange Belivor (Malta) Limited, trading as Belivor Pay"
    nodes = tuple(replace(node, label=label) for node in view.money.nodes)
    drawn = str(money_drawing(replace(view.money, nodes=nodes)).svg)
    groups = re.findall(r'<g class="place.*?</g>', drawn)
    assert len(groups) == len(nodes)
    _, _, right, bottom = _frame_of(drawn)
    lowest: dict[float, list[tuple[float, float]]] = {}
    for group in groups:
        rows = re.findall(r'<text x="([\d.-]+)" y="([\d.-]+)" class="name">([^<]*)<', group)
        assert " ".join(row[2] for row in rows) == label
        assert all(float(x) + width(row, 11) <= right for x, _, row in rows)
        bar = re.search(r'<rect x="[\d.]+" y="([\d.]+)"', group)
        down = [float(y) for y in re.findall(r'<text x="[\d.-]+" y="([\d.-]+)"', group)]
        assert bar
        assert max(down) <= bottom
        lowest.setdefault(float(rows[0][0]), []).append((float(bar[1]), max(down)))
    for column in lowest.values():
        for (_, down), (top, _) in pairwise(sorted(column)):
            assert down < top


def test_where_nothing_flows_the_page_does_not_count_to_none_of_none(
    view: OperationPageView,
) -> None:
    assert view.money
    assert view.timeline
    page = render_page(replace(view, money=replace(view.money, flows=())))
    assert "and no flow shown" in page
    nodes = (SupplyNode(id="a", label="a", role=Role.PANEL),)
    drawn = supply_drawings(SupplyView(nodes=nodes))
    assert isinstance(drawn, GraphDrawing)
    assert drawn.extent == "1 of 1 node and no relation shown"


def test_the_page_says_whose_coins_were_followed(view: OperationPageView) -> None:
    assert view.money
    assert view.timeline
    followed = "Follows every coin that the owner of till1 received, not only the EUR 12.50."
    page = render_page(replace(view, money=replace(view.money, followed=followed)))
    assert followed in page


@given(st.lists(st.tuples(st.floats(0, 500), st.floats(1, 90)), max_size=20))
def test_lanes_keep_spans_apart(found: list[tuple[float, float]]) -> None:
    spans = sorted((left, left + wide) for left, wide in found)
    for (a, one), (b, other) in combinations(
        list(zip(spans, lanes(spans, most=4), strict=True)), 2
    ):
        assert one is None or one != other or a[1] <= b[0] or b[1] <= a[0]


@given(
    st.integers(0, 2**31),
    st.integers(0, 2**31),
    st.integers(-(2**31), 2**32),
)
def test_no_moment_is_drawn_outside_its_axis(first: int, last: int, moment: int) -> None:
    scale = TimeScale(datetime.fromtimestamp(first, UTC), datetime.fromtimestamp(last, UTC), 10, 90)
    assert 10 <= scale(datetime.fromtimestamp(moment, UTC)) <= 90
    assert len(scale.hours(12)) <= 14
    assert len(scale.months(30)) <= 31


sizes = st.floats(1e-6, 1e15)


@given(st.tuples(sizes, sizes, sizes), sizes)
def test_any_estimate_is_drawn_with_finite_numbers(
    found: tuple[float, float, float], claim: float
) -> None:
    low, mid, high = sorted(found)
    one = Interval(low=low, mid=mid, high=high, unit="users")
    estimates = EstimatesView(
        sources=(SourceEstimate(quantity="users", source="s", interval=one),),
        reconciled=(ReconciledEstimate(quantity="users", inner=one, outer=one, truth=mid),),
        claims=(ClaimLine(text="c", quantity="users", value=claim, flagged=True, words=""),),
    )
    drawn = claims_drawing(estimates, "users", lab=True)
    assert "<svg" in drawn
    assert not re.search(r'"[^"]*\b(nan|inf)\b', drawn)


def test_an_interval_out_of_order_is_refused() -> None:
    with pytest.raises(InputError, match="interval: "):
        Interval(low=2, mid=1, high=3)
    with pytest.raises(InputError, match="finite"):
        Interval(low=0, mid=1, high=float("inf"))


def test_a_share_of_more_than_all_is_refused() -> None:
    with pytest.raises(InputError, match="between 0 and 1"):
        Served(at=datetime(2024, 1, 1, tzinfo=UTC), share=1.2)


def test_a_curve_of_one_point_is_a_sentence_and_of_two_a_drawing() -> None:
    start = datetime(2024, 11, 26, tzinfo=UTC)
    points = [Served(at=start + timedelta(days=n), share=0.1) for n in range(2)]
    assert "<svg" not in regrowth_drawing(points[:1], (), start)
    assert "<svg" in regrowth_drawing(points, (), start)


def _narrow(text: str) -> str:
    return text.replace("\N{NARROW NO-BREAK SPACE}", " ").replace("\N{NO-BREAK SPACE}", " ")


def test_a_measured_curve_has_its_interval_and_one_without_probes_has_none() -> None:
    start = datetime(2024, 11, 26, tzinfo=UTC)
    points = [Served(at=start + timedelta(days=n), share=0.5) for n in (1, 2, 9)]
    measured = [replace(point, probes=100, low=0.4, high=0.6) for point in points]
    assert "interval" not in regrowth_drawing(points, (), start)
    drawn = _narrow(regrowth_drawing(measured, (), start))
    assert drawn.count('class="regrown interval"') == 1
    assert "40 % to 60 %" in drawn


def test_the_page_says_how_many_probes_its_curve_rests_on_or_that_nobody_recorded_it(
    view: OperationPageView, page: str
) -> None:
    assert view.day
    assert "was not recorded, so its error is not known" in page
    after = tuple(replace(point, probes=100, low=0.0, high=1.0) for point in view.day.after)
    measured = _narrow(render_page(replace(view, day=replace(view.day, after=after))))
    assert "was not recorded, so its error" not in measured
    assert (
        f"Measured by our probes: {len(after) // 10} {100 * len(after) % 1000:03} in all"
        in measured
    )


def _contrast(one: str, other: str) -> float:
    """WCAG 2.2, relative luminance."""

    def light(colour: str) -> float:
        wide = colour * 2 if len(colour) == 3 else colour
        if len(colour) == 3:
            wide = "".join(letter * 2 for letter in colour)
        parts = [int(wide[n : n + 2], 16) / 255 for n in (0, 2, 4)]
        lin = [p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts]
        return 0.2126 * lin[0] + 0.7152 * lin[1] + 0.0722 * lin[2]

    high, low = sorted((light(one), light(other)), reverse=True)
    return (high + 0.05) / (low + 0.05)


def test_every_colour_of_words_can_be_read_on_paper_light_and_dark() -> None:
    css = style("cautery.pages", "europe.css", "operation/page.css")
    in_the_dark = r"@media screen and \(prefers-color-scheme: dark\) \{[^}]*\} \}"
    dark = dict(re.findall(r"--(\w+): #([0-9a-f]+)", "".join(re.findall(in_the_dark, css))))
    light = dict(re.findall(r"--(\w+): #([0-9a-f]+)", re.sub(in_the_dark, "", css)))
    assert light.keys() >= dark.keys() > {"ink", "live"}
    for theme in (light, light | dark):
        for name in ("ink", "soft", "ember", "live", "amber", "violet"):
            assert _contrast(theme[name], theme["paper"]) >= 4.5, name


TINY = """() => [...document.querySelectorAll('svg text')].map(one => [one.textContent,
  parseFloat(getComputedStyle(one).fontSize) * one.getScreenCTM().a]).filter(one => one[1] < 7.5)"""

OVERLAP = """() => [...document.querySelectorAll('svg')].flatMap(svg => {
  const boxes = [...svg.querySelectorAll('text')].map(one => [one.textContent, one.getBoundingClientRect()]);
  const found = [];
  for (let i = 0; i < boxes.length; i++) for (let j = 0; j < i; j++) {
    const [s, a] = boxes[i], [t, b] = boxes[j];
    if (a.left + 1 < b.right && b.left + 1 < a.right && a.top + 4 < b.bottom && b.top + 4 < a.bottom) found.push([s, t]);
  }
  return found;
})"""


@pytest.mark.browser
@pytest.mark.enable_socket
@pytest.mark.parametrize(("width", "scheme"), [(1280, "light"), (390, "dark")])
def test_in_a_browser_the_page_is_quiet_stamped_and_fits(
    browser: Any, page: str, tmp_path: Path, width: int, scheme: str
) -> None:
    path = tmp_path / "operation.html"
    path.write_text(page, encoding="utf-8")
    said: list[str] = []
    asked: list[str] = []
    tab = browser.new_page(viewport={"width": width, "height": 1000}, color_scheme=scheme)
    tab.on("console", lambda message: said.append(message.text))
    tab.on("pageerror", lambda error: said.append(str(error)))
    tab.on("request", lambda request: asked.append(request.url))
    tab.goto(path.as_uri())
    across = tab.evaluate("document.documentElement.scrollWidth")
    stamped = tab.locator(".stamp span").is_visible() and tab.locator("#lab").is_visible()
    tiny, over = tab.evaluate(TINY), tab.evaluate(OVERLAP)
    tab.emulate_media(media="print")
    printed = tab.evaluate("getComputedStyle(document.querySelector('.stamp')).position")
    tab.close()
    assert said == []
    assert [one for one in asked if not one.startswith(("file:", "data:"))] == []
    assert stamped
    assert printed == "fixed"
    assert across <= width
    assert tiny == []
    assert over == []


@pytest.mark.browser
@pytest.mark.enable_socket
@pytest.mark.parametrize("language", languages())
def test_in_a_browser_a_crowded_operation_stays_apart_and_fits_a_phone_in_each_language(
    browser: Any, tmp_path: Path, language: str
) -> None:
    path = tmp_path / "crowded.html"
    with in_language(language):
        path.write_text(render_page(_made().crowded()), encoding="utf-8")
    tab = browser.new_page(viewport={"width": 1280, "height": 1000})
    tab.goto(path.as_uri())
    over = tab.evaluate(OVERLAP)
    tab.set_viewport_size({"width": 390, "height": 1000})
    across = tab.evaluate("document.documentElement.scrollWidth")
    tab.close()
    assert over == []
    assert across <= 390


@pytest.mark.browser
@pytest.mark.enable_socket
def test_in_a_browser_hostile_text_does_not_widen_a_phone(
    browser: Any, view: OperationPageView, tmp_path: Path
) -> None:
    path = tmp_path / "hostile.html"
    path.write_text(render_page(_poisoned(view, "W" * 300)), encoding="utf-8")
    tab = browser.new_page(viewport={"width": 390, "height": 1000})
    tab.goto(path.as_uri())
    across = tab.evaluate("document.documentElement.scrollWidth")
    tab.close()
    assert across <= 390


def _codes(view: OperationPageView) -> set[str]:
    """Return what a view holds in words or codes of its own: kinds, currencies, a zone's city."""
    exhibits, money, day = view.exhibits, view.money, view.day
    codes = {line.kind for line in exhibits.lines} if exhibits else set()
    codes |= {total.currency for total in exhibits.totals} if exhibits else set()
    if money:
        codes |= {place.currency for place in (*money.flows, *money.holdings, *money.proposals)}
    return codes | ({day.zone.rpartition("/")[2]} if day else set())


KEYS = ("country", "currency", "kind", "quantity", "unit", "zone")
"""Members whose texts are codes: what a page shows of them are words of the catalogue."""


@pytest.mark.parametrize("name", ["sample", "crowded", "empty"])
def test_every_text_of_the_page_is_of_the_catalogue_or_data_of_the_operation(
    name: str, marks: ModuleType
) -> None:
    view = EMPTY if name == "empty" else getattr(_made(), name)()
    with in_language(marks.Marked()):
        drawn = render_page(marks.as_data(view, but=KEYS))
    assert '<html lang="qps-ploc" class="both">' in drawn
    assert "⟦The day by the clock⟧" in drawn
    assert marks.forgotten(drawn, _codes(view)) == []


def test_a_text_of_the_page_that_is_not_of_the_catalogue_is_noticed(marks: ModuleType) -> None:
    with in_language(marks.Marked()):
        drawn = render_page(marks.as_data(EMPTY, but=KEYS))
    for text in ("No exhibit was registered.", "Contents", "Cautery: page of an operation"):
        assert marks.forgotten(drawn.replace(f"⟦{text}⟧", text)) == [text]


@pytest.mark.parametrize("language", languages()[1:])
def test_no_english_is_left_on_a_page_in_another_language(
    language: str, view: OperationPageView, marks: ModuleType
) -> None:
    translations, lacking = marks.spoken(language)
    with in_language(translations):
        drawn = [render_page(shown) for shown in (view, _made().crowded(), EMPTY)]
    assert lacking.texts == set()
    assert all(f'<html lang="{language}"' in page for page in drawn)
    assert _Outline(drawn[0]).tags == _Outline(render_page(view)).tags
    assert _Outline(drawn[0]).names == _Outline(render_page(view)).names


def test_a_text_that_a_language_lacks_is_noticed(marks: ModuleType) -> None:
    translations, lacking = marks.spoken("fr")
    with in_language(translations):
        tr("Contents of nobody's page"), tr_n("%(count)s nobody", "%(count)s nobodies", 2)
    assert lacking.texts == {"Contents of nobody's page", "%(count)s nobodies"}


def test_no_quote_of_a_translator_ends_an_attribute_or_a_style_sheet(
    view: OperationPageView,
) -> None:
    class Quoting(NullTranslations):
        def gettext(self, message: str) -> str:
            return f'"{message}"'

        def ngettext(self, msgid1: str, msgid2: str, n: int) -> str:
            return self.gettext(msgid1 if n == 1 else msgid2)

    with in_language(Quoting()):
        drawn = _Outline(render_page(view))
    plain = _Outline(render_page(view))
    assert drawn.tags == plain.tags
    assert drawn.names == plain.names


@pytest.mark.parametrize(
    "values", [[1e300, 1.0], [5e-324, 1.7e308], [1e299, 1.7e308], [5e-324], [math.inf, 0.0]]
)
def test_a_scale_over_the_edges_of_floats_has_ticks_within_itself(values: list[float]) -> None:
    scale = _LogScale(values)
    ticks = scale.ticks()
    assert ticks
    places = [scale(value) for value in (*ticks, *values)]
    assert all(math.isfinite(place) for place in places)
    assert [scale(tick) for tick in ticks] == sorted(scale(tick) for tick in ticks)
