"""Guides as sources: what is announced where and when, and which of it is mine."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from datetime import datetime
from functools import cached_property

from cautery.catalogue import Catalogue, Listing, Resolution, Resolver
from cautery.model import Mandate, iso
from cautery.model.screen import without_pseudonyms
from cautery.watch import redacted_text
from cautery.watch.diff import Listed, compare
from cautery.workflows.case import tables
from cautery.workflows.case.journal import Journal
from cautery.workflows.watch.sources.differences import MOST_SINGLE, record_changes
from cautery.workflows.watch.sources.guide_source import Guide, Showing

CHANNEL, PROGRAMME = "channel", "programme"


class Guides:
    """What the guides of one watch announce: compared reading by reading, mine told one by one."""

    def __init__(self, mandate: Mandate, journal: Journal) -> None:
        self._mandate = mandate
        self._journal = journal
        self._readings: dict[str, list[Listed]] = {}
        self._told: dict[str, set[str]] = {}
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

    def listed(self, guide: Guide) -> list[Listed]:
        """Return channels and showings as they may be recorded."""
        return _listed(self._screened(guide))

    async def take(self, source: str, guide: Guide, *, quiet: bool = False) -> None:
        """Record what of a guide is mine, and what differs from its last reading.

        Parameters
        ----------
        quiet : bool
            The same reading again, out of an archive: nothing is recorded.
        """
        guide = await asyncio.to_thread(self._screened, guide)
        listed = _listed(guide)
        before = self._readings.get(source)
        self._readings[source] = listed
        if before is not None and not quiet:
            record_changes(source, compare(before, listed), journal=self._journal, streams=False)
        told = self._told.setdefault(source, set())
        async with self._resolving:  # thousands of titles: the probes go on meanwhile
            found = await asyncio.to_thread(lambda: list(self._mine(guide)))
        mine = [(place, body) for place, body in found if place not in told]
        told |= {place for place, _ in mine}
        if quiet:
            return
        at = self._journal.now()
        for _, body in mine[:MOST_SINGLE]:
            self._journal.write("guide.offered", {"source": source, **body, "at": at})
        if len(mine) > MOST_SINGLE:
            self._tell_in_a_table(source, [body for _, body in mine[MOST_SINGLE:]], at)

    def _screened(self, guide: Guide) -> Guide:
        """Return a guide as it may be recorded; many showings have one title."""
        known: dict[str, str] = {}

        def text(said: str) -> str:
            if said not in known:
                known[said] = redacted_text(said, self._journal.pseudonyms)
            return known[said]

        return Guide(
            tuple((text(name), said and text(said)) for name, said in guide.channels),
            tuple(
                Showing(
                    text(showing.channel), text(showing.title), showing.starts_at, showing.ends_at
                )
                for showing in guide.showings
            ),
        )

    def _tell_in_a_table(self, source: str, rest: list[dict[str, object]], at: datetime) -> None:
        names = ("what", "channel", "channel_name", "title", "starts_at", "ends_at", "right")
        table = self._journal.seal(
            tables.parquet(
                {name: [_cell(body[name]) for body in rest] for name in names},
                scrubbed=self._journal.scrubbed,
            ),
            what="table",
            media_type=tables.MEDIA_TYPE,
            at=at,
        )
        self._journal.write(
            "guide.offered",
            {"source": source, "what": "more", "count": len(rest), "table": table, "at": at},
        )

    def _mine(self, guide: Guide) -> Iterator[tuple[str, dict[str, object]]]:
        """Yield what is mine by its place, with the body of its record."""
        named = [(name, said) for name, said in guide.channels if said]
        found = self._channels.resolve_all(
            Listing(title=without_pseudonyms(said)) for _, said in named
        )
        for (name, said), one in zip(named, found, strict=True):
            if one.right is not None:
                yield _plain(name), self._body(CHANNEL, name, said, None, one)
        names = dict(guide.channels)
        titles = list(dict.fromkeys(one.title for one in guide.showings if one.title))
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
                    self._body(
                        PROGRAMME, showing.channel, names.get(showing.channel), showing, match
                    ),
                )

    def _in_time(self, showing: Showing, found: Resolution) -> bool:
        """Tell whether it is the event itself: at another time it is a preview or a repeat."""
        if found.right is None or not found.right.startswith("event:"):
            return True
        window = self._mandate.event(found.right.removeprefix("event:")).window
        ends_at = showing.ends_at or showing.starts_at
        return showing.starts_at < window.end and ends_at >= window.start

    def _body(
        self,
        what: str,
        channel: str,
        name: str | None,
        showing: Showing | None,
        found: Resolution,
    ) -> dict[str, object]:
        return {
            "what": what,
            "channel": channel,
            "channel_name": name,
            "title": None if showing is None else showing.title,
            "starts_at": None if showing is None else showing.starts_at,
            "ends_at": None if showing is None else showing.ends_at,
            "right": found.right,
            "probability": found.probability,
            "why": found.why,
        }


def _listing(said: str) -> Listing:
    return Listing(title=without_pseudonyms(said))


def _listed(guide: Guide) -> list[Listed]:
    found = [Listed(_plain(name), said) for name, said in guide.channels]
    return found + [Listed(_place(showing), showing.title) for showing in guide.showings]


def _cell(value: object) -> str | None:
    return iso(value) if isinstance(value, datetime) else value if isinstance(value, str) else None


def _plain(channel: str) -> str:
    return f"channel {channel}"


def _place(one: Showing) -> str:
    return f"{one.channel} {one.starts_at:%Y-%m-%dT%H:%MZ}"
