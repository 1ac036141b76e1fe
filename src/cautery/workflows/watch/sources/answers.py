"""What an answer of a source is to whoever reads it."""

from __future__ import annotations

from typing import Protocol


class Said(Protocol):
    """What an answer has in common, fresh or out of an archive."""

    @property
    def url(self) -> str:
        """Its URL, after redirects."""
        ...

    @property
    def status(self) -> int:
        """Of HTTP."""
        ...

    @property
    def body(self) -> bytes | None:
        """Unpacked."""
        ...

    def header(self, name: str) -> str | None:
        """Return a header."""
        ...
