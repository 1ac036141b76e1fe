"""The BCH codes of bech32, bech32m and CashAddr: which address they say, or why none.

The wheels that do this are either without bech32m or use what Python has since withdrawn; the
codes are a page of arithmetic that BIP 173, BIP 350 and the CashAddr specification print.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

_LETTERS = "qpzry9x8gf2tvdw0s3jn54khce6mua7l"
_BECH32, _BECH32M = 1, 0x2BC830A3  # BIP 173; BIP 350
_GENERATOR = (0x3B6A57B2, 0x26508E6D, 0x1EA119FA, 0x3D4233DD, 0x2A1462B3)  # BIP 173
_CHECK_LETTERS = 6
"""BIP 173."""
# Of the CashAddr specification (Bitcoin Cash), whose code has eight check letters.
_CASH_GENERATOR = (0x98F2BC8E61, 0x79B76D99E2, 0xF33E5FB3C4, 0xAE2EABE2A8, 0x1E4F43E470)


class ChecksumError(ValueError):
    """The letters of an address disagree with the checksum among them."""


def segwit_version(prefix: str, address: str) -> int:
    """Return the witness version of a segregated-witness address.

    Raises
    ------
    ValueError
        Naming the rule that is broken.
    """
    if address not in {address.lower(), address.upper()}:
        raise ValueError("capital and small letters mixed (BIP 173)")
    head, _, tail = address.lower().rpartition("1")
    if head != prefix or len(tail) < 7 or len(address) > 90:
        raise ValueError("another coin's prefix, or a wrong length (BIP 173)")
    values = _values(tail)
    expanded = [ord(letter) >> 5 for letter in head] + [0] + [ord(letter) & 31 for letter in head]
    checksum = _remainder([*expanded, *values], _GENERATOR, 25)
    version = values[0]
    if checksum != (_BECH32 if version == 0 else _BECH32M):
        raise ChecksumError(
            f"wrong checksum ({'bech32, BIP 173' if not version else 'bech32m, BIP 350'})"
        )
    program = _bytes(values[1:-6])
    if version > 16 or not 2 <= len(program) <= 40:
        raise ValueError("not a witness program (BIP 141)")
    if (version == 0 and len(program) not in {20, 32}) or (version == 1 and len(program) != 32):
        raise ValueError("a witness program of a wrong length (BIP 141, BIP 341)")
    return version


def segwit_address(prefix: str, version: int, program: Sequence[int]) -> str:
    """Return the address of a witness program.

    Parameters
    ----------
    program : sequence of int
        In groups of five bits, as the address writes it.
    """
    head = [ord(letter) >> 5 for letter in prefix] + [0] + [ord(letter) & 31 for letter in prefix]
    data = [version, *program]
    code = _BECH32M if version else _BECH32
    checksum = _remainder([*head, *data, *[0] * _CHECK_LETTERS], _GENERATOR, 25) ^ code
    check = [checksum >> 5 * place & 31 for place in reversed(range(_CHECK_LETTERS))]
    return f"{prefix}1" + "".join(_LETTERS[value] for value in (*data, *check))


def cash_payload(prefix: str, address: str) -> bytes:
    """Return the hash that a CashAddr address names; its prefix may be left out.

    Raises
    ------
    ValueError
        Naming the rule that is broken.
    """
    if address not in {address.lower(), address.upper()}:
        raise ValueError("capital and small letters mixed (CashAddr)")
    head, _, tail = address.lower().rpartition(":")
    if head not in {"", prefix}:
        raise ValueError("another coin's prefix (CashAddr)")
    values = _values(tail)
    if _remainder([*(ord(letter) & 31 for letter in prefix), 0, *values], _CASH_GENERATOR, 35) != 1:
        raise ChecksumError("wrong checksum (CashAddr)")
    payload = _bytes(values[:-8])
    if payload[0] & 0x87 or len(payload) != 21:  # reserved bit clear, size code 0: 20 bytes
        raise ValueError("not a hash of 20 bytes (CashAddr)")
    return payload[1:]


def _values(tail: str) -> list[int]:
    values = [_LETTERS.find(letter) for letter in tail]
    if min(values, default=-1) < 0:
        raise ValueError("a letter that bech32 does not use (BIP 173)")
    return values


def _remainder(values: Iterable[int], generator: tuple[int, ...], top: int) -> int:
    """Return the polynomial remainder; BIP 173 calls it polymod."""
    check = 1
    for value in values:
        carry = check >> top
        check = ((check & ((1 << top) - 1)) << 5) ^ value
        for place, term in enumerate(generator):
            if carry >> place & 1:
                check ^= term
    # CashAddr's own polymod ends with an exclusive or by one, so that a good address gives zero;
    # here both codes leave one.
    return check


def _bytes(values: list[int]) -> bytes:
    """Join groups of five bits to bytes; the remaining bits must be zero and few."""
    joined, bits = 0, 0
    for value in values:
        joined = joined << 5 | value
        bits += 5
    spare = bits % 8
    if spare >= 5 or joined & ((1 << spare) - 1):
        raise ValueError("left-over bits that are not zero (BIP 173)")
    return (joined >> spare).to_bytes(bits // 8, "big")
