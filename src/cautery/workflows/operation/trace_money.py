"""Trace supplied money: read what was supplied, follow it, and keep the result in a case."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

import rfc8785

from cautery.errors import InputError
from cautery.model import (
    AddressTag,
    Exhibit,
    ExhibitId,
    Statement,
    digest_of,
    from_json,
    to_json,
    to_utc,
)
from cautery.model.records import MoneyTraced, TracedEnding, TracedHolding, TracedProposal
from cautery.model.toml import simple_toml
from cautery.operation.money.flows import FlowTable
from cautery.operation.money.lots import Method
from cautery.operation.money.supplied import MAX_BYTES, read_tags, read_transfers
from cautery.operation.money.trace import Follow, trace
from cautery.operation.money.trail import Purchase, Trace
from cautery.packed import content_of
from cautery.payments.addresses import MisspeltAddressError, check_address, spelled, supported
from cautery.workflows.operation.desk import Desk

_MAX_TOML = 1_000_000
_PURCHASE = ("id", "at", "price", "descriptor", "provider", "account", "wallet", "transfer")


def read_supplied(path: Path, content: bytes | None = None) -> FlowTable:
    """Read a file of transactions, also ``.xz``, ``.gz`` and ``.zst``; ``content`` if it is read.

    Raises
    ------
    InputError
        If there is none, or it is damaged; the message names the file and the row.
    """
    try:
        return read_transfers(content_of(path, most=MAX_BYTES) if content is None else content)
    except InputError as error:
        raise _of_file(path, error) from error


def read_tag_file(path: Path) -> tuple[AddressTag, ...]:
    """Read a file of tags, also ``.xz``, ``.gz`` and ``.zst``.

    Raises
    ------
    InputError
        If there is none, or it is damaged.
    """
    return read_tags(content_of(path, most=MAX_BYTES), source=path.name)


def read_purchases(path: Path) -> tuple[Purchase, ...]:
    """Read recorded test purchases: TOML with one ``[[purchase]]`` each.

    Raises
    ------
    InputError
        Naming the purchase and what it lacks.
    """
    try:
        parsed = simple_toml(content_of(path, most=_MAX_TOML).decode())
    except ValueError as error:
        raise InputError(f"{path}: not valid TOML: {error}") from error
    table = parsed.get("purchase")
    rows = [table] if isinstance(table, dict) else table
    if not isinstance(rows, list) or not rows or set(parsed) != {"purchase"}:
        raise InputError(f"{path}: recorded purchases are [[purchase]] tables, and nothing else")
    return tuple(_purchase(path, place, row) for place, row in enumerate(rows, 1))


def purchase_of(statement: Statement) -> Purchase:
    """Return the recorded purchase that a statement about a payment tells of.

    Raises
    ------
    InputError
        If its details do not.
    """
    details = statement.details
    try:
        members = {
            "id": details["purchase"],
            "at": statement.at,
            "price": {"amount": details["amount"], "currency": details["currency"]},
            **{field: details.get(field) for field in ("account", "wallet", "transfer")},
            **{field: details[field] for field in ("descriptor", "provider")},
        }
    except KeyError as error:
        raise InputError(f"statement {statement.id}: a payment without {error}") from error
    return from_json(Purchase, members)


def trace_supplied(
    beginning: str | Sequence[Purchase],
    table: FlowTable,
    tags: Sequence[AddressTag],
    *,
    method: Method = "fifo",
    follow: Follow = "owner",
    change: bool = False,
) -> Trace:
    """Follow money through what was supplied.

    Raises
    ------
    InputError
        If the beginning is not among what was supplied; an address with a wrong checksum is
        called that.
    """
    addresses = frozenset(table.addresses)
    ends = (
        [beginning] if isinstance(beginning, str) else [purchase.wallet for purchase in beginning]
    )
    for end in ends:
        if end is not None and spelled(end) not in addresses:
            for asset in filter(supported, dict.fromkeys(table.assets)):
                _refuse_misspelt(asset, end)
    return trace(beginning, table, tags, method=method, follow=follow, change=change)


def trace_money(desk: Desk, money_trace: Trace, *, supplied: bytes | None = None) -> Exhibit:
    """Keep a trace in a case: the whole of it sealed encrypted, its sums as a record.

    Accounts and addresses stand in no record: they are people's. Services stand there by name.

    Returns
    -------
    Exhibit
        The sealed trace; its subject opens it.
    """
    now, case = desk.case.clock.now(), desk.case
    whole = rfc8785.dumps(to_json(money_trace))
    subject = f"money:{digest_of(whole)[7:23]}"

    def sealed(data: bytes, media_type: str) -> Exhibit:
        return case.vault.seal(
            data, media_type=media_type, at=now, clock=case.clock.offset(), subject=subject
        )

    exhibit = sealed(whole, "application/json")
    exhibits = [exhibit.id]
    if supplied is not None:
        exhibits.append(sealed(supplied, "text/csv").id)
    desk.record(_summary(desk, money_trace, exhibits=tuple(exhibits), subject=subject), at=now)
    return exhibit


def _refuse_misspelt(asset: str, address: str) -> None:
    """Raise if an address looks like one of the asset's and its checksum is wrong."""
    try:
        check_address(asset, address)
    except MisspeltAddressError:
        raise
    except InputError:
        return  # a tag or a name of a service may stand in the place of an address


def _summary(
    desk: Desk, money_trace: Trace, *, exhibits: tuple[ExhibitId, ...], subject: str
) -> MoneyTraced:
    services = {node.id for node in money_trace.nodes if node.kind in {"service", "psp"}}

    def shown(place: str) -> str:
        is_open = place in services or f"service:{place}" in services or place == "fees"
        return place if is_open else "place:" + desk.case.pseudonyms.of(place)

    return MoneyTraced(
        method=money_trace.method,
        entered=money_trace.entered,
        places=len(money_trace.nodes),
        hops=len(money_trace.hops),
        endings=tuple(
            TracedEnding(
                place=shown(ending.node), asset=ending.asset, amount=ending.amount, ask=ending.ask
            )
            for ending in money_trace.endings
        ),
        holdings=tuple(
            TracedHolding(
                place=shown(holding.node),
                asset=holding.asset,
                tainted=holding.tainted,
                balance=holding.balance,
                addresses=len(holding.addresses),
            )
            for holding in money_trace.holdings
        ),
        proposals=tuple(
            TracedProposal(
                kind=proposal.kind,
                addressee=proposal.addressee
                if proposal.addressee.startswith("issuer of ")
                else shown(proposal.addressee),
                asset=proposal.asset,
                amount=proposal.amount,
                holds=len(proposal.holds),
            )
            for proposal in money_trace.proposals
        ),
        exhibits=exhibits,
        subject=subject,
    )


def _purchase(path: Path, place: int, row: Any) -> Purchase:
    if not isinstance(row, Mapping):
        raise InputError(f"{path}: purchase {place} is no table")
    unknown = sorted(set(row) - set(_PURCHASE))
    if unknown:
        raise InputError(
            f"{path}: purchase {place}: no purchase has {unknown[0][:40]!r}",
            hint="Known: " + ", ".join(_PURCHASE) + ".",
        )
    members = dict(row)
    if isinstance(members.get("at"), datetime):
        members["at"] = to_utc(f"purchase {place}: at", members["at"])
    try:
        return from_json(Purchase, members)
    except InputError as error:
        raise _of_file(path, error) from error


def _of_file(path: Path, error: InputError) -> InputError:
    return InputError(f"{path}: {error}", hint=error.hint or None)
