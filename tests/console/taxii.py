"""A room that gives a made-up package by TAXII, and tokens of partners."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from fastapi.testclient import TestClient

from cautery.adapters.taxii_shelf import SqliteShelf
from cautery.adapters.token_folder import TokenFolder
from cautery.canonical import canonical
from cautery.console.app import room_app
from cautery.errors import UnrevealedError
from cautery.exchange.stix.objects_out import stix_objects
from cautery.exchange.taxii import Filling
from cautery.model import digest_of, to_json
from cautery.model.exchange import Item, ItemKind, Package
from cautery.model.marking import Marking, marking_of
from cautery.model.tokens import Scope, new_token
from cautery.workflows.exchange.serving import Shelves, Sources

MEDIA = "application/taxii+json;version=2.1"


@dataclass
class Giving:
    """What a case gives, as a test changes it; each change is a record more of its ledger."""

    at: datetime
    items: dict[str, Item] = field(default_factory=dict)
    size: int = 1
    unrevealed: bool = False
    made: int = 0

    def put(self, *items: Item) -> None:
        self.items |= {item.id: item for item in items}
        self.grow()

    def block(self, name: str, marking: str, **fields: Any) -> Item:
        """Return a block that is stated now."""
        now = self.at + timedelta(seconds=self.size)
        return Item(
            kind=ItemKind.BLOCK,
            id=name,
            by="league",
            marking=marking_of(marking),
            at=now,
            valid_from=self.at,
            valid_until=self.at + timedelta(hours=3),
            order="order-1",
            territory="IT",
            **fields,
        )

    def withdraw(self, name: str) -> None:
        now = self.at + timedelta(seconds=self.size)
        self.put(replace(self.items[name], revoked=True, valid_until=now, at=now))

    def drop(self, name: str) -> None:
        del self.items[name]
        self.grow()

    def grow(self) -> None:
        self.size += 1

    def filling(self, _: Path) -> Filling:
        return Filling(
            state=f"{self.size}", size=self.size, at=self.at + timedelta(seconds=self.size)
        )

    def package(self, case: Path, marking: Marking) -> Package:
        if self.unrevealed:
            raise UnrevealedError("A blind test is on.")
        self.made += 1
        return Package(
            id=case.name,
            name="a case",
            by="league",
            made_at=self.at + timedelta(seconds=self.size),
            marking=marking,
            items=tuple(item for item in self.items.values() if marking.covers(item.marking)),
        )

    def shelves(self, folder: Path) -> Shelves:
        def shelf(case: Path, marking: Marking) -> SqliteShelf:
            name = digest_of(canonical([case.name, to_json(marking)])).partition(":")[2]
            return SqliteShelf(folder / name[:16])

        return Shelves(
            Sources(filling=self.filling, package=self.package, objects=stix_objects, shelf=shelf)
        )


@dataclass
class Partner:
    """A partner's tool that asks a room."""

    room: Any
    client: TestClient
    giving: Giving

    def ask(self, path: str, status: int = 200, **asked: Any) -> Any:
        answer = self.client.get(f"/taxii2{path}", **asked)
        assert answer.status_code == status, answer.text
        assert answer.headers["content-type"] == MEDIA
        return answer.json()

    def collections(self, case: str = "night-1") -> dict[str, str]:
        """Return the ids of the collections, by title."""
        listed = self.ask(f"/{case}/collections/").get("collections", ())
        return {collection["title"]: collection["id"] for collection in listed}

    def as_(self, **token: Any) -> Partner:
        """Return a partner with another token."""
        client = TestClient(self.client.app, base_url="http://127.0.0.1:8017")
        client.headers["authorization"] = f"Bearer {new_secret(self.room, **token)}"
        return Partner(self.room, client, self.giving)


def new_secret(
    room: Any,
    *,
    marking: str = "TLP:AMBER H1",
    days: int = 1,
    made_days_ago: int = 0,
    **fields: Any,
) -> str:
    """Make a token, and return what its holder sends."""
    now = room.desk.cases.clock.now() - timedelta(days=made_days_ago)
    token, sent = new_token(
        "partner",
        fields.pop("scopes", (Scope.TAXII,)),
        made_at=now,
        ends_at=now + timedelta(days=days),
        marking=marking_of(marking) if marking else None,
        **fields,
    )
    room.desk.tokens.add(token)
    return sent


def partner_of(opened: Callable[..., Any], cases: Path, folder: Path) -> Partner:
    """Open a room whose cases give what a test says."""
    room = opened(cases, tokens=folder / "tokens")
    assert isinstance(room.desk.tokens, TokenFolder)
    giving = Giving(room.desk.cases.clock.now())
    room.desk = replace(room.desk, shelves=giving.shelves(folder / "shelves"))
    client = TestClient(room_app(room.desk), base_url="http://127.0.0.1:8017")
    client.headers["authorization"] = f"Bearer {new_secret(room, cases=('night-1',))}"
    return Partner(room, client, giving)
