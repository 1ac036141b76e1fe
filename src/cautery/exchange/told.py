"""The sealed table of what a partner told: what may be shown of each item, newest by its key.

It is a Parquet file without texts. Of an item that is not shown to everybody who sees the case
there is a row that says only that it is there.
"""

from __future__ import annotations

import io
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import datetime
from typing import TYPE_CHECKING, Any

from cautery.errors import InputError
from cautery.model.exchange import ItemKind
from cautery.parquet import read_parquet

if TYPE_CHECKING:
    import polars as pl

MEDIA_TYPE = "application/vnd.apache.parquet"


@dataclass(frozen=True, slots=True, kw_only=True)
class ToldItem:
    """What may be shown of an item that a partner stated.

    Parameters
    ----------
    kind : str
        Of :class:`~cautery.model.exchange.ItemKind`.
    id : str
        The subject, redacted; of a hidden item its keyed hash.
    by : str
        Who states it; of a hidden item nobody.
    key : str
        Keyed hash of what names the item: the same in all imports of a case.
    content : str
        Keyed hash of what it says, but for its marking and the time of the statement.
    is_hidden : bool
        Whether it may not be shown to everybody who sees the case: TLP:RED, or a person.
    marking : str
        TLP, PAP and handling codes on one line.
    source, accuracy
        The evaluation that whoever states it gave it; ``None``: none.
    at : datetime
        When it was stated, in UTC.
    revoked : bool
        Whether it was taken back.
    exhibits : int
        How many exhibits are said to show it.
    """

    kind: str
    id: str
    by: str
    key: str
    content: str
    is_hidden: bool
    marking: str
    source: str | None
    accuracy: int | None
    at: datetime
    first_seen: datetime | None = None
    last_seen: datetime | None = None
    valid_from: datetime | None = None
    valid_until: datetime | None = None
    revoked: bool = False
    statement: str = ""
    role: str | None = None
    finding: str | None = None
    confidence: int | None = None
    probability: float | None = None
    log10_lr: float | None = None
    lever: str | None = None
    order: str | None = None
    territory: str | None = None
    country: str | None = None
    exhibits: int = 0


_COLUMNS = tuple(field.name for field in fields(ToldItem))
_FLAGS = ("is_hidden", "revoked")
_TIMES = ("at", "first_seen", "last_seen", "valid_from", "valid_until")
_COUNTS = ("accuracy", "confidence", "exhibits")
_SHARES = ("probability", "log10_lr")


def as_table(items: Sequence[ToldItem]) -> bytes:
    """Return items as a Parquet file; the same items give the same table."""
    import polars as pl  # noqa: PLC0415 - heavy: 0.45 s of CPU

    columns = {name: [getattr(item, name) for item in items] for name in _COLUMNS}
    out = io.BytesIO()
    pl.DataFrame(columns, schema=_schema()).write_parquet(out, compression="zstd")
    return out.getvalue()


