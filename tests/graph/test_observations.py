"""What is always borne together counts once, and what moved, or some lack, counts by itself."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from cautery.graph.observations import MOST_NAMED, one_each
from cautery.messages import say
from cautery.model import Link

NOON = datetime(2026, 11, 24, 12, tzinfo=UTC)


def link(subject, value, kind="address", *, day=0, days=0, record=None):
    first = NOON + timedelta(days=day)
    return Link(
        subject=subject,
        kind=kind,
        value=value,
        first_seen=first,
        last_seen=first + timedelta(days=days),
        source="watch",
        records=() if record is None else (record,),
    )


def values(links):
    held = {}
    for one in links:
        held.setdefault(one.subject, []).append(one.value)
    return held


@pytest.mark.parametrize(
    ("kind", "pair"),
    [
        ("nameserver", ("ns1.own.example", "ns2.own.example")),
        ("nameserver", ("ns1.own.example", "ns1.own.test")),
        ("address", ("192.0.2.1", "192.0.2.2")),
        ("certificate", ("issuer", "leaf")),
        ("analytics", ("ga:UA-1", "gtm:GTM-1")),
        ("feed-freeze", ("event:cup 20:00:01", "event:cup 20:07:12")),
    ],
)
def test_values_that_are_always_borne_together_are_one_tie(kind, pair):
    links = [link(host, value, kind) for host in "ab" for value in pair]
    assert values(one_each(links)) == {"a": [pair[0]], "b": [pair[0]]}


def test_the_link_that_stays_names_the_others_and_the_records_of_all():
    links = [link(host, value, record=n) for n, (host, value) in
             enumerate((h, v) for h in "ab" for v in ("1", "2", "3"))]  # fmt: skip
    first, _ = one_each(links)
    assert first.said is not None
    assert say(first.said) == "address 1, and with it 2, 3"
    assert first.records == (0, 1, 2)


def test_many_values_are_counted_and_the_first_ones_named():
    links = [link("a", f"{n:02}") for n in range(MOST_NAMED + 3)]
    [only] = one_each(links)
    assert only.said is not None
    assert say(only.said).endswith("and 2 more")


def test_values_that_somebody_bears_alone_stay_apart():
    links = [link("a", "1"), link("a", "2"), link("b", "1"), link("b", "2"), link("c", "2")]
    assert values(one_each(links)) == {"a": ["1", "2"], "b": ["1", "2"], "c": ["2"]}


def test_who_moved_together_shares_two_facts():
    links = [link(host, value, day=day) for host in "ab" for value, day in (("1", 0), ("2", 9))]
    assert values(one_each(links)) == {"a": ["1", "2"], "b": ["1", "2"]}


def test_addresses_of_which_one_came_when_another_was_still_there_are_one():
    links = [
        link(host, value, day=day, days=20) for host in "ab" for value, day in (("1", 0), ("2", 9))
    ]
    assert values(one_each(links)) == {"a": ["1"], "b": ["1"]}


def test_a_server_of_a_zone_that_others_have_without_it_is_the_same_zone():
    links = [
        link(host, f"ns{n}.own.example", "nameserver")
        for host, numbers in (("a", (1, 2)), ("b", (1, 2)), ("c", (1,)))
        for n in numbers
    ]
    assert values(one_each(links)) == {name: ["ns1.own.example"] for name in "abc"}


def test_a_value_of_one_kind_says_nothing_of_another():
    links = [link(host, "1", kind) for host in "ab" for kind in ("address", "payment")]
    assert len(one_each(links)) == 4


def test_shared_values_take_none_of_somebodys_own_with_them():
    links = [link(host, value) for host in "ab" for value in ("1", "2")]
    kept = one_each(links, apart={("address", "1")})
    assert len(kept) == 4
    assert all(one.said is None for one in kept)


def test_the_order_of_links_changes_nothing():
    links = [link(host, value) for host in "abc" for value in "123" if (host, value) != ("c", "2")]
    assert one_each(links) == one_each(links[::-1])
