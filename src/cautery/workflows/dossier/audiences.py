"""Who is shown what of a case: by marking kinds of records, never by editing one.

A court is given the whole case. Everybody else is given an extract: the records of the kinds that
they need, byte for byte, and the exhibits that these records name, if they need those. All else is
counted and committed to, so that it can be opened later.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from urllib.parse import urlsplit

from cautery.model import (
    Acknowledgement,
    DarkProbe,
    ErrorRate,
    GuardVerdict,
    RedactedUrl,
    Referral,
    Verdict,
)
from cautery.model.records import (
    AlignmentShown,
    CaseClosed,
    EntryExpired,
    EntryWithdrawn,
    ListSent,
    ProbeDone,
    WatchStarted,
    WatchStopped,
    kinds_of,
)
from cautery.model.records.scoring import ScoreBasis


class Audience(StrEnum):
    """For whom a dossier is made."""

    COURT = "court"
    """A court and the parties before it: the whole case."""
    HOSTER = "hoster"
    """Who hosts the streams: what was seen on its hosts, with the media."""
    PROVIDER = "provider"
    """An access provider: what it is asked to block, under which order, and why."""
    PUBLIC = "public"
    """Anybody: error rates and dates, no address and no name."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """What an extract holds.

    Parameters
    ----------
    kinds : frozenset of str
        Kinds of records.
    exhibits : bool
        Whether the unencrypted exhibits that these records name are in it.
    proofs : bool
        Whether each record has its way to the signed root. A way holds digests of neighbouring
        records without a salt.
    """

    kinds: frozenset[str]
    exhibits: bool = False
    proofs: bool = True


_MEASURED = frozenset(kinds_of(ErrorRate, WatchStarted, WatchStopped, CaseClosed))
_SEEN = frozenset(kinds_of(Verdict, ProbeDone, ScoreBasis, AlignmentShown))
_ASKED = frozenset(
    kinds_of(
        Verdict, Referral, GuardVerdict, ListSent, Acknowledgement, EntryExpired, EntryWithdrawn,
        DarkProbe,
    )
)  # fmt: skip
SHOWN: Mapping[Audience, Shown] = {
    Audience.HOSTER: Shown(kinds=_MEASURED | _SEEN, exhibits=True),
    Audience.PROVIDER: Shown(kinds=_MEASURED | _ASKED),
    Audience.PUBLIC: Shown(kinds=_MEASURED, proofs=False),
}
"""By audience; a court is not in it, for it is shown all."""


def has_media(audience: Audience) -> bool:
    """Tell whether an audience is handed media, and so the program that computes from them."""
    return audience is Audience.COURT or SHOWN[audience].exhibits


def host_of(content: object) -> str:
    """Return the host that a record is about; empty: it is about no URL.

    A referral or a list names others' hosts, too, so it is about none.

    Parameters
    ----------
    content : object
        What the record says, as the type of its kind. One that does not have the form of its kind
        is about no host: nobody knows whom it names.
    """
    url = getattr(content, "url", None)
    text = url.text if isinstance(url, RedactedUrl) else url
    try:
        return urlsplit(text).hostname or "" if isinstance(text, str) else ""
    except ValueError:
        return ""


def names_no_host(kind: str) -> bool:
    """Tell whether records of a kind are shown to all who ask for some hosts alone."""
    return kind in _MEASURED
