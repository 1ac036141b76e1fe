"""What kept lists say of a night is what a fold over all its records says, also of hostile ones."""

from __future__ import annotations

import shutil
from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.nights import NOON, REFERRAL, URLS, appeared, judged, night, sealed

from cautery.adapters.kept_lists import SqliteLists
from cautery.adapters.ledger_sql import SqlLedger
from cautery.messages import message
from cautery.model import (
    ActionPlan,
    Collateral,
    CriminalNetwork,
    DarkProbe,
    Decision,
    Entry,
    Finding,
    GuardVerdict,
    Intervention,
    Lever,
    Reason,
    RedactedUrl,
    SupplyGraph,
    Verdict,
)
from cautery.model.ledger import filed
from cautery.model.message import as_written
from cautery.model.records import (
    Failure,
    LooksShed,
    LookStep,
    ProbeDone,
    ReferralPublished,
    StreamAppeared,
    StreamVanished,
    UnknownRecord,
    WatchPace,
    WorkShed,
)
from cautery.projections import MandateInForce, Tally
from cautery.projections.kept import Asked
from cautery.projections.lines import StreamLine
from cautery.projections.night import Wall, WallAsked
from cautery.projections.tally import middle
from cautery.projections.words import exhibits_named, kept_text
from cautery.workflows.case.kept import KeptCase

AGES = (
    datetime.min.replace(tzinfo=UTC),
    NOON - timedelta(days=1),
    NOON,
    NOON + timedelta(microseconds=1),
    NOON + timedelta(minutes=7, seconds=3),
    NOON + timedelta(minutes=8),
    NOON + timedelta(days=400),
    datetime.max.replace(tzinfo=UTC),
)
TARGETS = ("edge-1.p.example", "104.16.0.1", "t" * 3000)
LONG = "http://long.example/" + "x" * 3000
PLACES = (*URLS[:3], LONG, "http://ü.example/Größe ☃", "")

ages, places, targets = (st.sampled_from(some) for some in (AGES, PLACES, TARGETS))


def guarded(target: str, lever: Lever, decision: Decision, names: Iterable[str]) -> GuardVerdict:
    return GuardVerdict(
        target=target,
        lever=lever,
        decision=decision,
        collateral=Collateral(names=tuple(names)),
        reasons=(Reason(code="shared", text=as_written("others are behind it")),),
        valid_until=NOON,
    )


def plan(target: str, urls: Iterable[str]) -> ActionPlan:
    return ActionPlan(
        chosen=(
            Intervention(
                target=target,
                lever=Lever.NAME,
                streams=tuple(urls),
                cost=1.0,
                guard=guarded(target, Lever.NAME, Decision.ALLOW, ()),
            ),
        ),
        refused=(),
        served_before=1,
        served_after=0,
        cost=1.0,
        bound=1.0,
        seed=1,
        method="exact",
    )


def pace(at: datetime, offered: int) -> WatchPace:
    return WatchPace(
        at=at,
        offered=offered,
        unseen=0,
        unseen_by_right={},
        late=False,
        references_late_s=None,
        references_silent=(),
        probes_late_s=None,
        loop_late_s=0.0,
        why=None,
    )


