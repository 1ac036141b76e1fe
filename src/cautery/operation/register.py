"""The register of what was seized: every number once, every chain without a gap, nothing deleted.

A :class:`Register` is a value. What happens to it is an :data:`Act`: a thing taken, a link of
custody, coins moved to the state's wallet, a correction. Each act either fits all that stands, and
gives a new register, or is refused with the rule that it breaks (ISO/IEC 27037: unique id; who,
when, where and why at each step). A correction is a new act that names what it corrects.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, fields, replace
from datetime import datetime
from decimal import Decimal
from types import MappingProxyType
from typing import Any, TypeAlias

import rfc8785

from cautery.errors import InputError
from cautery.model import (
    CustodyAct,
    CustodyEntry,
    Digest,
    Json,
    SeizedExhibit,
    digest_of,
    from_json,
    iso,
    require_utc,
    to_json,
)
from cautery.operation.details import check_details, decimal_of, require_role
from cautery.operation.money.addresses import check_address, spelled, supported

_NUMBER = re.compile(r"[A-Z0-9][A-Z0-9./-]{1,39}")
_ENDS = frozenset({CustodyAct.RETURNED, CustodyAct.DESTROYED})
CORRECTABLE = frozenset(
    {"kind", "description", "place", "finder", "count", "value", "valued_at", "photo", "details"}
)
"""What a correction may change. Number, search, agency, seal and hour are what the label and the
chain stand on: a slip there is a new exhibit, or an examination with a new seal."""
LONGEST_TEXT = 2_000
"""Letters of a description or reason. Judgement: a page."""
LONGEST_SEAL = 80
"""Letters of a seal's number. Judgement: what a label can show."""
MOST_BYTES = 1 << 18
"""Of an entry as JSON; more is a document for the vault. Judgement."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Taken:
    """A thing was seized: its entry, and the first link of its chain."""

    exhibit: SeizedExhibit
    custody: CustodyEntry

    @property
    def number(self) -> str:
        """The exhibit's number."""
        return self.exhibit.number


