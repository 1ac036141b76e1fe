"""Payment addresses in text, each kept only if its own coin's rule allows it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice

from cautery.payments.addresses import CASH_PREFIX, FORMS, Form

_MOST_ADDRESSES = 200
_MOST_TRIED = 1_000
"""Of one form: to check an address takes up to a tenth of a millisecond."""
_COINS = ("BTC", "LTC", "TRX", "DOGE", "DASH", "ZEC", "ETH", "XMR", "XRP", "BCH", "SOL")
"""The first that an address is of: coins that split off share forms with their origin."""
_SOLANA_NAMED = re.compile(r"(?i)\b(?:sol|solana|phantom|usdt|usdc)\b")
_NEAR = 64
"""Letters around an address in which Solana must be named: 32 bytes in base58, without a checksum,
may be anything."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CryptoAddress:
    """Where money may be sent. ``checked``: the address carries a checksum, and it holds."""

    currency: str
    address: str
    checked: bool


def crypto_addresses(text: str) -> tuple[CryptoAddress, ...]:
    """Find payment addresses; one whose checksum fails is left out.

    Bitcoin, Litecoin, Dogecoin, Dash, Zcash (transparent), Tron, XRP, Bitcoin Cash (CashAddr) and
    Monero carry a checksum. Ethereum-like ones carry one when the case is mixed (EIP-55); Solana's
    carry none, and are kept where Solana or a token on it is named beside them.

    Examples
    --------
    >>> [found.currency for found in crypto_addresses("1A1zP1eP5QGefi2DMPTfTL5SLmv7DivfNa now")]
    ['BTC']
    """
    addresses: dict[str, CryptoAddress] = {}
    for coin in _COINS:
        # Bitcoin Cash took over Bitcoin's first form: only its own tells it apart.
        for form in FORMS[coin][1:] if coin == "BCH" else FORMS[coin]:
            for address in _valid(text, coin, form):
                addresses.setdefault(address.address, address)
                if len(addresses) >= _MOST_ADDRESSES:
                    return tuple(addresses.values())
    return tuple(addresses.values())


def _valid(text: str, coin: str, form: Form) -> Iterator[CryptoAddress]:
    pattern = re.compile(f"(?<![A-Za-z0-9])(?:{form.looks.pattern})(?![A-Za-z0-9])")
    places = {match[0]: match for match in islice(pattern.finditer(text), 10 * _MOST_TRIED)}
    for spelling, match in islice(places.items(), _MOST_TRIED):
        if coin == "SOL" and not _SOLANA_NAMED.search(
            text, max(0, match.start() - _NEAR), match.end() + _NEAR
        ):
            continue
        try:
            form.check(spelling)
        except ValueError:
            continue
        yield _address(coin, spelling)


def _address(coin: str, spelling: str) -> CryptoAddress:
    """Return an address in the one spelling in which it is kept."""
    if coin == "BCH":
        spelling = CASH_PREFIX + spelling.lower().removeprefix(CASH_PREFIX)
    elif coin in {"BTC", "LTC"} and spelling.lower().startswith(("bc1", "ltc1")):
        spelling = spelling.lower()
    digits = spelling[2:]
    unchecked = coin == "SOL" or (coin == "ETH" and digits in {digits.lower(), digits.upper()})
    return CryptoAddress(
        currency=coin,
        address=spelling.lower() if unchecked and coin == "ETH" else spelling,
        checked=not unchecked,
    )
