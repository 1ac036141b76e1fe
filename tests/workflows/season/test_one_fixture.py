"""The watch of one fixture is of what was decided upon, whatever its calendar calls it later."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest
from tests.workflows.mandate.test_fixture_approvals import (
    CALENDAR,
    NOW,
    approve,
    known,
    path,
    read,
    sign_mandate,
)

from cautery import wiring
from cautery.adapters.clock import FixedClock
from cautery.errors import MandateError
from cautery.model import Mandate
from cautery.model.season import case_name
from cautery.wiring.one_fixture import OfOneFixture, one_fixture
from cautery.workflows.mandate.fixture_approvals import listed_fixtures

__all__ = ["path"]


@pytest.fixture(autouse=True)
def _at_noon(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(wiring, "clock", lambda: FixedClock(NOW))


def watch(path: Path, *, by_season: bool) -> OfOneFixture:
    mandate = read(path)
    home = next(event for event in listed_fixtures(mandate) if event.id == "md1")
    case = path.with_name(case_name("league", home))
    return one_fixture(path, mandate, "md1", path.parent if by_season else None, case=case)


def calendar(path: Path, text: str) -> None:
    path.with_name("league.ics").write_text(text)


def events(mandate: Mandate) -> list[str]:
    return [event.name for event in mandate.events if event.watched is not None]


LONG = CALENDAR.replace(
    "DTSTART:20261128T190000Z", "DTSTART:20261128T190000Z\nDTEND:20261201T190000Z", 1
)


@pytest.mark.parametrize("by_season", [True, False], ids=["by a season", "by hand"])
@pytest.mark.parametrize(
    "text", [CALENDAR.replace("Home v Away", "Private party"), LONG], ids=["renamed", "too long"]
)
def test_a_watch_of_a_fixture_takes_up_no_other_match_of_its_id(
    path: Path, text: str, *, by_season: bool
) -> None:
    approve(path, *listed_fixtures(read(path)))
    of_fixture = watch(path, by_season=by_season)
    assert events(of_fixture.only.narrowed(of_fixture.mandate)) == ["Home v Away"]
    assert [event.name for event in of_fixture.read({}).events] == ["Home v Away"]
    calendar(path, text)
    assert of_fixture.read({}).events == ()
    calendar(path, CALENDAR.replace("20261128T190000Z", "20261129T190000Z"))
    [moved] = of_fixture.read({}).events
    assert moved.kick_off == NOW.replace(hour=19) + timedelta(days=5)


def test_a_season_begins_no_watch_of_what_nobody_approved(path: Path) -> None:
    of_fixture = watch(path, by_season=True)
    with pytest.raises(MandateError, match="as it was approved"):
        of_fixture.only.narrowed(of_fixture.mandate)


def test_a_season_begins_no_watch_of_another_approved_match_in_its_case(path: Path) -> None:
    mandate = read(path)
    approve(path, *listed_fixtures(mandate))
    home, other = (path.with_name(case_name("league", each)) for each in listed_fixtures(mandate))
    of_home = one_fixture(path, mandate, "md1", path.parent, case=home)
    assert "Home v Away" in events(of_home.only.narrowed(of_home.mandate))
    of_other = one_fixture(path, mandate, "md1", path.parent, case=other)
    with pytest.raises(MandateError, match="as it was approved"):
        of_other.only.narrowed(of_other.mandate)


def test_a_watch_that_knows_who_may_sign_takes_up_nothing_by_a_strangers_signature(
    path: Path,
) -> None:
    sign_mandate(path, "M")
    sign_mandate(path, "X")
    mandate = read(path)
    case = path.with_name(case_name("league", listed_fixtures(mandate)[0]))
    one_fixture(path, mandate, "md1", path.parent, case=case).only.narrowed(mandate)
    of_fixture = one_fixture(path, mandate, "md1", path.parent, case=case, signers=known("M", "N"))
    with pytest.raises(MandateError, match="as it was approved"):
        of_fixture.only.narrowed(mandate)
