"""One catalogue under several names, and catalogues that are merely of the same channels."""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta

import pytest

from cautery.graph.catalogues import Listing, catalogue_links, plain_title
from cautery.lab.catalogues import draw_catalogues

NOON = datetime(2026, 11, 24, 20, 0, tzinfo=UTC)


def listing(number, host, entries):
    return Listing(
        host=host,
        titles=tuple(title for title, _ in entries),
        guides=tuple(guide for _, guide in entries),
        first_seen=NOON + timedelta(seconds=number),
        last_seen=NOON + timedelta(seconds=number + 60),
        records=(number,),
    )


def groups(links, kind):
    found = {}
    for link in links:
        if link.kind == kind:
            found.setdefault(link.value, set()).add(link.subject)
    return sorted(map(sorted, found.values()))


@pytest.mark.parametrize("seed", [1, 2, 3])
@pytest.mark.parametrize("kind", ["catalogue-order", "epg-quirks"])
def test_copies_of_one_list_are_linked_and_strangers_with_the_same_channels_are_not(seed, kind):
    panels = draw_catalogues(seed)
    links = catalogue_links(
        [listing(number, one.host, one.entries) for number, one in enumerate(panels)],
        source="watch",
    )
    networks = {one.network for one in panels if one.network}
    truth = [sorted(p.host for p in panels if p.network == name) for name in networks]
    assert groups(links, kind) == sorted(truth)
    assert all(link.records and link.said for link in links)


def test_a_short_list_has_no_order_of_its_own():
    few = [(f"Channel {word}", None) for word in "zyxwvutsrq"]
    assert catalogue_links([listing(0, "a", few), listing(1, "b", few)], source="watch") == ()


def test_ids_that_say_nothing_are_no_mistakes():
    rows = [(f"Station {word}", f"id{number}.example") for number, word in enumerate("abcdefgh")]
    links = catalogue_links([listing(0, "a", rows), listing(1, "b", rows)], source="watch")
    assert groups(links, "epg-quirks") == []


@pytest.mark.parametrize(
    "title", ["UK: Arena One", "", None, "####", "|VIP| [] ()", "🎬", "a" * 9000, '"; DROP TABLE x']
)
def test_any_title_has_a_plain_form_that_is_its_own_plain_form(title):
    assert plain_title(plain_title(title)) == plain_title(title)


@pytest.mark.parametrize("mark", ["[", "(", "|", "[a", "1080"])
def test_a_title_of_marks_takes_time_by_its_length(mark: str) -> None:
    """60,000 brackets took 47 s."""
    began = time.process_time()
    plain_title(mark * 60_000)
    assert time.process_time() - began < 5
