"""The room as people use it, in Debian's Chromium: served by the command, opened by its address."""

from __future__ import annotations

import io
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest

from cautery.adapters.case_folder import FolderStore
from cautery.adapters.clock import SystemClock
from cautery.adapters.keys_file import KeyFolder
from cautery.model import iso
from cautery.workflows.case.close import close_case
from cautery.workflows.case.open import open_case

pytestmark = pytest.mark.browser
AXE = Path(__file__).parents[1] / "assets" / "axe" / "axe.min.js"
CLOSED, OPEN = "/cases/night-1", "/cases/cup+night-2"


@contextmanager
def serving(cases: Path, *more: str) -> Iterator[str]:
    """Run `cautery serve`, and yield the address that it prints."""
    command = [sys.executable, "-m", "cautery", "serve", "--cases", str(cases), *more]
    with subprocess.Popen(
        [*command, "--port", "0", "--no-browser"], stdout=subprocess.PIPE, text=True
    ) as process:
        try:
            assert process.stdout
            name, address = process.stdout.readline().split()
            assert name == "room"
            yield address
        finally:
            process.terminate()


@pytest.fixture(scope="module")
def served(season: Path) -> Iterator[str]:
    """The address of a room over the season."""
    with serving(season) as address:
        yield address


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


PAGES = [
    "/",
    "/keys",
    "/season",
    "/grown",
    CLOSED,
    f"{CLOSED}/records/7",
    f"{CLOSED}/exhibits",
    f"{CLOSED}/mandate",
]
PAGES += [f"{CLOSED}/tonight", f"{OPEN}/tonight", f"{CLOSED}/streams/1", f"{CLOSED}/streams/20"]
PAGES += [f"{CLOSED}/blind", f"{CLOSED}/network", f"{CLOSED}/network?around=panel-41.example"]
PAGES += [f"{CLOSED}/orders", f"{CLOSED}/orders?kind=referral", f"{CLOSED}/plan?after=3"]
PAGES += ["/find", "/find?q=edge", "/find?q=nothing-like-that"]
PAGES += ["/find/history?kind=title&q=sport+0+fhd+%7C+home+v+away"]
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
    for letter, path in (
        ("t", "tonight"),
        ("e", "exhibits"),
        ("m", "mandate"),
        ("v", "verify"),
        ("l", "night-1"),
    ):
        page.keyboard.press("g")
        page.keyboard.press(letter)
        page.wait_for_url(re.compile(f"{path}$"))
    page.keyboard.press("g")
    page.keyboard.press("c")
    page.wait_for_selector("h1:has-text('Cases')")


def test_all_cases_are_searched_from_any_page(visit: Callable[..., Any]) -> None:
    page = visit("/keys")
    page.keyboard.press("/")  # the page has no search of its own
    page.keyboard.type("edge-1")
    page.keyboard.press("Enter")
    page.wait_for_url(re.compile(r"/find\?q=edge-1"))
    page.wait_for_selector("table.things")
    page.keyboard.press("j")
    page.keyboard.press("Enter")
    page.wait_for_selector("figure.months svg")
    page.locator("text=newest record").first.click()
    page.wait_for_selector("h2:has-text('Record')")


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
    shown = ("/", CLOSED, f"{CLOSED}/records/7", f"{CLOSED}/tonight", f"{CLOSED}/streams/1")
    for path in (*shown, f"{CLOSED}/network", f"{CLOSED}/plan", "/find?q=edge"):
        page.goto(page.url.partition("/cases")[0].rstrip("/") + path)
        assert page.evaluate("document.documentElement.scrollWidth") <= 390


def test_a_plan_is_dragged_along_its_steps(visit: Callable[..., Any]) -> None:
    page = visit(f"{CLOSED}/plan")
    page.wait_for_selector("b:has-text('After act 9 of 9: 0 served')")
    slider = page.get_by_label("Acts that are done, of 9")
    slider.press("ArrowLeft")
    page.wait_for_selector("b:has-text('After act 8 of 9:')")
    slider.press("Home")
    page.wait_for_selector("b:has-text('After act 0 of 9:')")
    assert page.url.endswith("/plan?after=0")  # what one sees can be sent to a colleague
    page.locator(".curve a").nth(2).click()
    page.wait_for_selector("b:has-text('After act 2 of 9:')")


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


