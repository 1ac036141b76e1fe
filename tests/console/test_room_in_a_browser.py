"""The room as people use it, in Debian's Chromium: served by the command, opened by its address."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

pytestmark = pytest.mark.browser
AXE = Path(__file__).parents[1] / "assets" / "axe" / "axe.min.js"
CLOSED, OPEN = "/cases/night-1", "/cases/cup+night-2"


@pytest.fixture(scope="module")
def served(season: Path) -> Iterator[str]:
    """The address that `cautery serve` prints."""
    command = [sys.executable, "-m", "cautery", "serve", "--cases", str(season)]
    with subprocess.Popen(
        [*command, "--port", "0", "--no-browser"], stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout
        name, address = process.stdout.readline().split()
        assert name == "room"
        yield address
        process.terminate()


@pytest.fixture
def visit(browser: Any, served: str) -> Iterator[Callable[..., Any]]:
    """Open a page of the room in a new browser; nothing may be refused or fail on it."""
    contexts = []

    def opened(path: str, **how: Any) -> Any:
        context = browser.new_context(viewport={"width": 1280, "height": 900}, **how)
        contexts.append(context)
        page = context.new_page()
        page.faults = []
        page.on("console", lambda said: said.type == "error" and page.faults.append(said.text))
        page.on("pageerror", lambda error: page.faults.append(str(error)))
        page.goto(served)
        page.wait_for_selector("h1:has-text('Cases'), h1:has-text('Affaires')")
        page.goto(served.split("/?", maxsplit=1)[0] + path)
        return page

    yield opened
    for context in contexts:
        for page in context.pages:
            assert page.faults == []
        context.close()


def violations(page: Any) -> list[str]:
    """What axe-core finds; it comes in past the page's policy, which lets no other script run."""
    found = page.evaluate(
        "async () => (await axe.run()).violations.map(v => v.id + ': ' + v.nodes.map(n => n.html.slice(0, 160)).join(' | '))"
    )
    assert isinstance(found, list)
    return found


PAGES = ["/", "/keys", CLOSED, f"{CLOSED}/records/7", f"{CLOSED}/exhibits", f"{CLOSED}/mandate"]
PAGES += [f"{CLOSED}/verify", OPEN, f"{CLOSED}?q=nothing-like-that", "/nowhere"]


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_no_page_is_hard_to_read_or_to_use_in_either_theme(
    browser: Any, served: str, theme: str
) -> None:
    context = browser.new_context(color_scheme=theme, viewport={"width": 1280, "height": 900})
    context.add_init_script(path=AXE)
    page = context.new_page()
    page.goto(served)
    page.wait_for_selector("h1")
    found = {}
    for path in PAGES:
        page.goto(served.split("/?", maxsplit=1)[0] + path)
        found[path] = violations(page)
    context.close()
    assert found == {path: [] for path in PAGES}


def test_who_does_not_have_the_key_sees_nothing(browser: Any, served: str) -> None:
    page = browser.new_context().new_page()
    page.goto(served.split("/?", maxsplit=1)[0] + CLOSED)
    assert "This room is locked" in page.inner_text("body")
    page.context.close()


def test_a_night_shift_by_keyboard_alone(visit: Callable[..., Any]) -> None:
    page = visit("/")
    page.keyboard.press("j")
    page.keyboard.press("j")
    page.keyboard.press("Enter")
    page.wait_for_url(re.compile("/cases/cup.*"))
    page.goto(page.url.split("/cases/")[0] + CLOSED)
    page.keyboard.press("/")
    page.keyboard.type("st-anna")
    page.keyboard.press("Enter")
    page.wait_for_url(re.compile(r"q=st-anna"))
    page.wait_for_selector("caption:has-text('contain')")
    page.keyboard.press("Escape")
    page.keyboard.press("j")
    page.keyboard.press("Enter")
    page.wait_for_selector("#panel h2:has-text('Record')")
    assert "q=st-anna" in page.url  # what was found stays beside the record
    page.keyboard.press("Escape")
    assert page.inner_text("#panel") == ""
    page.keyboard.press("o")
    page.wait_for_url(re.compile(r"/records/\d+$"))
    for letter, path in (("e", "exhibits"), ("m", "mandate"), ("v", "verify"), ("l", "night-1")):
        page.keyboard.press("g")
        page.keyboard.press(letter)
        page.wait_for_url(re.compile(f"{path}$"))
    page.keyboard.press("g")
    page.keyboard.press("c")
    page.wait_for_selector("h1:has-text('Cases')")


def test_a_check_shows_its_end_by_itself(visit: Callable[..., Any]) -> None:
    page = visit(f"{CLOSED}/verify")
    page.click("button.act")
    page.wait_for_selector(".verdict-line .consistent")
    assert "every file is as it was signed" in page.inner_text("#check")


def test_all_of_it_works_without_a_script(visit: Callable[..., Any]) -> None:
    page = visit(CLOSED, java_script_enabled=False)
    page.select_option("select[name=kind]", "verdict")
    page.click("text=Show")
    assert "of this kind" in page.inner_text("caption")
    page.click("td.n a >> nth=0")
    assert "Proof" in page.inner_text("main")
    page.goto(page.url.partition("/cases/")[0] + f"{OPEN}/verify")
    page.click("button.act")
    for _ in range(100):
        if page.query_selector(".verdict-line"):
            break
        page.wait_for_timeout(100)
        page.reload()
    assert "its signed roots hold" in page.inner_text("#check")
    page.click("button[lang=fr]")
    assert page.get_attribute("html", "lang") == "fr"


def test_a_page_fits_a_telephone(visit: Callable[..., Any]) -> None:
    page = visit(CLOSED, is_mobile=True)
    page.set_viewport_size({"width": 390, "height": 800})
    for path in ("/", CLOSED, f"{CLOSED}/records/7", f"{CLOSED}/exhibits"):
        page.goto(page.url.partition("/cases")[0].rstrip("/") + path)
        assert page.evaluate("document.documentElement.scrollWidth") <= 390


def test_the_map_runs_its_own_script_and_cannot_reach_the_room(visit: Callable[..., Any]) -> None:
    page = visit(f"{CLOSED}/map")
    page.wait_for_selector(".scripted")
    assert page.evaluate("self.origin") == "null"
    with pytest.raises(Exception, match=r"SecurityError|sandboxed"):
        page.evaluate("document.cookie")
    page.faults.clear()
    reached = page.evaluate("fetch('/cases/night-1').then(() => 'reached', () => 'refused')")
    assert reached == "refused"
    page.faults.clear()
