"""Passkeys, with Chromium's virtual authenticator; and answers that were made up, kept or changed."""

from __future__ import annotations

import base64
import json
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from tests.passkeys import Device, registration
from webauthn.helpers import encode_cbor

from cautery.adapters.passkeys import WebAuthn, public_key_of
from cautery.errors import ApprovalError, InputError
from cautery.model.account import Passkey
from cautery.model.room import RoomRole

AT = "http://localhost:8017"
PASSWORD = "four words that do not belong"
KEPT = Passkey(
    id=b"k",
    account="p-0123456789ab",
    key=b"",
    count=0,
    name="blue",
    made_at=datetime(2026, 11, 24, tzinfo=UTC),
)
FORM = {"origin": AT, "content-type": "application/x-www-form-urlencoded"}


def test_at_an_address_of_digits_no_passkey_is_offered(peopled: Any) -> None:
    assert "data-passkey" not in peopled.browser().get("/login").text
    assert peopled.browser().get("/login/passkey").status_code == 400
    assert "data-passkey" in peopled.browser(at=AT).get("/login").text


@pytest.mark.parametrize(
    "answer",
    [
        "",
        "{}",
        "[]",
        "null",
        '{"response": {}}',
        '{"response": {"attestationObject": "x", "clientDataJSON": "x"}}',
        "{" * 5_000,
        "[" * 4_500,
        json.dumps(
            {
                "id": "eA",
                "rawId": "eA",
                "type": "public-key",
                "response": {
                    "authenticatorData": "eA",
                    "signature": "eA",
                    "clientDataJSON": base64.urlsafe_b64encode(b"[" * 6_000).decode(),
                },
            }
        ),
        '{"id": "eA", "rawId": "eA", "type": "public-key", "response": {"clientDataJSON": "e30"}}',
    ],
)
def test_what_is_no_answer_is_a_sentence(peopled: Any, answer: str) -> None:
    client = peopled.browser(at=AT)
    sent = client.post("/login/passkey", data={"answer": answer}, headers=FORM)
    assert sent.status_code == 400
    assert 'role="alert"' in sent.text
    assert "set-cookie" not in sent.headers


@pytest.mark.parametrize("answer", ["", "null", "[" * 11_000, '{"response":' * 900])
def test_what_is_no_answer_approves_nothing_and_is_a_sentence(answer: str) -> None:
    site = WebAuthn(site="room.example", origin="https://room.example")
    for read in (site.approval, site.challenge, site.key_of):
        with pytest.raises(InputError, match="not the answer of a passkey"):
            read(answer)


@pytest.mark.parametrize("y", [None, 7, b"", bytes(32)])
def test_a_passkey_whose_key_cannot_be_read_is_not_made(
    y: object, monkeypatch: pytest.MonkeyPatch
) -> None:
    site, challenge = WebAuthn(site="room.example", origin="https://room.example"), bytes(56)
    assert public_key_of(
        replace(KEPT, key=site.made(registration(Device.of(1), challenge), challenge).key)
    )
    odd = bytes(encode_cbor({1: 2, 3: -7, -1: 1, -2: bytes(32), -3: y}))
    monkeypatch.setattr("tests.passkeys.cose", lambda _: odd)
    with pytest.raises(ApprovalError, match="does not hold"):
        site.made(registration(Device.of(1), challenge), challenge)
    with pytest.raises(InputError, match="cannot be read"):  # an earlier version kept such a one
        public_key_of(replace(KEPT, key=odd))


def made_up(challenge: bytes) -> str:
    """An answer with a challenge and no signature that holds."""

    def coded(raw: bytes) -> str:
        return base64.urlsafe_b64encode(raw).decode().rstrip("=")

    data = {"type": "webauthn.get", "challenge": coded(challenge), "origin": AT}
    response = {
        "clientDataJSON": coded(json.dumps(data).encode()),
        "authenticatorData": coded(b"\0" * 37),
        "signature": coded(b"x"),
    }
    raw = coded(b"key")
    return json.dumps({"id": raw, "rawId": raw, "type": "public-key", "response": response})


def test_a_challenge_that_the_room_did_not_make_or_that_is_old_is_not_answered(
    peopled: Any,
) -> None:
    def come(challenge: bytes) -> tuple[int, str]:
        client = peopled.browser(at=AT)
        sent = client.post("/login/passkey", data={"answer": made_up(challenge)}, headers=FORM)
        return sent.status_code, sent.text

    asked = json.loads(peopled.browser(at=AT).get("/login/passkey").text)["challenge"]
    challenge = base64.urlsafe_b64decode(asked + "==")
    assert come(challenge)[0] == 401  # nobody here has this passkey
    for forged in (b"", b"x" * 56, challenge[:-1] + bytes([challenge[-1] ^ 1]), challenge[:-1]):
        status, page = come(forged)
        assert status == 400
        assert "not the answer of a passkey to this room" in page
    own = peopled.as_(RoomRole.ANALYST, at=AT).get("/account/passkey").json()["challenge"]
    assert come(base64.urlsafe_b64decode(own + "=="))[0] == 400  # that one was to make a key
    peopled.clock.goes(minutes=6)
    assert "took too long" in come(challenge)[1]


