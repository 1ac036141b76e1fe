"""The content of the room's pages on cases, records and exhibits, complete and ready to render."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from cautery.model import Exhibit, ExhibitId, Mandate
from cautery.model.message import Message


class CaseState(StrEnum):
    """How a case stands, by what its own records and files say."""

    AHEAD = "ahead"
    """Its window has not begun."""
    WATCHED = "watched"
    """Its window is open, and no record says that the watch has stopped."""
    STOPPED = "stopped"
    """Its window is open, and the watch has stopped."""
    LEFT_OPEN = "left open"
    """Its window is over, and nobody has closed it."""
    CLOSED = "closed"
    """A signed manifest covers the whole of it."""
    DESK = "desk"
    """The open case of an agency in an operation: it has no window."""
    UNREADABLE = "unreadable"
    """It cannot be read; the page says why."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckView:
    """What a re-check of a case has come to.

    Parameters
    ----------
    running : bool
        It is not over.
    step : str
        What is checked now: ``files``, ``records``, or empty: it waits, or is over.
    done, of : int
        How far this step is, in bytes or records.
    started_at, ended_at : datetime
        By this machine's clock; ``ended_at`` is ``None`` while it runs.
    verdict : str
        ``authentic``, ``consistent``, ``open``, ``broken``, or empty while it runs.
    lines : tuple of (str, str)
        What was checked, a label and a value each.
    fault, hint : str
        The first thing that is wrong, and what can be done; empty: nothing is.
    """

    running: bool
    step: str = ""
    done: int = 0
    of: int = 0
    started_at: datetime
    ended_at: datetime | None = None
    verdict: str = ""
    lines: tuple[tuple[str, str], ...] = ()
    fault: str = ""
    hint: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseHead:
    """What stands above every page of a case.

    Parameters
    ----------
    id : str
        Its name in addresses: where it lies below the folder of cases.
    title : str
        Its events, channels or works; its folder's name if it names none.
    mandate : Mandate or None
        With the newest fixtures; ``None``: it stands under none.
    signed : str
        Who signed the mandate, by name.
    standing : str
        The same with keys, and whether anybody vouches for them.
    records : int
        How many it has.
    last_at : datetime or None
        Of its last record, by the clock of the machine that made it.
    has_map, has_plan, has_persons, has_decoys, has_following, has_told : bool
        Whether a supply graph is in it, a plan, persons, a sealed plan of decoys, and what it
        follows.
    why : str
        Why it cannot be read; empty: it can.
    behind : int
        How many of its records are not in the lists yet from which pages are made.
    """

    id: str
    title: str
    state: CaseState
    mandate: Mandate | None = None
    signed: str = ""
    standing: str = ""
    lab: bool = False
    records: int = 0
    first_at: datetime | None = None
    last_at: datetime | None = None
    has_map: bool = False
    has_plan: bool = False
    has_persons: bool = False
    has_decoys: bool = False
    has_following: bool = False
    has_told: bool = False
    why: str = ""
    behind: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class CasesView:
    """The cases below a folder, a page of them.

    Parameters
    ----------
    folder : str
        Where they lie.
    checks : mapping of str to CheckView
        By case, its newest re-check.
    after : str or None
        The next page begins behind this name; ``None``: this is the last page.
    """

    folder: str
    cases: tuple[CaseHead, ...]
    checks: Mapping[str, CheckView]
    after: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordRow:
    """A record in one line.

    Parameters
    ----------
    about : str
        The stream, host, target or other thing that it is about; empty: it names none.
    word : Message or None
        What it says of it in a word.
    of_stream : bool
        It is about a stream, which has a page of its own.
    """

    index: int
    at: datetime
    kind: str
    about: str
    word: Message | None
    of_stream: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class KindCount:
    """A kind of record, how many a case has of it, and what such a record says."""

    kind: str
    count: int
    meaning: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Timeline:
    """Some records of a case, newest first.

    Parameters
    ----------
    kinds : tuple of KindCount
        All kinds in the case.
    kind, search : str
        What was asked for; empty: everything.
    found : int or None
        How many there are like that; ``None``: they were not counted.
    newer, older : int or None
        Where the next pages begin; ``None``: there is none.
    complete : bool
        ``False``: the search took too long and was ended, so older records may be like that, too.
    """

    rows: tuple[RecordRow, ...]
    kinds: tuple[KindCount, ...]
    kind: str = ""
    search: str = ""
    found: int | None = None
    newer: int | None = None
    older: int | None = None
    complete: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseView:
    """A case: its head, the course of its records, and what can be done with it.

    Parameters
    ----------
    signed : int or None
        Records under the newest root that the case's key signed; ``None``: there is no such root.
    signed_at : str
        When that was, by the case's clock; no signature covers the time.
    exhibits : int
        How many were sealed.
    """

    head: CaseHead
    timeline: Timeline
    signed: int | None
    signed_at: str
    exhibits: int
    check: CheckView | None


