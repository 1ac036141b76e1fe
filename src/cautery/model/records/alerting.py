"""Records of the log of alerts: what was raised, and what became of it on each way."""

from __future__ import annotations

from dataclasses import dataclass

from cautery.model.alert import AlertRule


@dataclass(frozen=True, slots=True, kw_only=True)
class AlertsBegun:
    """From here on alerts are raised; what cases held before raises none.

    Parameters
    ----------
    by : str
        The machine's user who began the log.
    """

    by: str


@dataclass(frozen=True, slots=True, kw_only=True)
class AlertRaised:
    """A rule holds of a case, and people are told.

    Parameters
    ----------
    rule : AlertRule
        Which.
    case : str
        Name of the case in the room.
    about : tuple of str
        What it is about: numbers of records, each with the first 16 digits of the SHA-256 of its
        leaf, or ids of acts with their time. None of it is told a second time.
    count : int
        How many streams, seconds or acts the text speaks of.
    """

    rule: AlertRule
    case: str
    about: tuple[str, ...]
    count: int


@dataclass(frozen=True, slots=True, kw_only=True)
class AlertSent:
    """An alert was taken on one way, or was not, after all tries.

    Parameters
    ----------
    alert : int
        Number of the record that raised it.
    way : str
        Name of the way in the settings.
    tries : int
        How many it took.
    error : str
        The name of a class of errors; empty: it was taken.
    """

    alert: int
    way: str
    tries: int
    error: str = ""


KINDS: dict[str, type] = {
    "alert.begun": AlertsBegun,
    "alert.raised": AlertRaised,
    "alert.sent": AlertSent,
}
