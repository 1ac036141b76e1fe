"""A fetcher that seals every transaction as a WARC before anybody sees its answer."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Literal

from cautery.model import ExhibitId, Limits, Response, Validator
from cautery.model.ports import Fetcher, VerifiedFetcher
from cautery.workflows.case.journal import Journal

Kind = Callable[[Response], tuple[str, bool]]
"""What an answer is, as an exhibit's record says it, and whether it may carry credentials."""


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
        what, confidential = self._kind(answer)
        sealed = await self._journal.seal_answers(
            [answer], what=what, confidential=confidential, own=self._own
        )
        if self._into is not None:
            self._into.extend(exhibit for exhibit in sealed if exhibit not in self._into)
        return answer


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
