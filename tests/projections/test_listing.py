"""The lists that people page through say what the other projections say of the same records."""

from __future__ import annotations

from copy import deepcopy
from dataclasses import dataclass, replace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.nights import NOON, REFERRAL, URLS, at, night

from cautery.model import Entry, Finding, Mandate, Record, Verdict
from cautery.model.ledger import filed
from cautery.projections import Hosts, Streams, folded
from cautery.projections.lines import ActLine, HostLine, StreamLine
from cautery.projections.listing import Lines
from cautery.projections.night import GuardLine, Sums
from cautery.projections.things import ThingKind, ThingLine
from cautery.projections.words import words_of

NIGHT = night()


def entries(contents: list[object]) -> list[Entry]:
    return [
        Entry(index=index, record=Record(kind=kind, at=NOON, body=body), leaf=b"")
        for index, (kind, body) in enumerate(map(filed, contents))
    ]


@dataclass
class Earlier:
    """Recalls what earlier lines came to, as tables do: by copies."""

    lines: Lines

    def stream(self, url: str) -> StreamLine | None:
        return deepcopy(self.lines.streams.get(url))

    def host(self, name: str) -> HostLine | None:
        return deepcopy(self.lines.hosts.get(name))

    def act(self, id: str) -> ActLine | None:
        return deepcopy(self.lines.acts.get(id))

    def guard(self, target: str) -> GuardLine | None:
        return deepcopy(self.lines.night.guards.get(target))

    def cut(self, target: str) -> tuple[str, ...]:
        return self.lines.cuts.get(target, ())

    def thing(self, kind: ThingKind, key: str) -> ThingLine | None:
        return deepcopy(self.lines.things.lines.get((kind, key)))

    def many(self) -> int:
        return self.lines.added()["streams"]

    def mandate(self) -> Mandate | None:
        return self.lines.mandate


some_nights = st.lists(st.sampled_from(NIGHT), max_size=40).map(entries)


@given(entries=some_nights, cut=st.integers(0, 40))
def test_any_beginning_and_the_rest_are_the_whole(entries: list[Entry], cut: int) -> None:
    whole, first = folded(Lines(), entries), folded(Lines(), entries[:cut])
    rest = folded(Lines(recalled=Earlier(first)), entries[cut:])
    assert first.streams | rest.streams == whole.streams
    assert first.hosts | rest.hosts == whole.hosts
    assert first.acts | rest.acts == whole.acts
    assert first.things.lines | rest.things.lines == whole.things.lines
    assert first.records + rest.records == whole.records
    added = first.added()
    added.update(rest.added())
    assert +added == +whole.added()
    sums = first.sums()
    for right, more in rest.sums().items():
        sums.setdefault(right, Sums()).add(more, 1)
    assert {right: one for right, one in sums.items() if one.proven or one.licensed} == {
        right: one for right, one in whole.sums().items() if one.proven or one.licensed
    }


def test_a_record_at_which_a_list_fails_stands_among_the_records_all_the_same(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    whole, judge = folded(Lines(), entries(NIGHT)), Lines._judge
    failed: list[int] = []

    def failing(lines: Lines, stream: StreamLine, verdict: Verdict, record: int) -> None:
        if not failed:
            failed.append(record)
            raise OverflowError("date value out of range")
        judge(lines, stream, verdict, record)

    monkeypatch.setattr(Lines, "_judge", failing)
    with_net = folded(Lines(), entries(NIGHT))
    assert failed
    assert [row.number for row in with_net.records] == [row.number for row in whole.records]
    assert with_net.records[failed[0]].finding is whole.records[failed[0]].finding
    assert with_net.streams.keys() == whole.streams.keys()


@given(entries=some_nights)
def test_streams_and_hosts_are_those_of_the_reports_projections(entries: list[Entry]) -> None:
    lines, streams, hosts = Lines(), Streams(), Hosts()
    for entry in entries:
        for projection in (lines, streams, hosts):
            projection.hear(entry)
    assert lines.streams.keys() == streams.by_url.keys()
    for url, state in streams.by_url.items():
        line = lines.streams[url]
        assert (line.title, line.host) == (state.title, state.host)
        assert (line.first_seen, line.vanished) == (state.first_seen, state.vanished)
        assert (line.probes, line.aligned) == (state.probes, state.aligned)
        assert (line.proven_at, line.dark_at) == (state.proven_at, state.dark_at)
        assert line.finding is (None if state.verdict is None else state.verdict.finding)
    shown = {name: line.addresses for name, line in lines.hosts.items() if line.addresses}
    assert shown == {name: addresses for name, (addresses, _) in hosts.shown.items()}
    for finding in Finding:
        assert lines.added()[f"finding:{finding}"] == streams.count(finding)


def test_a_line_names_the_records_that_it_rests_on() -> None:
    lines = folded(Lines(), entries(NIGHT))
    first, second, *_ = (lines.streams[url] for url in URLS[:2])
    assert (first.named, first.verdict, first.proven, first.last) == (9, 10, 10, 10)
    assert (second.named, second.verdict, second.proven, second.last) == (4, 20, 6, 20)
    assert lines.hosts["edge-1.p.example"].facts == 5


def test_a_host_loses_the_stream_that_moved_away() -> None:
    hosts = folded(Lines(), entries(NIGHT)).hosts
    assert [hosts[f"edge-{number}.p.example"].streams for number in (0, 1, 9)] == [0, 1, 1]


def test_an_act_has_its_course() -> None:
    (act,) = folded(Lines(), entries(NIGHT)).acts.values()
    assert (act.id, act.kind, act.about) == (REFERRAL.id, "referral", "edge-1.p.example")
    assert (act.approvals, act.sent_at, act.answered_at, act.ended_at) == (1, at(7), at(8), at(60))


def test_a_draft_under_an_id_that_is_not_its_own_is_no_act() -> None:
    forged = replace(REFERRAL, statement="another text")
    assert folded(Lines(), entries([forged])).acts == {}


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ({"title": "Arena", "seen": ["a", {"b": "c"}], "n": 1, "no": None}, "Arena a c"),
        ({"exhibit": "sha256:" + "0" * 64, "what": "page"}, "page"),
        ({"text": "x" * 2000, "more": "y"}, "x" * 600),
    ],
)
def test_a_record_is_found_by_its_texts_within_a_bound(body: dict[str, object], words: str) -> None:
    assert words_of(Entry(index=0, record=Record(kind="x", at=NOON, body=body), leaf=b"")) == words


def test_a_body_as_deep_as_a_record_can_be_is_searched_without_recursion() -> None:
    body: dict[str, object] = {"a": "deep"}
    for _ in range(50_000):
        body = {"b": body}
    assert words_of(Entry(index=0, record=Record(kind="x", at=NOON, body=body), leaf=b"")) == "deep"
