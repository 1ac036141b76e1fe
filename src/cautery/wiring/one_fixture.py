"""What a watch of one fixture reads: the mandate's calendars, and those that its season fetched."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from cautery import wiring
from cautery.adapters._files import read_whole
from cautery.model import Mandate, OwnLocation
from cautery.workflows.mandate.fixture_approvals import read_approvals
from cautery.workflows.mandate.fixtures import MOST_BYTES, Fixtures
from cautery.workflows.mandate.read import calendars_of
from cautery.workflows.watch.one_fixture import OneFixture


@dataclass(frozen=True, slots=True, kw_only=True)
class OfOneFixture:
    """A watch of one fixture.

    Parameters
    ----------
    mandate : Mandate
        With the fixtures of the calendars that were fetched.
    only : OneFixture
        Which fixture it is.
    read : callable
        Reads the calendars again, and returns this fixture alone.
    """

    mandate: Mandate
    only: OneFixture
    read: Callable[[Mapping[OwnLocation, bytes]], Fixtures]


def one_fixture(
    mandate_file: Path, mandate: Mandate, id: str, calendars: Path | None
) -> OfOneFixture:
    """Return what a watch of one fixture of a mandate needs.

    Parameters
    ----------
    calendars : Path or None
        Folder with the calendars that its season has fetched; ``None``: none is.

    Raises
    ------
    MandateError
        If the mandate names no such fixture.
    """
    read_calendars = calendars_of(mandate_file)
    needed = {channel.event for channel in mandate.channels} | {id}

    def read(_: Mapping[OwnLocation, bytes]) -> Fixtures:
        fixtures = read_calendars(fetched_copies(mandate, calendars))
        copies = [
            copy_of(calendar.location, calendars)
            for calendar in mandate.calendars
            if calendars is not None
        ]
        return replace(
            fixtures,
            files=(*fixtures.files, *(path for path in copies if path.exists())),
            events=tuple(event for event in fixtures.events if event.id in needed),
            left_out=(),
        )

    fixtures = read({})
    whole = with_events(mandate, fixtures)
    whole.event(id)
    approvals = read_approvals(mandate_file, mandate, now=wiring.clock().now())
    return OfOneFixture(mandate=whole, only=OneFixture(id, approvals=approvals.of), read=read)


def with_events(mandate: Mandate, fixtures: Fixtures) -> Mandate:
    """Return a mandate with the fixtures of its calendars that it has not yet.

    Raises
    ------
    MandateError
        If two of them have one id.
    """
    ids = {event.id for event in mandate.events}
    fetched = tuple(event for event in fixtures.events if event.id not in ids)
    return replace(mandate, events=(*mandate.events, *fetched)) if fetched else mandate


def copy_of(calendar: OwnLocation, folder: Path) -> Path:
    """Return where a season keeps a calendar that it fetched; the name tells nobody its address."""
    return folder / f"{hashlib.sha256(calendar.reveal().encode()).hexdigest()[:32]}.ics"


def fetched_copies(mandate: Mandate, folder: Path | None) -> dict[OwnLocation, bytes]:
    """Return the calendars that a season has fetched, as it fetched them last."""
    copies: dict[OwnLocation, bytes] = {}
    if folder is None:
        return copies
    for calendar in mandate.calendars:
        path = copy_of(calendar.location, folder)
        if path.exists():
            copies[calendar.location] = read_whole(path, limit=MOST_BYTES)
    return copies
