"""An action day as its table and a guest in the field see it, in Debian's Chromium."""

from __future__ import annotations

import re
import subprocess
import sys
import zlib
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from tests.console.operations import CASE, SECRET, SOFIA, TARGET, Joint
from tests.console.test_room_in_a_browser import AXE, serving, violations

from cautery.adapters.case_folder import FolderStore
from cautery.model import CriterionAnswer, StepReport, StepState
from cautery.model.ledger import contents
from cautery.wiring.people import people_of
from cautery.workflows.operation.file_photographs import Outcome, file_photographs, tray_of
from cautery.workflows.operation.register_book import Book

pytestmark = pytest.mark.browser
BOARD = f"/operations/{CASE}/board"
PASSWORD = "four words that do not belong"
PHONE = {"width": 390, "height": 844}


ACCOUNT = "p-[0-9a-f]{12}"
"""Officers stand in no record by name."""


@pytest.fixture
def joint(tmp_path: Path) -> Joint:
    return Joint(tmp_path, datetime.now(UTC).replace(microsecond=0)).began().planned()


@pytest.fixture
def comes_in(browser: Any, joint: Joint, tmp_path: Path) -> Iterator[Callable[..., Any]]:
    """Open the board for somebody who has just got a one-time word; nothing may fail on a page."""
    where = ["--people", str(tmp_path / "people"), "--keys", str(tmp_path / "room-keys")]
    pages = []

    def added(name: str, *rights: str) -> str:
        command = [sys.executable, "-m", "cautery", "people", "add", name, *rights, *where]
        return subprocess.run(
            command, capture_output=True, text=True, timeout=60, check=True
        ).stdout.strip()

    words = {
        "rosa": added("rosa", "--role", "commander", "--all-cases"),
        "stoyan": added("stoyan", "--role", "guest-agency", "--case", f"{CASE}/{SOFIA}"),
    }
    with serving(joint.cases, *where) as address:
        root = address.rstrip("/")

        def opened(name: str, **how: Any) -> Any:
            context = browser.new_context(**{"viewport": {"width": 1280, "height": 900}, **how})
            context.add_init_script(path=AXE)
            page = context.new_page()
            pages.append(page)
            page.faults = []
            page.on("console", lambda said: said.type == "error" and page.faults.append(said.text))
            page.on("pageerror", lambda error: page.faults.append(str(error)))
            page.goto(f"{root}/login/first")
            fields = {"name": name, "word": words[name], "password": PASSWORD, "again": PASSWORD}
            for field, value in fields.items():
                page.fill(f"[name={field}]", value)
            page.click("button.act")
            page.wait_for_selector("header .top")
            page.goto(root + BOARD)
            return page

        yield opened
    assert [page.faults for page in pages] == [[] for _ in pages]


def row(page: Any, step: str) -> Any:
    return page.locator(f"tr.row:has(bdi:text-is('{step}'))")


def test_the_table_says_go_and_the_field_reports_and_all_boards_follow_by_themselves(
    comes_in: Callable[..., Any], joint: Joint
) -> None:
    rosa = comes_in("rosa")
    stoyan = comes_in("stoyan", viewport=PHONE)
    assert "Take the rack in Almere" in rosa.inner_text("main")
    seen_by_guest = stoyan.inner_text("main")
    assert "Take the edge in Plovdiv" in seen_by_guest
    for hidden in (SECRET, TARGET, "Almere", "mole"):
        assert hidden not in seen_by_guest
    assert stoyan.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]

    rosa.click("button[aria-label^='Yes: Are all warrants signed?']")
    rosa.wait_for_selector(".tag.go:text-is('GO')")
    stoyan.click("button[aria-label='Go: rack-sofia']")
    stoyan.wait_for_selector("text=It is recorded.")
    # The table's board was not touched: the line to the room brings the report.
    row(rosa, "rack-sofia").locator("text=stoyan (bg-gdbop)").wait_for(timeout=60_000)

    row(rosa, "rack-hague").locator("a[aria-label='Other report: rack-hague']").click()
    rosa.check("[name=state][value=failed]")
    rosa.fill("[name=text]", "the wrong data centre")
    rosa.click("text=Report it")
    rosa.wait_for_selector("text=planned anew", timeout=60_000)
    stoyan.click("button[aria-label='Done: rack-sofia']")
    stoyan.wait_for_selector("text=It is recorded.")
    row(rosa, "rack-sofia").locator(".tag:text-is('done')").wait_for(timeout=60_000)
    assert "wrong data centre" not in stoyan.inner_text("main")

    ledger = FolderStore().ledger(joint.path, read_only=True)
    reports = [content for _, content in contents(ledger, StepReport)]
    answers = [content for _, content in contents(ledger, CriterionAnswer)]
    ledger.close()
    assert [
        (report.step, report.state, re.sub(ACCOUNT, "ID", report.by)) for report in reports
    ] == [
        ("rack-sofia", StepState.RUNNING, "ID (bg-gdbop)"),
        ("rack-hague", StepState.FAILED, "ID (it-postal)"),
        ("rack-sofia", StepState.DONE, "ID (bg-gdbop)"),
    ]
    assert [(answer.yes, re.sub(ACCOUNT, "ID", answer.by)) for answer in answers] == [
        (True, "ID (it-postal)")
    ]


