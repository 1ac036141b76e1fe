"""Totals of a register by double entry, and the manifest that must equal it.

Every seizure debits the exhibit at its holder and credits the place that it came from; every
link of custody moves it between holders; coins that go to the state's wallet leave the exhibit,
and the fee is an account of its own. Nothing is added across units: pieces, grams, each coin and
each currency are counted apart.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal, localcontext
from typing import Any

import rfc8785

from cautery.errors import EvidenceError
from cautery.model import CustodyAct, Digest, ExhibitKind, SeizedExhibit, digest_of, to_json
from cautery.operation.register import Line, Register, coins_moved

PIECES, GRAMS = "pieces", "g"
_DIGITS = 60
"""Enough for a million amounts of 10^20 with 18 decimals (details.decimal_of) to add exactly."""
Amounts = Mapping[str, Decimal]
"""Unit (``pieces``, ``g``, ``BTC``, ``EUR`` ...) to amount."""


@dataclass(frozen=True, slots=True)
class Account:
    """Where something is or came from, and whose.

    ``kind`` is taken-from, held, returned, destroyed, state-wallet or fee.
    """

    kind: str
    name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Posting:
    """An amount of one unit of one exhibit from one account to another."""

    number: str
    at: datetime
    debit: Account
    credit: Account
    unit: str
    amount: Decimal
    why: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Totals:
    """What was taken and where it is; each mapping by name, then by unit.

    Parameters
    ----------
    taken : mapping
        All that was taken, by unit.
    debits, credits : mapping
        Turnover of the whole journal, each movement counted, by unit; equal.
    by_kind, by_place, by_agency : mapping
        What was taken: by kind, place of the find, and agency that seized it.
    by_holder : mapping
        Where it is now: at holders (``agency: holder``), returned, destroyed, in wallets of the
        state, spent as fee.
    by_currency : mapping
        Values as found, by ISO 4217 currency; never added across them.
    """

    exhibits: int
    taken: Amounts
    debits: Amounts
    credits: Amounts
    by_kind: Mapping[str, Amounts]
    by_place: Mapping[str, Amounts]
    by_agency: Mapping[str, Amounts]
    by_holder: Mapping[str, Amounts]
    by_currency: Amounts


def journal(register: Register) -> Iterator[Posting]:
    """Yield the postings of every exhibit, in the register's order."""
    for line in register.lines.values():
        yield from _postings(line)


def totals(register: Register) -> Totals:
    """Add up a register by double entry.

    Raises
    ------
    EvidenceError
        If debits and credits, or the accounts and the entries, do not agree: the register does
        not say one thing.
    """
    with localcontext(prec=_DIGITS):
        return _totals(register)


def _totals(register: Register) -> Totals:
    debits: dict[str, Decimal] = defaultdict(Decimal)
    credited: dict[str, Decimal] = defaultdict(Decimal)
    balance: dict[tuple[Account, str], Decimal] = defaultdict(Decimal)
    for posting in journal(register):
        debits[posting.unit] += posting.amount
        credited[posting.unit] += posting.amount
        balance[posting.debit, posting.unit] += posting.amount
        balance[posting.credit, posting.unit] -= posting.amount
    lines = register.lines.values()
    by_kind = _grouped((line.exhibit.kind.value, line.exhibit) for line in lines)
    sums = Totals(
        exhibits=len(register),
        taken=_sums(by_kind),
        debits=dict(debits),
        credits=dict(credited),
        by_kind=by_kind,
        by_place=_grouped((line.exhibit.place, line.exhibit) for line in lines),
        by_agency=_grouped((line.exhibit.agency, line.exhibit) for line in lines),
        by_holder=_where(balance),
        by_currency=_currencies(lines),
    )
    _agree(sums, balance)
    return sums


def manifest_of(register: Register) -> dict[str, Any]:
    """Return the manifest as plain JSON: every exhibit with its digests, and the totals."""
    return {
        "title": "Cautery register of exhibits v1",
        "lines": [
            {
                "number": line.first.number,
                "kind": line.exhibit.kind.value,
                "count": line.exhibit.count,
                "agency": line.agency,
                "holder": line.holder,
                "seal": line.seal,
                "state": line.state,
                "value": to_json(line.exhibit.value),
                "entry": line.digest,
                "holds": digest_of(rfc8785.dumps(to_json(line.exhibit))),
                "corrections": len(line.corrections),
                "chain": chain_digest(line),
            }
            for line in register.lines.values()
        ],
        "totals": to_json(totals(register)),
    }


def chain_digest(line: Line) -> Digest:
    """Return the digest of all that was stated of an exhibit after its entry."""
    statements: list[object] = [line.chain, line.corrections, line.moves, line.pending]
    if line.photographs:  # manifests that were signed before there were any stay right
        statements.append(line.photographs)
    return digest_of(rfc8785.dumps(to_json(statements)))


