"""What an instrument asks for, sorted as the boxes of its certificate are."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable
from dataclasses import dataclass, fields

from cautery.operation.targets import spelling

_NAMES = frozenset({"host", "domain"})
_ACCOUNTS = frozenset({"account", "wallet", "user", "login", "iban"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """The holds of an instrument by what they are.

    Parameters
    ----------
    ipv4, ipv6 : tuple of str
        Addresses, in their one spelling.
    names : tuple of str
        Host names.
    accounts : tuple of str
        Accounts, wallets and users, without the word before them.
    others : tuple of str
        What is none of these, as it is written.
    """

    ipv4: tuple[str, ...]
    ipv6: tuple[str, ...]
    names: tuple[str, ...]
    accounts: tuple[str, ...]
    others: tuple[str, ...]


def asked_of(holds: Iterable[str]) -> Asked:
    """Sort what an instrument asks for; each thing stands once, in the order given.

    Examples
    --------
    >>> asked_of(["address:192.0.2.7", "host:Panel.example", "wallet:bc1q", "all tickets"]).names
    ('panel.example',)
    """
    boxes: dict[str, dict[str, None]] = {box.name: {} for box in fields(Asked)}
    for hold in holds:
        box, text = _box(hold)
        boxes[box][text] = None
    return Asked(**{box: tuple(texts) for box, texts in boxes.items()})


def _box(hold: str) -> tuple[str, str]:
    kind, _, text = spelling(hold).partition(":")
    if kind == "address":
        try:
            return f"ipv{ipaddress.ip_address(text).version}", text
        except ValueError:
            return "others", hold
    if kind in _NAMES and "." in text:
        return "names", text
    if kind in _ACCOUNTS and text:
        # As it is written: the names of accounts may differ by case.
        return "accounts", hold.partition(":")[2].strip()
    return "others", hold
