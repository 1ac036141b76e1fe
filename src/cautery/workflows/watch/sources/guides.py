"""Guides as sources: what is announced where and when, and what of it is the mandate's."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Sequence
from datetime import datetime
from functools import cached_property

from cautery.catalogue import Catalogue, Listing, Resolution, Resolver
from cautery.formats.diff import Listed, compare
from cautery.model import Mandate, iso
from cautery.model.records import GuideOffered
from cautery.model.screen import without_pseudonyms
from cautery.workflows.case import tables
from cautery.workflows.case.journal import Journal
from cautery.workflows.watch.sources.differences import MOST_SINGLE, record_changes
from cautery.workflows.watch.sources.guide_source import Guide, Showing

CHANNEL, PROGRAMME, MORE = "channel", "programme", "more"


class Guides:
    """What the guides of one watch announce: compared reading by reading, mine told one by one."""

    def __init__(self, mandate: Mandate, journal: Journal) -> None:
        self._mandate = mandate
        self._journal = journal
        self._readings: dict[str, list[Listed]] = {}
        self._recorded: dict[str, set[str]] = {}
        self._resolving = asyncio.Lock()

    @cached_property
    def _channels(self) -> Resolver:
        return self._resolver(channels=True)

    @cached_property
    def _programmes(self) -> Resolver:
        return self._resolver(channels=False)

    def _resolver(self, *, channels: bool) -> Resolver:
        """Make a resolver of the mandate's channels, or of the rest; few watches have guides."""
        rights = Catalogue.of(self._mandate).rights
        return Resolver(
            Catalogue(tuple(right for right in rights if (right.kind == "channel") == channels))
        )

    def recall(self, source: str, reading: list[Listed]) -> None:
        """Take up what a guide said in an earlier run, to compare the next reading with."""
        self._readings[source] = reading

    async def take(self, source: str, guide: Guide, *, quiet: bool = False) -> None:
        """Record what of a guide is mine, and what differs from its last reading.

        Parameters
        ----------
        quiet : bool
            The same reading again, out of an archive: nothing is recorded.
        """
        listed = listed_in(guide)
        before = self._readings.get(source)
        self._readings[source] = listed
        if before is not None and not quiet:
            record_changes(source, compare(before, listed), journal=self._journal, streams=False)
        recorded = self._recorded.setdefault(source, set())
        at = self._journal.now()
        async with self._resolving:  # thousands of titles: the probes go on meanwhile
            matches = await asyncio.to_thread(lambda: list(self._mine(source, guide, at)))
        offers = [offered for place, offered in matches if place not in recorded]
        recorded |= {place for place, _ in matches}
        if quiet:
            return
        for offered in offers[:MOST_SINGLE]:
            self._journal.write(offered)
        if len(offers) > MOST_SINGLE:
            self._tell_in_a_table(source, offers[MOST_SINGLE:], at)

    def _tell_in_a_table(self, source: str, offers: Sequence[GuideOffered], at: datetime) -> None:
        names = ("what", "channel", "channel_name", "title", "starts_at", "ends_at", "right")
        table = self._journal.seal(
            tables.parquet(
                {name: [_cell(getattr(offered, name)) for offered in offers] for name in names},
                scrubbed=self._journal.scrubbed,
            ),
            what="table",
            media_type=tables.MEDIA_TYPE,
            at=at,
        )
        self._journal.write(
            GuideOffered(source=source, what=MORE, count=len(offers), table=table, at=at)
        )

    def _mine(self, source: str, guide: Guide, at: datetime) -> Iterator[tuple[str, GuideOffered]]:
        """Yield what is mine by its place, with its record."""
        labelled = [(name, label) for name, label in guide.channels if label]
        resolutions = self._channels.resolve_all(
            Listing(title=without_pseudonyms(label)) for _, label in labelled
        )
        for (name, label), resolution in zip(labelled, resolutions, strict=True):
            if resolution.right is not None:
                yield (
                    _plain(name),
                    GuideOffered(
                        source=source,
                        what=CHANNEL,
                        channel=name,
                        channel_name=label,
                        right=resolution.right,
                        probability=resolution.probability,
                        why=resolution.why,
                        at=at,
                    ),
                )
        names = dict(guide.channels)
        titles = list(dict.fromkeys(showing.title for showing in guide.showings if showing.title))
        resolved = dict(
            zip(
                titles,
                self._programmes.resolve_all(
                    Listing(title=without_pseudonyms(title)) for title in titles
                ),
                strict=True,
            )
        )
        for showing in guide.showings:
            match = resolved.get(showing.title)
            if match is not None and match.right is not None and self._in_time(showing, match):
                yield (
                    _place(showing),
                    GuideOffered(
                        source=source,
                        what=PROGRAMME,
                        channel=showing.channel,
                        channel_name=names.get(showing.channel),
                        title=showing.title,
                        starts_at=showing.starts_at,
                        ends_at=showing.ends_at,
                        right=match.right,
                        probability=match.probability,
                        why=match.why,
                        at=at,
                    ),
                )

    def _in_time(self, showing: Showing, resolution: Resolution) -> bool:
        """Tell whether it is the event itself: at another time it is a preview or a repeat."""
        if resolution.right is None or not resolution.right.startswith("event:"):
            return True
        window = self._mandate.event(resolution.right.removeprefix("event:")).window
        ends_at = showing.ends_at or showing.starts_at
        return showing.starts_at < window.end and ends_at >= window.start


def listed_in(guide: Guide) -> list[Listed]:
    """Return channels and showings as they are compared, reading by reading."""
    entries = [Listed(_plain(name), label) for name, label in guide.channels]
    return entries + [Listed(_place(showing), showing.title) for showing in guide.showings]


def _cell(value: object) -> str | None:
    return iso(value) if isinstance(value, datetime) else value if isinstance(value, str) else None


def _plain(channel: str) -> str:
    return f"channel {channel}"


def _place(showing: Showing) -> str:
    return f"{showing.channel} {showing.starts_at:%Y-%m-%dT%H:%MZ}"
