"""Read the mandate's sources again and again, each on its own rhythm, from here and elsewhere."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from itertools import count
from pathlib import Path

from cautery.catalogue import Resolver
from cautery.errors import CauteryError, EvidenceError, SourceError, StorageError
from cautery.evidence.warc import read_warc
from cautery.formats import Page, ReadWarning
from cautery.formats.diff import Listed
from cautery.messages import message
from cautery.model import ExhibitId, Mandate, Source, Vantage, host_of
from cautery.model.host_names import of_one_domain
from cautery.model.message import Message
from cautery.model.ports import Fetcher, Readers
from cautery.model.records import QuotedWarning, SourceRead, SourceRevisited, SourceRhythm
from cautery.projections import Reading
from cautery.workflows.case import tables
from cautery.workflows.case.journal import Journal
from cautery.workflows.watch.failing import failed_with
from cautery.workflows.watch.seen import Seen
from cautery.workflows.watch.sources.asking import (
    LIST,
    SEVERAL,
    WHAT,
    Asker,
    Told,
)
from cautery.workflows.watch.sources.guides import Guides, listed_in
from cautery.workflows.watch.sources.offered import Offered, listed_of
from cautery.workflows.watch.sources.purchases import NoLineYetError
from cautery.workflows.watch.sources.schedule import Schedule
from cautery.workflows.watch.sources.screening import ListedStream, Screened, stream_at
from cautery.workflows.watch.sources.views import Views
from cautery.workflows.watch.streams import Stream

SEALED_BYTES = 32_000_000
"""A list of 100,000 entries has some 20 MB."""
TOLD_WARNINGS = 20
UNTIL_BOUGHT_S = 10.0


class SourceReader:
    """Reads one case's sources.

    Parameters
    ----------
    mandate : Mandate
        Whose vantages sources may ask for, and while whose events they are read more often.
    with_line : callable
        Gives a source the line that was bought for it, if that is on record.
    earlier : mapping of str to Reading
        By redacted location: what an earlier run of this case read last, and when it is due.
    """

    def __init__(
        self,
        mandate: Mandate,
        resolver: Resolver,
        streams: dict[str, Stream],
        seen: Seen,
        *,
        fetcher: Fetcher,
        readers: Readers,
        journal: Journal,
        restored: dict[str, Stream],
        on_page: Callable[[str], None],
        with_line: Callable[[Source], Source] = lambda source: source,
        earlier: Mapping[str, Reading] | None = None,
    ) -> None:
        self._sightings = seen
        self._journal = journal
        self._on_page = on_page
        self._vantages = {vantage.name: vantage for vantage in mandate.vantages}
        self._with_line = with_line
        self._earlier = earlier or {}
        self._asker = Asker(fetcher, journal, mandate.window, readers=readers)
        self._offered = Offered(resolver, streams, seen.lists, journal=journal, restored=restored)
        self._guides = Guides(mandate, journal)
        self._views = Views(journal, self._listed)
        self._schedule = Schedule(journal.now, mandate.on_air_from)
        self.playable = self._asker.portals.playable

    async def follow(self, source: Source) -> None:
        """Read one source for ever; a failure is recorded and tried again."""
        resumed = False
        while True:
            try:
                if not resumed:
                    resumed = True
                    await self._resume(await self._when_bought(source))
                await self._schedule.until_due(source)
                await self.read(source)
            except StorageError:
                raise
            except Exception as error:  # noqa: BLE001 - what a source says costs that source alone
                self._failed(source, error)
            if source.is_file or source.kind == "stream":
                return

    async def _when_bought(self, source: Source) -> Source:
        """Return a source with its line, once the purchase is on record: it may be made today."""
        for times in count():
            try:
                return self._with_line(source)
            except NoLineYetError as error:
                if times == 0:
                    self._failed(source, error)
                await asyncio.sleep(UNTIL_BOUGHT_S)
                self._schedule.now(source)
            except SourceError:
                break  # told when it is read
        return source

    async def read(self, source: Source) -> None:
        """Read one source once, from here and from each of its vantages.

        Raises
        ------
        SourceError
            If it does not answer from here, or with nothing that its reader understands.
        """
        if source.kind == "stream":
            await self._offer(
                source, (stream_at(source.location.reveal(), self._journal.pseudonyms),)
            )
        elif source.is_file:
            await self._read_file(source)
        elif not source.vantages:
            source = self._with_line(source)
            await self._take(source, await self._ask(source, None))
        else:
            await self._read_everywhere(self._with_line(source))

    async def _read_everywhere(self, source: Source) -> None:
        place = self._shown(source)
        latest: Told | None = None
        problem: CauteryError | None = None
        for name in (None, *source.vantages):
            vantage = None if name is None else self._vantages[name]
            try:
                answer = await self._ask(source, vantage)
            except SourceError as error:
                self._views.failed(place, vantage, self._journal.message(error)[:300])
                self._asker.forget(source, vantage)
                if vantage is None:
                    problem = error
                else:
                    self._record(
                        source,
                        vantage=vantage,
                        exhibits=self._asker.sealed(source, vantage),
                        failed=failed_with(error, self._journal),
                    )
            else:
                self._views.told(place, vantage, answer)
                latest = latest or (answer if answer.says is not None else None)
            if vantage is not None:
                self._views.compare(place, vantage)
        if latest is not None and latest.says is not None:
            await self._take(source, latest)
            if latest.says.page is None and latest.says.guide is None:
                await self._offer(source, self._views.streams(place, source.vantages))
        if problem is not None:
            raise problem

    async def _ask(self, source: Source, vantage: Vantage | None) -> Told:
        """Ask the source, and record its answer."""
        answer = await self._asker.ask(source, vantage)
        if vantage is None:
            self._schedule.visited(source, changed=answer.says is not None)
        if answer.says is None:
            self._journal.write(
                SourceRevisited(
                    source=self._shown(source),
                    kind=source.kind,
                    vantage=_name(vantage),
                    at=answer.at,
                    status=answer.status,
                    exhibit=answer.exhibits[0],
                    rests_on=answer.exhibits[1:],
                    rhythm=self._rhythm(source, vantage),
                )
            )
            return answer
        listed = self._listed(answer.says)
        self._record(
            source,
            vantage=vantage,
            answer=answer,
            entries=len(listed),
            table=await self._table_aside(source, listed, answer.says.streams),
            warnings=answer.says.warnings,
        )
        return answer

    def _listed(self, says: Screened) -> list[Listed]:
        return listed_of(says.streams) if says.guide is None else listed_in(says.guide)

    async def _take(self, source: Source, answer: Told, *, quiet: bool = False) -> None:
        """Work with what a source says; ``quiet``: it was said in an earlier run."""
        says = answer.says
        if says is None:
            return
        if says.https_port is not None:
            self._sightings.told_tls(source.location.reveal(), says.https_port)
        if says.page is not None:
            self._take_page(source, says.page, answer)
        elif says.guide is not None:
            await self._guides.take(self._shown(source), says.guide, quiet=quiet)
        elif not source.vantages or quiet:
            await self._offer(source, says.streams, quiet=quiet)

    def _take_page(self, source: Source, page: Page, answer: Told) -> None:
        """Take a page up as that of the host that the mandate names.

        A shop may send whoever asks on to anybody: what another site shows says nothing of it.
        """
        host, answered = host_of(source.location.reveal()), host_of(answer.url)
        if not of_one_domain(host, answered):
            leads = SourceError(f"it leads to {answered}: nothing of that page is taken as its own")
            self._journal.fail("page", self._shown(source), leads)
            return
        self._sightings.pages[host] = (page, answer.exhibits[0], answer.at)
        self._on_page(host)

    async def _offer(
        self, source: Source, streams: tuple[ListedStream, ...], *, quiet: bool = False
    ) -> None:
        place = self._shown(source)
        await self._offered.take(place, streams, quiet=quiet)
        if source.kind in SEVERAL:
            self._sightings.panels[host_of(source.location.reveal())] = self._sightings.lists[place]

    async def _read_file(self, source: Source) -> None:
        path = Path(source.location.reveal())
        answer = await asyncio.to_thread(_FileAnswer.of, path)
        says = await self._asker.understood(source, [answer])
        streams, warnings = says.streams, [*says.warnings, *answer.warnings]
        exhibit = await self._seal_file(path)
        table = await self._table_aside(source, listed_of(streams), streams)
        self._record(
            source,
            entries=len(streams),
            exhibits=() if exhibit is None else (exhibit,),
            table=table,
            warnings=warnings,
        )
        await self._offer(source, streams)

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

    # -- what an earlier run of the case read -----------------------------------------------

    async def _resume(self, source: Source) -> None:
        """Go on where an earlier run was: its streams come to life out of the sealed archive."""
        earlier = self._earlier.get(self._shown(source))
        if earlier is None or source.is_file or source.kind == "stream":
            return
        self._schedule.resume(source, earlier.visits)
        try:
            await self._recall(source, earlier)
        except StorageError:
            raise
        except Exception as error:  # noqa: BLE001 - an answer may cost its source, never the watch
            self._schedule.now(source)  # its key is gone, or it was read in another way: ask again
            if not isinstance(error, EvidenceError | SourceError):
                self._failed(source, error)
        else:
            self._schedule.due_at(source, earlier.due)

    async def _recall(self, source: Source, earlier: Reading) -> None:
        if earlier.table is not None:
            rows = await asyncio.to_thread(
                tables.rows_of, self._journal.stored(earlier.table), "url", "title"
            )
            listed = [Listed(str(url), title) for url, title in rows]
            (self._guides if source.kind == "xmltv" else self._offered).recall(
                self._shown(source), listed
            )
        if earlier.exhibit is None or earlier.digest is None:
            raise EvidenceError("the source has not been read yet")
        sealed = self._journal.unseal(earlier.exhibit, url=source.location, what=WHAT[source.kind])
        answers = [exchange for exchange in read_warc(sealed) if exchange.status == 200]
        # A revisit record holds no payload: the source is asked again rather than followed
        # through archives.
        if not answers or any(answer.body is None for answer in answers):
            raise EvidenceError("the archive refers to another archive")
        says = await self._asker.understood(source, answers)
        answer = Told(
            at=min(earlier.at, self._journal.now()),  # a stranger's record may date it ahead
            status=200,
            url=answers[0].url,
            says=says,
            digest=earlier.digest,
            exhibits=(earlier.exhibit,),
        )
        self._asker.known(source, answers, earlier.digest)
        self._asker.portals.know(source)
        await self._take(source, answer, quiet=True)
        if source.vantages:
            self._views.told(self._shown(source), None, answer)

    # -- records ----------------------------------------------------------------------------

    async def _table_aside(
        self, source: Source, listed: list[Listed], streams: tuple[ListedStream, ...]
    ) -> ExhibitId | None:
        """Keep what the list said, on a thread: what it says of itself may be megabytes."""
        if not listed:
            return None
        return await asyncio.to_thread(self._table, source, listed, streams)

    def _table(
        self, source: Source, listed: list[Listed], streams: tuple[ListedStream, ...]
    ) -> ExhibitId:
        """Keep what the list said as one Parquet table, credentials redacted."""
        return self._journal.seal(
            tables.parquet(
                {
                    "url": [entry.place for entry in listed],
                    "title": [entry.title for entry in listed],
                    "line": [stream.line for stream in streams] or [0] * len(listed),
                    "guide": [stream.guide for stream in streams] or [None] * len(listed),
                },
                ints="line",
                scrubbed=self._journal.scrubbed,
            ),
            what="table",
            media_type=tables.MEDIA_TYPE,
            at=self._journal.now(),
            url=source.location if not source.is_file else None,
        )

    def _record(
        self,
        source: Source,
        *,
        vantage: Vantage | None = None,
        answer: Told | None = None,
        entries: int = 0,
        exhibits: tuple[ExhibitId, ...] = (),
        table: ExhibitId | None = None,
        warnings: Iterable[ReadWarning] = (),
        failed: Message | None = None,
    ) -> None:
        warned = list(warnings)
        exhibits = exhibits if answer is None else answer.exhibits
        self._journal.write(
            SourceRead(
                source=self._shown(source),
                kind=source.kind,
                access=source.access,
                receipt=source.receipt,
                purchase=source.purchase,
                vantage=_name(vantage),
                at=self._journal.now() if answer is None else answer.at,
                status=None if answer is None else answer.status,
                entries=entries,
                table=table,
                exhibit=exhibits[0] if exhibits else None,
                rests_on=exhibits[1:],
                digest=None if answer is None else answer.digest,
                rhythm=self._rhythm(source, vantage),
                warnings=tuple(map(self._quoted, warned[:TOLD_WARNINGS])),
                warnings_total=sum(warning.count for warning in warned),
                failed=failed,
            )
        )

    def _quoted(self, warning: ReadWarning) -> QuotedWarning:
        return QuotedWarning(
            line=warning.line,
            why=warning.why,
            quoted=warning.quoted,
            count=warning.count,
        )

    def _rhythm(self, source: Source, vantage: Vantage | None) -> SourceRhythm | None:
        """Return when a source is due: said where it is read from here, which sets it."""
        return self._schedule.of(source) if vantage is None else None

    def _failed(self, source: Source, error: Exception) -> None:
        self._asker.forget(source)
        self._schedule.failed(source)
        self._record(
            source,
            exhibits=self._asker.sealed(source),
            failed=failed_with(error, self._journal),
        )

    def _shown(self, source: Source) -> str:
        return source.location.shown(self._journal.pseudonyms)


def _name(vantage: Vantage | None) -> str | None:
    return None if vantage is None else vantage.name


@dataclass(frozen=True, slots=True)
class _FileAnswer:
    """A list that the analyst has as a file, as if a server had given it; it has no address."""

    body: bytes
    warnings: tuple[ReadWarning, ...]
    url: str = ""
    status: int = 200

    @classmethod
    def of(cls, path: Path) -> _FileAnswer:
        with path.open("rb") as file:
            body = file.read(LIST.max_bytes + 1)
        if len(body) <= LIST.max_bytes:
            return cls(body, ())
        why = message("unread.beginning-alone", most_bytes=LIST.max_bytes)
        return cls(body[: LIST.max_bytes], (ReadWarning(line=0, why=why),))

    def header(self, _: str) -> str | None:
        return None
