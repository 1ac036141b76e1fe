"""Guides from bytes: which channels there are, and what they show in a window."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from cautery.formats import GuideChannel, Programme, ReadWarning, read_xmltv
from cautery.messages import message
from cautery.model import Window

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
    dropped = 0
    for item in read_xmltv(chunks):
        if isinstance(item, ReadWarning):
            warnings.append(item)
        elif isinstance(item, GuideChannel):
            if len(channels) < MOST_CHANNELS:
                channels.append((item.id, item.names[0][1] if item.names else None))
            else:
                dropped += 1
        elif _touches(item, within):
            if len(showings) < MOST_SHOWINGS:
                showings.append(Showing(item.channel, _title(item), item.starts_at, item.ends_at))
            else:
                dropped += 1
    if dropped:
        warnings.append(ReadWarning(line=0, why=message("unread.guide-limit"), count=dropped))
    return Guide(tuple(channels), tuple(showings)), tuple(warnings)


def _touches(programme: Programme, within: Window) -> bool:
    return (
        programme.starts_at < within.end
        and (programme.ends_at or programme.starts_at) >= within.start
    )


def _title(programme: Programme) -> str:
    titles = [programme.titles[0][1] if programme.titles else "", programme.subtitle or ""]
    return ": ".join(part for part in titles if part)
