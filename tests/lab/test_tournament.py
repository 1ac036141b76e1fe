"""The tournament's world: the same for a seed, and its gaps are found, all and only they."""

from datetime import UTC, datetime, timedelta
from itertools import pairwise

import numpy as np
import pytest

from cautery.errors import InputError
from cautery.estimate.forecast import Holdings, Standing, deadlines
from cautery.json_text import parsed_json
from cautery.lab.tournament import tournament, write_tournament
from cautery.lab.tournament.readiness import missing_of
from cautery.model.preparation import ReadyItem
from cautery.workflows.forecast.read import read_calendar, read_holdings, read_series, span_of


def test_the_same_seed_is_the_same_world(tmp_path):
    for name in ("one", "two"):
        write_tournament(tournament(3), tmp_path / name)
    files = sorted(path.relative_to(tmp_path / "one") for path in (tmp_path / "one").rglob("*.*"))
    assert len(files) == 7
    for file in files:
        assert (tmp_path / "one" / file).read_bytes() == (tmp_path / "two" / file).read_bytes()
    assert tournament(4).match_levels != tournament(3).match_levels


@pytest.mark.parametrize("seed", [11, 12, 13])
def test_gaps_are_found_all_and_only_they(seed):
    world = tournament(seed)
    begins = datetime.combine(world.begins, datetime.min.time(), UTC)
    holdings = Holdings(
        orders=world.orders, roster=world.roster, channels=world.channels, checks=world.checks
    )
    found = {
        (one.item, one.subject, one.match.id)
        for one in deadlines(world.matches, holdings, now=begins)
        if one.standing is Standing.MISSING
    }
    assert found == missing_of(world.gaps)
    assert {item for item, _, _ in found} >= {ReadyItem.ORDER, ReadyItem.REFERENCE}


def test_an_order_ends_before_the_final_and_the_final_is_last():
    world = tournament(21)
    [gap] = [gap for gap in world.gaps if gap.item is ReadyItem.ORDER]
    assert world.matches[-1].stage == "final"
    assert world.matches[-1].id in gap.matches
    assert len(world.matches) == 51


def test_people_sleep():
    world = tournament(2)
    for who in {turn.who for turn in world.roster}:
        own = [turn.window for turn in world.roster if turn.who == who]
        rests = [later.start - earlier.end for earlier, later in pairwise(own)]
        assert min(rests) >= timedelta(hours=11)
        assert all(window.seconds <= 10 * 3600 for window in own)


def test_what_a_user_has_is_read_and_holds_no_truth(tmp_path):
    world = tournament(6)
    write_tournament(world, tmp_path / "w")
    sources = tmp_path / "w" / "sources"
    series = read_series(sources / "daily.csv")
    for read, held_back in zip(series, world.series, strict=True):
        np.testing.assert_array_equal(read.values, held_back.values)
    assert all(one.days[-1] < world.begins for one in series)
    calendar = read_calendar(sources / "fixtures.ics", span_of(series))
    assert calendar.notes == ()
    assert [match for match in calendar.matches if match.starts_at.date() >= world.begins] == list(
        world.matches
    )
    held = read_holdings(sources)
    assert (held.orders, held.roster) == (world.orders, world.roster)
    assert (held.channels, held.checks) == (world.channels, world.checks)
    truth = parsed_json((tmp_path / "w" / "truth.json").read_text())
    assert truth["lab"] is True
    assert len(truth["drawn"]) == 51 * 5


def test_a_folder_in_use_is_refused(tmp_path):
    (tmp_path / "x").write_text("mine")
    with pytest.raises(InputError):
        write_tournament(tournament(1), tmp_path)
    assert (tmp_path / "x").read_text() == "mine"
