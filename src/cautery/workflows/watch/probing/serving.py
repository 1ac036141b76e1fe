"""Who serves what a look showed, and who only hands on what its question names.

A look passes through places in order: the host that was asked, each redirect, each playlist, and
each host that gave bytes of the media. What it proves is the act of whoever gave the bytes that
prove it, and of whoever leads there of its own accord: by a playlist or a redirect that no question
holds. A host whose question names the place is a bystander: anybody can write that question. See
:doc:`/adr/0069-who-serves-what-is-proven`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby

from cautery.formats.open_redirect import (
    only_sends_on,
    open_redirect,
    places_named,
    without,
)
from cautery.model import Mandate, Observation, Partner, host_of
from cautery.workflows.media.fetching import Fetched
from cautery.workflows.media.places import MediaPlace

MOST_PLACES = 8
"""Hosts of media of one look that are asked about: a playlist may name four hundred."""
_SPEAKS_LOG10_LR = 1.0
"""ENFSI *moderate support*: a weaker witness does not say that a track shows anything of ours."""

_Track = tuple[tuple[str, ...], tuple[MediaPlace, ...]]
"""The URLs passed through to media, and where they lie."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Serving:
    """Who serves what one look showed, as far as this look alone can tell.

    Parameters
    ----------
    hosts : tuple of str
        Hosts passed through, in order: by redirects and, where a question led on, to the media.
    led_to : str or None
        The exact URL to which a question led on every way to the media; ``None``: there is none.
    named : tuple of str
        Exact URLs that a question names where it is not certain who serves: each has to be looked
        at by itself.
    plain : str or None
        The URL that was asked for without what names a place: what is given there is its own host's
        act. ``None``: the question names none, or nothing is left to ask for.
    media : str
        Where all the media lie that say what the look found; empty: at several hosts, or where they
        may be another's.
    """

    hosts: tuple[str, ...]
    led_to: str | None = None
    named: tuple[str, ...] = ()
    plain: str | None = None
    media: str = ""

    @property
    def led_to_host(self) -> str | None:
        """The host of ``led_to``."""
        return None if self.led_to is None else host_of(self.led_to)

    @property
    def named_hosts(self) -> tuple[str, ...]:
        """The hosts of ``named``."""
        return tuple(dict.fromkeys(map(host_of, self.named)))


def serving_of(fetched: Fetched, observation: Observation) -> Serving:
    """Return who serves what a look showed."""
    hops, asked = fetched.hops, host_of(fetched.hops[0])
    tracks = _speaking(fetched, observation)
    ways = [(*way, *place.hops) for way, places in tracks for place in places[:MOST_PLACES]]
    ways = ways or [way or hops for way, _ in tracks]
    led = [_handed_on(way, asked) for way in ways]
    aims = {host_of(url): url for url in led if url is not None}
    may_be_others = any(place.hands_on for _, places in tracks for place in places)
    if len(aims) == 1 and None not in led and not may_be_others:
        (led_to,) = aims.values()
        return Serving(
            hosts=tuple(host for host, _ in groupby(map(host_of, ways[0]))),
            led_to=led_to,
            plain=_plain(hops, tuple(aims)),
            media=media_of(fetched, observation),
        )
    own_hops = [hop for hop in hops if host_of(hop) == asked]
    places = list(aims.values()) or [place for hop in own_hops for place in places_named(hop)]
    named = tuple({host_of(url): url for url in reversed(places)}.values())[::-1][:MOST_PLACES]
    # What lies behind another's question is not known to be its host's.
    hosts = tuple(host_of(hop) for hop in hops if hop in own_hops or not places_named(hop))
    return Serving(
        hosts=hosts,
        named=named,
        plain=_plain(own_hops, tuple(map(host_of, named))),
        media=media_of(fetched, observation),
    )


def _plain(hops: Sequence[str], names: Sequence[str]) -> str | None:
    """Return the first of these URLs whose question names hosts, without these names."""
    plain = (without(hop, names) for hop in hops if names)
    return next((url for url in plain if url is not None), None)


def media_of(fetched: Fetched, observation: Observation) -> str:
    """Return where all the media lie that say what a look found; empty: not at one host alone.

    Of sound that is served apart, the sound says what is heard and the rest what is seen.
    """
    places = [place for _, places in _speaking(fetched, observation) for place in places]
    hosts = {host_of(place.url) for place in places}
    alone = len(hosts) == 1 and not any(place.hands_on for place in places)
    return places[0].url if alone else ""


def partner_leading(fetched: Fetched, mandate: Mandate) -> Partner | None:
    """Return the partner whose host redirected a look to one that is not known to be a partner's.

    Its own servers have more names than a mandate lists; but a short link there may lead anywhere.
    """
    *before, last = (mandate.partner_on(host_of(hop)) for hop in fetched.hops)
    if last is not None or open_redirect(fetched.hops) is not None:
        return None
    return next((partner for partner in reversed(before) if partner is not None), None)


def _speaking(fetched: Fetched, observation: Observation) -> list[_Track]:
    """Return the tracks that say what a look found; all of them if it found nothing."""
    data, sound = (fetched.way, fetched.places), (fetched.sound_way, fetched.sound_places)
    if fetched.sound is None:
        return [data]
    kinds = {
        witness.kind for witness in observation.witnesses if witness.log10_lr >= _SPEAKS_LOG10_LR
    }
    is_heard, is_seen = "sound" in kinds, not kinds <= {"sound"}
    return [
        *([data] if is_seen or not is_heard else []),
        *([sound] if is_heard or not is_seen else []),
    ]


def _handed_on(way: tuple[str, ...], asked: str) -> str | None:
    """Return the place to which a question led on a way, unless the asked host serves after it."""
    led_to = open_redirect(way)
    if led_to is None:
        return None
    hosts = tuple(map(host_of, way))
    return led_to if only_sends_on(asked, hosts, host_of(led_to)) else None
