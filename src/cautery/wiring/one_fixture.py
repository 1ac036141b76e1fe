"""What a watch of one fixture reads: the mandate's calendars, and those that its season fetched."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from cautery import wiring
from cautery.adapters._files import read_whole
from cautery.evidence.case_names import is_on_server, name_on_server
from cautery.model import Approver, Event, Mandate, OwnLocation
from cautery.model.season import case_name, fixture_of
from cautery.workflows.mandate.fixture_approvals import FixtureApprovals, read_approvals
from cautery.workflows.mandate.fixtures import MOST_BYTES, Fixtures
from cautery.workflows.mandate.read import calendars_of
from cautery.workflows.season.plan import LONGEST
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
    mandate_file: Path,
    mandate: Mandate,
    id: str,
    calendars: Path | None,
    *,
    case: Path,
    signers: Sequence[Approver] | None = None,
) -> OfOneFixture:
    """Return what a watch of one fixture of a mandate needs.

    A calendar that gives the id to another match, or a longer time than any match takes, counts as
    one that does not list the fixture any more.

    Parameters
    ----------
    calendars : Path or None
        Folder with the calendars that its season has fetched: then the fixture must be approved,
        and be the one of which the case has its name. ``None``: a person names the fixture, which
        is what the calendar has under this id now.
    signers : sequence of Approver or None
        As for :func:`~cautery.workflows.mandate.fixture_approvals.read_approvals`.

    Raises
    ------
    MandateError
        If the mandate names no such fixture.
    """
    now = wiring.clock().now()
    approvals = read_approvals(mandate_file, mandate, now=now, known_signers=signers)
    read_calendars = calendars_of(mandate_file)
    needed = {channel.event for channel in mandate.channels} | {id}

    def listed() -> Fixtures:
        fixtures = read_calendars(fetched_copies(mandate, calendars))
        return replace(
            fixtures, events=tuple(event for event in fixtures.events if event.id in needed)
        )

    whole = with_events(mandate, listed())
    if calendars is None:
        is_this = _as_named(whole.event(id))
    else:
        is_this = _as_approved(mandate, approvals, case)

    def read(_: Mapping[OwnLocation, bytes]) -> Fixtures:
        fixtures = listed()
        copies = [
            copy_of(calendar.location, calendars)
            for calendar in mandate.calendars
            if calendars is not None
        ]
        return replace(
            fixtures,
            files=(*fixtures.files, *(path for path in copies if path.exists())),
            events=tuple(event for event in fixtures.events if event.id != id or is_this(event)),
            left_out=(),
        )

    events = tuple(event for event in whole.events if event.id != id or is_this(event))
    return OfOneFixture(
        mandate=replace(whole, events=events),
        only=OneFixture(id, is_this=is_this, approvals=approvals.of),
        read=read,
    )


def _as_named(named: Event) -> Callable[[Event], bool]:
    """Return what tells a fixture that a person named from others of its id."""
    what = fixture_of(named).what
    return lambda event: fixture_of(event).what == what and _is_match(event)


def _as_approved(
    mandate: Mandate, approvals: FixtureApprovals, case: Path
) -> Callable[[Event], bool]:
    """Return what tells the fixture for which its season began a case from others of its id."""
    name = name_on_server(case) if is_on_server(case) else case.name

    def is_this(event: Event) -> bool:
        fixture = fixture_of(event)
        is_of_case = case_name(mandate.id, fixture) == name
        return is_of_case and approvals.allow(fixture) and _is_match(event)

    return is_this


def _is_match(event: Event) -> bool:
    """Tell whether a fixture takes no longer than any match does; the mandate's own file may."""
    return event.watched is None or event.window.end - event.window.start <= LONGEST


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
