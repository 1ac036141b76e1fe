"""What has appeared, vanished and moved between two readings of one source.

Example
-------
>>> old = [Listed("http://a.example/live/~1/~2/7.ts", "Arena 1"), Listed("http://a.example/8", "X")]
>>> new = [Listed("http://b.example/live/~1/~2/7.ts", "Arena 1"), Listed("http://b.example/9", "Y")]
>>> found = compare(old, new)
>>> [(one.was.place, one.now.place, one.why) for one in found.moved]
[('http://a.example/live/~1/~2/7.ts', 'http://b.example/live/~1/~2/7.ts', 'another host')]
>>> [one.title for one in found.appeared], [one.title for one in found.vanished]
(['Y'], ['X'])
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Callable, Hashable, Iterable
from dataclasses import dataclass, field
from typing import NamedTuple
from urllib.parse import urlsplit

_PSEUDONYM = re.compile(r"~[0-9a-f]{1,16}")


class Listed(NamedTuple):
    """One thing that a source lists.

    Parameters
    ----------
    place : str
        What makes it this one: a redacted URL, or an id.
    title : str or None
        As offered; ``None``: nameless, so it is never taken for another one.
    """

    place: str
    title: str | None


class Move(NamedTuple):
    """One thing that is listed at another place than before."""

    was: Listed
    now: Listed
    why: str
    """``another line``, ``another host`` or ``same title``."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Changes:
    """What differs between two readings, each in the order of its list.

    Parameters
    ----------
    renamed : tuple of Move
        The same place, under another title.
    hosts : tuple of (str, str, int)
        From which host to which other one things moved, and how many, most first.
    kept : int
        As they were.
    """

    appeared: tuple[Listed, ...]
    vanished: tuple[Listed, ...]
    moved: tuple[Move, ...]
    renamed: tuple[Move, ...]
    hosts: tuple[tuple[str, str, int], ...]
    kept: int

    def __bool__(self) -> bool:
        return bool(self.appeared or self.vanished or self.moved or self.renamed)


@dataclass(slots=True)
class _Rest:
    """What is not paired yet, by place."""

    old: dict[str, Listed]
    new: dict[str, Listed]
    moved: list[Move] = field(default_factory=list)

    def pair(self, key: Callable[[Listed], Hashable | None], why: str) -> None:
        """Pair what has the same key, if only one of the old and one of the new have it."""
        olds, news = _once(self.old, key), _once(self.new, key)
        for same, was in olds.items():
            now = news.get(same)
            if now is not None:
                self.moved.append(Move(was, now, why))
                del self.old[was.place], self.new[now.place]


def compare(old: Iterable[Listed], new: Iterable[Listed]) -> Changes:
    """Compare two readings of one source; what is listed twice counts once.

    A thing has moved if its path (credentials aside) and title are at another host, its path at
    the same host is reached by another line, or its title is nowhere else in either reading.
    """
    before = {one.place: one for one in reversed(list(old))}
    after = {one.place: one for one in reversed(list(new))}
    before, after = dict(reversed(before.items())), dict(reversed(after.items()))
    both = before.keys() & after.keys()
    renamed = tuple(
        Move(before[place], now, "another title")
        for place, now in after.items()
        if place in both and _title(before[place]) != _title(now)
    )
    rest = _Rest(
        {place: one for place, one in before.items() if place not in both},
        {place: one for place, one in after.items() if place not in both},
    )
    rest.pair(_without_line, "another line")
    rest.pair(_path_and_title, "another host")
    # A title that stays somewhere names that one, not the one that has gone.
    staying = {_title(some[place]) for some in (before, after) for place in both}
    rest.pair(lambda one: None if _title(one) in staying else _title(one), "same title")
    order = {place: at for at, place in enumerate(after)}
    moved = tuple(sorted(rest.moved, key=lambda one: order[one.now.place]))
    hosts = Counter((_host(one.was), _host(one.now)) for one in moved)
    return Changes(
        appeared=tuple(rest.new.values()),
        vanished=tuple(rest.old.values()),
        moved=moved,
        renamed=renamed,
        hosts=tuple((a, b, count) for (a, b), count in hosts.most_common() if a and b and a != b),
        kept=len(both) - len(renamed),
    )


def _once(
    some: dict[str, Listed], key: Callable[[Listed], Hashable | None]
) -> dict[Hashable, Listed]:
    found: dict[Hashable, list[Listed]] = defaultdict(list)
    for one in some.values():
        if (said := key(one)) is not None:
            found[said].append(one)
    return {said: each[0] for said, each in found.items() if len(each) == 1}


def _title(one: Listed) -> str | None:
    return " ".join(one.title.split()).casefold() or None if one.title else None


def _without_line(one: Listed) -> str | None:
    plain = _PSEUDONYM.sub("~", one.place)
    return plain if plain != one.place else None


def _path_and_title(one: Listed) -> tuple[str, str] | None:
    title, (_, slashes, rest) = _title(one), one.place.partition("://")
    if title is None or not slashes:
        return None
    return _PSEUDONYM.sub("~", rest.partition("/")[2]), title


def _host(one: Listed) -> str:
    try:
        return urlsplit(one.place).hostname or ""
    except ValueError:
        return ""
