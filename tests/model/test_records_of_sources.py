"""Records of sources, streams and hosts: what stands on disk comes back, older cases' too."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from cautery.messages import message
from cautery.model import (
    Access,
    CertificateFacts,
    Digest,
    Event,
    ExhibitId,
    Offer,
    RedactedUrl,
    Registration,
    SharedFact,
)
from cautery.model.ledger import filed
from cautery.model.message import as_written
from cautery.model.records import (
    AddressesChanged,
    AssetChanged,
    AssetFacts,
    CalendarRead,
    CertificateChanged,
    ChangesPerDay,
    FixturesChanged,
    GuideOffered,
    MisshapenRecord,
    MoveReason,
    QuotedWarning,
    SourceChanged,
    SourceRead,
    SourceRevisited,
    SourceRhythm,
    StreamAppeared,
    StreamMoved,
    StreamResolved,
    StreamVanished,
    VantageCompared,
    typed,
)

NOON = datetime(2026, 11, 24, 12, tzinfo=UTC)
AT = "2026-11-24T12:00:00.000000Z"
LIST, STREAM = "http://lists.example/a.m3u", "http://p.example/live/~1/~2/7.ts"
WARC, TABLE = ExhibitId("sha256:1"), ExhibitId("sha256:2")
RHYTHM = SourceRhythm(
    due=NOON,
    wait_s=60.0,
    learned=True,
    changes_per_day=ChangesPerDay(
        low=0.1, mid=1.0, high=9.0, visits=3, method=as_written("Poisson")
    ),
)
OFFER = Offer(
    url=RedactedUrl(STREAM),
    title="Arena 1",
    right="arena1",
    probability=0.9,
    why=message("offer.every-word"),
)
CERTIFICATE = CertificateFacts(
    host="p.example", address="192.0.2.1", sha256="aa", spki_sha256="bb", subject="p", issuer="p",
    names=("p.example",), not_before=NOON, not_after=None, self_signed=True, seen_at=NOON,
)  # fmt: skip
REGISTRATION = Registration(
    domain="p.example", registrar="R", created=NOON, changed=None, nameservers=("ns.p.example",),
    registrant=None, seen_at=NOON,
)  # fmt: skip
COMPARED = VantageCompared(
    source=LIST, vantage="fr", country="FR", at=NOON, differs=True, why=(message("vantage.other-entries"),),
    exhibits=(WARC,), only_here=1, titles_here=(None,), table=TABLE,
)  # fmt: skip
READ = SourceRead(
    source=LIST, kind="m3u", access=Access.TEST_PURCHASE, purchase="p1", at=NOON, status=200,
    entries=2, table=TABLE, exhibit=WARC, rests_on=(TABLE,), digest=Digest("sha256:3"),
    rhythm=RHYTHM, warnings=(QuotedWarning(line=3, why=message("source-row.unread", detail="no URL"), quoted="x"),), warnings_total=1,
)  # fmt: skip
RECORDS = (
    FixturesChanged(
        appeared=("md1",), gone=(), changed=(), left_out=((as_written("md2"), message("fixture.called-off")),), exhibits=(WARC,),
        events=(Event(id="md1", name="A v B", kick_off=NOON, legal_basis="r"),), at=NOON,
    ),
    CalendarRead(
        source="https://league.example/~.ics", at=NOON, status=304, exhibit=WARC, rests_on=(),
        digest=None, rhythm=RHYTHM, failed=None,
    ),
    READ,
    SourceRevisited(
        source=LIST, kind="m3u", vantage=None, at=NOON, status=304, exhibit=WARC, rhythm=RHYTHM
    ),
    SourceChanged(
        source=LIST, at=NOON, appeared=1, vanished=0, moved=2, renamed=0, kept=7, table=TABLE,
        hosts=(("a.example", "b.example", 2),),
    ),
    COMPARED,
    StreamAppeared(
        url=STREAM, title="Arena 1", source=LIST, host="p.example", offer=OFFER, at=NOON
    ),
    StreamVanished(url=STREAM, source=LIST, at=NOON),
    StreamResolved(url=STREAM, offer=None, at=NOON),
    StreamMoved(was=STREAM, url=STREAM, title=None, why=MoveReason.ANOTHER_LINE, source=LIST, at=NOON),
    GuideOffered(source=LIST, what="more", count=7, table=TABLE, at=NOON),
    AssetFacts(
        host="p.example", addresses=("192.0.2.1",), asn=64500, organisation="Example Hosting",
        country="NL", shared=(SharedFact(cidr="192.0.2.0/24", provider="X", kind="cdn"),),
        certificate=CERTIFICATE, registration=REGISTRATION, at=NOON,
    ),
    AssetChanged(
        host="p.example", moved=True, at=NOON,
        addresses=AddressesChanged(was=("192.0.2.1",), now=("198.51.100.7",)),
        certificate=CertificateChanged(was=None, now="aa"),
    ),
)  # fmt: skip


@pytest.mark.parametrize("content", RECORDS, ids=type)
def test_what_was_filed_comes_back_as_it_was(content: object) -> None:
    assert typed(*filed(content)) == content


@pytest.mark.parametrize("content", RECORDS, ids=type)
@pytest.mark.parametrize("at", ["2026-11-24T12:00:00", None, "soon"])
def test_a_record_whose_time_is_none_has_not_the_shape_of_its_kind(
    content: object, at: Any
) -> None:
    kind, body = filed(content)
    assert isinstance(typed(kind, {**body, "at": at}), MisshapenRecord)


def test_a_source_that_is_due_at_a_time_without_a_zone_is_misshapen() -> None:
    kind, body = filed(READ)
    rhythm = {**body["rhythm"], "due": "2026-11-24T12:00:00"}
    assert isinstance(typed(kind, {**body, "rhythm": rhythm}), MisshapenRecord)


def test_what_lists_the_same_at_a_vantage_was_recorded_with_fewer_members() -> None:
    old = {
        "source": LIST, "vantage": "fr", "country": "FR", "at": AT, "differs": False, "why": [],
        "exhibits": [WARC], "only_here": 0, "only_there": 0, "table": None,
    }  # fmt: skip
    assert typed("vantage.compared", old) == VantageCompared(
        source=LIST, vantage="fr", country="FR", at=NOON, differs=False, why=(), exhibits=(WARC,)
    )


def test_what_a_guide_offers_was_recorded_without_what_counts_the_others() -> None:
    old = {
        "source": LIST, "what": "channel", "channel": "a1", "channel_name": "Arena 1",
        "title": None, "starts_at": None, "ends_at": None, "right": "arena1", "probability": 0.9,
        "why": "is 'Arena 1'", "at": AT,
    }  # fmt: skip
    assert typed("guide.offered", old) == GuideOffered(
        source=LIST, what="channel", channel="a1", channel_name="Arena 1", right="arena1",
        probability=0.9, why=as_written("is 'Arena 1'"), at=NOON,
    )  # fmt: skip


def test_a_change_of_a_host_stands_as_was_and_now() -> None:
    _, body = filed(RECORDS[-1])
    assert body == {
        "host": "p.example", "at": AT, "moved": True,
        "addresses": {"was": ["192.0.2.1"], "now": ["198.51.100.7"]},
        "certificate": {"was": None, "now": "aa"},
    }  # fmt: skip
