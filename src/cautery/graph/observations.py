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
from cautery.messages import message
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
    listed = tuple(links)
    bearers: dict[Mark, dict[str, list[Link]]] = defaultdict(lambda: defaultdict(list))
    for link in listed:
        if (link.kind, link.value) not in apart:
            bearers[link.kind, link.value][link.subject].append(link)
    single_links = [link for link in listed if (link.kind, link.value) in apart]
    observations = [
        _Observation(kind, value, by_subject)
        for (kind, value), by_subject in sorted(bearers.items(), key=_first)
    ]
    for observation in _gathered(_gathered(observations, _zone), _borne_by):
        single_links += _links(observation)
    return tuple(
        sorted(single_links, key=lambda link: (link.subject, link.kind, link.value, link.source))
    )


def _gathered(
    observations: Iterable[_Observation], home_of: Callable[[_Observation], tuple[str, ...]]
) -> list[_Observation]:
    """Put each into the first of its home that was seen with it."""
    homes: dict[tuple[str, ...], list[_Observation]] = defaultdict(list)
    for observation in observations:
        home = homes[home_of(observation)]
        tried = home[-MOST_TRIED:]
        same = next((mate for mate in tried if _together(mate.bearers, observation.bearers)), None)
        if same is None:
            home.append(observation)
        else:
            same.beside += [(observation.value, observation.bearers), *observation.beside]
    return [observation for home in homes.values() for observation in home]


def _first(item: tuple[Mark, _Bearers]) -> tuple[int, float, Mark]:
    """Order those first that most bear, so that others may be with them; then the first seen."""
    mark, bearers = item
    first = min(link.first_seen for links in bearers.values() for link in links)
    return -len(bearers), first.timestamp(), mark


def _zone(observation: _Observation) -> tuple[str, ...]:
    """Return a name server's zone; all else is by itself."""
    _, _, zone = observation.value.lower().rstrip(".").partition(".")
    if observation.kind == "nameserver" and "." in zone:
        return (observation.kind, zone)
    return (observation.kind, "", observation.value)


def _borne_by(observation: _Observation) -> tuple[str, ...]:
    return (observation.kind, *sorted(observation.bearers))


def _together(first: _Bearers, second: _Bearers) -> bool:
    """Tell whether all who bear the one bear the other at the same time."""
    return all(
        subject in first and any(_overlap(link, mate) for mate in first[subject] for link in links)
        for subject, links in second.items()
    )


def _overlap(first: Link, second: Link) -> bool:
    return (
        first.first_seen - second.last_seen <= _GAP and second.first_seen - first.last_seen <= _GAP
    )


def _links(observation: _Observation) -> Iterable[Link]:
    for subject, links in observation.bearers.items():
        beside = [
            (value, by_subject[subject])
            for value, by_subject in observation.beside
            if subject in by_subject
        ]
        if not beside:
            yield from links
            continue
        values = sorted(value for value, _ in beside)[:MOST_NAMED]
        further = len(beside) - len(values)
        records = [record for _, mates in beside for mate in mates for record in mate.records]
        for place, link in enumerate(links):
            link_text = link.said or message("link.bears", kind=link.kind, value=link.value)
            reason = (
                message("link.beside-more", link=link_text, values=values, more=further)
                if further
                else message("link.beside", link=link_text, values=values)
            )
            own_records = (*link.records, *records) if place == 0 else link.records
            yield replace(link, said=reason, records=tuple(dict.fromkeys(own_records)))
