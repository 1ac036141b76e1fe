"""The page of one stream: what is claimed of it, on what, and what would change it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from cautery.model import ExhibitId
from cautery.pages.case_report import StreamView
from cautery.pages.room.view import CaseHead


@dataclass(frozen=True, slots=True, kw_only=True)
class Player:
    """Sealed media of stream and reference that a browser can play in step.

    Parameters
    ----------
    suspect_s, reference_s : float
        One moment in the media time of both, seconds.
    speed : float
        Seconds of the reference for each second of the stream.
    suspect, reference : tuple of ExhibitId
        What they were made of.
    """

    suspect_s: float
    reference_s: float
    speed: float
    suspect: tuple[ExhibitId, ...]
    reference: ExhibitId


@dataclass(frozen=True, slots=True, kw_only=True)
class VerdictView:
    """A stream with its newest verdict.

    Parameters
    ----------
    stream : StreamView
        As the report has it; its number is that of the order of first mention.
    names : mapping of str to str
        What references are called, by id.
    streams : int
        How many streams the case has.
    left_out : int
        How many records of it, between its first and its newest ones, this page was made without.
    record : int or None
        Of the newest verdict, for its proof; ``None``: there is none.
    offered : int or None
        Of the first sight.
    player : Player or None
        ``None``: see ``silent``.
    silent : str
        Why there is nothing to play.
    changes : tuple of str
        What would change this verdict.
    least_log10_lr : float
        Odds from which a stream counts as proven.
    vouched : bool
        Whether others vouch for a time of it.
    """

    head: CaseHead
    stream: StreamView
    names: Mapping[str, str]
    streams: int
    left_out: int
    record: int | None
    offered: int | None
    player: Player | None
    silent: str
    changes: tuple[str, ...]
    least_log10_lr: float
    vouched: bool
