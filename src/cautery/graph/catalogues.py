"""Services with one catalogue: the same channels in the same order, the same mistaken guide ids.

Everybody sells the same channels, and many sort them by the alphabet, so neither says anything. An
order of one's own does, and so do mistakes: a channel that is given the guide of another one.
"""

from __future__ import annotations

import re
import unicodedata
from bisect import bisect_left
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import combinations

from cautery.messages import message
from cautery.model import ExhibitId, Link
from cautery.model.message import Message

ORDER, QUIRKS = "catalogue-order", "epg-quirks"
LEAST_TITLES = 20
"""Titles that two catalogues must have in common: a handful has no order of its own."""
MOST_TITLES = 5_000
"""Titles of a catalogue that are put in order: the first ones."""
COMMON_TITLES = 0.5
"""Part of the shorter catalogue's titles that the other must have, too."""
SAME_ORDER = 0.6
"""Part of the common titles that stand in one order in both. By chance two orders of n titles agree
in 2 sqrt(n) of them: 0.4 of 20, 0.2 of 100 (Logan and Shepp 1977). Judgement above that: resellers
drop, add and move groups."""
LEAST_QUIRKS = 3
SAME_QUIRKS = 0.5
"""Part of the mistakes of the service with fewer that the other makes, too."""
LEAST_WORD = 3
_WORD = re.compile(r"[^\W\d_]+|\d+")


@dataclass(frozen=True, slots=True, kw_only=True)
class Listing:
    """What a service lists: titles in its order, each with its guide id if it has one.

    Parameters
    ----------
    records : tuple of int
        The readings' records.
    exhibit : str
        The sealed table.
    """

    host: str
    titles: tuple[str, ...]
    guides: tuple[str | None, ...]
    first_seen: datetime
    last_seen: datetime
    records: tuple[int, ...]
    exhibit: ExhibitId | None = None


def catalogue_links(listings: Sequence[Listing], *, source: str) -> tuple[Link, ...]:
    """Return a link for each service whose order, or whose mistaken guide ids, another one has.

    Returns
    -------
    tuple of Link
        Sorted by kind, value and host.
    """
    by_host = {
        service.host: service
        for service in sorted(listings, key=lambda listing: len(listing.titles))
    }
    services = [by_host[host] for host in sorted(by_host)]
    orders = [_order(service.titles) for service in services]
    quirks = quirks_of(services)
    links = [
        _link(services[number], ORDER, _name(group, services), source, reason)
        for group, reason in _by_order(orders)
        for number in group
    ]
    for group in _grouped(len(services), lambda a, b: _same_quirks(quirks[a], quirks[b])):
        for number in group:
            other_quirks = set[Quirk]().union(*(quirks[k] for k in group if k != number))
            common = sorted(quirks[number] & other_quirks)
            title, guide = common[0]
            reason = message("link.quirks", count=len(common), title=repr(title), guide=guide)
            links.append(_link(services[number], QUIRKS, _name(group, services), source, reason))
    return tuple(sorted(links, key=lambda link: (link.kind, link.value, link.subject)))


def _link(listing: Listing, kind: str, value: str, source: str, reason: Message) -> Link:
    return Link(
        subject=listing.host,
        kind=kind,
        value=value,
        first_seen=listing.first_seen,
        last_seen=listing.last_seen,
        source=source,
        exhibit=listing.exhibit,
        records=listing.records,
        said=reason,
    )


def _name(group: Sequence[int], services: Sequence[Listing]) -> str:
    first = min(
        (services[number] for number in group),
        key=lambda service: (service.first_seen, service.host),
    )
    return f"as {first.host}"


def _grouped(count: int, same: Callable[[int, int], bool]) -> list[list[int]]:
    """Return groups of those that are the same as one of the group."""
    home = list(range(count))
    for a, b in combinations(range(count), 2):
        if home[a] != home[b] and same(a, b):
            old, new = max(home[a], home[b]), min(home[a], home[b])
            home = [new if label == old else label for label in home]
    groups: defaultdict[int, list[int]] = defaultdict(list)
    for number, label in enumerate(home):
        groups[label].append(number)
    return [group for group in groups.values() if len(group) > 1]


