"""Draws wallets with a valid checksum, as a reader of pages needs; nobody has their key."""

from __future__ import annotations

import numpy as np

from cautery.payments.bech32 import segwit_address

_GROUPS, _CHECK = 32, 6
"""Of five bits: 20 bytes of a witness program, and the checksum."""


def wallet(rng: np.random.Generator) -> str:
    """Return a Bitcoin address of 20 drawn bytes (BIP 173, witness version 0)."""
    # As many as the whole address was once drawn of, so that a seed's world stays what it was.
    letters = rng.integers(0, 32, _GROUPS + _CHECK)[:_GROUPS]
    return segwit_address("bc", 0, [int(group) for group in letters])
