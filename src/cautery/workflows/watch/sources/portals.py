"""Stalker-style portals: a session by the line of a test purchase, what it lists, links to play."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from typing import TYPE_CHECKING
from urllib.parse import parse_qsl, urlsplit

from cautery.errors import InputError, SourceError
from cautery.formats import (
    PlaylistEntry,
    PortalGenre,
    PortalItem,
    PortalSession,
    ReadWarning,
    asks_for_link,
    entries_of_portal,
    portal_endpoint,
    portal_headers,
    portal_url,
    read_pages,
    read_stalker,
    read_token,
)
from cautery.formats.jobs import link_in, pages_in, token_in
from cautery.messages import message
from cautery.model import ExhibitId, Limits, Location, Response, Source, Vantage, host_of, revealed
from cautery.model.ports import Fetcher, Readers
from cautery.workflows.watch.sources.answers import Said

if TYPE_CHECKING:  # the processes that read load this module, and keep no journal
    from cautery.workflows.case.journal import Journal

ANSWER = Limits(max_bytes=4_000_000, total_s=15.0)
LIST = Limits(max_bytes=64_000_000, total_s=60.0)
FILM_PAGES = 20
"""Portals list films by 14 a page: the newest of them are asked for, one polite request each."""
_CHANNELS, _FILMS, _GENRES = "get_all_channels", "get_ordered_list", "get_genres"


class Portals:
    """The sessions of one watch, one for each portal and vantage."""

    def __init__(self, fetcher: Fetcher, journal: Journal, readers: Readers) -> None:
        self._fetcher = fetcher
        self._journal = journal
        self._readers = readers
        self._by_endpoint: dict[str, Source] = {}
        self._tokens: dict[Location, str] = {}
        self._beginning = asyncio.Lock()

    def know(self, source: Source) -> None:
        """Take note whose links are asked of which portal, also of one that an archive recalls."""
        if source.kind == "stalker":
            self._by_endpoint[portal_endpoint(source.location.reveal())] = source

    async def answers(self, source: Source, vantage: Vantage | None) -> AsyncIterator[Response]:
        """Ask a portal for all that it lists; the first answer is that to the handshake.

        Raises
        ------
        SourceError
            If it does not answer.
        InputError
            If the source has no line of a test purchase.
        """
        self.know(source)
        first = await self._ask(source, "stb", "handshake", vantage=vantage, token="")
        yield first
        try:
            token = await token_in(first.body, readers=self._readers)
        except SourceError:
            return  # what it says instead is read, and told, with the sealed answer
        if vantage is None:
            self._tokens[source.location] = token
        yield await self._ask(source, "stb", "get_profile", vantage=vantage, with_token=token)
        for action in (_GENRES, _CHANNELS):
            answer = await self._ask(source, "itv", action, vantage=vantage, with_token=token)
            if answer.status == 200:
                yield answer
        page, pages = 1, 1
        while page <= min(pages, FILM_PAGES):
            answer = await self._ask(
                source,
                "vod",
                _FILMS,
                vantage=vantage,
                with_token=token,
                sortby="added",
                p=str(page),
            )
            if answer.status != 200:
                return
            yield answer
            try:
                # An answer that does not say how many pages there are is the last one.
                pages = await pages_in(answer.body, readers=self._readers)
            except SourceError:
                return
            page += 1

    async def playable(self, url: str, kept: list[ExhibitId]) -> str:
        """Return where a stream plays: asked of its portal if that makes a link for each playing.

        Parameters
        ----------
        kept : list of str
            Takes the sealed transactions.

        Raises
        ------
        SourceError
            If the portal gives no link.
        """
        source = self._by_endpoint.get(url.partition("?")[0]) if asks_for_link(url) else None
        if source is None:
            return url
        token: str | None = None
        for is_retry in (False, True):
            token = await self._token(source, kept, but=token)
            headers = portal_headers(revealed(source.mac) or "", token)
            answer = await self._fetcher.fetch(url, limits=ANSWER, headers=headers)
            await self._seal(answer, kept)
            if answer.status != 200:
                raise SourceError(f"{host_of(url)} answers {answer.status}")
            try:
                link = await link_in(answer.body, readers=self._readers)
            except SourceError:
                if is_retry:
                    raise
                continue  # the session has run out
            if link is not None:
                return link
        raise SourceError(f"{host_of(url)}: the portal gave no link")

    async def _token(self, source: Source, exhibits: list[ExhibitId], *, but: str | None) -> str:
        """Return the session's token; a new one if there is none but the one that has run out."""
        async with self._beginning:
            # Several looks may meet the end of a session at once: the first begins another, and the
            # rest find a token here that is not the one they had.
            if self._tokens.get(source.location, but) == but:
                answer = await self._ask(source, "stb", "handshake", token="")
                await self._seal(answer, exhibits)
                self._tokens[source.location] = await token_in(answer.body, readers=self._readers)
            return self._tokens[source.location]

    async def _seal(self, answer: Response, exhibits: list[ExhibitId]) -> None:
        sealed = await self._journal.seal_answers([answer], what="portal", confidential=True)
        exhibits += [exhibit for exhibit in sealed if exhibit not in exhibits]

    async def _ask(
        self,
        source: Source,
        kind: str,
        action: str,
        *,
        vantage: Vantage | None = None,
        with_token: str | None = None,
        **parameters: str,
    ) -> Response:
        if source.mac is None:
            raise InputError("a portal may only be read with the MAC of a recorded test purchase")
        return await self._fetcher.fetch(
            portal_url(source.location.reveal(), kind, action, **parameters),
            limits=ANSWER if kind == "stb" else LIST,
            proxy=None if vantage is None else vantage.proxy.reveal(),
            vantage=None if vantage is None else vantage.name,
            tunnel=vantage is not None,
            headers=portal_headers(source.mac.reveal(), with_token),
        )


