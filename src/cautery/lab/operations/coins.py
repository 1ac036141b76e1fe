"""Addresses with valid checksums but without a known key: each is a hash of the seed.

A private key for one would be a preimage of SHA-256; so no coin can ever be moved from here.
"""

from __future__ import annotations

import base58

from cautery.lab.operations.chance import secret
from cautery.payments.addresses import eip55
from cautery.payments.bech32 import segwit_address


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
        return "0x" + eip55(payload.hex())
    raise ValueError(f"{asset}: the lab has no such coin")


def _base58(payload: bytes) -> str:
    return base58.b58encode_check(payload).decode("ascii")


def _segwit(program: bytes) -> str:
    """Write a witness program of version 0 (P2WPKH)."""
    whole = int.from_bytes(program, "big")
    return segwit_address("bc", 0, [whole >> (155 - 5 * n) & 31 for n in range(32)])
