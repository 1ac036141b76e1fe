"""Poll a partner's collection by TAXII: all pages, or nothing, as one bundle of STIX.

A server that leads us in a circle, without end, or back in time is refused; what came until then
is not kept.
"""

from __future__ import annotations

import io
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Protocol

from cautery.errors import AbsentError, LimitError, SourceError
from cautery.exchange.shape import MOST_BYTES
from cautery.exchange.taxii import Polled, Received
from cautery.model.ports import Clock

MOST_PAGES = 10_000
MOST_OBJECTS = 1_000_000
"""Of one poll, and what they may refer to: a server names six million in the bytes of a poll, which
would take a gigabyte. A package takes a quarter of it, and the definitions beside it."""
LONGEST_S = 1_800.0
"""A poll in all: 250,000 objects take some minutes from a slow server. Judgement."""
_HEAD = b'{"type":"bundle","id":"bundle--8f2c1a52-6b0e-4c64-9d5e-0d3a7c51b7f4","objects":['
"""A bundle is no object, and its id says nothing; the same objects are the same bytes."""
MOST_ROUNDS = 4
"""Of a relation an end, of an end its marking and who states it, of that one its marking."""
AT_A_TIME = 50
"""Objects that are asked for by id: some 3 kB of an address."""
_BEGIN = datetime(1970, 1, 1, tzinfo=UTC)


class Server(Protocol):
    """A partner's server."""

    host: str

    async def page(
        self,
        collection: str,
        *,
        since: datetime | None = None,
        next_: str | None = None,
        ids: Sequence[str] = (),
    ) -> Polled:
        """Return a page of a collection."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Poll:
    """What a poll brought.

    Parameters
    ----------
    bundle : bytes
        All objects, as one bundle of STIX 2.1.
    objects, pages : int
        How many there were.
    newest : datetime
        Where the next poll begins: when the server added the last object, and never later than
        this poll began, whatever the server says.
    """

    # asyncio.run() has the result of its task shown, to see whether it is a signal.
    bundle: bytes = field(repr=False)
    objects: int
    pages: int
    newest: datetime


async def poll(server: Server, collection: str, *, since: datetime | None, clock: Clock) -> Poll:
    """Return what a collection got since the last poll.

    Parameters
    ----------
    since : datetime or None
        ``newest`` of the last poll; ``None``: everything.

    Raises
    ------
    LimitError
        If there are more pages, objects or bytes than one poll takes, or it takes too long.
    SourceError
        If the server does not answer, or leads in a circle.
    """
    began = clock.now()
    so_far = _SoFar(server.host, began, clock)
    newest = since or _BEGIN
    position: tuple[datetime | None, str | None] = (since, None)
    while True:
        page = await server.page(collection, since=position[0], next_=position[1])
        brings_news = so_far.take(page.objects)
        newest = max(newest, page.newest or newest)
        if not page.more:
            break
        if not page.objects:
            raise SourceError(f"{server.host} says that more follows an empty page")
        # Not by next: some servers say the same one until the last page.
        if not brings_news:
            raise SourceError(f"{server.host} leads from page to page in a circle")
        position = _next_position(server.host, position, page)
    await _complete(server, collection, so_far)
    return Poll(
        bundle=so_far.bundle(),
        objects=so_far.objects,
        pages=so_far.pages,
        newest=max(min(newest, began), since or _BEGIN),
    )


async def _complete(server: Server, collection: str, so_far: _SoFar) -> None:
    """Fetch what the objects refer to and earlier polls brought: definitions, ends of relations.

    What is not there either is left to the reader, which refuses what it cannot do without.
    """
    asked: set[str] = set()
    for _ in range(MOST_ROUNDS):
        missing = sorted(so_far.needed - so_far.present - asked)
        if not missing or not so_far.objects:
            return
        asked.update(missing)
        for ids in batched(missing, AT_A_TIME):
            if not await _fetch(server, collection, ids, so_far):
                for name in ids:
                    await _fetch(server, collection, [name], so_far)


async def _fetch(server: Server, collection: str, ids: Sequence[str], so_far: _SoFar) -> bool:
    """Fetch some objects; tell whether the server answered.

    Some servers fail over an id that they do not have: medallion 3.0 answers 500.
    """
    try:
        page = await server.page(collection, ids=ids)
    except LimitError:
        raise
    except (SourceError, AbsentError):
        so_far.take(())
        return False
    so_far.take([received for received in page.objects if received.id in ids])
    return True


def batched(names: Sequence[str], size: int) -> Iterable[Sequence[str]]:
    """Yield names, so many at a time.

    Examples
    --------
    >>> list(batched(["a", "b", "c"], 2))
    [['a', 'b'], ['c']]
    """
    return (names[start : start + size] for start in range(0, len(names), size))


def _next_position(
    host: str, position: tuple[datetime | None, str | None], page: Polled
) -> tuple[datetime | None, str | None]:
    if page.next is not None:
        return position[0], page.next
    # Without next, the time of the last object leads on (TAXII 2.1, section 3.4).
    if page.newest is None or (position[0] is not None and page.newest <= position[0]):
        raise SourceError(f"{host} says that more follows, and not where")
    return page.newest, None


class _SoFar:
    """What a poll has brought so far, within its bounds."""

    def __init__(self, host: str, began: datetime, clock: Clock) -> None:
        self._host, self._began, self._clock = host, began, clock
        # As it will be read: beside a list of its objects it would lie in memory twice.
        self._bundle = io.BytesIO()
        self._bundle.write(_HEAD)
        self.present: set[str] = set()
        self.needed: set[str] = set()
        self.pages = self.objects = 0
        self._digests: set[int] = set()

    def take(self, objects: Iterable[Received]) -> bool:
        """Take up a page; tell whether anything of it did not come before.

        Raises
        ------
        LimitError
            If the poll has become too large or too long.
        """
        self.pages += 1
        before = self.objects
        for received in objects:
            if (digest := hash(received.content)) in self._digests:
                continue
            self._digests.add(digest)
            self._bundle.write(b"," if self.objects else b"")
            self._bundle.write(received.content)
            self.objects += 1
            self.present.add(received.id)
            self.needed |= received.needs
        for what, count, most in (
            ("objects", self.objects, MOST_OBJECTS),
            ("references", len(self.needed), MOST_OBJECTS),
            ("bytes", self._bundle.tell(), MOST_BYTES),
            ("pages", self.pages, MOST_PAGES),
            ("seconds", (self._clock.now() - self._began).total_seconds(), LONGEST_S),
        ):
            if count > most:
                raise LimitError(
                    f"{self._host}: a poll of more than {most:,.0f} {what}",
                    hint="Ask the partner for a smaller collection.",
                )
        return self.objects > before

    def bundle(self) -> bytes:
        """Return a bundle of STIX 2.1 of all that was taken up; nothing can be afterwards."""
        self._bundle.write(b"]}")
        return self._bundle.getvalue()


class PolledBefore(Protocol):
    """What a case's record says of an earlier poll."""

    @property
    def url(self) -> str:
        """Of the API root."""

    @property
    def collection(self) -> str:
        """Id of the collection."""

    @property
    def newest(self) -> datetime:
        """Where the next poll begins."""


def since_of(polls: Iterable[PolledBefore], *, url: str, collection: str) -> datetime | None:
    """Return where the next poll of a collection begins; ``None``: there was none before."""
    moments = [
        before.newest
        for before in polls
        if before.url.rstrip("/") == url.rstrip("/") and before.collection == collection
    ]
    return max(moments, default=None)
