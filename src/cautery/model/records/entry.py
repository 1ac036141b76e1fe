"""A record, and its place in the ledger."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from typing import Any

from cautery.errors import InputError
from cautery.model.evidence import Json
from cautery.model.records.kinds import typed
from cautery.model.times import require_utc


@dataclass(frozen=True, kw_only=True)
class Record:
    """One thing known, as the ledger keeps it.

    Parameters
    ----------
    kind : str
        What it is about, and in which version (``docs/reference/records.md``).
    at : datetime
        When it was recorded.
    body : Json
        As it was written. Read :attr:`content`, which has a type.
    size : int or None
        Bytes of the leaf from which it was read; ``None``: it comes from none.
    """

    kind: str
    at: datetime
    body: Json
    size: int | None = field(default=None, compare=False, repr=False)

    def __post_init__(self) -> None:
        require_utc("at", self.at)
        if not self.kind:
            raise InputError("a record needs a kind")

    @cached_property
    def content(self) -> Any:
        """What it says, as the type of its kind; decoded once, when it is first asked for."""
        return typed(self.kind, self.body, size=self.size)


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """A record in its place in the ledger; ``leaf`` is its RFC 8785 JSON."""

    index: int
    record: Record
    leaf: bytes

    @property
    def content(self) -> Any:
        """What the record says, as the type of its kind."""
        return self.record.content
