"""The evidence for an explanation's shared values: when each subject had them, by which source."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import polars as pl

from cautery.cells import csv_cell
from cautery.graph.links_table import PASSING, UNTYING
from cautery.workflows.networks.explain import Explanation
from cautery.workflows.networks.links import Reading
from cautery.workflows.networks.state.files import links_about
from cautery.workflows.networks.table import NEEDED, TIMES


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
            first, last = (
                f"{moment:%Y-%m-%d %H:%M:%S}" for moment in (self.first_seen, self.last_seen)
            )
            text += f", {first}" if first == last else f", {first} to {last}"
        return text + (f" ({self.source})" if self.source else "")


def with_state(reading: Reading, state: Path, pair: Sequence[str]) -> Reading:
    """Return a reading that also knows what a state has of two subjects.

    Raises
    ------
    InputError
        If a file of the state is missing or was changed.
    """
    stored = links_about(state, pair)
    # The links just read have more: in a case, the observation in words.
    frames = [stored] if reading.about is None else [reading.about, stored]
    about = pl.concat(frames, how="diagonal").unique(
        ["subject", "kind", "value", "first_seen", "last_seen"], keep="first", maintain_order=True
    )
    return replace(reading, about=about)


def links_csv(reading: Reading) -> str:
    """Return links as CSV that ``cautery cluster`` reads, with what each says and rests on."""
    if reading.about is None:
        return ""
    times = (
        pl.from_epoch((pl.col(column) * 1e6).cast(pl.Int64), "us").alias(column) for column in TIMES
    )
    return (
        reading.about.with_columns(times)
        .select(*NEEDED, *TIMES, "source", "said")
        .with_columns(pl.col(pl.String).map_elements(csv_cell, return_dtype=pl.String))
        .write_csv(datetime_format="%Y-%m-%dT%H:%M:%S%.6fZ")
    )


def evidence_for(reading: Reading, why: Explanation) -> tuple[Shown, ...]:
    """Return the links to the values that two subjects share, the strongest value's first."""
    if reading.about is None:
        return ()
    shared = reading.about.filter(pl.col("subject").is_in([why.a, why.b])).sort("subject")
    return tuple(
        _shown(row)
        for kind, value, _ in why.shared
        for row in shared.filter((pl.col("kind") == kind) & (pl.col("value") == value)).iter_rows(
            named=True
        )
    )


def beside(reading: Reading, why: Explanation) -> tuple[str, ...]:
    """Return, as sentences, what two subjects have in common and what ties nobody nevertheless."""
    if reading.about is None:
        return ()
    marks = [
        set(reading.about.filter(pl.col("subject") == name).select("kind", "value").iter_rows())
        for name in (why.a, why.b)
    ]
    tying = {(kind, value) for kind, value, _ in why.shared}
    sentences = []
    for kind, value in sorted((marks[0] & marks[1]) - tying):
        if kind in UNTYING:
            sentences.append(
                f"both have {kind} {value}, but this kind of value does not join subjects"
            )
        elif kind in PASSING:
            sentences.append(f"both had {kind} {value}, but at different times, as far as is known")
    return tuple(sentences)


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
