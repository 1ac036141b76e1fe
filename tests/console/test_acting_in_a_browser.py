"""Two people enrol passkeys, approve with them and see an order to its end, in Debian's Chromium."""

from __future__ import annotations

import subprocess
import sys
import tomllib
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from tests.console.acts import PEOPLE, Work
from tests.console.test_room_in_a_browser import serving

from cautery.adapters.case_folder import FolderStore
from cautery.workflows.case.referral import filed_referral

pytestmark = pytest.mark.browser
PASSWORD = "four words that do not belong"
LOGINS = {"anna": "commander", "bert": "commander", "carla": "analyst", "dora": "legal"}


class Everybody:
    """A room of people, each in a browser with an authenticator of its own."""

    def __init__(self, browser: Any, folder: Path, address: str) -> None:
        self.browser, self.folder, self.address = browser, folder, address
        self.pages: dict[str, Any] = {}
        self.keys: dict[str, tuple[Any, str]] = {}

    @property
    def where(self) -> list[str]:
        return ["--people", str(self.folder / "people"), "--keys", str(self.folder / "room-keys")]

    def cautery(self, *words: str, fails: bool = False) -> str:
        command = [sys.executable, "-m", "cautery", *words]
        ended = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
        assert (ended.returncode != 0) == fails, ended.stderr
        return ended.stderr if fails else ended.stdout

    def comes_in(self, name: str, word: str, *, synced: bool = False) -> Any:
        """Open a browser for somebody, who chooses a password."""
        page, self.keys[name] = self._with_key(synced=synced)
        self.pages[name] = page
        page.goto(f"{self.address}/login/first")
        for field, value in (("name", name), ("word", word), ("password", PASSWORD)):
            page.fill(f"[name={field}]", value)
        page.fill("[name=again]", PASSWORD)
        page.click("button.act")
        page.wait_for_selector("header .top")
        return page

    def second_device(self, name: str) -> Any:
        """Open another browser for somebody, with the same security key in it, and log in."""
        page, (session, here) = self._with_key(synced=False)
        first, there = self.keys[name]
        held = first.send("WebAuthn.getCredentials", {"authenticatorId": there})
        for credential in held["credentials"]:
            known = {"authenticatorId": here, "credential": credential}
            session.send("WebAuthn.addCredential", known)
        page.goto(f"{self.address}/login")
        page.fill("[name=name]", name)
        page.fill("[name=password]", PASSWORD)
        page.click("button.act")
        page.wait_for_selector("header .top")
        return page

    def _with_key(self, *, synced: bool) -> tuple[Any, tuple[Any, str]]:
        context = self.browser.new_context(viewport={"width": 1280, "height": 900})
        page = context.new_page()
        session = context.new_cdp_session(page)
        session.send("WebAuthn.enable")
        options = {
            "protocol": "ctap2",
            "transport": "internal",
            "hasResidentKey": True,
            "hasUserVerification": True,
            "isUserVerified": True,
            "automaticPresenceSimulation": True,
            "defaultBackupEligibility": synced,
        }
        added = session.send("WebAuthn.addVirtualAuthenticator", {"options": options})
        return page, (session, added["authenticatorId"])

    def enrols(self, name: str) -> None:
        page, form = self.pages[name], "form[data-passkey=make]"
        page.goto(f"{self.address}/account")
        page.fill(f"{form} [name=name]", "key of " + name)
        page.fill(f"{form} [name=old]", PASSWORD)
        page.click(f"{form} button")
        page.wait_for_selector("text=The passkey is added")

    def signs(self, name: str, act: str) -> Any:
        page = self.pages[name]
        page.goto(f"{self.address}/cases/md34/orders/{act}")
        page.click("text=Sign with your passkey")
        page.wait_for_selector("text=Your signature is recorded")
        return page


@pytest.fixture
def words(tmp_path: Path) -> dict[str, str]:
    """The one-time word of each person."""
    room = Everybody(None, tmp_path, "")
    return {
        name: room.cautery(
            "people", "add", name, "--role", role, "--all-cases", *room.where
        ).strip()
        for name, role in LOGINS.items()
    }


def test_two_passkeys_approve_and_the_order_goes_its_way_to_its_end(
    browser: Any, tmp_path: Path, words: dict[str, str]
) -> None:
    room = Everybody(browser, tmp_path, "")
    (tmp_path / "cases").mkdir()
    with serving(tmp_path / "cases", *room.where) as address:
        room.address = address.rstrip("/").replace("127.0.0.1", "localhost")
        named = ("people", "approver", "anna", "--as", PEOPLE[0], "--role", "legal", *room.where)
        synced = room.comes_in("anna", words["anna"], synced=True)
        room.enrols("anna")
        assert "only synced ones" in room.cautery(*named, fails=True)
        word = room.cautery("people", "invite", "anna", "--why", "another key", *room.where)
        synced.context.close()
        keys = {}
        for name, login in zip(PEOPLE, ("anna", "bert"), strict=True):
            room.comes_in(login, word.strip() if login == "anna" else words[login])
            room.enrols(login)
            handed = room.cautery(
                "people", "approver", login, "--as", name, "--role", "legal", *room.where
            )
            keys[name] = tomllib.loads(handed)["approver"][0]["public_key"]
        work = Work(tmp_path, datetime.now(UTC).replace(microsecond=0), keys=keys)
        work.proven(1)
        drafted = work.plain_referral()
        room.pages["anna"].goto(f"{room.address}/cases/md34/orders/{drafted.id}")
        room.signs("anna", drafted.id)
        page = room.signs("bert", drafted.id)
        assert page.inner_text("main").count("it holds") == 2
        states = [page.inner_text("h2 .tag")]
        for step in (work.published, work.acknowledged, work.expired):
            step(drafted)
            page.goto(f"{room.address}/cases/md34/orders/{drafted.id}")
            states.append(page.inner_text("h2 .tag"))
        assert states == ["to be sent", "to be answered", "in force", "over"]
        ledger = FolderStore().ledger(work.path, read_only=True)
        assert [one.approver for one in filed_referral(ledger, drafted.id).approvals] == [*PEOPLE]
        ledger.close()
        number = work.complaint(referrals=(drafted.id,))
        for login in ("carla", "dora"):
            room.comes_in(login, words[login]).goto(f"{room.address}/cases/md34/orders/{number}")
            room.pages[login].fill("[name=why]", f"the reason of {login}")
        room.pages["carla"].click("text=Reject it")
        room.pages["carla"].wait_for_selector("text=The decision is recorded")
        room.pages["dora"].click("text=Reject it")
        room.pages["dora"].wait_for_selector("text=has gone on since you saw it")
        assert "by carla" in room.pages["dora"].inner_text("[role=alert]")
        for page in room.pages.values():
            page.context.close()
