"""Mirror families: what joins two domains of one site, and what must not."""

from __future__ import annotations

import heapq
import math
import random
import re
from datetime import date, timedelta
from itertools import combinations, product
from string import ascii_lowercase
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cautery.graph.mirrors import Days, Domain, joining, mirror_families
from cautery.graph.mirrors.costs import EDGE_NATS, INSTEAD, NAMELESS, UNSHARED, NameCosts
from cautery.graph.mirrors.dates import NO_DAYS, DayCosts
from cautery.graph.mirrors.names import GENERIC, brand, plain, skeleton
from cautery.graph.mirrors.vocabulary import GENERIC_SHARE, LETTER_NATS, WORD_NATS


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


def test_days_join_nothing_whose_names_have_nothing_in_common() -> None:
    moved = (
        seen("glimzor.example", "2025-02-19", "2025-06-11"),
        seen("parduwe.example", "2025-06-11", "2026-02-27"),
        seen("parduwe.test", "2025-02-19", "2025-06-11"),
    )
    found = mirror_families((*OTHERS, *moved))
    assert [len(one.members) for one in found][:2] == [2, 1]


def test_days_bear_out_names_that_say_half_of_what_is_needed() -> None:
    days = ("2025-02-19", "2025-06-11")
    names = ("livezorq.example", "filmzorq.example")
    dated = mirror_families((*OTHERS, *(seen(name, *days) for name in names)))
    undated = mirror_families((*OTHERS, *(Domain(name=name) for name in names)))
    assert [len(found[0].members) for found in (dated, undated)] == [2, 1]
    (join,) = dated[0].joins
    assert 0 < join.by_name < 6 < join.by_name + join.by_days


def renewed(stem: str, count: int) -> list[Domain]:
    """Numbered names of one site, each taken up in the week in which the last one ends."""
    begun = date(2024, 1, 1)
    return [
        seen(
            f"{stem}{number + 1}.example",
            (begun + timedelta(weeks=number)).isoformat(),
            (begun + timedelta(weeks=number + 1)).isoformat(),
        )
        for number in range(count)
    ]


@pytest.mark.parametrize("stems", [("glimzor", "parduwe"), ("livezorq", "filmzorq")])
def test_numbered_names_renewed_in_the_same_weeks_are_one_family_for_each_stem(
    stems: tuple[str, str],
) -> None:
    found = mirror_families((*OTHERS, *(one for stem in stems for one in renewed(stem, 76))))
    assert [len(one.members) for one in found][:3] == [76, 76, 1]


def test_numbers_amid_the_letters_are_dropped_too() -> None:
    names = {f"glim{number}tv.example" for number in range(1, 10)}
    assert together(*names) == {frozenset(names)}


def test_a_generic_word_is_one_site_where_its_numbers_run_on() -> None:
    run = {f"movies{number}.example" for number in (101, 102, 104)}
    others = {"movies55.test", "movies9.example", "movies.example"}
    assert together(*run, *others) == {frozenset(run), *(frozenset({one}) for one in others)}


@given(
    st.lists(st.from_regex(r"[bdfgk][aeo][zvx][iu]q[0-9]{0,3}", fullmatch=True), max_size=20),
    st.integers(0, 3),
)
@settings(max_examples=60, deadline=None)
def test_no_rare_stem_is_ever_parted(labels: list[str], place: int) -> None:
    names = {f"{one[:place]}-{one[place:]}.example" for one in labels}
    families = together(*names) if names else set()
    for one, other in combinations(sorted(names), 2):
        if re.sub(r"[\d-]", "", one) == re.sub(r"[\d-]", "", other):
            assert any({one, other} <= family for family in families)


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
    assert alike(a, b) >= math.log(NAMELESS)
    assert alike(a, a) >= alike(a, b) - 1e-9


@given(st.text("abcmovies", min_size=1, max_size=14), st.text("abcmovies", min_size=1, max_size=14))
@settings(max_examples=60, deadline=None)
def test_evidence_of_names_is_what_is_written_out_plainly(a: str, b: str) -> None:
    assert alike(a, b) == pytest.approx(plainly(a, b))


def alike(a: str, b: str) -> float:
    costs = NameCosts([], (a, b))
    held = np.array([costs.place(a), costs.place(b)])
    (said,) = costs.nearest(np.array([[0, 1]]), held, np.array([0, 1, 2]))
    return float(said)


def plainly(a: str, b: str) -> float:
    """Say the same as the kernels, for a list that uses no word of its own."""

    def nats(text: str) -> float:
        least = [0.0]
        for end in range(1, len(text) + 1):
            words = [begin for begin in range(end) if text[begin:end] in GENERIC]
            word = -math.log(GENERIC_SHARE) + WORD_NATS
            least.append(min([least[-1] + LETTER_NATS, *(least[begin] + word for begin in words)]))
        return least[-1]

    if skeleton(a) == skeleton(b):
        said = min(nats(a), nats(b)) + 2 * EDGE_NATS
    else:
        said, mine, its = 0.0, [(0, a)], [(0, b)]
        while True:
            pieces = [
                (-size, at + i, to + j, size)
                for at, x in mine
                for to, y in its
                for i in range(len(x))
                for j in range(len(y))
                for size in range(3, min(len(x) - i, len(y) - j) + 1)
                if x[i : i + size] == y[j : j + size]
            ]
            if not pieces:
                break
            _, i, j, size = min(pieces)
            ends = i + size == len(a) and j + size == len(b)
            said += nats(a[i : i + size]) + EDGE_NATS * ((i == j == 0) + ends)
            mine, its = cut(mine, i, size), cut(its, j, size)
        own = [sum(nats(text) for _, text in left) for left in (mine, its)]
        words = [sum(nats(text) for _, text in left if not text.isdigit()) for left in (mine, its)]
        said -= UNSHARED * sum(own) + INSTEAD * min(words)
    return math.log(NAMELESS + (1 - NAMELESS) * math.exp(min(said, 50.0)))


