"""The pages on people: who gives what to whom, and who reads what the others did."""

from __future__ import annotations

import re
import sqlite3
from typing import Any

import pytest
from starlette.requests import Request
from starlette.routing import Route

from cautery.console.app import all_addresses
from cautery.console.rights import Caller, every, set_caller
from cautery.model.records import LogRead
from cautery.model.room import RoomRole
from cautery.wiring.people import owner


def test_a_keeper_makes_an_account_and_its_owner_alone_knows_the_password(peopled: Any) -> None:
    keeper = peopled.as_(RoomRole.KEEPER)
    page = peopled.send(
        keeper, "/people", name="B.Bianchi", role="analyst", cases="night-1", why="day shift"
    )
    word = re.search(r"<pre>([a-z0-9-]{29})</pre>", page.text)
    assert word
    account = peopled.people.people.by_name("b.bianchi")
    assert (account.roles, account.cases) == ({RoomRole.ANALYST}, {"night-1"})
    assert word[1] not in keeper.get("/people").text
    client = peopled.browser()
    form = {"name": "b.bianchi", "word": word[1], "password": "a b c d words of her own"}
    form["again"] = form["password"]
    headers = {"origin": "http://127.0.0.1:8017"}
    assert client.post("/login/first", data=form, headers=headers).status_code == 303
    assert client.get("/cases/night-1").status_code == 200
    assert client.get("/cases/cup+night-2").status_code == 404


PASSWORD = "four words that do not belong"


@pytest.mark.parametrize("role", ["keeper", "auditor"])
def test_no_keeper_makes_a_keeper_or_an_auditor(peopled: Any, role: str) -> None:
    keeper = peopled.as_(RoomRole.KEEPER)
    page = peopled.send(keeper, "/people", name="x", role=role, cases="", why="y")
    assert page.status_code == 403
    assert peopled.people.people.by_name("x") is None
    other = peopled.accounts[RoomRole.ANALYST]
    given = peopled.send(keeper, f"/people/{other.id}/give", role=role, cases="", why="y")
    assert given.status_code == 403
    assert peopled.people.people.by_id(other.id).roles == {RoomRole.ANALYST}


def test_nobody_gives_rights_to_himself_or_takes_an_auditor_away(peopled: Any) -> None:
    keeper = peopled.as_(RoomRole.KEEPER)
    own, auditor = peopled.accounts[RoomRole.KEEPER], peopled.accounts[RoomRole.AUDITOR]
    for account in (own.id, auditor.id):
        for act in ("give", "invite", "erase"):
            answer = peopled.send(
                keeper, f"/people/{account}/{act}", role="analyst", cases="*", why="because"
            )
            assert answer.status_code == 403, (account, act)
        assert peopled.people.people.by_id(account) is not None
    assert peopled.people.people.by_id(own.id).roles == {RoomRole.KEEPER}


def test_rights_that_are_taken_away_end_at_once(peopled: Any) -> None:
    keeper, client = peopled.as_(RoomRole.KEEPER), peopled.as_(RoomRole.ANALYST)
    own = peopled.accounts[RoomRole.ANALYST].id
    assert client.get("/cases/cup+night-2").status_code == 200
    given = peopled.send(
        keeper, f"/people/{own}/give", role="guest-agency", cases="night-1", why="moved"
    )
    assert given.status_code == 303
    assert client.get("/cases/cup+night-2").status_code == 404
    assert client.get("/cases/night-1").status_code == 200


@pytest.mark.parametrize(
    ("role", "cases", "stays"),
    [
        ("guest-agency", "night-1", False),
        ("keeper", "*", False),
        ("analyst", "cup night-2", True),
    ],
)
def test_a_live_page_ends_when_its_right_or_its_case_is_taken_away(
    peopled: Any, role: str, cases: str, *, stays: bool
) -> None:
    account = peopled.accounts[RoomRole.ANALYST]
    peopled.as_(RoomRole.ANALYST)
    [session] = peopled.people.people.sessions(account.id)
    [events] = [
        route
        for route in every(all_addresses(peopled.desk).router.routes)
        if isinstance(route, Route) and route.path == "/cases/{id}/events"
    ]
    scope = {
        "type": "http",
        "endpoint": events.endpoint,
        "path_params": {"id": "cup night-2"},
    }
    set_caller(scope, Caller(rights=account.rights, account=account, session=session.digest))
    assert peopled.desk.still(Request(scope))
    seen = None if cases == "*" else [cases]
    peopled.people.accounts.give(account.id, [RoomRole(role)], seen, by=owner(), why="moved")
    assert peopled.desk.still(Request(scope)) is stays