def listing(answers: Sequence[Said]) -> list[Said]:
    """Return the answers that say what a portal lists: sessions differ each time."""
    return [answer for answer in answers if _action(answer) in (_CHANNELS, _FILMS, _GENRES)]


def read_portal(
    base: str, answers: Sequence[Said]
) -> tuple[list[PlaylistEntry], list[ReadWarning]]:
    """Return what a portal lists, and what could not be read of it.

    Raises
    ------
    SourceError
        If it refuses the line, or no answer lists anything.
    """
    genres: dict[str, str] = {}
    items: list[PortalItem | ReadWarning] = []
    warnings: list[ReadWarning] = []
    pages, read = 1, 0
    for answer in answers:
        action, body = _action(answer), answer.body or b""
        if action == "handshake":
            read_token([body])
            continue
        try:
            values = list(read_stalker([body]))
        except SourceError as error:
            if action == _CHANNELS:
                raise
            warnings.append(
                ReadWarning(line=0, why=message("unread.portal", action=action, detail=str(error)))
            )
            continue
        if any(isinstance(value, PortalSession) and value.blocked for value in values):
            raise SourceError("the portal has blocked the line", hint="Check the test purchase.")
        genres |= {genre.id: genre.title for genre in values if isinstance(genre, PortalGenre)}
        if action in (_CHANNELS, _FILMS):
            items += [item for item in values if isinstance(item, PortalItem | ReadWarning)]
            read += 1
        if action == _FILMS:
            pages = max(pages, read_pages([body]))
    if not read:
        raise SourceError("the portal lists nothing: it returns neither channels nor films")
    if pages > FILM_PAGES:
        warnings.append(
            ReadWarning(line=0, why=message("unread.older-pages"), count=pages - FILM_PAGES)
        )
    entries: list[PlaylistEntry] = []
    for entry in entries_of_portal(items, base=base, genres=genres):
        (warnings if isinstance(entry, ReadWarning) else entries).append(entry)  # type: ignore[arg-type]
    return entries, warnings


def _action(answer: Said) -> str:
    return dict(parse_qsl(urlsplit(answer.url).query)).get("action", "")