def compare_manifest(stated: Any, register: Register) -> None:
    """Compare a manifest with the register, member by member.

    Raises
    ------
    EvidenceError
        Naming the first exhibit or total that differs.
    """
    expected = manifest_of(register)
    if not isinstance(stated, Mapping) or set(stated) != set(expected):
        raise EvidenceError("not the manifest of a register")
    own_lines, stated_lines = expected["lines"], stated["lines"]
    if not isinstance(stated_lines, list) or not all(
        isinstance(line, Mapping) for line in stated_lines
    ):
        raise EvidenceError("not the manifest of a register: its lines are not valid")
    own_by_number = {line["number"]: line for line in own_lines}
    stated_by_number = {str(line.get("number")): line for line in stated_lines}
    for number in own_by_number.keys() - stated_by_number.keys():
        raise EvidenceError(f"exhibit {number}: in the register, but not in the manifest")
    for number in stated_by_number.keys() - own_by_number.keys():
        raise EvidenceError(f"exhibit {number[:60]}: in the manifest, but not in the register")
    for number, line in own_by_number.items():
        for member, value in line.items():
            if stated_by_number[number].get(member) != value:
                raise EvidenceError(
                    f"exhibit {number}: {member} is {value} in the register and "
                    f"{str(stated_by_number[number].get(member))[:80]} in the manifest"
                )
    for member, value in expected["totals"].items():
        if not isinstance(stated["totals"], Mapping) or stated["totals"].get(member) != value:
            raise EvidenceError(f"totals: {member} differs between the manifest and the register")
    if stated != expected:
        raise EvidenceError("the manifest differs from the register")


def amounts_of(exhibit: SeizedExhibit) -> dict[str, Decimal]:
    """Return what an exhibit is, unit by unit: pieces, grams, coins, and its value."""
    amounts = {PIECES: Decimal(exhibit.count)}
    details = exhibit.details
    if exhibit.kind is ExhibitKind.DRUGS:
        amounts[GRAMS] = Decimal(str(details["grams"])).normalize()
    if exhibit.kind is ExhibitKind.WALLET:
        amounts[str(details["asset"])] = Decimal(str(details["amount"]))
    if exhibit.value is not None:
        amounts[exhibit.value.currency] = exhibit.value.amount
    return amounts


def _postings(line: Line) -> Iterator[Posting]:
    first, number = line.first, line.first.number
    agency = first.agency
    holder = Account("held", f"{agency}: {line.chain[0].taker}")

    def both(
        units: Amounts, debit: Account, credit: Account, at: datetime, why: str
    ) -> Iterator[Posting]:
        for unit, amount in units.items():
            yield Posting(
                number=number, at=at, debit=debit, credit=credit, unit=unit, amount=amount, why=why
            )

    yield from both(
        amounts_of(first), holder, Account("taken-from", first.place), first.seized_at, "seized"
    )
    # A slip is taken back by its mirror image, then what holds is entered: nothing is rewritten.
    for old, new, correction in zip(
        line.versions, line.versions[1:], line.corrections, strict=False
    ):
        back = Account("taken-from", old.place)
        yield from both(amounts_of(old), back, holder, correction.at, "correction: taken back")
        origin = Account("taken-from", new.place)
        yield from both(amounts_of(new), holder, origin, correction.at, "correction: entered anew")
    remaining = amounts_of(line.exhibit)
    for move in coins_moved(line):
        state = Account("state-wallet", f"{move.asset} {move.to}")
        yield from both(
            {move.asset: move.amount}, state, holder, move.at, f"moved: {move.transfer}"
        )
        if move.fee:
            yield from both(
                {move.asset: move.fee}, Account("fee", move.asset), holder, move.at, "network fee"
            )
        remaining[move.asset] -= move.amount + move.fee
    for link in line.chain[1:]:
        kind = {CustodyAct.RETURNED: "returned", CustodyAct.DESTROYED: "destroyed"}
        agency = link.to_agency or agency
        ended = kind.get(link.act)
        to = Account(ended, link.taker) if ended else Account("held", f"{agency}: {link.taker}")
        if to != holder:
            yield from both(remaining, to, holder, link.at, link.act.value)
        holder = to


def _grouped(pairs: Iterable[tuple[str, SeizedExhibit]]) -> dict[str, dict[str, Decimal]]:
    groups: dict[str, dict[str, Decimal]] = {}
    for name, exhibit in pairs:
        group = groups.setdefault(name, defaultdict(Decimal))
        for unit, amount in amounts_of(exhibit).items():
            group[unit] += amount
    return {name: dict(groups[name]) for name in sorted(groups)}


def _where(balance: Mapping[tuple[Account, str], Decimal]) -> dict[str, dict[str, Decimal]]:
    groups: dict[str, dict[str, Decimal]] = {}
    for (account, unit), amount in balance.items():
        if amount and account.kind != "taken-from":
            label = account.name if account.kind == "held" else f"{account.kind}: {account.name}"
            groups.setdefault(label, {})[unit] = amount
    return {name: groups[name] for name in sorted(groups)}


def _currencies(lines: Iterable[Line]) -> dict[str, Decimal]:
    sums: dict[str, Decimal] = defaultdict(Decimal)
    for line in lines:
        if line.exhibit.value is not None:
            sums[line.exhibit.value.currency] += line.exhibit.value.amount
    return dict(sorted(sums.items()))


def _agree(sums: Totals, balance: Mapping[tuple[Account, str], Decimal]) -> None:
    """Compare the accounts with the entries: two ways of adding that share no step."""
    left: dict[str, Decimal] = defaultdict(Decimal)
    for (_, unit), amount in balance.items():
        left[unit] += amount
    if sums.debits != sums.credits or any(left.values()):
        raise EvidenceError("the debits and the credits of the register are not equal")
    for groups in (sums.by_kind, sums.by_place, sums.by_agency):
        if _sums(groups) != _sums(sums.by_holder):
            raise EvidenceError("the accounts of the register do not equal the sum of its entries")


def _sums(groups: Mapping[str, Amounts]) -> dict[str, Decimal]:
    sums: dict[str, Decimal] = defaultdict(Decimal)
    for group in groups.values():
        for unit, amount in group.items():
            sums[unit] += amount
    return {unit: amount for unit, amount in sums.items() if amount}