class ToldTables:
    """Tables of one source: of each item the version that was stated last counts."""

    def __init__(self) -> None:
        self._frames: list[pl.DataFrame] = []

    def add(self, table: bytes, *, stands_at: datetime, record: int) -> None:
        """Add the table of an import.

        Parameters
        ----------
        stands_at : datetime
            As of when its file says what it says, in UTC.
        record : int
            Number of its record.

        Raises
        ------
        InputError
            If it is no such table.
        """
        import polars as pl  # noqa: PLC0415 - as above

        schema = _schema()
        frame = read_parquet(table, f"table of record {record}", lambda _: list(schema))
        if dict(frame.schema) != schema:
            raise InputError(f"the table of record {record} has other columns than it should")
        of_file = pl.lit(stands_at, pl.Datetime("us", "UTC"))
        self._frames.append(
            frame.with_columns(
                pl.lit(record, pl.Int64).alias("record"),
                of_file.alias("stands_at"),
                # An item that bears no time is as of when it came, which is no later version of it.
                pl.min_horizontal("at", of_file).alias("stated_at"),
            )
        )

    def contents(self) -> Mapping[str, Standing]:
        """Return of each key what stands now."""
        if not self._frames:
            return {}
        frame = self._newest()
        names = ("key", "content", "marking", "revoked", "at", "stated_at", "stands_at")
        columns = [frame[name].to_list() for name in names]
        return {key: Standing(*rest) for key, *rest in zip(*columns, strict=True)}

    def items(
        self,
        *,
        about: str = "",
        kinds: Iterable[str] = (),
        most: int | None = None,
    ) -> tuple[int, tuple[tuple[int, ToldItem], ...]]:
        """Return how many items stand now, and the first ones with the numbers of their records.

        Parameters
        ----------
        about : str
            Only items whose id is this host, lies below it, or names it in a URL; empty: all.
        kinds : iterable of str
            Only of these kinds; empty: all.
        most : int or None
            How many are returned at most; ``None``: all.
        """
        if not self._frames:
            return 0, ()
        import polars as pl  # noqa: PLC0415 - as above

        frame = self._newest()
        if about:
            frame = frame.filter(
                pl.col("id").str.to_lowercase().str.contains(about.lower(), literal=True)
            )
            frame = frame.filter(
                pl.Series(
                    [is_about(name, about) for name in frame["id"].to_list()], dtype=pl.Boolean
                )
            )
        if wanted := list(kinds):
            frame = frame.filter(pl.col("kind").is_in(wanted))
        total = frame.height
        frame = frame.sort(["is_hidden", "kind", "id", "by"], maintain_order=True)
        return total, tuple(_rows(frame if most is None else frame.head(most)))

    def _newest(self) -> pl.DataFrame:
        import polars as pl  # noqa: PLC0415 - as above

        whole = pl.concat(self._frames).sort("stated_at", "stands_at", "record")
        return whole.unique(subset=["key"], keep="last", maintain_order=True)


@dataclass(frozen=True, slots=True)
class Standing:
    """What stands of an item, as later imports are compared with it.

    Parameters
    ----------
    stated_at : datetime
        When it was stated; at the latest when its file was.
    stands_at : datetime
        As of when its file says what it says.
    """

    content: str
    marking: str
    revoked: bool
    at: datetime
    stated_at: datetime
    stands_at: datetime

    def is_newer(self, at: datetime, *, stands_at: datetime) -> bool:
        """Tell whether it holds against what a file of a moment states of the same."""
        return (self.stated_at, self.stands_at) > (min(at, stands_at), stands_at)


def is_about(id: str, host: str) -> bool:
    """Tell whether the id of an item is a host, lies below it, or is a URL of it.

    Examples
    --------
    >>> is_about("https://tv.a.example:8080/live", "a.example"), is_about("aa.example", "a.example")
    (True, False)
    """
    rest = id.lower().partition("://")[2] or id.lower()
    name = rest.partition("/")[0].rpartition("@")[2]
    if not name.startswith("["):
        name = name.partition(":")[0] if name.count(":") == 1 else name
    wanted = host.lower().rstrip(".")
    return name == wanted or name.endswith("." + wanted)


def hidden_kinds() -> frozenset[ItemKind]:
    """Return the kinds whose items are never shown in the table."""
    return frozenset({ItemKind.PERSON})


def _rows(frame: pl.DataFrame) -> Iterator[tuple[int, ToldItem]]:
    for row in frame.iter_rows(named=True):
        yield row["record"], ToldItem(**{name: row[name] for name in _COLUMNS})


def _schema() -> dict[str, Any]:
    import polars as pl  # noqa: PLC0415 - as above

    kinds: dict[str, Any] = dict.fromkeys(_COLUMNS, pl.String())
    kinds |= dict.fromkeys(_FLAGS, pl.Boolean())
    kinds |= dict.fromkeys(_TIMES, pl.Datetime("us", "UTC"))
    kinds |= dict.fromkeys(_COUNTS, pl.Int32())
    kinds |= dict.fromkeys(_SHARES, pl.Float64())
    return kinds
