"""Read the mandate's sources again and again: streams appear and vanish, pages tell of sellers."""

from __future__ import annotations

import asyncio
import io
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from cautery.catalogue import Listing, Resolution, Resolver
from cautery.errors import CauteryError, InputError, SourceError, StorageError
from cautery.model import Digest, ExhibitId, Limits, Offer, Source, digest_of, host_of
from cautery.model.ports import Fetcher
from cautery.watch import (
    PlaylistEntry,
    ReadWarning,
    api_url,
    entries_of,
    m3u,
    page,
    playlist_url,
    redacted_text,
    redacted_warning,
    xtream,
)
from cautery.workflows.watch.journal import Journal
from cautery.workflows.watch.streams import Stream

LIST = Limits(max_bytes=64_000_000, total_s=60.0)
PAGE = Limits(max_bytes=4_000_000, total_s=15.0)
CHUNK_BYTES = 1 << 20
SEALED_BYTES = 32_000_000
"""A list of 100,000 entries has some 20 MB."""
MAX_STREAMS = 50_000
"""A service offers up to 40,000 channels (ecosystem.md, section 8); one list may name so many."""
TOLD_WARNINGS = 20
RETRY_S = 5.0


@dataclass(slots=True)
class Seen:
    """What sources have told beside streams: storefront pages, and which panel lists what."""

    pages: dict[str, tuple[page.Page, ExhibitId, datetime]] = field(default_factory=dict)
    panels: dict[str, set[str]] = field(default_factory=dict)
    lists: dict[str, set[str]] = field(default_factory=dict)
    tls_ports: dict[str, int] = field(default_factory=dict)


