"""What a watch drafts into its case agrees with what it recorded there."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from cautery.act.lint_notice import MISSING_AT_FIRST
from cautery.adapters.case_folder import FolderStore
from cautery.adapters.clock import SystemClock
from cautery.adapters.keys_file import KeyFolder
from cautery.errors import InputError, SourceError
from cautery.model import (
    AddresseeKind,
    CoHosted,
    Decision,
    Event,
    Finding,
    KeyedPseudonyms,
    Mandate,
    NetworkFact,
    Observation,
    Partner,
    RedactedUrl,
    Regime,
    SharedFact,
    Verdict,
    Window,
    host_of,
)
from cautery.model.records import LawfulSeen, LawfulSource, ProbeDone, kinds_of
from cautery.plan import candidates
from cautery.wiring.facts import known_facts
from cautery.workflows.case.journal import Journal
from cautery.workflows.case.notice_drafting import draft_into
from cautery.workflows.case.notices import notices_of
from cautery.workflows.case.open import Case, open_case
from cautery.workflows.case.rulings import RulingsRead
from cautery.workflows.watch.acting import noticing as noticing_module
from cautery.workflows.watch.acting.neighbours import lawful_streams
from cautery.workflows.watch.acting.noticing import Noticing
from cautery.workflows.watch.mapping.lawful_hosts import LawfulHosts
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
HOSTS = {
    "edge.pirate.example": "192.0.2.7",
    "other.pirate.example": "198.51.100.7",
    "192.0.2.9": "192.0.2.9",
    "play.example": "192.0.2.9",
}
BARE = "http://192.0.2.9/arena/stream.m3u8"
EXACT, LINE, ELSEWHERE = (
    "http://edge.pirate.example/arena/stream.m3u8",
    "http://edge.pirate.example/live/anna/s3cret/17.ts",
    "http://other.pirate.example/tv/arena.ts",
)


class World:
    """Names, certificates, facts and a fetcher."""

    async def resolve(self, host: str) -> tuple[str, ...]:
        if host not in HOSTS:
            raise SourceError(f"{host}: the name does not exist")
        return (HOSTS[host],)

    def names_on(self, address: str) -> tuple[CoHosted, ...]:
        return ()

    def popular(self, name: str) -> bool:
        return name == "popular.example"

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


async def drafted(
    case: Case,
    *urls: str,
    served: Sequence[str | None] = (None,),
    mandate: Mandate = MANDATE,
    open_redirects: Sequence[str] = (),
) -> tuple[Noticing, dict[str, Stream]]:
    """Look the hosts of some proven URLs up and draft notices to them.

    Each verdict rests on a probe for each item of ``served``, where its media came from.
    """
    journal = Journal(case.ledger, case.vault, case.clock, pseudonyms=KeyedPseudonyms(b"k" * 32))
    begin_case(mandate, ledger=case.ledger, journal=journal, key=str(case.verifier))
    streams: dict[str, Stream] = {}
    world: Any = World()
    for url in urls:
        redacted = journal.redact(url)
        observations = tuple(
            Observation(
                at=NOW + timedelta(seconds=number),
                exhibits=(
                    journal.seal(
                        f"{url} {number}".encode(),
                        what="segment",
                        media_type="video/mp2t",
                        at=NOW,
                    ),
                ),
                served=None if place is None else journal.redact(place).text,
            )
            for number, place in enumerate(served)
        )
        verdict = Verdict(
            url=RedactedUrl(redacted.text),
            finding=Finding.PROVEN,
            at=NOW + timedelta(seconds=len(served)),
            event="match",
            log10_lr=5.0,
            observations=observations,
        )
        if url in open_redirects:
            hosts = host_of(url), "edge.pirate.example"
            journal.write(
                ProbeDone(
                    url=redacted.text,
                    at=NOW,
                    observation=observations[0],
                    failed=None,
                    hosts=hosts,
                    redirected_to=hosts[-1],
                )
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
        streams[redacted.text].open_redirect = url in open_redirects
    lawful = LawfulHosts(mandate, streams, names=world, facts=lambda: world, journal=journal)
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
        rulings=RulingsRead(case.ledger),
        lawful=lawful,
    )
    await mapper.lawful_known()
    for host in mapper._lookups.hosts():
        await mapper._lookups.look_up_host(host)
    noticing = Noticing(mandate, streams, mapper, journal=journal)
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


SEGMENTS = [f"http://other.pirate.example/seg/{number}.ts" for number in (7, 8)]


async def test_who_hosts_the_media_gets_a_notice_with_evidence_of_its_own(case: Case) -> None:
    noticing, streams = await drafted(case, EXACT, served=SEGMENTS)
    filed = notices_of(case.ledger)
    by_network = {notice.addressee.asn: notice for notice in filed.notices.drafts.values()}
    assert by_network.keys() == {64500, 64501}
    for asn, url in ((64500, EXACT), (64501, SEGMENTS[1])):
        [named] = by_network[asn].urls
        assert (named.url, named.place.asn) == (url, asn)
        assert named.captured_at == NOW + timedelta(seconds=1)
        assert named.exhibits == filed.notices.known(url).exhibits
        findings = filed.lint(by_network[asn], now=case.clock.now())
        assert {finding.rule for finding in findings} == MISSING_AT_FIRST
    [(words, notice)] = noticing.media(streams[EXACT]).items()
    assert words.startswith("AS 64501, ")
    assert notice == by_network[64501].id


async def test_of_the_media_of_a_stream_a_host_is_told_once_and_again_after_a_restart(
    case: Case,
) -> None:
    noticing, streams = await drafted(case, EXACT, served=SEGMENTS[:1])
    verdict = streams[EXACT].verdict
    assert verdict is not None
    newer = replace(verdict.observations[0], served=SEGMENTS[1])
    streams[EXACT].verdict = replace(verdict, observations=(newer,))
    noticing.draft(streams)
    drafts = notices_of(case.ledger).notices.drafts
    assert len(drafts) == 2
    again = Noticing(MANDATE, streams, noticing._mapper, journal=noticing._journal)
    again.restore(drafts.values())
    streams[EXACT].verdict = verdict
    again.draft(streams)
    assert again.media(streams[EXACT]) == noticing.media(streams[EXACT]) != {}
    assert len(notices_of(case.ledger).notices.drafts) == 2


async def test_media_that_two_streams_share_are_named_once(case: Case) -> None:
    second = EXACT.replace("stream", "mirror")
    noticing, streams = await drafted(case, EXACT, second, served=SEGMENTS[:1])
    drafts = notices_of(case.ledger).notices.drafts.values()
    named = sorted(tuple(url.url for url in notice.urls) for notice in drafts)
    assert named == [(second, EXACT), (SEGMENTS[0],)]
    assert noticing.media(streams[EXACT]) == noticing.media(streams[second]) != {}


@pytest.mark.parametrize(
    "served",
    [
        [None, SEGMENTS[0]],  # one probe got its media from the stream's own host
        [SEGMENTS[0], "http://edge2.pirate.example/seg/8.ts"],
        ["http://other.pirate.example/live/anna/s3cret/17.ts"],
    ],
)
async def test_a_host_without_all_the_evidence_or_with_a_line_gets_none(
    case: Case, served: list[str | None], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(HOSTS, "edge2.pirate.example", "198.51.100.8")
    await drafted(case, EXACT, served=served)
    drafts = notices_of(case.ledger).notices.drafts.values()
    assert [[url.url for url in notice.urls] for notice in drafts] == [[EXACT]]


async def test_a_short_link_at_a_partner_accuses_no_partner(case: Case) -> None:
    partner = Partner(name="P", hosts=("edge.pirate.example",), channels=())
    await drafted(case, EXACT, ELSEWHERE, mandate=replace(MANDATE, partners=(partner,)))
    drafts = notices_of(case.ledger).notices.drafts.values()
    assert [[url.url for url in notice.urls] for notice in drafts] == [[ELSEWHERE]]


async def test_a_playlist_that_leads_to_a_partners_media_accuses_no_partner(case: Case) -> None:
    partner = Partner(name="P", hosts=("other.pirate.example",), channels=())
    mandate = replace(MANDATE, partners=(partner,))
    await drafted(case, EXACT, served=SEGMENTS, mandate=mandate)
    drafts = notices_of(case.ledger).notices.drafts.values()
    assert [[url.url for url in notice.urls] for notice in drafts] == [[EXACT]]


SENT_ON = "http://other.pirate.example/out?to=edge.pirate.example"


async def test_who_runs_an_open_redirect_is_accused_in_no_notice(case: Case) -> None:
    """Neither by the watch nor, afterwards, by a person who drafts by network or by URL."""
    noticing, streams = await drafted(case, SENT_ON, served=[EXACT], open_redirects=(SENT_ON,))
    filed = notices_of(case.ledger)
    [notice] = filed.notices.drafts.values()
    assert [url.url for url in notice.urls] == [EXACT]
    stream = streams[SENT_ON]
    assert (noticing.host(stream).sends_on, noticing.host(stream).notice) == (True, None)
    assert list(noticing.media(stream).values()) == [notice.id]
    hoster = replace(notice.addressee, asn=64501, name="Hosting 64501 Ltd")
    by_person = partial(
        draft_into,
        case.ledger,
        hoster,
        name="C. Desk",
        notifier_email=None,
        now=case.clock.now(),
        dry_run=True,
    )
    with pytest.raises(InputError, match="proven no URL"):
        by_person()
    findings = filed.lint(by_person(urls=[SENT_ON]).notice, now=case.clock.now())
    assert "sends-on" in {finding.rule for finding in findings}


@pytest.mark.parametrize("host", ["edge\u3002pirate.example", "\uff45dge.pirate.example"])
async def test_a_partner_in_another_spelling_is_accused_in_no_notice(case: Case, host: str) -> None:
    partner = Partner(name="P", hosts=("edge.pirate.example",), channels=())
    url = f"http://{host}/s/abc.m3u8"
    await drafted(case, url, mandate=replace(MANDATE, partners=(partner,)))
    assert not notices_of(case.ledger).notices.drafts


async def test_no_person_drafts_a_notice_about_a_host_that_the_mandate_calls_lawful(
    case: Case,
) -> None:
    partner = Partner(name="P", hosts=("edge.pirate.example",), channels=())
    await drafted(case, EXACT, ELSEWHERE, mandate=replace(MANDATE, partners=(partner,)))
    filed = notices_of(case.ledger)
    [notice] = filed.notices.drafts.values()
    assert [url.url for url in notice.urls] == [ELSEWHERE]
    by_person = partial(
        draft_into,
        case.ledger,
        replace(notice.addressee, asn=64500, name="Hosting 64500 Ltd"),
        name="C. Desk",
        notifier_email=None,
        now=case.clock.now(),
        dry_run=True,
    )
    with pytest.raises(InputError, match="proven no URL"):
        by_person()
    findings = filed.lint(by_person(urls=[EXACT]).notice, now=case.clock.now())
    assert "lawful-host" in {finding.rule for finding in findings}


PLAY = replace(MANDATE, partners=(Partner(name="P", hosts=("play.example",), channels=()),))


async def test_the_bare_address_of_a_partner_is_accused_in_no_notice(case: Case) -> None:
    await drafted(case, BARE, ELSEWHERE, mandate=PLAY)
    filed = notices_of(case.ledger)
    [notice] = filed.notices.drafts.values()
    assert [url.url for url in notice.urls] == [ELSEWHERE]
    by_person = draft_into(
        case.ledger,
        replace(notice.addressee, asn=64501, name="Hosting"),
        name="C. Desk",
        notifier_email=None,
        now=case.clock.now(),
        urls=[BARE],
        dry_run=True,
    )
    findings = filed.lint(by_person.notice, now=case.clock.now())
    assert "lawful-address" in {finding.rule for finding in findings}


async def test_the_bare_address_on_which_facts_know_a_popular_site_is_accused_in_no_notice(
    case: Case, monkeypatch: pytest.MonkeyPatch
) -> None:
    beside = CoHosted(address="192.0.2.9", name="popular.example", first_seen=NOW, last_seen=NOW)
    monkeypatch.setattr(
        World, "names_on", lambda self, address: (beside,) if address == beside.address else ()
    )
    monkeypatch.setattr(World, "registered_domain", lambda self, name: name)
    await drafted(case, BARE)
    assert not notices_of(case.ledger).notices.drafts
    (seen,) = [entry.content for entry in case.ledger.read(kinds=kinds_of(LawfulSeen))]
    assert isinstance(seen, LawfulSeen)
    assert (seen.host, seen.addresses, seen.source) == (
        "popular.example",
        ("192.0.2.9",),
        LawfulSource.PASSIVE_DNS,
    )


async def test_the_address_of_a_partner_on_which_no_stream_was_listed_is_blocked_on_no_list(
    case: Case,
) -> None:
    noticing, streams = await drafted(case, BARE, mandate=PLAY)
    mapper = noticing._mapper
    lawful = lawful_streams(streams, mapper, PLAY)
    assert lawful["play.example"] == ("192.0.2.9",)
    acts = candidates(
        {BARE: mapper.addresses("192.0.2.9")},
        facts=known_facts(None),
        at=case.clock.now(),
        lawful=lawful,
        answered={BARE: {"192.0.2.9"}},
    )
    (guard,) = [act.guard for act in acts if act.target == "192.0.2.9"]
    assert guard.decision is not Decision.ALLOW
    assert "lawful-content" in {reason.code for reason in guard.reasons}


async def test_media_are_gone_when_probes_no_longer_find_them_at_that_host(case: Case) -> None:
    noticing, _ = await drafted(case, EXACT, served=SEGMENTS)
    seen = {url: notices_of(case.ledger).notices.urls[url].gone_at for url in (EXACT, SEGMENTS[1])}
    assert seen == {EXACT: None, SEGMENTS[1]: None}
    for second in (20, 40):
        at = NOW + timedelta(seconds=second)
        probe = ProbeDone(url=EXACT, at=at, observation=Observation(at=at), failed=None)
        noticing._journal.write(probe)
    urls = notices_of(case.ledger).notices.urls
    assert (urls[EXACT].gone_at, urls[SEGMENTS[1]].gone_at) == (None, NOW + timedelta(seconds=20))
