"""One reading of one source, from one vantage: ask, seal, understand."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from cautery.errors import InputError, SourceError
from cautery.formats import api_url, guide_url, playlist_url, xtream
from cautery.model import (
    Digest,
    ExhibitId,
    Limits,
    Location,
    Response,
    Source,
    Validator,
    Vantage,
    Window,
    digest_of,
    host_of,
    revealed,
)
from cautery.model.ports import Fetcher, Readers
from cautery.workflows.case.journal import Journal
from cautery.workflows.watch.sources.answers import Said
from cautery.workflows.watch.sources.jobs import screened_apart
from cautery.workflows.watch.sources.portals import Portals, listing
from cautery.workflows.watch.sources.screening import Screened
from cautery.workflows.watch.sources.understanding import Asked

LIST = Limits(max_bytes=64_000_000, total_s=60.0)
PAGE = Limits(max_bytes=4_000_000, total_s=15.0)
SEVERAL = frozenset(("xtream", "stalker"))
"""Kinds that take several questions: one unchanged answer says nothing of the others."""
WHAT = {
    "m3u": "playlist",
    "xtream": "panel",
    "stalker": "portal",
    "xmltv": "guide",
    "page": "page",
}
"""How an exhibit's record names what a source of a kind gives."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """What one reading of a source gave.

    Parameters
    ----------
    says : Screened or None
        ``None``: nothing has changed, says the server, or its answers are those of last time.
    exhibits : tuple of str
        The sealed transactions, then what holds payloads that they refer to.
    """

    at: datetime
    status: int
    url: str
    says: Screened | None
    digest: Digest | None
    exhibits: tuple[ExhibitId, ...]


class Asker:
    """Asks sources; remembers by what each would say that nothing has changed.

    Parameters
    ----------
    within : Window
        Of a guide only what touches it is kept.
    """

    def __init__(
        self, fetcher: Fetcher, journal: Journal, within: Window, *, readers: Readers
    ) -> None:
        self._fetcher = fetcher
        self._journal = journal
        self._within = within
        self.portals = Portals(fetcher, journal, readers)
        self._validators: dict[tuple[Location, str | None], Validator] = {}
        self._digests: dict[tuple[Location, str | None], Digest] = {}
        self._sealed: dict[tuple[Location, str | None], tuple[ExhibitId, ...]] = {}
        self._readers = readers

    async def ask(self, source: Source, vantage: Vantage | None = None) -> Told:
        """Ask a source, seal every transaction, and read what it says.

        Raises
        ------
        SourceError
            If it does not answer, or with nothing that its reader understands.
        """
        key = (source.location, None if vantage is None else vantage.name)
        self._sealed.pop(key, None)
        answers = [answer async for answer in self._answers(source, vantage)]
        exhibits = await self._journal.seal_answers(
            answers, what=WHAT[source.kind], confidential=True
        )
        self._sealed[key] = exhibits
        first = answers[0]
        digest, says = None, None
        if first.status not in (200, 304):
            raise SourceError(f"{host_of(first.url)} answers {first.status}")
        if first.status == 200:
            digest = digest_of(b"\n".join(answer.body or b"" for answer in steady(source, answers)))
        if digest is not None and self._digests.get(key) != digest:
            says = await self.understood(source, answers)
            # Only what was understood may be told to be unchanged the next time.
            self.known(source, answers, digest, vantage)
        return Told(
            at=first.asked_at,
            status=first.status,
            url=first.url,
            says=says,
            digest=digest,
            exhibits=exhibits,
        )

    async def understood(self, source: Source, answers: Sequence[Said]) -> Screened:
        """Return what the answers of a source say, screened, fresh or out of an archive.

        Raises
        ------
        SourceError
            If its reader understands nothing, or it takes longer than such an answer may.
        """
        return await screened_apart(
            Asked.of(source),
            answers,
            self._within,
            readers=self._readers,
            pseudonyms=self._journal.pseudonyms,
        )

    def known(
        self,
        source: Source,
        answers: Sequence[Said],
        digest: Digest,
        vantage: Vantage | None = None,
    ) -> None:
        """Take note of what a source said last, also in an earlier run."""
        key = (source.location, None if vantage is None else vantage.name)
        self._digests[key] = digest
        self._validators.pop(key, None)
        etag, date = answers[0].header("ETag"), answers[0].header("Last-Modified")
        if (etag or date) and source.kind not in SEVERAL:
            self._validators[key] = Validator(url=answers[0].url, etag=etag, last_modified=date)

    def sealed(self, source: Source, vantage: Vantage | None = None) -> tuple[ExhibitId, ...]:
        """Return what was sealed of the latest asking, also of one whose answer was no use."""
        return self._sealed.get((source.location, None if vantage is None else vantage.name), ())

    def forget(self, source: Source, vantage: Vantage | None = None) -> None:
        """Forget what a source said: after a failure it is read whole."""
        key = (source.location, None if vantage is None else vantage.name)
        self._digests.pop(key, None)
        self._validators.pop(key, None)

    async def _answers(self, source: Source, vantage: Vantage | None) -> AsyncIterator[Response]:
        if source.kind == "stalker":
            async for response in self.portals.answers(source, vantage):
                yield response
            return
        key = (source.location, None if vantage is None else vantage.name)
        for place, (url, limits) in enumerate(asks_of(source)):
            answer = await self._fetcher.fetch(
                url,
                limits=limits,
                proxy=None if vantage is None else vantage.proxy.reveal(),
                vantage=None if vantage is None else vantage.name,
                tunnel=vantage is not None,
                unless=self._validators.get(key),
            )
            if place == 0 or answer.status == 200:
                yield answer
            if place == 0 and answer.status != 200:
                return


def asks_of(source: Source) -> Iterator[tuple[str, Limits]]:
    """Yield what is asked of a source, with the most that each answer may take.

    Raises
    ------
    InputError
        If it is a panel without the line of a test purchase.
    """
    url = source.location.reveal()
    username, password = revealed(source.username), revealed(source.password)
    if source.kind == "page":
        yield url, PAGE
    elif source.kind != "xtream":
        if username is not None and password is not None and "?" not in url:
            of_line = guide_url if source.kind == "xmltv" else playlist_url
            url = of_line(url, username=username, password=password)
        yield url, LIST
    elif username is None or password is None:
        raise InputError(
            f"{source.location}: a panel may only be read with a recorded test purchase"
        )
    else:
        yield api_url(url, username=username, password=password), PAGE
        for kind, action in xtream.ACTIONS.items():
            if kind != "series":  # its episodes are listed by get_series_info alone
                yield (
                    api_url(url, username=username, password=password, action=action),
                    LIST,
                )


def steady(source: Source, answers: Sequence[Said]) -> Sequence[Said]:
    """Return the answers that are the same while nothing has changed.

    What a panel says of the line has its own clock in it, and each session its own token.
    """
    if source.kind == "stalker":
        return listing(answers) or answers
    return answers[1:] or answers if source.kind == "xtream" else answers
