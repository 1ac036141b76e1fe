"""An order from its draft to its end, as people see it in Debian's Chromium."""

from __future__ import annotations

import shlex
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from tests.console.acts import HOST, LIST, PEOPLE, Work, key_of
from tests.console.test_room_in_a_browser import AXE, serving, violations

pytestmark = pytest.mark.browser
BOARD = "/cases/md34/orders"


@pytest.fixture
def work(tmp_path: Path) -> Work:
    made = Work(tmp_path, datetime.now(UTC).replace(microsecond=0))
    made.proven(1)
    return made


@contextmanager
def opened(browser: Any, address: str, **how: Any) -> Iterator[Any]:
    """Open the room in a new browser; nothing may fail on its pages."""
    how = {"viewport": {"width": 1280, "height": 900}, **how}
    context = browser.new_context(**how)
    if how.get("java_script_enabled", True):
        context.add_init_script(path=AXE)
    page = context.new_page()
    faults: list[str] = []
    page.on("console", lambda said: said.type == "error" and faults.append(said.text))
    page.on("pageerror", lambda error: faults.append(str(error)))
    page.goto(address)
    page.wait_for_selector("h1")
    page.root = address.split("/?", maxsplit=1)[0]
    yield page
    assert faults == []
    context.close()


def test_an_order_from_its_draft_over_two_signatures_to_its_end(browser: Any, work: Work) -> None:
    drafted = work.referral()
    with serving(work.cases) as address, opened(browser, address) as page:
        act = f"{page.root}{BOARD}/{drafted.id}"
        page.goto(page.root + BOARD)
        assert "signatures: 0 of 2" in page.inner_text("main")
        for number, name in enumerate(PEOPLE, 1):
            page.goto(act)
            assert page.inner_text(".guard .tag >> nth=0") == "allow"
            words = page.inner_text("#words strong")
            lines = page.locator(".commands pre").all_inner_texts()
            command = shlex.split(next(line for line in lines if name in line))
            shown = run(*command[1:3], command[3], command[4], verb="show")
            assert f"four words      {words}" in shown
            command[command.index("KEY.pem")] = str(key_of(work.folder, name))
            assert f"{name} has approved" in run(*command[1:])
            page.reload()
            assert page.inner_text("main").count("it holds") == number
        states = [page.inner_text("h2 .tag")]
        for step in (work.published, work.acknowledged, work.expired):
            step(drafted)
            page.goto(act)
            states.append(page.inner_text("h2 .tag"))
        assert states == ["to be sent", "to be answered", "in force", "over"]
        page.goto(page.root + BOARD)
        assert "in force" not in page.inner_text(f"tr:has-text('{drafted.id}')")


def run(*words: str, verb: str = "") -> str:
    """Run a command of Cautery that stands on a page."""
    first, second, *rest = words
    ended = subprocess.run(
        [sys.executable, "-m", "cautery", first, verb or second, *rest],
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    return ended.stdout + ended.stderr


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_no_board_and_no_act_is_hard_to_read_or_to_use(
    browser: Any, work: Work, theme: str
) -> None:
    drafted = work.referral()
    lacking = work.notice(contact=None)
    acts = [drafted.id, lacking, work.notice_from(lacking), work.complaint(due_min=-3), LIST]
    work.published(drafted)
    paths = [BOARD, f"{BOARD}?kind=notice", *(f"{BOARD}/{act}" for act in acts)]
    with serving(work.cases) as address, opened(browser, address, color_scheme=theme) as page:
        found = {}
        for path in paths:
            page.goto(page.root + path)
            found[path] = violations(page)
    assert found == {path: [] for path in paths}


def test_a_night_shift_finds_an_order_by_keyboard_alone(browser: Any, work: Work) -> None:
    drafted = work.referral()
    with serving(work.cases) as address, opened(browser, address) as page:
        page.goto(f"{page.root}/cases/md34")
        page.keyboard.press("g")
        page.keyboard.press("o")
        page.wait_for_url("**/orders")
        page.keyboard.press("/")
        page.keyboard.type(HOST)
        page.keyboard.press("Enter")
        page.wait_for_url("**q=*")
        page.keyboard.press("j")
        page.keyboard.press("Enter")
        page.wait_for_selector(f"#panel h2:has-text('{drafted.id}')")
        page.keyboard.press("Escape")
        page.keyboard.press("o")
        page.wait_for_url(f"**/orders/{drafted.id}")


def test_a_board_works_without_a_script_on_a_telephone_in_french(browser: Any, work: Work) -> None:
    drafted = work.referral()
    with (
        serving(work.cases) as address,
        opened(
            browser,
            address,
            java_script_enabled=False,
            locale="fr",
            viewport={"width": 390, "height": 800},
        ) as page,
    ):
        page.goto(page.root + BOARD)
        assert "signatures : 0 sur 2" in page.inner_text("main")
        page.click(f"text={drafted.id} >> nth=0")
        assert "Quatre mots de son empreinte" in page.inner_text("main")
        for path in (BOARD, f"{BOARD}/{drafted.id}"):
            page.goto(page.root + path)
            assert page.locator("main").bounding_box()["width"] <= 390


def test_a_board_takes_up_what_others_do_while_somebody_looks(browser: Any, work: Work) -> None:
    drafted = work.referral()
    with serving(work.cases) as address, opened(browser, address) as page:
        page.goto(page.root + BOARD)
        page.evaluate("window.sameDocument = true")
        number = work.complaint()
        page.wait_for_selector(f"#clocks tr:has-text('{number}')", timeout=25_000)
        assert page.evaluate("window.sameDocument")
        assert drafted.id in page.inner_text("#clocks")


def test_an_act_shows_a_signature_while_somebody_writes_on_its_page(
    browser: Any, work: Work
) -> None:
    drafted = work.referral()
    with serving(work.cases) as address, opened(browser, address) as page:
        page.goto(f"{page.root}{BOARD}/{drafted.id}")
        page.wait_for_selector("html[data-line=open]")
        page.evaluate("window.sameDocument = true")
        assert "Nobody has signed it yet" in page.inner_text("#live-signatures")
        line = next(
            line for line in page.locator(".commands pre").all_inner_texts() if PEOPLE[0] in line
        )
        command = shlex.split(line)
        command[command.index("KEY.pem")] = str(key_of(work.folder, PEOPLE[0]))
        run(*command[1:])
        page.wait_for_selector("#live-signatures:has-text('it holds')", timeout=25_000)
        assert PEOPLE[0] in page.inner_text("#live-signatures")
        assert f"so far: {PEOPLE[0]}" in page.inner_text("#live-steps")
        assert page.evaluate("window.sameDocument")
        assert violations(page) == []
