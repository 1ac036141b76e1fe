"""Which 32 bytes cannot be the Ed25519 key of a person or a case.

The curve has eight points of small order. Under a key that is one of them a signature can be made
that holds for nearly every message, by anybody. A point can also be spelt in a second way, so
that one key passes for two.
"""

from __future__ import annotations

BYTES = 32
"""Of a raw public key (RFC 8032, section 5.1.5)."""

# The field of edwards25519 (RFC 8032, 5.1).
_P = 2**255 - 19
_SIGN = 2**255
"""The last bit of a public key is the sign of x (RFC 8032, 5.1.2)."""
_OF_ORDER_8 = int.from_bytes(
    bytes.fromhex("26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05"), "little"
)
_SMALL = frozenset({0, 1, _P - 1, _OF_ORDER_8, _P - _OF_ORDER_8})
"""The y of the eight points: both signs of x have the same one. After the list in libsodium's
``ge25519_has_small_order``; ``tests/model/test_ed25519.py`` derives it from the curve."""


def key_fault(raw: bytes) -> str | None:
    """Return why 32 bytes are no key to trust anybody by; ``None``: nothing speaks against them."""
    if len(raw) != BYTES:
        return f"an Ed25519 public key has {BYTES} bytes, not {len(raw)}"
    y = int.from_bytes(raw, "little") % _SIGN
    if y % _P in _SMALL:
        return "a point of small order: anybody can sign under it"
    if y >= _P:
        return "not in its one spelling (RFC 8032): one key would pass for two"
    return None
