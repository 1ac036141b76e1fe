"""Who is shown what of a case: by marking kinds of records, never by editing one.

A court is given the whole case. Everybody else is given an extract: the records of the kinds that
they need, byte for byte, and the exhibits that these records name, if they need those. All else is
counted and committed to, so that it can be opened later.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from cautery.formats.named_hosts import host_written, hosts_in
from cautery.model import (
    Acknowledgement,
    DarkProbe,
    ErrorRate,
    GuardVerdict,
    RedactedUrl,
    Referral,
    Verdict,
    host_of,
)
from cautery.model.records import (
    KINDS,
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

_HOSTS = frozenset(("host", "hosts", "named", "redirected_to"))
"""Members that hold a host alone, perhaps one without a dot."""
_IDS = frozenset(("channels", "event", "id", "licensee", "reference", "references"))
"""Members that hold ids of the mandate and of sentences: ``Canal.fr`` is no host there."""


class Audience(StrEnum):
    """For whom a dossier is made."""

    COURT = "court"
    """A court and the parties before it: the whole case."""
    HOSTER = "hoster"
    """Who hosts the streams: what was seen on its hosts, with the media."""
    PROVIDER = "provider"
    """An access provider: what it is asked to block, under which order, and why."""
    DEFENCE = "defence"
    """Counsel of an accused: what concerns the accused, and all that speaks for him."""
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
    references : bool
        Whether media of a reference are among the exhibits, which are its owner's.
    """

    kinds: frozenset[str]
    exhibits: bool = False
    proofs: bool = True
    references: bool = False


_MEASURED = frozenset(kinds_of(ErrorRate, WatchStarted, WatchStopped, CaseClosed))
_SEEN = frozenset(kinds_of(Verdict, ProbeDone, ScoreBasis, AlignmentShown))
SCORED = frozenset(kinds_of(Verdict, ProbeDone, ScoreBasis))
"""Kinds whose exhibits a reader computes the scores from."""
_ASKED = frozenset(
    kinds_of(
        Verdict, Referral, GuardVerdict, ListSent, Acknowledgement, EntryExpired, EntryWithdrawn,
        DarkProbe,
    )
)  # fmt: skip
SHOWN: Mapping[Audience, Shown] = {
    Audience.HOSTER: Shown(kinds=_MEASURED | _SEEN, exhibits=True),
    Audience.PROVIDER: Shown(kinds=_MEASURED | _ASKED),
    Audience.DEFENCE: Shown(kinds=frozenset(KINDS), exhibits=True, references=True),
    Audience.PUBLIC: Shown(kinds=_MEASURED, proofs=False),
}
"""By audience; a court is not in it, for it is shown all. Which records of all kinds the defence is
given is chosen record by record (:mod:`cautery.workflows.dossier.accused`)."""


def has_media(audience: Audience) -> bool:
    """Tell whether an audience is handed media, and so the program that computes from them."""
    return audience is Audience.COURT or SHOWN[audience].exhibits


def hosts_named(content: object, body: object) -> frozenset[str]:
    """Return every host that a record names; empty: it is about no URL.

    A referral or a list names others' hosts, too, so it is about none.

    Parameters
    ----------
    content : object
        What the record says, as the type of its kind. One that does not have the form of its kind
        is about no host: nobody knows whom it names.
    body : object
        The same as JSON. A stream leads to other hosts: its segments, what it redirects to, what
        its question names, and what an error names. Each text of it counts.
    """
    url = getattr(content, "url", None)
    own = host_of(url.text if isinstance(url, RedactedUrl) else str(url))
    if not own:
        return frozenset()
    return frozenset(hosts_mentioned(body) | {own})


def hosts_mentioned(body: object) -> frozenset[str]:
    """Return every host that any text of a record names, but for ids of the mandate."""
    hosts: set[str] = set()
    pending: list[tuple[str, object]] = [("", body)]
    while pending:  # a list in place of recursion: a record may be nested deeply
        name, value = pending.pop()
        if isinstance(value, Mapping):
            pending += value.items()
        elif isinstance(value, list):
            pending += [(name, inner) for inner in value]
        elif isinstance(value, str) and name not in _IDS:
            hosts |= hosts_in(value)
            if name in _HOSTS and "://" not in value:
                hosts.add(host_written(value))
    return frozenset(hosts - {""})


def names_no_host(kind: str) -> bool:
    """Tell whether records of a kind are shown to all who ask for some hosts alone."""
    return kind in _MEASURED
