"""Times that cannot be, or that somebody should ask about, are named."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from cautery.evidence.plausible import Times
from cautery.model import Record

NOON = datetime(2026, 11, 24, 12, tzinfo=UTC)


def at(seconds: float) -> datetime:
    return NOON + timedelta(seconds=seconds)


def looked_at(*seconds: float) -> Times:
    times = Times(at(3600))
    for index, second in enumerate(seconds):
        times.record(index, Record(kind="verdict", at=at(second), body={}))
    return times


def sealing(exhibit: Any) -> dict[str, Any]:
    """Return the body of a record that says so of an exhibit."""
    if isinstance(exhibit, dict) and exhibit:
        clock = {"uncertainty_s": None, "method": "asked nobody"} | exhibit["clock"]
        exhibit = {"id": f"sha256:{'0' * 64}", "size": 1, "media_type": "text/plain"} | exhibit
        exhibit["clock"] = clock
    return {"exhibit": exhibit, "what": "page", "url": None}


def sealed(second: float, exhibit: Any) -> Times:
    times = Times(at(3600))
    times.record(0, Record(kind="exhibit.sealed", at=at(second), body=sealing(exhibit)))
    return times


def test_times_in_order_are_no_finding() -> None:
    times = looked_at(0, 1, 1, 0.5, 9)
    times.checkpoint(3, at(4))
    assert times.findings == ()


def test_a_record_before_the_one_before_it_is_named_once_with_how_many_more() -> None:
    [found] = looked_at(0, 60, 1, 120, 2).findings
    assert found.startswith("record 2 has the time 2026-11-24T12:00:01")
    assert found.endswith("(and 1 more)")


def test_a_record_that_is_yet_to_come_is_named() -> None:
    [found] = looked_at(0, 7200).findings
    assert "record 1" in found
    assert "in the future" in found


def test_without_a_clock_nothing_is_said_of_the_future() -> None:
    times = Times(None)
    times.record(0, Record(kind="verdict", at=datetime(2999, 1, 1, tzinfo=UTC), body={}))
    assert times.findings == ()


@pytest.mark.parametrize(("size", "second"), [(2, 0), (2, 3000), (3, 9000)])
def test_a_checkpoint_out_of_its_place_is_named(size: int, second: float) -> None:
    times = looked_at(0, 60, 120)
    times.checkpoint(size, at(second))
    assert f"the checkpoint of {size} records" in times.findings[0]


def test_an_exhibit_that_was_sealed_after_its_record_is_named() -> None:
    clock = {"seconds": 0.0}
    [found] = sealed(0, {"sealed_at": "2026-11-24T12:01:00Z", "clock": clock}).findings
    assert "after the record" in found


def test_a_clock_far_from_utc_is_named() -> None:
    clock = {"seconds": -42.0}
    [found] = sealed(0, {"sealed_at": "2026-11-24T12:00:00Z", "clock": clock}).findings
    assert "-42.0 s off UTC" in found


def test_a_clock_of_which_nobody_knows_is_named() -> None:
    [found] = sealed(0, {"sealed_at": "2026-11-24T12:00:00Z", "clock": {"seconds": None}}).findings
    assert "not known" in found


@pytest.mark.parametrize("exhibit", [None, "sha256:x", {}, {"sealed_at": 7, "clock": {}}])
def test_what_is_no_exhibit_is_named_and_breaks_nothing(exhibit: Any) -> None:
    [found] = sealed(0, exhibit).findings
    assert found.startswith("record 0 does not seal an exhibit")


def test_a_case_that_ends_before_it_begins_is_named() -> None:
    assert any("before that of the first" in one for one in looked_at(0, 60, -60).findings)
    assert not any("before that of the first" in one for one in looked_at(0, 60, 1).findings)


@pytest.mark.parametrize(
    "first", [datetime.min.replace(tzinfo=UTC), datetime.max.replace(tzinfo=UTC)]
)
def test_times_at_the_edge_of_the_calendar_are_looked_at_as_any(first: datetime) -> None:
    times = Times(at(3600))
    for index, moment in enumerate((first, NOON, first)):
        body = sealing({"sealed_at": first.isoformat(), "clock": {"seconds": 0}})
        times.record(index, Record(kind="exhibit.sealed", at=moment, body=body))
    for size in range(4):
        times.checkpoint(size, first)
    assert times.findings


@pytest.mark.parametrize(
    "sealed_at",
    [
        "9999-12-31T23:59:59-12:00",
        "0001-01-01T00:00:00+12:00",
        "2026-11-24T12:00:00",
        "2026-11-24T15:00:00+02:00",
    ],
)
def test_a_time_of_sealing_that_cautery_never_writes_is_named(sealed_at: str) -> None:
    [found] = sealed(0, {"sealed_at": sealed_at, "clock": {"seconds": 0}}).findings
    assert found.startswith("record 0 does not seal an exhibit")