def cut(parts: list[tuple[int, str]], begin: int, size: int) -> list[tuple[int, str]]:
    found = []
    for at, text in parts:
        if at <= begin < at + len(text):
            found += [(at, text[: begin - at]), (begin + size, text[begin - at + size :])]
        else:
            found.append((at, text))
    return [part for part in found if part[1]]


def test_a_word_is_generic_by_the_families_that_use_it_not_by_their_names() -> None:
    one_family = NameCosts([{f"quorvix{letter}" for letter in ascii_lowercase}], ["quorvix"])
    many = NameCosts([{f"quorvix{letter}"} for letter in ascii_lowercase], ["quorvix"])
    assert many.whole("quorvix") < one_family.whole("quorvix")


def test_sites_that_a_list_keeper_moves_in_one_sitting_are_not_one_by_that() -> None:
    chains = []
    for name, apart in (("glimzor", (2, 5, 8)), ("parduwe", (1, 4, 7))):
        days = [
            date(2024, 1, 1) + timedelta(days=14 * number + (5 if number in apart else 0))
            for number in range(11)
        ]
        chains += [
            seen(f"{name}{number}.example", days[number].isoformat(), days[number + 1].isoformat())
            for number in range(10)
        ]
    found = mirror_families((*OTHERS, *chains))
    assert [len(one.members) for one in found][:2] == [10, 10]


def test_a_list_of_one_word_with_numbers_and_days_is_one_family_soon() -> None:
    hosts = [
        seen(f"glimzor{number}.example", f"2024-01-{1 + number % 28:02d}", "2024-06-01")
        for number in range(20_000)
    ]
    assert len(mirror_families(hosts)) == 1


def test_a_list_in_which_all_may_belong_together_is_compared_in_linear_time(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    parts = ("zor", "vep", "lud", "kam", "qix", "fyn", "bra", "tol")

    def listed(count: int) -> list[Domain]:
        """Names of four parts of eight, on 28 days of five lists."""
        names = ["".join(one) for one in product(parts, repeat=4)]
        random.Random(3).shuffle(names)
        return [
            Domain(
                name=f"{name}.com",
                days=Days(
                    frozenset({(f"s{number % 5}", number % 28)}),
                    frozenset({(f"s{number % 5}", 31 + number % 28)}),
                ),
            )
            for number, name in enumerate(names[:count])
        ]

    compared = 0
    evidence = DayCosts.evidence

    def counting(self: DayCosts, one: Any, other: Any) -> float:
        nonlocal compared
        compared += len(one.every) + len(other.every)
        return evidence(self, one, other)

    monkeypatch.setattr(DayCosts, "evidence", counting)
    monkeypatch.setattr(joining, "LEAST_WORK", 1_000)
    monkeypatch.setattr(joining, "WORK_EACH", 1)
    cuts: list[bool] = []
    for count in (300, 1_500):
        compared = 0
        found = mirror_families(listed(count), cut=lambda: cuts.append(True))
        assert sum(len(one.members) for one in found) == count
        assert compared < 12 * count  # it was 63,000 a host
    assert cuts == [True, True]


def test_evidence_of_days_is_bounded_and_falls_with_how_busy_the_day_is() -> None:
    quiet = Days(frozenset({day("2025-03-03")}), frozenset({day("2025-09-09")}))
    busy = Days(frozenset({day("2025-01-01")}), frozenset({day("2025-12-31")}))
    costs = DayCosts([quiet, quiet, *[busy] * 40])
    still, crowd, none = (costs.of(days) for days in (quiet, busy, NO_DAYS))
    assert costs.evidence(crowd, crowd) < costs.evidence(still, still)
    assert all(costs.evidence(still, still) <= 2 * costs.most(event) for event in still.every)
    assert costs.evidence(still, crowd) < 0
    assert costs.evidence(none, crowd) == 0


def test_pairs_of_the_past_do_not_pile_up(monkeypatch: pytest.MonkeyPatch) -> None:
    rng = random.Random(5)
    names = {f"{rng.randrange(10**6):012d}.tv" for _ in range(400)}
    taken = 0

    def counted(queue: list[Any]) -> Any:
        nonlocal taken
        taken += 1
        return heapq.heappop(queue)

    heap = SimpleNamespace(heapify=heapq.heapify, heappush=heapq.heappush, heappop=counted)
    monkeypatch.setattr(joining, "heapq", heap)
    assert len(mirror_families(Domain(name=name) for name in names)) < 10
    assert 0 < taken < 10 * len(names)
