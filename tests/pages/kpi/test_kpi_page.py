"""The page of key figures runs nothing, loads nothing, and is whole in each language and theme."""

from __future__ import annotations

import base64
import hashlib
import re
from dataclasses import replace
from datetime import UTC, datetime
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest

from cautery.estimate.kpi import Facts, NoticeFact, OfferFact, sheet_of
from cautery.messages import languages, message
from cautery.model.message import as_written
from cautery.pages.kpi import FamilyView, KpiPage, KpiRow, sheets_html
from cautery.pages.kpi.render import bar, figure_text, interval_text, rests_on
from cautery.workflows.kpi.page import page_of

NOON = datetime(2026, 11, 24, 12, tzinfo=UTC)
HOSTILE = '"><script>alert(1)</script>\u202e\x1b[31m&amp;<img src=x onerror=y>'
AXE = Path(__file__).parents[2] / "assets" / "axe" / "axe.min.js"


class Elements(HTMLParser):
    """The elements of a page, and their attributes."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.seen: list[tuple[str, dict[str, str | None]]] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.seen.append((tag, dict(attrs)))


def page(holder: str = "League", of: str = "IT") -> KpiPage:
    sent = tuple(
        NoticeFact(
            key=f"N-{number}",
            kind="hosting service",
            addressee=holder,
            urls=1,
            sent_at=NOON,
            gone_at=NOON.replace(minute=number) if number else None,
        )
        for number in range(9)
    )
    sheet = sheet_of(
        [Facts(case="a", holder=holder, notices=sent, lab=True)],
        offers=[OfferFact(country=of, free=True, priced=True)],
    )
    return page_of(sheet, now=NOON)


def test_hostile_names_add_no_element_and_steer_nothing() -> None:
    hostile = sheets_html(page(HOSTILE, HOSTILE), tongues=("en",))
    plain = sheets_html(page("plain", "IT"), tongues=("en",))
    assert [tag for tag, _ in Elements(hostile).seen] == [tag for tag, _ in Elements(plain).seen]
    assert not {"\x1b", "\u202e"} & set(hostile)


def test_it_has_no_script_and_asks_for_nothing() -> None:
    seen = Elements(sheets_html(page(), tongues=languages())).seen
    assert not {"script", "form", "iframe", "object", "embed", "img"} & {tag for tag, _ in seen}
    assert [attrs.get("href") for tag, attrs in seen if tag == "link"] == ["data:,"]
    assert not [name for _, attrs in seen for name in attrs if name.startswith("on")]
    assert not [attrs for _, attrs in seen if "style" in attrs]


def test_the_policy_allows_the_pages_own_style_alone() -> None:
    html = sheets_html(page(), tongues=("en",))
    style = re.search(r"<style>(.*)</style>", html, re.DOTALL)
    assert style is not None
    digest = base64.b64encode(hashlib.sha256(style[1].encode()).digest()).decode()
    assert f"style-src &#39;sha256-{digest}&#39;" in html or f"style-src 'sha256-{digest}'" in html
    assert "default-src" in html


def test_each_language_is_an_article_of_its_own_and_ids_are_unique() -> None:
    seen = Elements(sheets_html(page(), tongues=languages())).seen
    articles = [attrs["lang"] for tag, attrs in seen if tag == "article"]
    assert articles == list(languages())
    ids = [attrs["id"] for _, attrs in seen if attrs.get("id")]
    assert len(ids) == len(set(ids))


@pytest.mark.parametrize("language", languages()[1:])
def test_no_english_label_is_left_in_another_language(language: str) -> None:
    english = set(re.findall(r">([^<>]{12,})<", sheets_html(page(), tongues=("en",))))
    other = set(re.findall(r">([^<>]{12,})<", sheets_html(page(), tongues=(language,))))
    same = {text for text in english & other if re.search("[a-z]{4}", text)}
    assert not {text for text in same if not text.startswith(("*", " ", ":"))}


def row(kind: str, **more: Any) -> KpiRow:
    return KpiRow(id="x", label=as_written("x"), kind=kind, **more)


def test_figures_are_written_as_people_read_them() -> None:
    share = row("share", n=8, count=3, low=0.1, mid=0.375, high=0.7)
    assert (figure_text(share), rests_on(share)) == ("38\u202f%", "3 of 8")
    assert interval_text(share) == "10\u202f% \u2013 70\u202f%"
    assert 'cx="46.0"' in bar(share)
    median = row("median", n=3, low=1.0, mid=4.25, high=9.0, unit=message("kpi-unit.min"))
    assert figure_text(median) == "4.2\u202fmin"
    assert interval_text(median) == "1 \u2013 9\u202fmin"
    assert (rests_on(median), bar(median)) == ("n = 3", "")
    between = row("range", n=2, low=10.0, mid=15.0, high=30.0)
    assert figure_text(between) == "10 \u2013 30"
    assert interval_text(between) == "likely 15"
    assert figure_text(row("count", count=1_234)) == "1\u202f234"
    assert figure_text(row("not measured")) == "not measured"
    assert interval_text(row("count", count=1)) == rests_on(row("count", count=1)) == ""


def test_what_is_not_measured_says_what_it_would_take_and_is_not_counted() -> None:
    family = FamilyView(
        id="f",
        title=as_written("F"),
        rows=(row("count", count=1), row("not measured", need=as_written("a survey of dogs"))),
    )
    shown = KpiPage(
        holders=("L",), cases=1, since=NOON, until=None, made_at=NOON, families=(family,),
        notes=(), lab=False,
    )  # fmt: skip
    html = sheets_html(shown, tongues=("en",))
    assert "a survey of dogs" in html
    assert "1 of 2 measured" in html
    assert "2026-11-24 \u2013 \u2026" in html
    ends = replace(shown, since=None, until=datetime(2026, 12, 1, tzinfo=UTC))
    assert "\u2026 \u2013 2026-11-30" in sheets_html(ends, tongues=("en",))
    assert "LAB" not in html


@pytest.mark.browser
@pytest.mark.enable_socket
@pytest.mark.parametrize(("width", "scheme"), [(1240, "light"), (390, "dark"), (1240, "dark")])
def test_in_a_browser_it_is_quiet_fits_and_is_easy_to_read(
    browser: Any, tmp_path: Path, width: int, scheme: str
) -> None:
    path = tmp_path / "kpi.html"
    html = sheets_html(page("W" * 200), tongues=languages())
    path.write_text(html, encoding="utf-8")
    said: list[str] = []
    asked: list[str] = []
    context = browser.new_context(
        viewport={"width": width, "height": 1000}, color_scheme=scheme, bypass_csp=True
    )
    tab = context.new_page()
    tab.on("console", lambda told: said.append(told.text))
    tab.on("pageerror", lambda error: said.append(str(error)))
    tab.on("request", lambda request: asked.append(request.url))
    tab.goto(path.as_uri())
    across = tab.evaluate("document.documentElement.scrollWidth")
    tab.add_script_tag(content=AXE.read_text(encoding="utf-8"))
    found = tab.evaluate(
        "async () => (await axe.run()).violations.map(v => v.id + ': ' + v.nodes.map(n => n.html).join(' | '))"
    )
    context.close()
    assert said == []
    assert [one for one in asked if not one.startswith(("file:", "data:"))] == []
    assert across <= width
    assert found == []
