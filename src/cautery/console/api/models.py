"""What programs are answered: each the JSON of a view of the room's pages."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, TypeVar

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

from cautery.messages import say
from cautery.model import Finding
from cautery.model.message import Message
from cautery.pages.room.view import CaseState

_CASE = "md34"
_AT = "2026-11-24T20:00:00Z"
_DIGEST = "sha256:" + "0" * 64


def _said(value: object) -> object:
    return say(value) if isinstance(value, Message) else value


def plain(value: object) -> object:
    """Return text that JSON can hold: whoever has a case's file can append what is no Unicode."""
    return value.encode("utf-8", "backslashreplace").decode() if isinstance(value, str) else value


Said = Annotated[str, BeforeValidator(_said), BeforeValidator(plain)]
Text = Annotated[str, BeforeValidator(plain)]
At = Annotated[datetime, Field(examples=[_AT])]
Record = Annotated[int, Field(ge=0, description="Number of a record in the ledger, from 0.")]


class _Out(BaseModel):
    model_config = ConfigDict(from_attributes=True)


class WindowOut(_Out):
    """When a mandate allows to watch."""

    start: At
    end: At


class MandateOut(_Out):
    """The mandate of a case, in short; its record is the case's first one."""

    id: Text
    who: Text = Field(description="The right-holder or authority.", examples=["Example League"])
    regime: str = Field(description="The data-protection law: gdpr or led.", examples=["gdpr"])
    window: WindowOut


class CaseOut(_Out):
    """How a case stands."""

    id: Text = Field(description="Its name in addresses.", examples=[_CASE])
    title: Text = Field(description="What it is about.", examples=["Home v Away"])
    state: CaseState = Field(description="By what its own records and files say.")
    mandate: MandateOut | None = Field(description="With the newest fixtures; null: it has none.")
    signed: Text = Field(description="Who signed the mandate, in words.")
    lab: bool = Field(description="It is synthetic, and proves nothing about anybody.")
    records: int = Field(ge=0, description="How many its ledger has.", examples=[12_345])
    behind: int = Field(
        ge=0, description="How many of them are not yet in the lists that answers are made of."
    )
    first_at: At | None
    last_at: At | None = Field(description="When the newest record was made.")
    has_map: bool = Field(description="Whether a supply graph is in it.")
    why: Text = Field(description="Why it cannot be read; empty: it can.")


class CasesOut(_Out):
    """A page of cases, by name."""

    cases: list[CaseOut]
    next: str | None = Field(description="Give this as after for the next page; null: the last.")


class PageOut(_Out):
    """What each page of a list says of itself."""

    case: CaseOut
    found: int | None = Field(description="How many there are like that; null: not counted.")
    found_more: bool = Field(default=False, description="There are more than found.")
    newer: int | None = Field(description="Give this as after for newer ones; null: none.")
    older: int | None = Field(description="Give this as before for older ones; null: none.")
    complete: bool = Field(
        default=True,
        description="false: the search took too long and was ended; go on with older.",
    )


Page = TypeVar("Page", bound=PageOut)


class RecordRowOut(_Out):
    """A record in one line."""

    index: Record
    at: At
    kind: Text = Field(description="See cautery records --schema.", examples=["verdict"])
    about: Text = Field(description="The stream, host or other thing that it is about.")
    word: Said | None = Field(description="What it says in a word.")


class RecordsOut(PageOut):
    """Some records, newest first."""

    rows: list[RecordRowOut]
    kinds: dict[str, int] = Field(description="How many the case has of each kind.")


class ProofOut(_Out):
    """That a record is under a signed root; the room has checked it."""

    size: int = Field(description="How many records the root covers.")
    root: str = Field(description="RFC 9162 root, hexadecimal.")
    note: str = Field(description="The checkpoint as the case's key signed it (C2SP).")
    path: list[str] = Field(description="Audit path, nearest sibling first (RFC 9162, 2.1.3).")


class RecordOut(_Out):
    """A record, whole, with its proof."""

    case: CaseOut
    index: Record
    at: At
    kind: Text
    meaning: str = Field(description="What such a record says; empty: the kind is not known.")
    body: Any = Field(
        description="What it says; null: it is nested too deeply for JSON readers, see leaf."
    )
    leaf: str = Field(description="Its RFC 8785 JSON, exactly: what was hashed.")
    leaf_hash: str = Field(description="SHA-256(0x00 || leaf), hexadecimal.")
    proof: ProofOut | None = Field(description="null: no signed root covers it; or see fault.")
    fault: Text = Field(description="Why the proof does not hold; empty: nothing is wrong.")
    pending: bool = Field(description="The proof is shown once the case's lists are made.")
    newer: int | None
    older: int | None


