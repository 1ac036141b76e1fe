"""Changes of a list become its daily peaks."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.counted import calls_of

from cautery.errors import InputError
from cautery.formats import list_changes
from cautery.formats.list_changes import read_list_changes

HEAD = b"time,op,ip\n"


def peaks(*rows: str) -> list[float]:
    return read_list_changes(
        [HEAD, *(f"{row}\n".encode() for row in rows)], unit="m"
    ).values.tolist()


def test_a_peak_is_the_most_at_one_moment_and_what_stood_at_midnight_counts():
    found = peaks(
        "2026-01-03T14:00:00Z,+,192.0.2.1",
        "2026-01-03T15:00:00Z,+,192.0.2.2",
        "2026-01-04T09:00:00Z,-,192.0.2.1",
        "2026-01-06T09:00:00Z,-,192.0.2.2",
        "2026-01-07T09:00:00Z,+,192.0.2.9",
    )
    assert found == [2, 2, 1, 1, 1]


def test_a_list_that_is_replaced_at_once_never_holds_both_states():
    found = peaks(
        "2026-01-03T14:00:00Z,+,192.0.2.1",
        "2026-01-03T15:00:00Z,+,192.0.2.2",
        "2026-01-03T15:00:00Z,-,192.0.2.1",
    )
    assert found == [1]


def test_a_day_is_a_day_of_utc():
    series = read_list_changes([HEAD, b"2026-01-03T23:30:00-02:00,+,192.0.2.1\n"], unit="m")
    assert series.days == (date(2026, 1, 4),)


@given(st.lists(st.tuples(st.integers(0, 400), st.integers(0, 5)), min_size=1, max_size=60))
def test_peaks_are_those_of_a_list_kept_hour_by_hour(toggles):
    """Against a twin that keeps the list for each hour."""
    toggles = sorted(dict(toggles).items())
    rows, on = [], set()
    hourly: dict[int, int] = {}
    for hour, item in toggles:
        rows.append(
            f"2026-03-{1 + hour // 24:02d}T{hour % 24:02d}:00:00Z,{'-' if item in on else '+'},i{item}"
        )
        on ^= {item}
        hourly[hour] = len(on)
    state, by_day = 0, {}
    for hour in range(toggles[0][0], toggles[-1][0] + 1):
        before = state
        state = hourly.get(hour, state)
        day = hour // 24
        carried = before if hour % 24 == 0 and hour != toggles[0][0] else 0
        by_day[day] = max(by_day.get(day, 0), state, carried)
    assert peaks(*rows) == [by_day[day] for day in sorted(by_day)]


@pytest.mark.parametrize(
    ("rows", "why"),
    [
        (["2026-01-03T14:00:00,+,a"], "without its zone"),
        (["soon,+,a"], "not a valid time"),
        (["2026-01-03T14:00:00Z,+,a", "2026-01-02T14:00:00Z,+,b"], "before the row above"),
        (["2026-01-03T14:00:00Z,+,a", "2026-01-03T15:00:00Z,+,a"], "added twice"),
        (["2026-01-03T14:00:00Z,-,a"], "was not there"),
        (["2026-01-03T14:00:00Z,x,a"], "must be"),
        (["2026-01-03T14:00:00Z,+,"], "name one entry"),
        (["2001-01-03T14:00:00Z,+,a", "2026-01-03T15:00:00Z,+,b"], "span more than"),
        (["1999-01-03T14:00:00Z,+,a"], "the year must be"),
        ([], "never changed"),
    ],
)
def test_bad_rows_are_refused(rows, why):
    with pytest.raises(InputError, match=why):
        peaks(*rows)


def test_a_fault_says_its_line():
    with pytest.raises(InputError, match="line 3"):
        peaks("2026-01-03T14:00:00Z,+,a", "2026-01-03T15:00:00Z,+,a")


def test_there_is_an_end_to_the_changes(monkeypatch):
    monkeypatch.setattr(list_changes, "MOST_ROWS", 1)
    with pytest.raises(InputError, match="more than 1 rows"):
        peaks("2025-01-01T00:00:00Z,+,a", "2025-01-01T00:00:00Z,+,b")


def test_a_change_costs_few_steps():
    rows = [f"2025-01-01T00:{n // 60:02}:{n % 60:02}Z,+,192.0.2.{n}" for n in range(1000)]
    assert calls_of(lambda: peaks(*rows)) < 42 * 1000


def test_empty_lines_count_too(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(list_changes, "MOST_ROWS", 2)
    rows = [b"time,op,ip\n2026-01-03T14:00:00Z,+,192.0.2.7\n", b"\n\n\n\n"]
    with pytest.raises(InputError, match="more than 5 lines"):
        read_list_changes(rows, unit="monitor")
