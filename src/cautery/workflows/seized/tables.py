"""The derivative: rows under pseudonyms to Parquet tables in the vault, in bounded memory."""

from __future__ import annotations

import io
from collections import Counter
from collections.abc import Iterator
from datetime import datetime
from typing import TYPE_CHECKING, Any

from cautery.drawing.formatting import counted
from cautery.errors import EvidenceError
from cautery.evidence.ports import CaseVault
from cautery.formats import columns_of
from cautery.model import ExhibitId
from cautery.model.ports import Ledger
from cautery.model.records import MaterialTable, MaterialTaken
from cautery.workflows.case.open import Case
from cautery.workflows.case.tables import frame_in
from cautery.workflows.seized.records import taken

if TYPE_CHECKING:
    import polars as pl

TABLE_ROWS = 50_000
"""Some 60 MB of them while they wait."""
MOST_SHARING = 24
"""Files that may share a table, as dumps of one panel do; a forged record costs nothing more."""
PARQUET = "application/vnd.apache.parquet"


class Tables:
    """Rows of each kind, sealed as a table whenever there are enough of them."""

    def __init__(self, case: Case) -> None:
        self._case = case
        self._rows: dict[str, list[dict[str, Any]]] = {}
        self._sealed: list[MaterialTable] = []

    def add(self, kind: str, row: dict[str, Any]) -> None:
        """Keep a row."""
        rows = self._rows.setdefault(kind, [])
        rows.append(row)
        if len(rows) >= TABLE_ROWS:
            self._seal(kind)

    def sealed(self) -> tuple[MaterialTable, ...]:
        """Seal the remaining rows, and return all tables."""
        for kind in sorted(self._rows):
            self._seal(kind)
        return tuple(self._sealed)

    def _seal(self, kind: str) -> None:
        rows = self._rows.pop(kind)
        exhibit = self._case.vault.seal(
            parquet(rows, schema_of(kind)),
            media_type=PARQUET,
            at=self._case.clock.now(),
            clock=self._case.clock.offset(),
        )
        self._sealed.append(MaterialTable(kind=kind, rows=len(rows), exhibit=exhibit.id))


def schema_of(kind: str) -> dict[str, Any]:
    """Return the columns of a kind's table as Polars has them."""
    import polars as pl  # noqa: PLC0415 - heavy: 0.45 s of CPU

    types: dict[type, Any] = {
        str: pl.String, float: pl.Float64, int: pl.Int64, bool: pl.Boolean,
        datetime: pl.Datetime("us", "UTC"), list: pl.List(pl.String),
    }  # fmt: skip
    return {name: types[kind] for name, kind in columns_of(kind).items()}


def parquet(rows: list[dict[str, Any]], schema: dict[str, Any]) -> bytes:
    """Return rows as one Parquet file: the same rows are the same bytes."""
    import polars as pl  # noqa: PLC0415 - heavy

    frame = pl.DataFrame({name: [row.get(name) for row in rows] for name in schema}, schema=schema)
    out = io.BytesIO()
    frame.write_parquet(out)
    return out.getvalue()


class Derivative:
    """The sealed tables of a case, as far as they can be read.

    Whoever can append a record can name any bytes as a table, any number of times. So a table that
    is none of its kind is left out, and one that many records name counts for the first of them.
    """

    def __init__(self, ledger: Ledger, vault: CaseVault) -> None:
        self.ledger = ledger
        self._vault = vault
        self._unread: set[ExhibitId] = set()

    @property
    def warnings(self) -> list[str]:
        """Sentences about tables that were left out so far."""
        unread = counted(len(self._unread), "table of seized material", "tables of seized material")
        return [f"{unread} cannot be read from the vault: left out"] if self._unread else []

    def frames(
        self, kind: str, columns: tuple[str, ...]
    ) -> Iterator[tuple[MaterialTaken, pl.DataFrame]]:
        """Yield the tables of a kind with the file that each was read from, some columns of them.

        A table that cannot be read is left out.
        """
        times: Counter[ExhibitId] = Counter()
        for dump in taken(self.ledger):
            tables = dict.fromkeys(table.exhibit for table in dump.tables if table.kind == kind)
            times.update(tables.keys())
            for exhibit in tables:
                if times[exhibit] > MOST_SHARING:
                    self._unread.add(exhibit)
                    continue
                try:
                    yield dump, self._columns(exhibit, schema_of(kind), columns)
                except EvidenceError:
                    self._unread.add(exhibit)

    def frame(self, kind: str, columns: tuple[str, ...]) -> pl.DataFrame | None:
        """Return all rows of a kind with ``panel`` beside them; ``None`` without any."""
        import polars as pl  # noqa: PLC0415 - heavy

        parts = [
            part.with_columns(
                panel=pl.lit(dump.panel), seized=pl.lit(dump.id), taken_at=pl.lit(dump.at)
            )
            for dump, part in self.frames(kind, columns)
        ]
        return pl.concat(parts) if parts else None

    def _columns(
        self, exhibit: ExhibitId, schema: dict[str, Any], columns: tuple[str, ...]
    ) -> pl.DataFrame:
        """Return columns of a table.

        Raises
        ------
        EvidenceError
            If it cannot be read, or a column holds something else than its kind's.
        """
        import polars as pl  # noqa: PLC0415 - heavy

        part = frame_in(
            self._vault.read(exhibit), lambda stored: [n for n in columns if n in stored]
        )
        if any(part.schema[name] != schema[name] for name in part.columns):
            raise EvidenceError(f"a sealed table holds other columns than its kind: {part.schema}")
        # A column that was not read yet when the table was sealed is empty.
        lacking = [pl.lit(None, schema[n]).alias(n) for n in columns if n not in part]
        return part.with_columns(lacking).select(columns)
