"""Pseudonyms: they replace a secret or a personal value that must not be shown in clear."""

from __future__ import annotations

import hmac
from collections.abc import Sequence
from typing import Protocol


class Pseudonyms(Protocol):
    """Gives pseudonyms: the same value gets the same one, and who has no key can test no guess."""

    def of(self, secret: str, *, digits: int = 16) -> str:
        """Return what stands for ``secret``: the first hex digits of its HMAC-SHA-256."""
        ...

    def all_of(self, secrets: Sequence[str]) -> tuple[str, ...]:
        """Return what stands for each of many secrets, in their order, 16 digits each."""
        ...


class KeyedPseudonyms:
    """Pseudonyms under a key in this process; neither ``repr`` nor an error shows it.

    Parameters
    ----------
    key : bytes
        Of a case, kept outside it; or a random one for a single reading.

    Examples
    --------
    >>> KeyedPseudonyms(b"k").of("anna")
    '76fad479f8dc7a26'
    >>> KeyedPseudonyms(b"k")
    KeyedPseudonyms()
    """

    __slots__ = ("_key",)

    def __init__(self, key: bytes) -> None:
        self._key = key

    def of(self, secret: str, *, digits: int = 16) -> str:
        """Return what stands for ``secret``: the first hex digits of its HMAC-SHA-256."""
        whole = hmac.digest(self._key, secret.encode("utf-8", "replace"), "sha256").hex()
        return whole[:digits]

    def all_of(self, secrets: Sequence[str]) -> tuple[str, ...]:
        """Return what stands for each of many secrets, in their order, 16 digits each."""
        return tuple(self.of(secret) for secret in secrets)

    def __repr__(self) -> str:
        return "KeyedPseudonyms()"

    def __reduce__(self) -> str:
        raise TypeError("neither a key nor anything that holds one can be pickled")
