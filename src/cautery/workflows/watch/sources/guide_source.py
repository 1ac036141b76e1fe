"""Guides from bytes: which channels there are, and what they show in a window."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from cautery.model import Window
from cautery.watch import GuideChannel, Programme, ReadWarning, read_xmltv

MOST_SHOWINGS = 200_000
"""Two weeks of 2,500 channels have some 800,000; those that touch the mandate's window are kept."""
MOST_CHANNELS = 50_000


@dataclass(frozen=True, slots=True)
class Showing:
    """One programme on one channel, as announced; ``title`` has the subtitle too."""

    channel: str
    title: str
    starts_at: datetime
    ends_at: datetime | None


@dataclass(frozen=True, slots=True)
class Guide:
    """What a guide announces.

    Parameters
    ----------
    channels : tuple of (str, str or None)
        Id and name, in the guide's order.
    """

    channels: tuple[tuple[str, str | None], ...]
    showings: tuple[Showing, ...]


def read_guide_source(
    chunks: Iterable[bytes], within: Window
) -> tuple[Guide, tuple[ReadWarning, ...]]:
    """Return the channels of a guide, what they show in a window, and what could not be read.

    Raises
    ------
    SourceError
        If it is no guide.
    """
    channels: list[tuple[str, str | None]] = []
    showings: list[Showing] = []
    warnings: list[ReadWarning] = []
    more = 0
    for one in read_xmltv(chunks):
        if isinstance(one, ReadWarning):
            warnings.append(one)
        elif isinstance(one, GuideChannel):
            if len(channels) < MOST_CHANNELS:
                channels.append((one.id, one.names[0][1] if one.names else None))
            else:
                more += 1
        elif _touches(one, within):
            if len(showings) < MOST_SHOWINGS:
                showings.append(Showing(one.channel, _title(one), one.starts_at, one.ends_at))
            else:
                more += 1
    if more:
        warnings.append(ReadWarning(line=0, why="more than is kept of a guide", count=more))
    return Guide(tuple(channels), tuple(showings)), tuple(warnings)


def _touches(one: Programme, within: Window) -> bool:
    return one.starts_at < within.end and (one.ends_at or one.starts_at) >= within.start


def _title(one: Programme) -> str:
    said = [one.titles[0][1] if one.titles else "", one.subtitle or ""]
    return ": ".join(part for part in said if part)