class SourceReader:
    """Reads one case's sources, each on its own rhythm."""

    def __init__(
        self,
        resolver: Resolver,
        streams: dict[str, Stream],
        seen: Seen,
        *,
        fetcher: Fetcher,
        journal: Journal,
        restored: dict[str, Stream],
        on_page: Callable[[str], None],
    ) -> None:
        self._resolver = resolver
        self._streams = streams
        self._seen = seen
        self._fetcher = fetcher
        self._journal = journal
        self._restored = restored
        self._on_page = on_page
        self._last: dict[str, Digest] = {}

    async def follow(self, source: Source) -> None:
        """Read one source for ever; a failure is recorded and tried again."""
        while True:
            wait_s = source.revisit_s
            try:
                await self.read(source)
            except StorageError:
                raise
            except (CauteryError, OSError) as error:
                self._failed(source, error)
                wait_s = min(wait_s, RETRY_S)
            if source.is_file:
                return
            await asyncio.sleep(wait_s)

    async def read(self, source: Source) -> None:
        """Read one source once.

        Raises
        ------
        SourceError
            If it does not answer, or with nothing that its reader understands.
        """
        if source.kind == "stream":
            self._offered(source, [PlaylistEntry(url=source.location, title=None)])
        elif source.kind == "page":
            await self._read_page(source)
        elif source.kind == "xtream":
            await self._read_panel(source)
        else:
            await self._read_list(source)

    async def _read_list(self, source: Source) -> None:
        if source.is_file:
            path = Path(source.location)
            entries, warnings = await asyncio.to_thread(
                _gather, m3u.read_m3u(_chunks(path), base=None)
            )
            exhibit = await self._seal_file(path)
            self._listed(source, entries, warnings, exhibit=exhibit, status=None)
            return
        url = source.location
        if source.username is not None and source.password is not None and "?" not in url:
            url = playlist_url(url, username=source.username, password=source.password)
        answer = await self._fetcher.fetch(url, limits=LIST)
        if answer.status != 200:
            raise SourceError(f"{host_of(url)} answers {answer.status}")
        if self._unchanged(source, answer.body):
            return
        exhibit = self._journal.seal(
            answer.body,
            what="playlist",
            media_type="audio/x-mpegurl",
            at=answer.asked_at,
            url=url,
            confidential=True,
        )
        entries, warnings = await asyncio.to_thread(
            _gather, m3u.read_m3u([answer.body], base=answer.url)
        )
        self._listed(source, entries, warnings, exhibit=exhibit, status=answer.status)

    async def _seal_file(self, path: Path) -> ExhibitId | None:
        """Seal a list that the analyst has as a file, unless it is larger than any real one."""
        if path.stat().st_size > SEALED_BYTES:  # noqa: ASYNC240 - one stat of a local file
            return None
        return await self._journal.seal_aside(
            await asyncio.to_thread(path.read_bytes),
            what="playlist",
            media_type="audio/x-mpegurl",
            at=self._journal.now(),
            confidential=True,
        )

    async def _read_panel(self, source: Source) -> None:
        username, password = source.username, source.password
        if username is None or password is None:
            raise InputError(f"{source.location}: a panel is read with a recorded test purchase")
        ask = api_url(source.location, username=username, password=password)
        account = await self._fetcher.fetch(ask, limits=PAGE)
        if account.status != 200:
            raise SourceError(f"{host_of(ask)} answers {account.status}")
        said = xtream.read_account([account.body])
        if said.https_port is not None:
            self._seen.tls_ports[host_of(source.location)] = said.https_port
        entries: list[PlaylistEntry] = []
        warnings: list[ReadWarning] = []
        bodies = b""
        for kind, action in xtream.ACTIONS.items():
            if kind == "series":
                continue  # its episodes are listed by get_series_info alone
            url = api_url(source.location, username=username, password=password, action=action)
            answer = await self._fetcher.fetch(url, limits=LIST)
            if answer.status != 200:
                continue
            bodies += answer.body
            more, told = await asyncio.to_thread(
                _gather,
                entries_of(
                    xtream.read_streams([answer.body], kind=kind),
                    base=source.location,
                    username=username,
                    password=password,
                ),
            )
            entries += more
            warnings += told
        if self._unchanged(source, bodies):
            return
        exhibit = self._journal.seal(
            account.body + b"\n" + bodies,
            what="panel",
            media_type="application/json",
            at=account.asked_at,
            url=source.location,
            confidential=True,
        )
        self._listed(source, entries, warnings, exhibit=exhibit, status=account.status)

    async def _read_page(self, source: Source) -> None:
        answer = await self._fetcher.fetch(source.location, limits=PAGE)
        if answer.status != 200:
            raise SourceError(f"{host_of(source.location)} answers {answer.status}")
        if self._unchanged(source, answer.body):
            return
        exhibit = self._journal.seal(
            answer.body,
            what="page",
            media_type="text/html",
            at=answer.asked_at,
            url=answer.url,
            confidential=True,
        )
        facts = await asyncio.to_thread(page.read_page, [answer.body], base=answer.url)
        host = host_of(answer.url)
        self._seen.pages[host] = (facts, exhibit, answer.asked_at)
        self._record(source, entries=0, exhibit=exhibit, status=answer.status)
        self._on_page(host)

    def _unchanged(self, source: Source, body: bytes) -> bool:
        now = digest_of(body)
        same = self._last.get(source.location) == now
        self._last[source.location] = now
        return same

    def _listed(
        self,
        source: Source,
        entries: list[PlaylistEntry],
        warnings: list[ReadWarning],
        *,
        exhibit: ExhibitId | None,
        status: int | None,
    ) -> None:
        table = self._table(entries, source) if entries else None
        self._record(
            source,
            entries=len(entries),
            exhibit=exhibit,
            status=status,
            table=table,
            warnings=warnings,
        )
        self._offered(source, entries)

    def _table(self, entries: list[PlaylistEntry], source: Source) -> ExhibitId:
        """Keep what the list said as one Parquet table, credentials redacted."""
        import polars as pl  # noqa: PLC0415 - heavy: 0.45 s of CPU, only where a list is read

        frame = pl.DataFrame(
            {
                "url": [self._journal.redact(one.url).text for one in entries],
                "title": [self._title(one) for one in entries],
                "line": [one.line for one in entries],
            },
            schema={"url": pl.String, "title": pl.String, "line": pl.Int64},
        )
        out = io.BytesIO()
        frame.write_parquet(out)
        return self._journal.seal(
            out.getvalue(),
            what="table",
            media_type="application/vnd.apache.parquet",
            at=self._journal.now(),
            url=source.location if not source.is_file else None,
        )

    def _record(
        self,
        source: Source,
        *,
        entries: int,
        exhibit: ExhibitId | None,
        status: int | None,
        table: ExhibitId | None = None,
        warnings: Iterable[ReadWarning] = (),
        failed: str | None = None,
    ) -> None:
        told = list(warnings)
        self._journal.write(
            "source.read",
            {
                "source": self._shown(source),
                "kind": source.kind,
                "access": source.access,
                "receipt": source.receipt,
                "at": self._journal.now(),
                "status": status,
                "entries": entries,
                "table": table,
                "exhibit": exhibit,
                "warnings": [
                    redacted_warning(one, self._journal.key) for one in told[:TOLD_WARNINGS]
                ],
                "warnings_total": sum(one.count for one in told),
                "failed": failed,
            },
        )

    def _failed(self, source: Source, error: Exception) -> None:
        self._last.pop(source.location, None)
        self._record(
            source,
            entries=0,
            exhibit=None,
            status=None,
            failed=redacted_text(f"{type(error).__name__}: {error}", self._journal.key)[:500],
        )

    def _offered(self, source: Source, entries: list[PlaylistEntry]) -> None:
        """Compare what the source offers now with what it offered before."""
        shown = self._shown(source)
        now = self._journal.now()
        before = self._seen.lists.get(shown, set())
        offered: set[str] = set()
        new: dict[str, PlaylistEntry] = {}
        for entry in entries[:MAX_STREAMS]:
            if not entry.url.startswith(("http://", "https://")):
                continue
            key = self._journal.redact(entry.url).text
            offered.add(key)
            known = self._streams.get(key)
            if known is not None:
                known.live = True
            else:
                new.setdefault(key, entry)
        self._appear(new, shown, now)
        self._seen.lists[shown] = offered
        if source.kind == "xtream":
            self._seen.panels[host_of(source.location)] = offered
        elsewhere = set().union(*(each for name, each in self._seen.lists.items() if name != shown))
        for key in sorted(before - offered - elsewhere):
            self._streams[key].live = False
            self._journal.write("stream.vanished", {"url": key, "source": shown, "at": now})

    def _appear(self, new: dict[str, PlaylistEntry], source: str, now: datetime) -> None:
        """Take up streams; those that no earlier run knew are resolved together."""
        unknown: list[tuple[str, PlaylistEntry, str | None]] = []
        for key, entry in new.items():
            earlier = self._restored.pop(key, None)
            if earlier is None:
                unknown.append((key, entry, self._title(entry)))
            else:
                earlier.url = entry.url
                earlier.live = True
                self._streams[key] = earlier
        listings = [
            Listing(title=title or "", group=entry.attribute("group-title"))
            for _, entry, title in unknown
        ]
        for (key, entry, title), found in zip(
            unknown, self._resolver.resolve_all(listings), strict=True
        ):
            offer = self._offer(entry, title, found)
            self._streams[key] = Stream(
                url=entry.url,
                key=key,
                host=host_of(entry.url),
                title=title,
                source=source,
                first_seen=now,
                offer=offer,
            )
            self._journal.write(
                "stream.appeared",
                {
                    "url": key,
                    "title": title,
                    "source": source,
                    "host": self._streams[key].host,
                    "at": now,
                    "offer": offer,
                },
            )

    def _title(self, entry: PlaylistEntry) -> str | None:
        """Return the title as it may be recorded: a URL in it may carry a line's credentials."""
        return redacted_text(entry.title, self._journal.key) if entry.title else entry.title

    def _offer(self, entry: PlaylistEntry, title: str | None, found: Resolution) -> Offer | None:
        if not title:
            return None
        return Offer(
            url=self._journal.redact(entry.url),
            title=title,
            right=found.right,
            probability=found.probability,
            why=found.why,
        )

    def _shown(self, source: Source) -> str:
        return (
            Path(source.location).name
            if source.is_file
            else self._journal.redact(source.location).text
        )


def _chunks(path: Path) -> Iterator[bytes]:
    with path.open("rb") as file:
        while chunk := file.read(CHUNK_BYTES):
            yield chunk


def _gather(
    found: Iterator[PlaylistEntry | ReadWarning],
) -> tuple[list[PlaylistEntry], list[ReadWarning]]:
    entries: list[PlaylistEntry] = []
    warnings: list[ReadWarning] = []
    for one in found:
        if isinstance(one, ReadWarning):
            warnings.append(one)
        elif len(entries) < MAX_STREAMS:
            entries.append(one)
        else:
            warnings.append(ReadWarning(line=one.line, why=f"more than {MAX_STREAMS} entries"))
            break
    return entries, warnings
