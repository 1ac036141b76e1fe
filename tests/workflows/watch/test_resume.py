"""A watch that was stopped knows its streams again, from the ledger alone."""

from __future__ import annotations

from datetime import UTC, datetime

from cautery.messages import message
from cautery.model import Finding, Offer, RedactedUrl, Verdict
from cautery.model.records import AlignmentShown, StreamAppeared
from cautery.workflows.case.journal import Journal
from cautery.workflows.case.open import Case
from cautery.workflows.watch.resume import EarlierRuns, restored_streams
from cautery.workflows.watch.streams import Stream

NOON = datetime(2026, 11, 24, 12, tzinfo=UTC)


def appeared(journal: Journal, url: str, *, offer: Offer | None = None) -> None:
    journal.write(
        StreamAppeared(
            url=url,
            title="Télé Été",
            source="list",
            host="pirate.example",
            at=NOON,
            offer=offer,
        )
    )


def aligned(journal: Journal, url: str) -> None:
    journal.write(
        AlignmentShown(
            url=url, reference="arena1", kind="sound", delay_s=4.0, lags_s=(4.0,), strength=(9.0,)
        )
    )


def verdict(url: str, finding: Finding) -> Verdict:
    return Verdict(url=RedactedUrl(url), finding=finding, at=NOON, channels=("fr",), event="match")


def known(case: Case) -> dict[str, Stream]:
    return restored_streams(EarlierRuns().read_on(case.ledger).streams)


def test_an_empty_ledger_knows_no_stream(case: Case) -> None:
    assert known(case) == {}


def test_a_stream_keeps_title_offer_and_first_sight_and_sleeps_until_it_is_named_again(
    case: Case, journal: Journal
) -> None:
    offer = Offer(
        url=RedactedUrl("http://p.example/1"),
        title="x",
        right="fr",
        probability=0.9,
        why=message("offer.every-word"),
    )
    appeared(journal, "http://p.example/1", offer=offer)
    one = known(case)["http://p.example/1"]
    assert (one.title, one.offer, one.first_seen) == ("Télé Été", offer, NOON)
    assert (one.live, one.url) == (False, "")


def test_the_last_verdict_is_the_one_that_stands(case: Case, journal: Journal) -> None:
    appeared(journal, "http://p.example/1")
    journal.write(verdict("http://p.example/1", Finding.UNDECIDED))
    journal.write(verdict("http://p.example/1", Finding.PROVEN))
    one = known(case)["http://p.example/1"]
    assert one.proven
    assert one.verdict == verdict("http://p.example/1", Finding.PROVEN)


def test_what_was_aligned_is_not_aligned_again(case: Case, journal: Journal) -> None:
    for url in ("http://p.example/1", "http://p.example/2"):
        appeared(journal, url)
    aligned(journal, "http://p.example/2")
    found = known(case)
    assert {url: one.aligned for url, one in found.items()} == {
        "http://p.example/1": False,
        "http://p.example/2": True,
    }


def test_records_of_a_stream_that_never_appeared_make_none(case: Case, journal: Journal) -> None:
    journal.write(verdict("http://p.example/1", Finding.PROVEN))
    aligned(journal, "http://p.example/1")
    assert known(case) == {}


def test_a_record_that_is_not_what_its_kind_says_costs_itself_alone(
    case: Case, journal: Journal
) -> None:
    case.ledger.append("stream.appeared", {"url": "http://p.example/0", "host": 7}, at=NOON)
    case.ledger.append("asset.facts", {"host": "p.example", "addresses": 7}, at=NOON)
    case.ledger.append("source.read", {"source": "list", "rhythm": {"due": "soon"}}, at=NOON)
    appeared(journal, "http://p.example/1")
    assert list(known(case)) == ["http://p.example/1"]
    earlier = EarlierRuns().read_on(case.ledger)
    assert (earlier.hosts.shown, earlier.sources.readings) == ({}, {})
    assert earlier.ignored == 3


def test_a_watch_that_begins_anew_reads_on_from_where_it_stopped_reading(
    case: Case, journal: Journal
) -> None:
    appeared(journal, "http://p.example/1")
    earlier = EarlierRuns().read_on(case.ledger)
    assert earlier.read_on(case.ledger) == EarlierRuns().read_on(case.ledger)
    appeared(journal, "http://p.example/2")
    aligned(journal, "http://p.example/1")
    assert earlier.read_on(case.ledger) == EarlierRuns().read_on(case.ledger)
    assert list(earlier.streams.by_url) == ["http://p.example/1", "http://p.example/2"]
