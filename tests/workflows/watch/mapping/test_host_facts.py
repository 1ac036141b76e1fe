"""Hosts are looked up again on a rhythm; one that shows other addresses is a record."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from cautery.adapters.engine import ThreadEngine
from cautery.errors import SourceError
from cautery.formats import read_page
from cautery.graph import links_of
from cautery.model import (
    CertificateFacts,
    ClockOffset,
    Entry,
    KeyedPseudonyms,
    Registration,
    SupplyGraph,
)
from cautery.model.ledger import append
from cautery.model.records import HostsRuled, Ruling
from cautery.wiring.facts import known_facts
from cautery.workflows.case.journal import Journal
from cautery.workflows.case.open import Case
from cautery.workflows.case.rulings import RulingsRead
from cautery.workflows.watch.mapping.host_facts import Known, by_host, facts_of
from cautery.workflows.watch.mapping.lookups import MOST_A_ROUND
from cautery.workflows.watch.mapping.mapper import REDATED, Mapper
from cautery.workflows.watch.resume import EarlierRuns
from cautery.workflows.watch.seen import Seen
from cautery.workflows.watch.streams import Stream

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
            raise SourceError(f"{host}: the name does not exist")
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
            case.ledger,
            case.vault,
            hands,
            pseudonyms=KeyedPseudonyms(b"k" * 32),
            listeners=(heard.append,),
        )
        stream = Stream(
            url=f"http://{HOST}/1", key=f"http://{HOST}/1", host=HOST, title="One", source="list",
            first_seen=NOON,
        )  # fmt: skip
        return Mapper(
            {stream.key: stream}, Seen(), names=names, certificates=NoTls(), registry=None,
            facts=known_facts(None), fetcher=None, engine=ThreadEngine(), journal=journal,
            rulings=RulingsRead(case.ledger), **more,  # type: ignore[arg-type]
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


async def test_a_flood_of_hosts_holds_up_the_host_of_a_stream_that_was_looked_at_by_one_round(
    watched, hands
):
    mapper = watched(Table({HOST: ("192.0.2.1",)}))
    streams = mapper._streams
    suspect = streams.pop(f"http://{HOST}/1")
    for number in range(10 * MOST_A_ROUND):
        url = f"http://a{number}.example/1"
        streams[url] = Stream(
            url=url, key=url, host=f"a{number}.example", title=None, source="list", first_seen=NOON
        )
    await mapper._look_up()
    assert mapper._lookups._names.asked == MOST_A_ROUND
    suspect.probes = 1
    streams[suspect.key] = suspect
    await mapper._look_up()
    assert mapper.addresses(HOST) == ("192.0.2.1",)
    assert mapper._lookups._names.asked == 2 * MOST_A_ROUND
    for _ in range(9):
        await mapper._look_up()
    assert mapper._lookups._names.asked == 10 * MOST_A_ROUND + 1  # each once


async def test_a_host_before_an_open_redirect_is_looked_up_since_its_addresses_must_stay_up(
    watched,
):
    mapper = watched(Table({HOST: ("192.0.2.1",), f"www.{HOST}": ("192.0.2.2",)}))
    (stream,) = mapper._streams.values()
    stream.sent_on = frozenset((HOST, f"www.{HOST}"))
    await mapper._look_up()
    assert mapper.addresses(f"www.{HOST}") == ("192.0.2.2",)


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
    shown = EarlierRuns().read_on(case.ledger).hosts.shown
    await watched(Table({HOST: ("198.51.100.7",)}), earlier=shown)._look_up()
    [changed] = bodies(heard, "asset.changed")
    assert changed["moved"]


def links(heard: list[Entry]) -> list[tuple[str, str, datetime, datetime]]:
    return [
        (one["kind"], one["value"], *(datetime.fromisoformat(one[at]) for at in SPAN))
        for one in bodies(heard, "link.seen")
    ]


SPAN = ("first_seen", "last_seen")


async def test_the_next_map_follows_what_a_person_said_meanwhile_and_what_was_taken_back(
    watched, hands, heard, case
):
    mapper = watched(Table({HOST: ("192.0.2.1",), "other.example": ("192.0.2.2",)}))
    stream = Stream(
        url="http://other.example/1", key="http://other.example/1", host="other.example",
        title="Two", source="list", first_seen=NOON,
    )  # fmt: skip
    mapper._streams[stream.key] = stream

    async def networks() -> list[set[str]]:
        await mapper._look_up()
        assert mapper._woken
        await mapper.map_now()
        (*_, newest) = (one.content for one in heard if isinstance(one.content, SupplyGraph))
        return sorted({m.host for m in one.members} for one in newest.networks)

    def said(ruling: Ruling) -> None:
        ruled = HostsRuled(
            host="other.example", other=HOST, ruling=ruling, by="A. Analyst", why="w", at=NOON
        )
        append(case.ledger, ruled, at=NOON)

    assert len(await networks()) == 2
    said(Ruling.SAME)
    assert await networks() == [{HOST, "other.example"}]
    said(Ruling.OPEN)
    assert len(await networks()) == 2


async def test_shared_faults_are_looked_for_away_from_the_event_loop(watched, monkeypatch):
    mapper = watched(Table({HOST: ("192.0.2.1",)}))
    await mapper._look_up()
    ran_in: list[threading.Thread] = []

    def found(*_: Any, **__: Any) -> tuple[()]:
        ran_in.append(threading.current_thread())
        return ()

    monkeypatch.setattr("cautery.workflows.watch.mapping.mapper.fault_links", found)
    await mapper.map_now()
    assert ran_in
    assert threading.current_thread() not in ran_in


async def test_a_link_is_dated_by_when_it_was_seen_and_rests_on_the_look_up(watched, hands, heard):
    mapper = watched(Table({HOST: ("192.0.2.1",)}))
    hands.at = NOON + timedelta(minutes=5)
    await mapper._look_up()
    await mapper.map_now()
    assert links(heard) == [("address", "192.0.2.1", hands.at, hands.at)]
    [looked] = [one for one in heard if one.record.kind == "asset.facts"]
    [link] = bodies(heard, "link.seen")
    assert link["records"] == [looked.index]


async def test_a_link_that_holds_for_hours_is_recorded_anew_with_its_span(watched, hands, heard):
    mapper = watched(Table({HOST: ("192.0.2.1",)}))
    for hours in range(9):
        hands.at = NOON + timedelta(hours=hours)
        await mapper._look_up()
        if mapper._woken:
            await mapper.map_now()
    assert links(heard)[-1][2:] >= (NOON, NOON + REDATED)
    assert 2 <= len(links(heard)) <= 3


async def test_an_address_that_a_host_moved_to_was_not_its_own_before(watched, hands, heard):
    names = Table({HOST: ("192.0.2.1",)})
    mapper = watched(names)
    await mapper._look_up()
    await mapper.map_now()
    names[HOST] = ("198.51.100.7",)
    hands.at = NOON + timedelta(hours=2)
    await mapper._look_up()
    await mapper.map_now()
    assert [(value, first) for _, value, first, _ in links(heard)] == [
        ("192.0.2.1", NOON), ("198.51.100.7", hands.at),
    ]  # fmt: skip


def known() -> Known:
    return Known(
        addresses=(), asn=None, country=None, shared=(), shared_addresses=(), certificate=None,
        registration=None, at=NOON, until=NOON,
    )  # fmt: skip


def test_who_is_paid_is_an_end_of_payment_and_who_is_written_to_a_contact():
    page = read_page(
        [
            b'<html><body><a href="https://paypal.me/bob">pay</a> <a href="https://t.me/bobtv">ask</a>'
        ],
        base="http://shop.example/",
    )
    seen = Seen(pages={"shop.example": (page, "sha256:0", NOON)})  # type: ignore[dict-item]
    facts = facts_of(
        "shop.example", known={"shop.example": known()}, gathered=by_host((), seen), seen=seen,
        icon=None, hidden=lambda one: f"~{one[::-1]}",
    )  # fmt: skip
    assert facts.payments == ("paypal:~bob:lapyap",)
    assert facts.contacts == ("~vtbob:margelet",)


@pytest.mark.parametrize("panelled", [False, True])
def test_where_a_stream_leads_ties_both_unless_its_panel_says_so_already(panelled):
    stream = Stream(
        url="http://a.example/1", key="http://a.example/1", host="a.example", title=None,
        source="list", first_seen=NOON, via={"edge.example"},
    )  # fmt: skip
    seen = Seen(panels={"a.example": {stream.key}} if panelled else {})
    for host in ("a.example", "edge.example"):
        facts = facts_of(
            host, known={"a.example": known(), "edge.example": known()},
            gathered=by_host((stream,), seen), seen=seen, icon=None, hidden=str,
        )  # fmt: skip
        marks = {(link.kind, link.value) for link in links_of(facts)}
        assert marks == {("panel", "a.example") if panelled else ("redirect", "edge.example")}


def test_a_list_that_names_an_open_redirect_says_nothing_of_the_hosts_that_send_on():
    stream = Stream(
        url="http://a.example/?to=edge.example", key="http://a.example/?to=edge.example",
        host="a.example", title=None, source="list", first_seen=NOON, via={"edge.example"},
        sent_on=frozenset(("a.example", "www.a.example")), open_redirect=True,
    )  # fmt: skip
    seen = Seen(panels={"panel.example": {stream.key}}, lists={"http://l.example": {stream.key}})
    gathered = by_host((stream,), seen)
    assert gathered.panels["edge.example"] == {"panel.example"}
    for host in ("a.example", "www.a.example"):
        assert not gathered.panels[host] | gathered.playlists[host] | gathered.redirects[host]


class Tls(dict[tuple[str, int], CertificateFacts]):
    """Fulfils the port of certificates by host and port, and remembers what it was asked."""

    def __init__(self, *shown: tuple[str, int]) -> None:
        super().__init__({(host, port): shows(host) for host, port in shown})
        self.asked: list[tuple[str, int]] = []

    async def of(self, host: str, port: int = 443) -> CertificateFacts:
        self.asked.append((host, port))
        if (host, port) not in self:
            raise SourceError(f"{host}:{port}: no TLS server")
        return self[host, port]


def shows(host: str, key: str = "one key") -> CertificateFacts:
    return CertificateFacts(
        host=host, address="192.0.2.1", sha256=f"sha256:{host}", spki_sha256=f"sha256:{key}",
        subject=host, issuer=host, names=(host,), not_before=NOON, not_after=NOON,
        self_signed=True, seen_at=NOON,
    )  # fmt: skip


EDGE, ELSEWHERE = "edge.example", "elsewhere.example"


@pytest.fixture
def beside(watched) -> Callable[..., Mapper]:
    """A watch of a stream at port 8080 of one host and another at 9000 of another."""

    def made(tls: Tls) -> Mapper:
        names = Table({EDGE: ("192.0.2.1",), ELSEWHERE: ("192.0.2.2",)})
        mapper = watched(names)
        mapper._lookups._tls._certificates = tls
        mapper._streams.clear()
        for url in (f"http://{EDGE}:8080/1", f"http://{ELSEWHERE}:9000/1"):
            mapper._streams[url] = Stream(
                url=url, key=url, host=url.split("/")[2].split(":")[0], title=None, source="list",
                first_seen=NOON,
            )  # fmt: skip
        return mapper

    return made


async def test_a_host_at_a_panels_port_is_asked_for_tls_where_the_panel_has_it(beside, heard):
    tls = Tls((EDGE, 8443), (ELSEWHERE, 8443))
    mapper = beside(tls)
    mapper._seen.told_tls("http://panel.example:8080", 8443)
    await mapper._look_up()
    assert sorted(tls.asked) == [(EDGE, 443), (EDGE, 8443), (ELSEWHERE, 443)]
    [facts] = [one for one in bodies(heard, "asset.facts") if one["certificate"] is not None]
    assert facts["host"] == EDGE


async def test_a_host_is_asked_once_more_when_a_panel_tells_its_port_later(beside, heard):
    tls = Tls((EDGE, 8443))
    mapper = beside(tls)
    await mapper._look_up()
    mapper._woken = False
    mapper._seen.told_tls("http://panel.example:8080", 8443)
    for _ in range(3):
        await mapper._look_up()
    assert tls.asked == [(EDGE, 443), (ELSEWHERE, 443), (EDGE, 8443)]
    assert mapper._woken
    assert bodies(heard, "asset.facts")[-1]["certificate"]["host"] == EDGE


async def test_who_shows_a_certificate_at_the_usual_port_is_asked_nowhere_else(beside):
    tls = Tls((EDGE, 443), (EDGE, 8443), (ELSEWHERE, 443))
    mapper = beside(tls)
    mapper._seen.told_tls("http://panel.example:8080", 8443)
    await mapper._look_up()
    assert tls.asked == [(EDGE, 443), (ELSEWHERE, 443)]


async def test_hostile_panels_get_a_host_asked_at_two_ports_and_those_of_port_80_at_none(beside):
    tls = Tls()
    mapper = beside(tls)
    for port in range(1000, 1100):
        mapper._seen.told_tls("http://panel.example:8080", port)
        mapper._seen.told_tls("http://panel.example:80", port)
    url = f"http://{ELSEWHERE}/1"
    mapper._streams[url] = Stream(
        url=url, key=url, host=ELSEWHERE, title=None, source="list", first_seen=NOON
    )
    for _ in range(3):
        await mapper._look_up()
    assert sorted(tls.asked) == [
        (EDGE, 443), (EDGE, 1000), (EDGE, 1001), (ELSEWHERE, 443),
    ]  # fmt: skip


async def test_hosts_that_show_one_key_at_a_panels_port_are_tied_by_it(beside, heard):
    mapper = beside(Tls((EDGE, 8443), (ELSEWHERE, 8443)))
    mapper._seen.told_tls("http://panel.example:8080", 8443)
    mapper._seen.told_tls("http://panel.example:9000", 8443)
    await mapper._look_up()
    await mapper.map_now()
    tied = [one["subject"] for one in bodies(heard, "link.seen") if one["kind"] == "certificate"]
    assert tied == [EDGE, ELSEWHERE]


class Registry:
    """Fulfils the port of registrations; each answer takes a turn of the loop."""

    def __init__(self) -> None:
        self.asked: list[str] = []

    async def of(self, domain: str) -> Registration:
        self.asked.append(domain)
        await asyncio.sleep(0)
        return Registration(
            domain=domain, registrar="Namewharf", created=None, changed=None,
            nameservers=("ns1.own.example",), registrant="hash", seen_at=NOON,
        )  # fmt: skip


@pytest.fixture
def registered(watched) -> Callable[..., Registry]:
    """Look some hosts up at once, with a registry."""

    async def looked_up(*hosts: str) -> Registry:
        mapper, registry = watched(Table(dict.fromkeys(hosts, ("192.0.2.1",)))), Registry()
        mapper._lookups._registry = registry
        mapper._streams.clear()
        for host in hosts:
            url = f"http://{host}/1"
            mapper._streams[url] = Stream(
                url=url, key=url, host=host, title=None, source="list", first_seen=NOON
            )
        await mapper._look_up()
        return registry

    return looked_up


async def test_hosts_of_one_domain_that_are_looked_up_at_once_all_have_its_registration(
    registered, heard
):
    registry = await registered("edge1.own.example", "edge2.own.example", "edge3.own.example")
    told = [one["registration"] for one in bodies(heard, "asset.facts")]
    assert [one and one["registrant"] for one in told] == ["hash"] * 3
    assert registry.asked == ["own.example"]


@pytest.mark.parametrize("address", ["192.0.2.77", "2001:db8::77"])
async def test_no_registry_is_asked_about_a_bare_address(registered, heard, address):
    registry = await registered(address)
    assert registry.asked == []


async def test_an_unforeseen_error_costs_its_own_host_alone(watched, hands, heard, monkeypatch):
    def broken(*_: object) -> None:
        raise ValueError("a name of \ud800")

    mapper = watched(Table({HOST: ("192.0.2.1",)}))
    monkeypatch.setattr(mapper._lookups, "_tell", broken)
    await mapper._look_up()
    await mapper._look_up()
    [failure] = bodies(heard, "failure")
    assert (failure["where"], failure["error"]) == (HOST, "ValueError")
    monkeypatch.setattr(mapper, "_host_facts", broken)
    await mapper.map_now()
    assert bodies(heard, "failure")[1]["what"] == "map"
