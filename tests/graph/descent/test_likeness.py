"""Names, price lists and catalogues: the same, near, or neither."""

from __future__ import annotations

import random
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cautery.graph.descent.likeness import (
    NEAR,
    SAME,
    Catalogues,
    Names,
    PriceLists,
    core_name,
)
from cautery.model.descent import LONGEST_VALUE

PRICES = "1m=9.99EUR 3m=25EUR 12m=69EUR"
TITLES = [
    f"{name} {number}" for name in ("arena", "belivox", "canal", "doron") for number in range(12)
]
random.Random(4).shuffle(TITLES)


@pytest.mark.parametrize(
    ("name", "level"),
    [
        ("korelivor9", SAME),
        ("KORELIVOR-iptv", SAME),
        ("www.korel1vor.example", SAME),
        ("korelivr", NEAR),
        ("korelivorgold", NEAR),
        ("torelidan", None),
        ("iptv", None),
        ("tv", None),
    ],
)
def test_names(name: str, level: int | None) -> None:
    names = Names()
    names.add(core_name("korelivor-tv2"))
    assert names.found(core_name(name)).get(core_name("korelivor"), None) == level


@pytest.mark.parametrize(
    ("prices", "level"),
    [
        (PRICES, SAME),
        ("12m=69.00EUR 3m=25EUR 1m=9.99EUR", SAME),
        ("1m=9.99EUR 3m=25EUR 12m=72EUR", NEAR),
        ("1m=9.99EUR 3m=25EUR", NEAR),
        ("1m=12EUR 3m=30EUR 12m=99EUR", None),
        ("1m=9.99USD 3m=25USD 12m=69USD", None),
        ("1m=9.99EUR", None),
        ("cheap!", None),
        ("1m=0EUR", None),
    ],
)
def test_price_lists(prices: str, level: int | None) -> None:
    lists = PriceLists()
    lists.add(PRICES)
    assert lists.found(prices).get(PRICES) == level


def test_catalogues() -> None:
    value = "|".join(TITLES)
    catalogues = Catalogues()
    catalogues.add(value)
    catalogues.add("|".join(sorted(TITLES)))  # the alphabet is nobody's order
    assert catalogues.found("|".join(f"|FR| {title.upper()} HD" for title in TITLES)) == {
        value: SAME
    }
    moved = [*TITLES[10:], *TITLES[:6]]
    assert catalogues.found("|".join(moved)) == {value: NEAR}
    other = list(TITLES)
    random.Random(5).shuffle(other)
    assert catalogues.found("|".join(other)) == {}
    assert catalogues.found("|".join(TITLES[:10])) == {}
    assert catalogues.found("|".join(sorted(TITLES))) == {}


@given(st.text(max_size=60))
def test_any_text_has_a_name_that_is_its_own_name(text: str) -> None:
    names = Names()
    core = core_name(text)
    names.add(core)
    assert set(names.found(core)) <= {core}
    for likeness in (PriceLists(), Catalogues()):
        likeness.add(text)
        assert set(likeness.found(text)) <= {text}


@pytest.mark.parametrize(
    "value",
    [
        "|" * LONGEST_VALUE,
        "1m=1EUR " * 1000,
        "a." * 4000,
        "tv" * 4000,
        "1" * LONGEST_VALUE,
        "(" * 8000,
    ],
)
def test_hostile_values_cost_little(value: str) -> None:
    begun = time.process_time()
    for likeness in (PriceLists(), Catalogues()):
        likeness.add(value)
        likeness.found(value)
    core_name(value)
    assert time.process_time() - begun < 5
