"""Canaries: an intermediary that blocks more than it was asked to is found out within a look."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any, TypeVar
from urllib.parse import urlsplit

import pytest

from cautery.act import AcceptedList, ListTrust
from cautery.act.read_list import ListedEntry
from cautery.errors import ForbiddenAddressError, SourceError
from cautery.lab.isp import Isp
from cautery.model import (
    BlockEntry,
    Channel,
    CoHosted,
    Collateral,
    Decision,
    Digest,
    GuardVerdict,
    Intermediary,
    Lever,
    Mandate,
    Partner,
    Reason,
    Referral,
    Regime,
    Window,
    host_of,
)
from cautery.model.message import as_written
from cautery.model.records import CanaryProbed, RollbackProposed
from cautery.workflows.watch.acting.canaries import CanaryWatch
from cautery.workflows.watch.acting.neighbours import Neighbours

T = TypeVar("T")

NOW = datetime(2026, 11, 24, 21, 0, tzinfo=UTC)
END = NOW + timedelta(hours=1)
SHARED = "192.0.2.10"
WHERE = {
    "live.pirate.example": SHARED,
    "bakery.example": SHARED,
    "hospital.example": SHARED,
    "partner.example": "192.0.2.20",
}
ISP = Intermediary(name="isp", territory="FR", list_url="http://isp/list", proxy="http://isp:80")
BLIND = Intermediary(name="blind", territory="FR", list_url="http://blind/list")


def referral(target: str = "live.pirate.example", lever: Lever = Lever.NAME) -> Referral:
    verdict = GuardVerdict(
        target=target,
        lever=lever,
        decision=Decision.ALLOW,
        collateral=Collateral(high=0),
        reasons=(Reason(code="own-name", text=as_written("a name of its own")),),
        valid_until=END,
    )
    entry = BlockEntry(target=target, lever=lever, valid_until=END, guard=verdict, exhibits=())
    return Referral(
        id="R-1",
        order="o",
        event=None,
        territory="FR",
        window=Window(start=NOW, end=END),
        entries=(entry,),
        statement="why",
    )


class Facts:
    """Passive DNS of yesterday, and names that are their own registrable domain."""

    def names_on(self, address: str) -> tuple[CoHosted, ...]:
        return tuple(
            CoHosted(address=at, name=name, first_seen=NOW - timedelta(days=90), last_seen=NOW)
            for name, at in WHERE.items()
            if at == address
        )

    def names_within(self, first: str, last: str, *, most: int) -> tuple[CoHosted, ...]:
        return tuple(one for at in set(WHERE.values()) for one in self.names_on(at))

    def addresses_of(self, name: str) -> tuple[CoHosted, ...]:
        return tuple(one for one in self.names_on(WHERE.get(name, "")) if one.name == name)

    def registered_domain(self, name: str) -> str:
        return ".".join(name.split(".")[-2:])

    def popular(self, name: str) -> bool:
        return False


class World:
    """The lab's access provider, and everybody else's web, without sockets.

    ``wide``: it blocks the whole address of a name, as some do.
    """

    def __init__(self, isp: Isp, *, wide: bool = False, down: Iterable[str] = ()) -> None:
        self.isp, self.wide, self.down = isp, wide, set(down)
        self.asked: list[tuple[str, str | None]] = []
        self.now = NOW

    async def fetch(self, url: str, *, limits: Any, proxy: str | None = None, **_: Any) -> Any:
        host = host_of(url)
        self.asked.append((host, proxy))
        if host == "private.example":
            raise ForbiddenAddressError("private.example leads to 10.0.0.1")
        if host in self.down or (proxy is not None and "isp" in self.down):
            raise SourceError(f"{host}: no connection")
        if proxy is not None and self._blocks(url):
            return SimpleNamespace(status=451, url=url)
        return SimpleNamespace(status=200, url=url)

    def _blocks(self, url: str) -> bool:
        at = WHERE.get(host_of(url))
        urls = [url]
        if self.wide:
            urls += [f"http://{name}/" for name, where in WHERE.items() if where == at]
        return any(
            self.isp.blocks(one, WHERE.get(urlsplit(one).hostname or ""), self.now.timestamp())
            for one in urls
        )


class Journal:
    def __init__(self, world: World) -> None:
        self.world = world
        self.written: list[object] = []

    def now(self) -> datetime:
        return self.world.now

    def write(self, content: object) -> None:
        self.written.append(content)

    def of(self, shape: type[T]) -> list[T]:
        return [content for content in self.written if isinstance(content, shape)]


MANDATE = Mandate(
    id="m",
    who="League",
    regime=Regime.GDPR,
    legal_basis="rights",
    window=Window(start=NOW, end=END),
    territories=("FR",),
    channels=(Channel(id="c", names=("C",), legal_basis="rights"),),
    partners=(Partner(name="P", hosts=("partner.example",), channels=("c",)),),
)


def seated(*, wide: bool = False, down: Iterable[str] = ()) -> tuple[CanaryWatch, World, Journal]:
    isp = Isp(territory="FR", address="127.0.0.1", delay_s=0.0, closes=False, trust=no_trust)
    world = World(isp, wide=wide, down=down)
    journal = Journal(world)
    mapper: Any = SimpleNamespace(
        addresses=lambda host: (WHERE[host],) if host in WHERE else (),
        suspects=lambda: (),
        panels_of=lambda keys: (),
    )
    stream: Any = SimpleNamespace(
        proven=True,
        host="live.pirate.example",
        via=set(),
        verdict=None,
        open_redirect=False,
        sent_on=frozenset(),
    )
    beside = Neighbours(
        MANDATE,
        {"s": stream},
        mapper,
        facts=Facts,  # type: ignore[arg-type]
        journal=journal,  # type: ignore[arg-type]
    )
    canaries = CanaryWatch(
        facts=Facts,  # type: ignore[arg-type]
        beside=beside.beside,
        meant=beside.meant,
        fetcher=world,  # type: ignore[arg-type]
        journal=journal,  # type: ignore[arg-type]
    )
    return canaries, world, journal


def no_trust() -> ListTrust:
    raise NotImplementedError


def hand_in(world: World, filed: Referral) -> None:
    entries = tuple(
        ListedEntry(lever=entry.lever, target=entry.target, end=entry.valid_until, max_stale_s=None)
        for entry in filed.entries
    )
    accepted = AcceptedList(
        list_id="L",
        key=b"",
        version=1,
        digest=Digest(""),
        made_at=NOW,
        entries=entries,
        referrals={},
    )
    world.isp.lists.append((world.now.timestamp(), accepted))


async def looked(canaries: CanaryWatch, world: World, filed: Referral, to: Intermediary) -> None:
    hand_in(world, filed)
    canaries.add(filed, to)
    world.now += timedelta(seconds=5)
    canaries.look(world.now)
    if canaries._round is not None:
        await canaries._round


async def test_an_intermediary_that_blocks_what_it_was_asked_to_hurts_no_canary() -> None:
    canaries, world, journal = seated()
    await looked(canaries, world, referral(), ISP)
    seen = {one.canary: one.through for one in journal.of(CanaryProbed)}
    assert seen == {"bakery.example": True, "hospital.example": True, "partner.example": True}
    assert journal.of(RollbackProposed) == []


async def test_one_that_blocks_a_whole_address_for_a_name_gets_a_roll_back_proposed_once() -> None:
    canaries, world, journal = seated(wide=True)
    await looked(canaries, world, referral(), ISP)
    (proposed,) = journal.of(RollbackProposed)
    assert (proposed.target, proposed.intermediary) == ("live.pirate.example", "isp")
    assert proposed.dark == ("bakery.example", "hospital.example")
    assert proposed.tried == 3
    await canaries.finish()
    assert len(journal.of(RollbackProposed)) == 1


async def test_a_canary_that_is_down_for_all_the_world_says_nothing() -> None:
    canaries, world, journal = seated(wide=True, down={"bakery.example", "hospital.example"})
    await looked(canaries, world, referral(), ISP)
    assert journal.of(RollbackProposed) == []
    assert {one.direct for one in journal.of(CanaryProbed)} == {True, False}


async def test_a_vantage_through_which_nothing_answers_says_nothing_of_a_block() -> None:
    canaries, world, journal = seated(down={"isp"})
    await looked(canaries, world, referral(), ISP)
    assert {one.through for one in journal.of(CanaryProbed)} == {None}
    assert journal.of(RollbackProposed) == []


async def test_without_a_vantage_nobody_is_asked() -> None:
    canaries, world, _ = seated()
    await looked(canaries, world, referral(), BLIND)
    assert world.asked == []


async def test_beside_a_blocked_address_its_neighbours_are_watched_and_not_who_is_on_it() -> None:
    canaries, world, journal = seated()
    await looked(canaries, world, referral(SHARED, Lever.ADDRESS), ISP)
    assert {one.canary for one in journal.of(CanaryProbed)} == {"partner.example"}


async def test_a_name_that_leads_to_a_private_address_is_not_asked_for(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setitem(WHERE, "private.example", SHARED)
    canaries, world, journal = seated()
    await looked(canaries, world, referral(), ISP)
    (seen,) = [one for one in journal.of(CanaryProbed) if one.canary == "private.example"]
    assert (seen.direct, seen.through) == (None, None)
    assert ("private.example", ISP.proxy.reveal()) not in world.asked


async def test_a_bystander_is_asked_less_and_less_often_and_once_more_after_the_end() -> None:
    canaries, world, journal = seated()
    await looked(canaries, world, referral(), ISP)
    for _ in range(600):
        world.now += timedelta(seconds=5)
        canaries.look(world.now)
        if canaries._round is not None:
            await canaries._round
    during = len([one for one in journal.of(CanaryProbed) if one.canary == "bakery.example"])
    assert during < 16
    world.now = END + timedelta(seconds=1)
    await canaries.finish()
    after = [one for one in journal.of(CanaryProbed) if one.canary == "bakery.example"]
    assert len(after) == during + 1
    assert after[-1].through is True
