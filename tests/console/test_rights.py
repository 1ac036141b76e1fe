"""Every address of the room, asked by a stranger and by each role: refused unless the table says so."""

from __future__ import annotations

from contextlib import ExitStack
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from fastapi import APIRouter
from fastapi.testclient import TestClient
from starlette.routing import Mount, Route

from cautery.adapters.token_folder import TokenFolder
from cautery.console import case_pages
from cautery.console.app import all_addresses, room_app
from cautery.console.desk import Desk
from cautery.console.rights import every, need_of
from cautery.model.records import DataUsed
from cautery.model.room import RIGHTS, Right, RoomRole
from cautery.model.tokens import Scope, new_token

PLACES = {
    "{id}": "night-1",
    "{index}": "3",
    "{number}": "1",
    "{side}": "suspect",
    "{digits}": "0" * 64,
    "{account}": "p-000000000000",
    "{look}": "0",
    "{act}": "R-000000000000",
    "{token}": "none",
    "{step}": "0" * 16,
    "{key}": "0" * 16,
    "{version}": "x",
    "{name}": "x.js",
    "{inquiry}": "q-000000000000",
}
PUBLIC = {
    "/static/{version}/{name}",
    "/health",
    "/ready",
    "/login",
    "/login/first",
    "/login/passkey",
    "/login/identity",
    "/login/identity/back",
}
"""What strangers may ask for. Whoever adds to it says why in the threat model."""


def addresses(room: Any) -> list[tuple[str, str, Any]]:
    """Every method and path of the room with its endpoint, from the application itself."""
    return [
        (method, route.path, route.endpoint)
        for route in every(all_addresses(room.desk).router.routes)
        if isinstance(route, Route)
        for method in sorted(route.methods or ())
    ]


