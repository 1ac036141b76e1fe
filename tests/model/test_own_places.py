"""What is own is said by names and narrow ranges, and an address that leads elsewhere is not own."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cautery.errors import MandateError
from cautery.model.own_places import covers, own_place

OWN = ("own.example", "192.0.2.0/28", "2001:db8:7::/48")


@pytest.mark.parametrize(
    ("place", "is_own"),
    [
        ("own.example", True),
        ("tv1.own.example", True),
        ("notown.example", False),
        ("example", False),
        ("own.example.pirate.net", False),
        ("192.0.2.15", True),
        ("192.0.2.16", False),
        ("2001:db8:7::1", True),
        ("2001:db8:8::1", False),
        ("::ffff:192.0.2.1", True),
        ("::ffff:198.51.100.1", False),
        ("64:ff9b::c000:201", False),  # itself it lies in no range of ours
        ("", False),
    ],
)
def test_what_is_own_is_below_a_name_or_within_a_range(place: str, *, is_own: bool) -> None:
    assert covers(OWN, place) is is_own


def test_an_address_that_leads_to_a_strangers_is_not_own() -> None:
    """2002:c633:6407:: is 198.51.100.7 by 6to4: whoever has it is not in our range alone."""
    assert not covers(("2002:c633:6407::/48",), "2002:c633:6407::1")
    assert covers(("2002:c633:6407::/48", "198.51.100.7/32"), "2002:c633:6407::1")


@pytest.mark.parametrize(
    ("text", "place"),
    [
        (" OWN.example. ", "own.example"),
        ("b\u00fccher.example", "xn--bcher-kva.example"),
        ("192.0.2.7", "192.0.2.7/32"),
        ("192.0.2.0/24", "192.0.2.0/24"),
        ("2001:DB8::/48", "2001:db8::/48"),
    ],
)
def test_an_own_place_has_one_spelling(text: str, place: str) -> None:
    assert own_place(text) == place


@given(st.text(max_size=40))
def test_what_is_no_place_is_refused_in_a_sentence(text: str) -> None:
    error, place = _read(text)
    if error is None:
        assert own_place(place) == place
    else:
        assert str(error).startswith("own: ")
        assert str(error).isprintable()


def _read(text: str) -> tuple[MandateError | None, str]:
    try:
        return None, own_place(text)
    except MandateError as error:
        return error, ""
