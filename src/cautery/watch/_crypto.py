"""Payment addresses in text, each kept only if its own checksum holds."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import islice

from Crypto.Hash import keccak

_BASE58 = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz"
_BECH32 = "qpzry9x8gf2tvdw0s3jn54khce6mua7l"
_EDGE = r"(?<![A-Za-z0-9])"
_END = r"(?![A-Za-z0-9])"
_BASE58_TEXT = re.compile(_EDGE + r"([13LMTDA9X7t][1-9A-HJ-NP-Za-km-z]{25,34})" + _END)
_RIPPLE_TEXT = re.compile(_EDGE + r"(r[1-9A-HJ-NP-Za-km-z]{24,34})" + _END)
_CASH_TEXT = re.compile(_EDGE + r"((?:bitcoincash:)?[qp][02-9ac-hj-np-z]{41})" + _END)
_BECH32_TEXT = re.compile(_EDGE + r"((?:bc|BC|ltc|LTC)1[A-Za-z0-9]{11,87})" + _END)
_HEX_TEXT = re.compile(_EDGE + r"(0x[0-9a-fA-F]{40})" + _END)
_MONERO_TEXT = re.compile(
    _EDGE + r"([48][1-9A-HJ-NP-Za-km-z]{94}(?:[1-9A-HJ-NP-Za-km-z]{11})?)" + _END
)
_RIPPLE = "rpshnaf39wBUDNEGHJKLM4PQRST7VWXYZ2bcdeCg65jkm8oFqi1tuvAxyz"
_VERSIONS = {
    b"\x00": "BTC", b"\x05": "BTC", b"\x30": "LTC", b"\x32": "LTC", b"\x41": "TRX", b"\x1e": "DOGE",
    b"\x16": "DOGE", b"\x4c": "DASH", b"\x10": "DASH", b"\x1c\xb8": "ZEC", b"\x1c\xbd": "ZEC",
}  # fmt: skip
"""What stands before the 20 bytes of a hash. Chains that split off share it with their origin, so
an address of one may be named for the other."""
_MOST = 200
_MOST_TRIED = 1_000
"""Of one form: to check an address takes up to a tenth of a millisecond."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CryptoAddress:
    """Where money may be sent. ``checked``: the address carries a checksum, and it holds."""

    currency: str
    address: str
    checked: bool


def crypto_addresses(text: str) -> tuple[CryptoAddress, ...]:
    """Find payment addresses; one whose checksum fails is left out.

    Bitcoin (Base58Check, BIP 173, BIP 350), Bitcoin Cash (CashAddr), Litecoin, Dogecoin, Dash,
    Zcash (transparent), Tron, XRP, Ethereum-like (EIP-55 when the case is mixed; all-lower ones
    carry no checksum), Monero (Keccak checksum). Solana's carry no checksum and are not told.

    Examples
    --------
    >>> [one.currency for one in crypto_addresses("pay 1A1zP1eP5QGefi2DMPTfTL5SLmv7DivfNa now")]
    ['BTC']
    """
    found: dict[tuple[str, str], CryptoAddress] = {}
    for one in _all(text):
        found.setdefault((one.currency, one.address), one)
        if len(found) >= _MOST:
            break
    return tuple(found.values())


def _all(text: str) -> Iterator[CryptoAddress]:
    readers: tuple[tuple[re.Pattern[str], Callable[[str], CryptoAddress | None]], ...] = (
        (_BASE58_TEXT, _base58),
        (_BECH32_TEXT, _bech32),
        (_HEX_TEXT, _ethereum),
        (_MONERO_TEXT, _monero),
        (_RIPPLE_TEXT, _ripple),
        (_CASH_TEXT, _cash),
    )
    for pattern, read in readers:
        tried = islice(dict.fromkeys(match[1] for match in pattern.finditer(text)), _MOST_TRIED)
        for address in tried:
            if (one := read(address)) is not None:
                yield one


def _base58(text: str) -> CryptoAddress | None:
    raw = _checked(text, _BASE58)
    currency = None if raw is None else _VERSIONS.get(raw[:-20])
    if currency is None:
        return None
    return CryptoAddress(currency=currency, address=text, checked=True)


