"""The lists of a case that people page through: its records, streams, hosts and acts, in lines.

A line is what a list shows of one thing, with the numbers of the records that it rests on, so that
whoever shows it can read them again.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from cautery.model import Digest, Entry, Finding, Verdict
from cautery.model.message import Message
from cautery.model.records import ExhibitSealed
from cautery.projections.words import in_a_word, kept_text, subject_of


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordLine:
    """One record.

    Parameters
    ----------
    record : int
        Its number in the ledger.
    subject : str
        What it is about; empty: the case.
    text : Message or None
        What it says in a word; ``None``: it has no such word.
    """

    record: int
    kind: str
    at: datetime
    subject: str
    text: Message | None


@dataclass(frozen=True, slots=True, kw_only=True)
class VerdictLine:
    """One verdict.

    Parameters
    ----------
    record : int
        Its number in the ledger.
    first_seen : datetime or None
        When its stream was first seen; ``None``: nobody saw it begin.
    at_once : tuple of str
        Events, channels and works that the stream carries at the same time, without a claim.
    log10_lr, most_log10_lr, delay_s
        As in :class:`~cautery.model.Verdict`.
    """

    record: int
    at: datetime
    url: str
    finding: Finding
    event: str | None
    channels: tuple[str, ...]
    at_once: tuple[str, ...]
    log10_lr: float
    most_log10_lr: float | None
    delay_s: float | None
    first_seen: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ExhibitLine:
    """One exhibit, as a record says that it was sealed; ``url`` is ``None`` where it has none."""

    record: int
    at: datetime
    exhibit: str
    what: str
    media_type: str
    size: int
    confidential: bool
    url: str | None


@dataclass(slots=True, kw_only=True)
class StreamLine:
    """One stream; a member that is ``None`` is not known yet.

    Parameters
    ----------
    number : int
        In the order of first mention, from 1: it never changes.
    named : int
        The record in which it appeared last, with a title if it ever had one, or that spoke of it
        first: title and host are as this record has them.
    first_seen : datetime or None
        When it appeared first.
    vanished : datetime or None
        When its last source dropped it; ``None``: it is listed, as far as is known.
    verdict, proven : int or None
        The records of its newest verdict and of the first one that proves it.
    probes : int
        Looks that came to an end.
    right : str or None
        The event, or else the first channel, that its newest verdict proves or finds licensed.
    referred_at : datetime or None
        When it was first on a list, by the plan that named it.
    dark_at : datetime or None
        When one of the watch's probes first found it dark behind a block.
    last : int
        The newest record that speaks of it.
    """

    url: str
    number: int
    named: int
    last: int
    title: str | None = None
    host: str = ""
    first_seen: datetime | None = None
    vanished: datetime | None = None
    finding: Finding | None = None
    verdict: int | None = None
    verdict_at: datetime | None = None
    proven: int | None = None
    proven_at: datetime | None = None
    right: str | None = None
    referred_at: datetime | None = None
    dark_at: datetime | None = None
    probes: int = 0
    aligned: bool = False

    @property
    def looked_at(self) -> bool:
        """Somebody looked, and the look came to an end."""
        return self.probes > 0 or self.finding is not None

    @property
    def gone_at(self) -> datetime | None:
        """When it went dark or vanished; ``None``: nobody has seen it go."""
        return min((at for at in (self.dark_at, self.vanished) if at is not None), default=None)


@dataclass(slots=True, kw_only=True)
class HostLine:
    """One host.

    Parameters
    ----------
    first, last : int
        The first and the newest record that name it.
    streams : int
        How many streams lie there.
    facts : int or None
        The newest record of its facts that has an address: a dead name keeps its last facts.
    addresses : tuple of str
        As that record has them.
    """

    host: str
    first: int
    last: int
    streams: int = 0
    facts: int | None = None
    addresses: tuple[str, ...] = ()


class ActKind(StrEnum):
    """What people sign, send, answer and decide."""

    REFERRAL = "referral"
    LIST = "list"
    """All versions of one intermediary's list."""
    NOTICE = "notice"
    COMPLAINT = "complaint"


