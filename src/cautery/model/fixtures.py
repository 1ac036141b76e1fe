"""A mandate's events as its calendars have them by now."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from cautery.model.mandate import Mandate
from cautery.model.rights import Event
from cautery.model.wire import from_json


def with_fixtures(mandate: Mandate, body: Any) -> Mandate:
    """Return a mandate after a ``fixtures.changed`` record.

    Raises
    ------
    InputError
        If the record does not have the shape of its kind.
    """
    return replace(
        mandate,
        events=tuple(from_json(Event, event) for event in body["events"]),
        left_out=tuple((str(what), str(why)) for what, why in body["left_out"]),
    )