def _add(folder: Path, number: int) -> None:
    """Add a stream to the open case as a watch in another process does."""
    store = FolderStore(KeyFolder(folder / "keys"), patience_s=1.0)
    case = open_case(folder / "cases" / "cup" / "night-2", store=store, clock=SystemClock())
    at = case.clock.now()
    body = {"url": f"http://late.example/{number}", "title": f"Late {number}", "source": "list"}
    body |= {"host": "late.example", "at": iso(at), "offer": None}
    case.ledger.append("stream.appeared", body, at=at)
    case.leave()


def test_the_wall_grows_while_somebody_looks_and_comes_back_after_the_line_was_lost(
    browser: Any, tmp_path: Path, make_season: Callable[[Path], Path]
) -> None:
    with serving(make_season(tmp_path)) as address:
        context = browser.new_context()
        page = context.new_page()
        page.goto(address)
        page.wait_for_selector("h1:has-text('Cases')")
        page.goto(address.split("/?", maxsplit=1)[0] + f"{OPEN}/tonight")
        page.wait_for_selector("html[data-line=open]")
        page.evaluate("window.sameDocument = true")
        assert "of 18 offered" in page.inner_text("#live-state")
        assert page.inner_text("#live-tag") == "left open"
        _add(tmp_path, 1)
        page.wait_for_selector("#live-state:has-text('of 19 offered')")
        page.wait_for_selector("#live-unseen:has-text('Late 1')")
        context.set_offline(True)
        _cut(page)
        page.wait_for_selector("html[data-line=lost]")
        assert page.is_visible(".lost")
        _add(tmp_path, 2)
        _add(tmp_path, 3)
        context.set_offline(False)
        page.wait_for_selector("#live-state:has-text('of 21 offered')")
        assert not page.is_visible(".lost")
        assert page.inner_text("#live-unseen").count("Late 3") == 1
        store = FolderStore(KeyFolder(tmp_path / "keys"), patience_s=1.0)
        case = open_case(tmp_path / "cases" / "cup" / "night-2", store=store, clock=SystemClock())
        close_case(case, at=case.clock.now())
        page.wait_for_selector("#live-tag:has-text('closed')")
        assert "The night is over" in page.inner_text("#live-state")
        assert page.evaluate("window.sameDocument")
        context.close()


def _cut(page: Any) -> None:
    """Hide and show the page, as who closes the laptop does: its stream begins anew."""
    page.evaluate("document.dispatchEvent(new Event('visibilitychange'))")


