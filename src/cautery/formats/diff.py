"""What has appeared, vanished and moved between two readings of one source.

Examples
--------
>>> old = [Listed("http://a.example/live/~1/~2/7.ts", "Arena 1"), Listed("http://a.example/8", "X")]
>>> new = [Listed("http://b.example/live/~1/~2/7.ts", "Arena 1"), Listed("http://b.example/9", "Y")]
>>> found = compare(old, new)
>>> [(one.was.place, one.now.place, one.why.value) for one in found.moved]
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

from cautery.model.records import MoveReason

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
    why: MoveReason


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

    def pair(self, key: Callable[[Listed], Hashable | None], why: MoveReason) -> None:
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
    before = {listed.place: listed for listed in reversed(list(old))}
    after = {listed.place: listed for listed in reversed(list(new))}
    before, after = dict(reversed(before.items())), dict(reversed(after.items()))
    common = before.keys() & after.keys()
    renamed = tuple(
        Move(before[place], now, MoveReason.ANOTHER_TITLE)
        for place, now in after.items()
        if place in common and _title(before[place]) != _title(now)
    )
    unmatched = _Rest(
        {place: listed for place, listed in before.items() if place not in common},
        {place: listed for place, listed in after.items() if place not in common},
    )
    unmatched.pair(_without_line, MoveReason.ANOTHER_LINE)
    unmatched.pair(_path_and_title, MoveReason.ANOTHER_HOST)
    # A title that stays somewhere names that one, not the one that has gone.
    staying = {_title(side[place]) for side in (before, after) for place in common}
    unmatched.pair(
        lambda listed: None if _title(listed) in staying else _title(listed),
        MoveReason.SAME_TITLE,
    )
    order = {place: at for at, place in enumerate(after)}
    moved = tuple(sorted(unmatched.moved, key=lambda move: order[move.now.place]))
    hosts = Counter((_host(move.was), _host(move.now)) for move in moved)
    return Changes(
        appeared=tuple(unmatched.new.values()),
        vanished=tuple(unmatched.old.values()),
        moved=moved,
        renamed=renamed,
        hosts=tuple((a, b, count) for (a, b), count in hosts.most_common() if a and b and a != b),
        kept=len(common) - len(renamed),
    )


def _once(
    listing: dict[str, Listed], key: Callable[[Listed], Hashable | None]
) -> dict[Hashable, Listed]:
    by_key: dict[Hashable, list[Listed]] = defaultdict(list)
    for listed in listing.values():
        if (value := key(listed)) is not None:
            by_key[value].append(listed)
    return {value: group[0] for value, group in by_key.items() if len(group) == 1}


def _title(listed: Listed) -> str | None:
    return " ".join(listed.title.split()).casefold() or None if listed.title else None


def _without_line(listed: Listed) -> str | None:
    plain = _PSEUDONYM.sub("~", listed.place)
    return plain if plain != listed.place else None


def _path_and_title(listed: Listed) -> tuple[str, str] | None:
    title, (_, slashes, path) = _title(listed), listed.place.partition("://")
    if title is None or not slashes:
        return None
    return _PSEUDONYM.sub("~", path.partition("/")[2]), title


def _host(listed: Listed) -> str:
    try:
        return urlsplit(listed.place).hostname or ""
    except ValueError:
        return ""
