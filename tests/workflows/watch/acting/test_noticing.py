"""What a watch drafts into its case agrees with what it recorded there."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from cautery.act.lint_notice import MISSING_AT_FIRST
from cautery.adapters.case_folder import FolderStore
from cautery.adapters.clock import SystemClock
from cautery.adapters.keys_file import KeyFolder
from cautery.errors import SourceError
from cautery.model import (
    AddresseeKind,
    Event,
    Finding,
    KeyedPseudonyms,
    Mandate,
    NetworkFact,
    Observation,
    RedactedUrl,
    Regime,
    SharedFact,
    Verdict,
    Window,
)
from cautery.workflows.case.journal import Journal
from cautery.workflows.case.notices import draft_into, notices_of
from cautery.workflows.case.open import Case, open_case
from cautery.workflows.watch.acting import noticing as noticing_module
from cautery.workflows.watch.acting.noticing import Noticing
from cautery.workflows.watch.mapping.mapper import Mapper
from cautery.workflows.watch.opening import begin_case
from cautery.workflows.watch.seen import Seen
from cautery.workflows.watch.streams import Stream

NOW = datetime.now(UTC).replace(microsecond=0)
EVENT = Event(id="match", name="Home v Away", kick_off=NOW, legal_basis="rights 2026/27")
MANDATE = Mandate(
    id="m",
    who="League",
    regime=Regime.GDPR,
    legal_basis="rights",
    window=Window(start=NOW - timedelta(hours=1), end=NOW + timedelta(hours=2)),
    territories=("FR",),
    events=(EVENT,),
)
HOSTS = {"edge.pirate.example": "192.0.2.7", "other.pirate.example": "198.51.100.7"}
EXACT, LINE, ELSEWHERE = (
    "http://edge.pirate.example/arena/stream.m3u8",
    "http://edge.pirate.example/live/anna/s3cret/17.ts",
    "http://other.pirate.example/tv/arena.ts",
)


class World:
    """Names, certificates, facts and a fetcher."""

    async def resolve(self, host: str) -> tuple[str, ...]:
        return (HOSTS[host],)

    async def of(self, host: str, port: int = 443) -> Any:
        raise SourceError("no TLS")

    def network_of(self, address: str) -> NetworkFact:
        asn = 64500 if address == "192.0.2.7" else 64501
        return NetworkFact(
            address=address,
            asn=asn,
            organisation=f"Hosting {asn} Ltd, tel +33 1 42 68 53 00",
            country="NL",
        )

    def shared(self, address: str) -> None:
        return None

    def registered_domain(self, name: str) -> str:
        return "pirate.example"


@pytest.fixture
def case(tmp_path: Path) -> Any:
    opened = open_case(
        tmp_path / "case", store=FolderStore(KeyFolder(tmp_path / "keys")), clock=SystemClock()
    )
    yield opened
    opened.leave()


async def drafted(case: Case, *urls: str) -> tuple[Noticing, dict[str, Stream]]:
    """Look the hosts of some proven URLs up and draft notices to them."""
    journal = Journal(case.ledger, case.vault, case.clock, pseudonyms=KeyedPseudonyms(b"k" * 32))
    begin_case(MANDATE, ledger=case.ledger, journal=journal, key=str(case.verifier))
    streams: dict[str, Stream] = {}
    world: Any = World()
    for url in urls:
        redacted = journal.redact(url)
        exhibit = journal.seal(url.encode(), what="segment", media_type="video/mp2t", at=NOW)
        verdict = Verdict(
            url=RedactedUrl(redacted.text),
            finding=Finding.PROVEN,
            at=NOW,
            event="match",
            log10_lr=5.0,
            observations=(Observation(at=NOW, exhibits=(exhibit,)),),
        )
        journal.write(verdict)
        streams[redacted.text] = Stream(
            url=url,
            key=redacted.text,
            host=redacted.host,
            title=None,
            source="list",
            first_seen=NOW,
        )
        streams[redacted.text].verdict = verdict
    mapper = Mapper(
        streams,
        Seen(),
        names=world,
        certificates=world,
        registry=None,
        facts=world,
        fetcher=world,
        engine=world,
        journal=journal,
    )
    for host in dict.fromkeys(stream.host for stream in streams.values()):
        await mapper._look_up_host(host)
    noticing = Noticing(MANDATE, streams, mapper, journal=journal)
    noticing.draft(streams)
    noticing.draft(streams)
    return noticing, streams


async def test_each_host_gets_one_notice_with_which_nothing_is_wrong_but_two_addresses(
    case: Case,
) -> None:
    noticing, streams = await drafted(case, EXACT, ELSEWHERE)
    filed = notices_of(case.ledger)
    drafts = list(filed.notices.drafts.values())
    assert [[url.url for url in notice.urls] for notice in drafts] == [[EXACT], [ELSEWHERE]]
    assert filed.notices.passed_over == {}
    for notice in drafts:
        findings = filed.lint(notice, now=case.clock.now())
        assert {finding.rule for finding in findings} == MISSING_AT_FIRST
        host = noticing.host(streams[notice.urls[0].url])
        assert (host.notice, host.hidden) == (notice.id, False)
        assert host.words == f"AS {notice.addressee.asn}, {notice.addressee.name}"
        assert "42 68 53 00" not in notice.statement


async def test_what_facts_call_a_cdn_is_asked_as_one(
    case: Case, monkeypatch: pytest.MonkeyPatch
) -> None:
    wide = SharedFact(cidr="192.0.2.0/24", provider="Wide CDN", kind="cdn")
    monkeypatch.setattr(
        World, "shared", lambda self, address: wide if address == "192.0.2.7" else None
    )
    noticing, streams = await drafted(case, EXACT, ELSEWHERE)
    filed = notices_of(case.ledger)
    by_url = {notice.urls[0].url: notice for notice in filed.notices.drafts.values()}
    assert by_url[EXACT].addressee.kind is AddresseeKind.CDN
    assert "article 16" not in by_url[EXACT].statement
    assert by_url[ELSEWHERE].addressee.kind is AddresseeKind.HOSTING
    assert {url: noticing.host(streams[url]).cdn for url in by_url} == {
        EXACT: True,
        ELSEWHERE: False,
    }
    for notice in by_url.values():
        findings = filed.lint(notice, now=case.clock.now())
        assert {finding.rule for finding in findings} == MISSING_AT_FIRST
    hoster = replace(by_url[EXACT].addressee, kind=AddresseeKind.HOSTING)
    wrong = draft_into(
        case.ledger,
        hoster,
        name="C. Desk",
        notifier_email=None,
        now=case.clock.now(),
        urls=[EXACT],
        dry_run=True,
    )
    rules = {finding.rule for finding in filed.lint(wrong.notice, now=case.clock.now())}
    assert rules == {*MISSING_AT_FIRST, "other-kind"}


async def test_a_line_of_somebody_is_in_no_notice_and_its_host_is_named(case: Case) -> None:
    noticing, streams = await drafted(case, LINE, EXACT)
    (notice,) = notices_of(case.ledger).notices.drafts.values()
    assert [url.url for url in notice.urls] == [EXACT]
    (line,) = (stream for key, stream in streams.items() if key != EXACT)
    assert (noticing.host(line).notice, noticing.host(line).hidden) == (None, True)


async def test_a_host_whose_network_nobody_knows_gets_none(
    case: Case, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(World, "network_of", lambda self, address: None)
    noticing, streams = await drafted(case, EXACT)
    assert notices_of(case.ledger).notices.drafts == {}
    assert noticing.host(streams[EXACT]).words == ""


async def test_a_verdict_without_a_capture_is_in_no_notice(case: Case) -> None:
    noticing, streams = await drafted(case, EXACT)
    (notice,) = notices_of(case.ledger).notices.drafts.values()
    bare = replace(streams[EXACT].verdict, observations=())  # type: ignore[type-var]
    streams[EXACT].verdict = bare
    other = Noticing(MANDATE, streams, noticing._mapper, journal=noticing._journal)
    other.draft([EXACT])
    assert list(notices_of(case.ledger).notices.drafts) == [notice.id]


async def test_a_host_of_more_urls_than_a_notice_holds_gets_several(
    case: Case, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(noticing_module, "MOST_URLS", 2)
    urls = [f"http://edge.pirate.example/tv/{number}.ts" for number in range(5)]
    noticing, streams = await drafted(case, *urls)
    sizes = [len(notice.urls) for notice in notices_of(case.ledger).notices.drafts.values()]
    assert sorted(sizes) == [1, 2, 2]
    assert all(noticing.host(stream).notice is not None for stream in streams.values())
