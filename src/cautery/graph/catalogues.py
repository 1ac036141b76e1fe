"""Services with one catalogue: the same channels in the same order, the same mistaken guide ids.

Everybody sells the same channels, and many number them as broadcasters do, so neither a channel
nor a short run of them says anything. Long common order does, and so do mistakes: a channel that is
given the guide of another one.
"""

from __future__ import annotations

import re
import unicodedata
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import combinations

from cautery.model import ExhibitId, Link

ORDER, QUIRKS = "catalogue-order", "epg-quirks"
RUN = 4
"""Titles in a row that are compared: pairs of neighbours recur in every alphabetical list."""
LEAST_RUNS = 20
"""Runs that the shorter catalogue must have: a handful of channels has no order of its own."""
SAME_ORDER = 0.6
"""Part of the shorter catalogue's runs that the other has, too. Judgement: a reseller's copy lacks
some groups and adds some; alphabetical lists of the same channels share runs only where both have
all of them, so what is in order of the alphabet is left out."""
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
    one_each = {one.host: one for one in sorted(listings, key=lambda one: len(one.titles))}
    held = [one_each[host] for host in sorted(one_each)]
    orders = [runs_of(one.titles) for one in held]
    quirks = quirks_of(held)
    links: list[Link] = []
    for kind, traits, least, share, said in (
        (ORDER, orders, LEAST_RUNS, SAME_ORDER, "runs of four titles in the order of the others"),
        (QUIRKS, quirks, LEAST_QUIRKS, SAME_QUIRKS, "guide ids of other channels, as they have"),
    ):
        for group in _groups(traits, least=least, share=share):
            value = _name(group, held)
            for number in group:
                others = set[object]().union(*(traits[k] for k in group if k != number))
                common = len(traits[number] & others)
                links.append(_link(held[number], kind, value, source, f"{common} {said}"))
    return tuple(sorted(links, key=lambda one: (one.kind, one.value, one.subject)))


def _link(one: Listing, kind: str, value: str, source: str, said: str) -> Link:
    return Link(
        subject=one.host,
        kind=kind,
        value=value,
        first_seen=one.first_seen,
        last_seen=one.last_seen,
        source=source,
        exhibit=one.exhibit,
        records=one.records,
        said=said,
    )


def _name(group: Sequence[int], held: Sequence[Listing]) -> str:
    first = min((held[number] for number in group), key=lambda one: (one.first_seen, one.host))
    return f"as {first.host}"


def _groups(traits: Sequence[set[object]], *, least: int, share: float) -> list[list[int]]:
    """Return groups of those that have enough in common with one of the group."""
    home = list(range(len(traits)))
    for a, b in combinations(range(len(traits)), 2):
        fewest = min(len(traits[a]), len(traits[b]))
        if fewest >= least and len(traits[a] & traits[b]) >= max(least, share * fewest):
            old, new = max(home[a], home[b]), min(home[a], home[b])
            home = [new if one == old else one for one in home]
    groups: defaultdict[int, list[int]] = defaultdict(list)
    for number, one in enumerate(home):
        groups[one].append(number)
    return [one for one in groups.values() if len(one) > 1]


def runs_of(titles: Sequence[str]) -> set[object]:
    """Return the runs of titles in a row, but for those that the alphabet, or a count, puts so."""
    plain = [name for name in map(plain_title, titles) if name]
    runs = zip(*(plain[shift:] for shift in range(RUN)), strict=False)
    return {run for run in runs if list(run) != sorted(run) and len(set(run)) == RUN}


def quirks_of(listings: Sequence[Listing]) -> list[set[object]]:
    """Return, for each service, its channels with the guide id of another channel.

    An id that has no word of its channel's title is a mistake only if it has the words of another
    channel that somebody lists: an id that says nothing at all is no mistake.
    """
    names = {plain_title(title) for one in listings for title in one.titles}
    squeezed = {_squeezed(name): name for name in names if len(_squeezed(name)) >= LEAST_WORD}
    found: list[set[object]] = []
    for one in listings:
        mistakes: set[object] = set()
        for title, guide in zip(one.titles, one.guides, strict=True):
            name = plain_title(title)
            if guide and name and not _akin(name, guide):
                other = squeezed.get(_squeezed(_station(guide)))
                if other is not None and other != name:
                    mistakes.add((name, guide.lower()))
        found.append(mistakes)
    return found


def plain_title(title: str | None) -> str:
    """Return a title's words: no quality marks, country prefixes or signs.

    Examples
    --------
    >>> plain_title("|FR| ARÈNA Sport 1 FHD [backup]")
    'arena sport 1'
    """
    flat = re.sub(r"[\[(|].*?[\])|]", " ", _plain(title or ""))
    words = _WORD.findall(flat)
    kept = [word for word in words if word not in _MARKS]
    return " ".join(kept)


_MARKS = frozenset("hd fhd uhd sd hevc raw vip backup p k h tv live".split())  # noqa: SIM905 - words


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
    return "".join(one for one in split if not unicodedata.combining(one)).lower()