def _ripple(text: str) -> CryptoAddress | None:
    raw = _checked(text, _RIPPLE)
    if raw is None or len(raw) != 21 or raw[0]:
        return None
    return CryptoAddress(currency="XRP", address=text, checked=True)


def _checked(text: str, alphabet: str) -> bytes | None:
    """Return what Base58Check holds before its checksum; ``None`` if that fails."""
    number = 0
    for letter in text:
        number = number * 58 + alphabet.index(letter)
    zeros = len(text) - len(text.lstrip(alphabet[0]))
    raw = bytes(zeros) + number.to_bytes((number.bit_length() + 7) // 8, "big")
    body, check = raw[:-4], raw[-4:]
    if len(body) < 20 or hashlib.sha256(hashlib.sha256(body).digest()).digest()[:4] != check:
        return None
    return body


def _cash(text: str) -> CryptoAddress | None:
    """Read a CashAddr, whose prefix may be left out but counts in the checksum."""
    data = text.removeprefix("bitcoincash:")
    check = 1
    expanded = [ord(letter) & 31 for letter in "bitcoincash"] + [0]
    for value in expanded + [_BECH32.index(letter) for letter in data]:
        top = check >> 35
        check = ((check & 0x07FFFFFFFF) << 5) ^ value
        for bit, constant in enumerate(
            (0x98F2BC8E61, 0x79B76D99E2, 0xF33E5FB3C4, 0xAE2EABE2A8, 0x1E4F43E470)
        ):
            if top >> bit & 1:
                check ^= constant
    if check != 1:
        return None
    return CryptoAddress(currency="BCH", address=f"bitcoincash:{data}", checked=True)


def _bech32(text: str) -> CryptoAddress | None:
    if text != text.lower() and text != text.upper():
        return None
    prefix, _, data = text.lower().rpartition("1")
    if prefix not in ("bc", "ltc") or any(letter not in _BECH32 for letter in data):
        return None
    values = [_BECH32.index(letter) for letter in data]
    expanded = [ord(one) >> 5 for one in prefix] + [0] + [ord(one) & 31 for one in prefix]
    # BIP 173 for witness version 0, BIP 350 (bech32m) for the later ones.
    want = 1 if values[0] == 0 else 0x2BC830A3
    if _polymod(expanded + values) != want:
        return None
    return CryptoAddress(
        currency="BTC" if prefix == "bc" else "LTC", address=text.lower(), checked=True
    )


def _polymod(values: list[int]) -> int:
    check = 1
    for value in values:
        top = check >> 25
        check = (check & 0x1FFFFFF) << 5 ^ value
        for bit, constant in enumerate(
            (0x3B6A57B2, 0x26508E6D, 0x1EA119FA, 0x3D4233DD, 0x2A1462B3)
        ):
            if top >> bit & 1:
                check ^= constant
    return check


def _ethereum(text: str) -> CryptoAddress | None:
    digits = text[2:]
    if digits in (digits.lower(), digits.upper()):
        return CryptoAddress(currency="ETH", address=text.lower(), checked=False)
    mask = _keccak_256(digits.lower().encode()).hex()
    right = "".join(
        letter.upper() if int(nibble, 16) >= 8 else letter
        for letter, nibble in zip(digits.lower(), mask, strict=False)
    )
    if right != digits:
        return None
    return CryptoAddress(currency="ETH", address=text, checked=True)


def _monero(text: str) -> CryptoAddress | None:
    raw = bytearray()
    sizes = {2: 1, 3: 2, 5: 3, 6: 4, 7: 5, 9: 6, 10: 7, 11: 8}
    for start in range(0, len(text), 11):
        block = text[start : start + 11]
        number = 0
        for letter in block:
            number = number * 58 + _BASE58.index(letter)
        size = sizes.get(len(block))
        if size is None or number >= 256**size:
            return None
        raw += number.to_bytes(size, "big")
    # 0x12 standard, 0x13 integrated, 0x2a subaddress of the main net.
    if raw[0] not in (0x12, 0x13, 0x2A) or _keccak_256(bytes(raw[:-4]))[:4] != raw[-4:]:
        return None
    return CryptoAddress(currency="XMR", address=text, checked=True)


def _keccak_256(text: bytes) -> bytes:
    """Keccak-256 with the original padding, which Ethereum and Monero use (not SHA3-256)."""
    return keccak.new(digest_bits=256, data=text).digest()