def _film(seconds: int, *, begins_s: float) -> bytes:
    """A film in MPEG-TS whose picture is as bright as its second."""
    out = io.BytesIO()
    with av.open(out, "w", format="mpegts") as container:
        stream = container.add_stream("libx264", rate=25, options={"tune": "zerolatency"})
        stream.width, stream.height, stream.pix_fmt = 160, 90, "yuv420p"
        stream.time_base = Fraction(1, 90_000)
        for number in range(25 * seconds):
            picture = np.full((90, 160, 3), 20 + 20 * (number // 25), np.uint8)
            frame = av.VideoFrame.from_ndarray(picture, format="rgb24")
            frame.time_base = stream.time_base
            frame.pts = int((begins_s + number / 25) * 90_000)
            container.mux(stream.encode(frame))
        container.mux(stream.encode())
    return out.getvalue()


def test_stream_and_reference_play_in_step_from_what_was_sealed(
    browser: Any,
    tmp_path: Path,
    make_season: Callable[[Path], Path],
    compare: Callable[..., Any],
) -> None:
    cases = make_season(tmp_path)
    suspect, reference = _film(6, begins_s=20.0), _film(8, begins_s=100.0)
    compare(tmp_path, [suspect], reference, suspect_s=23.5, reference_s=105.5)
    with serving(cases) as address:
        page = browser.new_context().new_page()
        faults: list[str] = []
        page.on("console", lambda said: said.type == "error" and faults.append(said.text))
        page.goto(address)
        page.wait_for_selector("h1:has-text('Cases')")
        page.goto(address.split("/?", maxsplit=1)[0] + f"{OPEN}/streams/19")
        page.wait_for_selector("[data-ready]")
        at = "[...document.querySelectorAll('video')].map(video => video.currentTime)"
        # What a transport stream's decoder holds back at its start is some hundredths of a second.
        assert page.evaluate(at) == pytest.approx([5.5, 3.5], abs=0.2)
        assert float(page.get_attribute("[data-at]", "min")) == pytest.approx(-3.5, abs=0.2)
        assert float(page.get_attribute("[data-at]", "max")) == pytest.approx(2.45, abs=0.2)
        page.fill("[data-at]", "-2")
        page.click("text=Play in step")
        for _ in range(200):
            if page.evaluate(at)[1] > 2.2:
                break
            page.wait_for_timeout(50)
        reference_s, suspect_s = page.evaluate(at)
        assert reference_s - suspect_s == pytest.approx(2.0, abs=0.35)
        assert faults == []
        page.context.close()


def _people(folder: Path, *arguments: str) -> str:
    command = [sys.executable, "-m", "cautery", "people", *arguments]
    command += ["--people", str(folder / "people"), "--keys", str(folder / "keys")]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()


def _first_visit(page: Any, address: str, name: str, word: str) -> None:
    page.goto(f"{address}/login/first")
    page.fill("[name=name]", name)
    page.fill("[name=word]", word)
    for field in ("password", "again"):
        page.fill(f"[name={field}]", "four words that do not belong")
    page.click("button.act")
    page.wait_for_selector("header .top")


def test_people_come_in_by_keyboard_without_a_script_and_every_page_of_theirs_can_be_read(
    browser: Any, season: Path, tmp_path: Path
) -> None:
    words = {
        role: _people(tmp_path, "add", role, "--role", role, *more)
        for role, more in (("analyst", ["--all-cases"]), ("keeper", []), ("auditor", []))
    }
    options = ("--people", str(tmp_path / "people"), "--keys", str(tmp_path / "keys"))
    with serving(season, *options) as start:
        address = start.rstrip("/")
        found: dict[str, list[str]] = {}
        for theme in ("light", "dark"):
            context = browser.new_context(color_scheme=theme)
            context.add_init_script(path=AXE)
            page = context.new_page()
            for path in ("/cases/night-1", "/login/first"):
                page.goto(address + path)
                found[f"{theme} {path}"] = violations(page)
            for role, pages in (
                ("analyst", ["/account", "/"]),
                ("keeper", ["/people"]),
                ("auditor", ["/access"]),
            ):
                if theme == "light":
                    _first_visit(page, address, role, words[role])
                else:
                    page.goto(f"{address}/login")
                    page.locator("[name=name]:focus").wait_for()
                    page.keyboard.type(role)
                    page.keyboard.press("Tab")
                    page.keyboard.type("four words that do not belong")
                    page.keyboard.press("Enter")
                    page.wait_for_selector("header .top")
                for path in pages:
                    page.goto(address + path)
                    for summary in page.query_selector_all("summary"):
                        summary.click()
                    found[f"{theme} {role} {path}"] = violations(page)
                if role == "auditor":
                    page.check("[value=lawfulness]")
                    page.fill("[name=why]", "yearly review")
                    page.click("button.act")
                    page.wait_for_selector("table")
                    found[f"{theme} log"] = violations(page)
                page.click(".out button")
                page.wait_for_selector("[name=password]")
            context.close()
        assert found == {path: [] for path in found}
        assert len(found) == 14
        plain = browser.new_context(java_script_enabled=False).new_page()
        plain.goto(f"{address}{CLOSED}/records/7")
        plain.fill("[name=name]", "analyst")
        plain.fill("[name=password]", "four words that do not belong")
        plain.click("button.act")
        assert "Proof" in plain.inner_text("main")
        plain.context.close()
