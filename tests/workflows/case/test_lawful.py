"""Whoever moves a lawful site's address into an act gets it refused, also after the draft."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from cautery.errors import SourceError
from cautery.model import (
    CoHosted,
    Entry,
    Mandate,
    OwnLocation,
    Partner,
    Record,
    Regime,
    Window,
    Work,
)
from cautery.model.host_names import addresses_in
from cautery.model.records import LawfulSeen, LawfulSource
from cautery.projections import LawfulPlaces
from cautery.workflows.case import lawful
from cautery.workflows.case.lawful import lawful_beside, where_lawful

NOON = datetime(2026, 11, 24, 12, tzinfo=UTC)
MANDATE = Mandate(
    id="m",
    who="League",
    regime=Regime.GDPR,
    legal_basis="rights",
    window=Window(start=NOON, end=NOON + timedelta(hours=1)),
    territories=("FR",),
    works=(
        Work(
            id="film",
            title="A Film",
            legal_basis="rights",
            reference=OwnLocation("https://own.example/film.wav"),
        ),
    ),
    partners=(Partner(name="P", hosts=("play.example", "silent.example"), channels=()),),
)
TABLE = {"play.example": ("203.0.113.7",), "own.example": ("203.0.113.8", "2001:db8::8")}


class Names:
    def __init__(self) -> None:
        self.asked: list[str] = []

    async def resolve(self, host: str) -> tuple[str, ...]:
        self.asked.append(host)
        if host not in TABLE:
            raise SourceError(f"{host}: the name does not exist")
        return TABLE[host]


class Never:
    async def resolve(self, host: str) -> tuple[str, ...]:
        await asyncio.sleep(3600)
        return ()


class Facts:
    """One popular name, and one of a pirate that is popular, too, on one address."""

    def __init__(self, *names: str, seen: datetime = NOON) -> None:
        self._names, self._seen = names, seen

    def names_on(self, address: str) -> tuple[CoHosted, ...]:
        if address != "203.0.113.9":
            return ()
        return tuple(
            CoHosted(address=address, name=name, first_seen=self._seen, last_seen=self._seen)
            for name in self._names
        )

    def popular(self, name: str) -> bool:
        return "popular" in name

    def kinds_of(self, name: str) -> tuple[str, ...]:
        return ("hospital",) if "hospital" in name else ()

    def registered_domain(self, name: str) -> str:
        return ".".join(name.split(".")[-2:])


def seen(*addresses: str, at: datetime = NOON, source: Any = LawfulSource.DNS) -> LawfulSeen:
    return LawfulSeen(host="play.example", addresses=addresses, source=source, at=at)


async def test_all_hosts_that_a_mandate_calls_lawful_are_looked_up_and_each_failure_says_why() -> (
    None
):
    found = {each.host: each for each in await where_lawful(MANDATE, Names(), at=NOON)}
    assert {host: each.addresses for host, each in found.items() if each.addresses} == TABLE
    assert found["silent.example"].failed is not None
    assert {each.at for each in found.values()} == {NOON}


async def test_a_resolver_that_never_answers_holds_nothing_up_for_long(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(lawful, "ROUND_S", 0.05)
    found = await asyncio.wait_for(where_lawful(MANDATE, Never(), at=NOON), 5.0)
    assert {each.host for each in found if each.failed is not None} == {*MANDATE.lawful_hosts}


async def test_a_mandate_with_too_many_hosts_asks_a_bounded_number_and_names_the_rest(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(lawful, "MOST_HOSTS", 1)
    names = Names()
    found = await where_lawful(MANDATE, names, at=NOON)
    assert names.asked == ["play.example"]
    assert len([each for each in found if each.failed is not None]) == 2


@pytest.mark.parametrize("host", ["203.0.113.9", "64:ff9b::cb00:7109", "::ffff:203.0.113.9"])
@pytest.mark.parametrize("name", ["www.popular.example", "hospital.example"])
def test_facts_name_who_else_is_at_a_bare_address(host: str, name: str) -> None:
    found = lawful_beside(host, facts=Facts(name), accused=(), at=NOON)  # type: ignore[arg-type]
    assert found is not None
    assert (found.host, found.addresses) == (name, ("203.0.113.9",))
    assert found.source is LawfulSource.PASSIVE_DNS


@pytest.mark.parametrize(
    ("host", "facts", "accused"),
    [
        ("203.0.113.9", Facts("unknown.example"), ()),
        ("203.0.113.9", Facts("www.popular.example"), ("tv.popular.example",)),
        ("203.0.113.9", Facts("popular.example", seen=NOON - timedelta(days=31)), ()),
        ("edge.pirate.example", Facts("popular.example"), ()),
        ("203.0.113.10", Facts("popular.example"), ()),
    ],
)
def test_a_name_of_the_pirates_own_an_old_one_and_a_host_by_name_keep_nothing_up(
    host: str, facts: Any, accused: tuple[str, ...]
) -> None:
    assert lawful_beside(host, facts=facts, accused=accused, at=NOON) is None


@pytest.mark.parametrize(
    "host", ["203.0.113.9", "::ffff:cb00:7109", "64:ff9b::cb00:7109", "2002:cb00:7109::1"]
)
@pytest.mark.parametrize(
    "named", ["203.0.113.9", "::ffff:203.0.113.9", "64:ff9b::cb00:7109", "2002:cb00:7109::1"]
)
def test_a_host_that_the_mandate_names_by_address_is_lawful_by_each_way_there(
    host: str, named: str
) -> None:
    partner = Partner(name="P", hosts=(named,), channels=())
    mandate = replace(MANDATE, partners=(partner,))
    assert mandate.partner_on(host) is partner
    assert mandate.is_lawful(host)
    own = OwnLocation(
        f"https://[{named}]/film.wav" if ":" in named else f"https://{named}/film.wav"
    )
    [work] = MANDATE.works
    assert replace(MANDATE, works=(replace(work, reference=own),)).is_lawful(host)
    places = LawfulPlaces()
    places.take(seen(named))
    assert set(places.hosts_at(NOON)) & set(addresses_in(host))


def test_nobody_is_lawful_by_an_address_that_anybody_may_choose() -> None:
    mandate = replace(MANDATE, partners=(Partner(name="P", hosts=("203.0.113.9",), channels=()),))
    assert not mandate.is_lawful("2001:db8::5efe:cb00:7109")  # ISATAP
    assert not mandate.is_lawful("203.0.113.10")


def test_a_site_is_where_the_newest_answer_has_it_or_one_of_the_last_month() -> None:
    places = LawfulPlaces()
    places.take(seen("203.0.113.1", at=NOON - timedelta(days=60)))
    assert places.hosts_at(NOON) == {"203.0.113.1": "play.example"}
    places.take(seen("203.0.113.2", at=NOON - timedelta(days=20)))
    places.take(seen("203.0.113.3"))
    assert places.addresses("play.example", NOON) == ("203.0.113.2", "203.0.113.3")


def test_a_failed_look_up_takes_no_address_away_and_old_facts_do_not_stand_for_ever() -> None:
    places = LawfulPlaces()
    places.take(seen("203.0.113.1", at=NOON - timedelta(days=60)))
    places.take(seen())
    assert places.addresses("play.example", NOON) == ("203.0.113.1",)
    of_facts = replace(
        seen("203.0.113.4", source=LawfulSource.PASSIVE_DNS),
        host="popular.example",
        at=NOON - timedelta(days=60),
    )
    places.hear(Entry(index=0, record=Record(kind="x", at=NOON, body={}), leaf=b""))
    places.take(of_facts)
    assert places.addresses("popular.example", NOON) == ()
