"""How the report writes times, spans, speeds, delays and sizes."""

from __future__ import annotations

from datetime import UTC, datetime

from cautery.drawing.words import DASH, MINUS, number

TIMES = "\u00d7"
"""So many times."""

_EPOCH_AXIS = 1e9
"""Reference media are timed in epoch seconds, suspects from their capture's start; no capture
lasts the thirty years that this number of seconds is."""


def utc(moment: datetime | None) -> str:
    """Return date and time to the second, labelled; a dash for an unknown one."""
    if moment is None:
        return DASH
    return f"{moment.day} {moment:%b %Y, %H:%M:%S} UTC"


def clock(moment: datetime | None) -> str:
    """Return the time of day, labelled; for tables whose day is said above them."""
    return DASH if moment is None else f"{moment:%H:%M:%S} UTC"


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
    if left < 10:
        return f"{sign}{left:.2f} s"
    if left < 59.95:
        return f"{sign}{left:.1f} s"
    whole = round(left)
    if whole < 3600:
        return f"{sign}{whole // 60} min {whole % 60:02d} s"
    return f"{sign}{whole // 3600} h {whole % 3600 // 60:02d} min"


def speed(ratio: float) -> str:
    """Return the suspect's speed against the reference.

    Examples
    --------
    >>> speed(1.02), speed(1.0)
    ('+2.0 % (faster)', 'unchanged')
    """
    if abs(ratio - 1) < 0.0005:
        return "unchanged"
    if ratio > 1:
        return f"+{100 * (ratio - 1):.1f} % (faster)"
    return f"{MINUS}{100 * (1 - ratio):.1f} % (slower)"


def delay(seconds: float | None) -> str:
    """Return a delay against the reference to 10 ms; one that runs ahead is said in words.

    Examples
    --------
    >>> delay(94.167), delay(-1.5), delay(None)
    ('94.17 s', '1.50 s ahead of the reference', 'not determined')
    """
    if seconds is None:
        return "not determined"
    return f"{seconds:.2f} s" if seconds >= 0 else f"{-seconds:.2f} s ahead of the reference"


def lag(seconds: float | None) -> str:
    """Return a delay as a number, for a column; one that runs ahead is negative.

    Examples
    --------
    >>> lag(94.167), lag(-1.5), lag(None)
    ('94.17 s', '\u22121.50 s', '\u2013')
    """
    return DASH if seconds is None else f"{seconds:.2f} s".replace("-", MINUS)


def moment(at_s: float) -> str:
    """Return where in a media a picture stands: a time of day on an epoch axis, else an offset.

    Examples
    --------
    >>> moment(61.48), moment(1_795_552_261.48)
    ('61.48 s into the media', 'at 20:31:01.48 UTC')
    """
    if at_s < _EPOCH_AXIS:
        return f"{at_s:.2f} s into the media"
    time = datetime.fromtimestamp(at_s, UTC)
    return f"at {time:%H:%M:%S}.{time.microsecond // 10000:02d} UTC"


def size(octets: int | None) -> str:
    """Return a size in decimal units."""
    if octets is None:
        return DASH
    if octets < 1000:
        return f"{octets} B"
    for unit, scale in (("kB", 1e3), ("MB", 1e6)):
        if octets < scale * 1000:
            return f"{number(octets / scale)} {unit}"
    return f"{number(octets / 1e9)} GB"


def bare(digest: str) -> str:
    """Return the hexadecimal of a digest, as ``sha256sum`` prints it."""
    return digest.removeprefix("sha256:")
