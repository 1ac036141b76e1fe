"""Two people sign a mandate with passkeys on their second devices, in Debian's Chromium."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from tests.console.test_acting_in_a_browser import Everybody, words
from tests.console.test_requests_of_commands import MANDATE
from tests.console.test_room_in_a_browser import serving

__all__ = ["words"]
pytestmark = pytest.mark.browser


def test_two_people_sign_a_mandate_each_on_a_second_device(
    browser: Any,
    tmp_path: Path,
    words: dict[str, str],
) -> None:
    room, now = Everybody(browser, tmp_path, ""), datetime.now(UTC)
    (tmp_path / "cases").mkdir()
    mandate = tmp_path / "league.toml"
    start, end = (f"{now + timedelta(hours=hours):%Y-%m-%dT%H:%M:%SZ}" for hours in (-1, 3))
    mandate.write_text(MANDATE.format(start=start, end=end))
    with serving(tmp_path / "cases", *room.where) as address:
        room.address = address.rstrip("/").replace("127.0.0.1", "localhost")
        for name, login in (("M. Head", "anna"), ("N. Deputy", "bert")):
            page = room.comes_in(login, words[login])
            room.enrols(login)
            sign = ["mandate", "sign", str(mandate), "--name", name, "--role", "head"]
            sign += ["--account", login, *room.where]
            waits = room.cautery(*sign, fails=True)
            assert f"it waits for the passkey of {name}" in waits
            page.click("text=To sign")
            page.click("table a")
            four_words = page.inner_text("#words strong")
            assert four_words in waits
            assert page.locator("text=Sign with your passkey").count() == 0
            page.click("text=A link for the second device")
            link = page.inner_text("#second")
            second = room.second_device(login)
            second.goto(link)
            assert second.inner_text("#words strong") == four_words
            assert "League <i>Nord</i>" in second.inner_text("pre.statement")
            second.click("text=Sign with your passkey")
            second.wait_for_selector(f"text={name} has signed")
            room.cautery(*sign)
            page.goto(f"{room.address}/requests")
            assert "Nothing waits for your passkey" in page.inner_text("main")
            second.context.close()
        assert "signed by M. Head (head, key " in room.cautery("mandate", "check", str(mandate))
        for page in room.pages.values():
            page.context.close()
