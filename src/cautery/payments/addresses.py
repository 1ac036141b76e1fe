"""Whether a wallet's address can be one: each coin's own checksum decides, nothing is looked up.

An address with a wrong letter is not a wallet. A register that holds it proves nothing, and a
freezing order that names it freezes nothing, or somebody else's money.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import base58
from Crypto.Hash import keccak

from cautery.errors import InputError
from cautery.payments.bech32 import ChecksumError, cash_payload, segwit_version

LONGEST_ADDRESS = 128
"""Characters; the longest form here is Monero's integrated address of 106."""

_BASE58 = base58.BITCOIN_ALPHABET.decode()
_RIPPLE58 = base58.RIPPLE_ALPHABET.decode()
_MONERO_BLOCKS = {0: 0, 2: 1, 3: 2, 5: 3, 6: 4, 7: 5, 9: 6, 10: 7, 11: 8}
"""Letters of a block to its bytes (CryptoNote standard CNS 007: base58 in blocks of 8 bytes)."""
_MONERO_KINDS = {18: 69, 19: 77, 42: 69}
"""Network byte to length: standard, integrated, subaddress (Monero, cryptonote_config.h)."""


class MisspeltAddressError(InputError):
    """An address in the form of its coin whose checksum says that a letter of it is wrong."""

    hint = "Compare it with the exhibit letter by letter, or scan its code."


@dataclass(frozen=True, slots=True)
class Form:
    """One spelling of addresses: how it looks at a glance, and the check that decides."""

    looks: re.Pattern[str]
    check: Callable[[str], None]


def check_address(asset: str, address: str) -> None:
    """Refuse an address that its coin's own rule refuses.

    Parameters
    ----------
    asset : str
        ``BTC``, ``LTC``, ``BCH``, ``ETH``, ``TRX``, ``XMR``, ``XRP``, ``SOL`` ...; a token names
        its network after a dash: ``USDT-TRX``. ``USDT`` and ``USDC`` alone may be on any of theirs.
    address : str
        As seized, nothing around it.

    Raises
    ------
    MisspeltAddressError
        If the checksum is wrong.
    InputError
        Naming the rule that is broken. An unknown asset is refused too: nobody checked it.

    Notes
    -----
    Base58Check and P2SH: BIP 13; bech32: BIP 173; bech32m: BIP 350; Ethereum: EIP-55, where an
    address in one case alone carries no checksum; CashAddr: the Bitcoin Cash specification;
    Solana addresses carry none, so only their length is known.

    Examples
    --------
    >>> check_address("BTC", "1BoatSLRHtKNngkdXEeobR76b53LETtpyT")
    >>> check_address("BTC", "1BoatSLRHtKNngkdXEeobR76b53LETtpyU")
    Traceback (most recent call last):
    cautery.payments.addresses.MisspeltAddressError: BTC address ...: wrong checksum ...
    """
    forms = _forms_of(asset)
    quote = address if len(address) <= LONGEST_ADDRESS else address[:LONGEST_ADDRESS] + "..."
    where = f"{asset} address {quote}"
    if len(address) > LONGEST_ADDRESS:
        raise InputError(f"{where}: {len(address)} characters are too many for an address")
    likely = [form for form in forms if form.looks.fullmatch(address)]
    if not likely:
        raise InputError(
            f"{where}: not in a known form of {asset} address",
            hint="Copy it again from the exhibit; look for missing ends and added spaces.",
        )
    refusal = ValueError()
    for form in likely:
        try:
            form.check(address)
        except ValueError as error:
            refusal = error
        else:
            return
    if isinstance(refusal, ChecksumError):
        raise MisspeltAddressError(f"{where}: {refusal}")
    raise InputError(f"{where}: {refusal}", hint=MisspeltAddressError.hint)


