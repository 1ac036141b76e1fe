"""Pseudonyms for a whole list at once, where each single question would cost a process its turn."""

from __future__ import annotations

import os
import re
from collections.abc import Sequence

from cautery.model.pseudonyms import Pseudonyms


class LaterPseudonyms:
    """Gives stand-ins that look like pseudonyms, and replaces them by pseudonyms at the end.

    Parameters
    ----------
    pseudonyms : Pseudonyms
        Asked once for all.

    Examples
    --------
    >>> from cautery.model import KeyedPseudonyms
    >>> later = LaterPseudonyms(KeyedPseudonyms(b"k"))
    >>> later.settled([f"/live/~{later.of('anna')}/1.ts", None])
    ['/live/~76fad479f8dc7a26/1.ts', None]
    """

    def __init__(self, pseudonyms: Pseudonyms) -> None:
        self._pseudonyms = pseudonyms
        self._mark = os.urandom(4).hex()  # nobody who writes a list can guess it
        self._numbers: dict[str, int] = {}

    def of(self, secret: str, *, digits: int = 16) -> str:
        """Return a stand-in of 16 digits; other lengths are asked for at once."""
        if digits != 16:
            return self._pseudonyms.of(secret, digits=digits)
        return f"{self._mark}{self._numbers.setdefault(secret, len(self._numbers)):08x}"

    def all_of(self, secrets: Sequence[str]) -> tuple[str, ...]:
        """Return a stand-in for each of many secrets."""
        return tuple(self.of(secret) for secret in secrets)

    def settled(self, texts: Sequence[str | None]) -> list[str | None]:
        """Return texts with every stand-in replaced by what stands for its secret."""
        pseudonyms = self._pseudonyms.all_of(list(self._numbers))
        marked = re.compile(f"~{self._mark}([0-9a-f]{{8}})")

        def real(match: re.Match[str]) -> str:
            number = int(match[1], 16)
            return f"~{pseudonyms[number]}" if number < len(pseudonyms) else match[0]

        return [
            text if text is None or self._mark not in text else marked.sub(real, text)
            for text in texts
        ]

    def __repr__(self) -> str:
        return "LaterPseudonyms()"
