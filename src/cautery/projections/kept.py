"""What is asked of the kept lists of a case, what comes back, and who keeps them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Generic, Protocol, TypeVar

from cautery.errors import InputError
from cautery.evidence.merkle import Frontier, leaf_hash
from cautery.model import Entry, Finding
from cautery.projections.lines import ActKind, ActLine, HostLine, StreamLine, Waits
from cautery.projections.night import Wall, WallAsked
from cautery.projections.things import ThingLine

MOST_LINES = 500
MOST_FOUND = 10_000
"""Of what a search finds, no more is counted. From the issue: "10,000+"."""
TILE = 256
"""Records below one kept node of the ledger's tree: a proof reads one tile of them."""
_MOST_TEXT, _MOST_KINDS, _MOST_RECORD = 200, 100, (1 << 53) - 1

T = TypeVar("T")


class SpoiltListsError(Exception):
    """Kept lists are damaged, or contradict the ledger: they are thrown away and made again."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """A page of one of the lists; a list passes over what does not apply to it.

    Parameters
    ----------
    text : str
        Words of which all must occur; the last one may be only begun, where no record has it as a
        whole word. Empty: no search.
    kinds : tuple of str
        Of records: these kinds alone; of acts: ``referral`` or ``notice``. Empty: all.
    subject : str or None
        Of records: about this alone.
    finding : Finding or None
        Of streams and verdicts: with this finding alone.
    before, after : int or None
        ``older`` or ``newer`` of another page: what comes before or after it. ``None``: the newest.
    limit : int
        Most lines of the page, 1 to 500.
    counted : bool
        Count what a search finds.
    """

    text: str = ""
    kinds: tuple[str, ...] = ()
    subject: str | None = None
    finding: Finding | None = None
    before: int | None = None
    after: int | None = None
    limit: int = 50
    counted: bool = True

    def __post_init__(self) -> None:
        if not 1 <= self.limit <= MOST_LINES:
            raise InputError(f"a page has 1 to {MOST_LINES} lines, not {self.limit}", hint="")
        if len(self.text) > _MOST_TEXT or len(self.kinds) > _MOST_KINDS:
            raise InputError(
                f"a search has at most {_MOST_TEXT} characters and {_MOST_KINDS} kinds", hint=""
            )
        try:
            " ".join((self.text, self.subject or "", *self.kinds)).encode()
        except UnicodeEncodeError as error:
            raise InputError("what is searched is not valid text", hint="") from error
        if self.before is not None and self.after is not None:
            raise InputError("a page comes before another one or after it, not both", hint="")
        for place in (self.before, self.after):
            if place is not None and not 0 <= place <= _MOST_RECORD:
                raise InputError(f"{place} is not the place of a page", hint="")


@dataclass(frozen=True, slots=True, kw_only=True)
class Page(Generic[T]):
    """Some lines of a list, newest first.

    Parameters
    ----------
    older, newer : int or None
        For ``before`` and ``after`` of the next page in that direction; ``None``: there is none.
    found : int or None
        How many lines the whole list has; ``None``: they were not counted.
    found_more : bool
        There are more than ``found``: show "10,000+".
    complete : bool
        ``False``: the search was ended because it took too long, so older lines may be missing.
    size : int
        How many records of the ledger the lists have taken up.
    """

    rows: tuple[T, ...]
    older: int | None
    newer: int | None
    found: int | None
    found_more: bool
    complete: bool
    size: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Counts:
    """How many there are of what, exactly, after ``records`` records; the commonest kinds."""

    records: int
    by_kind: Mapping[str, int]
    by_finding: Mapping[Finding, int]
    by_waits: Mapping[tuple[ActKind, Waits], int] = field(default_factory=dict)
    streams: int = 0
    hosts: int = 0
    acts: int = 0
    exhibits: int = 0
    probes: int = 0
    dark: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Clocks:
    """Acts that wait for something, by the clock that runs.

    Parameters
    ----------
    overdue, running : tuple of ActLine
        Those whose time is over, the newest first; and the others, the soonest first, those of no
        certain time last.
    overdue_count, running_count : int
        How many there are, no more than one above :data:`MOST_FOUND`.
    """

    overdue: tuple[ActLine, ...]
    running: tuple[ActLine, ...]
    overdue_count: int
    running_count: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """The rows that a list gave for a question, newest first.

    Parameters
    ----------
    rows : tuple
        Of records, their numbers; else the lines.
    more : bool
        There are more in the direction of the question.
    count, count_more, complete, size
        As ``found``, ``found_more``, ``complete`` and ``size`` of :class:`Page`.
    """

    rows: tuple[tuple[int, object], ...]
    more: bool
    count: int | None
    count_more: bool
    complete: bool
    size: int


@dataclass(frozen=True, slots=True)
class Standing:
    """How far the lists have come, as the tree of the records that they took up.

    Parameters
    ----------
    tiles : Frontier
        Of the complete tiles.
    rest : Frontier
        Of the records since the last complete tile, fewer than :data:`TILE`.
    """

    tiles: Frontier = field(default_factory=Frontier)
    rest: Frontier = field(default_factory=Frontier)

    @property
    def size(self) -> int:
        """How many records."""
        return self.tiles.size * TILE + self.rest.size

    def root(self) -> bytes:
        """Return the RFC 9162 root over them."""
        # A complete tile is one leaf of the tree of tiles, and all of the rest is right of it.
        return Frontier(self.size, self.tiles.peaks + self.rest.peaks).root()

    def after(self, entries: Iterable[Entry]) -> tuple[Standing, list[bytes]]:
        """Return how it stands after more records, and the roots of the tiles they completed."""
        hashes = [leaf_hash(entry.leaf) for entry in entries]
        roots: list[bytes] = []
        open_tile, hashed_count = self.rest, 0
        while hashed_count < len(hashes):
            room = TILE - open_tile.size
            open_tile = open_tile.extend(hashes[hashed_count : hashed_count + room])
            hashed_count += room
            if open_tile.size == TILE:
                roots.append(open_tile.root())
                open_tile = Frontier()
        return Standing(self.tiles.extend(roots), open_tile), roots


class KeptLists(Protocol):
    """Tables of lines beside a ledger. Safe for threads; other processes may keep them, too.

    Every method raises :class:`SpoiltListsError` where the tables are damaged, and
    :class:`~cautery.errors.StorageError` where they cannot be read or written.
    """

    def standing(self) -> Standing:
        """Return how far the lists have come."""
        ...

    def take(self, entries: Sequence[Entry], *, since: Standing) -> bool:
        """Take up the records after ``since``, all or none.

        Returns
        -------
        bool
            ``False``: another process was faster; nothing is changed then.
        """
        ...

    def forget(self) -> None:
        """Throw everything away: the lists begin again with the first record."""
        ...

    def records(self, asked: Asked) -> Found:
        """Return the numbers of records."""
        ...

    def streams(self, asked: Asked) -> Found:
        """Return lines of streams."""
        ...

    def hosts(self, asked: Asked) -> Found:
        """Return lines of hosts."""
        ...

    def acts(self, asked: Asked) -> Found:
        """Return lines of acts."""
        ...

    def clocks(self, kinds: Sequence[ActKind], *, at: datetime, limit: int) -> Clocks:
        """Return the acts of some kinds that wait, at most ``limit`` of each sort."""
        ...

    def stream(self, url: str) -> StreamLine | None:
        """Return one stream's line."""
        ...

    def streams_of(self, urls: Sequence[str]) -> tuple[StreamLine | None, ...]:
        """Return the lines of some streams."""
        ...

    def stream_at(self, number: int) -> StreamLine | None:
        """Return the line of the stream that was mentioned as the so-manyth."""
        ...

    def wall(self, asked: WallAsked) -> Wall:
        """Return the wall of a night, as it stands at one moment."""
        ...

    def naming(self, exhibit: str, *, most: int) -> tuple[tuple[int, ...], int]:
        """Return the first records that name an exhibit, and how many there are: at most 10,000.

        Others may stand under the same number: whoever reads them looks.
        """
        ...

    def sealings(self, exhibit: str, *, first: bool) -> tuple[int, ...]:
        """Return some first or newest records that seal an exhibit; as for :meth:`naming`."""
        ...

    def host(self, name: str) -> HostLine | None:
        """Return one host's line."""
        ...

    def act(self, id: str) -> ActLine | None:
        """Return one act's line."""
        ...

    def things(
        self, *, since: int, after: tuple[int, str, str] | None, most: int
    ) -> tuple[ThingLine, ...]:
        """Return what records from ``since`` on saw of what is searched across cases.

        Parameters
        ----------
        after : tuple of (int, str, str) or None
            ``last``, kind and key of the last line of the page before; ``None``: the first page.
        """
        ...

    def name(self) -> str:
        """Return what these lists are called, until they are thrown away."""
        ...

    def counts(self) -> Counts:
        """Return how many there are of what."""
        ...

    def tiles(self, since: int, until: int) -> list[bytes]:
        """Return the roots of some tiles of the ledger's tree."""
        ...

    def close(self) -> None:
        """Let go of the tables."""
        ...