def spelled(address: str) -> str:
    """Return the one spelling of an address that may be written in several.

    The letters of Ethereum's carry a checksum in their case (EIP-55), and bech32 may be all
    capitals (BIP 173): in small letters both are the same address. The prefix of CashAddr may be
    left out. All else stays as it is, since in base58 case tells addresses apart.

    Examples
    --------
    >>> spelled("0x52908400098527886E0F7030069857D2E4169EE7")
    '0x52908400098527886e0f7030069857d2e4169ee7'
    >>> spelled("1BoatSLRHtKNngkdXEeobR76b53LETtpyT")
    '1BoatSLRHtKNngkdXEeobR76b53LETtpyT'
    """
    if CASELESS.fullmatch(address):
        return address.lower().removeprefix(CASH_PREFIX)
    return address


CASH_PREFIX = "bitcoincash:"
CASELESS = re.compile(
    r"0x[0-9a-fA-F]{40}|(?:BC1|LTC1)[0-9A-Z]{8,87}"
    r"|bitcoincash:[0-9a-z]{42}|BITCOINCASH:[0-9A-Z]{42}"
)
"""Addresses that another spelling stands for as well; see :func:`spelled`."""


def supported(asset: str) -> bool:
    """Tell whether :func:`check_address` knows an asset."""
    try:
        _forms_of(asset)
    except InputError:
        return False
    return True


def network_of(asset: str) -> str:
    """Return the network whose addresses an asset uses: ``TRX`` for ``USDT-TRX``."""
    token, _, network = asset.rpartition("-")
    if len(token) == 1:  # L-BTC is Liquid's own coin, not a token on Bitcoin
        return asset
    return _ALIASES.get(network, network)


def _forms_of(asset: str) -> tuple[Form, ...]:
    forms = FORMS.get(network_of(asset)) if asset.isascii() and len(asset) <= 16 else None
    if forms is None:
        raise InputError(
            f"asset {asset[:16]!r}: its addresses cannot be checked here",
            hint="Known: " + ", ".join(sorted(FORMS)) + "; a token as USDT-TRX.",
        )
    return forms


def _base58check(
    versions: Mapping[bytes, str], size: int = 20, *, alphabet: bytes = base58.BITCOIN_ALPHABET
) -> Callable[[str], None]:
    def check(address: str) -> None:
        raw = base58.b58decode(address, alphabet=alphabet)
        payload, checksum = raw[:-4], raw[-4:]
        if hashlib.sha256(hashlib.sha256(payload).digest()).digest()[:4] != checksum:
            raise ChecksumError("wrong checksum (Base58Check: four bytes of a double SHA-256)")
        if payload[:-size] not in versions or len(raw) < size + 5:
            raise ValueError("another coin's version byte, or another length (Base58Check)")

    return check


def _segwit(prefix: str) -> Callable[[str], None]:
    def check(address: str) -> None:
        segwit_version(prefix, address)

    return check


def _cash(address: str) -> None:
    cash_payload("bitcoincash", address)


def _ethereum(address: str) -> None:
    digits = address[2:]
    if digits not in {digits.lower(), digits.upper(), eip55(digits)}:
        raise ChecksumError("wrong checksum (EIP-55: the case of its letters)")


def eip55(digits: str) -> str:
    """Return hexadecimal digits of an Ethereum address with the capitals of its checksum.

    Examples
    --------
    >>> eip55("52908400098527886e0f7030069857d2e4169ee7")
    '52908400098527886E0F7030069857D2E4169EE7'
    """
    plain = digits.lower()
    hashed = keccak.new(digest_bits=256, data=plain.encode("ascii")).hexdigest()
    return "".join(
        digit.upper() if int(nibble, 16) >= 8 else digit
        for digit, nibble in zip(plain, hashed, strict=False)
    )


