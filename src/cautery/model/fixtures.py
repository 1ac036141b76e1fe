"""A mandate's events as its calendars have them by now."""

from __future__ import annotations

from dataclasses import replace

from cautery.model.mandate import Mandate
from cautery.model.records import FixturesChanged


def with_fixtures(mandate: Mandate, changed: FixturesChanged) -> Mandate:
    """Return a mandate after its calendars changed.

    Raises
    ------
    MandateError
        If no mandate can have these events, as where two of them have one id.
    """
    return replace(mandate, events=changed.events, left_out=changed.left_out)
