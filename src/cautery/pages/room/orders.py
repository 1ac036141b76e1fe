"""The content of the boards of acts, and of the page of one act, complete and ready to render."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from cautery.model import ExhibitId, GuardVerdict
from cautery.model.message import Message
from cautery.model.records import ActRefused
from cautery.pages.room.view import CaseHead, RecordRow

KINDS = ("referral", "list", "notice", "complaint")


@dataclass(frozen=True, slots=True, kw_only=True)
class ActRow:
    """An act on a board.

    Parameters
    ----------
    kind : str
        One of :data:`KINDS`.
    about : str
        Its targets, its addressee, its intermediary, or the target that is complained about.
    place : str
        Order and territory of a referral; of others what says most.
    waits : str
        ``approval``, ``sending``, ``answer``, ``decision``, ``end`` or ``nothing``.
    due_at : datetime or None
        Until when; ``None``: nobody says, or nothing is waited for.
    overdue : bool
        That time is over.
    decisions : tuple of str
        What the guard says of its targets: each decision once, the heaviest first.
    reason : Message or None
        Of the guard, on the target with most bystanders.
    overridden : bool
        Whether two people overrode the guard for one of its targets.
    drafted_by : str
        Who drafted it; empty: nobody does.
    signed_by : tuple of str
        Whose signatures hold.
    lacks : str
        What has to happen next; empty: nothing.
    papers : tuple of str
        How many fields the papers lack that a referral becomes, while it waits to be signed.
    """

    id: str
    kind: str
    about: str
    place: str
    waits: str
    due_at: datetime | None
    overdue: bool
    decisions: tuple[str, ...]
    reason: Message | None
    overridden: bool
    drafted_by: str
    drafted_at: datetime
    signed_by: tuple[str, ...]
    lacks: str
    papers: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class OrdersView:
    """A board: what waits, by its clocks, and everything, newest first.

    Parameters
    ----------
    now : datetime
        What the clocks are read at: of a closed case its last record.
    writable : bool
        Whether anything can still be added to the case.
    kind, search : str
        What was asked for; empty: all.
    counts : mapping of (str, str) to int
        By kind and by what they wait for, how many acts there are.
    overdue_count, running_count : int
        How many there are of each; of either sort only the first ones are rows.
    newer, older : int or None
        Where the next pages of ``rows`` begin.
    """

    head: CaseHead
    now: datetime
    writable: bool
    kind: str
    search: str
    counts: Mapping[tuple[str, str], int]
    overdue: tuple[ActRow, ...]
    running: tuple[ActRow, ...]
    overdue_count: int
    running_count: int
    rows: tuple[ActRow, ...]
    newer: int | None
    older: int | None

    def waiting(self, *waits: str) -> int:
        """Return how many acts wait for one of these."""
        return sum(count for (_, what), count in self.counts.items() if what in waits)

    def of_kind(self, kind: str) -> int:
        """Return how many acts of a kind there are."""
        return sum(
            count for (counted_kind, _), count in self.counts.items() if counted_kind == kind
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """A target of an act, with what the guard says of it.

    Parameters
    ----------
    guard : GuardVerdict
        The verdict that is signed with the act.
    now_record : int or None
        The record of the guard's newest verdict on it; ``None``: there is none in the case.
    changed : GuardVerdict or None
        That verdict, if it says something else.
    over : str
        Why it is no more in force; empty: it is, or will be.
    referral : str
        The referral that it stands on; empty: this page's own.
    """

    target: str
    lever: str
    valid_until: datetime
    guard: GuardVerdict
    exhibits: tuple[ExhibitId, ...]
    now_record: int | None = None
    changed: GuardVerdict | None = None
    over: str = ""
    referral: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Noticed:
    """A URL of a notice; ``record`` is that of the verdict it states, if it is in the case."""

    url: str
    finding: str
    log10_lr: float
    captured_at: datetime
    place: str
    exhibits: tuple[ExhibitId, ...]
    record: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Signature:
    """A signature over an act.

    Parameters
    ----------
    key : str
        The first 16 hex digits of the SHA-256 of the public key that it must hold under.
    holds : bool
        It is an approver's, over this act and for this case.
    """

    name: str
    role: str
    key: str
    at: datetime
    record: int
    holds: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Version:
    """A draft in the history of an act; ``changes`` says what differs from the one before."""

    id: str
    record: int
    at: datetime
    by: str
    changes: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Command:
    """A command that does what the room does not; ``shows`` says that it shows the act again."""

    what: str
    line: str
    shows: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class ActForms:
    """What who looks at an act may do with it in the room.

    Parameters
    ----------
    approver : str
        Name under which the mandate knows the passkey of who looks, who may sign now; empty: none.
    second : bool
        The act is signed on a second device alone.
    refuse, withdraw, complete, grant, reject : bool
        Which forms there are.
    contact, reply_to : str
        Addresses of the draft that another one completes.
    """

    approver: str = ""
    second: bool = False
    refuse: bool = False
    withdraw: bool = False
    complete: bool = False
    grant: bool = False
    reject: bool = False
    contact: str = ""
    reply_to: str = ""

    @property
    def any(self) -> bool:
        """Whether there is anything to do."""
        return self != ActForms()


@dataclass(frozen=True, slots=True, kw_only=True)
class ActView:
    """One act, with everything that who approves it must see.

    Parameters
    ----------
    row : ActRow
        As on a board.
    refusal : ActRefused or None
        The approver's no; ``None``: nobody has refused it.
    digest, words : str
        What is signed, and its four words; empty: nothing is signed of it.
    facts : tuple of (str, str)
        A label and a value each.
    steps : tuple of (str, bool)
        What has to be there before it is over, and whether it is.
    findings : tuple of (str, str, Message) or None
        What the linter finds wrong with a notice: rule, URL and text; ``None``: it was not checked.
    links : tuple of (str, str)
        Acts that it hangs together with: what they are to it, and their ids.
    named : int
        How many records are about it; ``course`` has the newest ones.
    """

    head: CaseHead
    row: ActRow
    now: datetime
    writable: bool
    record: int
    seen: int
    digest: str
    words: str
    facts: tuple[tuple[str, str], ...]
    steps: tuple[tuple[str, bool], ...]
    statement: str
    targets: tuple[Target, ...]
    more_targets: int
    urls: tuple[Noticed, ...]
    more_urls: int
    findings: tuple[tuple[str, str, Message], ...] | None
    signatures: tuple[Signature, ...]
    versions: tuple[Version, ...]
    links: tuple[tuple[str, str], ...]
    exhibits: tuple[ExhibitId, ...]
    commands: tuple[Command, ...]
    course: tuple[RecordRow, ...]
    named: int
    refusal: ActRefused | None = None
    forms: ActForms = field(default_factory=ActForms)