class Waits(StrEnum):
    """What an act waits for."""

    APPROVAL = "approval"
    SENDING = "sending"
    ANSWER = "answer"
    DECISION = "decision"
    END = "end"
    """Of its time; or, of a notice that was acted on, until our own probes see its URLs gone."""
    NOTHING = "nothing"
    REFUSED = "refused"
    """Nothing: an approver has refused it, and only another version can be approved."""

    @property
    def is_over(self) -> bool:
        """Whether nothing is to come any more."""
        return self in (Waits.NOTHING, Waits.REFUSED)


@dataclass(slots=True, kw_only=True)
class ActLine:
    """One referral, list, notice or complaint, as its records tell its course.

    Parameters
    ----------
    drafted : int
        The record of its draft; of a list, of its first version; of a complaint, of its filing.
    about : str
        Its targets, its addressee, its intermediary or the target of the complaint, cut.
    waits : Waits
        What it waits for, as far as records say that people signed; no signature is checked here.
    due_at : datetime or None
        Until when that should happen; ``None``: nobody says, or it waits for nothing.
    until : datetime or None
        When the last entry of a referral ends.
    approvals : int
        Records of approvals that name it.
    signed : tuple of (int, str)
        The newest of these of each name, with the name.
    owing : tuple of str
        Intermediaries that have it and do not say that they apply it.
    sent_at, answered_at, ended_at : datetime or None
        When it was first published or sent (of a list: the newest version), first answered, and
        when the first of its entries expired, or it was withdrawn, replaced or decided; ``None``:
        that has not happened.
    sent, version : int or None
        Of a list: the record and the number of its newest version.
    next : int or None
        The record of the draft that replaces a notice.
    subject : str or None
        Digest of a referral or a notice, which a refusal of it must name.
    last : int
        The newest record that speaks of it.
    """

    id: str
    kind: ActKind
    drafted: int
    drafted_at: datetime
    last: int
    about: str = ""
    waits: Waits = Waits.APPROVAL
    due_at: datetime | None = None
    until: datetime | None = None
    approvals: int = 0
    signed: tuple[tuple[int, str], ...] = ()
    owing: tuple[str, ...] = ()
    sent_at: datetime | None = None
    answered_at: datetime | None = None
    ended_at: datetime | None = None
    sent: int | None = None
    version: int | None = None
    next: int | None = None
    subject: Digest | None = None


def record_line(entry: Entry) -> RecordLine:
    """Return the line of a record."""
    return RecordLine(
        record=entry.index,
        kind=kept_text(entry.record.kind),
        at=entry.record.at,
        subject=subject_of(entry.content),
        text=in_a_word(entry.content),
    )


def verdict_line(entry: Entry, *, first_seen: datetime | None) -> VerdictLine | None:
    """Return the line of a verdict; ``None``: the record is none."""
    verdict = entry.content
    if not isinstance(verdict, Verdict):
        return None
    return VerdictLine(
        record=entry.index,
        at=verdict.at,
        url=verdict.url.text,
        finding=verdict.finding,
        event=verdict.event,
        channels=verdict.channels,
        at_once=tuple(other.content for other in verdict.at_once),
        log10_lr=verdict.log10_lr,
        most_log10_lr=verdict.most_log10_lr,
        delay_s=verdict.delay_s,
        first_seen=first_seen,
    )


def exhibit_line(entry: Entry) -> ExhibitLine | None:
    """Return the line of an exhibit; ``None``: the record seals none."""
    sealed = entry.content
    if not isinstance(sealed, ExhibitSealed):
        return None
    exhibit = sealed.exhibit
    return ExhibitLine(
        record=entry.index,
        at=exhibit.sealed_at,
        exhibit=exhibit.id,
        what=sealed.what,
        media_type=exhibit.media_type,
        size=exhibit.size,
        confidential=exhibit.confidential,
        url=sealed.url,
    )