def picture() -> bytes:
    """A PNG of 3 x 2 pixels."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        checksum = zlib.crc32(kind + data).to_bytes(4, "big")
        return len(data).to_bytes(4, "big") + kind + data + checksum

    head = (3).to_bytes(4, "big") + (2).to_bytes(4, "big") + b"\x08\x00\x00\x00\x00"
    pixels = zlib.compress(b"\x00abc" * 2)
    parts = ((b"IHDR", head), (b"IDAT", pixels), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(chunk(*part) for part in parts)


def test_the_field_photographs_an_exhibit_without_scripts_and_the_desk_files_it(
    comes_in: Callable[..., Any], joint: Joint, tmp_path: Path
) -> None:
    joint.seized()
    stoyan = comes_in("stoyan", viewport=PHONE, java_script_enabled=False)
    stoyan.click("nav >> text=Exhibits")
    stoyan.click("text=BG-0001")
    stoyan.fill("[name=note]", "the seal, whole")
    photo = {"name": "Stoyan at home.png", "mimeType": "image/png", "buffer": picture()}
    stoyan.set_input_files("[name=photo]", photo)
    stoyan.click("text=Send it")
    stoyan.wait_for_selector("text=The photograph has come.")
    assert "the seal, whole" in stoyan.inner_text("main")

    rosa = comes_in("rosa", viewport=PHONE)
    rosa.click("text=1 photograph waits to be filed.")
    row = rosa.locator("tr.row", has_text="photograph waits")
    row.locator("a").click()
    rosa.click("text=Look at it")
    shown = rosa.locator(".photographs img")
    assert shown.evaluate("img => img.decode().then(() => img.naturalWidth)") == 3
    assert rosa.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]
    assert violations(rosa) == []
    assert "at home" not in rosa.content()

    with people_of(tmp_path / "people", keys_dir=tmp_path / "room-keys") as room:
        desk = joint.desk()
        book = Book(desk)
        waiting = tray_of(desk, room.tray, book).waiting
        done = [*file_photographs(desk, room.tray, book, waiting, by="desk", why="of the day")]
        desk.leave()
    assert [one.outcome for one in done] == [Outcome.FILED]
    rosa.reload()
    assert "Photographs that were filed" in rosa.inner_text("main")


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_no_board_of_the_day_is_hard_to_read_or_to_use(
    comes_in: Callable[..., Any], theme: str
) -> None:
    rosa = comes_in("rosa", color_scheme=theme)
    faults = {"board": violations(rosa)}
    row(rosa, "rack-rome").locator("a").first.click()
    rosa.wait_for_selector("text=What the team says")
    faults["step"] = violations(rosa)
    stoyan = comes_in("stoyan", color_scheme=theme, viewport=PHONE, locale="fr")
    assert stoyan.get_attribute("html", "lang") == "fr"
    faults["guest"] = violations(stoyan)
    assert faults == {name: [] for name in faults}
