"""What is asked of the things of many cases, what comes back, and who keeps them.

The cases are all of one regime: cases under ``gdpr`` and cases under ``led`` have no store in
common, and no question reaches both.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol

from cautery.errors import InputError
from cautery.projections.things import ThingKind, ThingLine

LONGEST_WORDS = 200
MOST_THINGS = 100
"""Things of a page."""
MOST_CASES = 100
"""Cases of a page of one thing's history."""
_MOST_PLACE = (1 << 53) - 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Words:
    """A page of the things that have some words in their name.

    Parameters
    ----------
    text : str
        Words of which all must occur; the last one may be only begun, where no thing has it as a
        whole word.
    kind : ThingKind or None
        ``None``: of all kinds.
    before : int or None
        ``older`` of another page; ``None``: the first page.
    limit : int
        Most things of the page.
    cases : int
        Most cases that are named of each.
    """

    text: str
    kind: ThingKind | None = None
    before: int | None = None
    limit: int = 20
    cases: int = 2

    def __post_init__(self) -> None:
        if not 1 <= self.limit <= MOST_THINGS:
            raise InputError(f"a page has 1 to {MOST_THINGS} lines, not {self.limit}", hint="")
        if self.before is not None and not 0 <= self.before <= _MOST_PLACE:
            raise InputError(f"{self.before} is not the place of a page", hint="")
        require_words(self.text)


def require_words(text: str) -> str:
    """Return words that can be searched.

    Raises
    ------
    InputError
        If they are too many, or no Unicode.
    """
    if len(text) > LONGEST_WORDS:
        raise InputError(
            f"a search has at most {LONGEST_WORDS} characters, not {len(text):,}",
            hint="Search for a part of the name.",
        )
    try:
        text.encode()
    except UnicodeEncodeError as error:
        raise InputError("what is searched is not valid text", hint="") from error
    return text


@dataclass(frozen=True, slots=True, kw_only=True)
class SeenIn:
    """What one case says of a thing: as :class:`~cautery.projections.things.ThingLine` has it.

    Parameters
    ----------
    case : str
        The case, by its name.
    has_map : bool
        The case has a map.
    months : mapping of int to int
        Only where one thing is asked for.
    """

    case: str
    text: str
    first: int
    first_at: datetime
    named: int
    last: int
    last_at: datetime
    stream: int | None
    has_map: bool
    months: Mapping[int, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class FoundThing:
    """A thing with its history in the cases that were asked for.

    Parameters
    ----------
    months : mapping of int to int
        By month, how many records of all these cases saw it.
    in_cases : int
        How many of these cases have it.
    newest : tuple of SeenIn
        Those that saw it last, the newest first.
    """

    kind: ThingKind
    key: str
    first_at: datetime
    last_at: datetime
    months: Mapping[int, int]
    in_cases: int
    newest: tuple[SeenIn, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class FoundThings:
    """A page of what was found.

    Parameters
    ----------
    older : int or None
        For ``before`` of the next page.
    found : int or None
        How many there are; ``None``: they were not counted.
    found_more : bool
        There are more than ``found``: show "10,000+".
    complete : bool
        ``False``: the search was ended because it took too long, so some may be missing.
    """

    things: tuple[FoundThing, ...] = ()
    older: int | None = None
    found: int | None = None
    found_more: bool = False
    complete: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Gathered:
    """A case whose things were gathered.

    Parameters
    ----------
    identity : str
        What the case alone is called on this machine.
    name : str
        Its name below its folder.
    stamp : str
        What changes when the case does, as it was then.
    lists : str
        The lists that the things are from.
    taken : int
        How many records these had taken up.
    has_map : bool
        The case has a map.
    """

    identity: str
    name: str
    stamp: str
    lists: str
    taken: int
    has_map: bool


class AcrossLists(Protocol):
    """The things of all cases of one regime below one folder. Safe for threads and processes.

    Every method raises :class:`~cautery.projections.kept.SpoiltListsError` where the tables are
    damaged, and :class:`~cautery.errors.StorageError` where they cannot be read or written.
    """

    def gathered(self) -> Mapping[str, Gathered]:
        """Return the cases that were gathered, by name."""
        ...

    def take(self, case: Gathered, pages: Iterable[Sequence[ThingLine]], *, anew: bool) -> None:
        """Take up what a case says of things, all or none.

        Parameters
        ----------
        anew : bool
            Forget first what the case said before.
        """
        ...

    def drop(self, names: Collection[str]) -> None:
        """Forget some cases, and what they alone said."""
        ...

    def find(self, words: Words, cases: Collection[str]) -> FoundThings:
        """Return things by words, as some cases know them: the others are as if not there."""
        ...

    def history(
        self, kind: ThingKind, key: str, cases: Collection[str], *, after: str, limit: int
    ) -> tuple[FoundThing | None, tuple[SeenIn, ...]]:
        """Return a thing, and the cases whose name comes after one; ``None``: none of them has it.

        One case more than ``limit`` says that there are more.
        """
        ...

    def forget(self) -> None:
        """Throw everything away."""
        ...

    def close(self) -> None:
        """Let go of the tables."""
        ...