some_names = st.lists(st.sampled_from(["hospital.example", "shop.example", "n" * 3000]), max_size=3)
contents = st.one_of(
    st.sampled_from(night()),
    st.builds(
        lambda url, at, title: StreamAppeared(
            url=url, title=title, source="list", host="h.example", at=at, offer=None
        ),
        places,
        ages,
        st.sampled_from([None, "Arena", "<script>"]),
    ),
    st.builds(lambda url, at: StreamVanished(url=url, source="list", at=at), places, ages),
    st.builds(
        lambda url, finding, at, event, channels: Verdict(
            url=RedactedUrl(url), finding=finding, at=at, event=event, channels=channels
        ),
        places,
        st.sampled_from(Finding),
        ages,
        st.sampled_from([None, "match", "right: 2", "r" * 3000]),
        st.sampled_from([("fr",), ("it", "fr")]),
    ),
    st.builds(
        lambda url, at, failed, hindered: ProbeDone(
            url=url, at=at, observation=None, failed=failed, hindered=hindered
        ),
        places,
        ages,
        st.sampled_from(
            [None, as_written("Timeout: late"), message("failed.with-error", error="E", detail="")]
        ),
        st.sampled_from([None, LookStep.DECODING]),
    ),
    st.builds(
        lambda url, target, at, dark: DarkProbe(
            url=url, target=target, intermediary="isp", at=at, dark=dark, why=as_written("asked")
        ),
        places,
        targets,
        ages,
        st.booleans(),
    ),
    st.builds(plan, targets, st.lists(places, max_size=3)),
    st.builds(
        lambda target, at: ReferralPublished(
            referral=REFERRAL.id, intermediary="isp", targets=(target,), at=at
        ),
        targets,
        ages,
    ),
    st.builds(guarded, targets, st.sampled_from(Lever), st.sampled_from(Decision), some_names),
    st.builds(
        lambda count: SupplyGraph(
            networks=tuple(CriminalNetwork(id=str(name), members=()) for name in range(count))
        ),
        st.integers(0, 3),
    ),
    st.builds(pace, ages, st.integers(0, 1 << 52)),
    st.builds(
        lambda count: WorkShed(
            at=NOON,
            until=NOON,
            looks=(LooksShed(right="event", look="again", count=count),),
            order=message("pace.order"),
            why=None,
        ),
        st.integers(0, 5),
    ),
    st.builds(
        lambda error: Failure(what="storage", where="case", error=error, message="full"),
        st.sampled_from(["StorageError", "error:x", "kind:y", "e" * 3000]),
    ),
    st.sampled_from(
        [
            UnknownRecord(kind="verdict", body={"url": 7}),
            UnknownRecord(kind="stream.appeared", body={"url": URLS[0], "at": "now"}),
            UnknownRecord(kind="of.tomorrow", body={"exhibit": "sha256:" + "1" * 64}),
            UnknownRecord(kind="of.tomorrow", body={"exhibits": ["sha256:" + "1" * 64, "no"]}),
        ]
    ),
)


class Truth:
    """Folds all records, and forgets none."""

    def __init__(self, entries: Iterable[Entry]) -> None:
        self.tally = Tally(in_force=MandateInForce())
        self.turned: list[int] = []
        self.numbers: dict[str, int] = {}
        for entry in entries:
            verdict = entry.content
            if isinstance(verdict, Verdict):
                stream = self.tally.streams.by_url.get(verdict.url.text)
                before = None if stream is None else stream.verdict
                if before is None or before.finding is not verdict.finding:
                    self.turned.append(entry.index)
            self.tally.hear(entry)
            for url in self.tally.streams.by_url:
                self.numbers.setdefault(url, len(self.numbers) + 1)


def kept_over(folder: Path, some: list[object], cuts: list[int]) -> tuple[SqlLedger, KeptCase]:
    """Return a ledger and its lists, which took it up in pieces."""
    ledger = SqlLedger(folder / "ledger.sqlite")
    kept = KeptCase(ledger, SqliteLists(folder / "lists"), verifier=None)
    for begin, end in zip([0, *cuts], [*cuts, len(some)], strict=True):
        ledger.append_all([(*filed(content), NOON) for content in some[begin:end]])
        kept.catch_up(most=3)
        kept.catch_up()
    return ledger, kept


def asked(now: datetime, **more: Any) -> WallAsked:
    return replace(
        WallAsked(rights=("match",), now=now, bars=100, turned=100, unseen=100, errors=100), **more
    )


def the_same(line: StreamLine, truth: Truth) -> bool:
    """Tell whether a line is what the fold has of its stream."""
    (state,) = (
        one for one in truth.tally.streams.by_url.values() if kept_text(one.url) == line.url
    )
    referred_at = truth.tally.referred.get(state.url)
    return (
        line.number,
        line.title,
        line.first_seen,
        line.gone_at,
        line.proven_at,
        line.referred_at,
        line.dark_at,
        line.probes,
    ) == (
        truth.numbers[state.url],
        None if state.title is None else kept_text(state.title),
        state.first_seen,
        min((at for at in (state.vanished, state.dark_at) if at), default=None),
        state.proven_at,
        referred_at,
        state.dark_at,
        state.probes,
    )