@dataclass(frozen=True, slots=True, kw_only=True)
class MemberView:
    """A member of a record: its value as JSON, and what it means."""

    name: str
    value: str
    meaning: str
    exhibits: tuple[ExhibitId, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class ProofView:
    """That a record is under a signed root.

    Parameters
    ----------
    size, root
        Of the checkpoint, the root in hexadecimal.
    note : str
        The checkpoint as its key signed it (C2SP).
    path : tuple of str
        The audit path, hexadecimal, nearest sibling first (RFC 9162, 2.1.3).
    """

    size: int
    root: str
    note: str
    path: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordView:
    """A record, whole, with its proof.

    Parameters
    ----------
    leaf : str
        Its RFC 8785 JSON, exactly.
    leaf_hash : str
        ``SHA-256(0x00 || leaf)``, hexadecimal.
    proof : ProofView or None
        ``None``: no signed root covers it yet, or ``fault`` says what is wrong.
    pending : bool
        The lists from which a proof is made do not have it yet.
    newer, older : int or None
        The records beside it.
    """

    head: CaseHead
    index: int
    at: datetime
    kind: str
    meaning: str
    members: tuple[MemberView, ...]
    leaf: str
    leaf_hash: str
    proof: ProofView | None
    fault: str
    pending: bool
    of_stream: bool
    newer: int | None
    older: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ExhibitRow:
    """An exhibit in one line; ``record`` is the number of the record of its sealing."""

    exhibit: Exhibit
    what: Message
    url: str | None
    record: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ExhibitsView:
    """The exhibits of a case, oldest first, a page of them; ``after`` begins the next page."""

    head: CaseHead
    rows: tuple[ExhibitRow, ...]
    total: int
    after: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class CustodyRow:
    """A step of an exhibit's chain of custody after the case: who did what, for whom and why."""

    at: str
    act: str
    by: str
    to: str
    why: str
    signed: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class ExhibitView:
    """An exhibit, with every record that names it.

    Parameters
    ----------
    digest_now : str
        The SHA-256 of its bytes as they lie in the vault at this moment; empty: see ``fault``.
    fault : str
        Why its bytes cannot be trusted or shown; empty: they are as they were sealed.
    records : tuple of RecordRow
        That name it, oldest first; the first ones if there are many.
    named : int
        How many there are.
    custody : tuple of CustodyRow
        What people did with it, as the chain beside the case says.
    custody_fault : str
        Why that chain cannot be believed; empty: it can.
    """

    head: CaseHead
    row: ExhibitRow
    digest_now: str
    fault: str
    records: tuple[RecordRow, ...]
    named: int
    custody: tuple[CustodyRow, ...]
    custody_fault: str


@dataclass(frozen=True, slots=True, kw_only=True)
class MandateView:
    """The mandate of a case; each row begins with a name. ``record`` is the case's first record."""

    head: CaseHead
    record: int
    events: tuple[tuple[str, ...], ...]
    channels: tuple[tuple[str, ...], ...]
    works: tuple[tuple[str, ...], ...]
    partners: tuple[tuple[str, ...], ...]
    approvers: tuple[tuple[str, ...], ...]
