"""What a look leads to is watched as well, and a chain of it comes to an end."""

from __future__ import annotations

from datetime import UTC, datetime
from itertools import count
from types import SimpleNamespace
from typing import Any

from cautery.model import Mandate, RedactedUrl, Regime, Window, Work, host_of
from cautery.workflows.watch.probing.leads import MOST_LED, Leads
from cautery.workflows.watch.probing.serving import Serving
from cautery.workflows.watch.streams import Stream

NOON = datetime(2026, 11, 24, 12, tzinfo=UTC)
MANDATE = Mandate(
    id="m",
    who="League",
    regime=Regime.GDPR,
    legal_basis="rights",
    window=Window(start=NOON, end=NOON.replace(hour=13)),
    territories=("FR",),
    works=(Work(id="work-1", title="A Film", legal_basis="rights"),),
)
JOURNAL: Any = SimpleNamespace(now=lambda: NOON, redact=RedactedUrl)


def listed(url: str) -> Stream:
    return Stream(url=url, key=url, host=host_of(url), title=None, source="list", first_seen=NOON)


def test_names_of_a_wildcard_that_lead_to_each_other_come_to_an_end() -> None:
    """Each stream led to a fresh name, which was a new stream that did the same, for ever."""
    first, other = listed("http://p.example/1"), listed("http://q.example/1")
    streams = {first.key: first, other.key: other}
    leads, labels = Leads(MANDATE, streams, JOURNAL), count()
    for _ in range(5 * MOST_LED):
        newest = list(streams.values())[-1] if len(streams) > 2 else first
        fresh = f"http://r{next(labels)}.wild.example/1"
        leads.follow(newest, Serving(hosts=(newest.host,), led_to=fresh), proven=False)
    assert len(streams) == 2 + MOST_LED
    leads.follow(other, Serving(hosts=("q.example",), led_to="http://x.example/1"), proven=False)
    assert "http://x.example/1" in streams  # another entry of the list has its own


def test_a_place_is_watched_once() -> None:
    first = listed("http://p.example/1")
    streams = {first.key: first}
    leads = Leads(MANDATE, streams, JOURNAL)
    for number in range(3):
        leads.follow(
            first, Serving(hosts=("p.example",), led_to=f"http://e.example/{number}"), proven=False
        )
    assert [stream.url for stream in streams.values()] == [first.url, "http://e.example/0"]
