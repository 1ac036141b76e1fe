"""What an explanation's shared values rest on: when each subject bore them, and who says so."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import polars as pl

from cautery.workflows.cluster_links import Explanation
from cautery.workflows.link_files import Reading


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """One link of one of two subjects that are explained.

    Parameters
    ----------
    source : str or None
        Who says so: a file's column ``source``; of a case, the ledger's records.
    said : str or None
        What was seen, in words.
    """

    subject: str
    kind: str
    value: str
    first_seen: datetime | None
    last_seen: datetime | None
    source: str | None
    said: str | None

    def sentence(self) -> str:
        """Return it in words."""
        text = f"{self.subject}: {self.said or f'{self.kind} {self.value}'}"
        if self.first_seen is not None and self.last_seen is not None:
            first, last = (f"{one:%Y-%m-%d %H:%M:%S}" for one in (self.first_seen, self.last_seen))
            text += f", {first}" if first == last else f", {first} to {last}"
        return text + (f" ({self.source})" if self.source else "")


def evidence_for(reading: Reading, why: Explanation) -> tuple[Shown, ...]:
    """Return the links to the values that two subjects share, the strongest value's first."""
    if reading.about is None:
        return ()
    held = reading.about.filter(pl.col("subject").is_in([why.a, why.b])).sort("subject")
    return tuple(
        _shown(row)
        for kind, value, _ in why.shared
        for row in held.filter((pl.col("kind") == kind) & (pl.col("value") == value)).iter_rows(
            named=True
        )
    )


def _shown(row: Mapping[str, Any]) -> Shown:
    return Shown(
        subject=row["subject"],
        kind=row["kind"],
        value=row["value"],
        first_seen=_moment(row["first_seen"]),
        last_seen=_moment(row["last_seen"]),
        source=row.get("source") or None,
        said=row.get("said"),
    )


def _moment(seconds: float | None) -> datetime | None:
    return None if seconds is None else datetime.fromtimestamp(seconds, UTC)
