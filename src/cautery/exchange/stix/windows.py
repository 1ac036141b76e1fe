"""The window of an indicator: STIX wants an end, and an end that is after the beginning."""

from __future__ import annotations

from datetime import datetime, timedelta

_LEAST = timedelta(milliseconds=1)
"""STIX keeps milliseconds everywhere."""


def window_of(
    valid_from: datetime | None, valid_until: datetime, at: datetime
) -> tuple[datetime, datetime]:
    """Return the two times that an indicator bears.

    Of a block without a beginning it is when it was stated. One that ends as it begins, since it
    was withdrawn at once, is valid for the millisecond before its end: never after it.
    """
    begin = min(at, valid_until) if valid_from is None else valid_from
    if begin < valid_until:
        return begin, valid_until
    try:
        return valid_until - _LEAST, valid_until
    except OverflowError:  # there is nothing before the year 1
        return valid_until, valid_until + _LEAST


def versions_of(
    first: datetime | None, at: datetime, *, revoked: bool
) -> tuple[datetime, datetime]:
    """Return when an object was created and modified; what is revoked is a later version.

    Parameters
    ----------
    first : datetime or None
        What stays the same while an item changes, such as when its block begins.
    at : datetime
        When the item was stated last.
    revoked : bool
        Whether it was taken back.
    """
    created = at if first is None else first
    modified = max(created, at)
    if revoked:
        modified = (
            modified + _LEAST
            if modified <= datetime.max.replace(tzinfo=modified.tzinfo) - _LEAST
            else modified
        )
    return created, modified
