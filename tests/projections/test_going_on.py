"""Every projection goes on from any entry, and what a restart takes up from one is in it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cautery.formats.rhythm import KEPT
from cautery.model import (
    Approval,
    CertificateFacts,
    Collateral,
    DarkProbe,
    Decision,
    Digest,
    Entry,
    ExhibitId,
    Finding,
    GuardVerdict,
    Lever,
    Offer,
    Override,
    Reason,
    Record,
    RedactedUrl,
    Verdict,
)
from cautery.model.ledger import filed
from cautery.model.message import as_written
from cautery.model.records import (
    AlignmentShown,
    ApprovalGiven,
    AssetFacts,
    ChangesPerDay,
    EntryExpired,
    EntryWithdrawn,
    OverrideGiven,
    OverrideSigned,
    ReferralPublished,
    RollbackProposed,
    SourceRead,
    SourceRevisited,
    SourceRhythm,
    StreamAppeared,
    StreamResolved,
    StreamVanished,
    WatchBegin,
    WatchStarted,
)
from cautery.projections import (
    Acts,
    Hosts,
    Projection,
    Reading,
    Safeguards,
    Sources,
    Streams,
    folded,
)
from cautery.projections.case import Spans

NOON = datetime(2026, 11, 24, 12, tzinfo=UTC)
A, B = "http://p.example/a", "http://p.example/b"
LIST, TABLE, WARC = "http://p.example/all.m3u", ExhibitId("sha256:t"), ExhibitId("sha256:w")


def at(minutes: float) -> datetime:
    return NOON + timedelta(minutes=minutes)


def rhythm(due: datetime) -> SourceRhythm:
    changes = ChangesPerDay(low=0.1, mid=1.0, high=9.0, visits=1, method=as_written("counted"))
    return SourceRhythm(due=due, wait_s=600.0, learned=True, changes_per_day=changes)


def read(minutes: float, *, source: str = LIST, failed: bool = False) -> SourceRead:
    return SourceRead(
        source=source,
        kind="m3u",
        at=at(minutes),
        rhythm=rhythm(at(minutes + 10)),
        table=None if failed else TABLE,
        exhibit=None if failed else WARC,
        digest=None if failed else Digest("sha256:d"),
        failed=as_written("nobody answers") if failed else None,
    )


def revisited(minutes: float) -> SourceRevisited:
    return SourceRevisited(
        source=LIST,
        kind="m3u",
        vantage=None,
        at=at(minutes),
        status=304,
        exhibit=WARC,
        rests_on=(),
        rhythm=rhythm(at(minutes + 10)),
    )


def looked_up(host: str, *addresses: str, sha256: str | None = None) -> AssetFacts:
    certificate = None
    if sha256 is not None:
        certificate = CertificateFacts(
            host=host,
            address=addresses[0],
            sha256=sha256,
            spki_sha256="",
            subject="",
            issuer="",
            names=(),
            not_before=None,
            not_after=None,
            self_signed=True,
            seen_at=NOON,
        )
    return AssetFacts(
        host=host,
        addresses=addresses,
        asn=None,
        organisation=None,
        country=None,
        shared=(),
        certificate=certificate,
        registration=None,
        at=NOON,
    )


def appeared(url: str) -> StreamAppeared:
    return StreamAppeared(
        url=url, title="Sport", source=LIST, host="p.example", at=NOON, offer=None
    )


def dark(url: str, minutes: float, *, is_dark: bool = True) -> DarkProbe:
    return DarkProbe(
        url=url,
        target="p.example",
        intermediary="isp",
        at=at(minutes),
        dark=is_dark,
        why=as_written("asked"),
    )


def published(minutes: float) -> ReferralPublished:
    return ReferralPublished(
        referral="R", intermediary="isp", targets=("p.example",), at=at(minutes)
    )


OFFER = Offer(url=RedactedUrl(A), title="Sport", right="fr", probability=0.9, why=as_written("x"))
OVERRIDE = Override(
    target="p.example", by=("A", "B"), reason="alone on it", at=NOON, until=at(30), bystanders=3
)
SIGNED = Approval(subject=Digest("sha256:o"), approver="A", role="legal", at=NOON, signature="")
NIGHT: list[object] = [
    looked_up("p.example", "192.0.2.1", sha256="a"),
    read(0),
    read(0, source="http://q.example/all.m3u"),
    appeared(A),
    appeared(B),
    revisited(10),
    read(20, failed=True),
    looked_up("p.example"),
    StreamResolved(url=A, offer=OFFER, at=at(21)),
    Verdict(url=RedactedUrl(A), finding=Finding.PROVEN, at=at(22), channels=("fr",), event="match"),
    AlignmentShown(
        url=A, reference="fr", kind="sound", delay_s=4.0, lags_s=(4.0,), strength=(9.0,)
    ),
    GuardVerdict(
        target="p.example",
        lever=Lever.NAME,
        decision=Decision.ALLOW,
        collateral=Collateral(),
        reasons=(Reason(code="name", text=as_written("a name of its own")),),
        valid_until=at(60),
    ),
    OverrideSigned(override=OVERRIDE, approval=SIGNED),
    OverrideGiven(override=OVERRIDE, approvals=(SIGNED,)),
    published(23),
    dark(A, 24),
    dark(B, 24),
    dark(B, 25, is_dark=False),
    StreamVanished(url=B, source=LIST, at=at(26)),
    EntryWithdrawn(referral="R", target="p.example", reasons=(), published=("isp",), at=at(27)),
    RollbackProposed(target="p.example", intermediary="isp", why=as_written("dark"), at=at(27)),
    EntryExpired(referral="R", target="p.example", intermediary="isp", at=at(60)),
    looked_up("p.example", "192.0.2.2"),
]


def entries(contents: list[object]) -> list[Entry]:
    return [
        Entry(index=index, record=Record(kind=kind, at=NOON, body=body), leaf=b"")
        for index, (kind, body) in enumerate(map(filed, contents))
    ]


ENTRIES = entries(NIGHT)


@pytest.mark.parametrize("begin", [Acts, Hosts, Safeguards, Sources, Streams])
@given(cut=st.integers(0, len(NIGHT)))
def test_what_stops_anywhere_and_goes_on_knows_what_one_fold_knows(
    begin: Callable[[], Projection], cut: int
) -> None:
    assert folded(folded(begin(), ENTRIES[:cut]), ENTRIES[cut:]) == folded(begin(), ENTRIES)


def test_a_source_has_its_last_good_reading_and_is_due_after_its_last_visit() -> None:
    sources = folded(Sources(), ENTRIES)
    assert sources.readings[LIST] == Reading(
        at=NOON,
        due=at(30),
        digest=Digest("sha256:d"),
        exhibit=WARC,
        table=TABLE,
        visits=[(NOON, True), (at(10), False)],
    )
    assert [source for source, why in sources.failed.items() if why is not None] == [LIST]


def test_only_the_visits_that_a_rhythm_is_learned_from_are_kept() -> None:
    sources = folded(Sources(), entries([revisited(minute) for minute in range(KEPT + 9)]))
    assert [when for when, _ in sources.readings[LIST].visits] == [
        at(minute) for minute in range(8, KEPT + 9)
    ]


def test_a_host_whose_name_is_dead_keeps_what_it_showed() -> None:
    assert folded(Hosts(), ENTRIES[:8]).shown == {"p.example": (("192.0.2.1",), "a")}
    assert folded(Hosts(), ENTRIES).shown == {"p.example": (("192.0.2.2",), None)}


def test_a_stream_has_the_offer_of_the_newest_fixtures_and_is_aligned_once_compared() -> None:
    streams = folded(Streams(), ENTRIES).by_url
    assert [(stream.offer, stream.aligned) for stream in streams.values()] == [
        (OFFER, True),
        (None, False),
    ]


def test_dark_now_is_what_the_newest_probes_say_since_the_list_went_out() -> None:
    place = ("p.example", "isp")
    assert folded(Acts(), ENTRIES).dark_now[place] == {A}
    again = folded(Acts(), entries([*NIGHT, published(70), dark(B, 71)]))
    assert again.dark_now[place] == {B}


def test_signatures_withdrawals_and_roll_backs_are_kept_as_they_came() -> None:
    safeguards = folded(Safeguards(), ENTRIES)
    assert safeguards.override_signatures == [OverrideSigned(override=OVERRIDE, approval=SIGNED)]
    assert [withdrawal.referral for withdrawal in safeguards.withdrawals] == ["R"]
    assert safeguards.rollbacks == {("p.example", "isp")}


def test_a_killed_watch_was_seen_last_before_somebody_signed() -> None:
    contents = (
        (0, WatchStarted(why=WatchBegin.WINDOW_OPEN, at=NOON)),
        (5, appeared(A)),
        (9, ApprovalGiven.of("R", SIGNED)),
    )
    spans = Spans()
    for minutes, content in contents:
        kind, body = filed(content)
        spans.hear(Entry(index=0, record=Record(kind=kind, at=at(minutes), body=body), leaf=b""))
    assert (spans.watched, spans.running) == ([(NOON, at(5))], True)