def _order(titles: Sequence[str]) -> dict[str, int]:
    """Return the place of each title, by its first; none if the alphabet puts them so."""
    plain = [name for name in map(plain_title, titles) if name]
    order = {name: place for place, name in enumerate(dict.fromkeys(plain[:MOST_TITLES]))}
    alphabetical = {name: place for place, name in enumerate(sorted(order))}
    return {} if in_order(order, alphabetical) >= SAME_ORDER else order


def _by_order(orders: Sequence[Mapping[str, int]]) -> list[tuple[list[int], Message]]:
    agreed: dict[tuple[int, int], tuple[float, int]] = {}

    def same(a: int, b: int) -> bool:
        common = len(orders[a].keys() & orders[b].keys())
        if common < max(LEAST_TITLES, COMMON_TITLES * min(len(orders[a]), len(orders[b]))):
            return False
        share = in_order(orders[a], orders[b])
        agreed[a, b] = (share, common)
        return share >= SAME_ORDER

    agreeing = []
    for group in _grouped(len(orders), same):
        shares = [agreement for pair, agreement in agreed.items() if set(pair) <= set(group)]
        share, common = max(shares)
        reason = message("link.order", ordered_share=round(share, 2), titles=common)
        agreeing.append((group, reason))
    return agreeing


def in_order(one: Mapping[str, int], other: Mapping[str, int]) -> float:
    """Return which part of the titles of both stands in one order: the longest rising run.

    Notes
    -----
    Patience sorting (Fredman 1975).
    """
    common = sorted(one.keys() & other.keys(), key=lambda name: one[name])
    tops: list[int] = []
    for name in common:
        place = bisect_left(tops, other[name])
        tops[place : place + 1] = [other[name]]
    return len(tops) / len(common) if common else 0.0


Quirk = tuple[str, str]
"""A title and its guide id."""


def _same_quirks(first: set[Quirk], second: set[Quirk]) -> bool:
    fewest = min(len(first), len(second))
    return len(first & second) >= max(LEAST_QUIRKS, SAME_QUIRKS * fewest)


def quirks_of(listings: Sequence[Listing]) -> list[set[Quirk]]:
    """Return, for each service, its channels with the guide id of another channel.

    An id that has no word of its channel's title is a mistake only if it has the words of another
    channel that somebody lists: an id that says nothing at all is no mistake.
    """
    names = {plain_title(title) for listing in listings for title in listing.titles}
    squeezed = {_squeezed(name): name for name in names if len(_squeezed(name)) >= LEAST_WORD}
    quirks: list[set[Quirk]] = []
    for listing in listings:
        mistakes: set[Quirk] = set()
        for title, guide in zip(listing.titles, listing.guides, strict=True):
            name = plain_title(title)
            if guide and name and not _akin(name, guide):
                guide_name = squeezed.get(_squeezed(_station(guide)))
                if guide_name is not None and guide_name != name:
                    mistakes.add((name, guide.lower()))
        quirks.append(mistakes)
    return quirks


def plain_title(title: str | None) -> str:
    """Return a title's words: no quality marks, country prefixes or signs.

    Examples
    --------
    >>> plain_title("|FR| ARÈNA Sport 1 FHD [backup]")
    'arena sport 1'
    """
    words = _WORD.findall(_ASIDE.sub(" ", _plain(title or "")))
    plain_words = [word for word in words if word not in _MARKS]
    return " ".join(plain_words)


_MARKS = frozenset("hd fhd uhd sd hevc raw vip backup tv live".split())  # noqa: SIM905 - words
_ASIDE = re.compile(r"[\[(|].{0,200}?[\])|]|\b(?:[0-9]{3,4}[pi]|[48]k|h\.?26[45])\b")
"""What says how good a channel's picture is, or for whom it is: in brackets, or by itself."""


def _station(guide: str) -> str:
    """Return a guide id without its country's or its feed's ending."""
    return guide.rsplit(".", 1)[0] if "." in guide else guide


def _akin(name: str, guide: str) -> bool:
    """Tell whether a guide id has a word of a title, or the other way round."""
    station = _squeezed(_station(guide))
    whole = _squeezed(name)
    words = [word for word in name.split() if len(word) >= LEAST_WORD]
    return whole in station or station in whole or any(word in station for word in words)


def _squeezed(text: str) -> str:
    return "".join(_WORD.findall(_plain(text)))


def _plain(text: str) -> str:
    """Return a text in lower case and without accents."""
    split = unicodedata.normalize("NFKD", text)
    return "".join(character for character in split if not unicodedata.combining(character)).lower()
