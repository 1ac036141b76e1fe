"""Logins: what comes in and what does not, sessions that end, and what was typed before they did."""

from __future__ import annotations

import asyncio
import re
import sqlite3
import sys
import time
from contextlib import ExitStack
from types import SimpleNamespace
from typing import Any

import pytest
from fastapi.testclient import TestClient

from cautery.adapters.passwords import Argon2Passwords
from cautery.console import door
from cautery.console.people_entry import Place, csrf_of
from cautery.model.records import DoorUsed
from cautery.model.room import RoomRole
from cautery.wiring.people import owner

PEOPLE = sys.modules["people_room"]


def doors(room: Any) -> list[tuple[str, str, int]]:
    found = [entry.content for entry in room.people.ledger.read()]
    return [(one.account, one.what, one.count) for one in found if isinstance(one, DoorUsed)]


def test_a_name_with_its_password_comes_in_and_sees_what_it_asked_for(peopled: Any) -> None:
    client = peopled.browser()
    page = client.get("/cases/night-1?kind=verdict")
    assert page.status_code == 401
    to = re.search(r'name="to" value="([^"]+)"', page.text)
    assert to
    answer = peopled.login(client, " Analyst ", to=to[1])
    assert (answer.status_code, answer.headers["location"]) == (303, "/cases/night-1?kind=verdict")
    cookie = answer.headers["set-cookie"].lower()
    assert cookie.count("httponly") == cookie.count("samesite=strict") == 2
    assert client.get("/cases/night-1").status_code == 200
    assert doors(peopled)[-1] == (peopled.accounts[RoomRole.ANALYST].id, "in", 1)


def test_a_wrong_password_and_an_unknown_name_get_the_same_answer(peopled: Any) -> None:
    wrong = peopled.login(peopled.browser(), "analyst", "another password altogether")
    unknown = peopled.login(peopled.browser(), "nobody", "another password altogether")
    assert wrong.status_code == unknown.status_code == 401
    assert wrong.text == unknown.text
    assert wrong.headers == unknown.headers