class ClockOut(_Out):
    """How far the clock may have been from UTC when something was sealed."""

    seconds: float | None
    uncertainty_s: float | None
    method: Text


class SealedOut(_Out):
    """An exhibit, as it was sealed."""

    id: str = Field(description="Digest of the bytes as sealed.", examples=[_DIGEST])
    size: int = Field(ge=0)
    media_type: Text
    sealed_at: At
    clock: ClockOut
    confidential: bool = Field(description="It is encrypted; the room has no key.")


class ExhibitRowOut(_Out):
    """An exhibit in one line."""

    exhibit: SealedOut
    what: Said = Field(description="What it is.", examples=["transactions of a probe"])
    url: Text | None = Field(description="Whence it is, redacted.")
    record: Record = Field(description="The record of its sealing.")


class ExhibitsOut(_Out):
    """Some exhibits, oldest first."""

    case: CaseOut
    rows: list[ExhibitRowOut]
    total: int = Field(ge=0)
    after: int | None = Field(description="Give this as after for the next page; null: the last.")


class CustodyOut(_Out):
    """A step of the chain of custody: who did what with an exhibit, for whom and why."""

    at: str
    act: str
    by: Text
    to: Text
    why: Text
    signed: bool


class ExhibitOut(_Out):
    """An exhibit; its bytes were read from the vault and hashed for this answer."""

    case: CaseOut
    row: ExhibitRowOut
    digest_now: str = Field(description="Of the bytes as they lie there now; empty: see fault.")
    fault: Text = Field(description="Why its bytes cannot be trusted; empty: they are as sealed.")
    records: list[RecordRowOut] = Field(description="The first records that name it.")
    named: int = Field(description="How many records name it.")
    custody: list[CustodyOut]
    custody_fault: Text


class StreamRowOut(_Out):
    """A stream in one line."""

    number: int = Field(ge=1, description="In the order of first mention: it never changes.")
    url: Text = Field(description="Redacted: credentials are keyed hashes.")
    title: Text | None
    host: Text
    finding: Finding | None = Field(description="Of its newest verdict; null: it has none.")
    first_seen: At | None
    proven_at: At | None
    referred_at: At | None
    dark_at: At | None = Field(description="When the watch's own probe first found it dark.")
    vanished: At | None
    probes: int = Field(description="Looks that came to an end.")
    record: int | None = Field(description="Of its newest verdict.")


class StreamsOut(PageOut):
    """Some streams, newest appearance first."""

    rows: list[StreamRowOut]


class VerdictRowOut(_Out):
    """A verdict in one line."""

    record: Record
    number: int | None = Field(description="Of its stream.")
    at: At
    url: Text
    finding: Finding
    event: Text | None
    channels: list[Text]
    at_once: list[Text] = Field(
        description="Events, channels and works that the stream carries at the same time; nothing "
        "is claimed by them."
    )
    log10_lr: float = Field(
        description="How much likelier what was seen is if the stream shows this content: log10. "
        "It is no probability that somebody is guilty."
    )
    most_log10_lr: float | None = Field(description="The most that the method's trials allow.")
    delay_s: float | None = Field(description="Behind the reference, seconds.")


class VerdictsOut(PageOut):
    """Some verdicts, newest first."""

    rows: list[VerdictRowOut]


class ActRowOut(_Out):
    """A referral or a notice in one line, as its records tell its course."""

    id: Text
    kind: str = Field(description="referral or notice.")
    about: Text = Field(description="Its targets, or its addressee, cut.")
    drafted: Record = Field(description="The record of its draft.")
    drafted_at: At
    approvals: int = Field(description="Records that approve it; no signature is checked here.")
    sent_at: At | None
    answered_at: At | None
    ended_at: At | None


class ActsOut(PageOut):
    """Some referrals and notices, newest first."""

    rows: list[ActRowOut]


class ThingInCaseOut(_Out):
    """What one case says of a thing."""

    case: Text = Field(description="Its name in addresses.", examples=[_CASE])
    text: Text = Field(description="How the case spells the thing.")
    first: int = Field(ge=0, description="The first record that names it.")
    named: int = Field(ge=0, description="The newest record that names it.")
    first_at: At
    last_at: At = Field(description="When a record saw it last.")
    stream: int | None = Field(description="Number of the newest stream that has it.")


class ThingOut(_Out):
    """A title, host, brand or payment end, through all searched cases."""

    kind: str = Field(description="title, host, brand or payment.", examples=["host"])
    text: Text
    first_at: At
    last_at: At
    months: dict[str, int] = Field(
        description="By month, how many records of all searched cases saw it.",
        examples=[{"2026-11": 12}],
    )
    in_cases: int = Field(description="How many of the searched cases have it.")
    newest: list[ThingInCaseOut] = Field(description="The cases that saw it last.")


