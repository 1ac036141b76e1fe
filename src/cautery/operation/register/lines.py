"""The line of one exhibit in the register: apply each act to it, or refuse the act."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any

from cautery.errors import InputError
from cautery.model import (
    CustodyAct,
    CustodyEntry,
    Digest,
    ExhibitPhotographed,
    Json,
    SeizedExhibit,
    from_json,
    iso,
    to_json,
)
from cautery.operation.details import check_details, decimal_of, require_role
from cautery.operation.register.acts import Correction, Taken, ValueMoved, entry_digest
from cautery.operation.register.custody import ENDS, LONGEST_TEXT
from cautery.payments.addresses import check_address, spelled, supported

_NUMBER = re.compile(r"[A-Z0-9][A-Z0-9./-]{1,39}")
CORRECTABLE = frozenset(
    {"kind", "description", "place", "finder", "count", "value", "valued_at", "photo", "details"}
)
"""What a correction may change. Number, search, agency, seal and hour are what the label and the
chain stand on: a slip there is a new exhibit, or an examination with a new seal."""
LONGEST_SEAL = 80
"""Letters of a seal's number. Judgement: what a label can show."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """All that the register knows of one exhibit.

    ``versions`` begins with the entry as first written; the last one holds now. ``pending`` is a
    transfer that one side has stated and the other not yet; ``photographs`` came after the entry.
    """

    versions: tuple[SeizedExhibit, ...]
    chain: tuple[CustodyEntry, ...]
    corrections: tuple[Correction, ...] = ()
    moves: tuple[ValueMoved, ...] = ()
    pending: CustodyEntry | None = None
    photographs: tuple[ExhibitPhotographed, ...] = ()

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
        return last.value if last in ENDS else "held"

    @property
    def digest(self) -> Digest:
        """Digest of the entry as first written: what the label carries, for good."""
        return entry_digest(self.first)


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


def entered(lines: Mapping[str, Line], seals: Mapping[str, str], act: Taken) -> Line:
    """Return the first line of an exhibit: its number, seal and words are checked."""
    exhibit, link = act.exhibit, act.custody
    number = exhibit.number
    if not _NUMBER.fullmatch(number):
        raise InputError(
            f"exhibit {number[:60]!r}: a number must be 2 to 40 capitals, digits, dashes, dots "
            "or slashes"
        )
    if number in lines:
        raise InputError(
            f"exhibit {number}: this number is already used; each number may be used only once",
            hint=f"It belongs to {lines[number].first.description[:80]!r}, seized "
            f"{iso(lines[number].first.seized_at)}. Give the new exhibit another number.",
        )
    _check_entry(exhibit)
    check_fresh_seal(seals, exhibit.seal, number)
    if link.number != number or link.act is not CustodyAct.SEIZED:
        raise InputError(f"exhibit {number}: the chain must begin with the seizure of this exhibit")
    if link.seal != exhibit.seal:
        raise InputError(
            f"exhibit {number}: the entry has seal {exhibit.seal}, but the seizure "
            f"has seal {link.seal}"
        )
    if link.at != exhibit.seized_at:
        raise InputError(
            f"exhibit {number}: the seizure in the chain has another time than the entry"
        )
    if link.opened_seal or link.to_agency or link.stated_by:
        raise InputError(
            f"exhibit {number}: a seizure cannot open a seal or be a transfer between agencies"
        )
    require_role(f"exhibit {number}: taker", link.taker)
    if link.giver != exhibit.place:
        require_role(f"exhibit {number}: giver", link.giver)
    return Line(versions=(exhibit,), chain=(link,))


def moved(line: Line, move: ValueMoved) -> Line:
    """Return the line after coins have left its wallet, never more than were found."""
    exhibit, where = line.exhibit, f"exhibit {move.number}"
    details = exhibit.details
    if "amount" not in details or "asset" not in details:
        raise InputError(f"{where}: a {exhibit.kind.value} cannot hold coins")
    if details["asset"] != move.asset:
        raise InputError(f"{where}: it holds {details['asset']}, not {move.asset}")
    if move.at < exhibit.seized_at:
        raise InputError(f"{where}: the coins were moved before the exhibit was seized")
    require_role(f"{where}: mover", move.by)
    check_address(move.asset, move.to)
    if spelled(move.to) == spelled(str(details["address"])):
        raise InputError(f"{where}: the coins were moved from the wallet to the same wallet")
    if not move.transfer.strip():
        raise InputError(f"{where}: the id of the transaction is missing")
    if any(earlier.transfer == move.transfer for earlier in coins_moved(line)):
        raise InputError(f"{where}: transfer {move.transfer} is already in the register")
    spent = sum((earlier.amount + earlier.fee for earlier in coins_moved(line)), Decimal(0))
    seized = Decimal(str(details["amount"]))
    if spent + move.amount + move.fee > seized:
        raise InputError(
            f"{where}: {move.amount} and a fee of {move.fee} are more than the {seized - spent} "
            f"{move.asset} left of {seized}"
        )
    return replace(line, moves=(*line.moves, move))


def corrected(line: Line, correction: Correction) -> Line:
    """Return the line with a corrected entry; what was moved must still fit it."""
    now, where = line.exhibit, f"exhibit {correction.number}"
    if correction.corrects != entry_digest(now):
        raise InputError(
            f"{where}: the correction is for entry {correction.corrects[:23]}..., but the "
            f"current entry is {entry_digest(now)[:23]}...",
            hint=(
                "Another correction was made before: read the current entry again, then correct it."
            ),
        )
    require_role(f"{where}: corrector", correction.by)
    if not correction.reason.strip() or not correction.changes:
        raise InputError(f"{where}: a correction needs changes and a reason")
    refused = sorted(set(correction.changes) - CORRECTABLE)
    if refused:
        raise InputError(
            f"{where}: {', '.join(refused)} cannot be corrected",
            hint="These can be corrected: " + ", ".join(sorted(CORRECTABLE)) + ".",
        )
    if correction.at < now.seized_at:
        raise InputError(f"{where}: the correction is dated before the seizure")
    corrected = _with_changes(now, correction.changes)
    _check_entry(corrected)
    result = replace(
        line,
        versions=(*line.versions, corrected),
        corrections=(*line.corrections, correction),
        moves=(),
    )
    for move in line.moves:
        result = moved(result, move)
    return result


def photographed(line: Line, act: ExhibitPhotographed) -> Line:
    """Return the line with one more photograph, which it does not have yet."""
    where = f"exhibit {act.number}"
    if any(act.digest == earlier.digest for earlier in line.photographs):
        raise InputError(f"{where}: this photograph is already filed")
    if act.at < line.first.seized_at:
        raise InputError(f"{where}: the photograph came before the seizure")
    require_role(f"{where}: photographer", act.by)
    require_role(f"{where}: who files", act.filed_by)
    if not act.why.strip():
        raise InputError(f"{where}: say why the photograph is filed")
    for name, text in (("note", act.note), ("reason", act.why)):
        if len(text) > LONGEST_TEXT or (not text.replace("\n", " ").isprintable() and text):
            raise InputError(f"{where}: the {name} must be printable text of at most a page")
    return replace(line, photographs=(*line.photographs, act))


def check_fresh_seal(seals: Mapping[str, str], seal: str, number: str) -> None:
    """Refuse a seal that was ever used before."""
    if not seal.strip():
        raise InputError(f"exhibit {number}: the new seal is missing")
    if len(seal) > LONGEST_SEAL or not seal.isprintable():
        raise InputError(
            f"exhibit {number}: the number of a seal must be at most {LONGEST_SEAL} "
            "printable characters"
        )
    if seal in seals:
        raise InputError(
            f"exhibit {number}: seal {seal} was already used for exhibit {seals[seal]}",
            hint=(
                "A seal may be used only once: give the number of the seal that is on the "
                "exhibit now."
            ),
        )


def _check_entry(exhibit: SeizedExhibit) -> None:
    """Check what an entry says of itself."""
    number = exhibit.number
    for name in ("search", "agency", "description", "place", "seal"):
        text = getattr(exhibit, name)
        if not text.strip():
            raise InputError(f"exhibit {number}: its {name} is missing")
        if len(text) > LONGEST_TEXT or not text.replace("\n", " ").isprintable():
            raise InputError(
                f"exhibit {number}: its {name} must be printable text of at most a page"
            )
    require_role(f"exhibit {number}: finder", exhibit.finder)
    if exhibit.value is not None:
        decimal_of(f"exhibit {number}: value", exhibit.value.amount)
        if supported(exhibit.value.currency):
            raise InputError(
                f"exhibit {number}: {exhibit.value.currency} is a coin, not a currency of ISO 4217",
                hint="Write coins as a wallet's asset and amount, and their value in a currency.",
            )
    check_details(exhibit)
    entry_digest(exhibit)


def _with_changes(exhibit: SeizedExhibit, changes: Json) -> SeizedExhibit:
    body: dict[str, Any] = to_json(exhibit)
    return from_json(SeizedExhibit, body | to_json(dict(changes)))