def check(wall: Wall, truth: Truth, now: datetime) -> None:
    tally = truth.tally
    states = tally.streams.by_url.values()
    assert wall.figures == {
        "streams": len(states),
        "offered": sum(one.first_seen is not None for one in states),
        "looked_at": tally.looked_at,
        "unseen": sum(
            not one.looked_at and one.vanished is None and one.first_seen is not None
            for one in states
        ),
        "dark": tally.dark,
        "probes": sum(one.probes for one in states),
        "put_off": tally.pace.shed,
        "refused": len(tally.refused),
        "narrowed": len(tally.narrowed),
    }
    assert wall.findings == {finding: tally.streams.count(finding) for finding in Finding}
    assert (wall.networks, wall.spared) == (tally.networks, len(tally.spared))
    assert dict(wall.errors) == {name[:120]: count for name, count in tally.errors.items()}
    assert list(wall.turned) == truth.turned[::-1]
    waiting = sorted(
        (one for one in states if not one.looked_at and one.vanished is None and one.first_seen),
        key=lambda one: (one.first_seen, truth.numbers[one.url]),
    )
    assert [line.url for line in wall.unseen] == [kept_text(one.url) for one in waiting]
    rows = {kept_text(row.right): row for row in tally.rows(now)}
    assert wall.rights[:1] == tuple(one for one in wall.rights if one.right == "match")[:1] or all(
        one.right != "match" for one in wall.rights
    )
    assert {one.right for one in wall.rights} == rows.keys()
    for line in wall.rights:
        row = rows[line.right]
        assert (line.proven, line.licensed) == (len(row.proven), len(row.licensed))
        for found, wanted in (
            (line.exposed_s, row.exposed_s),
            (line.detect_s, middle(row.detected_s)),
            (line.refer_s, middle(row.referred_s)),
            (line.dark_s, middle(row.dark_s)),
        ):
            assert (found is None) is (wanted is None)
            assert (found or 0.0) == pytest.approx(wanted or 0.0, rel=1e-9, abs=1e-5)
        begun = [url for url in row.proven if tally.streams.by_url[url].first_seen is not None]
        assert {one.url for one in line.shown} == set(map(kept_text, begun))
        up = [one.gone_at is None for one in line.shown]
        assert up == sorted(up, reverse=True)
        gone = [one.gone_at for one in line.shown if one.gone_at is not None]
        assert gone == sorted(gone, reverse=True)
    assert all(the_same(line, truth) for row in wall.rights for line in (*row.shown, *wall.unseen))


@settings(
    suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=60, deadline=None
)
@given(
    some=st.lists(contents, max_size=50),
    cuts=st.lists(st.integers(0, 50), max_size=3),
    now=ages,
)
def test_the_wall_of_kept_lists_is_the_fold_over_all_records(
    some: list[object], cuts: list[int], now: datetime, tmp_path_factory: pytest.TempPathFactory
) -> None:
    folder = tmp_path_factory.mktemp("wall")
    ledger, kept = kept_over(folder, some, sorted(min(cut, len(some)) for cut in cuts))
    entries = [*ledger.read()]
    truth = Truth(entries)
    check(kept.wall(asked(now)), truth, now)
    for number in range(1, len(truth.numbers) + 1):
        line = kept.stream_at(number)
        assert line is not None
        assert the_same(line, truth)
        assert kept.streams_of([line.url]) == (line,)
    assert kept.stream_at(len(truth.numbers) + 1) is None
    named: dict[str, list[int]] = {}
    for entry in entries:
        for exhibit in exhibits_named(entry):
            named.setdefault(exhibit, []).append(entry.index)
    for exhibit, numbers in named.items():
        found, count = kept.naming(exhibit, most=100)
        assert ([entry.index for entry in found], count) == (numbers, len(numbers))
    kept.forget()
    kept.catch_up()
    check(kept.wall(asked(now)), truth, now)
    kept.close()
    shutil.rmtree(folder)


