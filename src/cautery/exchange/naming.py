"""Names of what leaves: UUIDs made of the keys, so that the same case makes the same ids."""

from __future__ import annotations

from uuid import UUID, uuid5

from cautery.canonical import canonical

_NAMESPACE = UUID("6f5ab1a1-1d0e-5c0a-9c52-2f0c3d7e9b41")
"""Of Cautery's exchange; it never changes, or withdrawals would miss what they take back."""


def uuid_of(package: str, *words: str) -> UUID:
    """Return the UUID (version 5) of what the words name in a case.

    Parameters
    ----------
    package : str
        Id of the package: of the case.
    words : str
        What names it: a kind, a subject, a provider.

    Examples
    --------
    >>> uuid_of("case", "block", "a.example", "me") == uuid_of("case", "block", "a.example", "me")
    True
    >>> uuid_of("case", "block", "a.example") == uuid_of("case", "block", "b.example")
    False
    """
    return uuid5(_NAMESPACE, canonical([package, *words]).decode())