@pytest.mark.parametrize(
    ("role", "case"),
    [("analyst", "cup night-2"), ("guest-agency", "cup night-2/nl-fiod")],
)
def test_a_live_board_ends_when_who_looks_at_it_sits_elsewhere(
    peopled: Any, role: str, case: str
) -> None:
    """The stream shows what the seat of its beginning may see, so another seat begins another."""
    guest, _ = peopled.people.accounts.make(
        "of-sofia", [RoomRole.GUEST], ["cup night-2/bg-gdbop"], by=owner(), why="liaison"
    )
    peopled.people.accounts.set_password(guest.id, PASSWORD)
    assert peopled.login(peopled.browser(), "of-sofia", PASSWORD).status_code == 303
    account = peopled.people.people.by_id(guest.id)
    [session] = peopled.people.people.sessions(guest.id)
    [events] = [
        route
        for route in every(all_addresses(peopled.desk).router.routes)
        if isinstance(route, Route) and route.path == "/operations/{id}/board-events"
    ]
    scope = {"type": "http", "endpoint": events.endpoint, "path_params": {"id": "cup night-2"}}
    set_caller(scope, Caller(rights=account.rights, account=account, session=session.digest))
    assert peopled.desk.still(Request(scope))
    peopled.people.accounts.give(guest.id, [RoomRole(role)], [case], by=owner(), why="moved")
    assert not peopled.desk.still(Request(scope))


@pytest.mark.parametrize(
    "form",
    [
        {"name": "", "role": "analyst", "cases": "*", "why": "x"},
        {"name": "a\nb", "role": "analyst", "cases": "*", "why": "x"},
        {"name": "x", "role": "", "cases": "*", "why": "x"},
        {"name": "x", "role": "god", "cases": "*", "why": "x"},
        {"name": "x", "role": "guest-agency", "cases": "*", "why": "x"},
        {"name": "x", "role": "analyst\nguest-agency", "cases": "a", "why": "x"},
        {"name": "x", "role": "analyst", "cases": "*", "why": " "},
        {"name": "ANALYST", "role": "analyst", "cases": "*", "why": "x"},
        {"name": "<script>alert(1)</script>", "role": "god", "cases": "*", "why": "<b>"},
    ],
)
def test_a_form_that_cannot_be_is_a_sentence_and_changes_nothing(
    peopled: Any, form: dict[str, str]
) -> None:
    before = peopled.people.people.accounts()
    page = peopled.send(peopled.as_(RoomRole.KEEPER), "/people", **form)
    assert page.status_code == 400
    assert 'role="alert"' in page.text
    assert "<script>alert" not in page.text
    assert peopled.people.people.accounts() == before


def test_the_log_is_read_for_a_stated_purpose_that_is_logged_first(peopled: Any) -> None:
    peopled.as_(RoomRole.ANALYST).get("/cases/night-1/records/3")
    auditor = peopled.as_(RoomRole.AUDITOR)
    assert "records/{index}" not in auditor.get("/access").text
    for form in ({}, {"purpose": "curiosity", "why": "x"}, {"purpose": "lawfulness", "why": " "}):
        assert peopled.send(auditor, "/access", **form).status_code == 400
    stated = peopled.send(auditor, "/access", purpose="lawfulness", why="yearly review")
    look = stated.headers["location"]
    page = auditor.get(look).text
    assert "/cases/{id}/records/{index}" in page
    assert "index 3" in page
    entries = [*peopled.people.ledger.read()]
    read = entries[int(look.rpartition("/")[2])].content
    assert read == LogRead(
        by=peopled.accounts[RoomRole.AUDITOR].id, purpose="lawfulness", why="yearly review"
    )
    assert "yearly review" in page


