"""Mirror families: what joins two domains of one site, and what must not."""

from __future__ import annotations

import math
import random
from datetime import date, timedelta
from string import ascii_lowercase

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cautery.graph.mirrors import Days, Domain, mirror_families
from cautery.graph.mirrors.dates import MOST, NO_DAYS, DayCosts
from cautery.graph.mirrors.names import NAMELESS, NameCosts, brand, plain


def together(*names: str) -> set[frozenset[str]]:
    found = mirror_families(Domain(name=name) for name in names)
    return {frozenset(name for name, _ in one.members) for one in found}


def day(text: str, source: str = "list") -> tuple[str, int]:
    return source, date.fromisoformat(text).toordinal()


def seen(name: str, first: str, last: str) -> Domain:
    return Domain(name=name, days=Days(frozenset({day(first)}), frozenset({day(last)})))


def strangers(number: int) -> list[Domain]:
    """Sites of one name each, seen on days of their own: the background of every list."""
    rng = random.Random(7)
    begun = date(2024, 1, 3)
    return [
        seen(
            f"{''.join(rng.choices(ascii_lowercase, k=8))}.example",
            (begun + timedelta(days=9 * place)).isoformat(),
            (begun + timedelta(days=9 * place + 4 + 9 * rng.randrange(20))).isoformat(),
        )
        for place in range(number)
    ]


OTHERS = strangers(120)


@pytest.mark.parametrize(
    "other",
    [
        "cinevoxo.net",
        "cinevoxo2.example",
        "cine-voxo.example",
        "www3-cinevoxo.example",
        "cinevoxoproxy.example",
        "c1nevoxo.example",
        "voxocine.example",
        "cinevoxo-tv.example",
        "xn--cinevox-v0a.example",
    ],
)
def test_a_brand_is_found_again_under_another_ending_number_affix_or_look_alike(other: str) -> None:
    assert together("cinevoxo.example", other) == {frozenset({"cinevoxo.example", other})}


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("torrent.example", "torrent.test"),
        ("freestream.example", "livestream.example"),
        ("movieworld.example", "movieland.example"),
        ("torrent9.example", "torrent911.example"),
        ("tpx.example", "tqx.example"),
    ],
)
def test_generic_words_alone_join_nothing(one: str, other: str) -> None:
    assert together(one, other) == {frozenset({one}), frozenset({other})}


def test_numbers_without_a_word_are_a_name_when_they_run_on() -> None:
    assert together("7700451.example", "7700452.example", "81.example") == {
        frozenset({"7700451.example", "7700452.example"}),
        frozenset({"81.example"}),
    }


def test_a_site_that_changes_its_name_wholly_is_known_by_days_that_fit_thrice() -> None:
    moved = (
        seen("glimzor.example", "2025-02-19", "2025-06-11"),
        seen("glimzor2.example", "2025-02-19", "2025-06-11"),
        seen("parduwe.example", "2025-06-11", "2026-02-27"),
        seen("glimzor3.example", "2025-06-11", "2025-10-08"),
        seen("parduwe.test", "2025-02-19", "2025-10-08"),
    )
    found = mirror_families((*OTHERS, *moved))
    assert {one.name for one in moved} in [{name for name, _ in one.members} for one in found]


def test_a_day_on_which_a_whole_list_came_in_joins_nothing() -> None:
    names = [f"{head}{tail}" for head in ("zor", "vep", "lud", "kam") for tail in ("qix", "fyn")]
    rows = [seen(f"{name}.example", "2025-01-01", "2025-01-01") for name in names]
    assert all(len(one.members) == 1 for one in mirror_families(rows))


def test_a_rare_address_joins_where_names_do_not() -> None:
    rare = {
        Domain(name=name, values=frozenset({("address", "203.0.113.7"), ("owner", "shell ltd")}))
        for name in ("glimzor.example", "parduwe.example")
    }
    sizes = [len(one.members) for one in mirror_families((*OTHERS, *rare))]
    assert sizes[0] == 2


def test_a_proxy_service_that_carries_many_sites_is_not_their_mirror() -> None:
    sites = [Domain(name=f"{name}.example") for name in ("glimzor", "parduwe", "quorvix")]
    proxy = Domain(
        name="unblockall.example",
        hosts=frozenset(f"{name}.unblockall.example" for name in ("glimzor", "parduwe", "quorvix")),
    )
    found = mirror_families((*sites, proxy))
    assert all(len(one.members) == 1 for one in found)


def test_a_site_behind_another_name_is_known_by_what_stands_before_it() -> None:
    behind = Domain(name="skyhaven.example", hosts=frozenset({"glimzor.skyhaven.example"}))
    found = mirror_families((Domain(name="glimzor.example"), behind))
    assert [len(one.members) for one in found] == [2]


def test_what_a_host_does_is_no_site_before_another_name() -> None:
    served = Domain(name="glimzor.example", hosts=frozenset({"api.glimzor.example"}))
    found = mirror_families((served, Domain(name="api5.test")))
    assert [len(one.members) for one in found] == [1, 1]


def test_what_is_nobodys_mirror_stays_alone() -> None:
    short = Domain(name="glimzor.test", apart=True)
    found = mirror_families((Domain(name="glimzor.example"), short))
    assert [len(one.members) for one in found] == [1, 1]


def test_a_join_says_what_speaks_for_it() -> None:
    (family,) = mirror_families(Domain(name=f"{name}.example") for name in ("glimzor", "glimzorx"))
    (join,) = family.joins
    assert join.by_name > 0
    assert join.by_days == join.by_values == 0
    assert 0.5 < join.probability < 1


@given(st.sets(st.from_regex(r"[a-z0-9]{1,12}(-[a-z0-9]{1,6})?", fullmatch=True), max_size=25))
@settings(max_examples=60, deadline=None)
def test_every_domain_stands_in_one_family_in_any_order(labels: set[str]) -> None:
    domains = [Domain(name=f"{label}.example") for label in sorted(labels)]
    found = mirror_families(domains)
    members = [name for one in found for name, _ in one.members]
    assert sorted(members) == sorted(one.name for one in domains)
    assert all(0 < sure <= 1 for one in found for _, sure in one.members)
    assert all(one.id in dict(one.members) for one in found)
    assert mirror_families(reversed(domains)) == found


@given(st.text(max_size=80))
def test_any_label_has_a_plain_name(label: str) -> None:
    assert bool(plain(label)) == bool(label)
    assert not any(one.isdigit() for one in brand(plain(label)))


@given(st.text("abcdefgh", min_size=1, max_size=15), st.text("abcdefgh", min_size=1, max_size=15))
def test_evidence_of_names_is_most_of_a_name_itself_and_never_rules_a_rename_out(
    a: str, b: str
) -> None:
    costs = NameCosts([])
    assert costs.evidence(a, b) >= math.log(NAMELESS)
    assert costs.evidence(a, a) >= costs.evidence(a, b) - 1e-9


def test_evidence_of_days_is_bounded_and_falls_with_how_busy_the_day_is() -> None:
    quiet = Days(frozenset({day("2025-03-03")}), frozenset({day("2025-09-09")}))
    busy = Days(frozenset({day("2025-01-01")}), frozenset({day("2025-12-31")}))
    costs = DayCosts([quiet, quiet, *[busy] * 40])
    assert costs.evidence(busy, busy) < costs.evidence(quiet, quiet) <= MOST
    assert costs.evidence(quiet, busy) < 0
    assert costs.evidence(NO_DAYS, busy) == 0
