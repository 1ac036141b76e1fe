"""Seizure page and press sheet in Debian's Chromium: readable in both themes, and asking nobody."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from tests.console.operations import CASE, ROME, Joint
from tests.console.test_room_in_a_browser import AXE, serving, violations

from cautery.pages.press_sheet import Links, sheets_html
from cautery.pages.seizure import own_texts
from cautery.workflows.operation.press_sheet import LANGUAGES, press_sheet
from cautery.workflows.operation.seizure_site import EXAMPLE, Choice, seizure_site
from cautery.workflows.operation.seizure_site.offers import site_list

pytestmark = pytest.mark.browser
AT = datetime(2026, 11, 26, 14, 50, tzinfo=UTC)
THEMES = ("light", "dark")
SITES = ("en", "fr", "it", "es", "he")


def hebrew() -> str:
    """Return a language that is written from right to left; its sentences are ours."""
    texts = "\n".join(f"{name} = '''{text}'''" for name, text in asdict(own_texts()).items())
    return (
        '[[language]]\ncode = "he"\nname = "עברית"\n[language.countries]\n'
        f'IT = "איטליה"\nFR = "צרפת"\nNL = "הולנד"\n[language.texts]\n{texts}\n'
    )


@pytest.fixture(scope="module")
def pages(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the pages of a site, and a press sheet."""
    folder = tmp_path_factory.mktemp("signal")
    desk = Joint(folder, AT).began().seized().took_over().desk()
    listed = site_list((EXAMPLE + hebrew()).encode(), where="offers.toml")
    choice = Choice(agencies=("it-postal", "nl-fiod"), languages=SITES)
    for name, content in seizure_site(desk, listed, choice, made_at=AT).files.items():
        place = folder / name
        place.parent.mkdir(exist_ok=True)
        place.write_bytes(content)
    sheets = [press_sheet(desk, language=language, made_at=AT) for language in LANGUAGES]
    (folder / "sheet.html").write_text(sheets_html(sheets, links=Links()), encoding="utf-8")
    desk.leave()
    return folder


@pytest.fixture
def visits(browser: Any, pages: Path) -> Iterator[Callable[..., Any]]:
    """Open a page; nothing may fail on it, and it may ask for nothing but itself."""
    opened: list[Any] = []

    def visit(name: str, **how: Any) -> Any:
        context = browser.new_context(**{"viewport": {"width": 1280, "height": 900}, **how})
        context.add_init_script(path=AXE)
        page = context.new_page()
        page.asked, page.faults = [], []
        page.on("request", lambda request: page.asked.append(request.url))
        page.on("console", lambda said: page.faults.append(said.text))
        page.goto((pages / name).as_uri())
        opened.append(page)
        return page

    yield visit
    for page in opened:
        assert page.faults == []
        assert page.asked == [page.url]
        page.context.close()


NAMES = [*(f"site/{code}.html" for code in SITES), "sheet.html"]


@pytest.mark.parametrize("theme", THEMES)
@pytest.mark.parametrize("name", NAMES)
def test_no_page_is_hard_to_read_or_to_use(
    visits: Callable[..., Any], name: str, theme: str
) -> None:
    assert violations(visits(name, color_scheme=theme)) == []


@pytest.mark.parametrize("name", NAMES)
def test_each_page_fits_a_telephone_and_runs_without_script(
    visits: Callable[..., Any], name: str
) -> None:
    page = visits(name, viewport={"width": 390, "height": 800}, is_mobile=True)
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    assert page.evaluate("document.scripts.length") == 0


@pytest.mark.parametrize("name", NAMES[:5])
def test_what_can_be_touched_is_large_enough(visits: Callable[..., Any], name: str) -> None:
    page = visits(name, viewport={"width": 390, "height": 800}, is_mobile=True)
    sizes = page.evaluate(
        "() => [...document.links].map(one => one.getBoundingClientRect())"
        ".map(one => Math.min(one.width, one.height))"
    )
    assert sizes
    assert min(sizes) >= 24  # CSS pixels: WCAG 2.2, 2.5.8


def test_the_dark_theme_is_dark(visits: Callable[..., Any]) -> None:
    colours = {
        theme: visits("site/en.html", color_scheme=theme).evaluate(
            "getComputedStyle(document.querySelector('main')).backgroundColor"
        )
        for theme in THEMES
    }
    assert colours == {"light": "rgb(255, 255, 255)", "dark": "rgb(21, 23, 27)"}


def test_a_page_that_is_written_from_right_to_left_begins_there(visits: Callable[..., Any]) -> None:
    page = visits("site/he.html")
    heading = page.evaluate(
        "() => { const range = document.createRange();"
        " range.selectNodeContents(document.querySelector('h2'));"
        " const text = range.getBoundingClientRect();"
        " const main = document.querySelector('main').getBoundingClientRect();"
        " return [text.left - main.left, main.right - text.right]; }"
    )
    assert heading[1] < heading[0]


@pytest.fixture(scope="module")
def room(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of a room for one person, who may save what is for everybody."""
    joint = Joint(tmp_path_factory.mktemp("room"), AT).began().seized().took_over()
    with serving(joint.cases) as start:
        yield start


@pytest.mark.parametrize("theme", THEMES)
def test_the_rooms_form_is_readable_and_gives_a_folder(browser: Any, room: str, theme: str) -> None:
    context = browser.new_context(color_scheme=theme, accept_downloads=True)
    context.add_init_script(path=AXE)
    page = context.new_page()
    page.goto(room)
    page.goto(page.url.partition("/?")[0].rstrip("/") + f"/operations/{CASE}/signal")
    assert violations(page) == []
    page.check(f"[name=agency][value={ROME}]")
    with page.expect_download() as saved:
        page.click("main form button")
    assert saved.value.suggested_filename == "seizure-page.zip"
    context.close()
