"""XMLTV guides: channels, and which programme is on when."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from cautery.formats._dates import moment_of
from cautery.formats._tally import Tally
from cautery.formats._values import ReadWarning
from cautery.formats._xml import BROKEN, Element, elements
from cautery.messages import message
from cautery.model.message import Message

FORMAT = "XMLTV guide"
SPECIFICATION = "xmltv.dtd of the XMLTV project (github.com/XMLTV/xmltv); xmltv.php of panels"
MEDIA_TYPES = ("application/xml", "text/xml")

_MOST_NAMES = 50
_MOST_WARNINGS = 100
_TIME = re.compile(
    r"^(\d{4})(\d{2})?(\d{2})?(\d{2})?(\d{2})?(\d{2})?(?:\.\d+)?\s*([+-]\d{4}|[A-Z]{1,5})?$"
)
_ZONES = {
    "UTC": 0,
    "GMT": 0,
    "Z": 0,
    "BST": 1,
    "WET": 0,
    "CET": 1,
    "CEST": 2,
    "EET": 2,
    "EEST": 3,
    "MSK": 3,
}
_MULTIPLE = frozenset(("title", "category", "display-name"))
_FIRST = frozenset(("sub-title", "desc", "url", "episode-num"))


@dataclass(frozen=True, slots=True, kw_only=True)
class GuideChannel:
    """A channel of a guide.

    Parameters
    ----------
    names : tuple of (str, str)
        Language (may be empty) and name, in the guide's order.
    other : tuple of (str, str)
        Elements that are not understood, with their text.
    """

    id: str
    names: tuple[tuple[str, str], ...]
    icon: str | None
    url: str | None
    other: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Programme:
    """One programme on one channel.

    Parameters
    ----------
    starts_at, ends_at : datetime or None
        In UTC; ``ends_at`` is often unsaid. A time without an offset is UTC, as the DTD has it.
    """

    channel: str
    starts_at: datetime
    ends_at: datetime | None
    titles: tuple[tuple[str, str], ...]
    subtitle: str | None
    description: str | None
    categories: tuple[str, ...]
    episode: str | None
    other: tuple[tuple[str, str], ...] = ()


def read_xmltv(chunks: Iterable[bytes]) -> Iterator[GuideChannel | Programme | ReadWarning]:
    r"""Yield the channels and programmes of a guide as they stand; memory stays that of one.

    Raises
    ------
    SourceError
        If it is no guide, is broken off, or declares entities; what stands before is yielded.

    Examples
    --------
    >>> guide = b'''<tv><programme start="20261124204500 +0100" channel="a">
    ... <title>Home v Away</title></programme></tv>'''
    >>> [one] = read_xmltv([guide])
    >>> one.starts_at.isoformat(), one.titles
    ('2026-11-24T19:45:00+00:00', (('', 'Home v Away'),))
    """
    tally = Tally(most=_MOST_WARNINGS)
    records = ("channel", "programme")
    for element in elements(chunks, expected_format="an XMLTV guide", root="tv", records=records):
        if element.name == BROKEN:
            yield from tally.add(
                element.line,
                message("unread.broken-xml", detail=element.attributes["why"]),
                element.text,
            )
        elif element.name == "channel":
            if element.attributes.get("id"):
                yield _channel(element)
            else:
                yield from tally.add(element.line, message("unread.bare-channel"), _said(element))
        elif element.name == "programme":
            programme, problem = _programme(element)
            if programme is not None:
                yield programme
            if problem:
                yield from tally.add(element.line, problem, _said(element))
        else:
            yield from tally.add(element.line, message("unread.not-of-a-guide"), element.name)
    yield from tally.rest()


def _channel(element: Element) -> GuideChannel:
    icon, url = element.first("icon"), element.first("url")
    return GuideChannel(
        id=element.attributes["id"][:300],
        names=_named(element, "display-name"),
        icon=icon.attributes.get("src") if icon else None,
        url=(url.text or None) if url else None,
        other=_other(element, understood=("icon",)),
    )


def _programme(element: Element) -> tuple[Programme | None, Message | None]:
    channel = element.attributes.get("channel", "")
    starts, ends = _moment(element.attributes.get("start", "")), element.attributes.get("stop")
    if not channel or starts is None:
        return None, message("unread.no-channel") if not channel else message("unread.bad-time")
    ends_at = _moment(ends) if ends else None
    subtitle, about, episode = (
        element.first(name) for name in ("sub-title", "desc", "episode-num")
    )
    programme = Programme(
        channel=channel[:300],
        starts_at=starts,
        ends_at=ends_at,
        titles=_named(element, "title"),
        subtitle=(subtitle.text or None) if subtitle else None,
        description=(about.text or None) if about else None,
        categories=tuple(
            category.text for category in element.all("category")[:_MOST_NAMES] if category.text
        ),
        episode=(episode.text or None) if episode else None,
        other=_other(element),
    )
    return programme, message("unread.bad-end") if ends and ends_at is None else None


def _named(element: Element, name: str) -> tuple[tuple[str, str], ...]:
    children = element.all(name)[:_MOST_NAMES]
    return tuple((child.attributes.get("lang", ""), child.text) for child in children if child.text)


def _other(element: Element, understood: tuple[str, ...] = ()) -> tuple[tuple[str, str], ...]:
    extras = [
        (f"@{key}", value)
        for key, value in element.attributes.items()
        if key not in ("id", "channel", "start", "stop")
    ]
    first = set[str]()
    for child in element.children[: 4 * _MOST_NAMES]:
        # Of some names the first is understood, of some all, and of others none.
        once = child.name in _FIRST or child.name in understood
        if child.name in _MULTIPLE or (once and child.name not in first):
            first.add(child.name)
            continue
        inner = " ".join(part.text for part in child.children if part.text)
        source = child.attributes.get("src", "")
        extras.append((child.name, (child.text or inner or source)[:1000]))
    return tuple(extras[:_MOST_NAMES])


def _said(element: Element) -> str:
    return " ".join(f"{key}={value[:60]}" for key, value in element.attributes.items())


def _moment(text: str) -> datetime | None:
    match = _TIME.match(text.strip())
    if match is None:
        return moment_of(text) if "T" in text else None  # ISO 8601, as some guides have it
    year, month, day, hour, minute, second = (int(part or 0) for part in match.groups()[:6])
    zone = match[7] or "UTC"
    if zone[0] in "+-":
        east = timedelta(hours=int(zone[:3]), minutes=int(zone[0] + zone[3:]))
    elif zone in _ZONES:
        east = timedelta(hours=_ZONES[zone])
    else:
        return None
    try:
        # A leap second is written as 60, which datetime refuses.
        local = datetime(year, month or 1, day or 1, hour, minute, min(second, 59), tzinfo=UTC)
        return local - east if year > 1970 else None
    except (ValueError, OverflowError):
        return None