def test_a_purpose_of_another_person_or_of_yesterday_shows_nothing(peopled: Any) -> None:
    auditor = peopled.as_(RoomRole.AUDITOR)
    other = peopled.people.log.look(by="owner:0", purpose="security", why="x")
    for look in (other, 0, 10**9):
        answer = auditor.get(f"/access/{look}")
        assert (answer.status_code, answer.headers["location"]) == (303, "/access")
    own = peopled.send(auditor, "/access", purpose="security", why="x").headers["location"]
    assert auditor.get(own).status_code == 200
    peopled.clock.goes(minutes=59)
    assert auditor.get("/").status_code == 200
    peopled.clock.goes(minutes=2)
    assert auditor.get(own).status_code == 303


def test_the_log_is_asked_by_name_or_by_case(peopled: Any) -> None:
    peopled.as_(RoomRole.ANALYST).get("/cases/night-1/records/3")
    peopled.as_(RoomRole.COMMANDER).get("/cases/cup+night-2/records/4")
    auditor = peopled.as_(RoomRole.AUDITOR)
    look = peopled.send(auditor, "/access", purpose="security", why="x").headers["location"]
    of_name = auditor.get(f"{look}?about=Analyst").text
    assert "index 3" in of_name
    assert "index 4" not in of_name
    of_case = auditor.get(f"{look}?case=cup%2Bnight-2").text
    assert "index 4" in of_case
    assert "index 3" not in of_case
    assert "No entry is like that" in auditor.get(f"{look}?about=nobody").text


def test_every_entry_is_reached_by_going_back(peopled: Any) -> None:
    account = peopled.accounts[RoomRole.ANALYST]
    for number in range(1_250):
        peopled.people.log.used(
            account.id, "consultation", why=account.why, case=f"case-{number % 3}", page="/"
        )
    total, seen, before = peopled.people.ledger.size(), [], None
    while True:
        page = peopled.people.log.page(before=before, case="case-1")
        seen += [entry.index for entry in page.entries]
        if page.older is None:
            break
        before = page.older
    assert len(seen) == 417
    assert seen == sorted(seen, reverse=True)
    pages, before = 0, None
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr("cautery.workflows.people.log._MOST_LOOKED_AT", 500)
        while True:  # nothing is like that: each page says where the next one goes on
            page = peopled.people.log.page(before=before, case="nowhere")
            pages, before = pages + 1, page.older
            assert page.entries == ()
            if before is None:
                break
    assert pages == -(-total // 500)
    assert total > 1_250


def test_a_log_that_was_changed_cannot_be_believed(peopled: Any) -> None:
    peopled.as_(RoomRole.ANALYST).get("/cases/night-1")
    peopled.people.settle()
    auditor = peopled.as_(RoomRole.AUDITOR)
    look = peopled.send(auditor, "/access", purpose="security", why="x").headers["location"]
    assert "cannot be believed" not in auditor.get(look).text
    peopled.clock.goes(minutes=11)
    with sqlite3.connect(peopled.people.folder / "access.sqlite") as ledger:
        for (name,) in ledger.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'"):
            ledger.execute(f"DROP TRIGGER {name}")
        changed = ledger.execute(
            "UPDATE entries SET leaf = CAST(replace(CAST(leaf AS TEXT), 'night-1', 'night-9') AS BLOB)"
            " WHERE instr(CAST(leaf AS TEXT), 'night-1')"
        ).rowcount
    assert changed
    page = auditor.get(look)
    assert page.status_code != 200 or "cannot be believed" in page.text
    assert "night-9" not in page.text or "cannot be believed" in page.text


def test_an_own_account_shows_what_one_may_and_where_one_is(peopled: Any) -> None:
    client = peopled.as_(RoomRole.GUEST)
    page = client.get("/account").text
    assert "night-1" in page
    assert "guest agency" in page
    assert peopled.accounts[RoomRole.GUEST].id in page
    assert page.count("this one") == 1
