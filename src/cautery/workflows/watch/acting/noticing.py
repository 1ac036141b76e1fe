"""Draft notices to the hosts of proven streams that no access provider can block; send nothing."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping

from cautery.act import Host, UrlInCase, draft_notice, lint_notice
from cautery.act.lint_notice import MISSING_AT_FIRST, NoticeBasis
from cautery.act.notice import MOST_URLS, WATCH, on_media
from cautery.errors import InputError
from cautery.model import Addressee, AddresseeKind, Event, Mandate, Notice, Place, Verdict, host_of
from cautery.workflows.case.journal import Journal
from cautery.workflows.watch.mapping.mapper import Mapper
from cautery.workflows.watch.streams import Stream

_USUAL = AddresseeKind.HOSTING
"""What a host is taken for where facts do not say: most of those that are looked up are that."""
_Whom = tuple[int, str, AddresseeKind, str]
"""Network, its operator and what it is, and an event."""


class Noticing:
    """Every URL that is on a notice of a case, and the notices of what is on none yet."""

    def __init__(
        self, mandate: Mandate, streams: Mapping[str, Stream], mapper: Mapper, *, journal: Journal
    ) -> None:
        self._mandate = mandate
        self._streams = streams
        self._mapper = mapper
        self._journal = journal
        self._by_url: dict[str, str] = {}
        self._media: dict[tuple[str, str], str] = {}
        """By stream and host, the notice to who hosts its media there."""
        self._hidden: set[str] = set()

    def restore(self, notices: Iterable[Notice]) -> None:
        """Take up what was drafted in earlier runs of this case, or by people."""
        for notice in notices:
            self._by_url |= dict.fromkeys((url.url for url in notice.urls), notice.id)

    def draft(self, urls: Iterable[str]) -> None:
        """Draft a notice to each host of URLs that are on none, by network and event."""
        fresh: defaultdict[_Whom, list[UrlInCase]] = defaultdict(list)
        media: defaultdict[str, list[tuple[str, str]]] = defaultdict(list)
        for verdict in self._verdicts(urls, media):
            url, host = verdict.url.text, verdict.url.host
            place = self._mapper.place(host)
            if url in self._by_url or place.asn is None or place.operator is None:
                continue
            kind = self._mapper.addressee_kind(host)
            known = UrlInCase.of(url, verdict, place, kind=kind)
            if known.proven:
                whom = (place.asn, place.operator, kind or _USUAL, verdict.event or "")
                fresh[whom].append(known)
        for (asn, operator, kind, event), known_urls in sorted(fresh.items()):
            addressee = Addressee(kind=kind, name=operator, asn=asn)
            for begin in range(0, len(known_urls), MOST_URLS):
                part = known_urls[begin : begin + MOST_URLS]
                self._draft(part, addressee, self._event(event))
        for url, streams in media.items():
            if url in self._by_url:
                self._media |= dict.fromkeys(streams, self._by_url[url])

    def _verdicts(
        self, urls: Iterable[str], media: defaultdict[str, list[tuple[str, str]]]
    ) -> Iterator[Verdict]:
        """Yield the verdict on each stream, and on its media where these lie at another host.

        Of a live stream each new verdict names another segment: who hosts them gets one notice.
        Who runs an open redirect gets none: it hosts nothing.

        Parameters
        ----------
        media : dict
            Where the URL of media is noted, with each of its streams and its host.
        """
        for url in urls:
            stream = self._streams[url]
            verdict = stream.verdict
            if verdict is None:
                continue
            if not stream.open_redirect and not self._mandate.is_lawful(stream.host):
                yield verdict
            apart = on_media(verdict)
            # A pirate's playlist may lead to a feed of ours, or of a partner.
            if apart is None or self._mandate.is_lawful(apart.url.host):
                continue
            if (url, apart.url.host) not in self._media:
                text = apart.url.text
                if text not in media and text not in self._streams:
                    yield apart
                media[text].append((url, apart.url.host))

    def media(self, stream: Stream) -> Mapping[str, str]:
        """Return by whom a stream's media are hosted apart, in words, with the notice to them."""
        return {
            _words(self._mapper.place(host)): notice
            for (key, host), notice in self._media.items()
            if key == stream.key
        }

    def host(self, stream: Stream) -> Host:
        """Return who operates a stream's address, and the notice that names it."""
        return Host(
            words=_words(self._mapper.place(stream.host)),
            notice=self._by_url.get(stream.key),
            hidden=stream.key in self._hidden,
            cdn=self._mapper.addressee_kind(stream.host) is AddresseeKind.CDN,
            sends_on=stream.open_redirect,
        )

    def _event(self, id: str) -> Event | None:
        return next((event for event in self._mandate.events if event.id == id), None)

    def _draft(self, known: list[UrlInCase], host: Addressee, event: Event | None) -> None:
        """Draft one notice of all URLs with which nothing is wrong but what a person has to add."""
        now = self._journal.now()

        def drafted(urls: Iterable[UrlInCase]) -> Notice:
            return draft_notice(
                urls,
                addressee=host,
                mandate=self._mandate,
                event=event,
                at=now,
                drafted_by=WATCH,
            )

        basis = NoticeBasis(
            mandate=self._mandate,
            known={url.url: url for url in known},
            exhibits=frozenset(exhibit for url in known for exhibit in url.exhibits),
            lawful_at=self._mapper.lawful_at(host_of(url.url) for url in known),
        )
        findings = [
            finding
            for finding in lint_notice(drafted(known), basis, now=now)
            if finding.rule not in MISSING_AT_FIRST
        ]
        wrong = {finding.url for finding in findings}
        self._hidden |= {
            str(finding.url)
            for finding in findings
            if finding.rule in ("url-hidden", "url-personal")
        }
        good = [url for url in known if url.url not in wrong]
        if None in wrong or not good:
            return
        try:
            notice = drafted(good)
            self._journal.write(notice)
        except InputError as error:
            self._journal.fail("notice", host.name, error)
            return
        self.restore((notice,))


def _words(place: Place) -> str:
    if place.asn is None or place.operator is None:
        return ""
    return f"AS {place.asn}, {place.operator}"