def _monero(address: str) -> None:
    raw = b""
    for start in range(0, len(address), 11):
        block = address[start : start + 11]
        size = _MONERO_BLOCKS.get(len(block))
        if size is None:
            raise ValueError("not a whole number of blocks (CryptoNote base58)")
        value = base58.b58decode_int(block)
        if value >> (8 * size):
            raise ValueError("a block too large (CryptoNote base58)")
        raw += value.to_bytes(size, "big")
    hashed = keccak.new(digest_bits=256, data=raw[:-4]).digest()
    if hashed[:4] != raw[-4:]:
        raise ChecksumError("wrong checksum (CryptoNote: four bytes of Keccak-256)")
    if _MONERO_KINDS.get(raw[0]) != len(raw):
        raise ValueError("a network byte that Monero's main network does not use")


def _solana(address: str) -> None:
    if len(base58.b58decode(address)) != 32:
        raise ValueError("not 32 bytes (Solana: a base58 Ed25519 public key)")


def _b58(first: str, low: int, high: int, *, letters: str = _BASE58) -> re.Pattern[str]:
    return re.compile(f"{first}[{letters}]{{{low - 1},{high - 1}}}")


# Version bytes: each coin's chainparams.cpp (SLIP-0132 lists none of them); Tron's is 0x41.
_BTC = Form(_b58("[13]", 26, 35), _base58check({b"\x00": "P2PKH", b"\x05": "P2SH"}))
_EVM = Form(re.compile("0x[0-9a-fA-F]{40}"), _ethereum)
_TRX = Form(_b58("T", 34, 34), _base58check({b"\x41": "account"}))
_SOL = Form(_b58(f"[{_BASE58}]", 32, 44), _solana)
FORMS: Mapping[str, tuple[Form, ...]] = {
    "BTC": (_BTC, Form(re.compile("(bc1|BC1)[0-9a-zA-Z]{6,87}"), _segwit("bc"))),
    "LTC": (
        Form(
            _b58("[LM3]", 26, 35),
            _base58check({b"\x30": "P2PKH", b"\x05": "P2SH", b"\x32": "P2SH"}),
        ),
        Form(re.compile("(ltc1|LTC1)[0-9a-zA-Z]{6,86}"), _segwit("ltc")),
    ),
    "BCH": (
        _BTC,
        Form(re.compile("(bitcoincash:)?[qpzry9x8gf2tvdw0s3jn54khce6mua7l]{42}"), _cash),
        Form(re.compile("(BITCOINCASH:)?[QPZRY9X8GF2TVDW0S3JN54KHCE6MUA7L]{42}"), _cash),
    ),
    "DOGE": (Form(_b58("[DA9]", 34, 34), _base58check({b"\x1e": "P2PKH", b"\x16": "P2SH"})),),
    "DASH": (Form(_b58("[X7]", 34, 34), _base58check({b"\x4c": "P2PKH", b"\x10": "P2SH"})),),
    "ZEC": (Form(_b58("t", 35, 35), _base58check({b"\x1c\xb8": "P2PKH", b"\x1c\xbd": "P2SH"})),),
    "ETH": (_EVM,),
    "TRX": (_TRX,),
    "XMR": (Form(re.compile(f"[48][{_BASE58}]{{94,105}}"), _monero),),
    "XRP": (
        Form(
            _b58("r", 25, 35, letters=_RIPPLE58),
            _base58check({b"\x00": "account"}, alphabet=base58.RIPPLE_ALPHABET),
        ),
    ),
    "SOL": (_SOL,),
    "USDT": (_EVM, _TRX, _BTC, _SOL),
    "USDC": (_EVM, _TRX, _SOL),
}
_ALIASES: Mapping[str, str] = {
    "XBT": "BTC",
    "OMNI": "BTC",
    "TRON": "TRX",
    "TRC20": "TRX",
    "ERC20": "ETH",
    "ETC": "ETH",
    "BSC": "ETH",
    "BEP20": "ETH",
    "ARB": "ETH",
    "MATIC": "ETH",
    "AVAX": "ETH",
    "BSV": "BCH",
}
"""Other names, and networks with addresses of another's form."""
