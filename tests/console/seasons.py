"""A season on its board: a fixture in each state, with names that would like to be markup."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from cautery.model import Window
from cautery.model.season import (
    FixtureRow,
    FixtureState,
    FixtureWhy,
    SeasonBoard,
    SeasonFixture,
)

NOW = datetime(2026, 11, 28, 20, 10, tzinfo=UTC)
HOUR = timedelta(hours=1)
HOSTILE = "<script>alert(1)</script>\u202e v Town"


def row(name: str, hours: float, state: FixtureState, **more: Any) -> FixtureRow:
    kick_off = NOW + hours * HOUR
    return FixtureRow(
        fixture=SeasonFixture(
            id=name,
            name=name,
            kick_off=kick_off,
            watched=Window(start=kick_off - HOUR / 2, end=kick_off + 2.5 * HOUR),
            legal_basis="right",
        ),
        case=more.pop("case", name.lower().replace(" ", "-")[:40]),
        state=state,
        **more,
    )


def board(now: datetime = NOW, **more: Any) -> SeasonBoard:
    """Return a season that has seen everything."""
    state, why = FixtureState, FixtureWhy
    rows = [
        row("Harbour v Mill", -50, state.CLOSED, begun=True, allowed_by=("M. Head", "N. Deputy")),
        row("Castle v Bridge", -49, state.MISSED),
        row("Forest v Lake", -48, state.LEFT_OPEN, begun=True),
        row("Home v Away", -0.6, state.RUNNING, begun=True, case="night-1", restarts=2,
            allowed_by=("M. Head", "N. Deputy")),
        row("North v South", -0.6, state.RUNNING, begun=True, late_s=74.0),
        row("East v West", -0.3, state.STARTS_AGAIN, begun=True, restarts=4,
            at=now + timedelta(seconds=8), died_at=now, deaths=4),
        row("City v County", -0.1, state.WAITS_FOR_PLACE, why=why.NO_PLACE),
        row("Old v New", -3, state.CLOSING, begun=True),
        row("River v Hill", 3, state.PLANNED, at=now + 2.3 * HOUR,
            moved_from=now + 27 * HOUR, allowed_by=("M. Head", "N. Deputy")),
        row(HOSTILE, 20, state.WAITS_FOR_APPROVAL, at=now + 19.3 * HOUR),
        *(row(f"Round {n} first match", 24 * 7 * n, state.PLANNED, at=now + 7 * n * 24 * HOUR)
          for n in range(1, 5)),
        row("Friendly abroad", 24 * 400, state.REFUSED, why=why.OUTSIDE_WINDOW),
        row("Moor v Fen", 50, state.REFUSED, why=why.CALLED_OFF),
    ]  # fmt: skip
    given: dict[str, Any] = {
        "mandate": "league-2026",
        "who": "Example League",
        "window": Window(start=now - 2000 * HOUR, end=now + 5000 * HOUR),
        "at": now,
        "most": 3,
        "hold": None,
        "calendar_broken": False,
        "rows": tuple(rows),
    }
    return SeasonBoard(**given | more)
