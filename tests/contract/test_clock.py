"""Clocks tell UTC, and what they know of their own error."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from cautery.adapters.clock import FixedClock, SystemClock, offset_of
from cautery.errors import InputError

NOON = datetime(2026, 11, 24, 12, tzinfo=UTC)


@pytest.mark.parametrize("clock", [SystemClock(), FixedClock(NOON)])
def test_a_clock_tells_aware_utc(clock) -> None:
    assert clock.now().utcoffset() == timedelta(0)


@pytest.mark.parametrize("clock", [SystemClock(), FixedClock(NOON)])
def test_an_offset_is_known_with_its_error_or_unknown_with_the_reason(clock) -> None:
    offset = clock.offset()
    assert offset.method
    assert (offset.seconds is None) == (offset.uncertainty_s is None)


def test_a_synchronised_kernel_gives_offset_and_bound() -> None:
    found = offset_of(state=0, status=0x2001, offset=-1500, maxerror_us=2500)
    assert (found.seconds, found.uncertainty_s) == (pytest.approx(1.5e-6), pytest.approx(2.5e-3))


def test_microseconds_are_told_from_nanoseconds() -> None:
    assert offset_of(state=0, status=1, offset=1500, maxerror_us=1).seconds == pytest.approx(
        -1.5e-3
    )


@pytest.mark.parametrize(("state", "status"), [(5, 0), (0, 0x40)])
def test_an_unsynchronised_clock_is_of_unknown_offset(state: int, status: int) -> None:
    found = offset_of(state=state, status=status, offset=0, maxerror_us=16_000_000)
    assert (found.seconds, found.uncertainty_s) == (None, None)


def test_a_fixed_clock_needs_utc() -> None:
    with pytest.raises(InputError):
        FixedClock(NOON.replace(tzinfo=None))
