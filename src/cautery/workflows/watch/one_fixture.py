"""A watch of one fixture of its mandate's season: what it covers, and when."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from dataclasses import replace

from cautery.errors import MandateError
from cautery.model import Event, Mandate, Window
from cautery.model.ledger import contents
from cautery.model.ports import Ledger
from cautery.model.records import FixtureWatched
from cautery.model.season import FixtureApproval, SeasonFixture, fixture_of
from cautery.workflows.case.journal import Journal


class OneFixture:
    """Which fixture a watch is of.

    Parameters
    ----------
    id : str
        Id of its event in the mandate.
    is_this : callable
        Tells whether an event with this id is the fixture that was decided upon: whoever writes a
        calendar can give the id to another match.
    approvals : callable
        Returns the signatures that let a fixture in.
    """

    def __init__(
        self,
        id: str,
        *,
        is_this: Callable[[Event], bool],
        approvals: Callable[[SeasonFixture], tuple[FixtureApproval, ...]],
    ) -> None:
        self._id = id
        self._is_this = is_this
        self._approvals = approvals
        self._window: Window | None = None

    def narrowed(self, mandate: Mandate) -> Mandate:
        """Return a mandate with this fixture alone of those of its calendars.

        What the mandate's file itself names stays: its terms are signed. So do the fixtures that
        its channels name. No calendar is fetched: the season does that for all its watches.

        Raises
        ------
        MandateError
            If it names no such fixture, or another one by this id.
        """
        if not any(event.id == self._id and self._is_this(event) for event in mandate.events):
            raise MandateError(
                f"fixture {self._id}: no calendar of the mandate lists it as it was approved",
                hint="See how it stands: cautery season show MANDATE.",
            )
        needed = {channel.event for channel in mandate.channels}
        return replace(
            mandate,
            events=tuple(
                event
                for event in mandate.events
                if event.watched is None or event.id == self._id or event.id in needed
            ),
            calendars=(),
        )

    def window(self, mandate: Mandate) -> Window:
        """Return when it is watched: the fixture's window, within the mandate's.

        A fixture that its calendar dropped keeps the window that it had.

        Raises
        ------
        MandateError
            If it lies outside the mandate's window.
        """
        for event in mandate.events:
            if event.id == self._id:
                watched, whole = event.window, mandate.window
                if watched.end <= whole.start or whole.end <= watched.start:
                    raise MandateError(f"fixture {event.name} lies outside the mandate's window")
                self._window = Window(
                    start=max(watched.start, whole.start), end=min(watched.end, whole.end)
                )
        return mandate.window if self._window is None else self._window

    def record(self, mandate: Mandate, *, ledger: Ledger, journal: Journal) -> None:
        """Record which fixture the case is of, unless that is the last word on it already."""
        event = next((event for event in mandate.events if event.id == self._id), None)
        if event is None:
            return
        fixture = fixture_of(event)
        last_word = deque(contents(ledger, FixtureWatched), maxlen=1)
        if last_word and last_word[0][1].fixture == fixture:
            return
        approvals = self._approvals(fixture)
        journal.write(FixtureWatched(fixture=fixture, approvals=approvals, at=journal.now()))


def window_of(mandate: Mandate, only: OneFixture | None) -> Window:
    """Return when a watch runs: in its fixture's window, or in all of its mandate's."""
    return mandate.window if only is None else only.window(mandate)
