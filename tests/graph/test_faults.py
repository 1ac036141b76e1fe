"""What services of one feed share, and what strangers of one event merely have in common."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from time import process_time

import numpy as np
import pytest

from cautery.graph import faults
from cautery.graph.faults import (
    MOST_SPREAD_S,
    SAME_DELAY_S,
    STAMPS_WRAP_S,
    Carried,
    fault_links,
    same_sounds,
)
from cautery.messages import say
from cautery.model import Fault, FaultKind
from cautery.model.logo import Logo
from cautery.model.media import LUMA_SHAPE

NOON = datetime(2026, 11, 24, 20, 0, tzinfo=UTC)
AT = NOON.timestamp()
EVENT = "event:cup"


def seen(
    server,
    at_s,
    *,
    kind=FaultKind.DELAY,
    reference=EVENT,
    seconds=0.0,
    record=1,
    host=None,
    after_s=0,
    exhibit=None,
    **more,
):
    return Carried(
        host=host or server,
        server=server,
        stream=f"http://{host or server}/live.m3u8",
        fault=Fault(kind=kind, reference=reference, at_s=at_s, seconds=seconds, exhibit=exhibit),
        at=NOON + timedelta(seconds=after_s),
        record=record,
        **more,
    )


def tied(*carried):
    groups = {}
    for link in fault_links(carried, source="watch"):
        groups.setdefault((link.kind, link.value), []).append(link.subject)
    return sorted(groups.values())


def test_services_whose_stamps_agree_within_50_ms_are_linked_and_others_are_not():
    assert tied(
        seen("a.example", AT),
        seen("b.example", AT + SAME_DELAY_S - 0.001, record=2),
        seen("c.example", AT + 0.35, record=3),
    ) == [["a.example", "b.example"]]


@pytest.mark.parametrize(
    "more",
    [
        {},
        {"kind": FaultKind.FREEZE, "seconds": 2.4},
    ],
)
def test_what_a_licensed_stream_shows_as_well_ties_nobody(more):
    carried = [
        seen(f"{name}.example", AT, record=number, **more) for number, name in enumerate("abc")
    ]
    tapped = carried[1].stream
    assert tied(*carried) != []
    assert fault_links(carried, source="watch", lawful={tapped}) == ()


def test_a_licensed_stream_with_stamps_of_its_own_parts_nobody():
    carried = [
        seen("a.example", AT),
        seen("b.example", AT, record=2),
        seen("partner.example", AT + 3, record=3),
    ]
    links = fault_links(carried, source="watch", lawful={carried[2].stream})
    assert [one.subject for one in links] == ["a.example", "b.example"]


def test_a_link_is_dated_and_names_the_records_that_it_rests_on():
    links = fault_links(
        [
            seen("a.example", AT, record=7, after_s=5),
            seen("a.example", AT + 0.004, record=9, after_s=60),
            seen("b.example", AT, record=8),
        ],
        source="watch",
    )
    first = links[0]
    assert (first.subject, first.kind, first.records) == ("a.example", "feed-delay", (7, 9))
    assert first.first_seen == NOON + timedelta(seconds=5)
    assert first.last_seen == NOON + timedelta(seconds=60)
    assert (
        say(first.said)
        == f"its stamp 0 is {EVENT} at 2026-11-24T20:00:00.00 in 2 looks, within 4 ms"
    )


def test_an_edge_and_the_panel_that_leads_to_it_do_not_tie_themselves():
    lines = [
        seen("edge.example", AT, host="panel.example", record=1),
        seen("edge.example", AT, host="panel.example", record=2),
    ]
    assert tied(*lines) == []
    other = seen("edge.other.example", AT, record=3)
    assert tied(*lines, other) == [["edge.example", "edge.other.example", "panel.example"]]


def test_an_event_of_several_references_is_one_observation():
    agreeing = [
        seen(host, AT + lag, reference=name, record=record)
        for host, record in (("a.example", 1), ("b.example", 2))
        for name, lag in ((EVENT, 0.0), ("sport-fr", 1.2), ("sport-gb", -0.7))
    ]
    assert tied(*agreeing) == [["a.example", "b.example"]]


def test_two_channels_of_the_same_two_services_are_two_observations():
    both = [
        Carried(
            host=host,
            server=host,
            stream=f"http://{host}/{name}",
            fault=Fault(kind=FaultKind.DELAY, reference=name, at_s=AT),
            at=NOON,
            record=record,
        )
        for record, (host, name) in enumerate(
            [("a.example", "x"), ("b.example", "x"), ("a.example", "y"), ("b.example", "y")]
        )
    ]
    assert tied(*both) == [["a.example", "b.example"], ["a.example", "b.example"]]


def test_stamps_that_wrapped_round_are_the_same_stamps():
    assert tied(seen("a.example", AT), seen("b.example", AT + STAMPS_WRAP_S, record=2)) == [
        ["a.example", "b.example"]
    ]


def test_a_chain_of_neighbours_is_no_one_encoder():
    chain = [seen(f"h{n}.example", AT + 0.04 * n, record=n) for n in range(10)]
    for group in tied(*chain):
        numbers = [int(name[1]) for name in group]
        assert 0.04 * (max(numbers) - min(numbers)) <= MOST_SPREAD_S + 1e-6


def test_freezes_tie_when_they_begin_and_end_together():
    def frozen(server, at_s, seconds, record):
        return seen(server, at_s, kind=FaultKind.FREEZE, seconds=seconds, record=record)

    assert tied(
        frozen("a.example", AT, 2.4, 1),
        frozen("b.example", AT + 0.08, 2.4, 2),
        frozen("c.example", AT, 1.2, 3),
        frozen("d.example", AT + 5, 2.4, 4),
    ) == [["a.example", "b.example"]]


def test_a_freeze_that_thousands_of_hosts_show_costs_each_host_its_own():
    """Each host went through all others: 2,500 with two dozen freezes took over ten seconds."""
    seen_alike = [
        seen(f"h{host}.example", AT + 60 * number, kind=FaultKind.FREEZE, seconds=2.4, record=host)
        for host in range(4_000)
        for number in range(4)
    ]
    began = process_time()
    links = fault_links(seen_alike, source="watch")
    assert process_time() - began < 6
    assert {link.subject for link in links} == {f"h{host}.example" for host in range(4_000)}
    assert all(link.records == (int(link.subject[1:-8]),) for link in links)


def test_the_same_sound_ties_whenever_it_was_played():
    rng = np.random.default_rng(1)

    def played(server, words, shift, record):
        frames = np.sort(rng.permutation(700)[: len(words)]) if shift is None else shift
        return seen(
            server,
            AT + 100 * record,
            kind=FaultKind.ADVERT,
            seconds=12.0,
            record=record,
            words=words.astype(np.uint32),
            frames=frames.astype(np.int32),
        )

    words = rng.integers(0, 2**31, 200)
    frames = np.sort(rng.permutation(700)[:200])
    assert tied(
        played("a.example", words, frames, 1),
        played("b.example", words[30:], frames[30:] - 55, 2),
        played("c.example", rng.integers(0, 2**31, 200), None, 3),
        played("d.example", words, None, 4),  # the same notes in another rhythm
    ) == [["a.example", "b.example"]]


def marked(server, seed, record, *, left=2):
    mark = np.zeros(LUMA_SHAPE, np.bool_)
    mark[2:8, left : left + 12] = True
    light = np.zeros(LUMA_SHAPE, np.uint8)
    light[mark] = np.random.default_rng(seed).integers(20, 230, mark.sum())
    logo = Logo(mark=mark, light=light, known=np.ones(LUMA_SHAPE, np.bool_))
    return seen(server, AT, kind=FaultKind.LOGO, record=record, logo=logo, exhibit=f"sha256:{seed}")


def test_the_same_mark_ties_over_whatever_programme_it_lies():
    assert tied(
        marked("a.example", 1, 1),
        marked("b.example", 1, 2),
        marked("c.example", 2, 3),
        marked("d.example", 1, 4, left=40),
    ) == [["a.example", "b.example"]]


def test_a_mark_of_one_server_ties_nobody_and_a_link_says_where_it_lies():
    assert tied(marked("a.example", 1, 1), marked("a.example", 1, 2)) == []
    [first, _] = fault_links([marked("a.example", 1, 1), marked("b.example", 1, 2)], source="watch")
    assert (first.kind, first.value, first.records) == ("feed-logo", "logo of sha256:1", (1,))
    assert (
        say(first.said) == f"the same mark lies over the pictures of {EVENT}, top left, in 1 looks"
    )


@pytest.mark.parametrize("count", [0, 1])
def test_fewer_than_two_sounds_are_no_pair(count):
    assert (
        same_sounds([(np.arange(9, dtype=np.uint32), np.arange(9, dtype=np.int32))] * count) == []
    )


def test_each_of_many_different_freezes_is_compared_with_few(monkeypatch):
    asked = []
    same = faults._same_freeze
    monkeypatch.setattr(
        faults, "_same_freeze", lambda one, other: asked.append(1) or same(one, other)
    )
    many = [
        seen(f"s{n}.example", AT + 0.13 * (n % 40), kind=FaultKind.FREEZE, seconds=0.13 * (n // 40))
        for n in range(2_000)
    ]
    assert tied(*many) == []
    assert len(asked) <= 9 * len(many)


def test_freezes_at_the_edge_of_a_step_are_the_same():
    for begins in np.arange(0, 1, 0.01):
        one = seen("a.example", AT + begins, kind=FaultKind.FREEZE, seconds=2.0)
        two = seen("b.example", AT + begins + 0.119, kind=FaultKind.FREEZE, seconds=2.0, record=2)
        assert tied(one, two) == [["a.example", "b.example"]]


def test_a_chain_of_thousands_of_delays_is_parted():
    chain = [seen(f"s{n}.example", AT + n / 32) for n in range(3_000)]
    groups = tied(*chain)
    assert all(len(group) <= 32 * MOST_SPREAD_S + 1 for group in groups)


@pytest.mark.parametrize("at_s", [1e300, -1e300, float("inf"), float("nan")])
def test_a_forged_fault_without_a_date_ties_nobody(at_s):
    for kind in (FaultKind.DELAY, FaultKind.FREEZE):
        assert tied(seen("a.example", at_s, kind=kind), seen("b.example", at_s, kind=kind)) == []
