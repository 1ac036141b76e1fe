"""Tables of what is ready: read, written, and refused with their line."""

import pytest

from cautery.errors import InputError
from cautery.formats.preparation import (
    channels_table,
    checks_table,
    orders_table,
    read_channels,
    read_checks,
    read_orders,
    read_roster,
    roster_table,
)
from cautery.lab.tournament import tournament


@pytest.mark.parametrize(
    ("field", "write", "read"),
    [
        ("orders", orders_table, read_orders),
        ("roster", roster_table, read_roster),
        ("channels", channels_table, read_channels),
        ("checks", checks_table, read_checks),
    ],
)
def test_what_is_written_is_read_again(field, write, read):
    held = getattr(tournament(5), field)
    assert read([write(held)]) == held


@pytest.mark.parametrize(
    ("read", "table", "why"),
    [
        (read_orders, "order,authority,country,from,until\na,c,ES,2026-06-01T00:00Z,2026-05-01T00:00Z",
         "is not after"),
        (read_orders, "order,authority,country,from,until\na,c,ES,2026-06-01T00:00,2026-07-01T00:00Z",
         "without its zone"),
        (read_orders, "order,authority,country,from,until\na,c,UK,2026-06-01T00:00Z,2026-07-01T00:00Z",
         "ISO 3166"),
        (read_orders, "order,authority,country,from,until\n"
         + "a,c,ES,2026-06-01T00:00Z,2026-07-01T00:00Z\n" * 2, "stands twice"),
        (read_orders, "order,authority,country,from\na,c,ES,2026-06-01T00:00Z", "no column until"),
        (read_roster, "who,from,until\n,2026-06-01T00:00Z,2026-06-01T08:00Z", "who"),
        (read_roster, "who,from,until\nx,today,tomorrow", "not a valid time"),
        (read_channels, "channel,country,reference_on\nOne,ES,soon", "not a valid day"),
        (read_channels, "channel,country,reference_on\nOne,ES,\nOne,ES,", "stands twice"),
        (read_checks, "item,country,done_on\ncoffee,,2026-06-01", "must be contacts"),
        (read_checks, "item,country,done_on\norder,,2026-06-01", "not checked by hand"),
    ],
)  # fmt: skip
def test_bad_tables_are_refused_with_their_line(read, table, why):
    with pytest.raises(InputError, match=why) as refused:
        read([table.encode()])
    assert "line" in str(refused.value)
