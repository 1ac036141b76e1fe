"""A room with people, for tests: one of each role, with quick hashes and a clock of its own."""

from __future__ import annotations

from contextlib import ExitStack
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from argon2 import PasswordHasher
from fastapi.testclient import TestClient

from cautery.adapters.passwords import Argon2Passwords
from cautery.console.app import room_app
from cautery.console.desk import Desk
from cautery.console.people_entry import Place, csrf_of, session_cookie
from cautery.model.account import Account
from cautery.model.room import OF_ASSIGNED_CASES, RoomRole
from cautery.wiring.people import PeopleOfRoom, owner, people_of

AT = "http://127.0.0.1:8017"
SECRET = "four words that do not belong"
QUICK = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)
FORM = {"origin": AT, "content-type": "application/x-www-form-urlencoded"}


class MovingClock:
    """A clock that a test turns."""

    def __init__(self, at: datetime) -> None:
        self.at = at

    def now(self) -> datetime:
        return self.at

    def goes(self, **by: float) -> None:
        self.at += timedelta(**by)

    def offset(self) -> Any:
        raise NotImplementedError


@dataclass
class PeopleRoom:
    """An open room with people."""

    desk: Desk
    people: PeopleOfRoom
    clock: MovingClock
    app: Any
    accounts: dict[RoomRole, Account]

    def browser(self, agent: str = "Firefox", at: str = AT) -> TestClient:
        client = TestClient(self.app, base_url=at, headers={"user-agent": agent})
        client.follow_redirects = False
        return client

    def as_(self, role: RoomRole, **how: Any) -> TestClient:
        """Return the browser of who has a role, logged in."""
        client = self.browser(**how)
        assert self.login(client, role.value).status_code == 303
        return client

    @property
    def cookie(self) -> str:
        return session_cookie(self.people.key, secure=self.desk.place.is_secure)

    def token(self, client: TestClient) -> str:
        return client.cookies.get(self.cookie) or ""

    def send(self, client: TestClient, path: str, **fields: str) -> Any:
        """Send a form as a page of the room does."""
        data = {"csrf": csrf_of(self.token(client)), **fields}
        return client.post(path, data=data, headers=FORM | {"origin": _origin(client)})

    def login(self, client: TestClient, name: str, password: str = SECRET, **more: str) -> Any:
        form = {"name": name, "password": password, **more}
        return client.post("/login", data=form, headers=FORM | {"origin": _origin(client)})


def _origin(client: TestClient) -> str:
    return str(client.base_url).rstrip("/")


def open_people_room(
    stack: ExitStack, desk: Desk, folder: Path, *, place: Place | None = None
) -> PeopleRoom:
    """Open the room of a desk to one person of each role."""
    keys = folder / "keys-of-people"
    keys.mkdir(mode=0o700)
    clock = MovingClock(desk.cases.clock.now())
    people = stack.enter_context(
        people_of(
            folder / "people",
            new=True,
            keys_dir=keys,
            clock=clock,
            passwords=Argon2Passwords(QUICK),
        )
    )
    accounts = {}
    for role in RoomRole:
        cases = ["night-1"] if role in OF_ASSIGNED_CASES else None
        account, _ = people.accounts.make(role.value, [role], cases, by=owner(), why="the test")
        accounts[role] = people.accounts.set_password(account.id, SECRET)
    peopled = replace(desk, people=people, place=place or Place())
    return PeopleRoom(peopled, people, clock, room_app(peopled), accounts)