@settings(
    suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=40, deadline=None
)
@given(some=st.lists(contents, max_size=60), cut=st.integers(0, 60))
def test_the_sums_of_a_night_in_the_past_are_the_fold_over_all_records(
    some: list[object], cut: int, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """No time is after now, so that nothing is added up stream by stream."""
    folder = tmp_path_factory.mktemp("past")
    until = NOON + timedelta(hours=1)
    past = [one for one in some if (getattr(one, "at", None) or NOON) <= until]
    ledger, kept = kept_over(folder, past, [min(cut, len(past))])
    now = NOON + timedelta(days=1)
    check(kept.wall(asked(now)), Truth(ledger.read()), now)
    kept.close()
    shutil.rmtree(folder)


def test_each_figure_of_a_night_follows_its_records(tmp_path: Path) -> None:
    """Every step changes the wall, and after each the wall is the fold over all records."""
    a, b, c, *_ = URLS
    minute, now = timedelta(minutes=1), NOON + timedelta(days=1)
    edge = TARGETS[0]

    def dark(url: str, after: int, *, is_dark: bool = True) -> DarkProbe:
        return DarkProbe(
            url=url,
            target=edge,
            intermediary="isp",
            at=NOON + after * minute,
            dark=is_dark,
            why=as_written("asked"),
        )

    steps: list[object] = [
        appeared(a, "A"),
        appeared(b, "B", 1),
        judged(a, Finding.PROVEN, 2),
        judged(b, Finding.PROVEN, 4),
        plan(edge, [a, "http://nobody.example/"]),
        ReferralPublished(
            referral=REFERRAL.id, intermediary="isp", targets=(edge,), at=NOON + 5 * minute
        ),
        dark(a, 6),
        dark(b, 7, is_dark=False),
        dark(b, 8),  # it is referred with the target, from its proof on
        StreamVanished(url=a, source="list", at=NOON + 3 * minute),
        appeared(a, "A again", 9),
        judged(b, Finding.UNDECIDED, 10),
        judged(b, Finding.LICENSED, 11),
        appeared(c, "C", 12),
        StreamVanished(url=c, source="list", at=NOON + 13 * minute),
        judged(c, Finding.PROVEN, 14),
        guarded(edge, Lever.NAME, Decision.REFUSE, ["hospital.example", "shop.example"]),
        guarded(edge, Lever.ADDRESS, Decision.NARROW, ["shop.example"]),
        guarded(edge, Lever.NAME, Decision.NARROW, ["bakery.example"]),
        guarded(edge, Lever.NAME, Decision.ALLOW, ["bakery.example"]),
        guarded(edge, Lever.ADDRESS, Decision.ALLOW, ()),
    ]
    ledger, kept = kept_over(tmp_path, [], [])
    walls = []
    for content in steps:
        ledger.append(*filed(content), at=NOON)
        kept.catch_up()
        walls.append(kept.wall(asked(now)))
        check(walls[-1], Truth(ledger.read()), now)
    assert [wall.spared for wall in walls[-5:]] == [2, 2, 2, 1, 0]
    assert [wall.figures["refused"] for wall in walls[-5:]] == [1, 1, 0, 0, 0]
    assert [wall.figures["narrowed"] for wall in walls[-5:]] == [0, 1, 1, 1, 0]
    assert walls[8].rights[0].refer_s == 4 * 60  # of 5 minutes from A on, and of 3 from B on
    assert walls[8].rights[0].exposed_s == (6 + 7) * 60
    kept.close()


def test_a_wall_has_no_more_of_anything_than_is_asked_for(tmp_path: Path) -> None:
    some: list[object] = []
    for number in range(150):
        url = f"http://{number}.example/"
        some += [appeared(url, "Arena", number), appeared(f"{url}unseen", "Arena", number)]
        some.append(Failure(what="x", where="y", error=f"Error{number}", message=""))
        some.append(
            replace(judged(url, Finding.PROVEN, number + 1), event=f"right-{number % 75}")  # type: ignore[type-var]
        )
    ledger, kept = kept_over(tmp_path, some, [])
    wall = kept.wall(asked(NOON, bars=1, turned=5, unseen=7, errors=3))
    assert len(wall.rights) == 60
    assert wall.others == 15
    assert {len(row.shown) for row in wall.rights} == {1}
    assert [len(some) for some in (wall.turned, wall.unseen, wall.errors)] == [5, 7, 3]
    kept.close()
    del ledger


def test_an_exhibit_s_records_are_those_that_name_it_whatever_the_table_says(
    tmp_path: Path,
) -> None:
    ledger, kept = kept_over(tmp_path, [sealed(1), sealed(2), sealed(1, URLS[0])], [])
    first, second = (f"sha256:{number:064x}" for number in (1, 2))
    assert [entry.index for entry in kept.sealings([first, second]).values()] == [2, 1]
    assert [entry.index for entry in kept.sealings([first], first=True).values()] == [0]
    del ledger
    import sqlite3

    (file,) = (tmp_path / "lists").glob("*.sqlite")
    with sqlite3.connect(file) as connection:
        connection.execute(
            "UPDATE named SET exhibit = (SELECT exhibit FROM named WHERE idx = 1) WHERE idx = 0"
        )
    entries, count = kept.naming(second, most=10)
    assert ([entry.index for entry in entries], count) == ([1], 1)
    assert kept.sealings([second], first=True)[second].index == 1
    kept.close()


def test_a_search_shows_the_newest_first_and_goes_both_ways(tmp_path: Path) -> None:
    ledger, kept = kept_over(
        tmp_path, [appeared(f"http://{number}.example/", "Arena") for number in range(30)], [7, 20]
    )
    first = kept.records(Asked(text="arena", limit=10))
    second = kept.records(Asked(text="arena", limit=10, before=first.older))
    assert [row.record for row in (*first.rows, *second.rows)] == list(range(29, 9, -1))
    back = kept.records(Asked(text="arena", limit=10, after=second.newer))
    assert back.rows == first.rows
    kept.close()
    del ledger