def test_of_an_unknown_name_as_much_is_computed(
    peopled: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    hashed = []
    fits = Argon2Passwords.fits
    monkeypatch.setattr(
        Argon2Passwords,
        "fits",
        lambda self, known, given: hashed.append(bool(known)) or fits(self, known, given),
    )
    peopled.login(peopled.browser(), "analyst", "wrong")
    peopled.login(peopled.browser(), "nobody", "wrong")
    peopled.login(peopled.browser(), "x" * 500, "wrong")
    assert hashed == [True, False, False]
    slow = Argon2Passwords()
    began = time.process_time()
    assert not slow.fits("", "wrong")
    assert time.process_time() - began > 0.02


@pytest.mark.parametrize("origin", [None, "null", "http://evil.example", "http://127.0.0.1:9"])
def test_a_login_from_another_site_is_refused(peopled: Any, origin: str | None) -> None:
    headers = {"content-type": "application/x-www-form-urlencoded"}
    headers |= {"origin": origin} if origin else {}
    form = {"name": "analyst", "password": "four words that do not belong"}
    answer = peopled.browser().post("/login", data=form, headers=headers)
    assert answer.status_code == 403
    assert "set-cookie" not in answer.headers


@pytest.mark.parametrize(
    "to", ["/%09/[x", "%0a//[x", "/%09/evil.example/x", "%0d%0a//evil.example"]
)
def test_a_place_with_a_tab_or_a_line_end_leads_into_the_room(peopled: Any, to: str) -> None:
    assert peopled.browser().get(f"/login?to={to}").status_code == 200
    answer = peopled.as_(RoomRole.ANALYST).get(f"/login?to={to}")
    assert re.fullmatch(r"/(?![/\\]).*", answer.headers["location"])


@pytest.mark.parametrize("to", ["//evil.example/", "/\\evil.example", "https://evil.example/x"])
def test_a_login_leads_to_no_other_site(peopled: Any, to: str) -> None:
    location = peopled.login(peopled.browser(), "analyst", to=to).headers["location"]
    assert location.startswith("/")
    assert not location.startswith(("//", "/\\"))


def test_each_login_is_a_new_session_and_ends_the_one_before(peopled: Any) -> None:
    client = peopled.browser()
    peopled.login(client, "analyst")
    first = peopled.token(client)
    peopled.login(client, "analyst")
    assert peopled.token(client) != first
    before = peopled.browser()
    before.cookies.set(peopled.cookie, first)
    assert before.get("/").status_code == 401
    assert client.get("/").status_code == 200


def test_a_session_that_somebody_gave_the_browser_is_not_taken_over(peopled: Any) -> None:
    client = peopled.browser()
    client.cookies.set(peopled.cookie, "planted-by-somebody-else-before-the-login")
    peopled.login(client, "analyst")
    thief = peopled.browser()
    thief.cookies.set(peopled.cookie, "planted-by-somebody-else-before-the-login")
    assert thief.get("/").status_code == 401


def test_what_is_kept_lets_nobody_in(peopled: Any) -> None:
    client = peopled.as_(RoomRole.ANALYST)
    token = peopled.token(client)
    raw = b"".join(path.read_bytes() for path in peopled.people.folder.iterdir() if path.is_file())
    assert token.encode() not in raw
    assert b"four words" not in raw
    with sqlite3.connect(peopled.people.folder / "people.sqlite") as kept:
        digests = [row[0] for row in kept.execute("SELECT digest FROM sessions")]
    for digest in digests:
        thief = peopled.browser()
        thief.cookies.set(peopled.cookie, digest)
        assert thief.get("/").status_code == 401


def test_a_stolen_session_is_asked_who_it_is_and_the_owner_is_told(peopled: Any) -> None:
    client = peopled.as_(RoomRole.ANALYST)
    thief = peopled.browser(agent="curl/8")
    thief.cookies.set(peopled.cookie, peopled.token(client))
    answer = thief.get("/cases/night-1")
    assert answer.status_code == 401
    assert "Example League" not in answer.text
    told = client.get("/cases/night-1")
    assert told.status_code == 401
    assert "from another browser or another network" in told.text
    assert (peopled.accounts[RoomRole.ANALYST].id, "elsewhere", 1) in doors(peopled)


def test_a_session_ends_when_nothing_was_done_for_an_hour_and_after_twelve(peopled: Any) -> None:
    client = peopled.as_(RoomRole.ANALYST)
    for _ in range(12):
        peopled.clock.goes(minutes=59)
        assert client.get("/").status_code == 200
    peopled.clock.goes(minutes=59)
    assert "twelve hours" in client.get("/").text
    client = peopled.as_(RoomRole.ANALYST)
    peopled.clock.goes(hours=2)
    page = client.get("/cases/night-1")
    assert page.status_code == 401
    assert "Nothing was done for an hour" in page.text


@pytest.mark.parametrize("hours", [-48, 24 * 365])
def test_a_clock_that_jumps_ends_a_session_and_makes_none_last(peopled: Any, hours: int) -> None:
    client = peopled.as_(RoomRole.ANALYST)
    peopled.clock.goes(hours=hours)
    assert client.get("/").status_code == 401


def typed(room: Any, client: Any) -> tuple[Any, dict[str, str]]:
    """Send a form two hours too late; return the answer and what its login carries."""
    room.clock.goes(hours=2)
    page = room.send(client, "/language", lang="fr", back='/x?a="<b>&c=é')
    fields = re.findall(r'type="hidden" name="(\w+)" value="([^"]*)"', page.text)
    import html

    return page, {name: html.unescape(value) for name, value in fields}


def test_what_was_typed_before_the_laptop_was_closed_comes_back_after_the_login(
    peopled: Any,
) -> None:
    client = peopled.as_(RoomRole.ANALYST)
    page, carried = typed(peopled, client)
    assert page.status_code == 401
    assert "What you typed is not lost" in page.text
    again = peopled.login(client, "analyst", "wrong on the first try", **carried)
    assert re.search(r'name="kept" value="[^"]+"', again.text)
    back = peopled.login(client, "analyst", **carried)
    assert back.status_code == 200
    assert 'name="back" value="/x?a=&#34;&lt;b&gt;&amp;c=é"' in back.text
    assert 'action="/language"' in back.text
    assert csrf_of(peopled.token(client)) in back.text
    assert peopled.send(client, "/language", lang="fr", back="/").status_code == 303


def test_what_was_typed_is_not_shown_to_another_person(peopled: Any) -> None:
    client = peopled.as_(RoomRole.ANALYST)
    _, carried = typed(peopled, client)
    answer = peopled.login(client, "commander", **carried)
    assert answer.status_code == 303
    assert "x?a=" not in answer.text


def test_a_stranger_cannot_have_a_form_sent_by_who_logs_in(peopled: Any) -> None:
    """A page of strangers fills the login with a form of its choice: it is not even shown."""
    answer = peopled.login(
        peopled.browser(), "analyst", kept="lang=fr&back=/", kept_to="/language", to="/"
    )
    assert answer.status_code == 303


def test_a_password_that_was_typed_too_late_is_not_carried_about(peopled: Any) -> None:
    client = peopled.as_(RoomRole.ANALYST)
    peopled.clock.goes(hours=2)
    page = peopled.send(client, "/account/password", old="secret-old", password="secret-new")
    assert page.status_code == 401
    assert "secret-" not in page.text


def test_a_part_of_a_page_that_is_asked_for_too_late_loads_the_page_again(peopled: Any) -> None:
    client = peopled.as_(RoomRole.ANALYST)
    peopled.clock.goes(hours=2)
    answer = client.get("/cases/night-1/records/3", headers={"hx-request": "true"})
    assert (answer.status_code, answer.headers["hx-refresh"]) == (401, "true")


def test_to_log_out_ends_the_session_here_or_everywhere(peopled: Any) -> None:
    client, other = peopled.as_(RoomRole.ANALYST), peopled.as_(RoomRole.ANALYST)
    assert client.post("/logout", data={"csrf": "x"}, headers={"origin": "http://127.0.0.1:8017"}).status_code == 400  # fmt: skip
    assert peopled.send(client, "/logout").status_code == 303
    assert client.get("/").status_code == 401
    assert other.get("/").status_code == 200
    third = peopled.as_(RoomRole.ANALYST)
    assert peopled.send(third, "/account/out").status_code == 303
    assert [one.get("/").status_code for one in (third, other)] == [401, 401]


def test_a_form_with_the_token_of_another_session_does_nothing(peopled: Any) -> None:
    client, other = peopled.as_(RoomRole.KEEPER), peopled.as_(RoomRole.KEEPER)
    form = {"csrf": csrf_of(peopled.token(other)), "name": "x", "role": "analyst", "why": "y"}
    answer = client.post("/people", data=form, headers={"origin": "http://127.0.0.1:8017"})
    assert answer.status_code == 400
    assert peopled.people.people.by_name("x") is None


def test_a_live_page_ends_with_the_session(peopled: Any) -> None:
    client = peopled.as_(RoomRole.ANALYST)
    [session] = peopled.people.people.sessions(peopled.accounts[RoomRole.ANALYST].id)
    assert peopled.people.sessions.still(session.digest)
    peopled.clock.goes(minutes=59)
    assert peopled.people.sessions.still(session.digest)  # who looks at a wall does something
    peopled.clock.goes(minutes=59)
    assert client.get("/").status_code == 200
    peopled.people.accounts.erase(session.account, by=owner(), why="left")
    assert not peopled.people.sessions.still(session.digest)
    assert client.get("/").status_code == 401


def test_an_account_that_was_erased_leaves_no_name_behind(peopled: Any) -> None:
    account, _ = peopled.people.accounts.make(
        "Giuseppina.Verdi", [RoomRole.ANALYST], None, by=owner(), why="night shift"
    )
    peopled.people.accounts.set_password(account.id, "four words that do not belong")
    peopled.people.accounts.erase(account.id, by=owner(), why="left the agency")
    raw = b"".join(path.read_bytes() for path in peopled.people.folder.iterdir() if path.is_file())
    assert b"giuseppina" not in raw.lower()
    assert account.id.encode() in raw  # the log says that this id did what it did
    assert peopled.login(peopled.browser(), "Giuseppina.Verdi").status_code == 401


def test_a_one_time_word_is_good_once_and_for_three_days(peopled: Any) -> None:
    def first(word: str, password: str = "five other words chosen well", again: str = "") -> Any:
        form = {"name": "new", "word": word, "password": password, "again": again or password}
        return peopled.browser().post("/login/first", data=form, headers=FORM)

    account, word = peopled.people.accounts.make(
        "new", [RoomRole.ANALYST], None, by=owner(), why="x"
    )
    assert first("wrong-word").status_code == 401
    assert first(word, "short").status_code == 400
    assert first(word, again="something else entirely").status_code == 400
    assert first(word.upper()).status_code == 303
    assert first(word).status_code == 401
    assert (
        peopled.login(peopled.browser(), "new", "five other words chosen well").status_code == 303
    )
    word = peopled.people.accounts.invite(account.id, by=owner(), why="lost it")
    assert (
        peopled.login(peopled.browser(), "new", "five other words chosen well").status_code == 401
    )
    peopled.clock.goes(hours=73)
    assert first(word).status_code == 401


def test_who_changes_the_password_knows_the_old_one_and_ends_all_other_sessions(
    peopled: Any,
) -> None:
    client, other = peopled.as_(RoomRole.ANALYST), peopled.as_(RoomRole.ANALYST)
    new = "six new words that nobody guesses"

    def change(old: str, password: str = new, again: str = new) -> int:
        form = {"old": old, "password": password, "again": again}
        return int(peopled.send(client, "/account/password", **form).status_code)

    assert change("wrong") == 400
    assert change("four words that do not belong", again="x") == 400
    assert change("four words that do not belong", "analystanalystanalyst", "analystanalystanalyst") == 400  # fmt: skip
    assert change("four words that do not belong") == 200
    assert (client.get("/").status_code, other.get("/").status_code) == (200, 401)
    assert peopled.login(peopled.browser(), "analyst").status_code == 401
    assert peopled.login(peopled.browser(), "analyst", new).status_code == 303


FORM = {"origin": "http://127.0.0.1:8017", "content-type": "application/x-www-form-urlencoded"}


def test_ten_thousand_logins_a_minute_cost_few_hashes_and_keep_the_owner_out_of_nothing(
    peopled: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """3,000 of them here; the budgets are of time, so 10,000 cost no more than these."""
    seconds = [time.monotonic()]
    throttle = peopled.people.logins.throttle
    monkeypatch.setattr(throttle, "_now", lambda: seconds[0])
    known = peopled.browser()
    assert peopled.login(known, "analyst").status_code == 303
    made = []
    fits = Argon2Passwords.fits
    monkeypatch.setattr(Argon2Passwords, "fits", lambda self, *a: made.append(1) or fits(self, *a))
    statuses = []
    people = peopled.people.logins
    began = seconds[0]
    for number in range(3_000):  # one minute, from 2,000 addresses and the owner's own
        seconds[0] = began + number * 0.02
        name = "analyst" if number % 2 else "nobody"
        address = "testclient" if number % 3 == 0 else f"198.51.{number >> 8}.{number & 255}"
        one = people.begin(name, address=address, mark="")
        statuses.append(one.wait_s > 0)
        if not one.wait_s:
            people.by_password(one, "guess")
    assert 2 * 5 <= len(made) <= 10 + 60 / 0.5 + 1
    assert sum(statuses) > 2_800
    made.clear()
    again = peopled.login(known, "analyst")
    assert again.status_code == 303
    assert made == [1]
    _, word = peopled.people.accounts.make("new", [RoomRole.LEGAL], [], by=owner(), why="x")
    form = {"name": "new", "word": word, "password": "a b c d words of her own"}
    form["again"] = form["password"]
    assert peopled.browser().post("/login/first", data=form, headers=FORM).status_code == 303
    stranger = peopled.login(peopled.browser(), "analyst")
    assert stranger.status_code == 429
    assert "Try again in" in stranger.text
    nobody = peopled.login(peopled.browser(), "nobody")
    assert re.sub(r"\d+", "N", nobody.text) == re.sub(r"\d+", "N", stranger.text)


def test_who_guesses_keeps_nobody_out_of_the_browser_in_which_the_password_was_changed(
    peopled: Any,
) -> None:
    client, new = peopled.as_(RoomRole.ANALYST), "five more words that fit"
    changed = {"old": PEOPLE.SECRET, "password": new, "again": new}
    assert peopled.send(client, "/account/password", **changed).status_code == 200
    logins = peopled.people.logins
    for _ in range(9):
        logins.throttle.failed("analyst", "")
    assert peopled.login(peopled.browser(), "analyst", new).status_code == 429
    client.cookies = {peopled.cookie: peopled.token(client)}  # its mark is lost
    again = {"old": new, "password": f"{new} 2", "again": f"{new} 2"}
    assert peopled.send(client, "/account/password", **again).status_code == 200
    assert peopled.send(client, "/logout").status_code == 303
    assert peopled.login(client, "analyst", f"{new} 2").status_code == 303


def test_one_session_guesses_its_password_a_few_times(peopled: Any) -> None:
    client, new = peopled.as_(RoomRole.ANALYST), "five more words that fit"
    for _ in range(5):
        wrong = {"old": "no such word of mine", "password": new, "again": new}
        assert peopled.send(client, "/account/password", **wrong).status_code == 400
    right = {"old": PEOPLE.SECRET, "password": new, "again": new}
    answer = peopled.send(client, "/account/password", **right)
    assert (answer.status_code, "Too many logins" in answer.text) == (400, True)


def test_one_address_has_a_budget_of_its_own_whatever_names_it_tries(
    peopled: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    throttle = peopled.people.logins.throttle
    seconds = [time.monotonic()]
    monkeypatch.setattr(throttle, "_now", lambda: seconds[0])
    statuses = []
    for number in range(60):  # so slowly that the budget of all strangers lasts
        seconds[0] += 0.5
        statuses.append(peopled.login(peopled.browser(), f"name-{number}").status_code)
    assert statuses[:20] == [401] * 20
    assert statuses.count(401) in (24, 25)  # one more in each 6 s
    assert statuses.count(429) == 60 - statuses.count(401)


def test_refused_logins_are_few_lines_of_the_log(peopled: Any) -> None:
    for _ in range(500):
        peopled.people.log.refused("")
        peopled.people.log.refused("p-000000000001")
    before = peopled.people.ledger.size()
    peopled.people.settle()
    refused = [one for one in doors(peopled) if one[1] == "refused"]
    assert refused == [("", "refused", 500), ("p-000000000001", "refused", 500)]
    assert peopled.people.ledger.size() == before + 2
    assert peopled.people.check().signed == before + 2


def test_a_mark_of_another_name_or_made_by_hand_is_none(peopled: Any) -> None:
    logins = peopled.people.logins
    analyst, keeper = (peopled.accounts[role] for role in (RoomRole.ANALYST, RoomRole.KEEPER))
    mark = logins.mark_of(analyst)
    assert logins.is_mark(mark, analyst)
    assert not logins.is_mark(mark, keeper)
    for forged in (
        "",
        ".",
        "a.b.c.d.e",
        mark + "x",
        mark.replace(analyst.id, keeper.id),
        "é" * 300,
    ):
        assert not logins.is_mark(forged, keeper)
    peopled.clock.goes(days=181)
    assert not logins.is_mark(mark, analyst)


async def test_a_form_that_does_not_come_is_not_waited_for(
    peopled: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(door, "BODY_S", 0.05)
    answer = await asked_of(peopled.app, "POST", "/login", {"content-length": "600"}, b"name=")
    assert answer["status"] == 408
    assert (b"connection", b"close") in answer["headers"]


async def test_one_account_has_so_many_answers_under_way(
    peopled: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As live pages that somebody leaves open in many browsers; another account has its own."""
    monkeypatch.setattr(door, "MOST_AT_A_TIME", 3)
    mine, other = peopled.as_(RoomRole.ANALYST), peopled.as_(RoomRole.KEEPER)
    cookie = {"cookie": f"{peopled.cookie}={peopled.token(mine)}"}
    path = "/cases/night-1/events"
    streams = [asyncio.create_task(asked_of(peopled.app, "GET", path, cookie)) for _ in range(3)]
    await asyncio.sleep(1)
    second = {"cookie": f"{peopled.cookie}={peopled.token(peopled.as_(RoomRole.ANALYST))}"}
    assert (await asked_of(peopled.app, "GET", "/keys", second))["status"] == 503
    cookie_of_other = {"cookie": f"{peopled.cookie}={peopled.token(other)}"}
    assert (await asked_of(peopled.app, "GET", "/keys", cookie_of_other))["status"] == 200
    for stream in streams:
        stream.cancel()
    await asyncio.gather(*streams, return_exceptions=True)
    assert (await asked_of(peopled.app, "GET", "/keys", cookie))["status"] == 200


async def asked_of(
    app: Any, method: str, path: str, fields: dict[str, str], body: bytes = b""
) -> dict[str, Any]:
    """Ask as a browser that sends no more than this, and stays."""
    usual = {"host": "127.0.0.1:8017", "user-agent": "Firefox", **FORM}
    headers = [(name.encode(), value.encode()) for name, value in (usual | fields).items()]
    scope = {
        "type": "http", "method": method, "path": path, "raw_path": path.encode(), "scheme": "http",
        "query_string": b"", "root_path": "", "headers": headers, "http_version": "1.1",
        "client": ("testclient", 50000), "server": ("127.0.0.1", 8017),
    }  # fmt: skip
    parts = [{"type": "http.request", "body": body, "more_body": method == "POST"}]
    answer: dict[str, Any] = {}

    async def receive() -> dict[str, Any]:
        if parts:
            return parts.pop()
        await asyncio.sleep(60)
        return {"type": "http.disconnect"}

    async def send(message: dict[str, Any]) -> None:
        answer.update(message)

    await app(scope, receive, send)
    return answer


def test_a_session_that_asks_for_hundreds_of_pages_a_second_waits(
    peopled: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    client = peopled.as_(RoomRole.PROVIDER)
    at = time.monotonic()
    stopped = SimpleNamespace(monotonic=lambda: at)
    monkeypatch.setattr("cautery.console.people_entry.time", stopped)
    statuses = [client.get("/keys").status_code for _ in range(310)]
    assert statuses == [200] * 300 + [429] * 10
    assert peopled.as_(RoomRole.ANALYST).get("/keys").status_code == 200


def test_with_tls_cookies_are_for_this_server_alone_and_browsers_keep_to_tls(
    room: Any, tmp_path: Any
) -> None:
    at = "https://room.league.example"
    with ExitStack() as stack:
        secure = PEOPLE.open_people_room(stack, room.desk, tmp_path, place=Place(address=at))
        client = secure.browser(at=at)
        form = {"name": "analyst", "password": PEOPLE.SECRET}
        answer = client.post("/login", data=form, headers={**FORM, "origin": at})
        assert answer.status_code == 303
        for cookie in answer.headers.get_list("set-cookie"):
            assert cookie.startswith("__Host-cautery")
            assert {"secure", "httponly", "path=/", "samesite=strict"} <= {
                part.strip().lower() for part in cookie.split(";")
            }
            assert "domain" not in cookie.lower()
        assert "max-age" in answer.headers["strict-transport-security"]
        for host in ("127.0.0.1:8017", "evil.example", "room.league.example.evil.example"):
            assert client.get("/login", headers={"host": host}).status_code == 421
        assert client.post("/login", data=form, headers=FORM).status_code == 403


def test_behind_a_proxy_nobody_else_is_answered(room: Any, tmp_path: Any) -> None:
    place = Place(address="https://room.league.example", proxy="testclient")
    with ExitStack() as stack:
        behind = PEOPLE.open_people_room(stack, room.desk, tmp_path, place=place)
        client = behind.browser(at="http://room.league.example")
        assert client.get("/login").status_code == 200
        past = TestClient(behind.app, base_url="http://room.league.example", client=("10.0.0.9", 9))
        assert past.get("/login").status_code == 403
        form = {"name": "analyst", "password": PEOPLE.SECRET}
        headers = {**FORM, "origin": place.address, "x-forwarded-for": "192.0.2.7"}
        answer = client.post("/login", data=form, headers=headers)
        token = answer.headers.get_list("set-cookie")[0].partition("=")[2].partition(";")[0]

        def seen_from(address: str) -> int:
            cookie = {"cookie": f"{behind.cookie}={token}", "x-forwarded-for": address}
            return int(client.get("/account", headers=cookie).status_code)

        assert seen_from("192.0.2.8") == 200  # the same network
        assert seen_from("203.0.113.9, 192.0.2.9") == 200  # what the proxy itself saw comes last
        assert seen_from("192.0.2.8, 203.0.113.9") == 401