@dataclass(frozen=True, slots=True, kw_only=True)
class ValueMoved:
    """Coins of a seized wallet went to a wallet of the state; the fee stayed on the way."""

    number: str
    asset: str
    amount: Decimal
    """What arrived."""
    fee: Decimal
    to: str
    transfer: str
    """Id of the transaction."""
    at: datetime
    by: str

    def __post_init__(self) -> None:
        require_utc("at", self.at)
        if not (self.amount.is_finite() and self.fee.is_finite()) or self.amount <= 0:
            raise InputError(f"exhibit {self.number}: a value of {self.amount} cannot be moved")
        if self.fee < 0:
            raise InputError(f"exhibit {self.number}: a fee of {self.fee}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Correction:
    """A new statement about an exhibit that was entered wrongly; the old one stays.

    ``corrects`` is the digest of the entry as it stood; ``changes`` holds new values by field.
    """

    number: str
    corrects: Digest
    changes: Json
    reason: str
    by: str
    at: datetime

    def __post_init__(self) -> None:
        require_utc("at", self.at)


Act: TypeAlias = Taken | CustodyEntry | ValueMoved | Correction


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """All that the register knows of one exhibit.

    ``versions`` begins with the entry as first written; the last one holds now. ``pending`` is a
    transfer that one side has stated and the other not yet.
    """

    versions: tuple[SeizedExhibit, ...]
    chain: tuple[CustodyEntry, ...]
    corrections: tuple[Correction, ...] = ()
    moves: tuple[ValueMoved, ...] = ()
    pending: CustodyEntry | None = None

    @property
    def first(self) -> SeizedExhibit:
        """The entry as it was first written."""
        return self.versions[0]

    @property
    def exhibit(self) -> SeizedExhibit:
        """The entry as it holds now."""
        return self.versions[-1]

    @property
    def holder(self) -> str:
        """Who has it, or to whom it was returned."""
        return self.chain[-1].taker

    @property
    def seal(self) -> str:
        """The seal that it carries."""
        return self.chain[-1].seal

    @property
    def agency(self) -> str:
        """The agency that answers for it now."""
        for link in reversed(self.chain):
            if link.act is CustodyAct.TRANSFERRED and link.to_agency is not None:
                return link.to_agency
        return self.first.agency

    @property
    def state(self) -> str:
        """``held``, ``returned`` or ``destroyed``; ``under-transfer`` while one side is silent."""
        if self.pending is not None:
            return "under-transfer"
        last = self.chain[-1].act
        return last.value if last in _ENDS else "held"

    @property
    def digest(self) -> Digest:
        """Digest of the entry as first written: what the label carries, for good."""
        return entry_digest(self.first)


@dataclass(frozen=True, slots=True)
class Register:
    """Every exhibit of an operation, by number, in the order in which they were taken."""

    lines: Mapping[str, Line] = field(default_factory=lambda: MappingProxyType({}))
    seals: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    """Every seal that was ever used, with the number of its exhibit."""

    @classmethod
    def of(cls, acts: Iterable[Act]) -> Register:
        """Build a register from its acts, in order.

        Raises
        ------
        InputError
            At the first act that breaks a rule.
        """
        return cls().after(*acts)

    def after(self, *acts: Act) -> Register:
        """Return the register with more acts; this one stays as it is.

        Raises
        ------
        InputError
            At the first act that breaks a rule, naming it.
        """
        lines, seals = dict(self.lines), dict(self.seals)
        for act in acts:
            line = _after(lines, seals, act)
            lines[act.number] = line
            seals[line.seal] = act.number
        return Register(MappingProxyType(lines), MappingProxyType(seals))

    def add(self, exhibit: SeizedExhibit, custody: CustodyEntry | None = None) -> Register:
        """Enter a thing that was taken; without ``custody``, its finder took it where it lay."""
        return self.after(taken(exhibit, custody))

    def move(self, link: CustodyEntry) -> Register:
        """Add a link to a chain of custody."""
        return self.after(link)

    def __getitem__(self, number: str) -> Line:
        try:
            return self.lines[number]
        except KeyError as error:
            raise InputError(f"no exhibit {number[:60]!r} in the register") from error

    def __len__(self) -> int:
        return len(self.lines)


def taken(exhibit: SeizedExhibit, custody: CustodyEntry | None = None) -> Taken:
    """Return the act of entering an exhibit, its first link made from its entry if not given."""
    if custody is None:
        custody = CustodyEntry(
            number=exhibit.number,
            act=CustodyAct.SEIZED,
            at=exhibit.seized_at,
            giver=exhibit.place,
            taker=exhibit.finder,
            place=exhibit.place,
            reason=f"seized in search {exhibit.search}",
            seal=exhibit.seal,
        )
    return Taken(exhibit=exhibit, custody=custody)


def entry_digest(exhibit: SeizedExhibit) -> Digest:
    """Return the digest of an entry: SHA-256 of its RFC 8785 JSON.

    Raises
    ------
    InputError
        If its details have no such form.
    """
    try:
        whole = rfc8785.dumps(to_json(exhibit))
    except rfc8785.CanonicalizationError as error:
        raise InputError(f"exhibit {exhibit.number}: details: {error}") from error
    except RecursionError as error:
        raise InputError(f"exhibit {exhibit.number}: details: nested too deeply") from error
    if len(whole) > MOST_BYTES:
        raise InputError(
            f"exhibit {exhibit.number}: an entry of {len(whole):,} bytes, more than {MOST_BYTES:,}"
        )
    return digest_of(whole)


def check_chain(chain: Iterable[CustodyEntry], *, agency: str) -> None:
    """Check one chain of custody alone, from its seizure on.

    Raises
    ------
    InputError
        Naming the first gap or contradiction.
    """
    links = iter(chain)
    first = next(links, None)
    if first is None or first.act is not CustodyAct.SEIZED:
        raise InputError("a chain of custody begins with the seizure")
    walked: tuple[CustodyEntry, ...] = (first,)
    pending: CustodyEntry | None = None
    for link in links:
        walked, pending = _linked(walked, pending, link, agency)
    if pending is not None:
        raise InputError(f"exhibit {first.number}: {pending.to_agency} has not taken it over yet")


def _after(lines: Mapping[str, Line], seals: Mapping[str, str], act: Act) -> Line:
    """Return the line that an act leads to."""
    if isinstance(act, Taken):
        return _entered(lines, seals, act)
    line = lines.get(act.number)
    if line is None:
        raise InputError(f"exhibit {act.number[:60]!r}: not in the register")
    if isinstance(act, CustodyEntry):
        if act.act is CustodyAct.EXAMINED:
            _fresh_seal(seals, act.seal, act.number)
        chain, pending = _linked(line.chain, line.pending, act, line.agency)
        return replace(line, chain=chain, pending=pending)
    if isinstance(act, ValueMoved):
        return _moved(line, act)
    return _corrected(line, act)


def _entered(lines: Mapping[str, Line], seals: Mapping[str, str], act: Taken) -> Line:
    exhibit, link = act.exhibit, act.custody
    number = exhibit.number
    if not _NUMBER.fullmatch(number):
        raise InputError(
            f"exhibit {number[:60]!r}: a number is 2 to 40 capitals, digits, dashes, dots, slashes"
        )
    if number in lines:
        raise InputError(
            f"exhibit {number}: this number is used already; a number is used once",
            hint=f"It is {lines[number].first.description[:80]!r}, seized "
            f"{iso(lines[number].first.seized_at)}. Number the new one anew.",
        )
    _check_entry(exhibit)
    _fresh_seal(seals, exhibit.seal, number)
    if link.number != number or link.act is not CustodyAct.SEIZED:
        raise InputError(f"exhibit {number}: its chain begins with its own seizure")
    if link.seal != exhibit.seal:
        raise InputError(f"exhibit {number}: sealed as {exhibit.seal}, but taken as {link.seal}")
    if link.at != exhibit.seized_at:
        raise InputError(f"exhibit {number}: its chain begins at another hour than its seizure")
    if link.opened_seal or link.to_agency or link.stated_by:
        raise InputError(f"exhibit {number}: a seizure opens no seal and moves between no agencies")
    require_role(f"exhibit {number}: taker", link.taker)
    if link.giver != exhibit.place:
        require_role(f"exhibit {number}: giver", link.giver)
    return Line(versions=(exhibit,), chain=(link,))


def _check_entry(exhibit: SeizedExhibit) -> None:
    """Check what an entry says of itself."""
    number = exhibit.number
    for name in ("search", "agency", "description", "place", "seal"):
        text = getattr(exhibit, name)
        if not text.strip():
            raise InputError(f"exhibit {number}: its {name} is missing")
        if len(text) > LONGEST_TEXT or not text.replace("\n", " ").isprintable():
            raise InputError(f"exhibit {number}: its {name} is no plain text of a page")
    require_role(f"exhibit {number}: finder", exhibit.finder)
    if exhibit.value is not None:
        decimal_of(f"exhibit {number}: value", exhibit.value.amount)
        if supported(exhibit.value.currency):
            raise InputError(
                f"exhibit {number}: {exhibit.value.currency} is a coin, no currency of ISO 4217",
                hint="State coins as a wallet's asset and amount, and their value in a currency.",
            )
    check_details(exhibit)
    entry_digest(exhibit)


def _fresh_seal(seals: Mapping[str, str], seal: str, number: str) -> None:
    if not seal.strip():
        raise InputError(f"exhibit {number}: the new seal is missing")
    if len(seal) > LONGEST_SEAL or not seal.isprintable():
        raise InputError(f"exhibit {number}: a seal's number is up to {LONGEST_SEAL} plain letters")
    if seal in seals:
        raise InputError(
            f"exhibit {number}: seal {seal} was used for exhibit {seals[seal]}",
            hint="A seal closes one exhibit once: state the seal that is on it now.",
        )


def _linked(
    chain: tuple[CustodyEntry, ...],
    pending: CustodyEntry | None,
    link: CustodyEntry,
    agency: str,
) -> tuple[tuple[CustodyEntry, ...], CustodyEntry | None]:
    """Add a link to a chain, or state one side of a transfer."""
    last, where = chain[-1], f"exhibit {link.number}"
    if link.number != last.number:
        raise InputError(f"{where}: a link in the chain of exhibit {last.number}")
    if link.act is CustodyAct.SEIZED:
        raise InputError(f"{where}: it is seized already, at {iso(chain[0].at)}")
    if last.act in _ENDS:
        raise InputError(
            f"{where}: it was {last.act.value} at {iso(last.at)}; its chain is at its end"
        )
    if link.at < last.at:
        raise InputError(f"{where}: {iso(link.at)} is before its last link at {iso(last.at)}")
    require_role(f"{where}: giver", link.giver)
    if link.giver != last.taker:
        raise InputError(
            f"{where}: a gap: {link.giver} gives it, but {last.taker} took it last",
            hint=f"Record first how it came from {last.taker} to {link.giver}.",
        )
    if link.act not in _ENDS:
        require_role(f"{where}: taker", link.taker)
    told = {"place": link.place, "reason": link.reason, "taker": link.taker}
    if link.result is not None:
        told["result"] = link.result
    for name, text in told.items():
        if len(text) > LONGEST_TEXT or not text.replace("\n", " ").isprintable():
            raise InputError(f"{where}: its {name} is no plain text of a page")
        if not text.strip():
            raise InputError(f"{where}: who, where and why belong to each link; {name} is missing")
    if link.act is CustodyAct.EXAMINED:
        if link.opened_seal != last.seal:
            raise InputError(
                f"{where}: seal {link.opened_seal} was opened, but it carried seal {last.seal}"
            )
    elif link.opened_seal is not None:
        raise InputError(f"{where}: a seal is opened by an examination, not by {link.act.value}")
    elif link.seal != last.seal:
        raise InputError(
            f"{where}: it carries seal {last.seal}, not {link.seal}",
            hint="A new seal is the end of an examination: record that first.",
        )
    if link.act is CustodyAct.TRANSFERRED:
        return _transferred(chain, pending, link, agency)
    if link.to_agency is not None or link.stated_by is not None:
        raise InputError(f"{where}: only a transfer names the agencies of its two sides")
    if pending is not None:
        raise InputError(
            f"{where}: under transfer to {pending.to_agency}, which must state it first"
        )
    return (*chain, link), None


def _transferred(
    chain: tuple[CustodyEntry, ...],
    pending: CustodyEntry | None,
    link: CustodyEntry,
    agency: str,
) -> tuple[tuple[CustodyEntry, ...], CustodyEntry | None]:
    """State one side of a transfer; when both sides have said the same, it is a link."""
    where = f"exhibit {link.number}"
    if not link.to_agency or link.to_agency == agency:
        raise InputError(f"{where}: a transfer goes to another agency than {agency}")
    if link.stated_by not in {agency, link.to_agency}:
        raise InputError(f"{where}: a transfer is stated by {agency} and by {link.to_agency}")
    if pending is None:
        return chain, link
    if pending.stated_by == link.stated_by:
        raise InputError(f"{where}: {link.stated_by} has stated this transfer already")
    for one in fields(CustodyEntry):
        if one.name == "stated_by":
            continue
        ours, theirs = getattr(pending, one.name), getattr(link, one.name)
        if ours != theirs:
            raise InputError(
                f"{where}: the two sides contradict each other on {one.name}: {ours} and {theirs}"
            )
    return (*chain, replace(link, stated_by=None)), None


def _moved(line: Line, move: ValueMoved) -> Line:
    exhibit, where = line.exhibit, f"exhibit {move.number}"
    details = exhibit.details
    if "amount" not in details or "asset" not in details:
        raise InputError(f"{where}: a {exhibit.kind.value} holds no coins")
    if details["asset"] != move.asset:
        raise InputError(f"{where}: it holds {details['asset']}, not {move.asset}")
    if move.at < exhibit.seized_at:
        raise InputError(f"{where}: coins moved before it was seized")
    require_role(f"{where}: mover", move.by)
    check_address(move.asset, move.to)
    if spelled(move.to) == spelled(str(details["address"])):
        raise InputError(f"{where}: moved from its wallet into the same wallet")
    if not move.transfer.strip():
        raise InputError(f"{where}: the id of the transaction is missing")
    if any(one.transfer == move.transfer for one in coins_moved(line)):
        raise InputError(f"{where}: transfer {move.transfer} is in the register already")
    gone = sum((one.amount + one.fee for one in coins_moved(line)), Decimal(0))
    held = Decimal(str(details["amount"]))
    if gone + move.amount + move.fee > held:
        raise InputError(
            f"{where}: {move.amount} and a fee of {move.fee} are more than the {held - gone} "
            f"{move.asset} that are left of {held}"
        )
    return replace(line, moves=(*line.moves, move))


def coins_moved(line: Line) -> tuple[ValueMoved, ...]:
    """Return every movement to the state's wallet: the one in its details, then the later ones."""
    stated = line.exhibit.details.get("transfer")
    if not isinstance(stated, Mapping):
        return line.moves
    first = ValueMoved(
        number=line.first.number,
        asset=str(line.exhibit.details["asset"]),
        amount=Decimal(str(stated["amount"])),
        fee=Decimal(str(stated.get("fee", 0))),
        to=str(stated["to"]),
        transfer=str(stated["id"]),
        at=line.exhibit.seized_at,
        by=line.exhibit.finder,
    )
    return (first, *line.moves)


def _corrected(line: Line, correction: Correction) -> Line:
    now, where = line.exhibit, f"exhibit {correction.number}"
    if correction.corrects != entry_digest(now):
        raise InputError(
            f"{where}: the correction names entry {correction.corrects[:23]}..., "
            f"the one that holds is {entry_digest(now)[:23]}...",
            hint="Somebody corrected it before: look at it again, then correct what stands.",
        )
    require_role(f"{where}: corrector", correction.by)
    if not correction.reason.strip() or not correction.changes:
        raise InputError(f"{where}: a correction says what and why")
    refused = sorted(set(correction.changes) - CORRECTABLE)
    if refused:
        raise InputError(
            f"{where}: {', '.join(refused)} cannot be corrected",
            hint="What can be: " + ", ".join(sorted(CORRECTABLE)) + ".",
        )
    if correction.at < now.seized_at:
        raise InputError(f"{where}: corrected before it was seized")
    corrected = _with_changes(now, correction.changes)
    _check_entry(corrected)
    again = replace(
        line,
        versions=(*line.versions, corrected),
        corrections=(*line.corrections, correction),
        moves=(),
    )
    for move in line.moves:  # what was moved must still fit what was found
        again = _moved(again, move)
    return again


def _with_changes(exhibit: SeizedExhibit, changes: Json) -> SeizedExhibit:
    body: dict[str, Any] = to_json(exhibit)
    return from_json(SeizedExhibit, body | to_json(dict(changes)))
