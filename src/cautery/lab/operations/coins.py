"""Addresses with valid checksums but without a known key: each is a hash of the seed.

A private key for one would be a preimage of SHA-256; so no coin can ever be moved from here.
"""

from __future__ import annotations

import base58
from Crypto.Hash import keccak

from cautery.lab.operations.chance import secret

_LETTERS = "qpzry9x8gf2tvdw0s3jn54khce6mua7l"
_GENERATOR = (0x3B6A57B2, 0x26508E6D, 0x1EA119FA, 0x3D4233DD, 0x2A1462B3)  # BIP 173

_PREFIX = [3, 3, 0, 2, 3]
"""``bc`` as BIP 173 expands it: high bits, nought, low bits."""


def address(asset: str, seed: int, *of: object) -> str:
    """Return the address of a coin or token that follows from the seed.

    ``BTC`` addresses are of version 0: by Base58Check (P2PKH) or bech32 (P2WPKH), half each.

    >>> address("TRX", 7, "till", 1)[0]
    'T'
    """
    hashed = secret(seed, "address", asset, *of)
    payload, coin = hashed[:20], hashed[20]
    network = asset.rpartition("-")[2]
    if network == "BTC":
        return _segwit(payload) if coin & 1 else _base58(b"\x00" + payload)
    if network == "TRX":
        return _base58(b"\x41" + payload)  # Tron: 0x41 and 20 bytes
    if network == "ETH":
        return _eip55(payload)
    raise ValueError(f"{asset}: the lab has no such coin")


def _base58(payload: bytes) -> str:
    return base58.b58encode_check(payload).decode("ascii")


def _eip55(payload: bytes) -> str:
    """Write an Ethereum address with the capitals of its checksum (EIP-55)."""
    plain = payload.hex()
    digest = keccak.new(data=plain.encode("ascii"), digest_bits=256).hexdigest()
    return "0x" + "".join(
        letter.upper() if int(nibble, 16) >= 8 else letter
        for letter, nibble in zip(plain, digest, strict=False)
    )


def _segwit(program: bytes) -> str:
    """Write a witness program of version 0 in bech32 (BIP 173)."""
    whole = int.from_bytes(program, "big")
    values = [0] + [whole >> (155 - 5 * n) & 31 for n in range(32)]  # 160 bits are 32 letters
    check = _polymod([*_PREFIX, *values, 0, 0, 0, 0, 0, 0]) ^ 1
    values += [check >> 5 * (5 - n) & 31 for n in range(6)]
    return "bc1" + "".join(_LETTERS[value] for value in values)


def _polymod(values: list[int]) -> int:
    check = 1
    for value in values:
        carry = check >> 25
        check = ((check & 0x1FFFFFF) << 5) ^ value
        for place, term in enumerate(_GENERATOR):
            if carry >> place & 1:
                check ^= term
    return check
