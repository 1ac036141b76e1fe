"""What a look leads to becomes streams of their own: places that questions name, and media."""

from __future__ import annotations

from collections import Counter

from cautery.act.notice import on_media
from cautery.model import Mandate, Verdict, host_of
from cautery.workflows.case.journal import Journal
from cautery.workflows.watch.probing.serving import Serving
from cautery.workflows.watch.streams import Stream

MOST_PLAIN = 8
"""URLs of one host that are asked for without a name in their question; a list may hold thousands
of the same, and one that shows the same is enough."""


MOST_LED = 8
"""Streams that one listed stream leads to, and those lead to: each name of a wildcard can lead to
another name, for ever. Ways that were seen have three places."""


class Leads:
    """Takes up what a watch is led to, so that each is claimed by probes of its own."""

    def __init__(self, mandate: Mandate, streams: dict[str, Stream], journal: Journal) -> None:
        self._mandate = mandate
        self._streams = streams
        self._journal = journal
        self._plain: dict[str, int] = {}
        self._origins: dict[str, str] = {}
        """By the key of a stream that was led to, that of the listed one at the beginning."""
        self._led = Counter[str]()

    def follow(self, stream: Stream, serving: Serving, *, proven: bool) -> None:
        """Watch the places that a question names, once for each host, since the act is there.

        What is proven is asked for without the names, too: a service must not stay up because it
        writes another's name into its addresses.
        """
        if serving.led_to is not None:
            self._take_up(serving.led_to, stream)
        if not proven:
            return
        for url in serving.named:
            self._take_up(url, stream)
        count = self._plain.get(stream.host, 0)
        if serving.plain is not None and count < MOST_PLAIN:
            key = self._journal.redact(serving.plain).text
            if key not in self._streams and not self._mandate.is_lawful(host_of(serving.plain)):
                self._plain[stream.host] = count + 1
                self._stream_at(serving.plain, stream)

    def media(self, verdict: Verdict, media: str, stream: Stream) -> tuple[Stream, Verdict] | None:
        """Return the stream and the verdict on it where all media of a stream came from.

        ``None``: they came from several hosts, from a lawful one, or it is proven already.
        """
        claimed = on_media(verdict)
        if claimed is None or not media or self._mandate.is_lawful(claimed.url.host):
            return None
        at_host = [
            known_stream
            for known_stream in self._streams.values()
            if known_stream.host == claimed.url.host
        ]
        if any(known_stream.proven for known_stream in at_host):
            return None
        return self._streams.get(claimed.url.text) or self._stream_at(media, stream), claimed

    def _take_up(self, url: str, stream: Stream) -> None:
        host = host_of(url)
        if self._led[self._origin(stream)] >= MOST_LED:
            return
        if not any(known_stream.host == host for known_stream in self._streams.values()):
            self._stream_at(url, stream)

    def _origin(self, stream: Stream) -> str:
        return self._origins.get(stream.key, stream.key)

    def _stream_at(self, url: str, source: Stream) -> Stream:
        """Add a stream to which another one led."""
        key = self._journal.redact(url).text
        self._origins[key] = self._origin(source)
        self._led[self._origin(source)] += 1
        added = self._streams[key] = Stream(
            url=url,
            key=key,
            host=host_of(url),
            title=source.title,
            source=source.key,
            first_seen=self._journal.now(),
            offer=source.offer,
        )
        return added
