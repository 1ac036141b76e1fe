"""Who must stay up: also whoever runs an open redirect that a pirate puts on a list."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any

import pytest

from cautery.model import (
    Channel,
    Finding,
    Intermediary,
    Mandate,
    Observation,
    OwnLocation,
    OwnService,
    Partner,
    RedactedUrl,
    Regime,
    Verdict,
    Window,
    Work,
)
from cautery.workflows.watch.acting.neighbours import lawful_streams
from cautery.workflows.watch.streams import Stream

NOON = datetime(2026, 11, 24, 12, tzinfo=UTC)
MANDATE = Mandate(
    id="m",
    who="League",
    regime=Regime.GDPR,
    legal_basis="rights",
    window=Window(start=NOON, end=NOON + timedelta(hours=1)),
    territories=("FR",),
    works=(Work(id="film", title="A Film", legal_basis="rights"),),
)
ADDRESSES = {
    "innocent.example": ("203.0.113.7",),
    "www.innocent.example": ("203.0.113.8",),
    "pirate.example": ("198.51.100.7",),
    "more.pirate.example": ("203.0.113.7",),
}


def proven(
    url: str, *, open_redirect: bool = False, sent_on: frozenset[str] = frozenset()
) -> Stream:
    stream = Stream(
        url=url, key=url, host=url.split("/")[2], title=None, source="list", first_seen=NOON
    )
    stream.open_redirect = open_redirect
    stream.sent_on = sent_on
    stream.verdict = Verdict(
        url=RedactedUrl(url),
        finding=Finding.PROVEN,
        at=NOON,
        event="e",
        log10_lr=5.0,
        observations=(Observation(at=NOON),),
    )
    return stream


def kept_up(
    *streams: Stream, suspects: tuple[str, ...] = (), mandate: Mandate = MANDATE
) -> dict[str, tuple[str, ...]]:
    mapper: Any = SimpleNamespace(
        addresses=lambda host: ADDRESSES.get(host, ()),
        suspects=lambda: suspects,
        panels_of=lambda keys: suspects if {*keys} else (),
    )
    return lawful_streams({stream.key: stream for stream in streams}, mapper, mandate)


SENT_ON = "http://innocent.example/out?to=pirate.example"


def test_a_host_that_only_sends_on_must_stay_up_with_its_addresses() -> None:
    streams = proven(SENT_ON, open_redirect=True), proven("http://pirate.example/1.m3u8")
    assert kept_up(*streams) == {"innocent.example": ("203.0.113.7",)}


def test_a_host_that_serves_a_stream_itself_is_no_bystander() -> None:
    streams = proven(SENT_ON, open_redirect=True), proven("http://innocent.example/2.m3u8")
    assert kept_up(*streams) == {}


def test_a_panel_that_writes_its_edge_into_its_links_is_no_bystander() -> None:
    assert kept_up(proven(SENT_ON, open_redirect=True), suspects=("innocent.example",)) == {}


def test_a_pirates_own_open_redirect_keeps_no_address_of_its_streams_up() -> None:
    beside = proven("http://more.pirate.example/1.m3u8")
    assert kept_up(proven(SENT_ON, open_redirect=True), beside) == {"innocent.example": ()}


def test_the_hosts_that_it_leads_through_first_must_stay_up_too() -> None:
    through = frozenset(("innocent.example", "www.innocent.example"))
    streams = proven(SENT_ON, open_redirect=True, sent_on=through), proven("http://pirate.example/")
    kept = {"innocent.example": ("203.0.113.7",), "www.innocent.example": ("203.0.113.8",)}
    assert kept_up(*streams) == kept


def shows_nothing(url: str) -> Stream:
    stream = proven(url)
    assert stream.verdict is not None
    stream.verdict = replace(stream.verdict, finding=Finding.NOTHING)
    return stream


PIRATE = "http://pirate.example/1.m3u8"


@pytest.mark.parametrize(
    "url",
    [
        "http://pirate.example/own-film.m3u8",
        "http://more.pirate.example/own-film.m3u8",
        "http://a.b.pirate.example/own-film.m3u8",
    ],
)
def test_what_shows_nothing_at_or_below_an_accused_name_keeps_it_not_up(url: str) -> None:
    """Whoever has a name decides what lies at it and below it: a decoy is a file and a DNS entry."""
    assert kept_up(proven(PIRATE), shows_nothing(url)) == {}


def test_what_shows_nothing_below_a_panel_of_proven_streams_keeps_the_panel_not_up() -> None:
    streams = proven(PIRATE), shows_nothing("http://decoy.panel.example/1.ts")
    assert kept_up(*streams, suspects=("panel.example",)) == {}


@pytest.mark.parametrize("host", ["innocent.example", "notpirate.example", "example"])
def test_what_shows_nothing_at_any_other_name_must_stay_up(host: str) -> None:
    url = f"http://{host}/1.ts"
    kept = kept_up(proven(PIRATE), shows_nothing(url), proven("http://198.51.100.9/2.m3u8"))
    assert kept == {url: ADDRESSES.get(host, ())}


def test_what_shows_nothing_below_a_name_that_only_sends_on_must_stay_up() -> None:
    streams = proven(SENT_ON, open_redirect=True), shows_nothing("http://www.innocent.example/1.ts")
    assert "http://www.innocent.example/1.ts" in kept_up(*streams, proven(PIRATE))


def test_a_partner_below_an_accused_name_must_stay_up() -> None:
    partner = Partner(name="P", hosts=("more.pirate.example",), channels=())
    kept = kept_up(proven(PIRATE), mandate=replace(MANDATE, partners=(partner,)))
    assert kept == {"more.pirate.example": ("203.0.113.7",)}


@pytest.mark.parametrize("host", ["innocent.example", "www.innocent.example"])
def test_a_partners_host_must_stay_up_whatever_a_short_link_there_leads_to(host: str) -> None:
    partner = Partner(name="P", hosts=("innocent.example",), channels=())
    kept = kept_up(proven(f"http://{host}/s/abc"), mandate=replace(MANDATE, partners=(partner,)))
    assert kept[host] == ADDRESSES[host]
    assert "innocent.example" in kept


def test_the_host_of_ones_own_reference_must_stay_up() -> None:
    film = replace(MANDATE.works[0], reference=OwnLocation("http://innocent.example/film.wav"))
    url = "http://innocent.example/film2.wav"
    kept = kept_up(proven(url), mandate=replace(MANDATE, works=(film,)))
    assert kept == {"innocent.example": ("203.0.113.7",)}
    channel = Channel(id="c", names=("C",), legal_basis="r", reference=OwnLocation("/c.ts"))
    isp = Intermediary(name="I", territory="FR", list_url=OwnLocation("https://isp.example/list"))
    mandate = replace(MANDATE, channels=(channel,), intermediaries=(isp,))
    assert mandate.lawful_hosts == ("isp.example",)


def test_a_service_of_ones_own_must_stay_up() -> None:
    own = OwnService(host="innocent.example", also=("www.innocent.example",))
    kept = kept_up(proven("http://innocent.example/s"), mandate=replace(MANDATE, services=(own,)))
    assert kept.keys() == {"innocent.example", "www.innocent.example"}
