"""Each thing that an instrument asks for stands in the box of its kind."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cautery.operation.asked import asked_of


@pytest.mark.parametrize(
    ("hold", "box", "text"),
    [
        ("address:192.0.2.7", "ipv4", "192.0.2.7"),
        ("host:192.0.2.7", "ipv4", "192.0.2.7"),
        ("address:2001:DB8:0::1", "ipv6", "2001:db8::1"),
        ("Domain:Shop.Example.", "names", "shop.example"),
        ("user:Reseller-7", "accounts", "Reseller-7"),
        ("wallet:1BoatSLRHtKNngkdXEeobR76b53LETtpyT", "accounts",
         "1BoatSLRHtKNngkdXEeobR76b53LETtpyT"),
        ("EUR deposit IT60 X054", "others", "EUR deposit IT60 X054"),
        ("address:the back room", "others", "address:the back room"),
    ],
)  # fmt: skip
def test_a_thing_stands_in_the_box_of_its_kind(hold: str, box: str, text: str) -> None:
    assert getattr(asked_of([hold]), box) == (text,)


def test_what_is_asked_for_twice_stands_once() -> None:
    assert asked_of(["host:a.example", "domain:A.example"]).names == ("a.example",)


@given(st.lists(st.text(min_size=1, max_size=40), max_size=6))
def test_nothing_that_is_asked_for_gets_lost(holds: list[str]) -> None:
    asked = asked_of(holds)
    boxes = (asked.ipv4, asked.ipv6, asked.names, asked.accounts, asked.others)
    kept = sum(map(len, boxes))
    assert (kept > 0) == bool(holds)
    assert kept <= len(set(holds))
