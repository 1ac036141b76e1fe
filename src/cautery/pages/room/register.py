"""The content of the room's pages on what an operation seized: register, exhibit, labels, money."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from cautery.model import CustodyAct, ExhibitKind, InstrumentKind, Money
from cautery.pages.room.operation import OperationHead


@dataclass(frozen=True, slots=True, kw_only=True)
class TakenRow:
    """An exhibit in the register.

    Parameters
    ----------
    key : str
        The digits of its entry's digest that its label carries.
    agency : str
        Id of the agency that seized it.
    place : str
        Where it was found.
    finder : str
        Who found it, as a service number or role.
    seal : str
        The seal that it carries now.
    state : str
        ``held``, ``under-transfer``, ``returned``, ``destroyed``, or ``passed-on`` to another
        agency than the visitor's.
    holder, holds_for : str
        Who has it, and for which agency; empty: the visitor is not told.
    """

    key: str
    number: str
    kind: ExhibitKind
    count: int
    description: str
    agency: str
    place: str
    finder: str
    seized_at: datetime
    seal: str
    state: str
    holder: str
    holds_for: str
    value: Money | None = None
    corrected: bool = False
    photographed: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class SumRow:
    """A sum of the register, unit by unit; ``ending``: it is no agency's holder's any more."""

    name: str
    amounts: tuple[tuple[str, Decimal], ...]
    ending: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class FindingRow:
    """A link to another crime, and the exhibits that show it, each with its key if it has one."""

    crime: str
    text: str
    fact: bool
    exhibits: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class RegisterView:
    """A page of the register, in the order of the seizures.

    Parameters
    ----------
    found : int
        Exhibits that fit the search, or all.
    after : str
        Where the next page begins; empty: this is the last.
    by_kind, by_holder : tuple of SumRow
        What was taken, and where it is; empty for another agency.
    movements : int
        Postings of the double entry; it is shown only if debits and credits are equal.
    fault : str
        Why the accounts do not agree; empty: they do.
    void : tuple of (int, str)
        Records that break a rule and do not count, each with the rule.
    waiting : frozenset of str
        Keys of the exhibits of which photographs wait to be filed.
    """

    head: OperationHead
    rows: tuple[TakenRow, ...]
    found: int
    search: str
    after: str
    by_kind: tuple[SumRow, ...] = ()
    by_holder: tuple[SumRow, ...] = ()
    movements: int = 0
    fault: str = ""
    findings: tuple[FindingRow, ...] = ()
    void: tuple[tuple[int, str], ...] = ()
    waiting: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True, kw_only=True)
class LinkRow:
    """A link of a chain of custody.

    Parameters
    ----------
    opened_seal : str
        The seal that an examination broke; empty: any other act.
    result : str
        What came of it; empty: nothing is said.
    """

    at: datetime
    act: CustodyAct
    giver: str
    taker: str
    place: str
    reason: str
    seal: str
    opened_seal: str
    result: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CorrectionRow:
    """A correction of an entry, and what holds since."""

    at: datetime
    by: str
    reason: str
    changes: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class MovedRow:
    """Coins that went from a seized wallet to a wallet of the state."""

    number: str
    key: str
    at: datetime
    asset: str
    amount: Decimal
    fee: Decimal
    to: str
    transfer: str
    by: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PhotographRow:
    """A photograph that came by telephone and was filed.

    Parameters
    ----------
    exhibit : str
        In the vault, encrypted.
    sha256 : str
        Digits of its digest as it came.
    filed_by, why : str
        Empty for another agency.
    """

    exhibit: str
    sha256: str
    by: str
    agency: str
    at: datetime
    note: str
    filed_by: str
    why: str


@dataclass(frozen=True, slots=True, kw_only=True)
class WaitingRow:
    """A photograph that waits in the tray.

    Parameters
    ----------
    at : datetime or None
        When it came; ``None``: its entry cannot be read.
    fault : str
        Why it cannot be filed; empty: it can.
    """

    sha256: str
    by: str
    agency: str
    at: datetime | None
    note: str
    fault: str


@dataclass(frozen=True, slots=True, kw_only=True)
class TakenView:
    """The page of one exhibit.

    Parameters
    ----------
    digest : str
        SHA-256 of its entry as first written: what its label carries for good.
    search : str
        Id of the search of premises.
    details : tuple of (str, str)
        What is said of things of its kind; empty for another agency.
    photo : str
        Exhibit of the case with its photograph, encrypted; empty: there is none, or the visitor is
        not told.
    awaited : str
        The agency whose word a transfer still lacks; empty: none does.
    photographs : tuple of PhotographRow
        Those that came by telephone and were filed.
    waiting : tuple of WaitingRow
        Those that wait to be filed.
    """

    head: OperationHead
    row: TakenRow
    digest: str
    search: str
    chain: tuple[LinkRow, ...]
    details: tuple[tuple[str, str], ...] = ()
    valued_at: datetime | None = None
    photo: str = ""
    corrections: tuple[CorrectionRow, ...] = ()
    moves: tuple[MovedRow, ...] = ()
    awaited: str = ""
    photographs: tuple[PhotographRow, ...] = ()
    waiting: tuple[WaitingRow, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class LabelRow:
    """A label: what the register said when the thing was seized, and what a telephone reads."""

    row: TakenRow
    digest: str
    code: str


@dataclass(frozen=True, slots=True, kw_only=True)
class LabelsView:
    """A sheet of labels to print.

    Parameters
    ----------
    found : int
        Exhibits that fit the search, or all.
    search, only : str
        What the exhibits contain; the key of the only one.
    skip : int
        Stickers that are gone from the first sheet.
    after : str
        Where the next labels begin; empty: these are the last.
    """

    head: OperationHead
    labels: tuple[LabelRow, ...]
    found: int
    search: str
    only: str
    skip: int
    after: str


@dataclass(frozen=True, slots=True, kw_only=True)
class WorthRow:
    """Something seized that is money, as far as the register says it.

    Parameters
    ----------
    asset, amount : str, Decimal or None
        The coins of a wallet; empty and ``None``: it is none.
    account : str
        Address of a wallet, or an account with its middle left out; empty: none is recorded.
    """

    row: TakenRow
    asset: str
    amount: Decimal | None
    account: str


@dataclass(frozen=True, slots=True, kw_only=True)
class TracedRow:
    """A trace of money: the record has sums alone, the trail itself is sealed.

    Parameters
    ----------
    entered : tuple of (str, Decimal)
        By asset, what the trail begins with.
    holdings : tuple of (str, str, Decimal, Decimal, int)
        Place, asset, what came from the beginning, what is there, and addresses.
    endings : tuple of (str, str, Decimal, str)
        Place, asset, amount, and who can be asked; empty: nobody.
    more : int
        Holdings and endings that are not shown.
    """

    record: int
    at: datetime
    method: str
    hops: int
    entered: tuple[tuple[str, Decimal], ...]
    holdings: tuple[tuple[str, str, Decimal, Decimal, int], ...]
    endings: tuple[tuple[str, str, Decimal, str], ...]
    more: int


@dataclass(frozen=True, slots=True, kw_only=True)
class DraftRow:
    """A drafted instrument that would hold money; a person issues it."""

    record: int
    kind: InstrumentKind
    addressee: str
    country: str
    holds: tuple[str, ...]
    basis: str
    drafted_at: datetime
    due_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class MoneyPageView:
    """What the records of a desk hold of money.

    Parameters
    ----------
    by_currency : tuple of (str, Decimal)
        Values as found; currencies are not added together.
    """

    head: OperationHead
    by_currency: tuple[tuple[str, Decimal], ...]
    worth: tuple[WorthRow, ...]
    moves: tuple[MovedRow, ...]
    traces: tuple[TracedRow, ...]
    drafts: tuple[DraftRow, ...]
