"""How the report writes times, spans, speeds, delays and sizes."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from cautery.drawing.formatting import DASH, MINUS, number
from cautery.messages import tr
from cautery.messages.dates import month_short
from cautery.model.picture_part import Part
from cautery.model.verdict import ContentAtOnce

_EPOCH_AXIS = 1e9
"""Reference media are timed in epoch seconds, suspects from their capture's start; no capture
lasts the thirty years that this number of seconds is."""


def utc(moment: datetime | None) -> str:
    """Return date and time to the second, labelled; a dash for an unknown one."""
    if moment is None:
        return DASH
    return tr(
        "%(day)s %(month)s %(year)s, %(time)s UTC",
        day=str(moment.day),
        month=month_short(moment),
        year=f"{moment:%Y}",
        time=f"{moment:%H:%M:%S}",
    )


def utc_after(moment: datetime | None) -> str:
    """Return a time by when something was, rounded up to the second: such a bound may only grow."""
    if moment is not None and moment.microsecond:
        moment = moment.replace(microsecond=0) + timedelta(seconds=1)
    return utc(moment)


def clock(moment: datetime | None) -> str:
    """Return the time of day, labelled; for tables whose day is said above them."""
    return DASH if moment is None else tr("%(time)s UTC", time=f"{moment:%H:%M:%S}")


def span(seconds: float | None) -> str:
    """Return a duration as a person says it.

    Examples
    --------
    >>> span(37.42), span(754), span(7500)
    ('37.4 s', '12 min 34 s', '2 h 05 min')
    """
    if seconds is None:
        return DASH
    sign, left = (MINUS if seconds < 0 else ""), abs(seconds)
    if left < 59.95:
        return _seconds(f"{sign}{left:.2f}" if left < 10 else f"{sign}{left:.1f}")
    whole = round(left)
    if whole < 3600:
        return tr(
            "%(minutes)s min %(seconds)s s",
            minutes=f"{sign}{whole // 60}",
            seconds=f"{whole % 60:02d}",
        )
    return tr(
        "%(hours)s h %(minutes)s min",
        hours=f"{sign}{whole // 3600}",
        minutes=f"{whole % 3600 // 60:02d}",
    )


def speed(ratio: float) -> str:
    """Return the suspect's speed against the reference.

    Examples
    --------
    >>> speed(1.02), speed(1.0)
    ('+2.0 % (faster)', 'unchanged')
    """
    if abs(ratio - 1) < 0.0005:
        return tr("unchanged")
    if ratio > 1:
        return tr("+%(percent)s %% (faster)", percent=f"{100 * (ratio - 1):.1f}")
    return tr("\u2212%(percent)s %% (slower)", percent=f"{100 * (1 - ratio):.1f}")


def delay(seconds: float | None) -> str:
    """Return a delay against the reference to 10 ms; one that runs ahead is said in words.

    Examples
    --------
    >>> delay(94.167), delay(-1.5), delay(None)
    ('94.17 s', '1.50 s ahead of the reference', 'not determined')
    """
    if seconds is None:
        return tr("not determined")
    if seconds >= 0:
        return _seconds(f"{seconds:.2f}")
    return tr("%(seconds)s s ahead of the reference", seconds=f"{-seconds:.2f}")


def lag(seconds: float | None) -> str:
    """Return a delay as a number, for a column; one that runs ahead is negative.

    Examples
    --------
    >>> lag(94.167), lag(-1.5), lag(None)
    ('94.17 s', '\u22121.50 s', '\u2013')
    """
    return DASH if seconds is None else _seconds(f"{seconds:.2f}".replace("-", MINUS))


def moment(at_s: float) -> str:
    """Return where in a media a picture stands: a time of day on an epoch axis, else an offset.

    Examples
    --------
    >>> moment(61.48), moment(1_795_552_261.48)
    ('61.48 s into the media', 'at 20:31:01.48 UTC')
    """
    if at_s < _EPOCH_AXIS:
        return tr("%(seconds)s s into the media", seconds=f"{at_s:.2f}")
    time = datetime.fromtimestamp(at_s, UTC)
    return tr("at %(time)s UTC", time=f"{time:%H:%M:%S}.{time.microsecond // 10000:02d}")


def size(octets: int | None) -> str:
    """Return a size in decimal units."""
    if octets is None:
        return DASH
    if octets < 1000:
        return tr("%(number)s B", number=str(octets))
    if octets < 1e6:
        return tr("%(number)s kB", number=number(octets / 1e3))
    if octets < 1e9:
        return tr("%(number)s MB", number=number(octets / 1e6))
    return tr("%(number)s GB", number=number(octets / 1e9))


def place(content: ContentAtOnce) -> str:
    """Return where in the picture a content is seen."""
    if content.kind != "picture":
        return tr("heard, not seen")
    return tr("in the whole picture") if content.part is None else in_part(content.part)


def in_part(part: Part) -> str:
    """Return which part of a picture it is.

    Examples
    --------
    >>> in_part((0.0, 0.5, 1.0, 0.5))
    'in a part of the picture: 50 % of its width from 50 %, 100 % of its height from 0 %'
    """
    top, left, high, wide = (f"{100 * side:.0f}" for side in part)
    return tr(
        "in a part of the picture: %(wide)s %% of its width from %(left)s %%, %(high)s %% of its "
        "height from %(top)s %%",
        top=top,
        left=left,
        high=high,
        wide=wide,
    )


def bare(digest: str) -> str:
    """Return the hexadecimal of a digest, as ``sha256sum`` prints it."""
    return digest.removeprefix("sha256:")


def _seconds(number: str) -> str:
    return tr("%(number)s s", number=number)
