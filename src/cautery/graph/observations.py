"""Values that are always borne together are one observation, and so one tie.

Who shares one of a pair of name servers shares the other; so it is with the addresses of one
answer, the certificates of one chain, the ids on one page and the faults of one feed. Counted one
by one they would say the same thing twice, and twice as surely.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta

from cautery.graph.links import Mark
from cautery.graph.links_table import GAP_S
from cautery.model import Link

MOST_NAMED = 6
"""Further values that a link names; the rest are counted."""
MOST_TRIED = 50
"""Observations of the same bearers that a value is compared with, the latest ones: of thousands
that one subject had one after another, the older ones are over."""

_GAP = timedelta(seconds=GAP_S)
_Bearers = Mapping[str, Sequence[Link]]


@dataclass(slots=True)
class _Observation:
    """A value with its bearers, and the values that were seen with it."""

    kind: str
    value: str
    bearers: _Bearers
    beside: list[tuple[str, _Bearers]] = field(default_factory=list)


def one_each(links: Iterable[Link], *, apart: Collection[Mark] = ()) -> tuple[Link, ...]:
    """Return links with one value for each observation: the one that was seen first.

    Two values of a kind are one observation if the same subjects bear both, each at one time (or
    within a day); of name servers of one zone, also if all who have the one have the other. The
    link that stays names the others, and the records of all.

    Parameters
    ----------
    links : iterable of Link
        All that is known: a later one may show that two values are not always borne together.
    apart : collection of (str, str)
        Values that are left as they are, as shared ones are.

    Returns
    -------
    tuple of Link
        Sorted by subject, kind, value and source.
    """
    told = tuple(links)
    bearers: dict[Mark, dict[str, list[Link]]] = defaultdict(lambda: defaultdict(list))
    for link in told:
        if (link.kind, link.value) not in apart:
            bearers[link.kind, link.value][link.subject].append(link)
    kept = [one for one in told if (one.kind, one.value) in apart]
    seen = [
        _Observation(kind, value, held)
        for (kind, value), held in sorted(bearers.items(), key=_first)
    ]
    for one in _gathered(_gathered(seen, _zone), _borne_by):
        kept += _links(one)
    return tuple(sorted(kept, key=lambda one: (one.subject, one.kind, one.value, one.source)))


def _gathered(
    seen: Iterable[_Observation], home_of: Callable[[_Observation], tuple[str, ...]]
) -> list[_Observation]:
    """Put each into the first of its home that was seen with it."""
    homes: dict[tuple[str, ...], list[_Observation]] = defaultdict(list)
    for one in seen:
        home = homes[home_of(one)]
        tried = home[-MOST_TRIED:]
        same = next((mate for mate in tried if _together(mate.bearers, one.bearers)), None)
        if same is None:
            home.append(one)
        else:
            same.beside += [(one.value, one.bearers), *one.beside]
    return [one for home in homes.values() for one in home]


def _first(item: tuple[Mark, _Bearers]) -> tuple[int, float, Mark]:
    """Order those first that most bear, so that others may be with them; then the first seen."""
    mark, held = item
    first = min(link.first_seen for links in held.values() for link in links)
    return -len(held), first.timestamp(), mark


def _zone(one: _Observation) -> tuple[str, ...]:
    """Return a name server's zone; all else is by itself."""
    _, _, zone = one.value.lower().rstrip(".").partition(".")
    if one.kind == "nameserver" and "." in zone:
        return (one.kind, zone)
    return (one.kind, "", one.value)


def _borne_by(one: _Observation) -> tuple[str, ...]:
    return (one.kind, *sorted(one.bearers))


def _together(one: _Bearers, other: _Bearers) -> bool:
    """Tell whether all who bear the one bear the other at the same time."""
    return all(
        subject in one and any(_overlap(link, mate) for mate in one[subject] for link in links)
        for subject, links in other.items()
    )


def _overlap(one: Link, other: Link) -> bool:
    return one.first_seen - other.last_seen <= _GAP and other.first_seen - one.last_seen <= _GAP


def _links(one: _Observation) -> Iterable[Link]:
    for subject, links in one.bearers.items():
        more = [(value, held[subject]) for value, held in one.beside if subject in held]
        if not more:
            yield from links
            continue
        named = ", ".join(sorted(value for value, _ in more)[:MOST_NAMED])
        rest = len(more) - MOST_NAMED
        named += f" and {rest} more" if rest > 0 else ""
        records = [record for _, mates in more for mate in mates for record in mate.records]
        for place, link in enumerate(links):
            said = f"{link.said or f'{link.kind} {link.value}'}, and with it {named}"
            own = (*link.records, *records) if place == 0 else link.records
            yield replace(link, said=said, records=tuple(dict.fromkeys(own)))