def test_a_challenge_to_make_a_passkey_makes_one(peopled: Any) -> None:
    client = peopled.as_(RoomRole.ANALYST, at=AT)

    def made(device: Device) -> str:
        answer = registration(device, challenge)
        fields = {"old": PASSWORD, "name": "key", "answer": answer}
        return str(peopled.send(client, "/account/passkey", **fields).text)

    asked = client.get("/account/passkey").json()["challenge"]
    challenge = base64.urlsafe_b64decode(asked + "==")
    assert "The passkey is added." in made(Device.of(1, origin=AT))
    assert "not the answer of a passkey to this room" in made(Device.of(2, origin=AT))


@contextmanager
def served(season: Path, folder: Path) -> Iterator[tuple[str, str]]:
    """Serve a room with one analyst; yield its address and her one-time word."""
    cautery = [sys.executable, "-m", "cautery"]
    where = ["--people", str(folder / "people"), "--keys", str(folder / "keys")]
    add = [*cautery, "people", "add", "analyst", "--role", "analyst", "--all-cases", *where]
    word = subprocess.run(add, check=True, capture_output=True, text=True).stdout.strip()
    serve = [*cautery, "serve", "--cases", str(season), "--port", "0", "--no-browser", *where]
    with subprocess.Popen(serve, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout
            address = process.stdout.readline().split()[1].rstrip("/")
            yield address.replace("127.0.0.1", "localhost"), word
        finally:
            process.terminate()


@pytest.fixture
def authenticator() -> Callable[[Any], Any]:
    def added(page: Any, *, verified: bool = True) -> Any:
        session = page.context.new_cdp_session(page)
        session.send("WebAuthn.enable")
        session.send(
            "WebAuthn.addVirtualAuthenticator",
            {
                "options": {
                    "protocol": "ctap2",
                    "transport": "internal",
                    "hasResidentKey": True,
                    "hasUserVerification": True,
                    "isUserVerified": verified,
                    "automaticPresenceSimulation": True,
                }
            },
        )
        return session

    return added


def test_a_passkey_is_taken_away_by_who_knows_the_password_alone(peopled: Any) -> None:
    account, people = peopled.accounts[RoomRole.ANALYST], peopled.people.people
    people.add_passkey(replace(KEPT, account=account.id), era=account.era)
    client = peopled.as_(RoomRole.ANALYST)
    for old in ("", "not my password at all"):
        answer = peopled.send(client, "/account/passkey/drop", passkey=KEPT.id.hex(), old=old)
        assert "This is not your password." in answer.text
    assert [passkey.id for passkey in people.passkeys(account.id)] == [KEPT.id]


@pytest.mark.browser
def test_a_passkey_is_added_comes_in_once_for_each_challenge_and_is_taken_away(
    browser: Any, season: Path, tmp_path: Path, authenticator: Callable[[Any], Any]
) -> None:
    with served(season, tmp_path) as (address, word):
        context = browser.new_context()
        page = context.new_page()
        authenticator(page)
        page.goto(f"{address}/login/first")
        page.fill("[name=name]", "analyst")
        page.fill("[name=word]", word)
        page.fill("[name=password]", PASSWORD)
        page.fill("[name=again]", PASSWORD)
        page.click("button.act")
        page.wait_for_selector("header .top")
        page.goto(f"{address}/account")
        form = "form[data-passkey=make]"
        page.fill(f"{form} [name=name]", "blue key")
        page.fill(f"{form} [name=old]", "not my password at all")
        page.click(f"{form} button")
        page.wait_for_selector("text=This is not your password")
        page.fill(f"{form} [name=name]", "blue key")
        page.fill(f"{form} [name=old]", PASSWORD)
        page.click(f"{form} button")
        page.wait_for_selector("text=The passkey is added")
        assert "blue key" in page.inner_text("main")
        page.click(".out button")
        page.wait_for_selector("form[data-passkey=use]:visible")
        page.goto(f"{address}/cases/night-1/records/3")
        sent: list[Any] = []
        page.on("request", lambda asked: sent.append(asked) if asked.method == "POST" else None)
        page.click("form[data-passkey=use] button")
        page.wait_for_url("**/records/3")
        page.wait_for_selector("text=Proof")
        [login] = [one for one in sent if one.url.endswith("/login/passkey")]
        thief = browser.new_context().request.post(
            f"{address}/login/passkey",
            data=login.post_data,
            headers={"origin": address, "content-type": FORM["content-type"]},
            max_redirects=0,
        )
        assert thief.status == 401
        assert "set-cookie" not in thief.headers
        page.goto(f"{address}/account")
        dropping = "form[action='/account/passkey/drop'] [name=old]"
        page.fill(dropping, "not my password at all")
        page.click("button[aria-label='Take away blue key']")
        page.wait_for_selector("text=This is not your password")
        assert "blue key" in page.inner_text("main")
        page.fill(dropping, PASSWORD)
        page.click("button[aria-label='Take away blue key']")
        page.wait_for_selector("text=The passkey is taken away")
        page.click(".out button")
        page.wait_for_selector("form[data-passkey=use]:visible")
        page.click("form[data-passkey=use] button")
        page.wait_for_selector("text=Nobody here has this passkey")
        context.close()