class UnreadableOut(_Out):
    """A case that was not searched."""

    case: Text
    why: Text


class ThingsOut(_Out):
    """What was found in the cases of one regime that the token may read."""

    regime: str | None = Field(description="Of all these cases; null: say which.")
    regimes: list[str] = Field(description="Of the cases that may be searched.")
    cases: int = Field(description="How many were searched.")
    waiting: int = Field(description="How many are not gathered yet: ask again.")
    unreadable: list[UnreadableOut] = Field(description="Some that cannot be read.")
    things: list[ThingOut]
    older: int | None = Field(description="Give this as before for the next page; null: the last.")
    found: int | None = Field(description="How many there are; null: they were not counted.")
    found_more: bool = Field(description="There are more than found.")
    complete: bool = Field(description="False: the search was ended, some may be missing.")


class AtOnceOut(_Out):
    """A further content that a stream carries at the same time; nothing is claimed by it."""

    kind: str = Field(description="picture, or sound where it is only heard.")
    content: Text = Field(description="The event, or else the channel or work.")
    reference: Text
    delay_s: float = Field(description="Behind that reference, seconds.")
    log10_lr: float
    speed: float
    probes: int = Field(description="That agree on the reference and the delay.")
    part: tuple[float, float, float, float] | None = Field(
        description="Of the picture: top, left, height, width, shares of the whole. null: all."
    )


class StreamOut(_Out):
    """A stream with its newest verdict, what it rests on, and what would change it."""

    case: CaseOut
    number: int
    url: Text
    title: Text | None
    host: Text
    sources: list[Text]
    finding: Finding | None
    first_seen: At | None
    proven_at: At | None
    dark_at: At | None
    exposed_s: float | None
    exposed_why: Text
    probes: int
    record: int | None = Field(description="Of its newest verdict.")
    log10_lr: float | None
    most_log10_lr: float | None
    delay_s: float | None
    speed: float | None
    licensee: Text | None
    part: tuple[float, float, float, float] | None = Field(
        description="Of the picture, that shows the content, as in at_once."
    )
    at_once: list[AtOnceOut]
    reasons: list[Said]
    changes: list[Text] = Field(description="What would change this verdict.")
    failures: list[Said]
    exhibits: list[str] = Field(description="What was sealed of it.")
    records: list[int] = Field(description="The records that speak of it.")
    left_out: int = Field(description="How many records in between were not read for this answer.")


class BarOut(_Out):
    """A proven stream along time."""

    number: int
    title: Text
    first_seen: At
    proven_at: At | None
    referred_at: At | None
    dark_at: At | None
    until: At
    is_up: bool


class WallRowOut(_Out):
    """An event, channel or work of the mandate."""

    name: Text
    kick_off: At | None
    proven: int
    licensed: int
    exposed_s: float | None = Field(description="Seconds that proven streams were up, together.")
    detect_s: float | None = Field(description="Median from first sight to proof.")
    refer_s: float | None = Field(description="Median from first sight to a list.")
    dark_s: float | None = Field(description="Median from first sight until it went dark.")
    bars: list[BarOut] = Field(description="What is up, and what went last.")
    more: int


class FallenOut(_Out):
    """A verdict that changed what is known of a stream."""

    number: int
    record: Record
    at: At
    title: Text
    host: Text
    finding: Finding
    shows: Text
    delay_s: float | None
    log10_lr: float
    verbal: str


class UnseenOut(_Out):
    """A stream that nobody has looked at."""

    number: int
    title: Text
    host: Text
    since: At | None


class PaceOut(_Out):
    """How far behind the watch is, by its own newest measure."""

    at: At
    late: bool
    references_s: float | None
    looks_s: float | None
    why: Said | None
    put_off: int


class TonightOut(_Out):
    """The wall of a match: how a watch stands, now or when it ended."""

    case: CaseOut
    position: int = Field(description="How many records it is made of.")
    now: At = Field(description="The moment that it shows.")
    silent_s: float = Field(description="How long ago the last record was made.")
    rows: list[WallRowOut]
    more_rows: int
    fallen: list[FallenOut]
    unseen: list[UnseenOut]
    unseen_count: int
    offered: int
    looked_at: int
    probes: int
    findings: dict[str, int]
    dark: int
    networks: int
    refused: int
    narrowed: int
    spared: int
    pace: PaceOut | None
    failures: dict[str, int] = Field(description="The commonest errors, and how often.")
