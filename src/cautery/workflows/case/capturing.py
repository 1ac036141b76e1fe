"""A fetcher that seals every transaction as a WARC before anybody sees its answer."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Literal

from cautery.model import ExhibitId, Limits, Response, Validator
from cautery.model.ports import Fetcher, VerifiedFetcher
from cautery.workflows.case.journal import Journal

Kind = Callable[[Response], tuple[str, bool]]
"""What an answer is, as an exhibit's record says it, and whether it may carry credentials."""

MOST_HELD = 16 << 20
"""Bytes of media that wait for being sealed: of ten looks at once 160 MB at most. A look of 12 s at
8 Mbit/s has 12 MB."""


class Capturing:
    """Fulfils :class:`cautery.model.ports.Fetcher` over another one.

    Parameters
    ----------
    kind : callable
        Names what was fetched and says whether it is sealed encrypted.
    into : list of str or None
        Where the exhibits go, for the record of what was fetched.
    own : bool
        What is asked is one of our services, or one where we have a login: of its URL the record
        shows the host alone.
    """

    def __init__(
        self,
        fetcher: Fetcher,
        journal: Journal,
        kind: Kind,
        *,
        into: list[ExhibitId] | None = None,
        own: bool = False,
    ) -> None:
        self._fetcher = fetcher
        self._journal = journal
        self._kind = kind
        self._into = into
        self._own = own

    async def fetch(
        self,
        url: str,
        *,
        limits: Limits,
        proxy: str | None = None,
        vantage: str | None = None,
        tunnel: bool = False,
        method: str = "GET",
        body: bytes | None = None,
        unless: Validator | None = None,
        headers: Sequence[tuple[str, str]] = (),
    ) -> Response:
        """Fetch and seal; what has failed was no whole transaction, and nothing of it is kept.

        Raises
        ------
        SourceError
            As the fetcher below says.
        StorageError
            If it cannot be sealed: nothing unsealed is worked with.
        """
        answer = await self._fetcher.fetch(
            url,
            limits=limits,
            proxy=proxy,
            vantage=vantage,
            tunnel=tunnel,
            method=method,
            body=body,
            unless=unless,
            headers=headers,
        )
        await self._seal(answer)
        return answer

    async def _seal(self, answer: Response) -> None:
        what, confidential = self._kind(answer)
        self._name(
            await self._journal.seal_answers(
                [answer], what=what, confidential=confidential, own=self._own
            )
        )

    def _name(self, sealed: Sequence[ExhibitId]) -> None:
        if self._into is not None:
            self._into.extend(exhibit for exhibit in sealed if exhibit not in self._into)


class CapturingMedia(Capturing):
    """The same for one look at a stream: its media are sealed as one archive, and once.

    A segment tells nothing until it is decoded, so it may wait for those that follow it. What is
    read at once, such as a playlist, is sealed at once. :meth:`seal_held` comes before decoding.
    """

    def __init__(
        self, fetcher: Fetcher, journal: Journal, kind: Kind, *, into: list[ExhibitId]
    ) -> None:
        super().__init__(fetcher, journal, kind, into=into)
        self._held: list[Response] = []
        self._what = ""
        self._size = 0
        self.is_cut_short = False
        """Whether it was cancelled while the store had not taken all yet."""

    async def seal_held(self) -> None:
        """Seal what is held; also after a look that was broken off.

        Raises
        ------
        StorageError
            If it cannot be sealed.
        """
        held, self._held, self._size = self._held, [], 0
        if held:
            with self._sealing():
                self._name(await self._journal.seal_media(held, what=self._what))

    @contextmanager
    def _sealing(self) -> Iterator[None]:
        try:
            yield
        except asyncio.CancelledError:
            self.is_cut_short = True
            raise

    async def _seal(self, answer: Response) -> None:
        what, confidential = self._kind(answer)
        if confidential:
            with self._sealing():
                await super()._seal(answer)
            return
        self._what = what
        self._held.append(answer)
        self._size += len(answer.body)
        if self._size >= MOST_HELD:
            await self.seal_held()


class CapturingOwn(Capturing):
    """The same over a fetcher of our services; fulfils ``VerifiedFetcher``, too."""

    verifies: Literal[True] = True

    def __init__(
        self,
        fetcher: VerifiedFetcher,
        journal: Journal,
        kind: Kind,
        *,
        into: list[ExhibitId] | None = None,
    ) -> None:
        super().__init__(fetcher, journal, kind, into=into, own=True)


def named(what: str) -> Kind:
    """Return a kind for whatever comes: text of the world, which may carry credentials."""
    return lambda _: (what, True)