@pytest.fixture(autouse=True)
def streams_end(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let a live page end at once, as it does for who has logged out."""
    monkeypatch.setattr(Desk, "still", lambda *_: False)


def filled(path: str) -> str:
    for place, value in PLACES.items():
        path = path.replace(place, value)
    assert "{" not in path, f"give {path} a value in PLACES"
    return path


def ask(room: Any, client: Any, method: str, path: str) -> Any:
    if method == "POST":
        return room.send(client, filled(path))
    return client.request(method, filled(path))


def test_a_stranger_is_asked_who_he_is_wherever_he_asks(peopled: Any) -> None:
    asked = 0
    for method, path, _ in addresses(peopled):
        if path in PUBLIC:
            continue
        answer = ask(peopled, peopled.browser(), method, path)
        assert answer.status_code == 401, (method, path)
        assert "Example League" not in answer.text
        asked += 1
    assert asked > 20
    for path in ("/nowhere", "/cases/none/nowhere", "/people/x/y/z"):
        assert peopled.browser().get(path).status_code == 401


@pytest.mark.parametrize("role", RoomRole)
def test_a_role_reaches_what_the_table_gives_it_and_nothing_else(
    peopled: Any, role: RoomRole
) -> None:
    client = peopled.as_(role)
    outcomes = {}
    for method, path, endpoint in addresses(peopled):
        if path in PUBLIC or path in ("/logout", "/account/out"):
            continue
        need = need_of(endpoint)
        assert need is not None
        status = ask(peopled, client, method, path).status_code
        allowed = need.right in RIGHTS[role]
        outcomes[method, path] = (status, allowed)
        if allowed:
            assert status not in (401, 403), (method, path)
            assert status < 500, (method, path)
        else:
            assert status == 403, (method, path)
    assert {allowed for _, allowed in outcomes.values()} == {True, False}


@pytest.mark.parametrize("role", [RoomRole.GUEST])
def test_a_case_that_was_not_given_is_as_if_it_were_not_there(peopled: Any, role: RoomRole) -> None:
    client = peopled.as_(role)
    assert client.get("/cases/night-1").status_code == 200
    there, absent = client.get("/cases/cup+night-2"), client.get("/cases/no-such-case")
    assert there.status_code == absent.status_code == 404
    assert there.text.replace("cup+night-2", "no-such-case") == absent.text
    listed = client.get("/").text
    assert "night-1" in listed
    assert "night-2" not in listed
    for method, path, _ in addresses(peopled):
        if "{id}" in path:
            other = path.replace("{id}", "cup+night-2")
            assert ask(peopled, client, method, other).status_code in (403, 404), path


def test_every_look_at_a_case_is_logged_before_it_is_shown(peopled: Any) -> None:
    client = peopled.as_(RoomRole.ANALYST)
    for method, path, endpoint in addresses(peopled):
        need = need_of(endpoint)
        if "{id}" not in path or need is None or need.right not in RIGHTS[RoomRole.ANALYST]:
            continue
        before = peopled.people.ledger.size()
        ask(peopled, client, method, path)
        [entry] = [*peopled.people.ledger.read(since=before)]
        content = entry.content
        assert isinstance(content, DataUsed)
        assert (content.by, content.case, content.page) == (
            peopled.accounts[RoomRole.ANALYST].id,
            "night-1",
            path,
        )
        assert content.why == "the test"
        if "{index}" in path:
            assert ("index", "3") in content.numbers


def test_who_does_not_see_all_cases_does_not_count_them(peopled: Any) -> None:
    """Counts say whether a watch runs now, also of a case that was not given."""
    statuses = {role: peopled.as_(role).get("/metrics").status_code for role in RoomRole}
    assert {role for role, status in statuses.items() if status == 200} == {RoomRole.AUDITOR}
    assert {status for status in statuses.values() if status != 200} == {403}


def test_the_name_of_a_case_stands_whole_in_the_log(peopled: Any) -> None:
    """The names of two cases may begin with the same 200 letters."""
    name = "n" * 480 + "-secret"
    peopled.as_(RoomRole.AUDITOR).get(f"/cases/{name}")
    *_, entry = peopled.people.ledger.read()
    assert entry.content.case == name


def test_words_that_were_searched_for_are_not_in_the_log(peopled: Any) -> None:
    peopled.as_(RoomRole.ANALYST).get("/cases/night-1?q=rossi&kind=verdict")
    *_, entry = peopled.people.ledger.read()
    assert b"rossi" not in entry.leaf
    assert ("kind", "verdict") in entry.content.numbers


def test_nothing_is_shown_that_cannot_be_logged(
    peopled: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    client = peopled.as_(RoomRole.ANALYST)
    peopled.people.ledger.close()
    answer = client.get("/cases/night-1")
    assert answer.status_code in (500, 503)
    assert "Example League" not in answer.text
    monkeypatch.setattr(type(peopled.people), "settle", lambda _: None)


class _Pages:
    def __init__(self, routes: APIRouter) -> None:
        self._routes = routes

    def router(self, _desk: Any) -> APIRouter:
        return self._routes


@pytest.mark.parametrize("fault", ["undeclared", "of a case and not logged", "mounted"])
def test_a_room_with_an_address_that_declares_no_right_does_not_start(
    peopled: Any, monkeypatch: pytest.MonkeyPatch, fault: str
) -> None:
    from cautery.console.rights import needs

    pages = APIRouter()
    if fault == "undeclared":
        pages.get("/forgotten")(lambda: "x")
    elif fault == "mounted":
        pages.routes.append(Mount("/forgotten", app=lambda *_: None))
    else:
        pages.get("/forgotten/{id}")(needs(Right.READ)(lambda: "x"))
    from cautery.console import app as application

    monkeypatch.setattr(application, "night_pages", _Pages(pages))
    with pytest.raises(TypeError, match="forgotten"):
        room_app(peopled.desk)


def test_who_opened_the_room_alone_needs_no_account(room: Any) -> None:
    assert room.client.get("/cases/night-1").status_code == 200
    for path in ("/people", "/access", "/account"):
        assert room.client.get(path).status_code == 404
    assert case_pages.router(replace(room.desk)).routes


def test_rooms_of_one_and_of_many_are_told_apart_by_who_is_there(room: Any, tmp_path: Path) -> None:
    from cautery.wiring.people import are_there

    assert not are_there(tmp_path / "people")
    with ExitStack() as stack:
        import people_room

        people_room.open_people_room(stack, room.desk, tmp_path)
    assert are_there(tmp_path / "people")


def test_what_is_made_once_for_all_who_watch_holds_nothing_of_one_of_them() -> None:
    """The parts of a live page are kept and sent to everybody: no token, no name may be in them."""
    templates = Path(case_pages.__file__).parents[1] / "pages" / "room"
    shared = (templates / "tonight_parts.html.j2").read_text()
    assert "data-live" in shared
    assert "shell" not in shared


def test_what_a_programs_token_reads_stands_in_the_access_log_too(
    peopled: Any, tmp_path: Path
) -> None:
    now = peopled.desk.cases.clock.now()
    token, sent = new_token(
        "statistics", (Scope.CASES,), made_at=now, ends_at=now + timedelta(days=1)
    )
    desk = replace(peopled.desk, tokens=TokenFolder(tmp_path / "tokens"))
    desk.tokens.add(token)
    program = TestClient(room_app(desk), base_url=str(peopled.browser().base_url))
    program.headers["authorization"] = f"Bearer {sent}"
    assert program.get("/api/v1/cases/night-1").status_code == 200
    used = [entry.content for entry in peopled.people.ledger.read()][-1]
    assert (used.by, used.why, used.case, used.page) == (
        f"token-{token.id}",
        "statistics",
        "night-1",
        "/api/v1/cases/{id}",
    )
    assert program.get("/cases/night-1").status_code in (401, 303)  # a token opens no page


def test_a_programs_query_does_not_change_what_the_access_log_says_of_its_path(
    peopled: Any, tmp_path: Path
) -> None:
    now = peopled.desk.cases.clock.now()
    token, sent = new_token("x", (Scope.RECORDS,), made_at=now, ends_at=now + timedelta(days=1))
    desk = replace(peopled.desk, tokens=TokenFolder(tmp_path / "tokens"))
    desk.tokens.add(token)
    program = TestClient(room_app(desk), base_url=str(peopled.browser().base_url))
    program.headers["authorization"] = f"Bearer {sent}"
    asked = "/api/v1/cases/night-1/records/3?id=cup+night-2&index=4&q=anna"
    assert program.get(asked).status_code == 200
    used = [entry.content for entry in peopled.people.ledger.read()][-1]
    assert used.case == "night-1"
    assert [tuple(number) for number in used.numbers] == [
        ("index", "3"),
        ("id", "cup night-2"),
        ("index", "4"),
        ("q", "…"),
    ]
