"""Where the media of a look lie: which hosts gave how many of the bytes that were decoded."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

from cautery.formats.open_redirect import places_named
from cautery.model import host_of

NO_MEDIA_LETTERS = 64
"""A question so short holds no media."""
MOST_LETTERS = 65_536
"""Of the URLs of one track that are searched for other places: some 40 of the longest kind."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MediaPart:
    """One answer from which media were taken.

    Parameters
    ----------
    hops : tuple of str
        URLs passed through to it, the one that was asked for first.
    size : int
        Bytes of it that are in the media.
    answered : int
        Bytes of the whole answer.
    """

    hops: tuple[str, ...]
    size: int
    answered: int

    @property
    def echoed(self) -> bool:
        """Whether the question may hold all that was answered: then nobody gave it."""
        later_places = self.hops[0].partition("://")[2].partition("/")[2]
        return self.answered + NO_MEDIA_LETTERS <= len(later_places)


@dataclass(frozen=True, slots=True, kw_only=True)
class MediaPlace:
    """A host that gave a part of the media.

    Parameters
    ----------
    url : str
        Where the first such part lies, behind redirects to another host.
    hops : tuple of str
        URLs passed through to this first part.
    size : int
        Bytes of all its parts.
    hands_on : bool
        Whether one of these URLs holds a whole URL at another host, so that it may be a proxy's.
    """

    url: str
    hops: tuple[str, ...]
    size: int
    hands_on: bool = False


def places_of(parts: Iterable[MediaPart]) -> tuple[MediaPlace, ...]:
    """Return each host that gave any of the bytes, in order."""
    places: dict[str, MediaPlace] = {}
    read: set[str] = set()
    left = MOST_LETTERS
    for part in parts:
        if part.size <= 0 or part.echoed:
            continue
        asked, last = part.hops[0], part.hops[-1]
        url = last if host_of(last) != host_of(asked) else asked
        place = places.get(host_of(url)) or MediaPlace(url=url, hops=part.hops, size=0)
        hands_on = place.hands_on
        if url not in read and not hands_on:
            read.add(url)
            left -= len(url)
            # Who makes us read more than that is not shown to serve anything itself.
            hands_on = left < 0 or bool(places_named(url))
        places[host_of(url)] = replace(place, size=place.size + part.size, hands_on=hands_on)
    return tuple(places.values())
