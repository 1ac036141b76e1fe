"""Hosts are looked up again on a rhythm; one that shows other addresses is a record."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from cautery.adapters.engine import ThreadEngine
from cautery.errors import SourceError
from cautery.model import ClockOffset, Entry
from cautery.wiring.facts import known_facts
from cautery.workflows.open_case import Case
from cautery.workflows.watch.journal import Journal
from cautery.workflows.watch.restore import restored_hosts
from cautery.workflows.watch.seen import Seen
from cautery.workflows.watch.streams import Stream
from cautery.workflows.watch.supply import Mapper

NOON = datetime(2026, 11, 24, 12, tzinfo=UTC)
HOST = "pirate.example"


class Hands:
    """A clock that a test sets."""

    at = NOON

    def now(self) -> datetime:
        return self.at

    def offset(self) -> ClockOffset:
        return ClockOffset(seconds=0.0, uncertainty_s=0.0, method="test")


class Table(dict[str, tuple[str, ...]]):
    """Fulfils the port of names, and counts what it was asked."""

    asked = 0

    async def resolve(self, host: str) -> tuple[str, ...]:
        self.asked += 1
        if host not in self:
            raise SourceError(f"{host}: no such name")
        return self[host]


class NoTls:
    async def of(self, host: str, port: int = 443) -> Any:
        raise SourceError(f"{host}: no TLS server")


@pytest.fixture
def hands() -> Hands:
    return Hands()


@pytest.fixture
def watched(case: Case, heard: list[Entry], hands: Hands) -> Callable[..., Mapper]:
    def made(names: Table, **more: Any) -> Mapper:
        journal = Journal(
            case.ledger, case.vault, hands, redaction_key=b"k" * 32, listeners=(heard.append,)
        )
        stream = Stream(
            url=f"http://{HOST}/1", key=f"http://{HOST}/1", host=HOST, title="One", source="list",
            first_seen=NOON,
        )  # fmt: skip
        return Mapper(
            {stream.key: stream}, Seen(), names=names, certificates=NoTls(), registry=None,
            facts=known_facts(None), fetcher=None, engine=ThreadEngine(), journal=journal, **more,  # type: ignore[arg-type]
        )  # fmt: skip

    return made


def bodies(heard: list[Entry], kind: str) -> list[Any]:
    return [one.record.body for one in heard if one.record.kind == kind]


async def test_a_host_is_not_asked_again_before_it_is_due(watched, hands, heard):
    names = Table({HOST: ("192.0.2.1",)})
    mapper = watched(names)
    for minutes in range(4):
        hands.at = NOON + timedelta(minutes=minutes)
        await mapper._look_up()
    assert names.asked == 1


async def test_a_host_at_another_address_has_moved(watched, hands, heard):
    names = Table({HOST: ("192.0.2.1",)})
    mapper = watched(names)
    await mapper._look_up()
    names[HOST] = ("198.51.100.7",)
    hands.at = NOON + timedelta(hours=2)
    await mapper._look_up()
    [changed] = bodies(heard, "asset.changed")
    assert changed["moved"]
    assert changed["addresses"] == {"was": ["192.0.2.1"], "now": ["198.51.100.7"]}
    assert mapper.addresses(HOST) == ("198.51.100.7",)
    assert len(bodies(heard, "asset.facts")) == 2


async def test_a_pool_that_turns_is_no_move_and_a_dead_name_keeps_what_is_known(
    watched, hands, heard
):
    names = Table({HOST: ("192.0.2.1", "192.0.2.2")})
    mapper = watched(names)
    await mapper._look_up()
    names[HOST] = ("192.0.2.2", "192.0.2.3")
    hands.at = NOON + timedelta(hours=2)
    await mapper._look_up()
    del names[HOST]
    hands.at = NOON + timedelta(hours=4)
    await mapper._look_up()
    assert bodies(heard, "asset.changed") == []
    assert mapper.addresses(HOST) == ("192.0.2.2", "192.0.2.3")


async def test_a_move_while_nobody_watched_is_seen_after_a_restart(watched, hands, heard, case):
    await watched(Table({HOST: ("192.0.2.1",)}))._look_up()
    hands.at = NOON + timedelta(days=1)
    await watched(Table({HOST: ("198.51.100.7",)}), earlier=restored_hosts(case.ledger))._look_up()
    [changed] = bodies(heard, "asset.changed")
    assert changed["moved"]
