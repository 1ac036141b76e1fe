"""A flood of strangers takes turns, and what they make up keeps nobody out whose session is good."""

from __future__ import annotations

import asyncio
import threading
from typing import Any

import pytest

from cautery.console import door, people_entry
from cautery.console.app import room_app
from cautery.model.room import RoomRole
from cautery.workflows.people.sessions import Coming

PAGE, HERE = "/keys", "testclient"
"""A page for whoever is in; the address from which the browsers of these tests log in."""


async def status_of(app: Any, path: str, cookie: str = "", at: str = "192.0.2.1") -> int:
    fields = {"host": "127.0.0.1:8017", "user-agent": "Firefox", "cookie": cookie}
    scope = {
        "type": "http", "method": "GET", "path": path, "raw_path": path.encode(), "scheme": "http",
        "query_string": b"", "root_path": "", "http_version": "1.1", "client": (at, 50000),
        "headers": [(name.encode(), value.encode()) for name, value in fields.items() if value],
        "server": ("127.0.0.1", 8017),
    }  # fmt: skip
    statuses: list[int] = []

    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": b"", "more_body": False}

    async def send(message: dict[str, Any]) -> None:
        if "status" in message:
            statuses.append(message["status"])

    await app(scope, receive, send)
    return statuses[0]


@pytest.fixture
def cookie(peopled: Any) -> str:
    return f"{peopled.cookie}={peopled.token(peopled.as_(RoomRole.ANALYST))}"


async def ended(*tasks: asyncio.Task[int]) -> None:
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)


async def test_while_strangers_wait_for_their_turn_who_is_in_waits_for_none(
    peopled: Any, cookie: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(door, "REST_S", 3600.0)
    monkeypatch.setattr(door, "STRANGERS_AT_ONCE", 2)
    monkeypatch.setattr(door, "STRANGERS_WAIT", 3)
    app = room_app(peopled.desk)
    assert await status_of(app, "/login") == 200
    assert await status_of(app, PAGE, cookie, at=HERE) == 200
    flood = [asyncio.create_task(status_of(app, "/login")) for _ in range(7)]
    await asyncio.sleep(0.1)
    assert sorted(task.result() for task in flood if task.done()) == [503, 503]
    assert await status_of(app, PAGE, cookie, at=HERE) == 200
    await ended(*flood)


async def test_made_up_sessions_that_are_looked_up_keep_no_good_one_out(
    peopled: Any, cookie: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(door, "STRANGERS_AT_ONCE", 100)
    monkeypatch.setattr(people_entry, "_AT_ONCE", 2)
    monkeypatch.setattr(people_entry, "_WAITING", 3)
    app, sessions = room_app(peopled.desk), peopled.people.sessions
    goes_on, admit = threading.Event(), sessions.admit

    def slowly(token: str, **how: str) -> Coming:
        if token.startswith("made-up"):
            goes_on.wait(60)
        return admit(token, **how)  # type: ignore[no-any-return]

    monkeypatch.setattr(sessions, "admit", slowly)
    assert await status_of(app, PAGE, cookie, at=HERE) == 200
    made_up = f"{peopled.cookie}=made-up"
    flood = [asyncio.create_task(status_of(app, PAGE, made_up)) for _ in range(7)]
    await asyncio.sleep(0.1)
    assert [task.result() for task in flood if task.done()] == [503, 503]
    assert await status_of(app, PAGE, cookie, at=HERE) == 200
    goes_on.set()
    assert set(await asyncio.gather(*flood)) == {401, 503}


async def test_a_session_that_has_ended_waits_like_a_strangers(
    peopled: Any, cookie: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(door, "REST_S", 3600.0)
    monkeypatch.setattr(door, "STRANGERS_AT_ONCE", 1)
    app = room_app(peopled.desk)
    assert await status_of(app, PAGE, cookie, at=HERE) == 200
    peopled.people.sessions.end_all(peopled.accounts[RoomRole.ANALYST].id)
    assert await status_of(app, PAGE, cookie, at=HERE) == 401
    waiting = asyncio.create_task(status_of(app, PAGE, cookie, at=HERE))
    await asyncio.sleep(0.1)
    assert not waiting.done()
    await ended(waiting)
