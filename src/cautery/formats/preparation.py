r"""What is ready for the days to come, as tables: orders, roster, channels and checks.

::

    orders.csv      order,authority,country,from,until
    roster.csv      who,from,until
    channels.csv    channel,country,reference_on        (empty: no reference)
    checks.csv      item,country,done_on                (empty country: everywhere)

Examples
--------
>>> rows = b"who,from,until\nduty 1,2026-06-11T18:00:00Z,2026-06-12T02:00:00Z\n"
>>> [turn] = read_roster([rows])
>>> turn.who, f"{turn.window.end:%H:%M}"
('duty 1', '02:00')
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime

from cautery.cells import table_of
from cautery.errors import InputError
from cautery.formats._day_rows import YEARS, Row, day_of, each_row
from cautery.model import Window
from cautery.model.daily import require_market, require_text
from cautery.model.orders import CourtOrder
from cautery.model.preparation import Channel, Check, OnCall, ReadyItem

ORDER_COLUMNS = ("order", "authority", "country", "from", "until")
ROSTER_COLUMNS = ("who", "from", "until")
CHANNEL_COLUMNS = ("channel", "country", "reference_on")
CHECK_COLUMNS = ("item", "country", "done_on")
MOST_ROWS = 10_000


def read_orders(chunks: Iterable[bytes]) -> tuple[CourtOrder, ...]:
    """Read orders of courts and authorities.

    Raises
    ------
    InputError
        With the line, if a row is no order or its id stands twice.
    """
    orders: dict[str, CourtOrder] = {}

    def keep(row: Row, line: int) -> None:  # noqa: ARG001 - the reader says the line
        require_text("order", row["order"])
        require_text("authority", row["authority"])
        require_market(row["country"])
        if row["order"] in orders:
            raise InputError(f"order {row['order']!r} stands twice")
        orders[row["order"]] = CourtOrder(
            id=row["order"],
            authority=row["authority"],
            territory=row["country"],
            window=_window(row),
            targets_rule="as the order has it",
        )

    each_row(chunks, ORDER_COLUMNS, MOST_ROWS, keep)
    return tuple(orders.values())


def read_roster(chunks: Iterable[bytes]) -> tuple[OnCall, ...]:
    """Read who is on call when.

    Raises
    ------
    InputError
        With the line, if a row is no turn.
    """
    turns: list[OnCall] = []

    def keep(row: Row, line: int) -> None:  # noqa: ARG001 - as above
        require_text("who", row["who"])
        turns.append(OnCall(who=row["who"], window=_window(row)))

    each_row(chunks, ROSTER_COLUMNS, MOST_ROWS, keep)
    return tuple(sorted(turns, key=lambda turn: (turn.window.start, turn.who)))


def read_channels(chunks: Iterable[bytes]) -> tuple[Channel, ...]:
    """Read the channels whose rights are watched.

    Raises
    ------
    InputError
        With the line, if a row is no channel or stands twice.
    """
    channels: dict[tuple[str, str], Channel] = {}

    def keep(row: Row, line: int) -> None:  # noqa: ARG001 - as above
        require_text("channel", row["channel"])
        require_market(row["country"])
        key = (row["channel"], row["country"])
        if key in channels:
            raise InputError(f"channel {key[0]!r} stands twice for {key[1]}")
        since = day_of("reference_on", row["reference_on"]) if row["reference_on"] else None
        channels[key] = Channel(name=key[0], country=key[1], reference_on=since)

    each_row(chunks, CHANNEL_COLUMNS, MOST_ROWS, keep)
    return tuple(channels.values())


def read_checks(chunks: Iterable[bytes]) -> tuple[Check, ...]:
    """Read what was made ready by hand.

    Raises
    ------
    InputError
        With the line, if a row is no check.
    """
    checks: list[Check] = []

    def keep(row: Row, line: int) -> None:  # noqa: ARG001 - as above
        try:
            item = ReadyItem(row["item"])
        except ValueError as error:
            raise InputError(
                f"item {row['item'][:40]!r}: must be contacts, keys, dynamic-list or calendar"
            ) from error
        if row["country"]:
            require_market(row["country"])
        done_on = day_of("done_on", row["done_on"])
        checks.append(Check(item=item, country=row["country"] or None, done_on=done_on))

    each_row(chunks, CHECK_COLUMNS, MOST_ROWS, keep)
    return tuple(checks)


def orders_table(orders: Iterable[CourtOrder]) -> bytes:
    """Return orders as CSV."""
    rows = (
        (
            entry.id,
            entry.authority,
            entry.territory,
            _written(entry.window.start),
            _written(entry.window.end),
        )
        for entry in orders
    )
    return table_of([ORDER_COLUMNS, *rows])


def roster_table(turns: Iterable[OnCall]) -> bytes:
    """Return a roster as CSV."""
    rows = ((turn.who, _written(turn.window.start), _written(turn.window.end)) for turn in turns)
    return table_of([ROSTER_COLUMNS, *rows])


def channels_table(channels: Iterable[Channel]) -> bytes:
    """Return channels as CSV."""
    rows = ((entry.name, entry.country, entry.reference_on or "") for entry in channels)
    return table_of([CHANNEL_COLUMNS, *rows])


def checks_table(checks: Iterable[Check]) -> bytes:
    """Return checks as CSV."""
    return table_of(
        [CHECK_COLUMNS, *((entry.item, entry.country or "", entry.done_on) for entry in checks)]
    )


def _window(row: Row) -> Window:
    start, end = _moment("from", row["from"]), _moment("until", row["until"])
    if end <= start:
        raise InputError(f"until {row['until']!r} is not after from {row['from']!r}")
    return Window(start=start, end=end)


def _moment(field: str, text: str) -> datetime:
    try:
        at = datetime.fromisoformat(text[:40])
        if at.tzinfo is None:
            raise InputError(
                f"{field} {text[:40]!r}: a time without its zone",
                hint="Write UTC as 2026-06-11T18:00:00Z, or another zone as +02:00.",
            )
        at = at.astimezone(UTC)
    except (ValueError, OverflowError) as error:
        raise InputError(
            f"{field} {text[:40]!r} is not a valid time", hint="Write it as 2026-06-11T18:00:00Z."
        ) from error
    if at.year not in YEARS:
        raise InputError(f"{field} {text[:40]!r}: the year must be from {YEARS[0]} to {YEARS[-1]}")
    return at


def _written(at: datetime) -> str:
    return at.isoformat().replace("+00:00", "Z")
